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
"""Power of the resting body over its mass [W/kg] (Wang et al.)."""
STANDING = 1.2
"""Power of the standing body over its mass [W/kg] (Umberger et al., page 105)."""
AEROBIC = 1.5
"""Factor on the heat of muscles that work for long with oxygen [1] (Umberger et al.)."""
LEAST_HEAT = 1.0
"""Heat that every muscle gives off at least [W/kg] (Umberger et al., page 104)."""
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


def recruitment(excitation: Array) -> tuple[Array, Array]:
    """Parts of all fibres that are slow, s sin(pi u / 2), or fast, (1 - s) (1 - cos(pi u / 2)), and excited [1].

    The half angle gives both from one sine, which takes most of the time of an effort.
    """
    half = np.sin(np.pi / 4 * excitation)
    square = half * half
    return 2 * SLOW * half * np.sqrt(1 - square), 2 * (1 - SLOW) * square


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
    slow, fast = recruitment(np.clip(episode["ctrl"], 0, 1))
    activation = 40 * slow + 133 * fast
    slow, fast = recruitment(episode["act"])
    maintenance = 74 * slow + 111 * fast
    g = np.maximum(np.minimum(np.maximum(length, 0.5), 3 - 2 * length), 0)
    return np.asarray(mass * (activation + g * maintenance) + 1.25 * np.maximum(-force * velocity, 0))


def umberger_power(episode: Episode) -> Array:
    """Metabolic power of each muscle [W] (T, M), after Umberger with the changes of Uchida.

    With mass m, excitation u, activation a, fibre length l and lengthening
    speed v over the optimal length, shortening speed without load V, active
    force F along the tendon and its speed v_m:

        A    = u where u > a, else (u + a) / 2
        r    = sin(pi u / 2) / (sin(pi u / 2) + 1 - cos(pi u / 2)), 1 at rest: share of slow fibres that are recruited
        h_AM = 1.5 A^0.6 (25 r + 153 (1 - r)) (0.4 + 0.6 FL(l) beyond the optimal length)
        h_S  = 1.5 A^2 (min(100, -250 v / V) r - 153 v / V (1 - r)) while shortening,
               1.5 A 1000 v / V while lengthening, both times FL(l) beyond the optimal length
        w    = -F v_m / m, negative while lengthening
        P    = m (max(1, h_AM + h_S, -w) + w)

    so no muscle gains energy in all, and each gives off 1 W/kg of heat. Half
    of the fibres are slow: r is that half recruited first.

    What MuJoCo's muscle leaves out is left out here: its tendon neither
    stretches nor stores energy, so fibres move as the whole muscle does. Its
    pennation is constant, so l, v and V are the same along fibres and tendon,
    and work is what leaves through the tendon. FL is MuJoCo's force-length
    curve. The excitation is the controller's, before its delay.

    References:
        Umberger, Gerritsen and Martin, 2003, A model of human muscle energy expenditure,
        doi:10.1080/1025584031000091678.
        Uchida, Hicks, Dembia and Delp, 2016, Stretching your energetic budget: how tendon compliance affects the
        metabolic cost of running, doi:10.1371/journal.pone.0150378 (recruitment, no negative power in all).
    """
    muscles = episode.morphology.muscles
    gain = episode.morphology.model.actuator_gainprm
    mass, strongest = (np.array([getattr(muscle, name) for muscle in muscles]) for name in ("mass", "max_force"))
    _, _, _, _, shortest, longest, fastest, stiffness = gain[:, :8].T
    length, speed = fibre_length(episode), fibre_velocity(episode)
    relative = speed / np.array([muscle.optimal_length for muscle in muscles]) / fastest
    u, a = np.clip(episode["ctrl"], 0, 1), episode["act"]
    slow, fast = recruitment(u)
    recruited = np.where(u > 0, slow / np.where(u > 0, slow + fast, 1), 1)
    scale = np.where(u > a, u, (u + a) / 2)
    beyond, curve = length > 1, force_length(length, shortest, longest)

    maintenance = scale**0.6 * (25 * recruited + 153 * (1 - recruited)) * np.where(beyond, 0.4 + 0.6 * curve, 1)
    shortening = np.maximum(-relative, 0)
    by_shortening = scale**2 * (
        np.minimum(250 * shortening, 100) * recruited + 153 * shortening * (1 - recruited)
    )
    by_lengthening = scale * 1000 * np.maximum(relative, 0)
    heat = AEROBIC * (maintenance + (by_shortening + by_lengthening) * np.where(beyond, curve, 1))
    active = np.maximum(muscle_force(episode) - strongest * passive_force(length, longest, stiffness), 0)
    work = -active * speed / mass
    return np.asarray(mass * (np.maximum(np.maximum(heat, -work), LEAST_HEAT) + work))


