"""Rollouts in one compiled C function: episode after episode, with what a learner needs of them.

`mjb_apply` calls `rollout` once per simulation. It advances the simulation by control steps, as the
episode kernel does, and writes down what was felt, what was done and what it earned. A simulation
whose episode is over begins another one, in a world that is drawn from a pool. The pool's worlds
stand in simulations of their own, behind the others, which are never advanced.
"""

from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import carray, types

from evoloco.sim import cache, capi
from evoloco.sim.kernel import live, view
from evoloco.sim.native import bytes_at, caller, jit, pointer, record_at, row, word_row
from evoloco.sim.philox import philox
from evoloco.sim.plan import BLIND, COMPLETED, PLAN, RAISED, RUNNING, UNSTABLE

POOL = 7
"""Stream of random numbers that choose worlds from the pool."""

TERMINATED, TRUNCATED = 1, 2
"""How a control step ended an episode: for a reason of the body's, or because its time was up."""

ROLLOUT = np.dtype(
    [
        (name, np.int64)
        for name in (
            "plan",  # address of the batch's plan
            "steps",  # control steps of a rollout
            "simulations",  # those that are advanced: the first ones
            "worlds",  # those of the pool, behind them
            "commanded",  # whether actions come from outside
            "key_0",  # of the random numbers that choose worlds
            "key_1",
            # Addresses of arrays.
            "obs",  # (steps + 1, simulations, obs_size): what is felt
            "noise",  # (steps, simulations, nu): standard normal
            "action",  # (steps, simulations, nu)
            "reward",  # (steps, simulations)
            "ending",  # int64 (steps, simulations): 0, TERMINATED or TRUNCATED
            "final",  # (steps, simulations, obs_size): what is felt at the end of an episode
            "model",  # int64 (capacity, 1): address of each simulation's model
            "world",  # int64 (simulations, 1): number of the world that it is in
            "episode",  # int64 (simulations, 1): episodes that it has begun
            "states",  # (capacity, state_width): MuJoCo's states
            "copied",  # int64 (copies, 2): address and bytes per row of what a world consists of
            "constants",  # (capacity, constant_size): of the reward
            "memory",  # (capacity, memory_size): of the reward
            "weights",  # (terms,): of the reward
            "floors",  # (terms,)
            "values",  # (simulations, terms): of the last control step
            # Functions, sizes, and places in the controller's state.
            "reward_function",
            "constant_size",
            "memory_size",
            "terms",
            "copies",
            "state_width",
            "noise_at",
            "action_at",
        )
    ]
)
"""What a rollout is given."""

call_reward = caller("iiidiiii")  # constants, memory, row, dt, weights, floors, values, result
mj_set_state = types.ExternalFunction(
    "mj_setState", types.void(types.voidptr, types.voidptr, types.voidptr, types.int32)
)


plan_at = record_at(PLAN)


@jit
def rollout(data, sim, arg, kind):  # type: ignore[no-untyped-def]
    """Advances one simulation by all control steps of a rollout."""
    roll = carray(arg, (1,))[0]
    plan = carray(plan_at(roll.plan), (1,))[0]
    outcome = word_row(plan.outcome, sim, 1)
    obs = row(plan.obs, sim, plan.obs_size)
    nu = plan.nu
    state = plan.state + 8 * plan.state_size * sim
    noise, action = row(state + 8 * roll.noise_at, 0, nu), row(state + 8 * roll.action_at, 0, nu)

    for t in range(roll.steps):
        place = t * roll.simulations + sim
        copy_row(row(roll.obs, place, plan.obs_size), obs)
        if roll.commanded:
            copy_row(action, row(roll.action, place, nu))
        else:
            copy_row(noise, row(roll.noise, place, nu))

        model = pointer(word_row(roll.model, sim, 1)[0])
        live(plan, sim, model, data, 1, 1)
        code = outcome[0]
        if code in (RAISED, BLIND):
            return
        copy_row(row(roll.action, place, nu), action)
        if code == UNSTABLE:
            row(roll.reward, place, 1)[0] = 0.0
        else:
            earn(roll, plan, sim, place)
        ending = 0
        if code != RUNNING:
            ending = TRUNCATED if code == COMPLETED else TERMINATED
            copy_row(row(roll.final, place, plan.obs_size), obs)
            begin_again(roll, plan, sim, data, kind)
        word_row(roll.ending, place, 1)[0] = ending
    copy_row(row(roll.obs, roll.steps * roll.simulations + sim, plan.obs_size), obs)


@jit
def copy_row(target, source):  # type: ignore[no-untyped-def]
    """Copies a row."""
    for i in range(target.size):
        target[i] = source[i]


@jit
def earn(roll, plan, sim, place):  # type: ignore[no-untyped-def]
    """Writes the reward of the control step that was simulated last."""
    rows = plan.rows * plan.row_size
    call_reward(
        roll.reward_function,
        (
            roll.constants + 8 * roll.constant_size * sim,
            roll.memory + 8 * roll.memory_size * sim,
            plan.trace + 8 * rows * sim,
            plan.physics_dt * plan.substeps,
            roll.weights,
            roll.floors,
            roll.values + 8 * roll.terms * sim,
            roll.reward + 8 * place,
        ),
    )


@jit
def begin_again(roll, plan, sim, data, kind):  # type: ignore[no-untyped-def]
    """Puts a simulation at the start of an episode in a world of the pool, and observes."""
    episode = word_row(roll.episode, sim, 1)
    episode[0] += 1
    a, _, c, d = philox(episode[0], sim, POOL, 0, roll.key_0, roll.key_1)
    world = np.int64(a % np.uint64(roll.worlds))
    word_row(roll.world, sim, 1)[0] = world

    source = roll.simulations + world
    for k in range(roll.copies):
        address, width = word_row(roll.copied, k, 2)
        target = carray(bytes_at(address + width * sim), (width,))
        origin = carray(bytes_at(address + width * source), (width,))
        for i in range(width):
            target[i] = origin[i]
    key = word_row(plan.key, sim, 2)
    key[0], key[1] = np.int64(c), np.int64(d)

    model = pointer(word_row(roll.model, sim, 1)[0])
    seen = view(plan, data)
    seen.warning[:] = 0
    mj_set_state(model, data, pointer(roll.states + 8 * roll.state_width * source), kind)
    live(plan, sim, model, data, 0, 1)


_ROLLOUT = '''"""The compiled rollout; made by evoloco, may be deleted."""

import mujoco
import numba

from evoloco.sim import rollout

KIND = int(mujoco.mjtState.mjSTATE_INTEGRATION)


def native_rollout(model, data, sim, arg):
    rollout.rollout(data, sim, arg, KIND)


native_rollout = numba.cfunc(rollout.signature(), error_model="numpy", cache=True)(native_rollout)
'''


def signature() -> Any:
    """Types of a compiled rollout, an mjfBatchFunc."""
    return types.void(
        types.voidptr, types.voidptr, types.int32, types.CPointer(numba.from_dtype(ROLLOUT))
    )


def compiled_rollout() -> int:
    """Address of the compiled rollout, an mjfBatchFunc."""
    llvm.load_library_permanently(capi.library_path())  # where mj_setState is
    module: Any = cache.compiled(_ROLLOUT, (rollout,))
    return int(module.native_rollout.address)
