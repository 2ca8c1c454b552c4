"""A body as line segments: what stick figures are made of."""

from typing import NamedTuple

import mujoco
import numpy as np

from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.report.sides import side_of
from evoloco.subtree import is_in_subtree


class Segment(NamedTuple):
    """One line of a stick figure.

    Attributes:
        body: Id of the body that it moves with.
        side: "left", "right" or "".
        ends: In the world [m] (2, 3).
    """

    body: int
    side: str
    ends: Array


def posed(morphology: Morphology, pose: Array) -> mujoco.MjData:
    """Returns the body in a pose (nq,): its bodies, joints and muscle paths in the world."""
    model, data = morphology.model, mujoco.MjData(morphology.model)
    data.qpos = pose
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_tendon(model, data)
    return data


def segments(morphology: Morphology, data: mujoco.MjData) -> list[Segment]:
    """Returns the line segments of a pose.

    They connect:

    * the joint of each body with that of its parent;
    * the torso with its head, or else with the upper end of its longest axis.

    Parts that are fixed to the torso, and feet, are drawn by their longest
    axes. A foot whose joint is not on its axis is a triangle.
    """
    model = morphology.model
    torso = model.body(morphology.torso).id

    found: list[Segment] = []
    for body in range(1, model.nbody):
        parent = int(model.body_parentid[body])
        axes, joint = _axes(model, data, body), _joint(model, data, body)
        side = body_side(morphology, body)

        if body == torso and axes:
            found.append(Segment(body, side, np.stack([joint, _top(model, data, body, axes[0])])))
        elif is_in_subtree(model, parent, torso):
            above = _joint(model, data, parent)
            fixed = model.body_weldid[body] == model.body_weldid[torso]
            end = _nearest(axes[0], above) if fixed and axes else joint
            found.append(Segment(parent, side, np.stack([above, end])))
            if fixed:
                found += [Segment(body, side, axis) for axis in axes]

        if model.body(body).name in morphology.feet:
            lines = [*axes, *(_triangle(axes[0], joint) if axes else [])]
            found += [Segment(body, side, line) for line in lines]
    return found


def body_side(morphology: Morphology, body: int) -> str:
    """Returns the side of a body: of the foot that it is, of its joint, or of its name."""
    model = morphology.model
    if side := morphology.sides.of_foot(model.body(body).name):
        return side
    sides = {int(model.joint(joint.name).bodyid[0]): joint.side for joint in morphology.joints}
    above = body
    while above > 0:
        if sides.get(above):
            return sides[above]
        above = int(model.body_parentid[above])
    return side_of(model.body(body).name)


def _top(model: mujoco.MjModel, data: mujoco.MjData, body: int, axis: Array) -> Array:
    """Returns where the torso ends [m] (3,): its highest geom if that is above its longest axis.

    Args:
        model: The compiled model.
        data: Its pose.
        body: Id of the torso.
        axis: Its longest axis [m] (2, 3).
    """
    first, up = int(model.body_geomadr[body]), data.xmat[body].reshape(3, 3)[:, 2]
    centres = data.geom_xpos[first : first + int(model.body_geomnum[body])]
    upper = max(axis, key=lambda end: float(end @ up))
    highest = centres[np.argmax(centres @ up)]
    return np.array(highest if highest @ up > upper @ up else upper)


def _triangle(axis: Array, joint: Array) -> list[Array]:
    """Returns the sides of a foot from its joint to the ends of its axis, if it is off the axis.

    Args:
        axis: Ends of the foot's axis [m] (2, 3).
        joint: Position of its joint [m] (3,).
    """
    length = np.linalg.norm(axis[1] - axis[0])
    distance = np.linalg.norm(_nearest(axis, joint) - joint)
    if distance <= 0.2 * length:
        return []
    return [np.stack([joint, end]) for end in axis]


def _joint(model: mujoco.MjModel, data: mujoco.MjData, body: int) -> Array:
    """Returns the position of a body's last hinge in the world [m] (3,).

    A body whose last joint is not a hinge, or that has none, is at its origin.
    """
    last = model.body_jntadr[body] + model.body_jntnum[body] - 1
    turns = model.body_jntnum[body] and model.jnt_type[last] == mujoco.mjtJoint.mjJNT_HINGE
    return np.array(data.xanchor[last] if turns else data.xpos[body])


def _nearest(axis: Array, point: Array) -> Array:
    """Returns the end of an axis that is nearer to a point [m] (3,)."""
    return np.asarray(min(axis, key=lambda end: float(np.linalg.norm(end - point))))


def _axes(model: mujoco.MjModel, data: mujoco.MjData, body: int) -> list[Array]:
    """Returns the longest axes of a body's geoms in the world [m] (2, 3), the longest first.

    Further geoms count if they are at least half as long, and three times as
    long as thick.
    """
    first = int(model.body_geomadr[body])
    geoms = range(first, first + int(model.body_geomnum[body]))
    halves = {geom: model.geom_aabb[geom][3:] for geom in geoms}
    longest = max((float(half.max()) for half in halves.values()), default=0.0)

    axes: list[Array] = []
    for geom, half in sorted(halves.items(), key=lambda item: -float(item[1].max())):
        similar = half.max() >= 0.5 * longest and half.max() >= 3 * np.median(half)
        if axes and not similar:
            continue
        centre = model.geom_aabb[geom][:3]
        reach = half * (np.arange(3) == np.argmax(half))
        rotation = data.geom_xmat[geom].reshape(3, 3)
        ends = np.stack([rotation @ (centre - reach), rotation @ (centre + reach)])
        axes.append(data.geom_xpos[geom] + ends)
    return axes
