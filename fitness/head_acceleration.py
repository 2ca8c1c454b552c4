"""How much a head on the torso is shaken."""

import numpy as np

from evoloco.episode import Episode

UNIT = "m/s²"


def measure(episode: Episode, height: float | None = None) -> float:
    """Root of the mean square of the acceleration of a point above the torso [m/s²]; one number.

    With v the torso's velocity, R its rotation, w its spin in its own frame, and h the height:

        v_head = v + R (w x (0, 0, h)) = v + h (w_pitch R_1 - w_roll R_2)     (1)
        a_head = (v_head(t) - v_head(t - dt)) / dt                            (2)

    where R_1 and R_2 are the first columns of R. There is no gravity in it: standing still gives
    0, and so does steady walking of a head that neither bobs nor nods. An episode of one step has
    no acceleration and gives 0.

    Args:
        episode: What is measured.
        height: Of the point over the torso frame, along its vertical axis [m]. By default, the
            body's upper end at home.
    """
    if len(episode) < 2:
        return 0.0

    body = episode.morphology
    lever = body.size - body.standing_height if height is None else height
    w, x, y, z = episode.sensor("torso.orientation").T
    roll, pitch, _ = episode.sensor("torso.rate").T
    first = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)])
    second = np.array([2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)])

    velocity = episode.sensor("torso.velocity").T + lever * (pitch * first - roll * second)  # (1)
    acceleration = np.diff(velocity, axis=1) / episode.control_dt  # (2)
    return float(np.sqrt((acceleration**2).sum(axis=0).mean()))
