"""A humanoid of the class of the ROBOTIS OP3, from its published dimensions."""

import math
from typing import Annotated

import mujoco
from pydantic import Field

from evoloco.morphology import HOME, Morphology, assemble
from evoloco.servo import XM430

from ._parts import ACCENT, DARK, WHITE, add_accelerometer, ball, box, corner, hinge, rod
from ._world import GROUND, new_world

LEGS = 2
"""Contact bit that keeps the legs apart: the left one offers it, the right one accepts it."""

# Distances of joints [m], from the kinematics that ROBOTIS and MuJoCo Menagerie publish.
HIP = 0.035
"""Distance of each leg from the middle plane."""

YAW_TO_ROLL = 0.0285
"""Height of the hip's yaw servo, on the torso's frame, above its roll and pitch axes."""

THIGH, SHANK = 0.11015, 0.110
"""Lengths of the leg's segments."""

ANKLE = 0.0305
"""Height of the ankle above the sole."""

SOLE = {"rear": -0.0635, "front": 0.0635, "inner": -0.0265, "outer": 0.0515}
"""Where the sole's edges lie, ahead and outwards of the ankle."""

CORNER = 0.006
"""Radius of the spheres at the corners of the sole [m]."""

SHOULDER, UPPER_ARM, FOREARM = (0.0, 0.0885, 0.111), 0.0905, 0.115
"""Place of the left shoulder in the torso's frame, and lengths of the arm's segments."""

NECK = (-0.001, 0.0, 0.1365)
"""Place of the servo that pans the head, in the torso's frame."""

LIMITS = {
    "hip_yaw": (-0.5, 0.9),
    "hip_roll": (-0.45, 0.8),
    "hip_pitch": (-0.9, 1.7),
    "knee": (0.0, 2.3),
    "ankle_pitch": (-1.2, 1.2),
    "ankle_roll": (-0.7, 0.7),
    "shoulder_pitch": (-2.5, 2.5),
    "shoulder_roll": (-0.1, 1.8),
    "elbow": (-0.2, 1.8),
}
"""Range of each joint on either side [rad], where its links begin to touch (estimated)."""

ARMS = ("shoulder_pitch", "shoulder_roll", "elbow")

HEAD = {"head_pan": (-1.5, 1.5), "head_tilt": (-0.8, 1.0)}
"""Range of the joints of the head [rad] (estimated)."""

KNEE = 0.65
"""Knee angle in the home keyframe [rad]; hips and ankles keep soles and torso level."""


def build(
    arms: bool = False,
    head: bool = False,
    timestep: Annotated[float, Field(gt=0)] = 0.005,
) -> Morphology:
    """Humanoid of 0.51 m and 3.5 kg on 20 servos, of the class of the ROBOTIS OP3.

    Every joint has a DYNAMIXEL XM430-W350: six per leg, three per arm, two for
    the head. Each leg has hip yaw, roll and pitch, knee, ankle pitch and roll.
    Arms and head are rigid as they hang and look ahead, unless they are driven.

    Positive angles are hip flexion, knee flexion, ankle dorsiflexion, abduction
    of hip and shoulder, ankle eversion, hip yaw with the toes outwards, shoulder
    flexion, elbow with the hand inwards, head to the left and down. Equal angles
    on both sides are a mirror image.

    A foot touches the ground with a sphere at each corner; its load cells are
    the sensors `<foot>.load_<front|rear>_<inner|outer>` [N]. The torso carries a
    gyro and an accelerometer (`torso.acceleration` [m/s²]).

    Height and mass: emanual.robotis.com/docs/en/platform/op3/introduction, about
    510 mm and 3.5 kg without skin. Places of the axes, masses of the links and
    soles: robotis_op3 of MuJoCo Menagerie, whose links weigh 3.15 kg; the torso
    carries the difference. Shapes and ranges are our own.

    Args:
        arms: Whether shoulders and elbows are driven, by six servos more.
        head: Whether the head pans and tilts, by two servos more.
        timestep: Physics step [s].
    """
    spec = new_world("op3_class", timestep)
    torso = _torso(spec)
    stems = [stem for stem in LIMITS if arms or stem not in ARMS]

    joints = []
    for side, sign in (("left", 1), ("right", -1)):
        _leg(spec, torso, side, sign)
        _arm(torso, side, sign, arms)
        joints += [f"{stem}_{side}" for stem in stems]
    _head(torso, head)
    joints += HEAD if head else ()
    for joint in joints:
        XM430.drive(spec, joint)

    crouch = _crouch()
    height = (
        YAW_TO_ROLL
        + THIGH * math.cos(crouch["hip_pitch"])
        + SHANK * math.cos(crouch["ankle_pitch"])
        + ANKLE
    )
    angles = [crouch.get(joint.rpartition("_")[0], 0.0) for joint in joints]
    spec.add_key(name=HOME, qpos=[0, 0, height, 1, 0, 0, 0, *angles], ctrl=angles)
    return assemble(spec, torso="torso", feet=("foot_left", "foot_right"), joints=joints)


