"""A planar walker of human size: a torso, and two legs with knees and ankles."""

import math
from typing import Annotated

import mujoco
from pydantic import Field

from evoloco.morphology import HOME, Morphology, assemble

from ._anthropometry import FOOT, HEIGHTS, SEGMENTS, STATURE, TORQUES, add_limb, length, mass, weigh
from ._joint_drive import JointDrive, drive_joint
from ._parts import (
    ACCENT,
    BROWN,
    DARK,
    GREY,
    WHITE,
    add_accelerometer,
    add_planar_root,
    add_velocimeter,
    ball,
    box,
    corner,
    hinge,
    rod,
)
from ._world import GROUND, new_world

WAIST = SEGMENTS["upper_body"].centre * length("upper_body")
"""Height of the torso's frame, in the upper body's centre of mass, above the hips [m]."""

ANKLE = HEIGHTS["ankle"] * STATURE
"""Height of the ankle above the sole [m]."""

HIP = 0.05 * STATURE
"""Distance of each leg from the middle plane [m]; for looks only."""

SOLE = {"rear": -0.06, "front": 0.16}
"""Where the sole touches the ground, ahead of the ankle [m]."""

CORNER = 0.02
"""Radius of the spheres at the ends of the sole [m]."""

LIMITS = {"hip": (-0.6, 1.8), "knee": (0.0, 2.4), "ankle": (-0.9, 0.7)}
"""Range of each joint [rad]."""

KNEE = 0.15
"""Knee angle in the home keyframe [rad]; hips and ankles keep soles and torso level."""


def build(
    drive: JointDrive = "servos",
    timestep: Annotated[float, Field(gt=0)] = 0.0025,
) -> Morphology:
    """Planar walker of 1.75 m and 70 kg with six driven joints: hips, knees and ankles.

    It has nine degrees of freedom, three of them of the torso in the sagittal plane; the legs pass
    each other freely. Lengths, masses and inertias are a person's, head, arms and trunk in one
    segment. Positive angles are hip flexion (the thigh goes forward), knee flexion and ankle
    dorsiflexion (the toes go up).

    Servos take target angles, as oscillators write them; motors take torques [N m]. Both reach the
    largest torques of a person's joints, and do not depend on speed otherwise.

    A foot touches the ground with a sphere under heel and toes; their load cells are the sensors
    `<foot>.load_<front|rear>` [N]. The torso carries a gyro, an accelerometer
    (`torso.acceleration` [m/s²]) and a velocimeter (`torso.velocimeter` [m/s]).

    Args:
        drive: "servos" for target angles, "motors" for torques.
        timestep: Physics step [s].

    References:
        A body with these joints walks in Heess et al., 2017, Emergence of locomotion behaviours in
        rich environments, arXiv:1707.02286. Its dimensions are not published.
    """
    spec = new_world("walker", timestep)
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    torso = _torso(spec)

    joints = []
    for side, sign in (("left", 1), ("right", -1)):
        _leg(spec, torso, side, sign)
        joints += [f"{stem}_{side}" for stem in LIMITS]
    for joint in joints:
        drive_joint(spec, joint, TORQUES[joint.partition("_")[0]], drive)

    crouch = _crouch()
    thigh, shank = length("thigh"), length("shank")
    height = WAIST + thigh * math.cos(crouch["hip"]) + shank * math.cos(crouch["ankle"]) + ANKLE
    angles = [crouch[joint.partition("_")[0]] for joint in joints]
    ctrl = angles if drive == "servos" else [0.0] * len(joints)
    spec.add_key(name=HOME, qpos=[0, height, 0, *angles], ctrl=ctrl)
    return assemble(spec, torso="torso", feet=("foot_left", "foot_right"), joints=joints)


def _crouch() -> dict[str, float]:
    """Angles in the home keyframe that put the ankles below the hips [rad]."""
    thigh, shank = length("thigh"), length("shank")
    hip = math.atan2(shank * math.sin(KNEE), thigh + shank * math.cos(KNEE))
    return {"hip": hip, "knee": KNEE, "ankle": KNEE - hip}


def _torso(spec: mujoco.MjSpec) -> mujoco.MjsBody:
    """Trunk, head and hanging arms in one, on a planar root; its frame is its centre of mass."""
    torso = spec.worldbody.add_body(name="torso")
    add_planar_root(torso)
    weigh(torso, "upper_body", 0.13, 0.0)

    shoulder, eye = (HEIGHTS[part] - HEIGHTS["hip"] for part in ("shoulder", "eye"))
    top, head = shoulder * STATURE - WAIST, eye * STATURE - WAIST
    rod(torso, "trunk", 0.11, (0, 0, 0.05 - WAIST), (0, 0, top - 0.08), WHITE, conaffinity=GROUND)
    rod(torso, "neck", 0.05, (0, 0, top - 0.02), (0.01, 0, head - 0.08), DARK)
    ball(torso, "head", (0.02, 0, head), 0.11, WHITE, conaffinity=GROUND)

    add_accelerometer(spec, torso)
    add_velocimeter(spec)
    return torso


def _leg(spec: mujoco.MjSpec, torso: mujoco.MjsBody, side: str, sign: int) -> None:
    """One leg, which the other one can pass."""
    upper, lower = (WHITE, ACCENT) if side == "left" else (GREY, BROWN)  # told apart from the side

    thigh = torso.add_body(name=f"thigh_{side}", pos=[0, HIP * sign, -WAIST])
    hinge(thigh, f"hip_{side}", (0, -1, 0), LIMITS["hip"])
    add_limb(thigh, "thigh", side, 0.07, upper, conaffinity=GROUND)

    shank = thigh.add_body(name=f"shank_{side}", pos=[0, 0, -length("thigh")])
    hinge(shank, f"knee_{side}", (0, 1, 0), LIMITS["knee"])
    add_limb(shank, "shank", side, 0.05, lower, conaffinity=GROUND)

    foot = shank.add_body(name=f"foot_{side}", pos=[0, 0, -length("shank")])
    hinge(foot, f"ankle_{side}", (0, -1, 0), LIMITS["ankle"])
    middle = ((SOLE["rear"] + SOLE["front"]) / 2, 0, -ANKLE + 0.025)
    half = (FOOT["length"] * STATURE / 2, FOOT["breadth"] * STATURE / 2, 0.02)
    box(foot, f"sole_{side}", middle, half, DARK, mass=mass("foot"))
    for end in ("front", "rear"):
        corner(spec, foot, end, (SOLE[end], 0, -ANKLE), CORNER)
