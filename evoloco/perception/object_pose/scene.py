"""A known object, and random views of it: pictures and depth with the true pose.

The object is a toy of four painted blocks without any symmetry. Its shape and the hues of its
paint are known; pattern, shade and gloss of the paint change from view to view, like floor,
clutter, lights and camera.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.perception import exposure, looks
from evoloco.perception.object_pose.icp import Surface
from evoloco.perception.patterns import Rng, Texture, hue, pattern, texture
from evoloco.perception.pinhole import FROM_MUJOCO, Pinhole
from evoloco.perception.pose import Pose
from evoloco.perception.slip.surface import scanned
from evoloco.perception.studio import InStudio, Studio

OBJECT = "object"
"""Name of the object's body."""

WIDTH, HEIGHT, FIELD_OF_VIEW = 80, 60, 50.0
"""Of a picture [px] and, vertical, of the camera [deg]."""

REACH = 3.0
"""Longest distance that a ray measures [m]."""

DEPTH_NOISE = 0.003
"""Standard deviation of a measured distance [m]."""

CAMERA = Pinhole(WIDTH, HEIGHT, FIELD_OF_VIEW)
"""Of the picture, and of the depth picture: there is one ray per pixel."""

VISIBLE = {"train": (0.4, 1.0), "valid": (0.8, 1.0), "occluded": (0.5, 0.8)}
"""Least and largest visible share of the object, by split; that of "valid" for all others."""


@dataclass(frozen=True)
class Block:
    """One block of the object.

    Attributes:
        middle: In the object's frame [m].
        half: Half of its sides [m].
        turn: Hue of its paint, as a part of the colour circle.
        saturation: Of its paint.
    """

    middle: tuple[float, float, float]
    half: tuple[float, float, float]
    turn: float
    saturation: float


BLOCKS = {
    "base": Block((0, 0, -0.05), (0.1, 0.06, 0.02), 0.04, 0.9),
    "tower": Block((-0.075, 0.035, 0.03), (0.025, 0.025, 0.06), 0.6, 0.9),
    "arm": Block((0.0, 0.035, 0.07), (0.05, 0.02, 0.02), 0.33, 0.9),
    "knob": Block((0.075, -0.035, 0.0), (0.02, 0.02, 0.03), 0.16, 0.9),
}
"""The object, about 28 cm across."""

KEYPOINTS = np.array(
    [
        *[(x, y, -0.07) for x in (-0.1, 0.1) for y in (-0.06, 0.06)],
        *[(-0.1, -0.06, -0.03), (0.1, 0.06, -0.03)],
        *[(-0.1, 0.06, 0.09), (-0.1, 0.01, 0.09)],
        *[(0.05, 0.055, 0.05), (0.05, 0.015, 0.09)],
        *[(0.095, -0.055, 0.03), (0.055, -0.015, 0.03)],
    ]
)
"""Corners of the blocks that are looked for, in the object's frame [m] (12, 3)."""

SMALLEST = 100
"""Pixels of the object that a view shows at least."""

CLUTTER = 4
SPACING = 0.006
"""Spacing of the points of the object's surface [m]."""


@dataclass(frozen=True)
class View:
    """One random view of the object.

    Attributes:
        picture: Pixels (HEIGHT, WIDTH, 3).
        distances: Along the rays, with noise [m] (HEIGHT, WIDTH), the uppermost
            row first.
        mask: Whether each ray hits the object (HEIGHT, WIDTH).
        pose: Of the object in the camera's frame: right, down, ahead.
        visible: Share of the object's rays that nothing in front of it takes.
    """

    picture: NDArray[np.uint8]
    distances: Array
    mask: NDArray[np.bool_]
    pose: Pose
    visible: float


def add_object(spec: mujoco.MjSpec, name: str = OBJECT) -> mujoco.MjsBody:
    """Adds the object to a scene as a mocap body, each block with a surface of its own."""
    body = spec.worldbody.add_body(name=name, mocap=True)
    for part, block in BLOCKS.items():
        body.add_geom(
            name=part,
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=block.middle,
            size=block.half,
            material=looks.add_surface(spec, part),
        )
    return body


