"""Home poses that a robot may stand in, as keys of a run file."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from evoloco.fields import Array
from evoloco.morphology import HOME
from evoloco.robot.anatomy import Anatomy
from evoloco.robot.legs import Leg
from evoloco.robot.linkage import Linkage

CROUCHES = (0.08, 0.14, 0.03)
"""How far the torso comes down from straight legs [length of the leg]."""

STRAIGHT = 0.97
"""Distance of a foot from the hip of a leg that is straight [length of the leg]."""

SEEN = 0.6
"""Least length of a leg that is seen from the side [its length]."""

Options = dict[str, Any]
"""Keys of [morphology] with their values."""


def home_poses(linkage: Linkage, anatomy: Anatomy) -> Iterator[Options]:
    """Yields home poses in the order in which they should be tried.

    The last one has every joint that the file has out of its range in the middle of it. The file's
    own comes first if its legs are bent, and last if they are straight, since a straight
    leg can neither lift nor lower its foot. Between are other keyframes, and crouches.

    Args:
        linkage: In the file's pose.
        anatomy: Of the robot.
    """
    turned = _turned(linkage, anatomy)
    bent = all(_is_bent(leg, anatomy.forward.direction) for leg in anatomy.legs)
    if bent:
        yield turned
    yield from ({**turned, "keyframe": name} for name in _keyframes(linkage))
    yield from ({**turned, "crouch": share} for share in CROUCHES)
    if not bent:
        yield turned
    if middle := _middle(linkage, anatomy):
        yield {**turned, "home": middle}


def _keyframes(linkage: Linkage) -> list[str]:
    """Names of keyframes that are not taken unless they are named: where there are several."""
    names = [linkage.model.key(key).name for key in range(linkage.model.nkey)]
    return [] if HOME in names or len(names) == 1 else list(filter(None, names))


def _middle(linkage: Linkage, anatomy: Anatomy) -> dict[str, float]:
    """Angles in the middle of their ranges, of joints whose reference is out of them [rad]."""
    model, found = linkage.model, {}
    for name in anatomy.joints:
        joint = model.joint(name)
        low, high = joint.range
        if model.jnt_limited[joint.id] and not low <= model.qpos0[joint.qposadr[0]] <= high:
            found[name] = round(float(low + high) / 2, 4)
    return found


def _is_bent(leg: Leg, forward: str) -> bool:
    """Whether a leg can become longer: seen from the side, unless it points sideways."""
    points = np.array([*(link.anchor for link in leg.links), leg.tip])
    seen = points.copy()
    seen[:, "yx".index(forward[1])] = 0
    if _length(seen) > SEEN * _length(points):
        points = seen
    return bool(np.linalg.norm(points[-1] - points[0]) < STRAIGHT * _length(points))


def _length(points: Array) -> float:
    """Length of a path through points [m]."""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def _turned(linkage: Linkage, anatomy: Anatomy) -> Options:
    """The axis of the torso that is to face the world's x axis, where it does not."""
    sign, axis = anatomy.forward.direction[0], anatomy.forward.direction[1]
    if sign + axis == "+x":
        return {}
    ahead = np.eye(3)["xyz".index(axis)] * (1 if sign == "+" else -1)
    body = linkage.model.body(anatomy.torso).id
    in_torso = linkage.data.xmat[body].reshape(3, 3).T @ ahead
    largest = int(np.argmax(np.abs(in_torso)))
    return {"forward": ("" if in_torso[largest] > 0 else "-") + "xyz"[largest]}
