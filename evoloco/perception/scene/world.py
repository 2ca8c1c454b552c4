"""Random rooms with up to four objects on the floor, as a camera sees them, with what is true.

An object is one of six shapes, at rest on the floor. What is true of a picture is a label of every
pixel, a box around what is seen of each object, what is ahead, and how far the floor is free.

| split        | objects | where                         | surfaces, lights |
|--------------|---------|-------------------------------|------------------|
| `train`      | 0 to 4  | anywhere                      | of training      |
| `test`       | 1       | in the middle                 | held out         |
| `off_centre` | 1       | to one side, or cut off       | held out         |
| `end_on`     | 1       | in the middle, seen end-on    | held out         |
| `many`       | 0 to 4  | anywhere                      | held out         |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mujoco
import numpy as np

from evoloco.perception import looks
from evoloco.perception.exposure import exposed
from evoloco.perception.need import Eye
from evoloco.perception.scene.free_distance import heading
from evoloco.perception.scene.objects import FORMS, LIES, SHAPES, lying, standing
from evoloco.perception.studio import InStudio, Studio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evoloco.fields import Array
    from evoloco.perception.patterns import Rng

WIDTH, HEIGHT = 80, 64
"""Of a picture [px]."""

FLOOR, WALL, OBJECT = 0, 1, 2
"""Labels of pixels. Shapes follow in their order: OBJECT is the first one, or any of them."""

LABELS = "floor", "wall", *SHAPES

MOST = 4
"""Objects in a picture."""

NOTHING_AHEAD = len(SHAPES)
"""Class of what is ahead where there is no object."""

FLOOR_SEEN, WALL_SEEN = MOST, MOST + 1
"""What pixels show beside the numbers of the objects."""

SIZES = 0.1, 0.17
"""About half the width of an object, smallest and largest [m]."""

AWAY = 0.5, 1.1
"""Distance of an object, nearest and farthest [m]."""

APART = np.radians(15)
"""Smallest angle between the directions of two objects [rad]."""

WALLS = {"east": (1, 0), "north": (0, 1), "west": (-1, 0), "south": (0, -1)}
"""Directions of the walls."""

LEAST_SEEN = 100
"""Pixels that are seen of every object; a scene that shows less of one is drawn again."""

DIRECTIONS = np.radians([24.0, 12.0, 0.0, -12.0, -24.0])
"""In which the free distance is measured, from the camera's heading, positive to the left [rad]."""

REACH = 2.5
"""Largest free distance [m]."""

OBSTACLE_HEIGHTS = np.linspace(0.01, 0.25, 7)
"""At which rays look for what ends the free distance [m]."""

END_ON = np.radians(30)
"""Angle between an object's axis and the line of sight below which it is seen end-on [rad]."""


@dataclass(frozen=True)
class Split:
    """What differs between the splits.

    Attributes:
        counts: Numbers of objects, drawn evenly.
        bearings: Smallest and largest angle from the camera's heading [rad], mirrored at random.
        axes: Smallest and largest angle between an object's axis and the line of sight [rad].
        lies: Probability that an object lies, if its shape can.
        held_out: Whether surfaces and lights are of kinds that no training picture has.
    """

    counts: tuple[int, ...]
    bearings: Array
    axes: tuple[float, float]
    lies: float = 0.5
    held_out: bool = True


ANYWHERE, MIDDLE = np.radians((-32.0, 32.0)), np.radians((-10.0, 10.0))
SPLITS = {
    "train": Split((0, 1, 1, 1, 2, 2, 3, 4), ANYWHERE, (END_ON / 2, np.pi / 2), held_out=False),
    "test": Split((1,), MIDDLE, (END_ON, np.pi / 2)),
    "off_centre": Split((1,), np.radians((20.0, 34.0)), (END_ON, np.pi / 2)),
    "end_on": Split((1,), MIDDLE, (0.0, END_ON), lies=1.0),
    "many": Split((0, 1, 2, 3, 4), ANYWHERE, (END_ON, np.pi / 2)),
}


