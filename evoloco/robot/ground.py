"""What a robot stands on: the static geoms that lie under its feet and can touch them."""

from collections.abc import Sequence
from copy import copy

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.fields import Array
from evoloco.ground import ground_under
from evoloco.robot.words import counted, listed
from evoloco.static_world import grounds, pose_of
from evoloco.stature import extents
from evoloco.subtree import geoms_of, robot_geoms
from evoloco.terrain import SURFACE


def gather_ground(
    spec: mujoco.MjSpec, model: mujoco.MjModel, path: str, feet: Sequence[str], told: list[str]
) -> None:
    """Moves ground of bodies that are fixed to the world to the world body, where it is the same.

    A foot's sensor feels the force of the world body alone.

    Args:
        spec: What the model is compiled from, which is changed.
        model: The compiled model.
        path: Of the file.
        feet: Names of the feet.
        told: Gets a sentence for each body that loses geoms.

    Raises:
        ModelError: Contacts of such a body with others are excluded, which a geom of the world body
            cannot be.
    """
    found = set(grounds(model, _soles(model, feet)))
    for body in spec.bodies[1:]:
        own = [geom for geom in body.geoms if geom.id in found]
        if not own:
            continue

        others = [_other(one, body.name) for one in spec.excludes if body.name in _bodies(one)]
        if others:
            raise ModelError(
                f"{path}: the feet stand on body '{body.name}', whose contacts with "
                f"{listed(others)} are excluded; their force on the ground cannot be told apart. "
                f"Move its geoms into <worldbody>, or leave the <exclude> out."
            )
        for geom in own:
            _move_to_world(spec, model, geom)
        told.append(
            f"Body '{body.name}' is fixed to the world: {counted(len(own), 'geom')} of it that "
            "feet can touch moved to the world body, at the same place."
        )


def _bodies(exclude: mujoco.MjsExclude) -> tuple[str, str]:
    return exclude.bodyname1, exclude.bodyname2


def _other(exclude: mujoco.MjsExclude, body: str) -> str:
    """The other body of an exclude."""
    first, second = _bodies(exclude)
    return second if first == body else first


def _move_to_world(spec: mujoco.MjSpec, model: mujoco.MjModel, geom: mujoco.MjsGeom) -> None:
    """Replaces a geom of a static body by one of the world body at the same place."""
    kind, name = mujoco.mjtGeom(model.geom_type[geom.id]), geom.name
    place, turn = _before_compiling(model, geom.id)
    fields = {field: copy(getattr(geom, field)) for field in SURFACE}
    size, field = np.array(model.geom_size[geom.id]), geom.hfieldname
    mesh = geom.meshname if kind in (mujoco.mjtGeom.mjGEOM_MESH, mujoco.mjtGeom.mjGEOM_SDF) else ""

    spec.delete(geom)
    spec.worldbody.add_geom(
        name=name, type=kind, pos=place, quat=turn, size=size, meshname=mesh, hfieldname=field,
        **fields,
    )  # fmt: skip


def _before_compiling(model: mujoco.MjModel, geom: int) -> tuple[Array, Array]:
    """Place and quaternion in the world that a static geom was given.

    The compiler puts a mesh's frame at its centre of mass, along its principal axes.
    """
    place, matrix = pose_of(model, geom)
    turn, mesh = np.empty(4), int(model.geom_dataid[geom])
    mujoco.mju_mat2Quat(turn, matrix)
    if model.geom_type[geom] != mujoco.mjtGeom.mjGEOM_MESH:
        return place, turn

    back, given, shift = np.empty(4), np.empty(4), np.empty(3)
    mujoco.mju_negQuat(back, model.mesh_quat[mesh])
    mujoco.mju_mulQuat(given, turn, back)
    mujoco.mju_rotVecQuat(shift, model.mesh_pos[mesh], given)
    return place - shift, given


def has_ground(model: mujoco.MjModel, torso: str, feet: Sequence[str], qpos: Array) -> bool:
    """Whether something of the static world lies under a foot and can touch it.

    Args:
        model: The compiled model.
        torso: Name of the torso.
        feet: Names of the feet.
        qpos: Position in which the feet are looked for (nq,).
    """
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)

    robot = robot_geoms(model, torso).tolist()
    if not robot:
        return False
    top = float(extents(model, data, robot)[1].max())
    return any(
        np.isfinite(ground_under(model, data, soles, below=top)).any()
        for foot in feet
        if (soles := geoms_of(model, foot))
    )


def contact_bits(model: mujoco.MjModel, feet: Sequence[str]) -> int:
    """Contact bits of a floor that touches every foot: all those of the feet, and the usual one."""
    soles = _soles(model, feet)
    used = model.geom_contype[soles] | model.geom_conaffinity[soles]
    return int(np.bitwise_or.reduce(used, initial=1))


def _soles(model: mujoco.MjModel, feet: Sequence[str]) -> list[int]:
    """Ids of the geoms of feet and of what hangs on them."""
    return sorted({geom for foot in feet for geom in geoms_of(model, foot)})
