"""The classical Runge-Kutta method for what oscillators have in common."""

from collections.abc import Callable

import numba
import numpy as np

from evoloco.genome import Array

Slope = Callable[[Array, Array, Array, Array], None]
"""`slope(params, drive, x, dx)` writes the rates of change of `x` under the inputs `drive`."""


@numba.njit(error_model="numpy", nogil=True)
def advance(slope: Slope, params: Array, drive: Array, x: Array, h: float, count: int) -> None:
    """Integrates `x` over `count` steps of `h` [s] with constant inputs.

    Its error over one period of 2 pi / w is about (h w)^4 / 120 of the
    amplitude: below 1e-4 at 2.5 Hz and 20 ms.
    """
    rate, there, total = np.empty(x.size), np.empty(x.size), np.empty(x.size)
    for _ in range(count):
        slope(params, drive, x, total)
        rate[:] = total
        for stage in range(3):
            reach = h if stage == 2 else h / 2
            weight = 1.0 if stage == 2 else 2.0
            for i in range(x.size):
                there[i] = x[i] + reach * rate[i]
            slope(params, drive, there, rate)
            for i in range(x.size):
                total[i] += weight * rate[i]
        for i in range(x.size):
            x[i] += h / 6 * total[i]
