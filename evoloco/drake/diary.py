"""The trace of an episode in Drake, with the columns of a native one."""

from collections.abc import Mapping, Sequence

import mujoco
import numpy as np

from evoloco.drake.surfaces import Touch
from evoloco.episode import Columns
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.sim import plan
from evoloco.sim.prepared import kinds

LOADED = 2
"""Place of the upward force in a foot's sensor."""


class Diary:
    """Writes down an episode, physics step by step.

    Args:
        morphology: The body.
        columns: Of the trace.
        steps: Control steps of a completed episode.

    Attributes:
        trace: One row per control step (steps, columns.size).
    """

    def __init__(self, morphology: Morphology, columns: Columns, steps: int) -> None:
        self._morphology, self._columns = morphology, columns
        self.trace = np.zeros((steps, columns.size))
        model = morphology.model
        self._dt = model.opt.timestep
        self._kinds = kinds(morphology)
        self._torso = model.body(morphology.torso_frame).id
        self._feet = [model.body(foot).id for foot in morphology.feet]
        self._angles = [int(model.joint(joint.name).qposadr[0]) for joint in morphology.joints]
        self._motors = morphology.has_motors
        self._before: tuple[Array, Array] | None = None

    def begin(self, step: int, told: Mapping[str, Array | float]) -> None:
        """Begins a control step.

        Args:
            step: Its number.
            told: Columns of the control step, by name.
        """
        for name, values in told.items():
            self.trace[step, self._columns.slices[name]] = values

    def add(
        self, step: int, substep: int, sensed: Array, data: mujoco.MjData, touches: Sequence[Touch]
    ) -> None:
        """Adds a physics step to a control step.

        Args:
            step: The control step.
            substep: Number of the physics step in it.
            sensed: Of all sensors at its start (nsensordata,).
            data: MuJoCo's, of that state.
            touches: Contacts in it.
        """
        ground = self._read(sensed, "ground")
        now = {
            "torso_position": data.xpos[self._torso],
            "torso_orientation": data.xquat[self._torso],
            "torso_velocity": sensed[self._morphology.sensor("torso.velocity")],
            "joint_angle": data.qpos[self._angles],
            "foot_position": data.xpos[self._feet],
            "ground_force": ground[:, :3],
            "foot_slip": self._slip(sensed, ground),
        }
        for name, values in now.items():
            self._of(step, name)[substep] = values
        self._add_work(step, data)
        self._add_shake(step, data, now["torso_velocity"])
        self._add_touches(step, touches)

    def _of(self, step: int, name: str) -> Array:
        """A column of a row, in its shape."""
        row = self.trace[step, self._columns.slices[name]]
        return row.reshape(self._columns.shapes[name])

    def _read(self, sensed: Array, what: str) -> Array:
        """What a kind of sensor tells of each foot (F, dim)."""
        body = self._morphology
        return np.array([sensed[body.sensor(f"foot.{foot}.{what}")] for foot in body.feet])

    def _slip(self, sensed: Array, ground: Array) -> Array:
        """Horizontal speed of each foot at its centre of pressure [m/s] (F,); 0 if unloaded."""
        position, velocity, spin = (
            self._read(sensed, what) for what in ("position", "velocity", "spin")
        )
        moved = velocity + np.cross(spin, ground[:, 3:] - position)
        return np.hypot(moved[:, 0], moved[:, 1]) * (ground[:, LOADED] > 0)

    def _add_work(self, step: int, data: mujoco.MjData) -> None:
        """Adds the work of each actuator, and the energy that servos with motors draw."""
        outputs, model = self._morphology.outputs, self._morphology.model
        force, velocity = data.actuator_force[:outputs], data.actuator_velocity[:outputs]
        work = self._dt * force * velocity
        self._of(step, "positive_work")[:] += np.maximum(work, 0.0)
        self._of(step, "negative_work")[:] += np.maximum(-work, 0.0)
        if self._motors:
            resistance, constant = model.actuator_gainprm[:outputs, :2].T
            current = force / constant
            power = (resistance * current + constant * velocity) * current
            self._of(step, "electrical_energy")[:] += self._dt * np.maximum(power, 0.0)

    def _add_shake(self, step: int, data: mujoco.MjData, velocity: Array) -> None:
        """Adds to the sums of the torso's changes of motion (see `evoloco.sim.sums`)."""
        axis, turning = data.xmat[self._torso, 2::3], data.cvel[self._torso, :3]
        now = np.array(velocity), np.cross(turning, axis)
        if self._before is not None:
            du, ds = (after - before for after, before in zip(now, self._before, strict=True))
            self._of(step, "shake")[:] += du @ du, du @ ds, ds @ ds
        self._before = now

    def _add_touches(self, step: int, touches: Sequence[Touch]) -> None:
        """Adds whether more than feet touch the ground, and whether parts touch each other."""
        share = 1 / self._columns.substeps
        self._of(step, "body_contact")[:] += share * (self.on_ground(touches) is not None)
        self._of(step, "self_contact")[:] += share * (self.on_itself(touches) is not None)

    def on_ground(self, touches: Sequence[Touch]) -> int | None:
        """Returns a geom of the robot that touches the ground and is no foot's."""
        for touch in touches:
            pair = touch.first, touch.second
            found = {int(self._kinds[geom]): geom for geom in pair}
            if set(found) == {plan.BODY, plan.GROUND}:
                return found[plan.BODY]
        return None

    def on_itself(self, touches: Sequence[Touch]) -> tuple[int, int] | None:
        """Returns two geoms of the robot that touch each other."""
        own = plan.BODY, plan.FOOT
        for touch in touches:
            if self._kinds[touch.first] in own and self._kinds[touch.second] in own:
                return touch.first, touch.second
        return None
