"""How long a compiled controller takes for one control step."""

import time
from typing import Any

import numba
import numpy as np

from evoloco.controller import Controller
from evoloco.episode import Episode
from evoloco.fields import size
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.sim.compile import CompiledController
from evoloco.sim.native import caller

PASSES = 7
"""Times that the episode is gone through; the fastest one counts."""

LEAST = 5000
"""Control steps that one pass has at least."""

_call_reset = caller("iid")
_call_step = caller("iiiddii")


@numba.njit(error_model="numpy", nogil=True, cache=False)
def _steps(reset, step, params, state, obs, time, dt, ctrl, rounds):  # type: ignore[no-untyped-def]
    """Steps through the rows of `obs`, several times; a controller that fails is not noticed."""
    width = obs.shape[1]
    for _ in range(rounds):
        state[:] = 0.0
        _call_reset(reset, (params.ctypes.data, state.ctypes.data, dt))
        for t in range(obs.shape[0]):
            row = obs.ctypes.data + 8 * width * t
            arguments = (
                params.ctypes.data,
                state.ctypes.data,
                row,
                time[t],
                dt,
                ctrl.ctypes.data,
                ctrl.size,
            )
            _call_step(step, arguments)


def control_cost(
    controller: Controller, morphology: Morphology, params: Array, episode: Episode
) -> float:
    """Returns the time of one control step [µs], compiled, on what an episode observed.

    Args:
        controller: The controller.
        morphology: Its body.
        params: Its flat parameters (n,).
        episode: Of these parameters.
    """
    native = CompiledController(controller, morphology.observation)
    observed = np.ascontiguousarray(episode["obs"])
    rounds = -(-LEAST // len(observed))
    given: tuple[Any, ...] = (
        native.reset,
        native.step,
        np.ascontiguousarray(params),
        np.zeros(max(size(native.state), 1)),
        observed,
        np.ascontiguousarray(episode.time),
        episode.control_dt,
        np.zeros(episode.columns.widths["ctrl"]),
    )
    _steps(*given, 1)  # compiles it

    took = []
    for _ in range(PASSES):
        began = time.perf_counter()
        _steps(*given, rounds)
        took.append(time.perf_counter() - began)
    return 1e6 * min(took) / (rounds * len(observed))
