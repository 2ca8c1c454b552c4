"""A ball to walk to: where scenarios place it, and what counts as coming near."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traces import body, episode, walk

from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.errors import EvolocoError, ModelError, SpecError
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.fields import Array, place
from evoloco.fitness import approach, reached
from evoloco.ground import height
from evoloco.morphologies import hopper
from evoloco.sim.prepared import Body
from evoloco.spec import read
from evoloco.target import POSITION, Target
from evoloco.term import Term

RUN = """
[morphology]
name = "biped"

[controller]
name = "sine"

[fitness.near]
measure = "approach"
weight = 1.0

[scenario]
duration = 0.6

[scenario.target]
radius = [0.03, 0.07]
"""
GROUNDS = {
    "level": "",
    "a slope": "[randomize.ground_slope]\nvalue = [0.05, 0.08]\n",
    "rough": '[scenario.terrain]\nname = "rough"\n',
}


def experiment(folder: Path, more: str = "", text: str = RUN) -> Experiment:
    file = folder / "walk.toml"
    file.write_text(text + more)
    return Experiment(read(file))


# Where it lies


def test_balls_fill_their_ranges_and_are_drawn_again_from_the_same_seeds() -> None:
    target = Target(radius=(0.03, 0.07), distance=(0.5, 2.0), bearing=(-1.0, 0.5))
    drawn = np.array([target.draw((0, 2, 0, k)) for k in range(300)])
    again = np.array([target.draw((0, 2, 0, k)) for k in range(300)])
    np.testing.assert_array_equal(again, drawn)
    for column, (low, high) in zip(drawn.T, ((0.5, 2.0), (-1.0, 0.5), (0.03, 0.07)), strict=True):
        # Of 300 uniform draws, the outermost are within 4 % of the ends but for 5 in a million.
        assert low <= column.min() < low + 0.04 * (high - low)
        assert high - 0.04 * (high - low) < column.max() <= high


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_ball_lies_on_the_ground_where_the_scenario_says(tmp_path: Path, ground: str) -> None:
    made = experiment(tmp_path, GROUNDS[ground])
    here = Body(made.morphology, 0.7, 0.0)
    for k in range(5):
        scenario = made.held_out_scenario(k)
        distance, bearing, radius = scenario.target
        model = here.world(scenario).morphology.model
        x, y, z = model.body("target").pos
        torso = made.morphology.home[:2]
        assert math.hypot(x - torso[0], y - torso[1]) == pytest.approx(distance)
        assert math.atan2(y - torso[1], x - torso[0]) == pytest.approx(bearing)
        assert model.geom("target").size[0] == radius
        assert z - radius == pytest.approx(height(model, made.morphology.floor, x, y), abs=1e-12)


def test_a_ball_changes_neither_the_other_draws_nor_the_motion(tmp_path: Path) -> None:
    """The feet of this gait go through a ball that lies where it walks."""
    at_the_feet = "distance = 0.05\nbearing = 0\n"
    more = "[randomize.mass]\n"
    beside = experiment(tmp_path, at_the_feet + more)
    plain = experiment(
        tmp_path, more, RUN.partition("[scenario.target]")[0].replace("approach", "distance")
    )
    traces = []
    for made in (beside, plain):
        params = made.parameters(np.full(len(made.space), 0.6))[None]
        (lived,) = simulator(made, 1).run(params, made.scenarios(0)[:1])
        traces.append(lived["qpos"].copy())
    np.testing.assert_array_equal(*traces)


def test_the_same_ball_is_met_by_all_genomes_and_each_scenario_has_its_own(tmp_path: Path) -> None:
    made = experiment(tmp_path, "[evaluation]\nepisodes = 3\n")
    params = np.array([made.parameters(np.full(len(made.space), share)) for share in (0.4, 0.6)])
    lived = simulator(made, 1).run(params, made.scenarios(0))
    places = [tuple(one.sensor(POSITION)[-1].tolist()) for one in lived]
    assert places[:3] == places[3:]
    assert len(set(places)) == 3


# What a perfect eye tells


def felt(made: Experiment, genome: float = 0.6) -> tuple[Episode, Array]:
    """An episode, and what its sensor `target` told at each control step (T, 4)."""
    params = made.parameters(np.full(len(made.space), genome))[None]
    (lived,) = simulator(made, 1).run(params, made.scenarios(0)[:1])
    return lived, lived["obs"][:, place(made.morphology.observation, "target")]


def test_the_sensor_tells_the_place_in_the_frame_of_the_torso(tmp_path: Path) -> None:
    lived, told = felt(experiment(tmp_path, "[sensors.target]\n[sensors.command]\n"))
    before = np.maximum(np.arange(len(lived)) * lived.substeps - 1, 0)  # one physics step old
    torso, yaw = lived.torso_position[before, :2], lived.yaw[before]
    away = (lived.sensor(POSITION)[:, :2] - torso) @ [1, 1j]
    np.testing.assert_allclose(told[:, :2] @ [1, 1j], away * np.exp(-1j * yaw), atol=1e-3)
    np.testing.assert_array_equal(told[:, 2], 1.0)
    np.testing.assert_array_equal(told[:, 3], 0.0)


def test_a_ball_out_of_view_leaves_the_last_place_and_no_confidence(tmp_path: Path) -> None:
    aside = "bearing = 40\n[sensors.target]\nfield_of_view = "
    _, told = felt(experiment(tmp_path, f"{aside}100\n"))
    np.testing.assert_array_equal(told[:10, 2], 1.0)
    _, told = felt(experiment(tmp_path, f"{aside}60\n"))
    np.testing.assert_array_equal(told[:10, :3], 0.0)


# What counts


def counted(measure: Any, lived: Episode, **options: Any) -> float:
    term = Term("near", 1.0, "near", measure.measure, options, "1", floor=0.0)
    return float(term.counted(lived))


def straight(ball: tuple[float, float], outcome: Outcome = Outcome.COMPLETED) -> Episode:
    """A walk along x at 0.4 m/s for 2 s."""
    beside = Target().beside(body())
    return walk(beside, speed=0.4, steps=100, changes={POSITION: [*ball, 0.05]}, outcome=outcome)


def test_approach_is_the_closed_share_of_the_first_distance() -> None:
    closed = approach.measure(straight((1.0, 0.0)))
    np.testing.assert_allclose(closed, 0.4 * 0.02 * np.arange(100), atol=1e-12)
    assert approach.measure(straight((-1.0, 0.0)))[-1] < 0
    np.testing.assert_allclose(
        approach.measure(straight((0.3, 0.4))), approach.measure(straight((0.3, -0.4)))
    )


def test_reached_begins_with_the_arrival_and_lasts() -> None:
    found = reached.measure(straight((0.4, 0.0)), within=0.15)
    arrival = math.ceil(round((0.4 - 0.15) / (0.4 * 0.02), 9))
    np.testing.assert_array_equal(found, np.arange(100) >= arrival)
    assert not reached.measure(straight((0.4, 0.16)), within=0.15).any()


@pytest.mark.parametrize("measure", [approach, reached])
def test_a_fall_is_never_better_than_the_same_way_without(measure: Any) -> None:
    lived = straight((0.3, 0.1))
    whole = counted(measure, lived)
    for length in range(1, 100, 7):
        fallen = Episode(
            lived.morphology,
            lived.columns,
            lived.trace[:length],
            lived.ending,
            lived.control_dt,
            lived.planned,
        )
        assert counted(measure, fallen) <= whole


# Messages


def test_the_sensor_of_the_target_needs_one(tmp_path: Path) -> None:
    text = RUN.partition("[scenario.target]")[0] + "[sensors.target]\n"
    with pytest.raises(ModelError, match=r"sensors\.target: .*\[scenario\.target\]"):
        _ = experiment(tmp_path, text=text).morphology


def test_a_measure_of_the_target_needs_one(tmp_path: Path) -> None:
    for measure in (approach, reached):
        with pytest.raises(SpecError, match=r"needs a target.*\[scenario\.target\]"):
            measure.measure(episode(body(), 2))


def test_a_model_that_has_something_of_that_name_is_told() -> None:
    beside = Target().beside(hopper.build())
    with pytest.raises(ModelError, match=r"scenario\.target adds .* 'target'.*Rename"):
        Target().beside(beside)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("distance = 0", "Must be above 0"),
        ("bearing = [30, -30]", "low <= high"),
        ("arrive = 0.15", "Unknown key in .scenario.target. 'arrive'"),
    ],
)
def test_a_target_that_cannot_be_drawn_is_told(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        experiment(tmp_path, f"{line}\n")


def test_nearness_must_be_positive() -> None:
    with pytest.raises(EvolocoError, match="within must be above 0"):
        reached.measure(straight((1.0, 0.0)), within=0.0)
