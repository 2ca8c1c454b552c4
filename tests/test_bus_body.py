"""The body behind an emulated bus moves as in a native episode, and its servos can be limp."""

import numpy as np
import pytest

from evoloco.bundled import runs
from evoloco.bus.body import Body, of_run
from evoloco.check.subject import Subject
from evoloco.errors import ModelError, SpecError
from evoloco.experiment import Experiment
from evoloco.individual import Individual
from evoloco.morphologies import biped, muscle_biped, xl330_biped
from evoloco.spec import read


def test_commands_of_a_native_episode_move_the_body_as_in_it():
    exact = ["scenario.joint_noise=0", "scenario.friction=[1, 1]"]
    experiment = Experiment(read(runs()["biped_fast"], exact))
    subject = Subject.of("biped_fast")
    episode = Individual(experiment, 0, 0, subject.genome).simulate(1.0)
    body = of_run("biped_fast")

    sensor = episode.morphology.sensor
    joints = [sensor(f"joint.{name}.angle").start for name in body.joints]
    for command, sensed in zip(episode["ctrl"], episode["sensordata"], strict=True):
        np.testing.assert_allclose(body.read().angle, sensed[joints], rtol=0, atol=1e-9)
        body.advance(command, np.ones(len(body.joints), dtype=bool), 0.02)


def test_limp_servo_lets_its_joint_fall_and_a_driven_one_holds_it():
    driven = Body(xl330_biped.build(gain=1000))
    limp = Body(xl330_biped.build(gain=1000))
    all_of_them = np.ones(len(driven.joints), dtype=bool)

    driven.advance(driven.home, all_of_them, 1.0)
    limp.advance(limp.home, ~all_of_them, 1.0)

    assert driven.truth()["lean [rad]"] < 0.2
    assert limp.truth()["z [m]"] < 0.6 * driven.truth()["z [m]"]
    assert not limp.read().torque.any()
    assert driven.read().torque.any()


def test_limp_servo_holds_again_once_it_is_driven():
    body = Body(biped.build())
    fresh = Body(biped.build())
    every = np.ones(len(body.joints), dtype=bool)

    body.advance(body.home, ~every, 0.005)
    body.advance(body.home, every, 0.5)
    fresh.advance(fresh.home, every, 0.505)

    np.testing.assert_allclose(body.read().angle, fresh.read().angle, atol=0.02)


def test_standing_body_feels_its_weight_and_gravity():
    morphology = biped.build()
    body = Body(morphology)
    body.advance(body.home, np.ones(len(body.joints), dtype=bool), 2.0)
    told = body.read()

    assert told.load.sum() == pytest.approx(morphology.weight, rel=0.02)
    assert np.linalg.norm(told.acceleration) == pytest.approx(morphology.gravity, rel=0.02)


def test_push_changes_the_velocity_of_the_torso():
    body, still = Body(biped.build()), Body(biped.build())
    every = np.ones(len(body.joints), dtype=bool)
    body.push(np.array([2.0, 0.0, 0.0]))
    body.advance(body.home, every, 0.1)
    still.advance(still.home, every, 0.1)

    assert body.truth()["x [m]"] - still.truth()["x [m]"] > 0.05


def test_body_of_muscles_and_a_period_between_physics_steps_are_refused():
    with pytest.raises(ModelError, match="muscles drive this body's joints"):
        Body(muscle_biped.build())
    body = Body(biped.build())
    with pytest.raises(SpecError, match="no multiple of the physics step"):
        body.advance(body.home, np.ones(len(body.joints), dtype=bool), 0.0072)
