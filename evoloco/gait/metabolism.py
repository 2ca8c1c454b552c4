"""What muscles cost the body: metabolic energy, and other ways to count effort."""

import math
from collections.abc import Callable

import numba
import numpy as np

from evoloco.episode import Episode
from evoloco.errors import ModelError, UnknownNameError
from evoloco.gait.energy import fibre_velocity, mechanical_power
from evoloco.genome import Array
from evoloco.sim.cache import kept

BASAL = 1.51
"""Power of the resting body over its mass [W/kg] (Wang et al.)."""
STANDING = 1.2
"""Power of the standing body over its mass [W/kg] (Umberger et al., page 105)."""
AEROBIC = 1.5
"""Factor on the heat of muscles that work for long with oxygen [1] (Umberger et al.)."""
LEAST_HEAT = 1.0
"""Heat that every muscle gives off at least [W/kg] (Umberger et al., page 104)."""
_SERIES = tuple((-1) ** n / math.factorial(2 * n + 1) for n in range(7, -1, -1))
"""Of the sine, from its highest power down."""
SHORTEST_WAY = 0.1
"""Way that effort is counted over at least [m], so that it stays finite."""


@numba.njit(error_model="numpy")
def _half_angle(u: float) -> tuple[float, float]:
    """Sine and cosine of pi u / 4: twice their product is sin(pi u / 2), twice the sine squared 1 - cos(pi u / 2).

    So the first recruits fast fibres and the second slow ones, half of which each muscle has. On these angles the
    Taylor series is exact to rounding, and ten times as fast as a library's sine: the processor sums several at once.
    """
    angle = math.pi / 4 * min(max(u, 0.0), 1.0)
    square, series = angle * angle, 0.0
    for factor in _SERIES:
        series = series * square + factor
    sine = angle * series
    return sine, math.sqrt(1 - sine * sine)


def _formula(function: Callable[..., float]) -> Callable[..., Array]:
    """Compiles a formula of numbers to one of arrays, which are broadcast."""
    compiled: Callable[..., Array] = kept(lambda: numba.vectorize(cache=True)(function))
    return compiled


@_formula
def force_length(length: float, shortest: float, longest: float) -> float:
    """Active force of MuJoCo's muscle over its largest, by fibre length over the optimal one [1].

    Args:
        length: [1].
        shortest: Length at and below which there is none, MuJoCo's `lmin`.
        longest: Length from which on there is none, its `lmax`.

    References:
        MuJoCo 4.0, `mju_muscleGain`.
    """
    share = (
        (length - shortest) / (1 - shortest) if length < 1 else (longest - length) / (longest - 1)
    )
    share = min(max(share, 0.0), 1.0)
    return 2 * share * share if share < 0.5 else 1 - 2 * (1 - share) * (1 - share)


@_formula
def passive_force(length: float, longest: float, stiffness: float) -> float:
    """Passive force of MuJoCo's muscle over its largest active one, by fibre length over the optimal one [1].

    Args:
        length: [1].
        longest: MuJoCo's `lmax`.
        stiffness: Its `fpmax`.

    References:
        MuJoCo 4.0, `mju_muscleBias`.
    """
    stretch = max(length - 1, 0.0) / (0.5 * (longest - 1))
    return stiffness * (0.5 * stretch * stretch if stretch < 1 else stretch - 0.5)


@_formula
def _wang(
    mass: float, u: float, a: float, length: float, force: float, active: float, velocity: float
) -> float:
    """What `wang_power` says."""
    fast, slow = _half_angle(u)
    activation = fast * (40 * slow + 133 * fast)
    fast, slow = _half_angle(a)
    maintenance = fast * (74 * slow + 111 * fast)
    g = max(min(max(length, 0.5), 3 - 2 * length), 0.0)
    return float(mass * (activation + g * maintenance) + (force / 4 + active) * max(-velocity, 0.0))


@_formula
def _umberger(
    mass: float,
    u: float,
    a: float,
    length: float,
    curve: float,
    fastest: float,
    active: float,
    velocity: float,
) -> float:
    """What `umberger_power` says; `curve` is the force-length curve, `fastest` the speed V [m/s]."""
    fast, slow = _half_angle(u)
    share = slow / (slow + fast)
    scale = u if u > a else (u + a) / 2
    heat = (
        scale**0.6 * (25 * share + 153 * (1 - share)) * (0.4 + 0.6 * curve if length > 1 else 1.0)
    )
    shortening = -velocity / fastest
    if shortening > 0:
        by_speed = scale**2 * (
            min(250 * shortening, 100.0) * share + 153 * shortening * (1 - share)
        )
    else:
        by_speed = -scale * 1000 * shortening
    heat = AEROBIC * (heat + by_speed * (curve if length > 1 else 1.0))
    work = -active * velocity / mass
    return float(mass * (max(heat, -work, LEAST_HEAT) + work))


