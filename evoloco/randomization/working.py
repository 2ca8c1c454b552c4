"""A body while its world is made: the arrays that randomizations change, by their names."""

import copy
from functools import cached_property

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.genome import Array
from evoloco.morphology import HOME, Morphology

SIGNALS = {
    "backlash": ("joint", 0.0),
    "zero_offset": ("joint", 0.0),
    "command_delay": ("", 0.0),
    "command_jitter": ("", 0.0),
    "sensor_delay": ("", 0.0),
    "sensor_noise": ("", 1.0),
    "sensor_bias": ("channel", 0.0),
    "slope": ("way", 0.0),
}
"""Numbers that MuJoCo's model has no field for: what has one each, and what they are at first."""

WAYS = ("ahead", "left")
"""Directions in which the ground may rise."""

GRAVITY = "opt.gravity"
"""Name of the gravity vector, which stands in the model's options."""


def channels(morphology: Morphology) -> tuple[str, ...]:
    """Names of the numbers that a controller observes."""
    return tuple(
        f"{sensor.name}.{channel}" for sensor in morphology.sensors for channel in sensor.channels
    )


def memory(model: mujoco.MjModel, field: str) -> NDArray[np.float64]:
    """The numbers of a field of a model, which change the model where they are changed."""
    values: NDArray[np.float64] = model.opt.gravity if field == GRAVITY else getattr(model, field)
    return values


class Working:
    """Arrays of a copy of a body's model, and signals, by their names.

    Args:
        morphology: The body as it is.
        data: To work in, of its layout; a fresh one where absent.
    """

    def __init__(self, morphology: Morphology, data: mujoco.MjData | None = None) -> None:
        self.morphology = morphology
        self._data = data
        self._used: dict[str, NDArray[np.float64]] = {}
        counts = {
            "": 1,
            "joint": len(morphology.joints),
            "channel": len(channels(morphology)),
            "way": len(WAYS),
        }
        self.signals: dict[str, Array] = {
            name: np.full(counts[per], start) for name, (per, start) in SIGNALS.items()
        }

    def __getitem__(self, name: str) -> Array:
        """A signal, or a field of the model."""
        if name in self.signals:
            return self.signals[name]
        if name not in self._used:
            self._used[name] = memory(self.model, name)
        return self._used[name]

    @cached_property
    def model(self) -> mujoco.MjModel:
        """A copy of the body's model, to be changed."""
        return copy.copy(self.morphology.model)

    @cached_property
    def data(self) -> mujoco.MjData:
        """To work in."""
        return mujoco.MjData(self.morphology.model) if self._data is None else self._data

    @property
    def home(self) -> Array:
        """The home keyframe's qpos, which changes the model where it is changed (nq,)."""
        key = mujoco.mj_name2id(self.model, mujoco.mjtObj.mjOBJ_KEY, HOME)
        qpos: Array = self["key_qpos"][key]
        return qpos

    @property
    def changed(self) -> set[str]:
        """Names of the model's fields that are no longer what they were."""
        return {
            name
            for name, values in self._used.items()
            if not np.array_equal(values, memory(self.morphology.model, name))
        }
