"""A gait to begin a search with: feet on ellipses, diagonal ones together, by the Jacobian at home.

Relative to the torso, the foot of a leg whose oscillator has the phase theta moves by

    x = X cos(theta),   y = -Y sin(theta),   z = -Z sin(theta)          (1)

so that it is lifted while it swings forward. As phasors of exp(i theta) these are X, iY and iZ, and
the joints of the leg follow by least squares from the Jacobian J of the foot:

    amplitude_j exp(i phase_j) = (J^+ (X, iY, iZ))_j exp(i row pi)      (2)

Legs of the next row, and of the other side, are half a stride later: a trot, with six legs a
tripod gait. A stride lasts a few times sqrt(L / g), with the length L of the legs: a slower one
leaves the body time to fall over two legs. X is a quarter of the path in a stride, as long as feet
are on the ground for half of the time.

Hips and ankles of two legs answer a tilt t of the torso: as the foot stands, a turn of a joint with
the axis a turns the torso back, so

    target_j += k sign(a_j) t + d sign(a_j) dt/dt                       (3)
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.joint import Joint
from evoloco.morphology import HOME, Morphology
from evoloco.robot.linkage import Linkage

SPEED = 0.18
"""Wanted speed over sqrt(g L): a slow walk [1]."""

LIFT = 0.06
"""Z over the length of the legs [1]."""

PERIOD = 2.5
"""Duration of a stride over sqrt(L / g) [1]."""

SPEED_OF_TWO = 0.25
"""The same, of a robot with fewer than three feet."""

PERIOD_OF_TWO = 3.0
"""Likewise."""

REFLEX = {"tilt": (0.8, 0.3), "rate": (0.1, 0.05)}
"""k and d of (3) and the spreads with which their search begins [rad/rad, s]."""

SWAY = 0.15
"""Y of a biped over the distance of its feet [1]."""

LEVEL = 0.3
"""Weight of a foot's turning against its path [length of the legs]."""

DAMPING = 0.02
"""Of the least squares [length of the legs]."""

LARGEST = 0.6
"""Largest amplitude that a controller's gene allows [rad]."""

HALF_TURN = 3.141
"""Largest phase that, rounded, is within a gene's bounds [rad]."""

SPREADS = {"amplitude": 0.06, "phase": 0.5, "offset": 0.06}
"""Standard deviations with which a search begins [rad]."""


@dataclass(frozen=True)
class FirstGait:
    """Where a search begins.

    Attributes:
        speed: Wanted speed [m/s].
        period: Duration of a stride [s].
        genes: Start of each gene of the joints, and its spread, by name.
        reflexes: Stems of the joints that answer the torso's tilt.
    """

    speed: float
    period: float
    genes: dict[str, tuple[float, float]]
    reflexes: tuple[str, ...]


def first_gait(morphology: Morphology) -> FirstGait:
    """Works out a slow gait of a robot."""
    length = morphology.leg_length
    scale = math.sqrt(morphology.gravity * length)  # [m/s]
    few = len(morphology.feet) < 3
    speed = scale * (SPEED_OF_TWO if few else SPEED)
    period = length / scale * (PERIOD_OF_TWO if few else PERIOD)

    model = morphology.model
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)

    linkage = Linkage(model, data)
    tips = {foot: linkage.of(foot).tip for foot in morphology.feet}
    genes: dict[str, tuple[float, float]] = {}
    for foot, row in _rows(morphology).items():
        joints = _of_leg(morphology, foot)
        path = np.array([speed * period / 4, 0.0, LIFT * length * 1j])
        if len(morphology.feet) == 2:
            path[1] = SWAY * float(np.ptp([tip[1] for tip in tips.values()])) * 1j
        phasors = _phasors(linkage, foot, joints, path, length)
        for joint, phasor in zip(joints, phasors * (-1) ** row, strict=True):
            if joint.side != "right":
                genes |= _genes(joint, phasor)

    answering = _answering(morphology) if few else []
    for joint in answering:
        genes |= _reflex(linkage, joint)
    stems = dict.fromkeys(joint.stem for joint in answering)
    return FirstGait(speed, period, genes, tuple(stems))


def _rows(morphology: Morphology) -> dict[str, int]:
    """Number of each foot among those of its side, from the front."""
    count: Counter[str] = Counter()
    rows = {}
    for foot, side in morphology.sides.foot:  # from front to rear
        rows[foot] = count[side]
        count[side] += 1
    return rows


def _of_leg(morphology: Morphology, foot: str) -> list[Joint]:
    """The driven joints that a foot hangs on and no other foot does."""
    model = morphology.model

    def above(body: int) -> set[int]:
        found = set()
        while body:
            found.add(body)
            body = int(model.body_parentid[body])
        return found

    own = above(model.body(foot).id)
    for other in morphology.feet:
        if other != foot:
            own -= above(model.body(other).id)
    return [joint for joint in morphology.joints if model.joint(joint.name).bodyid[0] in own]


def _answering(morphology: Morphology) -> list[Joint]:
    """The joints that keep the torso upright: those that pitch or roll, but for knees."""
    found = []
    for foot in morphology.feet:
        joints = [joint for joint in _of_leg(morphology, foot) if joint.axis in ("pitch", "roll")]
        pitches = [joint.name for joint in joints if joint.axis == "pitch"]
        found += [joint for joint in joints if joint.name not in pitches[1:2]]
    return found


def _reflex(linkage: Linkage, joint: Joint) -> dict[str, tuple[float, float]]:
    """Start and spread of the genes with which a joint answers the torso's tilt."""
    if joint.side == "right":
        return {}
    place = 1 if joint.axis == "pitch" else 0
    sign = float(np.sign(linkage.data.xaxis[linkage.model.joint(joint.name).id][place]))
    share = 1.0 if joint.axis == "pitch" else 0.3
    return {
        f"{joint.stem}.{name}": (round(sign * share * start, 3), spread)
        for name, (start, spread) in REFLEX.items()
    }


def _phasors(
    linkage: Linkage,
    foot: str,
    joints: Sequence[Joint],
    path: Array,
    length: float,
) -> Array:
    """Complex amplitudes of joints that move a foot along a path, and keep it level [rad]."""
    model, body = linkage.model, linkage.model.body(foot).id
    position, rotation = np.zeros((3, model.nv)), np.zeros((3, model.nv))
    mujoco.mj_jac(model, linkage.data, position, rotation, linkage.of(foot).tip, body)
    dofs = [int(model.joint(joint.name).dofadr[0]) for joint in joints]

    level = LEVEL * length if len(dofs) >= 3 else 0.0
    slope = np.concatenate([position[:, dofs], level * rotation[:, dofs]])
    wanted = np.concatenate([path, np.zeros(3)])
    damped = slope @ slope.T + (DAMPING * length) ** 2 * np.eye(6)
    return np.asarray(slope.T @ np.linalg.solve(damped, wanted))  # (2)


def _genes(joint: Joint, phasor: complex) -> dict[str, tuple[float, float]]:
    """Start and spread of the genes of a joint."""
    most = min(LARGEST, (joint.high - joint.low) / 2)
    amplitude = min(abs(phasor), 0.95 * most)
    phase = max(-HALF_TURN, min(HALF_TURN, math.atan2(phasor.imag, phasor.real)))
    return {
        f"{joint.stem}.amplitude": (round(amplitude, 3), SPREADS["amplitude"]),
        f"{joint.stem}.phase": (round(phase, 3), SPREADS["phase"]),
    }
