"""Inspects and evolves every robot in some folders, as a user would who has nothing but the file.

    python benchmarks/robots.py FOLDER... [--minutes 3] [--threads 0] [--seconds 5] [--out FOLDER]

Each FOLDER is searched for models: every .xml and .urdf that MuJoCo compiles, includes of others
left out. A model goes through `evoloco inspect --run-file` and `evoloco evolve`, both as commands,
without an edit. The search ends after the minutes at the latest. The table says

* whether evoloco accepts it, or why not;
* whether the compiled model equals the user's: mass, layout, options, gains, limits, contact
  properties and all else of `FIELDS`, element by element, except what evoloco told that it changed;
* speed, slip and falls of the champion over the seconds, and the minutes that all took.

A model *moves* if the champion goes at 0.1 m/s or faster with a slip of 0.1 m/s or less and does
not fall in any held-out scenario.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import mujoco
import numpy as np

from evoloco.ending import Outcome
from evoloco.errors import EvolocoError
from evoloco.gait.analysis import analyse
from evoloco.replay import replay
from evoloco.robot.file import load
from evoloco.run import Run

FIELDS = {
    "body": "mass inertia ipos iquat pos quat gravcomp",
    "jnt": "type axis pos range limited stiffness actfrcrange solref margin",
    "dof": "armature damping frictionloss",
    "geom": (
        "type size pos quat friction condim solref solimp solmix margin gap contype conaffinity"
    ),
    "actuator": (
        "trntype gaintype biastype dyntype gainprm biasprm dynprm forcerange forcelimited actrange"
    ),
    "tendon": "stiffness damping range limited frictionloss",
    "eq": "type data solref solimp",
}
"""Fields of a model that are compared, by the kind of element."""

OPTIONS = (
    "timestep integrator solver iterations tolerance cone jacobian gravity wind density viscosity "
    "impratio disableflags enableflags"
)
"""Options that are compared."""

SPEED, SLIP = 0.1, 0.1
"""Least speed and largest slip of a gait that moves [m/s]."""


@dataclass
class Result:
    """What came of a model.

    Attributes:
        name: Of the model.
        message: Why it was refused; "" where it was accepted.
        untold: Elements that differ from the user's and of which nothing was told.
        told: Number of elements that differ and were told.
        speed: Of the champion, in the slowest of the held-out scenarios [m/s].
        slip: Likewise, the largest [m/s].
        falls: Number of those that ended in a fall.
        minutes: Wall time of all of it.
    """

    name: str
    message: str = ""
    untold: list[str] = field(default_factory=list)
    told: int = 0
    speed: float = float("nan")
    slip: float = float("nan")
    falls: int = -1
    minutes: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether it moves as wanted."""
        return self.speed >= SPEED and self.slip <= SLIP and self.falls == 0


def models(folders: list[Path]) -> Iterator[Path]:
    """Yields the models in folders, in the order of their names."""
    for folder in folders:
        files = [folder] if folder.is_file() else sorted(folder.rglob("*"))
        for file in files:
            if file.suffix not in (".xml", ".urdf") or not file.is_file():
                continue
            text = file.read_text(encoding="utf-8", errors="replace")
            if folder.is_file() or "<robot" in text or "<worldbody" in text:
                yield file


