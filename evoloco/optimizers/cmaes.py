"""CMA-ES, by pycma."""

import importlib
import sys
import warnings
from types import ModuleType
from typing import Annotated

import numpy as np
from pydantic import Field

from evoloco.genome import Array


def _pycma() -> ModuleType:
    """The package `cma`, imported without what it plots with and what only its surrogate models use.

    matplotlib.pyplot and scipy.stats make up two of the seconds in which a
    run starts. pycma does without either when it cannot import them.
    """
    unused = [name for name in ("matplotlib.pyplot", "scipy.stats") if name not in sys.modules]
    if "cma" not in sys.modules:
        sys.modules.update(dict.fromkeys(unused))  # type: ignore[arg-type]  # None makes an import fail
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Could not import matplotlib.pyplot")
                return importlib.import_module("cma")
        finally:
            for name in unused:
                del sys.modules[name]
    return sys.modules["cma"]


class Optimizer:
    """Covariance matrix adaptation evolution strategy in [0, 1]^n.

    The work is pycma's, its bounds included: samples are folded into [0, 1] by
    the transformation that pycma takes for bounds, here once for the whole
    generation instead of once per genome. This adapter gives it its own random numbers (pycma
    would draw from NumPy's global state), one thread of linear algebra (the
    last bits of an eigendecomposition depend on the number), maximisation, and
    a rank for unstable genomes (pycma would take the median for a NaN).

    Args:
        size: Number of genes.
        population_size: Genomes per generation.
        seed: Of its random numbers.
        sigma: Initial step size, as a fraction of each gene's range.
        elitist: Whether the best genome so far takes part in every update.

    References:
        Hansen, 2016, The CMA evolution strategy: a tutorial, arXiv:1604.00772.
        Hansen, Akimoto, Baudis, pycma, doi:10.5281/zenodo.2559634.
    """

    def __init__(
        self,
        size: int,
        *,
        population_size: int,
        seed: int,
        sigma: Annotated[float, Field(gt=0, le=1)] = 0.25,
        elitist: bool = False,
    ) -> None:
        from threadpoolctl import ThreadpoolController

        cma = _pycma()
        self._single = ThreadpoolController()
        self._fold = cma.transformations.BoxConstraintsLinQuadTransformation([[0.0, 1.0]])
        self._stop: dict[str, object] = {}
        random = np.random.default_rng([seed, size])
        self._strategy = cma.CMAEvolutionStrategy(
            np.full(size, 0.5),
            sigma,
            {
                "maxstd": 1 / 3,  # of the range, as pycma has it for bounded genes
                "popsize": population_size,
                "CMA_elitist": elitist,
                "randn": lambda *shape: random.standard_normal(shape),
                "seed": np.nan,
                "verbose": -9,
                "verb_log": 0,
            },
        )

    def ask(self) -> Array:
        """Genomes (population_size, n) of the next generation."""
        with self._single.limit(limits=1, user_api="blas"):
            self._asked = self._strategy.ask()
        samples = np.array(self._asked)
        return np.asarray(np.clip(self._fold(samples.ravel()), 0.0, 1.0)).reshape(samples.shape)

    def tell(self, genomes: Array, fitness: Array) -> None:  # noqa: ARG002 - pycma knows what it asked
        """Reports the fitness (population_size,); -inf ranks worst.

        A generation of nothing but -inf teaches nothing and changes nothing: to
        pycma it would be a flat function, which ends the search.
        """
        finite = fitness[np.isfinite(fitness)]
        if not finite.size:
            return
        cost = np.where(np.isfinite(fitness), -fitness, 1.0 - finite.min())
        with self._single.limit(limits=1, user_api="blas"):
            self._strategy.tell(self._asked, list(cost))
        self._stop = dict(self._strategy.stop())  # asked here, because pycma counts flat generations when asked

    def stop_reason(self) -> str:
        """The stop conditions of pycma that hold."""
        return ", ".join(f"{name} = {value}" for name, value in self._stop.items())
