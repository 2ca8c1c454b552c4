"""The page of a learning: one self-contained HTML file."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure as Canvas

from evoloco.errors import user_code
from evoloco.fields import Array
from evoloco.perception import data
from evoloco.perception.evaluation import Compared
from evoloco.perception.learning import Learning
from evoloco.perception.lesson import TRAIN, Arrays, Lesson
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.figures import Drawn
from evoloco.report.shot import address
from evoloco.report.table import Table
from evoloco.report.template import environment, pictured, style
from evoloco.report.words import words

SHOWN = 4
"""Successes, and failures, that are shown of every group."""

POINTS = 200
"""Most places of the learning curve, each the mean loss of as many steps."""

TITLES = {
    "figures": "Figures",
    "pictures": "Successes and failures",
    "curve": "Learning curve",
    "about": "What was learned",
}
"""Titles of the sections by their ids, in the order of the page."""


class Group(NamedTuple):
    """Pictures of a group of examples.

    Attributes:
        split: Where they are from.
        name: Of the group.
        right: Number of successes.
        examples: Number of examples.
        successes: The first ones, as addresses of PNG files.
        failures: Likewise.
    """

    split: str
    name: str
    right: int
    examples: int
    successes: list[str]
    failures: list[str]


def pictures(
    lesson: Lesson, examples: Mapping[str, Arrays], answers: Mapping[str, Arrays]
) -> list[Group]:
    """The first successes and failures of every group of every split but that of training."""
    found = []
    for split, drawn in examples.items():
        if split == TRAIN:
            continue
        with user_code("The lesson's 'right', 'difficulty' or 'picture'"):
            right = np.asarray(lesson.right(drawn, answers[split]), bool)
            groups = np.asarray(lesson.difficulty(drawn))
            for name in dict.fromkeys(groups.tolist()):
                chosen = groups == name
                shown = [
                    [
                        address(lesson.picture(data.one(drawn, row), data.one(answers[split], row)))
                        for row in np.flatnonzero(chosen & (right == wanted))[:SHOWN]
                    ]
                    for wanted in (True, False)
                ]
                counts = int(right[chosen].sum()), int(chosen.sum())
                found.append(Group(split, str(name), *counts, *shown))
    return found


def render(learning: Learning, groups: Sequence[Group]) -> str:
    """Returns the page as HTML text; the same arguments give the same bytes.

    Args:
        learning: What was learned.
        groups: Its pictures.
    """
    x, y = curve(np.asarray(learning.losses))
    drawn = Drawn(
        lambda width: _curve(width, x, y),
        Table(("step", "mean loss"), list(zip(x.tolist(), y.tolist(), strict=True))),
    )
    content = {
        "learning": learning,
        "recipe": learning.recipe,
        "first": next(one for one in learning.compared if one.split != TRAIN),
        "tables": tables(learning.compared),
        "groups": groups,
        "curve": pictured(drawn),
        "sections": TITLES,
        "style": style(),
    }
    return environment().get_template("learning.html").render(**content)


def tables(compared: Sequence[Compared]) -> list[dict[str, Any]]:
    """A table of figures for every split, the one of training last."""
    splits = list(dict.fromkeys(one.split for one in compared))
    splits.sort(key=lambda split: split == TRAIN)
    found = []
    for split in splits:
        rows = [one for one in compared if one.split == split]
        baselines = list(dict.fromkeys(name for one in rows for name in one.baselines))
        note = "that it learned from" if split == TRAIN else ""
        title = f"split {words(split)}"
        found.append({"title": title, "note": note, "rows": rows, "baselines": baselines})
    return found


def curve(losses: Array) -> tuple[Array, Array]:
    """Last steps (n,) and mean losses (n,) of equally long stretches of a learning."""
    parts = [part for part in np.array_split(losses, POINTS) if len(part)]
    ends = np.cumsum([len(part) for part in parts])
    return ends.astype(float), np.array([part.mean() for part in parts])


@picture
def _curve(figure: Canvas, steps: Array, losses: Array) -> None:
    axes = figure.subplots()
    axes.plot(steps, losses, color=INK["best"], linewidth=1.4)
    axes.set(xlabel="step", ylabel="mean loss", xlim=(0, steps[-1]))
    finish(figure, panel=200)
