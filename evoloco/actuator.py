"""The contract of actuators: a plain function between a command and MuJoCo's control."""

from collections.abc import Callable
from typing import Protocol

from evoloco.fields import Array, Fields, Record, Shapes

Actuate = Callable[[Record, Record, Array, Array, float, Array], None]


class Actuators(Protocol):
    """Models what MuJoCo's actuators do not: play of gears, friction, a learned motor.

    `actuate` is a module-level function that Numba compiles, like those of a controller.

    Attributes:
        state: Name and shape of each field of the state.
        actuate: `actuate(params, state, angle, velocity, dt, ctrl)` runs once per physics step,
            just before it. `angle` [rad] and `velocity` [rad/s] (joints,) are those of the driven
            joints. `ctrl` (nu,) arrives holding the command and leaves holding MuJoCo's control.
            `state` is zeroed at the start of an episode; `dt` is the physics step [s].
    """

    state: Shapes

    @property
    def actuate(self) -> Actuate:
        """Runs once per physics step."""

    def parameters(self) -> Fields:
        """The fields of `params`."""
