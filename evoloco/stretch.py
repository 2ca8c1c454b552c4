"""Longer and larger links: one body of a model stretched, and what hangs on it kept in place."""

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.genome import Array
from evoloco.subtree import is_in_subtree

MESHES = (mujoco.mjtGeom.mjGEOM_MESH, mujoco.mjtGeom.mjGEOM_SDF)
"""Kinds of geoms whose shape is in a file of its own."""

ROUND = (mujoco.mjtGeom.mjGEOM_CAPSULE, mujoco.mjtGeom.mjGEOM_CYLINDER)
"""Kinds of geoms and sites whose size is a radius and a half length."""

UNEQUAL = 1e-6
"""What makes a factor of one another one [1]; far below the tolerance of any part."""

TINY = 1e-6
"""What makes no difference, of a length [m] or of a ratio [1]."""


@dataclass(frozen=True)
class Stretch:
    """What changes the length or size of one body.

    It maps a point p of the body's frame to

        a + S (p - a),   S = size (1 + (length - 1) d d')

    The origin a is where the body's first hinge is, and stays. The unit vector d points to the
    first hinge of the only body that hangs on it and moves or is a foot, so the distance of the two
    is multiplied by size times length exactly. Where none or several hang on it, d is the longest
    side of its largest geom.

    Positions of geoms, sites, cameras, lights and bodies follow the map. A box or ellipsoid is
    scaled by |S u| along each of its own axes u. A capsule or cylinder is so along its axis; its
    radius and that of a sphere are scaled by the size only. Orientations stay. Meshes are stretched
    by MuJoCo's frames.

    A geom's mass follows its volume where the file gives a density or nothing, and stays where the
    file gives a mass. A body's given inertial keeps its mass, and its inertia is that of the same
    masses at their new places: with the second moments C = tr(I) / 2 - I about the centre of mass,
    C becomes S C S, and I is tr(C) - C again.

    Attributes:
        origin: a, in the body's frame [m] (3,).
        direction: d (3,).
        length: Factor along d [1].
        size: Factor in every direction [1].
    """

    origin: Array
    direction: Array
    length: float
    size: float

    @classmethod
    def of(
        cls,
        model: mujoco.MjModel,
        body: int,
        length: float,
        size: float,
        feet: Sequence[str],
        path: str,
        directed: bool,
    ) -> "Stretch":
        """That of a body of a file.

        Args:
            model: The file's.
            body: Its id there.
            length: Factor along the body [1].
            size: Factor in every direction [1].
            feet: Names of the feet.
            path: Of the file, for a message.
            directed: Whether a gene is about the body's length.

        Raises:
            ModelError: A gene is about its length, but it has no direction.
        """
        direction = _direction(model, body, feet, path) if directed else np.array([0.0, 0.0, 1.0])
        return cls(anchor(model, body), direction, length, size)

    @property
    def matrix(self) -> Array:
        """S (3, 3)."""
        along = np.outer(self.direction, self.direction)
        matrix: Array = self.size * (np.eye(3) + (self.length - 1) * along)
        return matrix

    def apply(self, model: mujoco.MjModel, body: int, explicit: bool) -> None:
        """Stretches a body of a model, except for meshes and what MuJoCo's compiler derives.

        Args:
            model: The file's.
            body: Its id there.
            explicit: Whether the file gives the body's inertial.
        """
        is_mesh = np.isin(model.geom_type, MESHES)
        shapes = np.where(is_mesh, -1, model.geom_bodyid)  # bodies of geoms that are no meshes
        self._move(model, body, shapes)
        self._scale(model, body, shapes)
        if explicit:
            self._reshape_inertial(model, body)

    def _move(self, model: mujoco.MjModel, body: int, shapes: Array) -> None:
        """Moves what is fixed to the body, and the bodies that hang on it."""
        for owner, position in (
            (shapes, model.geom_pos),
            (model.site_bodyid, model.site_pos),
            (model.cam_bodyid, model.cam_pos),
            (model.light_bodyid, model.light_pos),
        ):
            position[owner == body] = self._place(position[owner == body])

        for child in children(model, body):
            hinge = seen(model, child, anchor(model, child))
            model.body_pos[child] += self._place(hinge) - hinge

    def _scale(self, model: mujoco.MjModel, body: int, shapes: Array) -> None:
        """Scales the body's geoms and sites."""
        for owner, kind, turn, sizes in (
            (shapes, model.geom_type, model.geom_quat, model.geom_size),
            (model.site_bodyid, model.site_type, model.site_quat, model.site_size),
        ):
            for i in np.flatnonzero(owner == body):
                sizes[i] *= self._factors(kind[i], rotation(turn[i]))

    def _reshape_inertial(self, model: mujoco.MjModel, body: int) -> None:
        """Gives the body the inertia of the same masses at their new places."""
        turn = rotation(model.body_iquat[body])
        inertia = turn @ np.diag(model.body_inertia[body]) @ turn.T  # I
        moments = self.matrix @ (np.trace(inertia) / 2 * np.eye(3) - inertia) @ self.matrix  # S C S
        values, axes = np.linalg.eigh(np.trace(moments) * np.eye(3) - moments)
        axes[:, 2] = np.cross(axes[:, 0], axes[:, 1])  # a rotation, not a mirror image

        model.body_inertia[body] = values
        mujoco.mju_mat2Quat(model.body_iquat[body], axes.ravel())
        model.body_ipos[body] = self._place(model.body_ipos[body])

    def wrap(self, geom: mujoco.MjsGeom) -> None:
        """Puts a mesh geom into a frame that stretches it.

        MuJoCo shares a mesh between geoms of one stretch. No factor is exactly one, so that the
        number of meshes, and with it the layout of the model, is that of any other factor.
        """
        factors = self.length, self.size
        length, size = (1 + UNEQUAL if factor == 1 else factor for factor in factors)
        turn = np.empty(4)
        mujoco.mju_quatZ2Vec(turn, self.direction)
        back, origin = np.empty(4), np.empty(3)
        mujoco.mju_negPose(origin, back, self.origin, turn)

        follows_volume = np.isnan(geom.mass)
        outer = geom.parent.add_frame(
            pos=self.origin,
            quat=turn,
            scale=size * np.array([1, 1, length]),
            scaling=mujoco.mjtScaling.mjSCALING_GEOMETRY,
            massscale=0 if follows_volume else 1,
        )
        inner = geom.parent.add_frame(pos=origin, quat=back)
        inner.set_frame(outer)

        top = geom
        while top.frame is not None:
            top = top.frame
        top.set_frame(inner)

    def _place(self, points: Array) -> Array:
        """Where points (..., 3) go."""
        placed: Array = self.origin + (points - self.origin) @ self.matrix
        return placed

    def _factors(self, kind: int, axes: Array) -> Array:
        """Factors of the sizes (3,) of a geom or site with these axes (3, 3), one per column."""
        kind = mujoco.mjtGeom(kind)
        if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
            return np.full(3, self.size)
        along: Array = np.linalg.norm(self.matrix @ axes, axis=0)
        return np.array([self.size, along[2], 1]) if kind in ROUND else along