@dataclass(frozen=True)
class Sight:
    """A picture and what is true of it.

    Attributes:
        picture: Colours (HEIGHT, WIDTH, 3).
        labels: Of its pixels (HEIGHT, WIDTH).
        corners: Boxes around what is seen of each object [px] (MOST, 4); zeros where there is none.
        classes: Of the objects (MOST,); -1 where there is none.
        ahead: Class of the object of which most is seen; the number of classes if there is none.
        free: Distance to the nearest thing on the floor in each direction, REACH at most [m] (5,).
        eye: The camera's pose.
    """

    picture: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    corners: Array
    classes: NDArray[np.int64]
    ahead: int
    free: Array
    eye: Eye


class World(InStudio):
    """One model, whose looks and objects change from picture to picture.

    Use it as a context manager. It belongs to the thread that made it, as `Studio` does.
    """

    def __init__(self) -> None:
        self.model = _model()
        self.data = mujoco.MjData(self.model)
        self._studio = Studio(self.model, WIDTH, HEIGHT)
        self._surfaces = [self.model.material(at).name for at in range(self.model.nmat)]

    def see(self, split: str, rng: Rng) -> Sight:
        """Draws a scene of a split, again if too little is seen of an object."""
        kind = SPLITS[split]
        self._studio.upload(looks.repaint(self.model, rng, self._surfaces, kind.held_out))
        looks.relight(self.model, rng, kind.held_out)
        count = rng.choice(kind.counts)
        classes = np.full(MOST, -1)
        classes[:count] = rng.integers(len(SHAPES), size=count)
        while True:
            self._arrange(kind, classes, rng)
            self._studio.look(self.data, "camera")
            seen = self._seen()
            if all((seen == slot).sum() >= LEAST_SEEN for slot in np.flatnonzero(classes >= 0)):
                return self._sight(classes, seen, rng)

    def without_objects(self) -> NDArray[np.uint8]:
        """The last scene with its objects taken away and the same exposure and noise."""
        for slot in range(MOST):
            looks.remove(self.model, self.data, f"object{slot}")
        self._studio.look(self.data, "camera")
        return exposed(self._studio.picture(), np.random.default_rng(self._exposure))

    def _sight(self, classes: NDArray[np.int64], seen: NDArray[np.int64], rng: Rng) -> Sight:
        self._exposure = int(rng.integers(2**32))
        slots = np.flatnonzero(classes >= 0)
        corners = np.zeros((MOST, 4))
        for slot in slots:
            corners[slot] = _box(seen == slot)
        largest = max(slots, key=lambda slot: (seen == slot).sum(), default=None)

        eye = self._eye()
        return Sight(
            picture=exposed(self._studio.picture(), np.random.default_rng(self._exposure)),
            labels=np.append(classes + OBJECT, [FLOOR, WALL])[seen].astype(np.uint8),
            corners=corners,
            classes=classes,
            ahead=NOTHING_AHEAD if largest is None else int(classes[largest]),
            free=self._free(eye),
            eye=eye,
        )

    def _arrange(self, kind: Split, classes: NDArray[np.int64], rng: Rng) -> None:
        """Places walls, camera and objects of these classes (MOST,), -1 for none."""
        eye, yaw = rng.uniform(-0.3, 0.3, 2), rng.uniform(-np.pi, np.pi)
        for name, outward in WALLS.items():
            distance = rng.uniform(1.5, 3.0)
            self.model.geom(name).pos[:] = (*np.multiply(outward, distance), 2.0)
        looks.aim(
            self.model,
            "camera",
            (*eye, rng.uniform(0.25, 0.6)),
            yaw,
            rng.uniform(np.radians(12), np.radians(30)),
            rng.uniform(np.radians(-4), np.radians(4)),
            rng.uniform(55, 65),
        )

        count = int(np.count_nonzero(classes >= 0))
        for slot, bearing in enumerate(_bearings(kind, count, rng)):
            distance = np.exp(rng.uniform(*np.log(AWAY)))
            sight = yaw + bearing
            place = eye + distance * np.array([np.cos(sight), np.sin(sight)])
            axis = sight + rng.uniform(*kind.axes) * rng.choice([-1, 1]) + rng.choice([0, np.pi])
            self._put(slot, SHAPES[classes[slot]], place, axis, rng, kind.lies)
        for slot in range(count, MOST):
            looks.remove(self.model, self.data, f"object{slot}")

    def _put(self, slot: int, shape: str, place: Array, axis: float, rng: Rng, lies: float) -> None:
        """Gives an object its size, and stands it up or lays it on the floor."""
        form = FORMS[shape](rng.uniform(*SIZES), rng)
        body = f"object{slot}"
        for geom, part in zip(_geoms(self.model, body), form.parts, strict=True):
            self.model.geom_type[geom] = part.kind
            self.model.geom_size[geom] = part.size
            self.model.geom_pos[geom] = part.place

        is_lying = rng.random() < lies and shape in LIES
        height = form.width if is_lying else form.height
        rotation = lying(axis) if is_lying else standing(axis)
        looks.place(self.model, self.data, body, (*place, height), rotation)

    def _seen(self) -> NDArray[np.int64]:
        """Number of the object that each pixel shows (HEIGHT, WIDTH), FLOOR_SEEN or WALL_SEEN."""
        of_geom = np.full(self.model.ngeom + 1, WALL_SEEN)
        of_geom[self.model.geom("floor").id] = FLOOR_SEEN
        for slot in range(MOST):
            of_geom[_geoms(self.model, f"object{slot}")] = slot
        return of_geom[self._studio.geoms()]  # the last one is where nothing is

    def _free(self, eye: Eye) -> Array:
        """Distance to the nearest thing over the floor in each direction [m] (5,)."""
        free = np.full(len(DIRECTIONS), REACH)
        geom = np.zeros(1, np.int32)
        for place, bearing in enumerate(heading(eye) + DIRECTIONS):
            ahead = np.array([np.cos(bearing), np.sin(bearing), 0])
            for height in OBSTACLE_HEIGHTS:
                start = np.array([*eye.position[:2], height])
                found = mujoco.mj_ray(self.model, self.data, start, ahead, None, 1, -1, geom, None)
                free[place] = min(free[place], found) if found >= 0 else free[place]
        return free

    def _eye(self) -> Eye:
        camera = self.data.camera("camera")
        field = self.model.camera("camera").fovy[0]
        return Eye(camera.xpos.copy(), camera.xmat.reshape(3, 3).copy(), float(field))


