"""Compares evolving body and gait together with the gait alone, at equal simulated time.

    python benchmarks/body.py [--seeds 20] [--out FOLDER]

Per seed, `runs/biped_body` evolves as it is, and then without its
`[morphology.genes]` on the bundled biped, for the same simulated time. Both
champions are chosen and judged on the same held-out scenarios, which neither
search saw. Runs that are in FOLDER already are used as they are.
"""

import argparse
import contextlib
import tempfile
from pathlib import Path

import numpy as np
from scipy import stats

from evoloco.bundled import run_file
from evoloco.loop import evolve as search
from evoloco.record.journal import Generation
from evoloco.run import Run
from evoloco.spec import RunSpec, read


class Spent(Exception):  # noqa: N818 - a signal, not an error
    """The simulated time is used up."""


def evolve(spec: RunSpec, folder: Path, budget: float = np.inf) -> tuple[float, float]:
    """Returns the held-out fitness of a run, and the time that it simulated [s].

    Args:
        spec: The run file.
        folder: The run folder.
        budget: Simulated time after which the search ends [s].
    """
    spent = 0.0

    def count(record: Generation) -> None:
        nonlocal spent
        spent += float(record.evaluation.duration.sum())
        if spent >= budget:
            raise Spent

    if (folder / "champion.json").is_file():
        run = Run(folder)
        spent = sum(float(record.evaluation.duration.sum()) for record in run.journal.generations())
        return float(run.read_champion()["heldout_fitness"]), spent

    run = Run.create(spec, folder)
    with contextlib.suppress(Spent):
        search(run, progress=count)
    return run.choose_champion().heldout_fitness, spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="body-")))
    arguments = parser.parse_args()
    print(f"{'seed':>4} {'simulated [s]':>13} {'both':>7} {'gait alone':>10}   held-out fitness")
    pairs = []
    for seed in range(arguments.seeds):
        both = read(run_file("biped_body"), [f"seed={seed}"])
        body = both.morphology.model_copy(update={"genes": {}})
        longer = both.optimizer.model_copy(update={"generations": 10 * both.optimizer.generations})
        alone = both.model_copy(update={"morphology": body, "optimizer": longer})

        first, spent = evolve(both, arguments.out / f"both-{seed}")
        second, _ = evolve(alone, arguments.out / f"alone-{seed}", spent)
        pairs.append([first, second])
        print(f"{seed:4} {spent:13.0f} {first:7.3f} {second:10.3f}", flush=True)

    found, alone_found = np.array(pairs).T
    test = stats.wilcoxon(found, alone_found)
    print(
        f"body and gait better for {np.sum(found > alone_found)} of {len(pairs)} seeds; medians "
        f"{np.median(found):.3f} and {np.median(alone_found):.3f}; "
        f"Wilcoxon signed rank p = {test.pvalue:.3g}"
    )


if __name__ == "__main__":
    main()
