"""Packages that only some users need: the extras of an installation."""

import importlib
import importlib.metadata
import re
from typing import Any

from evoloco.errors import EvolocoError


class MissingExtraError(EvolocoError):
    """A package that is not installed. The message names the command that installs it."""


def needs(module: str, extra: str) -> Any:
    """A module of a package that an extra brings.

    Args:
        module: Such as "torch".
        extra: Such as "rl".

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise MissingExtraError(
            f"This needs the package '{package}', which is not installed or does not load "
            f"({error}). Install it with: pip install 'evoloco[{extra}]'"
        ) from error


def bringing(package: str) -> str:
    """Returns the command that installs a package, by the extra that brings it if one does."""
    for line in importlib.metadata.requires("evoloco") or ():
        found = re.match(rf"{re.escape(package)}\b.*extra == ['\"](\w+)['\"]", line)
        if found:
            return f"pip install 'evoloco[{found[1]}]'"
    return f"pip install {package}"
