"""Poses with bent legs, from which a first gait is easier to find."""

from collections.abc import Iterator

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.robot.anatomy import Anatomy
from evoloco.robot.legs import Leg
from evoloco.robot.linkage import Linkage

DEPTHS = (0.08, 0.14, 0.03)
"""How far the torso comes down [length of the leg]."""

STRAIGHT = 0.97
"""Distance of a foot from the hip of a leg that is straight [length of the leg]."""

BEND = 0.4
"""Angle of the hip at which the solution begins, half that of the knee [rad]."""

MARGIN = 0.05
"""Least distance of an angle from the ends of its range [range]."""

DAMPING = 1e-3
"""Of the least squares [1]."""

STEPS = 60
"""Of the least squares."""

EXACT = 0.02
"""Largest distance of a foot from where it should be [length of the leg]."""

Angles = dict[str, float]
"""Angles of joints by their names [rad]."""


def crouches(linkage: Linkage, anatomy: Anatomy) -> Iterator[Angles]:
    """Yields poses in the order in which they should be tried.

    A file's pose with bent legs comes first, one with straight legs last. Between them the torso
    is lower over the same footprints. Knees point
    forward where their ranges allow it, else backward.

    Args:
        linkage: In its home pose.
        anatomy: Of the robot.
    """
    bent = all(_is_bent(leg) for leg in anatomy.legs)
    if bent:
        yield {}
    for depth in DEPTHS:
        angles: Angles = {}
        for leg in anatomy.legs:
            found = _lifted(linkage, leg, depth, set(anatomy.joints))
            if found is None:
                break
            angles |= found
        else:
            if angles:
                yield {name: round(angle, 4) for name, angle in angles.items()}
    if not bent:
        yield {}


def _is_bent(leg: Leg) -> bool:
    """Whether a leg can become longer."""
    first = leg.links[0].anchor
    return bool(np.linalg.norm(leg.tip - first) < STRAIGHT * leg.reach)


def _lifted(linkage: Linkage, leg: Leg, depth: float, driven: set[str]) -> Angles | None:
    """Angles of a leg whose foot is lifted and as level as before; None if it cannot."""
    model = linkage.model
    data = mujoco.MjData(model)
    joints = [joint for joint in leg.joints if joint in driven]
    numbers = [model.joint(joint).id for joint in joints]
    if not joints:
        return {}

    best: tuple[float, Angles] | None = None
    target = leg.tip + np.array([0.0, 0.0, depth * leg.reach])
    for bend in (BEND, -BEND):
        data.qpos[:] = linkage.data.qpos
        data.qpos[model.jnt_qposadr[numbers]] += _bent(linkage, numbers, bend)
        error = _solve(linkage, data, leg, numbers, target)
        angles = dict(zip(joints, data.qpos[model.jnt_qposadr[numbers]].tolist(), strict=True))
        if error < EXACT * leg.reach:
            return angles
        if best is None or error < best[0]:
            best = error, angles
    return None


def _bent(linkage: Linkage, joints: list[int], bend: float) -> Array:
    """Changes of the pitch joints that bend a leg: hip, knee against it, and so on [rad]."""
    change = np.zeros(len(joints))
    pitches = [
        place for place, joint in enumerate(joints) if abs(linkage.data.xaxis[joint][1]) > 0.7
    ]
    pattern = {1: [0.0], 2: [-1.0, 2.0], 3: [-1.0, 2.0, -1.0]}.get(len(pitches), [])
    for place, factor in zip(pitches, pattern, strict=False):
        change[place] = factor * bend * np.sign(linkage.data.xaxis[joints[place]][1])
    return change


def _solve(
    linkage: Linkage, data: mujoco.MjData, leg: Leg, joints: list[int], target: Array
) -> float:
    """Moves the joints of a leg until its foot is in place; returns the error [m].

    Levenberg's damped least squares. The orientation of the foot counts where enough joints turn
    it.
    """
    model = linkage.model
    foot = model.body(leg.foot).id
    sole = linkage.data.xmat[foot].reshape(3, 3).T @ (leg.tip - linkage.data.xpos[foot])
    turning = leg.reach * 0.3 if len(joints) >= 3 and _has_sole(leg) else 0.0
    dofs, places = model.jnt_dofadr[joints], model.jnt_qposadr[joints]
    low, high = _within(model, joints)
    position, rotation = np.zeros((3, model.nv)), np.zeros((3, model.nv))

    gap = np.full(3, np.inf)
    for _ in range(STEPS):
        data.qpos[places] = np.clip(data.qpos[places], low, high)
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        tip = data.xpos[foot] + data.xmat[foot].reshape(3, 3) @ sole
        gap, turn = target - tip, np.zeros(3)
        mujoco.mju_subQuat(turn, linkage.data.xquat[foot], data.xquat[foot])
        turn = data.xmat[foot].reshape(3, 3) @ turn

        mujoco.mj_jac(model, data, position, rotation, tip, foot)
        slope = np.concatenate([position[:, dofs], turning * rotation[:, dofs]])
        error = np.concatenate([gap, turning * turn])
        size = DAMPING * leg.reach**2
        step = slope.T @ np.linalg.solve(slope @ slope.T + size * np.eye(6), error)
        data.qpos[places] += step
    return float(np.linalg.norm(gap))


def _has_sole(leg: Leg) -> bool:
    """Whether a foot is longer than it is high, and turned by a joint of its own."""
    low, high = leg.links[-1].box
    length, width, height = high - low
    return bool(max(length, width) > 1.5 * height)


def _within(model: mujoco.MjModel, joints: list[int]) -> tuple[Array, Array]:
    """Ranges of joints, without their ends [rad]; half a turn where there is none."""
    bounds = np.array(
        [
            model.jnt_range[joint] if model.jnt_limited[joint] else (-np.pi, np.pi)
            for joint in joints
        ]
    )
    margin = MARGIN * (bounds[:, 1] - bounds[:, 0])
    return bounds[:, 0] + margin, bounds[:, 1] - margin
