"""How far geoms reach in a direction."""

from collections.abc import Iterable

import mujoco
import numpy as np

from evoloco.fields import Array

GEOM = mujoco.mjtGeom


def support(model: mujoco.MjModel, data: mujoco.MjData, geom: int, direction: Array) -> Array:
    """The point of a geom that lies farthest in a direction [m] (3,).

    Of a plane or height field it is the centre.

    Args:
        model: The compiled model.
        data: With its kinematics computed.
        geom: Id of the geom.
        direction: Unit vector in the world (3,).
    """
    centre, turn = data.geom_xpos[geom], data.geom_xmat[geom].reshape(3, 3)
    size, kind = model.geom_size[geom], int(model.geom_type[geom])
    toward = direction @ turn  # in the frame of the geom

    if kind == GEOM.mjGEOM_SPHERE:
        local = size[0] * toward
    elif kind == GEOM.mjGEOM_CAPSULE:
        local = size[0] * toward + [0, 0, size[1] * np.sign(toward[2])]
    elif kind == GEOM.mjGEOM_CYLINDER:
        across = np.hypot(toward[0], toward[1])
        local = np.append(size[0] * toward[:2] / max(across, 1e-12), size[1] * np.sign(toward[2]))
    elif kind == GEOM.mjGEOM_ELLIPSOID:
        local = size**2 * toward / np.linalg.norm(size * toward)
    elif kind == GEOM.mjGEOM_BOX:
        local = size * np.sign(toward)
    elif kind in (GEOM.mjGEOM_MESH, GEOM.mjGEOM_SDF):
        vertices = vertices_of(model, geom)
        local = vertices[int(np.argmax(vertices @ toward))]
    else:
        local = np.zeros(3)
    return np.asarray(centre + turn @ local)


def vertices_of(model: mujoco.MjModel, geom: int) -> Array:
    """Vertices of a mesh, in the frame of its geom [m] (n, 3)."""
    mesh = model.geom_dataid[geom]
    first = model.mesh_vertadr[mesh]
    return np.asarray(model.mesh_vert[first : first + model.mesh_vertnum[mesh]], float)


def box(
    model: mujoco.MjModel, data: mujoco.MjData, geoms: Iterable[int]
) -> tuple[Array, Array] | None:
    """Least and largest coordinates of geoms in the world [m] (3,), (3,); None of no geoms."""
    axes = np.eye(3)
    found = [
        (
            [support(model, data, geom, -axis) @ axis for axis in axes],
            [support(model, data, geom, axis) @ axis for axis in axes],
        )
        for geom in geoms
        if int(model.geom_type[geom]) not in (GEOM.mjGEOM_PLANE, GEOM.mjGEOM_HFIELD)
    ]
    if not found:
        return None
    lows, highs = zip(*found, strict=True)
    return np.min(lows, axis=0), np.max(highs, axis=0)
