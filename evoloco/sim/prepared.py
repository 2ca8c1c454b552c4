"""A body as the compiled episode and its settings need it."""

import copy
from dataclasses import replace
from functools import cached_property

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.delay import fill_histories
from evoloco.fields import Array, place
from evoloco.ground import height, tables
from evoloco.morphology import HOME, Morphology
from evoloco.perception.dressing import dressed, lit
from evoloco.randomization.world import World, apply
from evoloco.scenario import Scenario
from evoloco.self_contact import self_contacts
from evoloco.sim import plan
from evoloco.sim.support import Support
from evoloco.subtree import robot_geoms
from evoloco.target import placed
from evoloco.terrain import lay

SLIDING = {"geom_friction": slice(0, 1), "pair_friction": slice(0, 2)}
"""Fields of the model with friction, and which of their columns are that of sliding."""


class Body:
    """One of the bodies of a batch.

    Args:
        morphology: The body.
        min_height: Height of the torso over the ground below which an episode ends, as a share of
            that in the reference pose [1].
        stiffness: Of the virtual support (see `Support`).

    Attributes:
        data: To work in.
        home_ctrl: The controller's controls in the home keyframe (nu,).
        home_ground: Height of the ground beneath the torso at home [m].
        min_height: Height of the torso over the ground below which an episode ends [m].
    """

    def __init__(self, morphology: Morphology, min_height: float, stiffness: float) -> None:
        self.morphology = morphology
        self.data = mujoco.MjData(morphology.model)
        self.home_ctrl = np.array(morphology.model.key(HOME).ctrl[: morphology.controls])
        self.home_ground = self._ground_at_home()
        self.min_height = min_height * (morphology.standing_height - self.home_ground)
        self._stiffness = stiffness

    def _ground_at_home(self) -> float:
        model, data = self.morphology.model, self.data
        mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
        mujoco.mj_kinematics(model, data)
        x, y, z = data.body(self.morphology.torso_frame).xpos
        return float(height(model, self.morphology.floor, x, y, z))

    @cached_property
    def floor(self) -> tuple[NDArray[np.int64], Array]:
        """What the floors are and where, in the body's own world (see `evoloco.ground.tables`)."""
        return tables(self.morphology.model, self.morphology.floor)

    @cached_property
    def layout(self) -> tuple[object, ...]:
        """What the bodies of one batch have in common."""
        morphology, model = self.morphology, self.morphology.model
        sizes = ("nq", "nv", "na", "nu", "nbody", "nsite", "neq", "npair", "nbvh", "nhistory")
        sensors = ("sensor_type", "sensor_objid", "sensor_adr")
        return (
            *(getattr(model, name) for name in sizes),
            *(bytes(getattr(model, name)) for name in sensors),
            bytes(kinds(morphology)),
            bytes(self.floor[0][:, 0]),
            morphology.feet,
            *(joint.name for joint in morphology.joints),
        )

    @cached_property
    def touches_itself(self) -> bool:
        """Whether MuJoCo would let two parts of the robot touch each other."""
        return bool(self_contacts(self.morphology.model, self.morphology.torso))

    @cached_property
    def readings(self) -> list[tuple[int, int, float, float]]:
        """The channels that are read off sensordata.

        For each: its place in sensordata, its place in the observation, a scale and a shift. The
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
        parts, no_offset = plan.NOISE_COLUMNS[:-1], 0.0
        rows = [
            [*(getattr(noise, part) for part in parts), no_offset]
            for sensor in self.morphology.sensors
            for noise in sensor.noises
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
        return Support(self.morphology, self._stiffness, self.home_ground)

    def start(self, scenario: Scenario, placed: Morphology | None = None) -> Array:
        """MuJoCo's state row at the start of a scenario (nstate,).

        Args:
            scenario: Says how the start differs from the home keyframe.
            placed: The body in the scenario's world; as it is where absent.
        """
        model, data = (placed or self.morphology).model, self.data
        mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)

        moved = zip(self.morphology.joints, scenario.joint_offset, scenario.velocity, strict=True)
        for joint, offset, velocity in moved:
            data.qpos[model.joint(joint.name).qposadr[0]] += offset
            data.qvel[model.joint(joint.name).dofadr[0]] += velocity

        fill_histories(model, data)
        everything = mujoco.mjtState.mjSTATE_INTEGRATION
        row = np.empty(mujoco.mj_stateSize(model, everything))
        mujoco.mj_getState(model, data, row, everything)
        return row

    def world(self, scenario: Scenario) -> World:
        """The body in the world of a scenario.

        Raises:
            ModelError: The ground does not fit the body's, or a number would mean nothing.
        """
        world = apply(scenario.draws, self._grounded(scenario), self.data)
        body = world.morphology
        if scenario.target.size:
            body = placed(body, scenario.target, self.data)
        if scenario.looks:
            body = dressed(body, scenario.looks, scenario.key)
        if scenario.brightness != 1.0:
            body = lit(body, scenario.brightness)
        return world if body is world.morphology else replace(world, morphology=body)

    def placed(self, scenario: Scenario) -> Morphology:
        """The body in the world of a scenario, without what MuJoCo's model has no field for."""
        return self.world(scenario).morphology

    def _grounded(self, scenario: Scenario) -> Morphology:
        """The body with the friction and the ground of a scenario.

        A contact takes the greater of its geoms' friction, unless one has priority. So scaling all
        geoms' friction scales that of the contact.
        """
        if scenario.friction == 1.0 and not scenario.heights.size:
            return self.morphology

        placed = self.morphology.with_model(copy.copy(self.morphology.model))
        for name, columns in SLIDING.items():
            getattr(placed.model, name)[:, columns] *= scenario.friction
        if scenario.heights.size:
            lay(placed, scenario.heights)
        return placed

    def sensor_free(self, model: mujoco.MjModel) -> mujoco.MjModel:
        """A copy of a model of this body whose only sensors are those of `evoloco.sim.sums`.

        MuJoCo computes every sensor in every physics step, an accelerometer with another pass over
        all bodies; most are read once per control step. Sensors with a history, which must see
        every step, and those of plugins stay.
        """
        copied = copy.copy(model)
        forgetful = model.sensor_history[:, 0] == 0
        plugin = model.sensor_type == mujoco.mjtSensor.mjSENS_PLUGIN
        idle = forgetful & ~plugin
        idle[[model.sensor(name).id for name in self._needed_each_step]] = False

        copied.sensor_needstage[idle] = mujoco.mjtStage.mjSTAGE_NONE
        return copied

    @property
    def _needed_each_step(self) -> list[str]:
        """Sensors that are read in every physics step."""
        morphology = self.morphology
        limited = morphology.joints if morphology.muscles else ()
        return [
            *(f"foot.{foot}.ground" for foot in morphology.feet),
            *(f"joint.{joint.name}.limit" for joint in limited),
        ]


def kinds(morphology: Morphology) -> NDArray[np.int64]:
    """Kind of every geom, as the kernel counts them (ngeom,)."""
    kind = np.full(morphology.model.ngeom, plan.SCENERY, np.int64)
    kind[robot_geoms(morphology.model, morphology.torso)] = plan.BODY
    kind[list(morphology.foot_geoms)] = plan.FOOT
    kind[list(morphology.floor)] = plan.GROUND
    return kind
