"""Grasps that are executed: approach, close, lift, shake, hold.

Kinematics and forces are MuJoCo's. A simulation that diverges is a failed grasp.
"""

from dataclasses import dataclass

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.perception.grasp.gripper import CARRIER, FINGERS, HALF_OPEN, HAND, facing
from evoloco.perception.grasp.scene import Scene

PLACES, FINGER_PLACES = slice(0, 3), slice(len(CARRIER), len(CARRIER) + len(FINGERS))
TURN = CARRIER.index("turn")

APPROACH = 0.08
"""Length of the way along which a gripper approaches [m]."""

LIFT, HIGH = 0.15, 0.1
"""How far a gripper rises, and how far an object must, to count as lifted [m]."""

SHAKE, SHAKES_PER_SECOND = np.array([0.02, 0.014, 0.006]), 5.0
"""Amplitude of the shaking [m] (3,), and its frequency [Hz]."""

PERIOD = 0.02
"""Time between commands of the carrier [s]."""


@dataclass(frozen=True)
class Grasp:
    """Where a gripper closes.

    Attributes:
        point: Middle between the fingertips [m] (3,).
        rotation: Of the hand (3, 3). The columns are the direction in which the fingers close, the
            one across, and the one from the fingertips to the palm.
    """

    point: Array
    rotation: Array


def planar(x: float, y: float, angle: float, height: float = 0.006) -> Grasp:
    """A grasp from above.

    Args:
        x: Of the middle between the fingertips [m].
        y: Likewise [m].
        angle: Of the closing direction about the vertical [rad].
        height: Of the fingertips above the table [m].
    """
    c, s = np.cos(angle), np.sin(angle)
    return Grasp(np.array([x, y, height]), np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]))


class Hand:
    """Drives the gripper of a scene, from its restored state on. It stops where that diverges.

    Args:
        scene: The scene; one hand at a time.
        start: Where the open gripper begins, at rest.
    """

    def __init__(self, scene: Scene, start: Grasp) -> None:
        scene.restore()
        self._scene, self._model, self._data = scene, scene.model, scene.data
        self._lying = scene.heights.copy()
        self._model.body_quat[self._model.body(HAND).id] = facing(start.rotation)
        self._data.qpos[PLACES] = self._data.ctrl[PLACES] = start.point
        mujoco.mj_forward(self._model, self._data)

    @property
    def point(self) -> Array:
        """Where the middle between the fingertips is commanded to be [m] (3,)."""
        return np.array(self._data.ctrl[PLACES])

    @property
    def opening(self) -> float:
        """Distance between the fingers [m]."""
        return float(2 * HALF_OPEN - self._data.qpos[FINGER_PLACES].sum())

    @property
    def lifted(self) -> np.ndarray:
        """Which objects are more than `HIGH` above where they lay (objects,); none if unstable."""
        risen = self._scene.heights - self._lying > HIGH
        return risen & self._scene.stable

    def move(self, point: Array, seconds: float, turn: float | None = None) -> None:
        """Moves the hand along a line.

        Args:
            point: Where the middle between the fingertips goes [m] (3,).
            seconds: For how long.
            turn: Angle to which the hand turns about its own axis, from how it began [rad]; as it
                is where None.
        """
        begin, first = self.point, float(self._data.ctrl[TURN])
        last = first if turn is None else turn
        parts = max(1, round(seconds / PERIOD))
        for part in range(1, parts + 1):
            self._data.ctrl[PLACES] = begin + (point - begin) * part / parts
            self._data.ctrl[TURN] = first + (last - first) * part / parts
            self._step(PERIOD)

    def close(self, seconds: float = 0.24) -> None:
        """Closes the fingers, which then press on what is between them."""
        self._data.ctrl[FINGER_PLACES] = HALF_OPEN
        self._step(seconds)

    def shake(self, seconds: float = 0.4) -> None:
        """Shakes the hand about where it is, and comes back."""
        middle = self.point
        for part in range(round(seconds / PERIOD)):
            angle = 2 * np.pi * SHAKES_PER_SECOND * part * PERIOD
            self._data.ctrl[PLACES] = middle + SHAKE * np.sin(angle)
            self._step(PERIOD)
        self._data.ctrl[PLACES] = middle

    def hold(self, seconds: float) -> None:
        """Stays."""
        self._step(seconds)

    def lift(self) -> bool:
        """Closes, lifts, shakes and holds. Returns whether an object is then in the air."""
        self.close()
        self.move(self.point + np.array([0, 0, LIFT]), 0.4)
        self.shake()
        self.hold(0.2)
        return bool(self.lifted.any())

    def _step(self, seconds: float) -> None:
        if not self._scene.stable:
            return
        mujoco.mj_step(self._model, self._data, round(seconds / self._model.opt.timestep))


def attempt(scene: Scene, grasp: Grasp) -> bool:
    """Executes a grasp in a scene. Returns whether an object is lifted and held while shaken.

    The gripper approaches along its own axis. Equal scenes and grasps give equal outcomes.
    """
    away = grasp.rotation[:, 2]
    hand = Hand(scene, Grasp(grasp.point + APPROACH * away, grasp.rotation))
    hand.move(grasp.point, 0.24)
    return hand.lift()
