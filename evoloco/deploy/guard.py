"""When a robot is switched off: guards that judge what it tells, and stay tripped.

| guard       | trips if                                                  | after           |
|-------------|-----------------------------------------------------------|-----------------|
| command     | a command is no finite number                             | at once         |
| reading     | a reading is no finite number                             | at once         |
| answer      | a device did not answer, step by step                     | `guard.missed`  |
| error       | a servo reports a hardware error                          | at once         |
| torque      | a servo's torque is off although it was switched on       | at once         |
| voltage     | a supply is beyond its limits                             | `SHORT`         |
| temperature | a servo is hotter than its limit                          | at once         |
| current     | a servo draws more than its limit                         | `guard.current` |
| jump        | a joint went farther than it can                          | at once         |
| tilt        | the torso's roll or pitch is larger than its limit        | at once         |
| encoder     | angle and velocity repeat themselves, the command moves   | `STILL`, `LATE` |
| imu         | the IMU repeats itself while commands move                | `REPEATED`      |

Times count control steps, never a clock: an emulated robot may be slower or faster than real time.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evoloco.deploy.readings import Readings
from evoloco.deploy.robot import Robot
from evoloco.genome import Array
from evoloco.tilt import TIME_CONSTANT, filtered, leaning

SHORT = 2
"""Control steps that a supply may be beyond its limits: a start of all motors lowers it."""

REPEATED = 2
"""Control steps with equal readings of the IMU, whose last digits change as it moves."""

MOVES = 0.01
"""Change of a command in a control step from which on the torso must move, too [rad]."""

STILL = 0.08
"""Way of a command during which neither angle nor velocity of the joint change by one step [rad].
A servo at its strength may stand, too, but its velocity trembles: in no gait of the bundled bipeds
on servos is the way longer than 0.04 rad."""

LATE = 0.08
"""Time that a servo may take besides, until it begins to follow its command [s]."""

JUMP = 2.0
"""Way of a joint in a control step over what its command may change: more is no motion."""

ERRORS = {
    0: "input voltage",
    2: "overheating",
    3: "motor encoder",
    4: "electrical shock",
    5: "overload",
}
"""Hardware errors by bit, of register 70 of the X series."""


class Guard:
    """Judges control steps.

    Args:
        robot: With the joints in the order of the commands.
        dt: Time between control steps [s].

    Attributes:
        reason: Why it tripped; empty while it has not. The first reason stays.
        guard: Name of the guard that tripped.
    """

    def __init__(self, robot: Robot, dt: float) -> None:
        self._robot, self._dt = robot, dt
        self._joints = tuple(robot.joints)
        self._missed: dict[str, int] = {}
        self._over = np.zeros(len(self._joints), int)
        self._low = np.zeros(len(self._joints), int)
        self._still = np.zeros(len(self._joints))
        self._late = np.zeros(len(self._joints), int)
        self._repeated = 0
        self._before: Readings | None = None
        self._tilt: Array | None = None
        self.reason, self.guard = "", ""

    @property
    def tilt(self) -> Array:
        """Estimated roll and pitch [rad] (2,); 0 before the first reading."""
        return np.zeros(2) if self._tilt is None else self._tilt

    def trip(self, guard: str, reason: str) -> None:
        """Trips, unless it has."""
        if not self.reason:
            self.guard, self.reason = guard, reason

    def command(self, goal: Array) -> None:
        """Judges a command before it is limited [rad] (J,)."""
        wrong = np.flatnonzero(~np.isfinite(goal))
        if len(wrong):
            joint = self._joints[wrong[0]]
            self.trip("command", f"The command of {joint} is {goal[wrong[0]]}, no finite number")

    def missed(self, device: str, what: str) -> None:
        """Counts that a device did not answer in a control step.

        Args:
            device: Such as "the servo of knee_left (id 14)".
            what: Such as "did not answer".
        """
        self._missed = {device: self._missed.get(device, 0) + 1}
        if self._missed[device] >= self._robot.guard.missed:
            self.trip("answer", f"{device} {what} {self._missed[device]} times in a row")

    def judge(self, readings: Readings, moves: Array, on: bool) -> None:
        """Judges what came in a control step.

        Args:
            readings: What came.
            moves: Changes of the commands in the step before [rad] (J,).
            on: Whether torque was switched on.
        """
        self._missed = {}
        if not self._finite(readings):
            return

        self._judge_servos(readings, on)
        self._judge_angles(readings, moves, on)
        self._judge_torso(readings, moves)
        self._before = readings

    def _finite(self, readings: Readings) -> bool:
        """Whether all readings are finite."""
        for name, values in vars(readings).items():
            wrong = np.flatnonzero(~np.isfinite(values))
            if len(wrong):
                whose = f" of {self._joints[wrong[0]]}" if len(values) == len(self._joints) else ""
                self.trip("reading", f"The {name}{whose} is {values[wrong[0]]}, no finite number")
                return False
        return True

    def _judge_servos(self, now: Readings, on: bool) -> None:
        robot = self._robot
        faulty = np.flatnonzero(now.error)
        if len(faulty):
            told = errors(int(now.error[faulty[0]]))
            self.trip("error", f"The servo of {self._joints[faulty[0]]} reports: {told}")
        if on:
            self._first(
                now.torque < 1, "torque", "The servo of {joint} switched itself off", now.torque
            )

        hot = "The servo of {joint} has {value:.0f} degC"
        self._first(now.temperature > robot.temperature, "temperature", hot, now.temperature)
        outside = (now.voltage < robot.voltage[:, 0]) | (now.voltage > robot.voltage[:, 1])
        self._low = np.where(outside, self._low + 1, 0)
        supply = "The supply of {joint} has {value:.1f} V"
        self._first(self._low >= SHORT, "voltage", supply, now.voltage)

        self._over = np.where(np.abs(now.current) > robot.current, self._over + 1, 0)
        patience = math.ceil(robot.guard.current / self._dt)
        drawn = "The servo of {joint} draws {value:.2f} A for too long"
        self._first(self._over > patience, "current", drawn, np.abs(now.current))

    def _judge_angles(self, now: Readings, moves: Array, on: bool) -> None:
        if self._before is None:
            return
        way = np.abs(now.position - self._before.position)
        far = "The angle of {joint} jumped by {value:.2f} rad"
        self._first(way > JUMP * self._robot.velocity * self._dt, "jump", far, way)

        same = (way == 0) & (now.velocity == self._before.velocity)
        self._still = np.where(same & on, self._still + np.abs(moves), 0.0)
        self._late = np.where(self._still > STILL, self._late + 1, 0)
        stuck = "The angle of {joint} stands still while its command moved by {value:.2f} rad"
        late = self._late > math.ceil(LATE / self._dt)
        self._first(late, "encoder", stuck, self._still)

    def _judge_torso(self, now: Readings, moves: Array) -> None:
        if self._tilt is None:
            self._tilt = leaning(now.acceleration)
        else:
            self._tilt = filtered(self._tilt, now.rate, now.acceleration, self._dt, TIME_CONSTANT)
        largest = float(np.abs(self.tilt).max())
        if largest > self._robot.guard.tilt:
            self.trip("tilt", f"The torso leans by {math.degrees(largest):.0f} degrees")

        before = self._before
        same = (
            before is not None
            and np.array_equal(now.rate, before.rate)
            and np.array_equal(now.acceleration, before.acceleration)
        )
        self._repeated = self._repeated + 1 if same and np.abs(moves).max() > MOVES else 0
        if self._repeated >= REPEATED:
            self.trip("imu", "Gyroscope and accelerometer repeat themselves")

    def _first(self, wrong: NDArray[np.bool_], guard: str, text: str, values: Array) -> None:
        """Trips at the first servo for which something is wrong."""
        for place in np.flatnonzero(wrong)[:1]:
            self.trip(guard, text.format(joint=self._joints[place], value=values[place]))


def errors(bits: int) -> str:
    """Hardware errors in words."""
    found: Sequence[str] = [word for bit, word in ERRORS.items() if bits >> bit & 1]
    return ", ".join(found) or f"error bits {bits:#04x}"
