"""Phase portraits of the hips, and of the oscillators that drive them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from evoloco.episode import Episode
from evoloco.gait.symmetry import hip_pair
from evoloco.genome import Array
from evoloco.report.canvas import finish, picture
from evoloco.report.sides import line, stem_and_side
from evoloco.report.span import Span, within
from evoloco.report.table import Cell, Table
from evoloco.report.words import words


class Orbit(NamedTuple):
    """A quantity against its rate of change.

    Attributes:
        panel: Title of its panel.
        side: "left", "right" or "".
        x: The quantity (T,).
        y: Its rate (T,).
    """

    panel: str
    side: str
    x: Array
    y: Array


def orbits(episode: Episode, outputs: Mapping[str, Array]) -> list[Orbit]:
    """Returns the orbits of the hips [°], [°/s], and of their oscillators [1], [1/s].

    Args:
        episode: The episode.
        outputs: Outputs of the controller by name (T,).
    """
    body = episode.morphology.joints
    pair = hip_pair(episode.morphology)
    leader = body[pair[0]] if pair else body[0]
    found = []
    for column, joint in enumerate(body):
        if joint.stem == leader.stem:
            angle = np.degrees(episode.sensor(f"joint.{joint.name}.angle")[:, 0])
            velocity = np.degrees(episode.joint_velocity[:, column])
            found.append(Orbit(leader.stem, joint.side, angle, velocity))
    if episode.morphology.muscles:
        return found

    parts = {name: stem_and_side(episode.morphology, name) for name in outputs}
    names = [name for name, (stem, _) in parts.items() if stem == leader.stem]
    for name in names or list(outputs)[:1]:
        output = np.asarray(outputs[name], dtype=float)
        rate = np.gradient(output, episode.control_dt) if len(episode) > 1 else 0 * output
        stem, side = parts[name]
        found.append(Orbit(f"{stem} oscillator", side, output, rate))
    return found


@picture
def portraits(figure: Figure, episode: Episode, drawn: list[Orbit], many: Span, few: Span) -> None:
    """Draws orbits, a longer part pale and a shorter one strong.

    Args:
        figure: The figure.
        episode: The episode.
        drawn: The orbits.
        many: Time to draw pale.
        few: Time to draw strong.
    """
    titles = list(dict.fromkeys(orbit.panel for orbit in drawn))
    across = min(len(titles), 2 if figure.get_figwidth() * 72 > 500 else 1)
    grid = figure.subplots(-(-len(titles) // across), across, squeeze=False).flat
    pale, strong = within(episode.time, many), within(episode.time, few)

    for number, (title, axes) in enumerate(zip(titles, grid, strict=False)):
        for orbit in drawn:
            if orbit.panel == title:
                style, label = line(orbit.side), orbit.side
                faint = {**style, "linestyle": "-", "linewidth": 0.8, "alpha": 0.3}
                axes.plot(orbit.x[pale], orbit.y[pale], **faint)
                axes.plot(orbit.x[strong], orbit.y[strong], linewidth=2, label=label, **style)
        labels = ("output", "rate [1/s]") if number else ("angle [°]", "velocity [°/s]")
        axes.set(title=words(title), xlabel=labels[0], ylabel=labels[1])
    finish(figure, panel=240)


def table(episode: Episode, drawn: list[Orbit], many: Span) -> Table:
    """Returns the orbits: one row per control step, curve and panel."""
    shown = within(episode.time, many)
    rows: list[list[Cell]] = [
        [words(orbit.panel), orbit.side or "middle", *map(float, row)]
        for orbit in drawn
        for row in zip(episode.time[shown], orbit.x[shown], orbit.y[shown], strict=True)
    ]
    return Table(("panel", "curve", "time [s]", "value [° or 1]", "rate [°/s or 1/s]"), rows)
