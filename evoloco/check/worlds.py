"""The worlds of a check: a run's own task, with nothing that differs but the gaps of one item."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from evoloco.check.gaps import ESTIMATE, Gap
from evoloco.experiment import Experiment
from evoloco.fitting import felt_alike
from evoloco.presets.merging import beneath
from evoloco.scenario import Scenario
from evoloco.spec import CommandSpec, NoiseSpec, PushSpec, RunSpec, SensorSpec

DURATION = 10.0
"""Duration of a completed episode [s], or the nearest number of control steps to it."""

NEAR = 1 / 3
"""Start noise of worlds that are not about it, of that at full width [1]."""

FAST = 0.75
"""Where the speed that a check asks for lies, from the run's lowest at 0 to its highest at 1."""

Part = tuple[Gap, float]
"""A gap and its width."""


def bare(spec: RunSpec) -> RunSpec:
    """Returns a run file whose worlds do not differ: without randomization and noise.

    Body, controller and ground stay, as do the delay and interval of its sensors. The command is
    `straight`.
    """
    steps = max(round(DURATION / spec.scenario.control_dt), 1)
    sensors = {
        name: table.model_copy(update={"noise": NoiseSpec()})
        for name, table in spec.sensors.items()
    }
    lasting = {"heldout_duration": steps * spec.scenario.control_dt}
    return spec.model_copy(
        update={
            "randomize": {},
            "sensors": sensors,
            "scenario": spec.scenario.model_copy(
                update={"command": straight(spec.scenario.command)}
            ),
            "evaluation": spec.evaluation.model_copy(update=lasting),
        }
    )


def straight(command: CommandSpec) -> CommandSpec:
    """Returns the command to go straight ahead, fast but within the speeds that a command asks for.

    So ways compare between worlds. A command that asks for no speed ahead stays as it is.
    """
    stages = command.stages or (command,)
    fastest = max(low + FAST * (high - low) for low, high in (stage.speed for stage in stages))
    if fastest <= 0:
        return command
    return CommandSpec(speed=(fastest, fastest), relative=command.relative)


def sensing(spec: RunSpec, gaps: Sequence[Gap]) -> RunSpec:
    """Returns a run file whose sensors are as the gaps say.

    Where another sensor of the run is an estimated tilt already, the tilt stays as it is.
    """
    tables: dict[str, Any] = {
        name: table.model_dump(exclude_none=True) for name, table in spec.sensors.items()
    }
    others = (table for name, table in tables.items() if name != "tilt")
    estimated = any(table.get("source") == ESTIMATE for table in others)
    for gap in gaps:
        asked = {name: dict(table) for name, table in gap.sensors.items()}
        if estimated and gap.name == ESTIMATE:
            del asked["tilt"]
        tables = beneath(tables, asked, "sensors")
    sensors = {name: SensorSpec.model_validate(table) for name, table in tables.items()}
    return spec.model_copy(update={"sensors": felt_alike(spec.sensors, sensors)})


def scenarios(
    experiment: Experiment,
    parts: Sequence[Part],
    start: float,
    count: int,
    command: CommandSpec | None = None,
) -> list[Scenario]:
    """Draws worlds. Equal numbers of worlds have equal random numbers, whatever the gaps.

    Args:
        experiment: Of `bare` or `sensing`.
        parts: Gaps and their widths.
        start: Standard deviation of the start angles where no part is about them [rad].
        count: Number of worlds.
        command: What is asked for; that of the experiment where None.
    """
    push, joint_noise, noise, randomizations = PushSpec(), start, 1.0, []
    for gap, width in parts:
        randomizations += [one.widened(width) for one in gap.randomizations]
        if gap.joint_noise is not None:
            joint_noise = width * gap.joint_noise
        if gap.push is not None:
            push = gap.push.model_copy(update={"impulse": width * gap.push.impulse})
        if gap.is_noise:
            noise = width

    own = experiment.spec.scenario
    asked = own.model_copy(
        update={
            "command": own.command if command is None else command,
            "joint_noise": joint_noise,
            "velocity_noise": 0.0,
            "friction": (1.0, 1.0),
            "push": push,
        }
    )
    drawn = [experiment.check_scenario(i, asked, tuple(randomizations)) for i in range(count)]
    return [replace(one, draws=replace(one.draws, noise=noise)) for one in drawn]
