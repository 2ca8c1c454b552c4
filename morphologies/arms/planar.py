"""Two links in a plane: the smallest arm whose tool can be brought to a place in two ways."""

import math
from typing import Literal

import mujoco

from evoloco.arm import Arm, read_arm
from evoloco.morphology import HOME

LINK = 0.5
"""Length of each link [m]."""

STRAIGHT = 0.15
"""Least angle between the links, and between the folded links [rad]."""

ELBOW = {"left": (STRAIGHT, math.pi - STRAIGHT), "both": (STRAIGHT - math.pi, math.pi - STRAIGHT)}
"""Ranges of the elbow [rad]."""


def build(elbow: Literal["left", "both"] = "both") -> Arm:
    """A planar arm with a reach of 1 m, without servos' limits or gravity.

    Args:
        elbow: To which sides it bends. If only to one, a place of the tool has one pair of angles.
    """
    spec = mujoco.MjSpec()
    spec.modelname = "planar_arm"
    spec.compiler.degree = False
    spec.option.gravity = [0, 0, 0]

    body = spec.worldbody
    ranges = {"shoulder": (-math.pi, math.pi), "elbow": ELBOW[elbow]}
    for index, (joint, limits) in enumerate(ranges.items()):
        body = body.add_body(name=f"{joint}_link", pos=[LINK * index, 0, 0])
        body.add_joint(name=joint, axis=[0, 0, 1], range=limits, limited=True)
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[0, 0, 0, LINK, 0, 0],
            size=[0.02, 0, 0],
            mass=1.0,
            contype=0,
            conaffinity=0,
        )
        servo = spec.add_actuator(name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.set_to_position(kp=100, dampratio=1)

    body.add_site(name="tool", pos=[LINK, 0, 0])
    spec.add_key(name=HOME, qpos=[0, 1], ctrl=[0, 1])
    return read_arm(spec)
