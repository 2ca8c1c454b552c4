"""Bursting map neurons: rhythms from a two-variable map instead of a differential equation."""

import math

import numba
import numpy as np

from evoloco.genome import Array, Gene, Space
from evoloco.morphology import Morphology

from ._pacemaker import SENSE, Feedback, Senses, landing, lean
from ._posture import Posture, aim
from ._symmetry import Symmetry, amplitude, owners

ALPHA, SIGMA, MU = 6.0, 0.1, 0.001
"""Parameters of a bursting neuron of the non-chaotic map (Rulkov, 2002)."""

MUTUAL, AVERAGE = 0.3, 50.0
"""Inhibition inside the pacemaker per averaged spike, and iterations over which its spikes are averaged."""

STRIDE = 472.0
"""Iterations in which that pacemaker goes round, as simulated."""

PEAK = 0.48
"""Largest averaged activity of its neurons, as simulated."""

SENSITIVITY = 0.02
"""Input of a pacemaker neuron per unit of feedback [s]."""

HEADER, ROW = 1, 5
"""Iterations per second, then per joint: weights same and cross, averaging rate, swing, lateness."""

EXTRA = 9
"""Numbers in `state` after the neurons: pacemaker in phase 0 (6), part of an iteration, last loads (2)."""


@numba.njit(error_model="numpy", nogil=True)
def iterate(x: float, y: float, alpha: float) -> float:
    """The fast variable after one iteration of the non-chaotic map."""
    if x <= 0.0:
        return alpha / (1.0 - x) + y
    if x < alpha + y:
        return alpha + y
    return -1.0


@numba.njit(error_model="numpy", nogil=True)
def advance(rows: Array, state: Array, n: int, force: float, count: int) -> None:
    """Iterates pacemaker and joints `count` times; `force` excites neuron 0 and inhibits neuron 1."""
    x, y, mean = state[:n], state[n : 2 * n], state[2 * n : 3 * n]
    for _ in range(count):
        first, second = mean[0], mean[1]
        for i in range(n):
            if i < 2:
                beta = (force if i == 0 else -force) - MUTUAL * (second if i == 0 else first)
                rate = 1.0 / AVERAGE
            else:
                row = ROW * (i - 2)
                own, other = (second, first) if rows[row + 4] > 0.0 else (first, second)
                beta = -rows[row] * own - rows[row + 1] * other
                rate = rows[row + 2]
            spike = iterate(x[i], y[i] + beta, ALPHA)
            y[i] -= MU * (x[i] + 1.0 - SIGMA)
            x[i] = spike
            mean[i] += rate * (max(0.0, spike) - mean[i])


def reset(params: Array, state: Array, dt: float) -> None:
    """Lets the bursts settle over six strides and stops where the pacemaker's first neuron takes over.

    The episode starts in this phase, which is kept for the phase reset.
    """
    n = (state.size - EXTRA) // 3
    rows = params[HEADER : HEADER + ROW * (n - 2)]
    for i in range(n):
        state[i] = -1.0
        state[n + i] = -3.2
    state[n] = -3.0
    advance(rows, state, n, 0.0, int(6 * STRIDE))
    for _ in range(int(2 * STRIDE)):
        before = state[2 * n] - state[2 * n + 1]
        advance(rows, state, n, 0.0, 1)
        if before < 0.0 <= state[2 * n] - state[2 * n + 1]:
            break
    for k in range(3):
        state[3 * n + 2 * k] = state[k * n]
        state[3 * n + 2 * k + 1] = state[k * n + 1]
    state[3 * n + 6] = 0.0
    state[3 * n + 7 :] = 1.0


def step(params: Array, state: Array, obs: Array, time: float, dt: float, ctrl: Array) -> None:
    """Iterates the neurons over one control step and writes target angles."""
    nu = ctrl.size
    n = nu + 2
    rows = params[HEADER : HEADER + ROW * nu]
    senses = params[HEADER + ROW * nu : HEADER + ROW * nu + SENSE]
    foot = landing(senses, obs, state[3 * n + 7 :])
    if foot >= 0:
        for k in range(3):
            state[k * n + foot] = state[3 * n + 2 * k]
            state[k * n + 1 - foot] = state[3 * n + 2 * k + 1]
    due = state[3 * n + 6] + dt * params[0]
    count = math.floor(due)
    state[3 * n + 6] = due - count
    advance(rows, state, n, SENSITIVITY * lean(senses, obs, nu), count)
    for j in range(nu):
        ctrl[j] = rows[ROW * j + 3] * (2.0 * state[2 * n + 2 + j] / PEAK - 1.0)
    aim(params, obs, ctrl)


