"""The five-link biped: a torso and two legs with knees, held in the sagittal plane."""

import math
from typing import Annotated

import mujoco
from pydantic import Field

from evoloco.morphology import HOME, Morphology, assemble
from evoloco.servo import XM430

from ._parts import (
    ACCENT,
    BROWN,
    DARK,
    GREY,
    WHITE,
    add_accelerometer,
    add_planar_root,
    box,
    corner,
    hinge,
    rod,
)
from ._world import GROUND, new_world

THIGH = SHANK = 0.15
"""Lengths of the leg's segments [m]."""
ANKLE = 0.02
"""Height of the shank's lower end above the sole [m]."""
SOLE = {"rear": -0.03, "front": 0.04}
"""Where the sole touches the ground, ahead of the shank's lower end [m]."""
CORNER = 0.006
"""Radius of the spheres at the ends of the sole [m]."""
WAIST = 0.10
"""Height of the torso's frame above the hips [m]."""
HIP = 0.03
"""Distance of each leg from the middle plane [m]."""

LIMITS = {"hip_pitch": (-0.9, 1.4), "knee": (0.0, 2.2)}
"""Range of each joint [rad]."""
CROUCH = {"hip_pitch": 0.2, "knee": 0.4}
"""Angles in the home keyframe [rad]: the soles are below the hips, and level."""


def build(timestep: Annotated[float, Field(gt=0)] = 0.005) -> Morphology:
    """Five-link planar biped of 0.51 m and 2.1 kg with four driven joints.

    It moves in the sagittal plane; the legs pass each other freely. Hips and
    knees are driven by DYNAMIXEL XM430-W350; there are no ankles: each foot
    is fixed to its shank, and touches the ground with a small sphere at
    either end, far enough apart to stand. Positive angles are hip flexion (the
    thigh goes forward) and knee flexion, in this order: left hip, left knee,
    right hip, right knee.

    Args:
        timestep: Physics step [s].
    """
    spec = new_world("planar_biped", timestep)
    torso = spec.worldbody.add_body(name="torso")
    add_planar_root(torso)
    add_accelerometer(spec, torso)
    box(torso, "chest", (0.01, 0, 0.02), (0.04, 0.045, 0.08), WHITE, mass=0.90, conaffinity=GROUND)
    box(torso, "belt", (0.01, 0, -0.04), (0.041, 0.046, 0.006), ACCENT)
    box(torso, "pelvis", (0, 0, -0.085), (0.03, 0.035, 0.025), DARK, mass=0.20)
    joints = []
    for side, sign in (("left", 1), ("right", -1)):
        _leg(spec, torso, side, sign)
        joints += [f"{stem}_{side}" for stem in LIMITS]
    for joint in joints:
        XM430.drive(spec, joint)
    lean = CROUCH["knee"] - CROUCH["hip_pitch"]
    height = WAIST + THIGH * math.cos(CROUCH["hip_pitch"]) + SHANK * math.cos(lean) + ANKLE
    angles = [CROUCH[joint.rpartition("_")[0]] for joint in joints]
    spec.add_key(name=HOME, qpos=[0, height, 0, *angles], ctrl=angles)
    return assemble(spec, torso="torso", feet=("foot_left", "foot_right"), joints=joints)


def _leg(spec: mujoco.MjSpec, torso: mujoco.MjsBody, side: str, sign: int) -> None:
    """One leg; the foot is turned on its shank so that it is level at home."""
    upper, lower = (WHITE, ACCENT) if side == "left" else (GREY, BROWN)  # told apart from the side
    thigh = torso.add_body(name=f"thigh_{side}", pos=[0, HIP * sign, -WAIST])
    hinge(thigh, f"hip_pitch_{side}", (0, -1, 0), LIMITS["hip_pitch"])
    rod(
        thigh,
        f"thigh_{side}",
        0.022,
        (0, 0, 0),
        (0, 0, -THIGH),
        upper,
        mass=0.25,
        conaffinity=GROUND,
    )
    shank = thigh.add_body(name=f"shank_{side}", pos=[0, 0, -THIGH])
    hinge(shank, f"knee_{side}", (0, 1, 0), LIMITS["knee"])
    rod(
        shank,
        f"shank_{side}",
        0.018,
        (0, 0, 0),
        (0, 0, -SHANK),
        lower,
        mass=0.18,
        conaffinity=GROUND,
    )
    half = (CROUCH["hip_pitch"] - CROUCH["knee"]) / 2
    foot = shank.add_body(
        name=f"foot_{side}", pos=[0, 0, -SHANK], quat=[math.cos(half), 0, math.sin(half), 0]
    )
    box(foot, f"sole_{side}", (0.005, 0, -ANKLE + 0.009), (0.041, 0.022, 0.006), DARK, mass=0.06)
    for end in ("front", "rear"):
        corner(spec, foot, end, (SOLE[end], 0, -ANKLE), CORNER)
