"""The report of a run: one self-contained HTML page."""

import base64
import math
from dataclasses import replace
from typing import Any

import numpy as np

from evoloco.champion import MOST_GENES_TOLD
from evoloco.check.result import Trial
from evoloco.check.words import interval, percent
from evoloco.gait import following
from evoloco.gait.analysis import WARM_UP
from evoloco.gait.cycle import gait_cycle
from evoloco.gait.metabolism import effort_of_muscles
from evoloco.genome import Array
from evoloco.report import command, course, footfall, harvest, people
from evoloco.report.figures import WIDTHS, figures
from evoloco.report.findings import Findings
from evoloco.report.genes import genes
from evoloco.report.headline import basis, film_caption, headline, planned, tiles
from evoloco.report.quantities import quantities
from evoloco.report.span import strides
from evoloco.report.template import environment, pictured, style

TITLES = {
    "video": "The champion",
    "gait": "Gait",
    "command": "Command",
    "footfall": "Footfall",
    "conventions": "Zero and sign of the angles",
    "joints": "Joint angles",
    "cycle": "Gait cycle",
    "energy": "Metabolic energy",
    "oscillators": "Oscillators",
    "portraits": "Phase portraits",
    "held-out": "Search and held-out scenarios",
    "check": "Other worlds",
    "search": "Search",
    "front": "Pareto front",
    "repertoire": "Repertoire",
    "fitness": "Fitness",
    "genome": "Genome",
    "spec": "Run file",
    "provenance": "Provenance",
}
"""Titles of the sections by their ids, in the order of the page."""

WORST = 5
"""Largest number of gaps that the page names; the page of the check has all."""


def render(findings: Findings) -> str:
    """Returns the page as HTML text; the same findings give the same bytes."""
    return environment().get_template("page.html").render(**_content(findings))


def _content(findings: Findings) -> dict[str, Any]:
    """Returns everything that the templates name."""
    episode, gait = findings.episode, findings.gait
    cycle, efforts = gait_cycle(episode, gait), _efforts(findings)
    drawn = figures(findings, cycle, efforts)
    muscles = [muscle.name for muscle in episode.morphology.muscles]
    many = len(findings.space) > MOST_GENES_TOLD
    found = [] if many else genes(findings.space, findings.genome)
    return {
        "findings": findings,
        "gait": gait,
        "headline": headline(findings),
        "tiles": tiles(findings),
        "basis": basis(findings),
        "planned": planned(findings),
        "brief": gait.duration <= WARM_UP,
        "pictures": {name: pictured(each) for name, each in drawn.items()},
        "conventions": drawn["conventions"].table,
        "sections": _sections(findings, bool(efforts.size)),
        "quantities": quantities(episode, gait),
        **_followed(findings),
        "genes": found,
        "weights": len(findings.space) if many else 0,
        "on_bound": [gene for gene in found if gene["bound"]],
        "muscles": bool(muscles),
        "sided": any(joint.side for joint in episode.morphology.joints),
        "torques": episode.morphology.torques,
        "strides": cycle.strides,
        "source": people.SOURCE,
        "efforts": list(zip(muscles, efforts, strict=False)),
        "front": _front(findings),
        "cells": _cells(findings),
        "cut": course.is_cut(findings.generations),
        "loads_cut": _loads_are_cut(findings),
        "load_top": footfall.TOP,
        "largest": _largest(findings),
        "video": base64.b64encode(findings.video).decode() if findings.video else "",
        "caption": film_caption(findings),
        "check": findings.check,
        "interval": interval,
        "percent": percent,
        "worst": _worst(findings),
        "style": style(),
    }


def _followed(findings: Findings) -> dict[str, Any]:
    """Returns how the command was followed, and what that is measured by."""
    followed = findings.attempts[0].followed
    return {
        "followed": followed,
        "stride": command.period(findings.gait),
        "settling": following.SETTLING,
        "within": following.WITHIN,
        "standing": any(not (one.asked_speed and one.asked_turning_rate) for one in followed),
        "reference_speed": following.SPEED,
        "reference_turning": math.degrees(following.TURNING_RATE),
        "degrees": math.degrees,
    }


def _worst(findings: Findings) -> list[Trial]:
    """Returns the gaps that fell the champion alone, the worst first; none without a check."""
    gaps = findings.check.gaps if findings.check else ()
    return [one for one in gaps if one.tally.falls][:WORST]


def _largest(findings: Findings) -> float:
    """Returns the largest contribution of a term, without sign; 1 if there is none."""
    sizes = [abs(term.contribution) for term in findings.terms]
    return max(filter(math.isfinite, sizes), default=0.0) or 1.0


def _sections(findings: Findings, has_energy: bool) -> dict[str, str]:
    """Returns the titles of the sections that this page has, by their ids."""
    titles = dict(TITLES)
    if findings.episode.morphology.muscles:
        titles["oscillators"] = "Excitations"
    absent = {
        "command": not findings.attempts[0].followed,
        "energy": not has_energy,
        "front": findings.front is None,
        "repertoire": findings.repertoire is None,
    }
    return {name: title for name, title in titles.items() if not absent.get(name)}


def _loads_are_cut(findings: Findings) -> bool:
    """Whether the footfall diagram cuts off a load."""
    span = strides(findings.gait, 2 + WIDTHS["wide"] // 240)
    _, load = footfall.loads(findings.episode, span)
    return bool(np.any(load > footfall.TOP))


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
