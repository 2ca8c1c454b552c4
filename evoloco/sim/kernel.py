"""The native episode: control, physics, trace and termination in one compiled C function.

`mjb_apply` calls `episode` once per simulation, on its thread pool. Every simulation has its own
clock: a call advances it by as many control steps as the plan says, from where it is.
"""

from collections import namedtuple
from typing import Any

import numba
import numpy as np
from numba import carray, types

from evoloco.sim import sums
from evoloco.sim.fall import (
    NOTHING,
    WARNING_WORDS,
    WARNINGS,
    height_over_ground,
    judge,
    touching,
    touching_itself,
)
from evoloco.sim.native import (
    address_of,
    array_at,
    caller,
    copy,
    doubles,
    fence,
    ints,
    jit,
    pointer,
    row,
    word_row,
    words,
)
from evoloco.sim.observe import asked, observe, rotation
from evoloco.sim.philox import philox
from evoloco.sim.plan import (
    BLIND,
    COMPLETED,
    DAMPING,
    FELL,
    HEIGHT,
    PLAN,
    PUSH,
    RAISED,
    RUNNING,
    STIFFNESS,
    SUPPORT,
    TURN_DAMPING,
    TURN_STIFFNESS,
    UNSTABLE,
)
from evoloco.sim.sense import sense

JITTER = 3
"""Stream of an episode's random numbers: jitter of the command's delay (see `observe`)."""

FORCE_SIZE = 6
"""Numbers of a wrench in mjData.xfrc_applied: force, then torque."""

call_reset = caller("iid")  # params, state, dt
call_step = caller("iiiddii")  # params, state, obs, time, dt, ctrl, nu
# params, state, joint angles, joint velocities, dt, ctrl, nu, joints
call_actuate = caller("iiiidiii")

mj_step = types.ExternalFunction("mj_step", types.void(types.voidptr, types.voidptr))
mj_forward = types.ExternalFunction("mj_forward", types.void(types.voidptr, types.voidptr))

Data = namedtuple(
    "Data",
    "time qpos qvel act ctrl actuator_force actuator_velocity actuator_length sensordata wrench "
    "cvel subtree_com xpos xquat xmat ncon contacts warning ctrl_address",
)
"""The arrays of an mjData that an episode reads and writes."""


@jit
def episode(model, data, sim, arg):  # type: ignore[no-untyped-def]
    """Advances one simulation by `plan.advance` control steps, or to its end."""
    plan = carray(arg, (1,))[0]
    live(plan, sim, model, data, plan.advance, plan.observe)


@jit
def live(plan, sim, model, data, count, look):  # type: ignore[no-untyped-def]
    """Advances one simulation by `count` control steps, or to its end; then observes on request."""
    outcome, lived = word_row(plan.outcome, sim, 1), word_row(plan.lived, sim, 1)
    observed, busy = word_row(plan.observed, sim, 1), word_row(plan.busy, sim, 1)
    if outcome[0] != RUNNING:
        return
    busy[0] = 1
    seen = view(plan, data)

    code = begin(plan, sim, model, data, seen)
    last = min(lived[0] + count, plan.steps)
    while code == RUNNING and lived[0] < last:
        if not observed[0]:
            observe(plan, sim, lived[0], seen.sensordata)
        code = control(plan, sim, lived[0], seen)
        if code == RUNNING:
            record(plan, sim, lived[0], seen)
            toucher, pair = simulate(plan, sim, lived[0], model, data, seen)
            lived[0] += 1
            observed[0] = 0
            code = judge(plan, sim, seen, toucher, pair)
            if code != UNSTABLE and sense(plan, sim, lived[0], model, data):
                code = BLIND
    if code == RUNNING and lived[0] == plan.steps:
        code = COMPLETED

    if look and not observed[0] and code in (RUNNING, COMPLETED, FELL):
        observe(plan, sim, lived[0], seen.sensordata)
        observed[0] = 1
    keep(plan, sim, seen)
    busy[0] = 0
    # Once the outcome is told, another thread may read the trace.
    fence()
    outcome[0] = code


