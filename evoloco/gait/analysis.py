"""What a gait is like: when each foot stands, how far and fast a stride goes, and whether that is walking."""

import math
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from evoloco.episode import Episode, Outcome
from evoloco.errors import ModelError
from evoloco.gait import energy, metabolism
from evoloco.gait.footstrike import heel_first
from evoloco.genome import Array
from evoloco.morphology import GRAVITY, Morphology, is_in_subtree
from evoloco.stance import Mask, Rows, touchdowns

WARM_UP = 2.0
"""Time from the start of an episode until its gait is looked at [s]."""


def _quantity(unit: str, meaning: str) -> Any:
    return field(metadata={"unit": unit, "meaning": meaning})


@dataclass(frozen=True, eq=False)
class Gait:
    """The gait of one episode.

    Quantities carry their unit and meaning as metadata of their field (see
    `rows`). Tuples hold one value per foot. NaN stands where there was
    nothing to measure, such as the duty factor of a foot that never stepped.

    Attributes:
        feet: Names of the feet.
        outcome: How the episode ended.
        time: Time of each lived step [s] (T,).
        stance: Whether each foot stands (T, F).
        touchdown: Times at which each foot comes down [s], F arrays.
        liftoff: Times at which each foot leaves the ground [s], F arrays.

    References:
        Hildebrand, 1965, Symmetrical gaits of horses,
        doi:10.1126/science.150.3697.701 (duty factor, phase lag).
        Alexander, Jayes, 1983, A dynamic similarity hypothesis for the gaits of
        quadrupedal mammals, doi:10.1111/j.1469-7998.1983.tb04266.x (Froude number).
    """

    feet: tuple[str, ...]
    outcome: Outcome
    time: Array
    stance: Mask
    touchdown: tuple[Array, ...]
    liftoff: tuple[Array, ...]
    duration: float = _quantity("s", "time until the end or the fall")
    distance: float = _quantity("m", "forward path from start to end")
    speed: float = _quantity("m/s", "mean forward speed after the warm-up")
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
    heading_drift: float = _quantity("rad", "turn from start to end; left is positive")
    body_contact: float = _quantity(
        "1", "part of the time in which something but a foot touches the ground"
    )


def analyse(episode: Episode, warm_up: float = WARM_UP) -> Gait:
    """Reads the gait off an episode.

    Speed, strides, costs, loads, slip and symmetry are those after the warm-up;
    drift, tilt, height and contacts are those of the whole episode. A stride
    lasts from one touchdown of a foot to its next.

    Args:
        episode: At least one lived step.
        warm_up: Time from the start that is left out [s].
    """
    first = min(round(warm_up / episode.control_dt), len(episode) - 1)
    steady = replace(episode, trace=episode.trace[first:])
    time, dt = episode.time, episode.control_dt
    stance = episode.stance
    touchdown = touchdowns(stance)
    liftoff = [np.flatnonzero(foot[:-1] & ~foot[1:]) + 1 for foot in stance.T]
    steps = [rows[rows >= first] for rows in touchdown]

    forward, sideways, height = episode.sensor("torso.position").T
    speed = _ratio(float(forward[-1] - forward[first]), float(time[-1] - time[first]))
    spans = [(int(rows[0]), int(rows[-1])) if len(rows) > 1 else (0, 0) for rows in steps]
    counts = [max(len(rows) - 1, 0) for rows in steps]
    parts = list(zip(stance.T, spans, counts, strict=True))
    stride_time = [_ratio((end - start) * dt, count) for _, (start, end), count in parts]
    duty = [_ratio(int(foot[start:end].sum()), end - start) for foot, (start, end), _ in parts]
    together = sum(int(np.all(stance[start:end], axis=1).sum()) for start, end in spans)
    swings = [_swings(ups, downs, first) for ups, downs in zip(liftoff, touchdown, strict=True)]
    peaks = [
        float(foot[start:end].max())
        for foot, spells in zip(episode.foot_height.T, swings, strict=True)
        for start, end in spells
    ]
    heels = heel_first(episode, steps)
    turn = np.unwrap(episode.yaw)
    loaded = steady.foot_loaded
    morphology = episode.morphology
    paired, motorised = hip_pair(morphology) is not None, energy.has_motors(morphology)
    return Gait(
        feet=morphology.feet,
        outcome=episode.outcome,
        time=time,
        stance=stance,
        touchdown=tuple(time[rows] for rows in touchdown),
        liftoff=tuple(time[rows] for rows in liftoff),
        duration=len(episode) * dt,
        distance=float(forward[-1] - forward[0]),
        speed=speed,
        froude=speed**2 / (GRAVITY * morphology.leg_length),
        stride_frequency=_ratio(sum(counts), sum(end - start for start, end in spans) * dt),
        stride_length=_ratio(
            float(sum(forward[end] - forward[start] for start, end in spans)), sum(counts)
        ),
        steps=tuple(len(rows) for rows in steps),
        duty_factor=tuple(duty),
        stance_duration=tuple(part * whole for part, whole in zip(duty, stride_time, strict=True)),
        swing_duration=tuple(
            (1 - part) * whole for part, whole in zip(duty, stride_time, strict=True)
        ),
        double_support=_ratio(together, sum(end - start for start, end in spans))
        if len(spans) == 2
        else math.nan,
        phase_lag=_phase_lag(steps),
        symmetry=hip_symmetry(steady) if paired else math.nan,
        mechanical_cost=_finite(energy.cost_of_transport(steady)),
        electrical_cost=_finite(energy.cost_of_transport(steady, "electrical"))
        if motorised
        else math.nan,
        effort=_effort(steady),
        peak_load=float(steady["peak_load"].sum(axis=1).max()) / morphology.weight,
        knee_flexion=tuple(
            _knee_flexion(episode, *foot) for foot in zip(morphology.feet, swings, strict=True)
        ),
        heel_first=tuple(_ratio(sum(first), len(first)) for first in heels),
        slip=_ratio(float((steady.foot_slip * loaded).sum()), int(loaded.sum())),
        clearance=_ratio(sum(peaks), len(peaks)),
        lowest_torso=float(height.min()),
        largest_tilt=float(episode.tilt.max()),
        lateral_drift=float(sideways[-1] - sideways[0]),
        heading_drift=float(turn[-1] - turn[0]),
        body_contact=float(episode["body_contact"].mean()),
    )


