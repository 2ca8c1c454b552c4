"""Where a parallel gripper should grasp what lies on a table, from the rays of one camera.

Ten Pas, Gualtieri, Saenko and Platt, 2017, Grasp pose detection in point clouds,
doi:10.1177/0278364917735594: hands that would touch nothing are proposed in the cloud, and a
network tells from what is between the fingers which one holds.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from evoloco.errors import EvolocoError
from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception import weights as files
from evoloco.perception.grasp.candidates import Hands, candidates
from evoloco.perception.grasp.closing import pictures
from evoloco.perception.grasp.cloud import (
    DIRECTIONS,
    FIELD_OF_VIEW,
    REACH,
    SIDE,
    Cloud,
    measured,
)
from evoloco.perception.grasp.poses_lesson import LAYOUT, GraspPosesLesson, Taught
from evoloco.perception.learned import Learned
from evoloco.perception.need import Rays, Seen
from evoloco.perception.pose import Pose, flat
from evoloco.sensor import AGE, CONFIDENCE, Sensor

if TYPE_CHECKING:
    import torch

NAME = "grasp_poses"

lesson = GraspPosesLesson

MOST = 128
"""Hands that are scored."""


class GraspPoses:
    """Finds the hand pose that most likely holds.

    Args:
        torso: Name of the body in whose frame the pose is told.
        table: Height of the table's top in the world [m].
        weights: File of weights; the bundled one where empty.
        learned_from: Which of the two networks scores.
    """

    needs = Rays(SIDE, SIDE, FIELD_OF_VIEW, REACH)
    channels = (*("x", "y", "z"), *("qw", "qx", "qy", "qz"), CONFIDENCE, AGE)

    def __init__(
        self,
        torso: str,
        table: float = 0.0,
        weights: str = "",
        learned_from: Taught = "tries",
    ) -> None:
        self._torso, self._table = torso, table
        self._weights, self._learned_from = weights, learned_from

    def read(self, seen: Seen, previous: Array) -> Array | None:  # noqa: ARG002 - the contract's
        """The pose and its chance to hold (9,); None where no hand fits."""
        from evoloco.perception.grasp.network import chances

        hands, cloud = self.hands(seen)
        if not len(hands):
            return None
        scores = chances(self._network, pictures(cloud, hands))
        best = int(scores.argmax())

        torso = seen.data.body(self._torso)
        frame = Pose(torso.xmat.reshape(3, 3), torso.xpos)
        pose = Pose(hands.rotations[best], hands.points[best])
        return np.array([*flat(frame.inverse() @ pose), scores[best], 0.0])

    def hands(self, seen: Seen) -> tuple[Hands, Cloud]:
        """At most `MOST` hands that fit, and the cloud.

        Raises:
            EvolocoError: There is no camera.
        """
        if seen.eye is None:
            raise EvolocoError(f"'{NAME}' needs a camera that looks at the table.")
        rays = DIRECTIONS @ seen.eye.rotation.T
        points = seen.eye.position + seen.distances.reshape(-1, 1) * rays
        cloud = measured(points[self._things(seen)], seen.eye.position, self._table)
        rng = np.random.default_rng(0)
        hands = candidates(cloud, rng, table=self._table)
        return hands[rng.permutation(len(hands))[:MOST]], cloud

    def _things(self, seen: Seen) -> NDArray[np.bool_]:
        """Whether each ray hits something that is no part of the robot (n,)."""
        model, geoms = seen.model, seen.geoms.ravel()
        own = model.body_rootid == model.body_rootid[model.body(self._torso).id]
        return np.asarray((geoms >= 0) & ~own[model.geom_bodyid[geoms]])

    @cached_property
    def _network(self) -> torch.nn.Module:
        from evoloco.perception.grasp.network import networks

        both = files.fill(networks(), NAME, self._weights, LAYOUT)
        return both.get_submodule(self._learned_from)


def sensor(
    morphology: Morphology,
    camera: str = "",
    table: float = 0.0,
    learned_from: Taught = "tries",
    weights: str = "",
    engine: Literal["torch"] = "torch",
) -> Sensor:
    """Pose of a parallel gripper's hand at the best grasp that is seen, in the torso's frame.

    x, y and z [m] are the middle between the fingertips; the hand's x axis is the direction in
    which the fingers close, its z axis points from the tips to the palm.

    Args:
        morphology: The body.
        camera: Name of the camera that it looks through; where empty, the only one.
        table: Height of the table's top in the world [m].
        learned_from: Which network scores: the one that learned from executed grasps, or the one
            that learned which hands are antipodal.
        weights: File that `evoloco learn grasp_poses` wrote; where empty, the bundled one.
        engine: What runs the network.
    """
    reader = GraspPoses(morphology.torso_frame, table, weights, learned_from)
    return Sensor(
        NAME,
        reader.channels,
        "m, m, m, 1, 1, 1, 1, 1, s",
        "position and quaternion of a gripper's hand that is likely to hold what lies there",
        Learned(reader, camera, engine),
    )
