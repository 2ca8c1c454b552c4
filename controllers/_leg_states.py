"""The states of a leg in walking, and what makes it pass from one to the next."""

from collections.abc import Sequence

import numba

from evoloco.genome import Array, Gene

SIDES = ("left", "right")
FEET = len(SIDES)

EARLY_STANCE, LATE_STANCE, LIFTOFF, SWING, LANDING = range(5)
"""States of a leg."""

UNDECIDED = -1
"""Of a leg before the first control step."""

NAMES = ("early stance", "late stance", "liftoff", "swing", "landing")
"""By their numbers."""

TRANSITIONS = (
    ("early stance", "liftoff", "the other leg is loaded, and this foot behind it"),
    ("early stance", "late stance", "the foot is less ahead of the pelvis than `late`"),
    ("late stance", "liftoff", "the other leg is loaded, and this foot behind it"),
    ("liftoff", "swing", "the leg is not loaded"),
    ("swing", "early stance", "the leg is loaded, and this foot ahead of the other"),
    (
        "swing",
        "landing",
        "the leg is not loaded, and the foot more ahead of the pelvis than `landing`",
    ),
    ("landing", "early stance", "the leg is loaded"),
)
"""From, to, and when; the first that holds counts, one per control step."""


def thresholds(load: float, landing: float) -> tuple[Gene, Gene, Gene]:
    """Genes of what makes a leg pass between states: `threshold`, `late` and `landing` of `follow`.

    Args:
        load: Where a search begins with the threshold [body weights].
        landing: Where it begins with the foot's place for landing [leg lengths].
    """
    far = "no foot gets, so that a state is never reached or never left"
    return (
        Gene("threshold", 0.001, 1.0, "1", "load that makes a leg loaded [body weights]", start=load, spread=0.02,
             limits=(0.0, 1.0), beyond="a leg is always loaded, or never by standing on it"),
        Gene("late", -0.5, 0.5, "1", "foot's place where late stance begins [leg lengths]", start=0.0, spread=0.03,
             limits=(-1.0, 1.0), beyond=far),
        Gene("landing", -0.5, 0.5, "1", "foot's place where landing begins [leg lengths]", start=landing, spread=0.03,
             limits=(-1.0, 1.0), beyond=far),
    )  # fmt: skip


@numba.njit(error_model="numpy", nogil=True)
def follow(
    state: float,
    load: float,
    ahead: float,
    other_load: float,
    other_ahead: float,
    threshold: float,
    late: float,
    landing: float,
) -> float:
    """The state of a leg after a control step; `TRANSITIONS` holds the rules.

    Args:
        state: Before; undecided in the first step.
        load: On this leg [body weights].
        ahead: This foot ahead of the pelvis [leg lengths].
        other_load: On the other leg [body weights].
        other_ahead: The other foot ahead of the pelvis [leg lengths].
        threshold: Load from which a leg counts as loaded [body weights].
        late: Where a foot begins its late stance [leg lengths].
        landing: Where a foot begins to land [leg lengths].
    """
    loaded, behind = load > threshold, other_load > threshold and ahead < other_ahead
    if state == UNDECIDED:
        standing, swinging = (
            LIFTOFF if behind else EARLY_STANCE,
            LANDING if ahead > landing else SWING,
        )
        state = standing if loaded else swinging
    if state <= LATE_STANCE:
        if behind:
            return LIFTOFF
        return LATE_STANCE if ahead < late else state
    if state == LIFTOFF:
        return state if loaded else SWING
    if state == SWING:
        if loaded:
            return EARLY_STANCE if ahead > other_ahead else state
        return LANDING if ahead > landing else state
    return EARLY_STANCE if loaded else state


@numba.njit(error_model="numpy", nogil=True)
def follow_legs(
    state: Array, obs: Array, load: int, ahead: int, threshold: float, late: float, landing: float
) -> None:
    """The states of both legs after a control step, each seen from those before.

    Args:
        state: Of the controller; begins with the states, and room for as many.
        obs: Observation.
        load: Where the feet's loads begin in it.
        ahead: Where the feet's places begin in it.
        threshold: See `follow`.
        late: See `follow`.
        landing: See `follow`.
    """
    for leg in range(FEET):
        other = 1 - leg
        state[FEET + leg] = follow(
            state[leg], obs[load + leg], obs[ahead + leg], obs[load + other], obs[ahead + other],
            threshold, late, landing,
        )  # fmt: skip
    for leg in range(FEET):
        state[leg] = state[FEET + leg]


def reset(params: Array, state: Array, dt: float) -> None:
    """Leaves the state of both legs to the first control step."""
    state[:FEET] = UNDECIDED


def drawn(states: Array, muscles: Sequence[str], excitations: int) -> dict[str, Array]:
    """States of the legs, from 0 (early stance) to 1 (landing), and excitations of muscles, to draw.

    Args:
        states: Of the controller (T, n), which begin with those of the legs.
        muscles: Their names.
        excitations: Where theirs begin.
    """
    legs = {f"state_{side}": states[:, leg] / LANDING for leg, side in enumerate(SIDES)}
    return {**legs, **dict(zip(muscles, states[:, excitations:].T, strict=True))}