def object_surface() -> Surface:
    """The object's surface, as points with normals."""
    spec = looks.blank()
    add_object(spec)
    return scanned(spec.compile(), OBJECT, SPACING)


def object_points() -> Array:
    """Corners of all blocks [m] (32, 3): the points of ADD, and of the diameter."""
    signs = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    return np.concatenate([block.middle + signs * block.half for block in BLOCKS.values()])


def scene() -> mujoco.MjModel:
    """The object on a floor, with clutter and a camera."""
    spec = looks.blank(extent=4)
    looks.add_surface(spec, "floor", wraps=False, repeat=6)
    spec.worldbody.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=(4, 4, 0.1), material="floor"
    )
    add_object(spec)
    looks.add_clutter(spec, CLUTTER)
    spec.worldbody.add_camera(name="eye", fovy=FIELD_OF_VIEW)
    return spec.compile()


class Views(InStudio):
    """Draws random views. Use it as a context manager, on one thread.

    Attributes:
        model: The scene.
        data: Of the scene, as the last view shows it.
    """

    def __init__(self) -> None:
        self.model = scene()
        self.data = mujoco.MjData(self.model)
        self._clutter = tuple(f"clutter{number}" for number in range(CLUTTER))
        self._studio = Studio(self.model, WIDTH, HEIGHT)

    def several(self, count: int, split: str, seed: int) -> Iterator[View]:
        """Random views of a split, each from draws of its own."""
        for example in range(count):
            yield self.one(looks.draws(seed, split, example), split)

    def one(self, rng: Rng, split: str) -> View:
        """A random view.

        Args:
            rng: Draws.
            split: "train" and "valid" look alike; all others are held out. In "occluded" clutter
                hides a fifth to a half of the object; in "repainted" the object has any colours.
        """
        held_out = split not in ("train", "valid")
        self.dress(rng, held_out, split == "repainted")

        lowest, highest = VISIBLE.get(split, VISIBLE["valid"])
        hidden = split == "occluded" or (split == "train" and rng.random() < 0.5)
        while True:
            self.arrange(rng, held_out, hidden)
            view = self.shot(rng)
            if view.mask.sum() >= SMALLEST and lowest <= view.visible <= highest:
                return view

    def dress(self, rng: Rng, held_out: bool, any_colour: bool = False) -> None:
        """Gives everything new surfaces and lights."""
        names = ["floor", *self._clutter]
        names += BLOCKS if any_colour else ()
        painted = looks.repaint(self.model, rng, names, held_out)
        if not any_colour:
            painted += [self._paint(rng, part, held_out) for part in BLOCKS]
        self._studio.upload(painted)
        looks.relight(self.model, rng, held_out)

    def _paint(self, rng: Rng, part: str, held_out: bool) -> int:
        self.model.mat_specular[self.model.material(part).id] = rng.uniform(0, 0.5)
        return looks.paint(self.model, part, paint(rng, BLOCKS[part], held_out))

    def arrange(self, rng: Rng, held_out: bool, hidden: bool) -> None:
        """Places object, clutter and camera anew.

        Args:
            rng: Draws.
            held_out: Whether clutter has shapes that no training view has.
            hidden: Whether clutter stands between camera and object.
        """
        model, data = self.model, self.data
        turn = looks.turned(rng)
        rotation = np.empty(9)
        mujoco.mju_quat2Mat(rotation, turn)
        height = -(object_points() @ rotation.reshape(3, 3).T)[:, 2].min()
        looks.place(model, data, OBJECT, (0, 0, height), turn)

        distance, around = rng.uniform(0.4, 0.75), rng.uniform(-np.pi, np.pi)
        pitch = np.radians(rng.uniform(12, 60))
        sight = distance * np.array(
            [-np.cos(pitch) * np.cos(around), -np.cos(pitch) * np.sin(around), np.sin(pitch)]
        )
        yaw_off, pitch_off, roll = np.radians(rng.uniform(-1, 1, 3) * [16, 10, 10])
        middle = np.array([0, 0, height])
        looks.aim(model, "eye", middle + sight, around + yaw_off, pitch + pitch_off, roll)

        for name in self._clutter:
            self._scatter(rng, name, held_out)
        if hidden:
            self._hide(rng, middle, sight, held_out)

    def _scatter(self, rng: Rng, name: str, held_out: bool) -> None:
        if rng.random() < 0.3:
            looks.remove(self.model, self.data, name)
            return

        angle, away = rng.uniform(-np.pi, np.pi), rng.uniform(0.2, 0.6)
        ground = away * np.cos(angle), away * np.sin(angle)
        looks.scatter(self.model, self.data, rng, name, ground, held_out, (0.02, 0.08))

    def _hide(self, rng: Rng, middle: Array, sight: Array, held_out: bool) -> None:
        """Holds clutter in the air between object and camera."""
        name = self._clutter[0]
        looks.scatter(self.model, self.data, rng, name, (0, 0), held_out, (0.02, 0.06))
        between = middle + rng.uniform(0.35, 0.6) * sight + rng.normal(0, 0.05, 3)
        looks.place(self.model, self.data, name, between, looks.turned(rng))

    def shot(self, rng: Rng) -> View:
        """What the camera sees of the scene as it is."""
        self._studio.look(self.data, "eye")
        picture = exposure.exposed(self._studio.picture(), rng)

        distances, hit = self.cast()
        visible = self._visible(hit)
        distances += rng.normal(0, DEPTH_NOISE, distances.shape)
        return View(picture, distances, hit, self.pose(), visible)

    def pose(self) -> Pose:
        """The object's true pose in the camera's frame."""
        camera, body = self.data.camera("eye"), self.data.body(OBJECT)
        eye = Pose(camera.xmat.reshape(3, 3) @ FROM_MUJOCO, camera.xpos.copy())
        return eye.inverse() @ Pose(body.xmat.reshape(3, 3).copy(), body.xpos.copy())

    def cast(self) -> tuple[Array, NDArray[np.bool_]]:
        """Distances [m] and whether the object is hit, of all rays (HEIGHT, WIDTH)."""
        camera = self.data.camera("eye")
        rays = CAMERA.rays() @ (camera.xmat.reshape(3, 3) @ FROM_MUJOCO).T
        count = rays.shape[0] * rays.shape[1]
        geoms, distances = np.empty(count, np.int32), np.empty(count)
        mujoco.mj_multiRay(
            *(self.model, self.data, camera.xpos, rays.ravel(), None, 1, -1),
            *(geoms, distances, None, count, REACH),
        )

        distances[geoms < 0] = REACH
        hit = (geoms >= 0) & (self.model.geom_bodyid[geoms] == self.model.body(OBJECT).id)
        return distances.reshape(rays.shape[:2]), hit.reshape(rays.shape[:2])

    def _visible(self, hit: NDArray[np.bool_]) -> float:
        """Share of the object's rays that are left with the clutter in place."""
        before = self.data.mocap_pos.copy()
        for name in self._clutter:
            looks.remove(self.model, self.data, name)
        mujoco.mj_kinematics(self.model, self.data)
        _, alone = self.cast()

        self.data.mocap_pos[:] = before
        mujoco.mj_kinematics(self.model, self.data)
        return float(hit.sum() / max(alone.sum(), 1))


def paint(rng: Rng, block: Block, held_out: bool) -> Texture:
    """A block's paint: its hue in a random shade, with a random pattern in another shade."""
    turn = block.turn + rng.uniform(-0.03, 0.03)
    ground = hue(turn, block.saturation * rng.uniform(0.8, 1.1), rng.uniform(0.5, 1))
    ink = hue(turn, block.saturation * rng.uniform(0.5, 1), rng.uniform(0.3, 1))
    return texture(rng.uniform(0, 0.8) * pattern(rng, held_out), ground, ink, rng)
