"""The contract of a servo model, and the simplest: what MuJoCo's own actuators can do."""

from collections.abc import Sequence
from typing import Protocol

from evoloco.actuator import Actuators
from evoloco.genome import Array
from evoloco.identify import numbers as own
from evoloco.identify.numbers import Number
from evoloco.morphology import Morphology

Start = tuple[Array, Array]
"""Angles of the driven joints [rad] and commands [rad] (nu,) at the start."""


class ServoModel(Protocol):
    """A model of the servos of a body, whose numbers can be fitted."""

    @property
    def name(self) -> str:
        """Such as "m1"."""

    @property
    def meaning(self) -> str:
        """One line for those who choose it."""

    @property
    def numbers(self) -> tuple[Number, ...]:
        """What is fitted."""

    @property
    def prepared(self) -> Morphology:
        """The body with the actuators that the model needs; all others have its layout."""

    def body(self, values: Sequence[float], start: Start | None = None) -> Morphology:
        """The prepared body with values of its numbers, as far as MuJoCo has a place for them.

        Args:
            values: Of the numbers.
            start: What the home keyframe becomes; as it is where None.
        """

    def actuators(self, values: Sequence[float]) -> Actuators | None:
        """What lies between commands and MuJoCo's controls, if anything."""


class Coulomb:
    """M1: Coulomb and viscous friction, armature, gain and latency, all of them MuJoCo's own.

    Args:
        body: The body.
        masses: Whether the masses of the links are fitted too.
    """

    name = "m1"
    meaning = "Coulomb and viscous friction"

    def __init__(self, body: Morphology, masses: bool = False) -> None:
        self.prepared = own.prepared(body)
        self.numbers = tuple(own.numbers(body, masses))

    def body(self, values: Sequence[float], start: Start | None = None) -> Morphology:
        """The prepared body with values of its numbers."""
        return own.with_numbers(self.prepared, self.numbers, values, start)

    def actuators(self, values: Sequence[float]) -> Actuators | None:
        """None: MuJoCo does it all."""
        return None
