"""What muscles cost the body: metabolic energy, and other ways to count effort."""

import math
from collections.abc import Callable

import numba
import numpy as np

from evoloco.episode import Episode
from evoloco.errors import ModelError, UnknownNameError
from evoloco.gait.energy import mechanical_energy
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
ACTIVATION, LENGTH, VELOCITY, FORCE = range(4)
"""Columns of `contraction` in an episode's trace."""
_SERIES = tuple((-1) ** n / math.factorial(2 * n + 1) for n in range(7, -1, -1))
"""Factors of the sine's Taylor series, from the highest power down."""
SHORTEST_WAY = 0.1
"""Way that effort is counted over at least [m], so that it stays finite."""


@numba.njit(error_model="numpy")
def _half_angle(u: float) -> tuple[float, float]:
    """Sine s and cosine c of pi u / 4, which give the recruitment of both kinds of fibres.

        sin(pi u / 2) = 2 s c            of slow fibres
        1 - cos(pi u / 2) = 2 s^2        of fast fibres

    At these angles the Taylor series is exact to rounding, and ten times as fast as a library's
    sine, because the processor sums several series at once.
    """
    angle = math.pi / 4 * min(max(u, 0.0), 1.0)
    square, series = angle * angle, 0.0
    for factor in _SERIES:
        series = series * square + factor
    sine = angle * series
    return sine, math.sqrt(1 - sine * sine)


def _formula(function: Callable[..., float]) -> Callable[..., Array]:
    """Compiles a formula of numbers to one of arrays, with broadcasting."""
    compiled: Callable[..., Array] = kept(lambda: numba.vectorize(cache=True)(function))
    return compiled


@_formula
def force_length(length: float, shortest: float, longest: float) -> float:
    """Active force of MuJoCo's muscle over its largest [1].

    Args:
        length: Of the fibres, over their optimal length [1].
        shortest: Length at and below which there is no force [1], MuJoCo's `lmin`.
        longest: Length from which on there is none [1], its `lmax`.

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
    """Passive force of MuJoCo's muscle over its largest active one [1].

    Args:
        length: Of the fibres, over their optimal length [1].
        longest: MuJoCo's `lmax` [1].
        stiffness: Its `fpmax` [1].

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
    sine, cosine = _half_angle(u)
    f_a = sine * (40 * cosine + 133 * sine)  # (1)
    sine, cosine = _half_angle(a)
    f_m = sine * (74 * cosine + 111 * sine)  # (2)
    g = max(min(max(length, 0.5), 3 - 2 * length), 0.0)  # (3)
    return float(mass * (f_a + g * f_m) + (force / 4 + active) * max(-velocity, 0.0))  # (4)


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
    """What `umberger_power` says; `curve` is FL(l), and `fastest` the speed V [m/s]."""
    sine, cosine = _half_angle(u)
    slow = cosine / (cosine + sine)  # (1), both divided by 2 sine
    scale = u if u > a else (u + a) / 2  # (2)

    kept = 0.4 + 0.6 * curve if length > 1 else 1.0
    heat = scale**0.6 * (25 * slow + 153 * (1 - slow)) * kept  # (3)

    shortening = -velocity / fastest
    if shortening > 0:
        rate = min(250 * shortening, 100.0) * slow + 153 * shortening * (1 - slow)
        by_speed = scale**2 * rate  # (4)
    else:
        by_speed = -scale * 1000 * shortening  # (5)
    heat = AEROBIC * (heat + by_speed * (curve if length > 1 else 1.0))

    work = -active * velocity / mass  # (6)
    return float(mass * (max(heat, -work, LEAST_HEAT) + work))  # (7)


def fibre_length(episode: Episode) -> Array:
    """Length of each muscle's fibres over the optimal one [1] (T S, M)."""
    slack, optimal = (_numbers(episode, name) for name in ("slack_length", "optimal_length"))
    return np.asarray((_contraction(episode, LENGTH) - slack) / optimal)


def muscle_force(episode: Episode) -> Array:
    """Force with which each muscle pulls [N] (T S, M)."""
    return -_contraction(episode, FORCE)


