"""Fits numbers of a body to logs by nonlinear least squares, with `mujoco.sysid`."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evoloco.extras import needs
from evoloco.genome import Array
from evoloco.identify.limbs import columns
from evoloco.identify.model import ServoModel
from evoloco.identify.numbers import Number
from evoloco.identify.player import DIVERGED, Player
from evoloco.identify.recording import Recording

ITERATIONS = 6
"""Steps of the optimizer; each simulates the logs once per column of the Jacobian."""

STEP = 1e-3
"""Difference by which the Jacobian is found, as a share of the way between the bounds."""

VAGUE = 0.25
"""A 95 % interval that is wider than this share of the way between the bounds tells nothing."""


@dataclass(frozen=True, eq=False)
class Fit:
    """What a fit found.

    Attributes:
        model: The servo model.
        values: Of each of its numbers, in its unit (n,).
        interval: Half width of each number's 95 % interval (n,). It is blind to errors of the
            model: it says how well this model's number is known, not whether the model is right.
        error: Held-out RMSE of each joint [rad] (joints,).
    """

    model: ServoModel
    values: Array
    interval: Array
    error: Array

    @property
    def numbers(self) -> tuple[Number, ...]:
        """What was fitted (n,)."""
        return self.model.numbers

    @property
    def rms(self) -> float:
        """Held-out RMSE over all joints [rad]."""
        return float(np.sqrt(np.mean(self.error**2)))

    @property
    def delay(self) -> float:
        """From a command to its full effect: latency and current lag [s]; 0 for a learned servo."""
        found = dict(zip((one.name for one in self.numbers), self.values.tolist(), strict=True))
        return float(found.get("latency", 0.0) + found.get("lag", 0.0))

    @property
    def unknown(self) -> list[str]:
        """Names of the numbers that the logs cannot tell: a wide interval, or at a bound."""
        return [
            number.name
            for number, value, half in zip(self.numbers, self.values, self.interval, strict=True)
            if _is_unknown(number, value, half)
        ]


def _is_unknown(number: Number, value: float, half: float) -> bool:
    width = number.high - number.low
    at_bound = min(value - number.low, number.high - value) < 1e-3 * width
    return bool(half > VAGUE * width or (at_bound and number.low != 0.0) or not np.isfinite(half))


def fit(
    model: ServoModel,
    recordings: Sequence[Recording],
    begin: Sequence[float] | None = None,
    iterations: int = ITERATIONS,
    threads: int = 0,
    told: Callable[[str], object] = lambda _: None,
) -> Fit:
    """Fits a servo model to what logs show before their held-out part.

    Args:
        model: The servo model of a hanging body.
        recordings: Of the robot, hung up.
        begin: Values that the fit begins at; the nominal ones where None.
        iterations: Steps of the optimizer.
        threads: Number of threads; all CPUs where 0.
        told: Called with what goes on.

    Raises:
        MissingExtraError: `mujoco.sysid` is not installed.
    """
    sysid = _sysid()
    numbers = model.numbers
    low, high = (np.array([getattr(one, end) for one in numbers]) for end in ("low", "high"))
    start = np.array([one.begin for one in numbers] if begin is None else begin)
    start = np.clip(start, low + 0.01 * (high - low), high - 0.01 * (high - low))
    task = _Task(model, recordings, threads)

    parameters = sysid.ParameterDict()
    for one, value in zip(numbers, start, strict=True):
        parameter = sysid.Parameter(one.name, one.nominal, one.low, one.high)
        parameter.update_from_vector(np.array([value]))
        parameters.add(parameter)

    def residual(x: Array, _: Any) -> tuple[list[Array], None, None]:
        found = [task.residual(column) for column in x.reshape(len(numbers), -1).T]
        return [np.stack(found, axis=1)], None, None

    def jacobian(x: Array, r: Array) -> Array:
        told(f"{model.name}: {1e3 * float(np.sqrt(np.mean(r**2))):.2f} mrad in the fitted part")
        return task.jacobian(x.ravel(), r.ravel())

    _, result = sysid.optimize(
        parameters,
        residual,
        optimizer="mujoco",
        verbose=False,
        max_iters=iterations,
        jacobian=jacobian,
        x_scale=high - low,
        gtol=1e-4,
        output=io.StringIO(),
        mu_min=0.1,
        mu_factor=5.0,
    )
    values = np.clip(np.asarray(result.x).ravel(), low, high)
    _, interval = sysid.calculate_intervals([task.residual(values)], result.jac)
    return Fit(model, values, np.asarray(interval), task.held_out(values))


def _sysid() -> Any:
    """`mujoco.sysid`, silent.

    Raises:
        MissingExtraError: It, or what it needs, is not installed.
    """
    for package in ("colorama", "tabulate", "plotly"):  # without them it is empty, and silent
        needs(package, "sysid")
    logging = needs("absl.logging", "sysid")
    logging.set_verbosity(logging.ERROR)
    return needs("mujoco.sysid", "sysid")


class _Task:
    """Simulates logs with values of numbers."""

    def __init__(self, model: ServoModel, recordings: Sequence[Recording], threads: int) -> None:
        self._numbers, self._recordings = model.numbers, recordings
        self._columns = columns(model.prepared, model.numbers)
        self._play = Player(model, len(self._columns), threads)

    def residual(self, values: Array) -> Array:
        """Simulated minus measured angles of the fitted parts [rad] (n,)."""
        return np.concatenate([one[:, 0].ravel() for one in self._residuals([values])])

    def jacobian(self, values: Array, residual: Array) -> Array:
        """Derivatives of the residuals by the numbers (n, numbers).

        Numbers that move different limbs share a simulation: hung up, limbs do not feel each other.
        """
        steps = np.array([STEP * (one.high - one.low) for one in self._numbers])
        most = np.array([one.high for one in self._numbers])
        steps[values + steps > most] *= -1

        moved = []
        for column in self._columns:
            point, places = values.copy(), [place for place, _ in column]
            point[places] += steps[places]
            moved.append(point)

        found = np.zeros((len(residual), len(values)))
        first = 0
        for part in self._residuals(moved):
            samples, joints = part.shape[0], part.shape[2]
            size = samples * joints
            here = residual[first : first + size].reshape(samples, joints)
            for number, column in enumerate(self._columns):
                for place, reach in column:
                    change = np.zeros((samples, joints))
                    change[:, reach] = (part[:, number] - here)[:, reach]
                    found[first : first + size, place] = change.ravel() / steps[place]
            first += size
        return found

    def held_out(self, values: Array) -> Array:
        """RMSE of every joint in the held-out parts [rad] (joints,)."""
        return self._play.held_out(values, self._recordings)

    def _residuals(self, points: Sequence[Array]) -> list[Array]:
        """Residuals of every log (samples, points, joints) [rad]."""
        found = []
        for one in self._recordings:
            angles = self._play.angles(points, one, one.split)
            difference = one.sampled(angles, one.fitted) - one.position[one.fitted][:, None]
            found.append(np.nan_to_num(difference, nan=DIVERGED))
        return found