class Controller:
    """One bursting neuron per driven joint, driven by two that take turns.

    A neuron has a fast variable x, which spikes, and a slow one y, which
    groups the spikes into bursts:

        x(k + 1) = f(x(k), y(k) + beta(k))
        y(k + 1) = y(k) - mu (x(k) + 1 - sigma)
        f(x, y)  = alpha / (1 - x) + y   where x <= 0
                   alpha + y             where 0 < x < alpha + y
                   -1                    elsewhere

    (beta aside: eqs. 1 and 2 of Rulkov, 2002). Its activity a is the running mean of max(0, x). The pacemaker's two
    neurons inhibit each other, beta_0 = -0.3 a_1 + f(obs) and beta_1 = -0.3 a_0 - f(obs), so that their
    bursts alternate; a joint's neuron has beta = -same a_0 - cross a_1, with the two
    exchanged on the right side, and the joint's signal is its activity,
    scaled and centred. How long it averages sets how much it lags. One iteration lasts 1/472 of the
    period: about 1 to 3 ms.

    Args:
        morphology: The body.
        symmetry: "mirror" shares genes between left and right, "none" gives each joint its own.
        feedback: What the pacemaker feels: the torso's roll ("tilt"), left minus right foot load ("load").
        phase_reset: Whether a foot's landing puts the pacemaker into phase 0 (left) or half a period on.
        reset_load: Load from which a foot has landed, as a fraction of body weight.
        reflex: Whether torso tilt and rate move the target angles.
        reflex_stems: Joints that take part in the reflex; those of hips and ankles where None.

    References:
        Rulkov, 2002, Modeling of spiking-bursting neural behavior using two-dimensional map,
        doi:10.1103/PhysRevE.65.041922.
    """

    reset = staticmethod(reset)
    step = staticmethod(step)

    def __init__(
        self,
        morphology: Morphology,
        symmetry: Symmetry = "mirror",
        feedback: tuple[Feedback, ...] = (),
        phase_reset: bool = False,
        reset_load: float = 0.3,
        reflex: bool = True,
        reflex_stems: tuple[str, ...] | None = None,
    ) -> None:
        self.posture = Posture(morphology, symmetry, reflex, reflex_stems)
        self.senses = Senses(morphology, feedback, reset_load if phase_reset else math.inf)
        genes = [Gene("period", 0.4, 1.4, "s", "duration of a stride", log=True)]
        for part in owners(self.posture.drives):
            name = part.genes
            genes += [
                amplitude(part, "amplitude", "swing to either side"),
                Gene(
                    f"{name}.same",
                    -0.6,
                    0.6,
                    "1",
                    "inhibition by the pacemaker's neuron of its side",
                ),
                Gene(f"{name}.cross", -0.6, 0.6, "1", "inhibition by the pacemaker's other neuron"),
                Gene(
                    f"{name}.average",
                    0.1,
                    0.5,
                    "1",
                    "share of a stride over which spikes are averaged",
                ),
            ]
        self.space = Space([*genes, *self.senses.genes, *self.posture.genes])
        self.names = ["pacemaker", *(part.joint.name for part in self.posture.drives)]
        self.state_size = 3 * (len(self.names) + 1) + EXTRA

    def parameters(self, values: dict[str, float]) -> Array:
        """Iterations per second, a row per joint, senses and posture, in one row."""
        row = [STRIDE / values["period"]]
        for part in self.posture.drives:
            name = part.genes
            row += [values[f"{name}.same"], values[f"{name}.cross"]]
            row += [1.0 / (STRIDE * values[f"{name}.average"])]
            row += [part.sign * values[f"{name}.amplitude"], float(part.late)]
        return np.concatenate(
            [row, self.senses.parameters(values), self.posture.parameters(values)]
        )

    def outputs(self, params: Array, states: Array) -> dict[str, Array]:
        """Difference between the pacemaker's activities and, for every joint, its activity, centred."""
        n = len(self.names) + 1
        activity = states[:, 2 * n : 3 * n] / PEAK
        signals = [activity[:, 0] - activity[:, 1], *(2 * activity[:, 2:] - 1).T]
        return dict(zip(self.names, signals, strict=True))
