"""The ball sensor without a network, compiled into the episode: by rays, truth or measured errors.

The readings are u, v and spread [px], forward and left [m], and a confidence of 1, or of 0 where
nothing is found; the others then stay. The kernel writes the age.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mujoco
import numpy as np

from evoloco.fields import Array, Record
from evoloco.perception.cast import cast, picture, turned
from evoloco.sim import capi
from evoloco.sim.native import jit, row, words
from evoloco.sim.philox import gaussian
from evoloco.sim.sense import chance

if TYPE_CHECKING:
    from evoloco.morphology import Morphology

U, V, SPREAD, FORWARD, LEFT, CONFIDENCE = range(6)
"""Places of the readings."""

MISSED, WRONG, ANGLE, RANGE = 0, 1, 2, 4
"""First index of the random numbers for each of what may be wrong; the last two take two each."""

ELSEWHERE = 6
"""First index of the two random numbers that say where a ball is seen that is not there."""

DEPTH = 2 / 3
"""Mean depth of the visible half of a sphere before its middle, over its radius, from far away."""

COLUMNS, ROWS = 40, 30
"""Rays side by side, and one above the other."""


@dataclass(frozen=True)
class Setup:
    """What the functions are told of a body and its surroundings.

    Attributes:
        morphology: The body beside the ball.
        camera: Id of the camera.
        target: Id of the ball's geom.
        radius: Of the ball [m].
        width: Of the picture [px].
        height: Of the picture [px].
        reach: Longest distance [m].
    """

    morphology: Morphology
    camera: int
    target: int
    radius: float
    width: int
    height: int
    reach: float

    @property
    def params(self) -> dict[str, Any]:
        """For `by_truth`."""
        model = self.morphology.model
        data = mujoco.MjData(model)
        field_of_view = math.radians(model.cam_fovy[self.camera])
        return {
            "focal": self.height / 2 / math.tan(field_of_view / 2),
            "width": self.width,
            "height": self.height,
            "carrier": model.cam_bodyid[self.camera],
            "target": self.target,
            "torso": model.body(self.morphology.torso_frame).id,
            "radius": self.radius,
            "reach": self.reach,
            "at_positions": capi.pointer_offset(data, "xpos"),
            "at_rotations": capi.pointer_offset(data, "xmat"),
            "at_geoms": capi.pointer_offset(data, "geom_xpos"),
        }

    @property
    def with_rays(self) -> dict[str, Any]:
        """For `by_rays`."""
        field_of_view = float(self.morphology.model.cam_fovy[self.camera])
        return {**self.params, "directions": picture(COLUMNS, ROWS, field_of_view)}


def by_truth(params: Record, memory: Record, seen: Any, readings: Array) -> None:  # noqa: ARG001
    """The ball's middle, if it is in the picture and nothing hides it."""
    readings[CONFIDENCE] = 0.0
    point = _vector(seen, params.at_geoms, params.target)
    if _visible(params, seen, point):
        _report(params, seen, point, readings)


