"""What a sensor's camera sees, in the upper right corner of a film, with what was found there."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.episode import Episode
from evoloco.fields import place
from evoloco.perception import thread
from evoloco.perception.learned import Learned
from evoloco.perception.need import Picture
from evoloco.perception.pictures import Pixels, picture
from evoloco.sensor import CONFIDENCE, Sensor

SHARE = 0.34
"""Height of the inset over that of the film."""

FOUND, NOTHING = (255, 60, 40), (150, 155, 160)
"""Colours of its frame, and of the mark where something was found: with a detection, without."""

FRAME, HALF = 4, 5
"""Width of the frame in pixels of the film as it is drawn; half a mark's side in those of the
camera."""


class Inset:
    """The picture of the first sensor of an episode that looks through a camera.

    While there is a detection, the picture is the one that it was made of. The channels `u` and
    `v`, if the sensor has them, say where the mark is [px].

    Args:
        episode: What is filmed.
        sensor: Of its body.
        need: The picture that the sensor is shown.
        camera: Id of its camera.
    """

    def __init__(self, episode: Episode, sensor: Sensor, need: Picture, camera: int) -> None:
        self._episode, self._need, self._camera = episode, need, camera
        self._data = mujoco.MjData(episode.morphology.model)
        read = episode["obs"][:, place(episode.morphology.observation, sensor.name)]
        self._read = dict(zip(sensor.channels, read.T, strict=True))

    def draw(self, pixels: Pixels, row: int) -> None:
        """Draws what was seen at a control step.

        Args:
            pixels: Of the film (height, width, 3), the lowest row first.
            row: Control step.
        """
        now = {name: float(values[row]) for name, values in self._read.items()}
        is_found = now[CONFIDENCE] > 0
        age = round(now["age"] / self._episode.control_dt) if is_found else 0
        shown = thread.run(self._picture, max(row - age, 0))

        scale = max(round(SHARE * len(pixels) / self._need.height), 1)
        enlarged = shown.repeat(scale, axis=0).repeat(scale, axis=1)
        if is_found and "u" in now:
            _mark(enlarged, scale * (now["u"] + 0.5), scale * (now["v"] + 0.5), scale * HALF)
        framed = np.full((len(enlarged) + 2 * FRAME, enlarged.shape[1] + 2 * FRAME, 3), NOTHING)
        if is_found:
            framed[:] = FOUND
        framed[FRAME:-FRAME, FRAME:-FRAME] = enlarged

        height, width = min(len(framed), len(pixels)), min(framed.shape[1], pixels.shape[1])
        pixels[-height:, -width:] = framed[:height][::-1, -width:]

    def _picture(self, row: int) -> Pixels:
        model, data = self._episode.morphology.model, self._data
        data.qpos = self._episode["qpos"][row]
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_camlight(model, data)
        return picture(model, data, self._camera, self._need.width, self._need.height)


def inset_of(episode: Episode) -> Inset | None:
    """The inset of an episode's film; None where no sensor looks at pictures."""
    for sensor in episode.morphology.sensors:
        if isinstance(sensor.source, Learned) and sensor.source.view:
            need, camera = sensor.source.view
            chosen = episode.morphology.model.camera(camera).id if camera else 0
            return Inset(episode, sensor, need, chosen)
    return None


def _mark(picture: NDArray[np.uint8], x: float, y: float, half: float) -> None:
    """Draws the outline of a square.

    Args:
        picture: Drawn into (height, width, 3).
        x: Middle of the square, from the left [px].
        y: From the top [px].
        half: Half its side [px].
    """
    (left, right), (top, bottom) = (
        np.clip([at - half, at + half], 0, size - 1).astype(int)
        for at, size in ((x, picture.shape[1]), (y, len(picture)))
    )
    for edge in (top, bottom):
        picture[max(edge - 1, 0) : edge + 1, left : right + 1] = FOUND
    for edge in (left, right):
        picture[top : bottom + 1, max(edge - 1, 0) : edge + 1] = FOUND
