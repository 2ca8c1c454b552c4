"""Sensors as data: what a controller can read, and what the reading goes through.

A sensor has a name, channels, a unit, a source, an interval, a delay and noise. A body brings its
own; a run file adds others, or changes interval, delay and noise, in `[sensors.NAME]`.

| sensor            | unit  | channels | meaning                                                  |
|-------------------|-------|----------|----------------------------------------------------------|
| `joint_angle`     | rad   | joints   | of the driven joints, in their order                     |
| `joint_velocity`  | rad/s | joints   | of the driven joints                                     |
| `tilt`            | rad   | 2        | roll and pitch of the torso; leaning forward is positive |
| `rate`            | rad/s | 3        | turning rate of the torso in its own frame (gyroscope)   |
| `foot_load`       | 1     | feet     | vertical ground force under each foot over body weight   |
| `foot_ahead`      | 1     | feet     | each foot ahead of the torso, over the leg's length      |
| `muscle_length`   | 1     | muscles  | of the fibres, over their optimal length                 |
| `muscle_velocity` | 1/s   | muscles  | of the fibres, over their optimal length; > 0 lengthens  |
| `muscle_force`    | 1     | muscles  | over the largest isometric force                         |

Readings are those of the physics step before the control step, so they are one physics step old.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from evoloco import fields
from evoloco.fields import Array, Fields, Record, Shapes

if TYPE_CHECKING:
    import mujoco

    from evoloco.morphology import Morphology


OF_BODIES = (
    *("joint_angle", "joint_velocity", "tilt", "rate", "foot_load", "foot_ahead"),
    *("muscle_length", "muscle_velocity", "muscle_force"),
)
"""Names of the sensors that a body brings."""

CONFIDENCE, AGE = "confidence", "age"
"""Last channels of a sensor that may detect nothing, in this order."""


@dataclass(frozen=True)
class Reading:
    """One number of a MuJoCo sensor: scale (reading - shift).

    Attributes:
        sensor: Name of the MuJoCo sensor.
        component: Index within its reading.
        scale: Factor [unit of the channel / unit of the reading].
        shift: Taken off the reading before it is scaled [unit of the reading].
    """

    sensor: str
    component: int = 0
    scale: float = 1.0
    shift: float = 0.0


Formed = Literal["tilt", "foot_ahead", "command"]
"""Formed in the episode kernel from true readings."""


@dataclass(frozen=True)
class Estimate:
    """Roll and pitch that the episode kernel estimates from what `rate` and `acceleration` feel.

    Attributes:
        time_constant: With which the measured acceleration corrects the estimate [s].
    """

    time_constant: float


@dataclass(frozen=True)
class Clock:
    """Sine and cosine of the time in the episode, which the episode kernel forms.

    Attributes:
        period: Of both [s].
    """

    period: float


Read = Callable[[Record, Record, Any, Array], None]
"""Computes the readings of a compiled sensor."""


@dataclass(frozen=True, eq=False)
class Compiled:
    """Readings that a compiled function computes in the episode kernel, every interval.

    It is called before the first control step too. `read(params, memory, seen, readings)` is a
    module-level function that Numba compiles, like a controller's `step`. It writes `readings`
    (channels,), which arrive as it wrote them the last time, 0 at first. `seen` is what it is shown
    (`evoloco.sim.sense.Instant`); positions are those of the physics step before the control step.

    Attributes:
        read: The function.
        params: The fields of `params`, equal for all simulations.
        memory: Name and shape of each field of `memory`, zeroed at the start of an episode.
        camera: Name of the camera whose pose `seen` has; the torso's pose where empty.
    """

    read: Read
    params: Fields = field(default_factory=dict)
    memory: Shapes = field(default_factory=dict)
    camera: str = ""


@dataclass(frozen=True)
class Moment:
    """One simulation when a sensor is due.

    Attributes:
        model: Of the simulation.
        state: MuJoCo's state (nstate,), in the order of mj_getState, mjSTATE_INTEGRATION.
        previous: The sensor's own reading before (channels,); zeros at the start of an episode.
        sensordata: Readings of MuJoCo's sensors (history, nsensordata), one control step apart, the
            present ones last. Before the episode the body stood still, so the past holds the first.
    """

    model: mujoco.MjModel
    state: Array = field(repr=False)
    previous: Array = field(repr=False)
    sensordata: Array = field(repr=False)


class Computed(Protocol):
    """Readings that Python computes, one simulation at a time, every interval of the sensor.

    They are computed before the first control step too. Equal moments give equal readings, so the
    readings do not depend on what else is simulated. Two attributes are optional:

    * `history`: How many rows `Moment.sensordata` has; 1 where there is none.
    * `check(morphology)`: Called before any episode. Raises an EvolocoError where the sensor cannot
      be read on this body or this machine.
    """

    def read(self, moment: Moment) -> Array:
        """True reading (channels,)."""


@dataclass(frozen=True)
class Noise:
    """What a channel's reading is disturbed by; every part is 0 by default, for none.

    The order is: bias, then random noise, then quantisation, then dropout.

    Attributes:
        gaussian: Standard deviation of Gaussian noise [unit].
        student_t: Scale of Student-t noise [unit].
        freedom: Degrees of freedom of the Student-t noise [1].
        bias: Standard deviation of a bias that is drawn once per episode and channel [unit].
        dropout: Probability that a reading is lost; the channel then keeps its last one. A sensor
            with an age loses its channels together, as a camera loses frames.
        quantum: Readings are rounded to multiples of this [unit].
    """

    gaussian: float = 0.0
    student_t: float = 0.0
    freedom: float = 4.0
    bias: float = 0.0
    dropout: float = 0.0
    quantum: float = 0.0


@dataclass(frozen=True)
class Sensor:
    """One thing that a controller can read.

    Attributes:
        name: Of the field in `obs`.
        channels: Names of its numbers.
        unit: Of every channel.
        meaning: What it tells, in a few words.
        source: Where the true reading comes from.
        interval: Time between samples [s]; 0 for a sample in every control step.
        delay: Age of what is read [s].
        noise: What a sample is disturbed by.
        hidden: Whether it is kept from controllers that read all there is, such as `policy`. Hidden
            sensors come last.
    """

    name: str
    channels: tuple[str, ...]
    unit: str
    meaning: str
    source: tuple[Reading, ...] | Formed | Estimate | Clock | Compiled | Computed
    interval: float = 0.0
    delay: float = 0.0
    noise: Noise = Noise()
    hidden: bool = False

    @property
    def dates(self) -> bool:
        """Whether its last channels are "confidence" and "age"; the episode kernel forms the age.

        A sample whose true confidence is above 0 is a detection. The age [s] is the time since the
        detection that is read, delay and holding included, or since the start of the episode where
        there was none yet. It has no noise.
        """
        return self.channels[-2:] == (CONFIDENCE, AGE)

    @property
    def noises(self) -> tuple[Noise, ...]:
        """Noise of every channel: confidence and age have none, but are lost with the others."""
        if not self.dates:
            return (self.noise,) * len(self.channels)
        lost = Noise(dropout=self.noise.dropout)
        return *(self.noise,) * (len(self.channels) - 2), lost, lost

    @property
    def computed(self) -> Computed | None:
        """What computes it in Python; None where the kernel reads, forms or computes it."""
        if isinstance(self.source, str | tuple | Estimate | Clock | Compiled):
            return None
        return self.source

    @property
    def simulated(self) -> bool:
        """Whether it is computed from MuJoCo's state, which only a simulation has."""
        return self.computed is not None or isinstance(self.source, Compiled)