def children(model: mujoco.MjModel, body: int) -> list[int]:
    """The bodies that hang on a body."""
    return [int(child) for child in np.flatnonzero(model.body_parentid == body) if child]


def anchor(model: mujoco.MjModel, body: int) -> Array:
    """Where a body turns, in its frame [m] (3,): its first hinge or ball, or else its origin."""
    turning = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_BALL)
    first = model.body_jntadr[body]
    for joint in range(first, first + model.body_jntnum[body]):
        if mujoco.mjtJoint(model.jnt_type[joint]) in turning:
            return np.array(model.jnt_pos[joint])
    return np.zeros(3)


def seen(model: mujoco.MjModel, body: int, point: Array) -> Array:
    """A point of a body's frame, in that of its parent [m] (3,)."""
    seen: Array = model.body_pos[body] + rotation(model.body_quat[body]) @ point
    return seen


def link(model: mujoco.MjModel, body: int, feet: Sequence[str]) -> Array:
    """Vector from a body's hinge to that of the only body on it that moves or is a foot [m] (3,).

    Zeros where none or several do.
    """
    ends = [*np.flatnonzero(model.body_jntnum), *(model.body(foot).id for foot in feet)]
    moved = [
        child
        for child in children(model, body)
        if any(is_in_subtree(model, end, child) for end in ends)
    ]
    if len(moved) != 1:
        return np.zeros(3)
    vector: Array = seen(model, moved[0], anchor(model, moved[0])) - anchor(model, body)
    return vector


def _direction(model: mujoco.MjModel, body: int, feet: Sequence[str], path: str) -> Array:
    """The direction of a link (3,); see `Stretch`."""
    vector = link(model, body, feet)
    if (length := np.linalg.norm(vector)) > TINY:
        return np.array(vector / length)

    geoms = np.flatnonzero(model.geom_bodyid == body)
    if len(geoms):
        largest = geoms[np.argmax(model.geom_aabb[geoms, 3:].max(axis=1))]
        sides = model.geom_aabb[largest, 3:]
        _, second, longest = np.sort(sides)
        if longest > (1 + TINY) * second:
            return rotation(model.geom_quat[largest])[:, np.argmax(sides)]

    raise ModelError(
        f"{path}: body '{model.body(body).name}' has no length: neither does one body hang on it, "
        "nor is its largest geom longer in one direction. A gene of its size scales it in every "
        "direction."
    )


def rotation(quaternion: Array) -> Array:
    """Rotation matrix (3, 3) of a quaternion."""
    matrix = np.empty(9)
    mujoco.mju_quat2Mat(matrix, quaternion)
    return matrix.reshape(3, 3)
