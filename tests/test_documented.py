"""The documentation is true: its commands, blocks of Python and run files run."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from documented import (
    FILES,
    PICTURES,
    RUN,
    SHOWN,
    Block,
    Session,
    blocks,
    mentions,
    merge,
    pages,
)

from evoloco import cli

ROOT = Path(__file__).parents[1]
PAGES = pages()
BLOCKS = [block for page in PAGES.values() for block in page]


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the runs that the pages take for granted."""
    return tmp_path_factory.mktemp("stock")


@pytest.mark.slow
@pytest.mark.parametrize("page", [name for name, found in PAGES.items() if found])
def test_everything_on_a_page_runs(
    page: str, stock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if any(word in block.text for block in PAGES[page] for word in ("[cameras.", "evoloco learn")):
        monkeypatch.delenv("MUJOCO_GL")  # which keeps reports from being filmed
    session = Session(tmp_path, stock)
    session.prepare(PAGES[page])
    for block in PAGES[page]:
        session.run(block)


def test_every_block_is_run_or_a_file_or_says_why_it_is_only_shown() -> None:
    for block in BLOCKS:
        assert block.language in (*RUN, *FILES, *PICTURES), f"{block}: {block.language!r}"
        assert block.language in RUN or not block.mark, f"{block} needs no mark"


def test_most_commands_are_run() -> None:
    commands = [block for block in BLOCKS if block.language == "sh"]
    shown = [block for block in commands if block.mark]
    assert len(shown) < len(commands) / 2


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.mark == SHOWN], ids=str)
def test_a_script_that_is_only_shown_exists(block: Block) -> None:
    for script in re.findall(r"^python ([\w/]+\.py)", block.text, re.MULTILINE):
        assert (ROOT / script).is_file()


@pytest.mark.parametrize("page", [name for name in PAGES if name.endswith(".md")])
def test_commands_that_a_page_mentions_exist_with_their_options(page: str) -> None:
    group = typer.main.get_command(cli.app)
    for mention in mentions((ROOT / page).read_text(encoding="utf-8")):
        words = shlex.split(mention)[1:]
        command = group if words[0].startswith("-") else group.commands[words[0]]  # type: ignore[attr-defined]
        options = {option for one in command.params for option in one.opts}
        assert {word for word in words if word.startswith("--")} <= options, mention


def test_a_page_is_read_in_its_order_with_marks_and_without_placeholders() -> None:
    page = (
        "Try `evoloco list` and `evoloco resume DIR`.\n\n"
        "<!-- shown, not run: no reason -->\n```sh\nevoloco evolve a && evoloco list  # both\n```\n"
        "\n```toml\n# in the run hopper\n[scenario]\n```\n\nNow `evoloco evolve b`.\n"
    )
    found = blocks("page", page)
    assert [(block.line, block.language, block.mark) for block in found] == [
        (1, "sh", ""),
        (5, "sh", SHOWN),
        (9, "toml", ""),
        (13, "sh", ""),
    ]
    assert found[1].commands == ["evoloco evolve a", "evoloco list"]
    assert found[1].reason == "no reason"
    assert mentions(page) == ["evoloco resume DIR"]


def test_tables_are_merged_but_another_member_takes_none_of_the_old_ones_options() -> None:
    run = {"optimizer": {"name": "cmaes", "sigma": 0.3}, "scenario": {"push": {"count": 1}}}
    assert merge(run, {"optimizer": {"name": "race"}, "scenario": {"push": {"impulse": 2}}}) == {
        "optimizer": {"name": "race"},
        "scenario": {"push": {"count": 1, "impulse": 2}},
    }


def test_a_block_that_fails_is_told_with_its_page_and_line(tmp_path: Path) -> None:
    block = Block("page.md", 7, "sh", "evoloco evolve no_such_run")
    with pytest.raises(AssertionError, match=r"page.md:7.*exit code 2[^$]*Unknown run"):
        Session(tmp_path, tmp_path).run(block)