def fibre_length(episode: Episode) -> Array:
    """Lengths of the fibres over their optimal length [1] (T, M)."""
    slack, optimal = (_numbers(episode, name) for name in ("slack_length", "optimal_length"))
    return np.asarray((_readings(episode, "length") - slack) / optimal)


def muscle_force(episode: Episode) -> Array:
    """Forces with which muscles pull [N] (T, M)."""
    return -_readings(episode, "force")


def active_force(episode: Episode, force: Array, length: Array) -> Array:
    """Forces of the contractile elements along the tendon [N] (T, M): those of the muscles without the passive ones.

    Args:
        episode: Of a body with muscles.
        force: With which they pull [N] (T, M).
        length: Of their fibres [1] (T, M).
    """
    _, _, _, _, _, longest, _, stiffness = episode.morphology.model.actuator_gainprm[:, :8].T
    passive = _numbers(episode, "max_force") * passive_force(length, longest, stiffness)
    return np.maximum(force - passive, 0)


def wang_power(episode: Episode) -> Array:
    """Metabolic power of each muscle [W] (T, M).

    With mass m, excitation u, activation a, fibre length l over the optimal
    one, force F, of which F_CE is active, lengthening speed v, and half of
    the fibres slow:

        m f_A(u) + m g(l) f_M(a) + max(0, -F v / 4) + max(0, -F_CE v)

        f_A = 20 sin(pi u / 2) + 66.5 (1 - cos(pi u / 2))     activation
        f_M = 37 sin(pi a / 2) + 55.5 (1 - cos(pi a / 2))     maintenance
        g   = 1/2 below l = 1/2, then l, from 1 on 3 - 2 l, and 0 from 3/2 on

    The last two are heat and work of shortening; what stretched fibres give
    back without being active costs no work.

    References:
        Wang, Hamner, Delp and Koltun, 2012, Optimizing locomotion controllers using biologically-based
        actuators and objectives, doi:10.1145/2185520.2185521. Geijtenbeek, 2019, SCONE: open source software for
        predictive simulation of biological motion, doi:10.21105/joss.01421 (whole force in the heat, active in work).
    """
    length, force = fibre_length(episode), muscle_force(episode)
    return _wang(
        _numbers(episode, "mass"), episode["ctrl"], episode["act"], length, force,
        active_force(episode, force, length), fibre_velocity(episode),
    )  # fmt: skip


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
    _, _, _, _, shortest, longest, fastest, _ = episode.morphology.model.actuator_gainprm[:, :8].T
    length = fibre_length(episode)
    return _umberger(
        _numbers(episode, "mass"), episode["ctrl"], episode["act"], length, force_length(length, shortest, longest),
        fastest * _numbers(episode, "optimal_length"), active_force(episode, muscle_force(episode), length),
        fibre_velocity(episode),
    )  # fmt: skip


def _numbers(episode: Episode, name: str) -> Array:
    """A number of each muscle (M,)."""
    return np.array([getattr(muscle, name) for muscle in episode.morphology.muscles])


def _readings(episode: Episode, name: str) -> Array:
    """Readings of a sensor of each muscle (T, M)."""
    return episode.sensors([f"{muscle.name}.{name}" for muscle in episode.morphology.muscles])


def effort(episode: Episode, model: str = "wang") -> float:
    """Effort of an episode over body mass and forward way: what its unit is, `EFFORT` says.

    Raises:
        ModelError: The body has no muscles.
        UnknownNameError: There is no such model.
    """
    _demand_muscles(episode)
    if model not in EFFORT:
        raise UnknownNameError("model of effort", model, EFFORT)
    rates, resting = EFFORT[model]
    mass = episode.morphology.mass
    rate = float(rates(episode).sum()) + resting * mass * len(episode)
    return rate * episode.control_dt / (mass * _way(episode))


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
        raise ModelError(
            "Effort is that of muscles, and this body has none. Use cost_of_transport for servos."
        )


def _way(episode: Episode) -> float:
    """Way that effort is counted over [m]."""
    forward = episode.sensor("torso.position")[:, 0]
    return max(float(forward[-1] - forward[0]), SHORTEST_WAY)


EFFORT: dict[str, tuple[Callable[[Episode], Array], float]] = {
    "wang": (wang_power, BASAL),
    "umberger": (umberger_power, STANDING),
    "work": (lambda episode: np.maximum(mechanical_power(episode), 0), 0.0),
    "squared_activation": (lambda episode: np.asarray(episode["act"] ** 2), 0.0),
    "cubed_activation": (lambda episode: np.asarray(episode["act"] ** 3), 0.0),
}
"""Rates of effort by name, of each muscle (T, M) and of a body without it over its mass: metabolic power after Wang or
Umberger, and work done by shortening [W, W/kg]; powers of activation [1]."""