def by_rays(params: Record, memory: Record, seen: Any, readings: Array) -> None:  # noqa: ARG001
    """The middle of the rays that hit the ball."""
    readings[CONFIDENCE] = 0.0
    directions = turned(seen.rotation, params.directions)
    distances, geoms = cast(seen, directions, params.reach, int(params.carrier))

    count, way, u, v, uu, vv = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    middle = np.zeros(3)
    for ray in range(len(geoms)):
        if geoms[ray] == int(params.target):
            across = (ray % COLUMNS + 0.5) * params.width / COLUMNS - 0.5
            down = (ray // COLUMNS + 0.5) * params.height / ROWS - 0.5
            count, way = count + 1, way + distances[ray]
            u, v, uu, vv = u + across, v + down, uu + across**2, vv + down**2
            middle += directions[ray]
    if count == 0:
        return

    u, v = u / count, v / count
    away = way / count + DEPTH * params.radius
    point = seen.position + middle * (away / math.sqrt((middle**2).sum()))
    _report(params, seen, point, readings)
    variance = (uu / count - u**2 + vv / count - v**2) / 2
    readings[U], readings[V], readings[SPREAD] = u, v, math.sqrt(max(variance, 0.0))


def by_errors(params: Record, memory: Record, seen: Any, readings: Array) -> None:  # noqa: ARG001
    """What a network would report, by its measured errors: see `evoloco.perception.ball.errors`."""
    readings[CONFIDENCE] = 0.0
    point = _vector(seen, params.at_geoms, params.target).copy()
    visible = _visible(params, seen, point)
    away_x, away_y = point[0] - seen.position[0], point[1] - seen.position[1]
    distance, angle = math.hypot(away_x, away_y), math.atan2(away_y, away_x)

    bin = 0
    while bin < len(params.missed) - 1 and distance >= params.edges[bin]:
        bin += 1
    if visible and chance(seen, MISSED) < params.missed[bin]:
        return
    if chance(seen, WRONG) < (params.wrong[bin] if visible else params.false):
        distance, angle = _elsewhere(params, seen)
    elif visible:
        angle += params.angle_bias[bin] + params.angle_spread[bin] * _normal(seen, ANGLE)
        distance *= math.exp(
            params.range_bias[bin] + params.range_spread[bin] * _normal(seen, RANGE)
        )
    else:
        return

    point[0] = seen.position[0] + distance * math.cos(angle)
    point[1] = seen.position[1] + distance * math.sin(angle)
    _report(params, seen, point, readings)


@jit
def _elsewhere(params, seen):  # type: ignore[no-untyped-def]
    """Distance [m] and direction [rad] of a ball that is not there, evenly in the picture."""
    ahead = math.atan2(-seen.rotation[1, 2], -seen.rotation[0, 2])
    half = math.atan(params.width / 2 / params.focal)
    low, high = math.log(params.false_from), math.log(params.false_to)
    distance = math.exp(low + (high - low) * chance(seen, ELSEWHERE))
    return distance, ahead + half * (2 * chance(seen, ELSEWHERE + 1) - 1)


@jit
def _normal(seen, index):  # type: ignore[no-untyped-def]
    """A standard Gaussian number from the random numbers `index` and the next one."""
    return gaussian(chance(seen, index), chance(seen, index + 1))


@jit
def _vector(seen, at, index):  # type: ignore[no-untyped-def]
    """Position [m] (3,) of a body or geom, of which mjData stores the address at an offset."""
    return row(words(seen.data + int(at))[0], int(index), 3)


@jit
def _visible(params, seen, point):  # type: ignore[no-untyped-def]
    """Whether the middle of the ball is in the picture and nothing is before it."""
    away = point - seen.position
    distance = math.sqrt((away**2).sum())
    across, down, depth = _seen_at(params, seen, point)
    if depth <= 0 or not (0 <= across <= params.width - 1 and 0 <= down <= params.height - 1):
        return False

    direction = (away / distance).reshape(1, 3)
    _, geoms = cast(seen, direction, params.reach, int(params.carrier))
    return geoms[0] == int(params.target)


@jit
def _seen_at(params, seen, point):  # type: ignore[no-untyped-def]
    """Pixel of a point, to the right and downward, and how far ahead it is [m]."""
    axes, away = seen.rotation, point - seen.position
    right = (axes[:, 0] * away).sum()
    upward = (axes[:, 1] * away).sum()
    ahead = -(axes[:, 2] * away).sum()
    across = (params.width - 1) / 2 + params.focal * right / ahead
    return across, (params.height - 1) / 2 - params.focal * upward / ahead, ahead


@jit
def _report(params, seen, point, readings):  # type: ignore[no-untyped-def]
    """Writes where a ball is; its spread is that of a disc of even brightness."""
    torso = _vector(seen, params.at_positions, params.torso)
    rotation = row(words(seen.data + int(params.at_rotations))[0], int(params.torso), 9)
    across, down, ahead = _seen_at(params, seen, point)
    readings[U], readings[V] = across, down
    readings[SPREAD] = params.focal * params.radius / ahead / 2

    x, y = point[0] - torso[0], point[1] - torso[1]
    level = max(math.hypot(rotation[0], rotation[3]), 1e-12)
    cosine, sine = rotation[0] / level, rotation[3] / level
    readings[FORWARD], readings[LEFT] = cosine * x + sine * y, cosine * y - sine * x
    readings[CONFIDENCE] = 1.0
