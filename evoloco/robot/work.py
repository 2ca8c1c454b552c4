"""A robot whose actuators are put in order."""

from dataclasses import dataclass, field

import mujoco

from evoloco.errors import ModelError
from evoloco.robot.actuator import Actuator, read
from evoloco.robot.plant import Plant, compiled
from evoloco.robot.telling import Telling
from evoloco.robot.wish import Wish
from evoloco.subtree import robot_bodies


@dataclass
class Work:
    """A robot whose actuators are put in order.

    Attributes:
        spec: Of the robot; the file's actuators are taken off, and put back one by one.
        path: Of its file.
        wish: What the run file asks for.
        plant: The robot at home as its servos feel it, with the file's actuators.
        model: The robot, with the file's actuators.
        left: Actuators of the file that are not put back yet.
        sources: Place in the file of every actuator that was put back as it was; None for others.
        names: New name of each actuator of the file, by its place there; "" where it is no more.
        untouched: Places in the file of the actuators whose controls mean the same, in their order.
        told: What was done.
    """

    spec: mujoco.MjSpec
    path: str
    wish: Wish
    plant: Plant
    model: mujoco.MjModel
    left: list[Actuator]
    sources: list[int | None] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    untouched: list[int] = field(default_factory=list)
    told: Telling = field(default_factory=Telling)

    def of_joint(self, joint: str) -> list[Actuator]:
        """What is left at a joint."""
        return [actuator for actuator in self.left if actuator.joint == joint]

    def take(self, actuator: Actuator, name: str) -> None:
        """Takes an actuator off the list of those that are left.

        Args:
            actuator: Of the file.
            name: Of it in the spec, or of what is in its place; empty where nothing is.
        """
        self.left.remove(actuator)
        self.names[actuator.index] = name


def begin(spec: mujoco.MjSpec, path: str, torso: str, wish: Wish, plant: Plant) -> Work:
    """Takes the actuators off a robot."""
    for actuator in spec.actuators:
        if actuator.plugin.active:
            raise ModelError(
                f"{path}: actuator '{actuator.name}' is one of a plugin, which evoloco cannot "
                "drive. Write it as one of MuJoCo's own, such as `pid` or `position`."
            )
    model = compiled(spec, path)
    if model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_ACTUATION:
        raise ModelError(
            f'{path}: <flag actuation="disable"/> switches all actuators off, so nothing can drive '
            "the robot. Take the flag out."
        )
    bodies = {int(body) for body in robot_bodies(model, torso)}
    actuators = read(spec, model, bodies)
    for written in list(spec.actuators):
        spec.delete(written)
    return Work(spec, path, wish, plant, model, actuators)


def keep(work: Work, actuator: Actuator) -> None:
    """Puts an actuator back as it was."""
    put_back(work, actuator, free_name(work, actuator), "actuator")


def put_back(work: Work, actuator: Actuator, name: str, what: str) -> None:
    """Puts an actuator back as it was, under a name; `what` it is called where that is another."""
    actuator.add(work.spec, name)
    work.take(actuator, name)
    work.sources.append(actuator.index)
    work.untouched.append(actuator.index)
    if name != actuator.name:
        work.told.add(f"this {what} is called '{name}' here.", actuator.label)


def free_name(work: Work, actuator: Actuator) -> str:
    """The name of an actuator, or one like it where a driven joint has this name."""
    name, taken = actuator.name, {one.name for one in work.spec.actuators}
    while name and name in taken:
        name += "_beside"
    return name
