"""What can be randomized by name: unit, usual range, elements, and how the model changes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import mujoco
import numpy as np

from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.randomization import ground, links, servos
from evoloco.randomization.fields import INPUTS, Elements, Ids, bodies_of, elements_of
from evoloco.randomization.working import GRAVITY, SIGNALS, Working, channels

How = Literal["factor", "offset", "value"]
"""What becomes of a number: it is multiplied, shifted or replaced by what is drawn."""

Distribution = Literal["uniform", "log_uniform", "normal"]

Read = Callable[[Working, Ids], Array]
"""The numbers of some elements (k,)."""

Write = Callable[[Working, Ids, Array, Array], None]
"""Sets the numbers of some elements to new ones (k,), which are so many times the old ones (k,)."""

ANY: tuple[How, ...] = ("factor", "offset", "value")
FACTOR: tuple[How, ...] = ("factor",)


TINY = 1e-9
"""Smallest number of what must be positive."""


@dataclass(frozen=True)
class Quantity:
    """Something about a body or its surroundings that may differ between episodes.

    Attributes:
        meaning: One line for those who choose it.
        unit: Of its numbers.
        how: What becomes of them, where a table gives no range.
        low: Lower end of the usual range.
        high: Upper end.
        elements: What has such a number on a body: names and places. Empty where nothing has.
        read: Reads numbers.
        write: Writes numbers.
        fields: What `write` changes: fields of the model, or signals.
        allowed: What may become of the numbers.
        distribution: Of what is drawn, where a table says nothing.
        each: Whether every element has a draw of its own, where a table says nothing.
        least: Smallest number that means anything.
        steady: Why it may not drift within an episode, where its fields could.
    """

    meaning: str
    unit: str
    how: How
    low: float
    high: float
    elements: Callable[[Morphology], Elements]
    read: Read
    write: Write
    fields: tuple[str, ...]
    allowed: tuple[How, ...] = ANY
    distribution: Distribution = "uniform"
    each: bool = False
    least: float = -np.inf
    steady: str = ""

    @property
    def constant(self) -> str:
        """Why it may not drift within an episode; empty where it may."""
        if inputs := sorted(INPUTS.intersection(self.fields)):
            return f"MuJoCo computes constants from {inputs[0]}, once per episode"
        if SIGNALS.keys() & set(self.fields):
            return "MuJoCo's model has no number for it that could change in an episode"
        return self.steady


def column(field: str, number: int = 0) -> tuple[Read, Write]:
    """Reads and writes a column of a field of the model, or a field or signal that has only one."""

    def read(working: Working, ids: Ids) -> Array:
        values = working[field]
        return values[ids] if values.ndim == 1 else values[ids, number]

    def write(working: Working, ids: Ids, new: Array, _: Array) -> None:
        values = working[field]
        values[ids if values.ndim == 1 else (ids, number)] = new

    return read, write


@cache
def of_field(name: str, number: int) -> Quantity:
    """A column of a field of MuJoCo's model as a quantity, which has no usual range."""
    kind = name.partition("_")[0]
    meaning = f"column {number} of {name}"
    return Quantity(
        meaning, "", "factor", 1.0, 1.0, elements_of(kind), *column(name, number), (name,)
    )


def ones(_: Working, ids: Ids) -> Array:
    """Reads a number that is only known as a factor on what the body has."""
    return np.ones(len(ids))


def joints(morphology: Morphology) -> Elements:
    """The driven joints, by their places among them."""
    return _in_order(joint.name for joint in morphology.joints)


def servo_joints(morphology: Morphology) -> Elements:
    """The driven joints, where commands are angles that nothing but MuJoCo's servos follows."""
    commanded = not (morphology.muscles or morphology.torques or morphology.actuators)
    return joints(morphology) if commanded else ((), np.zeros(0, np.intp))


def dofs(morphology: Morphology) -> Elements:
    """The driven joints, by their degrees of freedom."""
    model, (names, _) = morphology.model, joints(morphology)
    ids = [mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_JOINT, name) for name in names]
    return names, model.jnt_dofadr[ids].astype(np.intp)


def axes(_: Morphology) -> Elements:
    """The axes of the world."""
    return _in_order("xyz")


def commands(_: Morphology) -> Elements:
    """All commands, as one element."""
    return _in_order(["commands"])


def sensors(_: Morphology) -> Elements:
    """All sensors, as one element."""
    return _in_order(["sensors"])


def observed(morphology: Morphology) -> Elements:
    """The numbers that a controller observes."""
    return _in_order(channels(morphology))


def _in_order(names: Iterable[str]) -> Elements:
    """Elements that stand in the order of their names."""
    listed = tuple(names)
    return listed, np.arange(len(listed))


