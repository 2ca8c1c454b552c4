"""What happens between two control steps: sums, means and forces of every physics step.

Integrals and extremes belong to the physics step: a blow lasts a few of them, and a motor's power
may change its sign within one control step. After `mj_step`, forces and velocities in mjData are
those of the state that the step began with, so they belong together.
"""

import numpy as np

from evoloco.sim.native import jit, row, word_row
from evoloco.sim.plan import CONTRACTION, MOTION, NOWHERE

CENTRE = 3
"""Place of the centre of pressure behind the ground's force, in a foot's sensor."""

SIX, NINE = 6, 9
"""Numbers of a spatial velocity (turning rate, then velocity), and of a rotation matrix."""


@jit
def clear(plan, trace):  # type: ignore[no-untyped-def]
    """Begins the sums of a control step."""
    for i in range(plan.work_column, plan.contact_column + 1):
        trace[i] = 0.0


@jit
def begin(plan, substep, seen, trace):  # type: ignore[no-untyped-def]
    """Writes what `mj_step` changes: the joints' angles and the muscles' activations."""
    joint_qpos = word_row(plan.joint_qpos, 0, plan.joints)
    for j in range(plan.joints):
        trace[plan.angle_column + substep * plan.joints + j] = seen.qpos[joint_qpos[j]]
    if plan.muscle_column != NOWHERE:
        for m in range(plan.nu):
            trace[plan.muscle_column + CONTRACTION * (substep * plan.nu + m)] = seen.act[m]


@jit
def add(plan, sim, substep, seen, trace):  # type: ignore[no-untyped-def]
    """Adds what happened in a physics step to the row of its control step."""
    moved = velocity_of(plan, seen, plan.frame)
    add_pose(plan, substep, seen, trace, moved)
    add_feet(plan, substep, seen, trace)
    add_limits(plan, substep, seen, trace)
    if plan.muscle_column != NOWHERE:
        add_muscles(plan, substep, seen, trace)
    add_work(plan, seen, trace)
    if plan.energy_column != NOWHERE:
        add_energy(plan, sim, seen, trace)
    add_shake(plan, sim, seen, trace, moved)


@jit
def add_pose(plan, substep, seen, trace, moved):  # type: ignore[no-untyped-def]
    """Writes where torso and feet are, and how fast the torso moves [m/s]."""
    torso, body = plan.frame, word_row(plan.foot_body, 0, plan.feet)
    for k in range(3):
        trace[plan.position_column + 3 * substep + k] = seen.xpos[3 * torso + k]
    for k in range(4):
        trace[plan.orientation_column + 4 * substep + k] = seen.xquat[4 * torso + k]
    for k in range(3):
        trace[plan.velocity_column + 3 * substep + k] = moved[k]

    for i in range(plan.feet):
        place = plan.foot_column + 3 * (substep * plan.feet + i)
        for k in range(3):
            trace[place + k] = seen.xpos[3 * body[i] + k]


@jit
def velocity_of(plan, seen, body):  # type: ignore[no-untyped-def]
    """Velocity of a body's frame [m/s], in the world."""
    at = 3 * body
    return velocity(plan, seen, body, (seen.xpos[at], seen.xpos[at + 1], seen.xpos[at + 2]))


@jit
def add_muscles(plan, substep, seen, trace):  # type: ignore[no-untyped-def]
    """Writes length, velocity and force of each muscle."""
    for m in range(plan.nu):
        place = plan.muscle_column + CONTRACTION * (substep * plan.nu + m)
        trace[place + 1] = seen.actuator_length[m]
        trace[place + 2] = seen.actuator_velocity[m]
        trace[place + 3] = seen.actuator_force[m]


@jit
def add_feet(plan, substep, seen, trace):  # type: ignore[no-untyped-def]
    """Writes the ground's force on each foot, and how fast the foot slips."""
    ground = word_row(plan.foot_ground, 0, plan.feet)
    body = word_row(plan.foot_body, 0, plan.feet)
    for i in range(plan.feet):
        place = substep * plan.feet + i
        for k in range(3):
            trace[plan.force_column + 3 * place + k] = seen.sensordata[ground[i] + k]

        slip = 0.0
        if seen.sensordata[ground[i] + 2] > 0:
            centre = ground[i] + CENTRE
            point = (
                seen.sensordata[centre],
                seen.sensordata[centre + 1],
                seen.sensordata[centre + 2],
            )
            x, y, _ = velocity(plan, seen, body[i], point)
            slip = np.sqrt(x * x + y * y)
        trace[plan.slip_column + place] = slip


