"""The pictures of a report, each one function of a width [px] and plain arrays."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from evoloco.episode import Episode
from evoloco.genome import Array
from evoloco.report.canvas import INK, around, finish, picture
from evoloco.report.findings import Generations, Trials

Span = tuple[float, float]
"""First and last moment to show [s]."""

SIDES = {"left": INK["left"], "right": INK["right"], "": INK["text"]}


@picture
def fitness(figure: Figure, generations: Generations, champion: tuple[int, float]) -> None:
    """Best, mean and spread of the fitness over generations, and the champion (generation, fitness)."""
    axes = figure.subplots()
    number = np.arange(len(generations.best))
    if generations.support is not None and np.any(generations.support > 0):
        shade = axes.fill_between(
            number,
            0,
            generations.support,
            transform=axes.get_xaxis_transform(),
            color=INK["support"],
            alpha=0.18,
            linewidth=0,
            label="virtual support (its share)",
        )
        shade.set_zorder(0)
    axes.fill_between(
        number,
        generations.low,
        generations.high,
        color=INK["muted"],
        alpha=0.25,
        linewidth=0,
        label=f"spread ({generations.spread})",
    )
    axes.plot(number, generations.mean, color=INK["muted"], label="mean")
    axes.plot(number, generations.best, color=INK["best"], label="best")
    axes.plot(
        *champion,
        "o",
        markersize=9,
        markerfacecolor="none",
        markeredgewidth=1.8,
        color=INK["text"],
        label="champion",
    )
    axes.set(xlabel="generation", ylabel="fitness")
    axes.margins(x=0.02)
    finite = generations.best[np.isfinite(generations.best)]
    if finite.size and np.min(generations.low) < around(finite)[0]:
        axes.set_ylim(around(finite))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    finish(figure, panel=210)


@picture
def footfall(figure: Figure, episode: Episode, stance: NDArray[np.bool_], span: Span) -> None:
    """Stance of each foot as filled bars, with the load it carries as a line."""
    feet = episode.morphology.feet
    axes = figure.subplots()
    load = episode.foot_load / episode.morphology.weight
    tall = 0.8  # of a foot's row; the line reaches it at twice the body weight
    for row, foot in enumerate(feet):
        bottom = len(feet) - 1 - row
        colour = SIDES[side_of(foot)]
        dt = episode.control_dt
        bars = [(episode.time[first], (last - first) * dt) for first, last in _runs(stance[:, row])]
        axes.broken_barh(bars, (bottom, tall), facecolors=colour, alpha=0.35, linewidth=0)
        axes.plot(
            episode.time,
            bottom + tall * np.minimum(load[:, row] / 2, 1),
            color=colour,
            linewidth=1.2,
        )
    axes.set_yticks(
        [len(feet) - 0.6 - row for row in range(len(feet))], [words(foot) for foot in feet]
    )
    axes.tick_params(axis="y", length=0, labelcolor=INK["text"], labelsize=12)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set(xlabel="time [s]", xlim=span, ylim=(-0.1, len(feet)))
    finish(figure, panel=52 * len(feet), left=room(feet))


@picture
def joints(figure: Figure, episode: Episode, span: Span) -> None:
    """Angle of every driven joint, and its target dashed where it has one; one panel per pair."""
    shown = _within(episode.time, span)
    stems = list(dict.fromkeys(joint.stem for joint in episode.morphology.joints))
    for stem, axes in panels(figure, stems, "angle [°]").items():
        for column, joint in enumerate(episode.morphology.joints):
            if joint.stem == stem:
                name, colour = joint.side or "middle", SIDES[joint.side]
                angle = np.degrees(episode.joint_angle[shown, column])
                axes.plot(episode.time[shown], angle, color=colour, label=name)
                if not (episode.morphology.muscles or episode.morphology.torques):
                    axes.plot(
                        episode.time[shown],
                        np.degrees(episode["ctrl"][shown, column]),
                        "--",
                        color=colour,
                        linewidth=1.1,
                        alpha=0.75,
                        label=f"{name}, target",
                    )
        axes.set_xlim(span)
    finish(figure, panel=100)


@picture
def oscillators(figure: Figure, time: Array, outputs: Mapping[str, Array], span: Span) -> None:
    """Outputs of the controller, one panel per pair."""
    shown = _within(time, span)
    stems = list(dict.fromkeys(_stem(name) for name in outputs))
    for stem, axes in panels(figure, stems, "output").items():
        for name, output in outputs.items():
            if _stem(name) == stem:
                side = side_of(name)
                width, alpha = (4.0, 0.55) if side == "left" else (1.8, 1.0)  # seen below right
                axes.plot(
                    time[shown],
                    output[shown],
                    color=SIDES[side],
                    linewidth=width,
                    alpha=alpha,
                    label=side or "middle",
                )
        axes.set_xlim(span)
    finish(figure, panel=100)


@picture
def portraits(
    figure: Figure, episode: Episode, outputs: Mapping[str, Array], settled: Span, span: Span
) -> None:
    """Phase portraits of the hips and of oscillators that drive them; every stride pale, those of `span` strong."""
    body = episode.morphology.joints
    leader = next((joint for joint in body if joint.axis == "pitch" and joint.side), body[0])
    pair = [column for column, joint in enumerate(body) if joint.stem == leader.stem]
    signals = [name for name in outputs if _stem(name) == leader.stem] or list(outputs)[:1]
    signals = [] if episode.morphology.muscles else signals
    across = 2 if figure.get_figwidth() * 72 > 500 else 1
    count = 1 + bool(signals)
    grid = figure.subplots(-(-count // across), min(across, count), squeeze=False).flat

    def trace(axes: Axes, x: Array, y: Array, side: str) -> None:
        pale, strong = _within(episode.time, settled), _within(episode.time, span)
        axes.plot(x[pale], y[pale], color=SIDES[side], linewidth=0.8, alpha=0.3)
        axes.plot(x[strong], y[strong], color=SIDES[side], linewidth=2, label=side or "middle")

    for column in pair:
        trace(
            grid[0],
            np.degrees(episode.joint_angle[:, column]),
            np.degrees(episode.joint_velocity[:, column]),
            body[column].side,
        )
    grid[0].set(title=words(leader.stem), xlabel="angle [°]", ylabel="velocity [°/s]")
    if signals:
        for name in signals:
            rate = (
                np.gradient(outputs[name], episode.control_dt)
                if len(episode) > 1
                else 0 * outputs[name]
            )
            trace(grid[1], outputs[name], rate, side_of(name))
        grid[1].set(
            title=f"{words(_stem(signals[0]))} oscillator", xlabel="output", ylabel="rate [1/s]"
        )
    finish(figure, panel=240)


@picture
def trials(figure: Figure, search: Trials, held_out: Trials) -> None:
    """Fitness on every scenario of the search and on the held-out ones; the diamonds are the aggregates."""
    axes = figure.subplots()
    rows = ((1, "search", search, INK["muted"]), (0, "held-out", held_out, INK["best"]))
    for row, _, tried, colour in rows:
        axes.plot(
            tried.scenarios,
            np.full(len(tried.scenarios), row),
            "o",
            color=colour,
            alpha=0.45,
            markersize=9,
            markeredgewidth=0,
        )
        axes.plot(tried.fitness, row, "D", color=INK["text"], markersize=7)
    axes.set_yticks([row for row, *_ in rows], [name for _, name, *_ in rows])
    axes.tick_params(axis="y", length=0, labelcolor=INK["text"], labelsize=12)
    axes.set(xlabel="fitness", ylim=(-0.6, 1.6))
    axes.spines["left"].set_visible(False)
    finish(figure, panel=80, left=room([name for _, name, *_ in rows]))


def panels(
    figure: Figure, stems: Sequence[str], label: str, below: str = "time [s]"
) -> dict[str, Axes]:
    """One titled panel per stem, as many side by side as fit, over one kind of axis."""
    across = min(len(stems), max(1, int(figure.get_figwidth() * 72 // 300)))
    down = -(-len(stems) // across)
    grid = figure.subplots(down, across, sharex=True, squeeze=False)
    for axes, stem in zip(grid.flat, stems, strict=False):
        axes.set_title(words(stem))
        axes.tick_params(labelbottom=True)
        axes.locator_params(nbins=5)
    for axes in grid[:, 0]:
        axes.set_ylabel(label)
    for column in range(across):
        titled = [axes for axes in grid[:, column] if axes.get_title(loc="left")]
        titled[-1].set_xlabel(below)
    for spare in grid.flat[len(stems) :]:
        spare.remove()
    return dict(zip(stems, grid.flat, strict=False))


def _within(time: Array, span: Span) -> NDArray[np.bool_]:
    return (time >= span[0]) & (time <= span[1])


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First index and the index after the last of every run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def side_of(name: str) -> str:
    """Side: "left", "right", or "" for a name without a side."""
    return next((side for side in ("left", "right") if side in name.split("_")), "")


def _stem(name: str) -> str:
    return "_".join(part for part in name.split("_") if part not in ("left", "right"))


def room(labels: Sequence[str]) -> float:
    """Width that labels of 12 px need [px]."""
    return 16 + 7 * max(len(label) for label in labels)


def words(name: str) -> str:
    """A name as words."""
    return name.replace("_", " ")
