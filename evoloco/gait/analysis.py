"""What a gait is like: when each foot stands, how far a stride goes, and whether it is walking."""

import math
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.gait import energy, metabolism
from evoloco.gait.footstrike import heel_first
from evoloco.gait.symmetry import hip_pair, hip_symmetry
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.stance import Mask, Rows, touchdowns
from evoloco.subtree import is_in_subtree

WARM_UP = 2.0
"""Time at the start of an episode that is not part of its gait [s]."""

Swing = tuple[int, int]
"""First physics step of a swing, and of the stance after it."""

Quantities = dict[str, Any]
"""Some fields of `Gait` by name."""


def _quantity(unit: str, meaning: str) -> Any:
    return field(metadata={"unit": unit, "meaning": meaning})


@dataclass(frozen=True, eq=False)
class Gait:
    """The gait of one episode.

    Quantities carry their unit and meaning as metadata of their field (see `rows`). Tuples hold one
    value per foot. NaN means that there was nothing to measure, such as the duty factor of a foot
    that never stepped.

    Attributes:
        feet: Names of the feet.
        couple: Indices of the two feet of the phase lag, the left one first; None for no two.
        outcome: How the episode ended.
        time: Time of each physics step [s] (T S,).
        stance: Whether each foot stands (T S, F).
        touchdown: Times at which each foot comes down [s], F arrays.
        liftoff: Times at which each foot leaves the ground [s], F arrays.

    References:
        Hildebrand, 1965, Symmetrical gaits of horses, doi:10.1126/science.150.3697.701 (duty
        factor, phase lag).
        Alexander, Jayes, 1983, A dynamic similarity hypothesis for the gaits of quadrupedal
        mammals, doi:10.1111/j.1469-7998.1983.tb04266.x (Froude number).
    """

    feet: tuple[str, ...]
    couple: tuple[int, int] | None
    outcome: Outcome
    time: Array
    stance: Mask
    touchdown: tuple[Array, ...]
    liftoff: tuple[Array, ...]
    duration: float = _quantity("s", "time until the end or the fall")
    distance: float = _quantity(
        "m", "forward path from start to end, or along the heading asked for"
    )
    speed: float = _quantity(
        "m/s", "mean speed after the warm-up, forward or along the heading asked for"
    )
    froude: float = _quantity(
        "1", "speed² / (g leg length); people change from walk to run near 0.5"
    )
    stride_frequency: float = _quantity("Hz", "strides per second of one foot")
    stride_length: float = _quantity("m", "forward path of the torso per stride")
    steps: tuple[int, ...] = _quantity("1", "touchdowns after the warm-up")
    duty_factor: tuple[float, ...] = _quantity("1", "part of the stride in which the foot stands")
    stance_duration: tuple[float, ...] = _quantity("s", "mean time from touchdown to liftoff")
    swing_duration: tuple[float, ...] = _quantity("s", "mean time from liftoff to touchdown")
    double_support: float = _quantity("1", "part of the stride in which both feet of a biped stand")
    phase_lag: float = _quantity(
        "1", "touchdown of the right foot within the left stride; 0.5 alternates"
    )
    symmetry: float = _quantity(
        "1", "correlation of the hip angles half a stride apart; 1 alternates alike"
    )
    mechanical_cost: float = _quantity("1", "joint work / (weight distance)")
    electrical_cost: float = _quantity("1", "energy drawn by the servos / (weight distance)")
    effort: float = _quantity(
        "J/kg/m", "metabolic energy after Wang / (mass distance), where muscles walk"
    )
    peak_load: float = _quantity("body weights", "largest force of the ground under all feet")
    knee_flexion: tuple[float, ...] = _quantity(
        "°", "largest angle of the knee from straight, mean over the swings"
    )
    heel_first: tuple[float, ...] = _quantity(
        "1", "part of the touchdowns in which the heel is first"
    )
    slip: float = _quantity("m/s", "mean speed of a loaded foot over the ground")
    clearance: float = _quantity("m", "mean over the swings of the greatest height of the foot")
    lowest_torso: float = _quantity("m", "least height of the torso")
    largest_tilt: float = _quantity("rad", "largest angle of the torso from upright")
    lateral_drift: float = _quantity("m", "sideways path from start to end; left is positive")
    heading_drift: float = _quantity(
        "rad", "turn from start to end, beyond that asked for; left is positive"
    )
    body_contact: float = _quantity(
        "1", "part of the time in which something but a foot touches the ground"
    )
    self_contact: float = _quantity(
        "1", "part of the time in which parts of the robot touch each other"
    )

    def __repr__(self) -> str:
        duty = " ".join(f"{part:.2f}" for part in self.duty_factor)
        return (
            f"Gait({self.outcome.value} after {self.duration:.2f} s, {self.speed:.3g} m/s, "
            f"{self.stride_frequency:.3g} strides/s, duty factor {duty})"
        )


