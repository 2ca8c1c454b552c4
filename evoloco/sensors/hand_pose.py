"""Where a block in a hand is and how it is turned, from one picture from above.

OpenAI et al., 2018, Learning dexterous in-hand manipulation, arXiv:1808.00177, section 5: a network
that only saw rendered pictures with random looks tells a policy the pose of the object. Theirs sees
three cameras and a pose in space; here it is one camera and a pose in the plane.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception.hand_pose.lesson import HandPose
from evoloco.perception.hand_pose.scene import SIDE
from evoloco.perception.learned import Learned
from evoloco.perception.need import Picture, Seen
from evoloco.perception.weights import fill
from evoloco.sensor import Sensor

if TYPE_CHECKING:
    import torch

NAME = "hand_pose"

lesson = HandPose


class InHand:
    """Finds the block in a picture.

    Args:
        weights: File of the network's weights; the bundled one where empty.
    """

    needs = Picture(SIDE, SIDE)
    channels = ("x", "y", "cosine", "sine", "confidence", "age")

    def __init__(self, weights: str = "") -> None:
        self._weights = weights

    @cached_property
    def _network(self) -> torch.nn.Module:
        return fill(HandPose().network(), NAME, self._weights, HandPose.layout)

    def read(self, shown: Seen, previous: Array) -> Array | None:  # noqa: ARG002 - the contract's
        """Place [m], direction and confidence."""
        from evoloco.perception.hand_pose.network import seen

        x, y, angle, sure = seen(self._network, shown.picture)
        return np.array([x, y, np.cos(angle), np.sin(angle), sure, 0.0])


def sensor(
    morphology: Morphology,  # noqa: ARG001 - the contract's
    camera: str = "",
    weights: str = "",
    engine: Literal["torch"] = "torch",
) -> Sensor:
    """Pose of a block in a hand, in the palm's plane.

    The camera must be 0.4 m above the palm's middle, look straight down with the y axis upward in
    its picture, and have a field of view of 25°.

    Args:
        morphology: The body.
        camera: Name of the camera; may be left out where the model has one only.
        weights: File that `evoloco learn hand_pose` wrote; by default the bundled one.
        engine: What runs the network.
    """
    return Sensor(
        name=NAME,
        channels=InHand.channels,
        unit="m, m, 1, 1, 1, s",
        meaning="pose of a block in a hand, seen by a camera above it",
        source=Learned(InHand(weights), camera, engine),
    )
