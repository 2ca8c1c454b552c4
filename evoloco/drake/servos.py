"""What acts on the joints of a body in Drake: its actuators, springs and friction.

MuJoCo computes the torques of actuators and springs from Drake's state, with its own limits. Drake
knows dampers and armature itself. Coulomb friction is smooth around rest, as Drake has none in
joints:

    torque = -friction tanh(velocity / smooth)          (1)

Commands reach an actuator after its delay.
"""

import copy
from collections import deque

import mujoco
import numpy as np

from evoloco.genome import Array

SMOOTH = 0.02
"""Velocity at which friction is at 76 % of its full value [rad/s, m/s]."""


class Servos:
    """Torques on the joints of a model.

    Args:
        model: Of the body.
        step: Time between calls of `torque` [s].
        ctrl: Commands that have held for long (nu,).

    Attributes:
        data: MuJoCo's, with positions, velocities and actuators of the state seen last.
    """

    def __init__(self, model: mujoco.MjModel, step: float, ctrl: Array) -> None:
        self._model = copy.copy(model)
        self._model.actuator_history[:] = 0
        self.data = mujoco.MjData(self._model)

        late = np.rint(model.actuator_delay / step).astype(int)
        first, count = model.actuator_ctrladr, model.actuator_ctrlnum
        self._late = np.zeros(model.nu, int)
        for actuator, steps in enumerate(late.tolist()):
            self._late[first[actuator] : first[actuator] + count[actuator]] = steps
        longest = int(late.max(initial=0))
        self._sent = deque([np.array(ctrl)] * (longest + 1), maxlen=longest + 1)

    def torque(self, qpos: Array, qvel: Array, ctrl: Array) -> Array:
        """Returns the generalized force of actuators, springs and friction (nv,).

        Args:
            qpos: Position (nq,).
            qvel: Velocity (nv,).
            ctrl: Commands that are sent now (nu,).
        """
        self._sent.append(np.array(ctrl))
        model, data = self._model, self.data
        data.ctrl[:] = [self._sent[-1 - late][at] for at, late in enumerate(self._late)]
        see(model, data, qpos, qvel)
        mujoco.mj_fwdActuation(model, data)
        friction = -model.dof_frictionloss * np.tanh(qvel / SMOOTH)  # (1)
        return np.asarray(data.qfrc_actuator + data.qfrc_spring + friction)


def see(model: mujoco.MjModel, data: mujoco.MjData, qpos: Array, qvel: Array) -> None:
    """Computes places and velocities of bodies, sites and actuators in a state, and no contacts.

    Args:
        model: The model.
        data: Gets them.
        qpos: Position (nq,).
        qvel: Velocity (nv,).
    """
    data.qpos[:], data.qvel[:] = qpos, qvel
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_transmission(model, data)
    mujoco.mj_fwdVelocity(model, data)
