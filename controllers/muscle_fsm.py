"""Target poses for each state of a leg, reached by muscles: Geijtenbeek-style."""

import numpy as np

from evoloco.errors import ModelError
from evoloco.genome import Array, Gene, Space
from evoloco.morphology import Morphology

from ._leg_states import (
    EARLY_STANCE,
    FEET,
    LANDING,
    LATE_STANCE,
    LIFTOFF,
    NAMES,
    SIDES,
    SWING,
    drawn,
    follow_legs,
    reset,
    thresholds,
)  # fmt: skip
from ._moment_arms import moment_arms
from ._placement import PACE, PLACE, follow_body
from ._placement import SIZE as MEMORY

JOINTS = ("hip", "knee", "ankle")
HIP = JOINTS.index("hip")
NEGLIGIBLE = 1e-3
"""Moment arms below this are none [m]."""

POSES = {
    EARLY_STANCE: (0.30, 0.25, 0.00),
    LATE_STANCE: (0.00, 0.15, -0.10),
    LIFTOFF: (0.20, 0.70, -0.40),
    SWING: (0.60, 1.00, 0.05),
    LANDING: (0.40, 0.15, 0.05),
}
"""Flexion of hip, knee and ankle that each state aims at where a search begins [rad]; of the thigh in the world."""

GENES = (
    *thresholds(0.15, 0.1),
    *(
        Gene(f"{NAMES[state].replace(' ', '_')}.{joint}", low, high, "rad", "flexion that it aims at", start=angle,
             spread=0.08)
        for state, pose in POSES.items()
        for joint, angle, low, high in zip(JOINTS, pose, (-1.0, -0.3, -1.0), (1.5, 2.0, 1.0), strict=True)
    ),
    *(
        Gene(f"{phase}.{joint}.{name}", 0.0, high, unit, f"{meaning} of the {joint}", start=start, spread=0.15 * start)
        for phase, gains in (
            ("stance", ((200.0, 20.0), (250.0, 8.0), (200.0, 8.0))),
            ("liftoff", ((150.0, 10.0), (60.0, 3.0), (200.0, 4.0))),
            ("swing", ((150.0, 10.0), (60.0, 3.0), (30.0, 1.0))),
        )
        for joint, pair in zip(JOINTS, gains, strict=True)
        for name, start, high, unit, meaning in (
            ("stiffness", pair[0], 1000.0, "N m/rad", "torque over angle"),
            ("damping", pair[1], 100.0, "N m s/rad", "torque over speed"),
        )
    ),
    Gene("trunk.stiffness", 0.0, 1500.0, "N m/rad", "torque of the standing hip over lean", start=300.0, spread=45.0),
    Gene("trunk.damping", 0.0, 200.0, "N m s/rad", "torque of the standing hip over its rate", start=30.0, spread=5.0),
    Gene("trunk.lean", -0.3, 0.5, "rad", "lean that it aims at", start=0.08, spread=0.02),
    Gene("trunk.counter", 0.0, 1.5, "1", "part of the swinging hip's torque that the standing one bears", start=0.5,
         spread=0.1),
    *(
        Gene(f"{state}.{name}", low, high, unit, f"thigh's answer to the {what}", start=start, spread=0.05)
        for state in ("swing", "landing")
        for name, low, high, unit, what, start in (
            ("place", -2.0, 3.0, "rad/m", "place of the body ahead of the standing foot", 0.0),
            ("pace", -1.0, 1.0, "rad s/m", "speed of the body over the standing foot", 0.1),
        )
    ),
)  # fmt: skip
"""Genes besides the shares and constants of the muscles."""

