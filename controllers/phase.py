"""Amplitude-controlled phase oscillators."""

import math

import numba
import numpy as np

from evoloco.genome import Array, Space
from evoloco.morphology import Morphology

from ._followers import AMPLITUDE, LEAD, ROW, SENDER, SIGN, Coupling, Followers
from ._integrate import stage
from ._pacemaker import SENSE, Feedback, Senses, landing, lean
from ._posture import Posture, aim
from ._symmetry import Symmetry

HEADER = 3
"""Numbers before the table of oscillators: frequency nu [Hz], coupling w [1/s], amplitude rate a [1/s]."""


@numba.njit(error_model="numpy", nogil=True)
def slope(params: Array, push: float, x: Array, dx: Array) -> None:
    """Rates of change of phases, amplitudes and their rates, x = [theta, r, dr/dt] (3 n,)."""
    n = x.size // 3
    turn, w, a = 2.0 * math.pi * params[0], params[1], params[2]
    for i in range(n):
        row = HEADER + ROW * i
        dx[i] = turn
        sender = int(params[row + SENDER])
        if sender != i:
            dx[i] += w * x[n + sender] * math.sin(x[sender] - x[i] + params[row + LEAD])
        dx[n + i] = x[2 * n + i]
        dx[2 * n + i] = a * (a / 4 * (params[row + AMPLITUDE] - x[n + i]) - x[2 * n + i])
    dx[0] += push * math.cos(x[0])


@numba.njit(error_model="numpy", nogil=True)
def advance(params: Array, push: float, x: Array, h: float) -> None:
    """Integrates the oscillators over one step of `h` [s] with a constant input to the pacemaker [1/s]."""
    start, dx, total = np.empty(x.size), np.empty(x.size), np.empty(x.size)
    for k in range(4):
        slope(params, push, x, dx)
        stage(k, h, start, dx, total, x)


def reset(params: Array, state: Array, dt: float) -> None:
    """Starts every oscillator in its phase and with its amplitude, both feet on the ground."""
    n = (state.size - 2) // 3
    for i in range(n):
        row = HEADER + ROW * i
        state[i] = state[int(params[row + SENDER])] + params[row + LEAD]
        state[n + i] = params[row + AMPLITUDE]
    state[3 * n :] = 1.0


def step(params: Array, state: Array, obs: Array, time: float, dt: float, ctrl: Array) -> None:
    """Advances the oscillators by one control step and writes target angles."""
    nu = ctrl.size
    n = nu + 1
    senses = params[HEADER + ROW * n : HEADER + ROW * n + SENSE]
    foot = landing(senses, obs, state[3 * n :])
    if foot >= 0:
        state[0] = math.pi * (foot + 2.0 * np.round((state[0] / math.pi - foot) / 2.0))
    advance(params, lean(senses, obs, nu), state[: 3 * n], dt)
    for j in range(nu):
        ctrl[j] = params[HEADER + ROW * (j + 1) + SIGN] * state[n + j + 1] * math.cos(state[j + 1])
    aim(params, obs, ctrl)


class Controller:
    """One phase oscillator per driven joint, with a critically damped amplitude.

    Oscillator i follows oscillator j at the lead phi_i - phi_j:

        dtheta_i/dt = 2 pi nu + r_j w sin(theta_j - theta_i + phi_i - phi_j)
        d2r_i/dt2   = a (a / 4 (R_i - r_i) - dr_i/dt)

    and the joint's signal is r_i cos theta_i. The pacemaker also gets
    f(obs) cos theta_0. Unlike in the paper the signal has no constant part, which here
    is the offset of the posture.

    Args:
        morphology: The body.
        coupling: "pacemaker": every joint follows the pacemaker; "chain": the joint above it.
        symmetry: "mirror" shares genes between left and right, "none" gives each joint its own.
        feedback: What the pacemaker feels: the torso's roll ("tilt"), left minus right foot load ("load").
        phase_reset: Whether a foot's landing puts the pacemaker into phase 0 (left) or pi (right).
        reset_load: Load from which a foot has landed, as a fraction of body weight.
        coupling_strength: Coupling w [1/s].
        amplitude_rate: Rate a at which amplitudes settle [1/s].
        reflex: Whether torso tilt and rate move the target angles.
        reflex_stems: Joints that take part in the reflex; those of hips and ankles where None.

    References:
        Ijspeert, Crespi, Ryczko and Cabelguen, 2007, From swimming to walking with a salamander robot driven
        by a spinal cord model, doi:10.1126/science.1138353.
    """

    reset = staticmethod(reset)
    step = staticmethod(step)

    def __init__(
        self,
        morphology: Morphology,
        coupling: Coupling = "pacemaker",
        symmetry: Symmetry = "mirror",
        feedback: tuple[Feedback, ...] = (),
        phase_reset: bool = False,
        reset_load: float = 0.3,
        coupling_strength: float = 10.0,
        amplitude_rate: float = 20.0,
        reflex: bool = True,
        reflex_stems: tuple[str, ...] | None = None,
    ) -> None:
        self.posture = Posture(morphology, symmetry, reflex, reflex_stems)
        self.followers = Followers(self.posture.drives, coupling)
        self.senses = Senses(morphology, feedback, reset_load if phase_reset else math.inf)
        self.coupling_strength, self.amplitude_rate = coupling_strength, amplitude_rate
        self.space = Space([*self.followers.genes, *self.senses.genes, *self.posture.genes])
        self.state_size = 3 * len(self.followers.names) + 2

    def parameters(self, values: dict[str, float]) -> Array:
        """Header, table of oscillators, senses and posture, in one row."""
        header = [1.0 / values["period"], self.coupling_strength, self.amplitude_rate]
        parts = (self.followers, self.senses, self.posture)
        return np.concatenate([header, *(part.parameters(values) for part in parts)])

    def outputs(self, params: Array, states: Array) -> dict[str, Array]:
        """Signal r cos theta of every oscillator, in units of its amplitude R."""
        n = len(self.followers.names)
        scale = np.maximum(params[HEADER + AMPLITUDE : HEADER + ROW * n : ROW], 1e-9)
        signals = states[:, n : 2 * n] / scale * np.cos(states[:, :n])
        return dict(zip(self.followers.names, signals.T, strict=True))