def fibre_velocity(episode: Episode) -> Array:
    """Speeds of the muscles' fibres along the tendon [m/s] (T S, M); positive if lengthening."""
    return _contraction(episode, VELOCITY)


def activation(episode: Episode) -> Array:
    """Activation of each muscle [1] (T S, M)."""
    return _contraction(episode, ACTIVATION)


def excitation(episode: Episode) -> Array:
    """Excitation that the controller gives each muscle [1] (T S, M)."""
    return np.repeat(episode["ctrl"], episode.substeps, axis=0)


def active_force(episode: Episode, force: Array, length: Array) -> Array:
    """Force of each contractile element along the tendon [N] (T S, M): without the passive force.

    Args:
        episode: Of a body with muscles.
        force: With which each muscle pulls [N] (T S, M).
        length: Of its fibres, over the optimal length [1] (T S, M).
    """
    _, _, _, _, _, longest, _, stiffness = _gains(episode)
    passive = _numbers(episode, "max_force") * passive_force(length, longest, stiffness)
    return np.maximum(force - passive, 0)


def wang_power(episode: Episode) -> Array:
    """Metabolic power of each muscle [W] (T S, M).

    With mass m, excitation u, activation a, fibre length l over the optimal one, force F, of which
    F_CE is active, lengthening speed v, and half of the fibres slow:

        f_A = 20 sin(pi u / 2) + 66.5 (1 - cos(pi u / 2))                        activation (1)
        f_M = 37 sin(pi a / 2) + 55.5 (1 - cos(pi a / 2))                        maintenance (2)
        g   = 1/2 below l = 1/2, then l, from 1 on 3 - 2 l, and 0 from 3/2 on    (3)

        P = m f_A(u) + m g(l) f_M(a) + max(0, -F v / 4) + max(0, -F_CE v)        (4)

    The last two are heat and work of shortening. What stretched fibres give back without being
    active costs no work.

    References:
        Wang, Hamner, Delp and Koltun, 2012, Optimizing locomotion controllers using
        biologically-based actuators and objectives, doi:10.1145/2185520.2185521.
        Geijtenbeek, 2019, SCONE: open source software for predictive simulation of biological
        motion, doi:10.21105/joss.01421 (whole force in the heat, active force in the work).
    """
    length, force = fibre_length(episode), muscle_force(episode)
    return _wang(
        _numbers(episode, "mass"),
        excitation(episode),
        activation(episode),
        length,
        force,
        active_force(episode, force, length),
        fibre_velocity(episode),
    )


def umberger_power(episode: Episode) -> Array:
    """Metabolic power of each muscle [W] (T S, M), after Umberger with the changes of Uchida.

    With mass m, excitation u, activation a, fibre length l and lengthening speed v over the optimal
    length, shortening speed without load V, active force F along the tendon and its speed v_m:

        r    = sin(pi u / 2) / (sin(pi u / 2) + 1 - cos(pi u / 2)), 1 at rest          (1)
        A    = u if u > a, else (u + a) / 2                                            (2)
        h_AM = 1.5 A^0.6 (25 r + 153 (1 - r)) (0.4 + 0.6 FL(l) if l > 1)               (3)
        h_S  = 1.5 A^2 (min(100, -250 v / V) r - 153 v / V (1 - r)) (FL(l) if l > 1)
               while shortening                                                        (4)
        h_S  = 1.5 A 1000 v / V (FL(l) if l > 1) while lengthening                     (5)
        w    = -F v_m / m, negative while lengthening                                  (6)
        P    = m (max(1, h_AM + h_S, -w) + w)                                          (7)

    Half of the fibres are slow, and r is the share of slow fibres among those that are recruited.
    By (7) no muscle gains energy in all, and each gives off at least 1 W/kg of heat.

    This leaves out what MuJoCo's muscle leaves out. Its tendon neither stretches nor stores energy,
    so fibres move as the whole muscle does. Its pennation is constant, so l, v and V are the same
    along fibres and tendon, and work is what leaves through the tendon. FL is MuJoCo's force-length
    curve. The excitation is the controller's, before its delay.

    References:
        Umberger, Gerritsen and Martin, 2003, A model of human muscle energy expenditure,
        doi:10.1080/1025584031000091678.
        Uchida, Hicks, Dembia and Delp, 2016, Stretching your energetic budget: how tendon
        compliance affects the metabolic cost of running, doi:10.1371/journal.pone.0150378
        (recruitment, no negative power in all).
    """
    _, _, _, _, shortest, longest, fastest, _ = _gains(episode)
    length = fibre_length(episode)
    return _umberger(
        _numbers(episode, "mass"),
        excitation(episode),
        activation(episode),
        length,
        force_length(length, shortest, longest),
        fastest * _numbers(episode, "optimal_length"),
        active_force(episode, muscle_force(episode), length),
        fibre_velocity(episode),
    )


