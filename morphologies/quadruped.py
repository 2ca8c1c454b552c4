"""A small quadruped on servos: a trunk and four legs of two links."""

import math
from typing import Annotated

import mujoco
from pydantic import Field

from evoloco.morphology import HOME, Morphology, assemble
from evoloco.servo import XM430

from ._parts import ACCENT, DARK, WHITE, Vector, add_accelerometer, ball, box, corner, hinge, rod
from ._world import GROUND, new_world

LEGS = {
    "front_left": (1, 1, 2),
    "front_right": (1, -1, 4),
    "rear_left": (-1, 1, 8),
    "rear_right": (-1, -1, 16),
}
"""Which way each leg is ahead and to the left, and its contact bit: it offers its own one."""

ANY_LEG = sum(bit for _, _, bit in LEGS.values())
"""Contact bits of all legs; each accepts those of the others."""

HIP: Vector = (0.11, 0.045, 0.0)
"""Place of the axis of the left front hip's roll in the trunk's frame [m]."""

OFFSET = 0.04
"""Distance of each leg outwards of the axis of its hip's roll [m]."""

THIGH, SHANK = 0.10, 0.10
"""Lengths of the leg's segments, the shank's to the middle of the foot [m]."""

FOOT = 0.015
"""Radius of the feet [m]."""

LIMITS = {"hip_roll": (-0.5, 0.8), "hip_pitch": (-0.9, 1.7), "knee": (0.0, 2.4)}
"""Range of each joint [rad]."""

KNEE = 1.2
"""Knee angle in the home keyframe [rad]; the feet are below the hips."""


def build(
    hip_roll: bool = True,
    timestep: Annotated[float, Field(gt=0)] = 0.005,
) -> Morphology:
    """Quadruped of 0.22 m height, 0.3 m length and 2 kg on 12 servos.

    Every joint has a DYNAMIXEL XM430-W350: hip roll, hip pitch and knee in each
    leg. Without `hip_roll` there are 8 servos, as on the quadruped of Heess et al.,
    2017, Emergence of locomotion behaviours in rich environments,
    arXiv:1707.02286. The mass is there without.

    Positive angles are hip roll outwards, hip pitch with the knee towards the
    middle of the trunk, and knee flexion. The knees point at each other, so
    equal angles of all legs are a mirror image from side to side and from front
    to rear.

    A foot is a sphere; its load cell is the sensor `<foot>.load_middle` [N]. The
    trunk carries a gyro and an accelerometer (`torso.acceleration` [m/s²]).
    Feet, shanks, thighs and trunk collide with the ground, and each leg's thigh
    and shank with those of the others.

    Mass of the servos: 82 g each, emanual.robotis.com/docs/en/dxl/x/xm430-w350.
    Sizes, shapes and ranges are our own, of the class of open quadrupeds on such
    servos.

    Args:
        hip_roll: Whether the hips roll, by four of the servos.
        timestep: Physics step [s].
    """
    spec = new_world("quadruped", timestep)
    torso = _torso(spec)
    stems = [stem for stem in LIMITS if hip_roll or stem != "hip_roll"]

    joints = []
    for name in LEGS:
        _leg(spec, torso, name, hip_roll)
        joints += [f"{stem}_{name}" for stem in stems]
    for joint in joints:
        XM430.drive(spec, joint)

    crouch = {"hip_pitch": _hip_angle(), "knee": KNEE}
    height = THIGH * math.cos(_hip_angle()) + SHANK * math.cos(KNEE - _hip_angle()) + FOOT
    angles = [crouch.get(stem, 0.0) for _ in LEGS for stem in stems]
    spec.add_key(name=HOME, qpos=[0, 0, height, 1, 0, 0, 0, *angles], ctrl=angles)
    return assemble(spec, torso="torso", feet=[f"foot_{name}" for name in LEGS], joints=joints)


def _hip_angle() -> float:
    """Hip pitch that puts the feet below the hips [rad]."""
    return math.atan2(SHANK * math.sin(KNEE), THIGH + SHANK * math.cos(KNEE))


def _torso(spec: mujoco.MjSpec) -> mujoco.MjsBody:
    """Trunk with computer, battery and the four servos that roll the hips, on a free joint."""
    torso = spec.worldbody.add_body(name="torso")
    torso.add_freejoint(name="root")

    half = (0.095, 0.045, 0.028)
    box(torso, "trunk", (0, 0, 0.005), half, WHITE, mass=0.65, conaffinity=GROUND)
    box(torso, "belt", (0, 0, -0.010), (0.096, 0.046, 0.005), ACCENT)
    box(torso, "battery", (0, 0, 0.037), (0.060, 0.030, 0.006), DARK)
    for end, ahead in (("front", 1), ("rear", -1)):
        middle, size = (HIP[0] * ahead, 0, 0), (0.024, 0.050, 0.018)
        box(torso, f"hips_{end}", middle, size, DARK, mass=0.164)
    for side, sign in (("left", 1), ("right", -1)):
        ball(torso, f"eye_{side}", (0.134, 0.022 * sign, 0.004), 0.008, ACCENT)

    add_accelerometer(spec, torso)
    return torso


def _leg(spec: mujoco.MjSpec, torso: mujoco.MjsBody, name: str, rolls: bool) -> None:
    """One leg: roll and pitch at the hip, knee, and a sphere to stand on."""
    ahead, left, bit = LEGS[name]
    others = GROUND | ANY_LEG & ~bit

    hip = torso.add_body(name=f"hip_{name}", pos=[HIP[0] * ahead, HIP[1] * left, HIP[2]])
    if rolls:
        hinge(hip, f"hip_roll_{name}", (left, 0, 0), LIMITS["hip_roll"])
    middle = (0, 0.024 * left, 0)
    box(hip, f"hip_{name}", middle, (0.024, 0.014, 0.018), DARK, mass=0.102)

    thigh = hip.add_body(name=f"thigh_{name}", pos=[0, OFFSET * left, 0])
    hinge(thigh, f"hip_pitch_{name}", (0, ahead, 0), LIMITS["hip_pitch"])
    knee = (0, 0, -THIGH)
    rod(thigh, f"thigh_{name}", 0.016, (0, 0, 0), knee, WHITE, 0.117, bit, others)

    shank = thigh.add_body(name=f"shank_{name}", pos=knee)
    hinge(shank, f"knee_{name}", (0, -ahead, 0), LIMITS["knee"])
    end = (0, 0, -SHANK + FOOT)
    rod(shank, f"shank_{name}", 0.010, (0, 0, -0.01), end, ACCENT, 0.030, bit, others)

    foot = shank.add_body(name=f"foot_{name}", pos=[0, 0, -SHANK])
    ball(foot, f"foot_{name}", (0, 0, 0), FOOT * 0.9, DARK, mass=0.012)
    corner(spec, foot, "middle", (0, 0, -FOOT), FOOT)
