"""A small biped on XL330 servos, from published dimensions of its class."""

import math
from dataclasses import replace
from typing import Annotated

import mujoco
from pydantic import Field

from evoloco.morphology import HOME, Morphology, assemble
from evoloco.servo import XL330

from ._parts import ACCENT, BROWN, DARK, WHITE, add_accelerometer, ball, box, corner, hinge, rod
from ._world import GROUND, new_world

LEGS = 2
"""Contact bit that keeps the legs apart: the left one offers it, the right one accepts it."""

HIP = 0.0175
"""Distance of the axes of hip yaw and roll from the middle plane [m]."""

LEG = 0.032
"""Distance of the legs from the middle plane [m]."""

YAW_TO_ROLL = 0.0175
"""Height of the torso's frame above the axes of hip roll and pitch [m]."""

THIGH, SHANK = 0.042, 0.042
"""Lengths of the leg's segments [m]."""

ANKLE = 0.024
"""Height of the ankle above the sole [m]."""

SOLE = {"rear": -0.030, "front": 0.042, "inner": -0.020, "outer": 0.022}
"""Where the sole's edges lie, ahead and outwards of the ankle [m]."""

CORNER = 0.004
"""Radius of the spheres at the corners of the sole [m]."""

NECK, NECK_LENGTH = (0.020, 0.0, 0.032), 0.050
"""Place of the neck's joint in the torso's frame, and length of the neck [m]."""

LIMITS = {
    "hip_yaw": (-0.44, 0.52),
    "hip_roll": (-0.38, 0.38),
    "hip_pitch": (-1.57, 1.57),
    "knee": (0.0, 1.57),
    "ankle": (-1.57, 1.57),
}
"""Range of each joint on either side [rad]."""

HEAD = {
    "neck_pitch": (-1.0, 1.57),
    "head_pitch": (-1.57, 1.57),
    "head_yaw": (-2.9, 2.9),
    "head_roll": (-0.44, 0.44),
}
"""Range of the joints of neck and head [rad]."""

DEFAULT_GAIN = 400.0
"""Position P gain of the firmware that `XL330` has [1]."""

KNEE = 0.8
"""Knee angle in the home keyframe [rad]; hips and ankles keep soles and torso level."""


def build(
    head: bool = False,
    gain: Annotated[float, Field(gt=0, le=16383)] = DEFAULT_GAIN,
    timestep: Annotated[float, Field(gt=0)] = 0.0025,
) -> Morphology:
    """Biped of 0.25 m and 0.8 kg with 14 servos, of the class of the Microduck.

    Every joint has a DYNAMIXEL XL330-M288: hip yaw, roll and pitch, knee and
    ankle pitch in each leg, four in neck and head. Neck and head are rigid, as
    they look ahead, unless they are driven; they are a third of the mass.

    Positive angles are hip flexion, knee flexion, ankle dorsiflexion, hip
    abduction, hip yaw with the toes outwards, neck and head forward and down,
    head to the left, and head onto the right shoulder. Equal angles on both
    sides are a mirror image.

    A foot touches the ground with a sphere at each corner; its load cells are
    the sensors `<foot>.load_<front|rear>_<inner|outer>` [N]. The torso carries a
    gyro and an accelerometer (`torso.acceleration` [m/s²]).

    Height, mass, order of the axes, lengths and masses of the links, and ranges
    follow the Microduck of Pollen Robotics (github.com/pollen-robotics/microduck_rl),
    rounded; the torso makes up the 0.8 kg. Sole and shapes are our own.

    Args:
        head: Whether neck and head are driven, by four servos more.
        gain: Position P gain of the firmware [1]. With its default the servos are soft: they sag by
            0.14 rad where the robot stands.
        timestep: Physics step [s].
    """
    spec = new_world("xl330_biped", timestep)
    torso = _torso(spec)

    joints = []
    for side, sign in (("left", 1), ("right", -1)):
        _leg(spec, torso, side, sign)
        joints += [f"{stem}_{side}" for stem in LIMITS]
    _head(torso, head)
    joints += HEAD if head else ()
    servo = replace(XL330, stiffness=XL330.stiffness * gain / DEFAULT_GAIN)
    for joint in joints:
        servo.drive(spec, joint)

    crouch = _crouch()
    height = (
        YAW_TO_ROLL
        + THIGH * math.cos(crouch["hip_pitch"])
        + SHANK * math.cos(crouch["ankle"])
        + ANKLE
    )
    angles = [crouch.get(joint.rpartition("_")[0], 0.0) for joint in joints]
    spec.add_key(name=HOME, qpos=[0, 0, height, 1, 0, 0, 0, *angles], ctrl=angles)
    return assemble(spec, torso="torso", feet=("foot_left", "foot_right"), joints=joints)


def _crouch() -> dict[str, float]:
    """Angles in the home keyframe that put the ankles below the hips [rad], zero elsewhere."""
    hip = math.atan2(SHANK * math.sin(KNEE), THIGH + SHANK * math.cos(KNEE))
    return {"hip_pitch": hip, "knee": KNEE, "ankle": KNEE - hip}


def _torso(spec: mujoco.MjSpec) -> mujoco.MjsBody:
    """Shell with computer, two servos and the battery behind, on a free joint."""
    torso = spec.worldbody.add_body(name="torso")
    torso.add_freejoint(name="root")

    box(torso, "trunk", (0, 0, 0.004), (0.032, 0.030, 0.022), WHITE, 0.14, conaffinity=GROUND)
    box(torso, "battery", (-0.040, 0, 0), (0.010, 0.019, 0.035), DARK, 0.12, conaffinity=GROUND)
    box(torso, "belt", (0, 0, -0.016), (0.033, 0.031, 0.003), ACCENT)
    add_accelerometer(spec, torso)
    return torso


