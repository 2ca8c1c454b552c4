"""The biped behind an emulated bus, with the SDK of ROBOTIS in front; and a robot of one wheel."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from dynamixel_sdk import COMM_SUCCESS, GroupSyncRead, GroupSyncWrite

from evoloco.bus.body import Body
from evoloco.bus.bus import Bus
from evoloco.bus.emulator import in_thread
from evoloco.bus.machine import Machine
from evoloco.bus.plant import Readings
from evoloco.bus.sdk import PacketHandler, Port
from evoloco.bus.servo import Mount
from evoloco.bus.setup import Setup, plain
from evoloco.morphologies import biped

TORQUE, ERROR, WATCHDOG, GOAL = 64, 70, 98, 116
CURRENT, POSITION, VOLTAGE, TEMPERATURE = 126, 132, 144, 146
TOLD = 21
"""Bytes from the current to the temperature."""

IMU, LEFT_FOOT = 200, 111
PERIOD = 0.02

SUCCESS = (COMM_SUCCESS, 0)


class Robot:
    """The biped behind a bus, and the SDK in front of it."""

    def __init__(self, emulator):
        self.emulator, self.machine = emulator, emulator.machine
        self.port, self.handler = Port(emulator.port, 1_000_000, patience=0.3), PacketHandler()
        self.ids = [servo.id for servo in self.machine.servos]
        self.reading = GroupSyncRead(self.port, self.handler, CURRENT, TOLD)
        for one in self.ids:
            self.reading.addParam(one)
        self.goals = [servo.registers["goal_position"] for servo in self.machine.servos]

    def write(self, one, address, value, size=1):
        data = list((value % (1 << 8 * size)).to_bytes(size, "little"))
        return self.handler.writeTxRx(self.port, one, address, size, data)

    def read(self, one, address, size=1):
        data, result, error = self.handler.readTxRx(self.port, one, address, size)
        return int.from_bytes(bytes(data), "little"), result, error

    def switch_on(self):
        assert [self.write(one, TORQUE, 1) for one in self.ids] == [SUCCESS] * len(self.ids)

    def send_goals(self):
        group = GroupSyncWrite(self.port, self.handler, GOAL, 4)
        for one, goal in zip(self.ids, self.goals, strict=True):
            group.addParam(one, list(goal.to_bytes(4, "little")))
        assert group.txPacket() == COMM_SUCCESS

    def step(self):
        """One exchange: goals out, readings in."""
        self.send_goals()
        return self.reading.txRxPacket()

    def told(self, one, address, size):
        return self.reading.getData(one, address, size)


@contextmanager
def connected(**changes):
    """The robot on a bus in lock-step, or with what differs of the setup."""
    body = Body(biped.build())
    with in_thread(body, replace(plain(body.joints, body.feet), **changes)) as emulator:
        robot = Robot(emulator)
        yield robot
        if robot.port.is_open:
            robot.port.closePort()


class Wheel:
    """A plant of one joint that goes where it is sent at once."""

    joints, feet, home = ("wheel",), (), np.zeros(1)

    def __init__(self):
        self.angle = np.zeros(1)

    def read(self):
        still, upward = np.zeros(3), np.array([0.0, 0.0, 9.81])
        quat = np.array([1.0, 0, 0, 0])
        return Readings(self.angle, np.zeros(1), np.zeros(1), quat, still, upward, np.zeros(0))

    def advance(self, targets, driven, duration):
        self.angle = np.where(driven, targets, self.angle)

    def truth(self):
        return {"angle [rad]": float(self.angle[0])}


def lone(**changes):
    """The bus of a single servo, without noise."""
    setup = Setup(servos=(Mount("wheel", 1),), **changes)
    return Bus(Machine(Wheel(), setup), PERIOD)
