"""The default body: a servo biped of half a metre."""

import math
from dataclasses import dataclass, replace
from typing import Annotated

import mujoco
from pydantic import Field

from evoloco.genome import Gene
from evoloco.morphology import HOME, Morphology, assemble
from evoloco.servo import XM430

from ._parts import ACCENT, DARK, WHITE, add_accelerometer, ball, box, corner, hinge, rod
from ._world import GROUND, new_world

LEGS = 2
"""Contact bit that keeps the legs apart: the left one offers it, the right one accepts it."""

# Lengths [m] and masses [kg] of the links follow the ROBOTIS OP3 (robotis_op3 in MuJoCo Menagerie).
THIGH, SHANK = 0.11, 0.11
"""Lengths of the leg's segments [m]."""

ANKLE = 0.03
"""Height of the ankle above the sole [m]."""

WAIST = 0.09
"""Height of the torso's frame above the hips [m]."""

SOLE = {"rear": -0.05, "front": 0.07, "inner": -0.033, "outer": 0.033}
"""Where the sole's edges lie, ahead and outwards of the ankle [m]."""

CORNER = 0.006
"""Radius of the spheres at the corners of the sole [m]."""

LIMITS = {
    "hip_yaw": (-0.4, 0.8),
    "hip_roll": (-0.5, 0.6),
    "hip_pitch": (-0.9, 1.5),
    "knee": (0.0, 2.2),
    "ankle_pitch": (-1.0, 1.0),
    "ankle_roll": (-0.6, 0.6),
    "shoulder_pitch": (-1.5, 1.5),
}
"""Range of each joint [rad]."""

KNEE = 0.70
"""Knee angle in the home keyframe [rad].

Hips and ankles bend so that they are above each other and the soles are level.
"""

GENES = (
    Gene("thigh", 0.08, 0.15, "m", "length of the thighs"),
    Gene("shank", 0.08, 0.15, "m", "length of the shanks"),
    Gene("hip_width", 0.035, 0.075, "m", "distance of each hip from the middle plane"),
    Gene("sole_length", 0.6, 1.5, "1", "length of the soles over 0.12 m"),
    Gene("sole_width", 0.6, 1.5, "1", "width of the soles over 0.066 m"),
    Gene("ballast", 0.0, 0.8, "kg", "mass added to the chest"),
    Gene("ballast_height", -0.07, 0.15, "m", "height of that mass above the torso's frame"),
    Gene("tail", 0.0, 1.0, "1", "a counterweight behind the pelvis exists", levels=2),
    Gene("stiffness", 10.0, 40.0, "N m/rad", "torque of a servo per position error"),
    Gene("knee_limit", 0.9, 2.2, "rad", "largest flexion of the knees"),
    Gene("imu_height", -0.05, 0.12, "m", "height of the accelerometer above the torso's frame"),
)
"""Numbers of `build` that a run may search, with their bounds."""


@dataclass(frozen=True)
class Leg:
    """Proportions of the legs.

    Attributes:
        thigh: Length of the thigh [m].
        shank: Length of the shank [m].
        hip: Distance of the hip from the middle plane [m].
        sole_length: Length of the sole over that of `SOLE` [1].
        sole_width: Its width over that of `SOLE` [1].
        knee_limit: Largest knee flexion [rad].
    """

    thigh: float
    shank: float
    hip: float
    sole_length: float
    sole_width: float
    knee_limit: float

    @property
    def crouch(self) -> dict[str, float]:
        """Angles in the home keyframe [rad], zero elsewhere."""
        hip = math.atan2(self.shank * math.sin(KNEE), self.thigh + self.shank * math.cos(KNEE))
        return {"hip_pitch": hip, "knee": KNEE, "ankle_pitch": KNEE - hip}

    @property
    def sole(self) -> dict[str, float]:
        """Where the sole's edges lie, ahead and outwards of the ankle [m]."""
        scale = {"rear": self.sole_length, "front": self.sole_length}
        return {edge: scale.get(edge, self.sole_width) * place for edge, place in SOLE.items()}


