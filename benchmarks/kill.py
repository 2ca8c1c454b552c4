"""Kills `evoloco evolve` at random moments, resumes it each time, and compares its journal with an undisturbed one.

    python benchmarks/kill.py [--run biped] [--kills 20] [--generations 60] [--seed 0] [--out FOLDER]

The run is the bundled one, shortened. Every process gets SIGKILL: some while they
start, some in the search, some while they choose the champion or write the
report. The last one ends by itself. Then genomes and fitness must equal, byte
for byte, those of a run that nobody disturbed, and so must the champion.
"""

import argparse
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

DURATION = 4.0
"""Of an episode [s]."""

POLL = 0.02
"""Time between looks at the journal [s]."""


def started(arguments: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "evoloco.cli", *arguments], stdout=subprocess.DEVNULL
    )


def query(folder: Path, text: str) -> list[tuple[Any, ...]]:
    """Rows of the journal; none while there is none."""
    try:
        with closing(
            sqlite3.connect(f"file:{folder / 'journal.sqlite'}?mode=ro", uri=True)
        ) as journal:
            return journal.execute(text).fetchall()
    except sqlite3.OperationalError:
        return []


def generations(folder: Path) -> int:
    rows = query(folder, "SELECT count(*) FROM generations")
    return int(rows[0][0]) if rows else 0


def record(folder: Path) -> bytes:
    """Genomes and fitness, and the champion's file, as one string of bytes."""
    rows = query(folder, "SELECT genome, fitness FROM individuals ORDER BY generation, individual")
    champion = (folder / "champion.json").read_bytes()
    return b"".join(genome + struct.pack("<d", fitness) for genome, fitness in rows) + champion


def undisturbed(arguments: list[str], folder: Path) -> tuple[float, float, float]:
    """Runs to the end; time to the first generation, of a generation, and after the last one [s]."""
    began = time.time()
    if started([*arguments, "--out", str(folder)]).wait():
        sys.exit("The undisturbed run failed.")
    ended = time.time()
    finished = [
        row[0] for row in query(folder, "SELECT finished FROM generations ORDER BY generation")
    ]
    return (
        finished[0] - began,
        (finished[-1] - finished[0]) / (len(finished) - 1),
        ended - finished[-1],
    )


def reached(folder: Path, began: float, total: int) -> str:
    """What a process that began at a time [Unix s] had come to when it was killed."""

    def fresh(name: str) -> bool:
        return (folder / name).is_file() and (folder / name).stat().st_mtime >= began

    if not folder.is_dir():
        return "no folder yet"
    if generations(folder) < total:
        return "search"
    if fresh("report.html"):
        return "report written"
    return "report" if fresh("champion.json") else "before the champion"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", default="biped")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--generations", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument(
        "--out", type=Path, help="where the two run folders go; a temporary folder where left out"
    )
    options = parser.parse_args()
    total = options.generations
    changes = [f"scenario.duration={DURATION}", f"evaluation.heldout_duration={DURATION}"]
    arguments = ["evolve", options.run, f"optimizer.generations={total}", *changes]

    with tempfile.TemporaryDirectory() as temporary:
        place = options.out or Path(temporary)
        whole, killed = place / "undisturbed", place / "killed"
        start, generation, end = undisturbed(arguments, whole)
        print(
            f"Undisturbed: {start:.1f} s to the first generation, {generation:.2f} s each, then {end:.1f} s."
        )
        print(f"{'kill':>4} {'lived [s]':>9} {'generations':>12}  in")
        random, kills = np.random.default_rng(options.seed), 0
        while kills < options.kills:
            before = generations(killed)
            wanted = max(
                before, min(total, total * kills * 4 // (3 * options.kills))
            )  # a quarter after the search
            after = end if wanted == total else generation
            began = time.time()
            process = started(
                ["resume", str(killed)] if killed.is_dir() else [*arguments, "--out", str(killed)]
            )
            while process.poll() is None and generations(killed) < wanted:
                time.sleep(POLL)
            moment = random.uniform(0, after if wanted > before else start + after)
            while process.poll() is None and moment > 0:
                time.sleep(min(moment, POLL))
                moment -= POLL
            process.kill()
            code = process.wait()
            if code not in (0, -signal.SIGKILL):
                sys.exit(f"A resumed process ended with code {code}.")
            if code:
                kills += 1
                where = reached(killed, began, total)
                print(
                    f"{kills:4} {time.time() - began:9.2f} {generations(killed):9}/{total}  {where}",
                    flush=True,
                )
        if started(["resume", str(killed)]).wait():
            sys.exit("The last process failed.")
        equal = record(killed) == record(whole)
        left = sorted(
            {path.name for path in killed.iterdir()} - {path.name for path in whole.iterdir()}
        )
        print(f"Left over in the run folder: {', '.join(left) or 'nothing'}.")
        print(
            f"{len(record(whole))} bytes of genomes, fitness and champion: {'equal' if equal else 'DIFFERENT'}."
        )
        sys.exit(not equal)


if __name__ == "__main__":
    main()