@jit
def view(plan, data):  # type: ignore[no-untyped-def]
    """The arrays of an mjData."""
    base = address_of(data)
    wrench = words(base + plan.at_xfrc_applied)[0] + 8 * FORCE_SIZE * plan.torso
    return Data(
        carray(doubles(base + plan.at_time), (1,)),
        array_at(base + plan.at_qpos, plan.nq),
        array_at(base + plan.at_qvel, plan.nv),
        array_at(base + plan.at_act, plan.na),
        array_at(base + plan.at_ctrl, plan.nu),
        array_at(base + plan.at_actuator_force, plan.outputs),
        array_at(base + plan.at_actuator_velocity, plan.outputs),
        array_at(base + plan.at_actuator_length, plan.outputs),
        array_at(base + plan.at_sensordata, plan.nsensordata),
        carray(doubles(wrench), (FORCE_SIZE,)),
        array_at(base + plan.at_cvel, sums.SIX * plan.nbody),
        array_at(base + plan.at_subtree_com, 3 * plan.nbody),
        array_at(base + plan.at_xpos, 3 * plan.nbody),
        array_at(base + plan.at_xquat, 4 * plan.nbody),
        array_at(base + plan.at_xmat, sums.NINE * plan.nbody),
        carray(ints(base + plan.at_ncon), (1,)),
        carray(words(base + plan.at_contact), (1,)),
        carray(ints(base + plan.at_warning), (WARNINGS * WARNING_WORDS,)),
        words(base + plan.at_ctrl)[0],
    )


@jit
def begin(plan, sim, model, data, seen):  # type: ignore[no-untyped-def]
    """Starts a fresh episode, or puts back what an mjData that serves many simulations forgot."""
    fresh = word_row(plan.fresh, sim, 1)
    if not fresh[0]:
        readings = row(plan.readings, sim, plan.nsensordata + plan.outputs)
        for i in range(plan.nsensordata):
            seen.sensordata[i] = readings[i]
        for i in range(plan.outputs):
            seen.actuator_force[i] = readings[plan.nsensordata + i]
        return RUNNING

    fresh[0] = 0
    params = plan.params + 8 * plan.param_size * sim
    state = plan.state + 8 * plan.state_size * sim
    if call_reset(plan.reset_function, (params, state, plan.physics_dt * plan.substeps)):
        return RAISED
    mj_forward(model, data)
    if plan.indirect:
        home = row(plan.home_ctrl, sim, plan.nu)
        command = row(plan.command, sim, plan.nu)
        for i in range(plan.nu):
            command[i] = home[i]
    return BLIND if sense(plan, sim, 0, model, data) else RUNNING


@jit
def control(plan, sim, t, seen):  # type: ignore[no-untyped-def]
    """Asks the controller, and fades its answer in from the home posture."""
    control_dt = plan.physics_dt * plan.substeps
    time = t * control_dt
    # A command that does not reach ctrl at once waits in a row of its own.
    address = plan.command + 8 * plan.nu * sim if plan.indirect else seen.ctrl_address
    params = plan.params + 8 * plan.param_size * sim
    state = plan.state + 8 * plan.state_size * sim
    obs = plan.obs + 8 * plan.obs_size * sim
    if call_step(plan.step_function, (params, state, obs, time, control_dt, address, plan.nu)):
        return RAISED

    if time < plan.ramp:
        command = carray(doubles(address), (plan.nu,))
        home = row(plan.home_ctrl, sim, plan.nu)
        fade = time / plan.ramp
        for i in range(plan.nu):
            command[i] = home[i] + fade * (command[i] - home[i])
    return RUNNING


