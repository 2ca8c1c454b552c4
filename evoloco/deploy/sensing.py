"""What a robot tells as a controller reads it, and whether robot and controller fit."""

import numpy as np

from evoloco.deploy.readings import Readings
from evoloco.deploy.robot import Robot
from evoloco.errors import SpecError
from evoloco.genome import Array
from evoloco.host import Host
from evoloco.robot_log import STANDARD_GRAVITY
from evoloco.sensors import acceleration
from evoloco.standard_sensors import RATE

TRIED = 2.0
"""Time for which a controller is tried without load cells [s]."""

SEED = 0
"""Of the loads that it is tried with."""


def named(robot: Robot, now: Readings, feet: tuple[str, ...]) -> dict[str, Array]:
    """Readings by the names of MuJoCo's sensors. A foot without a load cell has no load.

    Args:
        robot: Whose joints are in the order of the readings.
        now: The readings.
        feet: Names of the body's feet.
    """
    found = {RATE: now.rate, acceleration.NAME: now.acceleration}
    for place, joint in enumerate(robot.joints):
        found[f"joint.{joint}.angle"] = now.position[place : place + 1]
        found[f"joint.{joint}.velocity"] = now.velocity[place : place + 1]
    loads = dict(zip(robot.feet, now.load, strict=True))
    for foot in feet:
        found[f"foot.{foot}.ground"] = np.array([0.0, 0.0, loads.get(foot, 0.0), 0.0, 0.0, 0.0])
    return found


def check_body(robot: Robot, host: Host) -> None:
    """Checks that a robot has the joints and feet of a body, and can stand at home.

    Args:
        robot: Whose joints are in the order of the commands.
        host: Whose body it is.

    Raises:
        SpecError: It does not.
    """
    body = host.morphology
    if body.muscles or body.torques:
        drive = "muscles" if body.muscles else "motors that take torques"
        raise SpecError(f"Servos take angles, but {drive} drive the joints of this run's body.")
    for name, angle, low, high in zip(robot.joints, host.home, robot.low, robot.high, strict=True):
        if not low <= angle <= high:
            raise SpecError(
                f"The home posture has {name} at {angle:.2f} rad, beyond the limits of robot "
                f"'{robot.name}': {low:g} to {high:g} rad."
            )
    for foot in robot.feet:
        if foot not in body.feet:
            raise SpecError(
                f"Robot '{robot.name}' has a foot '{foot}', the body {', '.join(body.feet)}."
            )


def check(robot: Robot, host: Host) -> None:
    """Checks that a robot tells what a controller reads, and fits its body.

    Args:
        robot: Whose joints are in the order of the commands.
        host: Of the controller. It is reset.

    Raises:
        SpecError: It does not.
    """
    check_body(robot, host)
    feet = host.morphology.feet
    told = named(robot, _at_home(host.home, len(robot.feet)), feet)
    missing = [name for name in host.reads if name not in told]
    if missing:
        raise SpecError(
            f"The controller reads {', '.join(missing)}, which no robot's file can name."
        )
    bare = [foot for foot in feet if foot not in robot.feet]
    if bare and feels_loads(host, told, bare):
        raise SpecError(
            f"The controller uses the loads of {', '.join(bare)}, but robot '{robot.name}' has no "
            "load cells there. Add them to its file under [feet], or evolve without foot_load."
        )


def _at_home(home: Array, feet: int) -> Readings:
    """What an upright robot tells in its home posture."""
    still = np.zeros(len(home))
    return Readings(
        position=home,
        velocity=still,
        current=still,
        temperature=still,
        voltage=still,
        rate=np.zeros(3),
        acceleration=np.array([0.0, 0.0, STANDARD_GRAVITY]),
        load=np.zeros(feet),
        error=still,
        torque=still,
    )


def feels_loads(host: Host, told: dict[str, Array], feet: list[str]) -> bool:
    """Whether the commands of a controller depend on the loads of some feet, as far as trials show.

    Args:
        host: Of the controller. It is reset.
        told: Readings by the names of MuJoCo's sensors.
        feet: Names of the feet.
    """
    weight = host.morphology.weight
    random = np.random.default_rng(SEED)
    steps = round(TRIED / host.control_dt)
    drawn = random.choice([0.0, weight], size=(steps, len(feet)))
    tilts = 0.1 * random.standard_normal((steps, 3))

    answers = []
    for loads in (np.zeros_like(drawn), drawn):
        host.reset()
        answer = []
        for row, tilt in zip(loads, tilts, strict=True):
            now = {**told, RATE: told[RATE] + tilt}
            for foot, load in zip(feet, row, strict=True):
                now[f"foot.{foot}.ground"] = np.array([0.0, 0.0, load, 0.0, 0.0, 0.0])
            answer.append(host.step(now))
        answers.append(np.stack(answer))
    host.reset()
    without, with_loads = answers
    return not np.array_equal(without, with_loads)
