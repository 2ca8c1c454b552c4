"""Feet on paths of one phase."""

import math

import numpy as np

from evoloco.fields import Array, Fields, Record
from evoloco.genome import Space
from evoloco.morphology import Morphology

from ._foot_paths import FootPaths, begin, feel, follow, pace, within


def reset(params: Record, state: Record, dt: float) -> None:
    """Between two swings."""
    state.phase = 0.0
    begin(params.paths, state.feet)


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Advances the phase by one control step and writes target angles."""
    feel(params.paths, state.feet, obs, dt)
    state.phase = within(state.phase + dt / params.paths.period * pace(params.paths, state.feet, state.phase))
    follow(params.paths, state.feet, state.phase, time, dt, ctrl)


class Controller:
    """Feet that follow paths."""

    reset = staticmethod(reset)
    step = staticmethod(step)

    def __init__(self, morphology: Morphology, answers: bool = True) -> None:
        self.paths = FootPaths(morphology, answers)
        self.space = Space(self.paths.genes)
        self.state = {"phase": (), "feet": self.paths.state}

    def parameters(self, values: dict[str, float]) -> Fields:
        """Paths."""
        return {"paths": self.paths.parameters(values)}

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """Sine of the phase."""
        return {"phase": np.sin(2.0 * math.pi * states.phase)}
