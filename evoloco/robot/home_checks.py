"""What makes a home pose unfit, found before any time is spent on it."""

from collections.abc import Sequence
from typing import NamedTuple

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.robot.ground_below import find_contacts
from evoloco.robot.words import listed
from evoloco.stature import extents
from evoloco.subtree import geoms_of, robot_bodies, robot_geoms

NEAR = 1e-4
"""Distance at which a body touches the ground [m]."""

OVERLAP = 1e-3
"""Depth from which parts of the robot that overlap are told [m]."""

SHARE = 0.01
"""Share of the robot's height by which it may be in the ground at home [1]."""

REMEDY = (
    "Give `home` angles or a keyframe in which the robot stands on its feet, or name all bodies "
    "that touch the ground as `feet`."
)


ASKEW = 1.0
"""Angle between gravity and down from which it is told [deg]."""

SIDEWAYS = 45.0
"""Angle from which it is refused [deg]."""


class Overlap(NamedTuple):
    """Two bodies that overlap.

    Attributes:
        depth: [m].
        body: Name of a body of the robot.
        other: Name of the other geom or, without one, of its body.
    """

    depth: float
    body: str
    other: str


def check_world(model: mujoco.MjModel, path: str, told: list[str]) -> None:
    """Refuses a world in which nothing can stand.

    Args:
        model: The model.
        path: Of the file.
        told: Gets a sentence if gravity does not point straight down.

    Raises:
        ModelError: Contacts are disabled, or gravity does not point down.
    """
    off = mujoco.mjtDisableBit
    if model.opt.disableflags & (off.mjDSBL_CONTACT | off.mjDSBL_CONSTRAINT):
        raise ModelError(
            f"{path}: the file disables contacts, without which no robot stands. Take the flag "
            '`contact="disable"` or `constraint="disable"` out of its <option>.'
        )

    gravity = np.array(model.opt.gravity)
    size = float(np.linalg.norm(gravity))
    if size == 0 or model.opt.disableflags & off.mjDSBL_GRAVITY:
        return
    angle = float(np.degrees(np.arccos(np.clip(-gravity[2] / size, -1, 1))))
    pull = ", ".join(f"{part:g}" for part in gravity)
    if angle > SIDEWAYS:
        raise ModelError(
            f"{path}: gravity, [{pull}] m/s², points {angle:.0f}° away from -z, and evoloco takes "
            "z as up. Turn the file's world, or set the gravity in its <option>."
        )
    if angle > ASKEW:
        told.append(f"Gravity, [{pull}] m/s², points {angle:.1f}° away from straight down.")


def depth_in_ground(model: mujoco.MjModel, data: mujoco.MjData, torso: str) -> Overlap | None:
    """The deepest overlap of the robot with what never moves; None where there is none.

    Args:
        model: The model.
        data: With its contacts.
        torso: Name of the torso.
    """
    own = set(robot_geoms(model, torso).tolist())
    still = model.body_treeid[model.geom_bodyid] < 0
    found = []
    for geom, other, depth in _overlaps(data):
        for mine, ground in ((geom, other), (other, geom)):
            if mine in own and ground not in own and still[ground]:
                found.append(Overlap(depth, _body(model, mine), _label(model, ground)))
    return max(found, default=None)


def check_ground(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    torso: str,
    feet: Sequence[str],
    path: str,
    source: str,
) -> None:
    """Refuses a robot that is in the ground.

    Args:
        model: The model.
        data: At home, with its contacts.
        torso: Name of the torso.
        feet: Names of the feet.
        path: Of the file.
        source: What the pose is, in words.

    Raises:
        ModelError: A body is in the ground, or the torso below the feet.
    """
    geoms = robot_geoms(model, torso).tolist()
    lows, highs = extents(model, data, geoms)
    deepest = depth_in_ground(model, data, torso)
    if deepest and deepest.depth > max(SHARE * float(highs.max() - lows.min()), OVERLAP):
        raise ModelError(
            f"{path}: at home ({source}), body '{deepest.body}' is {1000 * deepest.depth:.0f} mm "
            f"in the ground, '{deepest.other}', when the lowest foot touches what is under it. "
            f"{REMEDY}"
        )

    body = model.body(torso).id
    fixed = np.flatnonzero(model.body_weldid == model.body_weldid[body])
    mass = model.body_mass[fixed]
    centre = mass @ data.xipos[fixed] / mass.sum() if mass.any() else data.xpos[body]
    lowest = min((float(data.xpos[model.body(foot).id][2]), foot) for foot in feet)
    below = lowest[0] - float(centre[2])
    if below > 0:
        raise ModelError(
            f"{path}: at home ({source}), the centre of torso '{torso}' is {1000 * below:.0f} mm "
            f"below the lowest foot, '{lowest[1]}'. {REMEDY}"
        )


def tell_touching(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    torso: str,
    feet: Sequence[str],
    told: list[str],
) -> None:
    """Tells which bodies but the feet touch the ground at home."""
    soles = {geom for foot in feet for geom in geoms_of(model, foot)}
    others = sorted(set(robot_geoms(model, torso).tolist()) - soles)
    touching = {
        _body(model, geom)
        for ground, geom in zip(*find_contacts(model, torso, others), strict=True)
        if mujoco.mj_geomDistance(model, data, ground, geom, 2 * NEAR, None) < NEAR
    }
    if touching:
        told.append(
            f"At home these bodies touch the ground and are no feet: {listed(sorted(touching))}. "
            "That counts as a fall, unless scenario.termination.body_contact is false."
        )


def tell_overlaps(model: mujoco.MjModel, data: mujoco.MjData, torso: str, told: list[str]) -> None:
    """Tells where parts of the robot overlap each other at home."""
    bodies = set(robot_bodies(model, torso).tolist())
    found: dict[tuple[str, str], float] = {}
    for geom, other, depth in _overlaps(data):
        pair = (model.geom_bodyid[geom], model.geom_bodyid[other])
        if bodies.issuperset(pair) and depth > OVERLAP:
            names = _body(model, geom), _body(model, other)
            found[names] = max(depth, found.get(names, 0.0))
    if not found:
        return

    (first, second), depth = max(found.items(), key=lambda item: item[1])
    more = f", and {len(found) - 1} more pairs less" if len(found) > 1 else ""
    told.append(
        f"At home '{first}' and '{second}' overlap by {1000 * depth:.1f} mm{more}: they push each "
        "other apart."
    )


def _overlaps(data: mujoco.MjData) -> list[tuple[int, int, float]]:
    """Pairs of geoms that overlap, and how deep [m]."""
    return [
        (int(contact.geom[0]), int(contact.geom[1]), -float(contact.dist))
        for contact in data.contact
        if contact.dist < 0 and min(contact.geom) >= 0  # a flex has no geom
    ]


def _body(model: mujoco.MjModel, geom: int) -> str:
    return str(model.body(model.geom_bodyid[geom]).name)


def _label(model: mujoco.MjModel, geom: int) -> str:
    return str(model.geom(geom).name or _body(model, geom))
