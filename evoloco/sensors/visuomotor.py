"""What a gripper should do next to put a cube into a basket, from pictures and its joints.

James, Davison and Johns, 2017, Transferring end-to-end visuomotor control from simulation to real
world for a multi-stage task, arXiv:1707.02267: a network with memory imitates a planner, in random
looks, and also learns where the cube and the gripper are.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from evoloco.errors import UnknownNameError
from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception.grasp.gripper import CARRIER, FINGERS
from evoloco.perception.learned import Learned
from evoloco.perception.need import Picture, Seen
from evoloco.perception.visuomotor.lesson import VisuomotorControl, empty_network
from evoloco.perception.visuomotor.world import HEIGHT, SPEED, WIDTH
from evoloco.perception.weights import fill
from evoloco.sensor import AGE, CONFIDENCE, Sensor

if TYPE_CHECKING:
    from evoloco.perception.visuomotor.network import Visuomotor

NAME = "visuomotor"

JOINTS = (*CARRIER[:3], *FINGERS)
"""Joints that are read."""

MOTION = ("velocity_x", "velocity_y", "velocity_z")
COMMANDS = ("open", "close", "keep")
PLACES = ("cube_x", "cube_y", "cube_z", "hand_x", "hand_y", "hand_z")
MEMORY = tuple(f"memory_{number}" for number in range(128))
"""Hidden state and cell of the network: a reader keeps nothing, so its answer holds them."""

lesson = VisuomotorControl


class VisuomotorReader:
    """Decides step by step.

    Args:
        weights: File of the network's weights; the bundled one where empty.
    """

    needs = Picture(WIDTH, HEIGHT)
    channels = (*MOTION, *COMMANDS, *PLACES, *MEMORY, CONFIDENCE, AGE)

    def __init__(self, weights: str = "") -> None:
        self._weights = weights

    @cached_property
    def _network(self) -> Visuomotor:
        return fill(empty_network(), NAME, self._weights)

    def read(self, seen: Seen, previous: Array) -> Array | None:
        """Velocities, probabilities of the commands, places, memory.

        Raises:
            UnknownNameError: The model lacks a joint of the gripper.
        """
        import torch

        joints = _joints(seen)
        first = len(MOTION) + len(COMMANDS) + len(PLACES)
        kept = torch.tensor(previous[first : first + len(MEMORY)], dtype=torch.float32)[None]
        hidden, cell = kept.chunk(2, dim=1)
        with torch.inference_mode():
            velocity, fingers, places, memory = self._network(
                torch.from_numpy(seen.picture.copy())[None, None],
                torch.tensor(joints, dtype=torch.float32)[None, None],
                (hidden.contiguous(), cell.contiguous()),
            )
        parts = SPEED * velocity[0, 0], fingers[0, 0].softmax(0), places[0, 0], *memory
        told = [part.double().numpy().ravel() for part in parts]
        return np.concatenate([*told, [1.0, 0.0]])


def _joints(seen: Seen) -> Array:
    """Positions of the gripper's joints [m] (5,)."""
    known = [seen.model.joint(number).name for number in range(seen.model.njnt)]
    for name in JOINTS:
        if name not in known:
            raise UnknownNameError("joint", name, known, f"sensors.{NAME}")
    return np.array([seen.data.joint(name).qpos[0] for name in JOINTS])


def sensor(
    morphology: Morphology,  # noqa: ARG001 - the contract's
    camera: str = "",
    weights: str = "",
    engine: Literal["torch"] = "torch",
) -> Sensor:
    """Velocities of a gripper's slides [m/s], commands to its fingers, places of cube and hand [m].

    To be read every 0.1 s. The body has the joints x, y, z, left and right. The camera is at x =
    -0.5 m, y = 0, z = 0.6 m, looks along x and 48° downward, and has a field of view of 32°, within
    2 cm and 2°.

    Args:
        morphology: The body.
        camera: Name of the camera; may be left out where the model has one only.
        weights: File that `evoloco learn visuomotor` wrote; by default the bundled one.
        engine: What runs the network.
    """
    units = ["m/s"] * len(MOTION) + ["1"] * len(COMMANDS) + ["m"] * len(PLACES)
    return Sensor(
        name=NAME,
        channels=VisuomotorReader.channels,
        unit=", ".join([*units, *["1"] * (len(MEMORY) + 1), "s"]),
        meaning="what a gripper should do next to put a cube into a basket",
        source=Learned(VisuomotorReader(weights), camera, engine),
    )
