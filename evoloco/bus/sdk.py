"""The `dynamixel-sdk` of ROBOTIS, mended.

Version 4.1.0 has five faults that matter here:

* `addStuffing` returns the stuffed packet, but its caller goes on with the packet as it was.
* `removeStuffing` looks for FF FF FD in bytes that it has overwritten.
* A port counts its time-outs by a clock that may be set back, and waits without a pause.
* A port that fails stays in use, so that every later instruction is refused.
* Whatever a device answers is taken for the answer to the last question, though it is too long or
  too short for it.
"""

import select
import termios
import time
from typing import TYPE_CHECKING, Any

from evoloco.bus import wire
from evoloco.errors import EvolocoError
from evoloco.extras import needs

if TYPE_CHECKING:
    from dynamixel_sdk import PortHandler, Protocol2PacketHandler
else:
    _sdk = needs("dynamixel_sdk", "deploy")
    PortHandler, Protocol2PacketHandler = _sdk.PortHandler, _sdk.Protocol2PacketHandler

DEVICE, ID_AND_HEADER, DATA, CHECKSUM = 4, 5, 9, 2
"""Place of the id, bytes before a packet's length and an answer's data, and those behind them."""

SUCCESS = 0
"""Result of the SDK's functions that worked."""


class BusLostError(EvolocoError):
    """A port that does not answer any more: unplugged, or without power."""

    code = 3


class Port(PortHandler):  # type: ignore[misc]  # the SDK has no types
    """The SDK's port, which waits in the kernel and by a clock that only rises.

    Args:
        path: Such as /dev/ttyUSB0.
        baud: [bit/s].
        patience: Time that an answer may take at least [s]. An emulator in lock-step needs some,
            since its time stands still while it computes.

    Raises:
        BusLostError: The port cannot be opened.
    """

    def __init__(self, path: str, baud: int, patience: float = 0.0) -> None:
        super().__init__(path)
        self._patience = 1e3 * patience
        try:
            known = self.setBaudRate(baud)
        except OSError as error:
            raise BusLostError(f"The port {path} cannot be opened: {error}.") from error
        if not known:
            raise EvolocoError(f"The SDK knows no baud rate of {baud} bit/s.")

    def getCurrentTime(self) -> float:  # noqa: N802 - the SDK's name
        """Time since some moment [ms]."""
        return time.monotonic_ns() / 1e6

    def setPacketTimeout(self, packet_length: int) -> None:  # noqa: N802 - the SDK's name
        """Begins to wait for an answer of some bytes."""
        super().setPacketTimeout(packet_length)
        self.packet_timeout: float = max(self.packet_timeout, self._patience)

    def readPort(self, length: int) -> bytes:  # noqa: N802 - the SDK's name
        """Up to some bytes, for which it waits until the time is out.

        Raises:
            BusLostError: The port is gone.
        """
        left = self.packet_timeout - self.getTimeSinceStart()
        try:
            if left > 0:
                select.select([self.ser.fd], [], [], left / 1e3)
            return bytes(self.ser.read(length))
        except (OSError, TypeError, ValueError) as error:
            raise self._lost(error) from error

    def writePort(self, packet: Any) -> int:  # noqa: N802 - the SDK's name
        """Sends bytes.

        Raises:
            BusLostError: The port is gone.
        """
        try:
            return int(self.ser.write(packet))
        except (OSError, TypeError, ValueError) as error:
            raise self._lost(error) from error

    def clearPort(self) -> None:  # noqa: N802 - the SDK's name
        """Forgets what came before.

        Raises:
            BusLostError: The port is gone.
        """
        try:
            super().clearPort()
        except (OSError, TypeError, ValueError, termios.error) as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> BusLostError:
        """The error to raise; the port may be used again once it is back."""
        self.is_using = False
        reason = str(error.args[-1] if error.args else type(error).__name__).partition(" (")[0]
        return BusLostError(
            f"The port {self.port_name} does not answer any more ({reason}). Plug it in again."
        )


class PacketHandler(Protocol2PacketHandler):  # type: ignore[misc]  # the SDK has no types
    """The SDK's packets, with their bytes stuffed as the protocol wants it."""

    def addStuffing(self, packet: list[int]) -> list[int]:  # noqa: N802 - the SDK's name
        """Stuffs a packet in place; its checksum follows later."""
        return self._with_body(packet, wire.stuff(_body(packet)), [0] * CHECKSUM)

    def removeStuffing(self, packet: list[int]) -> list[int]:  # noqa: N802 - the SDK's name
        """Takes stuffed bytes off a packet in place."""
        return self._with_body(packet, wire.unstuff(_body(packet)), packet[-CHECKSUM:])

    def readTxRx(  # noqa: N802 - the SDK's name
        self, port: Port, dxl_id: int, address: int, length: int
    ) -> tuple[list[int], int, int]:
        """Asks a device for some bytes, and returns its data, the result and its error."""
        result = self.readTx(port, dxl_id, address, length)
        return self.readRx(port, dxl_id, length) if result == SUCCESS else ([], result, 0)

    def readRx(  # noqa: N802 - the SDK's name
        self, port: Port, dxl_id: int, length: int
    ) -> tuple[list[int], int, int]:
        """Data of a device's answer, the result and its error.

        Answers of other devices, and those of another length, are passed over.
        """
        while True:
            packet, result = self.rxPacket(port, False)
            if result != SUCCESS:
                return [], result, 0
            data, error = packet[DATA:-CHECKSUM], packet[DATA - 1]
            if packet[DEVICE] == dxl_id and (len(data) == length or error & ~wire.ALERT):
                return data, result, error

    def _with_body(self, packet: list[int], body: bytes, checksum: list[int]) -> list[int]:
        length = (len(body) + CHECKSUM).to_bytes(2, "little")
        packet[ID_AND_HEADER:] = [*length, *body, *checksum]
        return packet


def _body(packet: list[int]) -> bytes:
    """Instruction and parameters of a packet."""
    return bytes(packet[wire.START : -CHECKSUM])
