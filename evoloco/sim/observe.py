"""What a controller feels: true readings that are sampled, disturbed and delayed.

All functions are compiled into the episode.
"""

import math

import numpy as np
from numba import carray

from evoloco.sim.native import jit, row, word_row, words
from evoloco.sim.philox import gaussian, philox, student_t, uniform
from evoloco.sim.plan import (
    BIAS,
    DROPOUT,
    FREEDOM,
    GAUSSIAN,
    NOISE,
    NOWHERE,
    OFFSET,
    QUANTUM,
    STAGE,
    STUDENT_T,
)

ESTIMATED = 2
"""Channels of the estimated tilt: roll and pitch."""

SAMPLE, HEAVY, CONSTANT = 0, 1, 2
"""Streams of an episode's random numbers: Gaussian noise and dropout, Student-t noise, bias."""


@jit
def rotation(readings, at):  # type: ignore[no-untyped-def]
    """Rotation matrix of the quaternion at a place, row by row.

    For the torso's orientation, the last row is the world's upward direction in the torso's frame,
    the last column the torso's vertical axis in the world.
    """
    w, x, y, z = readings[at], readings[at + 1], readings[at + 2], readings[at + 3]
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )


@jit
def tilt(rows):  # type: ignore[no-untyped-def]
    """Roll and pitch [rad] of a body with this rotation matrix; forward lean is positive."""
    up = rows[2]
    return np.arctan2(up[1], up[2]), np.arctan2(-up[0], np.hypot(up[1], up[2]))


@jit
def observe(plan, sim, t, sensordata):  # type: ignore[no-untyped-def]
    """Writes what the controller of a simulation feels before control step t."""
    obs = row(plan.obs, sim, plan.obs_size)
    true = row(plan.true, sim, plan.obs_size) if plan.disturbed else obs
    rows = rotation(sensordata, plan.orientation)

    read(plan, sim, t, sensordata, rows, true)
    if plan.disturbed:
        disturb(plan, sim, t, true, obs)
    if plan.estimate_at != NOWHERE:
        estimate(plan, sim, t, rows, obs)


@jit
def read(plan, sim, t, sensordata, rows, true):  # type: ignore[no-untyped-def]
    """Writes the true readings."""
    gather = carray(words(plan.gather), (plan.gather_count, 2))
    scale = row(plan.gather_scale, sim, plan.gather_count)
    shift = row(plan.gather_shift, sim, plan.gather_count)
    for i in range(plan.gather_count):
        true[gather[i, 1]] = scale[i] * (sensordata[gather[i, 0]] - shift[i])

    if plan.tilt_at != NOWHERE:
        true[plan.tilt_at], true[plan.tilt_at + 1] = tilt(rows)

    if plan.foot_ahead_at != NOWHERE:
        foot_position = word_row(plan.foot_position, 0, plan.feet)
        leg_length = row(plan.leg_length, sim, 1)[0]
        level = np.hypot(rows[0][0], rows[1][0])
        for i in range(plan.feet):
            way = 0.0
            for k in range(2):
                path = sensordata[foot_position[i] + k] - sensordata[plan.position + k]
                way += rows[k][0] * path
            true[plan.foot_ahead_at + i] = way / (level * leg_length)

    if plan.asked_at != NOWHERE:
        at = plan.asked_at
        true[at], true[at + 1], true[at + 2] = asked(plan, sim, t)

    if plan.clock_at != NOWHERE:
        turn = 2.0 * math.pi * t * plan.physics_dt * plan.substeps / plan.clock_period
        true[plan.clock_at], true[plan.clock_at + 1] = math.sin(turn), math.cos(turn)


@jit
def asked(plan, sim, t):  # type: ignore[no-untyped-def]
    """Speed [m/s], heading [rad] and turning rate [rad/s] asked for at control step t."""
    stages = plan.asked + 8 * STAGE * plan.stage_count * sim
    present = word_row(plan.stage, sim, 1)
    while present[0] + 1 < plan.stage_count and row(stages, present[0] + 1, STAGE)[0] <= t:
        present[0] += 1

    stage = row(stages, present[0], STAGE)
    since = t * plan.physics_dt * plan.substeps - stage[1]
    return stage[2], stage[3] + stage[4] * since, stage[4]


@jit
def disturb(plan, sim, t, true, obs):  # type: ignore[no-untyped-def]
    """Samples each channel, disturbs the sample, remembers it, and writes the one that is due."""
    held = row(plan.held, sim, plan.obs_size)
    interval = word_row(plan.interval, 0, plan.obs_size)
    dates = word_row(plan.dates, 0, plan.obs_size)
    delay = word_row(plan.delay, sim, plan.obs_size)
    size = plan.depth * plan.obs_size
    history = row(plan.history, sim, size)

    for i in range(plan.obs_size):
        if t % interval[i] == 0 and not is_estimated(plan, i):
            if not dates[i]:
                sample(plan, sim, t, i, true[i], held)
            else:
                date(plan, sim, t, i, true[i - 1], held)

    # A body has stood still before the episode: the past holds its first reading.
    first = plan.depth if t == 0 else 1
    for k in range(first):
        start = ((t + k) % plan.depth) * plan.obs_size
        for i in range(plan.obs_size):
            history[start + i] = held[i]

    for i in range(plan.obs_size):
        due = (t - delay[i]) % plan.depth
        obs[i] = history[due * plan.obs_size + i]
        if dates[i]:  # what is held is the control step of the last detection
            obs[i] = (t - obs[i]) * plan.physics_dt * plan.substeps


