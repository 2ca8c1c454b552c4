"""How left and right are drawn: each with a colour and a line style, so that one is enough."""

from typing import Any

from evoloco.joint import Joint
from evoloco.morphology import Morphology
from evoloco.muscle import Muscle
from evoloco.report.canvas import INK

SIDES = {"left": INK["left"], "right": INK["right"], "": INK["text"]}
"""Colours, which people with any kind of colour blindness can tell apart."""

DASHES: dict[str, Any] = {"left": "-", "right": (0, (4, 1.6)), "": "-"}
"""Line styles: the left side is solid, the right one dashed."""

HATCHES = {"left": "", "right": "////", "": ""}
"""Patterns of areas: the left side is plain, the right one hatched."""


def line(side: str) -> dict[str, Any]:
    """Returns colour and style of a line."""
    return {"color": SIDES[side], "linestyle": DASHES[side], "dash_capstyle": "butt"}


def areas(side: str, alpha: float) -> list[dict[str, Any]]:
    """Returns the styles of a bar's layers: its colour with some opacity, and its pattern."""
    colour = SIDES[side]
    plain = {"facecolor": colour, "alpha": alpha, "linewidth": 0}
    pattern = {"facecolor": "none", "edgecolor": colour, "hatch": HATCHES[side], "linewidth": 0}
    return [plain, pattern] if HATCHES[side] else [plain]


def stem_and_side(morphology: Morphology, name: str) -> tuple[str, str]:
    """Returns the stem and the side of a joint or muscle, or else of a name by its words."""
    parts: list[Joint | Muscle] = [*morphology.joints, *morphology.muscles]
    for part in parts:
        if part.name == name:
            return part.stem, part.side
    return stem_of(name), side_of(name)


def side_of(name: str) -> str:
    """Returns "left", "right", or "" for a name without a side."""
    return next((side for side in ("left", "right") if side in name.split("_")), "")


def stem_of(name: str) -> str:
    """Returns a name without its side."""
    parts = [part for part in name.split("_") if part not in ("left", "right")]
    return "_".join(parts)
