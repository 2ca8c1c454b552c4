"""A robot with the devices on its bus, in simulated time, and what goes wrong with them."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from evoloco.bus.control_table import model
from evoloco.bus.faults import SYMPTOMS, Fault
from evoloco.bus.foot import Foot
from evoloco.bus.imu import Imu
from evoloco.bus.plant import Plant, Pushable, Readings
from evoloco.bus.registers import Registers
from evoloco.bus.servo import EXPIRED, Servo
from evoloco.bus.setup import Setup
from evoloco.bus.wire import Error
from evoloco.errors import SpecError, UnknownNameError

PUSH = (0.0, 3.0, 0.0)
"""Change of the torso's velocity by a push, in the world [m/s]."""

EMPTY = 0.9
"""Voltage of a brown-out over the lowest one that the servos allow."""

MOTION = slice(128, 136)
"""Addresses of a servo's velocity and position."""


class Device(Protocol):
    """Something on the bus with an id.

    Attributes:
        id: Of the device.
        registers: Its memory.
    """

    id: int
    registers: Registers

    @property
    def alert(self) -> bool:
        """Whether it has a hardware error."""

    def write(self, address: int, data: bytes) -> Error:
        """Writes registers, and tells why not."""


class Event(NamedTuple):
    """What happened.

    Attributes:
        time: [s].
        what: A fault that began; `driven`, `limp` or `expired` of a servo; or `silent`.
        device: Id of the device, or None.
    """

    time: float
    what: str
    device: int | None = None

    def __str__(self) -> str:
        return f"{self.time:.3f} s: {self.what}" + (f" ({self.device})" if self.device else "")


