"""The actuators of a robot: one that takes a position for every driven joint."""

from collections.abc import Sequence
from copy import copy

import mujoco

from evoloco.servo import Servo, bound

ACTUATOR = (
    "target",
    "trntype",
    "gear",
    "cranklength",
    "slidersite",
    "refsite",
    "damping",
    "armature",
    "gaintype",
    "gainprm",
    "biastype",
    "biasprm",
    "dyntype",
    "dynprm",
    "actdim",
    "actearly",
    "actlimited",
    "actrange",
    "ctrlspec",
    "ctrllimited",
    "ctrlrange",
    "inheritrange",
    "forcelimited",
    "forcerange",
    "delay",
    "nsample",
    "interp",
)
"""What makes an actuator, apart from its name and place."""


def drive(spec: mujoco.MjSpec, joints: Sequence[str], servo: Servo, told: list[str]) -> None:
    """Leaves one position actuator per driven joint, named after it and in order."""
    kept = {}
    for actuator in list(spec.actuators):
        if actuator.target in joints and _takes_position(actuator):
            kept[actuator.target] = {field: copy(getattr(actuator, field)) for field in ACTUATOR}
        spec.delete(actuator)

    for joint in joints:
        if joint not in kept:
            servo.drive(spec, joint)
            continue
        actuator = spec.add_actuator(name=joint)
        for field, value in kept[joint].items():
            setattr(actuator, field, value)
        if actuator.ctrlrange[0] == actuator.ctrlrange[1]:
            bound(actuator, spec.joint(joint))


def _takes_position(actuator: mujoco.MjsActuator) -> bool:
    """Whether an actuator's control is a position."""
    gain, bias = actuator.gainprm[0], actuator.biasprm[1]
    return actuator.ctrlspec == mujoco.mjtCtrlInput.mjINPUT_POS or bool(gain > 0 and bias == -gain)
