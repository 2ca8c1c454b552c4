"""What settings ask of a batch."""

from typing import NamedTuple

from evoloco.errors import EvolocoError


class Needs(NamedTuple):
    """What settings ask of a batch.

    Attributes:
        sensor_delay: Longest delay of readings beside the sensors' own [control steps].
        command_delay: Longest delay of commands [physics steps].
        disturbed: Whether readings have noise beside the sensors' own.
        indirect: Whether commands do not become MuJoCo's controls at once.
        play: Whether the joints' gears have play.
    """

    sensor_delay: int = 0
    command_delay: int = 0
    disturbed: bool = False
    indirect: bool = False
    play: bool = False

    def with_actuators(self) -> "Needs":
        """These and a model of actuators."""
        return self._replace(indirect=True)

    def join(self, other: "Needs") -> "Needs":
        """What serves both."""
        return Needs(
            max(self.sensor_delay, other.sensor_delay),
            max(self.command_delay, other.command_delay),
            self.disturbed or other.disturbed,
            self.indirect or other.indirect,
            self.play or other.play,
        )

    def check(self, asked: "Needs") -> None:
        """Raises an EvolocoError where more is asked for than a batch was made for."""
        if self.join(asked) != self:
            raise EvolocoError(
                f"A setting asks for {asked}, and the batch was made for {self}: make it with "
                "`needs` that join those of all settings."
            )


NOTHING = Needs()
"""What a scenario asks for whose world is as the body's model has it."""
