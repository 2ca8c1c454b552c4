"""Which way a robot walks: its plane of symmetry at home, its feet, and names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evoloco.fields import Array
from evoloco.robot.legs import Leg
from evoloco.robot.linkage import Link, Linkage

FRONT = r"front|fore|\bf[lr]\b|\b[lr]f\b"
REAR = r"rear|back|hind|\b[rh][lr]\b|\b[lr]h\b"
"""Names of front and rear parts."""

LEVER = 0.05
"""Least distance of toes from heels that tells what is forward [reach of a leg]."""


@dataclass(frozen=True)
class Forward:
    """Where a robot walks.

    Attributes:
        direction: "+x", "-x", "+y" or "-y", in the world at home.
        reasons: Clauses; empty where nothing tells and it is so by convention.
    """

    direction: str
    reasons: tuple[str, ...]


def find_forward(linkage: Linkage, root: Link, legs: Sequence[Leg]) -> Forward:
    """Where a robot walks, by its symmetry, its feet and its names."""
    lateral = _lateral(legs, root)
    along = 1 - lateral
    reach = max(leg.reach for leg in legs)
    votes: list[tuple[float, str]] = []

    toes = float(np.mean([_toe(leg)[along] for leg in legs]))
    if abs(toes) > LEVER * reach:
        votes.append(
            (2 * np.sign(toes), f"the feet point there ({abs(toes):.2g} m before the ankle)")
        )
    if left := _left(linkage, root, lateral):
        votes.append((1.5 * left * (1 if along == 0 else -1), "left and right by their names"))
    if ahead := _by_names(linkage, root, FRONT, REAR, along):
        votes.append((1.5 * np.sign(ahead), "front and rear by their names"))
    eyes = _eyes(linkage, root, along)
    if abs(eyes) > LEVER * reach:
        votes.append((np.sign(eyes), "head or camera"))

    total = sum(vote for vote, _ in votes)
    if not total:
        return Forward("+x" if along == 0 else "+y", ())
    reasons = tuple(why for vote, why in votes if vote * total > 0)
    against = [why for vote, why in votes if vote * total < 0]
    if against:
        reasons += (f"but not {' nor '.join(against)}",)
    return Forward(f"{'+' if total > 0 else '-'}{'xy'[along]}", reasons)


def _lateral(legs: Sequence[Leg], root: Link) -> int:
    """Axis across the plane of symmetry, 0 for x or 1 for y.

    It is the one across which the feet mirror each other. Where they do across both, it is the one
    that the hinges turn about, as knees do; y where these are undecided too.
    """
    tips = np.array([leg.tip for leg in legs])
    spread = float(np.ptp(tips, axis=0)[:2].max())
    x, y = (_misfit(tips, root, axis) for axis in (0, 1))
    if abs(x - y) > 0.1 * spread:
        return 0 if x < y else 1

    hinges = [joint for leg in legs for link in leg.links for joint in link.hinges]
    along = np.abs(root.linkage.data.xaxis[hinges]).sum(axis=0)
    return 0 if along[0] > 1.5 * along[1] else 1


def _misfit(tips: Array, root: Link, axis: int) -> float:
    """Mean distance of the feet from the mirror images of others, across an axis [m]."""
    mirrored = tips.copy()
    mirrored[:, axis] = 2 * root.linkage.data.xpos[root.bodies[0]][axis] - tips[:, axis]
    gaps = np.linalg.norm(mirrored[:, None] - tips[None], axis=2).min(axis=1)
    return float(gaps.mean())


def _toe(leg: Leg) -> Array:
    """From the last hinge of a leg to the middle of its foot's geoms [m] (3,)."""
    last = leg.links[-1]
    low, high = last.box
    if np.ptp(last.box, axis=0)[2] > 1.2 * np.ptp(last.box, axis=0)[:2].max():
        return np.zeros(3)  # a shank with a round end has no toes
    return np.asarray((low + high) / 2 - last.anchor)


def _left(linkage: Linkage, root: Link, axis: int) -> float:
    """Sign of the place of left parts along an axis, by the names of pairs; 0 if they tell nothing.

    Two names are a pair if they differ in `left` and `right`, or in one letter l and r.
    """
    model, places = linkage.model, linkage.data.xpos
    bodies = [body for link in linkage.under(root) for body in link.bodies]
    place = {model.body(body).name.lower(): float(places[body][axis]) for body in bodies}

    gaps = []
    for name, at in place.items():
        twins = {name.replace("left", "right")} - {name}
        twins |= {f"{name[:i]}r{name[i + 1 :]}" for i, letter in enumerate(name) if letter == "l"}
        gaps += [at - place[twin] for twin in twins if twin in place]
    return float(np.sign(round(sum(gaps), 6)))


def _by_names(linkage: Linkage, root: Link, plus: str, minus: str, axis: int) -> float:
    """Mean place along an axis of parts of one kind of name, less that of another [m].

    It is 0 if there are none.
    """
    model, places = linkage.model, linkage.data.xpos
    found: dict[str, list[float]] = {plus: [], minus: []}
    for body in (body for link in linkage.under(root) for body in link.bodies):
        name = re.sub(r"[_\-.]", " ", model.body(body).name.lower())
        for pattern in (plus, minus):
            if re.search(pattern, name):
                found[pattern].append(float(places[body][axis]))
    if not found[plus] or not found[minus]:
        return 0.0
    return round(float(np.mean(found[plus]) - np.mean(found[minus])), 6)


def _eyes(linkage: Linkage, root: Link, axis: int) -> float:
    """Place of heads and eyes along an axis, from the root [m]; 0 if none."""
    model, places = linkage.model, linkage.data.xpos
    heads = [
        float(places[body][axis])
        for link in linkage.under(root)
        for body in link.bodies
        if re.search(r"head|neck|jaw|eye|camera|lidar", model.body(body).name, re.IGNORECASE)
    ]
    return float(np.mean(heads) - places[root.bodies[0]][axis]) if heads else 0.0


def in_order(legs: Sequence[Leg], forward: str) -> list[Leg]:
    """Legs from front to rear, left before right."""
    ahead, left = axes_of(forward)
    step = 0.2 * max(leg.reach for leg in legs)
    return sorted(legs, key=lambda leg: (-round(float(leg.tip @ ahead) / step), -leg.tip @ left))


def axes_of(forward: str) -> tuple[Array, Array]:
    """Unit vectors forward and to the left (3,), (3,)."""
    ahead = np.zeros(3)
    ahead["xy".index(forward[1])] = 1.0 if forward[0] == "+" else -1.0
    return ahead, np.cross([0.0, 0.0, 1.0], ahead)
