"""What a comparison found, as plain data: the content of `comparison.json`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evoloco import text_file
from evoloco.errors import JournalError

FILE = "comparison.json"

PAGE = "comparison.html"

SCHEMA = 1
"""Version of the file's layout."""


class _Part(BaseModel):
    """A table of the file: frozen, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# Of one run


class Judged(_Part):
    """A champion in the worlds of one scenario.

    Attributes:
        fitness: Aggregated over the worlds as the judge's run file says; `floor` where it is less.
        floor: Fitness of an episode that ends at once.
        falls: Worlds in which the episode did not last.
        worlds: Number of worlds.
        goes: Worlds in which it walks, runs or hops forward.
        speed: Speed after the warm-up, mean over the worlds that lasted, or all if none did [m/s].
        way: Forward way, mean over all worlds [m].
        verbs: What it does, and in how many worlds.
        numbers: Gait numbers by name, means over the same worlds as the speed; None where there
            are none.
    """

    fitness: float
    floor: float
    falls: int
    worlds: int
    goes: int
    speed: float
    way: float
    verbs: dict[str, int]
    numbers: dict[str, float | None]


class Curve(_Part):
    """What a run had reached when, at its records or some of them.

    Attributes:
        simulated: Simulated time [s].
        cpu: CPU time [s]; None where it was not recorded.
        best: Best fitness in the search so far; None before the first that is finite.
    """

    simulated: tuple[float, ...]
    cpu: tuple[float, ...] | None
    best: tuple[float | None, ...]


class Checkpoints(_Part):
    """What the best individual so far was worth, judged, at some times.

    Attributes:
        simulated: Simulated time [s].
        cpu: CPU time [s]; None where it was not recorded.
        quality: Its fitness in the worlds of the task's first scenario.
    """

    simulated: tuple[float, ...]
    cpu: tuple[float, ...] | None
    quality: tuple[float, ...]


class Falls(_Part):
    """Falls of one champion at one width of the gaps."""

    width: float
    falls: int
    worlds: int


class Gap(_Part):
    """Falls of one champion over the width of one gap.

    Attributes:
        label: Of the gap, in words.
        extent: How far it goes at width 1, in words.
        falls: At each width.
    """

    label: str
    extent: str
    falls: tuple[Falls, ...]


class Run(_Part):
    """One run.

    Attributes:
        task: Name of its task.
        contender: Name of its contender.
        seed: Its seed.
        folder: Its folder.
        reason: Why it stopped.
        generation: Generation of the champion.
        individual: Its index there.
        sha256: Digest of its run file and its genome.
        records: Number of records, such as generations.
        simulated_time: Simulated until the champion was chosen [s].
        cpu_time: CPU time until then [s]; None where it was not recorded.
        genes: Numbers that the search changed.
        parameters: Numbers that the controller reads.
        control_cost: Time of one control step, compiled [µs].
        curve: Of the search.
        checkpoints: Judged on the way.
        judged: The champion, by scenario.
        equal_cpu: Fitness in the task's first scenario at equal CPU time; None where unknown.
        equal_simulated: Likewise, at equal simulated time.
        wide: Falls with all gaps at once; empty where they were left out.
        gaps: Falls with single gaps.
    """

    task: str
    contender: str
    seed: int
    folder: str
    reason: str
    generation: int
    individual: int
    sha256: str
    records: int
    simulated_time: float
    cpu_time: float | None
    genes: int
    parameters: int
    control_cost: float
    curve: Curve
    checkpoints: Checkpoints
    judged: dict[str, Judged]
    equal_simulated: float
    equal_cpu: float | None
    wide: tuple[Falls, ...]
    gaps: dict[str, Gap]


# Of all runs


class Number(_Part):
    """A number with the interval that holds it with 95 %; without, where there is a single run."""

    value: float
    low: float | None
    high: float | None


class Profile(_Part):
    """Shares of runs above each level of the score.

    Attributes:
        levels: Scores, 0 to 1.
        share: Of the runs, in any scenario, that are above.
        low: Lower end of the interval; empty where there is none.
        high: Upper end.
    """

    levels: tuple[float, ...]
    share: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


class Summary(_Part):
    """One contender over all its runs.

    Attributes:
        contender: Its name.
        runs: Number of runs in tasks that others met too.
        tasks: Names of these tasks.
        score: Interquartile mean of the scores.
        profile: Of the scores.
    """

    contender: str
    runs: int
    tasks: tuple[str, ...]
    score: Number
    profile: Profile


class Pair(_Part):
    """Two contenders, in the tasks that both met.

    Attributes:
        first: Name of one.
        second: Name of the other.
        better: Probability that a run of the first beats one of the second.
        pairs: Number of pairs of runs with equal seeds.
        difference: Mean difference of their scores.
        effect: Matched-pairs rank-biserial correlation, -1 to 1.
        p: Of Wilcoxon's signed-rank test; None where it has nothing to test.
        corrected: The same after Holm, for all pairs of contenders.
        least: The least that `corrected` can be with so many pairs of runs and of contenders.
    """

    first: str
    second: str
    better: Number
    pairs: int
    difference: Number
    effect: float
    p: float | None
    corrected: float | None
    least: float


class Task(_Part):
    """A body and its judges.

    Attributes:
        name: Of the task.
        label: In words.
        body: Of all its runs, in words.
        terms: Weight of each fitness term, by name.
        scenarios: Names of the scenarios, the first that of curves and equal costs.
        duration: Of a judged episode [s].
        equal_simulated: Simulated time at which its runs are compared [s].
        equal_cpu: CPU time at which they are [s]; None where it was not recorded.
    """

    name: str
    label: str
    body: str
    terms: dict[str, float]
    scenarios: tuple[str, ...]
    duration: float
    equal_simulated: float
    equal_cpu: float | None


class Settings(_Part):
    """How much was asked for.

    Attributes:
        simulated_time: Budget of each search [s]; None where runs are compared as they are.
        cpu_time: CPU time at which runs are compared [s]; None for the least of all runs.
        worlds: In each scenario.
        gap_worlds: At each width of each gap.
    """

    simulated_time: float | None
    cpu_time: float | None
    worlds: int
    gap_worlds: int


class Comparison(_Part):
    """All that a comparison found.

    Attributes:
        schema_version: Version of this layout.
        name: Of the comparison.
        versions: Of what judged.
        settings: How much was asked for.
        contenders: In words, by name.
        tasks: The tasks.
        runs: Every run.
        summaries: Every contender in tasks that others met too, the best first.
        pairs: Every two contenders that met.
        conclusion: What can and cannot be concluded, a sentence each.
        notes: What else a reader should know.
    """

    schema_version: int
    name: str
    versions: dict[str, str]
    settings: Settings
    contenders: dict[str, str]
    tasks: tuple[Task, ...]
    runs: tuple[Run, ...]
    summaries: tuple[Summary, ...]
    pairs: tuple[Pair, ...]
    conclusion: tuple[str, ...]
    notes: tuple[str, ...]

    def of(self, task: str, contender: str | None = None) -> list[Run]:
        """Returns the runs of a task, or those of one contender in it."""
        return [one for one in self.runs if one.task == task and contender in (None, one.contender)]

    def met(self, task: str) -> list[str]:
        """Returns the names of the contenders of a task, in the order of the comparison."""
        found = {one.contender for one in self.of(task)}
        return [name for name in self.contenders if name in found]

    def dumps(self) -> str:
        """Returns the file's text."""
        return self.model_dump_json(indent=1) + "\n"


def read(path: Path) -> Comparison:
    """Returns the content of a comparison.json.

    Raises:
        JournalError: It is missing, or has another content.
    """
    try:
        return Comparison.model_validate_json(text_file.read(path))
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        mistake = error.errors()[0]
        where = ".".join(str(part) for part in mistake["loc"])
        raise JournalError(f"{path} holds no comparison: {where}: {mistake['msg']}.") from None
    except ValueError:
        raise JournalError(f"{path} holds no comparison: it is not text.") from None
