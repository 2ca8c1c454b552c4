"""The port of a robot's bus, and what goes wrong with devices on it."""

from evoloco.bus.sdk import Port
from evoloco.deploy.robot import Robot
from evoloco.errors import EvolocoError


class DeviceError(EvolocoError):
    """A device that did not answer, or not understandably.

    Attributes:
        device: Which.
        what: What it did.
    """

    code = 6

    def __init__(self, device: str, what: str) -> None:
        super().__init__(f"{device} {what}.")
        self.device, self.what = device, what


class RobotPort(Port):
    """A port that waits for answers as long as the robot's file says.

    Args:
        path: Such as /dev/ttyUSB0.
        robot: On its bus.
        patience: Time that every answer may take at least [s].

    Raises:
        BusLostError: The port cannot be opened.
    """

    def __init__(self, path: str, robot: Robot, patience: float) -> None:
        self._latency = 1e3 * max(robot.bus.latency, patience)
        super().__init__(path, robot.bus.baud)

    def setPacketTimeout(self, packet_length: int) -> None:  # noqa: N802 - the SDK's name
        """Begins to wait for an answer of some bytes."""
        self.setPacketTimeoutMillis(self.tx_time_per_byte * packet_length + self._latency)