@jit
def velocity(plan, seen, body, point):  # type: ignore[no-untyped-def]
    """Velocity of a point that moves with a body [m/s], in the world.

    MuJoCo's `cvel` is that of the point at the robot's centre of mass.
    """
    turn, centre = SIX * body, 3 * plan.root
    x = point[0] - seen.subtree_com[centre]
    y = point[1] - seen.subtree_com[centre + 1]
    z = point[2] - seen.subtree_com[centre + 2]
    w_x, w_y, w_z = seen.cvel[turn], seen.cvel[turn + 1], seen.cvel[turn + 2]
    return (
        seen.cvel[turn + 3] + w_y * z - w_z * y,
        seen.cvel[turn + 4] + w_z * x - w_x * z,
        seen.cvel[turn + 5] + w_x * y - w_y * x,
    )


@jit
def add_limits(plan, substep, seen, trace):  # type: ignore[no-untyped-def]
    """Writes the torques of the joints' limits, where muscles drive the joints."""
    place = word_row(plan.limit_place, 0, plan.limits)
    for j in range(plan.limits):
        torque = seen.sensordata[place[j]]
        trace[plan.limit_column + substep * plan.limits + j] = torque


@jit
def add_work(plan, seen, trace):  # type: ignore[no-untyped-def]
    """Adds the work of each actuator: what it does, and what it takes up."""
    for j in range(plan.outputs):
        work = seen.actuator_force[j] * seen.actuator_velocity[j] * plan.physics_dt
        if work > 0:
            trace[plan.work_column + j] += work
        else:
            trace[plan.work_column + plan.outputs + j] -= work


@jit
def add_energy(plan, sim, seen, trace):  # type: ignore[no-untyped-def]
    """Adds the energy that each servo draws at its terminals.

    With resistance R and torque constant K, both at the output of the gear:

        I = torque / K                  (1)
        P = R I^2 + K omega I           (2)
    """
    motor = row(plan.motor, sim, 2 * plan.outputs)
    for j in range(plan.outputs):
        resistance, constant = motor[2 * j], motor[2 * j + 1]
        current = seen.actuator_force[j] / constant  # (1)
        power = (resistance * current + constant * seen.actuator_velocity[j]) * current  # (2)
        trace[plan.energy_column + j] += max(power, 0.0) * plan.physics_dt


@jit
def add_shake(plan, sim, seen, trace, u):  # type: ignore[no-untyped-def]
    """Adds to the sums from which the acceleration of any point above the torso follows.

    A point at height h on the torso's vertical axis e has the velocity

        u + h s,  s = w x e             (1)

    with the torso's velocity u and its turning rate w. So its squared change within a step is

        |du|^2 + 2 h du.ds + h^2 |ds|^2       (2)
    """
    torso, before = plan.frame, row(plan.motion, sim, MOTION)
    axis, turn = NINE * torso, SIX * torso
    e_x, e_y, e_z = seen.xmat[axis + 2], seen.xmat[axis + 5], seen.xmat[axis + 8]
    w_x, w_y, w_z = seen.cvel[turn], seen.cvel[turn + 1], seen.cvel[turn + 2]
    s = (w_y * e_z - w_z * e_y, w_z * e_x - w_x * e_z, w_x * e_y - w_y * e_x)  # (1)

    if before[6] > 0:
        for k in range(3):
            du, ds = u[k] - before[k], s[k] - before[3 + k]
            trace[plan.shake_column] += du * du  # (2)
            trace[plan.shake_column + 1] += du * ds
            trace[plan.shake_column + 2] += ds * ds
    for k in range(3):
        before[k], before[3 + k] = u[k], s[k]
    before[6] = 1.0
