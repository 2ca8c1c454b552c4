import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import mujoco
import numpy as np
import pytest
from traces import body, completed, episode, loads, mirrored, walk

from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.fitness import heel_strike
from evoloco.gait.analysis import Gait, analyse, rows, walks
from evoloco.gait.metabolism import effort
from evoloco.genome import Array
from evoloco.morphologies import muscle_biped
from evoloco.morphology import GRAVITY
from evoloco.stance import LOADED, SHORTEST_PHASE, TOUCHDOWN

BIPED, MOTOR_BIPED = body(), body(motors=True)
HUMAN = muscle_biped.build()


def turned(angles: Array) -> Array:
    """Quaternions of turns about the vertical (T, 4)."""
    return np.stack([np.cos(angles / 2), 0 * angles, 0 * angles, np.sin(angles / 2)], axis=1)


def loaded(load: Array) -> Episode:
    """An episode whose left foot carries a load [even loads] (T,)."""
    ground = np.zeros((len(load), 6))
    ground[:, 2] = load * BIPED.weight / 2
    return episode(BIPED, len(load), {"foot.left_foot.ground": ground})


@pytest.mark.parametrize(
    ("stride", "stance", "lag"), [(40, 24, 20), (40, 24, 16), (32, 26, 8), (50, 20, 49)]
)
def test_a_written_footfall_pattern_is_recovered(stride: int, stance: int, lag: int) -> None:
    gait = analyse(walk(BIPED, stride, stance, lag, speed=0.4))
    assert gait.stride_frequency == pytest.approx(50 / stride)
    assert gait.stride_length == pytest.approx(0.4 * stride / 50, rel=2e-3)
    assert gait.duty_factor == pytest.approx((stance / stride,) * 2)
    assert gait.phase_lag == pytest.approx(lag / stride)
    assert gait.stance_duration == pytest.approx((stance / 50,) * 2)
    assert gait.swing_duration == pytest.approx(((stride - stance) / 50,) * 2)
    assert gait.speed == pytest.approx(0.4)
    together = sum(phase < stance and (phase - lag) % stride < stance for phase in range(stride))
    assert gait.double_support == pytest.approx(together / stride)
    np.testing.assert_allclose(np.diff(gait.touchdown[0]), stride / 50)
    np.testing.assert_allclose(gait.liftoff[0][1:4] - gait.touchdown[0][:3], stance / 50)


def test_steps_are_counted_after_the_warm_up_only() -> None:
    trace = walk(BIPED, stride=40, lag=20)
    assert analyse(trace, warm_up=2.0).steps == (10, 10)  # rows 120 to 480, and 100 to 460
    assert analyse(trace, warm_up=0.0).steps == (
        12,
        12,
    )  # the left foot's stance at row 0 has no touchdown


def test_a_start_unlike_the_gait_does_not_change_its_numbers() -> None:
    gait = walk(BIPED)
    changed = replace(gait, trace=gait.trace.copy())
    for name in ("foot.left_foot.ground", "foot.right_foot.ground"):
        changed.sensor(name)[:80] = 0.0
    completed(changed)
    for name in ("duty_factor", "phase_lag", "stride_frequency", "steps", "speed", "slip"):
        assert getattr(analyse(changed), name) == getattr(analyse(gait), name)


def test_a_mirrored_walk_swaps_left_and_right_and_turns_the_drifts() -> None:
    turn = np.linspace(0, 0.3, 500)
    path = np.stack(
        [0.4 * 0.02 * np.arange(500), np.linspace(0, 0.1, 500), np.full(500, 0.5)], axis=1
    )
    changes: dict[str, Any] = {
        "torso.orientation": turned(turn),
        "torso.position": path,
        "foot.left_foot.velocity": [0, 0.02, 0],
    }
    trace = walk(BIPED, lag=16, changes=changes)
    trace.sensor("foot.right_foot.ground")[390:] = 0.0
    completed(trace)
    gait, image = analyse(trace), analyse(mirrored(trace))
    assert gait.steps != gait.steps[::-1]
    for entry in fields(Gait):
        if not entry.metadata:
            continue
        here, there = getattr(gait, entry.name), getattr(image, entry.name)
        if isinstance(here, tuple):
            assert there == pytest.approx(here[::-1], nan_ok=True)
        elif entry.name == "phase_lag":
            assert there == pytest.approx(1 - here)
        elif entry.name in ("lateral_drift", "heading_drift"):
            assert there == pytest.approx(-here)
            assert here > 0
        else:
            assert there == pytest.approx(here, nan_ok=True)


