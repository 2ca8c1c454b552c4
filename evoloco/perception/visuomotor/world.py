"""A gripper that shall put a cube into a basket, a planner that can, and pictures of it."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.perception import exposure, looks
from evoloco.perception.grasp.gripper import FINGERS, HALF_OPEN
from evoloco.perception.grasp.scene import GRIPPER_JOINTS, TABLE, Scene, table
from evoloco.perception.hand_eye.world import Mount
from evoloco.perception.patterns import Rng, hue
from evoloco.perception.pinhole import Pinhole, in_camera
from evoloco.perception.studio import InStudio, Studio

WIDTH, HEIGHT, FIELD_OF_VIEW = 64, 48, 32.0
"""Of a picture [px], and angle of the camera [deg]."""

POSITION, PITCH = np.array([-0.5, 0.0, 0.6]), float(np.radians(48))
"""Nominal place of the camera [m], which looks along x, and its pitch below the horizon [rad]."""

JITTER, TILT = 0.02, float(np.radians(2))
"""Largest deviation of the camera along each axis [m] and about each axis [rad]."""

CUBE, BASKET, WALL = 0.022, 0.06, 0.012
"""Half of the cube's edge, half of the basket's, and half of the height of its walls [m]."""

AHEAD, ASIDE, APART = 0.1, 0.12, 0.12
"""Cube and basket lie within these of the table's middle, along x and y, and this far apart [m]."""

CLUTTER = 2
"""Largest number of other things, which are only seen."""

CONTROL, SPEED = 0.1, 0.3
"""Time between commands [s], and largest velocity of a slide [m/s]."""

STEPS = 44
"""Commands of an episode."""

ABOVE, DOWN, CARRY, RELEASE = 0.09, 0.008, 0.11, 0.04
"""Heights of the fingertips before the grasp, at it, on the way, and where it ends [m]."""

STEEP, MIDDLE = 3.0, 0.004
"""Slope of the funnel above a place, and radius of its even bottom [m]."""

OPEN, CLOSE, KEEP = 0, 1, 2
"""Commands to the fingers."""

RED, BLUE = 0.0, 0.62
"""Hues of cube and basket."""

RAISED = 0.05
"""Height by which a cube is grasped [m]."""


@dataclass(frozen=True)
class Command:
    """What a policy decides every `CONTROL` seconds.

    Attributes:
        velocity: Of the slides x, y and z [m/s] (3,).
        fingers: `OPEN`, `CLOSE` or `KEEP`.
    """

    velocity: Array
    fingers: int


class Task:
    """One episode: a cube, a basket, and a gripper at a random place.

    Args:
        scene: Of `Kitchen`.
        basket: Place of the basket [m] (2,).
        start: Where the gripper begins [m] (3,).
    """

    def __init__(self, scene: Scene, basket: Array, start: Array) -> None:
        self.scene, self.basket = scene, basket
        self._lying, self.grasped = float(scene.heights[0]), False
        scene.data.qpos[:3] = scene.data.ctrl[:3] = start
        mujoco.mj_forward(scene.model, scene.data)

    @property
    def cube(self) -> Array:
        """Place of the cube [m] (3,)."""
        return np.array(self.scene.places[0])

    @property
    def joints(self) -> Array:
        """Positions of the slides x, y, z and of the fingers [m] (5,)."""
        fingers = slice(GRIPPER_JOINTS - len(FINGERS), GRIPPER_JOINTS)
        return np.append(self.scene.data.qpos[:3], self.scene.data.qpos[fingers])

    @property
    def done(self) -> bool:
        """Whether the cube lies in the basket, and nothing diverged."""
        away = np.abs(self.cube[:2] - self.basket).max()
        return bool(away < BASKET and self.cube[2] < RAISED and self.scene.stable)

    def step(self, command: Command) -> None:
        """Moves for `CONTROL` seconds."""
        data, model = self.scene.data, self.scene.model
        if not self.scene.stable:
            return
        if command.fingers != KEEP:
            data.ctrl[-len(FINGERS) :] = HALF_OPEN if command.fingers == CLOSE else 0
        for _ in range(4):
            data.ctrl[:3] += np.clip(command.velocity, -SPEED, SPEED) * CONTROL / 4
            data.ctrl[2] = max(data.ctrl[2], DOWN / 2)
            mujoco.mj_step(model, data, round(CONTROL / 4 / model.opt.timestep))
        self.grasped |= self.scene.stable and self.cube[2] - self._lying > RAISED


