"""The run file: what one run is, as frozen data. Unknown keys are refused."""

import tomllib
from collections.abc import Iterable, Sequence
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
)

from evoloco.errors import SpecError, UnknownNameError, told_from
from evoloco.randomization.draw import Randomization
from evoloco.search import start
from evoloco.search.gene_range import Range

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=100_000)]


MOST_DOTS = 1000
"""Most dots in a line: reading a key of n parts takes n² steps."""


class _Table(BaseModel):
    """A table of the run file: frozen, no unknown keys, infinite or NaN numbers refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class _Member(_Table):
    """A table that names a member; its other keys are that member's options."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False, strict=True)

    @property
    def options(self) -> dict[str, Any]:
        """The keys that belong to the member."""
        return dict(self.__pydantic_extra__ or {})


def _pairs(table: Any) -> Any:
    """The lists of a table as tuples, which TOML does not have, and keys of tables in it joined by dots."""
    if not isinstance(table, dict):
        return table
    flat: dict[str, Any] = {}
    for key, pair in table.items():
        if isinstance(pair, dict):
            flat |= {f"{key}.{rest}": inner for rest, inner in _pairs(pair).items()}
        else:
            flat[key] = tuple(pair) if isinstance(pair, list) else pair
    return flat


def _start(given: Any) -> Range:
    """A range without bounds."""
    found = Range.read(given)
    if found.low is not None:
        raise ValueError(
            "Must be a start~spread such as '1.6~0.15', without bounds, which belong to other tables"
        )
    return found


def _range(given: Any) -> Any:
    """A range of one number as a range."""
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
        description="Numbers of the body that are searched too, as the genes `body.<name>`: [low, high] or "
        '`"start~spread<low,high>"`.',
    )


class ControllerSpec(_Member):
    """The controller. Further keys are options of the controller."""

    name: str = Field(
        description="A bundled controller, or the path of a .py file with a class `Controller`."
    )
    bounds: Bounds = Field(
        default_factory=dict,
        description='Other bounds and starts for genes, by name: [low, high] or `"start~spread<low,high>"`.',
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
        description="A measure whose size is below this counts as 0 in the sum; it is recorded as it is.",
    )
    objective: str = Field(
        "fitness",
        min_length=1,
        description="What it counts for. More than one name makes a run of several objectives, for nsga2 and nsga3.",
    )


class PushSpec(_Table):
    """Horizontal pushes on the torso."""

    count: int = Field(
        0, ge=0, le=1000, description="Pushes per episode, one in each equal part of it."
    )
    impulse: NotNegative = Field(0.0, description="Change of the body's speed by one push [m/s].")
    duration: Positive = Field(0.1, description="Of one push [s].")
    direction: Literal["any", "sagittal", "lateral", "forward", "backward"] = Field(
        "any",
        description="Of a push in the world: any horizontal one, forward or backward (sagittal), left or right "
        "(lateral), each drawn for every push; or always the same one.",
    )
    growth: int = Field(
        0,
        ge=0,
        description="Generations over which the search's pushes grow from none to their impulse; 0 for none.",
    )

    def strength(self, generation: int) -> float:
        """Part of the impulse that a push of the search has in a generation, 0 to 1."""
        return min(generation / self.growth, 1.0) if self.growth else 1.0


class TerrainSpec(_Member):
    """Ground that is no plane. Further keys are options of the terrain."""

    name: str = Field("rough", description="A terrain.")

    cell: Positive = Field(0.3, description="Distance of the grid's points [m].")
    level: NotNegative = Field(
        0.5, description="Distance from the start up to which the ground is level [m]."
    )


class TerminationSpec(_Table):
    """What ends an episode as a fall."""

    min_height: Fraction = Field(
        0.7,
        description="Torso height over its height in the home keyframe, both from level ground [1].",
    )
    max_tilt: Positive = Field(
        0.8, description="Angle between the torso's vertical axis and the world's [rad]."
    )
    body_contact: bool = Field(
        True, description="Whether anything but a foot on the ground is a fall."
    )


class CommandSpec(_Table):
    """What is asked of a controller that observes it: a number, or [low, high] to draw from."""

    speed: _Range = Field((0.0, 0.0), description="Of walking [m/s].")
    heading: _Range = Field(
        (0.0, 0.0), description="Direction of walking, from the world's x axis to the left [rad]."
    )
    turning_rate: _Range = Field(
        (0.0, 0.0), description="At which the heading changes, to the left [rad/s]."
    )

    @field_validator("speed", "heading", "turning_rate")
    @classmethod
    def _not_empty(cls, value: tuple[float, float]) -> tuple[float, float]:
        return _ascending(value)


def _ascending(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] > value[1]:
        raise ValueError("Must be [low, high] with low <= high")
    return value