class Machine:
    """A robot with its devices.

    The robot is held in its home posture until a servo is driven for the first time.

    Args:
        plant: The robot.
        setup: The devices, and what goes wrong.

    Attributes:
        devices: By id, in rising order.
        time: Since the beginning [s].
        plugged: Whether the bus is connected.
        events: What happened.

    Raises:
        UnknownNameError: A joint or foot is not of the robot.
        SpecError: A joint has no servo, or a fault cannot happen to its device.
    """

    def __init__(self, plant: Plant, setup: Setup) -> None:
        self._plant, self._setup = plant, setup
        self.servos = _servos(setup, plant.joints)
        self._feet = {mount.foot: Foot(mount) for mount in setup.feet}
        for foot in self._feet:
            if foot not in plant.feet:
                raise UnknownNameError("foot", foot, plant.feet, "The bus")

        self._imu = Imu(setup.imu, np.random.default_rng(setup.seed)) if setup.imu else None
        devices: list[Device] = [*self.servos, *self._feet.values()]
        devices += [self._imu] if self._imu else []
        self.devices = {device.id: device for device in sorted(devices, key=lambda one: one.id)}
        _check(setup.faults, self.servos, self._imu, plant)

        self.time, self.plugged, self._held = 0.0, True, True
        self.events: list[Event] = []
        self._begun: dict[Fault, bytes] = {}
        self._states = {servo.id: "limp" for servo in self.servos}
        self._feel(plant.read(), 0.0)
        for servo in self.servos:
            servo.stay()

    def advance(self, duration: float) -> None:
        """Lets time pass [s]."""
        targets = np.array([servo.target for servo in self.servos])
        driven = np.array([servo.driven for servo in self.servos])
        self._held = self._held and not driven.any()
        if not self._held:
            self._plant.advance(targets, driven, duration)
        self.time += duration

        self._feel(self._plant.read(), duration)
        self._fail()
        for servo in self.servos:
            servo.wait(duration)
        self.note()

    def truth(self) -> dict[str, float]:
        """What only the simulation knows of the robot."""
        return {"time [s]": self.time, **self._plant.truth()}

    def hear(self) -> None:
        """Lets the servos know that the bus is alive."""
        for servo in self.servos:
            servo.silence = 0.0

    def note(self) -> None:
        """Records which servos have changed between driven, limp and expired."""
        for servo in self.servos:
            expired = servo.registers["bus_watchdog"] == EXPIRED
            state = "limp" if not servo.driven else "expired" if expired else "driven"
            if state != self._states[servo.id]:
                self._states[servo.id] = state
                self.events.append(Event(self.time, state, servo.id))

    def lasting(self, device: int | None = None) -> list[Fault]:
        """Faults that are there now, of a device or of all."""
        lasting = [fault for fault in self._setup.faults if fault.lasts(self.time)]
        return [fault for fault in lasting if device in (None, fault.device)]

    def _feel(self, told: Readings, passed: float) -> None:
        """Lets every device measure."""
        motion = list(zip(self.servos, told.angle, told.velocity, told.torque, strict=True))
        power = sum(servo.power(velocity, torque) for servo, _, velocity, torque in motion)
        voltage = self._setup.supply.under(power)
        if any(fault.kind == "brown_out" for fault in self.lasting()):
            voltage = EMPTY * min(servo.model.voltage_limits[0] for servo in self.servos)

        for servo, angle, velocity, torque in motion:
            servo.feel(angle, velocity, torque, voltage, passed)
        for name, load in zip(self._plant.feet, told.load, strict=True):
            if name in self._feet:
                self._feet[name].feel(load)
        if self._imu:
            self._imu.feel(told)

    def _fail(self) -> None:
        """Does what faults do to the devices."""
        for servo in self.servos:
            servo.powered = not any(one.kind == "dead" for one in self.lasting(servo.id))
        for fault in self.lasting():
            if fault not in self._begun:
                self.events.append(Event(self.time, fault.kind, fault.device))
                self._begun[fault] = self._strike(fault)
            self._keep(fault)

    def _strike(self, fault: Fault) -> bytes:
        """Does what a fault does once, and returns the readings that may be stuck from now on."""
        device = self.devices.get(-1 if fault.device is None else fault.device)
        if fault.kind == "unplugged":
            self.plugged = False
        elif fault.kind == "push" and isinstance(self._plant, Pushable):
            self._plant.push(np.array(PUSH))
        elif fault.kind == "reboot" and isinstance(device, Servo):
            device.reboot()
        return bytes(device.registers.memory) if device else b""

    def _keep(self, fault: Fault) -> None:
        """Does what a fault does at every moment."""
        device = self.devices.get(-1 if fault.device is None else fault.device)
        if isinstance(device, Servo) and fault.kind in SYMPTOMS:
            SYMPTOMS[fault.kind](device)
        elif isinstance(device, Servo) and fault.kind == "stuck_encoder":
            device.registers.memory[MOTION] = self._begun[fault][MOTION]
        elif isinstance(device, Imu) and fault.kind == "stuck_imu":
            device.registers.memory[:] = self._begun[fault]
        elif isinstance(device, Imu) and fault.kind == "wild_imu":
            device.saturate()


def _servos(setup: Setup, joints: Sequence[str]) -> list[Servo]:
    """The servos in the order of the robot's joints."""
    mounts = {mount.joint: mount for mount in setup.servos}
    for name in mounts:
        if name not in joints:
            raise UnknownNameError("joint", name, joints, "The bus")
    missing = [name for name in joints if name not in mounts]
    if missing:
        raise SpecError(f"The bus has no servo for the robot's joints {', '.join(missing)}.")
    return [Servo(mounts[name], model(mounts[name].model), setup.watchdog_stops) for name in joints]


def _check(faults: Sequence[Fault], servos: Sequence[Servo], imu: Imu | None, plant: Plant) -> None:
    """Raises a SpecError where a fault is of a device that cannot have it."""
    able = {"servo": [servo.id for servo in servos], "imu": [imu.id] if imu else []}
    for fault in faults:
        ids = able.get(fault.of)
        if ids is not None and fault.device not in ids:
            raise SpecError(f"'{fault}' cannot be: the ids of a device for it are {ids or 'none'}.")
        if fault.kind == "push" and not isinstance(plant, Pushable):
            raise SpecError(f"'push' cannot be: a {type(plant).__name__} cannot be pushed.")
