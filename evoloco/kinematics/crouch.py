"""A standing pose: feet flat below the hips, the torso lowered by a share of the legs' length."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.kinematics.fit import CLOSE, Fit, Residual, fit
from evoloco.kinematics.sole import Sole
from evoloco.subtree import joints_between

LATERAL = np.array([0.0, 1.0, 0.0])
"""Sideways direction of the world, about which legs bend."""

BENT = 0.4
"""Angle by which hip and ankle are bent in the first start, and half that of the knee [rad]."""

RESTARTS = 20
"""Random starts, where the bent legs do not lead to a solution."""

ANKLE = 0.3
"""Largest share of a leg that the link of a foot has if an ankle can turn it level."""

STRICT = 100.0
"""Weight of all else against the depth, where the longest reach is sought [1]."""

SHORT = 1e-3
"""Share by which straight legs are shorter than their longest reach, which is singular [1]."""


@dataclass(frozen=True)
class Leg:
    """The joints between the torso and a foot.

    Attributes:
        foot: Id of the foot's body.
        sole: What it stands on, in the foot's frame.
        joints: Ids of the hinges that may move, from the torso on.
        bending: Those of them that bend the leg forward and backward.
        signs: Whether each of these turns about the way to the left, 1, or to the right, -1.
        hip: The first of them that bends the leg forward and backward.
        place: Wanted place of the sole's centre, but for its height [m] (2,).
    """

    foot: int
    sole: Sole
    joints: tuple[int, ...]
    bending: tuple[int, ...]
    signs: tuple[float, ...]
    hip: int
    place: Array


def find_leg(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    torso: int,
    foot: int,
    sole: Sole,
    fixed: Collection[int] = (),
) -> Leg | None:
    """The leg that a foot hangs on; None where no hinge of it may move.

    Args:
        model: The model.
        data: In a pose in which the torso stands upright and faces along x, with its kinematics.
        torso: Id of the torso's body.
        foot: Id of the foot's body.
        sole: Of the foot.
        fixed: Ids of joints that keep their angles.
    """
    chain = joints_between(model, foot, torso)
    hinges = [j for j in chain if model.jnt_type[j] == int(mujoco.mjtJoint.mjJNT_HINGE)]
    joints = tuple(joint for joint in hinges if joint not in fixed)
    if not joints:
        return None
    bending = [joint for joint in joints if abs(data.xaxis[joint] @ LATERAL) > np.sqrt(0.5)]
    signs = tuple(float(np.sign(data.xaxis[joint] @ LATERAL)) for joint in bending)
    hip = (bending or joints)[0]
    centre = _place(data, foot, sole.centre)
    way = [*(data.xanchor[joint] for joint in joints), centre]
    links = [float(np.linalg.norm(b - a)) for a, b in pairwise(way)]
    if links[-1] > ANKLE * sum(links):
        sole = sole._replace(level=np.zeros((0, 3)))
    sideways = centre[1]
    return Leg(
        foot, sole, joints, tuple(bending), signs, hip, np.array([data.xanchor[hip][0], sideways])
    )


def crouch(
    model: mujoco.MjModel, qpos: Array, legs: Sequence[Leg], fraction: float
) -> tuple[Array, list[float]]:
    """Angles in which all soles are level, below their hips, and at one height.

    The height is that which lowers the torso by a fraction of the shortest leg's length, from where
    that leg is straight.

    Args:
        model: The model.
        qpos: Where the torso and all else stay (nq,).
        legs: The legs, of which no two share a joint.
        fraction: Share of the leg length by which the torso is lowered [1].

    Returns:
        The position (nq,), and how far the sole of each leg is from where it should be [m].
    """
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    hips = [float(data.xanchor[leg.hip][2]) for leg in legs]
    lowest = [_reach(model, qpos, leg) - leg.sole.radius for leg in legs]

    shortest = int(np.argmax(lowest))
    length = hips[shortest] - lowest[shortest]
    height = hips[shortest] - (1 - SHORT - fraction) * length
    pose, errors = np.array(qpos), []
    for leg in legs:
        found = _solve(model, qpos, leg, height + leg.sole.radius)
        errors.append(found.error)
        for joint in leg.joints:
            pose[model.jnt_qposadr[joint]] = found.qpos[model.jnt_qposadr[joint]]
    return pose, errors


def _reach(model: mujoco.MjModel, qpos: Array, leg: Leg) -> float:
    """Height of the sole's centre where the leg reaches as far down as it can [m]."""
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    hip = data.xanchor[leg.hip]
    anchors = [data.xanchor[joint] for joint in leg.joints]
    way = [hip, *anchors, _place(data, leg.foot, leg.sole.centre)]
    far = hip[2] - sum(float(np.linalg.norm(b - a)) for a, b in pairwise(way))

    data.qpos[:] = _solve(model, qpos, leg, far, STRICT, restarts=0).qpos
    mujoco.mj_kinematics(model, data)
    return float(_place(data, leg.foot, leg.sole.centre)[2])


