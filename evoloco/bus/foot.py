"""The load cell of a foot as a device on the bus."""

from dataclasses import dataclass

from evoloco.bus.control_table import Register
from evoloco.bus.registers import Registers
from evoloco.bus.wire import Error


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


class Foot:
    """The load cell of a foot: the vertical force of the ground on it."""

    alert = False

    def __init__(self, mount: FootMount) -> None:
        self.id, self.mount = mount.id, mount
        self.registers = Registers(
            [
                Register("model_number", 0, 2),
                Register("id", 7, 1, mount.id),
                Register("load", mount.address, 2),
            ]
        )

    def write(self, address: int, data: bytes) -> Error:
        """Refuses: nothing can be written."""
        written = self.registers.written(address, data)
        return written if isinstance(written, Error) else Error.ACCESS

    def feel(self, load: float) -> None:
        """Measures a load [N]."""
        self.registers["load"] = round(load / self.mount.step)
