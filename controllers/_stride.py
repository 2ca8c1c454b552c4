"""The phase of a stride: how an oscillator leads it, and what roll and landings do to it."""

import math

import numba

from evoloco.fields import Record

from ._legs import ROLL
from ._pacemaker import foot_loads
from ._posture_feedback import bounded, feel

FASTER = 0.6
"""Largest change of the phase's rate by roll, as a share of it."""

TURN = 2.0 * math.pi
"""[rad]."""

SLOWEST, FASTEST = 0.5, 2.0
"""Rates between which the phase follows an oscillator, in strides per period."""


@numba.njit(error_model="numpy", nogil=True)
def within(phase: float) -> float:
    """A phase, from 0 to 1."""
    return float(phase - math.floor(phase))


@numba.njit(error_model="numpy", nogil=True)
def turned(angle: float) -> float:
    """An angle, from -pi to pi [rad].

    An angle that grows all day loses digits, and in single precision its oscillator the time.
    """
    return float(angle - TURN * math.floor(angle / TURN + 0.5))


@numba.njit(error_model="numpy", nogil=True)
def swung(swing: float, phase: float) -> float:
    """How far a foot is in its swing, from 0 to 1; outside of that it stands.

    Args:
        swing: Share of a stride that a swing lasts.
        phase: Of the foot; the middle of its swing is at 1/4.
    """
    return float((within(phase) - 0.25) / swing + 0.5)


@numba.njit(error_model="numpy", nogil=True)
def early(feedback: Record, state: Record, obs: Record) -> float:
    """What a foot that lands now would have had to swing yet, as a share of a stride; 0 for none.

    A foot has lifted off if its load falls below `feedback.lifted` in its swing, and has landed
    from `feedback.landed` on.
    """
    left = 0.0
    for i in range(feedback.lag.size):
        channel = int(feedback.foot[i])
        if channel < 0:
            continue

        done = swung(feedback.swing_share, state.phase - feedback.lag[i])
        load = foot_loads(obs)[channel]
        if state.lifted[i] > 0.0 and load >= feedback.landed:
            state.lifted[i] = 0.0
            if 0.5 <= done < 1.0:
                left = max(left, (1.0 - done) * feedback.swing_share)
        elif load < feedback.lifted and 0.0 < done < 1.0:
            state.lifted[i] = 1.0
    return left


@numba.njit(error_model="numpy", nogil=True)
def waits(feedback: Record, state: Record, dt: float) -> bool:
    """Whether a foot has not landed at the end of its swing, nor for longer than the patience.

    It can be late until the next foot is due to lift off.
    """
    late = False
    last = 1.0 + (0.5 - feedback.swing_share) / feedback.swing_share
    for i in range(feedback.lag.size):
        done = swung(feedback.swing_share, state.phase - feedback.lag[i])
        late = late or (state.lifted[i] > 0.0 and 1.0 <= done < last)

    state.late = state.late + dt if late else 0.0
    return late and state.late <= feedback.patience


@numba.njit(error_model="numpy", nogil=True)
def elapsed(feedback: Record, state: Record, obs: Record, dt: float) -> float:
    """Filters what is felt; returns the time by which oscillators go on in a control step [s].

    Args:
        feedback: What `PostureFeedback.parameters` returns.
        state: With the fields in `PostureFeedback.state`.
        obs: Observation.
        dt: Control step [s].
    """
    feel(feedback, state, obs, dt)
    speeds = feedback.roll * state.felt[ROLL] * math.sin(2.0 * math.pi * state.phase)
    time: float = dt * (1.0 + bounded(speeds, FASTER))  # (3)
    if feedback.reset == 0.0 and feedback.hold == 0.0:
        return time

    skipped: float = early(feedback, state, obs)
    if waits(feedback, state, dt):
        time *= 1.0 - feedback.hold  # (4)
    return float(time + feedback.reset * skipped * feedback.period)  # (5)


@numba.njit(error_model="numpy", nogil=True)
def track(feedback: Record, state: Record, seen: float, time: float) -> None:
    """Moves the stride's phase to an oscillator's, at a bounded rate and never back.

    Args:
        feedback: What `PostureFeedback.parameters` returns.
        state: With the fields in `PostureFeedback.state`.
        seen: Phase of the oscillator [1].
        time: By which it went on [s].
    """
    away = seen + feedback.offset - state.phase
    away -= math.floor(away + 0.5)
    share = time / feedback.period
    state.phase = within(state.phase + min(FASTEST * share, max(SLOWEST * share, away)))


@numba.njit(error_model="numpy", nogil=True)
def begin_at(feedback: Record, state: Record, seen: float) -> None:
    """Nothing is felt, all feet stand, and the oscillator has a phase [1]."""
    state.phase = within(seen + feedback.offset)
    state.felt[:] = 0.0
    state.shift[:] = 0.0
    state.lifted[:] = 0.0
    state.late = 0.0
