"""Pairs of parts, left and right: by their places, or else by their names."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from evoloco.joint import Pair, find_pairs
from evoloco.mirror import Mirror, Part

Parts = Mapping[str, Part]


def pair_parts(
    what: str,
    names: Sequence[str],
    home: Parts,
    zero: Callable[[], Parts],
    mirror: Mirror,
    told: list[str],
) -> tuple[Pair, ...]:
    """Pairs parts that are mirror images of each other, and others whose names are.

    Args:
        what: What they are called, such as "joints".
        names: Of the parts.
        home: The parts at home.
        zero: Called for the parts with joints at zero, where home leaves some without a partner.
        mirror: The plane of symmetry.
        told: Gets a sentence on pairs that names and places do not both tell, and on parts
            without a partner.

    Returns:
        Left name, right name and stem of each pair.
    """
    named = find_pairs(names)
    likely = {frozenset(pair[:2]) for pair in named}
    by_place = mirror.pairs(home, likely)
    if alone := _without(names, by_place):
        parts = zero()
        by_place += mirror.pairs({name: parts[name] for name in alone if name in parts}, likely)

    rest = dict.fromkeys(_without(names, by_place))
    by_name = [
        _turned(pair[:2], home, mirror) for pair in named if pair[0] in rest and pair[1] in rest
    ]
    found = [*by_place, *by_name]
    alone = _without(names, found)
    told += _told(what, named, by_place, by_name, alone)
    return tuple(_with_stems(found, named, alone))


def _without(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[str]:
    """The names that are in no pair."""
    paired = set(chain.from_iterable(pairs))
    return [name for name in names if name not in paired]


def _turned(pair: tuple[str, str], parts: Parts, mirror: Mirror) -> tuple[str, str]:
    """A pair by names, exchanged where the left one is plainly on the right."""
    left, right = pair
    sides = [mirror.side(parts[name]) if name in parts else "" for name in pair]
    return (right, left) if sides == ["right", "left"] else pair


def _with_stems(
    found: Sequence[tuple[str, str]], named: Sequence[Pair], alone: Sequence[str]
) -> list[Pair]:
    """Pairs with stems that no other pair or part has: what their names share, or the left name."""
    stems = {frozenset(pair[:2]): pair[2] for pair in named}
    wanted = [stems.get(frozenset(pair), _shared(*pair)) for pair in found]
    count = Counter([*wanted, *alone])
    return [
        (left, right, stem if stem and count[stem] == 1 else left)
        for (left, right), stem in zip(found, wanted, strict=True)
    ]


def _shared(left: str, right: str) -> str:
    """The words that two names share at the same places; "" where they have not as many words."""
    one, other = left.split("_"), right.split("_")
    if len(one) != len(other):
        return ""
    return "_".join(word for word, same in zip(one, other, strict=True) if word == same)


def _told(
    what: str,
    named: Sequence[Pair],
    by_place: Sequence[tuple[str, str]],
    by_name: Sequence[tuple[str, str]],
    alone: Sequence[str],
) -> list[str]:
    """Sentences on pairs that names and places do not both tell, and on parts without a partner."""
    names = {pair[:2] for pair in named}
    called = set(chain.from_iterable(names))
    new = [pair for pair in by_place if pair not in names and not called.intersection(pair)]
    contrary = [pair for pair in by_place if pair not in names and called.intersection(pair)]
    contrary += [pair for pair in by_name if pair not in names]

    told = []
    if new:
        told.append(f"Left and right {what} by their places: {_listed(new)}.")
    if contrary:
        told.append(
            f"Left and right {what} by their places, against their names: {_listed(contrary)}. "
            "Forward is the x axis; give `mirror` if the names are right."
        )
    if kept := [pair for pair in by_name if pair in names]:
        told.append(f"Left and right {what} by their names alone: {_listed(kept)}.")
    if alone:
        told.append(f"The {what} {', '.join(alone)} have no partner on the other side.")
    return told


def _listed(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{left} and {right}" for left, right in pairs)
