"""Where and at which angle a gripper from above should grasp, from the rays of a camera above.

Pinto and Gupta, 2016, Supersizing self-supervision: learning to grasp from 50K tries and 700 robot
hours, doi:10.1109/ICRA.2016.7487517: a network of 18 angles learns from tries, first random ones,
then its own.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from evoloco.errors import EvolocoError
from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception import weights as files
from evoloco.perception.grasp.angle_lesson import FEWEST, LAYOUT, GraspAngleLesson
from evoloco.perception.grasp.choice import by_network, grasp
from evoloco.perception.grasp.heights import FIELD_OF_VIEW, LIFTED, REACH, SIDE, measured
from evoloco.perception.learned import Learned
from evoloco.perception.need import Rays, Seen
from evoloco.sensor import AGE, CONFIDENCE, Sensor

if TYPE_CHECKING:
    import torch

NAME = "grasp_angle"

lesson = GraspAngleLesson

Experience = Literal["first", "staged", "random"]
"""Which tries a network learned from."""


class GraspAngle:
    """Chooses a grasp from above.

    Args:
        torso: Name of the body in whose frame it is told.
        weights: File of weights; the bundled one where empty.
        learned_from: Which of the networks chooses.
    """

    needs = Rays(SIDE, SIDE, FIELD_OF_VIEW, REACH)
    channels = ("x", "y", "z", "angle", CONFIDENCE, AGE)

    def __init__(self, torso: str, weights: str = "", learned_from: Experience = "staged") -> None:
        self._torso, self._weights, self._learned_from = torso, weights, learned_from

    def read(self, seen: Seen, previous: Array) -> Array | None:  # noqa: ARG002 - the contract's
        """Place [m], angle [rad] and chance to hold (6,); None where nothing lies there.

        Raises:
            EvolocoError: The camera does not look straight down.
        """
        if seen.eye is None or seen.eye.rotation[2, 2] < DOWN:
            raise EvolocoError(
                f"The camera of '{NAME}' must look straight down, {LIFTED:g} m above the table."
            )
        heights = measured(seen.distances.ravel())
        if len(heights.pixels) < FEWEST:
            return None
        choice, chance = by_network(self._network, heights, np.random.default_rng(0))
        found = grasp(heights, choice)

        below = seen.eye.position - LIFTED * seen.eye.rotation[:, 2]
        point = below + seen.eye.rotation @ found.point
        closing = seen.eye.rotation @ found.rotation[:, 0]
        torso = seen.data.body(self._torso)
        frame = torso.xmat.reshape(3, 3)
        x, y, _ = frame.T @ closing
        return np.array([*frame.T @ (point - torso.xpos), np.arctan2(y, x) % np.pi, chance, 0.0])

    @cached_property
    def _network(self) -> torch.nn.Module:
        from evoloco.perception.grasp.angle_network import networks

        found = files.fill(networks(), NAME, self._weights, LAYOUT)
        return found.get_submodule(self._learned_from)


DOWN = 0.9998
"""Least cosine of the angle between the camera's view and the vertical: about 1°."""


def sensor(
    morphology: Morphology,
    camera: str = "",
    learned_from: Experience = "staged",
    weights: str = "",
    engine: Literal["torch"] = "torch",
) -> Sensor:
    """Where a gripper that comes from above should close, in the torso's frame.

    x, y and z [m] are the middle between the fingertips; `angle` [rad], from 0 to pi, is that of
    the direction in which the fingers close, from the torso's x axis.

    Args:
        morphology: The body.
        camera: Name of the camera that looks down on the table, 0.9 m above it; where empty, the
            only one.
        learned_from: Which network chooses: the one that learned from the first, random tries, from
            both stages, or from as many random tries.
        weights: File that `evoloco learn grasp_angle` wrote; where empty, the bundled one.
        engine: What runs the network.
    """
    reader = GraspAngle(morphology.torso_frame, weights, learned_from)
    return Sensor(
        NAME,
        reader.channels,
        "m, m, m, rad, 1, s",
        "place and angle at which a gripper from above is likely to hold",
        Learned(reader, camera, engine),
    )
