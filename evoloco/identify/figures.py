"""The figures of an identification, each with its drawing and its numbers."""

import numpy as np
from matplotlib.figure import Figure

from evoloco.identify.fit import Fit
from evoloco.identify.gap import Gap
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.figures import Drawn
from evoloco.report.table import Table

SHOWN = 4.0
"""Length of the drawn part of the angles [s]."""

FASTEST = 20.0
"""Highest drawn frequency [Hz]."""

ROW = 34
"""Height of the bars of a joint or model [px]."""

MRAD = 1e3
"""Milliradians in a radian."""

PARTS = {"measured": INK["text"], "before": INK["bad"], "after": INK["best"]}
"""What is drawn of a joint, and its colour."""


def figures(gap: Gap, before: float, fits: tuple[Fit, ...]) -> dict[str, Drawn]:
    """Returns every figure of the page by name.

    Args:
        gap: Of the chosen model.
        before: Held-out RMSE of the body as it was believed to be [rad].
        fits: Of all models.
    """
    names = ["before", *(one.model.name for one in fits)]
    errors = [MRAD * before, *(MRAD * one.rms for one in fits)]
    models = Table(("model", "held-out RMSE [mrad]"), list(zip(names, errors, strict=True)))
    rows = [(joint, *_errors(gap, place)) for place, joint in enumerate(gap.joints)]
    joints = Table(("joint", "before [mrad]", "after [mrad]"), rows)
    return {
        "models": Drawn(lambda width: bars(width, names, errors), models),
        "joints": Drawn(lambda width: pairs(width, gap), joints),
        "angles": Drawn(lambda width: angles(width, gap), _angles_table(gap)),
        "spectra": Drawn(lambda width: spectra(width, gap), _spectra_table(gap)),
    }


@picture
def bars(figure: Figure, names: list[str], errors: list[float]) -> None:
    """Draws the error of every model."""
    axes = figure.subplots()
    for row, (name, error) in enumerate(zip(names, errors, strict=True)):
        axes.barh(row, error, 0.3, color=INK["bad" if name == "before" else "best"], alpha=0.75)
        axes.text(0, row - 0.24, f"{name}: {error:.2f} mrad", fontsize=11.5, va="bottom")
    axes.set(xlabel="held-out RMSE [mrad]", ylim=(len(names) - 0.6, -0.9), yticks=[])
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    finish(figure, panel=ROW * len(names) + 8, left=16)


@picture
def pairs(figure: Figure, gap: Gap) -> None:
    """Draws the error of every joint before and after the fit."""
    axes = figure.subplots()
    for row, joint in enumerate(gap.joints):
        for shift, error, part in zip(
            (0.0, 0.24), _errors(gap, row), ("before", "after"), strict=True
        ):
            label = part if row == 0 else None
            axes.barh(row + shift, error, 0.22, color=PARTS[part], alpha=0.75, label=label)
        axes.text(0, row - 0.2, joint, fontsize=11.5, va="bottom")
    axes.set(xlabel="held-out RMSE [mrad]", ylim=(len(gap.joints) - 0.4, -0.9), yticks=[])
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    finish(figure, panel=1.2 * ROW * len(gap.joints) + 8, left=16)


@picture
def angles(figure: Figure, gap: Gap) -> None:
    """Draws measured and simulated angles of the worst joint."""
    axes, (time, *rows) = figure.subplots(), _angles(gap)
    for (part, colour), row in zip(PARTS.items(), rows, strict=True):
        axes.plot(time, np.degrees(row), color=colour, label=part, linewidth=1.4)
    axes.set(xlabel="time [s]", ylabel="angle [°]", xlim=(time[0], time[-1]))
    finish(figure, panel=200)


@picture
def spectra(figure: Figure, gap: Gap) -> None:
    """Draws the amplitude density of the angle of the worst joint, and of its errors."""
    axes, (frequency, *rows) = figure.subplots(), _spectra(gap, gap.worst)
    labels = ("measured angle", "error before", "error after")
    for colour, label, row in zip(PARTS.values(), labels, rows, strict=True):
        axes.semilogy(frequency, MRAD * row, color=colour, label=label, linewidth=1.4)
    axes.set(xlabel="frequency [Hz]", ylabel="mrad/√Hz", xlim=(0, frequency[-1]))
    finish(figure, panel=200)


def _errors(gap: Gap, joint: int) -> tuple[float, float]:
    """RMSE of a joint before and after the fit [mrad]."""
    before, after = (
        float(MRAD * np.sqrt(np.mean((values[:, joint] - gap.measured[:, joint]) ** 2)))
        for values in (gap.before, gap.after)
    )
    return before, after


def _angles(gap: Gap) -> list[np.ndarray]:
    """Time [s], measured angle and those before and after [rad] of the worst joint, in part."""
    part, joint = gap.time < gap.time[0] + SHOWN, gap.worst
    return [gap.time[part], *(one[part, joint] for one in (gap.measured, gap.before, gap.after))]


def _angles_table(gap: Gap) -> Table:
    rows = np.stack(_angles(gap), axis=1).tolist()
    return Table(("time [s]", "measured [rad]", "before [rad]", "after [rad]"), rows)


def _spectra(gap: Gap, joint: int) -> list[np.ndarray]:
    """Frequency [Hz], and densities of the angle and of both errors of a joint."""
    signals = (gap.measured, gap.before - gap.measured, gap.after - gap.measured)
    found = [gap.spectrum(one, joint) for one in signals]
    part = found[0][0] <= FASTEST
    return [found[0][0][part], *(density[part] for _, density in found)]


def _spectra_table(gap: Gap) -> Table:
    """Spectra of all joints."""
    columns = ("frequency [Hz]", "angle [rad/√Hz]", "before [rad/√Hz]", "after [rad/√Hz]")
    rows = [
        (joint, *row)
        for place, joint in enumerate(gap.joints)
        for row in np.stack(_spectra(gap, place), axis=1).tolist()
    ]
    return Table(("joint", *columns), rows)
