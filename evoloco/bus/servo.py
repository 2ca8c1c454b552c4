"""One emulated servo: what its registers hold, and what it does by them."""

from dataclasses import dataclass

from evoloco.bus.control_table import (
    AMBIENT,
    MIDDLE,
    POSITION_STEP,
    VELOCITY_STEP,
    VOLTAGE_STEP,
    WATCHDOG_STEP,
    Model,
)
from evoloco.bus.registers import Registers
from evoloco.bus.wire import Error

VOLTAGE_ERROR, OVERHEATING, OVERLOAD = 0b000001, 0b000100, 0b100000
"""Bits of the hardware error status."""

EXPIRED = 255
"""What the bus watchdog holds after it has stopped the servo: -1."""

GOALS = ("goal_pwm", "goal_current", "goal_velocity", "goal_position")
"""What cannot be written while the watchdog is expired."""

WARMING = 200.0
"""Time constant of the motor's temperature [s]; assumed."""

TICKS = 32768
"""Values of the clock in a servo, which counts milliseconds."""


@dataclass(frozen=True)
class Mount:
    """How a servo sits on its joint: servo angle = zero + sign · joint angle.

    Attributes:
        joint: Name of the joint.
        id: Of the servo on the bus.
        model: Of the servo.
        sign: 1 where the servo counts up as the joint's angle rises, else -1.
        zero: Angle of the servo where the joint's is 0, from the middle of its turn [rad].
    """

    joint: str
    id: int
    model: str = "XM430-W350"
    sign: int = 1
    zero: float = 0.0


class Servo:
    """A servo in position mode.

    It follows its goal as the robot behind the bus does: gains, profiles, homing offset, drive mode
    and limits of current are held in the registers, but change nothing. Once its torque is switched
    on, its goal is where it stands.

    Args:
        mount: Where it sits.
        model: Its registers and figures.
        watchdog_stops: Whether an expired watchdog stops the motion, as the manual has it. Else the
            servo goes on to its last goal, as firmware of the XL330 is reported to do.

    Attributes:
        silence: Time since the last instruction on the bus [s].
        temperature: [°C].
        powered: Whether it works at all.
    """

    def __init__(self, mount: Mount, model: Model, watchdog_stops: bool = True) -> None:
        self.mount, self.model = mount, model
        self.id = mount.id
        self.registers = Registers(model.registers(mount.id))
        self.silence, self.temperature, self.powered = 0.0, float(AMBIENT), True
        self._watchdog_stops = watchdog_stops
        self._time = 0.0

    @property
    def driven(self) -> bool:
        """Whether it exerts a torque."""
        return self.powered and bool(self.registers["torque_enable"])

    @property
    def target(self) -> float:
        """Angle of its joint that it holds [rad]."""
        angle = (self.registers["goal_position"] - MIDDLE) * POSITION_STEP
        return self.mount.sign * (angle - self.mount.zero)

    @property
    def alert(self) -> bool:
        """Whether it has a hardware error."""
        return bool(self.registers["hardware_error_status"])

    def write(self, address: int, data: bytes) -> Error:
        """Writes registers, all or none, and tells why not."""
        changes = self.registers.written(address, data)
        if isinstance(changes, Error):
            return changes
        refused = self._refused(changes)
        if refused:
            return refused

        if changes.get("torque_enable") and not self.driven:
            self.stay()
        for name, value in changes.items():
            self.registers[name] = value
        return Error.NONE

    def _refused(self, changes: dict[str, int]) -> Error:
        """Why some registers may not be changed now."""
        held, table = self.registers, self.registers.table
        if held["torque_enable"] and any(table[name].kept for name in changes):
            return Error.ACCESS
        expired = held["bus_watchdog"] == EXPIRED
        if expired and (changes.get("bus_watchdog") or any(name in GOALS for name in changes)):
            return Error.RANGE
        if changes.get("torque_enable") and held["hardware_error_status"] & held["shutdown"]:
            return Error.RESULT
        goal = changes.get("goal_position", held["min_position_limit"])
        if not held["min_position_limit"] <= goal <= held["max_position_limit"]:
            return Error.LIMIT
        return Error.NONE

    def reboot(self) -> None:
        """Begins anew, with the registers that it keeps."""
        kept = {
            name: self.registers[name] for name, one in self.registers.table.items() if one.kept
        }
        self.registers = Registers(self.model.registers(self.id))
        for name, value in kept.items():
            self.registers[name] = value
        self.silence = 0.0

    def fail(self, error: int) -> None:
        """Has a hardware error, which switches the torque off if it is one for a shutdown."""
        self.registers["hardware_error_status"] |= error
        if error & self.registers["shutdown"]:
            self.registers["torque_enable"] = 0

    def power(self, velocity: float, torque: float) -> float:
        """Power that it draws at a velocity [rad/s] and a torque [N m] of its joint [W]."""
        return self._heat(torque / self.model.torque_constant) + max(torque * velocity, 0.0)

    def _heat(self, current: float) -> float:
        """Power that a current turns into heat [W]."""
        return self.model.resistance * current**2

    def feel(
        self, angle: float, velocity: float, torque: float, voltage: float, passed: float
    ) -> None:
        """Measures.

        Args:
            angle: Of its joint [rad].
            velocity: Of its joint [rad/s].
            torque: On its joint [N m].
            voltage: At its input [V].
            passed: Time since it measured last [s].
        """
        sign, held, model = self.mount.sign, self.registers, self.model
        current = sign * torque / model.torque_constant
        self._warm(current, passed)
        self._time += passed

        held["present_position"] = MIDDLE + round((self.mount.zero + sign * angle) / POSITION_STEP)
        held["present_velocity"] = round(sign * velocity / VELOCITY_STEP)
        held["present_current"] = round(current / model.current_step)
        held["present_input_voltage"] = round(voltage / VOLTAGE_STEP)
        held["present_temperature"] = round(self.temperature)
        held["realtime_tick"] = round(1e3 * self._time) % TICKS
        self._judge()

    def wait(self, passed: float) -> None:
        """Hears nothing for a time [s]; the watchdog may expire."""
        self.silence += passed
        watchdog = self.registers["bus_watchdog"]
        watched = self.driven and 0 < watchdog < EXPIRED
        if watched and self.silence > watchdog * WATCHDOG_STEP:
            self.registers["bus_watchdog"] = EXPIRED
            if self._watchdog_stops:
                self.stay()

    def stay(self) -> None:
        """Makes the place where it stands its goal."""
        held = self.registers
        low, high = held["min_position_limit"], held["max_position_limit"]
        held["goal_position"] = min(max(held["present_position"], low), high)

    def _warm(self, current: float, passed: float) -> None:
        """Warms up or cools down.

        Half the stall current leads to the highest temperature that is allowed; this is assumed.
        """
        model = self.model
        most = self._heat(model.stall_current / 2)
        final = AMBIENT + (model.temperature_limit - AMBIENT) * self._heat(current) / most
        self.temperature += (final - self.temperature) * min(passed / WARMING, 1.0)

    def _judge(self) -> None:
        """Compares what it measures with its limits."""
        held = self.registers
        voltage = held["present_input_voltage"]
        if not held["min_voltage_limit"] <= voltage <= held["max_voltage_limit"]:
            self.fail(VOLTAGE_ERROR)
        if held["present_temperature"] > held["temperature_limit"]:
            self.fail(OVERHEATING)
