"""The kernel's codes of how an episode ended, in words."""

from collections.abc import Sequence

import mujoco

from evoloco.ending import Ending, Outcome, Rule
from evoloco.morphology import Morphology
from evoloco.sim import fall, plan

OUTCOMES = {
    plan.COMPLETED: Outcome.COMPLETED,
    plan.FELL: Outcome.FELL,
    plan.UNSTABLE: Outcome.UNSTABLE,
}
"""What the kernel's codes of ended episodes mean."""

RULES = {
    fall.LOW: Rule.HEIGHT,
    fall.TILTED: Rule.TILT,
    fall.TOUCHED: Rule.CONTACT,
    fall.TOUCHED_ITSELF: Rule.SELF_CONTACT,
    fall.WARNED: Rule.DIVERGED,
}
"""What the kernel's codes of rules mean."""


def ending(
    code: int,
    rule: int,
    parts: Sequence[int],
    value: float,
    limits: tuple[float, float],
    morphology: Morphology,
) -> Ending:
    """How an episode ended.

    Args:
        code: Of its outcome.
        rule: Code of the rule that ended it.
        parts: Id of the geom that touched the ground, ids of two that touched each other, or index
            of MuJoCo's warning; filled up to two.
        value: Number that broke the rule.
        limits: Least height [m] and largest tilt [rad].
        morphology: The body.
    """
    found = RULES.get(rule, Rule.DIVERGED)
    match found:
        case Rule.HEIGHT:
            return Ending(OUTCOMES[code], found, morphology.torso, value, limits[0])
        case Rule.TILT:
            return Ending(OUTCOMES[code], found, morphology.torso, value, limits[1])
        case Rule.CONTACT:
            return Ending(OUTCOMES[code], found, body_of(morphology.model, parts[0]))
        case Rule.SELF_CONTACT:
            both = " and ".join(body_of(morphology.model, part) for part in parts)
            return Ending(OUTCOMES[code], found, both)
    return Ending(OUTCOMES[code], found, _warning(parts[0]) if rule else "mj_step failed")


def body_of(model: mujoco.MjModel, geom: int) -> str:
    """Name of the body that a geom belongs to."""
    body = int(model.geom_bodyid[geom])
    return model.body(body).name or f"body {body}"


def _warning(index: int) -> str:
    """Name of one of MuJoCo's warnings."""
    return str(mujoco.mjtWarning(index).name).removeprefix("mjWARN_").lower()
