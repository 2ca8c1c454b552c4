"""How the servos of a robot are mounted: direction and zero of each joint.

    servo angle = sign * command + offset

A calibration is a TOML file with a table per joint. What it leaves out is sign 1 and offset 0:

    [left_knee]
    sign = -1
    offset = 0.05  # [rad]
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from evoloco import text_file
from evoloco.errors import SpecError, UnknownNameError
from evoloco.export.mistake import mistake


class Calibration(BaseModel):
    """Direction and zero of one servo.

    Attributes:
        sign: 1 where the servo turns as the model's joint does, else -1.
        offset: Angle of the servo at the model's angle 0 [unit of the command].
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    sign: Literal[-1, 1] = 1
    offset: Annotated[float, Field(allow_inf_nan=False, strict=False)] = 0.0


def read(path: Path, names: Sequence[str]) -> dict[str, Calibration]:
    """Reads a calibration.

    Args:
        path: A TOML file.
        names: Of the controls that may be in it.

    Raises:
        SpecError: It cannot be read, or a value is not allowed.
        UnknownNameError: It names no control.
    """
    try:
        content = tomllib.loads(text_file.read(path))
        found = TypeAdapter(dict[str, Calibration]).validate_python(content)
    except (OSError, ValueError) as error:
        raise SpecError(f"{path} is no calibration: {mistake(error)}.") from None

    for name in found:
        if name not in names:
            raise UnknownNameError("joint", name, names, str(path))
    return found
