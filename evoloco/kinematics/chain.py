"""Joints in a row between two frames of a model, taken out of it for fast kinematics."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import mujoco
import numpy as np

from evoloco.errors import ModelError, UnknownNameError
from evoloco.fields import Array
from evoloco.kinematics.forward import Frames, Links, move, new_frames, slopes
from evoloco.perception.pose import Pose
from evoloco.sim.cache import compiled
from evoloco.sim.native import jit
from evoloco.subtree import joints_between

HINGE, SLIDE = int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE)
"""Kinds of joints that a chain may have."""

_ENTRY = '''"""Kinematics of a chain; made by evoloco, may be deleted."""

import numba

from evoloco.kinematics.chain import locate


@numba.njit(error_model="numpy", cache=True)
def run(links, q):
    return locate(links, q)
'''


@dataclass(frozen=True)
class Chain:
    """A tip that joints move relative to a base.

    Attributes:
        joints: Names of the joints, from the base on.
        qpos: Their places in the model's `qpos` (n,).
        links: What is between them.
    """

    joints: tuple[str, ...]
    qpos: tuple[int, ...]
    links: Links

    @property
    def low(self) -> Array:
        """Lower limits [rad or m] (n,). A hinge without limits has a turn about 0."""
        return self.links.low

    @property
    def high(self) -> Array:
        """Upper limits [rad or m] (n,)."""
        return self.links.high

    def pose(self, angles: Array) -> Pose:
        """The pose of the tip in the frame of the base, at positions of the joints (n,)."""
        frames, _ = self._at(angles)
        return Pose(frames.rotation, frames.place)

    def jacobian(self, angles: Array) -> Array:
        """Linear, then angular velocity of the tip by those of the joints (6, n)."""
        return self._at(angles)[1]

    def draw(self, rng: np.random.Generator) -> Array:
        """Random positions within the limits [rad or m] (n,)."""
        return rng.uniform(self.low, self.high)

    def _at(self, angles: Array) -> tuple[Frames, Array]:
        """Frames and Jacobian."""
        found: tuple[Frames, Array] = _run()(self.links, self.checked(angles))
        return found

    def begin(self, start: Array | None) -> Array:
        """Where a search begins: a given start, moved into the limits, or the middle of these."""
        if start is None:
            return (self.low + self.high) / 2
        return np.clip(self.checked(start), self.low, self.high)

    def checked(self, angles: Array) -> Array:
        """Positions of the joints as an array of float64.

        Raises:
            ModelError: There are more or fewer of them than joints, or one is not finite.
        """
        array = np.ascontiguousarray(angles, np.float64)
        if array.shape != (len(self.joints),) or not np.isfinite(array).all():
            raise ModelError(
                f"Angles must be finite numbers, one for each of the joints "
                f"{', '.join(self.joints)}. These came: {array.tolist()}."
            )
        return array


@cache
def _run() -> Any:
    """The compiled kinematics, kept on disk."""
    return compiled(_ENTRY, [locate]).run


@jit
def locate(links: Links, q: Array) -> tuple[Frames, Array]:
    """Frames and Jacobian (6, n) of a chain at some positions of its joints (n,)."""
    frames, jacobian = new_frames(q.size), np.empty((6, q.size))
    move(links, q, frames)
    slopes(links, frames, jacobian)
    return frames, jacobian


def chain(
    model: mujoco.MjModel,
    tip: str,
    base: str = "world",
    held: Mapping[str, float] | None = None,
) -> Chain:
    """The chain of the joints between a base and a tip that hangs on it.

    Args:
        model: The model.
        tip: Name of a site or a body.
        base: Name of a site or a body.
        held: Joints that do not move -> their positions [rad or m].

    Raises:
        UnknownNameError: There is no such site, body or joint.
        ModelError: The tip does not hang on the base, no joint is between them, or one of these is
            neither a hinge nor a slide with limits.
    """
    top, start = _frame(model, base)
    end, last = _frame(model, tip)
    _check_hangs(model, end, top, tip, base)
    between = joints_between(model, end, top)
    names = [model.joint(joint).name for joint in between]
    fixed = dict(held or {})
    for name in fixed:
        if name not in names:
            raise UnknownNameError(f"joint between '{base}' and '{tip}'", name, names)

    moving = [joint for joint in between if model.joint(joint).name not in fixed]
    if not moving:
        raise ModelError(f"No joint moves '{tip}' relative to '{base}'. Choose a base before it.")

    limits = np.array([_limits(model, joint, base) for joint in moving]).T
    hinged = np.array([model.jnt_type[joint] == HINGE for joint in moving], np.float64)
    poses = _poses(model, start.inverse(), top, end, last, fixed)
    links = Links(
        np.array([pose.translation for pose in poses]),
        np.array([pose.rotation for pose in poses]),
        hinged,
        np.array([model.qpos0[model.jnt_qposadr[joint]] for joint in moving]),
        np.ascontiguousarray(limits[0]),
        np.ascontiguousarray(limits[1]),
    )
    return Chain(
        tuple(model.joint(joint).name for joint in moving),
        tuple(int(model.jnt_qposadr[joint]) for joint in moving),
        links,
    )


def _frame(model: mujoco.MjModel, name: str) -> tuple[int, Pose]:
    """The body that a site or body belongs to, and its pose there.

    Raises:
        UnknownNameError: There is neither.
    """
    sites = [model.site(i).name for i in range(model.nsite)]
    bodies = [model.body(i).name for i in range(model.nbody)]
    if name in sites:
        site = model.site(name)
        return int(site.bodyid[0]), _pose(site.pos, site.quat)
    if name in bodies:
        return model.body(name).id, Pose(np.eye(3), np.zeros(3))
    raise UnknownNameError("site or body", name, (one for one in {*sites, *bodies} if one))


def _check_hangs(model: mujoco.MjModel, body: int, root: int, tip: str, base: str) -> None:
    """Raises a ModelError where the tip does not hang on the base."""
    above = [body]
    while above[-1] != 0:
        above.append(int(model.body_parentid[above[-1]]))
    if root not in above:
        names = ", ".join(model.body(i).name for i in reversed(above))
        raise ModelError(f"'{tip}' does not hang on '{base}'. It hangs on: {names}.")


def _limits(model: mujoco.MjModel, joint: int, base: str) -> tuple[float, float]:
    """Lower and upper limit of a joint.

    Raises:
        ModelError: It is a ball or free joint, or a slide without limits.
    """
    kind, name = model.jnt_type[joint], model.joint(joint).name
    if kind not in (HINGE, SLIDE):
        raise ModelError(
            f"The joint '{name}' is a ball or free joint, and a chain has hinges and slides. "
            f"Choose a base behind it instead of '{base}', such as "
            f"'{model.body(model.jnt_bodyid[joint]).name}'."
        )
    if model.jnt_limited[joint]:
        return float(model.jnt_range[joint, 0]), float(model.jnt_range[joint, 1])
    if kind == SLIDE:
        raise ModelError(f"The slide '{name}' needs limits: give it a range, or hold it.")
    return -np.pi, np.pi


def _poses(
    model: mujoco.MjModel,
    before: Pose,
    top: int,
    end: int,
    last: Pose,
    held: Mapping[str, float],
) -> list[Pose]:
    """Poses of the joints' frames, each in the one before, and of the tip in the last one.

    Args:
        model: The model.
        before: Pose of the body `top` in the base.
        top: Id of the base's body.
        end: Id of the tip's body.
        last: Pose of the tip in it.
        held: Joints that do not move -> their positions.
    """
    bodies: list[int] = []
    while end != top:
        bodies.insert(0, end)
        end = int(model.body_parentid[end])

    found, pending = [], before
    for body in bodies:
        pending = pending @ _pose(model.body_pos[body], model.body_quat[body])
        first = int(model.body_jntadr[body])
        for joint in range(first, first + int(model.body_jntnum[body])):
            frame = _joint_frame(model, joint)
            name = model.joint(joint).name
            if name in held:
                pending = pending @ frame @ _moved(model, joint, held[name]) @ frame.inverse()
            else:
                found.append(pending @ frame)
                pending = frame.inverse()
    return [*found, pending @ last]


def _joint_frame(model: mujoco.MjModel, joint: int) -> Pose:
    """A frame at a joint's anchor whose z axis is the joint's, in the frame of its body."""
    turn = np.empty(4)
    mujoco.mju_quatZ2Vec(turn, model.jnt_axis[joint])
    return _pose(model.jnt_pos[joint], turn)


def _moved(model: mujoco.MjModel, joint: int, position: float) -> Pose:
    """How a joint moves its own frame [rad or m]."""
    way = position - float(model.qpos0[model.jnt_qposadr[joint]])
    if model.jnt_type[joint] == SLIDE:
        return Pose(np.eye(3), np.array([0, 0, way]))
    return _pose(np.zeros(3), np.array([np.cos(way / 2), 0, 0, np.sin(way / 2)]))


def _pose(place: Array, quaternion: Array) -> Pose:
    """A pose by a place [m] and MuJoCo's quaternion."""
    matrix = np.empty(9)
    mujoco.mju_quat2Mat(matrix, quaternion)
    return Pose(matrix.reshape(3, 3), np.array(place, np.float64))
