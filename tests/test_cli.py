import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import HOP, Ended
from journals import sign

from evoloco import catalogue
from evoloco.bundled import runs
from evoloco.experiment import Experiment
from evoloco.members import members
from evoloco.morphologies.mjcf import GENES
from evoloco.run import Run
from evoloco.spec import read

Command = Callable[..., Ended]
COMMANDS = (
    *("list", "inspect", "evolve", "train", "resume", "replay", "check", "compare"),
    *("report", "excite", "identify", "deploy", "par", "export", "learn", "convert"),
)


def one_line(ended: Ended, *words: str) -> None:
    """A user's mistake: exit code 2, one message, no traceback."""
    assert ended.code == 2
    lines = ended.err.strip().splitlines()
    assert len(lines) == 1, ended.err
    assert lines[0].startswith("evoloco: ")
    assert all(word in lines[0] for word in words), lines[0]


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """A run that a real process made, and what it said."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "hop.toml").write_text(HOP, encoding="utf-8")
    out = folder / "not" / "yet" / "there"
    options = ["--seed", "3", "--generations", "3", "--out", str(out)]
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "evoloco.cli",
            "evolve",
            "hop.toml",
            "optimizer.population_size=6",
            *options,
        ],
        cwd=folder,
        env={**os.environ, "MUJOCO_GL": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    return out, ended


@pytest.fixture
def run(finished: tuple[Path, "subprocess.CompletedProcess[str]"], tmp_path: Path) -> Path:
    """A copy of that run."""
    return Path(shutil.copytree(finished[0], tmp_path / "run"))


# Help and lists


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example_of_it(evoloco: Command, command: str) -> None:
    ended = evoloco(command, "--help")
    assert ended.code == 0
    examples = ended.out.split("Examples:\n")[1].splitlines()
    assert examples
    assert all(line.startswith(f"    evoloco {command}") for line in examples)


def test_the_help_names_every_command(evoloco: Command) -> None:
    ended = evoloco("--help")
    found = re.findall(r"^  (\w+)  ", ended.out, flags=re.MULTILINE)
    assert tuple(found) == COMMANDS
    assert "Start with:  evoloco evolve biped" in ended.out


def test_list_has_one_line_for_every_member(evoloco: Command) -> None:
    ended = evoloco("list")
    assert ended.code == 0
    for kind in ("controllers", "morphologies", "measures", "optimizers", "runs"):
        section = ended.out.split(f"{kind}\n", 1)[1].split("\n\n", 1)[0]
        names = [line.split()[0] for line in section.strip().splitlines()]
        assert names == (
            sorted(runs()) if kind == "runs" else members("fitness" if kind == "measures" else kind)
        )
        assert all(len(line.split()) > 2 for line in section.strip().splitlines())
        assert evoloco("list", kind).out.strip() == f"{kind}\n{section}".strip()
    assert re.search(r"hopper .* 0\.62 kg, 0\.29 m, 2 driven joints", ended.out)
    assert re.search(r"forward_speed .* \[m/s\], per step", ended.out)
    assert re.search(r"distance .* \[m\], whole episode", ended.out)


@pytest.mark.parametrize("name", [name for name in members("controllers") if name != "policy"])
def test_list_shows_every_gene_of_a_controller_with_bounds_unit_and_meaning(
    evoloco: Command, hop: Path, name: str
) -> None:
    shown = evoloco("list", "controllers", name).out
    bodies = dict.fromkeys(("reflex", "muscle_fsm", "simbicon"), "muscle_biped") | {
        "reflex3d": "muscle_biped3d"
    }
    body, drive = (
        bodies.get(name, "biped"),
        ["morphology.drive=motors"] if name == "simbicon" else [],
    )
    ball = ["scenario.target={}", "sensors.target={}", "sensors.command={}"]
    more = [*drive, *(ball if name == "steering" else [])]
    space = Experiment(
        read(hop, [f"morphology.name={body}", *more, f"controller.name={name}"])
    ).space
    body += " drive=motors" if drive else ""
    genes = {
        line.split()[0]: line
        for line in shown.split(f"Genes on '{body}':\n")[1].strip().splitlines()
    }
    for gene in space.genes:
        line = genes[gene.name]
        assert f"{gene.low:.4g} to" in line
        assert f"to {gene.high:8.4g} {gene.unit}" in line
        assert gene.meaning in line
        spread = f" ± {gene.spread:.4g}" if gene.spread else ""
        assert gene.start is None or f"(from {gene.start:.4g}{spread})" in line
    assert len(genes) == len(space)
    assert "Options:\n" in shown


def test_list_describes_any_member(evoloco: Command) -> None:
    assert "Initial step size" in evoloco("list", "optimizers", "cmaes").out
    assert "sigma: " in evoloco("list", "optimizers", "cmaes").out
    assert "target: float, default" in evoloco("list", "measures", "speed_tracking").out
    hopper = evoloco("list", "morphologies", "hopper").out
    assert "ankle: bool, default False" in hopper
    assert "torso_mass       0.2 to      0.8 kg" in hopper
    own = evoloco("list", "morphologies", "mjcf").out
    assert all(gene.name in own and gene.meaning in own for gene in GENES)
    assert (
        evoloco("list", "runs", "biped_fast").out.strip()
        == runs()["biped_fast"].read_text(encoding="utf-8").strip()
    )
    assert "knee.amplitude" in evoloco("list", "controllers", "sine", "--morphology", "hopper").out
    planar = ("list", "controllers", "matsuoka", "topology=planar", "--morphology", "planar_biped")
    assert re.search(r"switch_0 +0 to +1 1 .* exists \(switch\)\n", evoloco(*planar).out)


@pytest.mark.parametrize(
    ("member", "option"),
    [
        (("morphologies", "hopper"), "timestep: float > 0, default 0.005"),
        (("morphologies", "mjcf"), "timestep: float > 0 | None, default None"),
        (("optimizers", "ga"), "gene_rate: float >= 0 and <= 1, default 0.1"),
        (("optimizers", "ga"), "elites: int >= 0, default 1"),
    ],
)
def test_list_shows_the_bounds_of_an_option_in_signs(
    evoloco: Command, member: tuple[str, str], option: str
) -> None:
    assert f"  {option}\n" in evoloco("list", *member).out


@pytest.mark.parametrize("kind", ["controllers", "morphologies", "measures", "optimizers", "runs"])
def test_listing_an_unknown_member_is_told_with_the_known_ones(evoloco: Command, kind: str) -> None:
    one_line(
        evoloco("list", kind, "nothing"),
        "Unknown",
        "'nothing'. Known: ",
        catalogue.overview(kind).split()[1],
    )


# A run from beginning to end


def test_evolve_says_what_it_did_and_leaves_the_whole_run_folder(
    finished: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    folder, ended = finished
    assert ended.returncode == 0, ended.stderr
    assert "Stopped because the last generation was reached." in ended.stdout
    assert re.search(
        r"Champion \d:\d: fitness .* in the search, .* on 2 held-out scenarios\.", ended.stdout
    )
    assert f"Report: {folder / 'report.html'}\n" in ended.stdout
    assert ended.stdout.splitlines()[-3:][0].startswith(
        f"  evoloco resume {folder} --generations 6"
    )
    assert "generation 1/3  best " in ended.stderr
    assert "The report has no video: " in ended.stderr
    left = {path.name for path in folder.iterdir()}
    assert left == {
        "run.toml",
        "provenance.json",
        "journal.sqlite",
        "champion.json",
        "report.html",
        "run.lock",
    }
    spec = Run(folder).spec
    assert (spec.seed, spec.optimizer.population_size, spec.optimizer.generations) == (3, 6, 3)


@pytest.mark.slow
def test_resume_extends_a_finished_run(evoloco: Command, run: Path) -> None:
    ended = evoloco("resume", run, "--generations", "4")
    assert ended.code == 0, ended.err
    assert len(Run(run).journal) == 4
    assert "Stopped because the last generation was reached." in ended.out


def test_replay_says_that_the_record_is_equal_and_writes_the_trace(
    evoloco: Command, run: Path, tmp_path: Path
) -> None:
    ended = evoloco("replay", run, "--individual", "1:2", "--trace", tmp_path / "trace.npz")
    assert ended.code == 0
    assert "Individual 1:2: fitness " in ended.out
    assert "equals the record to the last bit." in ended.out
    assert f"Trace: {tmp_path / 'trace.npz'}" in ended.out
    with np.load(tmp_path / "trace.npz") as trace:
        assert {"time", "qpos", "qvel", "ctrl", "sensordata"} <= set(trace.files)
        assert {len(trace[name]) for name in trace.files} == {len(trace["time"])}
    best = evoloco("replay", run)
    champion = Run(run).read_champion()
    assert f"Individual {champion['generation']}:{champion['individual']}: fitness" in best.out


def test_replay_warns_when_the_record_differs_and_says_what_has_changed(
    evoloco: Command, run: Path
) -> None:
    with closing(sqlite3.connect(run / "journal.sqlite")) as database, database:
        database.execute(
            "UPDATE episodes SET fitness = 99.5 WHERE generation = 1 AND individual = 2"
        )
    sign(Run(run).journal, 1)
    ended = evoloco("replay", run, "--individual", "1:2")
    assert ended.code == 1
    assert "Warning: Individual 1:2 gives fitness " in ended.err
    assert "recorded is [99.5, 99.5] (nothing known has changed" in ended.err
    facts = (run / "provenance.json").read_text(encoding="utf-8")
    (run / "provenance.json").write_text(
        re.sub(r'"mujoco": "[^"]*"', '"mujoco": "0.1"', facts), encoding="utf-8"
    )
    ended = evoloco("replay", run, "--individual", "1:2")
    assert ended.code == 0
    assert "(mujoco 0.1 then, " in ended.err


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evolve", "bipde"], ["Unknown run 'bipde'. Known: biped", "Did you mean 'biped'?"]),
        (["evolve", "no.toml"], ["No run file no.toml."]),
        (
            ["evolve", "{hop}", "scenario.duratoin=3"],
            ["hop.toml: Unknown key in [scenario] 'duratoin'"],
        ),
        (
            ["evolve", "{hop}", "controller.name=sinus"],
            ["hop.toml: controller.name: Unknown controller 'sinus'"],
        ),
        (
            ["evolve", "{hop}", "controller.symmetry=odd"],
            ["hop.toml: Key 'controller.symmetry'", "'mirror' or 'none'"],
        ),
        (
            ["evolve", "{hop}", "scenario.control_dt=0.007"],
            ["hop.toml: scenario.control_dt = 0.007 s must be a mult"],
        ),
        (["evolve", "{hop}", "population"], ["'population' is not key=value"]),
        (
            ["evolve", "{hop}", "--out", "{run}"],
            ["exists and is not overwritten", "evoloco resume "],
        ),
        (
            ["evolve", "{hop}", "--out", "{hop}/x"],
            ["The run folder", "cannot be made: Not a directory"],
        ),
        (["resume", "{tmp}"], ["is not a run: it has no run.toml"]),
        (["resume", "{tmp}/none"], ["is not a run: it has no run.toml"]),
        (["replay", "{tmp}"], ["is not a run"]),
        (["report", "{tmp}"], ["is not a run"]),
        (["replay", "{run}", "--individual", "9:0"], ["has no generation 9. Recorded: 0 to 2."]),
        (
            ["replay", "{run}", "--individual", "1:6"],
            ["Generation 1 has no individual 6. Known: 0 to 5."],
        ),
        (
            ["replay", "{run}", "--individual", "first"],
            ["'first' is no individual. Allowed: best, or"],
        ),
        (
            ["replay", "{run}", "--trace", "{tmp}/none/t.npz"],
            ["none/t.npz cannot be written: No such file or directory"],
        ),
    ],
)
def test_a_mistake_is_told_in_one_line_and_nothing_is_written(
    evoloco: Command,
    hop: Path,
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    places = {"hop": hop, "run": run, "tmp": tmp_path}
    one_line(evoloco(*(argument.format(**places) for argument in arguments)), *words)
    assert [
        path for path in sorted(tmp_path.rglob("*")) if path.name[-4:] not in ("-shm", "-wal")
    ] == before


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["fly"], "fly"),
        (["evolve"], "RUN"),
        (["list", "robots"], "controllers"),
        (["evolve", "biped_fast", "--threads", "-1"], "--threads"),
        (["evolve", "biped_fast", "--generations", "many"], "--generations"),
        (["resume"], "DIR"),
    ],
)
def test_a_wrong_command_line_is_refused_with_its_usage(
    evoloco: Command, arguments: list[str], word: str
) -> None:
    ended = evoloco(*arguments)
    assert ended.code == 2
    assert "Usage: evoloco" in ended.err
    assert word in ended.err.split("Error: ")[1]


@pytest.mark.parametrize("name", ["journal.sqlite", "run.toml", "provenance.json"])
def test_a_run_without_one_of_its_files_is_told_by_its_name(
    evoloco: Command, run: Path, name: str
) -> None:
    (run / name).unlink()
    before = sorted(run.iterdir())
    for command in ("resume", "replay", "report"):
        one_line(evoloco(command, run), name)
    assert sorted(run.iterdir()) == before


def test_a_truncated_journal_is_told_and_left_as_it_is(evoloco: Command, run: Path) -> None:
    path = run / "journal.sqlite"
    path.write_bytes(path.read_bytes()[:9000])
    before = path.read_bytes()
    for command in ("resume", "replay", "report"):
        one_line(
            evoloco(command, run),
            "journal.sqlite is damaged or not a journal",
            "the same seed gives the same run",
        )
    assert path.read_bytes() == before


CONTROLLER = '''
from evoloco.controllers.sine import Controller as Sine

LIMITS = {{"low": -0.5, "high": 0.5}}


def step(params, state, obs, time, dt, ctrl):
    ctrl[:] = 0.0
    {line}


class Controller(Sine):
    """Cannot be compiled."""

    step = staticmethod(step)
'''


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('ctrl[0] = LIMITS["low"]', "Untyped global name 'LIMITS'"),
        pytest.param("open('log.txt')", "Untyped global name 'open'", marks=pytest.mark.slow),
        pytest.param("ctrl[0] = unknown", "name 'unknown' is not defined", marks=pytest.mark.slow),
        ("ctrl[0] = 'a' + time", "add(Literal[str](a), float64)"),
    ],
)
def test_a_controller_that_numba_cannot_compile_is_told_with_its_line_and_nothing_is_written(
    evoloco: Command,
    hop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    reason: str,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(CONTROLLER.format(line=line), encoding="utf-8")
    ended = evoloco("evolve", hop, "controller.name=mine.py")
    place = f"{tmp_path / 'mine.py'}, line 9: "
    one_line(
        ended, f"hop.toml: Numba cannot compile the controller in {place}", reason, "Allowed are"
    )
    assert {path.name for path in tmp_path.iterdir()} - {"cache", "__pycache__"} == {
        "mine.py",
        "hop.toml",
    }


def test_a_field_that_a_controller_lacks_is_told_with_those_that_it_has(
    evoloco: Command, hop: Path
) -> None:
    path = hop.with_name("mine.py")
    path.write_text(CONTROLLER.format(line="ctrl[0] = params.gain"), encoding="utf-8")
    words = f"the controller in {path} (the controller's `parameters` returns them)"
    ended = evoloco("evolve", hop, f"controller.name={path}")
    one_line(ended, words, "Unknown field of params 'gain'. Known: ", "amplitude", "period")


ROBOT = """
<mujoco><worldbody><body name="torso" pos="0 0 0.3"><geom type="box" size=".1 .1 .05"/>
  <body name="leg" pos="0 0 -.05"><joint name="hip" axis="0 1 0" range="-60 60"/>
    <geom type="capsule" fromto="0 0 0 0 0 -.2" size=".03"/></body></body></worldbody></mujoco>
