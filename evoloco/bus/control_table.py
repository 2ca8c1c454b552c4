"""The registers of DYNAMIXEL X servos, and the models that have them.

Units of the registers, which all models share but for the current:

| quantity    | one unit      |
|-------------|---------------|
| position    | 2π / 4096 rad, the middle of the turn is 2048 |
| velocity    | 0.229 rpm     |
| voltage     | 0.1 V         |
| temperature | 1 °C          |
| watchdog    | 20 ms         |

References:
    ROBOTIS, e-manual of the XM430-W350 and the XL330-M288, emanual.robotis.com/docs/en/dxl/x.
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from evoloco.errors import UnknownNameError

POSITION_STEP = 2 * math.pi / 4096
"""One unit of a position [rad]."""

MIDDLE = 2048
"""Position in the middle of a turn."""

VELOCITY_STEP = 0.229 * 2 * math.pi / 60
"""One unit of a velocity [rad/s]."""

VOLTAGE_STEP = 0.1
"""One unit of a voltage [V]."""

WATCHDOG_STEP = 0.020
"""One unit of the bus watchdog [s]."""

SIZE = 256
"""Addresses of a device."""


class Register(NamedTuple):
    """A number in a control table.

    Attributes:
        name: Of the register.
        address: Of its first byte.
        size: In bytes.
        initial: After the power is switched on.
        range: Smallest and largest value that may be written; None where nothing may.
        kept: Whether it is written while the torque is off only, and survives a reboot.
    """

    name: str
    address: int
    size: int
    initial: int = 0
    range: tuple[int, int] | None = None
    kept: bool = False


@dataclass(frozen=True)
class Model:
    """A servo model.

    Attributes:
        name: As ROBOTIS calls it.
        number: That the servo tells.
        stall_torque: At the nominal voltage [N m].
        stall_current: Likewise [A].
        voltage: Nominal [V].
        current_step: One unit of a current [A].
        temperature_limit: Above which the servo switches off [°C].
        voltage_limits: Of its input [V].
        current_limit: Of its motor [unit of the register].
        velocity_limit: [unit of the register].
        gain: Position P gain.
        shutdown: Bits of the hardware errors that switch the torque off.
    """

    name: str
    number: int
    stall_torque: float
    stall_current: float
    voltage: float
    current_step: float
    temperature_limit: int
    voltage_limits: tuple[float, float]
    current_limit: int
    velocity_limit: int
    gain: int
    shutdown: int

    @property
    def torque_constant(self) -> float:
        """Torque per current, losses of the gear included [N m/A]."""
        return self.stall_torque / self.stall_current

    @property
    def resistance(self) -> float:
        """Of the motor [Ohm]."""
        return self.voltage / self.stall_current

    def registers(self, device: int) -> tuple[Register, ...]:
        """The control table of a servo with an id."""
        low, high = (round(limit / VOLTAGE_STEP) for limit in self.voltage_limits)
        current, velocity = self.current_limit, self.velocity_limit
        gains = (0, 16383)
        return (
            Register("model_number", 0, 2, self.number),
            Register("firmware_version", 6, 1, FIRMWARE),
            Register("id", 7, 1, device, (0, 252), kept=True),
            Register("baud_rate", 8, 1, 1, (0, 7), kept=True),
            Register("return_delay_time", 9, 1, 250, (0, 254), kept=True),
            Register("drive_mode", 10, 1, 0, (0, 13), kept=True),
            Register("operating_mode", 11, 1, POSITION_MODE, (POSITION_MODE,) * 2, kept=True),
            Register("homing_offset", 20, 4, 0, (-1044479, 1044479), kept=True),
            Register("temperature_limit", 31, 1, self.temperature_limit, (0, 100), kept=True),
            Register("max_voltage_limit", 32, 2, high, (low, high), kept=True),
            Register("min_voltage_limit", 34, 2, low, (low, high), kept=True),
            Register("pwm_limit", 36, 2, 885, (0, 885), kept=True),
            Register("current_limit", 38, 2, current, (0, current), kept=True),
            Register("velocity_limit", 44, 4, velocity, (0, 2047), kept=True),
            Register("max_position_limit", 48, 4, 4095, (0, 4095), kept=True),
            Register("min_position_limit", 52, 4, 0, (0, 4095), kept=True),
            Register("shutdown", 63, 1, self.shutdown, (0, 63), kept=True),
            Register("torque_enable", 64, 1, 0, (0, 1)),
            Register("led", 65, 1, 0, (0, 1)),
            Register("status_return_level", 68, 1, 2, (0, 2)),
            Register("registered_instruction", 69, 1),
            Register("hardware_error_status", 70, 1),
            Register("position_d_gain", 80, 2, 0, gains),
            Register("position_i_gain", 82, 2, 0, gains),
            Register("position_p_gain", 84, 2, self.gain, gains),
            Register("bus_watchdog", 98, 1, 0, (0, 127)),
            Register("goal_pwm", 100, 2, 885, (-885, 885)),
            Register("goal_current", 102, 2, current, (-current, current)),
            Register("goal_velocity", 104, 4, velocity, (-velocity, velocity)),
            Register("profile_acceleration", 108, 4, 0, (0, 32767)),
            Register("profile_velocity", 112, 4, 0, (0, 32767)),
            Register("goal_position", 116, 4, MIDDLE, (-1048575, 1048575)),
            Register("realtime_tick", 120, 2),
            Register("moving", 122, 1),
            Register("present_current", 126, 2),
            Register("present_velocity", 128, 4),
            Register("present_position", 132, 4, MIDDLE),
            Register("present_input_voltage", 144, 2, round(self.voltage / VOLTAGE_STEP)),
            Register("present_temperature", 146, 1, AMBIENT),
        )


AMBIENT = 25
"""Temperature of the room [°C]."""

FIRMWARE = 46
"""Version of the firmware that the servos tell."""

POSITION_MODE = 3
"""The operating mode that is emulated."""

XM430_W350 = Model(
    name="XM430-W350",
    number=1020,
    stall_torque=4.1,
    stall_current=2.3,
    voltage=12.0,
    current_step=2.69e-3,
    temperature_limit=80,
    voltage_limits=(9.5, 16.0),
    current_limit=1193,
    velocity_limit=200,
    gain=800,
    shutdown=0b110100,
)
XM430_W210 = replace(
    XM430_W350, name="XM430-W210", number=1030, stall_torque=3.0, velocity_limit=330
)
XM540_W270 = replace(
    XM430_W350,
    name="XM540-W270",
    number=1120,
    stall_torque=10.6,
    stall_current=4.4,
    current_limit=2047,
    velocity_limit=128,
)
XL330_M288 = Model(
    name="XL330-M288",
    number=1200,
    stall_torque=0.52,
    stall_current=1.47,
    voltage=5.0,
    current_step=1e-3,
    temperature_limit=70,
    voltage_limits=(3.5, 7.0),
    current_limit=1750,
    velocity_limit=445,
    gain=400,
    shutdown=0b110101,
)
XL330_M077 = replace(
    XL330_M288, name="XL330-M077", number=1190, stall_torque=0.215, velocity_limit=1620
)

MODELS = {one.name: one for one in (XM430_W350, XM430_W210, XM540_W270, XL330_M288, XL330_M077)}
"""Servo models by name. Figures: their e-manuals."""


def model(name: str) -> Model:
    """The servo model of a name.

    Raises:
        UnknownNameError: Its registers are not known.
    """
    if name not in MODELS:
        raise UnknownNameError("servo model", name, MODELS)
    return MODELS[name]
