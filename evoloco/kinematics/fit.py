"""Joint angles that bring a residual to zero, by Levenberg-Marquardt within the joints' limits."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array

CLOSE = 1e-8
"""Largest entry of a residual that counts as zero [m or rad]."""

ITERATIONS = 200
"""Most steps from one start."""

SINGLE = (int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE))
"""Joints of one degree of freedom."""

Residual = Callable[[mujoco.MjData], tuple[Array, Array]]
"""Gives the residual (n,) at the qpos of some data and its Jacobian by velocities (n, nv)."""


class Fit(NamedTuple):
    """Where a fit has ended.

    Attributes:
        qpos: The position (nq,).
        error: Largest entry of the residual there [m or rad].
    """

    qpos: Array
    error: float


def fit(
    model: mujoco.MjModel,
    qpos: Array,
    dofs: Sequence[int],
    residual: Residual,
    starts: Iterable[Array] = (),
) -> Fit:
    """Moves some degrees of freedom until a residual is zero, or as small as it gets.

    Args:
        model: The model.
        qpos: Where the rest of the body stays, and the first start (nq,).
        dofs: Degrees of freedom that may move, within the limits of their joints.
        residual: What shall be zero.
        starts: Displacements of `dofs` from `qpos` to begin from, one after the other, until one of
            them leads to zero (n,).

    Returns:
        The best of all starts.
    """
    data = mujoco.MjData(model)
    chosen, low, high = _bounds(model, qpos, np.asarray(dofs, np.int64))
    best = _measure(data, qpos, residual)
    if best.error <= CLOSE or not chosen.any():
        return best

    movable = np.asarray(dofs, np.int64)[chosen]
    for start in (np.zeros(len(chosen)), *starts):
        found = _descend(model, data, qpos, movable, (low, high), residual, start[chosen])
        if found.error < best.error:
            best = found
        if best.error <= CLOSE:
            break
    return best


def _measure(data: mujoco.MjData, qpos: Array, residual: Residual) -> Fit:
    data.qpos[:] = qpos
    return Fit(np.array(qpos), float(np.abs(residual(data)[0]).max(initial=0.0)))


def _descend(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    qpos: Array,
    dofs: NDArray[np.int64],
    bounds: tuple[Array, Array],
    residual: Residual,
    start: Array,
) -> Fit:
    """The minimum that one start leads to."""
    from mujoco import minimize

    def go(x: Array) -> None:
        step = np.zeros(model.nv)
        step[dofs] = x.ravel()
        data.qpos[:] = qpos
        mujoco.mj_integratePos(model, data.qpos, step, 1.0)

    def value(x: Array) -> Array:
        go(x)
        return residual(data)[0].reshape(-1, 1)

    def slope(x: Array, _: Array) -> Array:
        go(x)
        return residual(data)[1][:, dofs]

    found, _ = minimize.least_squares(
        start,
        value,
        bounds=bounds,
        jacobian=slope,
        xtol=1e-14,
        gtol=1e-14,
        max_iter=ITERATIONS,
        verbose=minimize.Verbosity.SILENT,
    )
    go(found)
    return _measure(data, data.qpos.copy(), residual)


def _bounds(
    model: mujoco.MjModel, qpos: Array, dofs: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], Array, Array]:
    """Which degrees of freedom can move, and by how much at least and at most [rad or m]."""
    low, high = np.full(len(dofs), -np.pi), np.full(len(dofs), np.pi)
    for i, dof in enumerate(dofs):
        joint = model.dof_jntid[dof]
        if model.jnt_limited[joint] and model.jnt_type[joint] in SINGLE:
            low[i], high[i] = model.jnt_range[joint] - qpos[model.jnt_qposadr[joint]]
    movable = low < high
    return movable, low[movable], high[movable]
