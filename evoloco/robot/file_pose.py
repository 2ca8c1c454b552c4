"""The pose in which a file shows its robot."""

import mujoco
import numpy as np

from evoloco.morphology import HOME


def pose(model: mujoco.MjModel) -> tuple[mujoco.MjData, str]:
    """The pose in which a model is looked at, and where it is from.

    That is the keyframe `home`, else the first, else the reference pose, with hinges and slides
    moved into their ranges.
    """
    data = mujoco.MjData(model)
    names = [model.key(key).name for key in range(model.nkey)]
    source = "reference pose"
    if names:
        key = names.index(HOME) if HOME in names else 0
        mujoco.mj_resetDataKeyframe(model, data, key)
        source = f"keyframe '{names[key]}'" if names[key] else "first keyframe"

    moved = 0
    for joint in np.flatnonzero(model.jnt_limited):
        if int(model.jnt_type[joint]) in (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE):
            place = model.jnt_qposadr[joint]
            within = float(np.clip(data.qpos[place], *model.jnt_range[joint]))
            moved += within != data.qpos[place]
            data.qpos[place] = within
    if moved:
        source += f", {moved} joint{'s' if moved > 1 else ''} moved into their range"

    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    return data, source