class Planner:
    """Approaches places down a funnel, stage by stage. It is told where cube and basket are.

    Stages: down to the cube -> close -> up -> down to the basket -> open -> stay. A stage of motion
    ends within `NEAR` of its goal, one of the fingers after three commands. In a funnel the height
    follows from the distance that is left, so a gripper that is low beside the cube goes up first,
    however it came there.
    """

    NEAR = 0.01

    def __init__(self) -> None:
        self._stage, self._waited = 0, 0

    def decide(self, task: Task, cube: Array | None = None) -> Command:
        """The next command.

        Args:
            task: Of the episode.
            cube: Where the cube is taken to be [m] (3,), if elsewhere than it is.
        """
        place = task.cube if cube is None else cube
        point = task.joints[:3]
        goals = {
            0: _in_funnel(point, place[:2], DOWN, ABOVE),
            2: np.append(point[:2], CARRY),
            3: _in_funnel(point, task.basket, RELEASE, CARRY),
        }
        while self._stage in goals:
            away = goals[self._stage] - point
            if np.linalg.norm(away) > self.NEAR:
                return Command(self._towards(away), KEEP)
            self._stage += 1

        if self._stage in (1, 4):
            fingers = CLOSE if self._stage == 1 else OPEN
            self._waited += 1
            if self._waited == 3:
                self._stage, self._waited = self._stage + 1, 0
            return Command(np.zeros(3), fingers)
        return Command(np.zeros(3), KEEP)

    def _towards(self, away: Array) -> Array:
        """A velocity along the line, which slows down at its end."""
        velocity = away / (1.5 * CONTROL)
        return np.asarray(velocity * min(1.0, SPEED / np.abs(velocity).max()))


def _in_funnel(point: Array, place: Array, low: float, high: float) -> Array:
    """Above a place (2,), as high as the distance from it allows [m] (3,)."""
    apart = max(0.0, float(np.linalg.norm(place - point[:2])) - MIDDLE)
    return np.append(place, min(high, low + STEEP * apart))


