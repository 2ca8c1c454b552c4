"""The planar human of SCONE's H0914: seven segments, seven muscles per leg."""

import math
from typing import Annotated

from pydantic import Field

from evoloco.morphology import GRAVITY, Morphology
from evoloco.muscle_tendon import MuscleTendon, muscle_genes

from ._muscle_legs import Drive, Legs, Segment
from ._pose import pose, split

HIP, KNEE, ANKLE = 0.005, 0.010, 0.020
"""Delays of reflexes to the muscles of hip, knee and ankle [s] (Geyer and Herr, 2010)."""

# The tables of muscles are laid out by hand: a line of numbers, and a line per path.
MUSCLES = {
    "hamstrings": MuscleTendon(2594, 0.0976, 0.319, 0.2025, HIP, (
        ("pelvis", -0.0553, -0.1026), ("shank", -0.028, 0.1667), ("shank", -0.021, 0.1467))),
    "glutei": MuscleTendon(1944, 0.1569, 0.111, 0.382, HIP, (
        ("pelvis", -0.0642, 0.0176), ("pelvis", -0.0669, -0.052), ("thigh", -0.0426, 0.117),
        ("thigh", -0.0156, 0.0684))),
    "iliopsoas": MuscleTendon(2186, 0.1066, 0.152, 0.25, HIP, (
        ("pelvis", 0.006, 0.0887), ("pelvis", 0.0407, -0.01), ("thigh", 0.033, 0.135),
        ("thigh", -0.0188, 0.1103))),
    "vasti": MuscleTendon(4530, 0.0993, 0.1231, 0.0785, KNEE, (
        ("thigh", 0.029, -0.0224), ("thigh", 0.0335, -0.0384), ("shank", 0.04, 0.2117))),
    "gastrocnemius": MuscleTendon(2241, 0.051, 0.384, 0.173, ANKLE, (
        ("thigh", -0.02, -0.216), ("foot", -0.1, 0.001))),
    "soleus": MuscleTendon(3549, 0.044, 0.248, 0.494, ANKLE, (
        ("shank", -0.0024, 0.0334), ("foot", -0.1, 0.001))),
    "tibialis": MuscleTendon(1579, 0.0683, 0.243, 0.168, ANKLE, (
        ("shank", 0.0179, 0.0243), ("shank", 0.0329, -0.2084), ("foot", 0.0166, -0.0122))),
}  # fmt: skip
"""Muscles of each leg: F_max [N], l_opt [m], l_slack [m], pennation [rad], delay [s], path [m]."""

LEG = 0.88
"""Height of the hip above the ground, about which a standing leg turns [m]."""

MASS, HEIGHT = 74.5, 1.8
"""Of the person whose strength the motors have [kg], [m]."""

TORQUES = {
    joint: share * MASS * GRAVITY * HEIGHT
    for joint, share in {"hip": 0.161, "knee": 0.163, "ankle": 0.095}.items()
}
"""Largest torques of the motors [N m].

They are what young men exert at rest, in the stronger direction of each joint: Anderson, Madigan
and Nussbaum, 2007, Maximum voluntary joint torque as a function of joint angle and angular
velocity, doi:10.1016/j.jbiomech.2007.03.022 (table 3, over weight and height).
"""

HUMAN = Legs(
    name="muscle_biped",
    pelvis=Segment(11.777, 0.0579, (-0.03, 0.0815), (0, -0.0661), 0.05),
    trunk=Segment(34.237, 1.4314, (0, 0.32), (0.03, -0.32), 0.05),
    thigh=Segment(9.301, 0.1412, (0, 0.17), (0, -0.226), 0.026),
    shank=Segment(3.708, 0.0511, (0, 0.1867), (0, -0.2433), 0.02),
    foot=Segment(1.25, 0.0041, (-0.0512, 0.0120), (0.085, -0.015), 0.022),
    pads={"heel": (-0.085, -0.015), "toes": (0.085, -0.015)},
    pad=0.03,
    limits={
        "hip": (math.radians(-40), math.radians(120)),
        "knee": (math.radians(5), math.radians(120)),
        "ankle": (math.radians(-60), math.radians(60)),
    },
    muscles=MUSCLES,
    torques=TORQUES,
    width=0.09,
    upholders=("hamstrings", "glutei", "vasti", "soleus"),
    looks=(
        ((0, 0, 0.32), (0.012, 0, 0.285), 0.09),
        ((0, -0.13, 0.07), (0, 0.13, 0.07), 0.065),
        ((0, 0.055, 0.03), (0.02, 0.035, -0.25), 0.095),
        ((0, -0.055, 0.03), (0.02, -0.035, -0.25), 0.095),
    ),
)
"""All numbers of the body, those of H0914."""

POSE = pose(
    {
        "lean": (-0.3, 0.5, 0.1, 0.03),
        "hip_left": (-0.5, 1.0, 0.45, 0.05),
        "knee_left": (0.09, 0.6, 0.15, 0.05),
        "ankle_left": (-0.5, 0.4, -0.05, 0.05),
        "hip_right": (-0.6, 0.8, 0.0, 0.05),
        "knee_right": (0.09, 1.6, 0.6, 0.1),
        "ankle_right": (-0.8, 0.4, -0.15, 0.05),
        "speed": (0.3, 2.0, 1.2, 0.1),
        "turn_hip_right": (-5.0, 8.0, 2.5, 0.5),
        "turn_knee_right": (-8.0, 8.0, 1.0, 0.5),
        "activation": (0.0, 0.8, 0.2, 0.05),
    }
)
"""The start pose: low, high, start and spread of each quantity [its unit]."""

GENES = (*POSE, *muscle_genes(MUSCLES))
"""Numbers of `build` that a run may set or search, with their bounds."""


def build(
    timestep: Annotated[float, Field(gt=0)] = 0.0025,
    drive: Drive = "muscles",
    **genes: float,
) -> Morphology:
    """Planar human of 74.5 kg with seven muscles per leg, in the middle of a step.

    Sizes, masses, inertias and muscles are those of SCONE's H0914; the trunk
    is fixed to the pelvis. Positive angles are hip flexion (the thigh goes
    forward), knee flexion and ankle dorsiflexion (the toes go up). It moves in
    the sagittal plane.

    The keyframe `home` is a moment of a walk, on the left leg: the body does
    not stand there by itself. At the start the left leg turns about its foot
    as an inverted pendulum does.

    With motors instead of muscles the controls are torques [N m] of the
    joints, without delay; all else is the same.

    Genes of the muscles, shared by both legs, are called `<muscle>.max_force`,
    `.optimal_length` and `.slack_length` (factors), `.delay` [s], and `.0.x`,
    `.0.z`, `.1.x` and so on: shifts [m] of the points of the path. Where a
    delay is a gene, it is rounded up to a physics step.

    Args:
        timestep: Physics step [s].
        drive: "muscles", or "motors" for one torque motor per joint.
        **genes: Values of genes, of the start pose and of the muscles. A run
            file sets them in [morphology], or has them searched in
            [morphology.genes]. Without a value, a gene of the pose is at its
            start and a muscle is as published.

    Raises:
        UnknownNameError: There is no such gene.
        ModelError: A gene makes a muscle that cannot pull, or a delay for which
            there is no room.

    References:
        Geijtenbeek, 2019, SCONE: open source software for predictive simulation
        of biological motion, doi:10.21105/joss.01421.
    """
    start, shape = split(genes, POSE)
    turn = start["speed"] / LEG
    start |= {"turn_hip_left": -turn, "turn_ankle_left": turn}
    return HUMAN.build(timestep, start, shape, drive)
