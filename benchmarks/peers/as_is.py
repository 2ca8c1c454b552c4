"""A morphology: an MJCF file as it is, whatever its actuators and its integrator."""

from collections.abc import Sequence
from dataclasses import replace

import mujoco

from evoloco.morphology import HOME, Morphology, assemble


def build(path: str, torso: str, feet: Sequence[str]) -> Morphology:
    """Returns the file's body with the standard sensors; its reference pose is the keyframe `home`.

    A foot with the name of a joint gets another name, because sensors are named after both. An
    actuator is named after its joint. Several actuators on one joint are combined into one: the
    first takes the control, because that of the others is always 0. Except for rounding, the forces
    are the same.

    Args:
        path: The file.
        torso: Body that carries the IMU.
        feet: Foot bodies.
    """
    spec = mujoco.MjSpec.from_file(path)
    driven: dict[str, mujoco.MjsActuator] = {}
    for actuator in list(spec.actuators):
        joint = actuator.target
        if joint in driven:
            driven[joint].biasprm = driven[joint].biasprm + actuator.biasprm
            spec.delete(actuator)
        else:
            driven[joint] = actuator
            actuator.name = joint
    spec.add_key(name=HOME, qpos=spec.compile().qpos0, ctrl=[0.0] * len(driven))
    soles = [spec.body(foot) for foot in feet]
    for sole in soles:
        sole.name += "_body" if sole.name in driven else ""
    morphology = assemble(spec, torso, [sole.name for sole in soles], list(driven))
    return replace(morphology, torques=False)  # sines drive them as they are
