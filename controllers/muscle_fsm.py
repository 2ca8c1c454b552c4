"""Target poses for each state of a leg, reached by muscles: Geijtenbeek-style."""

from collections.abc import Sequence

import numba
import numpy as np

from evoloco.errors import ModelError
from evoloco.fields import Array, Fields, Record
from evoloco.genome import Gene, Space
from evoloco.morphology import Morphology

from ._genes import always, gene, nested
from ._joint_torques import HIP, JOINTS, pull_leg
from ._leg_states import LATE_STANCE, LIFTOFF, drawn, follow_legs, reset, thresholds
from ._legs import FEET, PITCH, on_both_sides
from ._moment_arms import moment_arms
from ._placement import BODY, follow_body

NEGLIGIBLE = 1e-3
"""Moment arms below this are none [m]."""

STATES = ("early_stance", "late_stance", "liftoff", "swing", "landing")
"""Words of the genes' names for the states of a leg, in the order of their numbers."""

PHASES = ("stance", "stance", "liftoff", "swing", "swing")
"""For each state, the word for the stiffness and damping that hold in it."""

BOUNDS = ((-1.0, 1.5), (-0.3, 2.0), (-1.0, 1.0))
"""Bounds of the flexion of hip, knee and ankle that a state aims at [rad]."""


def pose(state: str, *flexions: float) -> list[Gene]:
    """Flexion of hip, knee and ankle that a state aims at [rad]; of the thigh in the world."""
    return [
        gene(f"{state}.{joint}", low, high, "rad", start, 0.08, "flexion that it aims at")
        for joint, start, (low, high) in zip(JOINTS, flexions, BOUNDS, strict=True)
    ]


def gains(phase: str, *starts: tuple[float, float]) -> list[Gene]:
    """Stiffness [N m/rad] and damping [N m s/rad] of hip, knee and ankle in a phase."""
    genes = []
    for joint, (stiffness, damping) in zip(JOINTS, starts, strict=True):
        name = f"{phase}.{joint}"
        angle, speed = f"torque over angle of the {joint}", f"torque over speed of the {joint}"
        genes += [
            gene(f"{name}.stiffness", 0.0, 1000.0, "N m/rad", stiffness, 0.15 * stiffness, angle),
            gene(f"{name}.damping", 0.0, 100.0, "N m s/rad", damping, 0.15 * damping, speed),
        ]
    return genes


def placement(state: str) -> list[Gene]:
    """Answers of the thigh to the place and the speed of the body."""
    place = "thigh's answer to the place of the body ahead of the standing foot"
    pace = "thigh's answer to the speed of the body over the standing foot"
    return [
        gene(f"{state}.place", -2.0, 3.0, "rad/m", 0.0, 0.05, place),
        gene(f"{state}.pace", -1.0, 1.0, "rad s/m", 0.1, 0.05, pace),
    ]


def trunk() -> list[Gene]:
    """Genes of the standing hip, which holds the trunk."""
    lean, rate = "torque of the standing hip over lean", "torque of the standing hip over its rate"
    counter = "part of the swinging hip's torque that the standing one bears"
    return [
        gene("trunk.stiffness", 0.0, 1500.0, "N m/rad", 300.0, 45.0, lean),
        gene("trunk.damping", 0.0, 200.0, "N m s/rad", 30.0, 5.0, rate),
        gene("trunk.lean", -0.3, 0.5, "rad", 0.08, 0.02, "lean that it aims at"),
        gene("trunk.counter", 0.0, 1.5, "1", 0.5, 0.1, counter),
    ]


GENES = (
    *thresholds(0.15, 0.1),
    *pose("early_stance", 0.30, 0.25, 0.00),
    *pose("late_stance", 0.00, 0.15, -0.10),
    *pose("liftoff", 0.20, 0.70, -0.40),
    *pose("swing", 0.60, 1.00, 0.05),
    *pose("landing", 0.40, 0.15, 0.05),
    *gains("stance", (200.0, 20.0), (250.0, 8.0), (200.0, 8.0)),
    *gains("liftoff", (150.0, 10.0), (60.0, 3.0), (200.0, 4.0)),
    *gains("swing", (150.0, 10.0), (60.0, 3.0), (30.0, 1.0)),
    *trunk(),
    *placement("swing"),
    *placement("landing"),
)
"""Genes besides the shares and constants of the muscles."""

