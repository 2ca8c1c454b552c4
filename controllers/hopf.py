"""Coupled Hopf oscillators whose stance and swing may last differently."""

import math
from dataclasses import dataclass

import numba
import numpy as np

from evoloco.fields import Array, Fields, Record
from evoloco.genome import Gene

from ._followers import Followers
from ._foot_paths import begin, follow_oscillator
from ._integrate import stage
from ._pacemaker import feel, landing
from ._posture import aim
from ._stride import begin_at, elapsed, track


@numba.njit(error_model="numpy", nogil=True)
def frequency(params: Record, y: float) -> float:
    """Frequency omega of a joint's oscillator [rad/s]: equation (3)."""
    swing = 1.0 / (1.0 + math.exp(params.sharpness * y))
    return float(params.omega_stance + (params.omega_swing - params.omega_stance) * swing)


@numba.njit(error_model="numpy", nogil=True)
def slope(params: Record, felt: float, state: Record, dx: Array, dy: Array) -> None:
    """Rates of change of the coordinates x and y of all oscillators (n,)."""
    x, y, w, oscillators = state.x, state.y, params.coupling, params.oscillators
    for i in range(x.size):
        omega = params.omega_pacemaker if i == 0 else frequency(params, y[i])
        growth = params.alpha * (params.mu - x[i] ** 2 - y[i] ** 2)
        dx[i] = growth * x[i] - omega * y[i]  # (1)
        dy[i] = growth * y[i] + omega * x[i]  # (2)

        j = int(oscillators.sender[i])
        if j != i:
            cosine, sine = oscillators.cosine[i], oscillators.sine[i]
            dx[i] += w * (cosine * x[j] - sine * y[j] - x[i])
            dy[i] += w * (sine * x[j] + cosine * y[j] - y[i])

    dy[0] += felt


@numba.njit(error_model="numpy", nogil=True)
def advance(params: Record, felt: float, state: Record, h: float) -> None:
    """Integrates the oscillators over `h` [s] with a constant input to the pacemaker [1/s].

    Far outside the limit cycle, where the radius shrinks fast, in more than one step.
    """
    x, y, n = state.x, state.y, state.x.size
    dx, dy, of_x, of_y = np.empty(n), np.empty(n), np.empty((2, n)), np.empty((2, n))

    largest = 0.0
    for i in range(n):
        largest = max(largest, x[i] ** 2, y[i] ** 2)
    count = 1 + int(4.0 * params.alpha * largest * h)

    for _ in range(count):
        for k in range(4):
            slope(params, felt, state, dx, dy)
            stage(k, h / count, x, dx, of_x)
            stage(k, h / count, y, dy, of_y)


@numba.njit(error_model="numpy", nogil=True)
def settle(params: Record, state: Record) -> None:
    """Starts every oscillator in its phase on its limit cycle, both feet on the ground."""
    x, y, oscillators = state.x, state.y, params.oscillators
    x[0] = math.sqrt(params.mu)
    for _ in range(x.size):  # until each has its sender's phase, whatever their order
        for i in range(1, x.size):
            j, cosine, sine = int(oscillators.sender[i]), oscillators.cosine[i], oscillators.sine[i]
            x[i] = cosine * x[j] - sine * y[j]
            y[i] = sine * x[j] + cosine * y[j]

    state.loads[:] = 1.0


@numba.njit(error_model="numpy", nogil=True)
def oscillate(params: Record, state: Record, obs: Record, time: float, dt: float) -> None:
    """Oscillators go on by a time of their own [s], in steps of `dt` [s] at most."""
    foot = landing(params.senses, obs, state.loads)
    if foot >= 0:
        state.x[0] = math.sqrt(params.mu) * (1.0 - 2.0 * foot)
        state.y[0] = 0.0

    felt, count = feel(params.senses, obs), max(1, math.ceil(time / dt))
    for _ in range(count):
        advance(params, felt, state, time / count)


@numba.njit(error_model="numpy", nogil=True)
def phase(state: Record) -> float:
    """Phase of the pacemaker, in turns."""
    return float(math.atan2(state.y[0], state.x[0]) / (2.0 * math.pi))


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

    sign, amplitude = params.oscillators.sign, params.oscillators.amplitude
    for j in range(ctrl.size):
        ctrl[j] = sign[j + 1] * amplitude[j + 1] * state.x[j + 1]

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
    """One Hopf oscillator per driven joint, coupled so that phases are as asked.

    Oscillator i has the coordinates x and y and follows oscillator j:

        (1) dx_i/dt = alpha (mu - r_i^2) x_i - omega_i y_i + w (cos(lead) x_j - sin(lead) y_j - x_i)
        (2) dy_i/dt = alpha (mu - r_i^2) y_i + omega_i x_i + w (sin(lead) x_j + cos(lead) y_j - y_i)
        (3) omega_i = omega_stance / (exp(-b y_i) + 1) + omega_swing / (exp(b y_i) + 1)

    The numbers are those of Righetti and Ijspeert (2008), who have no coupling here, and whose y
    settles at a rate of its own. The joint's signal is A_i x_i. The radius settles at sqrt(mu)
    whatever the start, so a disturbed rhythm comes back without a jump. Where y > 0 the joint is in
    its stance half, which lasts the share `stance` of a stride. The pacemaker turns evenly and gets
    f(obs) in its second equation.

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
        mu: Square of the radius mu [1].
        alpha: Rate alpha at which the radius settles [1/s].
        coupling_strength: Coupling w [1/s].
        sharpness: Steepness b of the change between stance and swing [1].

    Raises:
        SpecError: An option is of joints, and feet are driven.
        ModelError: The body has muscles, or motors that take torques; or feet are driven or felt,
            and there is none that can be.

    References:
        Righetti and Ijspeert, 2008, Pattern generators with sensory feedback for the control of
        quadruped locomotion, doi:10.1109/ROBOT.2008.4543306. Ijspeert, 2008, Central pattern
        generators for locomotion control in animals and robots: a review,
        doi:10.1016/j.neunet.2008.03.014.
    """

    functions = {"joints": (reset, step), "feet": (reset_feet, step_feet)}  # noqa: RUF012 - fixed
    variables = ("x", "y")
    shared = (
        Gene(
            "stance", 0.35, 0.65, "1", "share of a stride that the stance half of each joint lasts"
        ),
    )

    mu: float = 1.0
    alpha: float = 10.0
    coupling_strength: float = 5.0
    sharpness: float = 10.0

    def parameters(self, values: dict[str, float]) -> Fields:
        """Constants, frequencies of the pacemaker, in stance and in swing [rad/s], and the rest."""
        turn = 2.0 * math.pi / values["period"]
        return {
            "mu": self.mu,
            "alpha": self.alpha,
            "coupling": self.coupling_strength,
            "sharpness": self.sharpness,
            "omega_pacemaker": turn,
            "omega_stance": turn / 2 / values.get("stance", 0.5),
            "omega_swing": turn / 2 / (1.0 - values.get("stance", 0.5)),
            **super().parameters(values),
        }

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """Coordinate x of every oscillator."""
        return dict(zip(self.names, states.x.T, strict=True))
