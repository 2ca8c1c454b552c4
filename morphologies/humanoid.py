"""A humanoid of human size, whose 21 driven joints are those of legs, waist and arms."""

import math
from typing import Annotated

import mujoco
from pydantic import Field

from evoloco.morphology import HOME, Morphology, assemble

from ._anthropometry import FOOT, HEIGHTS, STATURE, TORQUES, add_limb, length, mass
from ._joint_drive import DAMPING, JointDrive, drive_joint
from ._parts import (
    ACCENT,
    DARK,
    WHITE,
    add_accelerometer,
    add_velocimeter,
    ball,
    box,
    corner,
    hinge,
    rod,
)
from ._world import GROUND, new_world

LEGS = 2
"""Contact bit that keeps the legs apart: the left one offers it, the right one accepts it."""

ARMS = 4
"""Contact bit that keeps the forearms off trunk and thighs: forearms offer it."""

ANKLE = HEIGHTS["ankle"] * STATURE
"""Height of the ankle above the sole [m]."""

HIP = 0.05 * STATURE
"""Distance of each hip joint from the middle plane [m]."""

SHOULDER = 0.129 * STATURE
"""Distance of each shoulder from the middle plane [m]; a person's, from Winter's figure 4.1."""

WAIST = 0.07 * STATURE
"""Height of the waist's joints above the hips [m]: between pelvis and abdomen."""

SOLE = {"rear": -0.06, "front": 0.16, "inner": -0.035, "outer": 0.035}
"""Where the sole touches the ground, ahead and outwards of the ankle [m]."""

CORNER = 0.02
"""Radius of the spheres at the corners of the sole [m]."""

LEG = {
    "hip_yaw": (-0.6, 0.8),
    "hip_roll": (-0.4, 0.7),
    "hip_pitch": (-0.6, 1.8),
    "knee": (0.0, 2.4),
    "ankle_pitch": (-0.9, 0.7),
    "ankle_roll": (-0.5, 0.5),
}
ARM = {"shoulder_pitch": (-1.0, 2.8), "shoulder_roll": (-0.1, 2.0), "elbow": (0.0, 2.4)}
TRUNK = {"waist_yaw": (-0.6, 0.6), "waist_pitch": (-0.4, 1.0), "waist_roll": (-0.4, 0.4)}
"""Range of each joint [rad]."""

STRENGTH = {
    "hip_yaw": 70.0,
    "hip_roll": 150.0,
    "hip_pitch": TORQUES["hip"],
    "knee": TORQUES["knee"],
    "ankle_pitch": TORQUES["ankle"],
    "ankle_roll": 60.0,
    "shoulder_pitch": 60.0,
    "shoulder_roll": 60.0,
    "elbow": 50.0,
    "waist_yaw": 100.0,
    "waist_pitch": 200.0,
    "waist_roll": 150.0,
}
"""Largest torque of each joint [N m]; those that are not a person's by `TORQUES` are assumed."""

KNEE, ELBOW = 0.15, 0.3
"""Angles in the home keyframe [rad]; hips and ankles keep soles and torso level."""

NECK_RANGE = (-0.5, 0.5)
"""Range of the neck [rad]; positive nods."""

NECK = 40.0
"""Stiffness of the neck, which no actuator moves [N m/rad]: six times what topples the head."""


