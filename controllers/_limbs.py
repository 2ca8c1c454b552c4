"""Limbs: the driven joints from the torso to a foot, and the angles that put the foot somewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import mujoco
import numba
import numpy as np

from evoloco.errors import ModelError
from evoloco.fields import Array, Fields, Record
from evoloco.morphology import HOME, Morphology
from evoloco.stature import extents

LEVEL = {1: 0, 2: 0, 3: 0, 4: 2, 5: 2}
"""Rotations of the foot that a limb of so many joints can choose beside its place; 3 for more.

Two are those about the horizontal axes, which keep the sole level.
"""

DAMPING = 0.02
"""Damping of the least squares [leg lengths]: what keeps a straight knee from leaping."""

STRIDE = 0.2
"""Longest way of a foot in one round of inverse kinematics [leg lengths]."""

WORTH = 0.5
"""Error of a place that counts as much as one radian of a rotation [leg lengths]."""


@dataclass(frozen=True)
class Limb:
    """The driven joints that a foot hangs on, from the torso outwards.

    Places are those in the home pose, seen from the torso: forward, to the left, upward [m].

    Attributes:
        foot: Name of the foot.
        joints: Places of its joints in the controls.
        axes: Axes of these (n, 3).
        anchors: Their places (n, 3).
        sole: Place of the middle of what can touch the ground (3,).
        home: Angles in the home pose [rad] (n,).
        bounds: Lowest and highest angles [rad] (2, n).
    """

    foot: str
    joints: tuple[int, ...]
    axes: Array
    anchors: Array
    sole: Array
    home: Array
    bounds: Array

    @property
    def stretch(self) -> float:
        """Distance of the sole from the first joint at home, over that by way of all joints [1]."""
        way = np.diff(np.vstack([self.anchors, self.sole]), axis=0)
        return float(np.linalg.norm(way.sum(axis=0)) / np.linalg.norm(way, axis=1).sum())


def limbs(morphology: Morphology) -> tuple[Limb, ...]:
    """The limb of every foot, in the order of the feet.

    Raises:
        ModelError: There is no foot, or one hangs on no driven joint, or on one that slides.
    """
    if not morphology.feet:
        raise ModelError(
            "This body has no feet to be put anywhere. Name them in [morphology], or let the "
            "oscillators drive joints instead: controller.drive = 'joints'."
        )
    model = morphology.model
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_kinematics(model, data)
    return tuple(_limb(morphology, data, foot) for foot in morphology.feet)


def _limb(morphology: Morphology, data: mujoco.MjData, foot: str) -> Limb:
    """The limb of a foot; `data` is at home, with its kinematics computed."""
    model, driven = morphology.model, {joint.name: i for i, joint in enumerate(morphology.joints)}
    ids: list[int] = []
    body = int(model.body(foot).id)
    while body:
        first = model.body_jntadr[body]
        own = range(first, first + model.body_jntnum[body])
        ids = [joint for joint in own if model.joint(joint).name in driven] + ids
        body = int(model.body_parentid[body])

    hinge = mujoco.mjtJoint.mjJNT_HINGE
    if not ids or any(model.jnt_type[joint] != hinge for joint in ids):
        raise ModelError(
            f"Foot '{foot}' cannot be put anywhere: it must hang on driven hinges. "
            "Let the oscillators drive joints instead: controller.drive = 'joints'."
        )

    places = tuple(driven[model.joint(joint).name] for joint in ids)
    joints = [morphology.joints[place] for place in places]
    middle = data.body(morphology.torso).xpos
    return Limb(
        foot=foot,
        joints=places,
        axes=data.xaxis[ids].copy(),
        anchors=data.xanchor[ids] - middle,
        sole=_sole(morphology, data, foot) - middle,
        home=np.array([joint.home for joint in joints]),
        bounds=np.array([[joint.low, joint.high] for joint in joints]).T,
    )


def _sole(morphology: Morphology, data: mujoco.MjData, foot: str) -> Array:
    """Middle of the geoms of a foot that can touch the ground, at the height of the lowest [m]."""
    model, geoms = morphology.model, morphology.geoms_of(foot)
    touching = [one for one in geoms if model.geom_contype[one] | model.geom_conaffinity[one]]
    chosen = touching or geoms
    low, _ = extents(model, data, chosen)
    x, y, _ = data.geom_xpos[chosen].mean(axis=0)
    return np.array([x, y, low.min()])


def fields(parts: Sequence[Limb], leg_length: float) -> Fields:
    """What `reach` reads of limbs: L of them, of n joints at most."""
    most = max(len(part.joints) for part in parts)

    def padded(rows: Sequence[Array], shape: tuple[int, ...]) -> Array:
        found = np.zeros((len(parts), most, *shape))
        for row, values in zip(found, rows, strict=True):
            row[: len(values)] = values
        return found

    return {
        "count": [len(part.joints) for part in parts],
        "turns": [LEVEL.get(len(part.joints), 3) for part in parts],
        "joint": padded([np.array(part.joints, float) for part in parts], ()),
        "axis": padded([part.axes for part in parts], (3,)),
        "anchor": padded([part.anchors for part in parts], (3,)),
        "sole": np.array([part.sole for part in parts]),
        "home": padded([part.home for part in parts], ()),
        "low": padded([part.bounds[0] for part in parts], ()),
        "high": padded([part.bounds[1] for part in parts], ()),
        "leg_length": leg_length,
    }


class Scratch(NamedTuple):
    """Memory that `reach` writes into, for limbs of n joints at most.

    Attributes:
        place: Of the sole (3,).
        frame: Images of the torso's axes on the foot (3, 3).
        lever: Change of place and turn per angle (n, 6).
        error: Of place and turn (6,).
        normal: Matrix of the least squares (n, n).
        change: Of the angles (n,).
    """

    place: Array
    frame: Array
    lever: Array
    error: Array
    normal: Array
    change: Array


@numba.njit(error_model="numpy", nogil=True)
def scratch(n: int) -> Scratch:
    """Memory for limbs of n joints at most."""
    return Scratch(
        np.empty(3),
        np.empty((3, 3)),
        np.empty((n, 6)),
        np.empty(6),
        np.empty((n, n)),
        np.empty(n),
    )


@numba.njit(error_model="numpy", nogil=True)
def turned(axis: Array, angle: float, vector: Array, out: Array) -> None:
    """A vector after a turn about an axis of length 1 [rad] (3,)."""
    turned_by(axis, np.cos(angle), np.sin(angle), vector, out)


@numba.njit(error_model="numpy", nogil=True)
def turned_by(axis: Array, c: float, s: float, vector: Array, out: Array) -> None:
    """The same, by the cosine and the sine of the angle; Rodrigues' formula."""
    along = (1.0 - c) * (axis[0] * vector[0] + axis[1] * vector[1] + axis[2] * vector[2])
    x = axis[1] * vector[2] - axis[2] * vector[1]
    y = axis[2] * vector[0] - axis[0] * vector[2]
    z = axis[0] * vector[1] - axis[1] * vector[0]
    out[0], out[1], out[2] = (
        c * vector[0] + s * x + along * axis[0],
        c * vector[1] + s * y + along * axis[1],
        c * vector[2] + s * z + along * axis[2],
    )


