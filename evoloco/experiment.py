"""A run file's names -> the objects that a run's evaluation needs."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from evoloco.command import Commands
from evoloco.controller import Controller
from evoloco.embodiment import BODY, Embodiment
from evoloco.errors import EvolocoError, SpecError, UnknownNameError, error_context, user_code
from evoloco.fields import Array, flatten
from evoloco.genome import Gene, Space
from evoloco.measure import declared_floor, row_form, unit_of
from evoloco.members import member, members, require
from evoloco.morphology import Morphology
from evoloco.optimizer import Optimizer, Search
from evoloco.options import checked, options_of
from evoloco.randomization.draw import Randomization
from evoloco.randomization.world import check
from evoloco.scenario import (
    CHECK,
    ELITE,
    HELD_OUT,
    SEARCH,
    TRAINING,
    Scenario,
    Termination,
    draw,
)
from evoloco.search import start
from evoloco.spec import CommandSpec, OptimizerSpec, RunSpec, ScenarioSpec, TermSpec, TerrainSpec
from evoloco.term import Term, objective_names
from evoloco.terrain import SPEED, Terrain


@dataclass(frozen=True)
class Experiment:
    """Everything that a run's evaluation needs, built from its spec.

    Attributes:
        spec: Of the run.
        longest: Wall time that an episode may take instead of the spec's `evaluation.time_limit`
            [s]; 0 for any.

    Raises:
        SpecError: A name or option in the spec does not fit.
    """

    spec: RunSpec
    longest: float | None = None

    def __repr__(self) -> str:
        spec = self.spec
        return (
            f"Experiment({spec.name}: morphology {Path(spec.morphology.name).stem}, controller "
            f"{Path(spec.controller.name).stem}, optimizer {spec.optimizer.name}, seed {spec.seed})"
        )

    @property
    def time_limit(self) -> float:
        """Wall time that an episode may take [s]; 0 for any."""
        return self.spec.evaluation.time_limit if self.longest is None else self.longest

    # Bodies and controllers

    @cached_property
    def terrain(self) -> Terrain | None:
        """Ground long enough for the longest episodes; none where the body stands on its own."""
        spec = self.spec.scenario.terrain
        kind = member("terrains", spec.name, "scenario.terrain.name").Shape
        options = checked(kind, spec.options, "scenario.terrain", TerrainSpec.model_fields)
        with user_code(f"terrain: '{spec.name}'"):
            form = kind(**options)
        require(form, ("highest", "heights"), f"terrain: '{spec.name}'")
        if form.highest == 0:
            return None

        longest = max(self.spec.scenario.duration, self.heldout_duration)
        return Terrain(form, spec.cell, spec.level, length=SPEED * longest)

    @cached_property
    def embodiment(self) -> Embodiment:
        """Makes bodies from values of their genes, and the controller on each."""
        return Embodiment(self.spec, self.terrain)

    @property
    def body_genes(self) -> tuple[Gene, ...]:
        """The genes of the body that are searched, called `body.<option>`."""
        return self.embodiment.genes

    @cached_property
    def morphology(self) -> Morphology:
        """The body; where its genes are searched, all are in the middle of their bounds."""
        return self.embodiment.middle()[0]

    @cached_property
    def controller(self) -> Controller:
        """The controller on this body."""
        return self.embodiment.middle()[1]

    def corners(self) -> Iterator[Morphology]:
        """The bodies at the ends of their genes: all low, all high, and each alone low or high.

        Raises:
            EvolocoError: One of them cannot be built.
        """
        return self.embodiment.corners()

    # Genomes

    @property
    def space(self) -> Space:
        """The genes that are searched: the controller's with the run's bounds, and the body's."""
        return self._search_space[0]

    @property
    def start_notes(self) -> list[str]:
        """What a reader should know of the initial mean; nothing where [start] gives none."""
        return self._search_space[1]

    @cached_property
    def _search_space(self) -> tuple[Space, list[str]]:
        """The genes with the initial mean and spreads that [start] gives, and notes on these."""
        given = self.spec.start
        searched = [*self._controller_genes(), *self.body_genes]
        if given.path:
            raise SpecError(
                f"start.path: {given.path} is not read yet. Read the run file with "
                "evoloco.spec.read."
            )
        of_body = (f"{BODY}{name}" for name in self.spec.morphology.options)
        fixed = {*self.spec.controller.fixed, *of_body}
        begun, notes = start.begin(searched, given.genes, given.spread, given.strict, fixed)
        return Space(begun), notes if given.genes else []

    def _controller_genes(self) -> list[Gene]:
        """The controller's genes with the run file's bounds, without those that it fixes."""
        bounds, fixed = self.spec.controller.bounds, self.spec.controller.fixed
        genes = {gene.name: gene for gene in self.controller.space.genes}
        for table, named in (("bounds", bounds), ("fixed", fixed)):
            for name in named:
                if name not in genes:
                    raise UnknownNameError(f"gene in [controller.{table}]", name, genes)

        for name, other in bounds.items():
            with error_context("controller.bounds"):
                genes[name] = other.of(genes[name])
        for name, value in fixed.items():
            with error_context("controller.fixed"):
                genes[name].check_fixed(value)

        searched = [gene for name, gene in genes.items() if name not in fixed]
        if not searched:
            raise SpecError("controller.fixed leaves no gene to search.")
        return searched

    def body(self, genome: Array) -> Morphology:
        """The body of a genome (n,)."""
        return self.embodiment.of(self.space.decode(genome))[0]

    def parameters(self, genome: Array) -> Array:
        """The controller's flat parameters of a genome (n,), on its body."""
        return self.embodied(genome[None])[0][1]

    def embodied(self, genomes: Array) -> list[tuple[Morphology, Array]]:
        """Of each of some genomes (λ, n): its body, and the controller's flat parameters on it."""
        made = []
        for row in self.space.values(genomes).tolist():
            values = dict(zip(self.space.names, row, strict=True))
            body, controller = self.embodiment.of(values)
            given = {**values, **self.spec.controller.fixed}
            with user_code(f"controller: '{self.spec.controller.name}'"):
                made.append((body, flatten(controller.parameters(given))))
        return made

    # What is maximised

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The fitness terms."""
        asks = self.spec.scenario.command.drawn.moves
        return tuple(
            _term(name, spec, self.morphology, asks) for name, spec in self.spec.fitness.items()
        )

    @cached_property
    def rewards(self) -> tuple[Term, ...]:
        """The terms of the reward of a control step: those of [reward], or else of [fitness]."""
        asks = self.spec.scenario.command.drawn.moves
        if not self.spec.reward:
            return self.terms
        return tuple(
            _term(name, spec, self.morphology, asks, "reward")
            for name, spec in self.spec.reward.items()
        )

    @property
    def told(self) -> RunSpec:
        """The run file with the floors of its terms written out."""
        update = {"fitness": _with_floors(self.spec.fitness, self.terms)}
        if self.spec.reward:
            update["reward"] = _with_floors(self.spec.reward, self.rewards)
        return self.spec.model_copy(update=update)

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
            SpecError: Its options do not fit, or it takes one objective where the run has several,
                or the reverse, or the run has a start and it begins elsewhere.
        """
        spec = self.spec.optimizer
        kind = member("optimizers", spec.name, "optimizer.name").Optimizer
        options = checked(kind, spec.options, "optimizer", OptimizerSpec.model_fields)
        self._check_objectives(kind)
        if self.spec.start.genes:
            _check_start(spec.name, kind, options)

        terms = tuple(self.spec.fitness)
        search = Search(self.space, spec.population_size, self.spec.seed, self.objectives, terms)
        with user_code(f"optimizer: '{spec.name}'"):
            optimizer: Optimizer = kind(search, **options)
        needed = ("events", "ask", "tell", "stop_reason")
        require(optimizer, needed, f"optimizer: '{spec.name}'")
        return optimizer

    def _check_objectives(self, optimizer: type[Optimizer]) -> None:
        """Raises a SpecError where an optimizer does not take as many objectives as there are."""
        several = bool(self.several_objectives)
        if several == _takes_several(optimizer):
            return

        fit = _optimizers(lambda other: _takes_several(other) == several)
        names = ", ".join(self.objectives)
        count = f"{len(self.objectives)} objectives ({names})" if several else "one objective"
        raise SpecError(
            f"optimizer.name: '{self.spec.optimizer.name}' does not take {count}. Optimizers that "
            f"do: {fit}. The key `objective` of the fitness terms decides how many there are."
        )

    # Scenarios

    @property
    def randomizations(self) -> tuple[Randomization, ...]:
        """What differs between episodes beside start, pushes, friction and rough ground.

        Raises:
            SpecError: A name, pattern or range does not fit.
            ModelError: It does not fit the body.
        """
        return self._randomizations[0]

    @property
    def left_out(self) -> list[str]:
        """What the run file randomizes only where a body has it, and this one has not."""
        return self._randomizations[1]

    @cached_property
    def _randomizations(self) -> tuple[tuple[Randomization, ...], list[str]]:
        """Those of the run file that fit the body, and a sentence on each that does not."""
        width = self.spec.scenario.width
        widest = max(width.begin, width.end, width.heldout)
        kept, left_out = [], []
        for name, table in self.spec.randomize.items():
            one = table.named(name)
            try:
                check([one, one.widened(widest)], self.morphology)
            except EvolocoError as error:
                if one.required:
                    raise
                why = str(error).removeprefix(f"randomize.{name}: ")
                left_out.append(f"randomize.{name} is left out: {why}")
            else:
                kept.append(one)
        return tuple(kept), left_out

    @cached_property
    def commands(self) -> Commands:
        """How the command of an episode is drawn."""
        return self._commands(self.spec.scenario.command)

    def _commands(self, asked: CommandSpec) -> Commands:
        """How a command is drawn on this body."""
        body = self.morphology
        if not asked.relative:
            return asked.drawn
        leg, gravity = body.leg_length, body.gravity
        return asked.drawn.scaled(math.sqrt(gravity * leg), math.sqrt(gravity / leg))

    @property
    def termination(self) -> Termination:
        """What counts as a fall."""
        return Termination(**self.spec.scenario.termination.model_dump())

    @property
    def heldout_duration(self) -> float:
        """Duration of a completed held-out episode [s]."""
        return self.spec.evaluation.heldout_duration or self.spec.scenario.duration

    def scenarios(self, generation: int) -> list[Scenario]:
        """The scenarios of a generation, common to its genomes."""
        count, duration = self.spec.evaluation.episodes, self.spec.scenario.duration
        pushes = self.spec.scenario.push.strength(generation)
        width = self.spec.scenario.width.of(generation)
        return [
            self._draw(SEARCH, generation, episode, duration, width, pushes)
            for episode in range(count)
        ]

    def elite_scenarios(self) -> list[Scenario]:
        """The scenarios that choose the champion from the elite."""
        count, width = self.spec.evaluation.heldout_episodes, self.spec.scenario.width.end
        return [
            self._draw(ELITE, 0, episode, self.heldout_duration, width) for episode in range(count)
        ]

    def held_out(self) -> list[Scenario]:
        """The scenarios that neither the search nor the choice of the champion sees."""
        return [self.held_out_scenario(i) for i in range(self.spec.evaluation.heldout_episodes)]

    def held_out_scenario(self, episode: int) -> Scenario:
        """One of them, by its index; those beyond `evaluation.heldout_episodes` are drawn alike."""
        width = self.spec.scenario.width.heldout
        return self._draw(HELD_OUT, 0, episode, self.heldout_duration, width)

    def training_scenarios(self, count: int, seed: int) -> list[Scenario]:
        """Scenarios in which a policy is trained, which no judgement sees.

        Args:
            count: Their number.
            seed: Of their random numbers, instead of the run file's.
        """
        return [self.training_scenario(episode, seed) for episode in range(count)]

    def training_scenario(self, episode: int, seed: int) -> Scenario:
        """One of them, by its index."""
        width, duration = self.spec.scenario.width.end, self.spec.scenario.duration
        return self._draw(TRAINING, 0, episode, duration, width, seed=seed)

    def check_scenario(
        self,
        episode: int,
        scenario: ScenarioSpec,
        randomizations: Sequence[Randomization],
    ) -> Scenario:
        """A scenario of the check, from random numbers that neither search nor judgement sees.

        Args:
            episode: Its index.
            scenario: Start, pushes, friction and command, instead of the run file's.
            randomizations: What else differs, instead of the run file's.
        """
        return self._draw(
            CHECK, 0, episode, self.heldout_duration, 1.0, 1.0, scenario, randomizations
        )

    def _draw(
        self,
        stream: int,
        generation: int,
        episode: int,
        duration: float,
        width: float,
        pushes: float = 1.0,
        differing: ScenarioSpec | None = None,
        randomizations: Sequence[Randomization] | None = None,
        seed: int | None = None,
    ) -> Scenario:
        """Draws the scenario of an episode.

        Args:
            stream: What the scenario is for.
            generation: Part of the address of its random numbers.
            episode: Likewise.
            duration: Of a completed episode [s].
            width: How far the world is from the middle one.
            pushes: Strength of pushes, 0 to 1.
            differing: Start, pushes, friction and command, instead of the run file's.
            randomizations: What else differs, instead of the run file's.
            seed: Part of the address of its random numbers, instead of the run file's.
        """
        scenario = differing or self.spec.scenario
        push = scenario.push
        return draw(
            self.morphology,
            (self.spec.seed if seed is None else seed, stream, generation, episode),
            duration=duration,
            joint_noise=scenario.joint_noise,
            velocity_noise=scenario.velocity_noise,
            push_count=push.count,
            push_impulse=pushes * push.impulse,
            push_duration=push.duration,
            push_direction=push.direction,
            friction=scenario.friction,
            terrain=self.terrain,
            randomizations=self.randomizations if randomizations is None else randomizations,
            command=self.commands if differing is None else self._commands(scenario.command),
            target=ball.drawn if (ball := self.spec.scenario.target) else None,
            looks=self.spec.scenario.looks,
            brightness=self.spec.scenario.brightness,
            width=width,
        )


