"""SIMBICON: target poses by states of the whole body, and the swinging foot placed by feedback."""

from typing import Literal

import numba
import numpy as np

from evoloco.errors import ModelError
from evoloco.fields import Array, Fields, Record
from evoloco.genome import Gene, Space
from evoloco.morphology import Morphology

from ._genes import gene, nested
from ._joint_torques import ANKLE, HIP, JOINTS, KNEE, pull_leg
from ._legs import FEET, PITCH, on_both_sides
from ._placement import BODY, follow_body

NAMES = ("lift", "reach")
"""States of a step, by their numbers."""

LIFT = NAMES.index("lift")

COLUMNS = {
    "place": ("rad/m", -2.0, 4.0, "swinging thigh's answer to the body's place over the foot"),
    "pace": ("rad s/m", -1.0, 1.0, "swinging thigh's answer to the body's speed over the foot"),
    "lean": ("rad", -0.3, 0.5, "lean that the torso aims at"),
    "swing_hip": ("rad", -1.2, 1.8, "flexion of the swinging hip"),
    "swing_knee": ("rad", 0.0, 2.5, "flexion of the swinging knee"),
    "swing_ankle": ("rad", -1.2, 1.8, "flexion of the swinging ankle"),
    "stance_knee": ("rad", -1.2, 1.8, "flexion of the standing knee"),
    "stance_ankle": ("rad", -1.2, 1.8, "flexion of the standing ankle"),
}
"""Numbers of a state: unit, bounds and meaning. The first two are c_d and c_v."""

DURATIONS = {"walk": 0.30, "run": 0.35, "fast_run": 0.21}
"""Duration of the first state of the published gaits [s], from table 1."""

TABLES = {
    "walk": (
        (0.0, 0.20, 0.0, 0.40, 1.10, 0.20, 0.05, 0.20),  # states 0 and 2
        (2.20, 0.0, 0.0, -0.70, 0.05, 0.20, 0.10, 0.20),  # states 1 and 3
    ),
    "run": ((0.0, 0.20, 0.0, 0.80, 1.84, 0.20, 0.05, 0.27),),  # states 0 and 1
    "fast_run": ((0.0, 0.20, 0.20, 1.08, 2.18, 0.20, 0.05, 0.27),),  # states 0 and 1
}
"""States of a step of the published gaits, from table 1.

Flexion of hip and knee, dorsiflexion and forward lean are positive; the source counts knees and
torso the other way.
"""


def gains(part: str, stiffness: float, damping: float) -> list[Gene]:
    """Stiffness [N m/rad] and damping [N m s/rad] of the torso or a joint."""
    angle, speed = f"torque over angle of the {part}", f"torque over speed of the {part}"
    return [
        gene(f"{part}.stiffness", 0.0, 1500.0, "N m/rad", stiffness, 0.1 * stiffness, angle),
        gene(f"{part}.damping", 0.0, 150.0, "N m s/rad", damping, 0.1 * damping, speed),
    ]


GAINS = (
    *gains("torso", 200.0, 30.0),
    *gains("hip", 300.0, 30.0),
    *gains("knee", 300.0, 30.0),
    *gains("ankle", 75.0, 2.0),
)
"""The published gains of bodies in three dimensions, but for the ankle's damping.

That is 10 in the source, which is too much for light feet at this physics step.
"""


def row(state: str, numbers: tuple[float, ...]) -> list[Gene]:
    """The numbers of a state."""
    return [
        gene(f"{state}.{name}", low, high, unit, number, 0.05, meaning)
        for (name, (unit, low, high, meaning)), number in zip(COLUMNS.items(), numbers, strict=True)
    ]


