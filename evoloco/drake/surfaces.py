"""What of a body touches what in Drake.

Drake finds one point of contact between two shapes, so a box on a plane would rock on one corner.
A shape that moves therefore touches the static world with points: a box with its corners, a capsule
with its ends, a cylinder with places on its rims. They are spheres that fit into the shape. Between
two shapes that move, one point is what there is.

MuJoCo says which geoms may touch each other, and with what friction.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import mujoco
import numpy as np

from evoloco.drake.contact import Contact
from evoloco.drake.engine import engine
from evoloco.genome import Array
from evoloco.self_contact import may_touch

PLANE, SPHERE, CAPSULE, ELLIPSOID, CYLINDER, BOX = (
    int(getattr(mujoco.mjtGeom, f"mjGEOM_{kind}"))
    for kind in ("PLANE", "SPHERE", "CAPSULE", "ELLIPSOID", "CYLINDER", "BOX")
)

KINDS = (PLANE, SPHERE, CAPSULE, ELLIPSOID, CYLINDER, BOX)
"""Shapes that Drake has too."""

RIM = 8
"""Points on each rim of a cylinder."""

SHARP = 0.05
"""Radius of a corner's sphere, as a share of the shape's smallest half width [1]."""

HARD, ROUGH = 1e6, 1e6
"""How much stiffer and rougher the static world is than what touches it: what moves decides."""


class Touch(NamedTuple):
    """A contact.

    Attributes:
        first: Id of a geom.
        second: Id of the other one.
        force: On the second, in the world [N] (3,).
        point: Where, in the world [m] (3,).
    """

    first: int
    second: int
    force: Array
    point: Array


class Surfaces:
    """The geometries of a model in Drake.

    Args:
        model: Of the body.
        plant: Drake's, before it is finished.
        scene: Drake's SceneGraph.
        bodies: Drake's body of each body of the model.
        contact: How they touch.
    """

    def __init__(
        self, model: mujoco.MjModel, plant: Any, scene: Any, bodies: list[Any], contact: Contact
    ) -> None:
        self._model, self._plant, self._bodies, self._contact = model, plant, bodies, contact
        self._geoms: dict[Any, int] = {}
        on_ground, apart = _pairs(model)

        grounds = sorted({ground for some in on_ground.values() for ground in some})
        world = {geom: self._solid(geom, HARD, ROUGH) for geom in grounds}
        points = {geom: self._points(geom, some) for geom, some in on_ground.items()}
        # Two springs in a row are half as stiff as each.
        solid = {
            geom: self._solid(geom, 2.0, self._sliding(geom))
            for geom in sorted({geom for pair in apart for geom in pair})
        }

        allowed = {frozenset((solid[first], solid[second])) for first, second in apart}
        for geom, some in on_ground.items():
            for point, ground in itertools.product(points[geom], some):
                allowed.add(frozenset((point, world[ground])))
        self._let_touch(scene, allowed)

    def read(self, results: Any) -> list[Touch]:
        """Returns the contacts in Drake's contact results."""
        return list(self._read(results))

    def _read(self, results: Any) -> Iterator[Touch]:
        for index in range(results.num_point_pair_contacts()):
            found = results.point_pair_contact_info(index)
            pair = found.point_pair()
            first, second = self._geoms[pair.id_A], self._geoms[pair.id_B]
            yield Touch(first, second, found.contact_force(), found.contact_point())

    # Shapes

    def _solid(self, geom: int, stiffness: float, friction: float) -> Any:
        """Registers a geom as it is.

        Args:
            geom: Its id.
            stiffness: Factor on that of the contacts [1].
            friction: Its coefficient [1].
        """
        shape = _shape(int(self._model.geom_type[geom]), self._model.geom_size[geom])
        return self._register(geom, shape, np.zeros(3), stiffness, friction)

    def _points(self, geom: int, grounds: list[int]) -> list[Any]:
        """Registers the points with which a geom touches the static world."""
        kind, size = int(self._model.geom_type[geom]), self._model.geom_size[geom]
        # Drake's friction of two surfaces is 2 a b / (a + b), so 2 a on a rough one.
        friction = max(self._friction(geom, ground) for ground in grounds) / 2
        if kind == ELLIPSOID:
            return [self._register(geom, _shape(kind, size), np.zeros(3), 1.0, friction)]

        radius, centres = _corners(kind, size)
        sphere = engine().Sphere(radius)
        return [self._register(geom, sphere, centre, 1.0, friction) for centre in centres]

    def _register(
        self, geom: int, shape: Any, centre: Array, stiffness: float, friction: float
    ) -> Any:
        """Adds a shape to the body of a geom, and returns its id.

        Args:
            geom: Id of the geom.
            shape: Drake's shape.
            centre: Of the shape in the geom's frame [m] (3,).
            stiffness: Factor on that of the contacts [1].
            friction: Its coefficient [1].
        """
        drake, model, contact = engine(), self._model, self._contact
        surface = drake.ProximityProperties()
        sliding = drake.CoulombFriction(friction, friction)
        drake.AddContactMaterial(
            contact.dissipation, stiffness * contact.stiffness, sliding, surface
        )

        turn = np.zeros(9)
        mujoco.mju_quat2Mat(turn, model.geom_quat[geom])
        rotation = drake.RotationMatrix(turn.reshape(3, 3))
        pose = drake.RigidTransform(rotation, model.geom_pos[geom]) @ drake.RigidTransform(centre)
        found = self._plant.RegisterCollisionGeometry(
            self._bodies[model.geom_bodyid[geom]],
            pose,
            shape,
            f"geom {geom}, {len(self._geoms)}",
            surface,
        )
        self._geoms[found] = geom
        return found

    # Friction

    def _sliding(self, geom: int) -> float:
        """Coefficient of sliding friction of a geom [1]."""
        slides = self._model.geom_condim[geom] > 1
        return float(self._contact.friction * self._model.geom_friction[geom, 0] * slides)

    def _friction(self, first: int, second: int) -> float:
        """Coefficient of sliding friction between two geoms in MuJoCo [1].

        That of the geom with the higher priority, or the larger one.
        """
        priority = self._model.geom_priority
        if priority[first] != priority[second]:
            return self._sliding(first if priority[first] > priority[second] else second)
        return max(self._sliding(first), self._sliding(second))

    # Filters

    def _let_touch(self, scene: Any, allowed: set[frozenset[Any]]) -> None:
        """Lets nothing touch but some pairs of shapes."""
        drake, manager = engine(), scene.collision_filter_manager()
        for one in self._geoms:
            others = [other for other in self._geoms if frozenset((one, other)) not in allowed]
            filtered = drake.CollisionFilterDeclaration()
            filtered.ExcludeBetween(drake.GeometrySet(one), drake.GeometrySet(others))
            manager.Apply(filtered)


