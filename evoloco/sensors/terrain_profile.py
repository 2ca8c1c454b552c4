"""Heights of the terrain ahead, from a fan of rays, as a laser scanner would give them."""

from typing import Annotated, Any

import mujoco
import numpy as np
from pydantic import Field

from evoloco.errors import SpecError
from evoloco.fields import Array
from evoloco.ground import height
from evoloco.morphology import HOME, Morphology
from evoloco.perception.cameras import camera_id
from evoloco.perception.cast import NOTHING
from evoloco.perception.hit import hit, listed, places
from evoloco.sensor import Compiled, Sensor
from evoloco.sim.native import jit
from evoloco.sim.sense import chance
from evoloco.static_world import can_touch
from evoloco.subtree import robot_geoms

NAME = "terrain_profile"

FINE = 4
"""Rays from one point of the profile to the next, on level ground."""

BEYOND = 1.15
"""Ratio of the distances at which two rays behind the farthest point meet level ground [1]."""

FARTHEST = 10.0
"""Farthest level ground that a ray aims at, in distances of the farthest point [1]."""

UPWARD = np.arange(0.0, 46.0, 3.0)
"""Angles of the rays that meet ground only where it rises [deg]."""

Positive = Annotated[float, Field(gt=0)]


def read(params: Any, memory: Any, seen: Any, readings: Array) -> None:
    """Writes the heights at the distances ahead, and the share of them that is seen.

    The way and the height of each hit are corners of a line, on which the height at a distance
    lies. A distance between two rays of which one is lost keeps its last height.
    """
    directions = in_world(seen.rotation, params.fan, params.forward)
    distances, geoms = hit(seen, params.places, params.geoms, directions, params.reach)
    lost = np.empty(distances.size, np.bool_)
    for ray in range(distances.size):
        unlucky = seen.step > 0 and params.dropout > 0.0 and chance(seen, ray) < params.dropout
        lost[ray] = geoms[ray] == NOTHING or unlucky

    if not lost[0]:  # the ray that points straight down
        memory.ground, memory.found = seen.position[2] - distances[0], 1.0

    count = 0
    for point in range(params.ahead.size):
        ray = before(params.fan, distances, params.ahead[point])
        if memory.found == 0.0 or ray < 0 or lost[ray] or lost[ray + 1]:
            continue

        above = on_line(params.fan, distances, ray, params.ahead[point])
        readings[point] = seen.position[2] + above - memory.ground
        count += 1
    readings[params.ahead.size] = count / params.ahead.size


@jit
def in_world(rotation, fan, forward):  # type: ignore[no-untyped-def]
    """Directions of a level fan along a frame's heading (n, 3).

    Args:
        rotation: Of the frame (3, 3).
        fan: Forward and upward part of each direction (n, 2).
        forward: The frame's direction of view (3,).
    """
    x, y = 0.0, 0.0
    for axis in range(3):
        x += rotation[0, axis] * forward[axis]
        y += rotation[1, axis] * forward[axis]
    level = max(np.hypot(x, y), 1e-12)

    found = np.empty((fan.shape[0], 3))
    for ray in range(fan.shape[0]):
        found[ray, 0] = fan[ray, 0] * x / level
        found[ray, 1] = fan[ray, 0] * y / level
        found[ray, 2] = fan[ray, 1]
    return found


@jit
def before(fan, distances, way):  # type: ignore[no-untyped-def]
    """The lowest ray that ends before a way ahead while the next one ends behind it; or -1."""
    for ray in range(distances.size - 1):
        if distances[ray] * fan[ray, 0] <= way <= distances[ray + 1] * fan[ray + 1, 0]:
            return ray
    return -1


