"""Whether an object slips along a pad of taxels or turns on it, from how that sounds.

Meier, Walck, Haschke and Ritter, 2016, Tactile convolutional networks for online slip and rotation
detection, doi:10.1007/978-3-319-44781-0_2: short-time Fourier transforms of all taxels of a pad go
through a convolutional network, 125 times a second. Their pad is real; this one is synthetic
(`evoloco.perception.slip.bristles`, `evoloco.perception.slip.taxels`).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception import weights as files
from evoloco.perception.learned import Learned
from evoloco.perception.need import Readings, Seen
from evoloco.perception.slip.bristles import TAXELS
from evoloco.perception.slip.lesson import Slip, empty_network, probabilities
from evoloco.perception.slip.taxels import DEPTH, taxel_order, window
from evoloco.perception.slip.windows import KINDS, spectrum
from evoloco.sensor import AGE, CONFIDENCE, Sensor

if TYPE_CHECKING:
    from evoloco.perception.slip.network import SlipNetwork

NAME = "slip"

OF_PAD = ("force", "object_position", "object_velocity", "object_spin", "taxels")
"""Ends of the names of MuJoCo's sensors."""

lesson = Slip


class SlipSensor:
    """Tells what an object does on a pad.

    Args:
        pad: Beginning of the names of the body's sensors (see `sensor`).
        weights: File of the network's weights; the bundled one where empty.
        history: Control steps that are kept.
        friction: Static friction of the object and the pad [1].
        surface: Number of the object's texture.
    """

    channels = (*KINDS, CONFIDENCE, AGE)

    def __init__(self, pad: str, weights: str, history: int, friction: float, surface: int) -> None:
        names = ("clock", *(f"{pad}.{end}" for end in OF_PAD))
        self.needs = Readings(names, history)
        self._weights, self._friction, self._surface = weights, friction, surface

    @cached_property
    def _network(self) -> SlipNetwork:
        return files.fill(empty_network(), NAME, self._weights, Slip.layout)

    def read(self, seen: Seen, previous: Array) -> Array | None:  # noqa: ARG002 - the contract's
        """Probabilities, and the largest of them; None where the pad holds nothing."""
        order = taxel_order(seen.model, self.needs.sensors[-1])
        felt = window(
            seen.readings[:, : DEPTH.start + TAXELS], order, self._friction, self._surface
        )
        if felt is None:
            return None
        told = probabilities(self._network, spectrum(felt))
        return np.array([*told, told.max(), 0.0])


def sensor(
    morphology: Morphology,  # noqa: ARG001 - the contract's
    pad: str = "pad",
    history: Annotated[int, Field(ge=3, le=1000)] = 32,
    friction: Annotated[float, Field(gt=0)] = 0.7,
    surface: Annotated[int, Field(ge=0)] = 0,
    weights: str = "",
) -> Sensor:
    """How probable it is that an object is stable, slips along a pad, or turns on it [1].

    The body has the MuJoCo sensors `clock`, PAD`.taxels` (`tactile`, 12 x 12 taxels 2.5 mm apart),
    PAD`.force` (`touch`), and PAD`.object_position`, PAD`.object_velocity`, PAD`.object_spin` of an
    object in the pad's frame, as the body `arms/tactile_gripper` has. What the taxels feel is made
    up of these.

    Args:
        morphology: The body.
        pad: Beginning of the names of these sensors.
        history: Control steps that are kept; they must cover 0.1 s.
        friction: Static friction of the object and the pad, as the taxels feel it [1].
        surface: Number of the object's texture; none of them was learned from.
        weights: File that `evoloco learn slip` wrote; by default the bundled one.
    """
    return Sensor(
        name=NAME,
        channels=SlipSensor.channels,
        unit="1, 1, 1, 1, s",
        meaning="whether what a pad holds is stable, slips along it or turns on it",
        source=Learned(SlipSensor(pad, weights, history, friction, surface), engine="torch"),
    )
