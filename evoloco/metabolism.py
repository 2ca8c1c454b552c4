"""What muscles cost the body: metabolic energy, and other ways to count effort."""

from collections.abc import Callable

import numpy as np

from evoloco.energy import fibre_velocity, mechanical_power
from evoloco.episode import Episode
from evoloco.errors import ModelError, UnknownNameError
from evoloco.genome import Array

SLOW = 0.5
"""Share of slow fibres in every muscle [1]."""
BASAL = 1.51
"""Power of the resting body over its mass [W/kg]."""
SHORTEST_WAY = 0.1
"""Way that effort is counted over at least [m], so that it stays finite."""


def fibre_length(episode: Episode) -> Array:
    """Lengths of the fibres over their optimal length [1] (T, M)."""
    return np.stack([
        (episode.sensor(f"{muscle.name}.length")[:, 0] - muscle.slack_length) / muscle.optimal_length
        for muscle in episode.morphology.muscles
    ], axis=1)  # fmt: skip


def muscle_force(episode: Episode) -> Array:
    """Forces with which muscles pull [N] (T, M)."""
    return -np.concatenate([episode.sensor(f"{muscle.name}.force") for muscle in episode.morphology.muscles], axis=1)


def wang_power(episode: Episode) -> Array:
    """Metabolic power of each muscle [W] (T, M).

    With mass m, excitation u, activation a, fibre length l over the optimal
    one, force F and lengthening speed v, and half of the fibres slow:

        m f_A(u) + m g(l) f_M(a) + max(0, -F v / 4) + max(0, -F v)

        f_A = 20 sin(pi u / 2) + 66.5 (1 - cos(pi u / 2))     activation
        f_M = 37 sin(pi a / 2) + 55.5 (1 - cos(pi a / 2))     maintenance
        g   = 1/2 below l = 1/2, then l, from 1 on 3 - 2 l, and 0 from 3/2 on

    The last two are heat and work of shortening. The whole force stands for
    that of the contractile element: passive force is counted with it.

    References:
        Wang, Hamner, Delp and Koltun, 2012, Optimizing locomotion controllers using biologically-based
        actuators and objectives, doi:10.1145/2185520.2185521.
    """
    mass = np.array([muscle.mass for muscle in episode.morphology.muscles])
    length, force, velocity = fibre_length(episode), muscle_force(episode), fibre_velocity(episode)
    u, a = np.pi / 2 * np.clip(episode["ctrl"], 0, 1), np.pi / 2 * episode["act"]
    activation = 40 * SLOW * np.sin(u) + 133 * (1 - SLOW) * (1 - np.cos(u))
    maintenance = 74 * SLOW * np.sin(a) + 111 * (1 - SLOW) * (1 - np.cos(a))
    g = np.clip(np.where(length < 1, np.maximum(length, 0.5), 3 - 2 * length), 0, None)
    return np.asarray(mass * (activation + g * maintenance) + 1.25 * np.maximum(-force * velocity, 0))


def effort(episode: Episode, model: str = "wang") -> float:
    """Effort of an episode over body mass and forward way: what its unit is, `EFFORT` says.

    Raises:
        ModelError: The body has no muscles.
        UnknownNameError: There is no such model.
    """
    if not episode.morphology.muscles:
        raise ModelError("Effort is that of muscles, and this body has none. Use cost_of_transport for servos.")
    if model not in EFFORT:
        raise UnknownNameError("model of effort", model, EFFORT)
    forward = episode.sensor("torso.position")[:, 0]
    way = max(float(forward[-1] - forward[0]), SHORTEST_WAY)
    return float(EFFORT[model](episode).sum()) * episode.control_dt / (episode.morphology.mass * way)


def _basal_and_wang(episode: Episode) -> Array:
    return np.asarray(wang_power(episode).sum(axis=1) + BASAL * episode.morphology.mass)


EFFORT: dict[str, Callable[[Episode], Array]] = {
    "wang": _basal_and_wang,
    "work": lambda episode: np.maximum(mechanical_power(episode), 0),
    "squared_activation": lambda episode: np.asarray(episode["act"] ** 2),
    "cubed_activation": lambda episode: np.asarray(episode["act"] ** 3),
}
"""Rates of effort by name: metabolic power after Wang, and work done by shortening [W]; powers of activation [1]."""
