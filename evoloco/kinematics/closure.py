"""Closed chains: joints move until equality constraints hold."""

import copy
from collections.abc import Collection, Iterable
from typing import NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.kinematics.fit import fit

EQUALITY = int(mujoco.mjtConstraint.mjCNSTR_EQUALITY)

RESTARTS = 20
"""Random starts, where the given pose does not lead to closure."""

SPREAD = 0.5
"""Standard deviation of a random start's displacement [rad or m]."""


class Gap(NamedTuple):
    """How far an equality constraint is from holding.

    Attributes:
        constraint: Its id.
        size: Largest entry of its residual [m or rad].
    """

    constraint: int
    size: float


def close(
    model: mujoco.MjModel, qpos: Array, constraints: Collection[int], dofs: Iterable[int]
) -> Array:
    """Moves degrees of freedom until equality constraints hold, as well as they can.

    Args:
        model: The model.
        qpos: Where it begins (nq,).
        constraints: Ids of the constraints.
        dofs: Degrees of freedom that may move.
    """
    lean, movable = _without_contacts(model), list(dofs)

    def residual(data: mujoco.MjData) -> tuple[Array, Array]:
        rows = _rows(lean, data, constraints)
        jacobian = data.efc_J.reshape(-1, lean.nv)
        return np.array(data.efc_pos[rows]), np.array(jacobian[rows])

    random = np.random.default_rng(0)
    starts = (random.normal(0, SPREAD, len(movable)) for _ in range(RESTARTS))
    return fit(lean, qpos, movable, residual, starts).qpos


def gaps(model: mujoco.MjModel, qpos: Array, constraints: Collection[int]) -> list[Gap]:
    """How far equality constraints are from holding, the worst first.

    Args:
        model: The model.
        qpos: The position (nq,).
        constraints: Ids of the constraints.
    """
    lean = _without_contacts(model)
    data = mujoco.MjData(lean)
    data.qpos[:] = qpos
    rows = _rows(lean, data, constraints)
    sizes: dict[int, float] = {}
    for row in rows:
        constraint = int(data.efc_id[row])
        sizes[constraint] = max(sizes.get(constraint, 0.0), abs(float(data.efc_pos[row])))
    found = [Gap(constraint, size) for constraint, size in sizes.items()]
    return sorted(found, key=lambda gap: -gap.size)


def _rows(
    model: mujoco.MjModel, data: mujoco.MjData, constraints: Collection[int]
) -> NDArray[np.intp]:
    """Rows of the constraints in MuJoCo's list of constraints, which is computed."""
    mujoco.mj_fwdPosition(model, data)
    wanted = np.isin(data.efc_id, list(constraints)) & (data.efc_type == EQUALITY)
    return np.flatnonzero(wanted)


def _without_contacts(model: mujoco.MjModel) -> mujoco.MjModel:
    """A copy of a model without contacts and with a dense Jacobian."""
    lean = copy.copy(model)
    lean.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONTACT)
    lean.opt.jacobian = mujoco.mjtJacobian.mjJAC_DENSE
    return lean
