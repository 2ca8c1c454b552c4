"""The frame in which a torso's pose is read: x forward, z up, at a height that a fall shows in.

Files turn the frame of a torso as they like, and put it where they like. Where the body's own frame
does not serve, another body without mass is fixed to the torso, and the pose is that body's.
"""

from itertools import permutations, product
from typing import NamedTuple

import mujoco
import numpy as np

from evoloco.errors import ModelError, SpecError
from evoloco.fields import Array
from evoloco.robot.wanted_pose import Direction
from evoloco.standard_sensors import free_name
from evoloco.stature import extents
from evoloco.subtree import robot_bodies, robot_geoms

MAX_LEAN = 35.0
"""Largest angle between the torso's upward axis and the vertical at home [deg]."""

MAX_LEGS = 60.0
"""Largest angle between the legs of a torso whose z axis is not up and the vertical [deg]."""

TURNED = 10.0
"""Angle between the torso's forward axis and the world's from which it is told [deg]."""

LOWEST = 0.5
"""Least height of the torso's frame over the soles, as a share of that of the highest hip [1]."""

HIGHEST = 1.25
"""Greatest height of the torso's frame over the soles, as a share of the robot's [1]."""

AXES = {
    f"{sign}{axis}": (-1.0 if sign else 1.0) * np.eye(3)[place]
    for place, axis in enumerate("xyz")
    for sign in ("", "-")
}
"""Axes of a body by their names."""


class Frame(NamedTuple):
    """A frame on the torso.

    Attributes:
        place: Its origin, in the torso's frame [m] (3,).
        axes: Its axes, forward, to the left and up, as columns in the torso's frame (3, 3).
    """

    place: Array
    axes: Array

    def is_own(self) -> bool:
        """Whether it is the torso's own frame."""
        return not self.place.any() and bool((self.axes == np.eye(3)).all())


def read_axes(
    turn: Array,
    forward: Direction | None,
    up: Direction | None,
    legs: Array | None,
    torso: str,
    path: str,
    told: list[str],
) -> Array:
    """The torso's forward, left and upward directions, as columns in its frame (3, 3).

    Where they are not given, z is up and x forward if that is nearly true at home; else they are
    those of the torso's axes that are nearest to the world's at home.

    Args:
        turn: Rotation matrix of the torso at home (3, 3).
        forward: The forward direction, if it is given.
        up: The upward direction, if it is given.
        legs: From the hips to the feet, in the world; None where the robot has no legs.
        torso: Name of the torso.
        path: Of the file.
        told: Gets a sentence if the axes are not the torso's own.

    Raises:
        SpecError: A direction is none, or both are parallel.
        ModelError: The torso is not upright.
    """
    axes = _given(turn, forward, up)
    lean = _angle(turn @ axes[:, 2])
    if lean > MAX_LEAN:
        raise ModelError(
            f"{path}: torso '{torso}' is not upright at home: its {_name(axes[:, 2])} axis leans "
            f"by {lean:.0f}° from the vertical. Give `home` angles or a keyframe in which it is "
            f"upright, or say which of its directions is up; upward is now up = {_vector(turn[2])}."
        )

    own = np.array_equal(axes, np.eye(3))
    if up is None and not np.array_equal(axes[:, 2], AXES["z"]) and legs is not None:
        below = _angle(-legs)
        if below > MAX_LEGS:
            raise ModelError(
                f"{path}: torso '{torso}' lies at home: its z axis is {_angle(turn[:, 2]):.0f}° "
                f"from the vertical, and its legs point {below:.0f}° away from down. Give a "
                "keyframe in which it stands; if it stands like this, say up = "
                f'"{_name(axes[:, 2])}".'
            )
    if not own:
        told.append(
            f"The pose of torso '{torso}' is read with its {_name(axes[:, 0])} axis as forward and "
            f"its {_name(axes[:, 2])} axis as up."
        )
    return axes


def _given(turn: Array, forward: Direction | None, up: Direction | None) -> Array:
    """The axes that are given, completed with those nearest to the world's at home (3, 3)."""
    if up is None and forward is not None:
        ahead = _direction(forward, "forward")
        upward = max(_across(ahead), key=lambda axis: float((turn @ axis)[2]))
        return _orthogonal(ahead, upward, keep_forward=True)

    if up is None:
        if _angle(turn[:, 2]) <= MAX_LEAN:
            return np.eye(3)
        candidates = [np.stack(each, axis=1) for each in _right_handed()]
        return max(candidates, key=lambda axes: float(np.trace(turn @ axes)))

    upward = _direction(up, "up")
    if forward is not None:
        ahead = _direction(forward, "forward")
    elif np.array_equal(upward, AXES["z"]):
        ahead = AXES["x"]
    else:
        ahead = max(_across(upward), key=lambda axis: float((turn @ axis)[0]))
    return _orthogonal(ahead, upward, keep_forward=False)


