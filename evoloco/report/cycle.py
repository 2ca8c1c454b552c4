"""The pictures of the gait cycle, and of the energy that each muscle uses."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
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
    """Draws signals over the gait cycle: mean and one standard deviation, dotted at liftoff.

    Args:
        figure: The figure.
        courses: Courses by signal and side.
        label: Label of the vertical axes.
        liftoff: Time of liftoff [% of the cycle] by side.
        people: What people do, by signal.
        limits: Limits of the vertical axes; by default those of the data.
    """
    for stem, axes in panels(figure, list(courses), label, "gait cycle [%]").items():
        if stem in people:
            _draw_people(axes, people[stem])
        for side, course in courses[stem].items():
            low, high = course.mean - course.spread, course.mean + course.spread
            axes.fill_between(PHASES, low, high, color=SIDES[side], alpha=0.2, linewidth=0)
            axes.plot(PHASES, course.mean, color=SIDES[side], label=side or "foot")
            axes.axvline(liftoff[side], color=SIDES[side], linewidth=1, linestyle=":")
        axes.set_xlim(0, 100)
        if limits:
            axes.set_ylim(limits)
    finish(figure, panel=120)


def _draw_people(axes: Axes, band: Band) -> None:
    """Draws the mean and one standard deviation of people."""
    low, high = band.mean - band.spread, band.mean + band.spread
    axes.fill_between(
        band.phases, low, high, color=INK["muted"], alpha=0.25, linewidth=0, label="people"
    )
    axes.plot(band.phases, band.mean, color=INK["muted"], linewidth=1)


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
        axes.barh(place + shift[side], value, thick, color=SIDES[side], label=side or "middle")
    axes.barh(len(stems), resting, thick, color=INK["muted"])

    axes.set_yticks(range(len(rows)), [words(row) for row in rows])
    axes.tick_params(axis="y", length=0, labelcolor=INK["text"], labelsize=12)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.invert_yaxis()
    axes.set(xlabel="energy [J/kg/m]")
    finish(figure, panel=26 * len(rows), left=room(rows))
