"""Where a gripper should close, from a picture of it above objects.

Levine, Pastor, Krizhevsky and Quillen, 2016, Learning hand-eye coordination for robotic grasping
with deep learning and large-scale data collection, arXiv:1603.02199: a network says how likely a
motion of the hand leads to a grasp that holds, and the cross-entropy method looks for the best one.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from evoloco.errors import UnknownNameError
from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception.grasp.gripper import HAND
from evoloco.perception.hand_eye.lesson import HandEyeCoordination, empty_network
from evoloco.perception.hand_eye.servo import decide
from evoloco.perception.hand_eye.world import SIDE
from evoloco.perception.learned import Learned
from evoloco.perception.need import Picture, Seen
from evoloco.perception.weights import fill
from evoloco.sensor import AGE, CONFIDENCE, Sensor

if TYPE_CHECKING:
    from evoloco.perception.hand_eye.network import HandEye

NAME = "hand_eye"

lesson = HandEyeCoordination


class HandEyeReader:
    """Decides by one picture.

    Args:
        weights: File of the network's weights; the bundled one where empty.
    """

    needs = Picture(SIDE, SIDE)
    channels = ("x", "y", "angle", "here", CONFIDENCE, AGE)

    def __init__(self, weights: str = "") -> None:
        self._weights = weights

    @cached_property
    def _network(self) -> HandEye:
        return fill(empty_network(), NAME, self._weights)

    def read(self, seen: Seen, previous: Array) -> Array | None:  # noqa: ARG002 - the contract's
        """Place to close at, and the chances here and there.

        Raises:
            UnknownNameError: The model has no hand.
        """
        bodies = [seen.model.body(number).name for number in range(seen.model.nbody)]
        if HAND not in bodies:
            raise UnknownNameError("body", HAND, bodies, f"sensors.{NAME}")
        hand = seen.data.body(HAND)
        closing = hand.xmat.reshape(3, 3)[:, 0]
        pose = np.append(hand.xpos, np.arctan2(closing[1], closing[0]))
        # The same motions are drawn every time, so that equal pictures have equal answers.
        found = decide(self._network, seen.picture, pose, np.random.default_rng(0))
        return np.array([*found.goal, found.here, found.chance, 0.0])


def sensor(
    morphology: Morphology,  # noqa: ARG001 - the contract's
    camera: str = "",
    weights: str = "",
    engine: Literal["torch"] = "torch",
) -> Sensor:
    """Where to close a gripper: x, y [m], angle [rad], and the chance that closing here holds.

    The confidence is the chance that closing there holds. The body `hand` has its origin between
    the fingertips and closes along its x axis; the table's top is at height 0, its middle at x = y
    = 0. The camera is at x = -0.46 m, y = 0, z = 0.62 m, looks along x and 51° downward, and has a
    field of view of 34°, within about 2 cm and 1°.

    Args:
        morphology: The body.
        camera: Name of the camera; may be left out where the model has one only.
        weights: File that `evoloco learn hand_eye` wrote; by default the bundled one.
        engine: What runs the network.
    """
    return Sensor(
        name=NAME,
        channels=HandEyeReader.channels,
        unit="m, m, rad, 1, 1, s",
        meaning="where a gripper over a table should close",
        source=Learned(HandEyeReader(weights), camera, engine),
    )
