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
    """The drive that has every set of genes, which is not the right one of a pair."""
    found: dict[str, Drive] = {}
    for part in parts:
        if part.genes not in found or found[part.genes].late:
            found[part.genes] = part
    return tuple(found.values())


def one_of_each(morphology: Morphology) -> list[Joint]:
    """The left one of every pair of joints and those without a partner, as they hang on others."""
    model = morphology.model
    ordered = sorted(morphology.joints, key=lambda joint: int(model.joint(joint.name).id))
    return [joint for joint in ordered if joint.side != "right"]


def amplitude(part: Drive, name: str, meaning: str, largest: float = 0.6) -> Gene:
    """A gene for how far a joint swings: at most `largest` [rad] and half the joint's range."""
    joint = part.joint
    high = min(largest, (joint.high - joint.low) / 2)
    return Gene(f"{part.genes}.{name}", 0.0, high, "rad" if joint.axis else "m", meaning)
