"""The classical Runge-Kutta method, one stage at a time."""

import numba

from evoloco.fields import Array


@numba.njit(error_model="numpy", nogil=True)
def stage(k: int, h: float, x: Array, dx: Array, memory: Array) -> None:
    """Moves `x` to where stage k + 1 of a step of `h` [s] asks for the next rate of change.

    Called for k = 0 to 3, each time with the rate of change `dx` at `x`. After the last call `x` is
    the state at the end of the step. Where a system has several variables, all rates are computed
    before any of them moves. Over a period of 2 pi / w the error is about (h w)^4 / 120 of the
    amplitude: below 1e-4 at 2.5 Hz and 20 ms.

    Args:
        k: Number of the stage.
        h: Length of the step [s].
        x: A variable of the state (n,), replaced.
        dx: Its rate of change (n,).
        memory: Keeps its value before the step and the weighted sum of its rates (2, n).
    """
    start, total = memory[0], memory[1]
    for i in range(x.size):
        if k == 0:
            start[i] = x[i]
            total[i] = dx[i]
            x[i] += h / 2.0 * dx[i]
        elif k < 3:
            total[i] += 2.0 * dx[i]
            x[i] = start[i] + (h / 2.0 if k == 1 else h) * dx[i]
        else:
            x[i] = start[i] + h / 6.0 * (total[i] + dx[i])
