"""A user's own MJCF and URDF evolve from run files of fewer than 25 lines.

    python benchmarks/own_model.py [--generations 60]

Evolves examples/own_mjcf.toml and examples/own_urdf.toml, whose bodies are not
in the package, and uniform sampling with as many genomes beside them.
"""

import argparse
import tempfile
from pathlib import Path

from evoloco.evolve import Run
from evoloco.spec import read

EXAMPLES = Path(__file__).parent.parent / "examples"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--generations", type=int, default=60)
    generations = parser.parse_args().generations
    print(f"{'run file':15} {'lines':>5} {'search':>8} {'first best':>10} {'last best':>9} {'held out':>8} distance [m]")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("own_mjcf", "own_urdf"):
            file = EXAMPLES / f"{name}.toml"
            lines = len([line for line in file.read_text().splitlines() if line.strip()])
            for search in ("cmaes", "uniform"):
                spec = read(file, [f"optimizer.name={search}", f"optimizer.generations={generations}"])
                run = Run.create(spec, Path(folder) / f"{name}-{search}")
                run.evolve()
                champion = run.choose_champion()
                first = run.journal[0].fitness.max()
                last = max(record.fitness.max() for record in run.journal.generations())
                distance = champion.evaluation.distance.mean()
                print(f"{name:15} {lines:5} {search:>8} {first:10.3f} {last:9.3f} {champion.heldout_fitness:8.3f} "
                      f"{distance:12.2f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
