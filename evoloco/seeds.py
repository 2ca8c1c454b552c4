"""One run with several seeds: their folders, their results, and a summary."""

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from evoloco.errors import JournalError, SpecError
from evoloco.figures import clock
from evoloco.json_number import finite
from evoloco.median import Median, median
from evoloco.overrides import flat
from evoloco.record import files
from evoloco.spec import RunSpec
from evoloco.text_table import aligned

FILE = "summary.json"
TABLE = "summary.csv"

MOST = 1000
"""Most seeds that one command takes."""


def parse(text: str, where: str = "--seeds") -> list[int]:
    """Returns the seeds of a text such as "0-9" or "0,3,5-7", in its order.

    Args:
        text: The seeds.
        where: Where they are from, for messages.

    Raises:
        SpecError: The text has another form, or names a seed twice or too many of them.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,18})\s*(?:-\s*(\d{1,18})\s*)?", part)
        if found is None:
            raise SpecError(
                f"{where}: '{part}' is no seed. Allowed are lists such as 0-9 or 0,3,5."
            )

        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            raise SpecError(f"{where}: '{part}' ends before it begins.")
        if last - first >= MOST or len(seeds) >= MOST:
            raise SpecError(f"{where}: '{text}' has more than {MOST} seeds.")
        seeds += range(first, last + 1)

    if len(set(seeds)) < len(seeds):
        raise SpecError(f"{where}: '{text}' names a seed twice.")
    return seeds


@dataclass(frozen=True)
class Result:
    """What the run of one seed came to.

    Attributes:
        seed: The seed.
        folder: Name of the run folder, beside the summary.
        generations: Recorded generations.
        reason: Why the search stopped.
        generation: Generation of the champion.
        individual: Its index there.
        search_fitness: Its mean fitness in the search; None if it is not finite, as below.
        heldout_fitness: Its fitness in the held-out scenarios.
        speed: Its mean forward speed in them [m/s].
        gait: What it does in most of them, such as "walks".
        walks: Held-out scenarios in which it walks.
        heldout_episodes: Number of held-out scenarios.
        wall_time: Time that the search took [s].
    """

    seed: int
    folder: str
    generations: int
    reason: str
    generation: int
    individual: int
    search_fitness: float | None
    heldout_fitness: float | None
    speed: float | None
    gait: str
    walks: int
    heldout_episodes: int
    wall_time: float


SUMMED_UP = {
    "heldout_fitness": "held-out fitness",
    "speed": "speed [m/s]",
    "walks": "scenarios that it walks in",
}
"""Fields of a result that have a median -> what they are called."""


def summed_up(results: Sequence[Result]) -> dict[str, Median]:
    """Returns medians over seeds, by field. A value that is not finite counts as the worst."""
    return {
        name: median([_number(getattr(result, name)) for result in results]) for name in SUMMED_UP
    }


def _number(value: float | None) -> float:
    return -math.inf if value is None else float(value)


def content(name: str, results: Sequence[Result]) -> dict[str, Any]:
    """Returns the summary of a run for JSON.

    Args:
        name: Name of the run.
        results: At least one.
    """
    medians = {
        field: {key: finite(value) for key, value in asdict(found).items()}
        for field, found in summed_up(results).items()
    }
    return {
        "run": name,
        "interval": "order statistics",
        "medians": medians,
        "walking": sum(map(is_walking, results)),
        "seeds": [asdict(result) for result in results],
    }


def write(folder: Path, name: str, results: Sequence[Result]) -> None:
    """Writes `summary.json` and `summary.csv`; for the arguments see `content`.

    Raises:
        StorageError: They cannot be written.
    """
    whole = content(name, results)
    files.write(folder / FILE, json.dumps(whole, indent=2, allow_nan=False) + "\n")

    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Result)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(whole["seeds"])
    files.write(folder / TABLE, text.getvalue())


def read(folder: Path) -> dict[int, Result]:
    """Returns the results that a `summary.json` holds, by seed; none if there is no such file.

    Raises:
        JournalError: It has another content.
    """
    path = folder / FILE
    try:
        recorded = json.dumps(json.loads(path.read_bytes())["seeds"])
        found = TypeAdapter(list[Result]).validate_json(recorded, strict=True)
    except FileNotFoundError:
        return {}
    except (ValueError, ValidationError, KeyError, TypeError, RecursionError) as error:
        raise JournalError(
            f"{path} is not a summary ({type(error).__name__}). Delete it: it is made again from "
            "the run folders beside it."
        ) from None
    return {result.seed: result for result in found}


def is_walking(result: Result) -> bool:
    """Returns whether a champion walks in most held-out scenarios."""
    return 2 * result.walks > result.heldout_episodes


def table(results: Sequence[Result]) -> str:
    """Returns the results as a table, with medians and intervals below."""
    header = ("seed", "generations", "search", "held-out", "speed [m/s]", "walks", "time", "gait")
    rows = [
        (
            str(result.seed),
            str(result.generations),
            _shown(result.search_fitness),
            _shown(result.heldout_fitness),
            _shown(result.speed),
            f"{result.walks}/{result.heldout_episodes}",
            clock(result.wall_time),
            result.gait,
        )
        for result in results
    ]
    lines = [aligned(header, rows), "", *_sentences(results)]
    return "\n".join(lines)


def _sentences(results: Sequence[Result]) -> list[str]:
    """Returns the medians and their intervals as sentences."""
    medians = summed_up(results)
    confidence = medians["speed"].confidence
    lines = [
        f"Median {SUMMED_UP[name]}: {found.value:.4g}, from {found.low:.4g} to {found.high:.4g}"
        for name, found in medians.items()
    ]
    lines.append(
        f"The intervals are order statistics of {len(results)} seeds: they hold the median with a "
        f"probability of {confidence:.1%}."
        if len(results) > 1
        else "One seed has no interval."
    )
    gaits = Counter(result.gait for result in results).most_common()
    count = ", ".join(f"{gait} in {number}" for gait, number in gaits)
    lines.append(f"Of {len(results)} seeds, the champion {count}.")
    return lines


def _shown(value: float | None) -> str:
    return "-inf" if value is None else f"{value:.4g}"


def check_same(spec: RunSpec, recorded: RunSpec, folder: Path) -> None:
    """Checks that a run folder was made by a run file, whatever its number of generations.

    Raises:
        SpecError: It was made by another one. The message names the keys.
    """
    ours, theirs = (_tables(one) for one in (spec, recorded))
    differing = sorted(
        key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)
    )
    if differing:
        raise SpecError(
            f"{folder} is of another run: its run.toml differs in {', '.join(differing[:5])}. "
            "Choose another folder with --out, or move this one away."
        )


def _tables(spec: RunSpec) -> dict[str, Any]:
    """Returns the keys of a run file with their values, without the number of generations."""
    keys = flat(spec.model_dump(mode="json", exclude_none=True))
    keys.pop("optimizer.generations", None)
    return keys
