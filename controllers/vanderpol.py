"""Coupled Van der Pol oscillators."""

import math
from dataclasses import dataclass

import numba
import numpy as np

from evoloco.fields import Array, Fields, Record

from ._followers import Followers
from ._foot_paths import begin, follow_oscillator
from ._integrate import stage
from ._pacemaker import feel, landing
from ._posture import aim
from ._stride import begin_at, elapsed, track


@numba.njit(error_model="numpy", nogil=True)
def slope(params: Record, felt: float, state: Record, dx: Array, dv: Array) -> None:
    """Rates of change of the positions x, and of the velocities v over omega (n,)."""
    x, v, oscillators = state.x, state.v, params.oscillators
    mu, p, w, omega = params.mu, params.p, params.coupling, params.omega
    for i in range(x.size):
        dx[i] = omega * v[i]  # (1)
        dv[i] = mu * (p - x[i] ** 2) * v[i] - omega * x[i]  # (2)

        j = int(oscillators.sender[i])
        if j != i:
            cosine, sine = oscillators.cosine[i], oscillators.sine[i]
            dx[i] += w * (cosine * x[j] + sine * v[j] - x[i])
            dv[i] += w * (cosine * v[j] - sine * x[j] - v[i])

    dv[0] += felt


@numba.njit(error_model="numpy", nogil=True)
def advance(params: Record, felt: float, state: Record, h: float) -> None:
    """Integrates the oscillators over `h` [s] with a constant input to the pacemaker [1/s].

    Where damping is strong, far outside the limit cycle, in more than one step.
    """
    x, v, n = state.x, state.v, state.x.size
    dx, dv, of_x, of_v = np.empty(n), np.empty(n), np.empty((2, n)), np.empty((2, n))

    largest = 0.0
    for i in range(n):
        largest = max(largest, x[i] ** 2, v[i] ** 2)
    count = 1 + int(2.0 * params.mu * largest * h)

    for _ in range(count):
        for k in range(4):
            slope(params, felt, state, dx, dv)
            stage(k, h / count, x, dx, of_x)
            stage(k, h / count, v, dv, of_v)


@numba.njit(error_model="numpy", nogil=True)
def settle(params: Record, state: Record) -> None:
    """Starts every oscillator in its phase near its limit cycle, both feet on the ground."""
    x, v, oscillators = state.x, state.v, params.oscillators
    x[0] = 2.0 * math.sqrt(params.p)
    for _ in range(x.size):  # until each has its sender's phase, whatever their order
        for i in range(1, x.size):
            j, cosine, sine = int(oscillators.sender[i]), oscillators.cosine[i], oscillators.sine[i]
            x[i] = cosine * x[j] + sine * v[j]
            v[i] = cosine * v[j] - sine * x[j]

    state.loads[:] = 1.0


@numba.njit(error_model="numpy", nogil=True)
def oscillate(params: Record, state: Record, obs: Record, time: float, dt: float) -> None:
    """Oscillators go on by a time of their own [s], in steps of `dt` [s] at most."""
    foot = landing(params.senses, obs, state.loads)
    if foot >= 0:
        state.x[0] = 2.0 * math.sqrt(params.p) * (1.0 - 2.0 * foot)
        state.v[0] = 0.0

    felt, count = feel(params.senses, obs), max(1, math.ceil(time / dt))
    for _ in range(count):
        advance(params, felt, state, time / count)


@numba.njit(error_model="numpy", nogil=True)
def phase(state: Record) -> float:
    """Phase of the pacemaker, in turns."""
    return float(math.atan2(-state.v[0], state.x[0]) / (2.0 * math.pi))