@jit
def on_line(fan, distances, ray, way):  # type: ignore[no-untyped-def]
    """Height of the line from a ray's hit to the next one's, over the rays' origin [m].

    Args:
        fan: Forward and upward part of each direction (n, 2).
        distances: Of the hits [m] (n,).
        ray: The one that ends before the place.
        way: To the place ahead [m].
    """
    near, low = distances[ray] * fan[ray, 0], distances[ray] * fan[ray, 1]
    far, high = distances[ray + 1] * fan[ray + 1, 0], distances[ray + 1] * fan[ray + 1, 1]
    share = (way - near) / (far - near) if far > near else 0.0
    return low + share * (high - low)


def fan(ahead: Array, above: float) -> Array:
    """Forward and upward part of each ray, from straight down to upward (n, 2).

    Args:
        ahead: Distances ahead at which heights are wanted, rising [m] (points,).
        above: Height of the rays' origin over level ground [m].
    """
    corners = np.append(0.0, ahead)
    share = np.arange(FINE) / FINE
    between = (corners[:-1, None] + share * np.diff(corners)[:, None]).ravel()
    count = int(np.log(FARTHEST) / np.log(BEYOND))
    level = np.concatenate([between, ahead[-1] * BEYOND ** np.arange(count + 1)])

    angles = np.append(np.arctan2(-above, level), np.radians(UPWARD))
    return np.stack([np.cos(angles), np.sin(angles)], -1)


def sensor(
    morphology: Morphology,
    points: Annotated[int, Field(ge=2, le=100)] = 8,
    nearest: Positive = 0.1,
    farthest: Positive = 1.0,
    camera: str = "",
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
) -> Sensor:
    """Heights of the terrain ahead over that below the sensor [m].

    Distances are level ones from where the rays begin, in the direction that the torso or the
    camera faces. Each is the same factor farther than the one before. Rays meet what a
    foot can touch, and go through the robot.

    Args:
        morphology: The body.
        points: Distances ahead.
        nearest: Least distance [m].
        farthest: Largest distance [m].
        camera: Name of a camera from which the rays are cast; from the torso where empty.
        dropout: Probability that a ray is lost. A height beside it then stays as it was, and the
            confidence is lower.
    """
    if nearest >= farthest:
        raise SpecError(
            f"sensors.{NAME}: nearest = {nearest:g} m must be less than farthest = {farthest:g} m."
        )
    model = morphology.model
    ahead = np.geomspace(nearest, farthest, points)
    above = _above_ground(morphology, camera)
    params = {
        "ahead": ahead,
        "fan": fan(ahead, above),
        "forward": [0.0, 0.0, -1.0] if camera else [1.0, 0.0, 0.0],
        "reach": 2 * float(np.hypot(FARTHEST * farthest, above)),
        "places": places(model),
        "geoms": listed(_terrain(morphology)),
        "dropout": dropout,
    }
    channels = tuple(f"{distance:.3g} m ahead" for distance in ahead)
    return Sensor(
        NAME,
        (*channels, "confidence", "age"),
        "m, 1, s",
        "height of the terrain ahead over that below",
        Compiled(read, params, {"ground": (), "found": ()}, camera),
    )


def _above_ground(morphology: Morphology, camera: str) -> float:
    """Height over the ground from which the rays are cast in the home keyframe [m]."""
    model, data = morphology.model, mujoco.MjData(morphology.model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_camlight(model, data)
    place = data.body(morphology.torso_frame).xpos
    if camera:
        place = data.cam_xpos[camera_id(model, camera, NAME)]

    above = float(place[2] - height(model, morphology.floor, *place))
    if not 0 < above < np.inf:
        raise SpecError(f"sensors.{NAME}: there is no ground below where the rays are cast.")
    return above


def _terrain(morphology: Morphology) -> set[int]:
    """Ids of the geoms that a foot can touch, without the robot's own."""
    model = morphology.model
    touches = can_touch(model, range(model.ngeom), sorted(morphology.foot_geoms)).any(axis=1)
    return {*np.flatnonzero(touches).tolist()} - {*robot_geoms(model, morphology.torso).tolist()}
