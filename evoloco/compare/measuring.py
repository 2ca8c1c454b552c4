"""Measures one run: its curve, its champion in every scenario, its falls, its costs."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from evoloco import champion, provenance
from evoloco.check.log import Log
from evoloco.check.result import digest
from evoloco.compare import judging
from evoloco.compare.cost import control_cost
from evoloco.compare.entry import Answer, Course, Entry
from evoloco.compare.lineup import Entrant, Lineup
from evoloco.compare.result import SCHEMA, Checkpoints, Curve, Falls, Gap, Judged, Run
from evoloco.compare.robustness import robustness
from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.experiment import Experiment
from evoloco.individual import simulate
from evoloco.json_number import finite
from evoloco.record.files import replacing
from evoloco.spec import RunSpec, dumps
from evoloco.unheard import unheard

CHECKPOINTS = 8
"""Times at which a run is judged on its way."""

CHECKPOINT_WORLDS = 8
"""Most worlds that judge it there."""

POINTS = 150
"""Most points of a curve that are kept."""

SIZE = (480, 270)
"""Width and height of a film [px]."""

LONGEST = 8.0
"""Longest film [s]."""


@dataclass(frozen=True)
class Equal:
    """Costs at which the runs of a task are compared.

    Attributes:
        simulated: Simulated time [s].
        cpu: CPU time [s]; None where a run did not record it.
    """

    simulated: float
    cpu: float | None


def equal(courses: list[Course], lineup: Lineup) -> Equal:
    """Returns the costs that all runs of a task have reached, or those that were asked for."""
    simulated = lineup.simulated_time or min(float(one.simulated[-1]) for one in courses)
    spent = [float(one.cpu[-1]) for one in courses]
    if np.isnan(spent).any():
        return Equal(simulated, None)
    return Equal(simulated, lineup.cpu_time or min(spent))


class Measuring:
    """Measures one run; what was measured before is read from a log. A context: it closes the run.

    Args:
        entrant: The run.
        lineup: Of the comparison.
        costs: At which it is compared.
        folder: Folder of logs.
        threads: Number of threads; 0 for all CPUs. Results do not depend on it.
        show: Called with what is measured next.
    """

    def __init__(
        self,
        entrant: Entrant,
        lineup: Lineup,
        costs: Equal,
        folder: Path,
        threads: int = 0,
        show: Callable[[str], object] = unheard,
    ) -> None:
        self.entrant, self._lineup, self._costs = entrant, lineup, costs
        self._threads, self._show = threads, show
        self._judges = lineup.tasks[entrant.task].judges
        self.entry = Entry(entrant.folder)
        name = f"{entrant.task}-{entrant.contender}-seed{entrant.seed}"
        self.name = re.sub(r"[^\w.-]+", "_", name)
        folder.mkdir(parents=True, exist_ok=True)
        again = "give the command once more."
        self._log = Log(folder / f"{self.name}.jsonl", self._about(), again)

    def __enter__(self) -> "Measuring":
        return self

    def __exit__(self, *exception: object) -> None:
        self.entry.close()

    def _about(self) -> dict[str, Any]:
        """What the measurements belong to: the run as it is, and what judges."""
        run = self.entry.run
        facts = provenance.collect(run.experiment)
        chosen = run.folder / champion.FILE
        return {
            "schema": SCHEMA,
            "run": dumps(run.spec),
            "records": len(run.journal),
            "champion": provenance.digest(chosen) if chosen.is_file() else "",
            "facts": {name: facts[name] for name in ("evoloco", "packages", "cpu", "files_sha256")},
        }

    def _measured(self, name: str, what: str, measure: Callable[[], dict[str, Any]]) -> Any:
        """Returns a measurement, now or before."""
        if not self._log.has(name):
            self._show(what)
        return self._log.measured(name, measure)

    @property
    def _count(self) -> int:
        """Records that count: those within the budget."""
        return self.entry.course.within(simulated=self._lineup.simulated_time)

    @cached_property
    def champion(self) -> Answer:
        """The champion at the end of the budget."""

        def choose() -> dict[str, Any]:
            found = self.entry.champion(self._count)
            return {**vars(found), "genome": found.genome.tolist()}

        found = self._measured(f"champion of {self._count}", "the champion", choose)
        return Answer(found["generation"], found["individual"], np.array(found["genome"]))

    def _spec(self, scenario: str) -> RunSpec:
        return judging.judged_by(self.entry.spec, self._judges[scenario])

    @cached_property
    def _experiments(self) -> dict[str, Experiment]:
        return {name: Experiment(self._spec(name)) for name in self._judges}

    @property
    def _first(self) -> Experiment:
        """That of curves, equal costs, films and gaps."""
        return next(iter(self._experiments.values()))

    def result(self) -> Run:
        """Returns everything about the run."""
        course, count, one = self.entry.course, self._count, self.entrant
        found, judged = self.champion, self.judged()
        wide, gaps = self._gaps()
        return Run(
            task=one.task,
            contender=one.contender,
            seed=one.seed,
            folder=str(one.folder),
            reason=self.entry.stop_reason,
            generation=found.generation,
            individual=found.individual,
            sha256=digest(self.entry.spec, found.genome),
            records=count,
            simulated_time=float(course.simulated[count - 1]),
            cpu_time=finite(float(course.cpu[count - 1])),
            genes=len(self._first.space),
            parameters=self._first.parameters(found.genome).size,
            control_cost=self._control_cost(),
            curve=_curve(course),
            checkpoints=self._checkpoints(),
            judged=judged,
            equal_simulated=self._at(course.within(simulated=self._costs.simulated), judged),
            equal_cpu=(
                None
                if self._costs.cpu is None
                else self._at(course.within(cpu=self._costs.cpu), judged)
            ),
            wide=wide,
            gaps=gaps,
        )

    def judged(self) -> dict[str, Judged]:
        """Returns the champion in every scenario."""
        worlds, found = self._lineup.worlds, {}
        for scenario, experiment in self._experiments.items():

            def measure(experiment: Experiment = experiment) -> dict[str, Any]:
                genome = self.champion.genome
                return judging.judged(experiment, genome, worlds, self._threads).model_dump()

            name = f"judged {self._mark(scenario)} x{worlds} of {self._count}"
            found[scenario] = Judged(**self._measured(name, scenario, measure))
        return found

    def _mark(self, scenario: str) -> str:
        """Returns a digest of what judges in a scenario."""
        return hashlib.sha256(dumps(self._spec(scenario)).encode()).hexdigest()[:16]

    def _at(self, count: int, judged: Mapping[str, Judged]) -> float:
        """Returns the fitness, in the first scenario, of the champion after some records."""
        scenario = next(iter(judged))
        if count == self._count:
            return judged[scenario].fitness
        worlds = self._lineup.worlds

        def measure() -> dict[str, Any]:
            genome = self.entry.champion(count).genome
            return {"of": judging.qualities(self._first, genome[None], worlds, self._threads)}

        name = f"after {count} {self._mark(scenario)} x{worlds}"
        found: list[float] = self._measured(name, "equal costs", measure)["of"]
        return found[0]

    def _checkpoints(self) -> Checkpoints:
        """Returns what the best individual so far was worth, at times that are evenly apart."""
        course = self.entry.course
        times = course.simulated[-1] * np.arange(1, CHECKPOINTS + 1) / CHECKPOINTS
        counts = sorted({course.within(simulated=float(time)) for time in times})
        worlds = min(self._lineup.worlds, CHECKPOINT_WORLDS)
        listed = ",".join(map(str, counts))
        name = f"on the way {listed} {self._mark(next(iter(self._judges)))} x{worlds}"

        def measure() -> dict[str, Any]:
            genomes = np.array([self.entry.answer(count).genome for count in counts])
            return {"of": judging.qualities(self._first, genomes, worlds, self._threads)}

        quality = self._measured(name, "the way there", measure)["of"]
        rows = np.array(counts) - 1
        cpu = course.cpu[rows]
        return Checkpoints(
            simulated=tuple(course.simulated[rows].tolist()),
            cpu=None if np.isnan(cpu).any() else tuple(cpu.tolist()),
            quality=tuple(quality),
        )

    def _gaps(self) -> tuple[tuple[Falls, ...], dict[str, Gap]]:
        worlds = self._lineup.gap_worlds
        if not worlds:
            return (), {}
        spec = self._spec(next(iter(self._judges)))

        def measure() -> dict[str, Any]:
            wide, gaps = robustness(spec, self.champion.genome, worlds, self._log, self._threads)
            return {
                "wide": [one.model_dump() for one in wide],
                "gaps": {name: one.model_dump() for name, one in gaps.items()},
            }

        name = f"gaps {self._mark(next(iter(self._judges)))} x{worlds} of {self._count}"
        found = self._measured(name, "gaps", measure)
        wide = tuple(Falls(**one) for one in found["wide"])
        return wide, {name: Gap(**one) for name, one in found["gaps"].items()}

    def _control_cost(self) -> float:
        """Returns the time of one control step [µs]."""

        def measure() -> dict[str, Any]:
            experiment, genome = self._first, self.champion.genome
            body, params = experiment.embodied(genome[None])[0]
            values = experiment.space.decode(genome)
            _, controller = experiment.embodiment.of(values)
            return {"cost": control_cost(controller, body, params, self._episode())}

        cost: float = self._measured("control cost", "the controller", measure)["cost"]
        return cost

    def _episode(self) -> Episode:
        """Returns the champion's episode in the first world of the first scenario."""
        experiment = self._first
        (episode,) = simulate(
            experiment,
            self.champion.genome,
            judging.worlds(experiment, 1),
            experiment.heldout_duration,
        )
        return episode

    def film(self, folder: Path) -> tuple[bytes | None, str]:
        """Films the champion in the first world of the first scenario.

        Args:
            folder: Where films are kept.

        Returns:
            The film, and why there is none where it is None.
        """
        from evoloco.report.video import film

        path = folder / f"{self.name}.mp4"
        key = f"film {self._mark(next(iter(self._judges)))} of {self._count}"
        if self._log.has(key) and path.is_file():
            return path.read_bytes(), ""
        self._show("a film")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with replacing(path, "give the command once more.") as unfinished:
                film(self._episode(), unfinished, *SIZE, longest=LONGEST)
        except EvolocoError as error:
            return None, str(error)
        self._log.measured(key, dict)
        return path.read_bytes(), ""


def _curve(course: Course) -> Curve:
    """Returns a course with fewer points."""
    rows = np.unique(np.linspace(0, len(course.simulated) - 1, POINTS).round().astype(int))
    cpu = course.cpu[rows]
    return Curve(
        simulated=tuple(course.simulated[rows].tolist()),
        cpu=None if np.isnan(cpu).any() else tuple(cpu.tolist()),
        best=tuple(finite(value) for value in course.best[rows].tolist()),
    )
