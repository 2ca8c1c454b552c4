"""Torque and power of the actuators at the joints, for servos, motors and muscles alike."""

import mujoco
import numpy as np

from evoloco.episode import Episode
from evoloco.gait.energy import mechanical_power
from evoloco.genome import Array


def joint_torque(episode: Episode) -> Array:
    """Returns the torque of the actuators at each driven joint [N m] (T, J).

    With f the forces of the actuators and m_ij the moment of actuator i about
    joint j, the gear of a servo or the moment arm of a muscle:

        torque_j = sum_i m_ij f_i        (1)

    Springs, limits and friction of the joints are not part of it.
    """
    morphology, force = episode.morphology, episode["actuator_force"]
    model, joints = morphology.model, len(morphology.joints)
    if not morphology.muscles:
        return np.asarray(force[:, :joints] * model.actuator_gear[:joints, 0])  # (1)

    data = mujoco.MjData(model)
    columns = [int(model.joint(joint.name).dofadr[0]) for joint in morphology.joints]
    moment = np.empty((model.nout, model.nv))

    torque = np.empty((len(episode), len(columns)))
    for row, pose in enumerate(episode["qpos"]):
        data.qpos = pose
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_tendon(model, data)
        mujoco.mj_transmission(model, data)
        mujoco.mju_sparse2dense(
            moment,
            data.actuator_moment,
            data.moment_rownnz,
            data.moment_rowadr,
            data.moment_colind,
        )
        torque[row] = (force[row] @ moment[: morphology.outputs])[columns]  # (1)
    return torque


def joint_power(episode: Episode) -> Array:
    """Returns the power of the actuators at each driven joint [W] (T, J).

    For servos and motors it is the mean over the physics steps of each control
    step. For muscles it is torque times velocity at the control steps.
    """
    if episode.morphology.muscles:
        return np.asarray(joint_torque(episode) * episode.joint_velocity)
    return mechanical_power(episode)[:, : len(episode.morphology.joints)]
