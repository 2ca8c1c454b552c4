"""Random pictures of a football pitch, with the pixels and the place of the ball.

| what                      | training and validation | held out                      |
|---------------------------|-------------------------|-------------------------------|
| height of the camera [m]  | 0.35-0.55, 0.75-1.1     | 0.28-0.35, 0.55-0.75, 1.1-1.3 |
| pitch of the camera [deg] | 5-35                    | 2-40                          |

Surfaces, lights and clutter differ as `evoloco.perception.looks` says.

The ball has a radius of 6 to 11 cm and lies 0.4 to 3.5 m ahead, evenly in the logarithm. Its
centre is in the picture, and at least `LEAST` of its pixels are visible: robots, goal posts and
clutter may hide the rest. It is the only sphere, and white or of a strong colour with an ink; all
else is dull, but for lines and goals, which are white. A look-alike is clutter that wears a ball's
texture. A fifth of the pictures has no ball, and a quarter has one to three look-alikes, unless the
split says otherwise.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.perception import exposure, looks
from evoloco.perception.patterns import Rng, Texture, dull, hue, pattern, texture
from evoloco.perception.pinhole import Pinhole, in_camera
from evoloco.perception.studio import Studio

WIDTH, HEIGHT = 80, 60
"""Size of a picture [px]."""

LEAST = 8
"""Fewest visible pixels of a ball."""

HEIGHTS = {
    "train": ((0.35, 0.55), (0.75, 1.1)),
    "test": ((0.28, 0.35), (0.55, 0.75), (1.1, 1.3)),
}
"""Ranges of the camera's height over the ground [m]."""

PITCHES = {"train": (5.0, 35.0), "test": (2.0, 40.0)}
"""Ranges of the camera's pitch below the horizon [deg]."""

FIELD_OF_VIEW = 50.0, 62.0
"""Range of the vertical field of view [deg]."""

DISTANCES = 0.4, 3.5
"""Range of the distance of the ball over the ground [m]."""

RADII = 0.06, 0.11
"""Range of the radius of the ball [m]."""

MOTION = 3.0, 8.0
"""Range of the motion in a blurred picture [px]."""

EYE, BALL = "eye", "ball"
"""Names of the camera, and of the ball's body, geom and surface."""

ROBOTS, CLUTTER = 2, 5
"""Numbers of robots and of pieces of clutter at most."""


@dataclass(frozen=True)
class Split:
    """A kind of pictures.

    Attributes:
        held_out: Whether looks and camera poses are those that no training picture has.
        balls: Share of pictures with a ball.
        alikes: Share of pictures with look-alikes.
        moves: Whether the camera moves while it takes the picture.
    """

    held_out: bool = True
    balls: float = 0.8
    alikes: float = 0.25
    moves: bool = False


SPLITS = {
    "train": Split(held_out=False),
    "valid": Split(held_out=False, balls=0, alikes=0),
    "test": Split(),
    "empty": Split(balls=0),
    "look_alikes": Split(alikes=1),
    "blur": Split(moves=True),
}
"""Splits by name."""


def examples(count: int, split: str, seed: int) -> dict[str, NDArray[np.generic]]:
    """Random pictures of a split, and what is true of them.

    The first examples do not depend on how many there are.

    Args:
        count: Number of examples n.
        split: Name of the split.
        seed: Of the draws.

    Returns:
        `picture` (n, HEIGHT, WIDTH, 3); `mask`, whether a pixel shows the ball (n, HEIGHT, WIDTH);
        `centre`, where the middle of the ball is [px] (n, 2), NaN without a ball; `alike`, whether
        there are look-alikes (n,); `radius` of the ball [m] (n,); `eye`, height over the ground
        [m], roll, pitch and vertical field of view [rad] (n, 4); `place` of the ball over the
        ground, ahead and to the left of the camera [m] (n, 2), NaN without a ball.
    """
    with _pitch() as pitch:
        found = [
            pitch.example(looks.draws(seed, split, one), SPLITS[split]) for one in range(count)
        ]
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def ball_texture(rng: Rng, held_out: bool) -> Texture:
    """A face (SIDE, SIDE, 3) of a ball's cube map: white or vivid, with dark or vivid ink."""
    white = hue(rng.random(), rng.uniform(0, 0.1), rng.uniform(0.75, 1))
    vivid = hue(rng.random(), rng.uniform(0.6, 1), rng.uniform(0.75, 1))
    dark = np.full(3, 0.05)
    ground = white if rng.random() < 0.6 else vivid
    ink = dark if rng.random() < 0.5 else hue(rng.random(), 0.9, 0.6)
    return texture(pattern(rng, held_out), ground, ink, rng)


