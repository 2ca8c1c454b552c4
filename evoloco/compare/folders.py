"""Finished runs on disk as contenders: runs of one name are one contender, with its seeds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evoloco import champion, provenance
from evoloco.bundled import run_file
from evoloco.compare.contenders import body, described
from evoloco.compare.lineup import GAP_WORLDS, WORLDS, Entrant, Lineup, Task
from evoloco.errors import JournalError, SpecError
from evoloco.overrides import flat
from evoloco.spec import RunSpec, read

TASK = "task"
"""Name of the one task of such a comparison."""

JUDGING = (
    "fitness",
    "sensors",
    "randomize",
    "scenario",
    "evaluation.aggregate",
    "evaluation.cvar_fraction",
    "evaluation.heldout_duration",
)
"""Keys of a run file, or tables, that judge a champion."""

TELLING = ("controller.name", "optimizer.name")
"""Keys that tell most of what a contender is."""

SEARCHING = (
    "scenario.control_dt",
    "scenario.ramp",
    "scenario.width",
    "scenario.push.growth",
    "scenario.duration",
)
"""Keys in these tables that only the search or the controller knows."""


def lineup(
    folders: Sequence[Path],
    judge: str = "",
    worlds: int = WORLDS,
    gap_worlds: int = GAP_WORLDS,
) -> Lineup:
    """Returns the runs in folders as contenders.

    Args:
        folders: Run folders, or folders of run folders.
        judge: A bundled run or the path of a run file, whose fitness and scenario judge; by default
            those that all runs have.
        worlds: Worlds in each scenario.
        gap_worlds: Worlds at each width of each gap.

    Raises:
        JournalError: A folder holds no run, or a run has no champion.
        SpecError: The runs cannot be compared.
    """
    found = {path: _read(path / "run.toml") for folder in folders for path in _runs(folder)}
    for path in found:
        if not (path / champion.FILE).is_file():
            raise JournalError(
                f"{path} has no {champion.FILE}, so nothing can be judged. Finish the run with: "
                f"evoloco resume {path}"
            )
    labels = _labels(found)
    _check_bodies(found)
    common = _read(run_file(judge)) if judge else _common_judge(found)
    _check_judge(judge, common, found)

    entrants = [Entrant(TASK, labels[path], spec.seed, path) for path, spec in found.items()]
    _check_seeds(entrants)
    first = next(iter(found.values()))
    return Lineup(
        name="comparison",
        tasks={TASK: Task(Path(first.morphology.name).stem, {"as judged": common})},
        contenders={name: name for name in dict.fromkeys(labels.values())},
        entrants=tuple(sorted(entrants, key=lambda one: (one.contender, one.seed))),
        worlds=worlds,
        gap_worlds=gap_worlds,
    )


def _read(file: Path) -> RunSpec:
    """Reads a run file, which may be that of a run folder; it must not lead to code in there."""
    if file.with_name("provenance.json").is_file():
        provenance.refuse_code(file)
    return read(file)


def _runs(folder: Path) -> list[Path]:
    """Returns the run folders in a folder, or the folder itself if it is one.

    Raises:
        JournalError: There are none.
    """
    if (folder / "run.toml").is_file():
        return [folder]
    found = sorted(path.parent for path in folder.rglob("run.toml"))
    if not found:
        raise JournalError(
            f"{folder} holds no run folder. Give run folders, such as runs/out/biped-seed0, "
            "folders of them, or a comparison file."
        )
    return found


def _labels(found: Mapping[Path, RunSpec]) -> dict[Path, str]:
    """Returns the contender of each run: its name, and what differs where runs share a name."""
    kinds = {path: _recipe(spec) for path, spec in found.items()}
    labels = {}
    for path, spec in found.items():
        same = [kinds[other] for other, one in found.items() if one.name == spec.name]
        keys = sorted({key for other in same for key in kinds[path].keys() | other.keys()})
        keys.sort(key=lambda key: key not in TELLING)  # stable: the rest stays in its order
        differing = [
            key for key in keys if any(other.get(key) != kinds[path].get(key) for other in same)
        ]
        told = ", ".join(f"{key} = {kinds[path].get(key, 'none')}" for key in differing[:3])
        labels[path] = f"{spec.name} ({told})" if told else spec.name
    return labels


def _recipe(spec: RunSpec) -> dict[str, Any]:
    """Returns the keys of a run file with their values, without seed and number of generations."""
    keys = flat(spec.model_dump(mode="json", exclude_none=True))
    return {
        key: value for key, value in keys.items() if key not in ("seed", "optimizer.generations")
    }


def _check_bodies(found: Mapping[Path, RunSpec]) -> None:
    bodies = {path: described(spec) for path, spec in found.items()}
    first = next(iter(found))
    for path, spec in found.items():
        if body(spec) != body(found[first]):
            raise SpecError(
                f"{path} has the body {bodies[path]}, {first} has {bodies[first]}. Only runs of "
                "equal bodies compare; several bodies are tasks of a comparison file, see "
                "docs/compare.md."
            )


def _common_judge(found: Mapping[Path, RunSpec]) -> RunSpec:
    """Returns a run whose fitness and scenario all runs have.

    Raises:
        SpecError: They differ.
    """
    first, *others = found
    for path in others:
        ours, theirs = _judging(found[first]), _judging(found[path])
        keys = sorted(k for k in ours.keys() | theirs.keys() if ours.get(k) != theirs.get(k))
        if keys:
            raise SpecError(
                f"{path} and {first} were not searched for the same: they differ in "
                f"{', '.join(keys[:5])}. Say whose fitness and scenario judge both, with "
                "--judge RUN (a bundled run or a run file), such as --judge "
                f"{first / 'run.toml'}"
            )
    return found[first]


def _judging(spec: RunSpec) -> dict[str, Any]:
    """Returns the keys that judge a champion, with their values."""
    keys = flat(spec.model_dump(mode="json", exclude_none=True))

    def within(key: str, tables: Sequence[str]) -> bool:
        return any(f"{key}.".startswith(f"{table}.") for table in tables)

    kept = {k: v for k, v in keys.items() if within(k, JUDGING) and not within(k, SEARCHING)}
    kept["duration"] = spec.evaluation.heldout_duration or spec.scenario.duration
    kept.pop("evaluation.heldout_duration", None)
    return kept


def _check_judge(name: str, judge: RunSpec, found: Mapping[Path, RunSpec]) -> None:
    path, spec = next(iter(found.items()))
    if body(judge) != body(spec):
        raise SpecError(
            f"--judge {name} has the body {described(judge)}, {path} has {described(spec)}. A "
            "judge must have the body of the runs."
        )


def _check_seeds(entrants: Sequence[Entrant]) -> None:
    counts = Counter((one.contender, one.seed) for one in entrants)
    for (contender, seed), count in counts.items():
        if count > 1:
            folders = [
                str(e.folder) for e in entrants if (e.contender, e.seed) == (contender, seed)
            ]
            raise SpecError(
                f"{contender} has seed {seed} {count} times: {', '.join(folders)}. The same seed "
                "gives the same run: leave all but one out."
            )