def analyse(episode: Episode, warm_up: float = WARM_UP) -> Gait:
    """Reads the gait off an episode.

    Speed, strides, costs, loads, slip and symmetry are those after the warm-up. Drift, tilt, height
    and contacts are those of the whole episode. A stride lasts from one touchdown of a foot to its
    next.

    Args:
        episode: At least one lived step.
        warm_up: Time from the start that is left out [s].
    """
    begin = min(round(warm_up / episode.control_dt), len(episode) - 1)
    steady = replace(episode, trace=episode.trace[begin:])
    time, stance, first = episode.physics_time, episode.stance, begin * episode.substeps
    touchdown = touchdowns(stance)
    liftoff = [np.flatnonzero(foot[:-1] & ~foot[1:]) + 1 for foot in stance.T]
    return Gait(
        feet=episode.morphology.feet,
        couple=_couple(episode.morphology),
        outcome=episode.outcome,
        time=time,
        stance=stance,
        touchdown=tuple(time[rows] for rows in touchdown),
        liftoff=tuple(time[rows] for rows in liftoff),
        **_progress(episode, steady),
        **_strides(episode, [rows[rows >= first] for rows in touchdown]),
        **_swing(episode, [_swings(*foot, first) for foot in zip(liftoff, touchdown, strict=True)]),
        **_economy(steady),
        **_ground(steady),
        **_posture(episode),
    )


def _progress(episode: Episode, steady: Episode) -> Quantities:
    """How long, how far and how fast; the speed after the warm-up."""
    speed = steady.forward / steady.duration
    return {
        "duration": episode.duration,
        "distance": episode.forward,
        "speed": speed,
        "froude": speed**2 / (episode.morphology.gravity * episode.morphology.leg_length),
    }


def _strides(episode: Episode, steps: list[Rows]) -> Quantities:
    """What the strides between the given touchdowns of each foot are like."""
    dt, stance = episode.physics_dt, episode.stance
    forward = episode.torso_position[:, 0]
    spans = [(int(rows[0]), int(rows[-1])) if len(rows) > 1 else (0, 0) for rows in steps]
    counts = [max(len(rows) - 1, 0) for rows in steps]
    rows_in_all = sum(end - start for start, end in spans)
    way = float(sum(forward[end] - forward[start] for start, end in spans))
    together = sum(int(np.all(stance[start:end], axis=1).sum()) for start, end in spans)

    times, duty = [], []
    for foot, (start, end), count in zip(stance.T, spans, counts, strict=True):
        times.append(_ratio((end - start) * dt, count))
        duty.append(_ratio(int(foot[start:end].sum()), end - start))

    return {
        "stride_frequency": _ratio(sum(counts), rows_in_all * dt),
        "stride_length": _ratio(way, sum(counts)),
        "steps": tuple(len(rows) for rows in steps),
        "duty_factor": tuple(duty),
        "stance_duration": tuple(part * time for part, time in zip(duty, times, strict=True)),
        "swing_duration": tuple((1 - part) * time for part, time in zip(duty, times, strict=True)),
        "double_support": _ratio(together, rows_in_all) if len(spans) == 2 else math.nan,
        "phase_lag": _phase_lag(steps, _couple(episode.morphology)),
        "heel_first": tuple(_ratio(sum(foot), len(foot)) for foot in heel_first(episode, steps)),
    }


