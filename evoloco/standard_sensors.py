"""The sensors that every body carries, which measures and controllers rely on.

| name                 | unit  | meaning                                                        |
|----------------------|-------|----------------------------------------------------------------|
| `<joint>.angle`      | rad   | angle of each driven joint                                     |
| `<joint>.velocity`   | rad/s | its velocity                                                   |
| `torso.position`     | m     | torso frame, in the world                                      |
| `torso.orientation`  | 1     | its quaternion                                                 |
| `torso.velocity`     | m/s   | of the torso frame, in the world                               |
| `torso.rate`         | rad/s | turning rate in the torso's own frame (gyro)                   |
| `<foot>.position`    | m     | foot frame, in the world                                       |
| `<foot>.velocity`    | m/s   | of the foot frame, in the world                                |
| `<foot>.spin`        | rad/s | turning rate of the foot, in the world                         |
| `<foot>.ground`      | N, m  | force of the ground on the foot and its centre, in the world   |
| `<muscle>.length`    | m     | of the muscle with its tendon                                  |
| `<muscle>.velocity`  | m/s   | its rate of change                                             |
| `<muscle>.force`     | N     | along the tendon; a muscle pulls with negative force           |
| `<joint>.limit`      | N m   | torque of each driven joint's limit, where muscles drive it    |
"""

from collections.abc import Sequence

import mujoco
from mujoco import mjtConDataField, mjtObj, mjtSensor

IMU = "torso.imu"
"""Site of the torso's gyroscope and accelerometer, in the torso's frame."""

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
            _add(spec, joint, name, kind, mjtObj.mjOBJ_JOINT)

    for name, kind in OF_TORSO.items():
        spec.add_sensor(name=f"torso.{name}", type=kind, objtype=mjtObj.mjOBJ_XBODY, objname=torso)
    imu = spec.body(torso).add_site(name=IMU)
    _add_gyroscope(spec, imu.name)

    for foot in feet:
        for name, kind in OF_FOOT.items():
            _add(spec, foot, name, kind, mjtObj.mjOBJ_XBODY)
        _add_ground_force(spec, foot)

    for muscle in muscles:
        for name, kind in OF_MUSCLE.items():
            _add(spec, muscle, name, kind, mjtObj.mjOBJ_ACTUATOR)
    for joint in joints if muscles else ():
        for name, kind in OF_LIMIT.items():
            _add(spec, joint, name, kind, mjtObj.mjOBJ_JOINT)


def _add(spec: mujoco.MjSpec, part: str, name: str, kind: mjtSensor, of: mjtObj) -> None:
    spec.add_sensor(name=f"{part}.{name}", type=kind, objtype=of, objname=part)


def _add_gyroscope(spec: mujoco.MjSpec, site: str) -> None:
    gyroscope = mjtSensor.mjSENS_GYRO
    spec.add_sensor(name="torso.rate", type=gyroscope, objtype=mjtObj.mjOBJ_SITE, objname=site)


def _add_ground_force(spec: mujoco.MjSpec, foot: str) -> None:
    """Adds a sensor of the force of the world on a foot, and of its centre."""
    parts = (mjtConDataField.mjCONDATA_FORCE, mjtConDataField.mjCONDATA_POS)
    spec.add_sensor(
        name=f"{foot}.ground",
        type=mjtSensor.mjSENS_CONTACT,
        objtype=mjtObj.mjOBJ_BODY,
        objname="world",
        reftype=mjtObj.mjOBJ_XBODY,
        refname=foot,
        intprm=[sum(1 << int(part) for part in parts), NETFORCE, 1],
    )
