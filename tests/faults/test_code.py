"""Nothing in a run folder leads to code, and every file that a run uses is known."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import mujoco
import numpy as np
import pytest
from pydantic import BaseModel

from evoloco import provenance
from evoloco.champion import exported
from evoloco.errors import EvolocoError, JournalError, ModelError, SpecError
from evoloco.loop import evolve
from evoloco.members import ROOMS
from evoloco.model_file import files_of
from evoloco.references import FILES, MEMBERS, anchor, references
from evoloco.run import Run
from evoloco.salvage import salvage
from evoloco.spec import RunSpec, read

from .injection import Ended, copied, forge

# All names and paths


def tables(kind: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yields place and model of every table of a run file; `*` is any name."""
    yield place, kind
    for name, field in kind.model_fields.items():
        for one in (field.annotation, *get_args(field.annotation)):
            if isinstance(one, type) and issubclass(one, BaseModel):
                free = () if one is field.annotation else ("*",)
                yield from tables(one, (*place, name, *free))


def test_every_table_that_takes_options_of_a_member_is_known() -> None:
    taking = {place for place, kind in tables(RunSpec) if kind.model_config["extra"] == "allow"}
    assert {tuple(key.split(".")[:-1]) for key in MEMBERS} == taking
    assert set(MEMBERS.values()) == set(ROOMS)
    with_path = {place for place, kind in tables(RunSpec) if "path" in kind.model_fields}
    assert {tuple(key.split(".")[:-1]) for key in FILES} == taking | with_path


def everywhere(value: str) -> dict[str, Any]:
    """The content of a run file that has a value at every place of a name or path."""
    content: dict[str, Any] = {}
    for key in (*MEMBERS, *FILES):
        *names, last = key.replace("*", "my.own").split(".")
        table = content
        for name in names if "*" not in key else [names[0], "my.own"]:
            table = table.setdefault(name, {})
        table[last] = value
    return content


def test_all_paths_become_absolute_and_free_of_links(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    content = everywhere("link/own.py")
    anchor(content, tmp_path)
    found = list(references(content))
    assert len(found) == len(MEMBERS) + len(FILES)
    assert {reference.value for reference in found} == {str(tmp_path / "real" / "own.py")}
    assert sum(reference.is_code for reference in found) == len(MEMBERS)


def test_a_model_that_is_a_link_stays_beside_its_meshes(tmp_path: Path) -> None:
    (tmp_path / "real.xml").touch()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "robot.xml").symlink_to(tmp_path / "real.xml")
    content = {"morphology": {"path": "here/robot.xml"}}
    anchor(content, tmp_path)
    assert content["morphology"]["path"] == str(tmp_path / "here" / "robot.xml")


def test_names_stay_names_and_what_is_no_path_is_left_to_the_validation(tmp_path: Path) -> None:
    content = {"controller": {"name": "sine"}, "fitness": {"a": 3}, "sensors": [], "optimizer": 1}
    before = json.dumps(content)
    anchor(content, tmp_path)
    assert json.dumps(content) == before


# Code in a run folder


EVIL = "import pathlib\npathlib.Path({mark!r}).touch()\n"

FORGED = {
    "morphology.name": {"morphology": {"name": "{}"}},
    "controller.name": {"controller": {"name": "{}"}},
    "fitness.*.measure": {"fitness": {"speed": {"measure": "{}"}}},
    "reward.*.measure": {"reward": {"speed": {"measure": "{}", "weight": 1.0}}},
    "sensors.*.source": {"sensors": {"rate": {"source": "{}"}}},
    "scenario.terrain.name": {"scenario": {"terrain": {"name": "{}"}}},
    "optimizer.name": {"optimizer": {"name": "{}"}},
}
"""For every kind of member, what a forged run file has."""


def without_spreads(folder: Path) -> None:
    """Makes a champion.json as older versions wrote it, for which the run file is read too."""
    file = folder / "champion.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    for gene in content["genes"].values():
        del gene["mean"], gene["spread"]
    file.write_text(json.dumps(content), encoding="utf-8")


READERS: dict[str, Callable[[Path], object]] = {
    "run": Run,
    "salvage": salvage,
    "par": exported,
}
"""Everything that reads the run file of a run folder."""

