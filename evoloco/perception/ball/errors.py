"""Measured errors of the ball's networks, for searches that cannot afford pictures.

They are measured on held-out pictures, by the distance of the ball over the ground. `by_errors` in
`evoloco.perception.ball.compiled` disturbs the truth by them:

| number                        | what it is                                                     |
|-------------------------------|----------------------------------------------------------------|
| `edges` [m]                   | upper ends of the bins of distance                             |
| `missed` [1]                  | share of balls of which nothing is reported                    |
| `wrong` [1]                   | share of reports that are more than `WRONG` px off             |
| `angle_bias`, `angle_spread`  | of the bearing [rad], where the report is right                |
| `range_bias`, `range_spread`  | of the logarithm of the distance [1], where the report is right|
| `false` [1]                   | share of ball-free pictures in which a ball is reported        |
| `false_from`, `false_to` [m]  | distances between which such a ball seems to be                |

Biases are medians, and spreads those of a Gaussian distribution with the same quartiles. A bin with
fewer than `ENOUGH` right reports has those of the bin before.
"""

import json
from importlib.resources import files
from typing import Any

import numpy as np

from evoloco.fields import Array
from evoloco.perception.ball.pitch import DISTANCES, HEIGHT, WIDTH
from evoloco.perception.ground_point import FARTHEST, at_height
from evoloco.perception.lesson import Arrays
from evoloco.perception.looks import view
from evoloco.perception.need import Eye
from evoloco.perception.pinhole import Pinhole

FILE = "ball_errors.json"
"""Beside the weights: errors by the name of the network."""

EDGES = 0.8, 1.2, 1.7, 2.4, DISTANCES[1]
"""Upper ends of the bins of distance [m]; the last one is for what is farther, too."""

WRONG = 6.0
"""Error from which a report means something else [px]."""

ENOUGH = 10
"""Right reports that are enough for a bias and a spread."""

QUARTILES = 1.349
"""Distance between the quartiles of a Gaussian distribution, over its standard deviation."""


def shipped(net: str) -> dict[str, Any]:
    """The errors of the bundled network of that name."""
    found = json.loads((files("evoloco.sensors") / "weights" / FILE).read_text(encoding="utf-8"))
    return {
        name: np.array(one) if isinstance(one, list) else one for name, one in found[net].items()
    }


def measured(
    examples: Arrays, answers: Arrays, empty: Arrays, answers_to_empty: Arrays
) -> dict[str, Any]:
    """The errors of a network.

    Args:
        examples: Pictures, of which those with a ball count: see `pitch.examples`.
        answers: To them: see `lesson.answers`.
        empty: Pictures without a ball.
        answers_to_empty: To them.
    """
    found: dict[str, Any] = {"edges": list(EDGES)}
    places, seen = examples["place"], _seen(examples, answers)
    distance = np.hypot(*places.T)
    right = np.hypot(*(answers["place"] - examples["centre"]).T) <= WRONG
    angle = np.arctan2(seen[:, 1], seen[:, 0]) - np.arctan2(places[:, 1], places[:, 0])
    ratio = np.log(np.hypot(*seen.T) / distance)

    near, bearings, ranges = 0.0, (0.0, 0.0), (0.0, 0.0)
    for edge in EDGES:
        chosen = (near <= distance) & (distance < edge)
        reported = chosen & ~np.isnan(seen[:, 0])
        fine = reported & right
        _append(found, "count", int(chosen.sum()))
        _append(found, "missed", 1 - _share(reported, chosen))
        _append(found, "wrong", 1 - _share(fine, reported))
        if fine.sum() >= ENOUGH:
            bearings, ranges = _middle_and_spread(angle[fine]), _middle_and_spread(ratio[fine])
        for name, (middle, spread) in (("angle", bearings), ("range", ranges)):
            _append(found, f"{name}_bias", middle)
            _append(found, f"{name}_spread", spread)
        near = edge

    false = np.hypot(*_seen(empty, answers_to_empty).T)
    false = false[~np.isnan(false)]
    found["false"] = len(false) / len(empty["picture"])
    found["false_from"], found["false_to"] = _between(false)
    return found


def _middle_and_spread(errors: Array) -> tuple[float, float]:
    """Median, and standard deviation of a Gaussian distribution with the same quartiles."""
    low, middle, high = np.percentile(errors, [25, 50, 75])
    return float(middle), float((high - low) / QUARTILES)


def _append(found: dict[str, Any], name: str, value: float) -> None:
    found.setdefault(name, []).append(value)


def _share(some: Array, of: Array) -> float:
    """How many there are, over how many there might be."""
    return float(some.sum() / max(of.sum(), 1))


def _between(distances: Array) -> tuple[float, float]:
    """The quartiles of distances; the whole range where there are too few."""
    if len(distances) < 4:
        return DISTANCES[0], FARTHEST
    low, high = np.percentile(distances, [25, 75])
    return float(low), float(high)


def _seen(examples: Arrays, answers: Arrays) -> Array:
    """Where balls are reported over the ground, ahead and to the left [m] (n, 2), or NaN."""
    found = np.full((len(answers["place"]), 2), np.nan)
    for one in np.flatnonzero(answers["reported"]):
        tall, roll, pitch, field_of_view = examples["eye"][one]
        eye = Eye(np.array([0, 0, tall]), view(0, pitch, roll), float(np.degrees(field_of_view)))
        camera = Pinhole(WIDTH, HEIGHT, eye.field_of_view)
        point = at_height(answers["place"][one], camera, eye, float(examples["radius"][one]))
        if point is not None:
            found[one] = point[:2]
    return found
