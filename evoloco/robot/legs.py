"""The legs of a robot, found from its geometry at home."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from evoloco.fields import Array
from evoloco.robot.linkage import Link, Linkage

LOW = 0.25
"""Greatest height of a leg's end over the lowest one [height of the torso]."""

LYING = 0.3
"""Height of a torso below which its legs are not told by theirs [reach of the longest limb]."""

TOES = 0.4
"""Largest size of a foot with its toes [length of the limb]."""

SYMMETRIC = 0.1
"""Distance within which an end is another's mirror image [reach of the longest limb]."""


WHEEL = "it is round and turns about its centre without limits, as a wheel does"


@dataclass(frozen=True, eq=False)
class Leg:
    """A limb that can reach the ground.

    Attributes:
        foot: Name of the body at its end.
        links: From the first that is this leg's alone to the foot.
        tip: Lowest point of the foot at home [m] (3,).
        joints: Hinges that move it, from the torso outward.
        shared: Hinges between the root and the leg that move other legs too.
        toes: Hinges beyond the foot.
    """

    foot: str
    links: tuple[Link, ...]
    tip: Array
    joints: tuple[str, ...]
    shared: tuple[str, ...]
    toes: tuple[str, ...]

    @property
    def reach(self) -> float:
        """Length from its first joint over the others to its tip [m]."""
        return _length(self.links, self.tip)


@dataclass(frozen=True)
class Rejected:
    """The end of a limb that is no foot.

    Attributes:
        body: Its name.
        why: A clause.
    """

    body: str
    why: str


def find_legs(linkage: Linkage, root: Link) -> tuple[list[Leg], list[Rejected]]:
    """Finds the legs of a robot, and what ends elsewhere.

    A leg ends in the last link with geoms that can touch something, is turned by a hinge, is no
    wheel, reaches about as low as the lowest, and has a mirror image if others do.

    Args:
        linkage: In its home pose.
        root: Of the robot.
    """
    ends, rejected = _ends(linkage, root)
    limbs = [end for end in ends if not end.is_wheel]
    rejected += [Rejected(end.sole, WHEEL) for end in ends if end.is_wheel]
    low = _lowest(limbs, root)
    rejected += [_high(end, low) for end in limbs if end not in low]

    kept = _mirrored(low, root)
    rejected += [Rejected(end.sole, "no limb mirrors it") for end in low if end not in kept]
    if len(kept) == 1 and not _holds_up(kept[0], root):
        return [], [*rejected, Rejected(kept[0].sole, "a single limb, and not below the torso")]
    return legs_of(linkage, root, kept), rejected


def legs_of(linkage: Linkage, root: Link, ends: Sequence[Link]) -> list[Leg]:
    """The legs that end in some links."""
    legs = []
    for end in ends:
        chain = [link for link in end.chain if root in link.chain and link is not root]
        own = [link for link in chain if sum(link in other.chain for other in ends) == 1]
        if len(ends) == 1:
            own = chain
        shared = [link for link in chain if link not in own]
        beyond = [link for link in linkage.under(end) if link is not end]
        legs.append(
            Leg(
                foot=end.sole,
                links=tuple(own),
                tip=end.tip,
                joints=_hinges(own),
                shared=_hinges(shared),
                toes=_hinges(beyond),
            )
        )
    return legs


def _hinges(links: Sequence[Link]) -> tuple[str, ...]:
    return tuple(link.model.joint(joint).name for link in links for joint in link.hinges)


def _length(links: Sequence[Link], tip: Array) -> float:
    """Length of a limb from its first joint over the others to its tip [m]."""
    points = [*(link.anchor for link in links), tip]
    return float(sum(np.linalg.norm(b - a) for a, b in pairwise(points)))


def _ends(linkage: Linkage, root: Link) -> tuple[list[Link], list[Rejected]]:
    """The last links of all limbs that can touch something; toes belong to their foot."""
    ends: list[Link] = []
    rejected = []
    for leaf in linkage.leaves(root):
        limb = [link for link in leaf.chain if root in link.chain and link is not root]
        solid = [link for link in limb if link.touching]
        seen = solid or [link for link in limb if link.geoms]
        if not any(link.hinges for link in limb):
            rejected.append(Rejected(leaf.sole, "no hinge moves it"))
        elif not seen:
            rejected.append(Rejected(leaf.name, "it has no geoms"))
        elif (end := _with_toes(linkage, limb[: limb.index(seen[-1]) + 1])) not in ends:
            ends.append(end)

    inner = [end for end in ends if any(end in other.chain for other in ends if other is not end)]
    return [end for end in ends if end not in inner], rejected


