"""Coupled Van der Pol oscillators."""

import math

import numba
import numpy as np

from evoloco.genome import Array, Space
from evoloco.morphology import Morphology

from ._followers import AMPLITUDE, COSINE, ROW, SENDER, SIGN, SINE, Coupling, Followers
from ._integrate import stage
from ._pacemaker import SENSE, Feedback, Senses, landing, lean
from ._posture import Posture, aim
from ._symmetry import Symmetry

HEADER = 4
"""Numbers before the table of oscillators: mu [1/s], p, coupling w [1/s], frequency omega [rad/s]."""


@numba.njit(error_model="numpy", nogil=True)
def slope(params: Array, push: float, x: Array, dx: Array) -> None:
    """Rates of change of positions and of velocities over omega, x = [x, v] (2 n,)."""
    n = x.size // 2
    mu, p, w, omega = params[0], params[1], params[2], params[3]
    for i in range(n):
        dx[i] = omega * x[n + i]
        dx[n + i] = mu * (p - x[i] ** 2) * x[n + i] - omega * x[i]
        row = HEADER + ROW * i
        j = int(params[row + SENDER])
        if j != i:
            cosine, sine = params[row + COSINE], params[row + SINE]
            dx[i] += w * (cosine * x[j] + sine * x[n + j] - x[i])
            dx[n + i] += w * (cosine * x[n + j] - sine * x[j] - x[n + i])
    dx[n] += push


@numba.njit(error_model="numpy", nogil=True)
def advance(params: Array, push: float, x: Array, h: float) -> None:
    """Integrates the oscillators over `h` [s] with a constant input to the pacemaker [1/s].

    Where damping is strong, far outside the limit cycle, in more than one step.
    """
    start, dx, total = np.empty(x.size), np.empty(x.size), np.empty(x.size)
    largest = 0.0
    for i in range(x.size):
        largest = max(largest, x[i] ** 2)
    count = 1 + int(2.0 * params[0] * largest * h)
    for _ in range(count):
        for k in range(4):
            slope(params, push, x, dx)
            stage(k, h / count, start, dx, total, x)


def reset(params: Array, state: Array, dt: float) -> None:
    """Starts every oscillator in its phase near its limit cycle, both feet on the ground."""
    n = (state.size - 2) // 2
    state[0] = 2.0 * math.sqrt(params[1])
    for i in range(1, n):
        row = HEADER + ROW * i
        j = int(params[row + SENDER])
        cosine, sine = params[row + COSINE], params[row + SINE]
        state[i] = cosine * state[j] + sine * state[n + j]
        state[n + i] = cosine * state[n + j] - sine * state[j]
    state[2 * n :] = 1.0


def step(params: Array, state: Array, obs: Array, time: float, dt: float, ctrl: Array) -> None:
    """Advances the oscillators by one control step and writes target angles."""
    nu = ctrl.size
    n = nu + 1
    senses = params[HEADER + ROW * n : HEADER + ROW * n + SENSE]
    peak = 2.0 * math.sqrt(params[1])
    foot = landing(senses, obs, state[2 * n :])
    if foot >= 0:
        state[0] = peak * (1.0 - 2.0 * foot)
        state[n] = 0.0
    advance(params, lean(senses, obs, nu), state[: 2 * n], dt)
    for j in range(nu):
        row = HEADER + ROW * (j + 1)
        ctrl[j] = params[row + SIGN] * params[row + AMPLITUDE] * state[j + 1] / peak
    aim(params, obs, ctrl)


class Controller:
    """One Van der Pol oscillator per driven joint, coupled so that phases are as asked.

    Oscillator i, with v = (dx/dt) / omega, follows oscillator j:

        d2x_i/dt2 = mu (p - x_i^2) dx_i/dt - omega^2 x_i

    to which the coupling adds w (cos(lead) x_j + sin(lead) v_j - x_i) in dx_i/dt
    and w (cos(lead) v_j - sin(lead) x_j - v_i) in dv_i/dt. The amplitude settles
    at 2 sqrt(p) and the frequency at omega / (2 pi) while mu p is well below
    omega. The joint's signal is A_i x_i / (2 sqrt(p)); the pacemaker gets
    f(obs) in dv_0/dt.

    Args:
        morphology: The body.
        coupling: "pacemaker": every joint follows the pacemaker; "chain": the joint above it.
        symmetry: "mirror" shares genes between left and right, "none" gives each joint its own.
        feedback: What the pacemaker feels: the torso's roll ("tilt"), left minus right foot load ("load").
        phase_reset: Whether a foot's landing puts the pacemaker into phase 0 (left) or pi (right).
        reset_load: Load from which a foot has landed, as a fraction of body weight.
        mu: Strength mu of the damping [1/s].
        p: Square of the position at which damping changes its sign [1].
        coupling_strength: Coupling w [1/s].
        reflex: Whether torso tilt and rate move the target angles.
        reflex_stems: Joints that take part in the reflex; those of hips and ankles where None.

    References:
        Van der Pol, 1926, On relaxation-oscillations, doi:10.1080/14786442608564127.
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
        mu: float = 1.0,
        p: float = 1.0,
        coupling_strength: float = 5.0,
        reflex: bool = True,
        reflex_stems: tuple[str, ...] | None = None,
    ) -> None:
        self.posture = Posture(morphology, symmetry, reflex, reflex_stems)
        self.followers = Followers(self.posture.drives, coupling)
        self.senses = Senses(morphology, feedback, reset_load if phase_reset else math.inf)
        self.constants = (mu, p, coupling_strength)
        self.space = Space([*self.followers.genes, *self.senses.genes, *self.posture.genes])
        self.state_size = 2 * len(self.followers.names) + 2

    def parameters(self, values: dict[str, float]) -> Array:
        """Header, table of oscillators, senses and posture, in one row."""
        header = [*self.constants, 2.0 * math.pi / values["period"]]
        parts = (self.followers, self.senses, self.posture)
        return np.concatenate([header, *(part.parameters(values) for part in parts)])

    def outputs(self, params: Array, states: Array) -> dict[str, Array]:
        """Position x of every oscillator, in units of 2 sqrt(p)."""
        signals = states[:, : len(self.followers.names)] / (2.0 * math.sqrt(params[1]))
        return dict(zip(self.followers.names, signals.T, strict=True))
