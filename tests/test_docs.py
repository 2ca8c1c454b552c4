"""The documentation is true: its files, links and tables are compared with the code."""

import importlib.util
import pydoc
import re
import sqlite3
from pathlib import Path
from types import ModuleType

import documented
import numpy as np
import pytest
from documented import Block
from traces import body, noise

from evoloco.bundled import run_file
from evoloco.episode import Columns
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.loop import evolve
from evoloco.measure import row_form
from evoloco.members import member
from evoloco.morphologies import muscle_biped
from evoloco.run import Run
from evoloco.spec import read
from evoloco.stepwise import rows
from evoloco.term import Term

ROOT = Path(__file__).parents[1]
PAGES = {
    str(path.relative_to(ROOT)): path
    for path in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").glob("*.md"))]
}


BLOCKS = [block for page in documented.pages().values() for block in page]
FOLDERS = ("evoloco", "controllers", "morphologies", "fitness", "runs", "tests", "benchmarks")
RUN_FILES = [block for block in BLOCKS if block.file.endswith(".toml")]


def the(page: str, holding: str) -> str:
    """The one Python block of a page that holds some words."""
    blocks = [block.text for block in BLOCKS if (block.page, block.language) == (page, "python")]
    (found,) = [text for text in blocks if holding in text]
    return found


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_pages_hold_what_these_tests_try() -> None:
    assert {block.page for block in RUN_FILES} >= {
        "README.md",
        "docs/run-file.md",
        "docs/write-a-controller.md",
        "docs/write-a-measure.md",
        "docs/write-a-morphology.md",
    }


@pytest.mark.parametrize("block", RUN_FILES, ids=lambda block: f"{block.page}:{block.file}")
def test_every_run_file_in_the_docs_runs_with_the_files_beside_it(
    block: Block, in_folder: Path
) -> None:
    for other in BLOCKS:
        if other.page == block.page and other.file:
            (in_folder / other.file).write_text(other.text, encoding="utf-8")
    spec = read(in_folder / block.file, ["scenario.duration=0.1", "optimizer.population_size=4"])
    experiment = Experiment(spec)
    genomes = experiment.optimizer().ask()
    evaluation = Local(experiment).evaluate(genomes, experiment.scenarios(0), support=0.0)
    assert set(evaluation.outcome.ravel()) <= {"completed", "fell"}
    assert set(evaluation.duration.ravel()) <= {0.02, 0.04, 0.06, 0.08, 0.1}


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/write-a-controller.md"])
def test_a_controller_of_the_docs_moves_the_bundled_biped(page: str, in_folder: Path) -> None:
    (block,) = [block for block in BLOCKS if block.page == page and block.file.endswith(".py")]
    (in_folder / block.file).write_text(block.text, encoding="utf-8")
    own = f"controller={{name='{in_folder / block.file}'}}"
    experiment = Experiment(
        read(run_file("biped_fast"), [own, "scenario.duration=0.5", "optimizer.population_size=2"])
    )
    genomes = experiment.optimizer().ask()
    evaluation = Local(experiment).evaluate(genomes, experiment.scenarios(0), support=0.0)
    assert "unstable" not in evaluation.outcome
    assert evaluation.distance[0, 0] != evaluation.distance[1, 0]


def test_the_row_form_of_the_docs_equals_its_measure(in_folder: Path) -> None:
    page = "docs/write-a-measure.md"
    file = in_folder / "bounce.py"
    file.write_text(f"{the(page, '# bounce.py')}\n\n{the(page, 'def row')}", encoding="utf-8")
    own = member("fitness", str(file))
    term = Term("bounce", 1.0, "own", own.measure, {"free": 0.2}, own.UNIT, form=row_form(own))
    lived = noise(body(), 20)
    np.testing.assert_array_equal(rows(term, lived), own.measure(lived, free=0.2))


