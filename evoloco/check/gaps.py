"""The gaps between a robot and its model, one by one: each a fragment of the preset `full`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evoloco.errors import EvolocoError
from evoloco.experiment import Experiment
from evoloco.presets.merging import load
from evoloco.randomization.draw import Randomization
from evoloco.randomization.world import check
from evoloco.spec import PushSpec, RandomizationSpec

PRESET = "full"
"""Preset of `[randomize]` whose tables the gaps are."""

LABELS = {
    "mass": "mass of each link",
    "payload": "mass of all links",
    "torso_centre": "centre of the torso's mass",
    "sliding_friction": "friction of the ground",
    "servo_gain": "gain of the servos",
    "joint_friction": "friction of the joints",
    "armature": "inertia of the rotors",
    "supply_voltage": "supply voltage",
    "command_delay": "command delay",
    "sensor_delay": "sensor delay",
    "imu_mounting": "mounting of the IMU",
    "backlash": "backlash",
    "ground_slope": "slope of the ground",
    "estimated_tilt": "estimated tilt",
    "tilt_noise": "noise of the tilt",
    "rate_noise": "noise of the gyroscope",
    "joint_noise": "noise of the joints' angles",
    "load_noise": "noise of the feet's loads",
    "start": "pose at the start",
    "pushes": "pushes",
}
"""What each gap is, by the names of gaps."""

NOISE = {
    "tilt_noise": ("rad", "tilt"),
    "rate_noise": ("rad/s", "rate"),
    "joint_noise": ("rad", "joint_angle", "joint_velocity"),
    "load_noise": ("body weights", "foot_load"),
}
"""Gaps of sensors' noise: the unit, and the sensors of the preset that they are about."""

ESTIMATE = "estimated_tilt"
"""Gap that is about where the tilt comes from, with the noise of what it is formed from."""

SCALES = {"s": (1e3, "ms"), "m": (1e3, "mm"), "rad": (57.29577951308232, "°")}
"""Factors and units in which a reader knows small numbers of a unit."""


@dataclass(frozen=True)
class Gap:
    """One way in which a robot differs from its model.

    Attributes:
        name: Of the gap.
        label: In words.
        randomizations: What differs between worlds; most gaps have one or none.
        sensors: Tables `[sensors]` of the run file that it stands over.
        joint_noise: Standard deviation of the start angles [rad]; None where the gap is another.
        push: Pushes on the torso; none where None.
        spread: Of the noise that it is about [unit].
        unit: Of the spread.
    """

    name: str
    label: str
    randomizations: tuple[Randomization, ...] = ()
    sensors: Mapping[str, Any] = field(default_factory=dict)
    joint_noise: float | None = None
    push: PushSpec | None = None
    spread: float = 0.0
    unit: str = ""

    @property
    def is_noise(self) -> bool:
        """Whether a width scales the noise of sensors."""
        return bool(self.sensors)

    def extent(self, width: float = 1.0) -> str:
        """Returns how far it goes at a width, in words, such as "0 to 25 ms"."""
        if self.randomizations:
            return _extent(self.randomizations[0].widened(width))
        if self.joint_noise is not None:
            return f"± {_number(width * self.joint_noise * SCALES['rad'][0], 2)}°"
        if self.push is not None:
            return f"{self.push.count} of {_number(width * self.push.impulse)} m/s"
        return f"{_number(width * self.spread)} {self.unit}"

    def fits(self, experiment: Experiment, width: float) -> bool:
        """Whether its numbers mean something on a body at a width."""
        try:
            check([one.widened(width) for one in self.randomizations], experiment.morphology)
        except EvolocoError:
            return False
        return True


def gaps(experiment: Experiment) -> tuple[list[Gap], list[str]]:
    """Returns the gaps of the preset that a body has, and a sentence on each that it lacks."""
    content = load(PRESET)
    found, lacking = [], []
    for name, table in content["randomize"].items():
        one = RandomizationSpec.model_validate(table).named(name)
        try:
            check([one], experiment.morphology)
        except EvolocoError as error:
            lacking.append(f"{_label(name).capitalize()} is left out: {error}")
        else:
            found.append(Gap(name, _label(name), (one,)))

    found += _of_sensors(content["sensors"])
    scenario = content["scenario"]
    found.append(Gap("start", _label("start"), joint_noise=scenario["joint_noise"]))
    found.append(Gap("pushes", _label("pushes"), push=PushSpec.model_validate(scenario["push"])))
    return found, lacking


def beyond() -> list[Gap]:
    """Returns single gaps that are wider than the preset, or at its edge in every world."""
    late = Randomization.of("command_delay", value=(0.038, 0.038))
    blind = Randomization.of("sensor_delay", value=(0.02, 0.02))
    push = PushSpec.model_validate(load(PRESET)["scenario"]["push"])
    pushed = [
        Gap(f"pushes_{impulse:g}", "pushes", push=push.model_copy(update={"impulse": impulse}))
        for impulse in (0.2, 0.3, 0.4)
    ]
    return [
        Gap("late_commands", "command delay", (late,)),
        Gap("late_readings", "sensor delay", (blind,)),
        *pushed,
    ]


def _of_sensors(tables: Mapping[str, Any]) -> list[Gap]:
    """The gaps of what sensors tell."""
    formed = {"tilt": {"source": tables["tilt"]["source"]}, "acceleration": tables["acceleration"]}
    spread = _spread(formed["acceleration"])
    found = [Gap(ESTIMATE, _label(ESTIMATE), sensors=formed, spread=spread, unit="m/s²")]
    for name, (unit, *sensors) in NOISE.items():
        noisy = {sensor: {"noise": tables[sensor]["noise"]} for sensor in sensors}
        spread = _spread(noisy[sensors[0]])
        found.append(Gap(name, _label(name), sensors=noisy, spread=spread, unit=unit))
    return found


def _spread(table: Mapping[str, Any]) -> float:
    """How large a sensor's noise is [its unit]."""
    noise = table["noise"]
    return float(noise.get("gaussian") or noise["student_t"])


def _label(name: str) -> str:
    return LABELS.get(name, name.replace("_", " "))


def _extent(one: Randomization) -> str:
    """The range of a randomization in words."""
    if one.how == "factor":
        return f"{_number(one.low)} to {_number(one.high)} times"

    scale, unit = SCALES.get(
        one.target.unit, (1.0, "" if one.target.unit == "1" else one.target.unit)
    )
    if one.quantity == "sensor_bias":
        scale, unit = SCALES["rad"]
    digits = 2 if unit == "°" else 3
    low, high = _number(one.low * scale, digits), _number(one.high * scale, digits)
    gap = "" if unit in ("", "°") else " "
    if one.how == "offset" and one.low == -one.high:
        return f"± {high}{gap}{unit}"
    return f"{high}{gap}{unit}" if low == high else f"{low} to {high}{gap}{unit}"


def _number(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}g}"
