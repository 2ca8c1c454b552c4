"""A cone on a table: random pictures of it, with its place.

The place is that of the middle of the cone's base, seen from the camera's foot: the point of the
table's plane below the lens. So neither the camera's heading nor its place matter, but errors of
its height, pitch and roll do.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.perception import exposure, looks
from evoloco.perception.mounted import Mounted
from evoloco.perception.patterns import Rng
from evoloco.perception.studio import InStudio, Studio

WIDTH, HEIGHT, FIELD_OF_VIEW = 80, 60, 40.0
"""Of a picture [px] and, vertical, of the camera [deg]."""

LIFTED, PITCH = 0.6, float(np.radians(45))
"""Nominal height of the camera above the table [m], and its pitch below the horizon [rad]."""

CAMERA = Mounted(WIDTH, HEIGHT, FIELD_OF_VIEW, LIFTED, PITCH)
"""At its nominal pose."""

JITTER = {"height": 0.01, "pitch": np.radians(1), "roll": np.radians(1), "field of view": 0.5}
"""Largest deviation of the camera from its nominal pose [m, rad, rad, deg]."""

CONE = "cone"
RADIUS, TALL = 0.05, 0.12
"""Of the cone [m]."""

NEAR, FAR, ASIDE = 0.35, 0.9, 0.28
"""Range of the cone's place: ahead, and to either side at the farthest [m]."""

FLOOR = -0.7
"""Height of the floor under the table [m]."""

CLUTTER = 6
APART = 0.12
"""Least distance of the middles of cone and clutter [m]."""

EMPTY = 0.25
"""Share of pictures without a cone."""

VALID = "valid"
"""Split that looks as the training does, and never shows a cone."""


@dataclass(frozen=True)
class View:
    """One picture.

    Attributes:
        picture: RGB (HEIGHT, WIDTH, 3).
        place: Of the cone: forward and left of the camera's foot [m] (2,).
        pixel: Where the middle of its base is seen [px] (2,).
        visible: Pixels that show the cone; 0 without one.
    """

    picture: NDArray[np.uint8]
    place: Array
    pixel: Array
    visible: int


def scene() -> mujoco.MjModel:
    """A table with a cone and clutter, over a floor."""
    spec = looks.blank(extent=4)
    for name, kind, size in (
        ("floor", mujoco.mjtGeom.mjGEOM_PLANE, (4, 4, 0.1)),
        ("table", mujoco.mjtGeom.mjGEOM_BOX, (0.6, 0.6, 0.02)),
    ):
        looks.add_surface(spec, name, wraps=name == "table", repeat=6)
        spec.worldbody.add_geom(name=name, type=kind, size=size, pos=(0, 0, FLOOR), material=name)

    turns = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    rim = np.stack([RADIUS * np.cos(turns), RADIUS * np.sin(turns), 0 * turns], axis=1)
    spec.add_mesh(name=CONE, uservert=[*rim.ravel(), 0, 0, TALL])
    body = spec.worldbody.add_body(name=CONE, mocap=True)
    body.add_geom(
        name=CONE,
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname=CONE,
        material=looks.add_surface(spec, CONE),
    )
    looks.add_clutter(spec, CLUTTER)
    spec.worldbody.add_camera(name="eye", fovy=FIELD_OF_VIEW)
    return spec.compile()


class Tabletop(InStudio):
    """Draws random pictures. Use it as a context manager, on one thread.

    Args:
        randomized: Whether pictures of the split "train" have random surfaces and lights; without,
            all have the same.
    """

    def __init__(self, randomized: bool = True) -> None:
        self._randomized = randomized
        self.model = scene()
        self.data = mujoco.MjData(self.model)
        self._clutter = tuple(f"clutter{number}" for number in range(CLUTTER))
        self._studio = Studio(self.model, WIDTH, HEIGHT)
        self._dressed = False

    def one(self, rng: Rng, split: str) -> View:
        """A random picture.

        Args:
            rng: Draws.
            split: All but "train" and "valid" are held out. "valid" has no cone, "crowded" has six
                pieces of clutter, where the others have up to three; in "moved" the camera deviates
                twice as far.
        """
        held_out = split not in ("train", VALID)
        plain = not (self._randomized or held_out)
        if not plain:
            self._dress(rng, held_out)
        elif not self._dressed:
            self._dress(looks.draws(0, "the one look", 0), held_out=False)
            self._dressed = True

        self._aim(rng, 2.0 if split == "moved" else 1.0)
        there = split != VALID and rng.random() >= EMPTY
        place = self._arrange(rng, held_out, CLUTTER if split == "crowded" else 3, there)
        self._studio.look(self.data, "eye")
        picture = self._studio.picture()
        shown = self._studio.geoms() == self.model.geom(CONE).id
        return View(
            picture if plain else exposure.exposed(picture, rng),
            place,
            self._pixel(place),
            int(shown.sum()),
        )

    def _dress(self, rng: Rng, held_out: bool) -> None:
        """Gives everything new surfaces and lights."""
        names = ["floor", "table", CONE, *self._clutter]
        self._studio.upload(looks.repaint(self.model, rng, names, held_out))
        looks.relight(self.model, rng, held_out)

    def _aim(self, rng: Rng, far: float) -> None:
        """Places the camera, and the table under it."""
        height, pitch, roll, angle = (far * rng.uniform(-most, most) for most in JITTER.values())
        looks.aim(
            self.model,
            "eye",
            (0, 0, LIFTED + height),
            0,
            PITCH + pitch,
            roll,
            FIELD_OF_VIEW + angle,
        )
        table = self.model.geom("table").id
        thick = rng.uniform(0.01, 0.04)
        self.model.geom_size[table] = rng.uniform(0.45, 0.7), rng.uniform(0.45, 0.8), thick
        self.model.geom_pos[table] = rng.uniform(0.55, 0.75), rng.uniform(-0.1, 0.1), -thick

    def _arrange(self, rng: Rng, held_out: bool, most: int, there: bool) -> Array:
        """Places cone and clutter. Returns the cone's place (2,)."""
        spot = _spot(rng)
        looks.place(self.model, self.data, CONE, (*spot, 0.0 if there else looks.BELOW))

        taken = [spot]
        count = most if most == CLUTTER else rng.integers(most + 1)
        for name in self._clutter:
            looks.remove(self.model, self.data, name)
        for name in self._clutter[:count]:
            other = _spot(rng)
            if min(np.hypot(*(other - one)) for one in taken) >= APART:
                taken.append(other)
                looks.scatter(self.model, self.data, rng, name, other, held_out, (0.02, 0.05))
        return spot

    def _pixel(self, place: Array) -> Array:
        """Where a point of the table's plane is seen [px] (2,)."""
        eye = self.data.camera("eye")
        right, up, back = eye.xmat.reshape(3, 3).T
        offset = np.array([*place, 0.0]) - eye.xpos
        angle = self.model.cam_fovy[self.model.camera("eye").id]
        focal = HEIGHT / 2 / np.tan(np.radians(angle) / 2)
        ahead = -offset @ back
        across, down = offset @ right / ahead, -offset @ up / ahead
        return np.array([(WIDTH - 1) / 2 + focal * across, (HEIGHT - 1) / 2 + focal * down])


def _spot(rng: Rng) -> Array:
    """A random place on the part of the table that the camera sees [m] (2,)."""
    ahead = rng.uniform(NEAR, FAR)
    return np.array([ahead, rng.uniform(-1, 1) * ASIDE * (0.5 + 0.5 * ahead / FAR)])
