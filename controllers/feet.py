"""Feet on paths: a clock moves the feet instead of the joints."""

import math

import numba
import numpy as np

from evoloco.controller import Step
from evoloco.fields import Array, Fields, Record
from evoloco.genome import Space
from evoloco.morphology import Morphology

from ._foot_paths import FootPaths, begin, follow
from ._odometry import feel_speed
from ._steering import follow_asked
from ._stride import elapsed, within


def reset(params: Record, state: Record, dt: float) -> None:
    """Between two swings, every joint at home."""
    begin(params.paths, state.feet)


@numba.njit(error_model="numpy", nogil=True)
def walk(paths: Record, feet: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Advances the phase by one control step and writes target angles."""
    own = elapsed(paths.feedback, feet.feedback, obs, dt)
    feet.feedback.phase = within(feet.feedback.phase + own / paths.period)
    follow(paths, feet, feet.feedback.phase, time, dt, ctrl)


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Walks on by one control step."""
    walk(params.paths, state.feet, obs, time, dt, ctrl)


def step_as_asked(
    params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array
) -> None:
    """The same, with the speed and turning that are asked for."""
    walk_as_asked(params.paths, state.feet, obs.command, obs, time, dt, ctrl)


@numba.njit(error_model="numpy", nogil=True)
def walk_as_asked(
    paths: Record, feet: Record, asked: Array, obs: Record, time: float, dt: float, ctrl: Array
) -> None:
    """Walks on by one control step with the asked speed [m/s], heading [rad] and turning rate."""
    feel_speed(paths.limbs, feet.odometry, obs, feet.steering.speed < 0.0, dt)
    follow_asked(paths.steering, feet.steering, feet.odometry.speed, asked, obs.rate[2], dt)
    walk(paths, feet, obs, time, dt, ctrl)


class Controller:
    """Feet follow paths of one phase, through the inverse kinematics of each leg.

    The phase p advances by one per period of a stride, unless `PostureFeedback` lets it go faster
    or slower. `FootPaths` says where each foot is then. Any legs of driven hinges will do: damped
    least squares find the angles. The starting genes walk slowly on most robots, so a search begins
    at a gait.

    Args:
        morphology: The body.
        answers: Whether legs, soles and places of steps answer the torso's tilt and rate.
        commands: Whether steps follow the speed and turning that are asked for: the sensor
            `command`, which a run file adds as [sensors.command].
        load: Whether landings reset and hold the phase; the robot then needs load cells or switches
            at its feet.

    Raises:
        ModelError: There is no foot, or one hangs on no driven hinge.
    """

    reset = staticmethod(reset)

    def __init__(
        self,
        morphology: Morphology,
        answers: bool = True,
        commands: bool = False,
        load: bool = False,
    ) -> None:
        self.paths = FootPaths(morphology, answers, commands, load)
        self.space = Space(self.paths.genes)
        self.state = {"feet": self.paths.state}

    @property
    def step(self) -> Step:
        """Runs once per control step."""
        return step_as_asked if self.paths.steering else step

    def parameters(self, values: dict[str, float]) -> Fields:
        """Paths of the feet."""
        return {"paths": self.paths.parameters(values)}

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """Sine of the phase."""
        return {"phase": np.sin(2.0 * math.pi * states.feet.feedback.phase)}
