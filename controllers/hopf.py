"""Coupled Hopf oscillators whose stance and swing may last differently."""

import math

import numba
import numpy as np

from evoloco.genome import Array, Gene, Space
from evoloco.morphology import Morphology

from ._followers import AMPLITUDE, COSINE, ROW, SENDER, SIGN, SINE, Coupling, Followers
from ._integrate import stage
from ._pacemaker import SENSE, Feedback, Senses, landing, lean
from ._posture import Posture, aim
from ._symmetry import Symmetry

HEADER = 7
"""Numbers before the table of oscillators: alpha [1/s], mu, coupling w [1/s], sharpness b, frequencies
of the pacemaker, in stance and in swing [rad/s]."""


@numba.njit(error_model="numpy", nogil=True)
def slope(params: Array, push: float, x: Array, dx: Array) -> None:
    """Rates of change of both coordinates, x = [x, y] (2 n,)."""
    n = x.size // 2
    alpha, mu, w, b = params[0], params[1], params[2], params[3]
    for i in range(n):
        omega = params[4]
        if i > 0:
            swing = 1.0 / (1.0 + math.exp(b * x[n + i]))
            omega = params[5] + (params[6] - params[5]) * swing
        growth = alpha * (mu - x[i] ** 2 - x[n + i] ** 2)
        dx[i] = growth * x[i] - omega * x[n + i]
        dx[n + i] = growth * x[n + i] + omega * x[i]
        row = HEADER + ROW * i
        j = int(params[row + SENDER])
        if j != i:
            cosine, sine = params[row + COSINE], params[row + SINE]
            dx[i] += w * (cosine * x[j] - sine * x[n + j] - x[i])
            dx[n + i] += w * (sine * x[j] + cosine * x[n + j] - x[n + i])
    dx[n] += push


@numba.njit(error_model="numpy", nogil=True)
def advance(params: Array, push: float, x: Array, h: float) -> None:
    """Integrates the oscillators over `h` [s] with a constant input to the pacemaker [1/s].

    Far outside the limit cycle, where the radius shrinks fast, in more than one step.
    """
    start, dx, total = np.empty(x.size), np.empty(x.size), np.empty(x.size)
    largest = 0.0
    for i in range(x.size):
        largest = max(largest, x[i] ** 2)
    count = 1 + int(4.0 * params[0] * largest * h)
    for _ in range(count):
        for k in range(4):
            slope(params, push, x, dx)
            stage(k, h / count, start, dx, total, x)


def reset(params: Array, state: Array, dt: float) -> None:
    """Starts every oscillator in its phase on its limit cycle, both feet on the ground."""
    n = (state.size - 2) // 2
    radius = math.sqrt(params[1])
    state[0] = radius
    for i in range(1, n):
        row = HEADER + ROW * i
        j = int(params[row + SENDER])
        cosine, sine = params[row + COSINE], params[row + SINE]
        state[i] = cosine * state[j] - sine * state[n + j]
        state[n + i] = sine * state[j] + cosine * state[n + j]
    state[2 * n :] = 1.0


def step(params: Array, state: Array, obs: Array, time: float, dt: float, ctrl: Array) -> None:
    """Advances the oscillators by one control step and writes target angles."""
    nu = ctrl.size
    n = nu + 1
    senses = params[HEADER + ROW * n : HEADER + ROW * n + SENSE]
    foot = landing(senses, obs, state[2 * n :])
    if foot >= 0:
        state[0] = math.sqrt(params[1]) * (1.0 - 2.0 * foot)
        state[n] = 0.0
    advance(params, lean(senses, obs, nu), state[: 2 * n], dt)
    for j in range(nu):
        row = HEADER + ROW * (j + 1)
        ctrl[j] = params[row + SIGN] * params[row + AMPLITUDE] * state[j + 1]
    aim(params, obs, ctrl)


class Controller:
    """One Hopf oscillator per driven joint, coupled so that phases are as asked.

    Oscillator i has the coordinates x and y and follows oscillator j:

        dx_i/dt = alpha (mu - r_i^2) x_i - omega_i y_i + w (cos(lead) x_j - sin(lead) y_j - x_i)
        dy_i/dt = alpha (mu - r_i^2) y_i + omega_i x_i + w (sin(lead) x_j + cos(lead) y_j - y_i)
        omega_i = omega_stance / (exp(-b y_i) + 1) + omega_swing / (exp(b y_i) + 1)

    (without the coupling: eqs. 1 to 3 of Righetti and Ijspeert, 2008, where y settles at a rate of its own)
    and the joint's signal is A_i x_i. The radius settles at sqrt(mu) whatever
    the start, so a disturbed rhythm comes back without a jump. Where y > 0 the
    joint is in its stance half, which lasts the share `stance` of a stride. The pacemaker turns
    evenly and gets f(obs) in its second equation.

    Args:
        morphology: The body.
        coupling: "pacemaker": every joint follows the pacemaker; "chain": the joint above it.
        symmetry: "mirror" shares genes between left and right, "none" gives each joint its own.
        feedback: What the pacemaker feels: the torso's roll ("tilt"), left minus right foot load ("load").
        phase_reset: Whether a foot's landing puts the pacemaker into phase 0 (left) or pi (right).
        reset_load: Load from which a foot has landed, as a fraction of body weight.
        mu: Square of the radius mu [1].
        alpha: Rate alpha at which the radius settles [1/s].
        coupling_strength: Coupling w [1/s].
        sharpness: Steepness b of the change between stance and swing [1].
        reflex: Whether torso tilt and rate move the target angles.
        reflex_stems: Joints that take part in the reflex; those of hips and ankles where None.

    References:
        Righetti and Ijspeert, 2008, Pattern generators with sensory feedback for the control of quadruped
        locomotion, doi:10.1109/ROBOT.2008.4543306. Ijspeert, 2008, Central pattern generators for locomotion
        control in animals and robots: a review, doi:10.1016/j.neunet.2008.03.014.
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
        alpha: float = 10.0,
        coupling_strength: float = 5.0,
        sharpness: float = 10.0,
        reflex: bool = True,
        reflex_stems: tuple[str, ...] | None = None,
    ) -> None:
        self.posture = Posture(morphology, symmetry, reflex, reflex_stems)
        self.followers = Followers(self.posture.drives, coupling)
        self.senses = Senses(morphology, feedback, reset_load if phase_reset else math.inf)
        self.constants = (alpha, mu, coupling_strength, sharpness)
        stance = Gene(
            "stance", 0.35, 0.65, "1", "share of a stride that the stance half of each joint lasts"
        )
        self.space = Space([*self.followers.genes, stance, *self.senses.genes, *self.posture.genes])
        self.state_size = 2 * len(self.followers.names) + 2

    def parameters(self, values: dict[str, float]) -> Array:
        """Header, table of oscillators, senses and posture, in one row."""
        turn = 2.0 * math.pi / values["period"]
        header = [
            *self.constants,
            turn,
            turn / 2 / values["stance"],
            turn / 2 / (1.0 - values["stance"]),
        ]
        parts = (self.followers, self.senses, self.posture)
        return np.concatenate([header, *(part.parameters(values) for part in parts)])

    def outputs(self, params: Array, states: Array) -> dict[str, Array]:
        """Coordinate x of every oscillator."""
        return dict(
            zip(self.followers.names, states[:, : len(self.followers.names)].T, strict=True)
        )
