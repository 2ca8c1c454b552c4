"""Overrides, and what a replaced member leaves behind."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended

from evoloco.bundled import run_file, runs
from evoloco.errors import EvolocoError, SpecError
from evoloco.experiment import Experiment
from evoloco.overrides import apply
from evoloco.spec import RunSpec, dumps, read


def told(run: str | Path, *overrides: str) -> tuple[RunSpec, list[str]]:
    """A run file with overrides, and the notes about what was left out."""
    notes: list[str] = []
    path = run if isinstance(run, Path) else run_file(run)
    return read(path, overrides, notes.append), notes


def test_an_override_sets_a_key_in_a_table_that_it_makes_where_there_is_none() -> None:
    content = {"scenario": {"duration": 5.0}}
    apply(content, "scenario.push.count=3")
    apply(content, "scenario.duration = 2.5")
    apply(content, "controller.name=sine")
    assert content == {
        "scenario": {"duration": 2.5, "push": {"count": 3}},
        "controller": {"name": "sine"},
    }


@pytest.mark.parametrize("override", ["population", "=3", "seed.x=3"])
def test_an_override_of_another_form_is_refused(override: str) -> None:
    with pytest.raises(SpecError, match=r"key=value|is a value, not a table"):
        apply({"seed": 1}, override)


FAST = "biped_fast"


@pytest.mark.parametrize(
    ("run", "override", "note"),
    [
        (
            "biped_fast",
            "optimizer.name=uniform",
            "optimizer.name = uniform: left out sigma of cmaes",
        ),
        (
            "biped_fast",
            "controller.name=sine",
            "controller.name = sine: left out topology of matsuoka",
        ),
        ("hopper", "morphology.name=biped", "morphology.name = biped: left out ankle of hopper"),
        (
            "hopper",
            "controller.name=matsuoka",
            "controller.name = matsuoka: left out hip_pitch.amplitude, knee.amplitude of "
            "[controller.bounds]",
        ),
        (
            "biped_fast",
            "fitness.speed.measure=forward_speed",
            "fitness.speed.measure = forward_speed: left out target, width of speed_tracking",
        ),
    ],
)
def test_options_of_a_replaced_member_are_left_out_with_a_note(
    run: str, override: str, note: str
) -> None:
    spec, notes = told(run, override)
    assert notes == [note]
    if "morphology" not in override:
        assert Experiment(spec).optimizer().ask().shape[1] == len(Experiment(spec).space)


def test_genes_that_the_new_body_lacks_are_left_out_and_equal_ones_stay(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    text = run_file("hopper").read_text(encoding="utf-8")
    path.write_text(text + "\n[morphology.genes]\ntorso_mass = [0.3, 0.5]\n", encoding="utf-8")
    spec, notes = told(path, "morphology.name=planar_biped", "controller.name=sine")
    assert notes == [
        "morphology.name = planar_biped: left out ankle of hopper",
        "morphology.name = planar_biped: left out torso_mass of [morphology.genes]",
    ]
    assert set(spec.controller.bounds) == {"period", "hip_pitch.amplitude", "knee.amplitude"}
    assert spec.morphology.genes == {}


def test_what_an_override_gives_stays_and_is_an_error_if_it_is_wrong() -> None:
    new = "controller.name=sine"
    spec, notes = told(
        "biped_fast", new, "controller.topology=pacemaker", "controller.fixed.tail=1.0"
    )
    assert spec.controller.options == {"topology": "pacemaker"}
    assert spec.controller.fixed == {"tail": 1.0}
    assert notes == []
    with pytest.raises(EvolocoError, match=r"Unknown key in .controller. 'topology'"):
        _ = Experiment(spec).controller


def test_an_equal_option_whose_value_the_new_member_does_not_take_is_left_out(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.py").write_text(
        "from evoloco.controllers.sine import Controller as Sine\n"
        "class Controller(Sine):\n"
        "    def __init__(self, morphology, symmetry: int = 2):\n"
        "        super().__init__(morphology)\n",
        encoding="utf-8",
    )
    path = tmp_path / "run.toml"
    path.write_text(
        '[morphology]\nname = "hopper"\n[controller]\nname = "sine"\nsymmetry = "none"\n'
        '[fitness.far]\nmeasure = "distance"\nweight = 1.0\n',
        encoding="utf-8",
    )
    spec, notes = told(path, f"controller.name={tmp_path / 'mine.py'}")
    assert notes == ["controller.name = mine.py: left out symmetry of sine"]
    assert spec.controller.options == {}
    assert told(path, "controller.name=hopf")[0].controller.options == {"symmetry": "none"}


def test_a_sensor_with_another_source_loses_the_options_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(
        run_file("biped_fast").read_text(encoding="utf-8")
        + '\n[sensors.tilt]\nsource = "estimated_tilt"\ntime_constant = 0.5\nwrong = 1\n'
        + "delay = 0.02\n",
        encoding="utf-8",
    )
    spec, notes = told(path, "sensors.tilt.source=tilt")
    assert spec.sensors["tilt"].options == {"wrong": 1}  # an option of neither
    assert spec.sensors["tilt"].delay == 0.02
    assert notes == ["sensors.tilt.source = tilt: left out time_constant of estimated_tilt"]


@pytest.mark.slow
def test_the_command_line_prints_what_is_left_out(evoloco: Callable[..., Ended]) -> None:
    ended = evoloco("evolve", "biped_fast", "optimizer.name=uniform", "--dry-run")
    assert ended.code == 0
    assert ended.err == "Note: optimizer.name = uniform: left out sigma of cmaes\n"
    assert "uniform: 200 generations of 16 genomes" in ended.out


def test_a_floor_and_a_threshold_belong_to_their_measure(tmp_path: Path) -> None:
    path = tmp_path / "whole.toml"
    told_spec = Experiment(read(run_file("biped_fast"))).told
    path.write_text(dumps(told_spec), encoding="utf-8")
    measure = "fitness.speed.measure=forward_speed"
    spec, notes = told(path, measure)
    assert notes == [
        "fitness.speed.measure = forward_speed: left out floor, threshold, target, width of "
        "speed_tracking"
    ]
    assert spec.fitness["speed"].floor is None
    assert spec.fitness["speed"].weight == 2.0
    assert told(path, measure, "fitness.speed.floor=-1.0")[0].fitness["speed"].floor == -1.0


@pytest.mark.parametrize("name", runs())
def test_a_bundled_run_without_overrides_loses_nothing(name: str) -> None:
    assert told(name)[1] == []


def test_a_misspelt_member_leaves_everything_as_it_is() -> None:
    spec, notes = told("biped_fast", "controller.name=sinus")
    assert notes == []
    assert spec.controller.options == {"topology": "pacemaker"}