def build(
    drive: JointDrive = "servos",
    timestep: Annotated[float, Field(gt=0)] = 0.0025,
) -> Morphology:
    """Humanoid of 1.75 m and 70 kg with 28 degrees of freedom, of which 21 are driven.

    Each leg has hip yaw, roll and pitch, knee, ankle pitch and roll; each arm has shoulder pitch
    and roll and an elbow; the chest turns on the pelvis by yaw, pitch and roll. Six degrees of
    freedom are those of the pelvis, and one is a neck that nods on a spring. Lengths, masses and
    the inertias of the limbs are a person's. The pelvis is the torso of all sensors and measures.

    Positive angles are hip flexion (the thigh goes forward), knee flexion, ankle dorsiflexion (the
    toes go up), abduction of hip and shoulder, ankle eversion, hip yaw with the toes outwards,
    shoulder and elbow flexion, and a waist that turns left, bends forward and leans right. Equal
    angles on both sides are a mirror image.

    Servos take target angles, as oscillators write them; motors take torques [N m]. Both reach the
    same largest torques, and do not depend on speed otherwise.

    A foot touches the ground with a small sphere at each corner; its load cells are the sensors
    `<foot>.load_<front|rear>_<inner|outer>` [N]. The pelvis carries a gyro, an accelerometer
    (`torso.acceleration` [m/s²]) and a velocimeter (`torso.velocimeter` [m/s]). The torque at a
    joint of a leg is the sensor `<joint>.torque` [N m]. Legs collide with each other, forearms
    with chest, pelvis and thighs, and all of them with the ground.

    Args:
        drive: "servos" for target angles, "motors" for torques.
        timestep: Physics step [s].

    References:
        A humanoid with 28 degrees of freedom and 21 actuators runs in Heess et al., 2017, Emergence
        of locomotion behaviours in rich environments, arXiv:1707.02286. Its joints and dimensions
        are not published.
    """
    spec = new_world("humanoid", timestep)
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    pelvis = _pelvis(spec)
    chest = _chest(pelvis)

    joints = []
    for side, sign in (("left", 1), ("right", -1)):
        _leg(spec, pelvis, side, sign)
        joints += [f"{stem}_{side}" for stem in LEG]
    for joint in joints:
        _add_torque_sensor(spec, joint)
    joints += TRUNK
    for side, sign in (("left", 1), ("right", -1)):
        _arm(chest, side, sign)
        joints += [f"{stem}_{side}" for stem in ARM]
    for joint in joints:
        drive_joint(spec, joint, STRENGTH[_stem(joint)], drive)

    _add_home(spec, joints, drive)
    return assemble(spec, torso="pelvis", feet=("foot_left", "foot_right"), joints=joints)


def _stem(joint: str) -> str:
    """Name of a joint without its side."""
    return joint.removesuffix("_left").removesuffix("_right")


def _add_home(spec: mujoco.MjSpec, joints: list[str], drive: JointDrive) -> None:
    """Adds the home keyframe: ankles below the hips, elbows a little bent, all else straight."""
    thigh, shank = length("thigh"), length("shank")
    hip = math.atan2(shank * math.sin(KNEE), thigh + shank * math.cos(KNEE))
    bent = {"hip_pitch": hip, "knee": KNEE, "ankle_pitch": KNEE - hip, "elbow": ELBOW}
    height = thigh * math.cos(hip) + shank * math.cos(KNEE - hip) + ANKLE

    home = {joint: bent.get(_stem(joint), 0.0) for joint in joints}
    qpos = [home.get(joint.name, 0.0) for joint in spec.joints[1:]]
    ctrl = list(home.values()) if drive == "servos" else [0.0] * len(joints)
    spec.add_key(name=HOME, qpos=[0, 0, height, 1, 0, 0, 0, *qpos], ctrl=ctrl)


def _pelvis(spec: mujoco.MjSpec) -> mujoco.MjsBody:
    """The pelvis on a free joint; its frame is in the middle between the hips."""
    pelvis = spec.worldbody.add_body(name="pelvis")
    pelvis.add_freejoint(name="root")

    left, right = (0, 0.07, 0.06), (0, -0.07, 0.06)
    rod(pelvis, "pelvis", 0.09, left, right, DARK, mass("pelvis"), conaffinity=GROUND | ARMS)
    add_accelerometer(spec, pelvis)
    add_velocimeter(spec)
    return pelvis


def _chest(pelvis: mujoco.MjsBody) -> mujoco.MjsBody:
    """Abdomen, chest and a head on a spring; the three joints of the waist cross."""
    chest = pelvis.add_body(name="chest", pos=[0, 0, WAIST])
    for name, axis in zip(TRUNK, ((0, 0, 1), (0, 1, 0), (1, 0, 0)), strict=True):
        hinge(chest, name, axis, TRUNK[name])

    shoulder, chin, eye = (
        (HEIGHTS[part] - HEIGHTS["hip"]) * STATURE - WAIST for part in ("shoulder", "chin", "eye")
    )
    bits = {"conaffinity": GROUND | ARMS}
    low, high = (0, 0, 0.09), (0, 0, shoulder - 0.10)
    rod(chest, "abdomen", 0.10, low, high, WHITE, 0.4 * mass("chest"), **bits)
    left, right = (0, 0.09, shoulder - 0.09), (0, -0.09, shoulder - 0.09)
    rod(chest, "chest", 0.11, left, right, WHITE, 0.6 * mass("chest"), **bits)
    rod(chest, "neck", 0.05, (0, 0, shoulder), (0.01, 0, chin), DARK)

    head = chest.add_body(name="head", pos=[0, 0, chin])
    hinge(head, "neck", (0, 1, 0), NECK_RANGE)
    (spring,) = head.joints
    spring.stiffness, spring.damping = [NECK, 0, 0], [DAMPING, 0, 0]
    ball(head, "head", (0.02, 0, eye - chin), 0.11, WHITE, mass("head"), conaffinity=GROUND)
    for side, sign in (("left", 1), ("right", -1)):
        ball(head, f"eye_{side}", (0.12, 0.04 * sign, eye - chin + 0.02), 0.018, DARK)
    return chest


