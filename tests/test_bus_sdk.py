"""The SDK of ROBOTIS on a port of ours: what is wrong with it, and what we use instead."""

import os
import time
from dataclasses import replace

import pytest
from bus_robot import IMU, POSITION, SUCCESS, TORQUE, connected
from dynamixel_sdk import COMM_SUCCESS, PortHandler, Protocol2PacketHandler
from hypothesis import given
from hypothesis import strategies as st

from evoloco.bus.faults import Fault
from evoloco.bus.process import Asked, BusProcess, json_of, read_asked
from evoloco.bus.sdk import BusLostError, PacketHandler, Port
from evoloco.bus.setup import plain
from evoloco.bus.wire import Packet, status, unstuff
from evoloco.errors import EvolocoError, SpecError
from evoloco.morphologies import biped

HOMING_OFFSET = 20
HEADER_INSIDE = bytes.fromhex("FF FF FD FF")
"""A number that a servo takes, -131073, with a header in it."""

tricky = st.lists(
    st.sampled_from([0xFF, 0xFF, 0xFD, 0xFD, 0x00]) | st.integers(0, 255), min_size=1, max_size=60
).map(bytes)


def sent(handler, data):
    """What a handler sends to write data to servo 1."""
    host, device = os.openpty()
    port = Port(os.ttyname(device), 1_000_000)
    handler.writeTxOnly(port, 1, HOMING_OFFSET, len(data), list(data))
    found = os.read(host, 4096)
    port.closePort()
    os.close(host)
    os.close(device)
    return found


@given(tricky)
def test_our_handler_sends_what_the_protocol_wants(data):
    assert sent(PacketHandler(), data) == Packet(1, 3, bytes([HOMING_OFFSET, 0]) + data).encode()


@given(tricky)
def test_our_handler_reads_what_the_protocol_sends(data):
    whole = list(status(1, data).encode())
    assert bytes(PacketHandler().removeStuffing(whole)[9:-2]) == data


def test_handler_of_the_sdk_does_not_stuff_what_it_sends():
    wanted = Packet(1, 3, bytes([HOMING_OFFSET, 0]) + HEADER_INSIDE).encode()
    assert sent(Protocol2PacketHandler(), HEADER_INSIDE) != wanted
    assert sent(PacketHandler(), HEADER_INSIDE) == wanted


def test_handler_of_the_sdk_takes_off_bytes_that_were_not_stuffed():
    data = bytes.fromhex("FF FF FD 00 FF FD FD")
    whole = list(status(1, data).encode())
    assert unstuff(bytes(whole[9:-2])) == data
    found = Protocol2PacketHandler().removeStuffing(list(whole))
    assert bytes(found[9 : 9 + len(data)]) != data
    assert bytes(PacketHandler().removeStuffing(whole)[9:-2]) == data


def test_answer_to_another_question_is_passed_over():
    host, device = os.openpty()
    port, handler = Port(os.ttyname(device), 1_000_000, patience=0.2), PacketHandler()
    stray = [status(1, bytes(21)), status(1), status(2, b"\1\2"), status(1, b"\3\4")]
    handler.readTx(port, 1, POSITION, 2)
    os.write(host, b"".join(packet.encode() for packet in stray))
    assert handler.readRx(port, 1, 2) == ([3, 4], *SUCCESS)

    handler.readTx(port, 1, POSITION, 2)
    os.write(host, status(1, error=7).encode())
    assert handler.readRx(port, 1, 2) == ([], COMM_SUCCESS, 7)
    port.closePort()
    os.close(host)
    os.close(device)


def test_number_with_a_header_in_it_goes_to_a_servo_and_back():
    with connected() as robot:
        value = int.from_bytes(HEADER_INSIDE, "little")
        assert robot.write(1, HOMING_OFFSET, value, 4) == SUCCESS
        assert robot.read(1, HOMING_OFFSET, 4) == (value, *SUCCESS)


def test_port_waits_at_least_as_long_as_its_patience_and_may_be_used_again_after_a_fault():
    host, device = os.openpty()
    port = Port(os.ttyname(device), 1_000_000, patience=0.1)
    begin = time.monotonic()
    assert PacketHandler().ping(port, 1)[1] != COMM_SUCCESS
    assert time.monotonic() - begin >= 0.1

    os.close(host)
    for _ in range(2):
        with pytest.raises(BusLostError, match="does not answer any more"):
            PacketHandler().ping(port, 1)
    port.closePort()
    os.close(device)