def build(
    arms: bool = False,
    hip_yaw: bool = False,
    timestep: Annotated[float, Field(gt=0)] = 0.005,
    thigh: float = THIGH,
    shank: float = SHANK,
    hip_width: float = 0.05,
    sole_length: float = 1.0,
    sole_width: float = 1.0,
    ballast: float = 0.0,
    ballast_height: float = 0.02,
    tail: float = 0.0,
    stiffness: float = XM430.stiffness,
    knee_limit: float = 2.2,
    imu_height: float = 0.0,
) -> Morphology:
    """Servo biped of 0.5 m and 3.15 kg with ten driven joints, proportioned like the ROBOTIS OP3.

    Each leg has hip roll and pitch, knee, ankle pitch and roll, all driven by
    DYNAMIXEL XM430-W350. With `hip_yaw` each has the sixth servo of the OP3
    too, which a robot turns with: yaw, roll and pitch cross at the hip in this
    order from the torso down. Positive angles are hip flexion (the thigh goes
    forward), knee flexion, ankle dorsiflexion (the toes go up), hip abduction
    and ankle eversion (both outwards), hip yaw (the toes go outwards), and
    shoulder flexion. Equal angles on both sides are a mirror image.

    A foot touches the ground with a small sphere at each corner; its load
    cells are the sensors `<foot>.load_<front|rear>_<inner|outer>` [N]. The
    torso carries a gyro and an accelerometer (`torso.acceleration` [m/s²]).
    Soles, shanks, thighs and chest collide with the ground, and one leg's
    shank and foot with the other's. Longer links and larger soles weigh more.

    Args:
        arms: Whether the shoulders are driven too, by two servos more.
        hip_yaw: Whether the hips yaw too, by two servos more. Their mass is there without.
        timestep: Physics step [s].
        thigh: Length of the thighs [m].
        shank: Length of the shanks [m].
        hip_width: Distance of each hip from the middle plane [m]; the OP3 has 0.035,
            its feet 0.048.
        sole_length: Length of the soles over 0.12 m [1].
        sole_width: Width of the soles over 0.066 m [1].
        ballast: Mass added to the chest [kg].
        ballast_height: Height of that mass above the torso's frame [m].
        tail: A counterweight of 0.25 kg behind the pelvis exists above 0.5.
        stiffness: Torque of a servo per position error [N m/rad].
        knee_limit: Largest flexion of the knees [rad].
        imu_height: Height of the accelerometer above the torso's frame [m].
    """
    spec = new_world("biped", timestep)
    torso = _torso(spec, imu_height)
    leg = Leg(thigh, shank, hip_width, sole_length, sole_width, knee_limit)

    absent = {"hip_yaw": not hip_yaw, "shoulder_pitch": not arms}
    stems = [stem for stem in LIMITS if not absent.get(stem)]
    joints = []
    for side, sign in (("left", 1), ("right", -1)):
        _leg(spec, torso, side, sign, leg, hip_yaw)
        _arm(torso, side, sign, arms)
        joints += [f"{stem}_{side}" for stem in stems]
    _load(torso, ballast, ballast_height, tail > 0.5)

    servo = replace(XM430, stiffness=stiffness)
    for joint in joints:
        servo.drive(spec, joint)

    crouch = leg.crouch
    height = (
        WAIST
        + thigh * math.cos(crouch["hip_pitch"])
        + shank * math.cos(crouch["ankle_pitch"])
        + ANKLE
    )
    angles = [crouch.get(joint.rpartition("_")[0], 0.0) for joint in joints]
    spec.add_key(name=HOME, qpos=[0, 0, height, 1, 0, 0, 0, *angles], ctrl=angles)
    return assemble(spec, torso="torso", feet=("foot_left", "foot_right"), joints=joints)


def _torso(spec: mujoco.MjSpec, imu_height: float) -> mujoco.MjsBody:
    """Chest with computer and battery, pelvis and head, on a free joint."""
    torso = spec.worldbody.add_body(name="torso")
    torso.add_freejoint(name="root")

    half = (0.045, 0.060, 0.065)
    box(torso, "chest", (0.015, 0, 0.02), half, WHITE, mass=1.25, conaffinity=GROUND)
    box(torso, "belt", (0.015, 0, -0.025), (0.046, 0.061, 0.006), ACCENT)
    box(torso, "battery", (-0.032, 0, 0.025), (0.012, 0.040, 0.045), DARK)
    box(torso, "pelvis", (0, 0, -0.065), (0.032, 0.055, 0.022), DARK, mass=0.10)
    rod(torso, "neck", 0.016, (0.012, 0, 0.08), (0.012, 0, 0.11), DARK)
    box(torso, "head", (0.015, 0, 0.14), (0.034, 0.042, 0.033), WHITE, mass=0.15)
    for side, sign in (("left", 1), ("right", -1)):
        ball(torso, f"eye_{side}", (0.045, 0.018 * sign, 0.146), 0.011, DARK)

    add_accelerometer(spec, torso, imu_height)
    return torso


