"""Names of a run file that a robot must have: bodies and joints."""

from collections.abc import Mapping, Sequence

import mujoco

from evoloco.errors import ModelError, UnknownNameError
from evoloco.standard_sensors import free_name, standard_names


def check_names(
    spec: mujoco.MjSpec,
    path: str,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    home: Mapping[str, float],
) -> None:
    """Refuses bodies and joints that the file does not have, and joints that are no hinges."""
    bodies = {body.name: body for body in spec.bodies}
    for name in (torso, *feet):
        if name not in bodies:
            raise UnknownNameError("body", name, filter(None, bodies), path)

    hinges = {joint.name: joint for joint in spec.joints}
    for name in (*joints, *home):
        if name not in hinges:
            raise UnknownNameError("joint", name, filter(None, hinges), path)
        if hinges[name].type != mujoco.mjtJoint.mjJNT_HINGE:
            raise ModelError(f"{path}: joint '{name}' is not a hinge; only hinges can be driven.")


def free_standard_names(
    spec: mujoco.MjSpec, feet: Sequence[str], joints: Sequence[str], told: list[str]
) -> None:
    """Renames sensors of the file whose names the standard sensors have."""
    muscles = [actuator.name for actuator in spec.actuators]
    standard = standard_names(feet, joints, muscles)
    taken = {sensor.name for sensor in spec.sensors} | standard

    for sensor in spec.sensors:
        if sensor.name in standard:
            name = free_name(f"file.{sensor.name}", taken)
            taken.add(name)
            told.append(
                f"The file's sensor '{sensor.name}' is called '{name}' here, since evoloco's own "
                "has that name."
            )
            sensor.name = name