def _leg(spec: mujoco.MjSpec, pelvis: mujoco.MjsBody, side: str, sign: int) -> None:
    """One leg: three joints that cross at the hip, a knee, two joints that cross at the ankle."""
    offers, accepts = (LEGS, 0) if side == "left" else (0, LEGS)

    thigh = pelvis.add_body(name=f"thigh_{side}", pos=[0, HIP * sign, 0])
    hinge(thigh, f"hip_yaw_{side}", (0, 0, sign), LEG["hip_yaw"])
    hinge(thigh, f"hip_roll_{side}", (sign, 0, 0), LEG["hip_roll"])
    hinge(thigh, f"hip_pitch_{side}", (0, -1, 0), LEG["hip_pitch"])
    add_limb(thigh, "thigh", side, 0.07, WHITE, offers, accepts | GROUND | ARMS)

    shank = thigh.add_body(name=f"shank_{side}", pos=[0, 0, -length("thigh")])
    hinge(shank, f"knee_{side}", (0, 1, 0), LEG["knee"])
    add_limb(shank, "shank", side, 0.05, ACCENT, offers, accepts | GROUND)

    foot = shank.add_body(name=f"foot_{side}", pos=[0, 0, -length("shank")])
    hinge(foot, f"ankle_pitch_{side}", (0, -1, 0), LEG["ankle_pitch"])
    hinge(foot, f"ankle_roll_{side}", (sign, 0, 0), LEG["ankle_roll"])
    middle = ((SOLE["rear"] + SOLE["front"]) / 2, 0, -ANKLE + 0.025)
    half = (FOOT["length"] * STATURE / 2, FOOT["breadth"] * STATURE / 2, 0.02)
    box(foot, f"sole_{side}", middle, half, DARK, mass("foot"), offers, accepts)
    for end in ("front", "rear"):
        for edge in ("inner", "outer"):
            corner(spec, foot, f"{end}_{edge}", (SOLE[end], SOLE[edge] * sign, -ANKLE), CORNER)


def _arm(chest: mujoco.MjsBody, side: str, sign: int) -> None:
    """One arm: pitch and roll at the shoulder, an elbow; the hand belongs to the forearm."""
    height = (HEIGHTS["shoulder"] - HEIGHTS["hip"]) * STATURE - WAIST
    upper = chest.add_body(name=f"upper_arm_{side}", pos=[0, SHOULDER * sign, height])
    hinge(upper, f"shoulder_pitch_{side}", (0, -1, 0), ARM["shoulder_pitch"])
    hinge(upper, f"shoulder_roll_{side}", (sign, 0, 0), ARM["shoulder_roll"])
    add_limb(upper, "upper_arm", side, 0.045, DARK)

    forearm = upper.add_body(name=f"forearm_{side}", pos=[0, 0, -length("upper_arm")])
    hinge(forearm, f"elbow_{side}", (0, -1, 0), ARM["elbow"])
    add_limb(forearm, "forearm", side, 0.035, WHITE, ARMS, GROUND)
    ball(forearm, f"hand_{side}", (0, 0, -length("forearm") - 0.05), 0.045, DARK)


def _add_torque_sensor(spec: mujoco.MjSpec, joint: str) -> None:
    """Adds the sensor `<joint>.torque` [N m]: of what drives the joint."""
    spec.add_sensor(
        name=f"{joint}.torque",
        type=mujoco.mjtSensor.mjSENS_JOINTACTFRC,
        objtype=mujoco.mjtObj.mjOBJ_JOINT,
        objname=joint,
    )