@jit
def record(plan, sim, t, seen):  # type: ignore[no-untyped-def]
    """Writes what there was, what the controller felt and what it answered into the trace."""
    trace = row(plan.trace + 8 * plan.rows * plan.row_size * sim, t % plan.rows, plan.row_size)
    command = row(plan.command, sim, plan.nu) if plan.indirect else seen.ctrl

    trace[0] = seen.time[0]
    column = copy(trace, 1, seen.qpos, plan.nq)
    column = copy(trace, column, seen.qvel, plan.nv)
    column = copy(trace, column, seen.act, plan.na)
    column = copy(trace, column, command, plan.nu)
    column = copy(trace, column, seen.actuator_force, plan.outputs)
    column = copy(trace, column, seen.sensordata, plan.nsensordata)
    column = copy(trace, column, row(plan.obs, sim, plan.obs_size), plan.obs_size)
    trace[column], trace[column + 1], trace[column + 2] = asked(plan, sim, t)

    sums.clear(plan, trace)
    if plan.state_column >= 0:
        copy(trace, plan.state_column, row(plan.state, sim, plan.state_size), plan.state_size)


@jit
def simulate(plan, sim, t, model, data, seen):  # type: ignore[no-untyped-def]
    """Steps the physics through one control step.

    The results are a geom that touched the ground and is no foot's, and two geoms of the robot
    that touched each other.
    """
    trace = row(plan.trace + 8 * plan.rows * plan.row_size * sim, t % plan.rows, plan.row_size)
    sensor_free = pointer(word_row(plan.sensor_free, sim, 1)[0])
    support = row(plan.support, sim, SUPPORT)
    geom_kind = word_row(plan.geom_kind, 0, plan.ngeom)
    geom_weld = word_row(plan.geom_weld, 0, plan.ngeom)
    touches_itself = word_row(plan.touches_itself, sim, 1)[0]
    held = support[STIFFNESS] > 0

    if plan.drift_count > 0:
        drift(plan, sim, t)
    if plan.indirect:
        send(plan, sim, t)

    toucher, touches = NOTHING, 0
    pair, meetings = (np.int64(NOTHING), np.int64(NOTHING)), 0
    for substep in range(plan.substeps):
        count = t * plan.substeps + substep
        if held or plan.push_count > 0:
            seen.wrench[:] = 0.0
            push(plan, sim, seen.wrench, count)
            if held:
                hold(plan, sim, seen.wrench, seen.sensordata, support)
        if plan.indirect:
            actuate(plan, sim, count, seen)
        sums.begin(plan, substep, seen, trace)
        if substep == plan.substeps - 1 or held:
            mj_step(model, data)
        else:
            mj_step(sensor_free, data)

        sums.add(plan, sim, substep, seen, trace)
        found = touching(plan, seen.contacts[0], seen.ncon[0], geom_kind)
        if found != NOTHING:
            toucher, touches = found, touches + 1
        if touches_itself:
            met = touching_itself(plan, seen.contacts[0], seen.ncon[0], geom_kind, geom_weld)
            if met[0] != NOTHING:
                pair, meetings = met, meetings + 1
    trace[plan.contact_column] = touches / plan.substeps
    trace[plan.self_contact_column] = meetings / plan.substeps
    return toucher, pair


@jit
def keep(plan, sim, seen):  # type: ignore[no-untyped-def]
    """Saves what the next control step reads and mjData forgets between calls."""
    readings = row(plan.readings, sim, plan.nsensordata + plan.outputs)
    column = copy(readings, 0, seen.sensordata, plan.nsensordata)
    copy(readings, column, seen.actuator_force, plan.outputs)


@jit
def push(plan, sim, wrench, count):  # type: ignore[no-untyped-def]
    """Adds the pushes of a physics step to the wrench on the torso."""
    for p in range(plan.push_count):
        one = row(plan.pushes + 8 * PUSH * plan.push_count * sim, p, PUSH)
        if one[0] <= count < one[1]:
            for i in range(3):
                wrench[i] += one[2 + i]