def _with_floors(tables: dict[str, TermSpec], terms: Sequence[Term]) -> dict[str, TermSpec]:
    """Tables of terms with their floors written out."""
    floors = {term.name: term.floor for term in terms if term.weight}
    return {
        name: table.model_copy(update={"floor": floors[name]} if name in floors else {})
        for name, table in tables.items()
    }


def _term(
    name: str, spec: TermSpec, morphology: Morphology, asks: bool, where: str = "fitness"
) -> Term:
    """A term of the run file.

    Args:
        name: Of the term.
        spec: Its table.
        morphology: The body.
        asks: Whether the scenario's command asks for anything.
        where: The table that it is in: "fitness" or "reward".

    Raises:
        SpecError: An option does not fit, a key of the table hides one, there is no floor, or there
            is no command to follow.
    """
    module = member("fitness", spec.measure, f"{where}.{name}.measure")
    if spec.weight and not asks and getattr(module, "COMMANDED", False):
        raise SpecError(
            f"{where}.{name}.measure: '{spec.measure}' measures how [scenario.command] is "
            "followed, and that asks for nothing. Give it a speed, a turning_rate or stages, such "
            "as scenario.command.speed=0.3."
        )
    for taken in sorted(options_of(module.measure).keys() & TermSpec.model_fields.keys()):
        raise SpecError(
            f"{where}.{name}.measure: the parameter '{taken}' of measure '{spec.measure}' cannot "
            f"be set, because `{taken}` is a key of every fitness term. Give it another name."
        )
    options = checked(module.measure, spec.options, f"{where}.{name}", TermSpec.model_fields)
    unit = unit_of(module, morphology)
    return Term(
        name,
        spec.weight,
        spec.measure,
        module.measure,
        options,
        unit,
        spec.objective,
        spec.threshold,
        _floor(f"{where}.{name}", spec, declared_floor(module, spec.weight, morphology), unit),
        row_form(module),
        spec.floor_of == "mean",
    )


