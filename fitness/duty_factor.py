"""How much of the time a foot stands: low for running, high for walking."""

from evoloco.episode import Episode
from evoloco.fields import Fields, Record
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.stance import loaded_force

UNIT = "1"
FLOORS = (0.0, 1.0)


def measure(episode: Episode) -> Array:
    """Share of the feet that are loaded [1] (T,); its mean over time is the mean duty factor."""
    return episode.per_control_step(episode.foot_loaded.mean(axis=1))


def constants(morphology: Morphology) -> Fields:
    """Load above which a foot is loaded [N]."""
    return {"loaded": loaded_force(morphology)}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    loaded, (steps, feet, _) = 0, now.ground_force.shape
    for k in range(steps):
        for i in range(feet):
            loaded += now.ground_force[k, i, 2] > constants.loaded
    return float(loaded / (steps * feet))
