"""What ends an episode before its time: a divergence or a fall."""

import math

import numpy as np
from numba import carray

from evoloco.ground import FORM, KIND, beneath
from evoloco.sim.native import doubles, ints, jit, row, word_row, words
from evoloco.sim.observe import rotation
from evoloco.sim.plan import BODY, FELL, GROUND, RUNNING, UNSTABLE

WARNED, LOW, TILTED, TOUCHED = 1, 2, 3, 4
"""Codes of the rules; 0 for none."""

NOTHING = -1
"""Index of no geom."""

# Warning counters of mjtWarning that mean the state is not to be trusted:
# contacts or constraints that did not fit, and bad numbers in qpos, qvel, qacc, ctrl.
FIRST_WARNING, WARNINGS = 1, 7
WARNING_WORDS = 2  # an mjWarningStat is two ints: lastinfo, number


@jit
def judge(plan, sim, seen, toucher):  # type: ignore[no-untyped-def]
    """Whether the episode goes on, or how it has ended; `toucher` is a geom that must not touch."""
    for i in range(FIRST_WARNING, WARNINGS):
        if seen.warning[i * WARNING_WORDS + 1] > 0:
            return tell(plan, sim, UNSTABLE, WARNED, i, 0.0)

    height = height_over_ground(plan, sim, seen.sensordata)
    if height < row(plan.min_height, sim, 1)[0]:
        return tell(plan, sim, FELL, LOW, 0, height)

    upright = rotation(seen.sensordata, plan.orientation)[2][2]
    if upright < plan.min_upright:
        tilt = math.acos(min(max(upright, -1.0), 1.0))
        return tell(plan, sim, FELL, TILTED, 0, tilt)

    if plan.end_on_contact and toucher != NOTHING:
        return tell(plan, sim, FELL, TOUCHED, toucher, 0.0)
    return RUNNING


@jit
def tell(plan, sim, code, rule, part, value):  # type: ignore[no-untyped-def]
    """Writes down which rule was broken, by which part and number; the code of the outcome."""
    broken = word_row(plan.rule, sim, 2)
    broken[0], broken[1] = rule, part
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
