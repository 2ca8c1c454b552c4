"""A device on the bus that only measures."""

from collections.abc import Sequence

from evoloco.bus.control_table import Register
from evoloco.bus.registers import Registers
from evoloco.bus.wire import Error


class Board:
    """A device with readings, none of which can be written.

    Args:
        device: Its id.
        readings: Its registers, besides model number and id.
        model_number: That it tells.

    Attributes:
        id: Of the device.
        registers: Its memory.
        alert: Whether it has a hardware error: it never has.
    """

    alert = False

    def __init__(self, device: int, readings: Sequence[Register], model_number: int = 0) -> None:
        self.id = device
        about = [Register("model_number", 0, 2, model_number), Register("id", 7, 1, device)]
        self.registers = Registers([*about, *readings])

    def write(self, address: int, data: bytes) -> Error:  # noqa: ARG002 - the contract's
        """Refuses."""
        return Error.ACCESS
