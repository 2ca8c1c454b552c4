"""The page of an identification: one self-contained HTML file."""

from typing import TYPE_CHECKING, Any

import numpy as np

from evoloco.identify.figures import MRAD, figures
from evoloco.report.template import environment, pictured, style

if TYPE_CHECKING:
    from evoloco.identify.identification import Identification

TITLES = {
    "models": "Servo models",
    "joints": "Joint by joint",
    "angles": "The worst joint in time",
    "spectra": "The worst joint in frequency",
    "numbers": "Numbers",
    "about": "What was identified",
}
"""Titles of the sections by their ids, in the order of the page."""


def render(found: "Identification") -> str:
    """Returns the page as HTML text; the same identification gives the same bytes."""
    return environment().get_template("identify.html").render(**_content(found))


def _content(found: "Identification") -> dict[str, Any]:
    """Returns everything that the template names."""
    best, gap = found.best, found.gap
    drawn = figures(gap, found.before_rms, found.fits)
    return {
        "found": found,
        "best": best,
        "cut": 100 * (1 - best.rms / found.before_rms),
        "mrad": MRAD,
        "worst": gap.joints[gap.worst],
        "sentences": found.sentences(),
        "rows": _rows(found),
        "pictures": {name: pictured(each) for name, each in drawn.items()},
        "sections": {
            name: title for name, title in TITLES.items() if _rows(found) or name != "numbers"
        },
        "style": style(),
    }


def _rows(found: "Identification") -> list[dict[str, Any]]:
    """The numbers of the chosen model."""
    best, unknown = found.best, set(found.best.unknown)
    return [
        {
            "name": number.name,
            "unit": number.unit,
            "before": number.nominal,
            "value": float(value),
            "half": float(half) if np.isfinite(half) else np.nan,
            "unknown": number.name in unknown,
        }
        for number, value, half in zip(best.numbers, best.values, best.interval, strict=True)
    ]
