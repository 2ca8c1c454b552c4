"""The load cell of a foot as a device on the bus."""

from dataclasses import dataclass

from evoloco.bus.board import Board
from evoloco.bus.control_table import Register


@dataclass(frozen=True)
class FootMount:
    """A load cell.

    Attributes:
        foot: Name of the foot.
        id: Of the device on the bus.
        address: Of the load, two bytes.
        step: Load of one unit [N].
    """

    foot: str
    id: int
    address: int = 26
    step: float = 0.01


class Foot(Board):
    """The load cell of a foot: the vertical force of the ground on it."""

    def __init__(self, mount: FootMount) -> None:
        self._step = mount.step
        super().__init__(mount.id, [Register("load", mount.address, 2)])

    def feel(self, load: float) -> None:
        """Measures a load [N]."""
        self.registers["load"] = round(load / self._step)
