"""All figures of the page, each with its drawing and its numbers."""

from collections.abc import Callable
from typing import NamedTuple

from evoloco.gait.cycle import GaitCycle
from evoloco.genome import Array
from evoloco.report import chronograph, command, conventions, course, footfall, harvest, portraits
from evoloco.report.curves import Axis, Curve, draw, table
from evoloco.report.cycle import cycle_curves, energy, energy_table, over_the_cycle
from evoloco.report.findings import Findings
from evoloco.report.signals import joint_curves, output_curves
from evoloco.report.span import several, stretch, strides
from evoloco.report.table import Table

WIDTHS = {"wide": 960, "narrow": 340}
"""Widths that every picture is drawn for [px]: a desktop screen and a phone."""


class Drawn(NamedTuple):
    """One figure.

    Attributes:
        draw: Draws it in a width [px], as SVG text.
        table: The numbers that it draws, at the width of a desktop screen.
    """

    draw: Callable[[int], str]
    table: Table


def figures(findings: Findings, cycle: GaitCycle, efforts: Array) -> dict[str, Drawn]:
    """Returns every figure of the page by name.

    Args:
        findings: What the page shows.
        cycle: The gait cycle of its episode.
        efforts: Metabolic energy of each muscle [J/kg/m] (M,); empty without.
    """
    return {
        **_of_the_episode(findings),
        **_of_the_cycle(findings, cycle, efforts),
        **_of_the_search(findings),
    }


def _curves(curves: list[Curve], axis: Axis, marks: dict[str, float] | None = None) -> Drawn:
    """Returns the figure of some curves."""
    return Drawn(lambda width: draw(width, curves, axis, marks), table(curves, axis))


def _of_the_episode(findings: Findings) -> dict[str, Drawn]:
    """Returns the figures of the episode shown."""
    episode, gait, morphology = findings.episode, findings.gait, findings.episode.morphology
    two, ten, wide = strides(gait, 2), several(episode, gait, 10), WIDTHS["wide"]
    orbits = portraits.orbits(episode, findings.outputs)

    def walked(width: int) -> tuple[tuple[float, float], int]:
        return stretch(episode, gait, width / 300), round(width / 80) + 2

    def stepped(width: int) -> tuple[float, float]:
        return strides(gait, 2 + width // 240)

    drawn = {
        "chronograph": Drawn(
            lambda width: chronograph.chronograph(width, episode, *walked(width)),
            chronograph.table(episode, *walked(wide)),
        ),
        "footfall": Drawn(
            lambda width: footfall.footfall(width, episode, gait, stepped(width)),
            footfall.table(episode, gait, stepped(wide)),
        ),
        "conventions": Drawn(
            lambda width: conventions.conventions(width, morphology), conventions.table(morphology)
        ),
        "joints": _curves(joint_curves(episode, two), Axis("time [s]", "angle [°]", two)),
        "portraits": Drawn(
            lambda width: portraits.portraits(width, episode, orbits, ten, two),
            portraits.table(episode, orbits, ten),
        ),
    }
    if followed := findings.attempts[0].followed:
        drawn["command"] = Drawn(
            lambda width: command.command(width, episode, gait, followed),
            command.table(episode, gait),
        )
    if findings.outputs:
        outputs = output_curves(episode, findings.outputs, two)
        drawn["oscillators"] = _curves(outputs, Axis("time [s]", "output", two))
    return drawn


def _of_the_cycle(findings: Findings, cycle: GaitCycle, efforts: Array) -> dict[str, Drawn]:
    """Returns the figures of the gait cycle; none if no foot took a whole stride."""
    if not cycle.strides:
        return {}

    signals = {
        "cycle_angles": (cycle.angles, "angle [°]", None),
        "cycle_torques": (cycle.torques, "torque [N m/kg]", None),
        "cycle_powers": (cycle.powers, "power [W/kg]", None),
        "cycle_ground": (cycle.ground, "force [body weights]", None),
        "cycle_activations": (cycle.activations, "activation", (0.0, 1.0)),
    }
    drawn = {}
    for name, (courses, label, limits) in signals.items():
        if any(courses.values()):
            people = findings.people if name == "cycle_angles" else {}
            axis = over_the_cycle(label, limits)
            drawn[name] = _curves(cycle_curves(courses, people), axis, cycle.liftoff)

    if efforts.size:
        muscles = findings.episode.morphology.muscles
        resting = findings.gait.effort - float(efforts.sum())
        drawn["energy"] = Drawn(
            lambda width: energy(width, muscles, efforts, resting),
            energy_table(muscles, efforts, resting),
        )
    return drawn


def _of_the_search(findings: Findings) -> dict[str, Drawn]:
    """Returns the figures of the search."""
    champion, generations = findings.champion, findings.generations
    fittest = champion[0], findings.fitness
    drawn = {
        "fitness": Drawn(
            lambda width: course.fitness(width, generations, fittest),
            course.fitness_table(generations),
        )
    }
    if gap := findings.gap:
        drawn["trials"] = Drawn(
            lambda width: course.trials(width, gap.search, gap.held_out),
            course.trials_table(gap.search, gap.held_out),
        )
    if front := findings.front:
        drawn["front"] = Drawn(
            lambda width: harvest.front(width, front, champion),
            harvest.front_table(front, champion),
        )
    if (found := findings.repertoire) and found.filled:
        drawn["repertoire"] = Drawn(
            lambda width: harvest.repertoire(width, found, champion),
            harvest.repertoire_table(found),
        )
    return drawn