def run(command: list[str], folder: Path, seconds: float) -> "subprocess.CompletedProcess[str]":
    """Runs a command of evoloco; an interrupt ends it after some time, so that it finishes well."""
    process = subprocess.Popen(
        [sys.executable, "-m", "evoloco.cli", *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MUJOCO_GL": os.environ.get("MUJOCO_GL", "off")},
    )
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def try_model(file: Path, folder: Path, seconds: float, threads: int) -> Result:
    """Inspects and evolves a model."""
    result, begin = Result(file.stem), time.monotonic()
    folder.mkdir(parents=True)
    inspected = run(
        ["inspect", str(file.resolve()), "--run-file", "gait.toml", "--json"], folder, seconds
    )
    if inspected.returncode:
        result.message = inspected.stderr.strip().splitlines()[-1].removeprefix("evoloco: ")
        result.minutes = (time.monotonic() - begin) / 60
        return result

    spec = tomllib.loads((folder / "gait.toml").read_text(encoding="utf-8"))
    result.told, result.untold = compare(file, folder, spec["morphology"])
    left = seconds - (time.monotonic() - begin)
    evolved = run(
        ["evolve", "gait.toml", "--out", "run", "--threads", str(threads), "-q"], folder, left
    )
    try:
        champion = folder / "run" / "champion.json"
        if not champion.is_file() and (folder / "run").is_dir():
            run(["report", "run"], folder, 120)
        judge(result, folder / "run")
    except EvolocoError as error:
        lines = (evolved.stderr.strip() or str(error)).splitlines()
        result.message = lines[-1].removeprefix("evoloco: ")
    result.minutes = (time.monotonic() - begin) / 60
    return result


def judge(result: Result, folder: Path) -> None:
    """Reads speed, slip and falls off the held-out episodes of a champion."""
    gaits = [analyse(episode) for episode in replay(Run(folder), "best").episodes]
    result.speed = min(gait.speed for gait in gaits)
    result.slip = max(gait.slip for gait in gaits)
    result.falls = sum(gait.outcome is not Outcome.COMPLETED for gait in gaits)


def compare(file: Path, folder: Path, table: dict[str, object]) -> tuple[int, list[str]]:
    """Number of told differences between evoloco's model and the user's, and the untold ones."""
    from evoloco.morphologies.mjcf import build

    given = {key: value for key, value in table.items() if key not in ("name", "path")}
    body = build(path=str((folder / str(table["path"])).resolve()), **given)  # type: ignore[arg-type]
    theirs, ours = plain(file), body.model

    told, differ = " ".join(body.told), []
    for name in OPTIONS.split():
        a, b = getattr(theirs.opt, name), getattr(ours.opt, name)
        if not np.array_equal(a, b):
            differ.append((f"option {name}", "integration" if name == "integrator" else name))
    for kind, fields in FIELDS.items():
        mine = dict(elements(ours, kind))
        for key, index in elements(theirs, kind):
            if key not in mine:
                differ.append((f"{kind} {key} is gone", key))
                continue
            for name in fields.split():
                a, b = getattr(theirs, f"{kind}_{name}")[index], getattr(ours, f"{kind}_{name}")
                if not np.allclose(a, b[mine[key]], rtol=1e-9, atol=1e-12):
                    differ.append((f"{kind}_{name} of {key}", key))

    untold = [what for what, word in differ if word.rpartition(":")[2] not in told]
    return len(differ) - len(untold), untold


def plain(file: Path) -> mujoco.MjModel:
    """The user's model as MuJoCo compiles it; if it cannot, with what evoloco replaces for that."""
    try:
        spec = mujoco.MjSpec.from_file(str(file))
        spec.compiler.fusestatic = False
        return spec.compile()
    except ValueError:
        return load(str(file), []).compile()


def elements(model: mujoco.MjModel, kind: str) -> Iterator[tuple[str, int]]:
    """Yields what identifies each element of a kind, and its index."""
    if kind == "body":
        yield from ((model.body(i).name, i) for i in range(1, model.nbody) if model.body(i).name)
    elif kind == "jnt":
        free = int(mujoco.mjtJoint.mjJNT_FREE)
        for i in range(model.njnt):
            if model.jnt_type[i] != free and model.joint(i).name:
                yield model.joint(i).name, i
    elif kind == "dof":
        for i in range(model.nv):
            joint = model.joint(model.dof_jntid[i])
            if joint.name:
                yield f"{i - int(joint.dofadr[0])}:{joint.name}", i
    elif kind == "geom":
        counts: Counter[str] = Counter()
        for i in np.flatnonzero(model.geom_contype | model.geom_conaffinity).tolist():
            body = model.body(model.geom_bodyid[i])
            if body.name and body.id > 0:  # shapes that are only seen are left out by a URDF
                yield f"{counts[body.name]}:{body.name}", i
                counts[body.name] += 1
    elif kind == "actuator":
        seen: Counter[str] = Counter()
        for i in range(model.nactuator):
            if model.actuator_trntype[i] == mujoco.mjtTrn.mjTRN_JOINT:
                joint = model.joint(model.actuator_trnid[i, 0]).name
                yield f"{seen[joint]}:{joint}", i
                seen[joint] += 1
    else:
        count = {"tendon": model.ntendon, "eq": model.neq}[kind]
        yield from ((f"{kind}{i}", i) for i in range(count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="robots-")))
    arguments = parser.parse_args()

    print(
        f"{'model':24} {'speed':>6} {'slip':>6} {'falls':>5} {'told':>5} {'untold':>6} {'min':>4}"
    )
    results = []
    for number, file in enumerate(models(arguments.folders)):
        folder = arguments.out / f"{number:02}-{file.stem}"
        result = try_model(file, folder, 60 * arguments.minutes, arguments.threads)
        results.append(result)
        if result.message:
            print(f"{result.name:24} refused: {result.message}", flush=True)
            continue
        print(
            f"{result.name:24} {result.speed:6.2f} {result.slip:6.3f} {result.falls:5} "
            f"{result.told:5} {len(result.untold):6} {result.minutes:4.1f}"
            f"{'  moves' if result.moves else ''}",
            flush=True,
        )
        for what in result.untold[:5]:
            print(f"    untold: {what}")

    accepted = [result for result in results if not result.message]
    moving = sum(result.moves for result in accepted)
    print(
        f"{len(accepted)} of {len(results)} accepted, {moving} move at {SPEED} m/s or faster with "
        f"at most {SLIP} m/s of slip and no fall; runs in {arguments.out}"
    )
    print(json.dumps([vars(result) for result in results]))


if __name__ == "__main__":
    main()
