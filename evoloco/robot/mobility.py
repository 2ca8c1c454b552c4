"""How a robot moves as a whole: the joints between the world and its torso."""

from typing import NamedTuple

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.subtree import joints_between

FREE, SLIDE = int(mujoco.mjtJoint.mjJNT_FREE), int(mujoco.mjtJoint.mjJNT_SLIDE)

UPWARD = np.array([0.0, 0.0, 1.0])
"""The vertical direction of the world."""

UNREACHED = 1e-6
"""Part of a metre that slides may fail to move by [m]."""


class Mobility(NamedTuple):
    """Joints between the world and the torso.

    Attributes:
        joints: Their ids, from the world on.
        free: Id of the free joint; None where there is none.
    """

    joints: tuple[int, ...]
    free: int | None

    def can_rise(self, model: mujoco.MjModel, data: mujoco.MjData) -> bool:
        """Whether the torso can be moved up and down, with the kinematics of some data."""
        return self.can_move(model, data, UPWARD)

    def can_move(self, model: mujoco.MjModel, data: mujoco.MjData, way: Array) -> bool:
        """Whether the torso can be moved along a direction without turning (3,)."""
        return self.free is not None or self._slides(model, data, way) is not None

    def raised(self, model: mujoco.MjModel, data: mujoco.MjData, height: float) -> Array:
        """The position of some data with the robot raised by a height [m] (nq,)."""
        qpos = np.array(data.qpos)
        if self.free is not None:
            qpos[model.jnt_qposadr[self.free] + 2] += height
        elif (ways := self._slides(model, data, UPWARD)) is not None:
            for joint, way in ways.items():
                qpos[model.jnt_qposadr[joint]] += height * way
        return qpos

    def _slides(
        self, model: mujoco.MjModel, data: mujoco.MjData, way: Array
    ) -> dict[int, float] | None:
        """By how much slides move for a metre along a direction; None where they cannot do that."""
        slides = [joint for joint in self.joints if model.jnt_type[joint] == SLIDE]
        if not slides:
            return None
        axes = data.xaxis[slides].T
        ways = np.linalg.lstsq(axes, way, rcond=None)[0]
        if np.linalg.norm(axes @ ways - way) > UNREACHED:
            return None
        return dict(zip(slides, ways.tolist(), strict=True))


def read_mobility(model: mujoco.MjModel, torso: str) -> Mobility:
    """The joints between the world and a torso."""
    joints = joints_between(model, int(model.body(torso).id), 0)
    free = next((joint for joint in joints if model.jnt_type[joint] == FREE), None)
    return Mobility(tuple(joints), free)


def turned(
    model: mujoco.MjModel, data: mujoco.MjData, free: int, torso: int, angle: float
) -> Array:
    """The position of some data with the robot turned about a vertical axis through its torso.

    Args:
        model: The model.
        data: With its kinematics.
        free: Id of the robot's free joint.
        torso: Id of its torso.
        angle: Counter-clockwise, seen from above [rad].

    Returns:
        The position (nq,).
    """
    qpos, start = np.array(data.qpos), int(model.jnt_qposadr[free])
    turn = np.array([np.cos(angle / 2), 0, 0, np.sin(angle / 2)])
    way = np.empty(3)
    mujoco.mju_rotVecQuat(way, qpos[start : start + 3] - data.xpos[torso], turn)
    qpos[start : start + 3] = data.xpos[torso] + way
    mujoco.mju_mulQuat(qpos[start + 3 : start + 7], turn, qpos[start + 3 : start + 7].copy())
    return qpos
