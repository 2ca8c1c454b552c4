"""Genomes: points of [0, 1]^n and the named quantities that they stand for."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evoloco.errors import EvolocoError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Gene:
    """One searched quantity.

    Attributes:
        name: Unique within its space, such as "hip_pitch.amplitude".
        low: Value at 0 [unit].
        high: Value at 1 [unit].
        unit: Unit of the value; "1" for a pure number.
        meaning: What it does, in a few words.
        log: Whether the value is spaced logarithmically between its bounds.
        levels: Number of values that it can take, evenly spaced from low to
            high, a position standing for the nearest; 2 makes a switch, 0 a
            continuous gene.
        start: Value from which a search that begins somewhere begins; the
            middle of the bounds where None.
        spread: Standard deviation of its first steps [unit], where `log` those
            around the start; the optimizer's own where None.
        limits: Values beyond which it makes no sense, whatever bounds a user gives it.
        beyond: Why it makes none there, as a clause.

    Raises:
        EvolocoError: The bounds are not increasing, not positive where `log`,
            or beyond the limits; or it has one level, fewer than none, or
            levels and `log`; or its start is out of bounds, or its spread not
            positive.
    """

    name: str
    low: float
    high: float
    unit: str = "1"
    meaning: str = ""
    log: bool = False
    levels: int = 0
    start: float | None = None
    spread: float | None = None
    limits: tuple[float, float] = (-math.inf, math.inf)
    beyond: str = ""

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise EvolocoError(
                f"Gene '{self.name}': low {self.low} must be below high {self.high}."
            )
        if not math.isfinite(self.high - self.low):
            raise EvolocoError(f"Gene '{self.name}': from {self.low} to {self.high} is too wide.")
        if self.log and self.low <= 0:
            raise EvolocoError(
                f"Gene '{self.name}': a log-scaled gene needs positive bounds, not {self.low}."
            )
        if self.levels < 0 or self.levels == 1:
            raise EvolocoError(
                f"Gene '{self.name}': levels must be 0, for a continuous gene, or 2 and more."
            )
        if self.levels and self.log:
            raise EvolocoError(
                f"Gene '{self.name}': levels are evenly spaced, so they cannot be log-scaled."
            )
        if self.start is not None and not self.low <= self.start <= self.high:
            raise EvolocoError(
                f"Gene '{self.name}': start {self.start} must be within {self.low} to {self.high}."
            )
        if self.spread is not None and not 0 < self.spread < math.inf:
            raise EvolocoError(f"Gene '{self.name}': spread must be positive, not {self.spread}.")
        if self.spread is not None and self.levels:
            raise EvolocoError(
                f"Gene '{self.name}': a spread is of continuous genes, and this one has levels."
            )
        self.check(self.low)
        self.check(self.high)

    def check(self, value: float) -> None:
        """Raises an EvolocoError where a value is beyond the limits."""
        least, most = self.limits
        if not least <= value <= most:
            raise EvolocoError(
                f"Gene '{self.name}': {value:g} is not within {least:g} to {most:g}, beyond which {self.beyond}."
            )

    def between(self, low: float, high: float) -> "Gene":
        """The gene with other bounds; its start stays where it is within them."""
        start = self.start if self.start is not None and low <= self.start <= high else None
        return replace(self, low=low, high=high, start=start)

    @property
    def first_step(self) -> float:
        """Its spread as a fraction of the range [1]; NaN where it names none."""
        if self.spread is None:
            return math.nan
        if self.log:  # d position = d value / (value log(high / low))
            value = self.decode(0.5) if self.start is None else self.start
            return self.spread / (value * math.log(self.high / self.low))
        return self.spread / (self.high - self.low)

    def snap(self, position: float) -> float:
        """Position of the nearest level; the position itself where the gene is continuous."""
        return (
            float(np.rint(position * (self.levels - 1)) / (self.levels - 1))
            if self.levels
            else position
        )

    def decode(self, position: float) -> float:
        """Value [unit] at a position in [0, 1]."""
        position = self.snap(position)
        if self.log:
            return float(self.low * (self.high / self.low) ** position)
        return float(self.low + (self.high - self.low) * position)

    def encode(self, value: float) -> float:
        """Position in [0, 1] of a value [unit], or of the level nearest to it."""
        if self.log:
            return float(np.log(value / self.low) / np.log(self.high / self.low))
        return self.snap((value - self.low) / (self.high - self.low))


class Space:
    """The genes of a controller, in order.

    A genome is a float64 vector in [0, 1]^n; `decode` gives the named values,
    and `encode` is its inverse.

    Attributes:
        genes: The genes.
        names: Their names.
        levels: Their numbers of levels (n,), 0 where continuous.
        start: Where a search that begins somewhere begins, a genome (n,).
        spread: Standard deviations of its first steps, as fractions of the ranges (n,); NaN where a gene names none.
    """

    def __init__(self, genes: Sequence[Gene]) -> None:
        self.genes = tuple(genes)
        self.names = tuple(gene.name for gene in self.genes)
        self.levels = np.array([gene.levels for gene in self.genes], dtype=np.int64)
        self.start = np.array(
            [0.5 if gene.start is None else gene.encode(gene.start) for gene in self.genes]
        )
        self.spread = np.array([gene.first_step for gene in self.genes])
        twice = {name for name in self.names if self.names.count(name) > 1}
        if twice:
            raise EvolocoError(f"Genes named twice: {', '.join(sorted(twice))}.")

    def __len__(self) -> int:
        return len(self.genes)

    def draw(self, random: np.random.Generator, count: int) -> Array:
        """Genomes (count, n) drawn uniformly, the levels of a gene equally often."""
        genomes = random.random((count, len(self)))
        stepped = self.levels > 0
        genomes[:, stepped] = np.floor(genomes[:, stepped] * self.levels[stepped]) / (
            self.levels[stepped] - 1
        )
        return genomes

    def first(self, random: np.random.Generator, count: int) -> Array:
        """Genomes (count, n) with which a search begins: uniform, the first one at the start where a gene names one."""
        genomes = self.draw(random, count)
        if any(gene.start is not None for gene in self.genes):
            genomes[0] = self.start
        return genomes

    def decode(self, genome: Array) -> dict[str, float]:
        """Named values of a genome (n,).

        Raises:
            EvolocoError: The genome has another length or leaves [0, 1].
        """
        if genome.shape != (len(self),):
            raise EvolocoError(
                f"A genome of {genome.size} numbers came, this space has {len(self)} genes."
            )
        if not np.all((genome >= 0) & (genome <= 1)):
            bad = self.names[int(np.argmax(~((genome >= 0) & (genome <= 1))))]
            raise EvolocoError(f"The genome leaves [0, 1] at gene '{bad}'.")
        return {
            gene.name: gene.decode(position)
            for gene, position in zip(self.genes, genome, strict=True)
        }

    def encode(self, values: Mapping[str, float]) -> Array:
        """Genome (n,) of named values.

        Raises:
            EvolocoError: A gene has no value.
        """
        missing = [name for name in self.names if name not in values]
        if missing:
            raise EvolocoError(f"No value for the genes {', '.join(missing)}.")
        return np.array([gene.encode(values[gene.name]) for gene in self.genes])

    def describe(self, genome: Array) -> list[dict[str, Any]]:
        """One row per gene: name, value, unit, bounds, meaning, and whether it sits on a bound.

        A gene with levels never counts as on a bound: it must be on one of them.
        """
        margin = 1e-3  # of the gene's range: nearer than this is on the bound
        return [
            {
                "name": gene.name,
                "value": gene.decode(float(position)),
                "unit": gene.unit,
                "low": gene.low,
                "high": gene.high,
                "meaning": gene.meaning,
                "bound": (
                    ""
                    if gene.levels
                    else "low"
                    if position < margin
                    else "high"
                    if position > 1 - margin
                    else ""
                ),
            }
            for gene, position in zip(self.genes, genome, strict=True)
        ]