def _geoms(model: mujoco.MjModel, body: str) -> NDArray[np.int64]:
    first = model.body(body).geomadr[0]
    return np.arange(first, first + 2)


def _model() -> mujoco.MjModel:
    """Floor, four walls, a camera and objects without a shape yet."""
    spec = looks.blank(extent=4.0)
    world = spec.worldbody
    floor = looks.add_surface(spec, "floor", wraps=False, repeat=4)
    world.add_geom(name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=(6, 6, 0.1), material=floor)
    for name, outward in WALLS.items():
        size = np.where(np.abs(outward), 0.01, 4.0)
        world.add_geom(
            name=name,
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=(*size, 2.0),
            material=looks.add_surface(spec, name),
        )
    world.add_camera(name="camera")
    for slot in range(MOST):
        body = world.add_body(name=f"object{slot}", mocap=True)
        surface = looks.add_surface(spec, f"object{slot}")
        for _ in range(2):
            body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=(0.5, 0.5, 0.5), material=surface)
    model = spec.compile()
    model.geom_sameframe[:] = mujoco.mjtSameFrame.mjSAMEFRAME_NONE
    return model


def _bearings(kind: Split, count: int, rng: Rng) -> Array:
    """Directions of objects from the camera's heading [rad] (count,), none behind another."""
    low, high = kind.bearings
    gaps = APART * np.arange(count)
    drawn = gaps + np.sort(rng.uniform(low, high - APART * max(count - 1, 0), count))
    return np.asarray(rng.permutation(drawn) * rng.choice([-1, 1]))


def _box(seen: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the pixels that are set."""
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def sights(count: int, split: str, seed: int) -> dict[str, NDArray[Any]]:
    """Pictures of a split and what is true of them: arrays whose first axis is the example."""
    with World() as world:
        rows = [_row(world, split, seed, example) for example in range(count)]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _row(world: World, split: str, seed: int, example: int) -> dict[str, NDArray[Any]]:
    rng = looks.draws(seed, split, example)
    sight = world.see(split, rng)
    return {
        "picture": sight.picture,
        "labels": sight.labels,
        "corners": sight.corners.astype(np.float32),
        "classes": sight.classes,
        "ahead": np.asarray(sight.ahead),
        "free": sight.free,
        "position": sight.eye.position,
        "rotation": sight.eye.rotation,
        "field_of_view": np.asarray(sight.eye.field_of_view),
        "background": world.without_objects(),
    }
