"""The default body: a servo biped of half a metre."""

import math

import mujoco

from evoloco.morphology import HOME, Morphology, assemble

from ._floor import add_floor
from ._servo import XM430

# Proportions and masses of the links follow the ROBOTIS OP3 (robotis_op3 in MuJoCo Menagerie).
HIP = 0.05
"""Distance of each hip from the middle plane [m]; the OP3 has 0.035, and its feet stand 0.013 further out."""
THIGH = SHANK = 0.11
"""Lengths of the leg's segments [m]."""
ANKLE = 0.03
"""Height of the ankle above the sole [m]."""
WAIST = 0.09
"""Height of the torso frame above the hips [m]."""
SOLE = ((-0.05, 0.07), (-0.033, 0.033))
"""Where the sole's corners touch the ground, ahead and beside of the ankle [m]."""
CORNER = 0.006
"""Radius of the spheres at the corners of the sole [m]."""

CROUCH = {"hip_pitch": 0.35, "knee": 0.70, "ankle_pitch": 0.35}
"""Angles in the home keyframe [rad]; the others are zero. The ankles are then below the hips."""
LIMITS = {
    "hip_roll": (-0.5, 0.6),
    "hip_pitch": (-0.9, 1.5),
    "knee": (0.0, 2.2),
    "ankle_pitch": (-1.0, 1.0),
    "ankle_roll": (-0.6, 0.6),
    "shoulder_pitch": (-1.5, 1.5),
}
"""Range of each joint [rad]."""

GROUND, LEGS = 1, 2
"""Contact bits: what touches the floor, and what keeps the legs apart."""
SPHERE = mujoco.mjtGeom.mjGEOM_SPHERE

Vector = tuple[float, float, float]
Colour = tuple[float, float, float, float]
WHITE, DARK, ACCENT = (0.93, 0.94, 0.95, 1), (0.20, 0.22, 0.25, 1), (0.93, 0.45, 0.16, 1)


def build(arms: bool = False) -> Morphology:
    """Servo biped with ten driven joints in the proportions of the ROBOTIS OP3.

    Each leg has hip roll and pitch, knee, ankle pitch and roll, all driven by
    DYNAMIXEL XM430-W350. Positive angles mean: hip flexion (the thigh goes
    forward), knee flexion, ankle dorsiflexion (the toes go up), hip abduction
    and ankle eversion (both outwards), shoulder flexion. Equal angles on both
    sides are a mirror image.

    Each foot touches the ground with a small sphere at each corner, whose
    load cell is the sensor `<foot>.load_<front|rear>_<inner|outer>` [N]. The
    torso carries gyro and accelerometer (`torso.acceleration` [m/s²]). Feet,
    shanks, thighs and chest collide with the ground, and the shanks and feet
    of one leg with those of the other.

    Args:
        arms: Whether the shoulders are driven too, which makes twelve joints.
    """
    spec = mujoco.MjSpec()
    spec.modelname = "biped"
    spec.compiler.degree = False
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_DISCRETE
    spec.option.timestep = 0.004
    add_floor(spec)
    torso = _torso(spec)
    joints = []
    for side, sign in (("left", 1), ("right", -1)):
        _leg(torso, side, sign)
        _arm(torso, side, sign, driven=arms)
        joints += [f"{stem}_{side}" for stem in list(LIMITS)[: 6 if arms else 5]]
    for joint in joints:
        XM430.drive(spec, joint)
    _add_load_cells(spec)
    home = [CROUCH.get(joint.rsplit("_", 1)[0], 0.0) for joint in joints]
    spec.add_key(name=HOME, qpos=[0, 0, _standing_height(), 1, 0, 0, 0, *home], ctrl=home)
    return assemble(spec, torso="torso", feet=("foot_left", "foot_right"), joints=joints)


def _torso(spec: mujoco.MjSpec) -> mujoco.MjsBody:
    """Chest with computer and battery, head and pelvis, on a free joint."""
    torso = spec.worldbody.add_body(name="torso")
    torso.add_freejoint(name="root")
    _box(torso, "chest", (0.015, 0, 0.02), (0.045, 0.06, 0.065), WHITE, mass=1.25, conaffinity=GROUND)
    _box(torso, "battery", (-0.032, 0, 0.025), (0.012, 0.04, 0.045), DARK)
    _box(torso, "pelvis", (0.0, 0, -0.065), (0.032, 0.055, 0.022), DARK, mass=0.10)
    _box(torso, "neck", (0.012, 0, 0.095), (0.016, 0.022, 0.012), DARK)
    _box(torso, "head", (0.015, 0, 0.14), (0.034, 0.042, 0.033), WHITE, mass=0.15)
    for side, sign in (("left", 1), ("right", -1)):
        torso.add_geom(
            name=f"eye_{side}", type=SPHERE, size=[0.011, 0, 0], pos=[0.046, 0.018 * sign, 0.146],
            rgba=ACCENT, group=1, mass=0, contype=0, conaffinity=0,
        )
    imu = torso.add_site(name="imu")
    spec.add_sensor(
        name="torso.acceleration", type=mujoco.mjtSensor.mjSENS_ACCELEROMETER,
        objtype=mujoco.mjtObj.mjOBJ_SITE, objname=imu.name,
    )
    return torso


