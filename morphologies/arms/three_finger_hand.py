"""A planar hand of three fingers around a block that it turns."""

import math

import mujoco

from evoloco.hand import Hand, read_hand
from evoloco.morphology import HOME

FINGERS = {"left": math.radians(150), "right": math.radians(30), "thumb": math.radians(270)}
"""Direction of each finger's base from the middle of the palm [rad]."""

PALM = 0.105
"""Distance of the fingers' bases from the middle of the palm [m]."""

PROXIMAL, DISTAL, THICKNESS = 0.045, 0.04, 0.008
"""Lengths of a finger's links and their radius [m]."""

LINK_MASS = 0.02
"""Mass of a link [kg]."""

RANGES = {"base": math.radians(70), "middle": math.radians(110)}
"""How far the joints of a finger turn to either side [rad]."""

CURLED = {"base": math.radians(45), "middle": math.radians(-90)}
"""Angles at home, where all fingers are bent the same way around the block [rad]."""

HALF, HEIGHT, MASS = 0.025, 0.015, 0.1
"""Half of the block's edge, half of its height [m] and its mass [kg]."""

SLIDING, FREE = 0.3, 0.08
"""Friction coefficient between block and palm, and how far the block can slide [m]."""

TURNING = 0.765
"""Mean distance of a square's points from its middle, over half of its edge."""

GRAVITY = 9.81
"""[m/s²]."""


def build() -> Hand:
    """A hand seen from above: x to the right, y away from the thumb, z out of the palm.

    Each finger has two joints, `NAME_base` and `NAME_middle`, with position servos, and a site
    `NAME_tip`. The block, body `object`, slides and turns on the palm: joints `object_x`,
    `object_y` and `object_angle`. Friction with the palm is dry friction of these joints, as large
    as that of a block whose weight is spread over its face. Fingers touch the block and each other.
    """
    spec = mujoco.MjSpec()
    spec.modelname = "three_finger_hand"
    spec.compiler.degree = False
    spec.option.timestep = 0.008
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.visual.quality.shadowsize = 0
    spec.visual.quality.offsamples = 0

    spec.worldbody.add_light(
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, pos=[0, 0, 1], dir=[0.2, 0.3, -1]
    )
    spec.worldbody.add_geom(
        name="palm",
        type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        size=[0.14, 0.005, 0],
        pos=[0, 0, -HEIGHT - 0.005],
        rgba=[0.35, 0.37, 0.4, 1],
        contype=0,
        conaffinity=0,
    )
    for name, direction in FINGERS.items():
        _add_finger(spec, name, direction)
    _add_block(spec)

    angles = [CURLED[part] for _ in FINGERS for part in CURLED]
    spec.add_key(name=HOME, qpos=[*angles, 0, 0, 0], ctrl=angles)
    return read_hand(spec, [f"{name}_tip" for name in FINGERS])


def _add_finger(spec: mujoco.MjSpec, name: str, direction: float) -> None:
    """Adds a finger that points to the middle of the palm, where its angles are 0."""
    body = spec.worldbody
    place = [PALM * math.cos(direction), PALM * math.sin(direction), 0]
    turned = direction + math.pi
    for part, length in (("base", PROXIMAL), ("middle", DISTAL)):
        joint = f"{name}_{part}"
        half = turned / 2
        body = body.add_body(
            name=f"{joint}_link", pos=place, quat=[math.cos(half), 0, 0, math.sin(half)]
        )
        body.add_joint(
            name=joint,
            axis=[0, 0, 1],
            range=[-RANGES[part], RANGES[part]],
            limited=True,
            damping=[0.01, 0, 0],
            armature=5e-4,
        )
        body.add_geom(
            name=f"{joint}_geom",
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[0, 0, 0, length, 0, 0],
            size=[THICKNESS, 0, 0],
            mass=LINK_MASS,
            friction=[0.8, 0.005, 0.0001],
            rgba=[0.8, 0.82, 0.84, 1] if part == "base" else [0.4, 0.55, 0.7, 1],
        )
        servo = spec.add_actuator(name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.set_to_position(kp=0.6, dampratio=1)
        servo.forcelimited, servo.forcerange = True, [-0.3, 0.3]
        place, turned = [length, 0, 0], 0.0
    body.add_site(name=f"{name}_tip", pos=[DISTAL, 0, 0], size=[0.004, 0, 0])


def _add_block(spec: mujoco.MjSpec) -> None:
    """Adds the block, whose friction with the palm is in its joints."""
    weight = SLIDING * MASS * GRAVITY
    body = spec.worldbody.add_body(name="object")
    for name, axis in (("object_x", [1, 0, 0]), ("object_y", [0, 1, 0])):
        body.add_joint(
            name=name,
            type=mujoco.mjtJoint.mjJNT_SLIDE,
            axis=axis,
            range=[-FREE, FREE],
            limited=True,
            frictionloss=weight,
        )
    body.add_joint(name="object_angle", axis=[0, 0, 1], frictionloss=weight * TURNING * HALF)
    body.add_geom(
        name="object_geom",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[HALF, HALF, HEIGHT],
        mass=MASS,
        friction=[0.8, 0.005, 0.0001],
        rgba=[0.93, 0.45, 0.16, 1],
    )
    # A mark on one side, by which a picture tells the four sides apart.
    body.add_geom(
        name="object_mark",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=[0.6 * HALF, 0, HEIGHT],
        size=[0.3 * HALF, 0.7 * HALF, 0.001],
        mass=0,
        contype=0,
        conaffinity=0,
        rgba=[0.1, 0.1, 0.12, 1],
    )
