"""Grasps by a network that says how likely a motion of the hand leads to success.

Levine, Pastor, Krizhevsky and Quillen, 2016, Learning hand-eye coordination for robotic grasping
with deep learning and large-scale data collection, arXiv:1603.02199, section 4: the cross-entropy
method looks for the best motion, and the hand closes, rises or moves by the ratio of the chances
without a motion and with the best one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.perception.grasp.attempt import Hand, planar
from evoloco.perception.grasp.scene import Scene
from evoloco.perception.hand_eye import cross_entropy
from evoloco.perception.hand_eye.world import REACH
from evoloco.perception.patterns import Rng

if TYPE_CHECKING:
    from evoloco.perception.hand_eye.network import HandEye

CLOSE, RISE = 0.9, 0.5
"""Ratios of chances from which on the hand closes, and below which it rises."""

TRAVEL, RAISED = 0.1, 0.16
"""Heights of the fingertips on the way [m]."""

LOOKS = 5
"""Pictures of an attempt; after the last one the hand closes at the best place."""

PACE = 0.3
"""Time of a motion [s]."""

TURN = np.pi / 2
"""Grasps are the same after twice this angle [rad]."""

SPREAD = np.array([0.06, 0.06, 0.8])
"""Of the first motions: x, y [m] and angle [rad]."""

LIMITS = np.array([REACH, REACH, 2 * TURN])

Look = Callable[[], NDArray[np.uint8]]
"""Takes a picture."""


@dataclass(frozen=True)
class Decision:
    """What a network makes of a picture.

    Attributes:
        goal: Where to close: x, y [m] and angle [rad] (3,).
        chance: That it holds there.
        here: Chance that it holds where the hand is.
    """

    goal: Array
    chance: float
    here: float

    @property
    def ratio(self) -> float:
        """Of the chances here and there."""
        return self.here / self.chance


def decide(
    network: HandEye, picture: NDArray[np.uint8], hand: Array, rng: Rng, found: bool = True
) -> Decision:
    """The best motion by a picture.

    Args:
        network: Judges motions.
        picture: RGB.
        hand: Position of the fingertips' middle [m] and angle [rad] (4,).
        rng: Draws motions.
        found: Whether the hand is looked for in the picture. Without, the camera is taken to be
            where it was calibrated.
    """
    import torch

    from evoloco.perception.hand_eye.network import numbers

    with torch.inference_mode():
        seen, at = network.pixels(picture[None]), numbers(hand[None])
        shift = network.shift(network.hand(seen, at)) if found else torch.zeros(1, 2)

        def chances(goals: Array) -> Array:
            many = len(goals)
            logits = network.chance(
                seen.expand(many, -1, -1, -1),
                at.expand(many, -1),
                numbers(goals),
                shift.expand(many, -1),
            )
            return np.asarray(logits.sigmoid().double().numpy())

        middle = np.array([0.0, 0.0, rng.uniform(-TURN, TURN)])
        goal, chance = cross_entropy.maximize(chances, middle, SPREAD, -LIMITS, LIMITS, rng)
        here = float(chances(hand[None, [0, 1, 3]])[0])
    return Decision(goal, chance, here)


def closed_loop(
    network: HandEye, scene: Scene, look: Look, rng: Rng, meanwhile: Callable[[], None]
) -> bool:
    """An attempt that looks again after every motion. Returns whether an object is lifted.

    Args:
        network: Judges motions.
        scene: To grasp in.
        look: Takes a picture.
        rng: Draws.
        meanwhile: What happens after the first decision.
    """
    hand, angle = enter(scene, rng), 0.0
    for number in range(LOOKS):
        decision = decide(network, look(), np.append(hand.point, angle), rng)
        if number == 0:
            meanwhile()
        elif decision.ratio >= CLOSE:
            break
        x, y, angle = decision.goal
        angle = upright(angle)
        hand.move(np.array([x, y, RAISED if decision.ratio < RISE else TRAVEL]), PACE, angle)
    return descend(hand)


def open_loop(
    network: HandEye, scene: Scene, look: Look, rng: Rng, meanwhile: Callable[[], None]
) -> bool:
    """An attempt that looks once, before the hand comes into view, and trusts the calibration."""
    decision = decide(network, look(), np.array([0, 0, TRAVEL, 0.0]), rng, found=False)
    return blind(scene, decision.goal, rng, meanwhile)


def blind(scene: Scene, goal: Array, rng: Rng, meanwhile: Callable[[], None]) -> bool:
    """An attempt at a given place: x, y [m] and angle [rad]. Returns whether an object is lifted.

    Args:
        scene: To grasp in.
        goal: The place.
        rng: Draws where the hand begins.
        meanwhile: What happens before the hand moves.
    """
    hand = enter(scene, rng)
    meanwhile()
    x, y, angle = goal
    hand.move(np.array([x, y, TRAVEL]), PACE, upright(angle))
    return descend(hand)


def enter(scene: Scene, rng: Rng) -> Hand:
    """The hand at a random place over the table."""
    x, y = rng.uniform(-REACH, REACH, 2)
    return Hand(scene, planar(x, y, 0.0, TRAVEL))


def descend(hand: Hand) -> bool:
    """Goes down, closes and lifts. Returns whether an object is then in the air."""
    x, y, _ = hand.point
    hand.move(planar(x, y, 0.0).point, PACE)
    return hand.lift()


def upright(angle: float) -> float:
    """The angle from -90 to 90 degrees at which the fingers close along the same line [rad]."""
    return float((angle + TURN) % (2 * TURN) - TURN)