def _across(direction: Array) -> list[Array]:
    """The axes that are more across a direction than along it."""
    return [axis for axis in AXES.values() if abs(axis @ direction) < np.sqrt(0.5)]


def _orthogonal(ahead: Array, upward: Array, keep_forward: bool) -> Array:
    """Right-handed axes of two directions, of which one is kept as it is (3, 3)."""
    left = np.cross(upward, ahead)
    if np.linalg.norm(left) < np.sin(np.pi / 180):
        raise SpecError("morphology.forward and morphology.up must not be parallel.")
    left /= np.linalg.norm(left)
    if keep_forward:
        upward = np.cross(ahead, left)
    else:
        ahead = np.cross(left, upward)
    return np.stack([ahead, left, upward], axis=1) + 0.0


def _right_handed() -> list[tuple[Array, Array, Array]]:
    """The 24 right-handed frames along the axes of a body."""
    found = []
    for order in permutations(np.eye(3)):
        for signs in product((1.0, -1.0), repeat=3):
            axes = tuple(sign * axis + 0.0 for sign, axis in zip(signs, order, strict=True))
            if np.linalg.det(np.stack(axes)) > 0:
                found.append((axes[0], axes[1], axes[2]))
    return found


def _direction(given: Direction, key: str) -> Array:
    """A unit vector of an axis' name or of three numbers.

    Raises:
        SpecError: It is neither.
    """
    if isinstance(given, str):
        name = given.strip().lower().lstrip("+")
        if name in AXES:
            return np.array(AXES[name])
    else:
        vector = np.asarray(given, float)
        length = float(np.linalg.norm(vector)) if vector.shape == (3,) else 0.0
        if 0 < length < np.inf:
            return np.asarray(vector / length)
    raise SpecError(
        f"morphology.{key} = {given!r} is no direction of the torso. Give one of its axes, "
        f"{', '.join(AXES)}, or a vector of three numbers in its frame."
    )


def facing(turn: Array, axes: Array) -> float:
    """Angle from the world's x axis to the torso's forward direction, seen from above [rad]."""
    ahead = turn @ axes[:, 0]
    return float(np.arctan2(ahead[1], ahead[0]))


def read_place(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    torso: str,
    soles: list[int],
    hip: float,
    told: list[str],
) -> Array:
    """Where the torso's pose is read, in its frame [m] (3,).

    It is the origin, if that is well above the ground and not above the robot; else the centre of
    mass of what is fixed to the torso.

    Args:
        model: The model.
        data: At home, with its kinematics.
        torso: Name of the torso.
        soles: Ids of the feet's geoms.
        hip: Height of the highest joint of a leg [m].
        told: Gets a sentence if it is not the origin.
    """
    body = model.body(torso).id
    sole = float(extents(model, data, soles)[0].min())
    top = max(
        float(extents(model, data, robot_geoms(model, torso).tolist())[1].max()),
        float(data.xipos[robot_bodies(model, torso), 2].max()),
    )
    above = float(data.xpos[body][2] - sole)
    if LOWEST * (hip - sole) <= above <= HIGHEST * (top - sole):
        return np.zeros(3)

    fixed = np.flatnonzero(model.body_weldid == model.body_weldid[body])
    mass = model.body_mass[fixed]
    if not mass.any():
        return np.zeros(3)
    centre = mass @ data.xipos[fixed] / mass.sum()
    told.append(
        f"The frame of torso '{torso}' is {1000 * above:.0f} mm above the soles at home; its "
        f"height is read at its centre of mass, {1000 * (centre[2] - sole):.0f} mm above them."
    )
    return np.asarray((centre - data.xpos[body]) @ data.xmat[body].reshape(3, 3))


def add_frame(spec: mujoco.MjSpec, torso: str, frame: Frame, told: list[str]) -> str:
    """Name of the body whose frame is the torso's: the torso, or one that is added to it."""
    if frame.is_own():
        return torso
    name = free_name(f"{torso}.frame", [body.name for body in spec.bodies])
    quat = np.empty(4)
    mujoco.mju_mat2Quat(quat, frame.axes.ravel())
    spec.body(torso).add_body(name=name, pos=frame.place, quat=quat)
    told.append(f"Added a body without mass, '{name}', in that frame.")
    return name


def _angle(direction: Array) -> float:
    """Angle of a direction from the vertical [deg]."""
    cosine = direction[2] / max(float(np.linalg.norm(direction)), 1e-12)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _name(direction: Array) -> str:
    """Name of an axis, or a vector's numbers."""
    for name, axis in AXES.items():
        if np.allclose(direction, axis):
            return name
    return _vector(direction)


def _vector(direction: Array) -> str:
    return "[" + ", ".join(f"{number + 0.0:.3g}" for number in np.round(direction, 3)) + "]"
