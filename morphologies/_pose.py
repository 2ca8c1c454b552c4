"""How a body on two legs starts: one table per body, of which genes and defaults are made."""

from collections.abc import Mapping, Sequence

from evoloco.errors import ModelError
from evoloco.genome import Gene

Row = tuple[float, float, float, float]
"""Low, high, start and spread of a quantity [its unit]."""

JOINTS = {
    "hip": "flexion at the start",
    "hip_roll": "abduction at the start",
    "knee": "flexion at the start",
    "ankle": "dorsiflexion at the start",
}
"""What the angle [rad] of a joint `<stem>_<side>` is, by its stem."""

QUANTITIES = {
    "lean": ("rad", "forward lean at the start"),
    "tilt": ("rad", "of the pelvis to the right at the start"),
    "speed": ("m/s", "of the body at the start"),
    "sway": ("m/s", "speed to the left at the start"),
    "turn_hip_right": ("rad/s", "flexion rate of the right hip at the start"),
    "turn_knee_right": ("rad/s", "flexion rate of the right knee at the start"),
    "activation": ("1", "of the muscles that hold the body up, at the start"),
}
"""Unit and meaning of what is no angle of a joint."""


def pose(table: Mapping[str, Row]) -> tuple[Gene, ...]:
    """Genes of a start pose; each is at its start where a run says nothing else."""
    genes = []
    for name, (low, high, start, spread) in table.items():
        unit, meaning = QUANTITIES.get(name) or ("rad", JOINTS[name.rpartition("_")[0]])
        genes.append(Gene(name, low, high, unit, meaning, start=start, spread=spread))
    return tuple(genes)


def split(
    values: Mapping[str, float], genes: Sequence[Gene]
) -> tuple[dict[str, float], dict[str, float]]:
    """Values of a start pose, and the other values.

    Args:
        values: By name, of any genes of a body.
        genes: Those of the start pose; each that has no value is at its start.

    Raises:
        ModelError: The activation leaves [0, 1].
    """
    start = {
        gene.name: values.get(gene.name, gene.start) for gene in genes if gene.start is not None
    }
    others = {name: value for name, value in values.items() if name not in start}

    if not 0 <= start["activation"] <= 1:
        raise ModelError(
            f"The activation at the start must be within 0 to 1, not {start['activation']:g}."
        )
    return start, others
