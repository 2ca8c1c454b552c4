"""Heights of the ground ahead of the torso, as a terrain map would give them."""

from typing import Annotated

import mujoco
import numpy as np
from pydantic import Field

from evoloco.fields import Array
from evoloco.ground import height
from evoloco.morphology import Morphology
from evoloco.sensor import Moment, Sensor

Positive = Annotated[float, Field(gt=0)]


class Profile:
    """Reads the ground at distances ahead of the torso, along its heading.

    Attributes:
        morphology: The body, whose layout all bodies have.
        ahead: Distances ahead of the torso [m] (n,).
    """

    def __init__(self, morphology: Morphology, ahead: Array) -> None:
        self.morphology, self.ahead = morphology, ahead
        self._data = mujoco.MjData(morphology.model)

    def read(self, moment: Moment) -> Array:
        """Heights over the ground under the torso [m] (n,)."""
        model = moment.model
        mujoco.mj_setState(model, self._data, moment.state, mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_kinematics(model, self._data)
        torso = self._data.body(self.morphology.torso_frame)
        forward = torso.xmat.reshape(3, 3)[:2, 0]
        heading = forward / max(float(np.hypot(*forward)), mujoco.mjMINVAL)

        place = torso.xpos[:2, None] + heading[:, None] * np.append(0.0, self.ahead)
        ground = height(model, self.morphology.floor, *place)
        return np.asarray(ground[1:] - ground[0])


def sensor(
    morphology: Morphology,
    points: Annotated[int, Field(ge=1, le=1000)] = 4,
    spacing: Positive = 0.1,
) -> Sensor:
    """Heights of the ground over that under the torso [m].

    Args:
        morphology: The body.
        points: Places ahead of the torso.
        spacing: Between them, the first one included [m].
    """
    ahead = np.asarray(spacing * np.arange(1, points + 1), np.float64)
    channels = tuple(f"{distance:.3g} m ahead" for distance in ahead)
    meaning = "height of the ground ahead over that under the torso"
    return Sensor("ground_profile", channels, "m", meaning, Profile(morphology, ahead))