def layout(sensors: Sequence[Sensor]) -> fields.Layout:
    """The layout of `obs`: one field per sensor, in their order."""
    return fields.layout({sensor.name: (len(sensor.channels),) for sensor in sensors})


def of_body(body: Morphology) -> tuple[Sensor, ...]:
    """The sensors that a body brings; those without a channel are left out."""
    found = [*_of_joints(body), *_of_torso(), *_of_feet(body), *_of_muscles(body)]
    return tuple(sensor for sensor in found if sensor.channels)


def _read(name: str, unit: str, meaning: str, source: dict[str, Reading]) -> Sensor:
    """A sensor whose channels are read off MuJoCo's sensors, by their names."""
    return Sensor(name, tuple(source), unit, meaning, tuple(source.values()))


def _of_joints(body: Morphology) -> list[Sensor]:
    names = [joint.name for joint in body.joints]
    angles = {name: Reading(f"joint.{name}.angle") for name in names}
    velocities = {name: Reading(f"joint.{name}.velocity") for name in names}
    return [
        _read("joint_angle", "rad", "angle of each driven joint", angles),
        _read("joint_velocity", "rad/s", "velocity of each driven joint", velocities),
    ]


def _of_torso() -> list[Sensor]:
    axes = ("roll", "pitch", "yaw")
    rates = {axis: Reading("torso.rate", component) for component, axis in enumerate(axes)}
    return [
        Sensor("tilt", ("roll", "pitch"), "rad", "tilt of the torso, forward is positive", "tilt"),
        _read("rate", "rad/s", "turning rate of the torso in its own frame", rates),
    ]


def _of_feet(body: Morphology) -> list[Sensor]:
    upward, per_weight = 2, 1 / body.weight
    loads = {foot: Reading(f"foot.{foot}.ground", upward, per_weight) for foot in body.feet}
    ahead = "foot ahead of the torso over leg length"
    return [
        _read("foot_load", "1", "vertical ground force under each foot over body weight", loads),
        Sensor("foot_ahead", body.feet, "1", ahead, "foot_ahead"),
    ]


def _of_muscles(body: Morphology) -> list[Sensor]:
    lengths, velocities, forces = {}, {}, {}
    for muscle in body.muscles:
        name, per_length = muscle.name, 1 / muscle.optimal_length
        lengths[name] = Reading(f"muscle.{name}.length", 0, per_length, muscle.slack_length)
        velocities[name] = Reading(f"muscle.{name}.velocity", 0, per_length)
        forces[name] = Reading(f"muscle.{name}.force", 0, -1 / muscle.max_force)
    return [
        _read("muscle_length", "1", "length of each muscle's fibres over the optimal one", lengths),
        _read(
            "muscle_velocity",
            "1/s",
            "velocity of each muscle's fibres in optimal lengths",
            velocities,
        ),
        _read("muscle_force", "1", "force of each muscle over its largest isometric one", forces),
    ]
