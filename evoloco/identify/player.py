"""What the joints of a servo model do under the commands of a log, for several values at once."""

from collections.abc import Sequence

import numpy as np

from evoloco.fields import flatten
from evoloco.genome import Array
from evoloco.identify.model import ServoModel
from evoloco.identify.playback import Playback
from evoloco.identify.recording import Recording

DIVERGED = 10.0
"""Error where a simulation diverges [rad]."""


class Player:
    """Plays logs to a servo model.

    Args:
        model: The servo model of a hanging body.
        count: Simulations at once.
        threads: Number of threads; all CPUs where 0.
    """

    def __init__(self, model: ServoModel, count: int = 1, threads: int = 1) -> None:
        self._model = model
        nominal = model.actuators([one.nominal for one in model.numbers])
        self._playback = Playback(model.prepared, count, nominal, threads)

    def angles(self, points: Sequence[Array], recording: Recording, until: float) -> Array:
        """Angles of the joints [rad] (T + 1, points, joints), of every physics step.

        Args:
            points: Values of the model's numbers, once for each simulation.
            recording: Of the commands and the start.
            until: Time at which it ends [s].
        """
        start = recording.position[0], recording.command[0]
        bodies = [self._model.body(values.tolist(), start) for values in points]
        servos = [self._model.actuators(values.tolist()) for values in points]
        params = [flatten(one.parameters()) for one in servos if one is not None]
        rows = np.array(params) if params else None
        return self._playback.angles(bodies, recording.commands(until), rows)

    def held_out(self, values: Array, recordings: Sequence[Recording]) -> Array:
        """RMSE of every joint in the held-out parts of logs [rad] (joints,)."""
        squares = []
        for one in recordings:
            angles = self.angles([values], one, float(one.time[-1]))[:, 0]
            difference = one.sampled(angles, one.held_out) - one.position[one.held_out]
            squares.append(np.nan_to_num(difference, nan=DIVERGED) ** 2)
        return np.asarray(np.sqrt(np.concatenate(squares).mean(axis=0)))
