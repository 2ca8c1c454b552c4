"""What happens where a run's learned sensors see less well: light, ground, blur, lost frames."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from evoloco.experiment import Experiment
from evoloco.perception.learned import Learned
from evoloco.spec import RunSpec

DIM, BRIGHT = (0.25, 0.5), (1.5, 2.5)
"""Ranges of the factor on all lights."""

SHUTTER = 0.03
"""Time for which a shutter is open in the dark [s]."""

LOST = 0.3
"""Share of the frames that are lost."""

LATE = 0.1
"""By how much readings come later [s], or the nearest number of control steps to it."""


@dataclass(frozen=True)
class Sight:
    """One way in which a robot sees less well than in its run.

    Attributes:
        name: Of it.
        label: In words.
        extent: How far it goes, in words.
        change: What it makes of a run file.
    """

    name: str
    label: str
    extent: str
    change: Callable[[RunSpec], RunSpec]


def sights(experiment: Experiment) -> list[Sight]:
    """Ways in which the learned sensors of a run may see less well, the plain one first.

    A run without learned sensors has none. Light, ground and blur belong to those that read
    pictures; with `scenario.looks`, the unseen ground comes with unseen lights.
    """
    learned = [sensor for sensor in experiment.morphology.sensors if sensor.dates]
    if not learned:
        return []
    names = [sensor.name for sensor in learned]
    through_pictures = [
        sensor.name
        for sensor in learned
        if isinstance(sensor.source, Learned) and sensor.source.takes_pictures
    ]
    late = max(round(LATE / experiment.spec.scenario.control_dt), 1)
    later = late * experiment.spec.scenario.control_dt
    delays = {sensor.name: sensor.delay + later for sensor in learned}

    found = [Sight("plain", "as in the run", "", lambda spec: spec)]
    if through_pictures:
        found += [
            Sight("dim", "dim light", _range(DIM), _with_scenario(brightness=DIM)),
            Sight("bright", "bright light", _range(BRIGHT), _with_scenario(brightness=BRIGHT)),
            Sight("background", "unseen ground", "and lights", _with_scenario(looks="test")),
            Sight(
                "blur",
                "motion blur",
                f"shutter open for {1e3 * SHUTTER:g} ms",
                _with_sensors({name: {"shutter": SHUTTER} for name in through_pictures}),
            ),
        ]
    lossy = {name: {"noise": {"dropout": LOST}} for name in names}
    return [
        *found,
        Sight("dropped", "lost frames", f"{LOST:.0%}", _with_sensors(lossy)),
        Sight(
            "latency",
            "later readings",
            f"by {1e3 * later:g} ms",
            _with_sensors({name: {"delay": delay} for name, delay in delays.items()}),
        ),
    ]


def _range(factors: Sequence[float]) -> str:
    return "{:g} to {:g} times".format(*factors)


def _with_scenario(**changes: Any) -> Callable[[RunSpec], RunSpec]:
    """What sets keys of `[scenario]`."""

    def change(spec: RunSpec) -> RunSpec:
        return spec.model_copy(update={"scenario": spec.scenario.model_copy(update=changes)})

    return change


def _with_sensors(changes: dict[str, dict[str, Any]]) -> Callable[[RunSpec], RunSpec]:
    """What sets keys of tables `[sensors.NAME]`, by the names of sensors."""

    def change(spec: RunSpec) -> RunSpec:
        tables = dict(spec.sensors)
        for name, update in changes.items():
            table = tables[name].model_dump(exclude_none=True)
            tables[name] = type(tables[name]).model_validate({**table, **update})
        return spec.model_copy(update={"sensors": tables})

    return change