"""


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("joints", '["hpi"]', ["'hpi'. Known: hip.", "Did you mean 'hip'?"]),
        ("torso", '"trunk"', ["'trunk'. Known: ", "torso"]),
        ("feet", '["foot"]', ["'foot'. Known: ", "leg"]),
        ("path", '"nowhere.xml"', ["nowhere.xml"]),
    ],
)
def test_a_model_that_lacks_what_is_named_is_told_with_what_it_has(
    evoloco: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    value: str,
    words: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "robot.xml").write_text(ROBOT, encoding="utf-8")
    body = {"path": '"robot.xml"', "torso": '"torso"', "feet": '["leg"]', "joints": '["hip"]'} | {
        key: value
    }
    table = "\n".join(f"{key} = {value}" for key, value in body.items())
    (tmp_path / "mine.toml").write_text(
        HOP.replace('name = "hopper"', f'name = "mjcf"\n{table}'), encoding="utf-8"
    )
    one_line(evoloco("evolve", "mine.toml"), "mine.toml: ", *words)
    assert {path.name for path in tmp_path.iterdir()} == {"robot.xml", "mine.toml"}


def test_a_measure_that_returns_no_number_is_told_by_its_name(
    evoloco: Command, hop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.py").write_text(
        "def measure(episode):\n    return float('nan')\n", encoding="utf-8"
    )
    ended = evoloco("evolve", hop, "fitness.odd={measure='odd.py', weight=1}", "--out", "odd")
    assert ended.code == 2
    assert "Measure '" in ended.err
    assert "(fitness term 'odd') returned nan" in ended.err
    assert "Traceback" not in ended.err


def test_lists_show_words_and_no_objects_of_python() -> None:
    assert not re.search(r"<\w+ ", catalogue.overview(None))
    told = catalogue.describe("controllers", "policy", "hopper")
    assert "hidden: tuple[int >= 1 and <= 1024, ...], default (64, 64)" in told


@pytest.mark.filterwarnings("default:.*falls at home")
def test_a_warning_is_a_sentence_and_not_a_line_of_code(
    evoloco: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "tall.xml").write_text("""
        <mujoco><option timestep=".005"/><worldbody><geom type="plane" size="0 0 1"/>
        <body name="torso" pos="0 0 1"><freejoint/><geom size=".1" mass="5"/>
        <body name="leg"><joint name="hip" axis="0 1 0" range="-60 60"/>
        <geom type="capsule" size=".02" fromto="0 0 0 0 0 -.9" mass=".5"/>
        <body name="foot" pos="0 0 -.9"><geom size=".05" mass=".1"/></body></body></body>
        </worldbody><actuator><position joint="hip" kp="200" kv="10"/></actuator></mujoco>""")
    (tmp_path / "run.toml").write_text("""
        [morphology]
        name = "mjcf"
        path = "tall.xml"
        torso = "torso"
        feet = ["foot"]
        joints = ["hip"]
        home = { hip = 0.3 }
        [controller]
        name = "sine"
        [fitness.speed]
        measure = "forward_speed"
        weight = 1.0
        """)
    ended = evoloco("evolve", tmp_path / "run.toml", "--dry-run", "--threads", 1)
    assert ended.code == 0
    assert ended.err.startswith(f"Warning: {tmp_path / 'tall.xml'}: the body falls at home: after")
    assert "UserWarning" not in ended.err
