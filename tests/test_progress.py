"""What a search shows: in terminals of any width, as plain lines, and as JSON."""

import io
import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import terminal
from conftest import Ended
from rich.console import Console

from evoloco.figures import Figures, Pace, clock
from evoloco.loop import evolve
from evoloco.progress import Live
from evoloco.run import Run
from evoloco.spec import read

AIDS = (
    "evaluation.support.stiffness=3.0",
    "evaluation.support.generations=3",
    "scenario.push.count=1",
    "scenario.push.impulse=0.1",
    "scenario.push.growth=3",
)
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")


@pytest.fixture
def run(hop: Path) -> Run:
    return Run.create(read(hop, AIDS), hop.parent / "run")


def shown(run: Run, columns: int) -> list[str]:
    """The lines that a display draws in a terminal of so many columns."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=columns, height=24)
    evaluator = run.local(1)
    with Live(run, run.generations, evaluator, console) as live:
        evolve(run, evaluator=evaluator, progress=live.show)
    text = terminal.CONTROL.sub("", screen.getvalue())
    return [line for line in re.split(r"[\r\n]+", text) if line]


def test_a_display_names_figures_and_aids_and_no_line_of_it_is_wider_than_the_terminal(
    run: Run,
) -> None:
    head, folder, *lines = shown(run, 80)
    assert head == "hop: hopper + sine, 7 genes, cmaes, seed 0"
    assert folder == f"Folder: {run.folder}"
    assert max(map(len, lines)) <= 80
    assert re.match(r"generation 4/4 ━+ 0:\d\d, left 0:00", lines[-2])
    assert re.fullmatch(
        r"best -?[\d.]+  [+-][\d.]+ m/s for [\d.]+ s  \d+ of 10 fell  \d+ sim s/s",
        lines[-1].strip(),
    )


def test_a_very_narrow_terminal_cuts_lines_and_wraps_none(run: Run) -> None:
    assert max(map(len, shown(run, 30)[2:])) <= 30


def test_figures_are_those_of_the_record_and_name_aids_while_they_act(run: Run) -> None:
    figures = []
    evolve(run, progress=lambda record: figures.append(Figures.of(run, record, 4, 7.0)))
    assert [one.aids for one in figures] == [
        "virtual support at 100%, pushes at 0% of their strength",
        "virtual support at 67%, pushes at 33% of their strength",
        "virtual support at 33%, pushes at 67% of their strength",
        "",
    ]
    for one, record in zip(figures, run.journal.generations(), strict=True):
        assert one.best == record.fitness.max()
        assert one.mean == pytest.approx(record.fitness.mean())
        assert one.fell == np.sum(record.evaluation.outcome == "fell")
        assert one.episodes == record.evaluation.outcome.size == 10
        best = int(record.fitness.argmax())
        assert one.speed == pytest.approx(
            record.evaluation.distance[best].sum() / record.evaluation.duration[best].sum()
        )


def test_the_time_left_is_that_of_the_generations_left_at_the_recent_pace(run: Run) -> None:
    evolve(run)
    pace, records = Pace(4), list(run.journal.generations())
    assert pace.left(records[0]) == pytest.approx(3 * records[0].wall_time)
    recent = 0.7 * records[0].wall_time + 0.3 * records[1].wall_time
    assert pace.left(records[1]) == pytest.approx(2 * recent)
    assert pace.left(records[2]) > 0
    assert pace.left(records[3]) == 0
    assert [clock(0), clock(59.9), clock(61), clock(3661)] == ["0:00", "0:59", "1:01", "1:01:01"]


@pytest.mark.slow
def test_json_has_one_object_per_generation_and_a_final_one_and_nothing_else(
    evoloco: Callable[..., Ended], hop: Path
) -> None:
    folder = hop.parent / "run"
    ended = evoloco("evolve", hop, "--json", "--out", folder)
    assert ended.code == 0
    *generations, last = [json.loads(line) for line in ended.out.splitlines()]
    assert [one["event"] for one in generations] == ["generation"] * 4
    assert [one["generation"] for one in generations] == [1, 2, 3, 4]

    run = Run(folder)
    assert [one["best"] for one in generations] == [
        record.fitness.max() for record in run.journal.generations()
    ]
    assert last["event"] == "end"
    assert last["champion"]["heldout_fitness"] == run.read_champion()["heldout_fitness"]
    assert Path(last["report"]).is_file()
    assert last["film"] is None
    assert last["reason"] == "the last generation was reached"


def test_json_has_null_for_what_is_not_finite() -> None:
    figures = Figures(1, 2, -math.inf, math.nan, 0.0, 0.1, 4, 0, 4, 9.0, 0.0, None, 1.0)
    plain = figures.plain()
    assert (plain["best"], plain["mean"], plain["pushes"]) == (None, None, None)
    assert figures.happenings == "0 of 4 fell, 4 diverged"
    json.dumps(plain, allow_nan=False)


@pytest.mark.slow
def test_quiet_prints_nothing_where_nothing_is_wrong(
    evoloco: Callable[..., Ended], hop: Path
) -> None:
    folder = hop.parent / "run"
    assert evoloco("evolve", hop, "--quiet", "--out", folder) == Ended(0, "", "")
    assert evoloco("resume", folder, "-q", "--generations", "5") == Ended(0, "", "")
    assert len(Run(folder).journal) == 5


@pytest.mark.slow
def test_without_a_terminal_the_steps_are_plain_lines(
    evoloco: Callable[..., Ended], hop: Path
) -> None:
    ended = evoloco("evolve", hop, *AIDS, "--out", hop.parent / "run")
    assert "generation 1/4  best " in ended.err
    assert "  virtual support at 100%, pushes at 0% of their strength  " in ended.err
    steps = [
        "Choosing the champion in 2 fresh scenarios",
        "Writing the report",
        "Writing the report",
    ]
    assert [step for step in steps if step in ended.err] == steps
    assert "\x1b" not in ended.err + ended.out


@pytest.mark.slow
def test_a_terminal_of_80_columns_shows_every_step_and_no_line_wraps(
    hop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hop.parent)
    aids = [
        aid.replace("=3", "=20") if "growth" in aid or "generations" in aid else aid for aid in AIDS
    ]
    wide = ["optimizer.generations=40", "scenario.duration=2.0"]
    ended = terminal.evoloco("evolve", hop.name, *aids, *wide, "--out", "run")
    assert ended.code == 0, ended.raw
    assert max(map(len, ended.lines)) <= 80, [line for line in ended.lines if len(line) > 80]

    text = "\n".join(ended.lines)
    for word in (
        "Folder: run",
        "generation 40/40 ━",
        " left 0:00",
        "virtual support at ",
        "pushes at ",
        " fell  ",
        " sim s/s",
        "Choosing the champion in 2 fresh scenarios",
        "Writing the report",
        "held-out scenarios",
        "Report: run/report.html",
        "Next:",
        "evoloco resume run --generations 80",
    ):
        assert word in text, word
    assert COLOUR.search(ended.raw)


@pytest.mark.slow
def test_no_color_is_respected(hop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hop.parent)
    ended = terminal.evoloco("evolve", hop.name, "--out", "run", environment={"NO_COLOR": "1"})
    assert ended.code == 0, ended.raw
    assert "generation 4/4 ━" in "\n".join(ended.lines)
    assert not COLOUR.search(ended.raw)
