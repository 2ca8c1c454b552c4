"""What produced a run: versions, machine, source, command."""

import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from llvmlite.binding import get_host_cpu_name
from pydantic import BaseModel, ConfigDict, ValidationError

from evoloco import __version__
from evoloco.errors import JournalError
from evoloco.experiment import Experiment
from evoloco.members import member
from evoloco.spec import RunSpec, dumps

_PACKAGES = ("mujoco", "numpy", "numba", "llvmlite", "cma")
"""What every run depends on; an optimizer adds its `packages`."""


def collect(experiment: Experiment) -> dict[str, Any]:
    """Facts that a reader needs to reproduce a run, or to see why a replay differs."""
    spec = experiment.spec
    optimizer = member("optimizers", spec.optimizer.name).Optimizer
    packages = (*_PACKAGES, *getattr(optimizer, "packages", ()))
    return {
        "evoloco": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in packages},
        "cpu": cpu(),
        "cpus": len(os.sched_getaffinity(0)),
        "platform": platform.platform(),
        "command": " ".join(["evoloco", *sys.argv[1:]]),
        "seed": spec.seed,
        "spec_sha256": hashlib.sha256(dumps(spec).encode()).hexdigest(),
        "files_sha256": {path: digest(Path(path)) for path in _user_files(spec)},
        "model_sha256": _digest_of_model(experiment.morphology.model),
    }


class _Facts(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")

    evoloco: str
    cpu: str
    packages: dict[str, str]
    spec_sha256: str
    files_sha256: dict[str, str]
    model_sha256: str = ""


def read(path: Path) -> dict[str, Any]:
    """What a provenance.json holds.

    Raises:
        JournalError: It is missing, no JSON, or holds something else.
    """
    try:
        return _Facts.model_validate_json(path.read_bytes()).model_dump(exclude_unset=True)
    except OSError as error:
        raise JournalError(
            f"{path} cannot be read: {error.strerror}. Restore it from a copy."
        ) from None
    except ValidationError as error:
        mistake = error.errors()[0]
        where = ".".join(str(part) for part in mistake["loc"])
        raise JournalError(
            f"{path} cannot be read: {f'{where}: ' if where else ''}{mistake['msg']}. Restore it from a copy."
        ) from None


def code_in(folder: Path, spec: RunSpec) -> str:
    """A Python file inside a folder that a spec names; empty where there is none."""
    paths = [path for path in _user_files(spec) if path.endswith(".py")]
    return next(
        (path for path in paths if Path(path).resolve().is_relative_to(folder.resolve())), ""
    )


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Why a replay may differ in the last bits, one reason each."""
    reasons = [
        f"{name} {then['packages'].get(name)} then, {version} now"
        for name, version in now["packages"].items()
        if then["packages"].get(name) != version
    ]
    reasons += [
        f"{key}: {then.get(key)} then, {now[key]} now"
        for key in ("cpu", "evoloco")
        if then.get(key) != now[key]
    ]
    return reasons + changes(then, now)


def changes(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What is not as it was of the user's files and of the model, one reason each."""
    old = then["files_sha256"]
    files = [path for path, found in now["files_sha256"].items() if old.get(path, found) != found]
    if files:
        return [f"{path} has changed since" for path in files]
    comparable = (
        then["packages"].get("mujoco") == now["packages"]["mujoco"]
        and then.get("cpu") == now["cpu"]
    )
    if comparable and then.get("model_sha256", now["model_sha256"]) != now["model_sha256"]:
        return [
            "the body is another one than then (a mesh, an included file, or the code that builds it has changed)"
        ]
    return []


def cpu() -> str:
    """Name of the CPU, and of its kind as compilers call it: clouds give different CPUs one name."""
    return f"{_model()} ({get_host_cpu_name()})"


def _model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _user_files(spec: RunSpec) -> list[str]:
    names = [
        spec.morphology.name,
        spec.controller.name,
        *(term.measure for term in spec.fitness.values()),
        *(sensor.source for sensor in spec.sensors.values()),
    ]
    paths = [name for name in names if name.endswith(".py")]
    if "path" in spec.morphology.options:
        paths.append(str(spec.morphology.options["path"]))
    return sorted(set(paths))


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def _digest_of_model(model: mujoco.MjModel) -> str:
    """SHA-256 of a compiled model, into which every mesh and included file went."""
    content = np.zeros(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, content)
    return hashlib.sha256(content.tobytes()).hexdigest()


def _commit() -> str:
    """Commit of the source tree that runs, with a mark where it has changes; empty for an installed wheel."""
    folder = Path(__file__).parent
    try:
        head = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        ).stdout.strip()
        tracked = subprocess.run(
            ["git", "-C", str(folder), "ls-files", "--error-unmatch", __file__],
            capture_output=True, timeout=5, check=False,
        )  # fmt: skip
        if tracked.returncode:
            return ""
        changed = subprocess.run(
            ["git", "-C", str(folder), "status", "--porcelain", "--untracked-files=no"],
            capture_output=True, text=True, timeout=5, check=True,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return head + ("+changes" if changed else "")