def _crouch() -> dict[str, float]:
    """Angles in the home keyframe that put the ankles below the hips [rad], zero elsewhere."""
    hip = math.atan2(SHANK * math.sin(KNEE), THIGH + SHANK * math.cos(KNEE))
    return {"hip_pitch": hip, "knee": KNEE, "ankle_pitch": KNEE - hip}


def _torso(spec: mujoco.MjSpec) -> mujoco.MjsBody:
    """Frame, computer, battery and six servos, on a free joint.

    Its frame is in the middle between the servos that yaw the hips.
    """
    torso = spec.worldbody.add_body(name="torso")
    torso.add_freejoint(name="root")

    middle, half = (-0.008, 0, 0.075), (0.045, 0.055, 0.055)
    box(torso, "chest", middle, half, WHITE, mass=1.42, conaffinity=GROUND)
    box(torso, "computer", (-0.056, 0, 0.08), (0.010, 0.05, 0.045), DARK)
    box(torso, "belt", (-0.008, 0, 0.018), (0.046, 0.056, 0.005), ACCENT)
    box(torso, "pelvis", (-0.005, 0, 0.002), (0.03, 0.055, 0.014), DARK, mass=0.28)
    add_accelerometer(spec, torso)
    return torso


def _leg(spec: mujoco.MjSpec, torso: mujoco.MjsBody, side: str, sign: int) -> None:
    """One leg: yaw, roll and pitch at the hip, knee, pitch and roll at the ankle."""
    offers, accepts = (LEGS, 0) if side == "left" else (0, LEGS)

    yaw = torso.add_body(name=f"hip_yaw_{side}", pos=[0, HIP * sign, 0])
    hinge(yaw, f"hip_yaw_{side}", (0, 0, sign), LIMITS["hip_yaw"])
    rod(yaw, f"hip_yaw_{side}", 0.012, (0, 0, -0.002), (0, 0, -0.012), DARK, mass=0.012)

    hip = yaw.add_body(name=f"hip_{side}", pos=[0, 0, -YAW_TO_ROLL])
    hinge(hip, f"hip_roll_{side}", (sign, 0, 0), LIMITS["hip_roll"])
    box(hip, f"hip_{side}", (-0.006, 0, -0.008), (0.030, 0.017, 0.022), DARK, mass=0.179)

    thigh = hip.add_body(name=f"thigh_{side}")
    hinge(thigh, f"hip_pitch_{side}", (0, -1, 0), LIMITS["hip_pitch"])
    start, end = (0, 0, -0.035), (0, 0, -THIGH)
    rod(thigh, f"thigh_{side}", 0.021, start, end, WHITE, mass=0.115, conaffinity=GROUND)

    shank = thigh.add_body(name=f"shank_{side}", pos=[0, 0, -THIGH])
    hinge(shank, f"knee_{side}", (0, 1, 0), LIMITS["knee"])
    rod(
        shank,
        f"shank_{side}",
        0.018,
        (0, 0, -0.01),
        (0, 0, -SHANK + 0.02),
        ACCENT,
        mass=0.040,
        contype=offers,
        conaffinity=accepts | GROUND,
    )

    ankle = shank.add_body(name=f"ankle_{side}", pos=[0, 0, -SHANK])
    hinge(ankle, f"ankle_pitch_{side}", (0, -1, 0), LIMITS["ankle_pitch"])
    box(ankle, f"ankle_{side}", (-0.006, 0, 0.008), (0.030, 0.017, 0.022), DARK, mass=0.179)
    _foot(spec, ankle, side, sign, offers, accepts)