def _leg(
    spec: mujoco.MjSpec, torso: mujoco.MjsBody, side: str, sign: int, leg: Leg, yaws: bool
) -> None:
    """One leg; servos on crossing axes are lumped into the link below them."""
    offers, accepts = (LEGS, 0) if side == "left" else (0, LEGS)

    thigh = torso.add_body(name=f"thigh_{side}", pos=[0, leg.hip * sign, -WAIST])
    if yaws:
        hinge(thigh, f"hip_yaw_{side}", (0, 0, sign), LIMITS["hip_yaw"])
    hinge(thigh, f"hip_roll_{side}", (sign, 0, 0), LIMITS["hip_roll"])
    hinge(thigh, f"hip_pitch_{side}", (0, -1, 0), LIMITS["hip_pitch"])
    box(thigh, f"hip_{side}", (0, 0, 0), (0.026, 0.020, 0.024), DARK, mass=0.19)
    rod(
        thigh,
        f"thigh_{side}",
        0.022,
        (0, 0, -0.03),
        (0, 0, -leg.thigh),
        WHITE,
        mass=0.115 * (leg.thigh / THIGH),
        conaffinity=GROUND,
    )

    shank = thigh.add_body(name=f"shank_{side}", pos=[0, 0, -leg.thigh])
    hinge(shank, f"knee_{side}", (0, 1, 0), (0.0, leg.knee_limit))
    rod(
        shank,
        f"shank_{side}",
        0.019,
        (0, 0, -0.005),
        (0, 0, -leg.shank + 0.015),
        ACCENT,
        mass=0.04 * (leg.shank / SHANK),
        contype=offers,
        conaffinity=accepts | GROUND,
    )

    foot = shank.add_body(name=f"foot_{side}", pos=[0, 0, -leg.shank])
    hinge(foot, f"ankle_pitch_{side}", (0, -1, 0), LIMITS["ankle_pitch"])
    hinge(foot, f"ankle_roll_{side}", (sign, 0, 0), LIMITS["ankle_roll"])
    box(foot, f"ankle_{side}", (-0.004, 0, 0.002), (0.026, 0.018, 0.018), DARK, mass=0.18)

    sole = leg.sole
    ahead, outwards = (sole["front"] + sole["rear"]) / 2, (sole["outer"] + sole["inner"]) / 2
    length, width = sole["front"] - sole["rear"], sole["outer"] - sole["inner"]
    box(
        foot,
        f"sole_{side}",
        (ahead, outwards * sign, -ANKLE + 0.010),
        (length / 2 + CORNER, width / 2 + CORNER, 0.006),
        WHITE,
        mass=0.07 * leg.sole_length * leg.sole_width,
        contype=offers,
        conaffinity=accepts,
    )
    for end in ("front", "rear"):
        for edge in ("inner", "outer"):
            corner(spec, foot, f"{end}_{edge}", (sole[end], sole[edge] * sign, -ANKLE), CORNER)


def _load(torso: mujoco.MjsBody, ballast: float, height: float, tail: bool) -> None:
    """Ballast and tail, without mass and unseen where absent: all bodies have one layout."""
    ball(torso, "ballast", (0.015, 0, height), 0.02, DARK, mass=ballast)

    shown, mass = (DARK, 0.25) if tail else ((0.0, 0.0, 0.0, 0.0), 0.0)
    rod(torso, "tail", 0.012, (-0.04, 0, -0.06), (-0.15, 0, -0.03), shown, mass=mass)


def _arm(torso: mujoco.MjsBody, side: str, sign: int, driven: bool) -> None:
    """A slightly bent arm, part of the torso unless it is driven."""
    arm, (x, y, z) = torso, (0.0, 0.078 * sign, 0.06)
    if driven:
        arm, (x, y, z) = torso.add_body(name=f"arm_{side}", pos=[x, y, z]), (0.0, 0.0, 0.0)
        hinge(arm, f"shoulder_pitch_{side}", (0, -1, 0), LIMITS["shoulder_pitch"])

    elbow, hand = (x - 0.01, y + 0.012 * sign, z - 0.085), (x + 0.03, y + 0.012 * sign, z - 0.16)
    rod(arm, f"upper_arm_{side}", 0.018, (x, y, z), elbow, DARK, mass=0.16)
    rod(arm, f"forearm_{side}", 0.014, elbow, hand, WHITE, mass=0.07)
