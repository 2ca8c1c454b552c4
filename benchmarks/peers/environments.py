"""Virtual environments of other packages, and worker processes in them."""

import json
import os
import subprocess
import tempfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
CONSTRAINTS = HERE.parents[1] / "constraints.txt"

ALONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""A worker's libraries use one thread: its cores are for its environments."""


class Environments:
    """Environments in a folder. Each is made when it is first needed, and kept.

    Args:
        folder: Folder of all environments.
        packages: Packages of each environment, by its name.
        unconstrained: Names of environments that do not use `constraints.txt`.
    """

    def __init__(
        self, folder: Path, packages: Mapping[str, Sequence[str]], unconstrained: Sequence[str]
    ) -> None:
        self._folder, self._packages, self._unconstrained = folder, packages, unconstrained

    def python(self, name: str) -> Path:
        """Returns the interpreter of an environment; makes it if missing or with other packages."""
        folder, packages = self._folder / name, self._packages[name]
        wanted = "\n".join(packages)
        note, python = folder / "packages.txt", folder / "bin" / "python"

        if not note.is_file() or note.read_text() != wanted:
            print(f"Making {folder}: {' '.join(packages)}", flush=True)
            venv.create(folder, clear=True, with_pip=True)
            limits = [] if name in self._unconstrained else ["-c", str(CONSTRAINTS)]
            subprocess.run(
                [str(python), "-m", "pip", "install", "-q", *limits, *packages], check=True
            )
            note.write_text(wanted)
        return python

    def peer(self, name: str, script: str) -> "Peer":
        """Returns a worker in an environment."""
        return Peer(self.python(name), script)


class Peer:
    """A worker script in an environment of its own; its functions are called one at a time.

    Args:
        python: The environment's interpreter.
        script: The worker's file, in the folder of this one.
    """

    def __init__(self, python: Path, script: str) -> None:
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed with the worker)
        self._process = subprocess.Popen(
            [str(python), str(HERE / script)],
            env={**os.environ, **ALONE},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
        self._log.close()

    def call(self, function: str, **arguments: Any) -> Any:
        """Calls a function of the worker and returns its result.

        Raises:
            RuntimeError: The worker ended; its log is in the message.
        """
        assert self._process.stdin
        assert self._process.stdout
        call = json.dumps({"function": function, "arguments": arguments})
        try:
            print(call, file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self._log.seek(0)
            raise RuntimeError(f"{self._process.args[1]} ended:\n{self._log.read()}")  # type: ignore[index]
        return json.loads(line)
