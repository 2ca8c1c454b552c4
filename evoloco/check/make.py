"""Makes a check: measures everything, and writes `check.json` and `check.html`."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from evoloco import __version__, provenance
from evoloco.check import log
from evoloco.check.bench import Bench, Elsewhere
from evoloco.check.gaps import PRESET
from evoloco.check.page import render
from evoloco.check.result import FILE, PAGE, SCHEMA, Check, Margin, Settings, Took, Trial
from evoloco.check.subject import Subject
from evoloco.check.survey import Progress, Survey
from evoloco.check.verdict import verdict
from evoloco.errors import unwritten
from evoloco.record.files import write
from evoloco.record.lock import held
from evoloco.unheard import unheard

Engine = Literal["mujoco", "drake"]
"""Simulators that a champion is checked in; MuJoCo always is one of them."""

WORLDS = 20
"""Usual number of worlds of each single gap."""

HIDDEN = 200
"""Usual number of worlds with all gaps at once."""


def make(
    subject: Subject,
    worlds: int = WORLDS,
    hidden: int = HIDDEN,
    threads: int = 0,
    time_limit: float | None = None,
    elsewhere: Elsewhere | None = None,
    show: Callable[[Progress], object] = unheard,
    engine: Engine = "mujoco",
) -> tuple[Check, Path]:
    """Checks a champion, or goes on where an interrupted check stopped.

    Args:
        subject: The champion.
        worlds: Worlds of each single gap.
        hidden: Worlds with all gaps at once.
        threads: Number of threads; 0 for all CPUs. Results do not depend on it.
        time_limit: Wall time that an episode may take [s]; by default the run file's.
        elsewhere: Opens evaluators that are not in this process.
        show: Called before each measurement.
        engine: "drake" tries the champion there too.

    Returns:
        What was found, and the path of the page.

    Raises:
        BusyError: Another process uses the folder.
        StorageError: The folder cannot be written.
        DrakeError: The champion cannot be simulated in Drake.
        MissingExtraError: Drake is not installed.
    """
    bench = Bench(subject.spec, subject.genome, threads, time_limit, elsewhere)
    if engine == "drake":
        bench.check_drake()
    folder = subject.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritten(error, f"{folder} cannot be made: {error.strerror}.") from None

    settings = Settings(worlds=worlds, hidden=hidden, duration=bench.duration, preset=PRESET)
    facts = provenance.collect(bench.experiment)
    about = {
        "schema": SCHEMA,
        "champion": subject.champion.sha256,
        "settings": settings.model_dump(),
        "facts": {name: facts[name] for name in ("evoloco", "packages", "cpu", "files_sha256")},
    }
    versions = {"evoloco": __version__, **facts["packages"], "cpu": facts["cpu"]}
    with held(folder), bench:
        record = log.Log(folder / log.FILE, about)
        found = survey(subject, Survey(bench, settings, record, show), versions, engine)
        again = f"give the command once more: evoloco check {folder}"
        write(folder / FILE, found.dumps(), again)
        write(folder / PAGE, render(found), again)
        record.remove()
    return found, folder / PAGE


def survey(
    subject: Subject, measures: Survey, versions: dict[str, str], engine: Engine = "mujoco"
) -> Check:
    """Measures every item, in an order in which worlds with equal sensors follow each other."""
    gaits, signs, wide = measures.gaits(), measures.exploits(), measures.wide()
    commanded = measures.commanded()
    trials, margins = {}, {}
    beyond, numerics = measures.beyond(), measures.numerics()
    for gap in sorted(measures.gaps, key=lambda one: one.is_noise):
        trials[gap.name] = measures.trial(gap)
        margins[gap.name] = measures.margin(gap)

    worst = sorted(measures.gaps, key=lambda gap: _badness(trials[gap.name], margins[gap.name]))
    order = [gap.name for gap in worst]
    found = measures.map(worst)
    second = measures.second() if engine == "drake" else None
    sight = measures.sight()
    gaps = [trials[name] for name in order]
    margin_list = [margins[name] for name in order]
    said = verdict(
        measures.nominal,
        wide,
        gaps,
        margin_list,
        numerics,
        gaits,
        commanded,
        signs,
        measures.settings.duration,
        second,
    )
    return Check(
        schema_version=SCHEMA,
        run=subject.spec.name,
        seed=subject.spec.seed,
        versions=versions,
        champion=subject.champion,
        settings=measures.settings,
        verdict=said,
        nominal=measures.nominal,
        wide=tuple(wide),
        gaps=tuple(gaps),
        beyond=tuple(beyond),
        margins=tuple(margin_list),
        map=found,
        numerics=tuple(numerics),
        gaits=gaits,
        commanded=commanded,
        exploits=signs,
        left_out=tuple(measures.left_out),
        took=Took(episodes=measures.cost.episodes, wall=measures.cost.wall),
        second=second,
        sight=tuple(sight),
    )


def _badness(trial: Trial, margin: Margin) -> tuple[float, float, float]:
    """Sorts gaps, the worst first: by falls, by where 1 in 10 falls, by the worst ways."""
    fails = margin.fails if margin.fails is not None else float("inf")
    return -trial.tally.falls, fails, trial.tally.worst_tenth
