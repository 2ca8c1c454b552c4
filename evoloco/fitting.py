"""Fits a body with the sensors that a run file asks for in `[sensors.NAME]`."""

from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

from evoloco.errors import SpecError, UnknownNameError, user_code
from evoloco.members import member, members
from evoloco.morphology import Morphology
from evoloco.options import checked
from evoloco.perception.learned import Learned
from evoloco.sensor import OF_BODIES, Clock, Estimate, Noise, Reading, Sensor
from evoloco.spec import SensorSpec

ROOM = "sensors"
"""Where bundled sensors are."""


def fitted(morphology: Morphology, asked: Mapping[str, SensorSpec]) -> Morphology:
    """A body with other settings of its own sensors, and with more sensors.

    A name is that of one of the body's own sensors, of a bundled sensor, of a MuJoCo sensor of the
    body's model, or any name with a `source` that is one of these or the path of a .py file. What a
    sensor is formed from is added, hidden, unless it is there.

    Args:
        morphology: The body.
        asked: The run file's table of sensors.

    Raises:
        UnknownNameError: There is no such sensor.
        SpecError: A sensor cannot have what is asked of it.
    """
    if not asked:
        return morphology

    wanted = _with_needs(asked, {sensor.name for sensor in morphology.sensors})
    modules = {name: _module(morphology, name, spec) for name, spec in wanted.items()}
    for module in modules.values():
        if hasattr(module, "prepare"):
            morphology = _prepared(morphology, module)

    sensors = {sensor.name: sensor for sensor in morphology.sensors}
    for name, spec in wanted.items():
        found = _found(morphology, sensors, name, spec, modules[name])
        sensors[name] = _set(found, name, spec)
    _check_formed(sensors)
    hidden_last = sorted(sensors.values(), key=lambda sensor: sensor.hidden)
    return replace(morphology, fitted=tuple(hidden_last))


def felt_alike(
    own: Mapping[str, SensorSpec], others: Mapping[str, SensorSpec]
) -> dict[str, SensorSpec]:
    """Other settings of a run's sensors, with which its controller has the same layout.

    Args:
        own: The run's table of sensors.
        others: Another one, such as that of who judges the run. What only this one has is hidden.
    """
    found = {}
    for name, spec in others.items():
        hidden = own[name].hidden if name in own else name not in OF_BODIES
        found[name] = spec.model_copy(update={"hidden": hidden})
    return found


def _prepared(morphology: Morphology, module: Any) -> Morphology:
    """The body with the MuJoCo sensors that a module adds."""
    return morphology.changed(lambda spec: module.prepare(spec, morphology))


def _with_needs(asked: Mapping[str, SensorSpec], own: set[str]) -> dict[str, SensorSpec]:
    """What is asked for, after what it is formed from."""
    wanted: dict[str, SensorSpec] = {}
    for name, spec in asked.items():
        source = spec.source or name
        if source in members(ROOM):
            for need in getattr(member(ROOM, source), "NEEDS", ()):
                if need not in own and need not in asked:
                    wanted[need] = SensorSpec(hidden=True)
        wanted[name] = spec
    return wanted


def _module(morphology: Morphology, name: str, spec: SensorSpec) -> ModuleType | None:
    """The module that makes a sensor; none where body or model has it already."""
    source = spec.source or name
    own = {sensor.name for sensor in morphology.sensors}

    if source in own or source in _in_model(morphology):
        if spec.options:
            stray = next(iter(spec.options))
            raise UnknownNameError(f"key in [sensors.{name}]", stray, SensorSpec.model_fields)
        return None

    if spec.source.endswith(".py") or source in members(ROOM):
        return member(ROOM, source, f"sensors.{name}.source")
    known = {*own, *members(ROOM), *_in_model(morphology)}
    raise UnknownNameError("sensor", source, known, f"sensors.{name}")


def _in_model(morphology: Morphology) -> list[str]:
    """Names of the MuJoCo sensors of a body."""
    model = morphology.model
    return [model.sensor(i).name for i in range(model.nsensor)]


def _found(
    morphology: Morphology,
    sensors: Mapping[str, Sensor],
    name: str,
    spec: SensorSpec,
    module: ModuleType | None,
) -> Sensor:
    """A sensor before the run file's settings."""
    source = spec.source or name
    if module is not None:
        options = checked(module.sensor, spec.options, f"sensors.{name}", SensorSpec.model_fields)
        with user_code(f"sensor: '{source}'"):
            found: Sensor = module.sensor(morphology, **options)
        if not isinstance(found, Sensor):
            raise SpecError(f"sensor: '{source}': `sensor` must return a Sensor.")
        return found
    if source in sensors:
        return sensors[source]

    where = morphology.sensor(source)
    width = where.stop - where.start
    readings = tuple(Reading(source, component) for component in range(width))
    channels = tuple(str(component) for component in range(width))
    return Sensor(name, channels, "MuJoCo's", f"MuJoCo's sensor {source}", readings)


def _set(sensor: Sensor, name: str, spec: SensorSpec) -> Sensor:
    """A sensor with the run file's name, interval, delay, shutter and noise."""
    return replace(
        sensor,
        source=_shuttered(sensor, name, spec.shutter) if spec.shutter else sensor.source,
        name=name,
        interval=sensor.interval if spec.interval is None else spec.interval,
        delay=sensor.delay if spec.delay is None else spec.delay,
        noise=Noise(**spec.noise.model_dump()),
        hidden=spec.hidden,
    )


def _shuttered(sensor: Sensor, name: str, shutter: float) -> Learned:
    """What a sensor reads where its camera's shutter is open for a while [s].

    Raises:
        SpecError: It reads no pictures.
    """
    if not (isinstance(sensor.source, Learned) and sensor.source.takes_pictures):
        raise SpecError(f"sensors.{name}.shutter: this sensor reads no pictures. Leave it out.")
    return sensor.source.with_shutter(shutter)


def _check_formed(sensors: Mapping[str, Sensor]) -> None:
    """Raises a SpecError for two clocks, and for what an estimate of felt readings cannot have."""
    clocks = [sensor.name for sensor in sensors.values() if isinstance(sensor.source, Clock)]
    if len(clocks) > 1:
        names = ", ".join(clocks)
        raise SpecError(f"sensors: one sensor can have the source 'clock', not {names}.")

    estimates = [sensor for sensor in sensors.values() if isinstance(sensor.source, Estimate)]
    if len(estimates) > 1:
        names = ", ".join(sensor.name for sensor in estimates)
        raise SpecError(f"sensors: one sensor can have the source 'estimated_tilt', not {names}.")

    for sensor in estimates:
        if sensor.delay or sensor.interval:
            raise SpecError(
                f"sensors.{sensor.name}: an estimated tilt is formed in every control step from "
                "what rate and acceleration feel. Give these the interval and the delay."
            )
