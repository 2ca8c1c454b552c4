"""The sensors that every body carries, which measures and controllers rely on.

| name                       | unit  | meaning                                                     |
|----------------------------|-------|-------------------------------------------------------------|
| `joint.<joint>.angle`      | rad   | angle of each driven joint                                  |
| `joint.<joint>.velocity`   | rad/s | its velocity                                                |
| `torso.position`           | m     | torso frame, in the world                                   |
| `torso.orientation`        | 1     | its quaternion                                              |
| `torso.velocity`           | m/s   | of the torso frame, in the world                            |
| `torso.rate`               | rad/s | turning rate in the torso's own frame (gyro)                |
| `foot.<foot>.position`     | m     | foot frame, in the world                                    |
| `foot.<foot>.velocity`     | m/s   | of the foot frame, in the world                             |
| `foot.<foot>.spin`         | rad/s | turning rate of the foot, in the world                      |
| `foot.<foot>.ground`       | N, m  | force of the ground on the foot and its centre in the world |
| `muscle.<muscle>.length`   | m     | of the muscle with its tendon                               |
| `muscle.<muscle>.velocity` | m/s   | its rate of change                                          |
| `muscle.<muscle>.force`    | N     | along the tendon; a muscle pulls with negative force        |
| `joint.<joint>.limit`      | N m   | torque of a driven joint's limit, where muscles drive it    |

The kind stands in front, since a foot, a joint and a muscle may share a name, as in MuJoCo.
"""

from collections.abc import Collection, Sequence

import mujoco
from mujoco import mjtConDataField, mjtObj, mjtSensor

IMU = "torso.imu"
"""Site of the torso's gyroscope and accelerometer, in the torso's frame, if the name is free."""

RATE = "torso.rate"
"""The gyroscope."""

NETFORCE = 3
"""Reduction of a contact sensor: one wrench for all contacts (mjspec.h)."""

OF_JOINT = {"angle": mjtSensor.mjSENS_JOINTPOS, "velocity": mjtSensor.mjSENS_JOINTVEL}
OF_FRAME = {"position": mjtSensor.mjSENS_FRAMEPOS, "velocity": mjtSensor.mjSENS_FRAMELINVEL}
OF_TORSO = {**OF_FRAME, "orientation": mjtSensor.mjSENS_FRAMEQUAT}
OF_FOOT = {**OF_FRAME, "spin": mjtSensor.mjSENS_FRAMEANGVEL}
OF_MUSCLE = {
    "length": mjtSensor.mjSENS_ACTUATORPOS,
    "velocity": mjtSensor.mjSENS_ACTUATORVEL,
    "force": mjtSensor.mjSENS_ACTUATORFRC,
}
OF_LIMIT = {"limit": mjtSensor.mjSENS_JOINTLIMITFRC}
"""Types of sensors by the last part of their names."""


def add_sensors(
    spec: mujoco.MjSpec,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    muscles: Sequence[str],
) -> None:
    """Adds the standard sensors to a body.

    Args:
        spec: Of the body.
        torso: Name of the torso.
        feet: Names of the feet.
        joints: Names of the driven joints.
        muscles: Names of the muscles, if they drive the joints.
    """
    for name, kind in OF_JOINT.items():
        for joint in joints:
            _add(spec, f"joint.{joint}.{name}", kind, mjtObj.mjOBJ_JOINT, joint)

    for name, kind in OF_TORSO.items():
        _add(spec, f"torso.{name}", kind, mjtObj.mjOBJ_XBODY, torso)
    imu = spec.body(torso).add_site(name=free_name(IMU, [site.name for site in spec.sites]))
    _add(spec, RATE, mjtSensor.mjSENS_GYRO, mjtObj.mjOBJ_SITE, imu.name)
    _add_from_feet_on(spec, feet, joints, muscles)


def order_feet(
    spec: mujoco.MjSpec, feet: Sequence[str], joints: Sequence[str], muscles: Sequence[str]
) -> None:
    """Puts the sensors of the feet into another order, as if they had been added in it.

    Args:
        spec: Of a body with the standard sensors.
        feet: Names of the feet, in their new order.
        joints: Names of the driven joints.
        muscles: Names of the muscles, if they drive the joints.
    """
    limits = joints if muscles else ()
    later = {
        *(f"foot.{foot}.{name}" for foot in feet for name in (*OF_FOOT, "ground")),
        *(f"muscle.{muscle}.{name}" for muscle in muscles for name in OF_MUSCLE),
        *(f"joint.{joint}.{name}" for joint in limits for name in OF_LIMIT),
    }
    for sensor in [one for one in spec.sensors if one.name in later]:
        spec.delete(sensor)
    _add_from_feet_on(spec, feet, joints, muscles)


def _add_from_feet_on(
    spec: mujoco.MjSpec, feet: Sequence[str], joints: Sequence[str], muscles: Sequence[str]
) -> None:
    """Adds the sensors of feet, muscles and joint limits."""
    for foot in feet:
        for name, kind in OF_FOOT.items():
            _add(spec, f"foot.{foot}.{name}", kind, mjtObj.mjOBJ_XBODY, foot)
        _add_ground_force(spec, foot)

    for muscle in muscles:
        for name, kind in OF_MUSCLE.items():
            _add(spec, f"muscle.{muscle}.{name}", kind, mjtObj.mjOBJ_ACTUATOR, muscle)
    for joint in joints if muscles else ():
        for name, kind in OF_LIMIT.items():
            _add(spec, f"joint.{joint}.{name}", kind, mjtObj.mjOBJ_JOINT, joint)


def standard_names(
    feet: Sequence[str], joints: Sequence[str], muscles: Sequence[str]
) -> frozenset[str]:
    """Names of the standard sensors of a body (see `add_sensors`)."""
    parts = {
        "torso": ([""], [*OF_TORSO, "rate"]),
        "joint": (joints, [*OF_JOINT, *OF_LIMIT]),
        "foot": (feet, [*OF_FOOT, "ground"]),
        "muscle": (muscles, [*OF_MUSCLE]),
    }
    return frozenset(
        ".".join(filter(None, (kind, part, what)))
        for kind, (names, whats) in parts.items()
        for part in names
        for what in whats
    )


def free_name(name: str, taken: Collection[str]) -> str:
    """A name, with as many `_` behind it as it takes to be none of those taken."""
    while name in taken:
        name += "_"
    return name


def _add(spec: mujoco.MjSpec, name: str, kind: mjtSensor, of: mjtObj, part: str) -> None:
    spec.add_sensor(name=name, type=kind, objtype=of, objname=part)


def _add_ground_force(spec: mujoco.MjSpec, foot: str) -> None:
    """Adds a sensor of the force of the world on a foot, and of its centre."""
    parts = (mjtConDataField.mjCONDATA_FORCE, mjtConDataField.mjCONDATA_POS)
    spec.add_sensor(
        name=f"foot.{foot}.ground",
        type=mjtSensor.mjSENS_CONTACT,
        objtype=mjtObj.mjOBJ_BODY,
        objname="world",
        reftype=mjtObj.mjOBJ_XBODY,
        refname=foot,
        intprm=[sum(1 << int(part) for part in parts), NETFORCE, 1],
    )