class RandomizationSpec(_Table):
    """Something about the body or its surroundings that differs between episodes.

    NAME is a quantity (`evoloco list quantities`), or any name where `quantity` or `field` is
    given. At most one of `factor`, `offset` and `value` is given; a quantity has a usual range.
    """

    quantity: str = Field("", description="What differs; NAME where left out.")
    field: str = Field(
        "", description="Instead of a quantity: a field of MuJoCo's model, such as `geom_solimp`."
    )
    column: int = Field(0, ge=0, le=1000, description="Of a field that has several, from 0.")
    elements: str = Field(
        "*",
        description="Pattern of names, with `*`, `?` or `[...]`, of the bodies, joints ... meant.",
    )
    factor: _Range | None = Field(None, description="Range of what the number is multiplied by.")
    offset: _Range | None = Field(None, description="Range of what is added to it [its unit].")
    value: _Range | None = Field(None, description="Range of what it is instead [its unit].")
    distribution: Literal["uniform", "log_uniform", "normal"] | None = Field(
        None,
        description="Within the range. `normal`: the ends are one standard deviation from the "
        "mean, and no number is farther than three. The quantity's own where left out.",
    )
    each: bool | None = Field(
        None,
        description="Whether every element has a draw of its own; else all have the same. The "
        "quantity's own way where left out.",
    )
    drift: bool = Field(
        False,
        description="Whether the number begins as it is, and goes linearly to what is drawn, which "
        "it reaches at the planned end of the episode.",
    )

    def named(self, name: str) -> Randomization:
        """What a table of this name randomizes.

        Raises:
            SpecError: A name or a range does not fit.
        """
        with told_from(f"randomize.{name}"):
            return Randomization.of(name, **self.model_dump())


class ScenarioSpec(_Table):
    """Where an episode happens, and what may differ between episodes."""

    duration: Positive = Field(10.0, description="Of a completed episode [s].")
    control_dt: Positive = Field(0.02, description="Time between control steps [s].")
    ramp: NotNegative = Field(
        0.5, description="Time over which control fades in from the home posture [s]."
    )
    joint_noise: NotNegative = Field(
        0.0, description="Standard deviation of the start angles [rad]."
    )
    velocity_noise: NotNegative = Field(
        0.0, description="Standard deviation of the start velocities [rad/s]."
    )
    friction: tuple[Positive, Positive] = Field(
        (1.0, 1.0), description="Range of the factor on the floor's friction [low, high]."
    )
    push: PushSpec = PushSpec()
    terrain: TerrainSpec = TerrainSpec()
    termination: TerminationSpec = TerminationSpec()
    command: CommandSpec = CommandSpec()

    @field_validator("friction", mode="before")
    @classmethod
    def _pair(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("friction")
    @classmethod
    def _ordered(cls, value: tuple[float, float]) -> tuple[float, float]:
        return _ascending(value)


class NoiseSpec(_Table):
    """What a sensor's readings are disturbed by; bias first, then noise, quantisation, dropout."""

    gaussian: NotNegative = Field(0.0, description="Standard deviation of Gaussian noise [unit].")
    student_t: NotNegative = Field(0.0, description="Scale of Student-t noise [unit].")
    freedom: Positive = Field(4.0, description="Degrees of freedom of the Student-t noise [1].")
    bias: NotNegative = Field(
        0.0, description="Standard deviation of a bias drawn once per episode and channel [unit]."
    )
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="Probability that a reading is lost; the last one then stays."
    )
    quantum: NotNegative = Field(
        0.0, description="Readings are rounded to multiples of this [unit]; 0 for none."
    )


class SensorSpec(_Member):
    """A sensor of the body with other settings, or another one. Further keys are its options."""

    source: str = Field(
        "",
        description="A sensor of the body, a bundled one, a MuJoCo sensor of the model, or the path "
        "of a .py file; the table's own name where left out.",
    )
    interval: NotNegative | None = Field(
        None,
        description="Time between samples [s], a multiple of the control step; 0 for every one.",
    )
    delay: NotNegative | None = Field(
        None, description="Age of what is read [s], a multiple of the control step."
    )
    noise: NoiseSpec = NoiseSpec()


class SupportSpec(_Table):
    """A virtual spring that holds the body early in a run and is taken away by schedule."""

    stiffness: NotNegative = Field(
        0.0,
        description="At full strength: body weights per leg length of lowering, and body weight "
        "times leg length per radian of tilt. 0 for no support.",
    )
    generations: int = Field(
        0, ge=0, description="Generations over which its strength goes from 1 to 0."
    )

    def strength(self, generation: int) -> float:
        """Strength of the support in a generation, 1 to 0."""
        if self.stiffness == 0 or generation >= self.generations:
            return 0.0
        return 1.0 - generation / self.generations


