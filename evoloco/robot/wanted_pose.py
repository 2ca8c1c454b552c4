"""What a user asks of the home pose of a robot."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

Direction = str | Sequence[float]
"""An axis of the torso, such as "x" or "-z", or a vector in its frame."""


class WantedPose(NamedTuple):
    """What a user asks of the home pose.

    Attributes:
        angles: Of joints [rad]; they are exact.
        keyframe: Name of the file's keyframe to begin from.
        crouch: Share of the leg length by which the torso is lowered from straight legs, with feet
            flat below the hips; None where the feet stay as they are.
        forward: Direction of the torso that is turned to the world's x axis.
        up: Direction of the torso that is upward.
    """

    angles: Mapping[str, float]
    keyframe: str | None = None
    crouch: float | None = None
    forward: Direction | None = None
    up: Direction | None = None
