"""What drives the joints of `walker` and `humanoid`: servos or motors within the same torques."""

from typing import Literal

import mujoco

JointDrive = Literal["servos", "motors"]
"""Servos take target angles, motors take torques."""

FULL = 0.1
"""Error at which a servo gives its full torque [rad]; at twice that, standing is hardly stable."""

DECAY = 0.03
"""Damping of a servo over its stiffness [s]: an error without load decays in this time."""

ARMATURE = 0.01
"""Of every joint [kg m²]: what keeps light feet calm at the physics step."""

DAMPING = 1.0
"""Of every joint [N m s/rad]; chosen, as motors have none of their own."""


def drive_joint(spec: mujoco.MjSpec, name: str, torque: float, kind: JointDrive) -> None:
    """Drives a joint by a servo or a motor of its name.

    With the target angle a, the angle q and the largest torque T, a servo exerts

        K (a - q) - D dq/dt,  K = T / FULL,  D = DECAY K,  at most T to either side

    and a motor exerts its control [N m], at most T to either side.

    Args:
        spec: Of the body.
        name: Of the joint.
        torque: T [N m].
        kind: "servos" or "motors".
    """
    joint = spec.joint(name)
    joint.armature, joint.damping = ARMATURE, [DAMPING, 0, 0]

    actuator = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    actuator.forcerange, actuator.forcelimited = [-torque, torque], mujoco.mjtLimited.mjLIMITED_TRUE
    actuator.ctrllimited = mujoco.mjtLimited.mjLIMITED_TRUE

    if kind == "servos":
        stiffness = torque / FULL
        actuator.set_to_position(kp=stiffness, kv=DECAY * stiffness)
        actuator.ctrlrange = joint.range
    else:
        actuator.set_to_motor()
        actuator.ctrlrange = [-torque, torque]
