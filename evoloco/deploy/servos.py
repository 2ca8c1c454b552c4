"""The devices on a robot's bus, in units: what they tell, and what is written to them.

The real `dynamixel-sdk` talks to them, by DYNAMIXEL Protocol 2.0.
"""

from collections.abc import Iterable, Sequence
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from evoloco.bus.control_table import (
    MIDDLE,
    MODELS,
    POSITION_STEP,
    VELOCITY_STEP,
    VOLTAGE_STEP,
    WATCHDOG_STEP,
    Register,
)
from evoloco.bus.sdk import PacketHandler
from evoloco.deploy.port import DeviceError, RobotPort
from evoloco.deploy.readings import Readings
from evoloco.deploy.robot import Robot
from evoloco.deploy.tables import Foot
from evoloco.errors import SpecError
from evoloco.extras import needs
from evoloco.genome import Array

REGISTERS = {one.name: one for one in next(iter(MODELS.values())).registers(0)}
"""Registers that all models have at the same addresses."""

MOTION = ("present_current", "present_temperature")
"""First and last register of what a servo measures."""

STATE = ("torque_enable", "hardware_error_status")
"""First and last register of how a servo is."""

WORD = 2
"""Bytes of a number of a sensor."""

_SDK = needs("dynamixel_sdk", "deploy")
SUCCESS, TIMED_OUT = _SDK.COMM_SUCCESS, _SDK.COMM_RX_TIMEOUT
"""What the SDK returns where all went well, and where no answer came."""

OVERHEAD = 11
"""Bytes of an answer besides its data."""

TRIES = 3
"""How often torque is switched off before a servo counts as lost."""

POSITION_MODES = (3, 4, 5)
"""Operating modes that follow a goal position: one turn, many turns, with a current limit."""

ALERT = 0x80
"""Bit of an answer's error that only points to the register of hardware errors."""


