"""The file of a robot, read by MuJoCo."""

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path

import mujoco
import numpy as np

from evoloco.errors import ModelError, SpecError
from evoloco.model_file import check_files, check_sizes
from evoloco.robot.completion import complete
from evoloco.robot.names import name_all

SHORTEST = 1e-5
"""Shortest physics step [s]; a second of it takes 100 000 steps."""

PLACES = (
    *(("body", f"body_{field}") for field in ("pos", "quat", "mass", "inertia")),
    *(("geom", f"geom_{field}") for field in ("pos", "quat", "size")),
    *(("joint", f"jnt_{field}") for field in ("pos", "axis", "range")),
    ("site", "site_pos"),
)
"""Kinds of elements, and fields of the model that place them."""


def load(path: str, told: list[str], packages: Mapping[str, str] | None = None) -> mujoco.MjSpec:
    """Reads a file, and replaces what MuJoCo could not compile (see `complete`).

    Args:
        path: Of the file.
        told: Gets a sentence for everything that is added, dropped or changed.
        packages: Name of a ROS package -> its folder; others are looked for near the file.

    Raises:
        SpecError: There is no such file.
        ModelError: MuJoCo cannot read the file, or it is too large, or nothing can stand in for
            what it lacks.
    """
    spec = read(path, told)
    complete(spec, Path(path), packages or {}, told)
    return spec


def read(path: str, told: list[str]) -> mujoco.MjSpec:
    """Reads a file of a size that MuJoCo can compile, but none of those that it refers to.

    Fixed links of a URDF stay bodies, and its visual shapes are kept. What has no name gets one.

    Args:
        path: Of the file.
        told: Gets a sentence for everything that is changed.

    Raises:
        SpecError: There is no such file.
        ModelError: MuJoCo cannot read the file, or it is too large.
    """
    file = Path(path)
    if not file.is_file():
        raise SpecError(f"There is no file {path} (looked for in {Path.cwd()}).")
    check_sizes(file)
    check_files(file)

    spec = _parsed(file)
    spec.compiler.fusestatic = False  # a URDF's fixed links may be the feet
    name_all(spec, told)
    return spec


def _parsed(path: Path) -> mujoco.MjSpec:
    """What a file describes; of a URDF, with its visual shapes unless it says otherwise.

    Raises:
        ModelError: MuJoCo cannot read it.
    """
    try:
        urdf = _with_visuals(path)
        if not urdf:
            return mujoco.MjSpec.from_file(str(path))
        spec = mujoco.MjSpec.from_string(urdf)
        spec.modelfiledir = str(path.parent)
    except ValueError as error:
        raise ModelError(f"MuJoCo cannot read {path}: {error}") from error
    return spec


def _with_visuals(path: Path) -> str:
    """The text of a URDF that asks MuJoCo to keep visual shapes; empty for any other file.

    A URDF that includes others is left as it is.
    """
    try:
        robot = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, ValueError, OSError):
        return ""  # MuJoCo says what is wrong with it
    if robot.tag != "robot" or robot.find(".//include") is not None:
        return ""

    settings = robot.find("mujoco")
    if settings is None:
        settings = ElementTree.SubElement(robot, "mujoco")
    compiler = settings.find("compiler")
    if compiler is None:
        compiler = ElementTree.SubElement(settings, "compiler")
    if "discardvisual" in compiler.attrib:
        return ""
    compiler.set("discardvisual", "false")
    return ElementTree.tostring(robot, encoding="unicode")


def set_timestep(spec: mujoco.MjSpec, path: str, timestep: float | None, told: list[str]) -> None:
    """Gives a file another physics step.

    Args:
        spec: The file's, which is changed.
        path: Of the file.
        timestep: Physics step [s]; the file's where absent.
        told: Gets a sentence if it is another one.

    Raises:
        ModelError: The step is no number, or so short that a second would take for ever.
    """
    own = spec.option.timestep
    if timestep is not None and timestep != own:
        spec.option.timestep = timestep
        told.append(f"The physics step is {1000 * timestep:g} ms in place of {1000 * own:g} ms.")

    step = spec.option.timestep
    if not SHORTEST <= step < math.inf:
        raise ModelError(
            f"{path}: the physics step is {step:g} s; it must be {SHORTEST:g} s or more. "
            "Correct <option timestep>, or give morphology.timestep."
        )


def compiled(spec: mujoco.MjSpec, path: str) -> mujoco.MjModel:
    """Returns the compiled model.

    Raises:
        ModelError: MuJoCo cannot compile it, or a place in it is no number.
    """
    try:
        model = spec.compile()
    except ValueError as error:
        raise ModelError(f"MuJoCo cannot compile {path}: {error}") from error

    for kind, field in PLACES:
        bad = np.argwhere(~np.isfinite(getattr(model, field)))
        if bad.size:
            name = getattr(model, kind)(int(bad[0, 0])).name
            raise ModelError(f"{path}: {kind} '{name}' has a number in it that is none ({field}).")
    return model
