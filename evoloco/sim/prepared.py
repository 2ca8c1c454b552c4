"""A body in a scenario, as the compiled episode needs it."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.errors import EvolocoError
from evoloco.fields import names, place
from evoloco.genome import Array
from evoloco.morphology import HOME, Morphology
from evoloco.randomization.working import memory
from evoloco.randomization.world import Drift, World, apply
from evoloco.scenario import Scenario
from evoloco.sim import plan
from evoloco.sim.support import Support
from evoloco.terrain import lay

SLIDING = {"geom_friction": slice(0, 1), "pair_friction": slice(0, 2)}
"""Fields of the model with friction, and which of their columns are that of sliding."""


class Body:
    """One of the bodies of a batch.

    Args:
        morphology: The body.
        min_height: Torso height below which an episode ends, over that in the home keyframe [1].
        stiffness: Of the virtual support (see `Support`).

    Attributes:
        data: To work in.
        home_ctrl: Controls of the home keyframe (nu,).
        min_height: Torso height below which an episode ends [m].
    """

    def __init__(self, morphology: Morphology, min_height: float, stiffness: float) -> None:
        self.morphology = morphology
        self.data = mujoco.MjData(morphology.model)
        self.home_ctrl = np.array(morphology.model.key(HOME).ctrl)
        self.min_height = min_height * morphology.standing_height
        self._stiffness = stiffness

    @cached_property
    def layout(self) -> tuple[object, ...]:
        """What the bodies of one batch have in common."""
        morphology, model = self.morphology, self.morphology.model
        sizes = (
            model.nq,
            model.nv,
            model.na,
            model.nu,
            model.nbody,
            model.nsite,
            model.neq,
            model.npair,
            model.nbvh,
        )
        memory = model.nhistory  # of delays
        sensors = (bytes(model.sensor_type), bytes(model.sensor_objid), bytes(model.sensor_adr))
        joints = [joint.name for joint in morphology.joints]
        return (*sizes, memory, *sensors, bytes(kinds(morphology)), morphology.feet, joints)

    @cached_property
    def readings(self) -> list[tuple[int, int, float, float]]:
        """The channels that are read off sensordata.

        For each: its place in sensordata, its place in the observation, a scale and a shift; the
        channel is scale (reading - shift).
        """
        layout = self.morphology.observation
        return [
            (
                self.morphology.sensor(reading.sensor).start + reading.component,
                place(layout, sensor.name).start + channel,
                reading.scale,
                reading.shift,
            )
            for sensor in self.morphology.sensors
            if isinstance(sensor.source, tuple)
            for channel, reading in enumerate(sensor.source)
        ]

    @cached_property
    def noise(self) -> Array:
        """Noise of every channel (obs size, plan.NOISE)."""
        rows = [
            [*(getattr(sensor.noise, name) for name in plan.NOISE_COLUMNS[:-1]), 0.0]
            for sensor in self.morphology.sensors
            for _ in sensor.channels
        ]
        return np.array(rows).reshape(-1, plan.NOISE)

    @cached_property
    def delay(self) -> Array:
        """Delay of every channel [s] (obs size,)."""
        return np.array(
            [sensor.delay for sensor in self.morphology.sensors for _ in sensor.channels]
        )

    def support(self, strength: float) -> Array:
        """The virtual support at a strength of 0 to 1 (plan.SUPPORT,)."""
        if strength == 0 or self._stiffness == 0:
            return np.zeros(plan.SUPPORT)
        return self._support.row(strength)

    @cached_property
    def _support(self) -> Support:
        return Support(self.morphology, self._stiffness)

    def start(self, scenario: Scenario, placed: Morphology | None = None) -> Array:
        """MuJoCo's state row (nstate,) at the start of a scenario.

        Args:
            scenario: Says how the start differs from the home keyframe.
            placed: The body in the scenario's world; as it is where absent.
        """
        model, data = (placed or self.morphology).model, self.data
        mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
        for joint, offset, velocity in zip(
            self.morphology.joints, scenario.joint_offset, scenario.velocity, strict=True
        ):
            data.qpos[model.joint(joint.name).qposadr[0]] += offset
            data.qvel[model.joint(joint.name).dofadr[0]] += velocity
        for actuator in range(model.nu):
            samples = int(model.actuator_history[actuator, 0])
            if samples:  # a delayed actuator first reads what stands in its history
                values = np.full(samples, data.ctrl[actuator])
                mujoco.mj_initCtrlHistory(model, data, actuator, None, values)
        row = np.empty(mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION))
        mujoco.mj_getState(model, data, row, mujoco.mjtState.mjSTATE_INTEGRATION)
        return row

    def world(self, scenario: Scenario) -> World:
        """The body in the world of a scenario.

        Raises:
            ModelError: The ground does not fit the body's, or a number would mean nothing.
        """
        return apply(scenario.draws, self._grounded(scenario), self.data)

    def placed(self, scenario: Scenario) -> Morphology:
        """The body in the world of a scenario, without what MuJoCo's model has no field for."""
        return self.world(scenario).morphology

    def _grounded(self, scenario: Scenario) -> Morphology:
        """The body with the friction and the ground of a scenario.

        A contact takes the greater of its geoms' friction, unless one has priority: scaling all
        scales it.
        """
        if scenario.friction == 1.0 and not scenario.heights.size:
            return self.morphology
        placed = self.morphology.with_model(copy.copy(self.morphology.model))
        for name, columns in SLIDING.items():
            getattr(placed.model, name)[:, columns] *= scenario.friction
        if scenario.heights.size:
            lay(placed, scenario.heights)
        return placed

    def lean(self, model: mujoco.MjModel) -> mujoco.MjModel:
        """A copy of a model of this body that computes the ground's forces on the feet and no other sensor.

        MuJoCo computes every sensor in every physics step, an accelerometer with another pass over all bodies;
        most are read once per control step. Sensors with a history, which must see every step, and those of
        plugins stay.
        """
        lean = copy.copy(model)
        idle = (model.sensor_history[:, 0] == 0) & (
            model.sensor_type != mujoco.mjtSensor.mjSENS_PLUGIN
        )
        idle[[model.sensor(f"{foot}.ground").id for foot in self.morphology.feet]] = False
        lean.sensor_needstage[idle] = mujoco.mjtStage.mjSTAGE_NONE
        return lean


