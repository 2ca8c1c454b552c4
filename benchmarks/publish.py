"""Publishes finished runs: writes champion, gait and provenance to runs/NAME/champion.json.

    python benchmarks/publish.py runs/out/biped-seed0 [...]
    python benchmarks/publish.py --again muscle_biped [...]

The run file must be that of the bundled run; a test replays what is published.

`--again` measures published champions again, if a measure has changed since: their held-out
results and gait. Their results in the search stay as they were.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evoloco import provenance
from evoloco.bundled import run_file
from evoloco.evaluators.local import judge, simulator
from evoloco.experiment import Experiment
from evoloco.gait.analysis import Gait, analyse, rows, walks
from evoloco.rating import aggregate
from evoloco.replay import replay
from evoloco.run import Run
from evoloco.spec import read

KEPT = ("evoloco", "python", "packages", "cpu", "files_sha256")
"""Facts that decide whether a replay must be equal to the last bit."""


def publish(folder: Path) -> Path:
    """Writes the result of a run folder next to its bundled run file."""
    run = Run(folder)
    target = Path("runs") / run.spec.name / "champion.json"
    bundled = Experiment(read(run_file(run.spec.name), [f"seed={run.spec.seed}"])).told
    if bundled != run.spec:
        sys.exit(
            f"{folder} was not made by the bundled run file of '{run.spec.name}' as it is now."
        )
    again = replay(run)
    if not again.equal:
        sys.exit(f"{folder} does not replay to the last bit on this machine.")

    gaits = [analyse(episode) for episode in again.episodes]
    result = {
        **run.read_champion(),
        "generations": len(run.journal),
        **walking(gaits, run.experiment.heldout_duration),
        "provenance": {key: value for key, value in run.provenance.items() if key in KEPT},
    }
    return written(result, target)


def written(published: dict[str, Any], target: Path) -> Path:
    """Writes what is published, with the numbers of the genome in one line."""
    text = json.dumps({**published, "genome": "GENOME"}, indent=2)
    genome = json.dumps(published["genome"])
    target.write_text(text.replace('"GENOME"', genome) + "\n", encoding="utf-8")
    return target


def walking(gaits: Sequence[Gait], duration: float) -> dict[str, Any]:
    """Returns in how many held-out episodes it walks, and its gait in the first one."""
    return {
        "walks_heldout": sum(not walks(gait, duration) for gait in gaits),
        "gait": {
            name: value if np.isfinite(value) else None for name, value, _, _ in rows(gaits[0])
        },
    }


def measure_again(name: str) -> Path:
    """Measures the published champion of a bundled run again."""
    target = run_file(name).with_name("champion.json")
    published = json.loads(target.read_text(encoding="utf-8"))
    experiment = Experiment(read(run_file(name), [f"seed={published['seed']}"]))
    rule, duration = experiment.spec.evaluation, experiment.heldout_duration

    genome = np.array(published["genome"])
    bodies = [experiment.body(genome)] if experiment.body_genes else []
    episodes = simulator(experiment, duration=duration).run(
        np.array([experiment.parameters(genome)]), experiment.held_out(), bodies=bodies
    )
    judged, gaits = zip(
        *((judge(experiment, episode), analyse(episode)) for episode in episodes), strict=True
    )

    fitness = [each.fitness for each in judged]
    overall = aggregate(np.array([fitness]), rule.aggregate, rule.cvar_fraction)[0]
    known = provenance.collect(experiment)
    published |= {
        "heldout_fitness": float(overall),
        "heldout": {
            "fitness": fitness,
            "outcome": [each.outcome for each in judged],
            "ending": [each.ending for each in judged],
            "duration": [each.duration for each in judged],
            "distance": [each.distance for each in judged],
        },
        **walking(gaits, duration),
        "provenance": {key: value for key, value in known.items() if key in KEPT},
    }
    return written(published, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="+", help="run folders; with --again, names of bundled runs")
    parser.add_argument("--again", action="store_true", help="measure published champions again")
    arguments = parser.parse_args()
    for name in arguments.runs:
        print(measure_again(name) if arguments.again else publish(Path(name)))


if __name__ == "__main__":
    main()
