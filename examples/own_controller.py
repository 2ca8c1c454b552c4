"""A controller of your own: one phase that slows down while the foot carries load.

Run it: evoloco evolve examples/own_controller.toml
"""

import math

import numpy as np

from evoloco.fields import Array, Fields, Record
from evoloco.genome import Gene, Space
from evoloco.morphology import Morphology


def reset(params: Record, state: Record, dt: float) -> None:
    """Starts at phase 0."""
    state.phase = 0.0


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Advances the phase and writes target angles."""
    felt = params.sigma * obs.foot_load[0] * math.cos(state.phase)
    state.phase += (2 * math.pi * params.frequency - felt) * dt

    for j in range(ctrl.size):
        ctrl[j] = params.middle[j] + params.swing[j] * math.sin(state.phase + params.lead[j])


class Controller:
    """One oscillator for all joints, with local feedback of the ground force N.

        d phi / dt = 2 pi f - sigma N cos(phi),    ctrl_j = middle_j + swing_j sin(phi + lead_j)

    References:
        Owaki, Kano, Nagasawa, Tero, Ishiguro, 2013, Simple robot suggests physical interlimb
        communication is essential for quadruped walking, doi:10.1098/rsif.2012.0669.
    """

    reset, step = staticmethod(reset), staticmethod(step)

    def __init__(self, morphology: Morphology) -> None:
        self.state = {"phase": ()}
        self.joints = [joint.name for joint in morphology.joints]
        genes = [Gene("frequency", 0.5, 4, "Hz", log=True), Gene("sigma", 0, 10, "rad/s")]
        for joint in morphology.joints:
            low, high = max(joint.low, joint.home - 0.4), min(joint.high, joint.home + 0.4)
            genes.append(Gene(f"{joint.name}.middle", low, high, "rad"))
            genes.append(Gene(f"{joint.name}.swing", 0, 0.5, "rad"))
            genes.append(Gene(f"{joint.name}.lead", -math.pi, math.pi, "rad"))
        self.space = Space(genes)

    def parameters(self, values: dict[str, float]) -> Fields:
        """Two numbers, and one array per quantity of the joints."""
        names = ("middle", "swing", "lead")
        joints = {name: [values[f"{joint}.{name}"] for joint in self.joints] for name in names}
        return {"frequency": values["frequency"], "sigma": values["sigma"], **joints}

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """The oscillation, for the report."""
        return {"oscillator": np.sin(states.phase)}
