"""Parts of a robot that are mirror images of each other, found by where they are."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

import mujoco
import numpy as np

from evoloco.fields import Array

TOLERANCE = 0.03
"""Distance of a part from the mirror image of its partner, at most [sizes of the robot]."""

PARALLEL = 0.9
"""Cosine of the angle between an axis and the image of its partner's, at least [1]."""

SAME = 1e-4
"""Distances that differ by less are equal [sizes of the robot]."""

VECTOR, TURN = np.array([1.0, -1.0, 1.0]), np.array([-1.0, 1.0, -1.0])
"""What a mirror through the x-z plane makes of displacements, and of axes of rotation."""


class Part(NamedTuple):
    """What of a part is compared with its mirror image.

    Attributes:
        kind: Parts of different kinds are no partners.
        number: Its id, by which parts at the same place are told apart.
        points: In the world [m] (k, 3); the first one tells the side.
        anchor: A point of its axis, or else the first of `points` [m] (3,).
        axis: Unit vector (3,); zeros for a part without an axis.
        image: What a mirror makes of its axis, `VECTOR` or `TURN`.
        directed: Whether the axis has a direction; else it is a line.
    """

    kind: str
    number: int
    points: Array
    anchor: Array
    axis: Array = np.zeros(3)
    image: Array = TURN
    directed: bool = False

    @property
    def y(self) -> float:
        """How far it is to the left in the world [m]."""
        return float(self.points[0, 1])


@dataclass(frozen=True)
class Mirror:
    """The plane of symmetry, which contains the directions forward and up.

    Attributes:
        y: Where it is, to the left in the world [m].
        size: Of the robot [m].
    """

    y: float
    size: float

    def side(self, part: Part) -> str:
        """Side that a part is plainly on, "left" or "right"; "" where it is near the plane."""
        aside = part.y - self.y
        if abs(aside) <= TOLERANCE * self.size:
            return ""
        return "left" if aside > 0 else "right"

    def pairs(
        self, parts: Mapping[str, Part], named: Set[frozenset[str]] = frozenset()
    ) -> list[tuple[str, str]]:
        """Names of left and right parts that are images of each other.

        Images whose names say so are paired first, then the nearest ones. Of images as near, it is
        those that come first in the model.

        Args:
            parts: By name.
            named: Pairs by their names.
        """
        lefts = [(name, part) for name, part in parts.items() if part.y > self.y]
        rights = [(name, part) for name, part in parts.items() if part.y < self.y]
        found = [
            (frozenset((left, right)) not in named, distance, one.number, other.number, left, right)
            for left, one in lefts
            for right, other in rights
            if (distance := self._distance(one, other)) <= TOLERANCE
        ]
        pairs: list[tuple[str, str]] = []
        taken: set[str] = set()
        for *_, left, right in sorted(found):
            if not taken & {left, right}:
                pairs.append((left, right))
                taken |= {left, right}
        return pairs

    def count(self, kinds: Sequence[Mapping[str, Part]]) -> int:
        """How many pairs there are among parts of several kinds, each by name."""
        return sum(len(self.pairs(parts)) for parts in kinds)

    def _distance(self, left: Part, right: Part) -> float:
        """How far a part is from the image of another [sizes]; infinity where it is no image.

        A part in the plane is its own image. So a partner is nearer than half the way to the own
        image.
        """
        if left.points.shape != right.points.shape or not is_alike(left, right):
            return np.inf

        axis = left.axis * left.image
        shift = np.array([0.0, 2 * self.y, 0.0])
        between = left.anchor * VECTOR + shift - right.anchor
        apart = [left.points * VECTOR + shift - right.points, between - between @ axis * axis]
        distance = max(float(np.abs(each).max()) for each in apart)
        if distance > left.y - self.y:
            return np.inf
        return round(distance / self.size / SAME) * SAME


def is_alike(left: Part, right: Part) -> bool:
    """Whether parts are of one kind and their axes, if they have some, images of each other."""
    cosine = float(left.axis * left.image @ right.axis)
    parallel = (cosine if left.directed else abs(cosine)) >= PARALLEL
    return left.kind == right.kind and (parallel or not left.axis.any())


def find_mirror(poses: Sequence[Mapping[str, Part]], torso: float, feet: Sequence[Part]) -> Mirror:
    """The plane in which most parts are images of each other.

    It goes through the torso or in the middle between two feet.

    Args:
        poses: Kinds of parts, by name.
        torso: Where the torso is, to the left [m].
        feet: The feet.
    """
    parts = [part for each in poses for part in each.values()]
    places = [place for part in parts for place in (*part.points, part.anchor)]
    size = float(np.ptp(places, axis=0).max()) if places else 0.0
    size = size or 1.0
    middles = [(one.y + other.y) / 2 for one in feet for other in feet if one.y > other.y]
    own = Mirror(torso, size)
    others = {
        round(y / size / SAME): Mirror(y, size) for y in middles if abs(y - torso) > SAME * size
    }
    aside = sum(bool(own.side(part)) for part in parts)
    if not others or 2 * own.count(poses) >= aside:
        return own
    return max((own, *others.values()), key=lambda mirror: mirror.count(poses))


def joint_part(model: mujoco.MjModel, data: mujoco.MjData, name: str) -> Part:
    """A joint: the centre of mass of what it moves, and its axis."""
    joint = model.joint(name)
    turns = joint.type[0] == mujoco.mjtJoint.mjJNT_HINGE
    return Part(
        kind="hinge" if turns else "slide",
        number=joint.id,
        points=data.subtree_com[joint.bodyid].copy(),
        anchor=data.xanchor[joint.id].copy(),
        axis=data.xaxis[joint.id].copy(),
        image=TURN if turns else VECTOR,
    )


def foot_part(model: mujoco.MjModel, data: mujoco.MjData, name: str) -> Part:
    """A foot: its centre of mass."""
    body = model.body(name).id
    place = data.xipos[body].copy()
    return Part("foot", body, place[None], place)


def muscle_part(model: mujoco.MjModel, data: mujoco.MjData, name: str) -> Part | None:
    """A muscle: the path of its tendon, or the joint that it turns and which way.

    None where it pulls on something else.
    """
    actuator = model.actuator(name)
    target = int(actuator.trnid[0])
    if actuator.trntype[0] == mujoco.mjtTrn.mjTRN_JOINT:
        joint = joint_part(model, data, model.joint(target).name)
        axis = joint.axis * np.sign(actuator.gear[0])
        return joint._replace(number=actuator.id, axis=axis, directed=True)

    if actuator.trntype[0] == mujoco.mjtTrn.mjTRN_TENDON and data.ten_wrapnum[target]:
        first, count = int(data.ten_wrapadr[target]), int(data.ten_wrapnum[target])
        path = data.wrap_xpos.reshape(-1, 3)[first : first + count]
        middle = path.mean(axis=0)
        return Part("tendon", actuator.id, np.stack([middle, *path]), middle)
    return None
