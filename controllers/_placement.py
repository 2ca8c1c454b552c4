"""Where the body is over the foot that stands on the ground, and how fast it moves on."""

import numba

from evoloco.genome import Array

MEMORY = 0.03
"""Time constant with which the speed is smoothed [s]."""

PLACE, PACE, BEFORE = 0, 1, 2
"""Entries of what `follow_body` keeps: place [m] and speed [m/s] of the body over the foot, and where the feet were."""
SIZE = BEFORE + 2


@numba.njit(error_model="numpy", nogil=True)
def follow_body(
    memory: Array, ahead: Array, standing: int, leg_length: float, time: float, dt: float
) -> None:
    """Tells the body's place and speed from the feet's places under it; no sensor measures the speed itself.

    A foot that stands still falls behind the body as fast as the body moves on.

    Args:
        memory: What is kept between control steps (SIZE,).
        ahead: Feet ahead of the torso [leg lengths] (2,).
        standing: The foot that stands.
        leg_length: [m].
        time: Of the control step [s].
        dt: Since the last one [s].
    """
    memory[PLACE] = -ahead[standing] * leg_length
    if time > 0:
        pace = (memory[BEFORE + standing] - ahead[standing]) * leg_length / dt
        memory[PACE] += min(dt / MEMORY, 1.0) * (pace - memory[PACE])
    for foot in range(2):
        memory[BEFORE + foot] = ahead[foot]
