"""One look for all pictures: SVG text whose colours follow the page, in light and in dark."""

import io
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import matplotlib
from matplotlib.figure import Figure

INK = {
    "text": "#1c2530",
    "muted": "#667180",
    "line": "#d9dee5",
    "card": "#ffffff",
    "left": "#1a6fb8",
    "right": "#d4580f",
    "best": "#0e8570",
    "support": "#8465c9",
}
"""Colours by meaning: the CSS variables that the page sets, with their light values."""

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
    "legend.handlelength": 1.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "figure.constrained_layout.hspace": 0.06,
    "figure.constrained_layout.wspace": 0.04,
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
}

Arguments = ParamSpec("Arguments")


def picture(
    paint: Callable[Concatenate[Figure, Arguments], None],
) -> Callable[Concatenate[int, Arguments], str]:
    """Turns `paint(figure, ...)` into a function of a width [px] and the rest that returns SVG text.

    One point of the figure is one pixel of the page, so letters keep their
    size whatever the width. The same arguments give the same bytes.
    """

    @wraps(paint)
    def draw(width: int, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> str:
        with matplotlib.rc_context({**STYLE, "svg.hashsalt": f"{paint.__name__} {width}"}):
            figure = Figure(figsize=(width / 72, 260 / 72), dpi=72, layout="constrained")
            paint(figure, *args, **kwargs)
            text = io.StringIO()
            figure.savefig(text, format="svg", metadata={"Date": None})
        return _inline(text.getvalue())

    return draw


def height(figure: Figure, pixels: float) -> None:
    """Sets the height of a figure [px]."""
    figure.set_figheight(pixels / 72)


def _inline(svg: str) -> str:
    """The bare element of an SVG file: no header, size or group names, and colours that the page sets."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg \1 aria-hidden="true">', svg, count=1)
    svg = re.sub(r'<g id="[^"]*">', "<g>", svg)
    svg = svg.replace("xlink:href", "href").replace("'DejaVu Sans'", "sans-serif")
    for name, colour in INK.items():
        svg = svg.replace(colour, f"var(--{name}, {colour})")
    return re.sub(r"\s*\n\s*", "\n", svg)
