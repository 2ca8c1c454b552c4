"""Whether two versions of evoloco give the same numbers, to the last bit.

    python benchmarks/unchanged.py 736e781 [--cases biped ...] [--generations 40] [--keep DIR]

Installs the named commit beside the present checkout and runs `evoloco evolve` with both: every
bundled run with a population of 4, and one run each with rough ground, full-strength pushes,
NSGA-II, body genes, and Ray. Compared are all genomes, all fitness and measures of the search, the
champion's values and its fitness on the held-out scenarios, and the trace of its first held-out
episode. Both versions run with the packages of the interpreter that runs this script.

Equal means equal bytes. The exit status is 1 where anything differs.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]

TRACED = (
    "time",
    "qpos",
    "qvel",
    "act",
    "ctrl",
    "actuator_force",
    "peak_load",
    "body_contact",
)
"""Arrays of a trace that are compared."""

NSGA2 = ("optimizer.name=nsga2", "fitness.slip.objective=slip")
ROUGH = ("scenario.terrain.roughness=0.02",)

EXTRA: dict[str, tuple[str, ...]] = {
    "biped on rough ground": ("biped_fast", *ROUGH),
    "muscle_biped_fsm on rough ground": ("muscle_biped_fsm", *ROUGH),
    "muscle_biped_fsm with whole pushes": ("muscle_biped_fsm", "scenario.push.growth=0"),
    "biped with pushes": ("biped_fast", "scenario.push.count=3", "scenario.push.impulse=0.3"),
    "planar_biped with nsga2": ("planar_biped", *NSGA2),
    "planar_biped with two episodes and a support": (
        "planar_biped",
        "evaluation.episodes=2",
        "evaluation.support.stiffness=1.0",
        "evaluation.support.generations=30",
    ),
    "biped with vanderpol": ("biped_phase", "controller.name=vanderpol"),
    "biped with rulkov": ("biped_phase", "controller.name=rulkov"),
    "biped with feedback": (
        "biped_hopf",
        "controller.coupling=chain",
        "controller.feedback=['tilt', 'load']",
        "controller.phase_reset=true",
    ),
    "planar_biped with a ring": ("planar_biped", "controller.topology=ring"),
    "biped on ray": ("biped_fast", "--ray", "local"),
}
"""Cases besides the bundled runs, of which two have genes of bodies."""


def cases() -> dict[str, tuple[str, ...]]:
    """Returns the arguments of `evoloco evolve` by name of the case."""
    bundled = sorted(path.parent.name for path in (ROOT / "runs").glob("*/run.toml"))
    return {**{name: (name,) for name in bundled}, **EXTRA}


def installed(commit: str, folder: Path) -> Path:
    """Installs a commit with the packages of this interpreter; returns its `evoloco` command."""
    source, environment = folder / "source", folder / "environment"
    git = ("git", "-C", str(ROOT))
    subprocess.run([*git, "worktree", "add", "--detach", str(source), commit], check=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        python = environment / "bin" / "python"
        install = [str(python), "-m", "pip", "install", "-q", "--no-deps"]
        packages = next(path for path in map(Path, sys.path) if path.name == "site-packages")
        here = next(environment.glob("lib/*/site-packages"))
        (here / "packages.pth").write_text(f"{packages}\n")
        subprocess.run([*install, str(source)], check=True)
    finally:
        subprocess.run([*git, "worktree", "remove", "--force", str(source)], check=True)
    return environment / "bin" / "evoloco"


def run(command: Path, arguments: tuple[str, ...], generations: int, folder: Path) -> None:
    """Evolves, chooses the champion and writes the trace of its first held-out episode."""
    small = ("optimizer.population_size=4", f"optimizer.generations={generations}")
    changes = [word for word in arguments[1:] if "=" in word]
    options = [word for word in arguments[1:] if "=" not in word]
    evolve = [arguments[0], *small, *changes, *options, "--out", str(folder)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder.parent / "cache")}
    for words in (["evolve", *evolve], ["replay", str(folder), "--trace", f"{folder}.npz"]):
        done = subprocess.run(
            [str(command), *words],
            env=environment,
            cwd=folder.parent,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"evoloco {' '.join(words)} failed:\n{done.stderr}")


def records(folder: Path) -> dict[str, bytes]:
    """Returns the results of a run as bytes by name."""
    found: dict[str, bytes] = {}
    with sqlite3.connect(f"file:{folder / 'journal.sqlite'}?mode=ro", uri=True) as database:
        for table in ("individuals", "episodes"):
            rows = database.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall()
            found[f"{table} ({len(rows)})"] = repr(rows).encode()
    champion = json.loads((folder / "champion.json").read_text())
    for name in ("generation", "individual", "genome", "values", "heldout"):
        found[f"champion's {name}"] = json.dumps(champion.get(name), sort_keys=True).encode()
    trace = np.load(f"{folder}.npz")
    found |= {f"trace's {name}": trace[name].tobytes() for name in TRACED if name in trace}
    return found


def compare(before: Path, after: Path) -> list[str]:
    """Returns the names of the results that differ between two run folders."""
    one, other = records(before), records(after)
    if len(one) < 8:
        raise SystemExit(f"{before} holds too little to compare: {sorted(one)}")
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("commit", help="to compare with")
    parser.add_argument("--cases", nargs="*", default=list(cases()), help="some of them")
    parser.add_argument("--generations", type=int, default=40)
    parser.add_argument(
        "--keep", type=Path, help="folder for both versions' runs; existing ones are used"
    )
    told = parser.parse_args()

    with tempfile.TemporaryDirectory() as made:
        folder = told.keep or Path(made)
        for version in ("before", "after"):
            (folder / version).mkdir(parents=True, exist_ok=True)
        before = Path(made) / "environment" / "bin" / "evoloco"
        present = Path(sys.executable).with_name("evoloco")
        different = 0
        for name in told.cases:
            place = name.replace(" ", "_").replace(",", "")
            for version in ("before", "after"):
                if (folder / version / f"{place}.npz").exists():
                    continue
                if version == "before" and not before.exists():
                    installed(told.commit, Path(made))
                command = before if version == "before" else present
                run(command, cases()[name], told.generations, folder / version / place)
            differing = compare(folder / "before" / place, folder / "after" / place)
            different += bool(differing)
            print(f"{name}: {'equal' if not differing else 'DIFFERS in ' + ', '.join(differing)}")
            sys.stdout.flush()
    print(f"{len(told.cases) - different} of {len(told.cases)} cases equal to the last bit.")
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
