"""A run file's names -> the objects that a run's evaluation needs."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Any

from evoloco.controller import Controller
from evoloco.errors import SpecError, UnknownNameError, error_context, user_code
from evoloco.fields import flatten
from evoloco.fitting import fitted
from evoloco.genome import Array, Gene, Space
from evoloco.measure import Term, objective_names, row_form
from evoloco.members import member, members
from evoloco.morphology import Morphology
from evoloco.optimizer import Optimizer, Search
from evoloco.options import checked, options_of
from evoloco.randomization.draw import Randomization
from evoloco.randomization.world import check
from evoloco.scenario import ELITE, HELD_OUT, SEARCH, Scenario, Termination, draw
from evoloco.search import start
from evoloco.spec import (
    ControllerSpec,
    MorphologySpec,
    OptimizerSpec,
    RunSpec,
    TermSpec,
    TerrainSpec,
)
from evoloco.terrain import SPEED, Terrain

BODY = "body."
"""Begins the names of genes of the body."""

KEPT_BODIES = 256
"""Bodies that stay compiled, of those that were evaluated last."""


def _takes_several(optimizer: type[Optimizer]) -> bool:
    return bool(getattr(optimizer, "several_objectives", False))


def _takes_start(optimizer: type[Optimizer]) -> bool:
    return bool(getattr(optimizer, "takes_start", False))


def _optimizers(fit: Callable[[type[Optimizer]], bool]) -> str:
    """Names of the optimizers that fit, for a message."""
    return ", ".join(
        name for name in members("optimizers") if fit(member("optimizers", name).Optimizer)
    )


@dataclass(frozen=True)
class Experiment:
    """Everything that a run's evaluation needs, built from its spec.

    Attributes:
        spec: Of the run.
        longest: Wall time that an episode may take [s], instead of the spec's `evaluation.time_limit`; 0 for any.

    Raises:
        SpecError: A name or option in the spec does not fit.
    """

    spec: RunSpec
    longest: float | None = None

    @property
    def time_limit(self) -> float:
        """Wall time that an episode may take [s]; 0 for any."""
        return self.spec.evaluation.time_limit if self.longest is None else self.longest

    @cached_property
    def morphology(self) -> Morphology:
        """The body, where none of its genes is searched or all are in the middle of their bounds."""
        return self._grow(*(gene.decode(0.5) for gene in self.body_genes))[0]

    @cached_property
    def controller(self) -> Controller:
        """The controller on this body."""
        return self._grow(*(gene.decode(0.5) for gene in self.body_genes))[1]

    @cached_property
    def body_genes(self) -> tuple[Gene, ...]:
        """The genes of the body that are searched, called `body.<option>`."""
        spec, genes = self.spec.morphology, []
        for name, given in spec.genes.items():
            gene = self._body_gene(name)
            if name in spec.options:
                raise SpecError(
                    f"'{name}' stands both in [morphology], as a value, and in [morphology.genes]."
                )
            with error_context("morphology.genes"):
                genes.append(given.of(replace(gene, name=f"{BODY}{name}")))
        return tuple(genes)

    def _body_gene(self, name: str) -> Gene:
        """A gene of the body as its module describes it."""
        module = self._body_module
        if hasattr(module, "gene"):
            with (
                error_context("morphology.genes"),
                user_code(f"morphology: '{self.spec.morphology.name}'"),
            ):
                gene: Gene = module.gene(name, **self._body_options)
            return gene
        known: dict[str, Gene] = {gene.name: gene for gene in getattr(module, "GENES", ())}
        if name not in known:
            raise UnknownNameError("gene in [morphology.genes]", name, known)
        return known[name]

    @cached_property
    def _body_options(self) -> dict[str, Any]:
        module, options = self._body_module, self.spec.morphology.options
        parameters = inspect.signature(module.build).parameters.values()
        more = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
        numbers = (
            [gene.name for gene in module.GENES] if more and not hasattr(module, "gene") else []
        )
        return checked(module.build, options, "morphology", MorphologySpec.model_fields, numbers)

    @cached_property
    def _body_module(self) -> ModuleType:
        return member("morphologies", self.spec.morphology.name, "morphology.name")

    @cached_property
    def _grow(self) -> Callable[..., tuple[Morphology, Controller]]:
        """Makes the body with values of its genes, and the controller on it; the last ones are kept."""
        body, brain = self.spec.morphology, self.spec.controller
        build = self._body_module.build
        kind = member("controllers", brain.name, "controller.name").Controller
        names, body_options = (
            [gene.name.removeprefix(BODY) for gene in self.body_genes],
            self._body_options,
        )
        options = checked(kind, brain.options, "controller", ControllerSpec.model_fields)

        @lru_cache(KEPT_BODIES)
        def grow(*values: float) -> tuple[Morphology, Controller]:
            with user_code(f"morphology: '{body.name}'"):
                morphology: Morphology = build(
                    **body_options, **dict(zip(names, values, strict=True))
                )
            if self.terrain:
                morphology = self.terrain.under(morphology)
            morphology = fitted(morphology, self.spec.sensors)
            with user_code(f"controller: '{brain.name}'"):
                controller: Controller = kind(morphology, **options)
            return morphology, controller

        return grow

    @cached_property
    def terrain(self) -> Terrain | None:
        """Ground long enough for the longest episodes; none where the body stands on its own."""
        terrain, longest = (
            self.spec.scenario.terrain,
            max(self.spec.scenario.duration, self.heldout_duration),
        )
        kind = member("terrains", terrain.name, "scenario.terrain.name").Shape
        options = checked(kind, terrain.options, "scenario.terrain", TerrainSpec.model_fields)
        form = kind(**options)
        if form.highest == 0:
            return None
        return Terrain(form, terrain.cell, terrain.level, SPEED * longest)

    @cached_property
    def randomizations(self) -> tuple[Randomization, ...]:
        """What differs between episodes beside start, pushes, friction and rough ground.

        Raises:
            SpecError: A name, pattern or range does not fit.
            ModelError: It does not fit the body.
        """
        found = tuple(table.named(name) for name, table in self.spec.randomize.items())
        check(found, self.morphology)
        return found

    @property
    def space(self) -> Space:
        """The genes that are searched: the controller's, with other bounds and without fixed ones, and the body's."""
        return self._begin[0]

    @property
    def start_notes(self) -> list[str]:
        """What a reader should know of the values from which the search begins; nothing where none are given."""
        return self._begin[1]

    @cached_property
    def _begin(self) -> tuple[Space, list[str]]:
        genes = {gene.name: gene for gene in self.controller.space.genes}
        for table in ("bounds", "fixed"):
            for name in getattr(self.spec.controller, table):
                if name not in genes:
                    raise UnknownNameError(f"gene in [controller.{table}]", name, genes)
        for name, other in self.spec.controller.bounds.items():
            with error_context("controller.bounds"):
                genes[name] = other.of(genes[name])
        for name, value in self.spec.controller.fixed.items():
            with error_context("controller.fixed"):
                genes[name].check(value)
        searched = [gene for name, gene in genes.items() if name not in self.spec.controller.fixed]
        if not searched:
            raise SpecError("controller.fixed leaves no gene to search.")
        given = self.spec.start
        if given.path:
            raise SpecError(
                f"start.path: {given.path} is not read yet. Read the run file with evoloco.spec.read."
            )
        fixed = {
            *self.spec.controller.fixed,
            *(f"{BODY}{name}" for name in self.spec.morphology.options),
        }
        begun, notes = start.begin(
            [*searched, *self.body_genes], given.genes, given.spread, given.strict, fixed
        )
        return Space(begun), notes if given.genes else []

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The fitness terms."""
        terms = []
        for name, term in self.spec.fitness.items():
            module = member("fitness", term.measure, f"fitness.{name}.measure")
            for taken in sorted(options_of(module.measure).keys() & TermSpec.model_fields.keys()):
                raise SpecError(
                    f"fitness.{name}.measure: the parameter '{taken}' of measure '{term.measure}' cannot be set, "
                    f"because `{taken}` is a key of every fitness term. Give it another name."
                )
            options = checked(
                module.measure, term.options, f"fitness.{name}", TermSpec.model_fields
            )
            terms.append(
                Term(
                    name,
                    term.weight,
                    term.measure,
                    module.measure,
                    options,
                    getattr(module, "UNIT", "1"),
                    term.objective,
                    term.threshold,
                    row_form(module),
                )
            )
        return tuple(terms)

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names of what is maximised."""
        return objective_names(self.terms)

    @property
    def several_objectives(self) -> tuple[str, ...]:
        """Names of the objectives where there are several; none where fitness is the only one."""
        return self.objectives if len(self.objectives) > 1 else ()

    def optimizer(self) -> Optimizer:
        """A fresh optimizer.

        Raises:
            SpecError: Its options do not fit, or it takes one objective where
                the run has several, or the reverse, or the run has a start
                and it begins elsewhere.
        """
        spec = self.spec.optimizer
        kind = member("optimizers", spec.name, "optimizer.name").Optimizer
        options = checked(kind, spec.options, "optimizer", OptimizerSpec.model_fields)
        several = bool(self.several_objectives)
        if several != _takes_several(kind):
            fit = _optimizers(lambda other: _takes_several(other) == several)
            count = (
                f"{len(self.objectives)} objectives ({', '.join(self.objectives)})"
                if several
                else "one objective"
            )
            raise SpecError(
                f"optimizer.name: '{spec.name}' does not take {count}. Optimizers that do: {fit}. "
                "The key `objective` of the fitness terms decides how many there are."
            )
        if self.spec.start.genes and not _takes_start(kind):
            raise SpecError(
                f"optimizer.name: '{spec.name}' begins nowhere, so [start] means nothing to it. Optimizers that begin "
                f"somewhere: {_optimizers(_takes_start)}."
            )
        if self.spec.start.genes and options.get("start") == "random":
            raise SpecError(
                "optimizer.start = 'random' and [start] exclude each other: leave one out."
            )
        terms = tuple(self.spec.fitness)
        search = Search(self.space, spec.population_size, self.spec.seed, self.objectives, terms)
        with user_code(f"optimizer: '{spec.name}'"):
            optimizer: Optimizer = kind(search, **options)
        return optimizer

    @property
    def termination(self) -> Termination:
        """What counts as a fall."""
        return Termination(**self.spec.scenario.termination.model_dump())

    def body(self, genome: Array) -> Morphology:
        """The body of a genome (n,)."""
        return self._embody(self.space.decode(genome))[0]

    def corners(self) -> Iterator[Morphology]:
        """The bodies at the ends of their genes: all low, all high, and each alone low or high.

        Raises:
            EvolocoError: One of them cannot be built.
        """
        genes = self.body_genes
        middle = {gene.name: gene.decode(0.5) for gene in genes}
        corners = {
            f"all genes {end}": {gene.name: getattr(gene, end) for gene in genes}
            for end in ("low", "high")
            if genes
        } | {
            f"'{gene.name}' = {value:g}, the others in the middle": {**middle, gene.name: value}
            for gene in genes
            for value in (gene.low, gene.high)
        }
        for where, values in corners.items():
            with error_context(f"morphology.genes, {where}"):
                body, _ = self._embody(values)
            yield body

    def parameters(self, genome: Array) -> Array:
        """The controller's flat parameters of a genome (n,), on its body."""
        return self.embodied(genome[None])[0][1]

    def embodied(self, genomes: Array) -> list[tuple[Morphology, Array]]:
        """Of each of some genomes (λ, n): its body, and the controller's flat parameters on it."""
        made = []
        for row in self.space.values(genomes).tolist():
            values = dict(zip(self.space.names, row, strict=True))
            body, controller = self._embody(values)
            given = {**values, **self.spec.controller.fixed}
            made.append((body, flatten(controller.parameters(given))))
        return made

    def _embody(self, values: dict[str, float]) -> tuple[Morphology, Controller]:
        return self._grow(*(values[gene.name] for gene in self.body_genes))

    @property
    def heldout_duration(self) -> float:
        """Duration of a completed held-out episode [s]."""
        return self.spec.evaluation.heldout_duration or self.spec.scenario.duration

    def scenarios(self, generation: int) -> list[Scenario]:
        """The scenarios of a generation, common to its genomes."""
        count, duration = self.spec.evaluation.episodes, self.spec.scenario.duration
        pushes = self.spec.scenario.push.strength(generation)
        return [
            self._draw(SEARCH, generation, episode, duration, pushes) for episode in range(count)
        ]

    def elite_scenarios(self) -> list[Scenario]:
        """The scenarios that choose the champion from the elite."""
        return self._beyond_search(ELITE)

    def held_out(self) -> list[Scenario]:
        """The scenarios that neither the search nor the choice of the champion sees."""
        return self._beyond_search(HELD_OUT)

    def _beyond_search(self, stream: int) -> list[Scenario]:
        count = self.spec.evaluation.heldout_episodes
        return [self._draw(stream, 0, episode, self.heldout_duration) for episode in range(count)]

    def _draw(
        self, stream: int, generation: int, episode: int, duration: float, pushes: float = 1.0
    ) -> Scenario:
        scenario = self.spec.scenario
        return draw(
            self.morphology,
            (self.spec.seed, stream, generation, episode),
            duration=duration,
            joint_noise=scenario.joint_noise,
            velocity_noise=scenario.velocity_noise,
            push_count=scenario.push.count,
            push_impulse=pushes * scenario.push.impulse,
            push_duration=scenario.push.duration,
            push_direction=scenario.push.direction,
            friction=scenario.friction,
            terrain=self.terrain,
            randomizations=self.randomizations,
            command=(
                scenario.command.speed,
                scenario.command.heading,
                scenario.command.turning_rate,
            ),
        )