def test_a_foot_changes_phase_only_beyond_the_threshold_on_the_other_side() -> None:
    between = (LOADED + TOUCHDOWN) / 2
    load = np.repeat([0.0, between, TOUCHDOWN, between, LOADED, between, 1.0], 5)
    assert (
        loaded(load).stance[:, 0].tolist()
        == np.repeat([0, 0, 1, 1, 0, 0, 1], 5).astype(bool).tolist()
    )
    assert not loaded(load).stance[:, 1].any()


def test_chatter_of_the_contact_is_no_step() -> None:
    rows_of_chatter = math.ceil(SHORTEST_PHASE / 0.02) - 1
    steady = (np.arange(500) % 40 < 24).astype(float)
    chattering = steady.copy()
    for start in range(0, 480, 40):
        chattering[start + 10 : start + 10 + rows_of_chatter] = 0.0
        chattering[start + 30 : start + 30 + rows_of_chatter] = 1.0
    np.testing.assert_array_equal(loaded(chattering).stance, loaded(steady).stance)
    longer = steady.copy()
    longer[210 : 211 + rows_of_chatter] = 0.0
    assert (
        loaded(longer).stance[:, 0].sum() == loaded(steady).stance[:, 0].sum() - rows_of_chatter - 1
    )


def test_lags_around_zero_average_to_zero() -> None:
    trace = walk(BIPED, lag=0)
    right = np.roll(np.arange(500) % 80 < 24, 2) | np.roll((np.arange(500) - 40) % 80 < 24, -2)
    trace.sensor("foot.right_foot.ground")[:, 2] = right * BIPED.weight
    completed(trace)
    lag = analyse(trace).phase_lag
    assert min(lag, 1 - lag) == pytest.approx(
        0.0, abs=0.006
    )  # one late step more than early ones, in nine


def test_froude_number_is_one_where_gravity_just_holds_the_body_on_its_leg() -> None:
    gait = analyse(walk(BIPED, speed=math.sqrt(GRAVITY * BIPED.leg_length)))
    assert gait.froude == pytest.approx(1.0)


def test_slip_and_clearance_are_those_written() -> None:
    gait = analyse(walk(BIPED, changes={"foot.left_foot.velocity": [0.03, 0.04, 0]}))
    left, right = (sum(gait.stance[100:, foot]) for foot in (0, 1))
    assert gait.slip == pytest.approx(0.05 * left / (left + right))
    assert gait.clearance == pytest.approx(0.03)


def test_clearance_is_that_of_the_swings_after_the_warm_up() -> None:
    trace = walk(BIPED)
    height = trace.sensor("foot.left_foot.position")[:, 2]
    height[:80] += height[:80] > 0.1
    completed(trace)
    assert analyse(trace).clearance == pytest.approx(0.03)


def test_costs_are_those_of_the_measure_after_the_warm_up() -> None:
    spent = {"positive_work": 0.01, "electrical_energy": 0.02}
    trace = walk(MOTOR_BIPED, changes=spent)
    early = replace(trace, trace=trace.trace.copy())
    for name in spent:
        early[name][:100] = 50.0
    gait = analyse(trace)
    assert 0 < gait.mechanical_cost < gait.electrical_cost
    assert analyse(early).mechanical_cost == gait.mechanical_cost
    assert analyse(early).electrical_cost == gait.electrical_cost
    assert math.isnan(analyse(walk(BIPED)).electrical_cost)


def test_peak_load_is_the_largest_force_under_all_feet_after_the_warm_up() -> None:
    load = np.full((500, 2), 0.5)
    load[40], load[300], load[301] = 5.0, (1.1, 0.6), (0.0, 1.6)
    trace = walk(BIPED, changes=loads(BIPED, load))
    assert analyse(trace).peak_load == pytest.approx(1.7)


