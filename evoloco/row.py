"""A row of the trace by names: what happened within one control step, as a record.

`now.foot[0].position[2]` is the number that `episode.sensor("foot.heel.position")[t, 2]` reads,
where `heel` is the first foot.

| field                                     | unit       | shape  | meaning                        |
|-------------------------------------------|------------|--------|--------------------------------|
| `time`, `body_contact`, `self_contact`    | s, 1, 1    | number | as in `Columns`                |
| `qpos`, `qvel`, `act`, `ctrl`             | MuJoCo's   | (n,)   | as in `Columns`                |
| `actuator_force`                          | N or N m   | (n,)   | as in `Columns`                |
| those of the physics steps that follow    |            |        | as in `Columns`                |
| `joint_velocity`                          | rad/s      | (nj,)  | of the driven joints           |
| `torso_rate`                              | rad/s      | (3,)   | in the torso's own frame       |
| `foot[i].position`, `.velocity`           | m, m/s     | (3,)   | in the world                   |
| `foot[i].spin`                            | rad/s      | (3,)   | in the world                   |
| `foot[i].ground`                          | N, m       | (6,)   | the ground's force, its centre |
| `muscle[i].length`, `.velocity`, `.force` | m, m/s, N  | number | if muscles drive the joints    |
| `joint_limit`                             | N m        | (nj,)  | if muscles drive the joints    |
| `sensor["name"]`                          |            | (dim,) | any sensor of the model        |
| `obs`                                     |            | record | what the controller felt       |
| `command`                                 | as in      | (3,)   | speed, heading, turning rate   |
|                                           | `Columns`  |        | that are asked for             |
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evoloco.fields import Layout
from evoloco.fields import layout as layout_of_shapes
from evoloco.morphology import Morphology

NUMBERS = ("time", "body_contact", "self_contact")
"""Arrays of the trace whose only entry is a number of the record."""

UNNAMED = ("sensordata", "controller_state")
"""Arrays of the trace that are no field: sensors have fields of their own."""

FOOT = layout_of_shapes({"position": (3,), "velocity": (3,), "spin": (3,), "ground": (6,)})
"""Sensors of a foot, in the order in which `evoloco.standard_sensors` adds them."""

MUSCLE = layout_of_shapes({"length": (), "velocity": (), "force": ()})
"""Sensors of a muscle, likewise."""

Places = dict[str, tuple[Any, int]]
"""Field name -> format, index of its first number in the row."""


def layout(
    morphology: Morphology,
    slices: Mapping[str, slice],
    shapes: Mapping[str, tuple[int, ...]],
    size: int,
) -> Layout:
    """The layout of a row: fields that lie over the flat row, wherever their numbers stand in it.

    Fields may overlap: `sensor` lies over the named sensors.

    Args:
        morphology: The body.
        slices: Where the arrays stand in a row.
        shapes: Their shapes.
        size: Numbers in a row.
    """
    places = {
        name: (np.float64 if name in NUMBERS else _array(*shapes[name]), where.start)
        for name, where in slices.items()
        if name not in UNNAMED
    }
    if "obs" in slices:
        places["obs"] = (morphology.observation, slices["obs"].start)
    readings = slices["sensordata"]
    for name, (kind, index) in _standard(morphology).items():
        places[name] = (kind, readings.start + index)
    every = _every(morphology)
    places["sensor"] = (_dtype(every, readings.stop - readings.start), readings.start)
    return _dtype(places, size)


def _standard(morphology: Morphology) -> Places:
    """Fields for the sensors that every body has, by their place in sensordata."""
    joints = [joint.name for joint in morphology.joints]
    feet, muscles = morphology.feet, [muscle.name for muscle in morphology.muscles]
    groups: dict[str, tuple[Any, list[str]]] = {
        "joint_velocity": (_array(len(joints)), [f"joint.{joint}.velocity" for joint in joints]),
        "torso_rate": (_array(3), ["torso.rate"]),
        "foot": ((FOOT, (len(feet),)), [f"foot.{foot}.position" for foot in feet]),
        "muscle": ((MUSCLE, (len(muscles),)), [f"muscle.{muscle}.length" for muscle in muscles]),
        "joint_limit": (
            _array(len(joints)),
            [f"joint.{joint}.limit" for joint in joints if muscles],
        ),
    }
    return {
        name: (kind, morphology.sensor(sensors[0]).start)
        for name, (kind, sensors) in groups.items()
        if sensors
    }


def _every(morphology: Morphology) -> Places:
    """A field for each sensor of the model that has a name, by its place in sensordata."""
    model = morphology.model
    sensors = [model.sensor(index) for index in range(model.nsensor)]
    return {
        sensor.name: (_array(int(sensor.dim[0])), int(sensor.adr[0]))
        for sensor in sensors
        if sensor.name
    }


def _array(*shape: int) -> Any:
    """The format of an array of numbers of a shape; Numba wants one without numbers to be flat."""
    return (np.float64, shape if all(shape) else (0,))


def _dtype(places: Places, size: int) -> Layout:
    item = np.dtype(np.float64).itemsize
    return np.dtype(
        {
            "names": list(places),
            "formats": [kind for kind, _ in places.values()],
            "offsets": [item * index for _, index in places.values()],
            "itemsize": item * size,
        }
    )
