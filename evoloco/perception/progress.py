"""What a learning shows while it goes on: a display in a terminal, plain lines, or JSON."""

import time
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from evoloco.figures import clock
from evoloco.progress import INTERVAL, REFRESH, WIDEST, print_json


class Progress(Protocol):
    """Shows a learning while it goes on. A context: it is open during the learning."""

    def __enter__(self) -> Self:
        """Begins to show."""

    def __exit__(self, *exception: object) -> None:
        """Ends."""

    def show(self, part: str, done: int, total: int, more: str) -> None:
        """Shows how much of a part is done.

        Args:
            part: "data", "training" or "evaluation".
            done: Examples, steps or splits that are done.
            total: Of all.
            more: Such as the loss.
        """


def chosen(quiet: bool, as_json: bool) -> Progress:
    """What shows a learning for a command with these options."""
    if as_json:
        return Json()
    if quiet:
        return Silent()
    console = Console(stderr=True)
    moves = console.is_terminal and not console.is_dumb_terminal
    return Live(console) if moves else Lines(console)


class Silent:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def show(self, part: str, done: int, total: int, more: str) -> None:
        """Shows nothing."""


class _Seldom(Silent):
    """Shows what is the first or last of its part, or comes some seconds after the last."""

    def __init__(self) -> None:
        self._part, self._shown = "", 0.0

    def show(self, part: str, done: int, total: int, more: str) -> None:
        """Shows it, unless the last was shown only some seconds ago."""
        now = time.monotonic()
        if part == self._part and done < total and now - self._shown < INTERVAL:
            return
        self._part, self._shown = part, now
        self._print(part, done, total, more)

    def _print(self, part: str, done: int, total: int, more: str) -> None:
        """Prints it."""


class Json(_Seldom):
    """Prints JSON objects on the standard output."""

    def _print(self, part: str, done: int, total: int, more: str) -> None:
        print_json("learning", {"part": part, "done": done, "total": total, "more": more})


class Lines(_Seldom):
    """Prints plain lines on the standard error, for output that is not a terminal.

    Args:
        console: Where they are printed.
    """

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def _print(self, part: str, done: int, total: int, more: str) -> None:
        self._console.print(f"{part} {done}/{total}  {more}", highlight=False, soft_wrap=True)


class Live:
    """Shows a learning in a terminal: part, bar, time and time left, and a line below.

    Args:
        console: Where it is shown.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._part, self._done, self._total, self._more = "", 0, 1, ""
        self._began, self._begun_at = time.monotonic(), 0
        self._screen = Screen(
            console=console, get_renderable=self._drawn, refresh_per_second=REFRESH
        )

    def __enter__(self) -> Self:
        self._screen.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._screen.stop()

    def show(self, part: str, done: int, total: int, more: str) -> None:
        """Shows how much of a part is done; time left is counted from the part's first word."""
        if (part, total) != (self._part, self._total):
            self._began, self._begun_at = time.monotonic(), done
        self._part, self._done, self._total, self._more = part, done, total, more

    def _drawn(self) -> RenderableType:
        """Returns what is shown at this moment."""
        elapsed, fresh = time.monotonic() - self._began, self._done - self._begun_at
        left = clock(elapsed / fresh * (self._total - self._done)) if fresh > 0 else "-:--"

        bar = Table.grid(padding=(0, 1), expand=True)
        bar.width = min(self._console.width - 1, WIDEST)
        bar.add_column(no_wrap=True)
        bar.add_column(ratio=1)
        bar.add_column(no_wrap=True)
        bar.add_row(
            f"{self._part} {self._done}/{self._total}",
            ProgressBar(total=self._total, completed=self._done),
            f"{clock(elapsed)}, left {left}",
        )
        return Group(bar, Text(self._more, no_wrap=True, overflow="ellipsis"))
