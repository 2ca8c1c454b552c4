"""Strides and steps, one by one."""

import mujoco
import numpy as np
import pytest
import traces

from evoloco.gait.analysis import analyse, rows
from evoloco.gait.joint_load import joint_power, joint_torque
from evoloco.gait.strides import spread, steps, stride_values
from evoloco.morphologies import muscle_biped

WIDTH, SPEED, DT = 0.2, 0.4, 0.02


@pytest.fixture(scope="module")
def biped():
    return traces.body()


def placed(morphology, lag=20, turn=0.0, **pattern):
    """A walk on footprints `WIDTH` apart, seen after a turn of the world [rad]."""
    episode = traces.walk(morphology, lag=lag, speed=SPEED, **pattern)
    x = SPEED * DT * np.arange(len(episode))
    for foot, side in zip(morphology.feet, (1, -1), strict=True):
        y = side * WIDTH / 2
        place = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])
        episode.sensor(f"foot.{foot}.position")[:, :2] = place.T
    traces.completed(episode)
    return episode


@pytest.mark.parametrize("turn", [0.0, 0.7, -2.0])
@pytest.mark.parametrize("lag", [20, 16])
def test_length_and_width_of_steps_do_not_depend_on_the_way_one_walks(biped, lag, turn):
    episode = placed(biped, lag, turn)
    lengths, widths = steps(episode, analyse(episode))
    np.testing.assert_allclose(widths, WIDTH, rtol=1e-9)
    expected = {round(SPEED * DT * part, 9) for part in (lag, 40 - lag)}
    assert set(np.round(lengths, 9)) == expected


def test_two_steps_are_a_stride(biped):
    episode = placed(biped, lag=16)
    values = stride_values(episode, analyse(episode))
    pairs = values["step_length"][:-1] + values["step_length"][1:]
    np.testing.assert_allclose(pairs, values["stride_length"].mean(), rtol=1e-9)


def test_means_over_strides_are_the_numbers_of_the_gait(biped):
    episode = placed(biped, lag=18)
    gait = analyse(episode)
    table = {name: value for name, value, *_ in rows(gait)}
    for name, values in stride_values(episode, gait).items():
        if name in table:
            found = spread(values)
            assert found.mean == pytest.approx(table[name], rel=1e-6), name
            assert found.deviation == pytest.approx(0.0, abs=1e-9), name


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], (np.nan, np.nan, 0)), ([2.0], (2.0, np.nan, 1)), ([1.0, 3.0, np.nan], (2, 2**0.5, 2))],
)
def test_spread_is_that_of_a_sample_without_what_is_missing(values, expected):
    np.testing.assert_allclose(spread(np.array(values, dtype=float)), expected)


def test_a_body_that_stands_has_no_strides(biped):
    episode = traces.walk(biped, stance=40)
    assert all(len(values) == 0 for values in stride_values(episode, analyse(episode)).values())


def test_torque_of_a_servo_is_its_force_over_its_gear(biped):
    episode = traces.noise(biped)
    torque = joint_torque(episode)
    np.testing.assert_allclose(torque, traces.GEAR * episode["actuator_force"])
    work = (episode["positive_work"] - episode["negative_work"]) / DT
    np.testing.assert_allclose(joint_power(episode), work)


def test_power_of_muscles_at_the_joints_is_that_at_their_ends():
    """Moment arms carry it over: sum_j torque_j velocity_j = sum_i force_i speed_i."""
    human = muscle_biped.build()
    model, random = human.model, np.random.default_rng(0)
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, 0)
    episode, ends = traces.episode(human, 3), []

    for row in range(3):
        for joint in human.joints:
            data.qpos[model.joint(joint.name).qposadr[0]] = random.uniform(-0.3, 0.3)
            data.qvel[model.joint(joint.name).dofadr[0]] = random.normal()
        data.act[:] = random.random(model.na)
        mujoco.mj_forward(model, data)
        episode["qpos"][row] = data.qpos
        episode["actuator_force"][row] = data.actuator_force
        for joint in human.joints:
            velocity = data.qvel[model.joint(joint.name).dofadr[0]]
            episode.sensor(f"joint.{joint.name}.velocity")[row] = velocity
        ends.append(data.actuator_force @ data.actuator_velocity)
    np.testing.assert_allclose(joint_power(episode).sum(axis=1), ends, rtol=1e-9)