def test_port_that_does_not_exist_and_a_rate_that_the_sdk_lacks_are_named():
    with pytest.raises(BusLostError, match="/nowhere cannot be opened"):
        Port("/nowhere", 1_000_000)
    with pytest.raises(EvolocoError, match="no baud rate of 123456 bit/s"):
        Port("/nowhere", 123456)


def test_host_that_does_not_read_loses_answers_but_does_not_stop_the_bus():
    asked = 5000
    question = Packet(1, 2, bytes([0, 0, 200, 0])).encode()
    with connected() as robot:
        robot.port.ser.write_timeout = 60.0  # a bus that waits for its reader takes no more
        for _ in range(asked):
            robot.port.writePort(question)

        answered = 0
        while time.sleep(0.5) or (heard := robot.port.ser.read(200 * asked)):
            answered += len(heard)
        assert 0 < answered < 200 * asked
        assert robot.handler.ping(robot.port, 2)[1:] == SUCCESS


def test_what_goes_wrong_in_the_robot_closes_the_port_and_is_raised():
    with (  # noqa: PT012 - the error is raised at the end of the inner context
        pytest.raises(SpecError, match="no multiple of the physics step"),
        connected(period=0.0072) as robot,
    ):
        robot.switch_on()
        robot.send_goals()
        with pytest.raises(BusLostError):
            robot.reading.txRxPacket()


# Processes


def setup(**changes):
    body = biped.build()
    return replace(plain([joint.name for joint in body.joints], body.feet), **changes)


@pytest.mark.slow
def test_process_serves_the_sdks_own_port_and_reports_what_happened():
    with BusProcess(setup(), options={"run": "biped_fast"}) as bus:
        port, handler = PortHandler(bus.port), Protocol2PacketHandler()
        assert port.setBaudRate(1_000_000)
        assert handler.ping(port, 5) == (1020, *SUCCESS)
        assert handler.ping(port, IMU)[1:] == SUCCESS
        assert handler.write1ByteTxRx(port, 1, TORQUE, 1) == SUCCESS
        assert bus.report().events == [(0.0, "driven", 1)]
        port.closePort()
        assert bus.report().truth["lean [rad]"] < 0.1


def test_setup_with_faults_is_the_same_behind_json():
    whole = setup(faults=(Fault("overload", 0.5, 2), Fault("wrong_crc", 0.1, 3, 0.2)), seed=7)
    asked = Asked("module:function", {"run": "biped"}, whole)
    assert read_asked(json_of(asked)) == asked


@pytest.mark.slow
def test_in_real_time_a_robot_is_held_until_it_is_switched_on_and_falls_once_it_is_off():
    with BusProcess(setup(real_time=True), options={"run": "biped_fast"}) as bus:
        port, handler = Port(bus.port, 1_000_000, patience=1.0), PacketHandler()
        time.sleep(0.5)
        assert bus.report().truth["time [s]"] > 0.3
        assert bus.report().truth["lean [rad]"] == 0.0

        for value in (1, 0):
            assert handler.write1ByteTxRx(port, 3, TORQUE, value) == SUCCESS
            time.sleep(0.2)
        time.sleep(2.0)
        assert bus.report().truth["lean [rad]"] > 0.8
        port.closePort()


@pytest.mark.slow
def test_bus_is_unplugged_in_real_time_too():
    faulty = setup(real_time=True, faults=(Fault("unplugged", 0.1),))
    with BusProcess(faulty, options={"run": "biped_fast"}) as bus:
        time.sleep(0.5)
        with pytest.raises(BusLostError):
            Port(bus.port, 1_000_000)
        assert [event.what for event in bus.report().events] == ["unplugged"]


@pytest.mark.slow
def test_process_that_cannot_emulate_a_robot_says_so(capfd):
    with pytest.raises(EvolocoError, match="The emulated bus has ended"):
        BusProcess(plain(["elbow"]), options={"run": "biped_fast"})
    assert "Unknown joint 'elbow'" in capfd.readouterr().err
