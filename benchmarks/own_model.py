"""A user's own MJCF and URDF evolve from run files of fewer than 25 lines.

    python benchmarks/own_model.py [--generations 60]

Evolves examples/own_mjcf.toml and examples/own_urdf.toml, whose bodies are not
in the package, and compares with uniform sampling of as many genomes.
"""

import argparse
import tempfile
from pathlib import Path

from evoloco.loop import evolve
from evoloco.run import Run
from evoloco.spec import read

EXAMPLES = Path(__file__).parent.parent / "examples"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--generations", type=int, default=60)
    generations = parser.parse_args().generations
    titles = ("run file", "lines", "search", "first best", "last best", "held out", "distance [m]")
    print(" ".join(f"{title:>12}" for title in titles))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("own_mjcf", "own_urdf"):
            file = EXAMPLES / f"{name}.toml"
            lines = len([line for line in file.read_text().splitlines() if line.strip()])
            for search in ("cmaes", "uniform"):
                changes = [f"optimizer.name={search}", f"optimizer.generations={generations}"]
                run = Run.create(read(file, changes), Path(folder) / f"{name}-{search}")
                evolve(run)

                champion = run.choose_champion()
                fitness = [record.fitness.max() for record in run.journal.generations()]
                distance = champion.evaluation.distance.mean()
                quantities = (fitness[0], max(fitness), champion.heldout_fitness, distance)
                numbers = " ".join(f"{value:12.3f}" for value in quantities)
                print(f"{name:>12} {lines:12} {search:>12} {numbers}", flush=True)


if __name__ == "__main__":
    main()