def _swing(episode: Episode, swings: list[list[Swing]]) -> Quantities:
    """How high each foot and how bent each knee is in the given swings of each foot."""
    peaks = [
        float(height[start:end].max())
        for height, spells in zip(episode.foot_height.T, swings, strict=True)
        for start, end in spells
    ]
    feet = zip(episode.morphology.feet, swings, strict=True)
    return {
        "clearance": _ratio(sum(peaks), len(peaks)),
        "knee_flexion": tuple(_knee_flexion(episode, *foot) for foot in feet),
    }


def _economy(episode: Episode) -> Quantities:
    """What the way costs."""
    motors = episode.morphology.has_motors
    electrical = energy.cost_of_transport(episode, "electrical") if motors else math.nan
    return {
        "mechanical_cost": _finite(energy.cost_of_transport(episode)),
        "electrical_cost": _finite(electrical),
        "effort": _effort(episode),
    }


def _ground(episode: Episode) -> Quantities:
    """Loads and slip of the feet, and the symmetry of the legs."""
    morphology, loaded = episode.morphology, episode.foot_loaded
    peak = float(episode.foot_load.sum(axis=1).max())
    return {
        "symmetry": hip_symmetry(episode) if hip_pair(morphology) else math.nan,
        "peak_load": peak / morphology.weight,
        "slip": _ratio(float((episode.foot_slip * loaded).sum()), int(loaded.sum())),
    }


def _posture(episode: Episode) -> Quantities:
    """How the torso is held and where it turns."""
    turn = np.unwrap(episode.yaw)
    return {
        "lowest_torso": float(episode.torso_position[:, 2].min()),
        "largest_tilt": float(episode.tilt.max()),
        "lateral_drift": float(episode.way[1]),
        "heading_drift": float(turn[-1] - turn[0]) - _asked_turn(episode),
        "body_contact": float(episode["body_contact"].mean()),
        "self_contact": float(episode["self_contact"].mean()),
    }


def walks(
    gait: Gait,
    duration: float = 10.0,
    speed: float = 0.3,
    phase_lag: tuple[float, float] = (0.4, 0.6),
    duty_factor: tuple[float, float] = (0.4, 0.85),
    slip: float = 0.05,
    self_contact: float = 0.02,
) -> list[str]:
    """Reasons why a gait is not walking; none if it is.

    Args:
        gait: What is judged.
        duration: Least time without falling [s].
        speed: Least mean speed after the warm-up [m/s].
        phase_lag: Bounds of the lag between the feet [1], for a body with a pair of feet.
        duty_factor: Bounds of each foot's duty factor [1].
        slip: Largest mean speed of a loaded foot over the ground [m/s].
        self_contact: Largest part of the time in which parts of the robot touch each other [1].
    """
    reasons = []
    if gait.outcome is not Outcome.COMPLETED:
        reasons.append(f"{gait.outcome.value} after {gait.duration:.2f} s")
    elif gait.duration < duration - 1e-9:  # rounding of a sum of steps
        reasons.append(f"lasts {gait.duration:.2f} s, less than {duration:g} s")

    if not gait.speed >= speed:
        reasons.append(f"speed {gait.speed:.3f} m/s, below {speed:g} m/s")
    if gait.couple and not phase_lag[0] <= gait.phase_lag <= phase_lag[1]:
        reasons.append(
            f"phase lag {gait.phase_lag:.2f}, not within {phase_lag[0]:g}-{phase_lag[1]:g}"
        )
    for foot, duty in zip(gait.feet, gait.duty_factor, strict=True):
        if not duty_factor[0] <= duty <= duty_factor[1]:
            low, high = duty_factor
            reasons.append(f"duty factor of {foot} {duty:.2f}, not within {low:g}-{high:g}")

    if not gait.slip <= slip:
        reasons.append(f"loaded feet slip at {gait.slip:.3f} m/s, above {slip:g} m/s")
    if gait.body_contact > 0:
        reasons.append(
            f"something but the feet touches the ground, {gait.body_contact:.1%} of the time"
        )
    if gait.self_contact > self_contact:
        reasons.append(
            f"parts of the robot touch each other, {gait.self_contact:.1%} of the time, "
            f"above {self_contact:.0%}"
        )
    return reasons


