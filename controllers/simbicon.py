"""SIMBICON: target poses by states of the whole body, and feedback of the body's place to the swinging hip."""

from typing import Literal

import numpy as np

from evoloco.errors import ModelError
from evoloco.genome import Array, Gene, Space
from evoloco.morphology import Morphology

from ._leg_states import FEET, SIDES
from ._placement import PACE, PLACE, follow_body
from ._placement import SIZE as MEMORY

JOINTS = ("hip", "knee", "ankle")

ROW = (
    "place",
    "pace",
    "lean",
    "swing_hip",
    "swing_knee",
    "swing_ankle",
    "stance_knee",
    "stance_ankle",
)
"""Numbers of a state: answers of the swinging hip to the body's place [rad/m] and speed [rad s/m], and the pose."""

TABLES = {
    "walk": (
        0.30,
        (
            (0.0, 0.20, 0.0, 0.40, 1.10, 0.20, 0.05, 0.20),
            (2.20, 0.0, 0.0, -0.70, 0.05, 0.20, 0.10, 0.20),
        ),
    ),
    "run": (0.35, ((0.0, 0.20, 0.0, 0.80, 1.84, 0.20, 0.05, 0.27),)),
    "fast_run": (0.21, ((0.0, 0.20, 0.20, 1.08, 2.18, 0.20, 0.05, 0.27),)),
}
"""The published gaits: duration of the first state [s], and the states of a step. Flexion of hip and knee,
dorsiflexion and forward lean are positive; the source counts knees and torso the other way."""

GAINS = {"torso": (200.0, 30.0), "hip": (300.0, 30.0), "knee": (300.0, 30.0), "ankle": (75.0, 2.0)}
"""Stiffness [N m/rad] and damping [N m s/rad]: the published ones of bodies in three dimensions, but for the ankle's
damping of 10, which is too much for light feet at this physics step."""

_LIMITS = {"place": (-2.0, 4.0), "pace": (-1.0, 1.0), "lean": (-0.3, 0.5), "swing_knee": (0.0, 2.5)}
_UNITS = {"place": "rad/m", "pace": "rad s/m"}
_MEANINGS = {
    "place": "swinging thigh's answer to the place of the body ahead of the standing foot",
    "pace": "swinging thigh's answer to the speed of the body over the standing foot",
    "lean": "lean that the torso aims at",
}

# What stands in `params`: places of the joints of both legs, the leg's length, number of states in a step, duration and
# contact, gains, then a row per state.
LEG, STATES, DURATION, CONTACT, GAIN = 6, 7, 8, 9, 10
TABLE = GAIN + 2 * len(GAINS)

# What stands in `state`: standing leg, state within the step, when it began [s], whether the swinging foot has left the
# ground, where the body is, torques on the joints.
STANDING, STATE, BEGAN, FREE, BODY = range(5)
TORQUE = BODY + MEMORY


def reset(params: Array, state: Array, dt: float) -> None:
    """Begins on the left leg."""
    state[STANDING] = 0.0


def step(params: Array, state: Array, obs: Array, time: float, dt: float, ctrl: Array) -> None:
    """Follows the states, and writes the torques on the joints."""
    joints = ctrl.size
    ahead = obs.size - FEET
    load = ahead - FEET
    rate, lean = obs[load - 2], obs[load - 4]

    swinging = 1 - int(state[STANDING])
    loaded = obs[load + swinging] > params[CONTACT]
    if not loaded:
        state[FREE] = 1.0
    states = int(params[STATES])
    elapsed = time - state[BEGAN]
    last = int(state[STATE]) == states - 1
    over = (
        elapsed > params[DURATION] - dt / 2 if state[STATE] == 0 else loaded and state[FREE] == 1.0
    )
    if over:
        state[BEGAN] = time
        state[STATE] = 0.0 if last else state[STATE] + 1
        if last:
            state[STANDING] = swinging
            state[FREE] = 0.0
    standing = int(state[STANDING])
    body = state[BODY : BODY + MEMORY]
    follow_body(body, obs[ahead : ahead + FEET], standing, params[LEG], time, dt)

    row = TABLE + 8 * int(state[STATE])
    for leg in range(FEET):
        for k in range(3):
            joint = int(params[3 * leg + k])
            angle, speed = obs[joint], obs[joints + joint]
            gain = GAIN + 2 * (k + 1)
            if k == 0:
                angle, speed = angle - lean, speed - rate  # of the thigh in the world
                target = params[row + 3] + params[row] * body[PLACE] + params[row + 1] * body[PACE]
            else:
                target = params[row + 5 + k] if leg == standing else params[row + 3 + k]
            state[TORQUE + 3 * leg + k] = params[gain] * (target - angle) - params[gain + 1] * speed
    trunk = params[GAIN] * (params[row + 2] - lean) - params[GAIN + 1] * rate
    state[TORQUE + 3 * standing] = trunk - state[TORQUE + 3 * (1 - standing)]
    for leg in range(FEET):
        for k in range(3):
            ctrl[int(params[3 * leg + k])] = state[TORQUE + 3 * leg + k]


