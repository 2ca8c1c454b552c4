"""Commands on their way to actuators that MuJoCo delays."""

import mujoco
import numpy as np


def fill_histories(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Lets every delayed actuator first read its present control, as if it had held for long.

    Args:
        model: The model.
        data: At the start of an episode, with its controls set.
    """
    for actuator in range(model.nactuator):
        samples = int(model.actuator_history[actuator, 0])
        if samples:
            start, count = model.actuator_ctrladr[actuator], model.actuator_ctrlnum[actuator]
            values = np.tile(data.ctrl[start : start + count], samples)
            mujoco.mj_initCtrlHistory(model, data, actuator, None, values)
