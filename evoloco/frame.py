"""An episode as a pandas DataFrame: one row per control step, one column per number."""

from typing import Any

import mujoco
import numpy as np

from evoloco.command import STAGE
from evoloco.episode import Episode
from evoloco.errors import SpecError
from evoloco.genome import Array

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


OF_ACTUATORS = ("actuator_force", "positive_work", "negative_work", "electrical_energy")
"""Arrays with a number per force of the robot's own actuators."""

AVERAGED = ("ground_force", "foot_slip", "limit_torque")
"""Arrays with values at physics steps, whose means over each control step are shown."""

SHARES = ("body_contact", "self_contact")
"""Arrays of one number, which are named as they are."""

LEFT_OUT = (
    *("time", "shake", "contraction"),
    *("torso_position", "torso_orientation", "torso_velocity", "joint_angle", "foot_position"),
)
"""The index, parts of sums, and arrays at physics steps whose sensors are shown."""


def frame_of(episode: Episode) -> Any:
    """Returns an episode's trace as a pandas DataFrame.

    The index is the time [s]. Columns are named `array.element`, such as `qpos.hip_pitch_left`,
    `ctrl.knee_left` or `obs.tilt.pitch`. Sensors of the model have their own names, such as
    `torso.position.x`. Units are those of the arrays (see `evoloco.episode.Columns`). Forces and
    slip of the feet are means over each control step.

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
    parts = [pandas.DataFrame(_rows(episode, name), columns=parts) for name, parts in names.items()]
    frame = pandas.concat(parts, axis=1)
    frame.index = pandas.Index(episode.time, name="time")
    return frame


def _rows(episode: Episode, name: str) -> Array:
    """Returns a recorded array with one row per control step (T, ...), flat."""
    values = episode[name]
    if name in AVERAGED:
        values = episode.per_control_step(episode.at_physics_steps(name))
    return values.reshape(len(episode), -1)


def columns(episode: Episode) -> dict[str, list[str]]:
    """Returns the names of the columns of each array that is shown."""
    morphology, model = episode.morphology, episode.morphology.model
    actuators = [model.actuator(i).name or str(i) for i in range(model.nactuator)]
    forces = np.repeat(actuators, model.actuator_outnum).tolist()[: morphology.outputs]
    activations = np.repeat(actuators, model.actuator_actnum).tolist()
    joints = [joint.name for joint in morphology.joints]
    elements = {
        "qpos": _of_joints(model, POSITION),
        "qvel": _of_joints(model, VELOCITY),
        "act": activations,
        "ctrl": actuators[: morphology.controls],
        "obs": [f"{one.name}.{part}" for one in morphology.sensors for part in one.channels],
        "ground_force": [f"{foot}.{axis}" for foot in morphology.feet for axis in AXES],
        "command": STAGE[1:],
        "foot_slip": morphology.feet,
        "limit_torque": joints,
        **dict.fromkeys(OF_ACTUATORS, forces),
    }

    found = {}
    for array, width in episode.columns.widths.items():
        size = width // episode.substeps if array in AVERAGED else width
        if array == "sensordata":
            found[array] = _of_sensors(model)
        elif array in SHARES:
            found[array] = [array]
        elif array not in LEFT_OUT and size:
            parts = elements.get(array, ())
            parts = parts if len(parts) == size else [str(place) for place in range(size)]
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