@jit
def is_estimated(plan, channel):  # type: ignore[no-untyped-def]
    """Whether a channel is one of the estimated tilt, which is formed of what others feel."""
    return plan.estimate_at != NOWHERE and 0 <= channel - plan.estimate_at < ESTIMATED


@jit
def is_lost(plan, sim, t, channel):  # type: ignore[no-untyped-def]
    """Whether a sample of a channel is lost; the first one of an episode never is."""
    noise = row(plan.noise + 8 * NOISE * plan.obs_size * sim, channel, NOISE)
    if t == 0 or noise[DROPOUT] == 0.0:
        return False
    key = word_row(plan.key, sim, 2)
    frame = word_row(plan.frames, 0, plan.obs_size)[channel]
    _, _, c, _ = philox(t, frame, SAMPLE, 0, key[0], key[1])
    return uniform(c) < noise[DROPOUT]


@jit
def date(plan, sim, t, channel, confidence, held):  # type: ignore[no-untyped-def]
    """Holds the control step of the last detection, unless it is lost with the others."""
    stamp = row(plan.stamp, sim, plan.obs_size)
    if t == 0 or confidence > 0.0:
        stamp[channel] = t
    if not is_lost(plan, sim, t, channel):
        held[channel] = stamp[channel]


@jit
def sample(plan, sim, t, channel, value, held):  # type: ignore[no-untyped-def]
    """Disturbs a reading and holds it; a lost one leaves the last one held."""
    if is_lost(plan, sim, t, channel):
        return
    noise = row(plan.noise + 8 * NOISE * plan.obs_size * sim, channel, NOISE)
    key = word_row(plan.key, sim, 2)
    value += noise[OFFSET]

    if noise[BIAS] > 0.0:
        bias = row(plan.bias, sim, plan.obs_size)
        if t == 0:
            a, b, _, _ = philox(0, channel, CONSTANT, 0, key[0], key[1])
            bias[channel] = noise[BIAS] * gaussian(uniform(a), uniform(b))
        value += bias[channel]

    if noise[GAUSSIAN] > 0.0:
        a, b, _, _ = philox(t, channel, SAMPLE, 0, key[0], key[1])
        value += noise[GAUSSIAN] * gaussian(uniform(a), uniform(b))

    if noise[STUDENT_T] > 0.0:
        a, b, _, _ = philox(t, channel, HEAVY, 0, key[0], key[1])
        value += noise[STUDENT_T] * student_t(uniform(a), uniform(b), noise[FREEDOM])

    if noise[QUANTUM] > 0.0:
        value = noise[QUANTUM] * np.rint(value / noise[QUANTUM])

    held[channel] = value


@jit
def estimate(plan, sim, t, rows, obs):  # type: ignore[no-untyped-def]
    """Estimates roll and pitch from what gyroscope and accelerometer feel: a complementary filter.

        d roll  / dt = w_x + tan(pitch) (sin(roll) w_y + cos(roll) w_z)
        d pitch / dt = cos(roll) w_y - sin(roll) w_z

    The angles of the measured acceleration, which at rest points upward, correct the integral with
    the time constant tau. Before the episode the body stood still, so the estimate begins exact.
    What is felt of the estimate has noise of its own, such as that of an IMU mounted askew.

    References:
        Mahony, Hamel and Pflimlin, 2008, Nonlinear complementary filters on the special orthogonal
        group, doi:10.1109/TAC.2008.923738.
    """
    kept = row(plan.estimate, sim, 2)
    if t == 0:
        kept[0], kept[1] = tilt(rows)
    else:
        dt = plan.physics_dt * plan.substeps
        roll, pitch = kept[0], kept[1]
        w_x, w_y, w_z = obs[plan.felt_rate], obs[plan.felt_rate + 1], obs[plan.felt_rate + 2]
        roll_rate = w_x + math.tan(pitch) * (math.sin(roll) * w_y + math.cos(roll) * w_z)
        pitch_rate = math.cos(roll) * w_y - math.sin(roll) * w_z

        at = plan.felt_acceleration
        a_x, a_y, a_z = obs[at], obs[at + 1], obs[at + 2]
        measured_roll = math.atan2(a_y, a_z)
        measured_pitch = math.atan2(-a_x, np.hypot(a_y, a_z))

        share = plan.estimate_time / (plan.estimate_time + dt)
        kept[0] = share * (roll + dt * roll_rate) + (1.0 - share) * measured_roll
        kept[1] = share * (pitch + dt * pitch_rate) + (1.0 - share) * measured_pitch

    for i in range(ESTIMATED):
        channel = plan.estimate_at + i
        obs[channel] = kept[i]
        if plan.disturbed:
            held = row(plan.held, sim, plan.obs_size)
            sample(plan, sim, t, channel, kept[i], held)
            obs[channel] = held[channel]
