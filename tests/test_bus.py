"""The emulated bus as the SDK of ROBOTIS sees it: registers, time, faults, watchdogs."""

from dataclasses import replace

import numpy as np
import pytest
from bus_robot import (
    CURRENT,
    GOAL,
    IMU,
    LEFT_FOOT,
    PERIOD,
    POSITION,
    SUCCESS,
    TEMPERATURE,
    TORQUE,
    VOLTAGE,
    connected,
    lone,
)
from dynamixel_sdk import COMM_SUCCESS, GroupBulkRead, GroupSyncRead
from hypothesis import given
from hypothesis import strategies as st

from evoloco.bus import wire
from evoloco.bus.body import Body
from evoloco.bus.bus import Bus
from evoloco.bus.control_table import MIDDLE, MODELS, POSITION_STEP, model
from evoloco.bus.faults import Fault
from evoloco.bus.imu import ImuMount
from evoloco.bus.machine import Machine
from evoloco.bus.servo import Mount, Servo
from evoloco.bus.setup import plain
from evoloco.bus.wire import Error, Instruction, Packet
from evoloco.morphologies import biped


@pytest.fixture
def robot():
    with connected() as robot:
        yield robot


# Registers


def test_every_device_answers_a_ping_with_its_model(robot):
    assert robot.handler.ping(robot.port, 1) == (1020, *SUCCESS)
    found, result = robot.handler.broadcastPing(robot.port)
    assert result == COMM_SUCCESS
    assert sorted(found) == [*robot.ids, LEFT_FOOT, LEFT_FOOT + 1, IMU]


@pytest.mark.parametrize("name", MODELS)
def test_registers_of_a_model_do_not_overlap_and_hold_their_initial_values(name):
    table = sorted(model(name).registers(1), key=lambda register: register.address)
    ends = [register.address + register.size for register in table]
    assert all(end <= after.address for end, after in zip(ends, table[1:], strict=False))

    registers = Servo(Mount("knee", 1), model(name)).registers
    assert {one.name: registers[one.name] for one in table} == {
        one.name: one.initial for one in table
    }


def test_what_may_not_be_written_is_refused_with_the_manuals_error(robot):
    robot.write(1, TORQUE, 1)
    assert robot.write(1, POSITION, 0, 4) == (COMM_SUCCESS, Error.ACCESS)
    assert robot.write(1, 11, 3) == (COMM_SUCCESS, Error.ACCESS), "kept while the torque is on"
    assert robot.write(1, GOAL, 5000, 4) == (COMM_SUCCESS, Error.LIMIT)
    assert robot.write(1, GOAL, 100, 2) == (COMM_SUCCESS, Error.LENGTH)
    assert robot.write(1, TORQUE, 2) == (COMM_SUCCESS, Error.RANGE)
    assert robot.write(1, 11, 1) == (COMM_SUCCESS, Error.RANGE), "position mode is emulated alone"
    assert robot.write(IMU, 32, 1, 2) == (COMM_SUCCESS, Error.ACCESS)


def test_torque_that_is_switched_on_holds_the_place_where_the_servo_stands(robot):
    robot.write(3, GOAL, 1000, 4)
    robot.write(3, TORQUE, 1)
    assert robot.read(3, GOAL, 4) == robot.read(3, POSITION, 4)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("zero", [0.0, 0.4])
def test_goal_and_position_are_the_same_angle_of_the_joint(sign, zero):
    servo = Servo(Mount("knee", 1, sign=sign, zero=zero), model("XM430-W350"))
    servo.feel(0.7, 0.0, 0.0, 12.0, 0.01)
    servo.stay()

    assert servo.target == pytest.approx(0.7, abs=POSITION_STEP / 2)
    counted = (servo.registers["present_position"] - MIDDLE) * POSITION_STEP
    assert counted == pytest.approx(zero + sign * 0.7, abs=POSITION_STEP / 2)


def test_servo_under_half_its_stall_torque_warms_up_to_its_limit_and_no_farther():
    servo = Servo(Mount("knee", 1), model("XM430-W350"))
    warm = []
    for _ in range(2000):
        servo.feel(0.0, 0.0, servo.model.stall_torque / 2, 12.0, 1.0)
        warm.append(servo.temperature)

    assert np.all(np.diff(warm) >= 0)
    assert warm[-1] == pytest.approx(servo.model.temperature_limit, abs=0.1)
    assert not servo.alert


def test_reboot_clears_an_overload_that_forbids_torque(robot):
    robot.write(2, 31, 75)
    robot.write(2, TORQUE, 1)
    robot.machine.servos[1].fail(0b100000)

    assert robot.read(2, TORQUE) == (0, COMM_SUCCESS, wire.ALERT)
    assert robot.write(2, TORQUE, 1) == (COMM_SUCCESS, wire.ALERT | Error.RESULT)
    assert robot.handler.reboot(robot.port, 2) == SUCCESS
    assert robot.write(2, TORQUE, 1) == SUCCESS
    assert robot.read(2, 31) == (75, *SUCCESS), "kept over a reboot"


