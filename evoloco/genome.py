"""Genomes: points of [0, 1]^n and the named quantities that they stand for."""

import math
from collections import Counter
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

    A position p in [0, 1] stands for the value

        low + (high - low) p            evenly spaced
        low (high / low)^p              where `log`
        low + (high - low) p_k          where `levels`

    with p_k the nearest of the k positions 0, 1 / (k - 1), ..., 1.

    Attributes:
        name: Unique within its space, such as "hip_pitch.amplitude".
        low: Value at position 0 [unit].
        high: Value at position 1 [unit].
        unit: Unit of the value; "1" for a pure number.
        meaning: What it does, in a few words.
        log: Whether values are spaced logarithmically between the bounds.
        levels: Number k of values that the gene can take, evenly spaced from
            low to high. 2 makes a switch, 0 a continuous gene.
        start: Initial mean of the search distribution [unit]; the middle of the
            range where None.
        spread: Initial standard deviation of the search distribution [unit],
            where `log` that around the start. The optimizer chooses where None.
        limits: Values [unit] beyond which the quantity makes no sense, whatever
            bounds a user gives.
        beyond: Why it makes no sense there, as a clause.

    Raises:
        EvolocoError: The bounds do not increase, are not positive where `log`,
            or lie beyond the limits. There is one level, or fewer than none, or
            levels and `log`. The start is out of bounds, or the spread is not
            positive, or belongs to a gene with levels.
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
        who = f"Gene '{self.name}'"

        if not self.low < self.high:
            raise EvolocoError(f"{who}: low {self.low} must be below high {self.high}.")
        if not math.isfinite(self.high - self.low):
            raise EvolocoError(f"{who}: from {self.low} to {self.high} is too wide.")
        if self.log and self.low <= 0:
            raise EvolocoError(f"{who}: a log-scaled gene needs positive bounds, not {self.low}.")

        if self.levels < 0 or self.levels == 1:
            raise EvolocoError(f"{who}: levels must be 0, for a continuous gene, or 2 and more.")
        if self.levels and self.log:
            raise EvolocoError(f"{who}: levels are evenly spaced, so they cannot be log-scaled.")

        if self.start is not None and not self.low <= self.start <= self.high:
            raise EvolocoError(
                f"{who}: start {self.start} must be within {self.low} to {self.high}."
            )
        if self.spread is not None and not 0 < self.spread < math.inf:
            raise EvolocoError(f"{who}: spread must be positive, not {self.spread}.")
        if self.spread is not None and self.levels:
            raise EvolocoError(f"{who}: a spread is of continuous genes, and this one has levels.")

        self.check(self.low)
        self.check(self.high)

    def check(self, value: float) -> None:
        """Refuses a value [unit] beyond the limits.

        Raises:
            EvolocoError: It is beyond them, or NaN.
        """
        least, most = self.limits
        if not least <= value <= most:
            raise EvolocoError(
                f"Gene '{self.name}': {value:g} is not within {least:g} to {most:g}, "
                f"beyond which {self.beyond}."
            )

    def between(self, low: float, high: float) -> "Gene":
        """The gene with other bounds [unit]; a start beyond them is dropped.

        A gene with levels keeps those that are within the bounds.

        Raises:
            EvolocoError: It has levels, and fewer than two are within the bounds, or a bound is
                beyond all.
        """
        levels = self.levels
        if levels:
            within = self._levels_between(low, high)
            low, high, levels = within[0], within[-1], len(within)

        kept = self.start is not None and low <= self.start <= high
        start = self.start if kept else None
        return replace(self, low=low, high=high, levels=levels, start=start)

    def _levels_between(self, low: float, high: float) -> list[float]:
        every = self.values_of_levels
        within = [value for value in every if low <= value <= high]
        if len(within) < 2 or low < every[0] or high > every[-1]:
            told = ", ".join(f"{value:g}" for value in every)
            raise EvolocoError(
                f"Gene '{self.name}': its levels are {told}; the bounds {low:g} and {high:g} must "
                "be among them and leave two at least. Fix a gene that shall have one value."
            )
        return within

    @property
    def values_of_levels(self) -> list[float]:
        """The values that the gene can take [unit]; none where it is continuous."""
        return np.linspace(self.low, self.high, self.levels).tolist() if self.levels else []

    def check_fixed(self, value: float) -> None:
        """Refuses a value [unit] to which the gene cannot be fixed.

        Raises:
            EvolocoError: It is beyond the limits, or no level of a gene with levels.
        """
        self.check(value)
        if self.levels and value not in self.values_of_levels:
            told = ", ".join(f"{each:g}" for each in self.values_of_levels)
            raise EvolocoError(f"Gene '{self.name}': {value:g} is none of its levels, {told}.")

    @property
    def first_step(self) -> float:
        """The spread as a fraction of the range [1]; NaN where the gene names none."""
        if self.spread is None:
            return math.nan
        if not self.log:
            return self.spread / (self.high - self.low)

        # value = low (high / low)^p, so dp = d value / (value log(high / low))
        value = self.decode(0.5) if self.start is None else self.start
        return self.spread / (value * math.log(self.high / self.low))

    def snap(self, position: float) -> float:
        """Position of the nearest level; the position itself where the gene is continuous."""
        if not self.levels:
            return position
        return float(np.rint(position * (self.levels - 1)) / (self.levels - 1))

    def decode(self, position: float) -> float:
        """Value [unit] at a position in [0, 1]; `Space.values` decodes many."""
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
    """The genes of a search, in order.

    A genome is a float64 vector in [0, 1]^n. `decode` gives its named values,
    `encode` is the inverse, and `values` decodes a whole generation at once.

    Attributes:
        genes: The genes (n).
        names: Their names.
        levels: Their numbers of levels (n,), 0 where continuous.
        start: Initial mean of the search distribution, a genome (n,).
        spread: Initial standard deviations, as fractions of the ranges (n,); NaN
            where a gene names none.

    Raises:
        EvolocoError: Two genes have one name.
    """

    def __init__(self, genes: Sequence[Gene]) -> None:
        self.genes = tuple(genes)
        self.names = tuple(gene.name for gene in self.genes)
        twice = sorted(name for name, count in Counter(self.names).items() if count > 1)
        if twice:
            raise EvolocoError(f"Genes named twice: {', '.join(twice)}.")

        self.levels = np.array([gene.levels for gene in self.genes], dtype=np.int64)
        self.start = np.array(
            [0.5 if gene.start is None else gene.encode(gene.start) for gene in self.genes]
        )
        self.spread = np.array([gene.first_step for gene in self.genes])

        self._low = np.array([gene.low for gene in self.genes], dtype=np.float64)
        self._width = np.array([gene.high - gene.low for gene in self.genes], dtype=np.float64)
        self._stepped = np.flatnonzero(self.levels)
        self._log = np.flatnonzero([gene.log for gene in self.genes])
        self._ratio = np.array([gene.high / gene.low for gene in self.genes if gene.log])

    def __len__(self) -> int:
        return len(self.genes)

    def draw(self, random: np.random.Generator, count: int) -> Array:
        """Genomes (count, n) drawn uniformly, the levels of a gene equally often."""
        genomes = random.random((count, len(self)))
        levels = self.levels[self._stepped]
        genomes[:, self._stepped] = np.floor(genomes[:, self._stepped] * levels) / (levels - 1)
        return genomes

    def first(self, random: np.random.Generator, count: int) -> Array:
        """The first generation (count, n) of a search that draws it.

        Genomes are uniform, save that the first one is the start where a gene
        names one.
        """
        genomes = self.draw(random, count)
        if any(gene.start is not None for gene in self.genes):
            genomes[0] = self.start
        return genomes

    def values(self, genomes: Array) -> Array:
        """Values [each gene's unit] (..., n) of genomes (..., n), as `Gene.decode` gives them.

        Raises:
            EvolocoError: The genomes have another length or leave [0, 1].
        """
        self._check(genomes)

        positions = self._snapped(genomes)
        values: Array = self._low + self._width * positions
        if self._log.size:
            # NumPy's vectorised `power` differs from the C library's in the last bit.
            powers = np.float_power(self._ratio, positions[..., self._log])
            values[..., self._log] = self._low[self._log] * powers
        return values

    def decode(self, genome: Array) -> dict[str, float]:
        """Named values [their units] of a genome (n,).

        Raises:
            EvolocoError: The genome has another length or leaves [0, 1].
        """
        if genome.ndim != 1:
            raise EvolocoError(
                f"One genome must come as an array of ({len(self)},), not of {genome.shape}. "
                "`values` takes several."
            )
        return dict(zip(self.names, self.values(genome).tolist(), strict=True))

    def encode(self, values: Mapping[str, float]) -> Array:
        """Genome (n,) of named values [their units].

        Raises:
            EvolocoError: A gene has no value.
        """
        missing = [name for name in self.names if name not in values]
        if missing:
            raise EvolocoError(f"No value for the genes {', '.join(missing)}.")
        return np.array([gene.encode(values[gene.name]) for gene in self.genes])

    def describe(self, genome: Array) -> list[dict[str, Any]]:
        """One row per gene: name, value, unit, bounds, meaning, and the bound that it sits on.

        A gene with levels is never called on a bound: it must be on one of them.

        Raises:
            EvolocoError: The genome (n,) has another length or leaves [0, 1].
        """
        return [
            {
                "name": gene.name,
                "value": value,
                "unit": gene.unit,
                "low": gene.low,
                "high": gene.high,
                "meaning": gene.meaning,
                "bound": _bound(gene, position),
            }
            for gene, position, value in zip(
                self.genes, genome, self.decode(genome).values(), strict=True
            )
        ]

    def _check(self, genomes: Array) -> None:
        """Refuses genomes (..., n) of another length, and those that leave [0, 1]."""
        length = genomes.shape[-1] if genomes.ndim else 1
        if not genomes.ndim or length != len(self):
            raise EvolocoError(
                f"A genome of {length} numbers came, this space has {len(self)} genes."
            )

        outside = ~((genomes >= 0) & (genomes <= 1))  # NaN too
        if outside.any():
            bad = self.names[int(np.argmax(outside)) % len(self)]
            raise EvolocoError(f"The genome leaves [0, 1] at gene '{bad}'.")

    def _snapped(self, genomes: Array) -> Array:
        """Positions (..., n), those of genes with levels on the nearest one."""
        if not self._stepped.size:
            return genomes
        gaps = self.levels[self._stepped] - 1
        snapped = genomes.copy()
        snapped[..., self._stepped] = np.rint(genomes[..., self._stepped] * gaps) / gaps
        return snapped


def _bound(gene: Gene, position: float) -> str:
    """The bound that a position sits on, "low" or "high"; empty where it sits on none."""
    margin = 1e-3  # of the gene's range: nearer than this is on the bound
    if gene.levels:
        return ""
    if position < margin:
        return "low"
    return "high" if position > 1 - margin else ""
