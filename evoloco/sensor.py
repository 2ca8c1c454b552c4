"""What a controller observes: one flat array, gathered from MuJoCo's sensordata at every control step."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Observation:
    """Layout of the observation of a body with nu driven joints, F feet and M muscles.

    | slice            | unit  | shape | meaning                                                |
    |------------------|-------|-------|--------------------------------------------------------|
    | `joint_angle`    | rad   | nu    | of the driven joints, in their order                   |
    | `joint_velocity` | rad/s | nu    |                                                        |
    | `tilt`           | rad   | 2     | roll and pitch of the torso; forward lean is positive  |
    | `rate`           | rad/s | 3     | turning rate of the torso in its own frame (gyro)      |
    | `foot_load`      | 1     | F     | ground force under each foot over body weight          |
    | `foot_ahead`     | 1     | F     | each foot ahead of the torso, over the leg's length    |
    | `muscle_length`  | 1     | M     | of the fibres, over their optimal length               |
    | `muscle_velocity`| 1/s   | M     | of the fibres, over their optimal length; > 0 lengthens |
    | `muscle_force`   | 1     | M     | over the largest isometric force                       |

    The readings are those of the physics step before the control step, so
    they are one physics step old.
    """

    joints: tuple[str, ...]
    feet: tuple[str, ...]
    muscles: tuple[str, ...] = ()

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
        return self._feet(0)

    @property
    def foot_ahead(self) -> slice:
        """How far each foot is ahead of the torso, seen along its heading, in leg lengths."""
        return self._feet(1)

    @property
    def muscle_length(self) -> slice:
        """Length of each muscle's fibres over the optimal one."""
        return self._muscles(0)

    @property
    def muscle_velocity(self) -> slice:
        """Velocity of each muscle's fibres in optimal lengths [1/s]."""
        return self._muscles(1)

    @property
    def muscle_force(self) -> slice:
        """Force of each muscle over its largest isometric one."""
        return self._muscles(2)

    @property
    def size(self) -> int:
        """Length of the observation."""
        return 2 * len(self.joints) + 5 + 2 * len(self.feet) + 3 * len(self.muscles)

    def _feet(self, block: int) -> slice:
        start = 2 * len(self.joints) + 5 + block * len(self.feet)
        return slice(start, start + len(self.feet))

    def _muscles(self, block: int) -> slice:
        start = 2 * len(self.joints) + 5 + 2 * len(self.feet) + block * len(self.muscles)
        return slice(start, start + len(self.muscles))

    @property
    def names(self) -> Sequence[str]:
        """One name per entry."""
        return [
            *(f"{joint}.angle" for joint in self.joints),
            *(f"{joint}.velocity" for joint in self.joints),
            *("tilt.roll", "tilt.pitch", "rate.roll", "rate.pitch", "rate.yaw"),
            *(f"{foot}.load" for foot in self.feet),
            *(f"{foot}.ahead" for foot in self.feet),
            *(
                f"{muscle}.{kind}"
                for kind in ("length", "velocity", "force")
                for muscle in self.muscles
            ),
        ]
