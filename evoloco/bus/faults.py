"""What can go wrong on a bus: faults by name, that begin at a time and may end.

| fault             | of      | what happens                                                       |
|-------------------|---------|--------------------------------------------------------------------|
| `lost_bytes`      | device  | its answers lose their last bytes                                  |
| `wrong_crc`       | device  | its answers have a wrong checksum                                  |
| `garbled`         | device  | a byte of each of its answers is another one                       |
| `duplicated`      | device  | its answers come twice                                             |
| `late_answers`    | device  | its answers come when the next question is asked                   |
| `dead`            | device  | it does not answer; a servo is limp, too                           |
| `overload`        | servo   | it has an overload error, which switches its torque off            |
| `over_temperature`| servo   | it is hotter than it may be, which switches its torque off         |
| `over_current`    | servo   | it tells the largest current that it may have                      |
| `reboot`          | servo   | it begins anew, without torque                                     |
| `stuck_encoder`   | servo   | its position does not change any more                              |
| `wild_position`   | servo   | it tells positions that no joint can have                          |
| `stuck_imu`       | IMU     | its readings do not change any more                                |
| `wild_imu`        | IMU     | it tells the largest numbers that it can                           |
| `brown_out`       | robot   | the voltage falls below what the servos need                       |
| `push`            | robot   | the torso is pushed, so that it falls                              |
| `unplugged`       | bus     | the port is closed                                                 |
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evoloco.bus.control_table import MIDDLE
from evoloco.bus.servo import OVERHEATING, OVERLOAD, Servo
from evoloco.errors import SpecError, UnknownNameError

Of = Literal["device", "servo", "imu", "robot", "bus"]

KINDS: dict[str, Of] = {
    "lost_bytes": "device",
    "wrong_crc": "device",
    "garbled": "device",
    "duplicated": "device",
    "late_answers": "device",
    "dead": "device",
    "overload": "servo",
    "over_temperature": "servo",
    "over_current": "servo",
    "reboot": "servo",
    "stuck_encoder": "servo",
    "wild_position": "servo",
    "stuck_imu": "imu",
    "wild_imu": "imu",
    "brown_out": "robot",
    "push": "robot",
    "unplugged": "bus",
}
"""Faults, and what they are of."""

WILD = 1_000_000
"""Position far beyond a turn [unit of the register]."""

HOTTER = 5
"""By which a servo that is too hot exceeds its limit [°C]."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        kind: See the module.
        time: When it begins [s].
        device: Id of the device; None where it is of the robot or the bus.
        duration: How long it lasts [s].

    Raises:
        SpecError: It needs a device and has none, or the other way round.
    """

    kind: str
    time: float
    device: int | None = None
    duration: float = math.inf

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownNameError("fault", self.kind, KINDS)
        of_device = self.of in ("device", "servo", "imu")
        if of_device and self.device is None:
            example = f"{self.kind}:3@{self.time:g}"
            raise SpecError(f"'{self.kind}' is of a {self.of}: add its id, as in {example}.")
        if not of_device and self.device is not None:
            raise SpecError(f"'{self.kind}' is of the {self.of}: leave the id out.")

    def __str__(self) -> str:
        return self.kind if self.device is None else f"{self.kind} of {self.device}"

    @property
    def of(self) -> Of:
        """What it happens to."""
        return KINDS[self.kind]

    def lasts(self, time: float) -> bool:
        """Whether it is there at a time [s]."""
        return self.time <= time < self.time + self.duration


_TEXT = re.compile(
    r"(?P<kind>[a-z_]+)(:(?P<device>\d+))?@(?P<time>\d+(\.\d+)?)(\+(?P<duration>\d+(\.\d+)?))?"
)


def parse(text: str) -> Fault:
    """A fault as the command line has it: `overload:3@1.5`, or `wrong_crc:3@1.5+0.1` with an end.

    Raises:
        SpecError: The text is something else.
    """
    found = _TEXT.fullmatch(text)
    if not found:
        raise SpecError(
            f"The fault '{text}' cannot be read. Write KIND:ID@TIME, such as overload:3@1.5, and "
            "+DURATION behind it where it ends."
        )
    return Fault(
        kind=found["kind"],
        time=float(found["time"]),
        device=int(found["device"]) if found["device"] else None,
        duration=float(found["duration"]) if found["duration"] else math.inf,
    )


Spoil = Callable[[bytes, np.random.Generator], bytes]
"""Makes of an answer what comes instead."""


def _lose(answer: bytes, random: np.random.Generator) -> bytes:
    return answer[: -int(random.integers(1, len(answer)))]


def _wrong(answer: bytes, random: np.random.Generator) -> bytes:
    return answer[:-1] + bytes([answer[-1] ^ int(random.integers(1, 256))])


def _garble(answer: bytes, random: np.random.Generator) -> bytes:
    place, change = int(random.integers(len(answer))), int(random.integers(1, 256))
    return answer[:place] + bytes([answer[place] ^ change]) + answer[place + 1 :]


def _double(answer: bytes, random: np.random.Generator) -> bytes:  # noqa: ARG001 - as others
    return answer + answer


SPOILS: dict[str, Spoil] = {
    "lost_bytes": _lose,
    "wrong_crc": _wrong,
    "garbled": _garble,
    "duplicated": _double,
}
"""Faults that change answers."""


def _overload(servo: Servo) -> None:
    servo.fail(OVERLOAD)


def _overheat(servo: Servo) -> None:
    hot = servo.registers["temperature_limit"] + HOTTER
    servo.registers["present_temperature"] = hot
    servo.fail(OVERHEATING)


def _overdraw(servo: Servo) -> None:
    servo.registers["present_current"] = servo.model.current_limit


def _leap(servo: Servo) -> None:
    servo.registers["present_position"] = MIDDLE + WILD


SYMPTOMS: dict[str, Callable[[Servo], None]] = {
    "overload": _overload,
    "over_temperature": _overheat,
    "over_current": _overdraw,
    "wild_position": _leap,
}
"""Faults that change what a servo tells, at every moment anew."""
