"""Torques that bring the joints of a leg to target angles."""

import numba

from evoloco.fields import Array, Record

from ._legs import PITCH

JOINTS = ("hip", "knee", "ankle")
"""Joints of each leg."""

HIP, KNEE, ANKLE = range(len(JOINTS))


@numba.njit(error_model="numpy", nogil=True)
def pull_leg(
    joints: Array, stiffness: Array, damping: Array, target: Array, obs: Record, torque: Array
) -> None:
    """Writes the torques of springs and dampers on the joints of a leg.

    With the target angle a of a joint, its angle q, stiffness K and damping D, the torque is

        K (a - q) - D dq/dt

    A hip's q is the angle of the thigh in the world.

    Args:
        joints: Indices of hip, knee and ankle among the body's joints (3,).
        stiffness: K [N m/rad] (3,).
        damping: D [N m s/rad] (3,).
        target: a [rad] (3,).
        obs: Observation.
        torque: Result [N m] (3,).
    """
    for k in range(len(JOINTS)):
        joint = int(joints[k])
        angle, speed = obs.joint_angle[joint], obs.joint_velocity[joint]

        if k == HIP:
            angle -= obs.tilt[PITCH]
            speed -= obs.rate[PITCH]

        torque[k] = stiffness[k] * (target[k] - angle) - damping[k] * speed
