"""An exported controller, compiled on this machine and called from Python: to try it."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np

from evoloco.errors import EvolocoError
from evoloco.export.c.interface import Sources
from evoloco.genome import Array

STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O2")
"""Options with which the exported C compiles."""


class Compiled:
    """A running controller in C.

    Args:
        sources: What is compiled.
        folder: For its files.
        single: Whether it computes in float.

    Raises:
        EvolocoError: There is no C compiler, or it refuses the sources.
    """

    def __init__(self, sources: Sources, folder: Path, single: bool = False) -> None:
        compiler, name = shutil.which("cc"), sources.name
        if compiler is None:
            raise EvolocoError("There is no C compiler here: install one, such as gcc.")
        (folder / f"{name}.h").write_text(sources.header, encoding="utf-8")
        (folder / f"{name}.c").write_text(sources.source, encoding="utf-8")
        library = folder / f"{name}_{'float' if single else 'double'}.so"
        options = [*STRICT, *([f"-D{name.upper()}_FLOAT"] if single else [])]
        files = ["-o", str(library), str(folder / f"{name}.c")]
        command = [compiler, *options, "-shared", "-fPIC", *files, "-lm"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise EvolocoError(f"{compiler} refuses {folder / name}.c: {ended.stderr[:2000]}")

        loaded = ctypes.CDLL(str(library))
        self._reset, self._step = (loaded[f"{name}_{what}"] for what in ("reset", "step"))
        self._step.restype = ctypes.c_bool
        self.kind = np.dtype(np.float32 if single else np.float64)
        self._memory = np.zeros(sources.size + 2, np.float64)
        self._ctrl = np.zeros(sources.controls, self.kind)
        self.reset()

    @property
    def command(self) -> Array:
        """The commands that came last (nu,)."""
        return self._ctrl.astype(np.float64)

    def reset(self) -> None:
        """Begins anew."""
        self._reset(ctypes.c_void_p(self._memory.ctypes.data))

    def step(self, obs: Array) -> Array:
        """The commands of a control step (nu,), for a flat observation (n,).

        Raises:
            EvolocoError: A number is not finite.
        """
        felt = np.ascontiguousarray(obs, self.kind)
        pointers = (array.ctypes.data for array in (self._memory, felt, self._ctrl))
        if not self._step(*map(ctypes.c_void_p, pointers)):
            raise EvolocoError("The exported controller met a number that is not finite.")
        return self.command
