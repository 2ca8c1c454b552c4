"""The closed chains of a robot: its equality constraints hold at home, or the pose is refused."""

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.fields import Array
from evoloco.kinematics.closure import Gap, close, gaps
from evoloco.robot.words import listed
from evoloco.subtree import robot_bodies

SHUT = 1e-6
"""Residual from which a chain is closed [m or rad]."""

OPEN = 1e-4
"""Residual from which it is refused [m or rad]."""

PULLING = 1e-3
"""Residual from which a constraint with something else than the robot is told [m or rad]."""

CONNECT, WELD, JOINT, TENDON = (
    int(getattr(mujoco.mjtEq, f"mjEQ_{kind}")) for kind in ("CONNECT", "WELD", "JOINT", "TENDON")
)


def close_chains(
    model: mujoco.MjModel,
    qpos: Array,
    torso: str,
    driven: set[int],
    fixed: set[int],
    path: str,
    told: list[str],
    strict: bool = True,
) -> Array:
    """A position in which the constraints between parts of the robot hold (nq,).

    Joints that are not driven move first, then all but those whose angles are given.

    Args:
        model: The model.
        qpos: The position (nq,).
        torso: Name of the torso.
        driven: Ids of the driven joints.
        fixed: Ids of joints that must not move: those with given angles, and those between the
            world and the torso.
        path: Of the file.
        told: Gets a sentence for what has moved.
        strict: Whether a pose is refused in which they do not hold.

    Raises:
        ModelError: No position was found in which they hold.
    """
    bodies = set(robot_bodies(model, torso).tolist())
    own = [eq for eq in range(model.neq) if model.eq_active0[eq] and _is_own(model, eq, bodies)]
    if not own or _worst(model, qpos, own).size <= SHUT:
        return qpos

    movable = [j for j in range(model.njnt) if model.jnt_bodyid[j] in bodies and j not in fixed]
    passive = [joint for joint in movable if joint not in driven]
    found = qpos
    for joints in (passive, movable):
        found = close(model, qpos, own, _dofs(model, joints))
        if _worst(model, found, own).size <= SHUT:
            break

    worst = _worst(model, found, own)
    if worst.size > OPEN and strict:
        raise ModelError(
            f"{path}: {_label(model, worst.constraint)} does not hold at home: it is off by "
            f"{_amount(model, worst)} in the nearest pose found within the joints' limits. "
            "Give `home` angles near a closed pose, or free the joints whose angles you give."
        )
    changes = {
        str(model.joint(joint).name): change
        for joint in movable
        if abs(change := _change(model, qpos, found, joint)) > SHUT
    }
    most = max(map(abs, changes.values()), default=0.0)
    told.append(
        f"Closed the chains of the robot at home (they were off by "
        f"{_amount(model, _worst(model, qpos, own))}): moved {listed(changes)} by at "
        f"most {most:.3g} rad or m."
    )
    return found


def tell_ties(model: mujoco.MjModel, qpos: Array, torso: str, told: list[str]) -> None:
    """Tells how far constraints between the robot and something else are from holding at home."""
    bodies = set(robot_bodies(model, torso).tolist())
    ties = [
        eq
        for eq in range(model.neq)
        if model.eq_active0[eq] and model.eq_type[eq] in (CONNECT, WELD)
        if len(bodies.intersection(_ends(model, eq))) == 1
    ]
    for gap in gaps(model, qpos, ties):
        if gap.size > PULLING:
            told.append(
                f"At home {_label(model, gap.constraint)} pulls at the robot: it is off by "
                f"{_amount(model, gap)}."
            )


def _ends(model: mujoco.MjModel, constraint: int) -> tuple[int, int]:
    """Ids of the bodies that a constraint connects or welds."""
    first, second = int(model.eq_obj1id[constraint]), int(model.eq_obj2id[constraint])
    if model.eq_objtype[constraint] == int(mujoco.mjtObj.mjOBJ_SITE):
        return int(model.site_bodyid[first]), int(model.site_bodyid[second])
    return first, second


def _is_own(model: mujoco.MjModel, constraint: int, bodies: set[int]) -> bool:
    """Whether a constraint is between parts of the robot."""
    kind = model.eq_type[constraint]
    first, second = int(model.eq_obj1id[constraint]), int(model.eq_obj2id[constraint])
    if kind in (CONNECT, WELD):
        return bodies.issuperset(_ends(model, constraint))
    if kind == JOINT:
        joints = [joint for joint in (first, second) if joint >= 0]
        return bodies.issuperset(int(model.jnt_bodyid[joint]) for joint in joints)
    return bool(kind == TENDON)


def _worst(model: mujoco.MjModel, qpos: Array, constraints: list[int]) -> Gap:
    return next(iter(gaps(model, qpos, constraints)), Gap(constraints[0], 0.0))


def _dofs(model: mujoco.MjModel, joints: list[int]) -> list[int]:
    """Ids of the degrees of freedom of joints."""
    return [dof for dof in range(model.nv) if model.dof_jntid[dof] in joints]


def _change(model: mujoco.MjModel, before: Array, after: Array, joint: int) -> float:
    """By how much a joint has moved [rad or m]."""
    start = model.jnt_qposadr[joint]
    if model.jnt_type[joint] == int(mujoco.mjtJoint.mjJNT_BALL):
        turn = np.empty(3)
        mujoco.mju_subQuat(turn, after[start : start + 4], before[start : start + 4])
        return float(np.linalg.norm(turn))
    return float(after[start] - before[start])


def _label(model: mujoco.MjModel, constraint: int) -> str:
    """What a user knows a constraint by."""
    kind = mujoco.mjtEq(model.eq_type[constraint]).name.removeprefix("mjEQ_").lower()
    name = model.equality(constraint).name
    return f"the {kind} constraint '{name}'" if name else f"{kind} constraint {constraint}"


def _amount(model: mujoco.MjModel, gap: Gap) -> str:
    """The size of a gap with its unit."""
    kind, first = model.eq_type[gap.constraint], model.eq_obj1id[gap.constraint]
    joints = mujoco.mjtWrap.mjWRAP_JOINT
    if kind == JOINT or (kind == TENDON and model.wrap_type[model.tendon_adr[first]] == joints):
        return f"{gap.size:.3g} rad"
    return f"{1000 * gap.size:.3g} mm"