def walks(
    gait: Gait,
    duration: float = 10.0,
    speed: float = 0.3,
    phase_lag: tuple[float, float] = (0.4, 0.6),
    duty_factor: tuple[float, float] = (0.4, 0.85),
    slip: float = 0.05,
) -> list[str]:
    """Reasons why a gait is not walking; none where it is.

    Args:
        gait: What is judged.
        duration: Least time without falling [s].
        speed: Least mean speed after the warm-up [m/s].
        phase_lag: Bounds of the lag between the feet [1]; not asked of a body without pairs of feet.
        duty_factor: Bounds of each foot's duty factor [1].
        slip: Largest mean speed of a loaded foot over the ground [m/s].
    """
    reasons = []
    if gait.outcome is not Outcome.COMPLETED:
        reasons.append(f"{gait.outcome.value} after {gait.duration:.2f} s")
    elif gait.duration < duration - 1e-9:  # rounding of a sum of steps
        reasons.append(f"lasts {gait.duration:.2f} s, less than {duration:g} s")
    if not gait.speed >= speed:
        reasons.append(f"speed {gait.speed:.3f} m/s, below {speed:g} m/s")
    if len(gait.feet) % 2 == 0 and not phase_lag[0] <= gait.phase_lag <= phase_lag[1]:
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
    return reasons


def rows(gait: Gait) -> list[tuple[str, float, str, str]]:
    """Name, value, unit and meaning of every quantity; those of a foot are named `<quantity> <foot>`."""
    table = []
    for entry in fields(gait):
        if not entry.metadata:
            continue
        value = getattr(gait, entry.name)
        unit, meaning = entry.metadata["unit"], entry.metadata["meaning"]
        if isinstance(value, tuple):
            named = [
                (f"{entry.name} {foot}", part) for foot, part in zip(gait.feet, value, strict=True)
            ]
        else:
            named = [(entry.name, value)]
        table += [(name, float(number), unit, meaning) for name, number in named]
    return table


def hip_pair(morphology: Morphology) -> tuple[int, int, float] | None:
    """Indices of the first pair of pitch joints, left before right, and its mirror sign; None without one."""
    names = [joint.name for joint in morphology.joints]
    for index, joint in enumerate(morphology.joints):
        if joint.axis == "pitch" and joint.side == "left":
            return index, names.index(joint.partner), joint.mirror
    return None