# What stands in `params`: places of the joints of both legs, the leg's length, the genes above, each muscle's constant,
# and its excitation per torque on each joint.
ROW = FEET * len(JOINTS)
LEG, FIRST = ROW, ROW + 1
_PLACE = {gene.name: FIRST + number for number, gene in enumerate(GENES)}
THRESHOLD, LATE, LANDS = (_PLACE[name] for name in ("threshold", "late", "landing"))
POSE, GAINS = _PLACE["early_stance.hip"], _PLACE["stance.hip.stiffness"]
TRUNK, TRUNK_RATE, LEAN, COUNTER = (
    _PLACE[f"trunk.{name}"] for name in ("stiffness", "damping", "lean", "counter")
)
PLACEMENT = _PLACE["swing.place"]
CONSTANT = FIRST + len(GENES)

# What stands in `state`: states of the legs, now and next, where the body is, torques on the joints of both legs,
# excitations.
BODY = 2 * FEET
TORQUE = BODY + MEMORY
EXCITATION = TORQUE + ROW


def step(params: Array, state: Array, obs: Array, time: float, dt: float, ctrl: Array) -> None:
    """Follows the states of the legs, forms torques on their joints, and writes the excitations for them."""
    muscles = ctrl.size
    ahead = obs.size - 3 * muscles - FEET
    load = ahead - FEET
    joints = (load - 5) // 2
    rate, lean = obs[load - 2], obs[load - 4]
    follow_legs(state, obs, load, ahead, params[THRESHOLD], params[LATE], params[LANDS])

    standing = 0 if obs[load] >= obs[load + 1] else 1
    body = state[BODY : BODY + MEMORY]
    follow_body(body, obs[ahead : ahead + FEET], standing, params[LEG], time, dt)

    # Torques that bring each joint towards the pose of its leg's state.
    for leg in range(FEET):
        phase = int(state[leg])
        gains = GAINS + 6 * (0 if phase <= LATE_STANCE else 1 if phase == LIFTOFF else 2)
        for k in range(3):
            joint = int(params[3 * leg + k])
            angle, speed = obs[joint], obs[joints + joint]
            target = params[POSE + 3 * phase + k]
            if k == HIP:
                angle, speed = angle - lean, speed - rate  # of the thigh in the world
                if phase >= SWING:
                    row = PLACEMENT + 2 * (phase - SWING)
                    target += params[row] * body[PLACE] + params[row + 1] * body[PACE]
            row = gains + 2 * k
            state[TORQUE + 3 * leg + k] = params[row] * (target - angle) - params[row + 1] * speed

    # Standing hips hold the trunk instead, and bear what the swinging one gives to it.
    for leg in range(FEET):
        if state[leg] <= LATE_STANCE:
            torque = -params[TRUNK] * (lean - params[LEAN]) - params[TRUNK_RATE] * rate
            if state[1 - leg] >= LIFTOFF:
                torque -= params[COUNTER] * state[TORQUE + 3 * (1 - leg)]
            state[TORQUE + 3 * leg] = torque

    # Each muscle by what it can do for the joints that it spans.
    for muscle in range(muscles):
        wanted = 0.0
        for k in range(ROW):
            wanted += params[CONSTANT + muscles + muscle * ROW + k] * state[TORQUE + k]
        ctrl[muscle] = min(max(params[CONSTANT + muscle] + max(wanted, 0.0), 0.0), 1.0)
        state[EXCITATION + muscle] = ctrl[muscle]


