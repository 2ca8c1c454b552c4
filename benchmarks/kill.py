"""Kills `evoloco evolve` at random moments, resumes it, and compares the journals.

    python benchmarks/kill.py [--run biped] [--kills 20] [--generations 60] [--seed 0]
                              [--train] [--out FOLDER]

With `--train`, it kills `evoloco train` of biped_ppo instead, and the weights and everything else
that a training continues with must be equal too.

The run is the bundled one, shortened. Every process gets SIGKILL: some while they
start, some in the search, some while they choose the champion or write the
report. The last one ends by itself. Then genomes, fitness and champion must
equal, byte for byte, those of an undisturbed run.
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
"""Duration of an episode [s]."""

SMALL = ("training.simulations=8", "training.rollout=64", "training.judge=2")
"""What makes a training short enough to be killed often."""

STEPS_PER_JUDGEMENT = 8 * 64 * 2
"""Control steps between two judgements of it."""

POLL = 0.02
"""Time between looks at the journal [s]."""


def started(arguments: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "evoloco.cli", *arguments], stdout=subprocess.DEVNULL
    )


def query(folder: Path, text: str) -> list[tuple[Any, ...]]:
    """Returns rows of the journal; none if there is no journal yet."""
    file = f"file:{folder / 'journal.sqlite'}?mode=ro"
    try:
        with closing(sqlite3.connect(file, uri=True)) as journal:
            return journal.execute(text).fetchall()
    except sqlite3.OperationalError:
        return []


def generations(folder: Path) -> int:
    rows = query(folder, "SELECT count(*) FROM generations")
    return int(rows[0][0]) if rows else 0


def record(folder: Path) -> bytes:
    """Returns genomes, fitness, champion and checkpoint of a training as one string of bytes."""
    rows = query(folder, "SELECT genome, fitness FROM individuals ORDER BY generation, individual")
    files = (folder / "champion.json", folder / "training.safetensors")
    content = b"".join(path.read_bytes() for path in files if path.is_file())
    return b"".join(genome + struct.pack("<d", fitness) for genome, fitness in rows) + content


def undisturbed(arguments: list[str], folder: Path) -> tuple[float, float, float]:
    """Runs to the end; returns the times to the first, per, and after the last generation [s]."""
    began = time.time()
    if started([*arguments, "--out", str(folder)]).wait():
        sys.exit("The undisturbed run failed.")
    ended = time.time()

    rows = query(folder, "SELECT finished FROM generations ORDER BY generation")
    first, last = rows[0][0], rows[-1][0]
    return first - began, (last - first) / (len(rows) - 1), ended - last


def reached(folder: Path, began: float, total: int) -> str:
    """Returns how far a process that started at a Unix time [s] came before it was killed."""

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
    parser.add_argument("--run", help="by default biped_fast, or biped_ppo with --train")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--generations", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments")
    parser.add_argument("--train", action="store_true", help="kills a training")
    parser.add_argument(
        "--out", type=Path, help="folder of the two run folders; by default a temporary one"
    )
    options = parser.parse_args()
    total = options.generations
    changes = [f"scenario.duration={DURATION}", f"evaluation.heldout_duration={DURATION}"]
    arguments = ["evolve", options.run or "biped_fast", f"optimizer.generations={total}", *changes]
    if options.train:
        steps = (total - 1) * STEPS_PER_JUDGEMENT
        small = [*SMALL, f"training.steps={steps}"]
        arguments = ["train", options.run or "biped_ppo", *small, *changes]

    with tempfile.TemporaryDirectory() as temporary:
        place = options.out or Path(temporary)
        whole, killed = place / "undisturbed", place / "killed"
        times = undisturbed(arguments, whole)
        print(
            f"Undisturbed: {times[0]:.1f} s to the first generation, {times[1]:.2f} s each, "
            f"then {times[2]:.1f} s."
        )

        random, kills = np.random.default_rng(options.seed), 0
        print(f"{'kill':>4} {'lived [s]':>9} {'generations':>12}  in")
        while kills < options.kills:
            # A quarter of the kills is after the search.
            wanted = min(total, total * kills * 4 // (3 * options.kills))
            began = time.time()
            if killed_once(arguments, killed, wanted, total, times, random):
                kills += 1
                print(
                    f"{kills:4} {time.time() - began:9.2f} {generations(killed):9}/{total}  "
                    f"{reached(killed, began, total)}",
                    flush=True,
                )

        if started(["resume", str(killed)]).wait():
            sys.exit("The last process failed.")
        sys.exit(not compared(killed, whole))


def killed_once(
    arguments: list[str],
    folder: Path,
    wanted: int,
    total: int,
    times: tuple[float, float, float],
    random: np.random.Generator,
) -> bool:
    """Starts or resumes the run, and kills it after some generation.

    Args:
        arguments: Of `evoloco`, to start the run.
        folder: Of the run.
        wanted: Generations after which it is killed, at a random moment.
        total: All generations of the run.
        times: To the first, per, and after the last generation [s].
        random: Of the moment.

    Returns:
        Whether it was killed; False if it ended before.
    """
    start, generation, end = times
    before = generations(folder)
    wanted = max(before, wanted)
    process = started(
        ["resume", str(folder)] if folder.is_dir() else [*arguments, "--out", str(folder)]
    )
    while process.poll() is None and generations(folder) < wanted:
        time.sleep(POLL)

    after = end if wanted == total else generation
    moment = random.uniform(0, after if wanted > before else start + after)
    while process.poll() is None and moment > 0:
        time.sleep(min(moment, POLL))
        moment -= POLL
    process.kill()

    code = process.wait()
    if code not in (0, -signal.SIGKILL):
        sys.exit(f"A resumed process ended with code {code}.")
    return code != 0


def compared(killed: Path, whole: Path) -> bool:
    """Prints and returns whether the killed run equals the undisturbed one."""
    extra = {path.name for path in killed.iterdir()} - {path.name for path in whole.iterdir()}
    print(f"Left over in the run folder: {', '.join(sorted(extra)) or 'nothing'}.")

    expected = record(whole)
    equal = record(killed) == expected
    print(
        f"{len(expected)} bytes of genomes, fitness and champion: "
        f"{'equal' if equal else 'DIFFERENT'}."
    )
    return equal


if __name__ == "__main__":
    main()
