"""The pictures of a report: each is a function of a width [px] and plain arrays."""

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
"""Start and end of the time to show [s]."""

SIDES = {"left": INK["left"], "right": INK["right"], "": INK["text"]}


@picture
def fitness(figure: Figure, generations: Generations, champion: tuple[int, float]) -> None:
    """Draws best, mean and spread of the fitness over generations, and the champion.

    Args:
        figure: The figure.
        generations: Fitness of the generations.
        champion: Generation and fitness of the champion.
    """
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
    """Draws the stance of each foot as bars, and the load on it as a line.

    Args:
        figure: The figure.
        episode: The episode.
        stance: Whether each foot is on the ground (T S, F).
        span: Time to show.
    """
    feet = episode.morphology.feet
    axes = figure.subplots()
    load = episode.foot_load / episode.morphology.weight
    time, dt = episode.physics_time, episode.physics_dt
    tall = 0.8  # height of a foot's row; the line reaches it at twice the body weight

    for row, foot in enumerate(feet):
        bottom = len(feet) - 1 - row
        colour = SIDES[side_of(foot)]
        bars = [(time[first], (last - first) * dt) for first, last in _runs(stance[:, row])]
        axes.broken_barh(bars, (bottom, tall), facecolors=colour, alpha=0.35, linewidth=0)
        line = bottom + tall * np.minimum(load[:, row] / 2, 1)
        axes.plot(time, line, color=colour, linewidth=1.2)

    middles = [len(feet) - 0.6 - row for row in range(len(feet))]
    axes.set_yticks(middles, [words(foot) for foot in feet])
    axes.tick_params(axis="y", length=0, labelcolor=INK["text"], labelsize=12)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set(xlabel="time [s]", xlim=span, ylim=(-0.1, len(feet)))
    finish(figure, panel=52 * len(feet), left=room(feet))


@picture
def joints(figure: Figure, episode: Episode, span: Span) -> None:
    """Draws the angle of every driven joint, one panel per pair; a servo's target is dashed.

    Args:
        figure: The figure.
        episode: The episode.
        span: Time to show.
    """
    morphology = episode.morphology
    shown, fine = _within(episode.time, span), _within(episode.physics_time, span)
    has_targets = not (morphology.muscles or morphology.torques)

    stems = list(dict.fromkeys(joint.stem for joint in morphology.joints))
    for stem, axes in panels(figure, stems, "angle [°]").items():
        for column, joint in enumerate(morphology.joints):
            if joint.stem != stem:
                continue
            name, colour = joint.side or "middle", SIDES[joint.side]
            angle = np.degrees(episode.joint_angle[fine, column])
            axes.plot(episode.physics_time[fine], angle, color=colour, label=name)
            if has_targets:
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
    """Draws the outputs of the controller, one panel per pair.

    Args:
        figure: The figure.
        time: Times of the outputs [s] (T,).
        outputs: Outputs by name (T,).
        span: Time to show.
    """
    shown = _within(time, span)
    stems = list(dict.fromkeys(_stem(name) for name in outputs))
    for stem, axes in panels(figure, stems, "output").items():
        for name, output in outputs.items():
            if _stem(name) != stem:
                continue
            side = side_of(name)
            width, alpha = (4.0, 0.55) if side == "left" else (1.8, 1.0)  # visible below right
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
    """Draws phase portraits of the hips, and of the oscillators that drive them.

    Args:
        figure: The figure.
        episode: The episode.
        outputs: Outputs of the controller by name (T,).
        settled: Time to draw pale.
        span: Time to draw strong.
    """
    body = episode.morphology.joints
    leader = next((joint for joint in body if joint.axis == "pitch" and joint.side), body[0])
    pair = [column for column, joint in enumerate(body) if joint.stem == leader.stem]
    signals = [name for name in outputs if _stem(name) == leader.stem] or list(outputs)[:1]
    if episode.morphology.muscles:
        signals = []

    across = 2 if figure.get_figwidth() * 72 > 500 else 1
    count = 1 + bool(signals)
    grid = figure.subplots(-(-count // across), min(across, count), squeeze=False).flat
    pale, strong = _within(episode.time, settled), _within(episode.time, span)

    def trace(axes: Axes, x: Array, y: Array, side: str) -> None:
        axes.plot(x[pale], y[pale], color=SIDES[side], linewidth=0.8, alpha=0.3)
        axes.plot(x[strong], y[strong], color=SIDES[side], linewidth=2, label=side or "middle")

    for column in pair:
        angle = np.degrees(episode.sensor(f"{body[column].name}.angle")[:, 0])
        velocity = np.degrees(episode.joint_velocity[:, column])
        trace(grid[0], angle, velocity, body[column].side)
    grid[0].set(title=words(leader.stem), xlabel="angle [°]", ylabel="velocity [°/s]")

    for name in signals:
        output = outputs[name]
        rate = np.gradient(output, episode.control_dt) if len(episode) > 1 else 0 * output
        trace(grid[1], output, rate, side_of(name))
    if signals:
        title = f"{words(_stem(signals[0]))} oscillator"
        grid[1].set(title=title, xlabel="output", ylabel="rate [1/s]")
    finish(figure, panel=240)


@picture
def trials(figure: Figure, search: Trials, held_out: Trials) -> None:
    """Draws the fitness in every scenario of the search and of the held-out ones.

    Diamonds are the aggregates.
    """
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

    names = [name for _, name, *_ in rows]
    axes.set_yticks([row for row, *_ in rows], names)
    axes.tick_params(axis="y", length=0, labelcolor=INK["text"], labelsize=12)
    axes.set(xlabel="fitness", ylim=(-0.6, 1.6))
    axes.spines["left"].set_visible(False)
    finish(figure, panel=80, left=room(names))


def panels(
    figure: Figure, stems: Sequence[str], label: str, below: str = "time [s]"
) -> dict[str, Axes]:
    """Returns one titled panel per stem, as many in a row as fit.

    Args:
        figure: The figure.
        stems: Titles of the panels.
        label: Label of the vertical axes.
        below: Label of the horizontal axes.
    """
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
    """Returns whether each time [s] is in a span."""
    return (time >= span[0]) & (time <= span[1])


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Returns first index and index after the last of every run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def side_of(name: str) -> str:
    """Returns "left", "right", or "" for a name without a side."""
    return next((side for side in ("left", "right") if side in name.split("_")), "")


def _stem(name: str) -> str:
    """Returns a name without its side."""
    parts = [part for part in name.split("_") if part not in ("left", "right")]
    return "_".join(parts)


def room(labels: Sequence[str]) -> float:
    """Returns the width of labels in letters of 12 px [px]."""
    return 16 + 7 * max(len(label) for label in labels)


def words(name: str) -> str:
    """Returns a name as words."""
    return name.replace("_", " ")
