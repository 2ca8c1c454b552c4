"""How long it takes to decode the genomes of a generation.

    python benchmarks/space.py [--genes 5000] [--genomes 32]

The genomes of a population are decoded at once into an array (`Space.values`), one after the other
into named values (`Space.decode`), and gene by gene (`Gene.decode`), where all genes are evenly
spaced, logarithmic, or have levels. Printed is the CPU time of the fastest of some trials [ms].
All three ways give the same bits, which is checked.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from evoloco.genome import Array, Gene, Space

KINDS: dict[str, Callable[[str], Gene]] = {
    "evenly spaced": lambda name: Gene(name, 0.5, 2.0),
    "logarithmic": lambda name: Gene(name, 0.5, 2.0, log=True),
    "with 5 levels": lambda name: Gene(name, 0.5, 2.0, levels=5),
}


def gene_by_gene(space: Space, genomes: Array) -> Array:
    """Values (λ, n) of genomes (λ, n), by the genes themselves."""
    return np.array(
        [
            [gene.decode(position) for gene, position in zip(space.genes, genome, strict=True)]
            for genome in genomes
        ]
    )


def fastest(work: Callable[[], object], trials: int) -> float:
    """CPU time of the fastest trial [ms]."""
    took = []
    for _ in range(trials):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return 1e3 * min(took)


def times(space: Space, genomes: Array) -> tuple[float, float, float]:
    """CPU times of the three ways [ms]."""
    return (
        fastest(lambda: space.values(genomes), 30),
        fastest(lambda: [space.decode(genome) for genome in genomes], 10),
        fastest(lambda: gene_by_gene(space, genomes), 2),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--genes", type=int, default=5000)
    parser.add_argument("--genomes", type=int, default=32)
    given = parser.parse_args()

    print(f"{given.genomes} genomes of {given.genes} genes, CPU time [ms]")
    print(f"{'genes':>14} {'at once':>8} {'named':>8} {'gene by gene':>13}")
    for kind, make in KINDS.items():
        space = Space([make(f"gene_{place}") for place in range(given.genes)])
        genomes = space.draw(np.random.default_rng(0), given.genomes)
        if space.values(genomes).tobytes() != gene_by_gene(space, genomes).tobytes():
            raise SystemExit(f"Genes that are {kind} are not decoded to the same bits.")
        whole, named, alone = times(space, genomes)
        print(f"{kind:>14} {whole:8.2f} {named:8.2f} {alone:13.2f}")


if __name__ == "__main__":
    main()
