"""Scenes to grasp in: primitives on a table under a parallel gripper.

Objects are of four kinds to learn from, and of four others to test on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.perception.grasp.gripper import CARRIER, FINGERS, add_gripper
from evoloco.perception.patterns import Rng

TRAIN = ("box", "bar", "cylinder", "ell")
"""Kinds of objects to learn from."""

HELD_OUT = ("ellipsoid", "capsule", "tee", "cross")
"""Kinds of objects that only tests have."""

OBJECTS, TABLE = 1, 0
"""Groups of geoms, for rays and pictures."""

EYE = "scanner"
"""Name of the camera whose rays measure what lies there."""

PARKED = (0.0, 0.0, 0.5)
"""Where the gripper waits [m]."""

FRICTION, DENSITY = (0.4, 0.8), (300.0, 900.0)
"""Ranges of objects' friction with the table and of their density [kg/m³]."""

GRIPPER_JOINTS = len(CARRIER) + len(FINGERS)
"""Joints of the gripper: the first ones of a scene."""

Geom = mujoco.mjtGeom


@dataclass(frozen=True)
class Part:
    """One geom of an object.

    Attributes:
        kind: Its primitive.
        size: As MuJoCo takes it [m].
        place: In the object's frame [m].
    """

    kind: mujoco.mjtGeom
    size: tuple[float, float, float]
    place: tuple[float, float, float] = (0.0, 0.0, 0.0)


def shape(kind: str, rng: Rng) -> tuple[list[Part], float]:
    """A random object of a kind: its parts, and the height of its origin when it lies [m]."""
    return _SHAPES[kind](rng)


def _box(rng: Rng) -> tuple[list[Part], float]:
    size = rng.uniform(0.012, 0.06), rng.uniform(0.012, 0.06), rng.uniform(0.015, 0.035)
    return [Part(Geom.mjGEOM_BOX, size)], size[2]


def _bar(rng: Rng) -> tuple[list[Part], float]:
    size = rng.uniform(0.01, 0.02), rng.uniform(0.05, 0.08), rng.uniform(0.012, 0.03)
    return [Part(Geom.mjGEOM_BOX, size)], size[2]


def _cylinder(rng: Rng) -> tuple[list[Part], float]:
    radius, half = rng.uniform(0.012, 0.05), rng.uniform(0.015, 0.04)
    return [Part(Geom.mjGEOM_CYLINDER, (radius, half, 0))], half


def _ellipsoid(rng: Rng) -> tuple[list[Part], float]:
    size = rng.uniform(0.014, 0.05), rng.uniform(0.014, 0.05), rng.uniform(0.015, 0.035)
    return [Part(Geom.mjGEOM_ELLIPSOID, size)], size[2]


def _capsule(rng: Rng) -> tuple[list[Part], float]:
    radius, half = rng.uniform(0.012, 0.03), rng.uniform(0.02, 0.06)
    return [Part(Geom.mjGEOM_CAPSULE, (radius, half, 0))], radius


def _two_bars(rng: Rng, ahead: float, aside: float) -> tuple[list[Part], float]:
    """Two bars at a right angle, of one width.

    Args:
        rng: Draws.
        ahead: Where the second bar crosses the first one, from its middle (0) to its end (1).
        aside: Where the first bar crosses the second one, likewise.
    """
    first, second = rng.uniform(0.03, 0.06, 2)
    width, height = rng.uniform(0.009, 0.018), rng.uniform(0.012, 0.025)
    place = ahead * (first - width), aside * (second + width / 2), 0.0
    bars = [
        Part(Geom.mjGEOM_BOX, (first, width, height)),
        Part(Geom.mjGEOM_BOX, (width, second, height), place),
    ]
    return bars, height


_SHAPES: dict[str, Callable[[Rng], tuple[list[Part], float]]] = {
    "box": _box,
    "bar": _bar,
    "cylinder": _cylinder,
    "ellipsoid": _ellipsoid,
    "capsule": _capsule,
    "ell": lambda rng: _two_bars(rng, 1, 1),
    "tee": lambda rng: _two_bars(rng, 0, 1),
    "cross": lambda rng: _two_bars(rng, 0, 0),
}
"""Kind -> what draws an object of it."""


