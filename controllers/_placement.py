"""Where the body is over the foot that stands on the ground, and how fast it moves on."""

import numba

from evoloco.fields import Array, Record

from ._legs import FEET

MEMORY = 0.03
"""Time constant with which the speed is smoothed [s]."""

BODY = {"place": (), "pace": (), "ahead": (FEET,)}
"""State that `follow_body` advances.

`place` [m] and `pace` [m/s] are those of the body over the standing foot, and `ahead` is where the
feet were in the last control step [leg lengths].
"""


@numba.njit(error_model="numpy", nogil=True)
def follow_body(
    body: Record, ahead: Array, standing: int, leg_length: float, time: float, dt: float
) -> None:
    """Tells the body's place and speed from the feet's places; no sensor measures the speed itself.

    A foot that stands still falls behind the body as fast as the body moves on. With x the standing
    foot's place ahead of the body, the place and the smoothed speed are

        d = -x,  dv/dt = (-dx/dt - v) / MEMORY

    Args:
        body: State with the fields in `BODY`.
        ahead: Feet ahead of the torso [leg lengths] (2,).
        standing: The foot that stands.
        leg_length: [m].
        time: Of the control step [s].
        dt: Since the last one [s].
    """
    body.place = -ahead[standing] * leg_length

    if time > 0:
        pace = (body.ahead[standing] - ahead[standing]) * leg_length / dt
        body.pace += min(dt / MEMORY, 1.0) * (pace - body.pace)

    body.ahead[:] = ahead
