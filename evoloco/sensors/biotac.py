"""A simulated BioTac: the readings of a soft fingertip, from MuJoCo's contact force.

Ruppel, Jonetzko, Goerner, Hendrich and Zhang, 2018, Simulation of the SynTouch BioTac sensor: a
network that learned from a real fingertip says what it would feel, from the point and force of a
contact and the temperature. Here it learned from a surrogate (`evoloco.perception.biotac.skin`),
or from readings of yours.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.spatial.transform import Rotation

from evoloco.errors import EvolocoError
from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception import weights as files
from evoloco.perception.biotac.lesson import CONTEXT, BioTacReadings, empty_network
from evoloco.perception.biotac.pin import touched
from evoloco.perception.biotac.skin import CHANNELS, RATE
from evoloco.perception.learned import Learned
from evoloco.perception.need import Readings, Seen
from evoloco.sensor import AGE, CONFIDENCE, Sensor

if TYPE_CHECKING:
    from evoloco.perception.biotac.network import ProductNetwork

NAME = "biotac"

SPAN = CONTEXT / RATE
"""Time before and after a reading whose forces belong to it [s]."""

lesson = BioTacReadings


class BioTac:
    """Tells what a fingertip felt 0.1 s ago, since later forces belong to it too.

    Args:
        finger: Beginning of the names of the body's sensors (see `sensor`).
        weights: File of the network's weights; the bundled one where empty.
        history: Control steps that are kept.
    """

    channels = (*CHANNELS, CONFIDENCE, AGE)

    def __init__(self, finger: str, weights: str, history: int) -> None:
        names = ("clock", f"{finger}.position", f"{finger}.orientation", f"{finger}.contact")
        self.needs = Readings(names, history)
        self._weights = weights

    @cached_property
    def _network(self) -> ProductNetwork:
        return files.fill(empty_network(), NAME, self._weights, BioTacReadings().layout)

    def read(self, seen: Seen, previous: Array) -> Array | None:  # noqa: ARG002 - the contract's
        """All readings [counts]; the confidence is 1, since that nothing touches is felt too."""
        import torch

        given = inputs(seen.readings, float(self._network.input_mean[-1]))
        with torch.inference_mode():
            told = self._network.readings(torch.from_numpy(given[None]))[0].double().numpy()
        return np.array([*told, 1.0, 0.0])


def inputs(readings: Array, temperature: float) -> NDArray[np.float32]:
    """What the network takes (13,), for the time 0.1 s before the last row.

    Args:
        readings: Time [s], position [m] and orientation (quaternion) of the finger, force [N] and
            place [m] of the contact in the world (T, 14), the last row the present.
        temperature: The reading `tdc` [counts].

    Raises:
        EvolocoError: The rows end within less than 0.2 s.
    """
    time = readings[:, 0]
    now, full = time[-1], time[1] > time[0]
    if full and now - time[0] < 2 * SPAN:
        raise EvolocoError(
            f"sensors.{NAME}: {len(time)} control steps are {now - time[0]:.3g} s, and forces are "
            f"needed for {2 * SPAN:g} s. Give a larger `history`, or longer control steps."
        )
    into_finger = Rotation.from_quat(readings[:, 4:8], scalar_first=True).inv()
    force = into_finger.apply(readings[:, 8:11])
    place = touched(force, into_finger.apply(readings[:, 11:14] - readings[:, 1:4]))

    middle, before, after = (
        int(np.abs(time - (now - ago)).argmin()) for ago in (SPAN, 2 * SPAN, 0)
    )
    rows = (place[middle], force[middle], force[before], force[after], [temperature])
    return np.concatenate(rows).astype(np.float32)


def sensor(
    morphology: Morphology,  # noqa: ARG001 - the contract's
    finger: str = "fingertip",
    history: Annotated[int, Field(ge=3, le=1000)] = 32,
    weights: str = "",
) -> Sensor:
    """Readings of a soft fingertip [counts], 0.1 s late: vibration, pressure, warmth, electrodes.

    The body has the MuJoCo sensors `clock`, and FINGER`.position`, FINGER`.orientation` and
    FINGER`.contact`, whose data are force and position and whose reduction is `netforce`, of an
    ellipsoid of 7, 7 and 12 mm whose x axis points out of the finger. The temperature is the mean
    of the training.

    Args:
        morphology: The body.
        finger: Beginning of the names of these sensors.
        history: Control steps that are kept; they must cover 0.2 s.
        weights: File that `evoloco learn biotac` wrote; by default the bundled one.
    """
    return Sensor(
        name=NAME,
        channels=BioTac.channels,
        unit=", ".join(["counts"] * len(CHANNELS) + ["1", "s"]),
        meaning="readings of a soft fingertip that presses on something",
        source=Learned(BioTac(finger, weights, history), engine="torch"),
    )
