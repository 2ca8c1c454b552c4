"""Amplitude-controlled phase oscillators."""

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
from ._stride import begin_at, elapsed, track, turned


@numba.njit(error_model="numpy", nogil=True)
def slope(params: Record, felt: float, state: Record, dtheta: Array, dr: Array, dv: Array) -> None:
    """Rates of change of phase theta, amplitude r and its rate v of all oscillators (n,)."""
    theta, r, v, oscillators = state.theta, state.r, state.v, params.oscillators
    turn, w, a = 2.0 * math.pi * params.frequency, params.coupling, params.amplitude_rate
    for i in range(theta.size):
        dtheta[i] = turn
        j = int(oscillators.sender[i])
        if j != i:
            dtheta[i] += w * r[j] * math.sin(theta[j] - theta[i] + oscillators.lead[i])  # (1)

        dr[i] = v[i]
        dv[i] = a * (a / 4 * (oscillators.amplitude[i] - r[i]) - v[i])  # (2)

    dtheta[0] += felt * math.cos(theta[0])


@numba.njit(error_model="numpy", nogil=True)
def advance(params: Record, felt: float, state: Record, h: float) -> None:
    """Integrates the oscillators over one step of `h` [s] with a constant input [1/s]."""
    n = state.theta.size
    dtheta, dr, dv = np.empty(n), np.empty(n), np.empty(n)
    of_theta, of_r, of_v = np.empty((2, n)), np.empty((2, n)), np.empty((2, n))

    for k in range(4):
        slope(params, felt, state, dtheta, dr, dv)
        stage(k, h, state.theta, dtheta, of_theta)
        stage(k, h, state.r, dr, of_r)
        stage(k, h, state.v, dv, of_v)


@numba.njit(error_model="numpy", nogil=True)
def settle(params: Record, state: Record) -> None:
    """Starts every oscillator in its phase and with its amplitude, both feet on the ground."""
    oscillators = params.oscillators
    for _ in range(state.theta.size):  # until each has its sender's phase, whatever their order
        for i in range(state.theta.size):
            state.theta[i] = state.theta[int(oscillators.sender[i])] + oscillators.lead[i]
            state.r[i] = oscillators.amplitude[i]

    state.loads[:] = 1.0


@numba.njit(error_model="numpy", nogil=True)
def oscillate(params: Record, state: Record, obs: Record, time: float, dt: float) -> None:
    """Oscillators go on by a time of their own [s], in steps of `dt` [s] at most."""
    foot = landing(params.senses, obs, state.loads)
    if foot >= 0:  # the nearest phase of that foot's landings
        state.theta[0] = math.pi * (foot + 2.0 * np.round((state.theta[0] / math.pi - foot) / 2.0))

    felt, count = feel(params.senses, obs), max(1, math.ceil(time / dt))
    for _ in range(count):
        advance(params, felt, state, time / count)

    for i in range(state.theta.size):
        state.theta[i] = turned(state.theta[i])


@numba.njit(error_model="numpy", nogil=True)
def phase(state: Record) -> float:
    """Phase of the pacemaker, in turns."""
    return float(state.theta[0] / (2.0 * math.pi))


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

    for j in range(ctrl.size):
        ctrl[j] = (
            params.oscillators.sign[j + 1] * state.r[j + 1] * math.cos(state.theta[j + 1])
        )  # (3)

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
    """One phase oscillator per driven joint, with a critically damped amplitude.

    Oscillator i follows oscillator j at the lead phi_i - phi_j:

        (1) dtheta_i/dt = 2 pi nu + r_j w sin(theta_j - theta_i + phi_i - phi_j)
        (2) d2r_i/dt2   = a (a / 4 (R_i - r_i) - dr_i/dt)
        (3) signal of the joint = r_i cos theta_i

    Unlike in the paper the signal has no constant part: that is the offset of the posture here. The
    pacemaker also gets f(obs) cos theta_0.

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
        coupling_strength: Coupling w [1/s].
        amplitude_rate: Rate a at which amplitudes settle [1/s].

    Raises:
        SpecError: An option is of joints, and feet are driven.
        ModelError: The body has muscles, or motors that take torques; or feet are driven or felt,
            and there is none that can be.

    References:
        Ijspeert, Crespi, Ryczko and Cabelguen, 2007, From swimming to walking with a salamander
        robot driven by a spinal cord model, doi:10.1126/science.1138353.
    """

    functions = {"joints": (reset, step), "feet": (reset_feet, step_feet)}  # noqa: RUF012 - fixed
    variables = ("theta", "r", "v")

    coupling_strength: float = 10.0
    amplitude_rate: float = 20.0

    def parameters(self, values: dict[str, float]) -> Fields:
        """Frequency nu [Hz], coupling w [1/s], amplitude rate a [1/s], and the rest."""
        return {
            "frequency": 1.0 / values["period"],
            "coupling": self.coupling_strength,
            "amplitude_rate": self.amplitude_rate,
            **super().parameters(values),
        }

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """Signal r cos theta of every oscillator, in units of its amplitude R."""
        scale = np.maximum(params.oscillators.amplitude, 1e-9)
        signals = states.r / scale * np.cos(states.theta)
        return dict(zip(self.names, signals.T, strict=True))
