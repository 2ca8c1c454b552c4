"""evoloco from Python: what is public, and what it does."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Ended
from test_architecture import HEAVY
from traces import episode

import evoloco
from evoloco.errors import EvolocoError, JournalError, SpecError
from evoloco.frame import columns
from evoloco.individual import Champion
from evoloco.morphologies import hopper as hopper_body
from evoloco.morphologies import muscle_biped
from evoloco.replay import replay

SHORT = {
    "optimizer": {"population_size": 5, "generations": 3},
    "scenario.duration": 1.0,
    "evaluation": {"heldout_episodes": 2, "support": {"generations": 0}},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> evoloco.Run:
    folder = tmp_path_factory.mktemp("python") / "hop"
    return evoloco.evolve("hopper", generations=2, out=folder, overrides=SHORT)


# What is public


def test_importing_evoloco_imports_nothing_heavy_and_shows_public_names_only() -> None:
    code = (
        "import sys, evoloco\n"
        f"print([name for name in {(*HEAVY, 'pandas')} if name in sys.modules])\n"
        "print(dir(evoloco) == sorted([*evoloco.__all__, '__version__']))\n"
        "import types, inspect\n"
        "print([name for name, value in vars(evoloco).items()\n"
        "       if not name.startswith('_') and not inspect.ismodule(value)])\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["[]", "True", "[]"]


def test_every_public_name_is_documented_and_is_what_its_module_defines() -> None:
    page = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
    for name in evoloco.__all__:
        found = getattr(evoloco, name)
        assert found.__name__ == name
        assert found.__doc__
        assert f"`evoloco.{name}" in page


def test_type_checkers_see_the_public_names_that_python_sees() -> None:
    stub = Path(evoloco.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    names = [line.rpartition(" as ")[2] for line in stub.splitlines() if " as " in line]
    assert sorted(names) == sorted(evoloco.__all__)


def test_a_name_that_is_not_public_is_an_attribute_error_that_lists_those_that_are() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'evovle'.*evolve"):
        _ = evoloco.evovle


# What it does


@pytest.mark.slow
def test_python_evolves_what_the_command_line_evolves(
    run: evoloco.Run, tmp_path: Path, evoloco: Callable[..., Ended]
) -> None:
    search = ("optimizer.population_size=5", "scenario.duration=1.0", "--generations", 2)
    evaluation = ("evaluation.heldout_episodes=2", "evaluation.support.generations=0")
    ended = evoloco("evolve", "hopper", *search, *evaluation, "--out", tmp_path / "same")
    assert ended.code == 0, ended.err
    for name in ("run.toml", "champion.json"):
        assert (tmp_path / "same" / name).read_bytes() == (run.folder / name).read_bytes()


def test_a_run_folder_is_where_the_command_line_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown: list[object] = []
    made = evoloco.evolve("hopper", generations=1, seed=7, overrides=SHORT, progress=shown.append)
    assert made.folder == Path("runs/out/hopper-seed7")
    assert [record.generation for record in shown] == [0]
    with pytest.raises(SpecError, match="exists and is not overwritten"):
        evoloco.evolve("hopper", generations=1, seed=7, overrides=SHORT)


def test_a_resumed_run_equals_one_that_was_never_interrupted(
    run: evoloco.Run, tmp_path: Path
) -> None:
    begun = evoloco.evolve("hopper", generations=1, out=tmp_path / "run", overrides=SHORT)
    resumed = evoloco.resume(begun.folder, generations=2)
    assert len(resumed.journal) == 2
    for generation in range(2):
        np.testing.assert_array_equal(
            resumed.journal[generation].genomes, run.journal[generation].genomes
        )
    np.testing.assert_array_equal(resumed.champion.genome, run.champion.genome)


def test_the_champions_episode_is_the_first_that_judged_it(run: evoloco.Run) -> None:
    champion = evoloco.load(run.folder).champion
    again = replay(run)
    for index, expected in enumerate(again.episodes):
        episode = champion.simulate(scenario=index)
        np.testing.assert_array_equal(episode.trace, expected.trace)
        assert champion.heldout[index] == again.fitness[index]
    assert champion.heldout_fitness == pytest.approx(champion.heldout.mean())


def test_an_episode_lasts_as_long_as_it_should_and_owns_its_trace(run: evoloco.Run) -> None:
    long, longer = (run.champion.simulate(duration=duration) for duration in (0.3, 0.5))
    assert (long.planned, longer.planned) == (15, 25)
    assert long.trace.base is None
    np.testing.assert_array_equal(long.trace[:15], longer.trace[:15])  # no pushes in this run


def test_an_individual_is_simulated_in_a_scenario_of_ones_choice(run: evoloco.Run) -> None:
    which = run.individual(1, 2)
    np.testing.assert_array_equal(which.genome, run.journal[1].genomes[2])
    assert list(which.values) == list(run.experiment.space.names)
    (scenario,) = run.experiment.scenarios(1)
    episode = which.simulate(run.spec.scenario.duration, scenario)
    np.testing.assert_array_equal(episode.trace, replay(run, "1:2").episodes[0].trace)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda run: run.individual(0, 9), JournalError, "no individual 9. Known: 0 to 4"),
        (lambda run: run.champion.simulate(-1.0), SpecError, "duration -1.0 is not a time"),
        (lambda run: run.champion.simulate(scenario=-1), SpecError, "scenario -1 is not an index"),
        (lambda run: evoloco.evolve("hoper"), EvolocoError, "Did you mean 'hopper'"),
        (lambda run: evoloco.evolve("hopper", overrides={"seeed": 1}), SpecError, "'seeed'"),
        (lambda run: evoloco.load(run.folder.parent), JournalError, "is not a run"),
    ],
)
def test_mistakes_are_told(run: evoloco.Run, call: object, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        call(run)


@pytest.mark.slow
def test_an_option_that_an_override_leaves_out_is_a_warning(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="left out sigma of cmaes") as told:
        evoloco.evolve(
            "biped_fast",
            generations=1,
            out=tmp_path / "run",
            overrides={**SHORT, "scenario.duration": 0.1, "optimizer.name": "uniform"},
        )
    assert told[0].filename == __file__


def test_overrides_are_values_of_python_and_tables_are_tables(tmp_path: Path) -> None:
    from evoloco.api import assignments

    given = {"a.b": 1.5, "c": {"d": [1, 2], "e.f": "text"}, "g": True, "h": Path("x.py")}
    given["i"] = np.array([0.5, 1.0])
    assert list(assignments(given)) == [
        "a.b=1.5",
        "c.d=[1, 2]",
        'c.e.f="text"',
        "g=true",
        'h="x.py"',
        "i=[0.5, 1.0]",
    ]


# How it is shown


def test_everything_public_is_shown_in_one_line_with_what_matters(run: evoloco.Run) -> None:
    episode = run.champion.simulate()
    shown = [
        (run, "hopper with phase, 2 of 2 generations"),
        (run.champion, "fitness"),
        (run.individual(0, 1), "0:1 of hopper"),
        (run.experiment, "morphology hopper, controller phase, optimizer cmaes, seed 0"),
        (episode, f"{episode.outcome.value} after"),
        (evoloco.analyse(episode), "m/s"),
        (run.experiment.held_out_scenario(0), "friction"),
        (run.experiment.morphology, "3 joints, 1 foot"),
        (run.journal[0], "0: 5 genomes"),
    ]
    for thing, words in shown:
        text = repr(thing)
        assert text.startswith(f"{type(thing).__name__}(")
        assert words in text
        assert len(text.splitlines()) == 1
        assert len(text) < 160


# As a table


def test_a_frame_has_a_row_per_control_step_and_the_numbers_of_the_trace(run: evoloco.Run) -> None:
    episode = run.champion.simulate(duration=0.5)
    frame = episode.to_frame()
    assert frame.index.name == "time"
    np.testing.assert_array_equal(frame.index, episode.time)
    for name, sensor in (("x", 0), ("z", 2)):
        np.testing.assert_array_equal(
            frame[f"torso.position.{name}"], episode.sensor("torso.position")[:, sensor]
        )
    np.testing.assert_array_equal(frame.filter(regex=r"^qpos\.").to_numpy(), episode["qpos"])
    np.testing.assert_array_equal(frame["obs.tilt.pitch"], episode["obs"][:, pitch(episode)])
    load = episode.per_control_step(episode.foot_load)
    np.testing.assert_array_equal(frame["ground_force.foot.z"], load[:, 0])
    frame.iloc[:] = 0.0
    assert episode.trace.any()


def pitch(episode: evoloco.Episode) -> int:
    """Column of the torso's pitch in what the controller felt."""
    names = [f"{one.name}.{part}" for one in episode.morphology.sensors for part in one.channels]
    return names.index("tilt.pitch")


@pytest.mark.parametrize("body", [hopper_body, muscle_biped])
def test_no_two_columns_of_a_frame_have_the_same_name(body: object) -> None:
    names = columns(episode(body.build(), 1))
    flat = [name for parts in names.values() for name in parts]
    assert len(set(flat)) == len(flat)
    assert not any(name[-1].isdigit() and name.startswith("qpos") for name in flat)


def test_a_frame_without_pandas_is_told_with_the_command_that_installs_it(
    run: evoloco.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(SpecError, match="pip install pandas"):
        run.champion.simulate(duration=0.1).to_frame()


def test_a_champion_that_is_missing_is_told(run: evoloco.Run, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No champion yet"):
        Champion.read(run.experiment, tmp_path / "champion.json")
