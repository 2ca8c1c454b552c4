"""What goes wrong on an emulated bus, and how the SDK sees it."""

import re
import time

import numpy as np
import pytest
from bus_robot import (
    CURRENT,
    ERROR,
    GOAL,
    IMU,
    PERIOD,
    POSITION,
    SUCCESS,
    TEMPERATURE,
    TORQUE,
    VOLTAGE,
    WATCHDOG,
    connected,
    lone,
)
from dynamixel_sdk import COMM_RX_CORRUPT, COMM_RX_TIMEOUT, COMM_SUCCESS

from evoloco.bus import faults, wire
from evoloco.bus.faults import KINDS, Fault, parse
from evoloco.bus.sdk import BusLostError
from evoloco.bus.servo import EXPIRED
from evoloco.bus.wire import Error
from evoloco.errors import SpecError, UnknownNameError

BEGIN = 0.05
"""When the faults of these tests begin [s]: in the third exchange."""

VICTIM = 4
"""The servo that they happen to."""


def struck(kind):
    """A robot that has walked into a fault, and what its last exchange came to."""
    device = {"servo": VICTIM, "device": VICTIM, "imu": IMU}.get(KINDS[kind])
    return connected(faults=(Fault(kind, BEGIN, device),))


def walk(robot, exchanges=3):
    robot.switch_on()
    return [robot.step() for _ in range(exchanges)]


@pytest.mark.parametrize("kind", ["lost_bytes", "wrong_crc", "garbled"])
def test_spoiled_answer_is_refused_and_the_others_of_an_exchange_stay_right(kind):
    with struck(kind) as robot:
        *before, last = walk(robot)
        assert before == [COMM_SUCCESS] * 2
        assert last in (COMM_RX_CORRUPT, COMM_RX_TIMEOUT)
        assert robot.handler.ping(robot.port, VICTIM)[1] != COMM_SUCCESS
        assert robot.handler.ping(robot.port, VICTIM + 1)[1:] == SUCCESS


def test_answer_that_comes_twice_is_taken_once():
    with struck("duplicated") as robot:
        assert walk(robot, 5) == [COMM_SUCCESS] * 5
        angles = [servo.registers["present_position"] for servo in robot.machine.servos]
        assert [robot.told(one, POSITION, 4) for one in robot.ids] == angles


def test_late_answer_comes_with_the_next_question():
    with struck("late_answers") as robot:
        assert walk(robot)[-1] == COMM_RX_TIMEOUT
        before = robot.read(VICTIM - 1, POSITION, 4)
        assert before[1:] == SUCCESS, "the late answer of another device is passed over"


def test_dead_servo_is_silent_and_limp_and_those_behind_it_wait_in_vain():
    with struck("dead") as robot:
        assert walk(robot)[-1] in (COMM_RX_TIMEOUT, COMM_RX_CORRUPT)
        assert robot.handler.ping(robot.port, VICTIM)[1] == COMM_RX_TIMEOUT
        assert robot.handler.ping(robot.port, VICTIM + 1)[1:] == SUCCESS
        assert [servo.driven for servo in robot.machine.servos].count(False) == 1


@pytest.mark.parametrize(("kind", "bit"), [("overload", 5), ("over_temperature", 2)])
def test_hardware_error_switches_the_torque_off_and_raises_the_alert(kind, bit):
    with struck(kind) as robot:
        walk(robot)
        assert robot.read(VICTIM, ERROR) == (1 << bit, COMM_SUCCESS, wire.ALERT)
        assert robot.read(VICTIM, TORQUE)[0] == 0
        if kind == "over_temperature":
            assert robot.told(VICTIM, TEMPERATURE, 1) > robot.read(VICTIM, 31)[0]


def test_motor_that_draws_too_much_tells_it():
    with struck("over_current") as robot:
        walk(robot)
        assert robot.told(VICTIM, CURRENT, 2) == 1193


def test_rebooted_servo_is_limp_until_its_torque_is_switched_on_again():
    with struck("reboot") as robot:
        walk(robot)
        assert robot.read(VICTIM, TORQUE) == (0, *SUCCESS)
        assert robot.write(VICTIM, TORQUE, 1) == SUCCESS
        robot.step()
        assert robot.read(VICTIM, TORQUE) == (1, *SUCCESS)


def test_stuck_encoder_tells_the_same_position_while_the_joint_moves():
    with struck("stuck_encoder") as robot:
        walk(robot)
        stuck, angle = robot.told(VICTIM, POSITION, 4), robot.machine._plant.read().angle[3]
        robot.goals[3] -= 300
        walk(robot, 20)
        assert robot.told(VICTIM, POSITION, 4) == stuck
        assert abs(robot.machine._plant.read().angle[3] - angle) > 0.1


def test_wild_position_is_beyond_every_joint():
    with struck("wild_position") as robot:
        walk(robot)
        assert robot.told(VICTIM, POSITION, 4) > 900_000


def test_stuck_imu_repeats_itself_though_its_noise_would_not():
    with struck("stuck_imu") as robot:
        told = []
        for _ in range(3):
            robot.step()
            robot.step()
            told.append(robot.handler.readTxRx(robot.port, IMU, 32, 12))
        assert told[0] != told[1] == told[2]


def test_wild_imu_tells_its_largest_numbers():
    with struck("wild_imu") as robot:
        walk(robot)
        assert robot.handler.readTxRx(robot.port, IMU, 32, 12) == ([255, 127] * 6, *SUCCESS)


