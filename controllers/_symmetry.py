"""Which genes a joint listens to, and how the right side mirrors the left."""

from dataclasses import dataclass
from typing import Literal

from evoloco.genome import Gene
from evoloco.joint import Joint
from evoloco.morphology import Morphology

Symmetry = Literal["mirror", "none"]


@dataclass(frozen=True)
class Drive:
    """One driven joint's part in a gait.

    A right joint does what its left partner did half a period before, seen in
    a mirror: its signal is shifted and its command multiplied by `sign`. That
    holds with shared and with separate genes, so equal genes give equal gaits.

    Attributes:
        joint: The joint.
        index: Its place in the controls.
        genes: What the names of its genes begin with: its stem where the sides share genes, else
            its name.
        sign: Turns the left side's command into this joint's: +1 on the left, the joint's mirror
            sign on the right.
        late: Whether it lags the left side by half a period.
    """

    joint: Joint
    index: int
    genes: str
    sign: float
    late: bool


def drives(morphology: Morphology, symmetry: Symmetry) -> tuple[Drive, ...]:
    """One drive per driven joint, in the order of the controls."""
    return tuple(
        Drive(
            joint=joint,
            index=index,
            genes=joint.stem if symmetry == "mirror" else joint.name,
            sign=joint.mirror if joint.side == "right" else 1.0,
            late=joint.side == "right",
        )
        for index, joint in enumerate(morphology.joints)
    )


def owners(parts: tuple[Drive, ...]) -> tuple[Drive, ...]:
    """The first drive of every set of genes."""
    return tuple({part.genes: part for part in reversed(parts)}.values())[::-1]


def amplitude(part: Drive, name: str, meaning: str, largest: float = 0.6) -> Gene:
    """A gene for how far a joint swings: at most `largest` [rad] and half the joint's range."""
    joint = part.joint
    high = min(largest, (joint.high - joint.low) / 2)
    return Gene(f"{part.genes}.{name}", 0.0, high, "rad" if joint.axis else "m", meaning)
