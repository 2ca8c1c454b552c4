"""The time that a generation spends outside simulation: optimizer, journal, display.

    python benchmarks/overhead.py [--run biped] [--generations N]

Evolves a bundled run in a temporary folder and compares the time from the
first to the last recorded generation with the evaluator's share of it.
"""

import argparse
import tempfile
from pathlib import Path

from evoloco.bundled import run_file
from evoloco.loop import evolve
from evoloco.progress import Live
from evoloco.run import Run
from evoloco.spec import read


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", default="biped_fast")
    parser.add_argument("--generations", type=int, default=0, help="0 for those of the run file")
    arguments = parser.parse_args()
    changes = [f"optimizer.generations={arguments.generations}"] if arguments.generations else []
    spec = read(run_file(arguments.run), changes)
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(spec, Path(folder) / "run")
        evaluator = run.local()
        with Live(run, run.generations, evaluator) as live:
            evolve(run, evaluator=evaluator, progress=live.show)
        records = list(run.journal.generations())

    whole = records[-1].finished - records[0].finished
    simulation = sum(record.simulation_time for record in records[1:])
    lived = sum(record.evaluation.duration.sum() for record in records[1:])
    print(
        f"{arguments.run}: {len(records) - 1} generations in {whole:.2f} s, "
        f"{lived / whole:.0f} simulated s/s"
    )
    print(f"not simulation: {100 * (1 - simulation / whole):.2f} % of the time")


if __name__ == "__main__":
    main()
