"""How much a head on the torso is shaken."""

import numpy as np

from evoloco.episode import Episode

UNIT = "m/s²"


def measure(episode: Episode, height: float | None = None) -> float:
    """Root of the mean square of the acceleration of a point above the torso [m/s²]; one number.

    The acceleration is the difference of the point's velocity between control
    steps, without gravity, so standing still is 0 and so is steady walking of
    a head that neither bobs nor nods. A single step has none and is 0.

    Args:
        episode: What is measured.
        height: Of the point over the torso frame, along its vertical axis [m]; the body's upper end at home where
            left out.
    """
    if len(episode) < 2:
        return 0.0
    body = episode.morphology
    lever = body.size - body.standing_height if height is None else height
    w, x, y, z = episode.sensor("torso.orientation").T
    roll, pitch, _ = episode.sensor("torso.rate").T
    # Spin times lever is (pitch, -roll, 0) lever in the torso's frame; the first two columns of its rotation turn it.
    first = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)])
    second = np.array([2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)])
    velocity = episode.sensor("torso.velocity").T + lever * (pitch * first - roll * second)
    acceleration = np.diff(velocity, axis=1) / episode.control_dt
    return float(np.sqrt((acceleration**2).sum(axis=0).mean()))
