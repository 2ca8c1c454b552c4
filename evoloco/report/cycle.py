"""The pictures of a gait cycle, and of what each muscle spends."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from evoloco.gait.cycle import PHASES, Course
from evoloco.genome import Array
from evoloco.muscle import Muscle
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.people import Band
from evoloco.report.plots import SIDES, panels, room, words

Courses = Mapping[str, Mapping[str, Course]]


@picture
def cycle(
    figure: Figure,
    courses: Courses,
    label: str,
    liftoff: Mapping[str, float],
    people: Mapping[str, Band],
    limits: tuple[float, float] | None = None,
) -> None:
    """Mean course of each signal over the gait cycle and one standard deviation; dotted where the foot leaves."""
    for stem, axes in panels(figure, list(courses), label, "gait cycle [%]").items():
        if stem in people:
            band = people[stem]
            low, high = band.mean - band.spread, band.mean + band.spread
            axes.fill_between(
                band.phases, low, high, color=INK["muted"], alpha=0.25, linewidth=0, label="people"
            )
            axes.plot(band.phases, band.mean, color=INK["muted"], linewidth=1)
        for side, course in courses[stem].items():
            low, high = course.mean - course.spread, course.mean + course.spread
            axes.fill_between(PHASES, low, high, color=SIDES[side], alpha=0.2, linewidth=0)
            axes.plot(PHASES, course.mean, color=SIDES[side], label=side or "foot")
            axes.axvline(liftoff[side], color=SIDES[side], linewidth=1, linestyle=":")
        axes.set_xlim(0, 100)
        if limits:
            axes.set_ylim(limits)
    finish(figure, panel=120)


@picture
def energy(figure: Figure, muscles: tuple[Muscle, ...], efforts: Array, resting: float) -> None:
    """Metabolic energy of each muscle and of the resting body [J/kg/m], one bar per side."""
    axes = figure.subplots()
    stems = list(dict.fromkeys(muscle.stem for muscle in muscles))
    rows = [*stems, "resting body"]
    thick = 0.38
    for side in dict.fromkeys(muscle.side for muscle in muscles):
        mine = [(stems.index(muscle.stem), effort) for muscle, effort in zip(muscles, efforts, strict=True)
                if muscle.side == side]  # fmt: skip
        place, value = np.array(mine).T
        shift = {"left": -thick / 2, "right": thick / 2}.get(side, 0.0)
        axes.barh(place + shift, value, thick, color=SIDES[side], label=side or "middle")
    axes.barh(len(stems), resting, thick, color=INK["muted"])
    axes.set_yticks(range(len(rows)), [words(row) for row in rows])
    axes.tick_params(axis="y", length=0, labelcolor=INK["text"], labelsize=12)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.invert_yaxis()
    axes.set(xlabel="energy [J/kg/m]")
    finish(figure, panel=26 * len(rows), left=room(rows))