class Servos:
    """The devices of a robot.

    Args:
        robot: With the joints in the order of the commands.
        port: Such as /dev/ttyUSB0.
        patience: Time that every answer may take at least [s]; an emulator in lock-step needs some.

    Raises:
        BusLostError: The port cannot be opened.
    """

    def __init__(self, robot: Robot, port: str, patience: float = 0.0) -> None:
        self._robot = robot
        self._joints = list(robot.joints.values())
        self._ids = [joint.id for joint in self._joints]
        self._names = {
            joint.id: f"The servo of {name} (id {joint.id})" for name, joint in robot.joints.items()
        }
        self._names |= {
            foot.id: f"The foot {name} (id {foot.id})" for name, foot in robot.feet.items()
        }
        self._names[robot.imu.id] = f"The IMU (id {robot.imu.id})"
        self._sign = np.array([joint.sign for joint in self._joints])
        self._zero = np.array([joint.zero for joint in self._joints])
        self._ampere = np.array([MODELS[joint.model].current_step for joint in self._joints])
        self._port, self._handler = RobotPort(port, robot, patience), PacketHandler()

    def __enter__(self) -> "Servos":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the port."""
        self._port.closePort()

    def check(self) -> None:
        """Checks that every servo is there, is the model of the file, and takes positions.

        Raises:
            SpecError: One is not.
        """
        for joint in self._joints:
            name = self._names[joint.id]
            try:
                number = self.read_one(joint.id, "model_number")
                mode = self.read_one(joint.id, "operating_mode")
            except DeviceError as error:
                raise SpecError(
                    f"{error.device} {error.what} on {self._port.port_name}: check power, cable, "
                    f"id and baud rate ({self._robot.bus.baud})."
                ) from None
            if number != MODELS[joint.model].number:
                known = {model.number: model.name for model in MODELS.values()}
                told = known.get(number, f"of the unknown model number {number}")
                raise SpecError(f"{name} is {told}, but the robot's file says {joint.model}.")
            if mode not in POSITION_MODES:
                raise SpecError(
                    f"{name} is in operating mode {mode}, which takes no positions; set mode 3."
                )

    def read(self) -> Readings:
        """What all devices tell.

        Raises:
            DeviceError: A device did not answer.
            BusLostError: The port is gone.
        """
        motion, state = self._block(*MOTION), self._block(*STATE)
        angle = (motion["present_position"] - MIDDLE) * POSITION_STEP
        rate, acceleration = self._imu()
        return Readings(
            position=self._sign * (angle - self._zero),
            velocity=self._sign * motion["present_velocity"].astype(float) * VELOCITY_STEP,
            current=self._sign * motion["present_current"] * self._ampere,
            temperature=motion["present_temperature"].astype(float),
            voltage=motion["present_input_voltage"].astype(float) * VOLTAGE_STEP,
            rate=rate,
            acceleration=acceleration,
            load=np.array([self._load(foot) for foot in self._robot.feet.values()]),
            error=state["hardware_error_status"].astype(float),
            torque=state["torque_enable"].astype(float),
        )

    def send_goals(self, angles: Array) -> None:
        """Sends goal positions to all servos.

        Args:
            angles: Of the joints [rad] (J,), finite.

        Raises:
            DeviceError: The SDK sent nothing.
            BusLostError: The port is gone.
        """
        servo = self._zero + self._sign * angles
        steps = np.round(MIDDLE + servo / POSITION_STEP).astype(int)
        if not self._write_all(REGISTERS["goal_position"], steps.tolist()):
            raise DeviceError("The port", "sent no goals")

    def stay(self) -> None:
        """Makes the present position of every servo its goal, and checks that it is.

        Raises:
            DeviceError: A servo did not answer, or holds another goal.
        """
        for ident in self._ids:
            place = self.read_one(ident, "present_position")
            self.write_one(ident, "goal_position", place)
            if self.read_one(ident, "goal_position") != place:
                raise DeviceError(self._names[ident], "did not take its present position as goal")

    def prepare(self) -> None:
        """Switches torque, watchdog and profiles off, and writes gains.

        A profile that another program has left would make the servos slower than the run's.

        Raises:
            DeviceError: A servo did not answer, or refused.
        """
        for joint in self._joints:
            self.write_one(joint.id, "torque_enable", 0)
            for name in ("bus_watchdog", "profile_velocity", "profile_acceleration"):
                self.write_one(joint.id, name, 0)
            if joint.gain is not None:
                self.write_one(joint.id, "position_p_gain", joint.gain)

    def torque_on(self) -> None:
        """Switches torque on, and the servos' own watchdog with it.

        Raises:
            DeviceError: A servo did not answer, or refused.
        """
        watchdog = max(1, round(self._robot.bus.watchdog / WATCHDOG_STEP))
        for ident in self._ids:
            self.write_one(ident, "torque_enable", 1)
            self.write_one(ident, "bus_watchdog", watchdog)

    def torque_off(self) -> list[str]:
        """Switches torque off on all servos that can be reached.

        Returns:
            The devices of which it is not known.

        Raises:
            BusLostError: The port is gone.
        """
        self._port.is_using = False
        left = self._ids
        for _ in range(TRIES):
            self._write_all(REGISTERS["torque_enable"], [0] * len(self._ids))
            left = [ident for ident in left if not self._is_off(ident)]
            if not left:
                break
        return [self._names[ident] for ident in left]

    def read_one(self, ident: int, name: str) -> int:
        """A register of a device.

        Raises:
            DeviceError: It did not answer.
        """
        register = REGISTERS[name]
        data, result, error = self._handler.readTxRx(
            self._port, ident, register.address, register.size
        )
        self._answered(ident, result, error)
        return int.from_bytes(bytes(data), "little", signed=register.size > 1)

    def write_one(self, ident: int, name: str, value: int) -> None:
        """Writes a register of a servo.

        Raises:
            DeviceError: It did not answer, or refused.
        """
        register = REGISTERS[name]
        result, error = self._handler.writeTxRx(
            self._port, ident, register.address, register.size, list(_bytes(register, value))
        )
        self._answered(ident, result, error)

    def _is_off(self, ident: int) -> bool:
        """Whether a servo tells that its torque is off."""
        try:
            return self.read_one(ident, "torque_enable") == 0
        except DeviceError:
            return False

    def _write_all(self, register: Register, values: Iterable[int]) -> bool:
        """Writes a register of all servos at once; none answers. Tells whether it was sent."""
        parameters: list[int] = []
        for ident, value in zip(self._ids, values, strict=True):
            parameters += [ident, *_bytes(register, value)]
        result = self._handler.syncWriteTxOnly(
            self._port, register.address, register.size, parameters, len(parameters)
        )
        return bool(result == SUCCESS)

    def _block(self, first: str, last: str) -> dict[str, NDArray[np.int64]]:
        """Registers of all servos (J,) by name, from one to another one."""
        start, end = REGISTERS[first].address, REGISTERS[last].address + REGISTERS[last].size
        self._handler.syncReadTx(self._port, start, end - start, self._ids, len(self._ids), False)
        rows = []
        for ident in self._ids:
            self._port.setPacketTimeout(OVERHEAD + end - start)  # each answer has its own time
            data, result, error = self._handler.readRx(self._port, ident, end - start)
            self._answered(ident, result, error)
            rows.append(bytes(data))

        inside = [one for one in REGISTERS.values() if start <= one.address < end]
        return {one.name: np.array([_number(one, row, start) for row in rows]) for one in inside}

    def _imu(self) -> tuple[Array, Array]:
        """Turning rate [rad/s] (3,) and acceleration [m/s²] (3,) in the torso's frame."""
        imu = self._robot.imu
        places = imu.rate.address, imu.acceleration.address
        begin, end = min(places), max(places) + 3 * WORD
        data = self._bytes(imu.id, begin, end - begin)
        rate, acceleration = (np.frombuffer(data, "<i2", 3, place - begin) for place in places)
        return imu.turn @ (rate * imu.rate.step), imu.turn @ (acceleration * imu.acceleration.step)

    def _load(self, foot: Foot) -> float:
        """Load of a foot [N]."""
        data = self._bytes(foot.id, foot.address, WORD)
        return foot.step * int.from_bytes(data, "little", signed=True)

    def _bytes(self, ident: int, address: int, count: int) -> bytes:
        """Some bytes of a device."""
        data, result, error = self._handler.readTxRx(self._port, ident, address, count)
        self._answered(ident, result, error)
        return bytes(data)

    def _answered(self, ident: int, result: int, error: int) -> None:
        """Raises a DeviceError where a device did not answer, or refused."""
        if result != SUCCESS:
            self._port.is_using = False
            silent = result == TIMED_OUT
            what = "did not answer" if silent else "answered with a wrong packet"
            raise DeviceError(self._names[ident], what)
        if error & ~ALERT:
            said = self._handler.getRxPacketError(error & ~ALERT)
            reason = said.removeprefix("[RxPacketError] ").rstrip("!")
            raise DeviceError(self._names[ident], f"refused ({reason})")


def _bytes(register: Register, value: int) -> bytes:
    """A number as a register holds it."""
    return (value & (1 << 8 * register.size) - 1).to_bytes(register.size, "little")


def _number(register: Register, row: bytes, start: int) -> int:
    """The number that a register holds, of bytes that begin at an address."""
    held = row[register.address - start :][: register.size]
    return int.from_bytes(held, "little", signed=register.size > 1)


def listed(names: Sequence[str]) -> str:
    """Names of devices in a sentence."""
    return ", ".join(name[0].lower() + name[1:] for name in names)
