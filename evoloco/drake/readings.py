"""MuJoCo's sensors in Drake: what they tell of Drake's motion and contacts.

Sensors of positions, velocities and accelerations are MuJoCo's own, at Drake's state. What the
ground does to the feet comes from Drake's contacts.
"""

from collections.abc import Sequence

import mujoco
import numpy as np

from evoloco.drake.surfaces import Touch
from evoloco.genome import Array
from evoloco.morphology import Morphology

FORCE = 3
"""Numbers of a foot's sensor with the ground's force; its centre follows."""


class Readings:
    """Reads the sensors of a body.

    Args:
        morphology: The body.
    """

    def __init__(self, morphology: Morphology) -> None:
        self._model = morphology.model
        self._world = frozenset(np.flatnonzero(morphology.model.geom_bodyid == 0).tolist())
        self._feet = [
            (morphology.sensor(f"foot.{foot}.ground"), frozenset(morphology.geoms_of(foot)))
            for foot in morphology.feet
        ]
        self._places = {
            self._model.sensor(index).name: morphology.sensor(self._model.sensor(index).name)
            for index in range(self._model.nsensor)
            if self._model.sensor(index).name
        }

    def read(self, data: mujoco.MjData, qacc: Array, touches: Sequence[Touch]) -> Array:
        """Returns what all sensors tell, as MuJoCo's `sensordata` (nsensordata,).

        Args:
            data: MuJoCo's, of the state (see `evoloco.drake.servos`).
            qacc: Acceleration (nv,).
            touches: Contacts.
        """
        model = self._model
        data.qacc[:] = qacc
        mujoco.mj_sensorPos(model, data)
        mujoco.mj_subtreeVel(model, data)
        mujoco.mj_sensorVel(model, data)
        mujoco.mj_rnePostConstraint(model, data)
        mujoco.mj_sensorAcc(model, data)
        found = np.array(data.sensordata)
        for place, geoms in self._feet:
            found[place] = self._ground(geoms, touches)
        return found

    def by_name(self, sensordata: Array) -> dict[str, Array]:
        """Returns readings by the names of their sensors."""
        return {name: sensordata[place] for name, place in self._places.items()}

    def _ground(self, foot: frozenset[int], touches: Sequence[Touch]) -> Array:
        """Force of the world on a foot [N], and its centre [m] (6,): the points' weighted mean.

        Args:
            foot: Ids of its geoms.
            touches: Contacts.
        """
        found, pressed = np.zeros(2 * FORCE), 0.0
        for touch in touches:
            if touch.first in self._world and touch.second in foot:
                force = touch.force
            elif touch.second in self._world and touch.first in foot:
                force = -touch.force
            else:
                continue
            weight = float(np.linalg.norm(force))
            found[:FORCE] += force
            found[FORCE:] += weight * touch.point
            pressed += weight
        found[FORCE:] /= pressed or 1.0
        return found