@jit
def hold(plan, sim, wrench, sensordata, support):  # type: ignore[no-untyped-def]
    """Adds the support's springs against lowering and tilting to the wrench on the torso."""
    rows = rotation(sensordata, plan.orientation)
    height = height_over_ground(plan, sim, sensordata)
    wrench[2] += (
        support[STIFFNESS] * (support[HEIGHT] - height)
        - support[DAMPING] * sensordata[plan.velocity + 2]
    )

    # The tilt is the cross product of the torso's vertical axis with the world's:
    # (axis_y, -axis_x, 0).
    tilt = (rows[1][2], -rows[0][2])
    for i in range(2):
        turn = 0.0
        for j in range(3):
            turn += rows[i][j] * sensordata[plan.rate + j]
        wrench[3 + i] += support[TURN_STIFFNESS] * tilt[i] - support[TURN_DAMPING] * turn


@jit
def drift(plan, sim, t):  # type: ignore[no-untyped-def]
    """Writes the present values of the quantities that change within the episode."""
    share = t / plan.steps
    for i in range(plan.drift_count):
        places = word_row(plan.drift_address, plan.drift_count * sim + i, 2)
        ends = row(plan.drift_value, plan.drift_count * sim + i, 2)
        for k in range(2):
            number = carray(doubles(places[k]), (1,))
            number[0] = ends[0] + share * (ends[1] - ends[0])


@jit
def send(plan, sim, t):  # type: ignore[no-untyped-def]
    """Sends the command off, to arrive after the delay of this control step."""
    if plan.late_count == 0:
        return
    slot = t % plan.late_count
    delay = word_row(plan.command_delay, sim, 2)
    wait = delay[0]
    if delay[1] > 0:
        key = word_row(plan.key, sim, 2)
        bits = philox(t, 0, JITTER, 0, key[0], key[1])[0]
        wait += np.int64(bits % np.uint64(delay[1] + 1))
    word_row(plan.arrival, sim, plan.late_count)[slot] = t * plan.substeps + wait

    command = row(plan.command, sim, plan.nu)
    late = row(plan.late, plan.late_count * sim + slot, plan.nu)
    for i in range(plan.nu):
        late[i] = command[i]


@jit
def actuate(plan, sim, count, seen):  # type: ignore[no-untyped-def]
    """Writes ctrl from the newest command that has arrived, through the actuators' own model."""
    address = plan.command + 8 * plan.nu * sim
    if plan.late_count > 0:
        # Until the first command arrives, the actuators hold the home posture.
        address = plan.home_ctrl + 8 * plan.nu * sim
        arrival = word_row(plan.arrival, sim, plan.late_count)
        present = count // plan.substeps
        for age in range(min(plan.late_count, present + 1)):
            slot = (present - age) % plan.late_count
            if arrival[slot] <= count:
                address = plan.late + 8 * plan.nu * (plan.late_count * sim + slot)
                break

    command = carray(doubles(address), (plan.nu,))
    offset = row(plan.command_offset, sim, plan.nu)
    for i in range(plan.nu):
        seen.ctrl[i] = command[i] + offset[i]
    if plan.actuate_function == 0:
        return

    angle = row(plan.joint_angle, sim, plan.joints)
    velocity = row(plan.joint_velocity, sim, plan.joints)
    joint_qpos = word_row(plan.joint_qpos, 0, plan.joints)
    joint_qvel = word_row(plan.joint_qvel, 0, plan.joints)
    for j in range(plan.joints):
        angle[j], velocity[j] = seen.qpos[joint_qpos[j]], seen.qvel[joint_qvel[j]]
    call_actuate(
        plan.actuate_function,
        (
            plan.actuator_params + 8 * plan.actuator_param_size * sim,
            plan.actuator_state + 8 * plan.actuator_state_size * sim,
            plan.joint_angle + 8 * plan.joints * sim,
            plan.joint_velocity + 8 * plan.joints * sim,
            plan.physics_dt,
            seen.ctrl_address,
            plan.nu,
            plan.joints,
        ),
    )


def signature() -> Any:
    """Types of `episode`, an mjfBatchFunc."""
    return types.void(
        types.voidptr, types.voidptr, types.int32, types.CPointer(numba.from_dtype(PLAN))
    )
