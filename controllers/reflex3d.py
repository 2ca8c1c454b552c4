"""The reflexes of `reflex`, and others that keep a body from falling sideways."""

import numpy as np

from evoloco.genome import Array, Gene, Space
from evoloco.morphology import Morphology

from . import reflex
from ._leg_states import FEET, LATE_STANCE, LIFTOFF, drawn, reset
from .reflex import STEMS, excite, places

FRONTAL = ("abductors", "adductors")
"""Muscles of each leg that roll its hip."""
ROW = 3
"""Numbers per leg behind those of `reflex`: places of abductors, adductors and the joint that they roll."""

GENES = (
    Gene("abductors.stance", -1.0, 1.0, "1", "constant in stance", start=0.1, spread=0.03),
    Gene("abductors.force_gain", -10.0, 10.0, "1", "on its own force, in stance", start=0.5, spread=0.1),
    Gene("abductors.tilt_gain", -10.0, 10.0, "1/rad", "on the other side's drop, in stance", start=2.0, spread=0.3),
    Gene("abductors.tilt_rate_gain", -10.0, 10.0, "s/rad", "on its rate, in stance", start=0.3, spread=0.05),
    Gene("adductors.stance", -1.0, 1.0, "1", "constant in stance", start=0.02, spread=0.02),
    Gene("adductors.tilt_gain", -10.0, 10.0, "1/rad", "on the other side's drop, in stance", start=-2.0, spread=0.3),
    Gene("adductors.tilt_rate_gain", -10.0, 10.0, "s/rad", "on its rate, in stance", start=-0.3, spread=0.05),
    Gene("tilt", -0.3, 0.3, "rad", "drop of the other side that both aim at, in stance", start=0.0, spread=0.02),
    Gene("placement.angle", -0.3, 0.5, "rad", "outward angle of the swinging leg", start=0.0, spread=0.03),
    Gene("placement.angle_gain", -5.0, 5.0, "1", "on the outward angle of the other leg", start=0.5, spread=0.1),
    Gene("placement.rate_gain", -2.0, 2.0, "s", "on its rate", start=0.2, spread=0.05),
    Gene("abductors.placement_gain", 0.0, 20.0, "1/rad", "on the angle that lacks, in swing", start=3.0, spread=0.5),
    Gene("adductors.placement_gain", 0.0, 20.0, "1/rad", "on the angle in excess, in swing", start=3.0, spread=0.5),
    Gene("placement.damping", 0.0, 5.0, "s/rad", "of both, on the rate of the angle, in swing", start=0.3, spread=0.1),
    *(Gene(f"{muscle}.constant", 0.0, 0.5, "1", "always", start=0.02, spread=0.01) for muscle in FRONTAL),
)  # fmt: skip

_FIRST = FEET * reflex.WIDTH + len(reflex.GENES) + FEET * ROW
_PLACE = {gene.name: _FIRST + number for number, gene in enumerate(GENES)}
STANCE, FORCE, TILT_GAIN, TILT_RATE = (
    _PLACE[f"abductors.{name}"] for name in ("stance", "force_gain", "tilt_gain", "tilt_rate_gain")
)
AD_STANCE, AD_TILT_GAIN, AD_TILT_RATE = (
    _PLACE[f"adductors.{name}"] for name in ("stance", "tilt_gain", "tilt_rate_gain")
)
TILT = _PLACE["tilt"]
ANGLE, ANGLE_GAIN, RATE_GAIN, DAMPING = (
    _PLACE[f"placement.{name}"] for name in ("angle", "angle_gain", "rate_gain", "damping")
)
AB_PLACE, AD_PLACE = _PLACE["abductors.placement_gain"], _PLACE["adductors.placement_gain"]
CONSTANT = _PLACE["abductors.constant"]


