"""Which side each foot is on, which feet are a pair, and their order from front to rear."""

from collections.abc import Iterable, Mapping, Sequence

import mujoco

from evoloco.joint import find_pairs
from evoloco.mirror import TOLERANCE, Mirror, Part, is_alike
from evoloco.pairs import Names, joined, listed, turned, without
from evoloco.subtree import is_in_subtree

FootSides = tuple[tuple[str, str], ...]
"""Names and sides of feet."""


def find_foot_sides(
    model: mujoco.MjModel,
    feet: Mapping[str, Part],
    joints: Sequence[Names],
    mirror: Mirror,
    told: list[str],
) -> tuple[FootSides, tuple[Names, ...]]:
    """Every foot with its side, in order, and the pairs of feet from front to rear.

    Args:
        model: The compiled model.
        feet: The feet at home, by name.
        joints: Pairs of driven joints.
        mirror: The plane of symmetry.
        told: Gets a sentence where only the list tells left from right, and on feet without a
            partner.
    """
    hung = {foot: _above(model, foot, joints) for foot in feet}
    side = {left: "left" for left, _ in joints} | {right: "right" for _, right in joints}
    sides = {foot: side.get(hung[foot], "") for foot in feet}

    by_place = mirror.pairs(feet)
    by_name = [turned(pair[:2], feet, mirror) for pair in find_pairs(tuple(feet))]
    for left, right in (*by_place, *by_name):
        if not (sides[left] or sides[right]):
            sides[left], sides[right] = "left", "right"
    for foot, part in feet.items():
        sides[foot] = sides[foot] or mirror.side(part)
    if not any(sides.values()):
        _take_list(feet, mirror, sides, told)

    by_joint = [
        (one, other) for one in feet for other in feet if (hung[one], hung[other]) in joints
    ]
    ahead = {name: _ahead(part, mirror) for name, part in feet.items()}
    pairs = _pairs(feet, sides, [by_joint, by_place, by_name], ahead)
    if len(feet) > 1 and (alone := without(tuple(feet), pairs)):
        told.append(f"These feet have no partner on the other side: {listed(alone)}.")
    return _ordered(sides, pairs, ahead), tuple(pairs)


def pair_along_legs(
    model: mujoco.MjModel, feet: Sequence[Names], joints: Mapping[str, Part], told: list[str]
) -> list[Names]:
    """Pairs joints in their order along the two legs of a pair of feet, if their axes are images.

    Args:
        model: The compiled model.
        feet: Pairs of feet.
        joints: The driven joints without a partner, at their zero.
        told: Gets a sentence on the pairs.
    """
    found: list[Names] = []
    for left, right in feet:
        one, other = _chain(model, left, joints), _chain(model, right, joints)
        own = [name for name in one if name not in other]
        others = [name for name in other if name not in one]
        if len(own) == len(others):
            ordered = zip(own, others, strict=True)
            found += [(a, b) for a, b in ordered if is_alike(joints[a], joints[b])]

    if found:
        told.append(
            f"By their order along the legs, these joints are left and right: {joined(found)}."
        )
    return found


def _chain(model: mujoco.MjModel, foot: str, joints: Iterable[str]) -> list[str]:
    """The joints that a foot hangs on, from the torso down."""
    body = model.body(foot).id
    above = [
        name for name in joints if is_in_subtree(model, body, int(model.joint(name).bodyid[0]))
    ]
    return sorted(above, key=lambda name: int(model.joint(name).id))


def _above(model: mujoco.MjModel, foot: str, joints: Sequence[Names]) -> str:
    """The nearest joint of a pair that a foot hangs on; "" for none."""
    above = _chain(model, foot, (name for pair in joints for name in pair))
    return above[-1] if above else ""


def _ahead(part: Part, mirror: Mirror) -> tuple[float, int]:
    """Sorts feet from front to rear, and as in the model where they are as far ahead."""
    return -round(float(part.points[0, 0]) / mirror.size, 2), part.number


def _take_list(
    feet: Mapping[str, Part], mirror: Mirror, sides: dict[str, str], told: list[str]
) -> None:
    """Takes the first half of the list as left, unless it is two feet one ahead of the other."""
    names, half = list(feet), len(feet) // 2
    ahead = [float(part.points[0, 0]) for part in feet.values()]
    if len(names) % 2 or not names:
        return
    if len(names) == 2 and abs(ahead[0] - ahead[1]) > TOLERANCE * mirror.size:
        return

    sides |= {name: "left" if place < half else "right" for place, name in enumerate(names)}
    told.append(
        "Neither places nor names tell the sides of the feet, so the first half of their list is "
        f"left: {', '.join(names[:half])}; right: {', '.join(names[half:])}."
    )


def _pairs(
    feet: Mapping[str, Part],
    sides: Mapping[str, str],
    candidates: Sequence[Sequence[Names]],
    ahead: Mapping[str, tuple[float, int]],
) -> list[Names]:
    """Pairs of feet, from front to rear.

    Args:
        feet: By name.
        sides: Of the feet.
        candidates: Lists of pairs; a foot's first partner counts.
        ahead: What sorts the feet from front to rear.
    """
    pairs: list[Names] = []
    rest = dict.fromkeys(feet)

    def take(left: str, right: str) -> None:
        if left in rest and right in rest and (sides[left], sides[right]) == ("left", "right"):
            pairs.append((left, right))
            del rest[left], rest[right]

    for left, right in (pair for each in candidates for pair in each):
        take(left, right)
    lefts, rights = (
        sorted((foot for foot in rest if sides[foot] == side), key=ahead.__getitem__)
        for side in ("left", "right")
    )
    if len(lefts) == len(rights):
        for left, right in zip(lefts, rights, strict=True):
            take(left, right)
    return sorted(pairs, key=lambda pair: ahead[pair[0]])


def _ordered(
    sides: Mapping[str, str], pairs: Sequence[Names], ahead: Mapping[str, tuple[float, int]]
) -> FootSides:
    """The feet with their sides: left ones, others and right ones, each from front to rear.

    Right feet stand in the order of their partners.
    """
    leader = {right: left for left, right in pairs}
    rank = {"left": 0, "": 1, "right": 2}

    def place(foot: str) -> tuple[int, tuple[float, int]]:
        return rank[sides[foot]], ahead[leader.get(foot, foot)]

    return tuple((foot, sides[foot]) for foot in sorted(sides, key=place))