class Controller:
    """Moves motors towards the pose of the present state; the standing hip holds the torso.

    A step of the walk has two states, that of a run one; from -> to: condition

        walk: lift -> reach: its duration is over
        walk: reach -> lift of the other leg: the swinging foot strikes the ground
        run: lift -> lift of the other leg: its duration is over

    Each joint but the standing hip gets K (target - angle) - D speed. The
    swinging hip's angle is the thigh's in the world, and its target is

        target + c_d d + c_v v

    with the body's place d ahead of the standing foot and its speed v over it.
    The standing hip gives the torso what the swinging one does not:

        torque = K (lean0 - lean) - D dlean/dt - torque of the swinging hip

    Args:
        morphology: A body with torque motors, two feet, and the joints `hip_left`, `knee_left`, `ankle_left` and right
            ones.
        gait: The published gait from which a search begins.

    Raises:
        ModelError: The body's controls are no torques, or it has other joints.

    References:
        Yin, Loken and van de Panne, 2007, SIMBICON: simple biped locomotion control, doi:10.1145/1276377.1276509
        (table 1).
    """

    reset = staticmethod(reset)
    step = staticmethod(step)

    def __init__(
        self, morphology: Morphology, gait: Literal["walk", "run", "fast_run"] = "walk"
    ) -> None:
        joints = [joint.name for joint in morphology.joints]
        wanted = [f"{stem}_{side}" for side in SIDES for stem in JOINTS]
        if not morphology.torques:
            raise ModelError(
                "This controller drives joints by torques; this body has "
                f'{"muscles" if morphology.muscles else "servos"}. muscle_biped has motors with drive = "motors".'
            )
        if sorted(joints) != sorted(wanted) or len(morphology.feet) != FEET:
            raise ModelError(
                f"This controller needs two feet and the joints {', '.join(wanted)}; this body has "
                f"{len(morphology.feet)} feet and {', '.join(joints)}."
            )
        self._places = [float(joints.index(name)) for name in wanted]
        self._leg_length = morphology.leg_length
        duration, table = TABLES[gait]
        self._states = len(table)
        names = ("lift", "reach")[: len(table)]
        self.space = Space([
            Gene("duration", 0.1, 0.8, "s", "of the first state of a step", start=duration, spread=0.03),
            Gene("contact", 0.01, 0.5, "1", "load that is a foot strike [body weights]", start=0.1, spread=0.02),
            *(
                Gene(f"{part}.{name}", 0.0, high, unit, f"{meaning} of the {part}", start=value, spread=0.1 * value)
                for part, pair in GAINS.items()
                for name, value, high, unit, meaning in (
                    ("stiffness", pair[0], 1500.0, "N m/rad", "torque over angle"),
                    ("damping", pair[1], 150.0, "N m s/rad", "torque over speed"),
                )
            ),
            *(
                Gene(f"{state}.{name}", *_LIMITS.get(name, (-1.2, 1.8)), _UNITS.get(name, "rad"),
                     _MEANINGS.get(name, f"flexion of the {name.replace('_', 'ing ', 1)}"), start=value, spread=0.05)
                for state, row in zip(names, table, strict=True)
                for name, value in zip(ROW, row, strict=True)
            ),
        ])  # fmt: skip
        self.state_size = TORQUE + len(wanted)

    def parameters(self, values: dict[str, float]) -> Array:
        """Places of the joints, the leg's length, the number of states, then the genes."""
        return np.array(
            [
                *self._places,
                self._leg_length,
                self._states,
                *(values[name] for name in self.space.names),
            ]
        )

    def outputs(self, params: Array, states: Array) -> dict[str, Array]:
        """Which leg swings (0 the right one, 1 the left one), and the state within its step."""
        return {"swings_left": states[:, STANDING], "state": states[:, STATE]}
