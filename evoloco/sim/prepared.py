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
from evoloco.fields import place
from evoloco.genome import Array
from evoloco.morphology import HOME, Morphology
from evoloco.randomization.world import World, apply
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
    """

    sensor_delay: int = 0
    command_delay: int = 0
    disturbed: bool = False
    indirect: bool = False

    def with_actuators(self) -> "Needs":
        """These and a model of actuators."""
        return self._replace(indirect=True)

    def join(self, other: "Needs") -> "Needs":
        """What serves both."""
        return Needs(*(max(pair) for pair in zip(self, other, strict=True)))

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
        rough: Whether its ground is a height field.
        needs: What it asks of a batch.
        drifting: Numbers of the model that change within the episode: field, index, value at the
            start, value at the planned end.
    """

    morphology: Morphology
    lean: mujoco.MjModel
    start: Array = field(repr=False)
    pushes: Array
    rows: Mapping[str, NDArray[np.generic]] = field(repr=False)
    rough: bool = False
    needs: Needs = NOTHING
    drifting: tuple[tuple[str, int, float, float], ...] = ()

    def own(self) -> "Setting":
        """A setting for one simulation alone: where numbers of the model drift, with models of its own."""
        if not self.drifting:
            return self
        body = replace(self.morphology, model=copy.copy(self.morphology.model))
        return replace(self, morphology=body, lean=copy.copy(self.lean))

    @property
    def drifts(self) -> list[tuple[tuple[int, int], tuple[float, float]]]:
        """Addresses of each drifting number in both models, and its values at start and end."""
        models = (self.morphology.model, self.lean)
        item = np.dtype(np.float64).itemsize
        return [
            (
                tuple(numbers_of(model, name).ctypes.data + item * index for model in models),
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
    placed = world.morphology
    model, nu = placed.model, placed.model.nu
    # With one physics step per control step, every step's sensors are read.
    lean = body.lean(model) if control_dt > 1.5 * model.opt.timestep else model
    key = np.random.SeedSequence(scenario.key).generate_state(2) if scenario.key else np.zeros(2)
    rows = {
        "home_ctrl": body.home_ctrl,
        "min_height": np.array([body.min_height]),
        "support": body.support(strength),
        "leg_length": np.array([body.morphology.leg_length]),
        "gather_scale": np.array([scale for _, _, scale, _ in body.readings]),
        "gather_shift": np.array([shift for _, _, _, shift in body.readings]),
        "asked": np.asarray(scenario.command),
        "key": key.astype(np.int64),
        "noise": body.noise.ravel(),
        "delay": np.rint(body.delay / control_dt).astype(np.int64),
        "command_offset": np.zeros(nu),
        "command_delay": np.zeros(2, np.int64),
    }
    return Setting(
        placed,
        lean,
        body.start(scenario, placed),
        scenario.pushes,
        rows,
        bool(scenario.heights.size),
        drifting=world.drifts,
    )


def numbers_of(model: mujoco.MjModel, name: str) -> NDArray[np.float64]:
    """The numbers of a field of a model, "opt.gravity" for one of its options."""
    owner: object = model
    for part in name.split("."):
        owner = getattr(owner, part)
    return np.asarray(owner)


def kinds(morphology: Morphology) -> NDArray[np.int64]:
    """Kind of every geom, as the kernel counts them (ngeom,)."""
    kind = np.full(morphology.model.ngeom, plan.BODY, np.int64)
    kind[list(morphology.foot_geoms)] = plan.FOOT
    kind[list(morphology.floor)] = plan.GROUND
    return kind