def hip_symmetry(episode: Episode) -> float:
    """Normalised cross-correlation of the hip angles half a stride apart [1], in [-1, 1].

    With l and r the angles of the first pair of pitch joints less their means,
    r mirrored, and P the stride period,

        sum_t l(t) r(t - P/2) / sqrt(sum_t l(t)^2 sum_t r(t - P/2)^2)

    averaged with the same for l and r exchanged. NaN where the angles do not repeat.

    Raises:
        ModelError: The body has no pair of pitch joints.
    """
    pair = hip_pair(episode.morphology)
    if pair is None:
        names = ", ".join(joint.name for joint in episode.morphology.joints)
        raise ModelError(
            f"Gait symmetry needs a left and a right pitch joint; this body has {names}."
        )
    left, right, mirror = pair
    angles = np.array([episode.joint_angle[:, left], mirror * episode.joint_angle[:, right]])
    angles -= angles.mean(axis=1, keepdims=True)
    half = _period(angles) / 2
    if math.isnan(half):
        return math.nan
    whole, part = int(half), half % 1.0
    correlations = []
    for one, other in (angles, angles[::-1]):
        later = one[whole + 1 :]
        earlier = (1 - part) * other[1 : len(other) - whole] + part * other[
            : -whole - 1
        ]  # between two steps
        correlations.append(
            _ratio(later @ earlier, math.sqrt((later @ later) * (earlier @ earlier)))
        )
    return float(sum(correlations)) / len(correlations)


def _period(signals: Array) -> float:
    """Period of zero-mean signals (k, T) in steps.

    It is the first peak of their autocorrelation, after it has turned
    negative, that comes near the highest: where the period is no whole number
    of steps, a multiple of it may stand a little higher. The parabola through
    three points places the peak between steps. NaN without such a peak.
    """
    near = 0.9  # of the highest peak; that of a second harmonic is lower
    length = signals.shape[1]
    spectrum = np.fft.rfft(signals, 2 * length)  # twice as long, so that the ends do not meet
    correlation = np.fft.irfft((spectrum * spectrum.conj()).real.sum(axis=0))[:length]
    start = int(np.argmax(correlation < 0))
    highest = float(correlation[start:].max())
    if start == 0 or highest <= 0:
        return math.nan
    before, top, after = (
        correlation[start - 1 : -2],
        correlation[start:-1],
        correlation[start + 1 :],
    )
    peaks = np.flatnonzero((top >= before) & (top > after) & (top >= near * highest))
    if not len(peaks):
        return math.nan
    first = peaks[0]
    bend = before[first] - 2 * top[first] + after[first]
    return float(start + first + 0.5 * (before[first] - after[first]) / bend)


def _swings(liftoff: Rows, touchdown: Rows, first: int) -> list[tuple[int, int]]:
    """First row of each swing from the row `first` on, and of the stance after it."""
    following = np.searchsorted(touchdown, liftoff)
    return [
        (int(start), int(touchdown[stop]))
        for start, stop in zip(liftoff, following, strict=True)
        if start >= first and stop < len(touchdown)
    ]


def _knee_flexion(episode: Episode, foot: str, swings: list[tuple[int, int]]) -> float:
    """Mean over swings of the largest angle of a foot's knee from its zero [°]; NaN without a knee or a swing."""
    model = episode.morphology.model
    for column, joint in enumerate(episode.morphology.joints):
        if "knee" in joint.stem and is_in_subtree(
            model, model.body(foot).id, int(model.joint(joint.name).bodyid[0])
        ):
            angle = np.degrees(np.abs(episode.joint_angle[:, column]))
            return _ratio(sum(float(angle[start:end].max()) for start, end in swings), len(swings))
    return math.nan


def _effort(episode: Episode) -> float:
    """Metabolic energy over mass and way [J/kg/m]; NaN without muscles, or where the body did not get forward."""
    forward = episode.sensor("torso.position")[:, 0]
    moved = forward[-1] - forward[0] > metabolism.SHORTEST_WAY
    return metabolism.effort(episode) if episode.morphology.muscles and moved else math.nan


def _phase_lag(touchdown: list[Rows]) -> float:
    """Circular mean of where the right foot's touchdowns fall within the left's strides, in [0, 1].

    It looks at the first left foot and its partner; NaN without a partner or a touchdown.
    """
    if len(touchdown) % 2:
        return math.nan
    left, right = touchdown[0], touchdown[len(touchdown) // 2]
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
