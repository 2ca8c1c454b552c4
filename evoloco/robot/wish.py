"""What a run file asks of a robot's actuators."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Annotated, Literal

import mujoco
from pydantic import Discriminator, Tag

from evoloco.errors import ModelError, UnknownNameError
from evoloco.robot.actuator import SCALAR
from evoloco.servo import SERVOS, Servo
from evoloco.subtree import OF_JOINT


def _form(servo: object) -> str:
    """Which form a value of the key `servo` has."""
    if isinstance(servo, Mapping):
        numbers = {field.name for field in fields(Servo)} & set(servo)
        return "<numbers>" if numbers or not servo else "<patterns>"
    return "<numbers>" if isinstance(servo, Servo) else "<name>"


OneServo = Annotated[
    Annotated[str, Tag("<name>")] | Annotated[Servo, Tag("<numbers>")], Discriminator(_form)
]
"""A servo by its name, or by its numbers."""

Servos = Annotated[
    Annotated[str, Tag("<name>")]
    | Annotated[Servo, Tag("<numbers>")]
    | Annotated[Mapping[str, OneServo], Tag("<patterns>")],
    Discriminator(_form),
]
"""A servo, or one for every pattern of joint names."""

Control = Literal["angle", "torque"]
"""What a control of a driven joint is."""


@dataclass(frozen=True)
class Wish:
    """What a run file asks of a robot's actuators.

    Attributes:
        joints: To drive, in the order of the controls.
        servo: For joints without an actuator that takes a position; of their own where None.
        hold: Patterns of joints that get a servo which holds home.
        free: Patterns of joints whose actuators are taken off, or of actuators of tendons, sites
            and bodies.
        control: What a control is.
    """

    joints: Sequence[str]
    servo: Servos | None = None
    hold: Sequence[str] = ()
    free: Sequence[str] = ()
    control: Control = "angle"

    def servo_of(self, joint: str) -> tuple[Servo | None, bool]:
        """The servo that is asked for at a joint, and whether a pattern asks for it."""
        if self.servo is None:
            return None, False
        if isinstance(self.servo, str | Servo):
            return _known(self.servo), False
        for pattern, servo in self.servo.items():
            if fnmatchcase(joint, pattern):
                return _known(servo), True
        return None, False


def _known(servo: str | Servo) -> Servo:
    return SERVOS[servo] if isinstance(servo, str) else servo


def check_wish(wish: Wish, spec: mujoco.MjSpec, path: str) -> None:
    """Refuses what a run file cannot ask for.

    Args:
        wish: What it asks for.
        spec: Of the file.
        path: Of the robot's file.

    Raises:
        UnknownNameError: A servo does not exist, or a pattern fits no joint.
        ModelError: A pattern fits a driven joint, or a joint is to be held and free.
    """
    hinges = scalar_joints(spec)
    several = isinstance(wish.servo, Mapping)
    servos = dict(wish.servo) if isinstance(wish.servo, Mapping) else {"*": wish.servo}
    for pattern, servo in servos.items():
        if isinstance(servo, str) and servo not in SERVOS:
            raise UnknownNameError("servo", servo, SERVOS)
        if several and not fitting(wish.joints, [pattern]):
            raise UnknownNameError("driven joint, in `servo`,", pattern, wish.joints)

    others = [one.name for one in spec.actuators if one.name and one.trntype not in OF_JOINT]
    known = {"hold": hinges, "free": [*hinges, *others]}
    for key, patterns in (("hold", wish.hold), ("free", wish.free)):
        for pattern in patterns:
            if not fitting(known[key], [pattern]):
                raise UnknownNameError(f"joint, in `{key}`,", pattern, known[key], path)
            driven = fitting(wish.joints, [pattern])
            if driven:
                raise ModelError(
                    f"{path}: `{key}` has '{pattern}', which fits the driven joint '{driven[0]}'. "
                    f"Take the joint out of `joints`, or the pattern out of `{key}`."
                )
    both = [name for name in fitting(hinges, wish.hold) if name in fitting(hinges, wish.free)]
    if both:
        raise ModelError(f"{path}: joint '{both[0]}' is in `hold` and in `free`; it can be in one.")


def fitting(names: Collection[str], patterns: Sequence[str]) -> list[str]:
    """The names that fit one of some patterns."""
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]


def scalar_joints(spec: mujoco.MjSpec) -> list[str]:
    """Names of the joints that turn or slide."""
    return [joint.name for joint in spec.joints if joint.name and joint.type in SCALAR]
