"""A morphology as the kernel needs it: its constants, its start states, its model for a scenario."""

import copy
from functools import cached_property

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.genome import Array
from evoloco.morphology import HOME, Morphology
from evoloco.randomization.world import World, apply
from evoloco.scenario import Scenario
from evoloco.sim import kernel
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
        home_ctrl: Controls of the home keyframe (nu,).
        min_height: Torso height below which an episode ends [m].
    """

    def __init__(self, morphology: Morphology, min_height: float, stiffness: float) -> None:
        self.morphology = morphology
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
    def readings(self) -> tuple[list[int], list[int], Array, Array]:
        """What observations are made of: addresses in sensordata and in the observation, scales and shifts (n,).

        An observation is scale * (reading - shift).
        """
        morphology, layout = self.morphology, self.morphology.observation
        table = [
            (morphology.sensor(f"{joint.name}.{name}").start, part.start + i, 1.0, 0.0)
            for name, part in (("angle", layout.joint_angle), ("velocity", layout.joint_velocity))
            for i, joint in enumerate(morphology.joints)
        ]
        rate = morphology.sensor("torso.rate").start
        table += [(rate + i, layout.rate.start + i, 1.0, 0.0) for i in range(3)]
        for i, foot in enumerate(morphology.feet):
            vertical = morphology.sensor(f"{foot}.ground").start + 2
            table.append((vertical, layout.foot_load.start + i, 1 / morphology.weight, 0.0))
        for i, muscle in enumerate(morphology.muscles):
            for name, part, scale, shift in (
                ("length", layout.muscle_length, 1 / muscle.optimal_length, muscle.slack_length),
                ("velocity", layout.muscle_velocity, 1 / muscle.optimal_length, 0.0),
                ("force", layout.muscle_force, -1 / muscle.max_force, 0.0),
            ):
                table.append(
                    (morphology.sensor(f"{muscle.name}.{name}").start, part.start + i, scale, shift)
                )
        sources, places, scales, shifts = zip(*table, strict=True)
        return list(sources), list(places), np.array(scales), np.array(shifts)

    def support(self, strength: float) -> Array:
        """The virtual support at a strength of 0 to 1 (kernel.SUPPORT,)."""
        if strength == 0 or self._stiffness == 0:
            return np.zeros(kernel.SUPPORT)
        return self._support.row(strength)

    @cached_property
    def _support(self) -> Support:
        return Support(self.morphology, self._stiffness)

    def start(
        self, scenario: Scenario, data: mujoco.MjData, placed: Morphology | None = None
    ) -> Array:
        """MuJoCo's state row (nstate,) at the start of a scenario.

        Args:
            scenario: Says how the start differs from the home keyframe.
            data: To work in; of this layout.
            placed: The body in the scenario's world; as it is where absent.
        """
        model = (placed or self.morphology).model
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

    def world(self, scenario: Scenario, data: mujoco.MjData | None = None) -> World:
        """The body in the world of a scenario.

        Args:
            scenario: Its friction, ground and draws.
            data: To work in, of this layout; a fresh one where absent.

        Raises:
            ModelError: The ground does not fit the body's, or a number would mean nothing.
        """
        return apply(scenario.draws, self._grounded(scenario), data)

    def placed(self, scenario: Scenario, data: mujoco.MjData | None = None) -> Morphology:
        """The body in the world of a scenario, without what MuJoCo's model has no field for."""
        return self.world(scenario, data).morphology

    def _grounded(self, scenario: Scenario) -> Morphology:
        """The body with the friction and the ground of a scenario.

        A contact takes the greater of its geoms' friction, unless one has priority: scaling all
        scales it.
        """
        if scenario.friction == 1.0 and not scenario.heights.size:
            return self.morphology
        placed = self.morphology.with_model(copy.copy(self.morphology.model))
        for field, columns in SLIDING.items():
            getattr(placed.model, field)[:, columns] *= scenario.friction
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


def kinds(morphology: Morphology) -> NDArray[np.int64]:
    """Kind of every geom, as the kernel counts them (ngeom,)."""
    kind = np.full(morphology.model.ngeom, kernel.BODY, np.int64)
    kind[list(morphology.foot_geoms)] = kernel.FOOT
    kind[list(morphology.floor)] = kernel.GROUND
    return kind
