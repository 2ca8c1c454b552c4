"""A device's memory: numbers at addresses, and who may write them."""

from collections.abc import Sequence

from evoloco.bus.control_table import SIZE, Register
from evoloco.bus.wire import Error


class Registers:
    """The registers of one device.

    Args:
        table: Which there are. Between them are bytes that read as 0.

    Attributes:
        memory: All bytes of the device.
        table: The registers by name.
    """

    def __init__(self, table: Sequence[Register]) -> None:
        self.table = {register.name: register for register in table}
        self.memory = bytearray(SIZE)
        for register in table:
            self[register.name] = register.initial

    def __getitem__(self, name: str) -> int:
        register = self.table[name]
        held = self.memory[register.address : register.address + register.size]
        return int.from_bytes(held, "little", signed=register.size > 1)

    def __setitem__(self, name: str, value: int) -> None:
        """Sets a register, whoever may write it; a number that does not fit is cut off."""
        register = self.table[name]
        bits = 8 * register.size
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if register.size > 1 else (0, 255)
        held = min(max(value, low), high) & (1 << bits) - 1
        self.memory[register.address : register.address + register.size] = held.to_bytes(
            register.size, "little"
        )

    def read(self, address: int, count: int) -> bytes | None:
        """Some bytes; None where the device has none."""
        if count < 1 or address + count > SIZE:
            return None
        return bytes(self.memory[address : address + count])

    def written(self, address: int, data: bytes) -> dict[str, int] | Error:
        """Which registers some bytes would change, and to what; or why they may not.

        Only whole registers can be written.
        """
        end, changes = address + len(data), {}
        for register in self.table.values():
            start, stop = register.address, register.address + register.size
            if stop <= address or start >= end:
                continue
            if register.range is None:
                return Error.ACCESS
            if start < address or stop > end:
                return Error.LENGTH
            value = int.from_bytes(
                data[start - address : stop - address], "little", signed=register.size > 1
            )
            if not register.range[0] <= value <= register.range[1]:
                return Error.RANGE
            changes[register.name] = value
        return changes or Error.ACCESS
