"""A body in a scenario, as the compiled episode needs it."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array, names, place
from evoloco.ground import tables
from evoloco.morphology import Morphology
from evoloco.randomization.working import memory
from evoloco.randomization.world import Drift, World
from evoloco.scenario import Scenario
from evoloco.sim import plan
from evoloco.sim.needs import NOTHING, Needs
from evoloco.sim.prepared import Body


@dataclass(frozen=True)
class Setting:
    """A body in a scenario.

    Attributes:
        morphology: The body as it is there: with its friction, ground and other masses.
        sensor_free: Its model for physics steps whose sensors nobody reads.
        start: MuJoCo's state at the start (nstate,).
        pushes: As the kernel reads them (P, plan.PUSH).
        command: Stages of the command, as the kernel reads them (S, plan.STAGE).
        rows: What the kernel reads, by the name in its plan.
        backlash: Play of the joints' gears [rad] (joints,).
        rough: Whether its ground is a height field.
        needs: What it asks of a batch.
        drifting: Numbers of the model that change within the episode.
        ground: The model whose height fields `rows` point into, kept while the setting is.
    """

    morphology: Morphology
    sensor_free: mujoco.MjModel
    start: Array = field(repr=False)
    pushes: Array
    command: Array
    rows: Mapping[str, NDArray[np.generic]] = field(repr=False)
    backlash: Array = field(repr=False)
    rough: bool = False
    needs: Needs = NOTHING
    drifting: tuple[Drift, ...] = ()
    ground: mujoco.MjModel | None = field(default=None, repr=False)

    def own(self) -> "Setting":
        """A setting for one simulation alone, with its own models where their numbers drift."""
        if not self.drifting:
            return self
        body = replace(self.morphology, model=copy.copy(self.morphology.model))
        return replace(self, morphology=body, sensor_free=copy.copy(self.sensor_free))

    @property
    def drifts(self) -> list[tuple[tuple[int, int], tuple[float, float]]]:
        """Addresses of each drifting number in both models, and its values at start and end."""
        models = self.morphology.model, self.sensor_free
        rows = []
        for name, index, start, end in self.drifting:
            first, second = (address_in(model, name, index) for model in models)
            rows.append(((first, second), (start, end)))
        return rows


def settle(body: Body, scenario: Scenario, strength: float, control_dt: float) -> Setting:
    """Puts a body into a scenario.

    Args:
        body: The body.
        scenario: Where it is put.
        strength: Of the virtual support, 0 to 1.
        control_dt: Time between control steps [s].

    Raises:
        ModelError: The ground does not fit the body's, or a number would mean nothing.
    """
    world = body.world(scenario)
    model = world.morphology.model
    # With one physics step per control step, every step's sensors are read.
    several = control_dt > 1.5 * model.opt.timestep

    as_built = model is body.morphology.model
    kinds, forms = body.floor if as_built else tables(model, body.morphology.floor)
    rows = {
        "home_ctrl": body.home_ctrl,
        "touches_itself": np.array(body.touches_itself, np.int64),
        "min_height": np.array([body.min_height]),
        "home_ground": np.array([body.home_ground]),
        "floor_kind": kinds,
        "floor_form": forms,
        "motor": _motors(world.morphology),
        "support": body.support(strength),
        "leg_length": np.array([body.morphology.leg_length]),
        "key": _key(scenario),
        **_readings(body, world),
        **_felt(body, world, control_dt),
        **_commanded(body, world),
    }
    return Setting(
        morphology=world.morphology,
        sensor_free=body.sensor_free(model) if several else model,
        start=body.start(scenario, world.morphology),
        pushes=_pushes(scenario, world.morphology),
        command=_stages(scenario, control_dt),
        rows=rows,
        backlash=world.backlash,
        rough=bool(scenario.heights.size),
        needs=_needs(world, model.opt.timestep, control_dt),
        drifting=world.drifts,
        ground=model,
    )


def _pushes(scenario: Scenario, morphology: Morphology) -> Array:
    """Pushes in physics steps, with the force that changes this body's speed as asked for."""
    dt = morphology.model.opt.timestep
    start, duration, change = np.split(scenario.pushes, [1, 2], axis=1)
    steps = np.maximum(np.rint(duration / dt), 1)
    first = np.floor(start / dt + 1e-9)  # 1e-9: rounding of the quotient
    force = morphology.mass * change / (steps * dt)
    return np.concatenate([first, first + steps, force], axis=1)


