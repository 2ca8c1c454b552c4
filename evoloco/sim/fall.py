"""What ends an episode before its time: a divergence or a fall."""

import math

import numpy as np
from numba import carray

from evoloco.ground import FORM, KIND, beneath
from evoloco.sim.native import doubles, ints, jit, row, word_row, words
from evoloco.sim.observe import rotation
from evoloco.sim.plan import BODY, FELL, FOOT, GROUND, RUNNING, UNSTABLE

WARNED, LOW, TILTED, TOUCHED, TOUCHED_ITSELF = 1, 2, 3, 4, 5
"""Codes of the rules; 0 for none."""

NOTHING = -1
"""Index of no geom."""

IN_GAP = 1
"""Value of mjContact.exclude where two geoms are near each other and do not touch."""

# Warning counters of mjtWarning that mean the state is not to be trusted:
# contacts or constraints that did not fit, and bad numbers in qpos, qvel, qacc, ctrl.
FIRST_WARNING, WARNINGS = 1, 7
WARNING_WORDS = 2  # an mjWarningStat is two ints: lastinfo, number


@jit
def judge(plan, sim, seen, toucher, pair):  # type: ignore[no-untyped-def]
    """Whether the episode goes on, or how it has ended.

    `toucher` is a geom that must not touch the ground, `pair` are two that must not touch each
    other.
    """
    for i in range(FIRST_WARNING, WARNINGS):
        if seen.warning[i * WARNING_WORDS + 1] > 0:
            return tell(plan, sim, UNSTABLE, WARNED, (i, NOTHING), 0.0)

    height = height_over_ground(plan, sim, seen.sensordata)
    if height < row(plan.min_height, sim, 1)[0]:
        return tell(plan, sim, FELL, LOW, (NOTHING, NOTHING), height)

    upright = rotation(seen.sensordata, plan.orientation)[2][2]
    if upright < plan.min_upright:
        tilt = math.acos(min(max(upright, -1.0), 1.0))
        return tell(plan, sim, FELL, TILTED, (NOTHING, NOTHING), tilt)

    if plan.end_on_contact and toucher != NOTHING:
        return tell(plan, sim, FELL, TOUCHED, (toucher, NOTHING), 0.0)
    if plan.end_on_self_contact and pair[0] != NOTHING:
        return tell(plan, sim, FELL, TOUCHED_ITSELF, pair, 0.0)
    return RUNNING


@jit
def tell(plan, sim, code, rule, parts, value):  # type: ignore[no-untyped-def]
    """Writes down which rule was broken, by which parts and number; the code of the outcome."""
    broken = word_row(plan.rule, sim, 3)
    broken[0], broken[1], broken[2] = rule, parts[0], parts[1]
    row(plan.rule_value, sim, 1)[0] = value
    return code


@jit
def height_over_ground(plan, sim, sensordata):  # type: ignore[no-untyped-def]
    """Height of the torso over the ground beneath it [m].

    Where nothing is beneath, over the ground of the home pose.
    """
    x = sensordata[plan.position]
    y = sensordata[plan.position + 1]
    z = sensordata[plan.position + 2]
    kinds = carray(words(plan.floor_kind + 8 * KIND * plan.floors * sim), (plan.floors, KIND))
    forms = carray(doubles(plan.floor_form + 8 * FORM * plan.floors * sim), (plan.floors, FORM))
    ground = beneath(kinds, forms, x, y, z)
    return z - (ground if np.isfinite(ground) else row(plan.home_ground, sim, 1)[0])


@jit
def touching(plan, contacts, count, geom_kind):  # type: ignore[no-untyped-def]
    """A geom of the robot that touches the ground and is no foot's, or `NOTHING`."""
    for c in range(count):
        pair = ints(contacts + c * plan.contact_size + plan.contact_geom)
        if pair[0] >= 0 and pair[1] >= 0:  # a flex has no geom
            first, second = geom_kind[pair[0]], geom_kind[pair[1]]
            if first == BODY and second == GROUND:
                return np.int64(pair[0])
            if first == GROUND and second == BODY:
                return np.int64(pair[1])
    return NOTHING


@jit
def touching_itself(plan, contacts, count, geom_kind, geom_weld):  # type: ignore[no-untyped-def]
    """Two geoms of the robot that touch each other, or `NOTHING` twice.

    Geoms that cannot move against each other do not count; only a pair that the model names lets
    them touch.
    """
    for c in range(count):
        contact = contacts + c * plan.contact_size
        pair = ints(contact + plan.contact_geom)
        if pair[0] >= 0 and pair[1] >= 0:  # a flex has no geom
            first, second = np.int64(pair[0]), np.int64(pair[1])
            touches = ints(contact + plan.contact_exclude)[0] != IN_GAP
            moves = geom_weld[first] != geom_weld[second]
            if touches and moves and is_robot(geom_kind[first]) and is_robot(geom_kind[second]):
                return first, second
    return np.int64(NOTHING), np.int64(NOTHING)


@jit
def is_robot(kind):  # type: ignore[no-untyped-def]
    """Whether a kind of geom is one of the robot."""
    return kind in (BODY, FOOT)