def _floor(place: str, spec: TermSpec, declared: float | None, unit: str) -> float:
    """What an unlived step counts for a term: as the run file says, or as its measure declares.

    Raises:
        SpecError: Neither says, and the term counts.
    """
    found = declared if spec.floor is None else spec.floor
    if found is None and spec.weight < 0:
        raise SpecError(
            f"{place}.floor is missing: little of measure '{spec.measure}' is wanted, and "
            f"it declares no FLOORS. Give the largest value [{unit}] that counts; a step that is "
            "not lived counts as much."
        )
    return found or 0.0


def _check_start(name: str, optimizer: type[Optimizer], options: dict[str, Any]) -> None:
    """Raises a SpecError where an optimizer has no use for an initial mean."""
    if not _takes_start(optimizer):
        raise SpecError(
            f"optimizer.name: '{name}' begins nowhere, so [start] means nothing to it. Optimizers "
            f"that begin somewhere: {_optimizers(_takes_start)}."
        )
    if options.get("start") == "random":
        raise SpecError("optimizer.start = 'random' and [start] exclude each other: leave one out.")


def _takes_several(optimizer: type[Optimizer]) -> bool:
    return bool(getattr(optimizer, "several_objectives", False))


def _takes_start(optimizer: type[Optimizer]) -> bool:
    return bool(getattr(optimizer, "takes_start", False))


def _optimizers(fit: Callable[[type[Optimizer]], bool]) -> str:
    """Names of the optimizers that fit, for a message."""
    return ", ".join(
        name for name in members("optimizers") if fit(member("optimizers", name).Optimizer)
    )