def _with_toes(linkage: Linkage, limb: list[Link]) -> Link:
    """The link that is the foot of a limb, whose last links may be toes."""
    whole = _length(limb, limb[-1].tip)
    for i, link in enumerate(limb[:-1]):
        beyond = linkage.under(link)
        low = np.min([part.box[0] for part in beyond if part.geoms] or [link.anchor], axis=0)
        high = np.max([part.box[1] for part in beyond if part.geoms] or [link.anchor], axis=0)
        small = float(np.linalg.norm(high - low)) < TOES * whole
        if small and link.touching and (len(link.children) > 1 or _is_flat(link, limb[-1])):
            hinges = sum(len(part.hinges) for part in limb[: i + 1])
            if hinges > 1:
                return link
    return limb[-1]


def _is_flat(link: Link, end: Link) -> bool:
    """Whether a link lies as low as the end of its limb and is longer than high."""
    (low, high), scale = link.box, float(np.ptp(link.box, axis=0).max())
    length = float(np.hypot(*(high - low)[:2]))
    return bool(length > 1.5 * (high - low)[2] and low[2] - end.tip[2] < 0.2 * scale)


def _holds_up(end: Link, root: Link) -> bool:
    """Whether the torso is well above the end of a limb, and not beside it."""
    x, y, height = root.linkage.data.xipos[root.bodies[0]] - end.tip
    return bool(height > max(LYING * _length(end.chain[1:], end.tip), np.hypot(x, y)))


def _lowest(ends: Sequence[Link], root: Link) -> list[Link]:
    """The ends that are about as low as the lowest; all of a body that lies."""
    if not ends:
        return []
    ground = min(float(end.tip[2]) for end in ends)
    height = float(root.linkage.data.xipos[root.bodies[0]][2]) - ground
    reach = max(_length(end.chain[1:], end.tip) for end in ends)
    if height < LYING * reach:
        height = reach if height > -LYING * reach else 0.0
    return [end for end in ends if end.tip[2] - ground <= LOW * height]


def _high(end: Link, low: Sequence[Link]) -> Rejected:
    ground = min((float(other.tip[2]) for other in low), default=float(end.tip[2]))
    return Rejected(end.sole, f"it ends {end.tip[2] - ground:.3g} m above the lowest")


def _mirrored(ends: Sequence[Link], root: Link) -> list[Link]:
    """The ends that have mirror images, on the plane that gives the most of them; else all."""
    best: list[Link] = []
    for axis in (1, 0):
        paired = [end for end in ends if _image(end, ends, root, axis) is not None]
        most = max((_hinge_count(end) for end in paired), default=0)
        middle = [
            end
            for end in ends
            if end not in paired and _offset(end, root, axis) and _hinge_count(end) == most
        ]
        if len(paired) + len(middle) > len(best) and paired:
            best = [end for end in ends if end in paired or end in middle]
    return best or list(ends)


def _hinge_count(end: Link) -> int:
    return sum(len(link.hinges) for link in end.chain[1:])


def _offset(end: Link, root: Link, axis: int) -> bool:
    """Whether an end lies on the plane through the root at right angles to an axis."""
    reach = _length(end.chain[1:], end.tip)
    return bool(
        abs(end.tip[axis] - root.linkage.data.xpos[root.bodies[0]][axis]) < SYMMETRIC * reach
    )


def _image(end: Link, ends: Sequence[Link], root: Link, axis: int) -> Link | None:
    """The other end that is the mirror image of one, at right angles to an axis."""
    centre = root.linkage.data.xpos[root.bodies[0]][axis]
    image = end.tip.copy()
    image[axis] = 2 * centre - image[axis]
    near = SYMMETRIC * _length(end.chain[1:], end.tip)
    others = [other for other in ends if other is not end]
    found = min(others, key=lambda other: float(np.linalg.norm(other.tip - image)), default=None)
    if found is None or np.linalg.norm(found.tip - image) > near:
        return None
    return found
