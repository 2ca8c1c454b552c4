"""The native episode: control, physics, trace and termination in one compiled C function.

`mjb_apply` calls `episode` once per simulation, on its thread pool. Everything
that depends on the body, the controller or the run arrives at run time through
a `PLAN` record, so the compiled function serves them all and can be cached on
disk. Nothing in this file may come from another module of evoloco: Numba's
cache watches this file alone.
"""

from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic

RUNNING, COMPLETED, FELL, UNSTABLE, RAISED = 0, 1, 2, 3, 4
"""Codes of an episode's outcome; one whose controller raised an exception has none."""

BODY, FOOT, GROUND = 0, 1, 2
"""Kinds of geoms."""

HEIGHT, STIFFNESS, DAMPING, TURN_STIFFNESS, TURN_DAMPING = range(5)
"""Columns of the virtual support: height [m], stiffness [N/m], damping [N s/m], and the same about the
horizontal axes [N m/rad, N m s/rad]."""

SUPPORT = 5
"""Numbers per body in the virtual support."""

TILT_READINGS = 2  # roll and pitch, formed here from the orientation

PLAN = np.dtype(
    [
        # addresses of arrays, one row per simulation unless another shape is told
        ("params", np.int64),  # (genomes, param_size)
        ("genome_of", np.int64),  # int64 (nsim,): row of params that a simulation uses
        (
            "body_of",
            np.int64,
        ),  # int64 (nsim,): row of the arrays with one row per body that it uses
        ("state", np.int64),  # (nsim, state_size)
        ("obs", np.int64),  # (nsim, obs_size)
        (
            "readings",
            np.int64,
        ),  # (nsim, nsensordata + nu): sensordata and actuator_force between segments
        ("trace", np.int64),  # (nsim, steps, row_size)
        ("outcome", np.int64),  # int64 (nsim,)
        ("lived", np.int64),  # int64 (nsim,): control steps done
        ("started", np.int64),  # int64 (nsim,): 1 once the segment has begun
        ("pushes", np.int64),  # (nsim, push_count, 5): start, end [s], force x, y, z [N]
        (
            "lean",
            np.int64,
        ),  # int64 (nsim,): address of a simulation's model for steps after which nobody reads sensors
        ("gather", np.int64),  # int64 (gather_count, 2): from sensordata, to obs
        ("gather_scale", np.int64),  # (bodies, gather_count)
        (
            "gather_shift",
            np.int64,
        ),  # (bodies, gather_count): taken off a reading before it is scaled
        ("geom_kind", np.int64),  # int64 (ngeom,): BODY, FOOT or GROUND
        ("home_ctrl", np.int64),  # (bodies, nu)
        ("min_height", np.int64),  # (bodies,): torso height below which an episode ends [m]
        ("support", np.int64),  # (bodies, SUPPORT): the virtual support
        (
            "foot_force",
            np.int64,
        ),  # int64 (feet,): where the vertical ground force stands in sensordata
        (
            "foot_position",
            np.int64,
        ),  # int64 (feet,): where the foot's position stands in sensordata
        ("leg_length", np.int64),  # (bodies,) [m]
        # compiled controller
        ("reset_function", np.int64),
        ("step_function", np.int64),
        # sizes
        ("nq", np.int64),
        ("nv", np.int64),
        ("na", np.int64),
        ("nu", np.int64),
        ("nsensordata", np.int64),
        ("nsim", np.int64),
        ("bodies", np.int64),
        ("genomes", np.int64),
        ("param_size", np.int64),
        ("state_size", np.int64),
        ("obs_size", np.int64),
        ("row_size", np.int64),
        ("gather_count", np.int64),
        ("push_count", np.int64),
        ("feet", np.int64),
        ("ngeom", np.int64),
        # time
        ("first_step", np.int64),
        ("last_step", np.int64),
        ("steps", np.int64),
        ("substeps", np.int64),
        ("physics_dt", np.float64),
        ("ramp", np.float64),
        # where things stand: sensordata addresses, body id, column of the controller state or -1
        ("orientation", np.int64),
        ("position", np.int64),
        ("velocity", np.int64),
        ("rate", np.int64),
        ("tilt", np.int64),
        ("foot_ahead", np.int64),
        ("torso", np.int64),
        ("state_column", np.int64),
        # termination
        ("min_upright", np.float64),  # cosine of the largest tilt
        ("end_on_contact", np.int64),
        # byte offsets inside mjData and mjContact
        ("at_time", np.int64),
        ("at_qpos", np.int64),
        ("at_qvel", np.int64),
        ("at_act", np.int64),
        ("at_ctrl", np.int64),
        ("at_actuator_force", np.int64),
        ("at_sensordata", np.int64),
        ("at_xfrc_applied", np.int64),
        ("at_ncon", np.int64),
        ("at_contact", np.int64),
        ("at_warning", np.int64),
        ("contact_size", np.int64),
        ("contact_geom", np.int64),
    ]
)

