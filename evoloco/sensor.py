"""What a controller observes: one flat array, gathered from MuJoCo's sensordata at every control step."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Observation:
    """Layout of the observation of a body with nu driven joints and F feet.

    | slice            | unit  | shape | meaning                                                |
    |------------------|-------|-------|--------------------------------------------------------|
    | `joint_angle`    | rad   | nu    | in the order of the controls                           |
    | `joint_velocity` | rad/s | nu    |                                                        |
    | `tilt`           | rad   | 2     | roll and pitch of the torso; forward lean is positive  |
    | `rate`           | rad/s | 3     | turning rate of the torso in its own frame (gyro)      |
    | `foot_load`      | 1     | F     | ground force under each foot over body weight          |

    The readings are those of the physics step before the control step, so
    they are one physics step old.
    """

    joints: tuple[str, ...]
    feet: tuple[str, ...]

    @property
    def joint_angle(self) -> slice:
        """Angles of the driven joints [rad]."""
        return slice(0, len(self.joints))

    @property
    def joint_velocity(self) -> slice:
        """Velocities of the driven joints [rad/s]."""
        return slice(len(self.joints), 2 * len(self.joints))

    @property
    def tilt(self) -> slice:
        """Roll and pitch of the torso [rad]."""
        return slice(2 * len(self.joints), 2 * len(self.joints) + 2)

    @property
    def rate(self) -> slice:
        """Turning rate of the torso about its own axes [rad/s]."""
        return slice(2 * len(self.joints) + 2, 2 * len(self.joints) + 5)

    @property
    def foot_load(self) -> slice:
        """Ground force under each foot, as a fraction of body weight."""
        return slice(2 * len(self.joints) + 5, self.size)

    @property
    def size(self) -> int:
        """Length of the observation."""
        return 2 * len(self.joints) + 5 + len(self.feet)

    @property
    def names(self) -> Sequence[str]:
        """One name per entry."""
        return [
            *(f"{joint}.angle" for joint in self.joints),
            *(f"{joint}.velocity" for joint in self.joints),
            *("tilt.roll", "tilt.pitch", "rate.roll", "rate.pitch", "rate.yaw"),
            *(f"{foot}.load" for foot in self.feet),
        ]