class Kitchen(InStudio):
    """Draws tasks and pictures of them. Use it as a context manager, on one thread.

    Args:
        randomized: Whether the looks of the split "train" are random.
    """

    def __init__(self, randomized: bool = True) -> None:
        self._randomized = randomized
        self._studio = Studio(_spec(np.zeros(2), np.zeros(2), 0.0).compile(), WIDTH, HEIGHT)

    def task(self, rng: Rng, held_out: bool) -> Task:
        """A random episode.

        Args:
            rng: Draws.
            held_out: Whether patterns and lights are of kinds that no training has.
        """
        area = np.array([AHEAD, ASIDE])
        cube = rng.uniform(-area, area)
        basket = rng.uniform(-area, area)
        while np.abs(basket - cube).max() < APART:
            basket = rng.uniform(-area, area)
        scene = Scene(_spec(cube, basket, rng.uniform(-0.2, 0.2)), settle=0.1)
        self._dress(scene, rng, held_out)
        x, y = rng.uniform(-area, area)
        return Task(scene, basket, np.array([x, y, rng.uniform(0.1, 0.16)]))

    def picture(self, task: Task, rng: Rng) -> NDArray[np.uint8]:
        """What the camera shows of a task now (HEIGHT, WIDTH, 3)."""
        self._studio.model = task.scene.model
        self._studio.look(task.scene.data, "eye")
        picture = self._studio.picture()
        return exposure.exposed(picture, rng) if self._randomized else picture

    def pixels(self, task: Task, points: Array) -> Array:
        """Where the camera sees points (n, 3), from -1 to 1 along the picture's sides (n, 2)."""
        model, data = task.scene.model, task.scene.data
        camera = model.camera("eye").id
        axes = data.cam_xmat[camera].reshape(3, 3)
        seen = in_camera(points, data.cam_xpos[camera], axes)
        pinhole = Pinhole(WIDTH, HEIGHT, FIELD_OF_VIEW)
        return np.clip(pinhole.pixels(seen) / pinhole.centre - 1, -1, 1)

    def _dress(self, scene: Scene, rng: Rng, held_out: bool) -> None:
        """Gives everything surfaces, and the scene lights, a camera and other things."""
        self._studio.model = model = scene.model
        plain = not (self._randomized or held_out)
        look = looks.draws(0, "the one look", 0) if plain else rng
        names = ["table", *(f"clutter{number}" for number in range(CLUTTER))]
        self._studio.upload(looks.repaint(model, look, names, held_out))
        looks.relight(model, look, held_out)
        _tint(model, "cube", look, RED)
        for side in range(4):
            _tint(model, f"wall{side}", look, BLUE)

        far = np.zeros(6) if plain else rng.uniform(-1, 1, 6)
        yaw, pitch, roll = TILT * far[3:]
        mount = Mount(POSITION + JITTER * far[:3], yaw, PITCH + pitch, roll)
        looks.aim(model, "eye", mount.position, mount.yaw, mount.pitch, mount.roll)
        for name in names[1 : 1 + (0 if plain else rng.integers(CLUTTER + 1))]:
            spot = rng.uniform([-0.15, -0.25], [0.2, 0.25])
            looks.scatter(model, scene.data, rng, name, spot, held_out, (0.01, 0.025))


def _tint(model: mujoco.MjModel, geom: str, rng: Rng, turn: float) -> None:
    colour = hue(turn + rng.uniform(-0.03, 0.03), rng.uniform(0.7, 1), rng.uniform(0.6, 1))
    model.geom(geom).rgba[:3] = colour


def _spec(cube: Array, basket: Array, yaw: float) -> mujoco.MjSpec:
    """The table with a gripper, a cube and a basket."""
    spec = table()
    spec.visual.headlight.active = 0
    spec.visual.map.znear = 0.01
    spec.stat.extent = 1
    looks.add_lights(spec)
    top = spec.geom("table")
    top.size, top.rgba, top.group = (1, 1, 0.1), (1, 1, 1, 1), TABLE
    top.material = looks.add_surface(spec, "table", wraps=False, repeat=8)
    for geom in spec.geoms:
        geom.group = min(geom.group, 2)

    body = spec.worldbody.add_body(
        name="cube", pos=[*cube, CUBE], quat=[np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)]
    )
    body.add_freejoint()
    box = mujoco.mjtGeom.mjGEOM_BOX
    body.add_geom(name="cube", type=box, size=[CUBE] * 3, density=400, friction=[0.7, 0.005, 1e-4])
    for side in range(4):
        angle = side * np.pi / 2
        spec.worldbody.add_geom(
            name=f"wall{side}",
            type=box,
            size=[0.004, BASKET, WALL],
            pos=[*(basket + BASKET * np.array([np.cos(angle), np.sin(angle)])), WALL],
            quat=[np.cos(angle / 2), 0, 0, np.sin(angle / 2)],
        )
    for name in looks.add_clutter(spec, CLUTTER):
        spec.geom(name).contype = spec.geom(name).conaffinity = 0
    spec.worldbody.add_camera(name="eye", fovy=FIELD_OF_VIEW)
    return spec
