"""What keeps a robot's file from being compiled: files that are not there, odd inertias."""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import mujoco
import numpy as np

from evoloco.errors import SpecError, UnknownNameError
from evoloco.packages import ADDRESS, located
from evoloco.robot.inertias import mend_inertias
from evoloco.robot.mesh_boxes import box_meshes
from evoloco.robot.words import counted, listed

FORMATS = "binary STL, OBJ and MSH"
"""Mesh files that MuJoCo reads."""


def complete(spec: mujoco.MjSpec, path: Path, packages: Mapping[str, str], told: list[str]) -> None:
    """Resolves addresses in packages, and replaces what MuJoCo cannot use.

    Inertias are mended (see `mend_inertias`), and shapes of size 0 left out. A mesh that is missing
    or cannot be read becomes a box of its body's inertia, a height field becomes level. Textures
    and skins, which have no effect on the motion, are left out.

    Args:
        spec: The file's, which is changed.
        path: Of the file.
        packages: Name of a package -> its folder.
        told: Gets sentences.

    Raises:
        SpecError: A package's folder is not there.
        UnknownNameError: The file has no address in a package.
        ModelError: A body would have no mass without a mesh.
    """
    _check_packages(spec, path, packages)
    _resolve(spec, path, packages, told)
    if _compiles(spec, told):
        return
    mend_inertias(spec, told)
    _drop_points(spec, told)
    _drop_textures(spec, told)
    _level_fields(spec, told)
    _drop_skins(spec, told)

    faults = {mesh.name: _fault(mesh, spec) for mesh in spec.meshes if mesh.file}
    _make_shells(spec, faults, told)
    missing = {name: fault for name, fault in faults.items() if fault}
    if missing:
        box_meshes(spec, path, missing, told)


def _check_packages(spec: mujoco.MjSpec, path: Path, packages: Mapping[str, str]) -> None:
    """Refuses packages that the file does not name, or whose folder is not there."""
    parts = (*spec.meshes, *spec.hfields, *spec.textures)
    addresses = [ADDRESS.fullmatch(part.file) for part in parts]
    known = {address[1] for address in addresses if address}
    for name, folder in packages.items():
        if name not in known:
            raise UnknownNameError("package", name, known, f"{path}: packages")
        if not Path(folder).is_dir():
            raise SpecError(f"{path}: packages.{name}: there is no folder {folder}.")


def _resolve(spec: mujoco.MjSpec, path: Path, packages: Mapping[str, str], told: list[str]) -> None:
    """Replaces addresses in packages by the paths of files that exist."""
    folders = {}
    for part in (*spec.meshes, *spec.hfields, *spec.textures):
        part.file = part.file.removeprefix("file://")
        address, name = ADDRESS.fullmatch(part.file), Path(part.file).name
        if not address:
            continue
        if found := located(part.file, path.parent, packages):
            part.file = str(found)
            folders[address[1]] = str(found).removesuffix(address[2]).rstrip("/")
        elif (path.parent / spec.meshdir / name).is_file():
            part.file = name

    if folders:
        spec.strippath = False
    for package, folder in folders.items():
        told.append(f"Package '{package}' is the folder {folder}.")


def _compiles(spec: mujoco.MjSpec, told: list[str]) -> bool:
    """Whether a copy compiles; a spec whose compilation failed cannot be read any more.

    What MuJoCo warns of when it compiles is told once, and not printed by later compilations.
    """
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        try:
            spec.copy().compile()
        except ValueError:
            return False

    for text in dict.fromkeys(str(one.message) for one in found):
        told.append(f"MuJoCo warns: {text}.")
        warnings.filterwarnings("ignore", re.escape(text), UserWarning)
    return True


def _fault(part: mujoco.MjsMesh | mujoco.MjsTexture | mujoco.MjsHField, spec: mujoco.MjSpec) -> str:
    """Why MuJoCo cannot use a part with a file, in its words; empty where it can."""
    alone, geom = mujoco.MjSpec(), mujoco.mjtGeom
    for name in ("modelfiledir", "meshdir", "texturedir", "strippath"):
        setattr(alone, name, getattr(spec, name))

    if isinstance(part, mujoco.MjsMesh):
        alone.add_mesh(name="part", file=part.file, scale=part.scale, inertia=part.inertia)
        touched = any(each.contype or each.conaffinity for each in _users(spec, part))
        alone.worldbody.add_geom(
            type=geom.mjGEOM_MESH, meshname="part", contype=touched, conaffinity=touched
        )
    elif isinstance(part, mujoco.MjsHField):
        alone.add_hfield(name="part", file=part.file, size=part.size)
        alone.worldbody.add_geom(type=geom.mjGEOM_HFIELD, hfieldname="part")
    else:
        texture = alone.add_texture(name="part", type=part.type, file=part.file)
        texture.gridsize, texture.gridlayout = part.gridsize, part.gridlayout
        for side, file in enumerate(part.cubefiles):
            texture.cubefiles[side] = file

    try:
        alone.compile()
    except ValueError as error:
        return _plain(str(error))
    return ""