@contextmanager
def _pitch() -> Iterator["Pitch"]:
    model = scene()
    with Studio(model, WIDTH, HEIGHT) as studio:
        yield Pitch(model, studio)


def scene() -> mujoco.MjModel:
    """A pitch with walls around it, lines, a goal, robots, a ball, clutter and a camera."""
    spec, geom = looks.blank(), mujoco.mjtGeom
    world, white = spec.worldbody, (0.95, 0.95, 0.95, 1)

    looks.add_surface(spec, "floor", wraps=False, repeat=8)
    world.add_geom(name="floor", type=geom.mjGEOM_PLANE, size=(9, 9, 0.1), material="floor")
    for number, (x, y) in enumerate([(9, 0), (-9, 0), (0, 9), (0, -9)]):
        wall = looks.add_surface(spec, f"wall{number}")
        size = (0.1, 9.0, 2.0) if x else (9.0, 0.1, 2.0)
        world.add_geom(type=geom.mjGEOM_BOX, size=size, pos=(x, y, 2), material=wall)

    for x, y, long, wide in [
        (4, 0, 0.025, 4),
        (0, 3, 4, 0.025),
        (0, -3, 4, 0.025),
        (3, 0, 0.025, 2),
    ]:
        lying = (long, wide, 0.001)
        world.add_geom(type=geom.mjGEOM_BOX, size=lying, pos=(x, y, 0.001), rgba=white)
    for ends in [(4, -1, 0, 4, -1, 1), (4, 1, 0, 4, 1, 1), (4, -1, 1, 4, 1, 1)]:
        world.add_geom(type=geom.mjGEOM_CAPSULE, size=(0.05, 0, 0), fromto=ends, rgba=white)

    for number in range(ROBOTS):
        _add_robot(spec, f"robot{number}")
    ball = world.add_body(name=BALL, mocap=True)
    surface = looks.add_surface(spec, BALL)
    ball.add_geom(name=BALL, type=geom.mjGEOM_SPHERE, size=(0.1, 0, 0), material=surface)
    looks.add_clutter(spec, CLUTTER)
    world.add_camera(name=EYE)
    return spec.compile()


def _add_robot(spec: mujoco.MjSpec, name: str) -> None:
    """Adds a humanoid of boxes and capsules, 0.8 m tall, that stands on the ground."""
    box, capsule = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_CAPSULE
    body = spec.worldbody.add_body(name=name, mocap=True)
    surface = looks.add_surface(spec, name)
    parts: list[tuple[Any, ...]] = [
        (box, (0.06, 0.12, 0.14), (0, 0, 0.52)),
        (box, (0.05, 0.06, 0.06), (0, 0, 0.74)),
    ]
    for side in (-1, 1):
        parts.append((capsule, (0.045, 0.16, 0), (0, 0.08 * side, 0.2)))
        parts.append((box, (0.1, 0.05, 0.03), (0.03, 0.08 * side, 0.03)))
        parts.append((capsule, (0.035, 0.16, 0), (0, 0.17 * side, 0.48)))
    for kind, size, position in parts:
        body.add_geom(type=kind, size=size, pos=position, material=surface)


