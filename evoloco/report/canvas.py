"""The common style of all pictures: SVG text in the colours of the page, light or dark."""

import io
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from evoloco.genome import Array

INK = {
    "text": "#1c2530",
    "muted": "#566170",
    "line": "#d9dee5",
    "card": "#ffffff",
    "left": "#1a6fb8",
    "right": "#c24e0c",
    "best": "#0e7d69",
    "support": "#7a59c4",
    "muscle": "#c4182b",
    "bad": "#b3261e",
}
"""Colours by meaning: names of the page's CSS variables, with their light values."""

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 12,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 12,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "text.color": INK["text"],
    "axes.titlecolor": INK["text"],
    "axes.labelcolor": INK["muted"],
    "axes.edgecolor": INK["line"],
    "xtick.color": INK["line"],
    "ytick.color": INK["line"],
    "xtick.labelcolor": INK["muted"],
    "ytick.labelcolor": INK["muted"],
    "grid.color": INK["line"],
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "hatch.linewidth": 1.0,
}

Arguments = ParamSpec("Arguments")


def picture(
    paint: Callable[Concatenate[Figure, Arguments], None],
) -> Callable[Concatenate[int, Arguments], str]:
    """Turns `paint(figure, ...)` into a function of a width [px] and `...` that returns SVG text.

    One point of the figure is one pixel of the page, so letters have the same
    size at every width. The same arguments give the same bytes.
    """

    @wraps(paint)
    def draw(width: int, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> str:
        with matplotlib.rc_context({**STYLE, "svg.hashsalt": f"{paint.__name__} {width}"}):
            figure = Figure(figsize=(width / 72, 260 / 72), dpi=72)
            paint(figure, *args, **kwargs)
            text = io.StringIO()
            figure.savefig(text, format="svg", metadata={"Date": None})
        return _inline(text.getvalue())

    return draw


def finish(figure: Figure, panel: float, left: float = 62, bottom: float = 46) -> None:
    """Sets the height and the margins of a figure, and places its legend above the panels.

    All pictures have the same margins, so that panels are aligned on the page.

    Args:
        figure: The figure.
        panel: Height of each panel of its grid [px].
        left: Width of the labels on the left [px].
        bottom: Height of the labels at the bottom [px].
    """
    first = figure.axes[0]
    grid = first.get_gridspec()
    down, across = (grid.nrows, grid.ncols) if grid else (1, 1)

    top = _legend(figure) + (26 if first.get_title(loc="left") else 8)
    right, beside = 14, 56
    between = 72 if first.get_xlabel() else 54
    wide = figure.get_figwidth() * 72
    tall = top + down * panel + (down - 1) * between + bottom

    figure.set_figheight(tall / 72)
    figure.subplots_adjust(
        left=left / wide,
        right=1 - right / wide,
        bottom=bottom / tall,
        top=1 - top / tall,
        wspace=beside * across / (wide - left - right - (across - 1) * beside),
        hspace=between / panel,
    )


def _legend(figure: Figure) -> float:
    """Adds one legend for all panels, wrapped to the figure's width; returns its height [px]."""
    entries: dict[str, Artist] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    if not entries:
        return 0

    widths = [70 + 7.5 * len(label) for label in entries]  # line sample, and letters of 12 px
    available = figure.get_figwidth() * 72
    columns = len(widths) if sum(widths) < available else max(1, int(available // max(widths)))
    figure.legend(
        entries.values(), entries.keys(), loc="upper left", bbox_to_anchor=(0, 1), ncols=columns
    )
    line = 20
    return 10 + line * -(-len(widths) // columns)


def _inline(svg: str) -> str:
    """Returns the bare element of an SVG file, in the colours of the page.

    Header, size and group names are removed.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(
        r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg \1 aria-hidden="true">', svg, count=1
    )
    svg = re.sub(r'<g id="[^"]*">', "<g>", svg)
    svg = svg.replace("xlink:href", "href").replace("'DejaVu Sans'", "sans-serif")
    for name, colour in INK.items():
        svg = svg.replace(colour, f"var(--{name}, {colour})")
    return re.sub(r"\s*\n\s*", "\n", svg)


def around(values: Array) -> tuple[float, float]:
    """Returns the limits of an axis: the range of the values, and as much again below it.

    Points that are far worse would flatten the rest, so they are cut off.
    """
    low, high = float(np.min(values)), float(np.max(values))
    span = high - low or abs(high) or 1.0
    return low - span, high + 0.12 * span
