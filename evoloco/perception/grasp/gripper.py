"""A parallel gripper on driven slides, to be added to a scene.

Slides are driven by position servos, so the gripper moves with a velocity, and friction carries
what it holds along. A mocap body has none: objects would slip out of it.
"""

from dataclasses import dataclass

import mujoco
import numpy as np

from evoloco.fields import Array

CARRIER = ("x", "y", "z", "turn")
"""Joints that carry the hand: slides along the world's axes [m], a hinge about the hand's z axis,
through the middle between the fingertips [rad]."""

FINGERS = ("left", "right")
"""Joints of the fingers: slides [m], 0 where open, `HALF_OPEN` where the fingers touch."""

HAND = "hand"
"""The hand's body. Its origin is the middle between the fingertips; its x axis is the direction in
which the fingers close, its z axis points from the tips to the palm."""

HALF_OPEN = 0.0425
"""Half of the largest distance between the fingers [m]."""

LENGTH, THICK, HALF_WIDTH = 0.06, 0.01, 0.01
"""Of a finger: length, thickness along the closing direction, and half of its width [m]."""

GRIP = 15.0
"""Largest force of a finger [N]."""

CARRY = 300.0
"""Largest force of a slide of the carrier [N]."""

PADS = (1.0, 0.01, 0.0001)
"""Friction of the fingers, which is that of rubber: sliding, torsional [m] and rolling [m]."""

GROUP = 3
"""Group of the gripper's geoms, by which rays and pictures leave them out."""


@dataclass(frozen=True)
class Gripper:
    """A gripper in a model of its own.

    Attributes:
        spec: What the model is compiled from.
        model: The compiled model, with a keyframe `home`: open, above the ground.
        joints: Names of all driven joints; each actuator has the name of its joint.
        tool: Name of the hand's body.
    """

    spec: mujoco.MjSpec
    model: mujoco.MjModel
    joints: tuple[str, ...]
    tool: str


def add_gripper(spec: mujoco.MjSpec) -> None:
    """Adds a gripper whose hand is at the origin, points downward, and is open.

    Its weight is carried, and it touches everything but itself. Its six joints are the first ones
    of a scene to which it is added first.
    """
    carrier = spec.worldbody.add_body(name="carrier", gravcomp=1)
    for name, axis in zip(CARRIER[:3], np.eye(3), strict=True):
        carrier.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=axis)
        _add_servo(spec, name, 4000, 120, CARRY)
    # Bodies that only carry need a mass of their own, or MuJoCo cannot move them.
    carrier.mass, carrier.inertia, carrier.explicitinertial = 0.1, [1e-4] * 3, True

    hand = carrier.add_body(name=HAND, gravcomp=1)
    hand.add_joint(name="turn", axis=[0, 0, 1], armature=1e-3)
    _add_servo(spec, "turn", 60, 1.2, 20)
    hand.add_geom(
        name="palm",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[HALF_OPEN + THICK, 0.012, 0.012],
        pos=[0, 0, LENGTH + 0.014],
        mass=0.5,
        group=GROUP,
    )
    for name, side in zip(FINGERS, (-1, 1), strict=True):
        _add_finger(spec, hand, name, side)


def _add_finger(spec: mujoco.MjSpec, hand: mujoco.MjsBody, name: str, side: int) -> None:
    finger = hand.add_body(name=name, pos=[side * HALF_OPEN, 0, 0], gravcomp=1)
    finger.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_SLIDE,
        axis=[-side, 0, 0],
        range=[0, HALF_OPEN],
        limited=True,
        damping=[4, 0, 0],
    )
    finger.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[THICK / 2, HALF_WIDTH, LENGTH / 2],
        pos=[side * THICK / 2, 0, LENGTH / 2],
        mass=0.05,
        friction=PADS,
        condim=4,
        group=GROUP,
    )
    _add_servo(spec, name, 800, 20, GRIP)


def _add_servo(
    spec: mujoco.MjSpec, joint: str, stiffness: float, damping: float, force: float
) -> None:
    """Adds a position servo that is named after its joint."""
    servo = spec.add_actuator(name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    servo.set_to_position(kp=stiffness, kv=damping)
    servo.forcelimited, servo.forcerange = True, [-force, force]


def facing(rotation: Array) -> Array:
    """The quaternion of a hand's rotation matrix (3, 3)."""
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, np.ravel(rotation))
    return quaternion