def _leg(spec: mujoco.MjSpec, torso: mujoco.MjsBody, side: str, sign: int) -> None:
    """One leg: yaw, roll and pitch at the hip, knee, ankle pitch."""
    offers, accepts = (LEGS, 0) if side == "left" else (0, LEGS)
    outwards = (LEG - HIP) * sign

    yaw = torso.add_body(name=f"hip_yaw_{side}", pos=[0, HIP * sign, -0.005])
    hinge(yaw, f"hip_yaw_{side}", (0, 0, sign), LIMITS["hip_yaw"])
    box(yaw, f"hip_yaw_{side}", (0, 0, -0.0125), (0.017, 0.010, 0.010), DARK, mass=0.023)

    hip = yaw.add_body(name=f"hip_{side}", pos=[0, 0, 0.005 - YAW_TO_ROLL])
    hinge(hip, f"hip_roll_{side}", (sign, 0, 0), LIMITS["hip_roll"])
    rod(hip, f"hip_{side}", 0.006, (0, 0, 0), (0, outwards, 0), WHITE, mass=0.006)

    thigh = hip.add_body(name=f"thigh_{side}", pos=[0, outwards, 0])
    hinge(thigh, f"hip_pitch_{side}", (0, -1, 0), LIMITS["hip_pitch"])
    half, middle = (0.011, 0.010, 0.026), (0, 0, -THIGH / 2)
    box(thigh, f"thigh_{side}", middle, half, WHITE, mass=0.048, conaffinity=GROUND)

    shank = thigh.add_body(name=f"shank_{side}", pos=[0, 0, -THIGH])
    hinge(shank, f"knee_{side}", (0, 1, 0), LIMITS["knee"])
    rod(
        shank,
        f"shank_{side}",
        0.009,
        (0, 0, -0.012),
        (0, 0, -SHANK),
        ACCENT,
        mass=0.022,
        contype=offers,
        conaffinity=accepts | GROUND,
    )
    _foot(spec, shank, side, sign, offers, accepts)


def _foot(
    spec: mujoco.MjSpec,
    shank: mujoco.MjsBody,
    side: str,
    sign: int,
    offers: int,
    accepts: int,
) -> None:
    """A flat sole with a sphere at each corner, which touches the ground."""
    foot = shank.add_body(name=f"foot_{side}", pos=[0, 0, -SHANK])
    hinge(foot, f"ankle_{side}", (0, -1, 0), LIMITS["ankle"])
    rod(foot, f"ankle_{side}", 0.008, (0, 0, 0), (0, 0, -0.012), BROWN, mass=0.010)

    ahead, outwards = (SOLE["front"] + SOLE["rear"]) / 2, (SOLE["outer"] + SOLE["inner"]) / 2
    length, width = SOLE["front"] - SOLE["rear"], SOLE["outer"] - SOLE["inner"]
    box(
        foot,
        f"sole_{side}",
        (ahead, outwards * sign, -ANKLE + 0.006),
        (length / 2, width / 2, 0.005),
        BROWN,
        mass=0.020,
        contype=offers,
        conaffinity=accepts,
    )
    for end, inset in (("front", -CORNER), ("rear", CORNER)):
        for edge, inward in (("inner", CORNER), ("outer", -CORNER)):
            place = (SOLE[end] + inset, (SOLE[edge] + inward) * sign, -ANKLE)
            corner(spec, foot, f"{end}_{edge}", place, CORNER)


def _head(torso: mujoco.MjsBody, driven: bool) -> None:
    """A neck of two servos and a head of two, without joints unless they are driven."""
    neck = torso.add_body(name="neck", pos=NECK)
    tilt = neck.add_body(name="head_pitch", pos=[0, 0, NECK_LENGTH])
    turn = tilt.add_body(name="head_yaw", pos=[0, 0, 0.019])
    head = turn.add_body(name="head", pos=[0, 0, 0.0145])
    if driven:
        hinge(neck, "neck_pitch", (0, 1, 0), HEAD["neck_pitch"])
        hinge(tilt, "head_pitch", (0, 1, 0), HEAD["head_pitch"])
        hinge(turn, "head_yaw", (0, 0, 1), HEAD["head_yaw"])
        hinge(head, "head_roll", (1, 0, 0), HEAD["head_roll"])

    box(neck, "neck", (0, 0, NECK_LENGTH / 2), (0.010, 0.013, 0.028), DARK, mass=0.037)
    rod(tilt, "tilt", 0.008, (0, 0, 0), (0, 0, 0.012), WHITE, mass=0.006)
    box(turn, "turn", (-0.005, 0, 0.010), (0.016, 0.012, 0.010), DARK, mass=0.049)
    half = (0.042, 0.036, 0.024)
    box(head, "head", (0.006, 0, -0.004), half, WHITE, mass=0.189, conaffinity=GROUND)
    box(head, "beak", (0.062, 0, -0.014), (0.018, 0.026, 0.006), ACCENT)
    for side, sign in (("left", 1), ("right", -1)):
        ball(head, f"eye_{side}", (0.045, 0.018 * sign, 0.006), 0.007, DARK)
