"""What the actuators are told at home: controls and activations of the home keyframe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import mujoco
import numpy as np

from evoloco.genome import Array
from evoloco.morphology import HOME
from evoloco.robot.actuator import SCALAR, SLEW, kind_of
from evoloco.subtree import acts_on_joint

FILTERS = (mujoco.mjtDyn.mjDYN_FILTER, mujoco.mjtDyn.mjDYN_FILTEREXACT)
"""Dynamics whose activation follows the control."""


SAME = 1e-6
"""Difference of angles that are the same but for rounding [rad]."""


@dataclass(frozen=True)
class Given:
    """What the file's keyframe tells actuators.

    Attributes:
        ctrl: Controls, by the actuators' places in the file.
        act: Activations, likewise.
        angles: Of hinges and slides, by name [rad or m].
    """

    ctrl: Mapping[int, Array] = field(default_factory=dict)
    act: Mapping[int, Array] = field(default_factory=dict)
    angles: Mapping[str, float] = field(default_factory=dict)


def given(spec: mujoco.MjSpec, keyframe: str | None = None) -> Given:
    """Reads the controls of a keyframe off a file.

    Args:
        spec: Of the file.
        keyframe: Its name; `home`, or the file's only one, where None.
    """
    keys = [key for key in spec.keys if key.name == (keyframe or HOME)]
    if not keys and keyframe is None:
        keys = list(spec.keys)
    if len(keys) != 1:
        return Given()
    try:
        model = spec.copy().compile()
    except ValueError:  # told where the robot is compiled
        return Given()

    number, ctrl, act = [key.name for key in spec.keys].index(keys[0].name), {}, {}
    for index in range(model.nactuator):
        if len(keys[0].ctrl):
            start, count = model.actuator_ctrladr[index], model.actuator_ctrlnum[index]
            ctrl[index] = np.array(model.key_ctrl[number, start : start + count])
        if len(keys[0].act) and model.actuator_actnum[index]:
            start, count = model.actuator_actadr[index], model.actuator_actnum[index]
            act[index] = np.array(model.key_act[number, start : start + count])
    angles = {
        model.joint(joint).name: float(model.key_qpos[number, model.jnt_qposadr[joint]])
        for joint in range(model.njnt)
        if mujoco.mjtJoint(model.jnt_type[joint]) in SCALAR
    }
    return Given(ctrl, act, angles)


def rest(spec: mujoco.MjSpec, sources: Sequence[int | None], file: Given) -> None:
    """Sets the controls and activations of the home keyframe, so that all actuators hold it.

    A control is that of the file's keyframe. Where there is none, or the joint is elsewhere at
    home, it is the one at which the actuator gives no force at home; 0 where none does.
    Setpoints that an actuator filters or limits in their rate have arrived there.

    Args:
        spec: With a keyframe `home`, whose controls are set.
        sources: Place in the file of each actuator that is the file's; None for the others.
        file: The file's keyframe.
    """
    key = spec.key(HOME)
    key.ctrl, key.act = [], []
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_fwdPosition(model, data)

    for index, source in enumerate(sources):
        start, count = model.actuator_ctrladr[index], model.actuator_ctrlnum[index]
        controls = slice(start, start + count)
        written = source in file.ctrl and not _is_moved(model, data, index, file)
        if source is not None and written:
            data.ctrl[controls] = file.ctrl[source]
        else:
            data.ctrl[controls] = _holding(model, data, index)
        _settle(model, data, index, file.act.get(-1 if source is None else source))
    key.ctrl, key.act = data.ctrl.tolist(), data.act.tolist()


def _is_moved(model: mujoco.MjModel, data: mujoco.MjData, index: int, file: Given) -> bool:
    """Whether an actuator acts on a joint that is elsewhere at home than in the file's keyframe."""
    if not acts_on_joint(model, index):
        return False
    joint = model.actuator_trnid[index, 0]
    name, angle = model.joint(joint).name, float(data.qpos[model.jnt_qposadr[joint]])
    return abs(angle - file.angles.get(name, angle)) > SAME


def _holding(model: mujoco.MjModel, data: mujoco.MjData, index: int) -> Array:
    """Controls at which an actuator holds its present length; as near to 0 as they may be else."""
    start, count = model.actuator_ctrladr[index], int(model.actuator_ctrlnum[index])
    controls, kind = np.array(data.ctrl[start : start + count]), kind_of(model, index)
    if count == 0:
        return controls

    if mujoco.mjtGain(model.actuator_gaintype[index]) == mujoco.mjtGain.mjGAIN_SO3:
        joint = model.actuator_trnid[index, 0]
        if acts_on_joint(model, index):
            place = model.jnt_qposadr[joint]
            turn = np.array(data.qpos[place : place + 4])
            if count == len(turn):
                return turn
            mujoco.mju_quat2Vel(controls, turn, 1.0)
        return controls

    if kind == "position":
        controls[0] = _setpoint(model, data, index)
    for offset in range(count):
        if model.actuator_ctrllimited[start + offset]:
            controls[offset] = np.clip(controls[offset], *model.actuator_ctrlrange[start + offset])
    return controls


def _setpoint(model: mujoco.MjModel, data: mujoco.MjData, index: int) -> float:
    """Position at which an actuator gives no force at rest."""
    length = float(data.actuator_length[model.actuator_outadr[index]])
    if mujoco.mjtGain(model.actuator_gaintype[index]) != mujoco.mjtGain.mjGAIN_FIXED:
        return length
    gain = model.actuator_gainprm[index, 0]
    constant, slope = model.actuator_biasprm[index, :2]
    return float(-(constant + slope * length) / gain)


def _settle(
    model: mujoco.MjModel, data: mujoco.MjData, index: int, activation: Array | None
) -> None:
    """Sets the activation of an actuator to what it is after a long time at its control."""
    start, count = model.actuator_actadr[index], model.actuator_actnum[index]
    if count == 0:
        return
    dynamics = mujoco.mjtDyn(model.actuator_dyntype[index])
    control = data.ctrl[model.actuator_ctrladr[index]] if model.actuator_ctrlnum[index] else 0.0
    follows = (*FILTERS, mujoco.mjtDyn.mjDYN_MUSCLE)

    if activation is not None and len(activation) == count:
        data.act[start : start + count] = activation
    elif dynamics in follows:
        data.act[start + count - 1] = control
    elif dynamics == mujoco.mjtDyn.mjDYN_INTEGRATOR and kind_of(model, index) == "integrated":
        data.act[start] = _setpoint(model, data, index)

    rate = SLEW.get(dynamics)
    if rate is not None and model.actuator_dynprm[index, rate] > 0:
        data.act[start] = control