def _foot(
    spec: mujoco.MjSpec,
    ankle: mujoco.MjsBody,
    side: str,
    sign: int,
    offers: int,
    accepts: int,
) -> None:
    """A flat sole with a sphere at each corner, which touches the ground."""
    foot = ankle.add_body(name=f"foot_{side}")
    hinge(foot, f"ankle_roll_{side}", (sign, 0, 0), LIMITS["ankle_roll"])

    ahead, outwards = (SOLE["front"] + SOLE["rear"]) / 2, (SOLE["outer"] + SOLE["inner"]) / 2
    length, width = SOLE["front"] - SOLE["rear"], SOLE["outer"] - SOLE["inner"]
    box(
        foot,
        f"sole_{side}",
        (ahead, outwards * sign, -ANKLE + 0.008),
        (length / 2, width / 2, 0.006),
        WHITE,
        mass=0.069,
        contype=offers,
        conaffinity=accepts,
    )
    for end, inset in (("front", -CORNER), ("rear", CORNER)):
        for edge, inward in (("inner", CORNER), ("outer", -CORNER)):
            place = (SOLE[end] + inset, (SOLE[edge] + inward) * sign, -ANKLE)
            corner(spec, foot, f"{end}_{edge}", place, CORNER)


def _arm(torso: mujoco.MjsBody, side: str, sign: int, driven: bool) -> None:
    """A hanging arm, without joints unless it is driven."""
    x, y, z = SHOULDER
    shoulder = torso.add_body(name=f"shoulder_{side}", pos=[x, y * sign, z])
    upper = shoulder.add_body(name=f"upper_arm_{side}")
    fore = upper.add_body(name=f"forearm_{side}", pos=[0, 0, -UPPER_ARM])
    if driven:
        hinge(shoulder, f"shoulder_pitch_{side}", (0, -1, 0), LIMITS["shoulder_pitch"])
        hinge(upper, f"shoulder_roll_{side}", (sign, 0, 0), LIMITS["shoulder_roll"])
        hinge(fore, f"elbow_{side}", (-sign, 0, 0), LIMITS["elbow"])

    inner, outer = (0, -0.024 * sign, 0), (0, -0.004 * sign, 0)
    rod(shoulder, f"shoulder_{side}", 0.014, inner, outer, DARK, mass=0.012)
    top, elbow = (0, 0, -0.004), (0, 0, -UPPER_ARM + 0.006)
    rod(upper, f"upper_arm_{side}", 0.018, top, elbow, DARK, mass=0.178)
    rod(fore, f"forearm_{side}", 0.014, (0, 0, -0.01), (0, 0, -FOREARM), WHITE, mass=0.041)


def _head(torso: mujoco.MjsBody, driven: bool) -> None:
    """A camera on a neck, without joints unless it is driven."""
    neck = torso.add_body(name="neck", pos=NECK)
    head = neck.add_body(name="head", pos=[0.01, 0, 0.0285])
    if driven:
        hinge(neck, "head_pan", (0, 0, 1), HEAD["head_pan"])
        hinge(head, "head_tilt", (0, 1, 0), HEAD["head_tilt"])

    rod(neck, "neck", 0.014, (0, 0, 0), (0, 0, 0.014), DARK, mass=0.012)
    box(head, "head", (0.002, 0, 0.032), (0.032, 0.040, 0.032), WHITE, mass=0.136)
    for side, sign in (("left", 1), ("right", -1)):
        ball(head, f"eye_{side}", (0.031, 0.018 * sign, 0.037), 0.010, DARK)
