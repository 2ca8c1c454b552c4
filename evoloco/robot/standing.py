"""Whether a robot stands at home while its servos hold it."""

import warnings

import mujoco
import numpy as np

from evoloco.delay import fill_histories
from evoloco.errors import ModelError
from evoloco.ground import height
from evoloco.morphology import HOME, Morphology
from evoloco.robot.divergence import has_diverged
from evoloco.scenario import Termination

SECONDS = 1.0
"""Time for which a robot should stand [s]."""

AT_ONCE = 0.1
"""A robot that falls before this time does not begin to stand [s]."""

RULES = Termination()
"""What counts as a fall at once: as in a run that does not say otherwise."""

DOWN = 0.5
"""Share of its height at home below which the torso of a robot lies [1]."""


def check_standing(morphology: Morphology, path: str) -> None:
    """Stands at home for a second, with the controls of home.

    Raises:
        ModelError: The robot diverges, or falls at once.
    """
    model = morphology.model
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    fill_histories(model, data)

    mujoco.mj_kinematics(model, data)
    standing = _height(morphology, data)
    while data.time < SECONDS:
        mujoco.mj_step(model, data)
        if has_diverged(data):
            raise ModelError(
                f"{path}: the body diverges while it stands at home, after {data.time:.3f} s. Give "
                "it a smaller timestep, a softer servo, or more armature."
            )

        share = _height(morphology, data) / standing if standing > 0 else 1.0
        lean = float(np.arccos(np.clip(data.body(morphology.torso_frame).xmat[8], -1, 1)))
        at_once = data.time <= AT_ONCE and (share < RULES.min_height or lean > RULES.max_tilt)
        if not at_once and share >= DOWN:
            continue
        message = (
            f"{path}: the body falls at home: after {data.time:.2f} s its torso is at "
            f"{100 * share:.0f} % of its height and leans by {np.degrees(lean):.0f}°. Give `home` "
            "angles or a keyframe in which it stands, or stiffer servos."
        )
        if at_once:
            raise ModelError(message)
        warnings.warn(message, stacklevel=3)
        return


def _height(morphology: Morphology, data: mujoco.MjData) -> float:
    """Height of the torso over the ground beneath it [m]."""
    x, y, z = data.body(morphology.torso_frame).xpos
    return float(z - height(morphology.model, morphology.floor, x, y, z))