# Warning counters of mjtWarning that mean the state is not to be trusted:
# contacts or constraints that did not fit, and bad numbers in qpos, qvel, qacc, ctrl.
_FIRST_WARNING, _WARNINGS = 1, 7
_WARNING_WORDS = 2  # an mjWarningStat is two ints: lastinfo, number


@intrinsic
def _doubles(typing_context, address):  # type: ignore[no-untyped-def]
    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.inttoptr(args[0], ir.DoubleType().as_pointer())

    return types.CPointer(types.float64)(address), codegen


@intrinsic
def _words(typing_context, address):  # type: ignore[no-untyped-def]
    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.inttoptr(args[0], ir.IntType(64).as_pointer())

    return types.CPointer(types.int64)(address), codegen


@intrinsic
def _ints(typing_context, address):  # type: ignore[no-untyped-def]
    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.inttoptr(args[0], ir.IntType(32).as_pointer())

    return types.CPointer(types.int32)(address), codegen


@intrinsic
def _pointer(typing_context, address):  # type: ignore[no-untyped-def]
    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.inttoptr(args[0], ir.IntType(8).as_pointer())

    return types.voidptr(address), codegen


@intrinsic
def _integer(typing_context, pointer):  # type: ignore[no-untyped-def]
    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.ptrtoint(args[0], ir.IntType(64))

    return types.int64(pointer), codegen


@intrinsic
def _fence(typing_context):  # type: ignore[no-untyped-def]
    """What was written before is seen by whoever sees what is written after."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        builder.fence("release")
        return context.get_dummy_value()

    return types.none(), codegen


def _caller(argument_types):  # type: ignore[no-untyped-def]
    """An intrinsic that calls the C function at an address; it returns 0, or 1 where it raised an exception."""

    @intrinsic
    def call(typing_context, address, arguments):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            ctypes = [ir.DoubleType() if kind == "d" else ir.IntType(64) for kind in argument_types]
            function = builder.inttoptr(
                args[0], ir.FunctionType(ir.IntType(64), ctypes).as_pointer()
            )
            return builder.call(
                function, [builder.extract_value(args[1], i) for i in range(len(ctypes))]
            )

        return types.int64(address, arguments), codegen

    return call


_call_reset = _caller("iid")  # params, state, dt
_call_step = _caller("iiiddii")  # params, state, obs, time, dt, ctrl, nu

_mj_step = types.ExternalFunction("mj_step", types.void(types.voidptr, types.voidptr))
_mj_forward = types.ExternalFunction("mj_forward", types.void(types.voidptr, types.voidptr))


@numba.njit(error_model="numpy", nogil=True)
def _copy(row, column, source, count):  # type: ignore[no-untyped-def]
    for i in range(count):
        row[column + i] = source[i]
    return column + count


@numba.njit(error_model="numpy", nogil=True)
def _rotation(readings, at):  # type: ignore[no-untyped-def]
    """Rotation matrix of the quaternion at a place, row by row.

    For the torso's orientation, the last row is the world's upward direction
    in the torso's frame, the last column the torso's vertical axis in the world.
    """
    w, x, y, z = readings[at], readings[at + 1], readings[at + 2], readings[at + 3]
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )


@numba.njit(error_model="numpy", nogil=True)
def _push(wrench, pushes, now):  # type: ignore[no-untyped-def]
    """Adds the pushes of this moment to the wrench on the torso."""
    for p in range(pushes.shape[0]):
        if pushes[p, 0] <= now < pushes[p, 1]:
            for i in range(3):
                wrench[i] += pushes[p, 2 + i]


@numba.njit(error_model="numpy", nogil=True)
def _hold(wrench, sensordata, support, plan):  # type: ignore[no-untyped-def]
    """Adds the virtual support's springs against lowering and leaning to the wrench on the torso."""
    rows = _rotation(sensordata, plan.orientation)
    wrench[2] += (
        support[STIFFNESS] * (support[HEIGHT] - sensordata[plan.position + 2])
        - support[DAMPING] * sensordata[plan.velocity + 2]
    )
    # The lean is the cross product of the torso's vertical axis with the world's: (axis_y, -axis_x, 0).
    lean = (rows[1][2], -rows[0][2])
    for i in range(2):
        turn = 0.0
        for j in range(3):
            turn += rows[i][j] * sensordata[plan.rate + j]
        wrench[3 + i] += support[TURN_STIFFNESS] * lean[i] - support[TURN_DAMPING] * turn