def human_walk(pad: Mapping[str, str]) -> Episode:
    """A walk of the muscular human in its home pose; each foot first presses on a pad, by side."""
    pattern, data = walk(BIPED), mujoco.MjData(HUMAN.model)
    data.qpos = HUMAN.home
    mujoco.mj_kinematics(HUMAN.model, data)
    values: dict[str, Any] = {
        "qpos": HUMAN.home,
        "torso.position": pattern.sensor("torso.position"),
    }
    for side in ("left", "right"):
        ground = pattern.sensor(f"foot.{side}_foot.ground") / BIPED.weight * HUMAN.weight
        onset = (ground[:, 2] > 0) & (np.roll(ground[:, 2], 1) == 0)
        heel, toes = (data.geom(f"{end}_{side}").xpos - [0, 0, 0.03] for end in ("heel", "toes"))
        ground[:, 3:] = (heel + toes) / 2
        read = np.roll(onset, 1)  # a sensor is read one physics step later
        ground[onset | read, 3:] = {"heel": heel, "toes": toes}[pad[side]]
        values[f"foot.foot_{side}.ground"] = ground
        swing = pattern.sensor(f"foot.{side}_foot.position")[:, [2]] - 0.1  # up to 0.03 m
        values[f"joint.knee_{side}.angle"] = 0.1 + 30 * swing
    return episode(HUMAN, 500, values)


def test_the_end_of_a_foot_on_which_the_ground_presses_first_is_told_by_foot() -> None:
    assert analyse(human_walk({"left": "heel", "right": "toes"})).heel_first == (1.0, 0.0)
    assert analyse(human_walk({"left": "toes", "right": "heel"})).heel_first == (0.0, 1.0)
    mixed = human_walk({"left": "heel", "right": "heel"})
    toes = human_walk({"left": "toes", "right": "toes"}).sensor("foot.foot_left.ground")
    mixed.sensor("foot.foot_left.ground")[:300] = toes[:300]
    completed(mixed)
    touchdowns = analyse(mixed).touchdown[0]
    late = [time for time in touchdowns if time >= 2.0]
    assert analyse(mixed).heel_first[0] == pytest.approx(
        sum(time >= 6.0 for time in late) / len(late)
    )
    assert all(math.isnan(share) for share in analyse(walk(BIPED)).heel_first)


def test_the_measure_of_heel_strikes_is_their_part_of_both_feets_touchdowns() -> None:
    for left, right, wanted in (("heel", "heel", 1.0), ("toes", "toes", 0.0)):
        assert heel_strike.measure(human_walk({"left": left, "right": right})) == wanted
    one = human_walk({"left": "heel", "right": "toes"})
    down = [len(times) for times in analyse(one, warm_up=0.0).touchdown]
    assert heel_strike.measure(one) == pytest.approx(down[0] / sum(down))
    assert heel_strike.measure(walk(BIPED)) == 0.0


def test_what_grazes_before_the_load_of_a_touchdown_decides_what_was_first() -> None:
    trace = human_walk({"left": "heel", "right": "heel"})
    ground = trace.sensor("foot.foot_left.ground")
    toes = human_walk({"left": "toes", "right": "toes"}).sensor("foot.foot_left.ground")
    for row in np.flatnonzero((ground[1:, 2] > 0) & (ground[:-1, 2] == 0)):
        ground[row : row + 2, 3:] = toes[row + 1, 3:]
        ground[row, 2] = 0.25 * LOADED * HUMAN.weight
    completed(trace)
    assert analyse(trace).heel_first == (0.0, 1.0)


def test_knee_flexion_is_the_largest_angle_of_the_swings_of_each_leg() -> None:
    trace = human_walk({"left": "heel", "right": "heel"})
    trace.sensor("joint.knee_right.angle")[:] *= -0.5
    completed(trace)
    found = analyse(trace).knee_flexion
    assert found == pytest.approx(
        (math.degrees(1.0), math.degrees(0.5)), rel=1e-3
    )  # the swing's middle is no row
    assert all(math.isnan(angle) for angle in analyse(walk(BIPED)).knee_flexion)


def test_effort_of_a_gait_is_that_of_its_muscles_after_the_warm_up() -> None:
    trace = human_walk({"left": "heel", "right": "heel"})
    steady = replace(trace, trace=trace.trace[100:])
    trace["act"][:100] = 1.0
    assert analyse(trace).effort == pytest.approx(effort(steady))
    trace.sensor("torso.position")[:] = 0.0
    completed(trace)
    assert math.isnan(analyse(trace).effort)
    assert math.isnan(analyse(walk(BIPED)).effort)


def test_heading_drift_follows_a_turn_beyond_half_a_circle() -> None:
    turn = np.linspace(0, -5.0, 500)
    assert analyse(
        walk(BIPED, changes={"torso.orientation": turned(turn)})
    ).heading_drift == pytest.approx(-5.0)