def force_length(length: Array, shortest: Array, longest: Array) -> Array:
    """Active force of MuJoCo's muscle over its largest, by fibre length over the optimal one [1].

    Args:
        length: [1] (T, M).
        shortest: Length at and below which there is none, MuJoCo's `lmin` (M,).
        longest: Length from which on there is none, its `lmax` (M,).

    References:
        MuJoCo 4.0, `mju_muscleGain`.
    """
    below, above = (length - shortest) / (1 - shortest), (longest - length) / (longest - 1)
    share = np.clip(np.where(length < 1, below, above), 0, 1)
    return np.asarray(np.where(share < 0.5, 2 * share**2, 1 - 2 * (1 - share) ** 2))


def passive_force(length: Array, longest: Array, stiffness: Array) -> Array:
    """Passive force of MuJoCo's muscle over its largest active one, by fibre length over the optimal one [1].

    Args:
        length: [1] (T, M).
        longest: MuJoCo's `lmax` (M,).
        stiffness: Its `fpmax` (M,).

    References:
        MuJoCo 4.0, `mju_muscleBias`.
    """
    stretch = np.maximum(length - 1, 0) / (0.5 * (longest - 1))
    return np.asarray(stiffness * np.where(stretch < 1, 0.5 * stretch**2, stretch - 0.5))


def effort(episode: Episode, model: str = "wang") -> float:
    """Effort of an episode over body mass and forward way: what its unit is, `EFFORT` says.

    Raises:
        ModelError: The body has no muscles.
        UnknownNameError: There is no such model.
    """
    _demand_muscles(episode)
    if model not in EFFORT:
        raise UnknownNameError("model of effort", model, EFFORT)
    return float(EFFORT[model](episode).sum()) * episode.control_dt / (episode.morphology.mass * _way(episode))


def effort_of_muscles(episode: Episode) -> Array:
    """Metabolic energy of each muscle after Wang, over body mass and forward way [J/kg/m] (M,).

    Together with that of the resting body, `BASAL` times the time over the way, it is the effort.

    Raises:
        ModelError: The body has no muscles.
    """
    _demand_muscles(episode)
    energy = wang_power(episode).sum(axis=0) * episode.control_dt
    return np.asarray(energy / (episode.morphology.mass * _way(episode)))


def _demand_muscles(episode: Episode) -> None:
    if not episode.morphology.muscles:
        raise ModelError("Effort is that of muscles, and this body has none. Use cost_of_transport for servos.")


def _way(episode: Episode) -> float:
    """Way that effort is counted over [m]."""
    forward = episode.sensor("torso.position")[:, 0]
    return max(float(forward[-1] - forward[0]), SHORTEST_WAY)


def _basal_and_wang(episode: Episode) -> Array:
    return np.asarray(wang_power(episode).sum(axis=1) + BASAL * episode.morphology.mass)


def _standing_and_umberger(episode: Episode) -> Array:
    return np.asarray(umberger_power(episode).sum(axis=1) + STANDING * episode.morphology.mass)


EFFORT: dict[str, Callable[[Episode], Array]] = {
    "wang": _basal_and_wang,
    "umberger": _standing_and_umberger,
    "work": lambda episode: np.maximum(mechanical_power(episode), 0),
    "squared_activation": lambda episode: np.asarray(episode["act"] ** 2),
    "cubed_activation": lambda episode: np.asarray(episode["act"] ** 3),
}
"""Rates of effort by name: metabolic power after Wang or Umberger, and work done by shortening [W]; powers of
activation [1]."""
