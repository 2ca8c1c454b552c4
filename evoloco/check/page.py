"""The page of a check: one self-contained HTML file."""

from typing import Any

from evoloco.check.figures import figures
from evoloco.check.margins import SHARE
from evoloco.check.result import Check
from evoloco.check.second import HEADS
from evoloco.check.words import interval, percent, span
from evoloco.report.template import environment, pictured, style

TITLES = {
    "wide": "All gaps at once",
    "gaps": "The gaps one by one",
    "margins": "Margins",
    "map": "The two worst gaps",
    "sight": "What its sensors see",
    "numerics": "Time step and integrator",
    "second": "A second simulator",
    "gait": "The gait",
    "exploits": "Exploits of the simulation",
    "about": "What was checked",
}
"""Titles of the sections by their ids, in the order of the page."""


def render(check: Check) -> str:
    """Returns the page as HTML text; the same check gives the same bytes."""
    return environment().get_template("check.html").render(**_content(check))


def _content(check: Check) -> dict[str, Any]:
    """Returns everything that the template names."""
    absent = {
        "map": check.map is None,
        "sight": not check.sight,
        "second": check.second is None,
        "exploits": check.exploits is None,
    }
    return {
        "check": check,
        "verdict": check.verdict,
        "full": check.at(1.0),
        "one_in": round(1 / SHARE),
        "interval": interval,
        "percent": percent,
        "span": span,
        "columns": HEADS,
        "pictures": {name: pictured(each) for name, each in figures(check).items()},
        "sections": {name: title for name, title in TITLES.items() if not absent.get(name)},
        "style": style(),
    }
