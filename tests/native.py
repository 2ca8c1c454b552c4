"""A controller's compiled functions, called from Python."""

import ctypes
import functools
import math
from types import SimpleNamespace

import numpy as np

from evoloco.sim.compile import CompiledController

DT = 0.02
ADDRESS, REAL, COUNT = ctypes.c_void_p, ctypes.c_double, ctypes.c_int64


@functools.cache
def compiled(reset, step):
    return CompiledController(SimpleNamespace(reset=reset, step=step))


class Native:
    """Runs a controller as the episode kernel does, on observations that a test makes up."""

    def __init__(self, controller, morphology):
        self.controller, self.nu = controller, morphology.model.nu
        self.silence = np.zeros(morphology.observation.size)
        code = compiled(controller.reset, controller.step)
        self._reset = ctypes.CFUNCTYPE(None, ADDRESS, ADDRESS, REAL, COUNT, COUNT)(code.reset)
        arrays = (ADDRESS, ADDRESS, ADDRESS, REAL, REAL, ADDRESS)
        self._step = ctypes.CFUNCTYPE(None, *arrays, COUNT, COUNT, COUNT, COUNT)(code.step)

    def reset(self, params, dt=DT):
        """A fresh state."""
        state = np.zeros(self.controller.state_size)
        self._reset(params.ctypes.data, state.ctypes.data, dt, params.size, state.size)
        return state

    def step(self, params, state, obs, time, dt=DT):
        """Advances `state` and returns the commands."""
        ctrl = np.full(self.nu, math.nan)
        addresses = (
            params.ctypes.data,
            state.ctypes.data,
            obs.ctypes.data,
            time,
            dt,
            ctrl.ctypes.data,
        )
        self._step(*addresses, params.size, state.size, obs.size, ctrl.size)
        return ctrl

    def first(self, obs, dt, **values):
        """The commands of the first step, with the genes where a search begins but for some values."""
        space = self.controller.space
        params = self.controller.parameters({**space.decode(space.start), **values})
        return self.step(params, self.reset(params, dt), obs, 0.0, dt)

    def run(self, params, duration, obs=None, state=None, dt=DT):
        """States and commands of every control step; `obs` is a function of time."""
        state = self.reset(params, dt) if state is None else state
        states, commands = [], []
        for k in range(round(duration / dt)):
            commands.append(
                self.step(params, state, self.silence if obs is None else obs(k * dt), k * dt, dt)
            )
            states.append(state.copy())
        return np.array(states), np.array(commands)


def on_one_leg(where, left=True):
    """Observations while one leg carries the body, the other one swings ahead of the pelvis; fibres short, no force."""
    obs = np.zeros(where.size)
    obs[where.foot_load] = (1.0, 0.0) if left else (0.0, 1.0)
    obs[where.foot_ahead] = (0.1, -0.3) if left else (-0.3, 0.1)
    obs[where.muscle_length] = 0.5
    return obs
