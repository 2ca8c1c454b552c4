"""The left and the right side of a robot: which joints, muscles and feet belong together.

Where a part is counts first, its name second, its place in a list last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import mujoco

from evoloco.foot_sides import find_foot_sides, pair_along_legs
from evoloco.joint import Pair
from evoloco.mirror import find_mirror, foot_part, joint_part, muscle_part
from evoloco.pairs import Names, listed, pair_parts, with_stems, without


@dataclass(frozen=True)
class Sides:
    """What is left, what is right, and what belongs together.

    Attributes:
        joints: Pairs of driven joints.
        muscles: Pairs of muscles.
        feet: Pairs of feet, left and right, from front to rear.
        foot: Every foot and its side, "left", "right" or "". Left ones come first, right ones
            last, either from front to rear.
        told: What a user should know of it, a sentence each.
    """

    joints: tuple[Pair, ...] = ()
    muscles: tuple[Pair, ...] = ()
    feet: tuple[Names, ...] = ()
    foot: tuple[tuple[str, str], ...] = ()
    told: tuple[str, ...] = field(default=(), compare=False)

    @property
    def couple(self) -> Names | None:
        """The two feet of which a gait's phase lag is told.

        They are the first pair, the left foot before the right one. On a body of two feet that are
        no pair, they are the front and the rear foot.
        """
        if self.feet:
            return self.feet[0]
        return (self.foot[0][0], self.foot[1][0]) if len(self.foot) == 2 else None

    def of_foot(self, name: str) -> str:
        """Side of a foot: "left", "right" or ""."""
        return dict(self.foot).get(name, "")


def find_sides(
    model: mujoco.MjModel,
    home: mujoco.MjData,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    muscles: Sequence[str] = (),
    partners: Mapping[str, str] | None = None,
) -> Sides:
    """Finds the sides of a robot.

    The mirror is the plane through the torso, or between two feet, that contains forward and up:
    the world's x and z. Two joints or muscles are a pair if their places and axes are images of
    each other at home, or else with the driven joints at the zero of the file. Others are a pair
    by their names.

    A foot is on the side of the joint that it hangs on, or else where it is, or else what its name
    says. Only if nothing tells the side of any foot, the first half of the list is left. Joints of
    a pair of legs that are no pair yet are paired in their order along the legs.

    Args:
        model: The compiled model.
        home: Its home pose, with kinematics computed.
        torso: Name of the torso.
        feet: Names of the feet.
        joints: Names of the driven joints.
        muscles: Names of the muscles.
        partners: Left joint -> right joint, for all pairs of joints there are.
    """
    at_home = _Posed(model, home, joints, muscles)
    zero = cache(lambda: _Posed(model, _at_zero(model, home, joints), joints, muscles))
    soles = {name: foot_part(model, home, name) for name in feet}
    mirror = find_mirror(
        [at_home.joints, soles], float(home.body(torso).xpos[1]), list(soles.values())
    )

    told: list[str] = []
    pairs = list((partners or {}).items())
    if partners is None:
        pairs = pair_parts("joints", joints, at_home.joints, lambda: zero().joints, mirror, told)
    pulling = pair_parts("muscles", muscles, at_home.muscles, lambda: zero().muscles, mirror, told)
    foot, foot_pairs = find_foot_sides(model, soles, pairs, mirror, told)
    if partners is None and (single := without(joints, pairs)):
        alone = {name: zero().joints[name] for name in single}
        pairs += pair_along_legs(model, foot_pairs, alone, told)
    told += _alone(joints=without(joints, pairs), muscles=without(muscles, pulling))

    named = with_stems(pairs, joints)
    if partners is not None:
        named = tuple((left, right, left) for left, right in pairs)
    return Sides(named, with_stems(pulling, muscles), foot_pairs, foot, tuple(told))


def _alone(**parts: Sequence[str]) -> list[str]:
    """Sentences on parts without a partner."""
    return [
        f"These {what} have no partner on the other side: {listed(names)}."
        for what, names in parts.items()
        if names
    ]


class _Posed:
    """The joints and the muscles of a robot in a pose."""

    def __init__(
        self,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        joints: Sequence[str],
        muscles: Sequence[str],
    ) -> None:
        mujoco.mj_comPos(model, data)
        if muscles:
            mujoco.mj_tendon(model, data)
        self.joints = {name: joint_part(model, data, name) for name in joints}
        pulling = {name: muscle_part(model, data, name) for name in muscles}
        self.muscles = {name: part for name, part in pulling.items() if part}


def _at_zero(model: mujoco.MjModel, home: mujoco.MjData, joints: Sequence[str]) -> mujoco.MjData:
    """The home pose with the driven joints at the zero of the file."""
    data = mujoco.MjData(model)
    data.qpos = home.qpos
    for name in joints:
        place = int(model.joint(name).qposadr[0])
        data.qpos[place] = model.qpos0[place]
    mujoco.mj_kinematics(model, data)
    return data