QUANTITIES = {
    "mass": Quantity(
        "mass of bodies; their inertia follows, as if their density changed",
        "kg", "factor", 0.85, 1.15, bodies_of, column("body_mass")[0], links.weigh,
        ("body_mass", "body_inertia"), least=TINY,
    ),
    "inertia": Quantity(
        "inertia of bodies about their centres of mass; their mass stays",
        "1", "factor", 0.8, 1.25, bodies_of, ones, links.scale_inertia,
        ("body_inertia",), FACTOR, least=TINY,
    ),
    "centre_of_mass": Quantity(
        "place of bodies' centres of mass, along the x, y and z of their frames",
        "m", "offset", -0.01, 0.01, links.centres, links.read_centres, links.write_centres,
        ("body_ipos",), ("offset",), each=True,
    ),
    "torso_centre": Quantity(
        "place of the torso's centre of mass, along the x, y and z of its frame",
        "m", "offset", -0.01, 0.01, links.centre_of_torso, links.read_centres, links.write_centres,
        ("body_ipos",), ("offset",), each=True,
    ),
    "link_length": Quantity(
        "length of links, from joint to joint; their mass stays, and the soles start as high",
        "1", "factor", 0.97, 1.03, links.links, ones, links.stretch,
        links.STRETCHED, FACTOR, least=TINY,
    ),
    "sliding_friction": Quantity(
        "coefficient of sliding friction of geoms and contact pairs",
        "1", "factor", 0.7, 1.3, ground.surfaces, ground.read_friction, ground.write_friction,
        ("geom_friction", "pair_friction"), least=0.0,
    ),
    "contact_stiffness": Quantity(
        "stiffness of contacts of geoms and contact pairs; the damping ratio stays",
        "1", "factor", 0.5, 2.0, ground.surfaces, ones, ground.stiffen,
        ("geom_solref", "pair_solref"), FACTOR, "log_uniform", least=TINY,
    ),
    "servo_gain": Quantity(
        "torque of servos per position error",
        "N m/rad", "factor", 0.8, 1.2, servos.servos, servos.read_gain, servos.write_gain,
        ("actuator_gainprm", "actuator_biasprm"), least=0.0,
    ),
    "torque_limit": Quantity(
        "largest torque of actuators; of DC motors at rest, of muscles their force [N]",
        "N m", "factor", 0.7, 1.0, servos.limited, servos.read_limit, servos.write_limit,
        ("actuator_gainprm", "actuator_biasprm", "actuator_forcerange"), least=TINY,
        steady="a motor's resistance and the gain that goes with it would not keep step",
    ),
    "supply_voltage": Quantity(
        "voltage that DC motors are supplied with; stall torque, no-load speed and gain follow",
        "V", "factor", 0.85, 1.05, servos.supplied, servos.read_voltage, servos.write_voltage,
        ("actuator_gainprm",), least=TINY,
    ),
    "damping": Quantity(
        "viscous damping of driven joints, beside that of their motors",
        "N m s/rad", "offset", 0.0, 0.1, dofs, *column("dof_damping"),
        ("dof_damping",), least=0.0,
    ),
    "joint_friction": Quantity(
        "Coulomb friction of driven joints",
        "N m", "factor", 0.5, 2.0, dofs, *column("dof_frictionloss"),
        ("dof_frictionloss",), ANY, "log_uniform", least=0.0,
    ),
    "armature": Quantity(
        "inertia of rotors and gears at driven joints",
        "kg m²", "factor", 0.7, 1.4, dofs, *column("dof_armature"),
        ("dof_armature",), ANY, "log_uniform", least=0.0,
    ),
    "backlash": Quantity(
        "play of joints that servos drive, from end to end",
        "rad", "value", 0.004, 0.009, servo_joints, *column("backlash"), ("backlash",), least=0.0,
    ),
    "zero_offset": Quantity(
        "angle of driven joints where their servos believe zero to be",
        "rad", "offset", -0.02, 0.02, joints, *column("zero_offset"), ("zero_offset",), each=True,
    ),
    "gravity": Quantity(
        "gravity along the x, y and z of the world",
        "m/s²", "offset", -0.2, 0.2, axes, *column(GRAVITY), (GRAVITY,), each=True,
    ),
    "ground_slope": Quantity(
        "angle at which the ground rises ahead and to the left, from where the body starts",
        "rad", "offset", -0.035, 0.035, ground.sloping, *column("slope"),
        ("slope", *ground.TILTED), ("offset", "value"), each=True,
    ),
    "command_delay": Quantity(
        "time by which commands come later, beside the servos' own latency",
        "s", "value", 0.0, 0.02, commands, *column("command_delay"), ("command_delay",), least=0.0,
    ),
    "command_jitter": Quantity(
        "longest further delay of a single command; each has its own, uniform from 0",
        "s", "value", 0.0, 0.005, commands, *column("command_jitter"),
        ("command_jitter",), least=0.0,
    ),
    "sensor_delay": Quantity(
        "time by which readings come later, beside the sensors' own delay",
        "s", "value", 0.0, 0.02, sensors, *column("sensor_delay"), ("sensor_delay",), least=0.0,
    ),
    "sensor_noise": Quantity(
        "factor on the noise of all sensors",
        "1", "factor", 0.5, 2.0, sensors, *column("sensor_noise"),
        ("sensor_noise",), ANY, "log_uniform", least=0.0,
    ),
    "sensor_bias": Quantity(
        "constant error of each number that is observed, in its own unit",
        "its own", "offset", -0.01, 0.01, observed, *column("sensor_bias"),
        ("sensor_bias",), ("offset", "value"), "normal", each=True,
    ),
}  # fmt: skip
"""By the names that run files use."""
