"""An episode as a pandas DataFrame: one row per control step, one column per number."""

from typing import Any

import mujoco

from evoloco.episode import Episode
from evoloco.errors import SpecError

POSITION = {
    mujoco.mjtJoint.mjJNT_FREE: ("x", "y", "z", "qw", "qx", "qy", "qz"),
    mujoco.mjtJoint.mjJNT_BALL: ("qw", "qx", "qy", "qz"),
}
"""Kind of a joint -> names of its numbers in qpos; hinges and slides have one without a name."""

VELOCITY = {
    mujoco.mjtJoint.mjJNT_FREE: ("vx", "vy", "vz", "wx", "wy", "wz"),
    mujoco.mjtJoint.mjJNT_BALL: ("wx", "wy", "wz"),
}
"""The same in qvel."""

AXES = ("x", "y", "z")
QUATERNION = ("qw", "qx", "qy", "qz")
WRENCH = ("fx", "fy", "fz", *AXES)
PARTS = {3: AXES, 4: QUATERNION, 6: WRENCH}
"""Number of a sensor's readings -> their names; otherwise they are numbered from 0.

Six are a force and the point where it acts.
"""


def frame_of(episode: Episode) -> Any:
    """Returns an episode's trace as a pandas DataFrame.

    The index is the time [s]. Columns are named `array.element`, such as `qpos.hip_pitch_left`,
    `ctrl.knee_left` or `obs.tilt.pitch`. Sensors of the model have their own names, such as
    `torso.position.x`. Units are those of the arrays (see `evoloco.episode.Columns`).

    Raises:
        SpecError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise SpecError(
            "to_frame needs pandas, which is not installed. Install it with: pip install pandas"
        ) from None

    names = columns(episode)
    values = {name: episode[name] for name, width in episode.columns.widths.items() if width}
    del values["time"]
    parts = [pandas.DataFrame(array, columns=names[name]) for name, array in values.items()]
    frame = pandas.concat(parts, axis=1)
    frame.index = pandas.Index(episode.time, name="time")
    return frame


def columns(episode: Episode) -> dict[str, list[str]]:
    """Returns the names of the columns of each recorded array."""
    morphology, model = episode.morphology, episode.morphology.model
    actuators = [model.actuator(i).name or str(i) for i in range(model.nu)]
    activated = [
        name for name, address in zip(actuators, model.actuator_actadr, strict=True) if address >= 0
    ]
    given = {
        "qpos": _of_joints(model, POSITION),
        "qvel": _of_joints(model, VELOCITY),
        "act": activated,
        "ctrl": actuators,
        "actuator_force": actuators,
        "obs": [f"{one.name}.{part}" for one in morphology.sensors for part in one.channels],
        "peak_load": list(morphology.feet),
    }

    found = {"sensordata": _of_sensors(model), "body_contact": ["body_contact"]}
    for array, width in episode.columns.widths.items():
        if array not in found:
            parts = given.get(array, [])
            parts = parts if len(parts) == width else [str(place) for place in range(width)]
            found[array] = [f"{array}.{part}" for part in parts]
    return found


def _of_joints(model: mujoco.MjModel, parts: dict[mujoco.mjtJoint, tuple[str, ...]]) -> list[str]:
    """Returns the names of the numbers of all joints."""
    names: list[str] = []
    for index in range(model.njnt):
        name = model.joint(index).name or str(index)
        of_joint = parts.get(mujoco.mjtJoint(model.jnt_type[index]))
        names += [f"{name}.{part}" for part in of_joint] if of_joint else [name]
    return names


def _of_sensors(model: mujoco.MjModel) -> list[str]:
    """Returns the names of the numbers of all sensors."""
    names: list[str] = []
    for index in range(model.nsensor):
        sensor = model.sensor(index)
        name, size = sensor.name or f"sensor{index}", int(sensor.dim[0])
        parts = PARTS.get(size, tuple(str(place) for place in range(size)))
        names += [name] if size == 1 else [f"{name}.{part}" for part in parts]
    return names
