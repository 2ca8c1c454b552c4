"""Sinusoids of time: the baseline that every oscillator with feedback should beat."""

import math

import numpy as np

from evoloco.controller import Reset, Step
from evoloco.fields import Array, Fields, Record, Shapes
from evoloco.genome import Gene, Space
from evoloco.morphology import Morphology

from . import feet
from ._driven import Driven, check_options
from ._posture import Posture, aim
from ._stride import TURN, begin_at, elapsed, track, turned
from ._symmetry import Symmetry, amplitude, owners


def reset(params: Record, state: Record, dt: float) -> None:
    """Starts at phase 0."""
    state.phase, state.ahead = 0.0, 0.0
    begin_at(params.posture.feedback, state.posture, 0.0)


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Writes the target angles of the phase, which posture feedback lets go faster or slower."""
    feedback = params.posture.feedback
    state.phase = state.ahead

    own = elapsed(feedback, state.posture, obs, dt)
    state.ahead = turned(state.phase + TURN * own / params.period)
    track(feedback, state.posture, state.ahead / TURN, own)

    for j in range(ctrl.size):
        ctrl[j] = params.amplitude[j] * math.sin(state.phase + params.lead[j])

    aim(params.posture, state.posture, obs, dt, ctrl)


class Controller:
    """One sinusoid per driven joint: without feedback, unless asked for.

    The target angle of joint j is

        home_j + offset_j + A_j sin(2 pi t / T + phi_j)

    and a right joint does the mirror image half a period later. Where feet are driven, their paths
    follow the phase t / T, as those of `feet`.

    Args:
        morphology: The body.
        symmetry: "mirror" shares genes between left and right, "none" gives each joint its own.
        drive: "joints", or "feet" on paths.
        answers: Whether hips, ankles, steps and phase answer the torso's tilt, filtered and
            bounded.
        load: Whether landings reset and hold the phase; the robot then needs load cells or switches
            at its feet.

    Raises:
        SpecError: Feet are driven, and genes of joints are not to be shared.
        ModelError: There are no feet to be driven or felt.
    """

    def __init__(
        self,
        morphology: Morphology,
        symmetry: Symmetry = "mirror",
        drive: Driven = "joints",
        answers: bool = False,
        load: bool = False,
    ) -> None:
        self.state: Shapes
        self.feet: feet.Controller | None = None
        if drive == "feet":
            check_options(drive, symmetry=symmetry != "mirror")
            self.feet = feet.Controller(morphology, answers, load=load)
            self.space, self.state = self.feet.space, self.feet.state
            return

        self.posture = Posture(morphology, symmetry, reflex=False, answers=answers, load=load)
        genes = [Gene("period", 0.4, 1.4, "s", "duration of a stride", log=True)]
        for part in owners(self.posture.drives):
            genes.append(amplitude(part, "amplitude", "swing to either side"))
            genes.append(
                Gene(f"{part.genes}.phase", -math.pi, math.pi, "rad", "lead over the stride")
            )
        self.space = Space([*genes, *self.posture.genes])
        self.state = {"phase": (), "ahead": (), "posture": self.posture.state}

    @property
    def reset(self) -> Reset:
        """Prepares an episode."""
        return feet.reset if self.feet else reset

    @property
    def step(self) -> Step:
        """Runs once per control step."""
        return feet.step if self.feet else step

    def parameters(self, values: dict[str, float]) -> Fields:
        """Period [s], and amplitude [rad] and lead [rad] of every joint; or paths of the feet."""
        if self.feet:
            return self.feet.parameters(values)

        parts = self.posture.drives
        return {
            "period": values["period"],
            "amplitude": [part.sign * values[f"{part.genes}.amplitude"] for part in parts],
            "lead": [
                values[f"{part.genes}.phase"] - (math.pi if part.late else 0.0) for part in parts
            ],
            "posture": self.posture.parameters(values),
        }

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """Sine of every joint, or of the phase."""
        if self.feet:
            return self.feet.outputs(params, states)

        return {
            part.joint.name: np.sin(states.phase + params.lead[part.index])
            for part in self.posture.drives
        }