def _users(spec: mujoco.MjSpec, mesh: mujoco.MjsMesh) -> list[mujoco.MjsGeom]:
    """The geoms that have a mesh."""
    return [geom for geom in spec.geoms if geom.meshname == mesh.name]


def _plain(error: str) -> str:
    """What MuJoCo says of a file, in short."""
    if "Error opening file" in error:
        return "no such file"
    if "no decoder found" in error:
        return f"MuJoCo reads {FORMATS}"
    return error.removeprefix("Error: ").partition("\n")[0]


def _drop_points(spec: mujoco.MjSpec, told: list[str]) -> None:
    """Leaves out spheres, rods and boxes of size 0, which some exporters put where nothing is."""
    kind = mujoco.mjtGeom
    rods = (kind.mjGEOM_SPHERE, kind.mjGEOM_CAPSULE, kind.mjGEOM_CYLINDER)
    boxes = (kind.mjGEOM_BOX, kind.mjGEOM_ELLIPSOID)
    bodies = []
    for body in spec.bodies:
        for geom in body.geoms:
            used = geom.size[:1] if geom.type in rods else geom.size
            if geom.type in (*rods, *boxes) and not geom.meshname and not np.all(used):
                bodies.append(body.name)
                spec.delete(geom)
    if bodies:
        told.append(
            f"{counted(len(bodies), 'shape')} of size 0 left out, of the bodies "
            f"{listed(dict.fromkeys(bodies))}."
        )


def _drop_textures(spec: mujoco.MjSpec, told: list[str]) -> None:
    """Leaves out textures that cannot be read."""
    filed = [texture for texture in spec.textures if texture.file or any(texture.cubefiles)]
    bad = [texture for texture in filed if _fault(texture, spec)]
    names = [texture.name for texture in bad]
    for material in spec.materials:
        for role, name in enumerate(material.textures):
            if name in names:
                material.textures[role] = ""

    for texture in bad:
        spec.delete(texture)
    if bad:
        told.append(
            f"Left out {counted(len(bad), 'texture')} whose files are missing or cannot be read: "
            f"{listed(names)}."
        )


def _level_fields(spec: mujoco.MjSpec, told: list[str]) -> None:
    """Makes height fields level whose files cannot be read."""
    bad = [field for field in spec.hfields if field.file and _fault(field, spec)]
    for field in bad:
        field.file, field.nrow, field.ncol, field.userdata = "", 2, 2, np.zeros(4)
    if bad:
        told.append(
            f"Made {counted(len(bad), 'height field')} level whose files are missing or cannot be "
            f"read: {listed(field.name for field in bad)}."
        )


def _drop_skins(spec: mujoco.MjSpec, told: list[str]) -> None:
    """Leaves out skins whose files are missing."""
    folder = Path(spec.modelfiledir)
    bad = [skin for skin in spec.skins if skin.file and not (folder / skin.file).is_file()]
    names = [skin.name for skin in bad]
    for skin in bad:
        spec.delete(skin)
    if bad:
        told.append(
            f"Left out {counted(len(bad), 'skin')} whose files are missing: {listed(names)}."
        )


def _make_shells(spec: mujoco.MjSpec, faults: dict[str, str], told: list[str]) -> None:
    """Counts meshes without volume, such as a sheet, as shells, if MuJoCo can use them so."""
    shell, made = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL, []
    for mesh in spec.meshes:
        if "volume" not in faults.get(mesh.name, ""):
            continue
        before, mesh.inertia = mesh.inertia, shell
        faults[mesh.name] = _fault(mesh, spec)
        if faults[mesh.name]:
            mesh.inertia = before
        else:
            made.append(mesh.name)

    if made:
        told.append(
            f"{counted(len(made), 'mesh', 'meshes')} without volume count as shells: "
            f"{listed(made)}."
        )
