"""How much a head on the torso is shaken."""

import math

from evoloco.episode import Episode

UNIT = "m/s²"
FLOORS = (0.0, 30.0)


def measure(episode: Episode, height: float | None = None) -> float:
    """Root of the mean square of the acceleration of a point above the torso [m/s²]; one number.

    With the sums A, B, C of the torso's changes of motion over n physics steps (`evoloco.sim.sums`)
    and the height h,

        a^2 = (A + 2 h B + h^2 C) / (n dt^2)     (1)

    There is no gravity in it: standing still gives 0, and so does steady walking of a head that
    neither bobs nor nods. An episode of one physics step has no acceleration and gives 0.

    Args:
        episode: What is measured.
        height: Of the point over the torso frame, along its vertical axis [m]. By default, the
            body's upper end in the reference pose.
    """
    changes = len(episode) * episode.substeps - 1
    if changes < 1:
        return 0.0

    body = episode.morphology
    lever = body.size - body.standing_height if height is None else height
    a, b, c = episode["shake"].sum(axis=0)
    square = (a + 2 * lever * b + lever**2 * c) / changes  # (1)
    return math.sqrt(max(square, 0.0)) / episode.physics_dt
