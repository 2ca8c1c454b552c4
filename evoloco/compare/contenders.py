"""A comparison file: the contenders, the tasks that they meet, seeds, and one budget for all.

Keys of the run file stand in the tables of tasks, contenders and scenarios as they do in a run
file, and stand over it.
"""

import copy
import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evoloco import seeds
from evoloco.api import assignments
from evoloco.bundled import run_file
from evoloco.compare.lineup import GAP_WORLDS, WORLDS, Entrant, Lineup, Task
from evoloco.errors import SpecError, UnknownNameError, error_context
from evoloco.references import anchor
from evoloco.spec import RunSpec, load, read
from evoloco.unheard import unheard

FILE = "comparison.toml"
"""Name of the file of a bundled comparison, in `runs/comparisons/NAME`."""

Positive = Annotated[float, Field(gt=0)]


class _Table(BaseModel):
    """A table of a comparison file. Its other keys are those of a run file."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False, strict=True)

    label: str = Field("", description="What the page calls it; by default its name.")

    @property
    def changes(self) -> dict[str, Any]:
        """What it changes in a run file."""
        return dict(self.__pydantic_extra__ or {})


class TaskTable(_Table):
    """`[tasks.NAME]`: what all contenders have in common: body, fitness and scenario."""

    run: str = Field(description="A bundled run, or the path of a run file.")


class ContenderTable(_Table):
    """`[contenders.NAME]`: what a contender changes in the run file of every task."""

    run: str = Field(
        "", description="A run file of its own instead of the task's, which then only judges."
    )
    tasks: list[str] = Field(
        default_factory=list, description="The tasks that it meets; by default all."
    )
    seeds: str | list[int] = Field(
        "", description="Its seeds, of those of the comparison; by default all."
    )
    on: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Further changes for single tasks: keys of the run file by the task's name, "
        "and `run` as above.",
    )


class ScenarioTable(_Table):
    """`[scenarios.NAME]`: what a scenario that judges champions changes in a task's run file."""


class ComparisonFile(BaseModel):
    """The content of a comparison file."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)

    name: str = Field("", description="Name of the comparison; by default that of its file.")
    seeds: str | list[int] = Field(description='Seeds of the runs, such as "0-4".')
    simulated_time: Positive = Field(description="Simulated time that each search may spend [s].")
    cpu_time: Positive | None = Field(
        None,
        description="CPU time after which they are compared too [s]; every run goes on until it "
        "has spent both. By default the least that a run has spent.",
    )
    worlds: int = Field(WORLDS, ge=1, description="Worlds in each scenario that judge a champion.")
    gap_worlds: int = Field(
        GAP_WORLDS, ge=0, description="Worlds at each width of each gap; 0 leaves the gaps out."
    )
    tasks: dict[str, TaskTable] = Field(min_length=1)
    contenders: dict[str, ContenderTable] = Field(min_length=1)
    scenarios: dict[str, ScenarioTable] = Field(default_factory=dict)


def bundled() -> dict[str, Path]:
    """Returns the files of the bundled comparisons by name."""
    package = importlib.import_module("evoloco.runs")
    files = [
        file for folder in package.__path__ for file in Path(folder).glob(f"comparisons/*/{FILE}")
    ]
    return {file.parent.name: file for file in sorted(files)}


def lineup(path: Path, out: Path | None = None, note: Any = unheard) -> tuple[Lineup, Path]:
    """Reads a comparison file, and every run file that it stands for.

    Args:
        path: The file.
        out: Folder around the run folders; by default `runs/out/NAME`.
        note: Called with a sentence about what overrides left out.

    Returns:
        Who is compared, and the folder.

    Raises:
        SpecError: The file, or a run file with its changes, is not valid.
    """
    file = _read(path)
    name = file.name or (path.parent.name if path.name == FILE else path.stem)
    folder = out or Path("runs") / "out" / name
    with error_context(path):
        _check_names(file)
        numbers = _numbers(file.seeds, "seeds")
        own = {key: _seeds(file, key, numbers) for key in file.contenders}
        tasks = {one: _task(path, file, one) for one in file.tasks}
        entrants = tuple(_entrants(path, file, own, numbers, folder, note))
    _check_bodies(path, tasks, entrants)
    found = Lineup(
        name=name,
        tasks=tasks,
        contenders={key: table.label or key for key, table in file.contenders.items()},
        entrants=entrants,
        simulated_time=file.simulated_time,
        cpu_time=file.cpu_time,
        worlds=file.worlds,
        gap_worlds=file.gap_worlds,
    )
    return found, folder


def _read(path: Path) -> ComparisonFile:
    """Reads the file alone."""
    content = load(path)
    for tables in ("tasks", "contenders", "scenarios"):
        for table in _tables(content.get(tables)):
            anchor(table, path.parent)
            for special in _tables(table.get("on")):
                anchor(special, path.parent)
    try:
        return ComparisonFile.model_validate(content)
    except ValidationError as error:
        raise SpecError(f"{path}: " + " ".join(_mistakes(error))) from None


def _tables(holder: Any) -> list[dict[str, Any]]:
    tables = holder.values() if isinstance(holder, dict) else ()
    return [table for table in tables if isinstance(table, dict)]


def _mistakes(error: ValidationError) -> Iterator[str]:
    """Yields what is wrong with a file, a sentence each."""
    for mistake in error.errors():
        key = ".".join(str(part) for part in mistake["loc"])
        if mistake["type"] == "extra_forbidden":
            yield str(UnknownNameError("key", key, ComparisonFile.model_fields))
        elif mistake["type"] == "missing":
            yield f"Key '{key}' is missing."
        else:
            yield f"Key '{key}': {mistake['msg']}, not {mistake['input']!r}."


def _numbers(told: str | list[int], key: str) -> list[int]:
    """Seeds that are given as text, or as a list."""
    return list(seeds.parse(told, key)) if isinstance(told, str) else list(told)


def _seeds(file: ComparisonFile, contender: str, numbers: list[int]) -> list[int]:
    """Seeds of a contender, which are all of the comparison's or some of them."""
    told, key = file.contenders[contender].seeds, f"contenders.{contender}.seeds"
    if not told:
        return numbers
    own = _numbers(told, key)
    if alien := sorted(set(own) - set(numbers)):
        raise SpecError(
            f"{key}: {alien[0]} is no seed of the comparison. All of them stand in its key "
            f"`seeds`, which is {file.seeds!r}."
        )
    return own


