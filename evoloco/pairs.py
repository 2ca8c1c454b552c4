"""Pairs of parts, left and right: by their places, or else by their names."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from evoloco.joint import Pair, find_pairs
from evoloco.mirror import Mirror, Part

Names = tuple[str, str]
"""Of a left and a right part."""

Parts = Mapping[str, Part]

LISTED = 8
"""Largest number of names in a sentence."""


def pair_parts(
    what: str,
    names: Sequence[str],
    home: Parts,
    zero: Callable[[], Parts],
    mirror: Mirror,
    told: list[str],
) -> list[Names]:
    """Pairs parts that are mirror images of each other, and others whose names are.

    Args:
        what: What they are called, such as "joints".
        names: Of the parts.
        home: The parts at home.
        zero: Called for the parts with joints at zero, where home leaves some without a partner.
        mirror: The plane of symmetry.
        told: Gets sentences on pairs that names and places do not both tell.
    """
    named = [pair[:2] for pair in find_pairs(names)]
    likely = set(map(frozenset, named))
    by_place = mirror.pairs(home, likely)
    if alone := without(names, by_place):
        parts = zero()
        by_place += mirror.pairs({name: parts[name] for name in alone if name in parts}, likely)

    rest = set(without(names, by_place))
    by_name = [turned(pair, home, mirror) for pair in named if rest.issuperset(pair)]
    told += _told(what, named, by_place, by_name)
    return [*by_place, *by_name]


def turned(pair: Names, parts: Parts, mirror: Mirror) -> Names:
    """A pair by names, exchanged where the left one is plainly on the right."""
    left, right = pair
    sides = [mirror.side(parts[name]) if name in parts else "" for name in pair]
    return (right, left) if sides == ["right", "left"] else pair


def without(names: Sequence[str], pairs: Sequence[Names]) -> list[str]:
    """The names that are in no pair."""
    paired = set(chain.from_iterable(pairs))
    return [name for name in names if name not in paired]


def with_stems(pairs: Sequence[Names], names: Sequence[str]) -> tuple[Pair, ...]:
    """Pairs with stems that no other pair or part has: what their names share, or the left name.

    Args:
        pairs: The pairs.
        names: Of all parts.
    """
    stems = {frozenset(pair[:2]): pair[2] for pair in find_pairs(names)}
    wanted = [stems.get(frozenset(pair), _shared(*pair)) for pair in pairs]
    count = Counter([*wanted, *without(names, pairs)])
    return tuple(
        (left, right, stem if stem and count[stem] == 1 else left)
        for (left, right), stem in zip(pairs, wanted, strict=True)
    )


def listed(names: Sequence[str]) -> str:
    """Names in a sentence, not all of many."""
    shown = ", ".join(names[:LISTED])
    return shown if len(names) <= LISTED else f"{shown} and {len(names) - LISTED} more"


def joined(pairs: Sequence[Names]) -> str:
    """Pairs in a sentence."""
    return listed([f"{left} and {right}" for left, right in pairs])


def _shared(left: str, right: str) -> str:
    """The words that two names share at the same places; "" where they have not as many words."""
    one, other = left.split("_"), right.split("_")
    if len(one) != len(other):
        return ""
    return "_".join(word for word, same in zip(one, other, strict=True) if word == same)


def _told(
    what: str, named: Sequence[Names], by_place: Sequence[Names], by_name: Sequence[Names]
) -> list[str]:
    """Sentences on pairs that names and places do not both tell."""
    called = set(chain.from_iterable(named))
    unnamed = [pair for pair in by_place if pair not in named]
    new = [pair for pair in unnamed if not called.intersection(pair)]
    contrary = [pair for pair in unnamed if called.intersection(pair)]
    contrary += [pair for pair in by_name if pair not in named]
    bare = [pair for pair in by_name if pair in named]

    told = []
    if new:
        told.append(f"By their places, these {what} are left and right: {joined(new)}.")
    if contrary:
        told.append(
            f"By their places, against their names, these {what} are left and right: "
            f"{joined(contrary)}. Forward is the x axis; give `mirror` if the names are right."
        )
    if bare:
        told.append(f"By their names alone, these {what} are left and right: {joined(bare)}.")
    return told
