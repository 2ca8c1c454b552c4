"""Injects faults and prints what they cost: fault, times tried, generations lost or counted twice.

    python benchmarks/faults.py [--kills 50] [--flips 200] [--cuts 40] [--limits 10] [--seed 0]

Every run is the short one of tests/faults/injection.py. After each fault it
goes on, salvaged where the message says so, and its journal is compared byte
for byte with that of a run that nobody disturbed; a generation that differs,
is missing or is there twice counts as lost.
"""

import argparse
import collections
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "faults"))

from injection import copied, evoloco, flip, goes_on, kill_at_random, record, short, undisturbed

LONGER = "optimizer.generations=60"


def lost(folder: Path, expected: list[bytes]) -> int:
    """Generations that are not as they should be."""
    found = record(folder)
    return sum(a != b for a, b in zip(found, expected, strict=False)) + abs(len(found) - len(expected))


def killed(place: Path, kills: int, random: np.random.Generator) -> tuple[int, int, str]:
    """SIGKILL at random moments, ten times each on runs of 60 generations."""
    file = short(place)
    whole = undisturbed(file, place / "long", LONGER)
    expected, champion = record(whole.folder), (whole.folder / "champion.json").read_bytes()
    where: collections.Counter[str] = collections.Counter()
    wrong = 0
    while where.total() < kills:
        folder = place / f"killed-{where.total()}"
        where.update(kill_at_random(file, folder, min(10, kills - where.total()), random, LONGER))
        wrong += lost(folder, expected) + ((folder / "champion.json").read_bytes() != champion)
    return where.total(), wrong, ", ".join(f"{count} {place}" for place, count in where.items())


def damaged(place: Path, times: int, harm: Callable[[Path], None]) -> tuple[int, int, str]:
    """Harms the journal of a finished run, each time anew."""
    whole = place / "whole"
    if not whole.is_dir():
        undisturbed(short(place), whole).journal.close()
    expected, wrong = record(whole), 0
    ways: collections.Counter[str] = collections.Counter()
    for _ in range(times):
        folder = copied(whole, place / "damaged")
        harm(folder / "journal.sqlite")
        way, _kept = goes_on(folder)
        ways[way] += 1
        wrong += lost(folder, expected)
    return times, wrong, ", ".join(f"{count} {way}" for way, count in ways.items())


def full(place: Path, times: int, random: np.random.Generator) -> tuple[int, int, str]:
    """Limits the size of the files that a process may write, then lifts the limit."""
    file = short(place)
    expected = record(undisturbed(file, place / "roomy", LONGER).folder)
    wrong, kept = 0, []
    for number in range(times):
        folder, limit = place / f"full-{number}", int(random.integers(50_000, 90_000))
        code = evoloco(
            "evolve", file, LONGER, "--out", folder,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        ).code  # fmt: skip
        if code != 3:
            sys.exit(f"A full disk ended with code {code}.")
        kept.append(len(record(folder)))
        if evoloco("resume", folder).code:
            sys.exit("With room again, the run does not go on.")
        wrong += lost(folder, expected)
    return times, wrong, f"full after {min(kept)} to {max(kept)} generations"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--flips", type=int, default=200)
    parser.add_argument("--cuts", type=int, default=40)
    parser.add_argument("--limits", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)

    def flipped(path: Path) -> None:
        flip(path, int(random.integers(8 * path.stat().st_size)))

    def cut(path: Path) -> None:
        path.write_bytes(path.read_bytes()[: int(random.integers(path.stat().st_size))])

    wrong = 0
    print(f"{'fault':28} {'tried':>5} {'lost':>4}  remarks", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        for name, times, trial in (
            ("journal: one bit flipped", options.flips, lambda times: damaged(place, times, flipped)),
            ("journal: truncated", options.cuts, lambda times: damaged(place, times, cut)),
            ("disk full", options.limits, lambda times: full(place, times, random)),
            ("SIGKILL", options.kills, lambda times: killed(place, times, random)),
        ):
            if times:
                tried, missing, remarks = trial(times)
                wrong += missing
                print(f"{name:28} {tried:5} {missing:4}  {remarks}", flush=True)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