def test_brown_out_is_below_what_the_servos_need_and_ends_when_it_is_to():
    with connected(faults=(Fault("brown_out", BEGIN, duration=0.1),)) as robot:
        walk(robot)
        low = [robot.told(one, VOLTAGE, 2) for one in robot.ids]
        assert low == [round(0.9 * 95)] * len(robot.ids)
        assert [robot.step() for _ in range(6)] == [COMM_SUCCESS] * 6
        assert robot.told(1, VOLTAGE, 2) > 110
        assert robot.read(1, ERROR) == (1, COMM_SUCCESS, wire.ALERT)


def test_pushed_robot_falls():
    with struck("push") as robot:
        walk(robot, 50)
        assert robot.machine.truth()["lean [rad]"] > 0.8


def test_unplugged_bus_is_an_error_of_ours_at_once_and_at_every_later_use():
    with struck("unplugged") as robot:
        with pytest.raises(BusLostError, match="does not answer any more"):
            walk(robot, 4)
        with pytest.raises(BusLostError):
            robot.handler.ping(robot.port, 1)


def test_every_fault_is_described_and_has_a_test():
    described = re.findall(r"^\| `(\w+)` *\| (\w+)", faults.__doc__, re.MULTILINE)
    assert [(kind, of.lower()) for kind, of in described] == list(KINDS.items())
    with open(__file__, encoding="utf-8") as file:
        tests = file.read()
    assert [kind for kind in KINDS if f'"{kind}"' not in tests] == []


def test_events_tell_when_a_fault_began_and_what_the_servos_did():
    with struck("overload") as robot:
        walk(robot, 4)
        told = [event for event in robot.machine.events if event.what != "driven"]
        assert [event[1:] for event in told] == [("overload", VICTIM), ("limp", VICTIM)]
        assert told[0].time == told[1].time == pytest.approx(0.06)


# Watchdogs


def test_watchdog_stops_the_servos_of_a_host_that_is_gone_and_refuses_goals_until_it_is_cleared():
    with connected() as robot:
        walk(robot)
        for one in robot.ids:
            assert robot.write(one, WATCHDOG, 2) == SUCCESS
        robot.goals = [goal + 200 for goal in robot.goals]
        robot.send_goals()
        robot.port.closePort()
        deadline = time.monotonic() + 5
        while robot.machine.time < 0.5 and time.monotonic() < deadline:
            time.sleep(0.01)

        told = robot.machine.events
        (silent,) = [event.time for event in told if event.what == "silent"]
        expired = [event for event in told if event.what == "expired"]
        assert sorted(event.device for event in expired) == robot.ids
        waited = [
            event.time - silent for event in expired
        ]  # the last goals' period was silent, too
        assert waited == pytest.approx([0.04] * len(robot.ids))

        robot.port.openPort()
        assert robot.read(1, WATCHDOG) == (EXPIRED, *SUCCESS)
        assert robot.read(1, TORQUE) == (1, *SUCCESS)
        assert robot.write(1, GOAL, 2048, 4) == (COMM_SUCCESS, Error.RANGE)
        assert robot.write(1, WATCHDOG, 5) == (COMM_SUCCESS, Error.RANGE)
        assert robot.write(1, WATCHDOG, 0) == SUCCESS
        assert robot.write(1, GOAL, 2048, 4) == SUCCESS


@pytest.mark.parametrize(("stops", "angle"), [(True, 0.0), (False, 1.0)])
def test_expired_watchdog_stops_a_servo_or_lets_it_go_on_as_firmware_of_the_xl330(stops, angle):
    bus = lone(watchdog_stops=stops)
    (servo,) = bus.machine.servos
    servo.write(TORQUE, b"\x01")
    servo.write(WATCHDOG, b"\x01")
    servo.registers["goal_position"] += round(1.0 / (2 * np.pi / 4096))
    servo.silence = PERIOD / 2
    servo.wait(PERIOD)
    bus.machine.advance(PERIOD)

    assert servo.registers["bus_watchdog"] == EXPIRED
    assert bus.machine.truth()["angle [rad]"] == pytest.approx(angle, abs=1e-3)


def test_watchdog_does_not_watch_a_limp_servo():
    (servo,) = lone().machine.servos
    servo.write(WATCHDOG, b"\x01")
    servo.wait(1.0)
    assert servo.registers["bus_watchdog"] == 1


# Errors


def test_faults_are_read_from_the_command_line():
    assert parse("overload:3@1.5") == Fault("overload", 1.5, 3)
    assert parse("wrong_crc:200@0+0.25") == Fault("wrong_crc", 0.0, 200, 0.25)
    assert parse("unplugged@2") == Fault("unplugged", 2.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("overload:3", r"Write KIND:ID@TIME, such as overload:3@1\.5"),
        ("overload@1", "is of a servo: add its id, as in overload:3@1"),
        ("brown_out:3@1", "is of the robot: leave the id out"),
        ("overlode:3@1", "Did you mean 'overload'"),
    ],
)
def test_faults_that_cannot_be_are_refused(text, message):
    with pytest.raises((SpecError, UnknownNameError), match=message):
        parse(text)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault("overload", 1.0, 9), "There is no device for the fault overload of 9"),
        (Fault("stuck_imu", 1.0, 1), "ids of a device for it are none"),
        (Fault("push", 1.0), "a Wheel cannot be pushed"),
    ],
)
def test_faults_of_devices_that_cannot_have_them_are_refused(fault, message):
    with pytest.raises(SpecError, match=message):
        lone(faults=(fault,))
