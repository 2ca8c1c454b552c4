"""Where a cone stands on a table, from one picture, learned from random looks only.

Tobin, Fong, Ray, Schneider, Zaremba and Abbeel, 2017, Domain randomization for transferring deep
neural networks from simulation to the real world, doi:10.1109/IROS.2017.8202133: a network that
only saw rendered pictures with random textures, lights, cameras and other things locates an object
in real ones. Here the pictures of the test are simulated too, with patterns, lights and things that
no picture of the training has.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception.learned import Learned
from evoloco.perception.need import Picture, Seen
from evoloco.perception.object_position.lesson import ConeOnTable, seen
from evoloco.perception.object_position.tabletop import CAMERA
from evoloco.perception.weights import fill
from evoloco.sensor import Sensor

if TYPE_CHECKING:
    from evoloco.perception.object_position.network import SpotNet

NAME = "object_position"

lesson = ConeOnTable


class ObjectPosition:
    """Finds the cone in a picture.

    Args:
        weights: File of the network's weights; the bundled one where empty.
    """

    needs = Picture(CAMERA.width, CAMERA.height)
    channels = ("forward", "left", "confidence", "age")

    def __init__(self, weights: str = "") -> None:
        self._weights = weights

    @cached_property
    def _network(self) -> SpotNet:
        return fill(ConeOnTable().network(), NAME, self._weights)

    def read(self, shown: Seen, previous: Array) -> Array | None:  # noqa: ARG002 - the contract's
        """Place [m] and confidence; None where no cone is seen."""
        place, _, confidence = seen(self._network, shown.picture)
        if confidence < float(self._network.threshold):
            return None
        return np.array([*place, confidence, 0.0])


def sensor(
    morphology: Morphology,  # noqa: ARG001 - the contract's
    camera: str = "",
    weights: str = "",
    engine: Literal["torch"] = "torch",
) -> Sensor:
    """Place of a cone on a plane: forward and left of the point below the camera [m].

    The camera must be 0.6 m above the plane, look 45° downward and have a field of view of 40°,
    within 1 cm, 1° and 0.5°.

    Args:
        morphology: The body.
        camera: Name of the camera; may be left out where the model has one only.
        weights: File that `evoloco learn object_position` wrote; by default the bundled one.
        engine: What runs the network.
    """
    return Sensor(
        name=NAME,
        channels=ObjectPosition.channels,
        unit="m, m, 1, s",
        meaning="place of a cone on a table, seen by a camera above it",
        source=Learned(ObjectPosition(weights), camera, engine),
    )
