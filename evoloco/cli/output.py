"""Where a command's words go: sentences, warnings, or JSON."""

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from evoloco.unheard import unheard

if TYPE_CHECKING:
    from evoloco.evaluation import Evaluator
    from evoloco.progress import Display
    from evoloco.run import Run


def folded(text: str) -> str:
    """Returns a text whose long lines are folded to the width of the terminal."""
    width = shutil.get_terminal_size().columns - 1
    lines = text.split("\n")
    return "\n".join(
        line
        if len(line) <= width
        else textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
        for line in lines
    )


@dataclass(frozen=True)
class Output:
    """What a command prints.

    Sentences go to the standard output; progress, notes and warnings to the
    standard error. As JSON, the standard output has nothing but one object per
    line.

    Attributes:
        quiet: Whether only warnings are printed.
        as_json: Whether the results are printed as JSON.
    """

    quiet: bool = False
    as_json: bool = False

    @property
    def speaks(self) -> bool:
        """Whether it prints sentences."""
        return not (self.quiet or self.as_json)

    def say(self, text: str = "") -> None:
        """Prints a sentence. In a terminal, long ones are folded between words."""
        if self.speaks:
            typer.echo(folded(text) if sys.stdout.isatty() else text)

    def note(self, text: str) -> None:
        """Prints something that a reader may not expect."""
        if not self.quiet:
            typer.echo(f"Note: {text}", err=True)

    def warn(self, text: str) -> None:
        """Prints a warning, always."""
        typer.echo(f"Warning: {text}", err=True)

    def complain(self, text: str) -> None:
        """Prints what is missing, unless nothing but warnings is wanted."""
        if not self.quiet:
            typer.echo(folded(text) if sys.stderr.isatty() else text, err=True)

    def data(self, event: str, fields: dict[str, Any]) -> None:
        """Prints one JSON object, if results are printed as JSON."""
        if self.as_json:
            from evoloco.progress import print_json

            print_json(event, fields)

    def body(self, told: Sequence[str]) -> None:
        """Prints what was done with a user's model, a sentence each."""
        for sentence in told:
            self.say(f"Body: {sentence}")
        if told:
            self.data("body", {"told": list(told)})

    @contextmanager
    def doing(self, text: str, logged: bool = False) -> Iterator[Callable[[str], None]]:
        """Shows in a terminal what goes on while the block runs; then it vanishes.

        The block gets a function that changes the text.

        Args:
            text: What goes on.
            logged: Whether it is a line if the output is not a terminal.
        """
        if not self.speaks:
            yield unheard
            return

        from rich.console import Console

        console = Console(stderr=True)
        if not console.is_terminal:
            tell = partial(typer.echo, err=True) if logged else unheard
            tell(text)
            yield tell
            return

        with console.status(text) as status:
            yield lambda other: status.update(other)

    def display(self, run: "Run", total: int, evaluator: "Evaluator") -> "Display":
        """Returns what shows a search.

        Args:
            run: The run.
            total: Total number of generations.
            evaluator: Evaluator of the run.
        """
        from rich.console import Console

        from evoloco.progress import Json, Lines, Live, Silent

        if self.as_json:
            return Json(run, total)
        if self.quiet:
            return Silent()
        console = Console(stderr=True)
        moves = console.is_terminal and not console.is_dumb_terminal
        return (Live if moves else Lines)(run, total, evaluator)
