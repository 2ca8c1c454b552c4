"""The law that leads a gait to a ball."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evoloco import fields
from evoloco.bundled import runs
from evoloco.controllers import steering
from evoloco.controllers.steering import Controller, decide, look, move_on
from evoloco.errors import EvolocoError, JournalError, ModelError, SpecError
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.fields import Array, Record
from evoloco.fitness import reached
from evoloco.fitting import fitted
from evoloco.gait_of_run import gait_of_run
from evoloco.morphologies import biped
from evoloco.morphology import Morphology
from evoloco.provenance import used_files
from evoloco.spec import SensorSpec, read
from evoloco.target import Target

DT = 0.02
RUN = """
[morphology]
name = "biped"
hip_yaw = true

[controller]
name = "steering"

[sensors.command]
[sensors.target]

[fitness.there]
measure = "reached"
weight = 1.0

[scenario]
duration = 14.0

[scenario.target]
"""


def beside(**sensors: Any) -> Morphology:
    """A biped beside a ball, with sensors."""
    asked = {name: SensorSpec(**options) for name, options in sensors.items()}
    return fitted(Target().beside(biped.build(hip_yaw=True)), asked)


@pytest.fixture(scope="module")
def controller() -> Controller:
    return Controller(beside(command={}, target={}))


@pytest.fixture
def law(controller: Controller) -> Record:
    """The law's numbers where a search begins."""
    params = controller.parameters(controller.space.decode(controller.space.start))["law"]
    return fields.record(fields.flatten(params), fields.layout_of(params))


def believing(**values: float) -> Record:
    """A belief with these values, all others 0."""
    state = fields.zeros(fields.layout(steering.LAW))
    for name, value in values.items():
        setattr(state, name, value)
    return state


def seen(forward: float, left: float, confidence: float = 1.0, age: float = 0.0) -> Array:
    return np.array([forward, left, confidence, age])


# What it believes


def test_a_ball_at_rest_stays_where_it_is_while_the_body_turns_and_walks() -> None:
    """Dead reckoning along a circle agrees with the ball's place in the frame of the body."""
    speed, rate, steps, small = 0.3, 0.4, 20_000, 2e-4
    state = believing(forward=1.2, left=-0.5)
    for _ in range(steps):
        move_on(state, rate * small, speed * small)
    turned = rate * steps * small
    body = speed / rate * np.array([math.sin(turned), 1 - math.cos(turned)])
    expected = np.exp(-1j * turned) * complex(*(np.array([1.2, -0.5]) - body))
    # Euler's error over an angle of 1.6 rad in steps of 8e-5 rad
    np.testing.assert_allclose(complex(state.forward, state.left), expected, atol=2e-4)


def test_the_first_sighting_is_believed_whole_and_later_ones_in_part(law: Record) -> None:
    state = believing(unseen=steering.NEVER, age=steering.NEVER)
    look(law, state, seen(1.0, 0.5), DT)
    assert (state.forward, state.left, state.unseen) == (1.0, 0.5, 0.0)
    look(law, state, seen(2.0, 0.5), DT)
    assert state.forward == pytest.approx(1.0 + law.trust)


def test_an_old_an_unsure_or_a_held_sighting_changes_nothing(law: Record) -> None:
    for held in (seen(2.0, 0.0, confidence=0.0), seen(2.0, 0.0, age=0.5)):
        state = believing(forward=1.0, age=0.48)
        look(law, state, held, DT)
        assert (state.forward, state.unseen) == (1.0, DT)


def test_a_late_sighting_counts_once(law: Record) -> None:
    """One that is 0.1 s old when it comes is held, and grows older, until the next one comes."""
    state, changes = believing(forward=0.0, age=steering.NEVER), 0
    for k in range(20):
        before = state.forward
        look(law, state, seen(1.0, 0.0, age=0.1 + DT * (k % 5)), DT)
        changes += state.forward != before
    assert changes == 4


def test_every_sighting_counts_where_each_step_brings_one_however_late(law: Record) -> None:
    for late in (0.0, 0.02, 0.1):
        state = believing(age=steering.NEVER)
        for _ in range(5):
            look(law, state, seen(1.0, 0.0, age=late), DT)
        assert state.forward == pytest.approx(1 - (1 - law.trust) ** 5)


# What it asks for


def test_it_turns_to_the_ball_and_walks_faster_the_nearer_it_is_to_the_heading(law: Record) -> None:
    speeds = []
    for bearing in (0.0, 0.2, 0.5, 1.2, 3.0):
        for side in (1.0, -1.0):
            state = believing(forward=math.cos(bearing), left=side * math.sin(bearing))
            decide(law, state)
            assert state.turning == pytest.approx(side * min(law.turn_gain * bearing, law.turning))
        speeds.append(state.speed)
    assert speeds[0] == law.speed
    assert speeds[-1] == law.side_speed
    assert speeds == sorted(speeds, reverse=True)


