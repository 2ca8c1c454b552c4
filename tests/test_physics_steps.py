"""What the kernel sums between control steps, against plain MuJoCo on every physics step."""

import json
from functools import cache

import numpy as np
import pytest
from physics_loop import HEAD, Steps, loop

from evoloco.bundled import run_file
from evoloco.episode import Episode
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.fields import Array
from evoloco.gait.analysis import analyse
from evoloco.members import member
from evoloco.spec import read

FREE = [
    "scenario.duration=1.2",
    "scenario.termination.min_height=0.0",
    "scenario.termination.max_tilt=10.0",
    "scenario.termination.body_contact=false",
    "scenario.push.count=0",
]
"""Episodes that nothing ends early, so that slow control leads to contacts of all kinds."""

CASES = [
    (name, substeps)
    for name in ("biped_sine", "planar_biped", "hopper", "muscle_biped")
    for substeps in (1, 4, 20)
]


@cache
def both(name: str, substeps: int) -> tuple[Episode, Steps]:
    """An episode of a published champion with another time between control steps, twice."""
    dt = Experiment(read(run_file(name))).morphology.model.opt.timestep
    control = substeps * dt
    duration = control * round(1.2 / control)
    changes = [*FREE, f"scenario.control_dt={control}", f"scenario.duration={duration}"]
    experiment = Experiment(read(run_file(name), [*changes, "evaluation.heldout_duration=0.0"]))
    told = json.loads(run_file(name).with_name("champion.json").read_text(encoding="utf-8"))

    genome, scenario = np.array(told["genome"]), experiment.scenarios(0)[0]
    native, params = simulator(experiment, 1), experiment.parameters(genome)[None]
    bodies = [experiment.body(genome)] if experiment.body_genes else []
    (episode,) = native.run(params, [scenario], bodies=bodies)
    start = native.settings([scenario], bodies)[0][0].start
    return episode, loop(episode, start)


def close(found: Array, wanted: Array) -> None:
    """Equal but for rounding and for what chaos makes of it."""
    wanted = np.asarray(wanted)
    scale = max(1.0, float(np.abs(wanted).max()))
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6 * scale)


@pytest.mark.parametrize(("name", "substeps"), CASES)
def test_forces_slip_and_limits_are_those_of_every_physics_step(name: str, substeps: int) -> None:
    episode, steps = both(name, substeps)
    close(episode.ground_force, steps.force)
    close(episode.foot_slip, steps.slip)
    if episode.morphology.muscles:
        close(np.abs(episode.at_physics_steps("limit_torque")), np.abs(steps.limit))


@pytest.mark.parametrize(("name", "substeps"), CASES)
def test_work_is_the_sum_over_physics_steps(name: str, substeps: int) -> None:
    episode, steps = both(name, substeps)
    power = np.array(steps.power).reshape(len(episode), substeps, -1) * episode.physics_dt
    close(episode["positive_work"], np.maximum(power, 0).sum(axis=1))
    close(episode["negative_work"], np.maximum(-power, 0).sum(axis=1))


@pytest.mark.parametrize("substeps", [1, 4, 20])
def test_drawn_energy_is_that_of_the_winding_and_the_shaft(substeps: int) -> None:
    episode, steps = both("biped_sine", substeps)
    resistance, constant = episode.morphology.model.actuator_gainprm[:, :2].T
    current = np.array(steps.actuator_force) / constant
    drawn = resistance * current**2 + np.array(steps.power)
    per_step = np.maximum(drawn, 0).reshape(len(episode), substeps, -1) * episode.physics_dt
    close(episode["electrical_energy"], per_step.sum(axis=1))


@pytest.mark.parametrize(("name", "substeps"), CASES)
def test_the_head_is_shaken_as_its_velocities_change(name: str, substeps: int) -> None:
    episode, steps = both(name, substeps)
    change = np.diff(np.array(steps.head), axis=0) / episode.physics_dt
    wanted = np.sqrt((change**2).sum(axis=1).mean())
    found = member("fitness", "head_acceleration").measure(episode, height=HEAD)
    assert found == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize(("name", "substeps"), CASES)
def test_the_way_is_that_over_all_steps(name: str, substeps: int) -> None:
    episode, steps = both(name, substeps)
    np.testing.assert_allclose(episode.way, steps.end - steps.torso[0], atol=5e-4)


@pytest.mark.parametrize(("name", "substeps"), CASES)
def test_torso_joints_and_feet_are_those_of_every_physics_step(name: str, substeps: int) -> None:
    episode, steps = both(name, substeps)
    close(episode.torso_position, steps.torso)
    close(episode.joint_angle, steps.joint)
    close(episode.foot_position, steps.foot)
    close(episode.up[:, 2], steps.upright)


@pytest.mark.parametrize(("name", "substeps"), CASES)
def test_peak_load_is_the_largest_sum_of_one_moment(name: str, substeps: int) -> None:
    episode, steps = both(name, substeps)
    total = np.array(steps.force)[:, :, 2].sum(axis=1)
    found = analyse(episode, warm_up=0.0).peak_load
    assert found == pytest.approx(total.max() / episode.morphology.weight, rel=1e-6)
