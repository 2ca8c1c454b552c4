"""Which side each foot is on, which feet are a pair, and their order from front to rear."""

from collections.abc import Mapping, Sequence

import mujoco

from evoloco.joint import Pair, find_pairs
from evoloco.mirror import TOLERANCE, Mirror, Part
from evoloco.subtree import is_in_subtree

FootPair = tuple[str, str]
"""Names of a left and a right foot."""

FootSides = tuple[tuple[str, str], ...]
"""Names and sides of feet."""


def find_foot_sides(
    model: mujoco.MjModel,
    feet: Mapping[str, Part],
    joints: Sequence[Pair],
    mirror: Mirror,
    told: list[str],
) -> tuple[FootSides, tuple[FootPair, ...]]:
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
    side = {left: "left" for left, _, _ in joints} | {right: "right" for _, right, _ in joints}
    sides = {foot: side.get(hung[foot]) or mirror.side(part) for foot, part in feet.items()}
    by_name = [pair[:2] for pair in find_pairs(tuple(feet))]
    for left, right in by_name:
        if not (sides[left] or sides[right]):
            sides[left], sides[right] = "left", "right"
    if not any(sides.values()):
        _take_list(feet, mirror, sides, told)

    partners = {left: right for left, right, _ in joints}
    by_joint = [
        (one, other)
        for one in feet
        for other in feet
        if hung[one] in partners and partners[hung[one]] == hung[other]
    ]
    ahead = {name: _ahead(part, mirror) for name, part in feet.items()}
    pairs = _pairs(feet, sides, [by_joint, mirror.pairs(feet), by_name], ahead)
    if len(feet) > 1 and (alone := [foot for foot in feet if not any(foot in p for p in pairs)]):
        told.append(f"The feet {', '.join(alone)} have no partner on the other side.")
    return _ordered(sides, pairs, ahead), tuple(pairs)


def _above(model: mujoco.MjModel, foot: str, joints: Sequence[Pair]) -> str:
    """The nearest joint of a pair that a foot hangs on; "" for none."""
    body = model.body(foot).id
    above = {
        int(model.joint(name).id): name
        for pair in joints
        for name in pair[:2]
        if is_in_subtree(model, body, int(model.joint(name).bodyid[0]))
    }
    return above[max(above)] if above else ""


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
    candidates: Sequence[Sequence[FootPair]],
    ahead: Mapping[str, tuple[float, int]],
) -> list[FootPair]:
    """Pairs of feet, from front to rear.

    Args:
        feet: By name.
        sides: Of the feet.
        candidates: Lists of pairs; a foot's first partner counts.
        ahead: What sorts the feet from front to rear.
    """
    pairs: list[FootPair] = []
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
    sides: Mapping[str, str], pairs: Sequence[FootPair], ahead: Mapping[str, tuple[float, int]]
) -> FootSides:
    """The feet with their sides: left ones, others and right ones, each from front to rear.

    Right feet stand in the order of their partners.
    """
    leader = {right: left for left, right in pairs}
    rank = {"left": 0, "": 1, "right": 2}

    def place(foot: str) -> tuple[int, tuple[float, int]]:
        return rank[sides[foot]], ahead[leader.get(foot, foot)]

    return tuple((foot, sides[foot]) for foot in sorted(sides, key=place))
