"""The reflexes of `reflex`, and others that keep a body from falling sideways."""

import numba

from evoloco.fields import Array, Fields, Record
from evoloco.genome import Gene, Space
from evoloco.morphology import Morphology

from . import reflex
from ._genes import always, gene, nested
from ._leg_states import LATE_STANCE, LIFTOFF, drawn, follow_legs, reset
from ._legs import FEET, ROLL
from .reflex import STEMS, constant, excite, gain, indices_of, limit

FRONTAL = ("abductors", "adductors")
"""Muscles of each leg that roll its hip."""


def placement(
    name: str, low: float, high: float, unit: str, start: float, spread: float, meaning: str
) -> Gene:
    """A gene of how the swinging leg is placed."""
    return gene(f"placement.{name}", low, high, unit, start, spread, meaning)


def strength(muscle: str, meaning: str) -> Gene:
    """The gain with which a muscle places the swinging leg."""
    return gene(f"{muscle}.placement_gain", 0.0, 20.0, "1/rad", 3.0, 0.5, meaning)


GENES = (
    constant("abductors.stance", 0.1, 0.03, "constant in stance"),
    gain("abductors.force_gain", 0.5, 0.1, "on its own force, in stance"),
    gain("abductors.tilt_gain", 2.0, 0.3, "on the other side's drop, in stance", "1/rad"),
    gain("abductors.tilt_rate_gain", 0.3, 0.05, "on its rate, in stance", "s/rad"),
    constant("adductors.stance", 0.02, 0.02, "constant in stance"),
    gain("adductors.tilt_gain", -2.0, 0.3, "on the other side's drop, in stance", "1/rad"),
    gain("adductors.tilt_rate_gain", -0.3, 0.05, "on its rate, in stance", "s/rad"),
    gene("tilt", -0.3, 0.3, "rad", 0.0, 0.02, "drop of the other side that both aim at, in stance"),
    placement("angle", -0.3, 0.5, "rad", 0.0, 0.03, "outward angle of the swinging leg"),
    placement("angle_gain", -5.0, 5.0, "1", 0.5, 0.1, "on the outward angle of the other leg"),
    placement("rate_gain", -2.0, 2.0, "s", 0.2, 0.05, "on its rate"),
    strength("abductors", "on the angle that lacks, in swing"),
    strength("adductors", "on the angle in excess, in swing"),
    placement(
        "damping", 0.0, 5.0, "s/rad", 0.3, 0.1, "of both, on the rate of the angle, in swing"
    ),
    *(always(muscle, 0.02) for muscle in FRONTAL),
)


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Lets the reflexes of the sagittal and of the frontal plane answer."""
    follow_legs(params, state, obs)
    for leg in range(FEET):
        excite(params, state.leg[leg], obs, leg, ctrl)
        balance(params, state.leg[leg], obs, leg, ctrl)
    limit(state, ctrl)


@numba.njit(error_model="numpy", nogil=True)
def balance(params: Record, phase: float, obs: Record, leg: int, ctrl: Array) -> None:
    """Writes the excitations of a leg's abductors and adductors; see `reflex.excite`."""
    ctrl[int(params.muscle.abductors[leg])] = params.abductors.constant  # (1)
    ctrl[int(params.muscle.adductors[leg])] = params.adductors.constant  # (1)

    if phase <= LATE_STANCE:
        hold_pelvis(params, obs, leg, ctrl)
    elif phase > LIFTOFF:
        place_foot(params, obs, leg, ctrl)


@numba.njit(error_model="numpy", nogil=True)
def hold_pelvis(params: Record, obs: Record, leg: int, ctrl: Array) -> None:
    """In early and late stance: both muscles answer to the drop of the other side (2, 3)."""
    ab, ad = int(params.muscle.abductors[leg]), int(params.muscle.adductors[leg])
    gains, others = params.abductors, params.adductors

    outward = 1 - 2 * leg  # a positive roll drops the right side
    drop = outward * obs.tilt[ROLL] - params.tilt
    rate = outward * obs.rate[ROLL]

    ctrl[ab] += gains.stance + gains.force_gain * obs.muscle_force[ab]  # (2)
    ctrl[ab] += gains.tilt_gain * drop + gains.tilt_rate_gain * rate  # (2)
    ctrl[ad] += others.stance + others.tilt_gain * drop + others.tilt_rate_gain * rate  # (3)