class Controller:
    """Moves each leg towards the target pose of its state, by muscles; holds the trunk, and places the swinging foot.

    A leg is in one of five states; from -> to: condition

        early stance -> liftoff: the other leg is loaded, and this foot behind it
        early stance -> late stance: the foot is less ahead of the pelvis than `late`
        late stance -> liftoff: the other leg is loaded, and this foot behind it
        liftoff -> swing: the leg is not loaded
        swing -> early stance: the leg is loaded, and this foot ahead of the other
        swing -> landing: the leg is not loaded, and the foot more ahead of the pelvis than `landing`
        landing -> early stance: the leg is loaded

    With the target angle a of a joint in that state, its angle q, and stiffness
    K and damping D of stance, liftoff or swing, the torque on it is

        torque = K (a - q) - D dq/dt

    A hip's q is the thigh's in the world, and in swing and landing its a grows
    by c_d d + c_v v, with the body's place d ahead of the standing foot and its
    speed v over it. In early and late stance the hip serves the trunk instead:
    with the pelvis' forward lean p,

        torque = -K (p - p0) - D dp/dt - counter (torque of the other hip, where that leg does not stand)

    A muscle with the moment arms r about its joints gets the excitation

        c + share max(0, r torque) / (r r F_max)

    limited to [0, 1], which reaches it after the muscle's delay. Moment arms
    are constant: their means about home. Both legs share their genes.

    It is in the style of Geijtenbeek and others, whose own equations are not
    public in full: target poses by leg states, feedback through moment arms
    and neural delays are theirs, the placement of the foot is SIMBICON's.

    Args:
        morphology: A body with muscles, two feet, and joints `hip_left`, `knee_left`, `ankle_left` and right ones.

    Raises:
        ModelError: The body has servos, or lacks a joint.

    References:
        Geijtenbeek, van de Panne and van der Stappen, 2013, Flexible muscle-based locomotion for bipedal creatures,
        doi:10.1145/2508363.2508399. Yin, Loken and van de Panne, 2007, SIMBICON: simple biped locomotion control,
        doi:10.1145/1276377.1276509.
    """

    reset = staticmethod(reset)
    step = staticmethod(step)

    def __init__(self, morphology: Morphology) -> None:
        joints = [joint.name for joint in morphology.joints]
        wanted = [f"{stem}_{side}" for side in SIDES for stem in JOINTS]
        lacking = [name for name in wanted if name not in joints]
        if lacking or not morphology.muscles or len(morphology.feet) != FEET:
            raise ModelError(
                f"This controller needs muscles, two feet, and the joints {', '.join(wanted)}; this body "
                + (f"lacks {', '.join(lacking)}." if lacking else f"has {len(morphology.muscles)} muscles and "
                   f"{len(morphology.feet)} feet.")
            )  # fmt: skip
        self._muscles = morphology.muscles
        self._places = [float(joints.index(name)) for name in wanted]
        self._leg_length = morphology.leg_length
        arms = moment_arms(morphology)[:, [joints.index(name) for name in wanted]]
        arms[np.abs(arms) < NEGLIGIBLE] = 0.0
        forces = np.array([muscle.max_force for muscle in self._muscles])
        square = np.maximum((arms**2).sum(axis=1), NEGLIGIBLE**2)
        self._drives = arms / (square * forces)[:, None]
        stems = list(dict.fromkeys(muscle.stem for muscle in self._muscles))
        shares = [
            Gene(
                f"{stem}.share",
                0.0,
                2.0,
                "1",
                "part of the wanted torque that it gives",
                start=0.7,
                spread=0.1,
            )
            for stem in stems
        ]
        constants = [
            Gene(f"{stem}.constant", 0.0, 0.5, "1", "always", start=0.02, spread=0.01)
            for stem in stems
        ]
        self.space = Space([*GENES, *shares, *constants])
        self.state_size = EXCITATION + len(self._muscles)

    def parameters(self, values: dict[str, float]) -> Array:
        """Places of the joints, the leg's length, the genes, constants of the muscles, excitations per torque."""
        shares = np.array([values[f"{muscle.stem}.share"] for muscle in self._muscles])
        constants = [values[f"{muscle.stem}.constant"] for muscle in self._muscles]
        genes = [values[gene.name] for gene in GENES]
        drives = (shares[:, None] * self._drives).ravel()
        return np.array([*self._places, self._leg_length, *genes, *constants, *drives])

    def outputs(self, params: Array, states: Array) -> dict[str, Array]:
        """States of the legs, from 0 (early stance) to 1 (landing), and excitations."""
        return drawn(states, [muscle.name for muscle in self._muscles], EXCITATION)
