"""Point clouds of what lies on a table: what one camera's rays hit, and the whole surface."""

from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.spatial import cKDTree

from evoloco.fields import Array
from evoloco.perception import looks
from evoloco.perception.cast import picture
from evoloco.perception.grasp.scene import EYE, OBJECTS, TABLE, Scene
from evoloco.perception.patterns import Rng

SIDE, FIELD_OF_VIEW, REACH = 96, 32.0, 2.0
"""Of the camera that looks at a table: rays along each side, vertical angle [deg] and reach [m]."""

AWAY, PITCH = (0.5, 0.65), (np.radians(50), np.radians(70))
"""Ranges of the camera's distance from what it looks at [m], and of its pitch downward [rad]."""

LOOKS_AT = np.array([0.0, 0.0, 0.02])
"""Middle of the picture [m]."""

NOISE = 0.0015
"""Standard deviation of a measured distance [m]."""

ABOVE = 0.004
"""Height above the table from which a point belongs to an object [m]."""

VOXEL = 0.003
"""Edge of the cubes of which each keeps one point [m]."""

NEIGHBOURS = 14
"""Points whose plane gives a point's normal."""

FEWEST = 60
"""Points of a cloud in which grasps are looked for."""

ALL_AROUND = [(0.6, azimuth, 0.38) for azimuth in np.arange(6) * np.pi / 3] + [(0.6, 0.0, 1.57)]
"""Distance [m], azimuth and pitch [rad] of the views that show a whole surface."""

DIRECTIONS = picture(SIDE, SIDE, FIELD_OF_VIEW)
"""Of the rays in the camera's frame (SIDE², 3)."""


@dataclass(frozen=True)
class Cloud:
    """Points of a surface.

    Attributes:
        points: In the world [m] (n, 3).
        normals: Unit vectors, outward (n, 3).
    """

    points: Array
    normals: Array


def seen(scene: Scene, rng: Rng) -> Cloud:
    """What a camera at a random place measures of the objects of a scene, with noise."""
    eye = _look(scene, rng.uniform(*AWAY), rng.uniform(-np.pi, np.pi), rng.uniform(*PITCH))
    distances, rays, _, _ = _cast(scene)
    distances = distances + rng.normal(0, NOISE, distances.shape)
    return measured(eye + distances[:, None] * rays, eye)


def whole(scene: Scene) -> Cloud:
    """The surface of the objects of a scene without noise, but for what no view shows."""
    points, normals = [], []
    for view in ALL_AROUND:
        eye = _look(scene, *view)
        distances, rays, true, object_hit = _cast(scene)
        points.append((eye + distances[:, None] * rays)[object_hit])
        normals.append(true[object_hit])
    return Cloud(np.concatenate(points), np.concatenate(normals))


def measured(points: Array, eye: Array, table: float = 0.0) -> Cloud:
    """A cloud of measured points, thinned, with normals towards the camera.

    Args:
        points: In the world [m] (n, 3).
        eye: Place of the camera [m] (3,).
        table: Height of the table's top [m]. What is not above it is left out.
    """
    points = points[points[:, 2] > table + ABOVE]
    cubes = np.floor(points / VOXEL).astype(int)
    points = points[np.unique(cubes, axis=0, return_index=True)[1]]
    if len(points) < FEWEST:
        return Cloud(np.empty((0, 3)), np.empty((0, 3)))

    near = points[cKDTree(points).query(points, NEIGHBOURS)[1]]
    offsets = near - near.mean(axis=1, keepdims=True)
    _, vectors = np.linalg.eigh(np.swapaxes(offsets, 1, 2) @ offsets)
    normals = vectors[:, :, 0]
    towards = np.einsum("ij,ij->i", eye - points, normals)
    return Cloud(points, normals * np.where(towards < 0, -1, 1)[:, None])


def _look(scene: Scene, away: float, azimuth: float, pitch: float) -> Array:
    """Moves the camera. Returns where it is [m] (3,)."""
    level = np.array([np.cos(azimuth), np.sin(azimuth)]) * np.cos(pitch)
    place = LOOKS_AT + away * np.array([*-level, np.sin(pitch)])
    looks.aim(scene.model, EYE, place, azimuth, pitch, 0.0)
    mujoco.mj_camlight(scene.model, scene.data)
    return place


def _cast(scene: Scene) -> tuple[Array, Array, Array, Array]:
    """Distances [m] (n,), rays (n, 3), normals (n, 3), and whether an object is hit (n,).

    Rays that hit nothing are left out; the gripper is transparent.
    """
    model, data, count = scene.model, scene.data, len(DIRECTIONS)
    camera = model.camera(EYE).id
    rays = np.ascontiguousarray(DIRECTIONS @ data.cam_xmat[camera].reshape(3, 3).T)
    distances, geoms, normals = np.empty(count), np.empty(count, np.int32), np.empty(3 * count)
    groups = np.array([group in (OBJECTS, TABLE) for group in range(6)], np.uint8)
    mujoco.mj_multiRay(
        *(model, data, data.cam_xpos[camera], rays.ravel(), groups, 1, -1),
        *(geoms, distances, normals, count, REACH),
    )
    hit = geoms >= 0
    objects = model.geom_group[geoms[hit]] == OBJECTS
    return distances[hit], rays[hit], normals.reshape(-1, 3)[hit], objects