def test_bulk_read_asks_servos_imu_and_feet_at_once(robot):
    group = GroupBulkRead(robot.port, robot.handler)
    group.addParam(1, POSITION, 4)
    group.addParam(IMU, 38, 6)
    group.addParam(LEFT_FOOT, 26, 2)
    robot.switch_on()
    for _ in range(10):
        robot.step()
    assert group.txRxPacket() == COMM_SUCCESS

    upward = group.getData(IMU, 42, 2) * ImuMount().acceleration_step
    load = group.getData(LEFT_FOOT, 26, 2) * 0.01
    told = robot.machine._plant.read()
    assert upward == pytest.approx(told.acceleration[2], abs=0.5)
    assert load == pytest.approx(told.load[0], abs=0.01)
    assert load > 1.0


def test_registered_write_waits_for_the_action(robot):
    robot.write(1, TORQUE, 1)
    before = robot.read(1, GOAL, 4)[0]
    goal = list((before + 50).to_bytes(4, "little"))
    robot.handler.regWriteTxRx(robot.port, 1, GOAL, 4, goal)
    assert robot.read(1, GOAL, 4)[0] == before

    robot.handler.action(robot.port, wire.BROADCAST)
    assert robot.read(1, GOAL, 4)[0] == before + 50


def test_imu_turned_in_the_torso_tells_turned_vectors():
    body = Body(biped.build())
    quiet = ImuMount(axes=("-x", "-y", "z"), rate_noise=0, acceleration_noise=0)
    setup = replace(plain(body.joints), imu=quiet)
    machine = Machine(body, setup)
    machine.servos[0].write(TORQUE, b"\x01")
    body.push(np.array([1.0, 0.5, 0.0]))
    machine.advance(PERIOD)

    told = machine._plant.read()
    held = machine.devices[IMU].registers
    rate = [held[f"rate_{axis}"] * quiet.rate_step for axis in "xyz"]
    assert np.linalg.norm(told.rate) > 0.1
    np.testing.assert_allclose(rate, [-1, -1, 1] * told.rate, atol=quiet.rate_step)


# Time


def test_time_passes_by_a_period_with_every_exchange(robot):
    robot.switch_on()
    for count in range(1, 6):
        assert robot.step() == COMM_SUCCESS
        assert robot.machine.time == pytest.approx(count * PERIOD)
    state = GroupSyncRead(robot.port, robot.handler, TORQUE, 7)
    for one in robot.ids:
        state.addParam(one)
    for count in range(5, 9):
        assert state.txRxPacket() == COMM_SUCCESS
        assert robot.machine.time == pytest.approx(count * PERIOD)
        assert robot.reading.txRxPacket() == COMM_SUCCESS
        assert robot.machine.time == pytest.approx((count + 1) * PERIOD)


def test_servo_follows_its_goal_and_the_robot_stands(robot):
    robot.switch_on()
    for _ in range(50):
        robot.step()
    place = robot.ids[1]
    assert robot.told(place, POSITION, 4) == pytest.approx(robot.goals[1], abs=25)
    assert robot.machine.truth()["lean [rad]"] < 0.1
    assert 110 < robot.told(place, VOLTAGE, 2) <= 120
    assert robot.told(place, TEMPERATURE, 1) == 25


def exchanges(seed, count=25):
    """Bytes that a bus answers to the same exchanges, some of which are spoiled."""
    body = Body(biped.build())
    spoiled = (Fault("garbled", 0.1, 3), Fault("lost_bytes", 0.2, IMU))
    setup = replace(plain(body.joints, body.feet), faults=spoiled, seed=seed)
    bus = Bus(Machine(body, setup), PERIOD, seed)
    ids = bytes(mount.id for mount in setup.servos)

    sent = b"".join(bus.feed(Packet(one, 3, bytes([TORQUE, 0, 1])).encode()) for one in ids)
    for step in range(count):
        goals = b"".join(bytes([one]) + (2048 + step).to_bytes(4, "little") for one in ids)
        sent += bus.feed(Packet(0xFE, 0x83, bytes([GOAL, 0, 4, 0]) + goals).encode())
        sent += bus.feed(Packet(0xFE, 0x82, bytes([CURRENT, 0, 21, 0]) + ids).encode())
        sent += bus.feed(Packet(IMU, 2, bytes([32, 0, 12, 0])).encode())
    return sent


def test_same_seed_gives_the_same_bytes_and_another_seed_others():
    assert exchanges(1) == exchanges(1)
    assert exchanges(1) != exchanges(2)


@given(st.binary(max_size=80))
def test_no_instruction_breaks_the_bus(data):
    bus = lone()
    for instruction in [*Instruction, 0x10, 0xFF]:
        for one in (1, 7, 0xFE):
            bus.feed(Packet(one, instruction, data).encode())
    assert bus.feed(Packet(1, Instruction.PING).encode())
