"""A small planar body on one leg: the cheapest to simulate, for tests and first trials."""

import math
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from evoloco.genome import Gene
from evoloco.morphology import HOME, Morphology, assemble
from evoloco.servo import XM430_W210

from ._parts import ACCENT, DARK, WHITE, add_accelerometer, add_planar_root, box, corner, hinge, rod
from ._world import GROUND, new_world

THIGH = SHANK = 0.12
"""Lengths of the leg's segments [m]."""
ANKLE = 0.02
"""Height of the ankle above the sole [m]."""
SOLE = {"rear": -0.045, "front": 0.065}
"""Where the sole touches the ground, ahead of the ankle [m]."""
CORNER = 0.006
"""Radius of the spheres at the ends of the sole [m]."""
WAIST = 0.04
"""Height of the torso's frame above the hip [m]."""

LIMITS = {"hip_pitch": (-0.8, 1.6), "knee": (0.0, 2.4), "ankle_pitch": (-0.9, 0.9)}
"""Range of each joint [rad]."""
CROUCH = {"hip_pitch": 0.6, "knee": 1.2, "ankle_pitch": 0.6}
"""Angles in the home keyframe [rad]: the ankle is below the hip, the sole level."""


GENES = (
    Gene("torso_mass", 0.2, 0.8, "kg", "mass of the torso"),
    Gene("stiffness", 7.0, 28.0, "N m/rad", "torque of a servo per position error"),
)
"""Numbers of `build` that a run may search, with their bounds."""


def build(
    ankle: bool = False,
    timestep: Annotated[float, Field(gt=0)] = 0.005,
    torso_mass: Annotated[float, Field(gt=0)] = 0.36,
    stiffness: Annotated[float, Field(gt=0)] = XM430_W210.stiffness,
) -> Morphology:
    """Planar hopper of 0.29 m and 0.62 kg with a driven hip and knee.

    It moves in the sagittal plane. Positive angles are hip flexion (the thigh
    goes forward), knee flexion and ankle dorsiflexion (the toes go up). The
    servos are DYNAMIXEL XM430-W210, idealised: without friction and latency.

    Args:
        ankle: Whether the ankle is driven too; otherwise the foot is fixed to the shank.
        timestep: Physics step [s].
        torso_mass: Mass of the torso [kg].
        stiffness: Torque of a servo per position error [N m/rad].
    """
    spec = new_world("hopper", timestep)
    torso = spec.worldbody.add_body(name="torso")
    add_planar_root(torso)
    add_accelerometer(spec, torso)
    box(torso, "torso", (0, 0, 0), (0.06, 0.035, 0.03), WHITE, mass=torso_mass, conaffinity=GROUND)
    box(torso, "belt", (0, 0, 0), (0.061, 0.036, 0.006), ACCENT)
    thigh = torso.add_body(name="thigh", pos=[0, 0, -WAIST])
    hinge(thigh, "hip_pitch", (0, -1, 0), LIMITS["hip_pitch"])
    rod(thigh, "thigh", 0.020, (0, 0, 0), (0, 0, -THIGH), DARK, mass=0.12, conaffinity=GROUND)
    shank = thigh.add_body(name="shank", pos=[0, 0, -THIGH])
    hinge(shank, "knee", (0, 1, 0), LIMITS["knee"])
    rod(shank, "shank", 0.015, (0, 0, 0), (0, 0, -SHANK), ACCENT, mass=0.10, conaffinity=GROUND)
    foot = shank.add_body(name="foot", pos=[0, 0, -SHANK])
    joints = ["hip_pitch", "knee"]
    if ankle:
        hinge(foot, "ankle_pitch", (0, -1, 0), LIMITS["ankle_pitch"])
        joints.append("ankle_pitch")
    else:
        half = -CROUCH["ankle_pitch"] / 2
        foot.quat = [math.cos(half), 0, math.sin(half), 0]
    box(foot, "sole", (0.01, 0, -ANKLE + 0.008), (0.062, 0.025, 0.005), WHITE, mass=0.04)
    for end in ("front", "rear"):
        corner(spec, foot, end, (SOLE[end], 0, -ANKLE), CORNER)
    for joint in joints:
        replace(XM430_W210, friction=0, latency=0, stiffness=stiffness).drive(spec, joint)
    height = (
        WAIST
        + THIGH * math.cos(CROUCH["hip_pitch"])
        + SHANK * math.cos(CROUCH["ankle_pitch"])
        + ANKLE
    )
    angles = [CROUCH[joint] for joint in joints]
    spec.add_key(name=HOME, qpos=[0, height, 0, *angles], ctrl=angles)
    return assemble(spec, torso="torso", feet=("foot",), joints=joints)
