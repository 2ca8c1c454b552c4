"""What the muscles spend on the way."""

from evoloco.episode import Episode
from evoloco.gait import metabolism

UNIT = "J/kg/m"
FLOORS = (0.0, 30.0)


def measure(episode: Episode, model: str = "wang", cap: float = 100.0) -> float:
    """Effort over body mass and forward way [J/kg/m]; one number.

    Its unit is [s/kg/m] for the models of activations.

    Args:
        episode: Of a body with muscles.
        model: "wang" or "umberger", metabolic energy of the muscles and of the resting or standing
            body; "work" of shortening muscles; "squared_activation" or "cubed_activation".
        cap: Largest value, that of a body which gets nowhere.

    Raises:
        ModelError: The body has no muscles.
        UnknownNameError: There is no such model.
    """
    return min(metabolism.effort(episode, model), cap)