class EvaluationSpec(_Table):
    """How a genome is judged, and how the champion is chosen."""

    episodes: Count = Field(
        1, description="Scenarios per genome, common to all genomes of a generation."
    )
    aggregate: Literal["mean", "worst", "cvar"] = Field(
        "mean",
        description="Of the episodes' fitness: mean, worst, or mean of the worst part (CVaR).",
    )
    cvar_fraction: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="The worst part, for cvar."
    )
    elite: Count = Field(
        8,
        description="Fittest individuals of the search, of which fresh scenarios choose the champion.",
    )
    heldout_episodes: Count = Field(
        16,
        description="Scenarios that choose the champion, and as many others that judge it; the search sees neither.",
    )
    heldout_duration: NotNegative = Field(
        0.0,
        description="Of an episode there [s]; 0 for that of the scenario. Longer tells who would fall later.",
    )
    time_limit: NotNegative = Field(
        60.0,
        description="Wall time that an episode may take [s]; the run ends where one takes longer. 0 for any.",
    )
    support: SupportSpec = SupportSpec()


class OptimizerSpec(_Member):
    """The search. Further keys are options of the optimizer."""

    name: str = Field("cmaes", description="An optimizer.")
    generations: int = Field(100, ge=1, le=1_000_000_000, description="Most generations.")
    population_size: int = Field(32, ge=2, le=100_000, description="Genomes per generation.")


class StartSpec(_Table):
    """Where the search begins. A file is read once: what it says of genes then stands in the table's `genes`."""

    path: str = Field(
        "",
        description="A .par file, a champion.json, or a run folder; what it says takes the place of `genes`.",
    )
    take: Literal["best", "mean"] = Field(
        "best",
        description="The best individual's value, or the mean of its generation where the file has one.",
    )
    spread: Positive = Field(
        1.0, description="Factor on the spreads, of the file or of the genes themselves."
    )
    strict: bool = Field(
        True,
        description="Whether names that are no genes of this run, and values out of bounds, are refused; else they are "
        "left out, or put on the bound, with a message.",
    )
    genes: Annotated[dict[str, _Start], BeforeValidator(_pairs)] = Field(
        default_factory=dict,
        description='`"start~spread"` by name; a gene that is not named begins as it is.',
    )
    origin: str = Field(
        "", description="Path and SHA-256 of the file that was read; written, not asked for."
    )


class RunSpec(_Table):
    """One run: a morphology with a controller, an optimizer, and the fitness that it serves."""

    name: str = Field(
        description="Names the run folder; the run file's own name where left out.", min_length=1
    )
    seed: int = Field(0, ge=0, lt=2**63, description="Of everything random.")
    morphology: MorphologySpec
    controller: ControllerSpec
    fitness: dict[str, TermSpec] = Field(description="The terms, by name.", min_length=1)
    sensors: dict[str, SensorSpec] = Field(
        default_factory=dict,
        description="Sensors that differ from the body's own or are added to them, by name.",
    )
    scenario: ScenarioSpec = ScenarioSpec()
    randomize: dict[str, RandomizationSpec] = Field(default_factory=dict)
    evaluation: EvaluationSpec = EvaluationSpec()
    optimizer: OptimizerSpec = OptimizerSpec()
    start: StartSpec = StartSpec()

    @field_validator("name")
    @classmethod
    def _plain(cls, value: str) -> str:
        if (
            value.startswith(".")
            or "/" in value
            or "\\" in value
            or not value.isprintable()
            or len(value) > 200
        ):
            raise ValueError(
                "Must be a plain folder name, without slashes and not beginning with a dot"
            )
        return value


def read(path: Path, overrides: Iterable[str] = ()) -> RunSpec:
    """Reads a run file.

    Args:
        path: Of a TOML file.
        overrides: `key=value` with a dotted key and a TOML value, applied last.

    Raises:
        SpecError: The file is missing or no TOML, or a key or value is not allowed, or so is the file that
            `start.path` names.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if max((line.count(".") for line in text.splitlines()), default=0) > MOST_DOTS:
            raise SpecError(
                f"{path} has a line of more than {MOST_DOTS} dots: that is no run file."
            )
        content = tomllib.loads(text)
    except FileNotFoundError:
        raise SpecError(
            f"No run file {path}. List the bundled ones with: evoloco list runs"
        ) from None
    except ValueError as error:  # not UTF-8, not TOML, or a number of thousands of digits
        raise SpecError(f"{path} is not TOML: {error}") from None
    except RecursionError:
        raise SpecError(f"{path} is nested too deep.") from None
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}") from None
    _anchor(content, path.parent)
    for override in overrides:
        apply(content, override)
    _anchor(content, Path.cwd())  # what an override names is seen from where the user is
    content.setdefault("name", path.parent.name if path.name == "run.toml" else path.stem)
    try:
        spec = RunSpec.model_validate(content)
    except ValidationError as error:
        raise SpecError(_explain(error, str(path))) from None
    with told_from(path):
        spec = _randomized(spec)
    with told_from(f"{path}: start.path"):
        return _begun(spec)


def _randomized(spec: RunSpec) -> RunSpec:
    """The spec with the usual ranges of what it randomizes written out."""
    tables = {}
    for name, table in spec.randomize.items():
        one = table.named(name)
        says = {
            "quantity": one.quantity,
            one.how: (one.low, one.high),
            "distribution": one.distribution,
            "each": one.each,
        }
        tables[name] = table.model_copy(update=says)
    return spec.model_copy(update={"randomize": tables})


def _begun(spec: RunSpec) -> RunSpec:
    """The spec with what the file says at which it starts, instead of the file's path."""
    table = spec.start
    if not table.path:
        return spec
    file = Path(table.path)
    read = {
        "genes": start.ranges(start.load(file), table.take),
        "origin": start.origin(file),
        "path": "",
    }
    return spec.model_copy(update={"start": table.model_copy(update=read)})