def test_extremes_are_those_of_the_whole_episode() -> None:
    height = np.full(500, 0.5)
    height[3] = 0.2
    lean = np.zeros(500)
    lean[5] = 0.7
    trace = walk(BIPED)
    trace.sensor("torso.position")[:, 2] = height
    trace.sensor("torso.orientation")[:] = np.stack(
        [np.cos(lean / 2), np.sin(lean / 2), 0 * lean, 0 * lean], axis=1
    )
    trace["body_contact"][:5] = 1.0
    completed(trace)
    gait = analyse(trace)
    assert gait.lowest_torso == 0.2
    assert gait.largest_tilt == pytest.approx(0.7)
    assert gait.body_contact == 0.01


@pytest.mark.parametrize("steps", [1, 2, 30, 500])
def test_a_gait_without_a_step_has_no_stride_and_does_not_walk(steps: int) -> None:
    standing = {f"foot.{foot}.ground": [0, 0, BIPED.weight / 2, 0, 0, 0] for foot in BIPED.feet}
    gait = analyse(episode(BIPED, steps, standing, outcome=Outcome.FELL))
    for name in (
        "stride_frequency",
        "stride_length",
        "phase_lag",
        "symmetry",
        "clearance",
        "mechanical_cost",
        "double_support",
    ):
        assert math.isnan(getattr(gait, name)), name
    assert all(math.isnan(duty) for duty in gait.duty_factor)
    assert gait.steps == (0, 0)
    assert gait.slip == 0.0
    assert any("fell" in reason for reason in walks(gait))
    assert any("phase lag" in reason for reason in walks(gait))


def test_one_foot_has_a_duty_factor_but_no_lag_and_is_not_asked_for_one() -> None:
    gait = analyse(walk(body(feet=("foot",)), stride=40, stance=20))
    assert gait.duty_factor == pytest.approx((0.5,))
    assert math.isnan(gait.phase_lag)
    assert math.isnan(gait.symmetry)
    assert math.isnan(gait.double_support)
    assert walks(gait) == []


def test_four_feet_have_the_lag_of_the_first_pair() -> None:
    feet = ("left_front", "left_hind", "right_front", "right_hind")
    trace = walk(body(feet=feet), stride=40, stance=20, lag=18)
    hind = trace.sensor("foot.right_hind.ground")
    hind[:] = np.roll(hind, 10, axis=0)
    gait = analyse(trace)
    assert gait.phase_lag == pytest.approx(18 / 40)
    assert gait.duty_factor == pytest.approx((0.5,) * 4)
    assert math.isnan(gait.double_support)
    assert walks(gait) == []


def test_a_walk_has_no_reason_against_it() -> None:
    assert walks(analyse(walk(BIPED))) == []


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({"outcome": Outcome.FELL}, ["fell after 10.00 s"]),
        ({"steps": 400}, ["lasts 8.00 s"]),
        ({"speed": 0.29}, ["speed 0.290 m/s"]),
        ({"lag": 14}, ["phase lag 0.35"]),
        ({"lag": 26}, ["phase lag 0.65"]),
        ({"stance": 14}, ["duty factor of left_foot 0.35", "duty factor of right_foot 0.35"]),
        ({"stance": 36}, ["duty factor of left_foot 0.90", "duty factor of right_foot 0.90"]),
        ({"changes": {"foot.left_foot.velocity": [0.12, 0, 0]}}, ["slip at 0.06"]),
        ({"changes": {"body_contact": np.arange(500)[:, None] == 7}}, ["something but the feet"]),
    ],
)
def test_each_fault_is_the_reason_why_it_is_no_walk(
    changed: dict[str, Any], reasons: list[str]
) -> None:
    found = walks(analyse(walk(BIPED, **changed)))
    assert len(found) == len(reasons)
    for reason, telling in zip(found, reasons, strict=True):
        assert telling in reason


def test_the_table_names_every_quantity_once_with_unit_and_meaning() -> None:
    gait = analyse(walk(BIPED))
    table = rows(gait)
    names = [name for name, *_ in table]
    assert len(set(names)) == len(names)
    values = {name: value for name, value, unit, meaning in table if unit and meaning}
    assert values["speed"] == gait.speed
    assert values["duty_factor right_foot"] == gait.duty_factor[1]
    assert {name.split()[0] for name in names} == {
        entry.name for entry in fields(Gait) if entry.metadata
    }
