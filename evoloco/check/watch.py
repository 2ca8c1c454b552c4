"""What each physics step of an episode shows of contacts, limits and actuators."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.check.physics_steps import PhysicsStep
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.randomization.servos import MOTOR_CONSTANT, RESISTANCE, VOLTAGE
from evoloco.subtree import robot_geoms

NEARLY = 1 - 1e-6
"""Share of a bound from which an actuator is at it; the rest is rounding."""


class Watch:
    """Remembers extremes and adds up, physics step by physics step.

    Args:
        morphology: The body.

    Attributes:
        steps: Number of steps seen.
        depth: Largest penetration of a contact of the robot [m].
        where: The two geoms of that contact.
        when: Its physics step.
        limit_steps: Steps in which each driven joint pressed on its limit (nj,).
        limit_torque: Sum over the steps of the torque of each driven joint's limit [N m] (nj,).
        saturated: Steps in which each of the robot's own actuators was at its bound (nf,).
    """

    def __init__(self, morphology: Morphology) -> None:
        model = morphology.model
        self.steps, self.depth, self.where, self.when = 0, 0.0, (0, 0), 0
        joints = [model.joint(joint.name).id for joint in morphology.joints]
        self.limit_steps, self.limit_torque = np.zeros(len(joints)), np.zeros(len(joints))
        self.saturated = np.zeros(morphology.outputs)

        self._column = np.full(model.njnt, -1)
        self._column[joints] = np.arange(len(joints))
        self._own = np.zeros(model.ngeom, bool)
        self._own[robot_geoms(model, morphology.torso)] = True
        self._actuator = np.repeat(np.arange(model.nactuator), model.actuator_outnum)
        self._actuator = self._actuator[: morphology.outputs]

    def add(self, step: PhysicsStep) -> None:
        """Looks at a physics step."""
        self.steps += 1
        self._penetration(step)
        self._limits(step)
        self.saturated += self._is_saturated(step)

    def _penetration(self, step: PhysicsStep) -> None:
        contacts = step.data.contact
        geoms, depth = np.reshape(contacts.geom, (-1, 2)), -np.asarray(contacts.dist)
        depth = np.where(self._own[geoms].any(axis=1), depth, 0.0)
        if depth.size and depth.max() > self.depth:
            first, second = geoms[int(depth.argmax())].tolist()
            self.depth, self.where, self.when = float(depth.max()), (first, second), step.index

    def _limits(self, step: PhysicsStep) -> None:
        data = step.data
        rows = data.efc_type == int(mujoco.mjtConstraint.mjCNSTR_LIMIT_JOINT)
        column, torque = self._column[data.efc_id[rows]], np.abs(data.efc_force[rows])
        pressed = (column >= 0) & (torque > 0)
        np.add.at(self.limit_steps, column[pressed], 1)
        np.add.at(self.limit_torque, column[pressed], torque[pressed])

    def _is_saturated(self, step: PhysicsStep) -> NDArray[np.bool_]:
        """Whether each of the robot's own actuators is at a bound of its model (nf,)."""
        model, data, ids = step.model, step.data, self._actuator
        force, velocity = data.actuator_force[: len(ids)], data.actuator_velocity[: len(ids)]
        found = _at_voltage(model.actuator_gainprm[ids], force, velocity)
        found &= model.actuator_gaintype[ids] == mujoco.mjtGain.mjGAIN_DCMOTOR

        low, high = model.actuator_forcerange[ids].T
        limited = model.actuator_forcelimited[ids] != 0
        found |= limited & ((force >= NEARLY * high) | (force <= NEARLY * low))
        found |= self._is_command_full(step)
        return np.asarray(found | self._is_joint_full(step))

    def _is_command_full(self, step: PhysicsStep) -> NDArray[np.bool_]:
        """Whether a muscle's excitation is full, or a motor's torque command at its range (nf,)."""
        model, ids = step.model, self._actuator
        ctrl = step.data.ctrl[model.actuator_ctrladr[ids]]
        low, high = model.actuator_ctrlrange[ids].T
        limited = model.actuator_ctrllimited[ids] != 0
        muscle = model.actuator_gaintype[ids] == mujoco.mjtGain.mjGAIN_MUSCLE
        motor = model.actuator_gaintype[ids] == mujoco.mjtGain.mjGAIN_FIXED
        motor &= model.actuator_biastype[ids] == mujoco.mjtBias.mjBIAS_NONE

        upper = (muscle | motor) & (ctrl >= high)
        lower = motor & (ctrl <= low)
        return np.asarray(limited & (upper | lower))

    def _is_joint_full(self, step: PhysicsStep) -> NDArray[np.bool_]:
        """Whether the joint of an actuator gets as much as its `actuatorfrcrange` lets by (nf,)."""
        model, ids = step.model, self._actuator
        joint = np.where(
            model.actuator_trntype[ids] == mujoco.mjtTrn.mjTRN_JOINT,
            model.actuator_trnid[ids, 0],
            0,
        )
        low, high = model.jnt_actfrcrange[joint].T
        torque = step.data.qfrc_actuator[model.jnt_dofadr[joint]]
        of_joint = model.actuator_trntype[ids] == mujoco.mjtTrn.mjTRN_JOINT
        limited = of_joint & (model.jnt_actfrclimited[joint] != 0)
        return np.asarray(limited & ((torque >= NEARLY * high) | (torque <= NEARLY * low)))


def _at_voltage(gain: Array, force: Array, velocity: Array) -> NDArray[np.bool_]:
    """Whether DC motors get their whole voltage.

    With resistance R and torque constant K, both at the output of the gear, a torque T at a speed w
    takes

        V = R T / K + K w       (1)

    Args:
        gain: Parameters of the actuators (nf, n).
        force: Their torques [N m] (nf,).
        velocity: Their speeds [rad/s] (nf,).
    """
    resistance, constant, most = (gain[:, i] for i in (RESISTANCE, MOTOR_CONSTANT, VOLTAGE))
    with np.errstate(divide="ignore", invalid="ignore"):  # others are no motors
        voltage = np.abs(resistance * force / constant + constant * velocity)  # (1)
    return np.asarray((most > 0) & (voltage >= NEARLY * most))