class Pitch:
    """Draws examples of one scene.

    Args:
        model: Of `scene`.
        studio: Draws it.
    """

    def __init__(self, model: mujoco.MjModel, studio: Studio) -> None:
        self.model, self.data, self.studio = model, mujoco.MjData(model), studio
        names = [model.material(index).name for index in range(model.nmat)]
        self._surfaces = [name for name in names if name != BALL]
        self._clutter = [f"clutter{number}" for number in range(CLUTTER)]
        self._ball = model.geom(BALL).id

    def example(self, rng: Rng, split: Split) -> dict[str, NDArray[np.generic]]:
        """One example: what `examples` gives, without its first axis."""
        here, alike = rng.random() < split.balls, rng.random() < split.alikes
        self._dress(rng, split.held_out, alike)
        while True:
            seen = self._arrange(rng, split.held_out, here)
            if seen is not None:
                break

        picture = self.studio.picture()
        if split.moves:
            picture = exposure.blurred(picture, rng.uniform(*MOTION), rng.uniform(0, np.pi))
        return {"picture": exposure.exposed(picture, rng), "alike": np.asarray(alike), **seen}

    def _dress(self, rng: Rng, held_out: bool, alike: bool) -> None:
        """Gives everything its looks; look-alikes are the first pieces of clutter."""
        painted = looks.repaint(self.model, rng, self._surfaces, held_out, dull)
        in_balls_clothes = [BALL, *self._clutter[: rng.integers(1, 4) if alike else 0]]
        for name in in_balls_clothes:
            painted.append(looks.paint(self.model, name, ball_texture(rng, held_out)))
        self._alikes = len(in_balls_clothes) - 1
        self.studio.upload(painted)
        looks.relight(self.model, rng, held_out)

    def _arrange(
        self, rng: Rng, held_out: bool, here: bool
    ) -> dict[str, NDArray[np.generic]] | None:
        """Places camera, ball and the rest; None if the ball is not to be seen."""
        x, y, yaw, eye = self._aim(rng, held_out)
        distance, bearing = _ahead(rng, DISTANCES, 0.5)
        radius = rng.uniform(*RADII)
        ball = x + distance * np.cos(yaw + bearing), y + distance * np.sin(yaw + bearing)

        self.model.geom_size[self._ball, 0] = radius
        if here:
            looks.place(self.model, self.data, BALL, (*ball, radius), looks.turned(rng))
        else:
            looks.remove(self.model, self.data, BALL)
        self._surround(rng, held_out, (x, y, yaw), ball)

        self.studio.look(self.data, EYE)
        centre, mask = np.full(2, np.nan), np.zeros((HEIGHT, WIDTH), bool)
        place = np.full(2, np.nan)
        if here:
            centre = self._centre(eye[3])
            if not (0 <= centre[0] <= WIDTH - 1 and 0 <= centre[1] <= HEIGHT - 1):
                return None
            mask = self.studio.geoms() == self._ball
            if mask.sum() < LEAST:
                return None
            place = distance * np.array([np.cos(bearing), np.sin(bearing)])
        return {
            "mask": mask,
            "centre": centre,
            "radius": np.asarray(radius),
            "eye": eye,
            "place": place,
        }

    def _aim(self, rng: Rng, held_out: bool) -> tuple[float, float, float, Array]:
        """Places the camera at x, y [m] and yaw [rad]; the rest is `eye` of `examples`."""
        half = "test" if held_out else "train"
        heights = HEIGHTS[half]
        height = rng.uniform(*heights[rng.integers(len(heights))])
        x, y, yaw = rng.uniform(-3, 3), rng.uniform(-2.5, 2.5), rng.uniform(-np.pi, np.pi)
        roll, pitch = np.radians([rng.uniform(-6, 6), rng.uniform(*PITCHES[half])])
        field_of_view = rng.uniform(*FIELD_OF_VIEW)
        looks.aim(self.model, EYE, (x, y, height), yaw, pitch, roll, field_of_view)
        return x, y, yaw, np.array([height, roll, pitch, np.radians(field_of_view)])

    def _surround(
        self, rng: Rng, held_out: bool, eye: tuple[float, float, float], ball: tuple[float, float]
    ) -> None:
        """Places robots and clutter ahead of the camera, some of them beside the ball."""

        def somewhere(nearest: float) -> tuple[float, float]:
            if rng.random() < 0.25:
                return ball[0] + rng.normal(0, 0.25), ball[1] + rng.normal(0, 0.25)
            distance, bearing = _ahead(rng, (nearest, 4.0), 0.75)
            x, y, yaw = eye
            return x + distance * np.cos(yaw + bearing), y + distance * np.sin(yaw + bearing)

        for number, name in enumerate(self._clutter):
            if number < self._alikes or rng.random() < 0.35:
                place = somewhere(0.5)
                looks.scatter(self.model, self.data, rng, name, place, held_out)
            else:
                looks.remove(self.model, self.data, name)
        for number in range(ROBOTS):
            name, half = f"robot{number}", rng.uniform(-np.pi, np.pi) / 2
            if rng.random() < 0.6:
                turn = np.array([np.cos(half), 0, 0, np.sin(half)])
                looks.place(self.model, self.data, name, (*somewhere(0.8), 0), turn)
            else:
                looks.remove(self.model, self.data, name)

    def _centre(self, field_of_view: float) -> Array:
        """Where the middle of the ball is in the picture [px] (2,)."""
        camera = self.model.camera(EYE).id
        axes = self.data.cam_xmat[camera].reshape(3, 3)
        ball = self.data.geom_xpos[self._ball]
        point = in_camera(ball, self.data.cam_xpos[camera], axes)
        if point[2] <= 0:
            return np.full(2, np.inf)
        return Pinhole(WIDTH, HEIGHT, np.degrees(field_of_view)).pixels(point)


def _ahead(rng: Rng, distances: tuple[float, float], spread: float) -> tuple[float, float]:
    """A distance [m], evenly in its logarithm, and a bearing within `spread` [rad]."""
    return float(np.exp(rng.uniform(*np.log(distances)))), float(rng.uniform(-spread, spread))
