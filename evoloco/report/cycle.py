"""Curves of the gait cycle, and the energy that each muscle uses."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from evoloco.gait.cycle import PHASES, Course
from evoloco.genome import Array
from evoloco.muscle import Muscle
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.curves import Axis, Curve
from evoloco.report.people import Band
from evoloco.report.sides import areas
from evoloco.report.table import Table
from evoloco.report.words import room, words

Courses = Mapping[str, Mapping[str, Course]]


def over_the_cycle(label: str, limits: tuple[float, float] | None = None) -> Axis:
    """Returns the axes of a signal over the gait cycle.

    Args:
        label: Name of the signal, with unit.
        limits: Limits of the vertical axis; by default those of the data.
    """
    return Axis("gait cycle [%]", label, (0.0, 100.0), limits)


def cycle_curves(courses: Courses, people: Mapping[str, Band] | None = None) -> list[Curve]:
    """Returns courses over the gait cycle as curves, those of people first.

    Args:
        courses: Courses by signal and side.
        people: What people do, by signal.
    """
    curves = []
    for name, sides in courses.items():
        if people and name in people:
            band = people[name]
            curves.append(Curve(name, "", band.phases, band.mean, band.spread, "people"))
        curves += [
            Curve(name, side, PHASES, course.mean, course.spread) for side, course in sides.items()
        ]
    return curves


@picture
def energy(figure: Figure, muscles: tuple[Muscle, ...], efforts: Array, resting: float) -> None:
    """Draws the metabolic energy of each muscle, one bar per side, and of the resting body.

    Args:
        figure: The figure.
        muscles: The M muscles.
        efforts: Energy of each muscle [J/kg/m] (M,).
        resting: Energy of the resting body [J/kg/m].
    """
    axes = figure.subplots()
    stems = list(dict.fromkeys(muscle.stem for muscle in muscles))
    rows = [*stems, "resting body"]

    thick = 0.38
    shift = {"left": -thick / 2, "right": thick / 2, "": 0.0}
    for side in dict.fromkeys(muscle.side for muscle in muscles):
        bars = [
            (stems.index(muscle.stem), effort)
            for muscle, effort in zip(muscles, efforts, strict=True)
            if muscle.side == side
        ]
        place, value = np.array(bars).T
        label = side or "middle"
        for layer in areas(side, 0.35 if side == "right" else 0.85):
            axes.barh(place + shift[side], value, thick, label=label, **layer)
            label = ""
    axes.barh(len(stems), resting, thick, color=INK["muted"])

    axes.set_yticks(range(len(rows)), [words(row) for row in rows])
    axes.tick_params(axis="y", length=0, labelcolor=INK["text"], labelsize=12)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.invert_yaxis()
    axes.set(xlabel="metabolic energy [J/kg/m]")
    finish(figure, panel=26 * len(rows), left=room(rows))


def energy_table(muscles: tuple[Muscle, ...], efforts: Array, resting: float) -> Table:
    """Returns what `energy` draws: one row per muscle, and one of the resting body."""
    rows = [
        (words(muscle.name), float(effort)) for muscle, effort in zip(muscles, efforts, strict=True)
    ]
    return Table(("muscle", "metabolic energy [J/kg/m]"), [*rows, ("resting body", resting)])