def _gains(episode: Episode) -> Array:
    """MuJoCo's parameters of the muscles (8, M)."""
    morphology = episode.morphology
    return np.asarray(morphology.model.actuator_gainprm[: morphology.controls, :8].T)


def _numbers(episode: Episode, name: str) -> Array:
    """A number of each muscle (M,)."""
    return np.array([getattr(muscle, name) for muscle in episode.morphology.muscles])


def _contraction(episode: Episode, column: int) -> Array:
    """Activation [1], length [m], velocity [m/s] or force [N] of each muscle (T S, M).

    Where every physics step is a control step, the sensors of a row have it.
    """
    if episode.substeps > 1:
        return episode.at_physics_steps("contraction")[:, :, column]
    if column == ACTIVATION:
        return episode["act"]
    name = {LENGTH: "length", VELOCITY: "velocity", FORCE: "force"}[column]
    return episode.sensors(
        [f"muscle.{muscle.name}.{name}" for muscle in episode.morphology.muscles]
    )


def effort(episode: Episode, model: str = "wang") -> float:
    """Effort of an episode over body mass and forward way [J/kg/m], or [s/kg/m] of activations.

    Args:
        episode: Of a body with muscles.
        model: A name in `EFFORT`.

    Raises:
        ModelError: The body has no muscles.
        UnknownNameError: There is no such model.
    """
    _demand_muscles(episode)
    if model not in EFFORT:
        raise UnknownNameError("model of effort", model, EFFORT)

    rates, resting = EFFORT[model]
    mass = episode.morphology.mass
    energy = float(rates(episode).sum()) * episode.physics_dt + resting * mass * episode.duration
    return energy / (mass * _way(episode))


def effort_of_muscles(episode: Episode) -> Array:
    """Metabolic energy of each muscle after Wang, over body mass and forward way [J/kg/m] (M,).

    The effort is their sum and that of the resting body, `BASAL` times the time over the way.

    Raises:
        ModelError: The body has no muscles.
    """
    _demand_muscles(episode)
    energy = wang_power(episode).sum(axis=0) * episode.physics_dt
    return np.asarray(energy / (episode.morphology.mass * _way(episode)))


def _demand_muscles(episode: Episode) -> None:
    if not episode.morphology.muscles:
        raise ModelError(
            "Effort is that of muscles, and this body has none. Use cost_of_transport for servos."
        )


def _way(episode: Episode) -> float:
    """Way that effort is counted over [m]."""
    return max(episode.forward, SHORTEST_WAY)


EFFORT: dict[str, tuple[Callable[[Episode], Array], float]] = {
    "wang": (wang_power, BASAL),
    "umberger": (umberger_power, STANDING),
    "work": (lambda episode: mechanical_energy(episode) / episode.physics_dt, 0.0),
    "squared_activation": (lambda episode: np.asarray(activation(episode) ** 2), 0.0),
    "cubed_activation": (lambda episode: np.asarray(activation(episode) ** 3), 0.0),
}
"""Models of effort by name: rate of each muscle (n, M), whose sum is multiplied by the physics
step, and rate of the body besides, over its mass.

Metabolic power after Wang or Umberger and the power of shortening are in [W] and [W/kg], powers of
the activation in [1].
"""
