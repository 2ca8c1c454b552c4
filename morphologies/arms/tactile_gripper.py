"""A gripper that feels: a pad of 12 x 12 taxels on one finger, a soft fingertip on the other."""

import math
from typing import Annotated

import mujoco
from mujoco import mjtConDataField, mjtGeom, mjtObj, mjtSensor
from pydantic import Field

from evoloco.morphology import HOME, Morphology, assemble
from evoloco.perception.biotac.skin import RADII
from evoloco.perception.slip.bristles import PITCH, SIDE

from .._parts import ACCENT, BROWN, DARK, GREY, WHITE
from .._world import new_world

PALM = 0.30
"""Height of the palm over the ground [m]."""

BELOW = 0.07
"""How far pad and fingertip are below the palm [m]."""

PAD = (PITCH * SIDE / 2, PITCH * SIDE / 2, 0.004)
"""Half sizes of the pad [m]."""

BLOCK = (0.025, 0.015, 0.035)
"""Half sizes of the block that is held [m]."""

STIFFNESS = 1000.0
"""Force of a finger's servo per error of its place [N/m]."""

CLOSED = 0.008
"""How much farther than to the block the fingers are told to close at home [m], for 8 N."""

OPENING = (-0.015, 0.02)
"""Range of each finger from where it touches the block [m]; positive closes."""

SOFT = (0.004, 1.0)
"""Time constant [s] and damping ratio of the contacts of pad and fingertip."""

OF_OBJECT = {
    "position": mjtSensor.mjSENS_FRAMEPOS,
    "velocity": mjtSensor.mjSENS_FRAMELINVEL,
    "spin": mjtSensor.mjSENS_FRAMEANGVEL,
}
"""What the pad knows of the block, in its own frame."""

NETFORCE = 3
"""Reduction of a contact sensor: one wrench for all contacts (mjspec.h)."""


def build(
    friction: Annotated[float, Field(gt=0)] = 0.7,
    block_mass: Annotated[float, Field(gt=0)] = 0.2,
    timestep: Annotated[float, Field(gt=0)] = 0.001,
) -> Morphology:
    """A gripper of two driven fingers under a fixed palm, which holds a block.

    Driven joints `left` and `right` slide; positive closes. Sensors of MuJoCo, beside the standard
    ones: `clock`; of the left finger's pad `pad.taxels`, how deep the block is at 144 places,
    `pad.force`, and place, velocity and turning rate of the block in the pad's frame,
    `pad.object_position`, `pad.object_velocity`, `pad.object_spin`; of the right finger's tip
    `fingertip.position`, `fingertip.orientation` and `fingertip.contact`; `block.position`. The
    fingers count as feet, since every body of a run has some.

    Args:
        friction: Of the pad and of the fingertip with the block [1].
        block_mass: [kg].
        timestep: Physics step [s].
    """
    spec = new_world("tactile_gripper", timestep)
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10  # what is held creeps less
    palm = spec.worldbody.add_body(name="palm", pos=[0, 0, PALM])
    palm.add_geom(
        name="palm", type=mjtGeom.mjGEOM_BOX, size=[0.03, 0.07, 0.012], mass=0.4, rgba=WHITE
    )

    contact = {"friction": [friction, 0.005, 0.0001], "solref": SOFT, "condim": 4}
    _add_pad(spec, _finger(palm, "left", 1), contact)
    _add_fingertip(spec, _finger(palm, "right", -1), contact)
    for side in ("left", "right"):
        servo = spec.add_actuator(name=side, target=side, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.set_to_position(kp=STIFFNESS, dampratio=1)
        servo.ctrlrange, servo.ctrllimited = OPENING, True

    block = spec.worldbody.add_body(name="block", pos=[0, 0, PALM - BELOW])
    block.add_freejoint(name="block")
    block.add_geom(name="block", type=mjtGeom.mjGEOM_BOX, size=BLOCK, mass=block_mass, rgba=BROWN)
    _sense(spec, "block.position", mjtSensor.mjSENS_FRAMEPOS, mjtObj.mjOBJ_XBODY, "block")
    spec.add_sensor(name="clock", type=mjtSensor.mjSENS_CLOCK)

    home = [0, 0, 0, 0, PALM - BELOW, 1, 0, 0, 0]
    spec.add_key(name=HOME, qpos=home, ctrl=[CLOSED, CLOSED])
    return assemble(spec, "palm", ("left_finger", "right_finger"), ("left", "right"))


def _finger(palm: mujoco.MjsBody, side: str, sign: int) -> mujoco.MjsBody:
    """A finger, which slides towards the middle; its frame is at the face of the block."""
    finger = palm.add_body(name=f"{side}_finger", pos=[0, sign * BLOCK[1], -BELOW])
    finger.add_joint(name=side, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, -sign, 0], range=OPENING)
    finger.add_geom(
        type=mjtGeom.mjGEOM_BOX,
        pos=[0, sign * 0.016, 0.02],
        size=[0.012, 0.004, 0.036],
        mass=0.05,
        rgba=GREY,
        contype=0,
        conaffinity=0,
    )
    return finger