def reset(params: Record, state: Record, dt: float) -> None:
    """Begins to lift the right leg."""
    state.standing = 0.0


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Follows the states, and writes the torques on the joints.

    The numbers (1) to (3) are those of the laws in `Controller`.
    """
    follow_step(params, state, obs, time, dt)
    follow_body(state.body, obs.foot_ahead, int(state.standing), params.leg_length, time, dt)

    aim(params, state)
    for leg in range(FEET):
        target, torque = state.target[leg], state.torque[leg]
        pull_leg(params.joint[leg], params.stiffness, params.damping, target, obs, torque)  # (2)
    hold_torso(params, state, obs)

    for leg in range(FEET):
        for k in range(len(JOINTS)):
            ctrl[int(params.joint[leg, k])] = state.torque[leg, k]


@numba.njit(error_model="numpy", nogil=True)
def follow_step(params: Record, state: Record, obs: Record, time: float, dt: float) -> None:
    """Passes to the next state, or to the next step after the last one, where a state is over."""
    swinging = 1 - int(state.standing)
    loaded = obs.foot_load[swinging] > params.contact
    if not loaded:
        state.free = 1.0

    if state.phase == LIFT:
        over = state.spent > params.duration - dt / 2  # in the step nearest to its end
    else:
        over = loaded and state.free == 1.0
    state.spent += dt  # until the next control step
    if not over:
        return

    state.spent = dt
    last = params.table.lean.size - 1
    if state.phase < last:
        state.phase += 1.0
    else:
        state.phase = LIFT
        state.standing = swinging
        state.free = 0.0


@numba.njit(error_model="numpy", nogil=True)
def aim(params: Record, state: Record) -> None:
    """Target angles of all joints but the standing hip."""
    phase, standing = int(state.phase), int(state.standing)
    table, body = params.table, state.body
    swing, stance = state.target[1 - standing], state.target[standing]

    swing[HIP] = (  # (1)
        table.swing_hip[phase] + table.place[phase] * body.place + table.pace[phase] * body.pace
    )
    swing[KNEE] = table.swing_knee[phase]
    swing[ANKLE] = table.swing_ankle[phase]

    stance[KNEE] = table.stance_knee[phase]
    stance[ANKLE] = table.stance_ankle[phase]


@numba.njit(error_model="numpy", nogil=True)
def hold_torso(params: Record, state: Record, obs: Record) -> None:
    """Torque of the standing hip, which holds the torso instead (3)."""
    phase, standing = int(state.phase), int(state.standing)
    torso, lean = params.torso, params.table.lean[phase]

    torque = torso.stiffness * (lean - obs.tilt[PITCH]) - torso.damping * obs.rate[PITCH]
    state.torque[standing, HIP] = torque - state.torque[1 - standing, HIP]  # (3)


class Controller:
    """Moves motors towards the pose of the present state; the standing hip holds the torso.

    A step of the walk has two states, that of a run one; from -> to: condition

        walk: lift -> reach: its duration is over
        walk: reach -> lift of the other leg: the swinging foot strikes the ground
        run: lift -> lift of the other leg: its duration is over

    Each state has a target angle a0 of each joint. That of the swinging hip moves with the body's
    place d ahead of the standing foot and its speed v over it, which places the foot:

        a = a0 + c_d d + c_v v                                            (1)

    With the joint's angle q, stiffness K and damping D, the torque on a joint is

        torque = K (a - q) - D dq/dt                                      (2)

    The swinging hip's q is the angle of the thigh in the world. The standing hip gives the torso
    what the swinging one does not:

        torque = K (lean0 - lean) - D dlean/dt - torque of the swinging hip     (3)

    Args:
        morphology: A body with torque motors, two feet, and the joints `hip_left`, `knee_left`,
            `ankle_left` and right ones.
        gait: The published gait from which a search begins.

    Raises:
        ModelError: The body's controls are no torques, or it has other joints.

    References:
        Yin, Loken and van de Panne, 2007, SIMBICON: simple biped locomotion control,
        doi:10.1145/1276377.1276509 (table 1).
    """

    reset = staticmethod(reset)
    step = staticmethod(step)

    def __init__(
        self, morphology: Morphology, gait: Literal["walk", "run", "fast_run"] = "walk"
    ) -> None:
        joints = [joint.name for joint in morphology.joints]
        wanted = on_both_sides(JOINTS)
        if not morphology.torques:
            raise ModelError(
                "This controller drives joints by torques; this body has "
                f"{'muscles' if morphology.muscles else 'servos'}. "
                'muscle_biped and walker have motors with drive = "motors".'
            )
        if sorted(joints) != sorted(wanted) or len(morphology.feet) != FEET:
            raise ModelError(
                f"This controller needs two feet and the joints {', '.join(wanted)}; this body has "
                f"{len(morphology.feet)} feet and {', '.join(joints)}."
            )

        self._joints = [joints.index(name) for name in wanted]
        self._leg_length = morphology.leg_length
        self._states = NAMES[: len(TABLES[gait])]

        first, strike = "of the first state of a step", "load that is a foot strike [body weights]"
        genes = [
            gene("duration", 0.1, 0.8, "s", DURATIONS[gait], 0.03, first),
            gene("contact", 0.01, 0.5, "1", 0.1, 0.02, strike),
            *GAINS,
        ]
        for name, numbers in zip(self._states, TABLES[gait], strict=True):
            genes += row(name, numbers)
        self.space = Space(genes)
        self.state = {
            "standing": (),  # the leg that stands
            "phase": (),  # the state within the step
            "spent": (),  # time in it [s]
            "free": (),  # 1 where the swinging foot has left the ground
            "body": BODY,
            "target": (FEET, len(JOINTS)),  # [rad]
            "torque": (FEET, len(JOINTS)),  # [N m]
        }

    def parameters(self, values: dict[str, float]) -> Fields:
        """What `step` reads.

        Returns:
            `duration`: of the first state [s].
            `contact`: load that is a foot strike [body weights].
            `leg_length`: [m].
            `joint`: indices of the joints of both legs (2, 3).
            `stiffness`, `damping`: of hip, knee and ankle [N m/rad], [N m s/rad] (3,).
            `torso`: the same of the torso.
            `table`: the numbers in `COLUMNS`, by state (S,).
        """
        return {
            **nested(values, ("duration", "contact", "torso.stiffness", "torso.damping")),
            "leg_length": self._leg_length,
            "joint": np.reshape(self._joints, (FEET, len(JOINTS))),
            "stiffness": [values[f"{joint}.stiffness"] for joint in JOINTS],
            "damping": [values[f"{joint}.damping"] for joint in JOINTS],
            "table": {
                name: [values[f"{state}.{name}"] for state in self._states] for name in COLUMNS
            },
        }

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """Which leg swings (0 the right one, 1 the left one), and the state within its step."""
        return {"swings_left": states.standing, "state": states.phase}