@numba.njit(error_model="numpy", nogil=True)
def put(limbs: Record, i: int, angles: Array, place: Array, frame: Array, lever: Array) -> None:
    """Where a limb's foot is, and how it moves with each joint: the product of exponentials.

    Args:
        limbs: What `fields` gives.
        i: Number of the limb.
        angles: Of its joints [rad] (n,).
        place: Gets the place of its sole, seen from the torso [m] (3,).
        frame: Gets the images of the torso's three axes on the foot, which has them at home (3, 3).
        lever: Gets the change of place and turn per angle of each joint [m/rad, 1] (n, 6).

    References:
        Lynch and Park, 2017, Modern robotics, ISBN 978-1107156302 (equations 4.14 and 5.11).
    """
    n = int(limbs.count[i])
    for row in range(3):
        place[row] = limbs.anchor[i, 0, row]
        for c in range(3):
            frame[row, c] = 1.0 if row == c else 0.0

    for k in range(n):  # from the torso outwards: `frame` is what the joints before k have turned
        for c in range(3):
            lever[k, c] = place[c]
            lever[k, 3 + c] = 0.0
            for row in range(3):
                lever[k, 3 + c] += frame[row, c] * limbs.axis[i, k, row]

        angle = angles[k] - limbs.home[i, k]
        cosine, sine = np.cos(angle), np.sin(angle)
        for row in range(3):
            turned_by(lever[k, 3:], cosine, sine, frame[row], frame[row])

        for row in range(3):
            beyond = limbs.sole[i, row] if k == n - 1 else limbs.anchor[i, k + 1, row]
            for c in range(3):
                place[c] += frame[row, c] * (beyond - limbs.anchor[i, k, row])

    for k in range(n):
        dx, dy, dz = place[0] - lever[k, 0], place[1] - lever[k, 1], place[2] - lever[k, 2]
        lever[k, 0] = lever[k, 4] * dz - lever[k, 5] * dy
        lever[k, 1] = lever[k, 5] * dx - lever[k, 3] * dz
        lever[k, 2] = lever[k, 3] * dy - lever[k, 4] * dx


