"""Feet on paths: a clock moves the feet instead of the joints."""

import math

import numpy as np

from evoloco.fields import Array, Fields, Record
from evoloco.genome import Space
from evoloco.morphology import Morphology

from ._foot_paths import FootPaths, begin, follow, within
from ._posture_feedback import feel, pace
from ._steering import steer


def reset(params: Record, state: Record, dt: float) -> None:
    """Between two swings, every joint at home."""
    state.phase = 0.0
    begin(params.paths, state.feet)


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Advances the phase by one control step and writes target angles."""
    paths, feet = params.paths, state.feet
    feel(paths.feedback, feet.feedback, obs, dt)

    rate = pace(paths.feedback, feet.feedback, state.phase) / paths.period
    state.phase = within(state.phase + dt * rate)
    follow(paths, feet, state.phase, time, dt, ctrl)


def step_as_asked(
    params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array
) -> None:
    """The same, with the speed and turning that are asked for."""
    paths, feet = params.paths, state.feet
    steer(paths.steering, feet.steering, obs, dt)
    feel(paths.feedback, feet.feedback, obs, dt)

    rate = pace(paths.feedback, feet.feedback, state.phase) / paths.period
    state.phase = within(state.phase + dt * rate)
    follow(paths, feet, state.phase, time, dt, ctrl)


class Controller:
    """Feet follow paths of one phase, through the inverse kinematics of each leg.

    The phase p advances with the period T of a stride:

        dp/dt = (1 + gain roll sin 2 pi p) / T

    `FootPaths` says where each foot is then, and how it answers the torso's tilt. Any legs of
    driven hinges will do: damped least squares find the angles. The starting genes walk slowly on
    most robots, so a search begins at a gait.

    Args:
        morphology: The body.
        answers: Whether legs, soles and places of steps answer the torso's tilt and rate.
        commands: Whether steps follow the speed and turning that are asked for: the sensor
            `command`, which a run file adds as [sensors.command].

    Raises:
        ModelError: A foot hangs on no driven hinge.
    """

    reset = staticmethod(reset)

    def __init__(
        self, morphology: Morphology, answers: bool = True, commands: bool = False
    ) -> None:
        self.step = step_as_asked if commands else step
        self.paths = FootPaths(morphology, answers, commands)
        self.space = Space(self.paths.genes)
        self.state = {"phase": (), "feet": self.paths.state}

    def parameters(self, values: dict[str, float]) -> Fields:
        """Paths of the feet."""
        return {"paths": self.paths.parameters(values)}

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """Sine of the phase."""
        return {"phase": np.sin(2.0 * math.pi * states.phase)}