class Needs(NamedTuple):
    """What settings ask of a batch.

    Attributes:
        sensor_delay: Longest delay of readings beside the sensors' own [control steps].
        command_delay: Longest delay of commands [physics steps].
        disturbed: Whether readings have noise beside the sensors' own.
        indirect: Whether commands do not become MuJoCo's controls at once.
        play: Whether the joints' gears have play.
    """

    sensor_delay: int = 0
    command_delay: int = 0
    disturbed: bool = False
    indirect: bool = False
    play: bool = False

    def with_actuators(self) -> "Needs":
        """These and a model of actuators."""
        return self._replace(indirect=True)

    def join(self, other: "Needs") -> "Needs":
        """What serves both."""
        return Needs(
            max(self.sensor_delay, other.sensor_delay),
            max(self.command_delay, other.command_delay),
            self.disturbed or other.disturbed,
            self.indirect or other.indirect,
            self.play or other.play,
        )

    def check(self, asked: "Needs") -> None:
        """Raises an EvolocoError where more is asked for than a batch was made for."""
        if self.join(asked) != self:
            raise EvolocoError(
                f"A setting asks for {asked}, and the batch was made for {self}: make it with "
                "`needs` that join those of all settings."
            )


NOTHING = Needs()


@dataclass(frozen=True)
class Setting:
    """A body in a scenario.

    Attributes:
        morphology: The body as it is there: with its friction, ground and other masses.
        lean: Its model for physics steps whose sensors nobody reads.
        start: MuJoCo's state at the start (nstate,).
        pushes: See `Scenario` (P, 5).
        rows: What the kernel reads, by the name in its plan.
        backlash: Play of the joints' gears [rad] (joints,).
        rough: Whether its ground is a height field.
        needs: What it asks of a batch.
        drifting: Numbers of the model that change within the episode.
    """

    morphology: Morphology
    lean: mujoco.MjModel
    start: Array = field(repr=False)
    pushes: Array
    rows: Mapping[str, NDArray[np.generic]] = field(repr=False)
    backlash: Array = field(repr=False)
    rough: bool = False
    needs: Needs = NOTHING
    drifting: tuple[Drift, ...] = ()

    def own(self) -> "Setting":
        """A setting for one simulation alone: where numbers of the model drift, with models of its own."""
        if not self.drifting:
            return self
        body = replace(self.morphology, model=copy.copy(self.morphology.model))
        return replace(self, morphology=body, lean=copy.copy(self.lean))

    @property
    def drifts(self) -> list[tuple[tuple[int, int], tuple[float, float]]]:
        """Addresses of each drifting number in both models, and its values at start and end."""
        model, lean = self.morphology.model, self.lean
        return [
            (
                (address_in(model, name, index), address_in(lean, name, index)),
                (start, end),
            )
            for name, index, start, end in self.drifting
        ]


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
    lean = body.lean(model) if control_dt > 1.5 * model.opt.timestep else model
    key = np.random.SeedSequence(scenario.key).generate_state(2) if scenario.key else np.zeros(2)
    rows = {
        "home_ctrl": body.home_ctrl,
        "min_height": np.array([body.min_height]),
        "support": body.support(strength),
        "leg_length": np.array([body.morphology.leg_length]),
        "asked": np.asarray(scenario.command),
        "key": key.astype(np.int64),
        **_readings(body, world),
        **_felt(body, world, control_dt),
        **_commanded(body, world),
    }
    return Setting(
        world.morphology,
        lean,
        body.start(scenario, world.morphology),
        scenario.pushes,
        rows,
        world.backlash,
        bool(scenario.heights.size),
        _needs(world, model.opt.timestep, control_dt),
        world.drifts,
    )


def _readings(body: Body, world: World) -> dict[str, Array]:
    """Scales and shifts of the channels; a joint's encoder may have another zero than the joint."""
    shift = np.array([shift for _, _, _, shift in body.readings])
    if world.zero_offset.any() and "joint_angle" in names(body.morphology.observation):
        where = place(body.morphology.observation, "joint_angle")
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
    physics_dt = morphology.model.opt.timestep
    offset = np.zeros(morphology.model.nu)
    if not morphology.muscles and not morphology.torques:
        offset += world.zero_offset  # a servo goes by its encoder
    delay = np.rint(np.array([world.command_delay, world.command_jitter]) / physics_dt)
    return {"command_offset": offset, "command_delay": delay.astype(np.int64)}


def _needs(world: World, physics_dt: float, control_dt: float) -> Needs:
    """What a world asks of a batch."""
    command_delay = round(world.command_delay / physics_dt) + round(
        world.command_jitter / physics_dt
    )
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


def kinds(morphology: Morphology) -> NDArray[np.int64]:
    """Kind of every geom, as the kernel counts them (ngeom,)."""
    kind = np.full(morphology.model.ngeom, plan.BODY, np.int64)
    kind[list(morphology.foot_geoms)] = plan.FOOT
    kind[list(morphology.floor)] = plan.GROUND
    return kind
