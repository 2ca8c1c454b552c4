"""Python modules from files, such as a user's own controller."""

import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType


def load(path: Path, name: str) -> ModuleType:
    """Imports a file as a module.

    The module stays in `sys.modules`, where Numba looks up the globals of a
    cached function. It is removed if the import fails.

    Args:
        path: A Python file.
        name: Name of the module.
    """
    loader = SourceFileLoader(name, str(path))
    location = ModuleSpec(name, loader, origin=str(path))
    location.has_location = True
    module = module_from_spec(location)

    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
