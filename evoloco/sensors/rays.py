"""Distances along rays from a camera: a depth picture, or the free way in a few sectors."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from evoloco.errors import SpecError
from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception.cameras import camera_id
from evoloco.perception.cast import picture, turned
from evoloco.perception.hit import hit, listed, places, visible
from evoloco.sensor import Compiled, Sensor
from evoloco.sim.sense import chance

NAME = "rays"

MOST = 10_000
"""Most rays."""

AHEAD = np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""From the frame of a camera that looks along the torso's x axis to the torso's frame."""

Count = Annotated[int, Field(ge=1, le=MOST)]


def read(params: Any, memory: Any, seen: Any, readings: Array) -> None:  # noqa: ARG001
    """Writes the least distance of each group of rays, and the share of rays that are not lost.

    A group of which all rays are lost keeps its last distance.
    """
    directions = turned(seen.rotation, params.directions)
    distances, _ = hit(seen, params.places, params.geoms, directions, params.reach)

    groups = readings.size - 2
    least, kept = np.full(groups, np.inf), 0
    for ray in range(distances.size):
        if seen.step > 0 and params.dropout > 0.0 and chance(seen, ray) < params.dropout:
            continue
        group = int(params.group[ray])
        least[group] = min(least[group], distances[ray])
        kept += 1

    for group in range(groups):
        if least[group] < np.inf:
            readings[group] = least[group]
    readings[groups] = kept / distances.size


def sensor(
    morphology: Morphology,
    width: Count = 16,
    height: Count = 4,
    field_of_view: Annotated[float, Field(gt=0, lt=180)] = 30.0,
    reach: Annotated[float, Field(gt=0)] = 5.0,
    sectors: Annotated[int, Field(ge=0)] = 8,
    camera: str = "",
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
) -> Sensor:
    """Distances to the next thing in the directions of a picture's pixels [m].

    Rays go through the body that carries the camera, and meet all else that is drawn. Without a
    camera they are cast from the torso, straight ahead.

    Args:
        morphology: The body.
        width: Rays side by side.
        height: Rays one above the other.
        field_of_view: Vertical angle of the picture [deg].
        reach: Distance of a ray that meets nothing [m].
        sectors: Parts of equal width, from left to right, of which each gives the least distance;
            0 for the distance of every ray, row by row from the top.
        camera: Name of a camera; the torso where empty.
        dropout: Probability that a ray is lost. A distance of lost rays alone stays as it was, and
            the confidence is lower.
    """
    _check(width, height, sectors)
    model = morphology.model
    directions = picture(width, height, field_of_view)
    column, ray = np.tile(np.arange(width), height), np.arange(width * height)
    if camera:
        body = int(model.cam_bodyid[camera_id(model, camera, NAME)])
    else:
        body = model.body(morphology.torso).id
        directions = directions @ AHEAD.T
    params = {
        "directions": directions,
        "group": column * sectors // width if sectors else ray,
        "places": places(model),
        "geoms": listed(visible(model, body)),
        "reach": reach,
        "dropout": dropout,
    }
    names = (
        [f"sector {k}" for k in range(sectors)]
        if sectors
        else [f"row {k // width} column {k % width}" for k in range(width * height)]
    )
    return Sensor(
        NAME,
        (*names, "confidence", "age"),
        "m, 1, s",
        "distances to the next thing in the directions of a picture",
        Compiled(read, params, camera=camera),
    )


def _check(width: int, height: int, sectors: int) -> None:
    """Raises a SpecError for more rays than there may be, and for sectors without a ray."""
    if width * height > MOST:
        raise SpecError(
            f"sensors.{NAME}: width x height = {width * height} rays came; at most {MOST}."
        )
    if sectors > width:
        raise SpecError(
            f"sensors.{NAME}: sectors = {sectors} must be at most width = {width}, the rays side "
            "by side."
        )
