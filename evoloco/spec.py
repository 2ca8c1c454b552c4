"""The run file: the description of one run, as frozen data. Unknown keys are errors."""

import math
import os
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import tomli_w
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from evoloco import text_file
from evoloco.command import Commands, Draw
from evoloco.errors import SpecError, UnknownNameError, error_context
from evoloco.overrides import Replacements, apply, flat, named_members
from evoloco.perception.dressing import Looks
from evoloco.presets.merging import expand
from evoloco.randomization.draw import Randomization
from evoloco.references import anchor
from evoloco.search import start
from evoloco.search.gene_range import Range
from evoloco.target import Target
from evoloco.unheard import unheard

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=100_000)]

LARGEST_WEIGHT = 1e100
"""Largest weight and floor of a fitness term: squares, as optimizers form them, stay finite."""

MOST_DOTS = 1000
"""Largest number of dots in a line: reading a key of n parts takes n² steps."""


class _Table(BaseModel):
    """A table of the run file: frozen, without unknown keys and infinite or NaN numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class _Member(_Table):
    """A table that names a member. Its other keys are options of that member."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False, strict=True)

    @property
    def options(self) -> dict[str, Any]:
        """Options of the member."""
        return dict(self.__pydantic_extra__ or {})


def _pairs(table: Any) -> Any:
    """Returns a flat table: lists as tuples, and keys of inner tables joined by dots."""
    if not isinstance(table, dict):
        return table
    return {
        key: tuple(pair) if isinstance(pair, list) else pair for key, pair in flat(table).items()
    }


def _start(given: Any) -> Range:
    """Returns a range without bounds.

    Raises:
        ValueError: It has bounds, or is not a range.
    """
    found = Range.read(given)
    if found.low is not None:
        raise ValueError(
            "Must be a start~spread such as '1.6~0.15', without bounds: "
            "they belong to [controller.bounds] or [morphology.genes]"
        )
    return found