@numba.njit(error_model="numpy", nogil=True)
def solve(a: Array, b: Array) -> None:
    """Solves a x = b for a symmetric, positive matrix (n, n); b becomes x. Cholesky.

    Of the matrix only the diagonal and what is below it are read; its factor is written there.
    """
    n = b.size
    for j in range(n):
        for k in range(j):
            a[j, j] -= a[j, k] * a[j, k]
        a[j, j] = 1.0 / np.sqrt(a[j, j])  # the inverse of the factor's diagonal
        for i in range(j + 1, n):
            for k in range(j):
                a[i, j] -= a[i, k] * a[j, k]
            a[i, j] *= a[j, j]

    for i in range(n):
        for k in range(i):
            b[i] -= a[i, k] * b[k]
        b[i] *= a[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            b[i] -= a[k, i] * b[k]
        b[i] *= a[i, i]


@numba.njit(error_model="numpy", nogil=True)
def reach(
    limbs: Record,
    i: int,
    target: Array,
    turn: Array,
    angles: Array,
    rounds: int,
    memory: Scratch,
) -> None:
    """Moves a limb's angles towards those that put its foot at a target: damped least squares.

    Each round solves (J J^T + d^2 I) x = J e for the change x of the angles, with the error e of
    place and turn and the levers J. Where the limb has too few joints, the turn is left as it is.

    Args:
        limbs: What `fields` gives.
        i: Number of the limb.
        target: Place of the sole, seen from the torso [m] (3,).
        turn: Turn of the foot from its pose at home, about the torso's axes [rad] (3,); small.
        angles: Of the joints [rad] (n,), from which the search begins; they stay within their
            bounds.
        rounds: Number of rounds.
        memory: Written into.

    References:
        Wampler, 1986, Manipulator inverse kinematic solutions based on vector formulations and
        damped least-squares methods, doi:10.1109/TSMC.1986.289285.
    """
    n, turns = int(limbs.count[i]), int(limbs.turns[i])
    place, frame, lever, error = memory.place, memory.frame, memory.lever, memory.error
    h, x = memory.normal[:n, :n], memory.change[:n]
    worth, damping = WORTH * limbs.leg_length, DAMPING * limbs.leg_length

    for _ in range(rounds):
        put(limbs, i, angles, place, frame, lever)
        far = 0.0
        for c in range(3):
            error[c] = target[c] - place[c]
            far += error[c] * error[c]
        share = min(1.0, STRIDE * limbs.leg_length / max(np.sqrt(far), 1e-12))
        for c in range(3):
            error[c] *= share
            a, b = (c + 1) % 3, (c + 2) % 3
            now = (frame[a, b] - frame[b, a]) / 2.0  # of the rotation vector, for small turns
            weight = worth if c < turns else 0.0
            error[3 + c] = weight * (turn[c] - now)
            for k in range(n):
                lever[k, 3 + c] *= weight

        for k in range(n):
            x[k] = 0.0
            for c in range(3 + turns):
                x[k] += lever[k, c] * error[c]
            for j in range(k + 1):  # `solve` reads this half
                h[k, j] = damping * damping if j == k else 0.0
                for c in range(3 + turns):
                    h[k, j] += lever[k, c] * lever[j, c]
        solve(h, x)
        for k in range(n):
            angles[k] = min(max(angles[k] + x[k], limbs.low[i, k]), limbs.high[i, k])
