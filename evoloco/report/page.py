"""The report of a run: one HTML page that needs nothing but itself."""

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evoloco.episode import Outcome
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
"""Widths that every picture is drawn for [px]: a page on a desk, and one on a phone."""

WALK = 10.0
"""Time that a gait must last to count as walking, where the episode allows [s]."""

FALL = 0.5
"""Time before a fall or divergence that no longer belongs to the gait [s]."""


def render(findings: Findings) -> str:
    """The page as HTML text; the same findings give the same bytes."""
    environment = Environment(
        loader=PackageLoader("evoloco", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, words=words, flat=flat, moment=moment)
    video = base64.b64encode(findings.video).decode() if findings.video else ""
    genes = [
        {**gene, "position": float(position)}
        for gene, position in zip(
            findings.space.describe(findings.genome), findings.genome, strict=True
        )
    ]
    muscles = [muscle.name for muscle in findings.episode.morphology.muscles]
    found, efforts = gait_cycle(findings.episode, findings.gait), _efforts(findings)
    return environment.get_template("page.html").render(
        findings=findings, gait=findings.gait, verdict=verdict(findings), pictures=_pictures(findings, found, efforts),
        quantities=rows(findings.gait), genes=genes, on_bound=[gene for gene in genes if gene["bound"]],
        muscles=bool(muscles), torques=findings.episode.morphology.torques, strides=found.strides, source=people.SOURCE,
        efforts=list(zip(muscles, efforts, strict=False)), front=_front(findings), cells=_cells(findings),
        largest=max((abs(term.contribution) for term in findings.terms), default=0.0) or 1.0, video=video,
        filmed=filmed(findings.episode), lived=len(findings.episode) * findings.episode.control_dt,
    )  # fmt: skip


def verdict(findings: Findings) -> tuple[str, str]:
    """One of "walks", "stays up", "fell" and "diverged", and a sentence that says more."""
    gait, planned = findings.gait, findings.episode.planned * findings.episode.control_dt
    reasons = walks(gait, duration=min(WALK, planned))
    figures = f"{number(gait.speed)} m/s; fitness {number(findings.search.fitness)}"
    if gait.outcome is Outcome.UNSTABLE:
        return "diverged", f"The simulation diverged after {number(gait.duration)} s, at {figures}."
    if gait.outcome is Outcome.FELL:
        return (
            "fell",
            f"It fell after {number(gait.duration)} s of {number(planned)} s, at {figures}.",
        )
    if reasons:
        why = "; ".join(reasons)
        return (
            "stays up",
            f"It lasts {number(gait.duration)} s, at {figures}. It does not walk: {why}.",
        )
    return "walks", f"It walks for {number(gait.duration)} s at {figures}."


def strides(gait: Gait, count: int) -> Span:
    """Start and end [s] of `count` strides, midway through the touchdowns of the first foot that has them.

    Where no foot takes that many strides, the last `count` seconds.
    """
    for times in gait.touchdown:
        if len(times) > count:
            first = (len(times) - count) // 2
            return float(times[first]), float(times[first + count])
    end = float(gait.time[-1])
    return max(float(gait.time[0]), end - count), max(end, float(gait.time[0]) + 1e-3)


def stretch(findings: Findings, sizes: float) -> Span:
    """Start and end [s] around the strides shown, between which the body moves on by so many of its sizes."""
    gait, size = findings.gait, findings.episode.morphology.size
    first, last = float(gait.time[0]), float(gait.time[-1])
    slowest = 0.1  # [m/s] slower is standing, and would take for ever
    speed = slowest if math.isnan(gait.speed) else max(abs(gait.speed), slowest)
    half = min(sizes * size / speed, last - first) / 2
    middle = min(max(sum(strides(gait, 2)) / 2, first + half), last - half)
    return middle - half, middle + half


def number(value: float | None) -> str:
    """A number with three digits; a dash where there is none."""
    if value is None or math.isnan(value):
        return "\N{EN DASH}"
    if math.isinf(value):
        return "∞" if value > 0 else "\N{MINUS SIGN}∞"
    text = f"{value:.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.3g}"
    return text.replace("-", "\N{MINUS SIGN}")


def words(name: str) -> str:
    """A name as words."""
    return name.replace("_", " ")


def moment(unix: float) -> str:
    """A Unix time [s] as date and time; a dash where a damaged clock or file gave something else."""
    try:
        return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return "\N{EN DASH}"


def flat(value: Any) -> str:
    """A value as text; the entries of a mapping after each other."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {flat(entry)}" for key, entry in value.items()) or "none"
    return str(value) or "none"


def _front(findings: Findings) -> list[tuple[str, list[float]]]:
    """Address and objectives of every point of the front, by the first objective, the largest first."""
    found = findings.front
    if found is None:
        return []
    best = np.flatnonzero(found.best)
    best = best[np.argsort(-found.points[best, 0], kind="stable")]
    return [(harvest.address(found, int(place)), found.points[place].tolist()) for place in best]


def _cells(findings: Findings) -> list[tuple[list[int], str, float]]:
    """Cell, address and fitness of every gait of the repertoire, the fittest first."""
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
    """Metabolic energy of each muscle after the warm-up [J/kg/m] (M,); none where there is none to tell."""
    if math.isnan(findings.gait.effort):
        return np.zeros(0)
    episode = findings.episode
    return effort_of_muscles(
        replace(episode, trace=episode.trace[round(WARM_UP / episode.control_dt) :])
    )


def _pictures(findings: Findings, found: GaitCycle, efforts: Array) -> dict[str, dict[str, Markup]]:
    """Every picture by its name, drawn for each of `WIDTHS`."""
    episode, gait, outputs = findings.episode, findings.gait, findings.outputs
    start, end = float(episode.time[0]), float(episode.time[-1])
    if gait.outcome is not Outcome.COMPLETED:
        end = max(end - FALL, (start + end) / 2)
    settled, two = (min(WARM_UP, end / 2), end), strides(gait, 2)
    champion = findings.champion[0], findings.search.fitness
    drawings: dict[str, Callable[[int], str]] = {
        "chronograph": lambda width: chronograph(
            width, episode, stretch(findings, width / 300), count=round(width / 80) + 2
        ),
        "fitness": lambda width: plots.fitness(width, findings.generations, champion),
        "footfall": lambda width: plots.footfall(
            width, episode, gait.stance, strides(gait, 2 + width // 240)
        ),
        "joints": lambda width: plots.joints(width, episode, two),
        "portraits": lambda width: plots.portraits(width, episode, outputs, settled, two),
    }
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
        muscles, resting = episode.morphology.muscles, gait.effort - float(efforts.sum())
        drawings["energy"] = lambda width: energy(width, muscles, efforts, resting)
    if outputs:
        drawings["oscillators"] = lambda width: plots.oscillators(width, episode.time, outputs, two)
    if held_out := findings.held_out:
        drawings["trials"] = lambda width: plots.trials(width, findings.search, held_out)
    if front := findings.front:
        drawings["front"] = lambda width: harvest.front(width, front, findings.champion)
    if (repertoire := findings.repertoire) and repertoire.filled:
        drawings["repertoire"] = lambda width: harvest.repertoire(
            width, repertoire, findings.champion
        )
    return {
        name: {kind: Markup(draw(width)) for kind, width in WIDTHS.items()}
        for name, draw in drawings.items()
    }
