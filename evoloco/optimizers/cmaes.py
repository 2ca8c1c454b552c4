"""CMA-ES, by pycma."""

import importlib
import sys
import warnings
from collections import deque
from contextlib import nullcontext
from types import ModuleType
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from evoloco.errors import SpecError
from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.search.isolation import Isolation
from evoloco.search.restarts import SCHEDULES, Start, ipop

Sigma = Annotated[float, Field(gt=0, le=1)]
Covariance = Literal["full", "diagonal"]
Restarts = Literal["none", "ipop", "bipop"]
Begin = Literal["centre", "random"]

LARGEST_STEP = 1 / 3
"""Largest standard deviation of a gene over its range, as pycma has it for bounded genes [1]."""


class Optimizer:
    """Covariance matrix adaptation evolution strategy in [0, 1]^n.

    The work is pycma's, its bounds included. This adapter gives it its own
    random numbers (pycma would draw from NumPy's global state), one thread of
    linear algebra (the last bits of an eigendecomposition depend on the
    number), maximisation, and a rank for unstable genomes (pycma would take
    the median for a NaN).

    Where every gene is continuous, samples are folded into [0, 1] by pycma's
    own transformation, here once for the whole generation instead of once per
    genome. A gene with k levels is an integer variable of pycma in
    [-1/2, k - 1/2]: rounded to its level before it is evaluated, with a lower
    bound on its step so that other levels stay within reach, and centred on
    levels in the update.

    Restarts begin at a uniformly random point with the step size for every
    gene, when pycma says that a start is over.

    Args:
        search: What is searched.
        sigma: Initial step size, as a fraction of each gene's range; genes may name their own.
        start: Where the first start begins: at the "centre" of each gene's
            range, or where the gene says instead; or at a uniformly "random" point.
        elitist: Whether the fittest genome of a generation is tried again in the
            next one, where scenarios are new. (pycma's own option of this name
            trusts the fitness that it once had.)
        mean: Whether the mean of the distribution is the first genome of each
            generation. Where scenarios differ, it is often better than the fittest
            genome, which was lucky too. It excludes `elitist`.
        mean_over: Over how many of the last generations that mean is averaged. It then wanders
            less (Polyak and Juditsky).
        mean_step: How far the mean goes towards that of the better genomes [1]. Less than
            1 averages over several generations, which pays where fitness is noisy.
        covariance: "full", or "diagonal" for steps along the genes only: less
            to learn, where there are hundreds of genes.
        active: Whether bad genomes also change the covariance, away from them.
        restarts: "none"; "ipop", each with twice the population; or "bipop",
            large and small populations in turn.
        max_restarts: Most restarts, of either size.

    References:
        Hansen, 2016, The CMA evolution strategy: a tutorial, arXiv:1604.00772.
        Hansen, Akimoto, Baudis, pycma, doi:10.5281/zenodo.2559634.
        Polyak and Juditsky, 1992, Acceleration of stochastic approximation by averaging,
        doi:10.1137/0330046.
        Ros and Hansen, 2008, A simple modification in CMA-ES achieving linear
        time and space complexity, doi:10.1007/978-3-540-87700-4_30.
        Marty et al., 2024, LB+IC-CMA-ES: two simple modifications of CMA-ES
        to handle mixed-integer problems, PPSN XVIII.
    """

    takes_start = True

    def __init__(
        self,
        search: Search,
        *,
        sigma: Sigma = 0.25,
        start: Begin = "centre",
        elitist: bool = False,
        mean: bool = False,
        mean_over: Annotated[int, Field(ge=1)] = 1,
        mean_step: Annotated[float, Field(gt=0, le=1)] = 1.0,
        covariance: Covariance = "full",
        active: bool = True,
        restarts: Restarts = "none",
        max_restarts: Annotated[int, Field(ge=0)] = 9,
    ) -> None:
        from threadpoolctl import ThreadpoolController

        self.events: list[str] = []
        self._cma = _pycma()
        self._single = ThreadpoolController()
        self._random = search.random()
        self._levels = search.space.levels
        self._spread = search.space.spread

        # Only pycma's integer variables draw from global random numbers.
        self._isolation = (
            Isolation([search.seed, len(search.space)]) if self._levels.any() else nullcontext
        )
        self._fold = self._cma.transformations.BoxConstraintsLinQuadTransformation([[0.0, 1.0]])
        if mean and elitist:
            raise SpecError("optimizer.mean and optimizer.elitist exclude each other: choose one.")
        self._elitist, self.mean_is_first = elitist, mean
        self._means: deque[Array] = deque(maxlen=mean_over)
        self._options = {
            "CMA_diagonal": covariance == "diagonal",
            "CMA_active": active,
            "CMA_cmean": mean_step,
        }

        self._left = max_restarts if restarts != "none" else 0
        self._starts = SCHEDULES.get(restarts, ipop)(search.population_size, sigma, self._random)
        centre = search.space.start if start == "centre" else self._random.random(len(search.space))
        self._begin(next(self._starts), centre)

    def _begin(self, start: Start, centre: Array) -> None:
        """Starts at a point of [0, 1]^n."""
        self._start, self._generations, self._evaluations, self._stop = start, 0, 0, ""
        self._means.clear()
        options = {
            **self._options,
            "popsize": start.population_size,
            "randn": lambda *shape: self._random.standard_normal(shape),
            "seed": np.nan,
            "verbose": -9,
            "verb_log": 0,
        }

        if self._levels.any():
            low, high = _bounds(self._levels)
            centre = low + centre * (high - low)
            options |= {
                "integer_variables": np.flatnonzero(self._levels).tolist(),
                "bounds": [low.tolist(), high.tolist()],
                "CMA_stds": (self._steps(start.sigma) * (high - low)).tolist(),
            }
        else:
            if np.isfinite(self._spread).any():
                options["CMA_stds"] = self._steps(start.sigma).tolist()
            centre = np.asarray(self._fold.inverse(centre))
            options["maxstd"] = LARGEST_STEP

        with self._isolation():
            self._strategy = self._cma.CMAEvolutionStrategy(centre, start.sigma, options)

    def _steps(self, sigma: float) -> Array:
        """First steps of the genes over the step size [1] (n,)."""
        return np.where(np.isfinite(self._spread), self._spread / sigma, 1.0)

    def ask(self) -> Array:
        """Genomes (λ, n) of the next generation."""
        with self._single.limit(limits=1, user_api="blas"), self._isolation():
            if self.mean_is_first:
                self._means.append(self._strategy.mean.copy())
                self._strategy.inject([np.mean(self._means, axis=0)], force=True)
            self._asked = self._strategy.ask()

        samples = np.array(self._asked)
        if self._levels.any():
            samples /= np.maximum(self._levels - 1, 1)
        else:
            samples = np.asarray(self._fold(samples.ravel())).reshape(samples.shape)
        return np.asarray(np.clip(samples, 0.0, 1.0))

    def tell(
        self,
        genomes: Array,  # noqa: ARG002 - pycma knows what it asked for
        fitness: Array,
        values: Array,  # noqa: ARG002 - fitness says all
    ) -> None:
        """Reports the fitness (λ,); -inf ranks worst.

        A generation of nothing but -inf teaches nothing and changes nothing: to
        pycma it would be a flat function, which ends the search.
        """
        finite = fitness[np.isfinite(fitness)]
        if not finite.size:
            return
        cost = np.where(np.isfinite(fitness), -fitness, 1.0 - finite.min())

        ignored = self._cma.evolution_strategy.InjectionWarning  # of means that were never told
        with (
            self._single.limit(limits=1, user_api="blas"),
            self._isolation(),
            warnings.catch_warnings(action="ignore", category=ignored),
        ):
            self._strategy.tell(self._asked, list(cost))
            if self._elitist:
                self._inject(self._asked[int(np.argmin(cost))])
            stop = self._strategy.stop()  # here, because pycma counts flat generations when asked

        self._generations += 1
        self._evaluations += len(fitness)
        self._stop = ", ".join(f"{name} = {value}" for name, value in stop.items())
        if not self._stop and self._evaluations >= self._start.evaluations:
            self._stop = f"half the genomes of the last large start = {self._start.evaluations:g}"
        if self._stop and self._left:
            self._restart()

    def _inject(self, sample: Array) -> None:
        """Has a sample (n,) asked for again in the next generation."""
        inverse = self._strategy.boundary_handler.inverse
        self._strategy.inject([self._strategy.gp.geno(sample, inverse)], force=True)

    def _restart(self) -> None:
        """Starts again at a random point, as the schedule says."""
        self.events.append(
            f"start {len(self.events) + 1} ended after {self._generations} generations of "
            f"{self._start.population_size} genomes, sigma {self._start.sigma:.3g}: {self._stop}"
        )
        self._left -= 1

        size = len(self._levels)
        self._spread = np.full(size, np.nan)  # the genes' own are for around their start
        self._begin(self._starts.send(self._evaluations), self._random.random(size))

    def stop_reason(self) -> str:
        """The stop conditions of pycma that hold in the last start."""
        return self._stop


def _bounds(levels: NDArray[np.int64]) -> tuple[Array, Array]:
    """Bounds (n,) of pycma's variables.

    They are half a level beyond the first and the last, and [0, 1] of a
    continuous gene.
    """
    stepped = levels > 0
    return np.where(stepped, -0.5, 0.0), np.where(stepped, levels - 0.5, 1.0)


def _pycma() -> ModuleType:
    """The package `cma`, without what it plots with and what only its surrogate models use.

    matplotlib.pyplot and scipy.stats make up two of the seconds in which a
    run starts. pycma does without either when it cannot import them.
    """
    if "cma" in sys.modules:
        return sys.modules["cma"]

    unused = [name for name in ("matplotlib.pyplot", "scipy.stats") if name not in sys.modules]
    missing: dict[str, ModuleType | None] = dict.fromkeys(unused)
    sys.modules.update(missing)  # type: ignore[arg-type]  # None makes an import fail
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Could not import matplotlib.pyplot")
            return importlib.import_module("cma")
    finally:
        for name in unused:
            del sys.modules[name]