def _check_names(file: ComparisonFile) -> None:
    """Checks that contenders name tasks that exist, and that names can be folders."""
    for key, table in file.contenders.items():
        for one in (*table.tasks, *table.on):
            if one not in file.tasks:
                raise UnknownNameError("task", one, file.tasks, f"contenders.{key}")
    for name in (*file.tasks, *file.contenders):
        if not name.isprintable() or "/" in name or name.startswith("."):
            raise SpecError(
                f"'{name}' names a folder: it must have no slash and not start with a dot. Words "
                "for the page stand in its key `label`."
            )


def _task(path: Path, file: ComparisonFile, name: str) -> Task:
    """Returns a task, with a judge for every scenario."""
    table, judges = file.tasks[name], {}
    for scenario, changes in (file.scenarios or {"as searched": ScenarioTable()}).items():
        with error_context(f"scenarios.{scenario} in task {name}"):
            judge = _spec(path, table.run, table.changes, changes.changes)
        judges[changes.label or scenario] = judge
    return Task(table.label or name, judges)


def _entrants(
    path: Path,
    file: ComparisonFile,
    own_seeds: Mapping[str, list[int]],
    numbers: list[int],
    folder: Path,
    note: Any,
) -> Iterator[Entrant]:
    """Yields all runs, seed by seed, so that what is interrupted is a comparison of fewer seeds."""
    for seed in numbers:
        for task, common in file.tasks.items():
            for key, table in file.contenders.items():
                if (table.tasks and task not in table.tasks) or seed not in own_seeds[key]:
                    continue
                special = copy.deepcopy(table.on.get(task, {}))
                own = special.pop("run", "") or table.run
                parts = [table.changes, special, {"name": key, "seed": seed}]
                if not own:
                    parts.insert(0, common.changes)
                with error_context(f"contenders.{key} in task {task}"):
                    spec = _spec(path, own or common.run, *parts, note=note)
                note = unheard  # the other seeds leave out the same
                yield Entrant(task, key, seed, folder / task / key / f"seed{seed}", spec)


def _spec(path: Path, run: str, *changes: Mapping[str, Any], note: Any = unheard) -> RunSpec:
    """Reads a run file with changes; a relative path is relative to the comparison file."""
    source = run_file(run)
    if run.endswith(".toml") and not source.is_absolute():
        source = path.parent / source
    overrides = [each for table in changes for each in assignments(table)]
    return read(source, overrides, note)


def _check_bodies(path: Path, tasks: Mapping[str, Task], entrants: tuple[Entrant, ...]) -> None:
    """Checks that every contender has the body of its task.

    Raises:
        SpecError: One has another.
    """
    for one in entrants:
        judge = next(iter(tasks[one.task].judges.values()))
        if one.spec is not None and body(one.spec) != body(judge):
            raise SpecError(
                f"{path}: contenders.{one.contender} in task {one.task} has the body "
                f"{described(one.spec)}, and the task {described(judge)}. Only equal bodies "
                "compare: give this one a task of its own."
            )


def body(spec: RunSpec) -> dict[str, Any]:
    """Returns what makes the body of a run, without the genes that it searches.

    Whether motors take angles or torques is part of how a contender controls its body.
    """
    options = {key: value for key, value in spec.morphology.options.items() if key != "control"}
    return {"name": spec.morphology.name, **options}


def described(spec: RunSpec) -> str:
    """Returns the body of a run in words."""
    options = ", ".join(f"{key} = {value}" for key, value in spec.morphology.options.items())
    name = Path(spec.morphology.name).name
    return f"'{name}' ({options})" if options else f"'{name}'"
