"""The published champions in Drake, over the contacts of a check, beside MuJoCo.

    python benchmarks/second_simulator.py [RUN ...] [--step SECONDS] [--each]

One row per champion: in how many contacts it lasts 10 s, in how many it walks, runs or hops, and
medians over those that it lasts in, with MuJoCo's numbers in brackets. `--each` prints a row per
contact too. `--step` is Drake's, 1 ms if left out.
"""

import argparse
from pathlib import Path
from statistics import median

from evoloco.check.bench import Bench
from evoloco.check.gaps import gaps
from evoloco.check.quality import look
from evoloco.check.second import HEADS, NUMBERS, Outing, Second
from evoloco.check.subject import Subject
from evoloco.check.worlds import NEAR, scenarios
from evoloco.drake.contact import contacts
from evoloco.drake.engine import version
from evoloco.drake.walk import STEP, walk
from evoloco.text_table import aligned

RUNS = (
    *("biped", "op3_class", "quadruped", "biped_fast", "biped_robust_ppo", "biped_sine"),
    "xl330_biped",
)
"""Runs whose champions are tried where none is named."""


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*")
    parser.add_argument("--step", type=float, default=STEP)
    parser.add_argument("--each", action="store_true")
    asked = parser.parse_args()

    heads = ("speed [m/s]", *HEADS)
    print("| champion | lasts | goes | way [m] |", " | ".join(heads), "|")
    print("| --- " * (len(heads) + 4) + "|")
    found = []
    for name in asked.runs or RUNS:
        found.append(second(name, asked.step))
        print(f"| {name} |", " | ".join(cells(found[-1])), "|", flush=True)
    for one in found if asked.each else ():
        print()
        print(aligned(*one.rows()))


def second(name: str, step: float) -> Second:
    """Returns what the champion of a run does in the first nominal world of its check."""
    subject = Subject.of(name, Path())
    bench, genome = Bench(subject.spec, subject.genome, threads=1), subject.genome
    start = NEAR * max(gap.joint_noise or 0.0 for gap in gaps(bench.experiment)[0])
    drawn = scenarios(bench.experiment, [], start, 1)
    (native,) = bench.looks(bench.experiment, drawn)
    outings = [
        Outing.of(
            look(walk(bench.experiment, genome, drawn[0], contact, bench.duration, step)), contact
        )
        for contact in contacts(bench.body)
    ]
    return Second(
        engine="drake",
        version=version(),
        native=Outing.of(native, None),
        outings=tuple(outings),
        told=(),
    )


def cells(found: Second) -> list[str]:
    """Returns a champion's cells: numbers in Drake, and MuJoCo's in brackets."""
    lasting, native = [one for one in found.outings if not one.fell], found.native
    ways = [one.way for one in lasting if one.way is not None]
    span = f"{min(ways):.2f} to {max(ways):.2f}" if ways else "-"
    count = len(found.outings)
    row = [f"{found.lasting} of {count}", f"{found.going} of {count}"]
    row += [f"{span} ({native.way:.2f})", _pair([one.speed for one in lasting], native.speed)]
    row += [_pair([one.numbers[name] for one in lasting], native.numbers[name]) for name in NUMBERS]
    return row


def _pair(values: list[float | None], native: float | None) -> str:
    known = [value for value in values if value is not None]
    here = f"{median(known):.2f}" if known else "-"
    return f"{here} ({'-' if native is None else f'{native:.2f}'})"


if __name__ == "__main__":
    main()
