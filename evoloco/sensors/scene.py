"""What is ahead: the shape of an object, boxes around objects, and how far the floor is free.

One small network looks at a picture (`evoloco.perception.scene.network`). It
learned from random rooms (`evoloco.perception.scene.world`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception.learned import Engine, Learned
from evoloco.perception.lesson import Lesson
from evoloco.perception.need import Need, Picture, Seen
from evoloco.perception.scene.objects import SHAPES
from evoloco.perception.scene.world import DIRECTIONS, HEIGHT, WIDTH
from evoloco.sensor import AGE, CONFIDENCE, Sensor

if TYPE_CHECKING:
    from evoloco.perception.scene.boxes import Boxes
    from evoloco.perception.scene.network import SceneNet

LEAST_CONFIDENCE = 0.01
"""Confidence where nothing is ahead."""

BOXES = 3
"""Boxes that have channels: the strongest ones."""

EDGES = "left", "top", "right", "bottom"

OF_A_BOX = *EDGES, "shape", "score"

NEEDS = Picture(WIDTH, HEIGHT)

CHANNELS = (
    *(f"{shape} ahead" for shape in SHAPES),
    *(f"box {box} {what}" for box in range(1, BOXES + 1) for what in OF_A_BOX),
    *(f"free at {angle:+.0f} deg" for angle in np.degrees(DIRECTIONS)),
    *(CONFIDENCE, AGE),
)
"""Probabilities of what is ahead, boxes, free distances."""

UNITS = ", ".join(
    [*["1"] * (len(SHAPES) + BOXES * len(OF_A_BOX)), *["m"] * len(DIRECTIONS), "1", "s"]
)


@dataclass(frozen=True)
class Reader:
    """Looks at pictures with a network, which is loaded at the first one.

    Attributes:
        weights: File of the network's weights; the bundled one where empty.
    """

    weights: str = ""
    needs: Need = NEEDS
    channels: tuple[str, ...] = CHANNELS

    @cached_property
    def _network(self) -> SceneNet:
        from evoloco.perception.scene.lesson import SceneLesson
        from evoloco.perception.weights import fill

        return fill(SceneLesson().network(), "scene", self.weights, SceneLesson.layout)

    def read(self, seen: Seen, previous: Array) -> Array:  # noqa: ARG002 - the contract's
        """All channels. The confidence is the score of what is ahead, and never 0.

        For the free distances are told whether an object is there or not.
        """
        from evoloco.perception.scene.answers import understand

        assert seen.eye is not None
        scene = understand(self._network, seen.picture, seen.eye)
        confidence = max(scene.score, LEAST_CONFIDENCE)
        return np.concatenate(
            [scene.ahead[:-1], _numbers(scene.boxes), scene.free, [confidence, 0.0]]
        )


def _numbers(boxes: Boxes) -> Array:
    """Channels of the strongest boxes; edges are shares of the picture's width and height."""
    numbers, size = np.zeros((BOXES, len(OF_A_BOX))), (WIDTH, HEIGHT, WIDTH, HEIGHT)
    kept = boxes.take(np.arange(len(boxes))[:BOXES])
    numbers[: len(kept), : len(EDGES)] = np.clip(kept.corners / size, 0, 1)
    numbers[: len(kept), len(EDGES)] = kept.classes
    numbers[: len(kept), len(EDGES) + 1] = kept.scores
    return numbers.ravel()


def sensor(
    morphology: Morphology,  # noqa: ARG001 - the contract's
    camera: str = "",
    weights: str = "",
    engine: Engine = "torch",
) -> Sensor:
    """What a camera of the body sees ahead.

    Args:
        morphology: The body.
        camera: Its name; where empty, the only one that the body has.
        weights: File of the network's weights; the bundled one where empty.
        engine: What runs the network.
    """
    meaning = "what is ahead, boxes around objects, and how far the floor is free"
    return Sensor("scene", CHANNELS, UNITS, meaning, Learned(Reader(weights), camera, engine))


def lesson(bfloat16: bool = False) -> Lesson:
    """How its network is learned.

    Args:
        bfloat16: Whether with 16 bits. Processors that can do so are nearly twice as fast, others
            slower.
    """
    from evoloco.perception.scene.lesson import SceneLesson

    return SceneLesson(bfloat16)
