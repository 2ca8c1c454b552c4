"""Publishes finished runs: champion, its gait numbers and what produced it go into runs/NAME/champion.json.

    python benchmarks/publish.py runs/out/biped-seed0 [...]

The run file must be that of the bundled run; a test replays what is published.
"""

import json
import sys
from pathlib import Path

import numpy as np

from evoloco.build import run_file
from evoloco.evolve import Run
from evoloco.gait import analyse, rows, walks
from evoloco.replay import replay
from evoloco.spec import read

KEPT = ("evoloco", "python", "packages", "cpu", "files_sha256")
"""Facts by which a replay knows whether it must be equal to the last bit."""


def publish(folder: Path) -> Path:
    """Writes the result of a run folder beside its bundled run file."""
    run = Run(folder)
    target = Path("runs") / run.spec.name / "champion.json"
    if read(run_file(run.spec.name), [f"seed={run.spec.seed}"]) != run.spec:
        sys.exit(f"{folder} was not made by the bundled run file of '{run.spec.name}' as it is now.")
    again = replay(run)
    if not again.equal:
        sys.exit(f"{folder} does not replay to the last bit on this machine.")
    gaits = [analyse(episode) for episode in again.episodes]
    duration = run.experiment.heldout_duration
    result = {
        **run.champion(),
        "generations": len(run.journal),
        "walks_heldout": sum(not walks(gait, duration) for gait in gaits),
        "gait": {name: value if np.isfinite(value) else None for name, value, _, _ in rows(gaits[0])},
        "provenance": {key: value for key, value in run.provenance.items() if key in KEPT},
    }
    target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return target


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(publish(Path(name)))
