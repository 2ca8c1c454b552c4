"""A controller of your own: one phase that slows down while the foot is loaded.

Run it: evoloco evolve examples/own_controller.toml
"""

import math

import numpy as np

from evoloco.genome import Array, Gene, Space
from evoloco.morphology import Morphology


def reset(params: Array, state: Array, dt: float) -> None:
    """Starts at phase 0."""
    state[0] = 0.0


def step(params: Array, state: Array, obs: Array, time: float, dt: float, ctrl: Array) -> None:
    """Advances the phase and writes target angles; obs ends with the load of the last foot."""
    rate = 2 * math.pi * params[0] - params[1] * obs[obs.size - 1] * math.cos(state[0])
    state[0] += rate * dt
    for j in range(ctrl.size):
        ctrl[j] = params[2 + 3 * j] + params[3 + 3 * j] * math.sin(state[0] + params[4 + 3 * j])


class Controller:
    """One oscillator for all joints, with local feedback of the ground force N.

        d phi / dt = 2 pi f - sigma N cos(phi),    ctrl_j = middle_j + swing_j sin(phi + lead_j)

    References:
        Owaki, Kano, Nagasawa, Tero, Ishiguro, 2013, Simple robot suggests physical interlimb
        communication is essential for quadruped walking, doi:10.1098/rsif.2012.0669.
    """

    reset, step = staticmethod(reset), staticmethod(step)
    state_size = 1

    def __init__(self, morphology: Morphology) -> None:
        genes = [
            Gene("frequency", 0.5, 4, "Hz", log=True),
            Gene("sigma", 0, 10, "rad/s", "answer to load"),
        ]
        for joint in morphology.joints:
            low, high = max(joint.low, joint.home - 0.4), min(joint.high, joint.home + 0.4)
            genes.append(Gene(f"{joint.name}.middle", low, high, "rad"))
            genes.append(Gene(f"{joint.name}.swing", 0, 0.5, "rad"))
            genes.append(Gene(f"{joint.name}.lead", -math.pi, math.pi, "rad"))
        self.space = Space(genes)

    def parameters(self, values: dict[str, float]) -> Array:
        """Returns the values in the order of the genes."""
        return np.array([values[name] for name in self.space.names])

    def outputs(self, params: Array, states: Array) -> dict[str, Array]:
        """Returns the oscillation, for the report."""
        return {"oscillator": np.sin(states[:, 0])}