def reset(params: Record, state: Record, dt: float) -> None:
    """Starts every oscillator in its phase, both feet on the ground."""
    settle(params, state)
    begin_at(params.posture.feedback, state.posture, phase(state))


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Advances the oscillators by one control step and writes target angles."""
    feedback = params.posture.feedback
    own = elapsed(feedback, state.posture, obs, dt)
    oscillate(params, state, obs, own, dt)
    track(feedback, state.posture, phase(state), own)

    peak = 2.0 * math.sqrt(params.p)
    sign, amplitude = params.oscillators.sign, params.oscillators.amplitude
    for j in range(ctrl.size):
        ctrl[j] = sign[j + 1] * amplitude[j + 1] * state.x[j + 1] / peak

    aim(params.posture, state.posture, obs, dt, ctrl)


def reset_feet(params: Record, state: Record, dt: float) -> None:
    """Starts the pacemaker alone, every joint at home."""
    settle(params, state)
    begin(params.paths, state.paths)


def step_feet(
    params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array
) -> None:
    """Advances the pacemaker by one control step and puts the feet where its phase wants them."""
    own = elapsed(params.paths.feedback, state.paths.feedback, obs, dt)
    oscillate(params, state, obs, own, dt)
    follow_oscillator(params.paths, state.paths, phase(state), own, time, dt, ctrl)


@dataclass(eq=False)
class Controller(Followers):
    """One Van der Pol oscillator per driven joint, coupled so that phases are as asked.

    The equation is d2x/dt2 = mu (p - x^2) dx/dt - omega^2 x. With v = (dx/dt) / omega, oscillator i
    follows oscillator j:

        (1) dx_i/dt = omega v_i + w (cos(lead) x_j + sin(lead) v_j - x_i)
        (2) dv_i/dt = mu (p - x_i^2) v_i - omega x_i + w (cos(lead) v_j - sin(lead) x_j - v_i)

    The amplitude settles at 2 sqrt(p) and the frequency at omega / (2 pi) while mu p is well below
    omega. The joint's signal is A_i x_i / (2 sqrt(p)); the pacemaker gets f(obs) in dv_0/dt.

    Args:
        morphology: The body.
        coupling: "pacemaker": every joint follows the pacemaker; "chain": the joint above it.
        symmetry: "mirror" shares genes between left and right, "none" gives each joint its own.
        feedback: What the pacemaker feels: the torso's roll ("tilt"), left minus right foot load
            ("load").
        phase_reset: Whether a foot's landing puts the pacemaker into phase 0 (left) or pi (right).
        reset_load: Load from which a foot has landed, as a fraction of body weight.
        reflex: Whether torso tilt and rate move the target angles; by default not with `answers`.
        reflex_stems: Joints that take part in the reflex; those of hips and ankles where None.
        drive: "joints", or "feet" on paths that follow the pacemaker's phase.
        answers: Whether hips, ankles, steps and phase answer the torso's tilt, filtered and
            bounded.
        load: Whether landings reset and hold the phase; the robot then needs load cells or switches
            at its feet.
        mu: Strength mu of the damping [1/s].
        p: Square of the position at which damping changes its sign [1].
        coupling_strength: Coupling w [1/s].

    Raises:
        SpecError: An option is of joints, and feet are driven.
        ModelError: The body has muscles, or motors that take torques; or feet are driven or felt,
            and there is none that can be.

    References:
        Van der Pol, 1926, On relaxation-oscillations, doi:10.1080/14786442608564127.
    """

    functions = {"joints": (reset, step), "feet": (reset_feet, step_feet)}  # noqa: RUF012 - fixed
    variables = ("x", "v")

    mu: float = 1.0
    p: float = 1.0
    coupling_strength: float = 5.0

    def parameters(self, values: dict[str, float]) -> Fields:
        """Constants, frequency omega [rad/s], and the rest."""
        return {
            "mu": self.mu,
            "p": self.p,
            "coupling": self.coupling_strength,
            "omega": 2.0 * math.pi / values["period"],
            **super().parameters(values),
        }

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """Position x of every oscillator, in units of 2 sqrt(p)."""
        signals = states.x / (2.0 * math.sqrt(params.p))
        return dict(zip(self.names, signals.T, strict=True))