def rows(gait: Gait) -> list[tuple[str, float, str, str]]:
    """Name, value, unit and meaning of every quantity; `<quantity> <foot>` for those of a foot."""
    table = []
    for entry in fields(gait):
        if not entry.metadata:
            continue
        value = getattr(gait, entry.name)
        named = [(entry.name, value)]
        if isinstance(value, tuple):
            feet = zip(gait.feet, value, strict=True)
            named = [(f"{entry.name} {foot}", part) for foot, part in feet]

        unit, meaning = entry.metadata["unit"], entry.metadata["meaning"]
        table += [(name, float(number), unit, meaning) for name, number in named]
    return table


def _swings(liftoff: Rows, touchdown: Rows, first: int) -> list[Swing]:
    """Swings of a foot from the physics step `first` on that end in a touchdown."""
    following = np.searchsorted(touchdown, liftoff)
    return [
        (int(start), int(touchdown[stop]))
        for start, stop in zip(liftoff, following, strict=True)
        if start >= first and stop < len(touchdown)
    ]


def _knee_flexion(episode: Episode, foot: str, swings: list[Swing]) -> float:
    """Mean over swings of the largest angle of a foot's knee from its zero [°].

    NaN without a knee or a swing.
    """
    column = _knee(episode.morphology, foot)
    if column is None:
        return math.nan

    angle = np.degrees(np.abs(episode.joint_angle[:, column]))
    return _ratio(sum(float(angle[start:end].max()) for start, end in swings), len(swings))


def _knee(morphology: Morphology, foot: str) -> int | None:
    """Index of the driven joint that is the knee of a foot's leg."""
    model = morphology.model
    for index, joint in enumerate(morphology.joints):
        shank = int(model.joint(joint.name).bodyid[0])
        if "knee" in joint.stem and is_in_subtree(model, model.body(foot).id, shank):
            return index
    return None


def _asked_turn(episode: Episode) -> float:
    """How far the command asks to turn until the last step [rad]."""
    heading = episode.command[:, 1]
    before = sum(stage.turn for stage in episode.stages[:1])
    return float(heading[-1] - heading[0]) + before


def _effort(episode: Episode) -> float:
    """Metabolic energy over mass and way [J/kg/m].

    NaN without muscles, or if the body did not get forward.
    """
    moved = episode.forward > metabolism.SHORTEST_WAY
    return metabolism.effort(episode) if episode.morphology.muscles and moved else math.nan


def _couple(morphology: Morphology) -> tuple[int, int] | None:
    """Indices of the two feet of which the phase lag is told."""
    couple, feet = morphology.sides.couple, morphology.feet
    return (feet.index(couple[0]), feet.index(couple[1])) if couple else None


def _phase_lag(touchdown: list[Rows], couple: tuple[int, int] | None) -> float:
    """Where the right foot's touchdowns fall within the left's strides [1], in [0, 1].

    It is their circular mean for the foremost left foot and its partner, or for the front and the
    rear one of two feet that are no pair. NaN without these feet or a touchdown.
    """
    if couple is None:
        return math.nan

    left, right = (touchdown[foot] for foot in couple)
    stride = np.searchsorted(left, right, side="right") - 1
    inside = (stride >= 0) & (stride < len(left) - 1)
    if not inside.any():
        return math.nan

    start, end = left[stride[inside]], left[stride[inside] + 1]
    lag = (right[inside] - start) / (end - start)
    return float(np.angle(np.exp(2j * np.pi * lag).mean()) / (2 * np.pi) % 1.0)


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else math.nan


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan
