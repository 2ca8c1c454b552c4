"""Open-loop sinusoids: the baseline that every oscillator with feedback should beat."""

import math

import numpy as np

from evoloco.genome import Array, Gene, Space
from evoloco.morphology import Morphology

from ._posture import Posture, aim
from ._symmetry import Symmetry, amplitude, owners


def reset(params: Array, state: Array, dt: float) -> None:
    """Starts at phase 0."""
    state[0] = 0.0


def step(params: Array, state: Array, obs: Array, time: float, dt: float, ctrl: Array) -> None:
    """Writes the target angles that belong to `time`; feels nothing."""
    state[0] = 2.0 * math.pi * time / params[0]
    for j in range(ctrl.size):
        ctrl[j] = params[1 + 2 * j] * math.sin(state[0] + params[2 + 2 * j])
    aim(params, obs, ctrl)


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
        self.state_size = 1

    def parameters(self, values: dict[str, float]) -> Array:
        """Period, amplitude and phase of every joint, and the posture, in one row."""
        row = [values["period"]]
        for part in self.posture.drives:
            row.append(part.sign * values[f"{part.genes}.amplitude"])
            row.append(values[f"{part.genes}.phase"] - (math.pi if part.late else 0.0))
        return np.append(row, self.posture.parameters(values))

    def outputs(self, params: Array, states: Array) -> dict[str, Array]:
        """Sine of every joint."""
        return {
            part.joint.name: np.sin(states[:, 0] + params[2 + 2 * part.index])
            for part in self.posture.drives
        }