def _range(given: Any) -> Any:
    """Returns a single number as [low, high] with equal ends, and a list as a tuple."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return given, given
    return tuple(given) if isinstance(given, list) else given


_TEXT = {"type": "string"}
_PAIR = {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}]}
_Range = Annotated[
    tuple[float, float],
    BeforeValidator(_range),
    WithJsonSchema({"anyOf": [{"type": "number"}, _PAIR]}),
]
_Bounds = Annotated[
    Range,
    BeforeValidator(Range.read),
    PlainSerializer(Range.write),
    WithJsonSchema({"anyOf": [_PAIR, _TEXT]}),
]
_Start = Annotated[
    Range, BeforeValidator(_start), PlainSerializer(Range.write), WithJsonSchema(_TEXT)
]

Bounds = Annotated[dict[str, _Bounds], BeforeValidator(_pairs)]
"""[low, high], or "start~spread<low,high>", by name."""


class MorphologySpec(_Member):
    """The body. Further keys are options of the morphology."""

    name: str = Field(
        description="A bundled morphology, or the path of a .py file with a function `build`."
    )
    genes: Bounds = Field(
        default_factory=dict,
        description="Numbers of the body that are searched too, as the genes `body.<name>`: "
        '[low, high] or `"start~spread<low,high>"`.',
    )


class ControllerSpec(_Member):
    """The controller. Further keys are options of the controller."""

    name: str = Field(
        description="A bundled controller, or the path of a .py file with a class `Controller`."
    )
    bounds: Bounds = Field(
        default_factory=dict,
        description="Other bounds and starts for genes, by name: "
        '[low, high] or `"start~spread<low,high>"`.',
    )
    fixed: dict[str, float] = Field(
        default_factory=dict, description="Genes that are not searched, with their values."
    )


class TermSpec(_Member):
    """One named term of the fitness. Further keys are options of the measure."""

    measure: str = Field(
        description="A bundled measure, or the path of a .py file with a function `measure`."
    )
    weight: float = Field(description="Factor in the fitness sum; 0 records the measure only.")
    threshold: NotNegative = Field(
        0.0,
        description="A measure whose absolute value is below this counts as 0 in the sum; "
        "the journal has the measure itself.",
    )
    floor: float | None = Field(
        None,
        description="The worst value that counts [unit of the measure], and what a step counts "
        "that was not lived; by default the measure's own. For a positive weight the least, for a "
        "negative one the largest.",
    )
    floor_of: Literal["step", "mean"] = Field(
        "step",
        description="What the floor bounds: every lived step, or their mean alone. With `mean`, a "
        "single bad step costs in full, however mild the floor.",
    )
    objective: str = Field(
        "fitness",
        min_length=1,
        description="The objective that the term belongs to. Different names make a run with "
        "several objectives, for nsga2 and nsga3.",
    )

    @field_validator("weight", "floor")
    @classmethod
    def _cannot_overflow(cls, value: float | None) -> float | None:
        if value is not None and abs(value) > LARGEST_WEIGHT:
            raise ValueError(
                f"Must be between {-LARGEST_WEIGHT:g} and {LARGEST_WEIGHT:g}, because a sum of "
                "larger ones could overflow"
            )
        return value


class PushSpec(_Table):
    """Horizontal pushes on the torso."""

    count: int = Field(
        0, ge=0, le=1000, description="Pushes per episode, one in each equal part of it."
    )
    impulse: NotNegative = Field(0.0, description="Change of the body's speed by one push [m/s].")
    duration: Positive = Field(0.1, description="Duration of one push [s].")
    direction: Literal["any", "sagittal", "lateral", "forward", "backward"] = Field(
        "any",
        description="Direction of a push in the world. Drawn for every push: any (horizontal), "
        "sagittal (forward or backward), lateral (left or right). Always the same: forward, "
        "backward.",
    )
    growth: int = Field(
        0,
        ge=0,
        description="Generations over which the search's pushes grow from 0 to their full impulse; "
        "0 for full pushes from the start.",
    )

    def strength(self, generation: int) -> float:
        """Returns the fraction of the impulse that the search's pushes have in a generation."""
        return min(generation / self.growth, 1.0) if self.growth else 1.0


class WidthSpec(_Table):
    """How far worlds are from the middle one: 1 as far as the tables say.

    A width is a factor on the noise of the start, on pushes, on the noise of sensors, and on the
    widths of the ranges of friction and of `[randomize]` about their middles.
    """

    begin: NotNegative = Field(1.0, description="Of the search's worlds in its first generation.")
    end: NotNegative = Field(
        1.0,
        description="Of the search's worlds after `generations`, and of those that choose the "
        "champion.",
    )
    generations: int = Field(
        0, ge=0, description="Generations over which it goes from `begin` to `end`."
    )
    heldout: NotNegative = Field(1.0, description="Of the worlds that judge the champion.")

    def of(self, generation: int) -> float:
        """The width of the search's worlds in a generation."""
        if generation >= self.generations:
            return self.end
        return self.begin + (self.end - self.begin) * generation / self.generations


class TerrainSpec(_Member):
    """Ground that is not a plane. Further keys are options of the terrain."""

    name: str = Field("rough", description="Name of the terrain.")

    cell: Positive = Field(0.3, description="Distance between the points of the grid [m].")
    level: NotNegative = Field(
        0.5, description="The ground is level up to this distance from the start [m]."
    )


class TerminationSpec(_Table):
    """What ends an episode as a fall."""

    min_height: Fraction = Field(
        0.7,
        description="Smallest height of the torso over the ground beneath it, relative to that in "
        "the home keyframe [1].",
    )
    max_tilt: Positive = Field(
        0.8, description="Largest angle between the torso's vertical axis and the world's [rad]."
    )
    body_contact: bool = Field(
        True, description="True: ground contact of any other part than a foot is a fall."
    )
    self_contact: bool = Field(
        False,
        description="True: two parts of the robot that touch each other are a fall, such as legs "
        "that cross.",
    )


