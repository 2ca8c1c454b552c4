"""Boxes of the inertia of bodies, in place of meshes that are missing or cannot be read."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.fields import Array
from evoloco.robot.words import counted, listed

THINNEST = 1e-4
"""Least half length of a box [m], and radius of what holds the place of one."""


class Lost(NamedTuple):
    """A geom whose mesh is missing.

    Attributes:
        geom: The geom, without its mesh.
        body: Name of its body.
        is_visual: Whether nothing can touch it.
        weighs: Whether the body would have mass from it.
    """

    geom: mujoco.MjsGeom
    body: str
    is_visual: bool
    weighs: bool


def box_meshes(
    spec: mujoco.MjSpec, path: Path, missing: Mapping[str, str], told: list[str]
) -> None:
    """Replaces meshes by boxes of the inertia of their bodies.

    A body gets one box where it lost contact shapes, and one to be seen where it has nothing else.
    Masses and inertias stay those of the file.

    Args:
        spec: The file's, which is changed.
        path: Of the file.
        missing: Name of a mesh -> why it cannot be used.
        told: Gets sentences.

    Raises:
        ModelError: A body would have no mass without a mesh.
    """
    files = {mesh.name: Path(mesh.file).name for mesh in spec.meshes if mesh.name in missing}
    lost = [
        _lose(spec, body, geom)
        for body in spec.bodies
        for geom in body.geoms
        if geom.meshname in missing
    ]
    for site in spec.sites:
        if site.meshname in missing:
            site.meshname, site.type = "", mujoco.mjtGeom.mjGEOM_SPHERE
    for mesh in [mesh for mesh in spec.meshes if mesh.name in missing]:
        spec.delete(mesh)

    model = _without(spec, path, lost, files)
    boxes = _add_boxes(spec, model, lost)
    told.append(_sentence(missing, files, boxes, len(lost) - len(boxes)))
    for body in dict.fromkeys(one.body for one in lost if one.weighs):
        told.append(
            f"In the file, a missing mesh adds to the mass of body '{body}'; without it, the body "
            f"has {model.body(body).mass[0]:.4g} kg. Give it an <inertial> if that is wrong."
        )


def _sentence(
    missing: Mapping[str, str], files: Mapping[str, str], boxes: list[str], dropped: int
) -> str:
    """What came of meshes that are missing."""
    several = "meshes cannot be used" if len(files) > 1 else "mesh cannot be used"
    reasons = ", ".join(dict.fromkeys(missing.values()))
    parts = [f"{len(files)} {several}: {listed(dict.fromkeys(files.values()))} ({reasons})."]
    if boxes:
        parts.append(
            f"A box of the body's inertia stands in for what {listed(dict.fromkeys(boxes))} lost."
        )
    if dropped:
        parts.append(f"{counted(dropped, 'geom')} of bodies that have other shapes left out.")
    return " ".join(parts)


def _lose(spec: mujoco.MjSpec, body: mujoco.MjsBody, geom: mujoco.MjsGeom) -> Lost:
    """Makes a geom whose mesh is missing a speck without mass, in the origin of its frame."""
    always = spec.compiler.inertiafromgeom == mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_TRUE
    massless = geom.mass == 0 or (np.isnan(geom.mass) and geom.density == 0)
    counts = (always or not body.explicitinertial) and body.name != "world"
    found = Lost(
        geom,
        body.name,
        is_visual=not (geom.contype or geom.conaffinity),
        weighs=bool(counts and not massless),
    )

    geom.type, geom.meshname, geom.mass = mujoco.mjtGeom.mjGEOM_SPHERE, "", 0.0
    geom.size, geom.pos, geom.quat = [THINNEST] * 3, [0, 0, 0], [1, 0, 0, 0]
    geom.alt.type = mujoco.mjtOrientation.mjORIENTATION_QUAT
    geom.fromto[0] = np.nan
    return found


def _without(
    spec: mujoco.MjSpec, path: Path, lost: list[Lost], files: Mapping[str, str]
) -> mujoco.MjModel:
    """The model without the meshes.

    Raises:
        ModelError: MuJoCo cannot compile it: a body has no mass any more.
    """
    try:
        return spec.compile()
    except ValueError as error:
        weighing = list(dict.fromkeys(one.body for one in lost if one.weighs))
        remedy = (
            f"Put the files there, or give an <inertial> to {listed(weighing)}, whose mass comes "
            "from them."
            if weighing
            else "Put the files there."
        )
        reason = str(error).removeprefix("Error: ").replace("\n", ", ")
        raise ModelError(
            f"{path}: {counted(len(files), 'mesh', 'meshes')} cannot be used, "
            f"{listed(files.values())}, and MuJoCo cannot compile the model without: {reason}. "
            f"{remedy}"
        ) from error


def _add_boxes(spec: mujoco.MjSpec, model: mujoco.MjModel, lost: list[Lost]) -> list[str]:
    """Makes boxes of what was lost where a body needs one; names of the bodies that got one.

    Where none is needed, or the body has no inertia, a geom that may be referred to by its name
    remains as a speck that nothing touches; others go.
    """
    places = {id(one): (model.geom_pos[one.geom.id], model.geom_quat[one.geom.id]) for one in lost}
    gone = {one.geom.id for one in lost}
    boxed, boxes = set(), []
    for one in lost:
        body = model.body(one.body)
        own = set(np.flatnonzero(model.geom_bodyid == body.id).tolist())
        is_seen = bool(own - gone) or (one.body, False) in boxed
        kind = (one.body, one.is_visual)
        half = half_lengths(float(body.mass[0]), body.inertia)
        if half is not None and kind not in boxed and not (one.is_visual and is_seen):
            boxed.add(kind)
            boxes.append(one.body)
            _make_box(one.geom, half, (body.ipos, body.iquat), places[id(one)])
        elif one.geom.name:
            one.geom.contype = one.geom.conaffinity = 0
        else:
            spec.delete(one.geom)
    return boxes


def half_lengths(mass: float, inertia: Array) -> Array | None:
    """Half lengths of the box of a mass and principal inertia [m] (3,); None where it has none.

    A box of mass m and half lengths a, b, c has the inertia m (b² + c²) / 3 about its first axis.

    Args:
        mass: In kg.
        inertia: Principal moments [kg m²] (3,).
    """
    if mass < mujoco.mjMINVAL:
        return None
    squares = 1.5 / mass * (inertia.sum() - 2 * inertia)
    return np.asarray(np.sqrt(np.maximum(squares, THINNEST**2)))


def _make_box(
    geom: mujoco.MjsGeom,
    half: Array,
    wanted: tuple[Array, Array],
    frame: tuple[Array, Array],
) -> None:
    """Makes a box of a geom.

    Args:
        geom: The geom.
        half: Its half lengths [m] (3,).
        wanted: Its place and quaternion in its body.
        frame: Those of the frame that it is given in.
    """
    back, place, turn = np.empty(4), np.empty(3), np.empty(4)
    mujoco.mju_negQuat(back, frame[1])
    mujoco.mju_rotVecQuat(place, wanted[0] - frame[0], back)
    mujoco.mju_mulQuat(turn, back, wanted[1])
    geom.type, geom.size, geom.pos, geom.quat = mujoco.mjtGeom.mjGEOM_BOX, half, place, turn
