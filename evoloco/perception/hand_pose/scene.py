"""Pictures of the hand and its block from above, with random looks and any poses."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.hand import three_finger_hand
from evoloco.morphology import HOME
from evoloco.perception import exposure, looks
from evoloco.perception.patterns import Rng
from evoloco.perception.studio import InStudio, Studio

SIDE, HEIGHT, FIELD_OF_VIEW = 48, 0.4, 25.0
"""Width and height of a picture [px], height of the camera [m] and its vertical field [deg]."""

ASIDE, TILT = 0.002, float(np.radians(0.5))
"""Largest deviations of the camera's place [m], and of its pitch and roll [rad]."""

FARTHEST = 0.035
"""Distance of the block from the middle of the palm in examples, at most [m]."""

BLOCK, MARK = np.array([0.93, 0.45, 0.16]), np.array([0.1, 0.1, 0.12])
"""Colours of the block, which is known, and of the mark on it."""

FADED = 0.15
"""How far each of their colours deviates."""

EYE, FLOOR, BENDS = "eye", "floor", ((-0.1, 1.2), (-2.2, -0.5))
"""Name of the camera and of the floor; ranges of the fingers' joints in examples [rad]."""


class HandScene(InStudio):
    """Draws the hand. Use it as a context manager, on one thread."""

    def __init__(self) -> None:
        hand = three_finger_hand()
        spec = hand.spec
        for light in list(spec.lights):
            spec.delete(light)
        looks.add_lights(spec)
        spec.visual.headlight.active = 0
        spec.visual.map.znear = 0.01
        spec.stat.extent = 1.0

        self._surfaces = ["palm", *(f"{joint}_geom" for joint in hand.joints), FLOOR]
        plane = mujoco.mjtGeom.mjGEOM_PLANE
        spec.worldbody.add_geom(
            name=FLOOR, type=plane, size=[1, 1, 0.1], pos=[0, 0, -0.1], contype=0, conaffinity=0
        )
        for name in self._surfaces:
            spec.geom(name).material = looks.add_surface(spec, name, wraps=name != FLOOR)
            spec.geom(name).rgba = [1, 1, 1, 1]
        spec.worldbody.add_camera(name=EYE, fovy=FIELD_OF_VIEW)

        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self._block = self.model.geom("object_geom").id
        self._studio = Studio(self.model, SIDE, SIDE)

    def dress(self, rng: Rng, held_out: bool) -> None:
        """Gives everything a look, and the camera a place.

        Args:
            rng: Draws.
            held_out: Whether palm, fingers, floor and lights are of kinds that no training has.
        """
        self._studio.upload(looks.repaint(self.model, rng, self._surfaces, held_out))
        looks.relight(self.model, rng, held_out)
        for name, colour in (("object_geom", BLOCK), ("object_mark", MARK)):
            faded = colour + rng.uniform(-FADED, FADED, 3)
            self.model.geom_rgba[self.model.geom(name).id, :3] = faded.clip(0, 1)

        place = np.array([0, 0, HEIGHT]) + rng.uniform(-ASIDE, ASIDE, 3)
        pitch, roll = rng.uniform(-TILT, TILT, 2)
        looks.aim(self.model, EYE, place, np.pi / 2, np.pi / 2 + pitch, roll)

    def pose(self, rng: Rng) -> Array:
        """Puts fingers and block somewhere; returns x, y [m] and the angle [rad] of the block."""
        fingers = len(self.model.actuator_trnid) // 2
        low, high = np.tile(BENDS, (fingers, 1)).T
        while True:
            mujoco.mj_resetDataKeyframe(self.model, self.data, self.model.key(HOME).id)
            angles = rng.uniform(low, high)
            away = FARTHEST * np.sqrt(rng.random())
            turn, angle = rng.uniform(-np.pi, np.pi, 2)
            block = [away * np.cos(turn), away * np.sin(turn), angle]
            self.data.qpos[:] = [*angles, *block]
            self.data.ctrl[:] = angles
            mujoco.mj_step(self.model, self.data, nstep=20)  # what overlaps comes apart
            if not self.data.warning.number.any():
                return np.array(self.data.qpos[-3:])

    def copy(self, data: mujoco.MjData) -> None:
        """Puts everything where it is in a simulation of the hand, with a block of that size."""
        self.data.qpos[:] = data.qpos
        self.model.geom_size[self._block] = data.model.geom("object_geom").size

    def picture(self, rng: Rng) -> NDArray[np.uint8]:
        """A picture (SIDE, SIDE, 3) with a random exposure and noise."""
        self._studio.look(self.data, EYE)
        return exposure.exposed(self._studio.picture(), rng)