def test_it_stands_at_the_ball_and_searches_on_the_side_where_it_was_last(law: Record) -> None:
    state = believing(forward=0.9 * law.stop)
    decide(law, state)
    assert (state.speed, state.turning) == (0.0, 0.0)

    for side in (1.0, -1.0):
        state = believing(unseen=law.patience + DT, side=side)
        decide(law, state)
        assert (state.speed, state.turning) == (law.side_speed, side * law.turning)


def test_a_search_sweeps_both_sides_of_where_the_ball_was_seen(law: Record) -> None:
    state, turned, reached = believing(unseen=law.patience + DT, side=1.0), 0.0, []
    for _ in range(2000):
        before = state.turning
        decide(law, state)
        if before * state.turning < 0:
            reached.append(turned)
        move_on(state, DT * state.turning, 0.0)
        turned += DT * state.turning
    one_step = DT * law.turning
    ends = law.sweep * np.array([1.0, -1.0, 1.0, -1.0])
    np.testing.assert_allclose(reached[:4], ends, atol=1.5 * one_step)


def test_the_channels_are_found_by_name_wherever_they_stand() -> None:
    body = beside(command={}, target={})
    (sight,) = [sensor for sensor in body.sensors if sensor.name == "target"]
    assert [sight.channels[int(place)] for place in steering._places(body).values()] == list(
        steering.CHANNELS
    )


# What it leads to


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    path = tmp_path_factory.mktemp("steering") / "to_ball.toml"
    path.write_text(RUN)
    return Experiment(read(path))


def test_the_starting_genes_lead_to_balls_on_either_side(run: Experiment) -> None:
    params = run.parameters(run.space.start)[None]
    sides, arrived = [], []
    for episode in simulator(run).run(params, run.held_out()[:6]):
        sides.append(episode.sensor("target.position")[0, 1] > 0)
        arrived.append(reached.measure(episode)[-1])
    assert 0 < sum(sides) < 6
    assert arrived == [1.0] * 6


def test_a_gait_is_a_bundled_run_or_a_file_and_has_the_champions_genes(
    tmp_path: Path,
) -> None:
    body, folder = beside(command={}, target={}), tmp_path / "walks"
    shutil.copytree(runs()["biped"].parent, folder)
    told = json.loads((folder / "champion.json").read_text())["genes"]
    for name in ("biped", str(folder / "champion.json")):
        gait = gait_of_run(name, body)
        assert gait.values.keys() == {gene.name for gene in gait.controller.space.genes}
        for gene, value in gait.values.items():
            if gene in told:
                assert value == pytest.approx(told[gene]["value"], abs=1e-12)


def test_a_path_of_a_gait_is_relative_to_the_run_file(tmp_path: Path) -> None:
    shutil.copytree(runs()["biped"].parent, tmp_path / "walks")
    (tmp_path / "run.toml").write_text(
        RUN.replace('"steering"', '"steering"\ngait = "walks/champion.json"')
    )
    spec = read(tmp_path / "run.toml")
    assert spec.controller.options["gait"] == str(tmp_path / "walks" / "champion.json")
    assert str(tmp_path / "walks" / "champion.json") in used_files(spec)


# Messages


def test_a_sensor_that_is_missing_is_told() -> None:
    for sensors, name in (({"command": {}}, "target"), ({"target": {}}, "command")):
        with pytest.raises(ModelError, match=rf"needs the sensor '{name}'.*\[sensors\.{name}\]"):
            Controller(beside(**sensors))


def test_a_sensor_without_the_channels_of_a_ball_is_told() -> None:
    with pytest.raises(ModelError, match=r"channels forward, left, confidence, age.*sin, cos"):
        Controller(beside(command={}, target={"source": "clock"}))


def test_a_gait_that_is_not_there_is_told() -> None:
    with pytest.raises(EvolocoError, match=r"controller\.gait: .*Unknown run 'bipod'.*biped"):
        Controller(beside(command={}, target={}), gait="bipod")


def test_a_gait_that_follows_no_command_is_told() -> None:
    with pytest.raises(SpecError, match=r"'biped_sine' does not walk and turn.*'feet'.*'biped'"):
        Controller(beside(command={}, target={}), gait="biped_sine")


def test_code_that_came_with_a_run_folder_is_not_executed(tmp_path: Path) -> None:
    folder = tmp_path / "walks"
    shutil.copytree(runs()["biped"].parent, folder)
    text = (folder / "run.toml").read_text()
    (folder / "run.toml").write_text(text + '\n[fitness.mine]\nmeasure = "mine.py"\nweight = 0\n')
    with pytest.raises(JournalError, match="nothing there is executed"):
        gait_of_run(str(folder / "champion.json"), beside(command={}, target={}))