def _stages(scenario: Scenario, control_dt: float) -> Array:
    """Stages of the command; each begins with the first control step not before its start."""
    start = scenario.command[:, :1]
    first = np.ceil(start / control_dt - 1e-9)  # 1e-9: rounding of the quotient
    return np.concatenate([first, scenario.command], axis=1)


def _motors(morphology: Morphology) -> Array:
    """Resistance and torque constant of what each of the robot's own forces comes from, flat."""
    model = morphology.model
    numbers = np.repeat(model.actuator_gainprm[:, :2], model.actuator_outnum, axis=0)
    return np.asarray(numbers[: morphology.outputs].ravel())


def _key(scenario: Scenario) -> NDArray[np.int64]:
    """Key of the random numbers within the episode (2,)."""
    if not scenario.key:
        return np.zeros(2, np.int64)
    return np.random.SeedSequence(scenario.key).generate_state(2).astype(np.int64)


def _readings(body: Body, world: World) -> dict[str, Array]:
    """Scales and shifts of the channels; a joint's encoder may have another zero than the joint."""
    layout = body.morphology.observation
    shift = np.array([shift for _, _, _, shift in body.readings])
    if world.zero_offset.any() and "joint_angle" in names(layout):
        where = place(layout, "joint_angle")
        for i, (_, channel, _, _) in enumerate(body.readings):
            if where.start <= channel < where.stop:
                shift[i] += world.zero_offset[channel - where.start]

    return {
        "gather_scale": np.array([scale for _, _, scale, _ in body.readings]),
        "gather_shift": shift,
    }


def _felt(body: Body, world: World, control_dt: float) -> dict[str, NDArray[np.generic]]:
    """Noise and delay of the channels in a world."""
    noise = body.noise.copy()
    noise[:, plan.OFFSET] += world.sensor_bias
    for column in (plan.GAUSSIAN, plan.STUDENT_T):
        noise[:, column] *= world.sensor_noise
    delay = np.rint((body.delay + world.sensor_delay) / control_dt)
    return {"noise": noise.ravel(), "delay": delay.astype(np.int64)}


def _commanded(body: Body, world: World) -> dict[str, NDArray[np.generic]]:
    """What lies between commands and controls in a world."""
    morphology = body.morphology
    offset = np.zeros(morphology.controls)
    if not morphology.muscles and not morphology.torques:
        offset += world.zero_offset  # a servo goes by its encoder

    physics_dt = morphology.model.opt.timestep
    delay = np.rint(np.array([world.command_delay, world.command_jitter]) / physics_dt)
    return {"command_offset": offset, "command_delay": delay.astype(np.int64)}


def _needs(world: World, physics_dt: float, control_dt: float) -> Needs:
    """What a world asks of a batch."""
    delay, jitter = world.command_delay, world.command_jitter
    command_delay = round(delay / physics_dt) + round(jitter / physics_dt)
    play = bool(world.backlash.any())
    return Needs(
        sensor_delay=round(world.sensor_delay / control_dt),
        command_delay=command_delay,
        disturbed=bool(world.sensor_delay or world.sensor_bias.any() or world.sensor_noise != 1.0),
        indirect=bool(command_delay or world.zero_offset.any() or play),
        play=play,
    )


def address_in(model: mujoco.MjModel, name: str, index: int) -> int:
    """Address of a number in a model.

    Args:
        model: The model.
        name: Of its field, "opt.gravity" for one of its options.
        index: Of the number, counted through all rows.
    """
    numbers = memory(model, name)
    return int(numbers.ctypes.data) + numbers.itemsize * index
