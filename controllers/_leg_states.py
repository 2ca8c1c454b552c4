"""The states of a leg in walking, and what makes it pass from one to the next."""

from collections.abc import Sequence

import numba

from evoloco.fields import Array, Record
from evoloco.genome import Gene

from ._legs import FEET, SIDES

EARLY_STANCE, LATE_STANCE, LIFTOFF, SWING, LANDING = range(5)
"""States of a leg."""

UNDECIDED = -1
"""State of a leg before the first control step."""

NAMES = ("early stance", "late stance", "liftoff", "swing", "landing")
"""By their numbers."""

TRANSITIONS = (
    ("early stance", "liftoff", "the other leg is loaded, and this foot behind it"),
    ("early stance", "late stance", "the foot is less ahead of the pelvis than `late`"),
    ("late stance", "liftoff", "the other leg is loaded, and this foot behind it"),
    ("liftoff", "swing", "the leg is not loaded"),
    ("swing", "early stance", "the leg is loaded, and this foot ahead of the other"),
    ("swing", "landing", "the leg is not loaded, and the foot is ahead of the pelvis by `landing`"),
    ("landing", "early stance", "the leg is loaded"),
)
"""From, to, and condition. The first that holds counts, one per control step."""


def thresholds(load: float, landing: float) -> tuple[Gene, Gene, Gene]:
    """The genes `threshold`, `late` and `landing`, which `next_state` reads.

    Args:
        load: Start of the threshold [body weights].
        landing: Start of the foot's place for landing [leg lengths].
    """

    def place(name: str, state: str, start: float) -> Gene:
        return Gene(
            name,
            -0.5,
            0.5,
            "1",
            f"foot's place where {state} begins [leg lengths]",
            start=start,
            spread=0.03,
            limits=(-1.0, 1.0),
            beyond="no foot gets, so that a state is never reached or never left",
        )

    loaded = Gene(
        "threshold",
        0.001,
        1.0,
        "1",
        "load that makes a leg loaded [body weights]",
        start=load,
        spread=0.02,
        limits=(0.0, 1.0),
        beyond="a leg is always loaded, or never by standing on it",
    )
    return loaded, place("late", "late stance", 0.0), place("landing", "landing", landing)


def reset(params: Record, state: Record, dt: float) -> None:
    """Leaves the states of both legs to the first control step."""
    state.leg[:] = UNDECIDED


@numba.njit(error_model="numpy", nogil=True)
def follow_legs(params: Record, state: Record, obs: Record) -> None:
    """Passes both legs to their next states.

    Args:
        params: See `next_state`.
        state: Of the controller, with the states of the legs in `leg` (2,).
        obs: Observation.
    """
    for leg in range(FEET):
        state.leg[leg] = next_state(params, state.leg[leg], obs, leg)


@numba.njit(error_model="numpy", nogil=True)
def next_state(params: Record, state: float, obs: Record, leg: int) -> float:
    """The state of a leg after a control step, by the rules in `TRANSITIONS`.

    Args:
        params: With the genes of `thresholds`: `threshold`, `late` and `landing`.
        state: Before the step; undecided in the first one.
        obs: Observation.
        leg: 0 for the left leg, 1 for the right one.
    """
    other = 1 - leg
    loaded = obs.foot_load[leg] > params.threshold
    other_loaded = obs.foot_load[other] > params.threshold
    ahead, other_ahead = obs.foot_ahead[leg], obs.foot_ahead[other]
    relieved = other_loaded and ahead < other_ahead

    if state == UNDECIDED:
        if loaded:
            state = LIFTOFF if relieved else EARLY_STANCE
        else:
            state = LANDING if ahead > params.landing else SWING

    if state == EARLY_STANCE:
        if relieved:
            return LIFTOFF
        if ahead < params.late:
            return LATE_STANCE

    elif state == LATE_STANCE:
        if relieved:
            return LIFTOFF

    elif state == LIFTOFF:
        if not loaded:
            return SWING

    elif state == SWING:
        if loaded and ahead > other_ahead:
            return EARLY_STANCE
        if not loaded and ahead > params.landing:
            return LANDING

    elif loaded:  # landing
        return EARLY_STANCE

    return state


def drawn(states: Record, muscles: Sequence[str]) -> dict[str, Array]:
    """States of the legs, from 0 (early stance) to 1 (landing), and excitations, to draw.

    Args:
        states: Of the controller (T,), with the fields `leg` and `excitation`.
        muscles: Their names, in the order of the excitations.
    """
    legs = {f"state_{side}": states.leg[:, leg] / LANDING for leg, side in enumerate(SIDES)}
    return {**legs, **dict(zip(muscles, states.excitation.T, strict=True))}