@numba.njit(error_model="numpy", nogil=True)
def _body_on_ground(contacts, count, geom_kind, plan):  # type: ignore[no-untyped-def]
    """Whether a contact joins the ground and anything but a foot."""
    for c in range(count):
        pair = _ints(contacts + c * plan.contact_size + plan.contact_geom)
        if pair[0] >= 0 and pair[1] >= 0:  # a flex has no geom
            first, second = geom_kind[pair[0]], geom_kind[pair[1]]
            if (first == BODY and second == GROUND) or (first == GROUND and second == BODY):
                return True
    return False


@numba.njit(error_model="numpy", nogil=True)
def _end(outcome, sim, code):  # type: ignore[no-untyped-def]
    """Tells how an episode ended, after which another thread may read its trace."""
    _fence()
    outcome[sim] = code


def episode(model, data, sim, arg):  # type: ignore[no-untyped-def]
    """Advances one simulation from `first_step` to `last_step` or to its end."""
    plan = carray(arg, (1,))[0]
    outcome = carray(_words(plan.outcome), (plan.nsim,))
    if outcome[sim] != RUNNING:
        return
    carray(_words(plan.started), (plan.nsim,))[sim] = 1

    base = _integer(data)
    time = carray(_doubles(base + plan.at_time), (1,))
    qpos = carray(_doubles(_words(base + plan.at_qpos)[0]), (plan.nq,))
    qvel = carray(_doubles(_words(base + plan.at_qvel)[0]), (plan.nv,))
    act = carray(_doubles(_words(base + plan.at_act)[0]), (plan.na,))
    ctrl_address = _words(base + plan.at_ctrl)[0]
    ctrl = carray(_doubles(ctrl_address), (plan.nu,))
    actuator_force = carray(_doubles(_words(base + plan.at_actuator_force)[0]), (plan.nu,))
    sensordata = carray(_doubles(_words(base + plan.at_sensordata)[0]), (plan.nsensordata,))
    wrench = carray(_doubles(_words(base + plan.at_xfrc_applied)[0] + 48 * plan.torso), (6,))
    ncon = carray(_ints(base + plan.at_ncon), (1,))
    warning = carray(_ints(base + plan.at_warning), (_WARNINGS * _WARNING_WORDS,))

    genome_of = carray(_words(plan.genome_of), (plan.nsim,))
    params = plan.params + 8 * plan.param_size * genome_of[sim]
    state_address = plan.state + 8 * plan.state_size * sim
    state = carray(_doubles(state_address), (plan.state_size,))
    obs_address = plan.obs + 8 * plan.obs_size * sim
    obs = carray(_doubles(obs_address), (plan.obs_size,))
    readings = carray(_doubles(plan.readings), (plan.nsim, plan.nsensordata + plan.nu))[sim]
    trace = carray(_doubles(plan.trace), (plan.nsim, plan.steps, plan.row_size))[sim]
    lived = carray(_words(plan.lived), (plan.nsim,))
    pushes = carray(_doubles(plan.pushes), (plan.nsim, plan.push_count, 5))[sim]
    lean = _pointer(carray(_words(plan.lean), (plan.nsim,))[sim])
    gather = carray(_words(plan.gather), (plan.gather_count, 2))
    body = carray(_words(plan.body_of), (plan.nsim,))[sim]
    scale = carray(_doubles(plan.gather_scale), (plan.bodies, plan.gather_count))[body]
    shift = carray(_doubles(plan.gather_shift), (plan.bodies, plan.gather_count))[body]
    leg_length = carray(_doubles(plan.leg_length), (plan.bodies,))[body]
    foot_position = carray(_words(plan.foot_position), (plan.feet,))
    geom_kind = carray(_words(plan.geom_kind), (plan.ngeom,))
    home_ctrl = carray(_doubles(plan.home_ctrl), (plan.bodies, plan.nu))[body]
    min_height = carray(_doubles(plan.min_height), (plan.bodies,))[body]
    support = carray(_doubles(plan.support), (plan.bodies, SUPPORT))[body]
    foot_force = carray(_words(plan.foot_force), (plan.feet,))

    control_dt = plan.physics_dt * plan.substeps
    assisted = support[STIFFNESS] > 0 or plan.push_count > 0
    if plan.first_step == 0:
        if _call_reset(plan.reset_function, (params, state_address, control_dt)):
            _end(outcome, sim, RAISED)
            return
        _mj_forward(model, data)
    else:
        # An mjData serves many simulations: what is read below is another one's until it is put back.
        for i in range(plan.nsensordata):
            sensordata[i] = readings[i]
        for i in range(plan.nu):
            actuator_force[i] = readings[plan.nsensordata + i]

    for t in range(plan.first_step, plan.last_step):
        # Observe.
        for i in range(plan.gather_count):
            obs[gather[i, 1]] = scale[i] * (sensordata[gather[i, 0]] - shift[i])
        rows = _rotation(sensordata, plan.orientation)
        up = rows[2]
        obs[plan.tilt] = np.arctan2(up[1], up[2])
        obs[plan.tilt + 1] = np.arctan2(-up[0], np.hypot(up[1], up[2]))
        level = np.hypot(rows[0][0], rows[1][0])
        for i in range(plan.feet):
            way = 0.0
            for k in range(2):
                way += rows[k][0] * (
                    sensordata[foot_position[i] + k] - sensordata[plan.position + k]
                )
            obs[plan.foot_ahead + i] = way / (level * leg_length)

        # Control, faded in from the home posture.
        raised = _call_step(
            plan.step_function,
            (
                params,
                state_address,
                obs_address,
                t * control_dt,
                control_dt,
                ctrl_address,
                plan.nu,
            ),
        )
        if raised:
            _end(outcome, sim, RAISED)
            return
        if t * control_dt < plan.ramp:
            fade = t * control_dt / plan.ramp
            for i in range(plan.nu):
                ctrl[i] = home_ctrl[i] + fade * (ctrl[i] - home_ctrl[i])

        # Record what the controller saw and answered.
        row = trace[t]
        row[0] = time[0]
        column = _copy(row, 1, qpos, plan.nq)
        column = _copy(row, column, qvel, plan.nv)
        column = _copy(row, column, act, plan.na)
        column = _copy(row, column, ctrl, plan.nu)
        column = _copy(row, column, actuator_force, plan.nu)
        column = _copy(row, column, sensordata, plan.nsensordata)
        for i in range(plan.feet + 1):
            row[column + i] = 0.0
        if plan.state_column >= 0:
            _copy(row, plan.state_column, state, plan.state_size)

        # Step the physics.
        touched = 0.0
        for substep in range(plan.substeps):
            if assisted:
                wrench[:] = 0.0
                _push(wrench, pushes, (t * plan.substeps + substep) * plan.physics_dt)
                if support[STIFFNESS] > 0:
                    _hold(wrench, sensordata, support, plan)
            if substep == plan.substeps - 1 or support[STIFFNESS] > 0:
                _mj_step(model, data)
            else:
                _mj_step(lean, data)
            for i in range(plan.feet):
                row[column + i] = max(row[column + i], sensordata[foot_force[i]])
            if _body_on_ground(_words(base + plan.at_contact)[0], ncon[0], geom_kind, plan):
                touched = 1.0
        row[column + plan.feet] = touched
        lived[sim] = t + 1

        # End?
        warned = 0
        for i in range(_FIRST_WARNING, _WARNINGS):
            warned += warning[i * _WARNING_WORDS + 1]
        if warned > 0:
            _end(outcome, sim, UNSTABLE)
            return
        if (
            sensordata[plan.position + 2] < min_height
            or _rotation(sensordata, plan.orientation)[2][2] < plan.min_upright
            or (plan.end_on_contact and touched > 0)
        ):
            _end(outcome, sim, FELL)
            return
    if plan.last_step == plan.steps:
        _end(outcome, sim, COMPLETED)
        return
    column = _copy(readings, 0, sensordata, plan.nsensordata)
    _copy(readings, column, actuator_force, plan.nu)


@cache
def compiled(library: str) -> Any:
    """The kernel as a C function, an mjfBatchFunc at `.address`.

    Args:
        library: Path of the MuJoCo library, where mj_step and mj_forward are found.
    """
    llvm.load_library_permanently(library)
    signature = types.void(
        types.voidptr, types.voidptr, types.int32, types.CPointer(numba.from_dtype(PLAN))
    )
    return numba.cfunc(signature, cache=True, error_model="numpy")(episode)
