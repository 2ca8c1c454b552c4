"""Durations as whole numbers of steps."""

from evoloco.errors import EvolocoError
from evoloco.morphology import Morphology

MOST = 1e15
"""Number of parts from which on floats have no room for a remainder."""

TOLERANCE = 1e-9
"""Largest remainder of a duration, as a share of it."""


def physics_steps(control_dt: float, morphology: Morphology) -> int:
    """Physics steps in a control step.

    Raises:
        EvolocoError: It is not a whole number.
    """
    physics_dt = morphology.model.opt.timestep
    return whole(control_dt, physics_dt, "scenario.control_dt", "the body's physics step")


def control_steps(duration: float, control_dt: float, name: str) -> int:
    """Control steps in a duration [s]; 0 in none.

    Args:
        duration: [s].
        control_dt: Time between control steps [s].
        name: Of the duration, for a message.

    Raises:
        EvolocoError: It is not a whole number.
    """
    if duration == 0:
        return 0
    return whole(duration, control_dt, name, "scenario.control_dt")


def whole(duration: float, part: float, name: str, unit: str) -> int:
    """Number of parts that make a duration.

    Args:
        duration: [s].
        part: [s].
        name: Of the duration, for a message.
        unit: What the part is, for a message.

    Raises:
        EvolocoError: It is not a whole number.
    """
    count = round(duration / part) if duration / part < MOST else 0
    if count < 1 or abs(count * part - duration) > TOLERANCE * duration:
        raise EvolocoError(f"{name} = {duration} s must be a multiple of {unit}, {part} s.")
    return count
