"""Names of a robot's own sensors: they make room for those of the standard sensors."""

from collections.abc import Sequence

import mujoco

from evoloco.standard_sensors import free_name, standard_names


def free_standard_names(
    spec: mujoco.MjSpec, feet: Sequence[str], joints: Sequence[str], told: list[str]
) -> None:
    """Renames sensors of the file whose names the standard sensors have.

    Args:
        spec: The file's, with its actuators.
        feet: Foot bodies.
        joints: Driven joints.
        told: Gets a sentence for each.
    """
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