@numba.njit(error_model="numpy", nogil=True)
def place_foot(params: Record, obs: Record, leg: int, ctrl: Array) -> None:
    """In swing and landing: the leg goes out to where it can catch the body (4, 5, 6)."""
    ab, ad = int(params.muscle.abductors[leg]), int(params.muscle.adductors[leg])
    hip, other_hip = int(params.joint.hip_roll[leg]), int(params.joint.hip_roll[1 - leg])
    place = params.placement

    outward = 1 - 2 * leg
    tilt, tilt_rate = outward * obs.tilt[ROLL], outward * obs.rate[ROLL]

    target = (  # (4)
        place.angle
        + place.angle_gain * (obs.joint_angle[other_hip] - tilt)
        + place.rate_gain * (obs.joint_velocity[other_hip] - tilt_rate)
    )
    lacking = target - (obs.joint_angle[hip] + tilt)
    rate = obs.joint_velocity[hip] + tilt_rate

    ctrl[ab] += params.abductors.placement_gain * lacking - place.damping * rate  # (5)
    ctrl[ad] += -params.adductors.placement_gain * lacking + place.damping * rate  # (6)


class Controller:
    """Drives the legs as `reflex` does, holds the pelvis level and places the swinging foot.

    The states of the legs and the law of the seven muscles of the sagittal plane are those of
    `reflex`. The abductors and adductors of a leg answer to the drop p of the pelvis on the other
    side, and to outward angles q of legs against the vertical, of its own and of the other one's
    (o). Their excitations are sums of

        every state     both       c                                            (1)
        stance          abductors  c_stance + KF f + KP (p - p0) + KV dp/dt     (2)
                        adductors  c_stance + KP (p - p0) + KV dp/dt            (3)
        swing, landing  both       q* = q0 + c_q q_o + c_v dq_o/dt              (4)
                        abductors  K (q* - q) - D dq/dt                         (5)
                        adductors  -K (q* - q) + D dq/dt                        (6)

    limited to [0, 1]. The angle of the standing leg and its rate tell how far to the side the body
    is of its foot and how fast it moves there, so the swinging foot goes where it can catch it.
    Both legs share their genes; the gains of the frontal plane have no published values, their
    starts are guesses.

    Args:
        morphology: A body with the muscles of `reflex`, `abductors_left` and so on, and joints
            `knee_left` and `hip_roll_left`, whose positive angle is abduction.

    Raises:
        ModelError: The body lacks one of the muscles or joints, or has others.

    References:
        Song and Geyer, 2015, A neural circuitry that emphasizes spinal feedback generates diverse
        behaviours of human locomotion, doi:10.1113/JP270228. Yin, Loken and van de Panne, 2007,
        SIMBICON: simple biped locomotion control, doi:10.1145/1276377.1276509.
    """

    reset = staticmethod(reset)
    step = staticmethod(step)

    def __init__(self, morphology: Morphology) -> None:
        self._indices = indices_of(morphology, (*STEMS, *FRONTAL), ("knee", "hip_roll"))
        self._muscles = [muscle.name for muscle in morphology.muscles]
        self.space = Space([*reflex.GENES, *GENES])
        self.state = {"leg": (FEET,), "excitation": (len(self._muscles),)}

    def parameters(self, values: dict[str, float]) -> Fields:
        """Indices of muscles and joints, and the genes."""
        return {**self._indices, **nested(values, self.space.names)}

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """States of the legs, from 0 (early stance) to 1 (landing), and excitations."""
        return drawn(states, self._muscles)
