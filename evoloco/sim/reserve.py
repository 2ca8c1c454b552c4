"""Room for what the compiled episode keeps of every simulation; made once for a batch."""

import math
from collections.abc import Sequence

import numpy as np

from evoloco.episode import Columns
from evoloco.fields import size
from evoloco.ground import FORM, KIND
from evoloco.morphology import Morphology
from evoloco.sensor import Noise, Sensor
from evoloco.sim import plan
from evoloco.sim.arrays import Arrays
from evoloco.sim.compile import CompiledActuators, CompiledController
from evoloco.sim.compiled_sensors import CompiledSensors
from evoloco.sim.needs import Needs
from evoloco.sim.prepared import Body
from evoloco.sim.steps import control_steps


def reserve_episodes(
    arrays: Arrays, body: Body, compiled: CompiledController, columns: Columns, rows: int
) -> None:
    """Makes the arrays that every batch needs.

    Args:
        arrays: They go here.
        body: The batch's own.
        compiled: Its controller.
        columns: Layout of a row of the trace.
        rows: Rows of the trace.
    """
    morphology, model = body.morphology, body.morphology.model
    obs = size(morphology.observation)
    widths = {
        "params": size(compiled.params),
        "state": size(compiled.state),
        "obs": obs,
        "readings": model.nsensordata + morphology.outputs,
        "gather_scale": len(body.readings),
        "gather_shift": len(body.readings),
        "home_ctrl": morphology.controls,
        "min_height": 1,
        "home_ground": 1,
        "rule_value": 1,
        "motion": plan.MOTION,
        "motor": 2 * morphology.outputs,
        "support": plan.SUPPORT,
        "leg_length": 1,
        "noise": obs * plan.NOISE,
        "command_offset": morphology.controls,
        "estimate": 2,
    }
    for name, width in widths.items():
        arrays.reserve(name, width)

    for name in (
        "outcome",
        "lived",
        "fresh",
        "observed",
        "busy",
        "sensor_free",
        "touches_itself",
        "stage",
    ):
        arrays.reserve(name, kind=np.int64)
    for name, width in {"key": 2, "delay": obs, "command_delay": 2, "rule": 3}.items():
        arrays.reserve(name, width, kind=np.int64)
    arrays["outcome"][:] = plan.COMPLETED  # nothing is loaded

    floors = len(body.floor[0])
    arrays.set(floors=floors)
    arrays.reserve("floor_kind", floors, KIND, kind=np.int64)
    arrays.reserve("floor_form", floors, FORM)

    arrays.reserve("trace", rows, columns.size)
    arrays.reserve("pushes", 0, plan.PUSH)
    arrays.reserve("asked", 1, plan.STAGE)
    arrays.set(stage_count=1)
    arrays.reserve("drift_address", 0, 2, kind=np.int64)
    arrays.reserve("drift_value", 0, 2)


def reserve_disturbances(
    arrays: Arrays, sensors: Sequence[Sensor], needs: Needs, control_dt: float
) -> None:
    """Makes the arrays of what lies between true readings and felt ones, where it is needed.

    Args:
        arrays: They go here.
        sensors: The body's.
        needs: What settings ask for beside the sensors' own noise and delay.
        control_dt: Time between control steps [s].

    Raises:
        EvolocoError: An interval or a delay is not a whole number of control steps.
    """
    interval = [
        max(control_steps(sensor.interval, control_dt, f"sensors.{sensor.name}.interval"), 1)
        for sensor in sensors
        for _ in sensor.channels
    ]
    delays = [
        control_steps(sensor.delay, control_dt, f"sensors.{sensor.name}.delay")
        for sensor in sensors
    ]
    depth = 1 + max(delays, default=0) + needs.sensor_delay
    disturbed = needs.disturbed or any(map(_is_disturbed, sensors))

    ages = [
        sensor.dates and channel == sensor.channels[-1]
        for sensor in sensors
        for channel in sensor.channels
    ]

    arrays.use("interval", np.array(interval, np.int64))
    arrays.use("dates", np.array(ages, np.int64))
    arrays.use("frames", np.array(_frames(sensors), np.int64))
    arrays.set(depth=depth, disturbed=int(disturbed))
    if disturbed:
        arrays.reserve("history", depth, len(interval))
        for name in ("true", "held", "bias", "stamp"):
            arrays.reserve(name, len(interval))


def _frames(sensors: Sequence[Sensor]) -> list[int]:
    """Channels whose draws say whether samples are lost.

    A sensor that dates its readings loses whole ones, as a camera loses frames.
    """
    frames: list[int] = []
    for sensor in sensors:
        first = len(frames)
        frames += [first if sensor.dates else first + i for i in range(len(sensor.channels))]
    return frames


def _is_disturbed(sensor: Sensor) -> bool:
    """Whether what is felt of a sensor is not what the kernel reads in the same control step."""
    late = bool(sensor.delay or sensor.interval)
    return sensor.simulated or sensor.dates or late or sensor.noise != Noise()


def reserve_compiled(arrays: Arrays, compiled: CompiledSensors) -> None:
    """Makes the arrays of compiled sensors.

    Args:
        arrays: They go here.
        compiled: The body's.
    """
    arrays.use("compiled", compiled.table)
    arrays.reserve("sensor_memory", compiled.memory_size)
    arrays.set(compiled_count=len(compiled.table), sensor_memory_size=compiled.memory_size)


def reserve_commands(
    arrays: Arrays,
    morphology: Morphology,
    needs: Needs,
    substeps: int,
    actuators: CompiledActuators | None,
) -> None:
    """Makes the arrays of what lies between commands and MuJoCo's controls, where it is needed.

    Args:
        arrays: They go here.
        morphology: The body.
        needs: What settings ask for.
        substeps: Physics steps in a control step.
        actuators: The body's, if it has some beside MuJoCo's.
    """
    if not needs.indirect:
        return
    nu, joints = morphology.controls, len(morphology.joints)
    arrays.set(indirect=1)
    arrays.reserve("command", nu)
    for name in ("joint_angle", "joint_velocity"):
        arrays.reserve(name, joints)

    if needs.command_delay:
        count = 1 + math.ceil(needs.command_delay / substeps)
        arrays.set(late_count=count)
        arrays.reserve("late", count, nu)
        arrays.reserve("arrival", count, kind=np.int64)

    if actuators:
        params, state_size = actuators.given, size(actuators.state)
        given = np.tile(params, (arrays.capacity, 1))
        arrays.use("actuator_params", given, shared=False)
        arrays.reserve("actuator_state", state_size)
        arrays.set(
            actuate_function=actuators.actuate,
            actuator_param_size=params.size,
            actuator_state_size=state_size,
        )
