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

from evoloco import __version__, text_file
from evoloco.errors import JournalError, SpecError
from evoloco.experiment import Experiment
from evoloco.extras import bringing
from evoloco.members import member
from evoloco.model_file import files_of
from evoloco.references import Reference, references, resolved
from evoloco.sim.sources import imported_by
from evoloco.spec import RunSpec, dumps, load

_PACKAGES = ("mujoco", "numpy", "numba", "llvmlite", "cma")
"""Packages that every run depends on; an optimizer adds its own `packages`."""


def collect(experiment: Experiment) -> dict[str, Any]:
    """Returns the facts needed to reproduce a run, or to explain why a replay differs."""
    spec = experiment.spec
    packages = (*_PACKAGES, *_packages_of_search(spec))
    return {
        "evoloco": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in packages},
        "cpu": cpu(),
        "cpus": len(os.sched_getaffinity(0)),
        "platform": platform.platform(),
        "command": " ".join(["evoloco", *sys.argv[1:]]),
        "seed": spec.seed,
        "spec_sha256": hashlib.sha256(dumps(spec).encode()).hexdigest(),
        "files_sha256": {path: digest(Path(path)) for path in used_files(spec)},
        "start": spec.start.origin,
        "model_sha256": _digest_of_model(experiment.morphology.model),
        "told": list(experiment.morphology.told),
    }


def _packages_of_search(spec: RunSpec) -> tuple[str, ...]:
    """Returns the packages that the search itself is made with."""
    if spec.training:
        return ("torch", "stable-baselines3")
    optimizer = member("optimizers", spec.optimizer.name).Optimizer
    return tuple(getattr(optimizer, "packages", ()))


class _Facts(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")

    evoloco: str
    cpu: str
    packages: dict[str, str]
    spec_sha256: str
    files_sha256: dict[str, str]
    model_sha256: str = ""
    told: list[str] = []


def read(path: Path) -> dict[str, Any]:
    """Returns the content of a provenance.json.

    Raises:
        JournalError: It is missing, not JSON, or has another content.
    """
    try:
        return _Facts.model_validate_json(text_file.read(path)).model_dump(exclude_unset=True)
    except OSError as error:
        raise JournalError(
            f"{path} cannot be read: {error.strerror}. Restore it from a copy."
        ) from None
    except ValidationError as error:
        mistake = error.errors()[0]
        where = ".".join(str(part) for part in mistake["loc"])
        key = f"{where}: " if where else ""
        raise JournalError(
            f"{path} cannot be read: {key}{mistake['msg']}. Restore it from a copy."
        ) from None
    except ValueError:
        raise JournalError(
            f"{path} cannot be read: it is not text. Restore it from a copy."
        ) from None


def named(spec: RunSpec) -> list[Reference]:
    """Returns every name and path of a run file that leads to code or to a file."""
    return list(references(spec.model_dump()))


def used_files(spec: RunSpec) -> list[str]:
    """Returns the paths of all files that a run uses.

    These are Python files, those that they import, models, and what a model refers to. The file
    that the search started from is not among them: its values stand in the run file.
    """
    paths, packages = set(), spec.morphology.options.get("packages")
    for reference in named(spec):
        file = Path(reference.value)
        if reference.is_path:
            found = imported_by(file) if reference.is_code else files_of(file, packages)
            paths |= {str(path) for path in found}
    return sorted(paths)


def refuse_code(file: Path) -> None:
    """Refuses the run file of a run folder if it leads to code that came with the folder.

    evoloco writes full paths, their folders free of links, into a run folder. Another path to code
    may lead into the folder, or to its neighbours, wherever the folder is copied.

    Args:
        file: The run file in the run folder.

    Raises:
        SpecError: The file is missing or not TOML.
        JournalError: It leads to code in its folder, or names code by a relative path or a link.
    """
    folder = file.parent.resolve()
    advice = (
        "If you trust it, move it elsewhere and start another run with: evoloco evolve RUN.toml"
    )
    for reference in references(load(file)):
        if not reference.is_code:
            continue

        key, value, _ = reference
        path = resolved(value, folder)
        if any(Path(one).is_relative_to(folder) for one in (path, os.path.realpath(path))):
            raise JournalError(
                f"{file} names {value} as {key}, which is in the run folder: nothing there is "
                f"executed. {advice}"
            )
        if path != value:
            raise JournalError(
                f"{file} names {value} as {key}. A run folder must name code by a full path "
                f"without linked folders, which would be {path}. {advice}"
            )


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Returns the reasons why a replay may differ in its last bits.

    Args:
        then: Provenance of the run.
        now: Provenance of the replay.
    """
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
    """Returns which of the user's files have changed, or that the model has.

    Args:
        then: Provenance of the run.
        now: Provenance of the replay.
    """
    old = then["files_sha256"]
    changed = [path for path, found in now["files_sha256"].items() if old.get(path, found) != found]
    if changed:
        return [f"{path} has changed since" for path in changed]

    # Another MuJoCo or CPU may compile the same model to other bytes.
    same_mujoco = then["packages"].get("mujoco") == now["packages"]["mujoco"]
    same_cpu = then.get("cpu") == now["cpu"]
    same_model = then.get("model_sha256", now["model_sha256"]) == now["model_sha256"]
    if same_mujoco and same_cpu and not same_model:
        return [
            "the body is another one than then (a mesh, an included file, or the code that builds "
            "it has changed)"
        ]
    return []


def cpu() -> str:
    """Returns the names of the CPU and of its architecture, as compilers call it.

    The second is needed because clouds give different CPUs the same name.
    """
    return f"{_model()} ({get_host_cpu_name()})"


def _model() -> str:
    """Returns the model name of the CPU."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    """Returns the version of a package.

    Raises:
        SpecError: It is not installed.
    """
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise SpecError(
            f"The run needs the package '{package}', which is not installed. Install it with: "
            f"{bringing(package)}"
        ) from None


def digest(path: Path) -> str:
    """Returns the SHA-256 of a file, or "missing"."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def _digest_of_model(model: mujoco.MjModel) -> str:
    """Returns the SHA-256 of a compiled model, which contains all meshes and included files."""
    content = np.zeros(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, content)
    return hashlib.sha256(content.tobytes()).hexdigest()


def _commit() -> str:
    """Returns the commit of the running source tree, or an empty string for an installed wheel.

    Uncommitted changes are marked by `+changes`.
    """
    try:
        head = _git("rev-parse", "HEAD")
        if not _git("ls-files", __file__):
            return ""  # the folder is inside a repository that does not contain this file
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return ""
    return head + ("+changes" if changed else "")


def _git(*arguments: str) -> str:
    """Returns the output of a git command in the source tree.

    Raises:
        OSError: Git is not installed.
        SubprocessError: The command failed.
    """
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    return ended.stdout.strip()
