"""The bodies that a run searches among, and its controller on each of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

from evoloco.cameras import mounted
from evoloco.controller import Controller
from evoloco.errors import SpecError, UnknownNameError, error_context, user_code
from evoloco.fitting import fitted
from evoloco.genome import Gene
from evoloco.members import member, require
from evoloco.morphology import Morphology
from evoloco.options import checked, free_numbers
from evoloco.perception.dressing import dressable
from evoloco.sides import Sides
from evoloco.spec import ControllerSpec, MorphologySpec, RunSpec
from evoloco.terrain import Terrain

BODY = "body."
"""Begins the names of genes of the body."""

KEPT_BODIES = 256
"""Bodies that stay compiled, of those that were evaluated last."""

Embodied = tuple[Morphology, Controller]
"""A body, and the controller on it."""


class Embodiment:
    """Makes a run's bodies from values of their genes, and the controller on each.

    Args:
        spec: Of the run.
        terrain: Ground that the bodies stand on; their own where None.

    Attributes:
        genes: Those of the body that are searched, called `body.<option>`.

    Raises:
        SpecError: A name or an option in [morphology] or [controller] does not fit.
    """

    def __init__(self, spec: RunSpec, terrain: Terrain | None) -> None:
        self._spec, self._terrain = spec, terrain
        body, brain = spec.morphology, spec.controller

        self._body_name = f"morphology: '{body.name}'"
        self._module = member("morphologies", body.name, "morphology.name")
        self._body_options = self._checked_body_options()
        self.genes = tuple(self._searched_gene(name) for name in body.genes)

        self._kind = member("controllers", brain.name, "controller.name").Controller
        own = ControllerSpec.model_fields
        self._controller_options = checked(self._kind, brain.options, "controller", own)
        self._make: Callable[..., Embodied] = lru_cache(KEPT_BODIES)(self._made)

    def of(self, values: Mapping[str, float]) -> Embodied:
        """The body whose genes have these values, and the controller on it.

        Args:
            values: By the genes' names; others may be among them.

        Raises:
            EvolocoError: They cannot be built.
        """
        return self._make(*(values[gene.name] for gene in self.genes))

    def middle(self) -> Embodied:
        """The body whose genes are all in the middle of their bounds, and the controller on it."""
        return self.of(self._middle)

    def corners(self) -> Iterator[Morphology]:
        """The bodies at the ends of their genes: all low, all high, and each alone low or high.

        Raises:
            EvolocoError: One of them cannot be built.
        """
        for where, values in self._corners().items():
            with error_context(f"morphology.genes, {where}"):
                body, _ = self.of(values)
            yield body

    def _corners(self) -> dict[str, dict[str, float]]:
        """Values of the genes at each corner, by a name for messages."""
        if not self.genes:
            return {}
        corners = {
            "all genes low": {gene.name: gene.low for gene in self.genes},
            "all genes high": {gene.name: gene.high for gene in self.genes},
        }
        for gene in self.genes:
            for value in (gene.low, gene.high):
                where = f"'{gene.name}' = {value:g}, the others in the middle"
                corners[where] = {**self._middle, gene.name: value}
        return corners

    @property
    def _middle(self) -> dict[str, float]:
        return {gene.name: gene.decode(0.5) for gene in self.genes}

    def _checked_body_options(self) -> dict[str, Any]:
        build, options = self._module.build, self._spec.morphology.options
        numbers = free_numbers(self._module, build)
        return checked(build, options, "morphology", MorphologySpec.model_fields, numbers)

    def _searched_gene(self, name: str) -> Gene:
        """A gene of the body with the run file's bounds."""
        gene = self._described_gene(name)
        if name in self._spec.morphology.options:
            raise SpecError(
                f"'{name}' stands both in [morphology], as a value, and in [morphology.genes]."
            )
        bounds = self._spec.morphology.genes[name]
        searched = replace(gene, name=f"{BODY}{name}")
        with error_context("morphology.genes"):
            bounded: Gene = bounds.of(searched)
        return bounded

    def _described_gene(self, name: str) -> Gene:
        """A gene of the body as its module describes it."""
        module = self._module
        if hasattr(module, "gene"):
            with error_context("morphology.genes"), user_code(self._body_name):
                gene: Gene = module.gene(name, **self._body_options)
            return gene

        known: dict[str, Gene] = {gene.name: gene for gene in getattr(module, "GENES", ())}
        if name not in known:
            raise UnknownNameError("gene in [morphology.genes]", name, known)
        return known[name]

    @cached_property
    def _sides(self) -> Sides:
        """The sides of the body whose genes are all in the middle of their bounds."""
        return self._built(self._middle[gene.name] for gene in self.genes).sides

    def _built(self, values: Iterable[float]) -> Morphology:
        """A body with values of its genes."""
        names = [gene.name.removeprefix(BODY) for gene in self.genes]
        with user_code(self._body_name):
            given = dict(zip(names, values, strict=True))
            morphology: Morphology = self._module.build(**self._body_options, **given)
        if not isinstance(morphology, Morphology):
            raise SpecError(f"{self._body_name}: `build` must return a Morphology.")
        return morphology

    def _made(self, *values: float) -> Embodied:
        """A body with values of its genes, and the controller on it."""
        morphology = self._built(values)
        if self.genes:  # so that all bodies have the same genes of a controller
            morphology = morphology.with_sides(self._sides)
        if self._terrain:
            morphology = self._terrain.under(morphology)
        if target := self._spec.scenario.target:
            morphology = target.drawn.beside(morphology)
        if self._spec.scenario.looks:
            morphology = dressable(morphology)
        morphology = mounted(morphology, self._spec.cameras)
        morphology = fitted(morphology, self._spec.sensors)

        with user_code(f"controller: '{self._spec.controller.name}'"):
            controller: Controller = self._kind(morphology, **self._controller_options)
        needed = ("space", "reset", "step", "parameters")
        require(controller, needed, f"controller: '{self._spec.controller.name}'")
        return morphology, controller
