"""What the bundled bodies are built of: boxes, rods, spheres, hinges and soles.

A geom without mass is for looks only and goes into group 1.
"""

from typing import Any

import mujoco

from ._world import GROUND

Vector = tuple[float, float, float]
"""A point or direction: forward, to the left, upward."""

Colour = tuple[float, float, float, float]
"""Red, green, blue and opacity, from 0 to 1."""

WHITE: Colour = (0.93, 0.94, 0.95, 1)
GREY: Colour = (0.60, 0.63, 0.66, 1)
DARK: Colour = (0.20, 0.22, 0.25, 1)
ACCENT: Colour = (0.93, 0.45, 0.16, 1)
BROWN: Colour = (0.60, 0.34, 0.19, 1)


def box(
    body: mujoco.MjsBody,
    name: str,
    middle: Vector,
    half: Vector,
    colour: Colour,
    mass: float = 0,
    contype: int = 0,
    conaffinity: int = 0,
) -> None:
    """Adds a box by its middle and half sizes [m]."""
    shape = {"type": mujoco.mjtGeom.mjGEOM_BOX, "pos": middle, "size": half}
    _add_geom(body, name, shape, colour, mass, contype, conaffinity)


def rod(
    body: mujoco.MjsBody,
    name: str,
    radius: float,
    start: Vector,
    end: Vector,
    colour: Colour,
    mass: float = 0,
    contype: int = 0,
    conaffinity: int = 0,
) -> None:
    """Adds a capsule between two points [m]."""
    ends, size = [*start, *end], [radius, 0, 0]
    shape = {"type": mujoco.mjtGeom.mjGEOM_CAPSULE, "fromto": ends, "size": size}
    _add_geom(body, name, shape, colour, mass, contype, conaffinity)


def ball(
    body: mujoco.MjsBody,
    name: str,
    middle: Vector,
    radius: float,
    colour: Colour,
    mass: float = 0,
    conaffinity: int = 0,
) -> None:
    """Adds a sphere [m]."""
    shape = {"type": mujoco.mjtGeom.mjGEOM_SPHERE, "pos": middle, "size": [radius, 0, 0]}
    _add_geom(body, name, shape, colour, mass, 0, conaffinity)


def _add_geom(
    body: mujoco.MjsBody,
    name: str,
    shape: dict[str, Any],
    colour: Colour,
    mass: float,
    contype: int,
    conaffinity: int,
) -> None:
    """Adds a geom, in group 1 where it is for looks only."""
    body.add_geom(
        name=name,
        rgba=colour,
        mass=mass,
        group=0 if mass else 1,
        contype=contype,
        conaffinity=conaffinity,
        **shape,
    )


def corner(
    spec: mujoco.MjSpec, foot: mujoco.MjsBody, name: str, place: Vector, radius: float
) -> None:
    """Adds a corner of a sole: a small sphere above a point of the ground, and its load cell.

    The load cell is the sensor `<foot>.load_<name>` [N].
    """
    x, y, z = place
    middle = (x, y, z + radius)
    ball(foot, f"{foot.name}_{name}", middle, radius, DARK, conaffinity=GROUND)

    cell = foot.add_site(
        name=f"{foot.name}.load_{name}", pos=middle, size=[1.5 * radius, 0, 0], group=4
    )
    spec.add_sensor(
        name=cell.name,
        type=mujoco.mjtSensor.mjSENS_TOUCH,
        objtype=mujoco.mjtObj.mjOBJ_SITE,
        objname=cell.name,
    )


def hinge(body: mujoco.MjsBody, name: str, axis: Vector, limits: tuple[float, float]) -> None:
    """Adds a hinge at the body's origin, with its range [rad]."""
    body.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=axis, range=limits)


def add_accelerometer(spec: mujoco.MjSpec, torso: mujoco.MjsBody, height: float = 0.0) -> None:
    """Adds the sensor `torso.acceleration` [m/s²], which includes gravity.

    Args:
        spec: The body.
        torso: Carries it.
        height: Above the torso's frame [m].
    """
    site = torso.add_site(name="torso.accelerometer", pos=[0, 0, height], group=4)
    spec.add_sensor(
        name="torso.acceleration",
        type=mujoco.mjtSensor.mjSENS_ACCELEROMETER,
        objtype=mujoco.mjtObj.mjOBJ_SITE,
        objname=site.name,
    )


def add_velocimeter(spec: mujoco.MjSpec) -> None:
    """Adds the sensor `torso.velocimeter` [m/s]: velocity of the accelerometer, in its frame."""
    spec.add_sensor(
        name="torso.velocimeter",
        type=mujoco.mjtSensor.mjSENS_VELOCIMETER,
        objtype=mujoco.mjtObj.mjOBJ_SITE,
        objname="torso.accelerometer",
    )


def add_planar_root(torso: mujoco.MjsBody) -> None:
    """Lets a body move in the sagittal plane only.

    Its joints are the slides `root_x` and `root_z`, and the hinge `root_pitch`.
    """
    slide, turn = mujoco.mjtJoint.mjJNT_SLIDE, mujoco.mjtJoint.mjJNT_HINGE
    torso.add_joint(name="root_x", type=slide, axis=[1, 0, 0])
    torso.add_joint(name="root_z", type=slide, axis=[0, 0, 1])
    torso.add_joint(name="root_pitch", type=turn, axis=[0, 1, 0])