def step(params: Array, state: Array, obs: Array, time: float, dt: float, ctrl: Array) -> None:
    """Lets the reflexes of the sagittal plane answer, then those of the frontal one."""
    excite(params, state, obs, ctrl)
    muscles = ctrl.size
    forces = obs.size - muscles
    load = obs.size - 3 * muscles - 2 * FEET
    joints = (load - 5) // 2
    tilt, tilt_rate = obs[load - 5], obs[load - 3]
    for leg in range(FEET):
        side, other = 1 - 2 * leg, 1 - leg
        row = _FIRST - ROW * (FEET - leg)
        opposite = _FIRST - ROW * (FEET - other)
        ab, ad = int(params[row]), int(params[row + 1])
        ctrl[ab], ctrl[ad] = params[CONSTANT], params[CONSTANT + 1]
        if state[leg] <= LATE_STANCE:
            drop, rate = side * tilt - params[TILT], side * tilt_rate
            ctrl[ab] += params[STANCE] + params[FORCE] * obs[forces + ab]
            ctrl[ab] += params[TILT_GAIN] * drop + params[TILT_RATE] * rate
            ctrl[ad] += (
                params[AD_STANCE] + params[AD_TILT_GAIN] * drop + params[AD_TILT_RATE] * rate
            )
        elif state[leg] > LIFTOFF:
            here, there = int(params[row + 2]), int(params[opposite + 2])
            target = (
                params[ANGLE]
                + params[ANGLE_GAIN] * (obs[there] - side * tilt)
                + params[RATE_GAIN] * (obs[joints + there] - side * tilt_rate)
            )
            lacking = target - (obs[here] + side * tilt)
            rate = obs[joints + here] + side * tilt_rate
            ctrl[ab] += params[AB_PLACE] * lacking - params[DAMPING] * rate
            ctrl[ad] += -params[AD_PLACE] * lacking + params[DAMPING] * rate
        for k in (ab, ad):
            ctrl[k] = min(max(ctrl[k], 0.0), 1.0)
            state[2 * FEET + k] = ctrl[k]


class Controller:
    """Drives the legs forward as `reflex` does, holds the pelvis level and places the swinging foot to the side.

    The states of the legs and the law of the seven muscles of the sagittal
    plane are those of `reflex`. The abductors and adductors of a leg answer to
    the drop p of the pelvis on the other side, and to outward angles q of legs
    against the vertical, of its own and of the other one's (o):

        always   c
        stance   abductors  c_stance + KF f + KP (p - p0) + KV dp/dt
                 adductors  c_stance + KP (p - p0) + KV dp/dt
        swing    abductors  + K (q* - q) - D dq/dt,  q* = q0 + c_q q_o + c_v dq_o/dt
                 adductors  - K (q* - q) + D dq/dt

    The angle of the standing leg and its rate tell how far to the side the
    body is of its foot and how fast it moves there, so the swinging foot goes
    where it can catch it. Both legs share their genes; the gains of the
    frontal plane have no published values, their starts are guesses.

    Args:
        morphology: A body with the muscles of `reflex`, `abductors_left` and so on, and joints `knee_left` and
            `hip_roll_left`, whose positive angle is abduction.

    Raises:
        ModelError: The body lacks one of the muscles or joints, or has others.

    References:
        Song and Geyer, 2015, A neural circuitry that emphasizes spinal feedback generates diverse behaviours of human
        locomotion, doi:10.1113/JP270228. Yin, Loken and van de Panne, 2007, SIMBICON: simple biped locomotion control,
        doi:10.1145/1276377.1276509.
    """

    reset = staticmethod(reset)
    step = staticmethod(step)

    def __init__(self, morphology: Morphology) -> None:
        table = places(morphology, (*STEMS, *FRONTAL), ("knee", "hip_roll"))
        muscles, knee = len(STEMS), len(STEMS) + len(FRONTAL)
        self._sagittal = np.ravel(table[:, [*range(muscles), knee]])
        self._frontal = np.ravel(table[:, [muscles, muscles + 1, knee + 1]])
        self._muscles = [muscle.name for muscle in morphology.muscles]
        self.space = Space([*reflex.GENES, *GENES])
        self.state_size = 2 * FEET + len(self._muscles)

    def parameters(self, values: dict[str, float]) -> Array:
        """Places and genes of `reflex`, then those of the frontal plane."""
        first, second = ([values[gene.name] for gene in genes] for genes in (reflex.GENES, GENES))
        return np.concatenate([self._sagittal, first, self._frontal, second])

    def outputs(self, params: Array, states: Array) -> dict[str, Array]:
        """States of the legs, from 0 (early stance) to 1 (landing), and excitations."""
        return drawn(states, self._muscles, 2 * FEET)
