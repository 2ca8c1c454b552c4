"""A bird-like biped with the muscles of the human's legs under a horizontal trunk."""

import math
from typing import Annotated

from pydantic import Field

from evoloco.morphology import Morphology
from evoloco.muscle_tendon import MuscleTendon, muscle_genes

from ._muscle_legs import Legs, Segment
from ._pose import pose, split

HIP, KNEE, ANKLE = 0.005, 0.0075, 0.0125
"""Delays of reflexes to the muscles of hip, knee and ankle [s]: the human's, for shorter legs."""

# The table of muscles is laid out by hand: a line of numbers, and a line per path.
MUSCLES = {
    "hamstrings": MuscleTendon(600, 0.09, 0.1265, 0.2, HIP, (
        ("pelvis", -0.13, -0.06), ("shank", -0.03, 0.09), ("shank", -0.022, 0.06))),
    "glutei": MuscleTendon(600, 0.08, 0.0952, 0.3, HIP, (
        ("pelvis", -0.12, 0.0), ("pelvis", -0.118, -0.05), ("thigh", -0.018, -0.01))),
    "iliopsoas": MuscleTendon(600, 0.08, 0.0362, 0.2, HIP, (
        ("pelvis", -0.01, 0.07), ("pelvis", -0.015, 0.015), ("thigh", 0.02, 0.01))),
    "vasti": MuscleTendon(1100, 0.06, 0.0742, 0.1, KNEE, (
        ("thigh", 0.026, 0.0), ("thigh", 0.034, -0.07), ("shank", 0.032, 0.154))),
    "gastrocnemius": MuscleTendon(900, 0.055, 0.2231, 0.25, ANKLE, (
        ("thigh", -0.018, -0.076), ("foot", -0.107, 0.158))),
    "soleus": MuscleTendon(1100, 0.055, 0.1878, 0.4, ANKLE, (
        ("shank", -0.006, 0.06), ("foot", -0.107, 0.158))),
    "tibialis": MuscleTendon(350, 0.06, 0.1899, 0.15, ANKLE, (
        ("shank", 0.012, 0.06), ("shank", 0.018, -0.16), ("foot", -0.046, 0.114))),
}  # fmt: skip
"""Muscles of each leg: F_max [N], l_opt [m], l_slack [m], pennation [rad], delay [s], path [m].

All are invented: forces that let hip, knee and ankle carry a few body weights in a crouch, paths
with a moment arm of 2 to 6 cm there, and tendons so long that fibres are about optimal there.
"""

BIRD = Legs(
    name="muscle_creature",
    pelvis=Segment(2.0, 0.012, (-0.10, 0.02), (-0.06, -0.03), 0.035),
    trunk=Segment(7.0, 0.13, (0.20, 0.05), (-0.14, 0.0), 0.10),
    thigh=Segment(0.75, 0.003, (0, 0.07), (0, -0.10), 0.02),
    shank=Segment(0.45, 0.0045, (0, 0.12), (0, -0.18), 0.014),
    foot=Segment(0.22, 0.0022, (-0.08, 0.14), (0.0, -0.10), 0.011),
    pads={"heel": (0.0, -0.10), "toes": (0.12, -0.10)},
    pad=0.018,
    limits={
        "hip": (0.0, math.radians(110)),
        "knee": (math.radians(40), math.radians(135)),
        "ankle": (math.radians(-40), math.radians(80)),
    },
    muscles=MUSCLES,
    width=0.06,
    upholders=("hamstrings", "glutei", "vasti", "gastrocnemius", "soleus"),
    looks=(
        ((0.2, 0, 0.07), (0.3, 0, 0.3), 0.035),
        ((0.3, 0, 0.3), (0.34, 0, 0.3), 0.05),
        ((0.34, 0, 0.29), (0.43, 0, 0.27), 0.015),
        ((-0.14, 0, 0.01), (-0.34, 0, 0.03), 0.04),
    ),
)
"""All numbers of the body; they are invented."""

POSE = pose(
    {
        "lean": (-0.3, 0.3, 0.0, 0.03),
        "hip_left": (0.4, 1.6, 1.05, 0.05),
        "knee_left": (0.9, 2.2, 1.66, 0.05),
        "ankle_left": (-0.2, 1.2, 0.61, 0.05),
        "hip_right": (0.2, 1.8, 0.9, 0.1),
        "knee_right": (0.9, 2.3, 1.95, 0.1),
        "ankle_right": (-0.4, 1.2, 0.6, 0.1),
        "speed": (0.0, 2.0, 0.8, 0.1),
        "activation": (0.0, 0.8, 0.3, 0.05),
    }
)
"""The start pose: low, high, start and spread of each quantity [its unit]."""

GENES = (*POSE, *muscle_genes(MUSCLES))
"""Numbers of `build` that a run may set or search, with their bounds."""


def build(timestep: Annotated[float, Field(gt=0)] = 0.0025, **genes: float) -> Morphology:
    """Bird-like biped of 12 kg with seven muscles per leg, crouched on its left leg.

    Its proportions are a running bird's: a short thigh that points forward,
    a long shank, and a long foot that stands on its toes, under a trunk that
    lies ahead of the hip. All numbers are invented; the muscles have the
    names and the tasks of the human's, so that the same reflexes drive them.
    Positive angles are hip flexion, knee flexion and ankle dorsiflexion, all
    0 where thigh and shank hang straight down and the toes lie flat. It moves
    in the sagittal plane.

    The keyframe `home` is a moment of a walk: the body does not stand there by
    itself.

    Args:
        timestep: Physics step [s].
        **genes: Values of genes, of the start pose and of the muscles, as those
            of `muscle_biped`.

    Raises:
        UnknownNameError: There is no such gene.
        ModelError: A gene makes a muscle that cannot pull, or a delay for which
            there is no room.
    """
    start, shape = split(genes, POSE)
    return BIRD.build(timestep, start, shape)
