"""Guards hold for every command and reading, trip on what they are for, and stay tripped."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evoloco import robot_log
from evoloco.deploy import robot
from evoloco.deploy.commands import allowed, ramp
from evoloco.deploy.deadlines import Deadlines
from evoloco.deploy.guard import Guard
from evoloco.deploy.readings import Readings
from evoloco.deploy.recorder import Recorder, free
from evoloco.errors import SpecError

OP3 = robot.read("op3")
COUNT, DT = len(OP3.joints), 0.02
ANGLES = arrays(float, 4, elements=st.floats(-10, 10))
LOW, HIGH, VELOCITY = np.full(4, -1.0), np.full(4, 2.0), np.array([0.5, 1.0, 2.0, 4.0])

UPRIGHT = Readings(
    position=np.zeros(COUNT),
    velocity=np.zeros(COUNT),
    current=np.zeros(COUNT),
    temperature=np.full(COUNT, 30.0),
    voltage=np.full(COUNT, 12.0),
    rate=np.zeros(3),
    acceleration=np.array([0.0, 0.0, 9.81]),
    load=np.zeros(0),
    error=np.zeros(COUNT),
    torque=np.ones(COUNT),
)


STAND = np.zeros(COUNT)
"""Commands that do not move."""


def with_one(name, value, place=3):
    """Upright readings with another value of one servo."""
    values = getattr(UPRIGHT, name).copy()
    values[place] = value
    return replace(UPRIGHT, **{name: values})


def tripped_after(readings, moves=0.0, most=20):
    """How many times readings are judged until the guard trips, and the guard."""
    guard = Guard(OP3, DT)
    for step in range(most):
        guard.judge(readings, np.full(COUNT, moves), on=True)
        if guard.reason:
            return step + 1, guard
    return None, guard


@settings(deadline=None)
@given(goal=ANGLES, before=arrays(float, 4, elements=st.floats(-1, 2)))
def test_a_command_is_within_limits_and_never_faster_than_allowed(goal, before):
    sent = allowed(goal, before, LOW, HIGH, VELOCITY, DT)
    assert np.all((sent >= LOW) & (sent <= HIGH))
    assert np.all(np.abs(sent - before) <= VELOCITY * DT + 1e-12)


@settings(deadline=None, max_examples=20)  # each takes thousands of steps
@given(goal=ANGLES, before=ANGLES)
def test_repeated_commands_come_to_the_goal_within_the_limits_from_wherever_they_begin(
    goal, before
):
    wanted, command = np.clip(goal, LOW, HIGH), before
    for _ in range(math.ceil(20.0 / (VELOCITY.min() * DT))):
        nearer = allowed(goal, command, LOW, HIGH, VELOCITY, DT)
        assert np.all(np.abs(nearer - wanted) <= np.abs(command - wanted))
        command = nearer
    np.testing.assert_allclose(command, wanted, atol=1e-9)


@settings(deadline=None)
@given(start=ANGLES, end=ANGLES, velocity=st.floats(0.1, 5.0))
def test_a_ramp_ends_at_its_goal_and_is_never_faster_than_asked(start, end, velocity):
    path = np.vstack([start, ramp(start, end, velocity, DT)])
    np.testing.assert_array_equal(path[-1], end)
    assert np.abs(np.diff(path, axis=0)).max() <= velocity * DT * (1 + 1e-9)


def test_a_robot_that_stands_upright_trips_nothing():
    assert tripped_after(UPRIGHT)[0] is None


@pytest.mark.parametrize(
    ("readings", "guard", "steps", "told"),
    [
        (with_one("position", math.nan), "reading", 1, "position of knee_left is nan"),
        (replace(UPRIGHT, rate=np.array([0, math.inf, 0])), "reading", 1, "The rate is inf"),
        (with_one("error", 0b100100), "error", 1, "knee_left reports: overheating, overload"),
        (with_one("torque", 0.0), "torque", 1, "knee_left switched itself off"),
        (with_one("temperature", 66.0), "temperature", 1, "knee_left has 66 degC"),
        (with_one("voltage", 9.0), "voltage", 2, "knee_left has 9.0 V"),
        (with_one("current", -2.25), "current", 3, "knee_left draws 2.25 A"),
        (
            replace(UPRIGHT, acceleration=np.array([-9.81, 0.0, 1.0])),
            "tilt",
            1,
            "leans by 84 degrees",
        ),
    ],
)
def test_a_guard_trips_after_its_time_and_says_why(readings, guard, steps, told):
    after, found = tripped_after(readings)
    assert (after, found.guard) == (steps, guard)
    assert told in found.reason


def test_a_tripped_guard_stays_tripped_for_its_first_reason():
    _, guard = tripped_after(with_one("temperature", 90.0))
    first = guard.reason
    guard.judge(with_one("voltage", 0.0), STAND, on=True)
    for _ in range(10):
        guard.judge(UPRIGHT, STAND, on=True)
    assert guard.reason == first


def test_a_short_peak_of_the_current_is_borne():
    guard = Guard(OP3, DT)
    for _ in range(20):
        for _ in range(2):
            guard.judge(with_one("current", 2.3), STAND, on=True)
        guard.judge(UPRIGHT, STAND, on=True)
    assert not guard.reason


def test_torque_may_be_off_before_it_is_switched_on():
    guard = Guard(OP3, DT)
    guard.judge(with_one("torque", 0.0), STAND, on=False)
    assert not guard.reason


def test_an_angle_that_jumps_trips_and_one_that_moves_does_not():
    guard = Guard(OP3, DT)
    reach = 2 * OP3.velocity[3] * DT
    for step in range(5):
        guard.judge(with_one("position", 0.9 * reach * step), STAND, on=True)
    assert not guard.reason
    guard.judge(with_one("position", -reach), STAND, on=True)
    assert guard.guard == "jump"


def test_an_imu_that_repeats_itself_trips_only_while_commands_move():
    assert tripped_after(UPRIGHT, moves=0.0)[0] is None
    after, guard = tripped_after(UPRIGHT, moves=0.02)
    assert (after, guard.guard) == (3, "imu")


def test_an_encoder_that_repeats_itself_trips_once_its_command_has_moved_far_enough():
    guard, noise = Guard(OP3, DT), np.random.default_rng(0)
    for step in range(20):
        position = 0.01 * step * np.ones(COUNT)
        position[5] = 0.3
        velocity = 0.01 * step * (np.arange(COUNT) == 4)  # of a joint that trembles in its place
        position[4] = 0.2
        shaken = replace(
            UPRIGHT, position=position, velocity=velocity, rate=0.01 * noise.standard_normal(3)
        )
        guard.judge(shaken, np.full(COUNT, 0.02), on=True)
        if guard.reason:
            break
    assert guard.guard == "encoder"
    assert "ankle_roll_left" in guard.reason
    assert step == 5 + 4  # 5 changes of 0.02 rad exceed 0.08 rad, and 4 more steps last 80 ms


def test_a_servo_that_answers_a_jump_late_does_not_trip():
    guard, noise = Guard(OP3, DT), np.random.default_rng(0)
    for step in range(20):
        answered = 0.05 * max(0, step - 13) * np.ones(COUNT)
        shaken = replace(UPRIGHT, position=answered, rate=0.01 * noise.standard_normal(3))
        guard.judge(shaken, np.full(COUNT, 0.2 * (step == 10)), on=True)
    assert not guard.reason


def test_a_tilt_that_only_the_gyroscope_tells_trips():
    guard, step = Guard(OP3, DT), 0
    turning = replace(UPRIGHT, rate=np.array([0.0, 2.0, 0.0]))
    while not guard.reason:
        guard.judge(turning, STAND, on=True)
        step += 1
    assert guard.guard == "tilt"
    assert 0.39 < step * DT < 0.7  # 45 degrees at 2 rad/s take 0.39 s; gravity pulls back a little


def test_answers_may_be_missed_but_not_in_a_row():
    guard = Guard(OP3, DT)
    for _ in range(5):
        guard.missed("The IMU", "did not answer")
        guard.judge(UPRIGHT, STAND, on=True)
    assert not guard.reason
    guard.missed("The IMU", "did not answer")
    guard.missed("The IMU", "did not answer")
    assert guard.reason == "The IMU did not answer 2 times in a row"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_command_that_is_no_finite_number_is_refused(value):
    guard = Guard(OP3, DT)
    goal = np.zeros(COUNT)
    guard.command(goal)
    assert not guard.reason
    goal[0] = value
    guard.command(goal)
    assert guard.guard == "command"
    assert "hip_yaw_left" in guard.reason


def test_deadlines_are_counted():
    deadlines = Deadlines(0.02)
    for took in (0.01, 0.03, 0.01, 0.021, 0.022):
        deadlines.add(took)
    assert deadlines.missed == 3
    assert "3 missed" in deadlines.sentence()
    assert "21.0 ms (median)" in deadlines.sentence()


def test_readings_come_back_from_json():
    again = Readings.of(UPRIGHT.plain())
    for name, values in vars(UPRIGHT).items():
        np.testing.assert_array_equal(getattr(again, name), values)


def test_a_log_is_one_that_identification_reads(tmp_path):
    path = free(tmp_path, "walk")
    with Recorder(path, tuple(OP3.joints), ("left",)) as recorder:
        loaded = replace(UPRIGHT, load=np.array([17.0]))
        for step in range(3):
            recorder.add(step * DT, np.full(COUNT, 0.1 * step), loaded, np.array([0.0, 0.2]))

        found = robot_log.read(path)  # before it is closed: a killed process leaves its rows
    np.testing.assert_allclose(found["knee_left.command"], [0.0, 0.1, 0.2])
    np.testing.assert_allclose(found["torso.acceleration.z"], 9.81)
    np.testing.assert_allclose(found["foot.left.load"], 17.0)
    np.testing.assert_allclose(found["torso.pitch"], 0.2)
    assert found.joints == tuple(OP3.joints)
    assert free(tmp_path, "walk").name == "walk-2.csv"


def test_a_log_never_takes_the_place_of_another_one(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("precious")
    with pytest.raises(SpecError, match="exists"):
        Recorder(path, ("knee",), ())
    with pytest.raises(SpecError, match=r"as FILE\.csv"):
        Recorder(tmp_path / "log.parquet", ("knee",), ())
