"""What muscles do to joints: their moment arms."""

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.morphology import HOME, Morphology

SWING = 0.3
"""Half of the range about home over which moment arms are averaged [rad]."""


def moment_arms(morphology: Morphology) -> Array:
    """Mean moment arms of every muscle about every driven joint [m] (M, J).

    A muscle that pulls with the force F turns joint j with the torque F r_j,
    where r_j = -d length / d angle. Its mean over a range of angles is the
    difference of the lengths over that of the angles. The other joints stay
    at home; muscles of both sides get the mean of the two.
    """
    model, data = morphology.model, mujoco.MjData(morphology.model)
    arms = np.zeros((len(morphology.muscles), len(morphology.joints)))
    for column, joint in enumerate(morphology.joints):
        low, high = model.joint(joint.name).range
        ends = max(joint.home - SWING, low), min(joint.home + SWING, high)
        lengths = []
        for angle in ends:
            mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
            data.joint(joint.name).qpos[0] = angle
            mujoco.mj_fwdPosition(model, data)
            lengths.append(data.actuator_length.copy())
        arms[:, column] = (lengths[0] - lengths[1]) / (ends[1] - ends[0])
    muscles = [muscle.name for muscle in morphology.muscles]
    joints = [joint.name for joint in morphology.joints]
    other_muscle = [muscles.index(muscle.partner) for muscle in morphology.muscles]
    other_joint = [joints.index(joint.partner) for joint in morphology.joints]
    return np.asarray((arms + arms[np.ix_(other_muscle, other_joint)]) / 2)