def _pairs(model: mujoco.MjModel) -> tuple[dict[int, list[int]], list[tuple[int, int]]]:
    """Static geoms that each geom may touch, and pairs of others that may touch each other."""
    static = model.body_weldid[model.geom_bodyid] == 0
    on_ground: dict[int, list[int]] = {}
    apart = []
    for first, second in may_touch(model):
        if static[first] or static[second]:
            moving, ground = (second, first) if static[first] else (first, second)
            on_ground.setdefault(moving, []).append(ground)
        else:
            apart.append((first, second))
    return on_ground, apart


def _shape(kind: int, size: Array) -> Any:
    """Drake's shape of a geom.

    Args:
        kind: MuJoCo's type.
        size: MuJoCo's size (3,).
    """
    drake = engine()
    first, second, third = (float(value) for value in size)
    if kind == PLANE:
        return drake.HalfSpace()
    if kind == SPHERE:
        return drake.Sphere(first)
    if kind == CAPSULE:
        return drake.Capsule(first, 2 * second)
    if kind == CYLINDER:
        return drake.Cylinder(first, 2 * second)
    if kind == ELLIPSOID:
        return drake.Ellipsoid(first, second, third)
    return drake.Box(2 * first, 2 * second, 2 * third)


def _corners(kind: int, size: Array) -> tuple[float, list[Array]]:
    """Radius [m] and centres [m] (3,) of the spheres with which a shape touches the world."""
    if kind == SPHERE:
        return float(size[0]), [np.zeros(3)]
    if kind == CAPSULE:
        return float(size[0]), [np.array([0.0, 0.0, side * size[1]]) for side in (-1, 1)]
    if kind == CYLINDER:
        radius = SHARP * float(min(size[:2]))
        turns = 2 * math.pi * np.arange(RIM) / RIM
        out, up = size[0] - radius, size[1] - radius
        return radius, [
            np.array([out * math.cos(turn), out * math.sin(turn), side * up])
            for turn in turns
            for side in (-1, 1)
        ]
    radius = SHARP * float(min(size))
    return radius, [
        (size - radius) * np.array(signs) for signs in itertools.product((-1, 1), repeat=3)
    ]
