"""The contract of a controller: genes, and two plain functions on named fields.

A controller is a module with one public class `Controller(morphology, **options)`.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import numpy as np

from evoloco import fields
from evoloco.errors import ControllerError, user_code
from evoloco.fields import Array, Fields, Layout, Record, Shapes
from evoloco.genome import Space

Reset = Callable[[Record, Record, float], None]
Step = Callable[[Record, Record, Record, float, float, Array], None]

OLD = (
    "This controller is written for flat arrays. Let `parameters` return fields by name, such as "
    '{"frequency": 1.2}, name the fields of the state in `state`, such as {"phase": ()} instead of '
    "`state_size`, and read both by name in `reset` and `step`: params.frequency, state.phase, "
    "obs.tilt[1]. See docs/write-a-controller.md."
)


class Controller(Protocol):
    """Maps what a body observes to its controls.

    `reset` and `step` are module-level functions. Numba compiles them, and the physics loop calls
    them without Python. They may use arithmetic, loops, branches, `math` and NumPy functions that
    Numba knows, and other functions decorated with `numba.njit`. They write into what they are
    given and return nothing.

    A class may have a method `outputs(params, states) -> dict[str, Array]` too. It returns named
    signals [1] (T,) to draw, from the states (T,) of an episode.

    Attributes:
        space: The genes.
        state: Name and shape of each field of the state, such as {"phase": (), "u": (10,)}.
        reset: `reset(params, state, dt)` prepares an episode; `state` arrives zeroed.
        step: `step(params, state, obs, time, dt, ctrl)` runs once per control step. It advances
            `state` by `dt` [s] and writes `ctrl` (nu,): target angles [rad] in the order of the
            morphology's joints, excitations of muscles, or torques of motors. `params` has the
            fields that `parameters` returns. `obs` has one field per sensor (`evoloco.sensor`).
    """

    space: Space
    state: Shapes

    @property
    def reset(self) -> Reset:
        """Prepares an episode."""

    @property
    def step(self) -> Step:
        """Runs once per control step."""

    def parameters(self, values: dict[str, float]) -> Fields:
        """The fields of `params` for decoded gene values; their shapes do not depend on these."""


def layouts(controller: Controller) -> tuple[Layout, Layout]:
    """Layouts of a controller's `params` and `state`.

    Raises:
        ControllerError: It is written for flat arrays.
        SpecError: `parameters` raised an exception.
    """
    space, shapes = controller.space, getattr(controller, "state", None)
    with user_code("controller: `parameters`"):
        values = controller.parameters(space.decode(np.full(len(space), 0.5)))
    if not isinstance(values, Mapping) or not isinstance(shapes, Mapping):
        raise ControllerError(OLD)
    return fields.layout_of(values), fields.layout(shapes)


def signals(controller: Controller, params: Array, states: Array) -> dict[str, Any]:
    """The controller's named signals to draw; none where it has no `outputs`.

    Args:
        controller: Its controller.
        params: Flat parameters (n,).
        states: Flat states of an episode (T, state size).

    Raises:
        ControllerError: A signal is not one number per step.
        SpecError: `outputs` raised an exception.
    """
    outputs = getattr(controller, "outputs", None)
    if outputs is None:
        return {}
    of_params, of_state = layouts(controller)
    named_params, named_states = fields.record(params, of_params), fields.records(states, of_state)
    with user_code("controller: `outputs`"):
        drawn: dict[str, Any] = dict(outputs(named_params, named_states))
        shapes = {name: np.shape(values) for name, values in drawn.items()}

    for name, shape in shapes.items():
        if shape != (len(states),):
            raise ControllerError(
                f"controller: `outputs` must return one number per step for each signal, an array "
                f"of shape ({len(states)},) here; '{name}' has shape {shape}."
            )
    return drawn


def check_signals(controller: Controller, dt: float) -> None:
    """Asks a controller for its signals once, in the state that `reset` leaves.

    Args:
        controller: The controller.
        dt: Time between control steps [s].

    Raises:
        ControllerError: A signal is not one number per step, or it is written for flat arrays.
        SpecError: `outputs` raised an exception.
    """
    of_params, of_state = layouts(controller)
    middle = controller.space.decode(np.full(len(controller.space), 0.5))
    params = fields.flatten(controller.parameters(middle))
    states = np.zeros((2, fields.size(of_state)))
    for row in states:
        # A `reset` that fails is told by the simulation, with the episode's address.
        with suppress(Exception):
            controller.reset(fields.record(params, of_params), fields.record(row, of_state), dt)
    signals(controller, params, states)