def test_the_page_about_measures_names_every_field_of_a_row() -> None:
    text = PAGES["docs/write-a-measure.md"].read_text(encoding="utf-8")
    record = Columns(muscle_biped.build(), 2).record
    assert record.names is not None
    for name in (*record.names, *record["foot"].base.names, *record["muscle"].base.names):
        assert re.search(rf"[`.]\.?{name}[`\[.]", text), name


@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_the_docs_leads_somewhere(page: str) -> None:
    text = PAGES[page].read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (PAGES[page].parent / target).exists(), target


@pytest.mark.parametrize("page", [name for name in PAGES if name != "CHANGELOG.md"])
def test_files_and_names_of_the_package_in_the_docs_exist(page: str) -> None:
    text = PAGES[page].read_text(encoding="utf-8")
    for file in re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*)`", text):
        assert (ROOT / file).exists() or file.startswith("runs/out"), file
    for name in re.findall(r"\bevoloco(?:\.\w+)+", text):
        assert pydoc.locate(name) is not None or "group" in text.partition(name)[0][-80:], name


def test_the_index_names_every_page() -> None:
    index = PAGES["docs/README.md"].read_text(encoding="utf-8")
    assert {name for name in PAGES if name.startswith("docs/")} - {"docs/README.md"} == {
        f"docs/{link}" for link in re.findall(r"\]\(([\w-]+\.md)\)", index)
    }


def test_the_run_file_reference_is_up_to_date() -> None:
    assert PAGES["docs/run-file.md"].read_text(encoding="utf-8") == _generator().page(), (
        "write it anew: make docs"
    )


def test_the_reference_tells_a_key_with_its_table_type_limits_and_default() -> None:
    page = _generator().page()
    section = page.partition("## `[scenario.push]`")[2].partition("\n## ")[0]
    assert "| `count` | integer ≥ 0, ≤ 1000 | `0` | Pushes per episode" in section
    assert "| `friction` | [number > 0, number > 0] | `[1.0, 1.0]` |" in page
    assert "## `[fitness.NAME]`" in page
    assert "| `weight` | number | required |" in page


def test_pandas_reads_the_journal_in_the_three_lines_of_the_docs(
    in_folder: Path, hop: Path
) -> None:
    run = Run.create(read(hop), Path("runs/out/biped-seed0"))
    evolve(run, generations=2)
    names: dict[str, object] = {}
    lines = the("docs/journal.md", "read_sql").strip()
    assert len([line for line in lines.splitlines() if line]) == 3
    exec(lines, names)
    individuals, database = names["individuals"], names["database"]
    assert list(individuals.columns) == [
        "generation",
        "individual",
        "genome",
        "fitness",
        "outcome",
        "ending",
        "duration",
        "distance",
        "speed",
    ]
    fitness = [run.journal[generation].fitness.tolist() for generation in range(2)]
    assert individuals.groupby("generation").fitness.apply(list).tolist() == fitness
    database.close()


def test_the_page_about_the_journal_names_every_table_column_and_note(
    in_folder: Path, hop: Path
) -> None:
    run = Run.create(read(hop), in_folder / "run")
    evolve(run, generations=1)
    page = PAGES["docs/journal.md"].read_text(encoding="utf-8")
    database = sqlite3.connect(in_folder / "run" / "journal.sqlite")
    tables = [
        row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    ]
    assert tables
    for table in tables:
        assert f"**`{table}`**" in page
        for column in database.execute("SELECT name FROM pragma_table_info(?)", (table,)):
            assert column[0] == "speed" or f"`{column[0]}`" in page
    for note in database.execute("SELECT key FROM notes"):
        assert f"| `{note[0]}` |" in page
    database.close()


def test_what_must_pass_runs_the_test_command_of_the_readme() -> None:
    (command,) = [
        block.text.strip()
        for block in BLOCKS
        if block.page == "README.md" and "bin/pytest" in block.text
    ]
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def _generator() -> ModuleType:
    location = importlib.util.spec_from_file_location(
        "make_run_file", ROOT / "docs" / "make_run_file.py"
    )
    assert location is not None
    assert location.loader is not None
    module = importlib.util.module_from_spec(location)
    location.loader.exec_module(module)
    return module
