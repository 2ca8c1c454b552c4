"""A controller's compiled functions, called from Python, and the same functions interpreted."""

import ctypes
import functools
import math
from types import FunctionType

import numpy as np

from evoloco import fields
from evoloco.sim.compile import CompiledController

DT = 0.02
ADDRESS, REAL, COUNT = ctypes.c_void_p, ctypes.c_double, ctypes.c_int64
RESET = ctypes.CFUNCTYPE(COUNT, ADDRESS, ADDRESS, REAL)
STEP = ctypes.CFUNCTYPE(COUNT, ADDRESS, ADDRESS, ADDRESS, REAL, REAL, ADDRESS, COUNT)


@functools.cache
def interpreted(function):
    """A function in plain Python, with all that it calls: nothing in it is compiled by Numba."""
    function = getattr(function, "py_func", function)
    called = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    plain = {name: interpreted(each) for name, each in called.items() if hasattr(each, "py_func")}
    named = {**function.__globals__, **plain}
    return FunctionType(function.__code__, named, function.__name__, function.__defaults__)


class Native:
    """Runs a controller as the episode kernel does, on observations that a test makes up.

    Parameters, states and observations are flat rows; `see` and `kinds` give them names.
    """

    def __init__(self, controller, morphology):
        self.controller, self.nu = controller, morphology.model.nu
        self.kinds = CompiledController(controller, morphology.observation)
        self.silence = np.zeros(fields.size(morphology.observation))
        self._reset, self._step = RESET(self.kinds.reset), STEP(self.kinds.step)

    def params(self, values):
        """Flat parameters of gene values."""
        return fields.flatten(self.controller.parameters(values))

    def see(self, **readings):
        """A flat observation with these readings, all others 0."""
        obs = self.silence.copy()
        for name, reading in readings.items():
            fields.record(obs, self.kinds.observation)[name][:] = reading
        return obs

    def reset(self, params, dt=DT, state=None):
        """A fresh state, or the given zeros made one."""
        state = np.zeros(fields.size(self.kinds.state)) if state is None else state
        assert self._reset(params.ctypes.data, state.ctypes.data, dt) == 0
        return state

    def step(self, params, state, obs, time, dt=DT):
        """Advances `state` and returns the commands."""
        ctrl = np.full(self.nu, math.nan)
        addresses = params.ctypes.data, state.ctypes.data, obs.ctypes.data
        assert self._step(*addresses, time, dt, ctrl.ctypes.data, ctrl.size) == 0
        return ctrl

    def first(self, obs, dt, **values):
        """Commands of the first step, with genes where a search begins except for some values."""
        space = self.controller.space
        params = self.params({**space.decode(space.start), **values})
        return self.step(params, self.reset(params, dt), obs, 0.0, dt)

    def run(self, params, duration, obs=None, state=None, dt=DT):
        """Flat states and commands of every control step; `obs` is a function of time."""
        state = self.reset(params, dt) if state is None else state
        states, commands = [], []
        for k in range(round(duration / dt)):
            seen = self.silence if obs is None else obs(k * dt)
            commands.append(self.step(params, state, seen, k * dt, dt))
            states.append(state.copy())
        return np.array(states), np.array(commands)


def mirror(body, obs):
    """What the body would observe in a mirror."""
    image = obs.copy()
    here, there = (fields.record(row, body.observation) for row in (obs, image))
    names = [joint.name for joint in body.joints]
    swap = [names.index(joint.partner) for joint in body.joints]
    sign = np.array([joint.mirror for joint in body.joints])
    there.joint_angle[:] = sign * here.joint_angle[swap]
    there.joint_velocity[:] = sign * here.joint_velocity[swap]
    there.tilt *= [-1, 1]
    there.rate *= [-1, 1, -1]
    there.foot_load[:] = here.foot_load[::-1]
    return image


def on_one_leg(layout, left=True):
    """Observations while one leg carries the body and the other swings ahead; fibres short."""
    obs = np.zeros(fields.size(layout))
    seen = fields.record(obs, layout)
    seen.foot_load[:] = (1.0, 0.0) if left else (0.0, 1.0)
    seen.foot_ahead[:] = (0.1, -0.3) if left else (-0.3, 0.1)
    if "muscle_length" in fields.names(layout):
        seen.muscle_length[:] = 0.5
    return obs