def _add_pad(spec: mujoco.MjSpec, finger: mujoco.MjsBody, contact: dict[str, object]) -> None:
    """Adds a flat pad that looks to the right, and its taxels."""
    half = math.sqrt(0.5)
    pad = finger.add_body(name="pad", pos=[0, PAD[2], 0], quat=[half, half, 0, 0])  # z to the right
    pad.add_geom(name="pad", type=mjtGeom.mjGEOM_BOX, size=PAD, mass=0.02, rgba=DARK, **contact)
    plate = spec.add_mesh(name="taxels")
    plate.make_plate(resolution=[SIDE, SIDE])
    plate.scale = PAD
    pad.add_geom(
        name="taxels",
        type=mjtGeom.mjGEOM_MESH,
        meshname="taxels",
        quat=[0, 1, 0, 0],  # MuJoCo lays the taxels of a plate on its lower side
        contype=0,
        conaffinity=0,
        group=4,
        mass=0,
    )
    taxels = spec.add_sensor(name="pad.taxels", type=mjtSensor.mjSENS_TACTILE)
    taxels.objtype, taxels.objname = mjtObj.mjOBJ_MESH, "taxels"
    taxels.reftype, taxels.refname = mjtObj.mjOBJ_GEOM, "taxels"

    around = [1.2 * half for half in PAD]  # contacts are a little outside the pad
    site = pad.add_site(name="pad", type=mjtGeom.mjGEOM_BOX, size=around, group=4)
    _sense(spec, "pad.force", mjtSensor.mjSENS_TOUCH, mjtObj.mjOBJ_SITE, site.name)
    for name, kind in OF_OBJECT.items():
        spec.add_sensor(
            name=f"pad.object_{name}",
            type=kind,
            objtype=mjtObj.mjOBJ_XBODY,
            objname="block",
            reftype=mjtObj.mjOBJ_XBODY,
            refname="pad",
        )


def _add_fingertip(spec: mujoco.MjSpec, finger: mujoco.MjsBody, contact: dict[str, object]) -> None:
    """Adds an ellipsoid whose x axis looks to the left, and what it feels."""
    half = math.sqrt(0.5)
    tip = finger.add_body(name="fingertip", pos=[0, -RADII[0], 0], quat=[half, 0, 0, half])
    tip.add_geom(
        name="fingertip",
        type=mjtGeom.mjGEOM_ELLIPSOID,
        size=RADII,
        mass=0.02,
        rgba=ACCENT,
        **contact,
    )
    body = mjtObj.mjOBJ_XBODY
    _sense(spec, "fingertip.position", mjtSensor.mjSENS_FRAMEPOS, body, "fingertip")
    _sense(spec, "fingertip.orientation", mjtSensor.mjSENS_FRAMEQUAT, body, "fingertip")
    felt = spec.add_sensor(name="fingertip.contact", type=mjtSensor.mjSENS_CONTACT)
    felt.objtype, felt.objname = mjtObj.mjOBJ_GEOM, "fingertip"
    told = (mjtConDataField.mjCONDATA_FORCE, mjtConDataField.mjCONDATA_POS)
    felt.intprm[:3] = [sum(1 << int(part) for part in told), NETFORCE, 1]


def _sense(spec: mujoco.MjSpec, name: str, kind: mjtSensor, object_type: mjtObj, of: str) -> None:
    spec.add_sensor(name=name, type=kind, objtype=object_type, objname=of)
