"""Runs every documented command and code block as it stands, and counts them.

    python benchmarks/documented.py [--count] [--only PAGE ...]

Every page has a clone of this checkout as its working folder; tests/documented.py tells how blocks
are run. Prints each block with its time and a table with one row per page. With --count nothing is
run. The exit status is 1 if a block fails.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from documented import ROOT, RUN, SHOWN, UNCHANGED, Block, Session, pages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--count", action="store_true", help="runs nothing")
    parser.add_argument("--only", nargs="*", default=(), help="pages, such as docs/python.md")
    options = parser.parse_args()

    found = {name: page for name, page in pages().items() if page}
    chosen = options.only or list(found)
    failed = [] if options.count else _run({name: found[name] for name in chosen})
    _table({name: found[name] for name in chosen})
    for message in failed:
        print(f"\nFAILED {message}")
    sys.exit(bool(failed))


def _run(chosen: dict[str, list[Block]]) -> list[str]:
    """Runs pages unchanged; returns what failed."""
    failed = []
    with tempfile.TemporaryDirectory() as kept:
        for name, page in chosen.items():
            with tempfile.TemporaryDirectory() as folder:
                subprocess.run(["git", "clone", "-q", str(ROOT), folder], check=True)
                session = Session(Path(folder), Path(kept), shortened=False)
                session.prepare(page)
                failed += _run_page(name, page, session)
    return failed


def _run_page(name: str, page: Sequence[Block], session: Session) -> list[str]:
    """Runs one page; returns what failed."""
    failed = []
    for block in page:
        began = time.perf_counter()
        try:
            ran = session.run(block)
        except AssertionError as error:
            failed.append(str(error))
            print(f"{name}:{block.line} failed", flush=True)
            continue
        if ran:
            print(f"{name}:{block.line} ran in {time.perf_counter() - began:.1f} s", flush=True)
    return failed


def _table(chosen: dict[str, list[Block]]) -> None:
    """Prints how many commands and blocks of each page are run and shown."""
    print(f"{'page':28}{'commands':>10}{'Python':>8}{'TOML':>6}{'unchanged':>11}{'shown':>7}")
    total = [0] * 5
    for name, page in chosen.items():
        row = _counts(page)
        total = [old + new for old, new in zip(total, row, strict=True)]
        print(f"{name:28}{row[0]:10}{row[1]:8}{row[2]:6}{row[3]:11}{row[4]:7}")
    print(f"{'all':28}{total[0]:10}{total[1]:8}{total[2]:6}{total[3]:11}{total[4]:7}\n")

    for block in [block for page in chosen.values() for block in page if block.mark]:
        print(f"{block}: {block.mark}: {block.reason}")


def _counts(page: Sequence[Block]) -> list[int]:
    """Counts what is run of a page: commands, blocks of Python, blocks of TOML.

    Then blocks that are run unchanged only, and blocks that are shown.
    """
    run = {
        language: [one for one in page if (one.language, one.mark) == (language, "")]
        for language in RUN
    }
    return [
        sum("evoloco " in command for block in run["sh"] for command in block.commands),
        len(run["python"]),
        len(run["toml"]),
        sum(block.mark == UNCHANGED for block in page),
        sum(block.mark == SHOWN for block in page),
    ]


if __name__ == "__main__":
    main()
