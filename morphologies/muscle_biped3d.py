"""The human of `muscle_biped` in three dimensions: hips that roll, with abductors and adductors."""

import math
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from evoloco.morphology import Morphology
from evoloco.muscle_tendon import MuscleTendon, muscle_genes

from . import muscle_biped
from ._muscle_legs import Legs
from ._pose import pose, split

OUTWARD = {
    "hamstrings": (0.0694, 0.0294, 0.0343),
    "glutei": (0.0563, 0.0914, 0.0293, 0.0419),
    "iliopsoas": (0.0289, 0.076, 0.0038, 0.0104),
    "vasti": (0.031, 0.007, 0.0018),
    "gastrocnemius": (-0.024, -0.0053),
    "soleus": (0.0071, -0.0053),
    "tibialis": (0.0115, -0.0177, -0.0305),
}
"""Distances of the points of the planar human's paths to the side [m]."""

MUSCLES = {
    **{
        name: replace(muscle, outward=OUTWARD[name])
        for name, muscle in muscle_biped.MUSCLES.items()
    },
    "abductors": MuscleTendon(2045, 0.0733, 0.066, 0.3578, muscle_biped.HIP, (
        ("pelvis", -0.0148, 0.0445), ("thigh", -0.0258, 0.1642)), outward=(0.0766, 0.0527)),
    "adductors": MuscleTendon(2268, 0.087, 0.06, 0.0873, muscle_biped.HIP, (
        ("pelvis", -0.0025, -0.1174), ("thigh", -0.0045, 0.0489)), outward=(0.0255, 0.0339)),
}  # fmt: skip
"""Muscles of each leg: those of the planar human, gluteus medius and adductor magnus."""

PLANAR = muscle_biped.HUMAN

HUMAN = Legs(
    name="muscle_biped3d",
    pelvis=replace(PLANAR.pelvis, inertia=(0.1028, 0.0579, 0.0871)),
    trunk=replace(PLANAR.trunk, inertia=(1.4745, 1.4314, 0.7555)),
    thigh=replace(PLANAR.thigh, inertia=(0.1339, 0.1412, 0.0351)),
    shank=replace(PLANAR.shank, inertia=(0.0504, 0.0511, 0.0051)),
    foot=replace(PLANAR.foot, inertia=(0.0014, 0.0041, 0.0039)),
    pads={
        "heel": (-0.085, -0.015, 0.0),
        "toes": (0.085, -0.015, 0.04),
        "big_toe": (0.085, -0.015, -0.03),
    },
    pad=PLANAR.pad,
    limits=PLANAR.limits,
    muscles=MUSCLES,
    width=0.0835,
    upholders=(*PLANAR.upholders, "abductors"),
    roll=(math.radians(-20), math.radians(45)),
    looks=PLANAR.looks,
)
"""All numbers of the body: those of the planar human, and what is to the side."""

POSE = (
    *(gene for gene in muscle_biped.POSE if not gene.name.startswith("turn_")),
    *pose(
        {
            "tilt": (-0.2, 0.2, 0.0, 0.02),
            "sway": (-0.5, 0.5, 0.1, 0.05),
            "hip_roll_left": (-0.2, 0.3, 0.0, 0.03),
            "hip_roll_right": (-0.2, 0.3, 0.05, 0.03),
        }
    ),
)
"""The start pose: that of the planar human, whose legs do not turn yet, and what is to the side."""

GENES = (*POSE, *muscle_genes(MUSCLES))
"""Numbers of `build` that a run may set or search, with their bounds."""


def build(timestep: Annotated[float, Field(gt=0)] = 0.0025, **genes: float) -> Morphology:
    """Human of 74.5 kg with nine muscles per leg, in the middle of a step in three dimensions.

    Segments, joints and muscles are those of `muscle_biped`; hips also roll,
    by gluteus medius and adductor magnus, and do not turn about the leg.
    Positive angles are hip flexion, abduction, knee flexion and dorsiflexion.
    The trunk is fixed to the pelvis. A foot stands on a heel and two toes; how
    far these are to the sides is invented.

    The keyframe `home` is a moment of a walk, on the left leg: the body does
    not stand there by itself.

    Args:
        timestep: Physics step [s].
        **genes: Values of genes, of the start pose and of the muscles, as those
            of `muscle_biped`.

    Raises:
        UnknownNameError: There is no such gene.
        ModelError: A gene makes a muscle that cannot pull, or a delay for which
            there is no room.

    References:
        Inertias, width of the hips, distances of paths to the side, and the two
        muscles: the model of 22 muscles in the sandbox of OpenSim Moco,
        github.com/opensim-org/opensim-core, whose frames are those of SCONE's
        H0914. Its paths are those of Delp et al., 1990, An interactive
        graphics-based model of the lower extremity to study orthopaedic surgical
        procedures, doi:10.1109/10.102791.
        Hips without rotation: Song and Geyer, 2015, A neural circuitry that
        emphasizes spinal feedback generates diverse behaviours of human
        locomotion, doi:10.1113/JP270228.
    """
    start, shape = split(genes, POSE)
    return HUMAN.build(timestep, start, shape)
