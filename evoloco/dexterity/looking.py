"""A policy that is told the block's pose by a network that looks at it."""

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.dexterity.judge import Judged, judge
from evoloco.dexterity.policy import Acting, Policy
from evoloco.dexterity.table import Kind
from evoloco.fields import Array
from evoloco.hand import Hand
from evoloco.perception import looks
from evoloco.perception.hand_pose.lesson import HandPose
from evoloco.perception.hand_pose.network import seen
from evoloco.perception.hand_pose.scene import HandScene
from evoloco.perception.patterns import Rng
from evoloco.perception.weights import fill
from evoloco.sensors.hand_pose import NAME


@dataclass(frozen=True)
class Looked:
    """What came of looking.

    Attributes:
        judged: As without looking.
        pictures: The last one of each world (n, side, side, 3).
    """

    judged: Judged
    pictures: NDArray[np.uint8]


class Look:
    """Draws simulations of one world, and tells where the block is.

    Args:
        scene: That draws.
        network: Of hand_pose.
        rng: Draws the world's look, which no training had, and the noise of its pictures.
    """

    def __init__(self, scene: HandScene, network: object, rng: Rng) -> None:
        self._scene, self._network, self._rng = scene, network, rng
        scene.dress(rng, held_out=True)

    def __call__(self, index: int, data: mujoco.MjData) -> Array:  # noqa: ARG002 - the contract's
        """x, y [m] and the angle [rad] of the block, by the network."""
        self._scene.copy(data)
        self.last = self._scene.picture(self._rng)
        return seen(self._network, self.last)[:3]  # type: ignore[arg-type]


def judge_looking(
    hand: Hand, policy: Policy, kind: Kind, seed: int, count: int, most: int, weights: str = ""
) -> Looked:
    """Does what `judge` does, world by world, each with a look of its own.

    Args:
        hand: The hand.
        policy: That acts.
        kind: Of worlds.
        seed: Of worlds and looks.
        count: Number of worlds.
        most: Goals after which an episode ends.
        weights: Of the network of hand_pose; the bundled ones where empty.
    """
    network = fill(HandPose().network(), NAME, weights, HandPose.layout)
    found, pictures = [], []
    with HandScene() as scene:
        for world in range(count):
            look = Look(scene, network, looks.draws(seed, "looking", world))
            found.append(judge(hand, Acting(policy, 1), kind, seed, 1, look, world, most))
            pictures.append(look.last)

    together = {
        name: np.concatenate([getattr(one, name) for one in found])
        for name in ("goals", "dropped", "steps")
    }
    return Looked(Judged(**together), np.array(pictures))
