"""The file of a robot, read by MuJoCo."""

from pathlib import Path

import mujoco

from evoloco.errors import ModelError, SpecError
from evoloco.model_file import check_files, check_sizes


def load(path: str, told: list[str]) -> mujoco.MjSpec:
    """Reads a file of a size that MuJoCo can compile.

    Args:
        path: Of the file.
        told: Gets a sentence for everything that is added, dropped or changed.
    """
    if not Path(path).is_file():
        raise SpecError(f"There is no file {path} (looked for in {Path.cwd()}).")
    check_sizes(Path(path))
    check_files(Path(path))

    try:
        spec = mujoco.MjSpec.from_file(path)
    except ValueError as error:
        raise ModelError(f"MuJoCo cannot read {path}: {error}") from error

    spec.compiler.fusestatic = False  # a URDF's fixed links may be the feet
    return spec
