"""The gait cycle: what joints, ground and muscles do between two touchdowns of a foot."""

from dataclasses import dataclass

import numpy as np

from evoloco.episode import Episode
from evoloco.gait.analysis import WARM_UP, Gait
from evoloco.gait.joint_load import joint_power, joint_torque
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.subtree import is_in_subtree

PHASES = np.linspace(0.0, 100.0, 101)
"""Where in its stride a foot is [%]: it touches down at 0, and again at 100."""


@dataclass(frozen=True, eq=False)
class Course:
    """A signal over the strides of a foot.

    Attributes:
        mean: Over the strides, at `PHASES` (101,).
        spread: Standard deviation over the strides (101,).
        strides: Their number.
    """

    mean: Array
    spread: Array
    strides: int


@dataclass(frozen=True, eq=False)
class GaitCycle:
    """Courses by name and side; a side is "left", "right" or "".

    A side whose foot took no stride is absent.

    Attributes:
        angles: Of the driven joints of each leg [°], by the joints' names without side.
        torques: Of the actuators at these joints, over body mass [N m/kg].
        powers: Of the actuators at these joints, over body mass [W/kg].
        ground: Force of the ground on each foot [body weights], "vertical" and "fore-aft"; forward
            is positive.
        activations: Of the muscles [1], by their names without side; empty without muscles.
        liftoff: Mean end of the stance [%], by side.
    """

    angles: dict[str, dict[str, Course]]
    torques: dict[str, dict[str, Course]]
    powers: dict[str, dict[str, Course]]
    ground: dict[str, dict[str, Course]]
    activations: dict[str, dict[str, Course]]
    liftoff: dict[str, float]

    @property
    def strides(self) -> int:
        """How many strides of all feet there are."""
        return sum(course.strides for course in self.ground["vertical"].values())


def gait_cycle(episode: Episode, gait: Gait, warm_up: float = WARM_UP) -> GaitCycle:
    """Reads the gait cycle off an episode: courses over the strides after the warm-up.

    Every signal belongs to the foot on its side. With more than two feet, it is the first foot on
    either side, and the joints of other legs are left out.

    Args:
        episode: At least one lived step.
        gait: Its gait.
        warm_up: Time at the start in which strides do not count [s].
    """
    feet = _feet(episode.morphology)
    start = episode.time[min(round(warm_up / episode.control_dt), len(episode) - 1)]
    strides = {
        side: touchdown
        for side, foot in feet.items()
        if len(touchdown := gait.touchdown[foot][gait.touchdown[foot] >= start]) > 1
    }

    def courses(signals: dict[str, Array], time: Array) -> dict[str, Course]:
        return {
            side: course(time, signals[side], strides[side]) for side in strides if side in signals
        }

    def named(signals: dict[str, dict[str, Array]], time: Array) -> dict[str, dict[str, Course]]:
        return {name: courses(sides, time) for name, sides in signals.items()}

    mass = episode.morphology.mass
    time, physics_time = episode.time, episode.physics_time
    middle = time if episode.morphology.muscles else time + episode.control_dt / 2
    return GaitCycle(
        angles=named(_of_joints(episode, feet, np.degrees(episode.joint_angle)), physics_time),
        torques=named(_of_joints(episode, feet, joint_torque(episode) / mass), time),
        powers=named(_of_joints(episode, feet, joint_power(episode) / mass), middle),
        ground=named(_ground(episode, feet), physics_time),
        activations=named(_activations(episode, feet), time),
        liftoff={side: 100 * gait.duty_factor[feet[side]] for side in strides},
    )


def _of_joints(
    episode: Episode, feet: dict[str, int], signals: Array
) -> dict[str, dict[str, Array]]:
    """Signals (n,) of the driven joints of each leg, by name without side, and side.

    Args:
        episode: The episode.
        feet: Index of the foot on each side.
        signals: Of all driven joints (n, J).
    """
    morphology = episode.morphology
    found: dict[str, dict[str, Array]] = {}
    for column, joint in enumerate(morphology.joints):
        for side, foot in feet.items():
            if joint.side == side and _carries(morphology, joint.name, morphology.feet[foot]):
                found.setdefault(joint.stem, {})[side] = signals[:, column]
    return found


def _ground(episode: Episode, feet: dict[str, int]) -> dict[str, dict[str, Array]]:
    """Force of the ground on each foot [body weights] (T S,), by direction and side."""
    force = episode.ground_force / episode.morphology.weight
    forward_x, forward_y = np.cos(episode.yaw)[:, None], np.sin(episode.yaw)[:, None]
    directions = {
        "vertical": force[:, :, 2],
        "fore-aft": forward_x * force[:, :, 0] + forward_y * force[:, :, 1],
    }
    return {
        name: {side: signal[:, foot] for side, foot in feet.items()}
        for name, signal in directions.items()
    }


def _activations(episode: Episode, feet: dict[str, int]) -> dict[str, dict[str, Array]]:
    """Activations of the muscles [1] (T,), by name without side, and side."""
    activations: dict[str, dict[str, Array]] = {}
    for column, muscle in enumerate(episode.morphology.muscles):
        if muscle.side in feet:
            activations.setdefault(muscle.stem, {})[muscle.side] = episode["act"][:, column]
    return activations


def course(time: Array, signal: Array, touchdown: Array) -> Course:
    """Mean and standard deviation of a signal over strides.

    Args:
        time: Of each step [s] (T,).
        signal: (T,); it is interpolated between steps.
        touchdown: Times at which the foot comes down [s], at least two.
    """
    starts, lengths = touchdown[:-1, None], np.diff(touchdown)[:, None]
    strides = np.interp(starts + lengths * PHASES / 100, time, signal)
    return Course(strides.mean(axis=0), strides.std(axis=0), len(strides))


def _feet(morphology: Morphology) -> dict[str, int]:
    """Index of the foremost foot on either side; or of the first foot, with the side ""."""
    found: dict[str, int] = {}
    for index, foot in enumerate(morphology.feet):
        found.setdefault(morphology.sides.of_foot(foot), index)
    return {side: found[side] for side in ("left", "right") if side in found} or {"": 0}


def _carries(morphology: Morphology, joint: str, foot: str) -> bool:
    """Whether a joint moves a foot."""
    model = morphology.model
    return is_in_subtree(model, model.body(foot).id, int(model.joint(joint).bodyid[0]))