def table() -> mujoco.MjSpec:
    """A table, its top at height 0, with a gripper and a camera `scanner`, and nothing to grasp."""
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    spec.memory = 4 << 20
    spec.option.timestep = 0.002
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10
    spec.option.iterations = 30
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.visual.quality.shadowsize = 0
    spec.visual.quality.offsamples = 0
    spec.default.geom.condim = 4
    spec.default.geom.solref = [0.008, 1]

    add_gripper(spec)
    spec.worldbody.add_geom(
        name="table",
        type=Geom.mjGEOM_PLANE,
        size=[0.4, 0.4, 0.1],
        rgba=[0.4, 0.4, 0.4, 1],
        group=TABLE,
    )
    spec.worldbody.add_camera(name=EYE)
    return spec


def add_objects(
    spec: mujoco.MjSpec, kinds: Sequence[str], rng: Rng, spread: float = 0.06
) -> list[mujoco.MjsBody]:
    """Adds objects above a table: `object0`, `object1` ... with geoms `object0_0`, ...

    Args:
        spec: The table.
        kinds: Of the objects.
        rng: Draws shapes, places, masses, friction and colours.
        spread: How far from the table's middle they are, along either axis [m].
    """
    bodies = []
    for number, kind in enumerate(kinds):
        parts, rest = shape(kind, rng)
        sliding, density = rng.uniform(*FRICTION), rng.uniform(*DENSITY)
        x, y = rng.uniform(-spread, spread, 2)
        body = spec.worldbody.add_body(
            name=f"object{number}",
            pos=[x, y, rest + 0.002 + 0.05 * number],
            quat=_lying(kind, rng.uniform(-np.pi, np.pi)),
        )
        body.add_freejoint()
        for index, part in enumerate(parts):
            body.add_geom(
                name=f"object{number}_{index}",
                type=part.kind,
                size=part.size,
                pos=part.place,
                density=density,
                friction=[sliding, 0.005, 0.0001],
                rgba=[*rng.random(3), 1],
                group=OBJECTS,
            )
        bodies.append(body)
    return bodies


def _lying(kind: str, yaw: float) -> Array:
    """The quaternion of an object that lies on the table and is turned."""
    turned = np.array([np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)])
    if kind != "capsule":
        return turned
    lying = np.empty(4)
    mujoco.mju_mulQuat(lying, turned, np.array([1, 1, 0, 0]) / np.sqrt(2))
    return lying


class Scene:
    """Objects at rest on a table, under a gripper that waits.

    Args:
        spec: A `table` with objects.
        settle: Time after which they lie [s].

    Attributes:
        model: Of the scene.
        data: Of the scene.
        objects: Number of objects.
        usable: Whether they lie on the table, without any divergence.
    """

    def __init__(self, spec: mujoco.MjSpec, settle: float = 0.6) -> None:
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.objects = (self.model.nq - GRIPPER_JOINTS) // 7

        self.data.qpos[:3] = self.data.ctrl[:3] = PARKED
        mujoco.mj_step(self.model, self.data, round(settle / self.model.opt.timestep))
        self._rest = self.data.qpos.copy()
        self.usable = self.stable and bool((self.heights > -0.01).all())
        self.restore()

    @property
    def places(self) -> Array:
        """Positions of the objects [m] (objects, 3)."""
        return np.asarray(self.data.qpos[GRIPPER_JOINTS:].reshape(-1, 7)[:, :3])

    @property
    def heights(self) -> Array:
        """Heights of the objects' origins [m] (objects,)."""
        return np.asarray(self.places[:, 2])

    @property
    def stable(self) -> bool:
        """Whether MuJoCo has warned of nothing since the last `restore`: no divergence."""
        return not self.data.warning.number.any() and bool(np.isfinite(self.data.qpos).all())

    def restore(self) -> None:
        """Lays the objects back, at rest, and parks the gripper."""
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[:] = self._rest
        self.data.qpos[:GRIPPER_JOINTS] = 0
        self.data.qpos[:3] = self.data.ctrl[:3] = PARKED
        mujoco.mj_forward(self.model, self.data)


def random_scene(
    rng: Rng, kinds: Sequence[str], count: int, spread: float = 0.06, farthest: float = 0.12
) -> Scene:
    """A scene of random objects.

    Scenes that diverge or in which an object rolls away are drawn again.

    Args:
        rng: Draws.
        kinds: That objects are of.
        count: Number of objects.
        spread: How far from the middle they are at first, along either axis [m].
        farthest: How far from the middle they may lie, along either axis [m].
    """
    while True:
        spec = table()
        add_objects(spec, [str(kind) for kind in rng.choice(kinds, count)], rng, spread)
        scene = Scene(spec)
        if scene.usable and np.abs(scene.places[:, :2]).max() < farthest:
            return scene
