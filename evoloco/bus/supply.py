"""What feeds the servos: a battery whose voltage sinks under load."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Supply:
    """A battery with its cables.

    Attributes:
        voltage: Without load [V].
        resistance: Of battery and cables [Ohm]; the default is assumed.
    """

    voltage: float = 12.0
    resistance: float = 0.05

    def under(self, power: float) -> float:
        """Voltage under a load [V].

        Args:
            power: That the servos draw [W].
        """
        return self.voltage - self.resistance * power / self.voltage