class _AskedSpec(_Table):
    """What is asked for: a number, or [low, high] to draw from."""

    speed: _Range = Field((0.0, 0.0), description="Walking speed [m/s]; negative for backward.")
    heading: _Range | None = Field(
        None,
        description="Direction of walking, from the world's x axis to the left [rad]. It is that "
        "at the start of the command or stage, and the turning rate changes it from there. By "
        "default the one asked for before, and 0 at the start of the episode.",
    )
    turning_rate: _Range = Field(
        (0.0, 0.0), description="Rate of change of the heading, positive to the left [rad/s]."
    )

    @field_validator("speed", "heading", "turning_rate")
    @classmethod
    def _not_empty(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        return None if value is None else _ascending(value)


class StageSpec(_AskedSpec):
    """One stage of a command that changes at given times. The first one starts at 0."""

    start: NotNegative = Field(description="When it begins [s]; it lasts until the next one.")


class CommandSpec(_AskedSpec):
    """What a controller that observes it should do: a number, or [low, high] to draw from.

    It may change: `every` draws it anew, or `stages` say what is asked when.
    """

    every: NotNegative = Field(
        0.0, description="Time after which another command is drawn [s]; 0 for one per episode."
    )
    stop: Fraction = Field(
        0.0, description="Probability that a command is to stand still: speed and turning rate 0."
    )
    stages: tuple[StageSpec, ...] = Field((), description="Stages, instead of all other keys.")
    relative: bool = Field(
        False,
        description="True: speeds are shares of sqrt(g L), and turning rates of sqrt(g / L), with "
        "the length L of the legs and gravity g; so one command fits robots of all sizes.",
    )

    @field_validator("stages", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _one_way(self) -> "CommandSpec":
        if not self.stages:
            return self
        plain = CommandSpec()
        others = [
            key
            for key in type(self).model_fields
            if key not in ("stages", "relative") and getattr(self, key) != getattr(plain, key)
        ]
        if others:
            raise ValueError(
                f"`stages` and {', '.join(f'`{key}`' for key in others)} exclude each other: say "
                "in every stage what is asked for, or leave `stages` out"
            )
        starts = [stage.start for stage in self.stages]
        if starts[0] != 0 or sorted(set(starts)) != starts:
            raise ValueError(
                "The stages must be in the order of their starts, and the first must start at 0; "
                f"they start at {', '.join(f'{start:g}' for start in starts)} s"
            )
        return self

    @property
    def drawn(self) -> Commands:
        """Returns how the command of an episode is drawn."""
        if not self.stages:
            return Commands(
                (Draw(self.speed, self.heading, self.turning_rate),), self.every, self.stop
            )
        return Commands(
            tuple(Draw(one.speed, one.heading, one.turning_rate, one.start) for one in self.stages)
        )


def _ascending(value: tuple[float, float]) -> tuple[float, float]:
    """Returns a pair.

    Raises:
        ValueError: Its low end is above its high end.
    """
    if value[0] > value[1]:
        raise ValueError("Must be [low, high] with low <= high")
    return value


class RandomizationSpec(_Table):
    """Something about the body or its surroundings that differs between episodes.

    NAME is a quantity (`evoloco list quantities`), or any name if `quantity` or `field` is given.
    Give at most one of `factor`, `offset` and `value`; a quantity has a usual range.
    """

    quantity: str = Field("", description="The quantity; by default NAME.")
    field: str = Field(
        "", description="Instead of a quantity: a field of MuJoCo's model, such as `geom_solimp`."
    )
    column: int = Field(0, ge=0, le=1000, description="Column of a field that has several, from 0.")
    elements: str = Field(
        "*",
        description="Names of the bodies, joints, ...; a pattern with `*`, `?` or `[...]`.",
    )
    factor: _Range | None = Field(None, description="Range of a factor on the number.")
    offset: _Range | None = Field(
        None, description="Range of what is added to the number [its unit]."
    )
    value: _Range | None = Field(None, description="Range of a new value of the number [its unit].")
    distribution: Literal["uniform", "log_uniform", "normal"] | None = Field(
        None,
        description="Distribution in the range; by default the quantity's own. `normal`: the ends "
        "are one standard deviation from the mean, and the draws at most three.",
    )
    each: bool | None = Field(
        None,
        description="True: every element has its own draw. False: all have the same one. By "
        "default as usual for the quantity.",
    )
    drift: bool = Field(
        False,
        description="True: the number changes linearly from its own value to the drawn one, which "
        "it reaches at the planned end of the episode.",
    )
    required: bool = Field(
        True,
        description="False: left out, and told, on a body that has nothing of the kind.",
    )

    def named(self, name: str) -> Randomization:
        """Returns the randomization of a table of this name.

        Raises:
            SpecError: A name or a range is not valid.
        """
        with error_context(f"randomize.{name}"):
            return Randomization.of(name, **self.model_dump())


class TargetSpec(_Table):
    """A ball to walk to: a number, or [low, high] to draw from in every episode.

    The body, geom and material `target` are added to the model. The ball touches nothing, and it
    ends no episode: the measures `approach` and `reached` count.
    """

    radius: _Range = Field((0.05, 0.05), description="Of the ball [m].")
    distance: _Range = Field(
        (0.5, 2.0), description="From the torso's start to the ball's centre, on the level [m]."
    )
    bearing: _Range = Field(
        (-90.0, 90.0),
        description="From the torso's heading at the start to the ball, positive to the left "
        "[degrees].",
    )

    @field_validator("radius", "distance", "bearing")
    @classmethod
    def _not_empty(cls, value: tuple[float, float]) -> tuple[float, float]:
        return _ascending(value)

    @field_validator("radius", "distance")
    @classmethod
    def _positive(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] <= 0:
            raise ValueError("Must be above 0")
        return value

    @property
    def drawn(self) -> Target:
        """Returns how the ball of an episode is drawn."""
        low, high = self.bearing
        return Target(self.radius, self.distance, (math.radians(low), math.radians(high)))


class ScenarioSpec(_Table):
    """Where an episode happens, and what differs between episodes."""

    duration: Positive = Field(10.0, description="Duration of a completed episode [s].")
    control_dt: Positive = Field(0.02, description="Time between control steps [s].")
    ramp: NotNegative = Field(
        0.5, description="Time during which control fades in from the home posture [s]."
    )
    joint_noise: NotNegative = Field(
        0.0, description="Standard deviation of the initial joint angles [rad]."
    )
    velocity_noise: NotNegative = Field(
        0.0, description="Standard deviation of the initial joint velocities [rad/s]."
    )
    friction: tuple[Positive, Positive] = Field(
        (1.0, 1.0), description="Range of the factor on the floor's friction [low, high]."
    )
    width: WidthSpec = WidthSpec()
    push: PushSpec = PushSpec()
    terrain: TerrainSpec = TerrainSpec()
    termination: TerminationSpec = TerminationSpec()
    command: CommandSpec = CommandSpec()
    target: TargetSpec | None = None
    looks: Looks = Field(
        "",
        description="Random textures of ground and ball and random lights in every episode, for "
        "pictures: `train` for the kinds that the bundled networks have learned from, `test` for "
        "kinds that they have never seen.",
    )
    brightness: tuple[Positive, Positive] = Field(
        (1.0, 1.0), description="Range of the factor on all lights [low, high], for pictures."
    )

    @field_validator("friction", "brightness", mode="before")
    @classmethod
    def _pair(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("friction", "brightness")
    @classmethod
    def _ordered(cls, value: tuple[float, float]) -> tuple[float, float]:
        return _ascending(value)


class NoiseSpec(_Table):
    """Errors of a sensor's readings, in this order: bias, noise, quantisation, dropout."""

    gaussian: NotNegative = Field(0.0, description="Standard deviation of Gaussian noise [unit].")
    student_t: NotNegative = Field(0.0, description="Scale of Student-t noise [unit].")
    freedom: Positive = Field(4.0, description="Degrees of freedom of the Student-t noise [1].")
    bias: NotNegative = Field(
        0.0, description="Standard deviation of a bias drawn once per episode and channel [unit]."
    )
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="Probability that a reading is lost; the one before it then stays."
    )
    quantum: NotNegative = Field(
        0.0, description="Readings are rounded to multiples of this [unit]; 0 for no rounding."
    )


class CameraSpec(_Table):
    """A camera that is added to the body, for sensors that look. It sees along x, z is upward."""

    on: str = Field("", description="The body of the model that carries it; by default the torso.")
    position: tuple[float, float, float] = Field(
        (0.0, 0.0, 0.0), description="In the frame of that body [m]."
    )
    pitch: float = Field(0.0, ge=-90, le=90, description="Angle by which it looks downward [deg].")
    field_of_view: float = Field(
        45.0, gt=0, lt=180, description="Vertical angle of its picture [deg]."
    )

    @field_validator("position", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


class SensorSpec(_Member):
    """A sensor of the body with other settings, or a further one. Other keys are its options."""

    source: str = Field(
        "",
        description="A sensor of the body, a bundled one, a MuJoCo sensor of the model, or the "
        "path of a .py file; by default the table's own name.",
    )
    interval: NotNegative | None = Field(
        None,
        description="Time between samples [s], a multiple of the control step; 0 for every step.",
    )
    delay: NotNegative | None = Field(
        None, description="Age of a reading [s], a multiple of the control step."
    )
    shutter: NotNegative = Field(
        0.0,
        description="Time for which the shutter of its camera is open [s], for sensors that read "
        "pictures: a camera that turns meanwhile blurs them.",
    )
    noise: NoiseSpec = NoiseSpec()
    hidden: bool = Field(
        False,
        description="Whether it is kept from controllers that read all sensors, such as `policy`.",
    )


class SupportSpec(_Table):
    """A virtual spring that holds the body early in a run and gets weaker on a schedule."""

    stiffness: NotNegative = Field(
        0.0,
        description="Stiffness at full strength: body weights per leg length of lowering, and "
        "body weight times leg length per radian of tilt. 0 for no support.",
    )
    generations: int = Field(
        0, ge=0, description="Generations over which its strength goes from 1 to 0."
    )

    def strength(self, generation: int) -> float:
        """Returns the strength of the support in a generation, 1 to 0."""
        if self.stiffness == 0 or generation >= self.generations:
            return 0.0
        return 1.0 - generation / self.generations


class EvaluationSpec(_Table):
    """How a genome is judged, and how the champion is chosen."""

    episodes: Count = Field(
        1, description="Scenarios per genome, common to all genomes of a generation."
    )
    aggregate: Literal["mean", "worst", "cvar", "mean_cvar"] = Field(
        "mean",
        description="How a genome's fitness follows from its episodes: mean, worst, mean of the "
        "worst ones (CVaR), or half the mean and half the CVaR.",
    )
    cvar_fraction: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="Fraction of the episodes that are the worst ones, for cvar."
    )
    elite: Count = Field(
        8,
        description="Number of the search's fittest individuals from which fresh scenarios choose "
        "the champion.",
    )
    heldout_episodes: Count = Field(
        16,
        description="Number of scenarios that choose the champion, and of further ones that judge "
        "it; the search sees neither.",
    )
    heldout_duration: NotNegative = Field(
        0.0,
        description="Duration of those episodes [s]; 0 for that of the scenario. Longer episodes "
        "show who would fall later.",
    )
    time_limit: NotNegative = Field(
        60.0,
        description="Wall time that an episode may take [s]; a longer one ends the run. "
        "0 for no limit.",
    )
    support: SupportSpec = SupportSpec()


class OptimizerSpec(_Member):
    """The search. Further keys are options of the optimizer."""

    name: str = Field("cmaes", description="Name of the optimizer.")
    generations: int = Field(
        100, ge=1, le=1_000_000_000, description="Largest number of generations."
    )
    population_size: int = Field(32, ge=2, le=100_000, description="Genomes per generation.")


class TrainingSpec(_Table):
    """How a policy is trained. A run with this table is one for `evoloco train`."""

    algorithm: Literal["ppo", "sac"] = Field(
        "ppo", description="Stable-Baselines3's PPO on native rollouts, or its SAC."
    )
    steps: int = Field(
        512_000,
        ge=0,
        le=10**12,
        description="Control steps of all simulations together, rounded up to whole judgements.",
    )
    judge: Count = Field(
        10,
        description="Rollouts between judgements of the policy, each a generation of the record.",
    )
    simulations: Count = Field(32, description="Simulations that collect experience at once.")
    rollout: Count = Field(128, description="Control steps of each simulation between two updates.")
    worlds: Count = Field(
        64, description="Scenarios that are drawn once, in which episodes begin at random."
    )
    batch: Count = Field(512, description="Control steps in a minibatch.")
    epochs: Count = Field(5, description="Passes through a rollout, by PPO.")
    learning_rate: Positive = Field(1e-3, description="Of Adam, at the beginning.")
    kl: NotNegative = Field(
        0.015,
        description="Divergence of the new policy from the old one that an update of PPO should "
        'have. The learning rate follows it, or with `penalty = "kl"` the penalty. 0: the '
        "learning rate stays.",
    )
    penalty: Literal["clip", "kl"] = Field(
        "clip",
        description="What keeps PPO's policy near the old one: clipped ratios, or an adaptive "
        "penalty on the divergence.",
    )
    parts: Annotated[int, Field(ge=1, le=1000)] = Field(
        1,
        description="Parts of a minibatch whose gradients are averaged, by PPO; as many workers "
        "can compute them at once. The number changes the last bits of the result, the number of "
        "workers does not.",
    )
    mirror: bool = Field(
        False,
        description="Whether PPO learns from the mirror image of every control step too, with left "
        "and right exchanged. It is for bodies and rewards that have no side.",
    )
    clip: Positive = Field(0.2, description="Largest change of a ratio that counts, by PPO.")
    discount: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.99, description="Factor on a reward for every control step that it comes later."
    )
    gae_lambda: Fraction = Field(0.95, description="Of the generalised advantage estimate, by PPO.")
    deviation: Positive = Field(
        0.37, description="Standard deviation of the noise on actions at the beginning, by PPO."
    )
    entropy: NotNegative = Field(0.0, description="Weight of the entropy bonus, by PPO.")

    @property
    def steps_per_judgement(self) -> int:
        """Control steps of all simulations between two judgements."""
        return self.judge * self.simulations * self.rollout

    def learned(self, judgements: int) -> int:
        """Control steps that were learned from up to a number of judgements."""
        return max(judgements - 1, 0) * self.steps_per_judgement

    @property
    def judgements(self) -> int:
        """Judgements of a whole training, that of the policy that it begins with included."""
        return 1 + -(-self.steps // self.steps_per_judgement)


class StartSpec(_Table):
    """Where the search starts. A file is read once; its values then stand in `genes`."""

    path: str = Field(
        "",
        description="A .par file, a champion.json, or a run folder. Its values replace `genes`.",
    )
    take: Literal["best", "mean"] = Field(
        "best",
        description="Start at the best individual, or at the mean of its generation if the file "
        "has one.",
    )
    spread: Positive = Field(
        1.0, description="Factor on all spreads, those of the file and the genes' own."
    )
    strict: bool = Field(
        True,
        description="True: a name that is not a gene of this run, or a value out of bounds, is an "
        "error. False: the name is ignored, the value moved to the bound, with a message.",
    )
    genes: Annotated[dict[str, _Start], BeforeValidator(_pairs)] = Field(
        default_factory=dict,
        description='`"start~spread"` by name; other genes keep their own start.',
    )
    origin: str = Field(
        "", description="Path and SHA-256 of the file that was read. Written by evoloco."
    )


class RunSpec(_Table):
    """One run: a morphology with a controller, a fitness, and an optimizer."""

    name: str = Field(
        description="Name of the run folder; by default that of the run file.", min_length=1
    )
    seed: int = Field(0, ge=0, lt=2**63, description="Seed of all random numbers.")
    morphology: MorphologySpec
    controller: ControllerSpec
    fitness: dict[str, TermSpec] = Field(description="The terms, by name.", min_length=1)
    reward: dict[str, TermSpec] = Field(
        default_factory=dict,
        description="Terms of the reward of a control step, for training; by default those of "
        "[fitness]. Only measures with a value per step can be such terms.",
    )
    sensors: dict[str, SensorSpec] = Field(
        default_factory=dict,
        description="Other settings for sensors of the body, and further sensors, by name.",
    )
    cameras: dict[str, CameraSpec] = Field(
        default_factory=dict, description="Cameras that are added to the body, by name."
    )
    scenario: ScenarioSpec = ScenarioSpec()
    randomize: dict[str, RandomizationSpec] = Field(default_factory=dict)
    evaluation: EvaluationSpec = EvaluationSpec()
    optimizer: OptimizerSpec = OptimizerSpec()
    training: TrainingSpec | None = None
    start: StartSpec = StartSpec()

    @field_validator("name")
    @classmethod
    def _plain(cls, value: str) -> str:
        if not _is_plain(value):
            raise ValueError(
                "Must be a plain folder name, without slashes and not starting with a dot"
            )
        return value


DEFAULTS = {"optimizer": OptimizerSpec().name, "scenario.terrain": TerrainSpec().name}
"""Members of the tables that need not name one."""


def read(
    path: Path, overrides: Iterable[str] = (), note: Callable[[str], object] = unheard
) -> RunSpec:
    """Reads a run file.

    Args:
        path: A TOML file.
        overrides: `key=value` with a dotted key and a TOML value, applied last. If they replace a
            member, options and genes of the old one that the new one does not have are left out.
        note: Called with a sentence about what was left out.

    Raises:
        SpecError: The file is missing or not TOML, a key or value is not allowed, or the file of
            `start.path` cannot be used.
    """
    raw = load(path)
    with error_context(path):
        content, changes = expand(raw, list(overrides))

    # Paths are relative to the run file; those of overrides to the working directory.
    anchor(content, path.parent)
    before = named_members(content, DEFAULTS)
    for override in changes:
        apply(content, override)
    anchor(content, Path.cwd())

    replacements = Replacements(before, named_members(content, DEFAULTS), changes)
    notes = replacements.leave_out(content)

    content.setdefault("name", _name_of(path))
    try:
        spec = RunSpec.model_validate(content)
    except ValidationError as error:
        raise SpecError(_explain(error, str(path))) from None

    with error_context(path):
        spec = _randomized(spec)
        spec, more = replacements.without_strange_genes(spec)
    for sentence in (*notes, *more):
        note(sentence)
    with error_context(f"{path}: start.path"):
        return _with_start(spec)


def _name_of(path: Path) -> str:
    """Returns the name of a run whose run file gives none: that of the file, or of its folder."""
    full = Path(os.path.abspath(path))
    name = full.parent.name if full.name == "run.toml" else full.stem
    return name if _is_plain(name) else "run"


def _is_plain(name: str) -> bool:
    """Returns whether a name can be that of a run folder."""
    has_slash = "/" in name or "\\" in name
    begins_well = bool(name) and not name.startswith(".")
    return begins_well and not has_slash and name.isprintable() and len(name) <= 200


def load(path: Path) -> dict[str, Any]:
    """Returns the content of a run file as it is written, unchecked.

    Raises:
        SpecError: The file is missing or not TOML.
    """
    try:
        text = text_file.read(path)
        dots = max((line.count(".") for line in text.splitlines()), default=0)
        if dots > MOST_DOTS:
            raise SpecError(
                f"{path} has a line with more than {MOST_DOTS} dots: it is not a run file."
            )
        return tomllib.loads(text)
    except FileNotFoundError:
        raise SpecError(
            f"No run file {path}. List the bundled ones with: evoloco list runs"
        ) from None
    except ValueError as error:  # not UTF-8, not TOML, or a number with thousands of digits
        raise SpecError(f"{path} is not TOML: {error}") from None
    except RecursionError:
        raise SpecError(f"{path} is nested too deep.") from None
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}") from None


def _randomized(spec: RunSpec) -> RunSpec:
    """Returns the run file with the usual ranges of its randomizations written out."""
    tables = {}
    for name, table in spec.randomize.items():
        one = table.named(name)
        found = {
            "quantity": one.quantity,
            one.how: (one.low, one.high),
            "distribution": one.distribution,
            "each": one.each,
        }
        tables[name] = table.model_copy(update=found)
    return spec.model_copy(update={"randomize": tables})


def _with_start(spec: RunSpec) -> RunSpec:
    """Returns the run file with the content of its start file instead of the path.

    Raises:
        SpecError: The file is missing or has another content.
    """
    if not spec.start.path:
        return spec

    file = Path(spec.start.path)
    found = {
        "genes": start.ranges(start.load(file), spec.start.take),
        "origin": start.origin(file),
        "path": "",
    }
    return spec.model_copy(update={"start": spec.start.model_copy(update=found)})


def write(spec: RunSpec, path: Path) -> None:
    """Writes the resolved run file."""
    path.write_text(dumps(spec), encoding="utf-8")


def dumps(spec: RunSpec) -> str:
    """Returns the resolved run file as TOML."""
    return tomli_w.dumps(spec.model_dump(mode="json", exclude_none=True))


def loads(text: str) -> RunSpec:
    """Returns the run file that `dumps` wrote."""
    return RunSpec.model_validate(tomllib.loads(text))


def anchored(spec: RunSpec) -> RunSpec:
    """Returns a run file whose paths are absolute. They are relative to the working directory."""
    content = tomllib.loads(dumps(spec))
    anchor(content, Path.cwd())
    return RunSpec.model_validate(content)


def _explain(error: ValidationError, source: str) -> str:
    """Returns a message with all mistakes: file, key, what is wrong, what is allowed."""
    mistakes = []
    for mistake in error.errors():
        location = [part for part in mistake["loc"] if part != "[key]"]
        tables = location[:-1]
        key = ".".join(str(part) for part in location)
        reason = mistake["msg"].removeprefix("Value error, ")

        if mistake["type"] == "extra_forbidden":
            model = _model_at(tables)
            where = f" in [{'.'.join(str(part) for part in tables)}]" if tables else ""
            known = model.model_fields if model else ()
            mistakes.append(str(UnknownNameError(f"key{where}", str(location[-1]), known)))
        elif mistake["type"] == "missing":
            mistakes.append(f"Key '{key}' is missing.")
        elif mistake["type"] in ("model_type", "dict_type"):
            mistakes.append(f"Key '{key}' must be a table, not {mistake['input']!r}.")
        elif mistake["type"] == "value_error" and isinstance(mistake["input"], dict):
            mistakes.append(f"Table '{key}': {reason}.")
        else:
            mistakes.append(f"Key '{key}': {reason}, not {mistake['input']!r}.")
    return f"{source}: " + " ".join(mistakes)


def _model_at(location: Sequence[int | str]) -> type[BaseModel] | None:
    """Returns the model of the table at a location, or None if it has none."""
    found: Any = RunSpec
    for part in location:
        if not _is_model(found):
            # A dictionary of tables: `part` is a free name.
            found = next((kind for kind in get_args(found) if _is_model(kind)), None)
        elif part in found.model_fields:
            found = found.model_fields[str(part)].annotation
            found = (
                next((kind for kind in get_args(found) if _is_model(kind)), found)
                if (type(None) in get_args(found))
                else found
            )
        else:
            return None
    return found if _is_model(found) else None


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