def _solve(
    model: mujoco.MjModel,
    qpos: Array,
    leg: Leg,
    height: float,
    weight: float = 1.0,
    restarts: int = RESTARTS,
) -> Fit:
    """Angles of a leg whose sole is level and at a height [m].

    Hinges that bend the leg move first, alone: the others would turn it in ways that nobody stands.
    """
    residual = _residual(model, leg, height, weight)
    best = Fit(qpos, np.inf)
    for joints in dict.fromkeys((leg.bending, leg.joints)):
        dofs = [int(model.jnt_dofadr[joint]) for joint in joints]
        starts = _starts(leg, joints, restarts)
        found = fit(model, best.qpos, dofs, residual, starts)
        if found.error < best.error:
            best = found
        if best.error <= CLOSE:
            break
    return best


def _residual(model: mujoco.MjModel, leg: Leg, height: float, weight: float) -> Residual:
    """Distance of the sole from its place [m], and sines of its tilt [1].

    Args:
        model: The model.
        leg: The leg.
        height: Wanted height of the sole's centre [m].
        weight: Of all but the height [1].
    """
    target = np.append(leg.place, height)
    rows = np.array([weight, weight, 1.0])

    def residual(data: mujoco.MjData) -> tuple[Array, Array]:
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        centre = _place(data, leg.foot, leg.sole.centre)
        moved, turned = np.zeros((3, model.nv)), np.zeros((3, model.nv))
        mujoco.mj_jac(model, data, moved, turned, centre, leg.foot)

        values, slopes = [rows * (centre - target)], [rows[:, None] * moved]
        for direction in leg.sole.level:
            x, y, z = data.xmat[leg.foot].reshape(3, 3) @ direction
            values.append(np.array([weight * z]))
            slopes.append(weight * (y * turned[0] - x * turned[1])[None])
        return np.concatenate(values), np.concatenate(slopes)

    return residual


def _starts(leg: Leg, joints: Sequence[int], restarts: int) -> Iterator[Array]:
    """Displacements of a leg's joints to begin from: bent knees, then random ones.

    Knees are bent forward first, as a human's, then backward. So legs that mirror each other bend
    alike.
    """
    for way in (1, -1):
        start = np.zeros(len(joints))
        for place, joint in enumerate(leg.bending):
            knee = place % 2 == 1
            start[joints.index(joint)] = way * leg.signs[place] * (2 * BENT if knee else -BENT)
        yield start

    random = np.random.default_rng(0)
    for _ in range(restarts):
        yield random.uniform(-1, 1, len(joints))


def _place(data: mujoco.MjData, body: int, point: Array) -> Array:
    """A point in a body's frame, in the world [m]."""
    return np.asarray(data.xpos[body] + data.xmat[body].reshape(3, 3) @ point)


def is_solved(errors: Sequence[float]) -> bool:
    """Whether all soles are where they should be."""
    return all(error <= 100 * CLOSE for error in errors)
