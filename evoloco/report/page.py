"""The report of a run: one self-contained HTML page."""

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evoloco.ending import Outcome
from evoloco.gait.analysis import WARM_UP, Gait, rows, walks
from evoloco.gait.cycle import GaitCycle, gait_cycle
from evoloco.gait.metabolism import effort_of_muscles
from evoloco.genome import Array
from evoloco.report import harvest, people, plots
from evoloco.report.chronograph import chronograph
from evoloco.report.cycle import cycle, energy
from evoloco.report.findings import Findings
from evoloco.report.plots import Span
from evoloco.report.video import filmed

WIDTHS = {"wide": 960, "narrow": 340}
"""Widths that every picture is drawn for [px]: a desktop screen and a phone."""

WALK = 10.0
"""Time that a gait must last to count as walking, or the whole episode if shorter [s]."""

FALL = 0.5
"""Time before a fall or divergence that is not shown as part of the gait [s]."""


def render(findings: Findings) -> str:
    """Returns the page as HTML text; the same findings give the same bytes."""
    environment = Environment(
        loader=PackageLoader("evoloco", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, words=words, flat=flat, moment=moment)

    morphology = findings.episode.morphology
    genes = _genes(findings)
    muscles = [muscle.name for muscle in morphology.muscles]
    found, efforts = gait_cycle(findings.episode, findings.gait), _efforts(findings)
    return environment.get_template("page.html").render(
        findings=findings,
        gait=findings.gait,
        verdict=verdict(findings),
        pictures=_pictures(findings, found, efforts),
        quantities=rows(findings.gait),
        genes=genes,
        on_bound=[gene for gene in genes if gene["bound"]],
        muscles=bool(muscles),
        torques=morphology.torques,
        strides=found.strides,
        source=people.SOURCE,
        efforts=list(zip(muscles, efforts, strict=False)),
        front=_front(findings),
        cells=_cells(findings),
        largest=max((abs(term.contribution) for term in findings.terms), default=0.0) or 1.0,
        video=base64.b64encode(findings.video).decode() if findings.video else "",
        filmed=filmed(findings.episode),
        lived=len(findings.episode) * findings.episode.control_dt,
    )


def verdict(findings: Findings) -> tuple[str, str]:
    """Returns "walks", "stays up", "fell" or "diverged", and a sentence with details."""
    gait = findings.gait
    planned = findings.episode.planned * findings.episode.control_dt
    lasted = f"{number(gait.duration)} s"
    figures = f"{number(gait.speed)} m/s; fitness {number(findings.search.fitness)}"

    if gait.outcome is Outcome.UNSTABLE:
        return "diverged", f"The simulation diverged after {lasted}, at {figures}."
    if gait.outcome is Outcome.FELL:
        return "fell", f"It fell after {lasted} of {number(planned)} s, at {figures}."

    reasons = walks(gait, duration=min(WALK, planned))
    if reasons:
        why = "; ".join(reasons)
        return "stays up", f"It lasts {lasted}, at {figures}. It does not walk: {why}."
    return "walks", f"It walks for {lasted} at {figures}."


def strides(gait: Gait, count: int) -> Span:
    """Returns start and end [s] of `count` strides in the middle of a foot's touchdowns.

    The first foot with enough touchdowns is used. If there is none, the span is
    the last `count` seconds.
    """
    for times in gait.touchdown:
        if len(times) > count:
            first = (len(times) - count) // 2
            return float(times[first]), float(times[first + count])

    start, end = float(gait.time[0]), float(gait.time[-1])
    return max(start, end - count), max(end, start + 1e-3)


def stretch(findings: Findings, sizes: float) -> Span:
    """Returns start and end [s] around the strides shown, long enough for a distance.

    Args:
        findings: What the report shows.
        sizes: Distance that the body moves in this time, in sizes of the body.
    """
    gait, size = findings.gait, findings.episode.morphology.size
    first, last = float(gait.time[0]), float(gait.time[-1])

    slowest = 0.1  # [m/s], or the span of a body that stands would never end
    speed = slowest if math.isnan(gait.speed) else max(abs(gait.speed), slowest)
    half = min(sizes * size / speed, last - first) / 2
    middle = min(max(sum(strides(gait, 2)) / 2, first + half), last - half)
    return middle - half, middle + half


def number(value: float | None) -> str:
    """Returns a number with three digits, or a dash for None and NaN."""
    if value is None or math.isnan(value):
        return "\N{EN DASH}"
    if math.isinf(value):
        return "∞" if value > 0 else "\N{MINUS SIGN}∞"
    text = f"{value:.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.3g}"
    return text.replace("-", "\N{MINUS SIGN}")


def words(name: str) -> str:
    """Returns a name as words."""
    return name.replace("_", " ")


def moment(unix: float) -> str:
    """Returns a Unix time [s] as date and time, or a dash if it is not a valid time."""
    try:
        return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return "\N{EN DASH}"


def flat(value: Any) -> str:
    """Returns a value as text; a mapping as a list of its entries."""
    if isinstance(value, Mapping):
        entries = [f"{key} {flat(entry)}" for key, entry in value.items()]
        return ", ".join(entries) or "none"
    return str(value) or "none"


def _genes(findings: Findings) -> list[dict[str, Any]]:
    """Returns the champion's genes, with their position in [0, 1]."""
    described = findings.space.describe(findings.genome)
    return [
        {**gene, "position": float(position)}
        for gene, position in zip(described, findings.genome, strict=True)
    ]


def _front(findings: Findings) -> list[tuple[str, list[float]]]:
    """Returns individual and objectives of every point of the front, by the first objective."""
    found = findings.front
    if found is None:
        return []
    best = np.flatnonzero(found.best)
    best = best[np.argsort(-found.points[best, 0], kind="stable")]
    return [(harvest.address(found, int(place)), found.points[place].tolist()) for place in best]


def _cells(findings: Findings) -> list[tuple[list[int], str, float]]:
    """Returns cell, individual and fitness of every gait of the repertoire, the fittest first."""
    found = findings.repertoire
    if found is None:
        return []

    filled = np.argwhere(np.isfinite(found.fitness))
    fitness = found.fitness[tuple(filled.T)]
    rows = []
    for number in np.argsort(-fitness, kind="stable"):
        generation, individual = found.individuals[tuple(filled[number])]
        rows.append((filled[number].tolist(), f"{generation}:{individual}", float(fitness[number])))
    return rows


def _efforts(findings: Findings) -> Array:
    """Returns the metabolic energy of each muscle after the warm-up [J/kg/m] (M,).

    It is empty if the gait has no metabolic energy.
    """
    if math.isnan(findings.gait.effort):
        return np.zeros(0)
    episode = findings.episode
    settled = episode.trace[round(WARM_UP / episode.control_dt) :]
    return effort_of_muscles(replace(episode, trace=settled))


Drawing = Callable[[int], str]
"""Draws a picture in a width [px]."""


def _pictures(findings: Findings, found: GaitCycle, efforts: Array) -> dict[str, dict[str, Markup]]:
    """Returns every picture by name, drawn for each of `WIDTHS`."""
    drawings = {
        **_drawings_of_episode(findings),
        **_drawings_of_cycle(findings, found, efforts),
        **_drawings_of_search(findings),
    }
    return {
        name: {kind: Markup(draw(width)) for kind, width in WIDTHS.items()}
        for name, draw in drawings.items()
    }


def _drawings_of_episode(findings: Findings) -> dict[str, Drawing]:
    episode, gait, outputs = findings.episode, findings.gait, findings.outputs
    start, end = float(episode.time[0]), float(episode.time[-1])
    if gait.outcome is not Outcome.COMPLETED:
        end = max(end - FALL, (start + end) / 2)
    settled = min(WARM_UP, end / 2), end
    two = strides(gait, 2)

    drawings: dict[str, Drawing] = {
        "chronograph": lambda width: chronograph(
            width, episode, stretch(findings, width / 300), count=round(width / 80) + 2
        ),
        "footfall": lambda width: plots.footfall(
            width, episode, gait.stance, strides(gait, 2 + width // 240)
        ),
        "joints": lambda width: plots.joints(width, episode, two),
        "portraits": lambda width: plots.portraits(width, episode, outputs, settled, two),
    }
    if outputs:
        drawings["oscillators"] = lambda width: plots.oscillators(width, episode.time, outputs, two)
    return drawings


def _drawings_of_cycle(findings: Findings, found: GaitCycle, efforts: Array) -> dict[str, Drawing]:
    drawings: dict[str, Drawing] = {}
    if found.strides:
        drawings["cycle_angles"] = lambda width: cycle(
            width, found.angles, "angle [°]", found.liftoff, findings.people
        )
        drawings["cycle_ground"] = lambda width: cycle(
            width, found.ground, "body weights", found.liftoff, {}
        )
    if found.strides and found.activations:
        drawings["cycle_activations"] = lambda width: cycle(
            width, found.activations, "activation", found.liftoff, {}, (0.0, 1.0)
        )
    if efforts.size:
        muscles = findings.episode.morphology.muscles
        resting = findings.gait.effort - float(efforts.sum())
        drawings["energy"] = lambda width: energy(width, muscles, efforts, resting)
    return drawings


def _drawings_of_search(findings: Findings) -> dict[str, Drawing]:
    champion = findings.champion
    fittest = champion[0], findings.search.fitness
    drawings: dict[str, Drawing] = {
        "fitness": lambda width: plots.fitness(width, findings.generations, fittest)
    }
    if held_out := findings.held_out:
        drawings["trials"] = lambda width: plots.trials(width, findings.search, held_out)
    if front := findings.front:
        drawings["front"] = lambda width: harvest.front(width, front, champion)
    if (repertoire := findings.repertoire) and repertoire.filled:
        drawings["repertoire"] = lambda width: harvest.repertoire(width, repertoire, champion)
    return drawings
