"""Open-loop sinusoids: the baseline that every oscillator with feedback should beat."""

import math

import numpy as np

from evoloco.fields import Array, Fields, Record
from evoloco.genome import Gene, Space
from evoloco.morphology import Morphology

from ._posture import Posture, aim
from ._symmetry import Symmetry, amplitude, owners


def reset(params: Record, state: Record, dt: float) -> None:
    """Starts at phase 0."""
    state.phase = 0.0


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Writes the target angles that belong to `time`; feels nothing."""
    state.phase = 2.0 * math.pi * time / params.period

    for j in range(ctrl.size):
        ctrl[j] = params.amplitude[j] * math.sin(state.phase + params.lead[j])

    aim(params.posture, obs, ctrl)


class Controller:
    """One sinusoid per driven joint, without any feedback.

    The target angle of joint j is

        home_j + offset_j + A_j sin(2 pi t / T + phi_j)

    and a right joint does the mirror image half a period later.

    Args:
        morphology: The body.
        symmetry: "mirror" shares genes between left and right, "none" gives each joint its own.
    """

    reset = staticmethod(reset)
    step = staticmethod(step)

    def __init__(self, morphology: Morphology, symmetry: Symmetry = "mirror") -> None:
        self.posture = Posture(morphology, symmetry, reflex=False)
        genes = [Gene("period", 0.4, 1.4, "s", "duration of a stride", log=True)]
        for part in owners(self.posture.drives):
            genes.append(amplitude(part, "amplitude", "swing to either side"))
            genes.append(
                Gene(f"{part.genes}.phase", -math.pi, math.pi, "rad", "lead over the stride")
            )
        self.space = Space([*genes, *self.posture.genes])
        self.state = {"phase": ()}

    def parameters(self, values: dict[str, float]) -> Fields:
        """Period [s], and amplitude [rad] and lead [rad] of every joint."""
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
        """Sine of every joint."""
        return {
            part.joint.name: np.sin(states.phase + params.lead[part.index])
            for part in self.posture.drives
        }