def write(spec: RunSpec, path: Path) -> None:
    """Writes the resolved run file."""
    path.write_text(dumps(spec), encoding="utf-8")


def dumps(spec: RunSpec) -> str:
    """The resolved run file as TOML."""
    return tomli_w.dumps(spec.model_dump(mode="json", exclude_none=True))


def loads(text: str) -> RunSpec:
    """A run file that `dumps` wrote."""
    return RunSpec.model_validate(tomllib.loads(text))


def apply(content: dict[str, Any], override: str) -> None:
    """Sets `key=value`, with a dotted key and a TOML value, in a run file's content.

    Raises:
        SpecError: It has another form, or leads through a value.
    """
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise SpecError(f"'{override}' is not key=value, such as optimizer.population_size=64")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        value = text
    *tables, last = key.strip().split(".")
    table = content
    for name in tables:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise SpecError(f"'{override}': '{name}' is a value, not a table.")
    table[last] = value


def _anchor(content: dict[str, Any], folder: Path) -> None:
    """Makes paths of the user's files absolute, seen from a folder."""

    def anchored(value: Any) -> Any:
        if not isinstance(value, str) or Path(value).is_absolute():
            return value
        try:
            return str((folder / value).resolve())
        except (OSError, ValueError):  # such as a zero byte
            raise SpecError(f"{value[:80]!r} cannot be a path.") from None

    for table, key in (
        ("morphology", "name"),
        ("morphology", "path"),
        ("controller", "name"),
        ("start", "path"),
    ):
        member = content.get(table)
        if (
            isinstance(member, dict)
            and member.get(key)
            and (key == "path" or str(member[key]).endswith(".py"))
        ):
            member[key] = anchored(member[key])
    sensors = content.get("sensors")
    for sensor in sensors.values() if isinstance(sensors, dict) else ():
        if isinstance(sensor, dict) and str(sensor.get("source", "")).endswith(".py"):
            sensor["source"] = anchored(sensor["source"])
    terms = content.get("fitness")
    for term in terms.values() if isinstance(terms, dict) else ():
        if isinstance(term, dict) and str(term.get("measure", "")).endswith(".py"):
            term["measure"] = anchored(term["measure"])


def _explain(error: ValidationError, source: str) -> str:
    """One line per mistake: file, key, what is wrong, what is allowed."""
    lines = []
    for mistake in error.errors():
        location = [part for part in mistake["loc"] if part != "[key]"]
        key = ".".join(str(part) for part in location)
        if mistake["type"] == "extra_forbidden":
            table = _table(location[:-1])
            where = (
                f" in [{'.'.join(str(part) for part in location[:-1])}]" if location[:-1] else ""
            )
            known = table.model_fields if table else ()
            lines.append(str(UnknownNameError(f"key{where}", str(location[-1]), known)))
        elif mistake["type"] == "missing":
            lines.append(f"Key '{key}' is missing.")
        elif mistake["type"] in ("model_type", "dict_type"):
            lines.append(f"Key '{key}' must be a table, not {mistake['input']!r}.")
        else:
            lines.append(
                f"Key '{key}': {mistake['msg'].removeprefix('Value error, ')}, not {mistake['input']!r}."
            )
    return f"{source}: " + " ".join(lines)


def _table(location: Sequence[int | str]) -> type[BaseModel] | None:
    """The model of the table at a location."""
    table: Any = RunSpec
    for part in location:
        if not (isinstance(table, type) and issubclass(table, BaseModel)):
            tables = [
                kind
                for kind in get_args(table)
                if isinstance(kind, type) and issubclass(kind, BaseModel)
            ]
            table = tables[0] if tables else None
        elif part in table.model_fields:
            table = table.model_fields[str(part)].annotation
        else:
            return None
    return table if isinstance(table, type) and issubclass(table, BaseModel) else None
