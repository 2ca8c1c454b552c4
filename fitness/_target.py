"""How far the torso is from the target, step by step."""

import math

import numba
import numpy as np

from evoloco.episode import Episode
from evoloco.errors import SpecError
from evoloco.fields import Record
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.target import POSITION, has_target


def check_target(measure: str, morphology: Morphology) -> None:
    """Raises a SpecError where there is no target to come near to."""
    if not has_target(morphology):
        raise SpecError(
            f"Measure '{measure}' needs a target, and this run has none. Add the table "
            "[scenario.target] to the run file."
        )


def distances(episode: Episode) -> Array:
    """Level distance from the torso to the target's centre at each control step [m] (T,)."""
    torso = episode.torso_position[:: episode.substeps, :2]
    return np.asarray(np.linalg.norm(episode.sensor(POSITION)[:, :2] - torso, axis=1))


@numba.njit(error_model="numpy", nogil=True)
def distance(now: Record) -> float:
    """The same at one control step [m]."""
    torso, target = now.torso_position[0], now.sensor[POSITION]
    return math.hypot(target[0] - torso[0], target[1] - torso[1])