WAYS = ("evil.py", "{folder}/evil.py", "sub/../evil.py", "link.py", "{parent}/link/evil.py")
OUT = ("../evil.py", "/proc/self/cwd/evil.py")


def test_all_kinds_of_members_are_tried() -> None:
    assert set(FORGED) == set(MEMBERS)


@pytest.mark.parametrize(
    ("change", "way", "reader"),
    [
        *((key, "evil.py", reader) for key in FORGED for reader in READERS),
        *(("optimizer.name", way, "run") for way in (*WAYS[1:], *OUT)),
    ],
)
def test_code_that_comes_with_a_run_folder_is_not_executed(
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
    way: str,
    reader: str,
) -> None:
    folder, mark = copied(whole, tmp_path / "run"), tmp_path / "executed"
    for place in (folder, tmp_path):
        (place / "evil.py").write_text(EVIL.format(mark=str(mark)), encoding="utf-8")
    (folder / "link.py").symlink_to(tmp_path / "evil.py")
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(tmp_path)

    forge(folder, FORGED[change], way.format(folder=folder, parent=tmp_path))
    without_spreads(folder)
    with pytest.raises(JournalError, match=r"If you trust it, move it elsewhere"):
        READERS[reader](folder)
    assert not mark.exists()


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_reading_a_run_file_executes_nothing(
    whole: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    folder, mark = copied(whole, tmp_path / "run"), tmp_path / "executed"
    (folder / "evil.py").write_text(EVIL.format(mark=str(mark)), encoding="utf-8")
    forge(folder, change, "evil.py")
    spec = read(folder / "run.toml")
    assert str(folder / "evil.py") in [reference.value for reference in provenance.named(spec)]
    assert not mark.exists()


def test_a_table_of_run_folders_executes_nothing(
    evoloco: Callable[..., Ended], whole: Path, tmp_path: Path
) -> None:
    for number, change in enumerate(FORGED.values()):
        folder = copied(whole, tmp_path / "runs" / str(number))
        (folder / "evil.py").write_text(EVIL.format(mark=str(tmp_path / "mark")), encoding="utf-8")
        forge(folder, change, "evil.py")
    assert evoloco("list", "runs", tmp_path / "runs").code == 0
    assert not (tmp_path / "mark").exists()


def test_the_name_of_a_sensor_leads_to_no_code(whole: Path, tmp_path: Path) -> None:
    folder, mark = copied(whole, tmp_path / "run"), tmp_path / "executed"
    evil = folder / "evil.py"
    evil.write_text(EVIL.format(mark=str(mark)), encoding="utf-8")
    forge(folder, {"sensors": {str(evil): {"source": ""}}}, "")
    with pytest.raises(EvolocoError, match="Unknown sensor"):
        Run(folder)
    assert not mark.exists()


def test_a_model_cannot_name_a_library(tmp_path: Path) -> None:
    from evoloco.morphologies.mjcf import build

    model = tmp_path / "robot.xml"
    library = '<extension><plugin plugin="/tmp/evil.so"/></extension>'
    model.write_text(f"<mujoco>{library}<worldbody/></mujoco>", encoding="utf-8")
    with pytest.raises(ModelError, match=r"plugin /tmp/evil\.so not found"):
        build(str(model), "torso", ["foot"], ["hip"])


# Own code of every kind


OPTIMIZER = """
from evoloco.optimizers.uniform import Optimizer as Uniform


class Optimizer(Uniform):
    pass
"""
TERRAIN = """
from evoloco.terrains.slope import Shape as Slope


class Shape(Slope):
    pass
"""


def test_an_optimizer_and_a_terrain_of_ones_own_are_anchored_hashed_and_must_not_change(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    optimizer, terrain = tmp_path / "mine.py", tmp_path / "hills.py"
    optimizer.write_text(OPTIMIZER, encoding="utf-8")
    terrain.write_text(TERRAIN, encoding="utf-8")
    text = file.read_text(encoding="utf-8").replace("[optimizer]", '[optimizer]\nname = "mine.py"')
    file.write_text(text, encoding="utf-8")

    monkeypatch.chdir(tmp_path)
    run = Run.create(read(file, ["scenario.terrain.name=hills.py"]), tmp_path / "run")
    monkeypatch.chdir("/")
    evolve(run, 2)
    hashes = run.provenance["files_sha256"]
    assert hashes == {str(path): provenance.digest(path) for path in (terrain, optimizer)}
    run.journal.close()

    optimizer.write_text(OPTIMIZER + "\n# another one\n", encoding="utf-8")
    with pytest.raises(JournalError, match=r"cannot continue as it started: .*mine\.py has chan"):
        evolve(Run(run.folder))


def test_a_run_made_in_python_has_absolute_paths_too(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(OPTIMIZER, encoding="utf-8")
    spec = read(file)
    mine = spec.optimizer.model_copy(update={"name": "mine.py"})
    run = Run.create(spec.model_copy(update={"optimizer": mine}), Path("run"))
    assert run.spec.optimizer.name == str(tmp_path / "mine.py")
    run.journal.close()


HELPED = """
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from legs_of_mine import build
"""
HELPER = """
from pathlib import Path

from evoloco.morphologies.hopper import build as hopper


def build():
    body = hopper()
    body.model.dof_damping[-1] = float(Path(__file__).with_name("damping.txt").read_text())
    return body
"""


def test_what_code_of_ones_own_imports_and_reads_must_not_change(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    helper, number = tmp_path / "legs_of_mine.py", tmp_path / "damping.txt"
    (tmp_path / "body.py").write_text(HELPED, encoding="utf-8")
    helper.write_text(HELPER, encoding="utf-8")
    number.write_text("1.0", encoding="utf-8")

    run = Run.create(read(file, [f"morphology.name={tmp_path / 'body.py'}"]), tmp_path / "run")
    evolve(run, 1)
    assert set(run.provenance["files_sha256"]) == {str(tmp_path / "body.py"), str(helper)}
    run.journal.close()

    number.write_text("1.1", encoding="utf-8")
    with pytest.raises(JournalError, match="the body is another one than then"):
        evolve(Run(run.folder))
    number.write_text("1.0", encoding="utf-8")
    helper.write_text(HELPER + "# more\n", encoding="utf-8")
    with pytest.raises(JournalError, match=r"legs_of_mine\.py has changed since"):
        evolve(Run(run.folder))


# Files of a model


def write_model(folder: Path) -> Path:
    """A model that includes a file, which names a mesh, a height field and a texture."""
    (folder / "parts").mkdir()
    corners = "v 0 0 0\nv .1 0 0\nv 0 .1 0\nv 0 0 .1\n"
    faces = "f 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
    (folder / "parts" / "wedge.obj").write_text(corners + faces, encoding="utf-8")
    heights = np.zeros(16, "<f4").tobytes()
    (folder / "parts" / "hills.bin").write_bytes(np.array([4, 4], "<i4").tobytes() + heights)
    (folder / "parts.xml").write_text(
        '<mujoco><asset><mesh name="wedge" file="wedge.obj"/>'
        '<hfield name="hills" file="hills.bin" size="1 1 1 1"/></asset></mujoco>',
        encoding="utf-8",
    )
    model = folder / "robot.xml"
    model.write_text(
        '<mujoco><compiler assetdir="parts"/><include file="parts.xml"/><worldbody>'
        '<geom type="plane" size="0 0 1"/>'
        '<body name="torso" pos="0 0 .4"><freejoint/><geom size=".1" mass="1"/>'
        '<body name="leg" pos="0 0 -.1"><joint name="hip" axis="0 1 0" range="-60 60"/>'
        '<geom type="mesh" mesh="wedge"/></body></body></worldbody></mujoco>',
        encoding="utf-8",
    )
    return model


OWN = """
[morphology]
name = "mjcf"
path = "robot.xml"
torso = "torso"
feet = ["leg"]
joints = ["hip"]

[controller]
name = "sine"
symmetry = "none"

[fitness.survival]
measure = "survival"
weight = 1.0

[scenario]
duration = 0.2

[evaluation]
heldout_episodes = 1
elite = 1

[optimizer]
generations = 2
population_size = 4
"""


def test_everything_that_a_model_refers_to_is_hashed(tmp_path: Path) -> None:
    model = write_model(tmp_path)
    found = files_of(model)
    named = {path.relative_to(tmp_path).as_posix() for path in found}
    assert named == {"robot.xml", "parts.xml", "parts/wedge.obj", "parts/hills.bin"}

    mujocos = {Path(path) for path in mujoco.mju_getXMLDependencies(str(model))}
    assert {path for path in mujocos if path.is_file()} <= set(found)


@pytest.mark.filterwarnings("ignore:.*falls within a second")
def test_a_mesh_that_has_changed_is_named_when_a_run_continues(tmp_path: Path) -> None:
    write_model(tmp_path)
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    run = Run.create(read(tmp_path / "own.toml"), tmp_path / "run")
    evolve(run, 1)
    run.journal.close()
    assert all(Path(path).is_absolute() for path in run.provenance["files_sha256"])

    mesh = tmp_path / "parts" / "wedge.obj"
    mesh.write_text(mesh.read_text(encoding="utf-8").replace(".1", ".11"), encoding="utf-8")
    with pytest.raises(JournalError, match=r"wedge\.obj has changed since"):
        evolve(Run(run.folder))


def test_the_file_of_a_start_is_hashed_but_may_change(whole: Path, file: Path) -> None:
    origin = whole / "champion.json"
    run = Run.create(read(file, [f"start.path={whole}"]), file.parent / "run")
    assert run.provenance["start"] == f"{origin} sha256 {provenance.digest(origin)}"
    assert str(origin) not in run.provenance["files_sha256"]
    run.journal.close()


# Devices and pipes


def test_a_pipe_in_place_of_a_file_is_refused_and_nothing_waits_for_it(
    evoloco: Callable[..., Ended], whole: Path, tmp_path: Path
) -> None:
    for name in ("run.toml", "champion.json", "provenance.json"):
        folder = copied(whole, tmp_path / name)
        (folder / name).unlink()
        os.mkfifo(folder / name)
        refused = evoloco("replay", folder)
        assert refused.code == 2
        assert name in refused.message

    os.mkfifo(tmp_path / "start.par")
    os.mkfifo(tmp_path / "run.toml.toml")
    started = evoloco("evolve", "hopper", "--start", tmp_path / "start.par")
    assert "is a device or a pipe" in started.message
    assert "is a device or a pipe" in evoloco("evolve", tmp_path / "run.toml.toml").message


def test_a_model_that_names_a_pipe_is_refused(tmp_path: Path) -> None:
    from evoloco.morphologies.mjcf import build

    model = write_model(tmp_path)
    mesh = tmp_path / "parts" / "wedge.obj"
    mesh.unlink()
    os.mkfifo(mesh)
    with pytest.raises(ModelError, match=r"wedge\.obj, which is a device or a pipe"):
        build(str(model), "torso", ["leg"], ["hip"])


# Members of one's own that lack something


def message_of(file: Path, *overrides: str) -> str:
    """The message of the run that cannot be created; nothing is left of it."""
    with pytest.raises(EvolocoError) as refused:
        Run.create(read(file, overrides), file.parent / "refused")
    assert not (file.parent / "refused").exists()
    return str(refused.value)


CONTROLLER = """
from evoloco.genome import Gene, Space


def reset(params, state, dt):
    state.phase = 0.0


def step(params, state, obs, time, dt, ctrl):
    ctrl[:] = params.angle


class Controller:
    reset, step, state = staticmethod(reset), staticmethod(step), {{"phase": ()}}

    def __init__(self, morphology):
        self.space = Space([Gene("angle", -0.1, 0.1, "rad", "of all joints")])

    def parameters(self, values):
        return {{"angle": values["{gene}"]}}
{outputs}
"""


def controller(folder: Path, outputs: str = "", gene: str = "angle") -> str:
    """The override for a controller with some signals to draw."""
    path = folder / "still.py"
    path.write_text(CONTROLLER.format(outputs=outputs, gene=gene), encoding="utf-8")
    return f"controller.name={path}"


@pytest.mark.slow
def test_a_controller_without_outputs_evolves_and_is_reported(
    evoloco: Callable[..., Ended], file: Path, tmp_path: Path
) -> None:
    ended = evoloco("evolve", file, controller(tmp_path), "--out", tmp_path / "run")
    assert ended.code == 0, ended.err
    assert (tmp_path / "run" / "report.html").is_file()


FLAT = """
import numpy as np

from evoloco.genome import Gene, Space


def reset(params, state, dt):
    state[0] = 0.0


def step(params, state, obs, time, dt, ctrl):
    ctrl[:] = params[0]


class Controller:
    reset, step, state_size = staticmethod(reset), staticmethod(step), 1

    def __init__(self, morphology):
        self.space = Space([Gene("angle", -0.1, 0.1, "rad", "of all joints")])

    def parameters(self, values):
        return np.array([values["angle"]])
"""


def test_a_controller_for_flat_arrays_is_refused_before_the_search(
    evoloco: Callable[..., Ended], file: Path, tmp_path: Path
) -> None:
    (tmp_path / "flat.py").write_text(FLAT, encoding="utf-8")
    name = f"controller.name={tmp_path / 'flat.py'}"
    refused = evoloco("evolve", file, name, "--out", tmp_path / "run")
    assert refused.code == 2
    assert "This controller is written for flat arrays" in refused.message
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("has", "lacks"),
    [
        ("self.space = ", "self.place = "),
        ("def parameters", "def other"),
        ("reset, step, state = staticmethod(reset), staticmethod(step), ", "state = "),
        ('{"phase": ()}', '{"other": ()}'),
        ('{"phase": ()}', "1"),
    ],
)
def test_a_controller_that_lacks_something_is_refused_before_the_search(
    file: Path, tmp_path: Path, has: str, lacks: str
) -> None:
    override = controller(tmp_path)
    path = tmp_path / "still.py"
    text = path.read_text(encoding="utf-8")
    assert has in text
    path.write_text(text.replace(has, lacks), encoding="utf-8")
    assert message_of(file, override)


OTHERS = {
    "morphology.name={}": ("def build():\n    return None\n", "`build` must return a Morphology"),
    "fitness.speed.measure={}": ("", "has no 'measure'"),
    "sensors.mine.source={}": (
        "def sensor(morphology):\n    return 7\n",
        "`sensor` must return a Sensor",
    ),
    "scenario.terrain.name={}": (
        "class Shape:\n    highest = 1.0\n",
        "lacks heights. It must have highest, heights",
    ),
    "optimizer.name={}": (
        "class Optimizer:\n    def __init__(self, search):\n        pass\n",
        "lacks events, ask, tell, stop_reason",
    ),
}


@pytest.mark.parametrize(("override", "rest"), OTHERS.items(), ids=OTHERS)
def test_a_member_that_lacks_something_is_refused_before_the_search(
    file: Path, tmp_path: Path, override: str, rest: tuple[str, str]
) -> None:
    code, words = rest
    path = tmp_path / "mine.py"
    path.write_text(code, encoding="utf-8")
    assert words in message_of(file, override.format(path))


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ("        return {'a': 1 / 0}", "`outputs` failed with ZeroDivisionError"),
        ("        return {'a': states.load}", "`outputs` failed with AttributeError"),
        ("        return {'a': 0.0}", r"'a' has shape \(\)"),
        ("        return 7", "`outputs` failed with TypeError"),
    ],
)
def test_outputs_that_fail_are_told_before_the_search(
    file: Path, tmp_path: Path, outputs: str, words: str
) -> None:
    method = f"    def outputs(self, params, states):\n{outputs}"
    message = message_of(file, controller(tmp_path, method))
    assert re.search(words, message), message


@pytest.mark.parametrize(
    ("genomes", "words"),
    [
        ("[0.5, 0.5]", r"shape \(2,\); it must ask for \(λ, "),
        ("super().ask() + 1", r"outside \[0, 1\]"),
        ("super().ask() * float('nan')", r"outside \[0, 1\]"),
        ("1 / 0", "failed with ZeroDivisionError"),
    ],
)
def test_an_optimizer_that_asks_for_no_genomes_ends_the_run_with_its_name(
    file: Path, tmp_path: Path, genomes: str, words: str
) -> None:
    path = tmp_path / "mine.py"
    method = f"    def ask(self):\n        return {genomes}\n"
    path.write_text(OPTIMIZER.replace("    pass\n", method), encoding="utf-8")
    run = Run.create(read(file, [f"optimizer.name={path}"]), tmp_path / "run")
    with pytest.raises(SpecError, match=f"optimizer: '.*mine.py' .*{words}"):
        evolve(run)
    run.journal.close()


def test_parameters_that_fail_are_told_before_the_search(file: Path, tmp_path: Path) -> None:
    message = message_of(file, controller(tmp_path, gene="angel"))
    assert "`parameters` failed with KeyError: 'angel'" in message