def _leg(torso: mujoco.MjsBody, side: str, sign: int) -> None:
    """One leg; the servos of crossing axes are lumped into the link below them."""
    apart = {"left": {"contype": LEGS, "conaffinity": 0}, "right": {"contype": 0, "conaffinity": LEGS}}[side]
    thigh = torso.add_body(name=f"thigh_{side}", pos=[0, HIP * sign, -WAIST])
    _hinge(thigh, "hip_roll", side, (sign, 0, 0))
    _hinge(thigh, "hip_pitch", side, (0, -1, 0))
    _box(thigh, f"hip_{side}", (0, 0, 0), (0.026, 0.020, 0.024), DARK, mass=0.19)
    _rod(thigh, f"thigh_{side}", 0.022, (0, 0, -0.03), (0, 0, -THIGH), WHITE, mass=0.115, conaffinity=GROUND)
    shank = thigh.add_body(name=f"shank_{side}", pos=[0, 0, -THIGH])
    _hinge(shank, "knee", side, (0, 1, 0))
    _rod(
        shank, f"shank_{side}", 0.019, (0, 0, -0.005), (0, 0, -SHANK + 0.015), ACCENT, mass=0.04,
        contype=apart["contype"], conaffinity=apart["conaffinity"] | GROUND,
    )
    foot = shank.add_body(name=f"foot_{side}", pos=[0, 0, -SHANK])
    _hinge(foot, "ankle_pitch", side, (0, -1, 0))
    _hinge(foot, "ankle_roll", side, (sign, 0, 0))
    _box(foot, f"ankle_{side}", (-0.004, 0, 0.002), (0.026, 0.018, 0.018), DARK, mass=0.18)
    (rear, front), (right, left) = SOLE
    middle, half = ((rear + front) / 2, (front - rear) / 2), ((right + left) / 2, (left - right) / 2)
    _box(
        foot, f"sole_{side}", (middle[0], half[0], -ANKLE + 0.009), (middle[1] + CORNER, half[1] + CORNER, 0.007),
        WHITE, mass=0.07, **apart,
    )
    for x, end in ((front, "front"), (rear, "rear")):
        for y, edge in ((left, "outer"), (right, "inner")):
            corner = [x, y * sign, -ANKLE + CORNER]
            foot.add_geom(
                name=f"foot_{side}_{end}_{edge}", type=SPHERE, size=[CORNER, 0, 0], pos=corner,
                rgba=DARK, mass=0, contype=0, conaffinity=GROUND,
            )
            foot.add_site(name=f"foot_{side}.load_{end}_{edge}", size=[1.5 * CORNER, 0, 0], pos=corner, group=4)


def _arm(torso: mujoco.MjsBody, side: str, sign: int, driven: bool) -> None:
    """A slightly bent arm, part of the torso unless driven."""
    shoulder = (0, 0.078 * sign, 0.06)
    arm, (x, y, z) = torso, shoulder
    if driven:
        arm, (x, y, z) = torso.add_body(name=f"arm_{side}", pos=shoulder), (0, 0, 0)
        _hinge(arm, "shoulder_pitch", side, (0, -1, 0))
    elbow, hand = (x - 0.01, y + 0.012 * sign, z - 0.085), (x + 0.03, y + 0.012 * sign, z - 0.16)
    _rod(arm, f"upper_arm_{side}", 0.018, (x, y, z), elbow, DARK, mass=0.16)
    _rod(arm, f"forearm_{side}", 0.014, elbow, hand, WHITE, mass=0.07)


def _hinge(body: mujoco.MjsBody, stem: str, side: str, axis: Vector) -> None:
    body.add_joint(name=f"{stem}_{side}", type=mujoco.mjtJoint.mjJNT_HINGE, axis=axis, range=LIMITS[stem])


def _box(
    body: mujoco.MjsBody, name: str, middle: Vector, half: Vector, colour: Colour,
    mass: float = 0, contype: int = 0, conaffinity: int = 0,
) -> None:
    body.add_geom(
        name=name, type=mujoco.mjtGeom.mjGEOM_BOX, pos=middle, size=half, rgba=colour,
        group=0 if mass else 1, mass=mass, contype=contype, conaffinity=conaffinity,
    )


def _rod(
    body: mujoco.MjsBody, name: str, radius: float, start: Vector, end: Vector, colour: Colour,
    mass: float = 0, contype: int = 0, conaffinity: int = 0,
) -> None:
    body.add_geom(
        name=name, type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[*start, *end], size=[radius, 0, 0], rgba=colour,
        mass=mass, contype=contype, conaffinity=conaffinity,
    )


def _add_load_cells(spec: mujoco.MjSpec) -> None:
    for site in list(spec.sites):
        if ".load_" in site.name:
            spec.add_sensor(
                name=site.name, type=mujoco.mjtSensor.mjSENS_TOUCH,
                objtype=mujoco.mjtObj.mjOBJ_SITE, objname=site.name,
            )


def _standing_height() -> float:
    return WAIST + THIGH * math.cos(CROUCH["hip_pitch"]) + SHANK * math.cos(CROUCH["ankle_pitch"]) + ANKLE
