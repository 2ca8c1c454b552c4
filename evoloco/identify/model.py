"""The contract of a servo model, and the simplest: what MuJoCo's own actuators can do."""

from collections.abc import Sequence
from typing import Protocol

from evoloco.actuator import Actuators
from evoloco.genome import Array
from evoloco.identify import numbers as own
from evoloco.identify.numbers import Number
from evoloco.morphology import Morphology


class ServoModel(Protocol):
    """A model of servos whose numbers can be fitted."""

    @property
    def name(self) -> str:
        """Such as "m1"."""

    @property
    def meaning(self) -> str:
        """One line for those who choose it."""

    def numbers(self, body: Morphology) -> list[Number]:
        """What is fitted of a body."""

    def prepared(self, body: Morphology) -> Morphology:
        """A body with the actuators that the model needs; all further ones have its layout."""

    def body(
        self,
        prepared: Morphology,
        numbers: Sequence[Number],
        values: Sequence[float],
        start: tuple[Array, Array] | None = None,
    ) -> Morphology:
        """A prepared body with values of its numbers (see `evoloco.identify.numbers`)."""

    def actuators(self, prepared: Morphology) -> Actuators | None:
        """What lies between commands and MuJoCo's controls, if anything."""

    def parameters(
        self, prepared: Morphology, numbers: Sequence[Number], points: Array
    ) -> Array | None:
        """Flat parameters of the actuators for several values of the numbers (points, n)."""


class Coulomb:
    """M1: Coulomb and viscous friction, armature, gain and latency, all of them MuJoCo's own.

    Args:
        masses: Whether the masses of the links are fitted too.
    """

    name = "m1"
    meaning = "Coulomb and viscous friction"

    def __init__(self, masses: bool = False) -> None:
        self._masses = masses

    def numbers(self, body: Morphology) -> list[Number]:
        """What is fitted of a body."""
        return own.numbers(body, self._masses)

    def prepared(self, body: Morphology) -> Morphology:
        """A body with room for delays."""
        return own.prepared(body)

    def body(
        self,
        prepared: Morphology,
        numbers: Sequence[Number],
        values: Sequence[float],
        start: tuple[Array, Array] | None = None,
    ) -> Morphology:
        """A prepared body with values of its numbers."""
        return own.with_numbers(prepared, numbers, values, start)

    def actuators(self, prepared: Morphology) -> Actuators | None:
        """None: MuJoCo does it all."""
        return None

    def parameters(
        self, prepared: Morphology, numbers: Sequence[Number], points: Array
    ) -> Array | None:
        """None, for there are no actuators of our own."""
        return None