PLAIN = ("threshold", "late", "landing", *(each.name for each in trunk()))
"""Genes that `params` has by their own names."""


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Follows the legs, forms torques on their joints, and writes the excitations for them."""
    follow_legs(params, state, obs)

    standing = 0 if obs.foot_load[0] >= obs.foot_load[1] else 1
    follow_body(state.body, obs.foot_ahead, standing, params.leg_length, time, dt)

    for leg in range(FEET):
        move_leg(params, state, obs, leg)

    for leg in range(FEET):
        if state.leg[leg] <= LATE_STANCE:
            hold_trunk(params, state, obs, leg)

    for muscle in range(ctrl.size):
        ctrl[muscle] = excitation(params, state, muscle)
        state.excitation[muscle] = ctrl[muscle]


@numba.njit(error_model="numpy", nogil=True)
def move_leg(params: Record, state: Record, obs: Record, leg: int) -> None:
    """Torques that bring a leg to the target pose of its state (1, 2)."""
    phase = int(state.leg[leg])
    target, body = state.target[leg], state.body

    target[:] = params.pose[phase]
    target[HIP] += params.place[phase] * body.place + params.pace[phase] * body.pace  # (1)

    stiffness, damping = params.stiffness[phase], params.damping[phase]
    pull_leg(params.joint[leg], stiffness, damping, target, obs, state.torque[leg])  # (2)


@numba.njit(error_model="numpy", nogil=True)
def hold_trunk(params: Record, state: Record, obs: Record, leg: int) -> None:
    """Torque with which a standing hip holds the trunk instead (3)."""
    other = 1 - leg
    trunk = params.trunk
    torque = -trunk.stiffness * (obs.tilt[PITCH] - trunk.lean) - trunk.damping * obs.rate[PITCH]

    if state.leg[other] >= LIFTOFF:
        torque -= trunk.counter * state.torque[other, HIP]

    state.torque[leg, HIP] = torque  # (3)


@numba.njit(error_model="numpy", nogil=True)
def excitation(params: Record, state: Record, muscle: int) -> float:
    """Excitation of a muscle for the torques on the joints that it spans (4)."""
    wanted = 0.0
    for leg in range(FEET):
        for joint in range(len(JOINTS)):
            wanted += params.per_torque[muscle, leg, joint] * state.torque[leg, joint]

    excited = params.constant[muscle] + max(wanted, 0.0)  # (4)
    return float(min(max(excited, 0.0), 1.0))


def share(muscle: str) -> Gene:
    """The share of a muscle in the torques."""
    meaning = "part of the wanted torque that it gives"
    return gene(f"{muscle}.share", 0.0, 2.0, "1", 0.7, 0.1, meaning)


def per_torque(morphology: Morphology, joints: Sequence[int]) -> Array:
    """Excitation of each muscle per torque on each of some joints [1/(N m)] (M, n).

    It is r / (r r F_max) for the moment arms r, as in (4) of `Controller`.
    """
    arms = moment_arms(morphology)[:, joints]
    arms[np.abs(arms) < NEGLIGIBLE] = 0.0
    forces = np.array([muscle.max_force for muscle in morphology.muscles])
    square = np.maximum((arms**2).sum(axis=1), NEGLIGIBLE**2)
    return np.asarray(arms / (square * forces)[:, None])


class Controller:
    """Moves each leg by muscles towards the target pose of its state, and holds the trunk.

    A leg is in one of five states; from -> to: condition

        early stance -> liftoff: the other leg is loaded, and this foot behind it
        early stance -> late stance: the foot is less ahead of the pelvis than `late`
        late stance -> liftoff: the other leg is loaded, and this foot behind it
        liftoff -> swing: the leg is not loaded
        swing -> early stance: the leg is loaded, and this foot ahead of the other
        swing -> landing: the leg is not loaded, and the foot is ahead of the pelvis by `landing`
        landing -> early stance: the leg is loaded

    Each state has a target angle a0 of each joint. In swing and landing that of the hip moves with
    the body's place d ahead of the standing foot and its speed v over it, which places the foot:

        a = a0 + c_d d + c_v v                                  hip in swing and landing    (1)

    With the joint's angle q, and stiffness K and damping D of stance, liftoff or swing, the torque
    on the joint is

        torque = K (a - q) - D dq/dt                                                        (2)

    A hip's q is the angle of the thigh in the world. In early and late stance the hip serves the
    trunk instead. With the pelvis' forward lean p,

        torque = -K (p - p0) - D dp/dt - counter (torque of the other hip)                  (3)

    where the last term counts while the other leg does not stand. A muscle with the moment arms r
    about its joints gets the excitation

        c + share max(0, r torque) / (r r F_max)                                            (4)

    limited to [0, 1], which reaches it after the muscle's delay. Moment arms are constant: their
    means about home. Both legs share their genes.

    It is in the style of Geijtenbeek and others, whose own equations are not public in full: target
    poses by leg states, feedback through moment arms and neural delays are theirs, the placement of
    the foot is SIMBICON's.

    Args:
        morphology: A body with muscles, two feet, and joints `hip_left`, `knee_left`, `ankle_left`
            and right ones.

    Raises:
        ModelError: The body has servos, or lacks a joint.

    References:
        Geijtenbeek, van de Panne and van der Stappen, 2013, Flexible muscle-based locomotion for
        bipedal creatures, doi:10.1145/2508363.2508399. Yin, Loken and van de Panne, 2007, SIMBICON:
        simple biped locomotion control, doi:10.1145/1276377.1276509.
    """

    reset = staticmethod(reset)
    step = staticmethod(step)

    def __init__(self, morphology: Morphology) -> None:
        joints = [joint.name for joint in morphology.joints]
        wanted = on_both_sides(JOINTS)
        lacking = [name for name in wanted if name not in joints]
        muscles, feet = morphology.muscles, morphology.feet
        if lacking or not muscles or len(feet) != FEET:
            problem = f"has {len(muscles)} muscles and {len(feet)} feet"
            if lacking:
                problem = f"lacks {', '.join(lacking)}"
            raise ModelError(
                "This controller needs muscles, two feet, and the joints "
                f"{', '.join(wanted)}; this body {problem}."
            )

        self._muscles = muscles
        self._leg_length = morphology.leg_length
        self._joints = [joints.index(name) for name in wanted]
        self._per_torque = per_torque(morphology, self._joints)

        stems = dict.fromkeys(muscle.stem for muscle in muscles)
        constants = [always(stem, 0.02) for stem in stems]
        self.space = Space([*GENES, *map(share, stems), *constants])
        self.state = {
            "leg": (FEET,),
            "body": BODY,
            "target": (FEET, len(JOINTS)),
            "torque": (FEET, len(JOINTS)),
            "excitation": (len(muscles),),
        }

    def parameters(self, values: dict[str, float]) -> Fields:
        """What `step` reads.

        Returns:
            `threshold`, `late` and `landing`: see `_leg_states.next_state`.
            `trunk`: stiffness [N m/rad], damping [N m s/rad], lean [rad] and counter [1].
            `leg_length`: [m].
            `joint`: indices of the joints of both legs (2, 3).
            `pose`: target angles by state and joint [rad] (5, 3).
            `stiffness`, `damping`: by state and joint [N m/rad], [N m s/rad] (5, 3).
            `place`, `pace`: c_d [rad/m] and c_v [rad s/m] by state, 0 where (1) does not hold (5,).
            `constant`: of each muscle [1] (M,).
            `per_torque`: each muscle's excitation per torque on each joint [1/(N m)] (M, 2, 3).
        """

        def by_joint(owners: tuple[str, ...], end: str = "") -> list[list[float]]:
            return [[values[f"{owner}.{joint}{end}"] for joint in JOINTS] for owner in owners]

        shares = np.array([values[f"{muscle.stem}.share"] for muscle in self._muscles])
        per_torque = shares[:, None] * self._per_torque
        return {
            **nested(values, PLAIN),
            "leg_length": self._leg_length,
            "joint": np.reshape(self._joints, (FEET, len(JOINTS))),
            "pose": by_joint(STATES),
            "stiffness": by_joint(PHASES, ".stiffness"),
            "damping": by_joint(PHASES, ".damping"),
            "place": [values.get(f"{state}.place", 0.0) for state in STATES],
            "pace": [values.get(f"{state}.pace", 0.0) for state in STATES],
            "constant": [values[f"{muscle.stem}.constant"] for muscle in self._muscles],
            "per_torque": per_torque.reshape(-1, FEET, len(JOINTS)),
        }

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """States of the legs, from 0 (early stance) to 1 (landing), and excitations."""
        return drawn(states, [muscle.name for muscle in self._muscles])
