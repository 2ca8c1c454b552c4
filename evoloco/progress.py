"""What a search shows while it goes on: a display in a terminal, plain lines, or JSON."""

import json
import math
import time
from typing import Any, Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from evoloco.evaluation import Evaluator
from evoloco.figures import Figures, Pace, clock
from evoloco.record.journal import Generation
from evoloco.run import Run

INTERVAL = 5.0
"""Shortest time between plain lines [s]."""

REFRESH = 4.0
"""Times per second that the display is drawn again."""

WIDEST = 100
"""Columns that the display takes at most; it takes fewer in a narrower terminal."""


class Display(Protocol):
    """Shows a search while it goes on. A context: it is open during the search."""

    def __enter__(self) -> Self:
        """Begins to show."""

    def __exit__(self, *exception: object) -> None:
        """Ends."""

    def show(self, record: Generation) -> None:
        """Shows a recorded generation."""


class Silent:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def show(self, record: Generation) -> None:
        """Shows nothing of a generation."""


class Json(Silent):
    """Prints one JSON object per generation on the standard output.

    Args:
        run: The run.
        total: Total number of generations.
    """

    def __init__(self, run: Run, total: int) -> None:
        self._run, self._total = run, total
        self._pace = Pace(total)

    def show(self, record: Generation) -> None:
        """Prints a generation."""
        figures = Figures.of(self._run, record, self._total, self._pace.left(record))
        print_json("generation", {"seed": self._run.spec.seed, **figures.plain()})


def print_json(event: str, fields: dict[str, Any]) -> None:
    """Prints one JSON object in one line, at once.

    Args:
        event: What the line is about.
        fields: What it says.
    """
    print(json.dumps({"event": event, **fields}, allow_nan=False), flush=True)


class Lines(Silent):
    """Prints plain lines on the standard error, for output that is not a terminal.

    Args:
        run: The run.
        total: Total number of generations.
        evaluator: Evaluator of the run.
    """

    def __init__(self, run: Run, total: int, evaluator: Evaluator) -> None:
        self._run, self._total, self._evaluator = run, total, evaluator
        self._console = Console(stderr=True)
        self._pace = Pace(total)
        self._shown = -math.inf

    def __enter__(self) -> Self:
        for line in headline(self._run):
            self._console.print(line, highlight=False, soft_wrap=True)
        return self

    def show(self, record: Generation) -> None:
        """Prints a generation, unless the last line is only some seconds old."""
        left = self._pace.left(record)
        if time.monotonic() - self._shown < INTERVAL:
            return

        self._shown = time.monotonic()
        figures = Figures.of(self._run, record, self._total, left)
        parts = [
            f"generation {figures.generation}/{figures.generations}",
            f"best {figures.best:.3f}",
            f"mean {figures.mean:.3f}",
            f"{figures.speed:+.2f} m/s for {figures.lived:.1f} s",
            figures.happenings,
            *([figures.aids] if figures.aids else []),
            f"{figures.pace:.0f} sim s/s on {self._evaluator}",
            f"left {int(left)} s",
        ]
        self._console.print("  ".join(parts), highlight=False, soft_wrap=True)


class Live:
    """Shows a search in a terminal, in lines that never wrap.

    The first line has generation, bar, time and time left; the second the
    figures of the newest generation; a third names support and weaker pushes
    while they act.

    Args:
        run: The run.
        total: Total number of generations.
        evaluator: Evaluator of the run.
        console: Where it is shown; the standard error if None.
    """

    def __init__(
        self, run: Run, total: int, evaluator: Evaluator, console: Console | None = None
    ) -> None:
        self._run, self._total, self._evaluator = run, total, evaluator
        self._console = console or Console(stderr=True)
        self._pace = Pace(total)
        self._began = time.monotonic()
        self._done = len(run.journal)
        self._figures: Figures | None = None
        self._screen = Screen(
            console=self._console, get_renderable=self._drawn, refresh_per_second=REFRESH
        )

    def __enter__(self) -> Self:
        for line in headline(self._run):
            self._console.print(line, highlight=False, soft_wrap=True)
        self._screen.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._screen.stop()

    def show(self, record: Generation) -> None:
        """Shows a recorded generation."""
        left = self._pace.left(record)
        self._figures = Figures.of(self._run, record, self._total, left)
        self._done = self._figures.generation

    def _drawn(self) -> RenderableType:
        """Returns what is shown at this moment."""
        figures, done = self._figures, self._done
        left = "-:--" if figures is None else clock(figures.left)
        elapsed = clock(time.monotonic() - self._began)

        bar = Table.grid(padding=(0, 1), expand=True)
        bar.width = min(self._console.width - 1, WIDEST)
        bar.add_column(no_wrap=True)
        bar.add_column(ratio=1)
        bar.add_column(no_wrap=True)
        bar.add_row(
            f"generation {done}/{self._total}",
            ProgressBar(total=self._total, completed=done),
            f"{elapsed}, left {left}",
        )
        return Group(bar, *map(_one_line, self._words(figures)))

    def _words(self, figures: Figures | None) -> list[str]:
        """Returns the lines below the bar."""
        if figures is None:
            return [f"The first generation is simulated on {self._evaluator} ..."]
        parts = [
            f"best {figures.best:.4g}",
            f"{figures.speed:+.2f} m/s for {figures.lived:.1f} s",
            figures.happenings,
            f"{figures.pace:.0f} sim s/s",
        ]
        return ["  ".join(parts), *([figures.aids] if figures.aids else [])]


def headline(run: Run) -> list[str]:
    """Returns what is evolved, and where it is recorded."""
    spec, genes = run.spec, len(run.experiment.space)
    search = spec.training.algorithm if spec.training else spec.optimizer.name
    return [
        f"{spec.name}: {spec.morphology.name} + {spec.controller.name}, {genes} genes, "
        f"{search}, seed {spec.seed}",
        f"Folder: {run.folder}",
    ]


def _one_line(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")
