import importlib
import math
import pkgutil
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np
import pytest
from traces import body, completed, episode, loads, mirrored, noise, walk

from evoloco.ending import Outcome
from evoloco.episode import Columns, Episode
from evoloco.errors import EvolocoError, ModelError, SpecError, UnknownNameError
from evoloco.gait.metabolism import (
    BASAL,
    EFFORT,
    effort,
    effort_of_muscles,
    umberger_power,
    wang_power,
)
from evoloco.morphologies import muscle_biped
from evoloco.morphology import Morphology
from evoloco.stance import LOADED
from evoloco.target import POSITION, Target, has_target
from evoloco.term import Term

BIPED, MOTOR_BIPED = body(), body(motors=True)
ROOM = importlib.import_module("evoloco.fitness").__path__
MEASURES: dict[str, Any] = {
    member.name: importlib.import_module(f"evoloco.fitness.{member.name}")
    for member in pkgutil.iter_modules(ROOM)
    if not member.name.startswith("_")
}
MUSCULAR: Morphology = muscle_biped.build()
BESIDE_TARGET: Morphology = Target().beside(BIPED)
BODIES = {
    **dict.fromkeys(("effort", "joint_limit_torque"), MUSCULAR),
    **dict.fromkeys(("approach", "reached"), BESIDE_TARGET),
}
"""Bodies of measures that need another one."""
DOWN_AT_HIP = [0, 0, 1, 0, 0, 0]


def measured(name: str, trace: Episode, **options: Any) -> Any:
    return MEASURES[name].measure(trace, **options)


def striding(name: str, steps: int) -> Episode:
    """An episode for a measure."""
    away = {POSITION: [2.0, 1.0, 0.05]} if has_target(BODIES.get(name, BIPED)) else {}
    return episode(BODIES[name], steps, away) if name in BODIES else walk(BIPED, steps=steps)


def turned(axis: tuple[float, float, float], angle: float) -> list[float]:
    return [math.cos(angle / 2), *(math.sin(angle / 2) * part for part in axis)]


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_is_one_finite_value_per_step_or_one_number_whatever_the_episode(
    name: str,
) -> None:
    module = MEASURES[name]
    long, short = (module.measure(striding(name, steps)) for steps in (500, 1))
    assert np.all(np.isfinite(long))
    assert np.all(np.isfinite(short))
    assert isinstance(long, float) == isinstance(short, float)
    if not isinstance(long, float):
        assert long.shape == (500,)
        assert short.shape == (1,)


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_states_its_quantity_and_unit(name: str) -> None:
    module = MEASURES[name]
    assert module.__doc__
    unit = "UNIT" if callable(module.UNIT) else module.UNIT
    assert f"[{unit}]" in module.measure.__doc__ or unit == "body weights"


@pytest.mark.parametrize("name", [name for name in MEASURES if name not in BODIES])
def test_a_mirrored_episode_measures_the_same(name: str) -> None:
    original, measure = noise(BIPED), MEASURES[name].measure
    np.testing.assert_allclose(
        measure(mirrored(original)), measure(original), rtol=1e-9, atol=1e-12
    )


def test_mean_forward_speed_is_distance_over_time() -> None:
    trace = walk(BIPED, speed=0.37)
    assert measured("forward_speed", trace).mean() * trace.duration == pytest.approx(
        measured("distance", trace)
    )
    assert measured("distance", trace) == pytest.approx(0.37 * 500 * 0.02)


def test_distance_does_not_depend_on_the_start() -> None:
    trace = walk(BIPED)
    moved = trace.sensor("torso.position") + np.array([7.0, -3.0, 0.0])
    assert measured("distance", walk(BIPED, changes={"torso.position": moved})) == pytest.approx(
        measured("distance", trace)
    )


def test_speed_tracking_is_one_at_the_target_and_falls_to_one_over_e_at_the_width() -> None:
    at, beside = walk(BIPED, speed=0.4), walk(BIPED, speed=0.5)
    np.testing.assert_allclose(measured("speed_tracking", at, target=0.4, width=0.1), 1.0)
    np.testing.assert_allclose(
        measured("speed_tracking", beside, target=0.4, width=0.1), math.exp(-1)
    )


@pytest.mark.parametrize("angle", [0.0, 0.4, 1.2, 2.5])
def test_upright_is_the_cosine_of_a_lean_to_any_side_and_blind_to_yaw(angle: float) -> None:
    for axis in [(1, 0, 0), (0, 1, 0), (0.6, 0.8, 0)]:
        leaning = episode(BIPED, 3, {"torso.orientation": turned(axis, angle)})
        np.testing.assert_allclose(measured("upright", leaning), math.cos(angle), atol=1e-12)
    np.testing.assert_allclose(
        measured("upright", episode(BIPED, 3, {"torso.orientation": turned((0, 0, 1), angle)})), 1
    )


@pytest.mark.parametrize("angle", [-2.0, -0.3, 0.0, 1.0])
def test_heading_is_the_size_of_the_yaw(angle: float) -> None:
    turning = episode(BIPED, 3, {"torso.orientation": turned((0, 0, 1), angle)})
    np.testing.assert_allclose(measured("heading", turning), abs(angle), atol=1e-12)


def test_lateral_drift_counts_from_the_start_to_either_side() -> None:
    path = np.array([[0, 5.0, 0], [1, 5.2, 0], [2, 4.7, 0]])
    np.testing.assert_allclose(
        measured("lateral_drift", episode(BIPED, 3, {"torso.position": path})), [0, 0.2, 0.3]
    )


def worked(*joules: float) -> dict[str, Any]:
    """Work that the actuators do in each control step [J]."""
    return {"positive_work": np.array(joules)}


def test_cost_of_transport_of_a_constant_power_is_power_over_weight_and_speed() -> None:
    trace = walk(BIPED, speed=0.4, changes=worked(0.06, 0.0))
    spanned = 0.4 * (499 * 0.02 + 0.02)  # the last readings' velocity leads to the end
    expected = 0.06 * 500 / (BIPED.weight * spanned)
    assert measured("cost_of_transport", trace) == pytest.approx(expected)


def test_cost_of_transport_does_not_depend_on_the_unit_of_mass() -> None:
    heavy = replace(BIPED, mass=1000 * BIPED.mass)
    assert measured("cost_of_transport", walk(heavy, changes=worked(60.0, 20.0))) == pytest.approx(
        measured("cost_of_transport", walk(BIPED, changes=worked(0.06, 0.02)))
    )


def test_what_one_joint_absorbs_does_not_pay_for_another() -> None:
    drive = worked(0.06, 0.0)
    brake = {**drive, "negative_work": [0.0, 0.06]}
    assert measured("cost_of_transport", walk(BIPED, changes=brake)) == measured(
        "cost_of_transport", walk(BIPED, changes=drive)
    )


@pytest.mark.parametrize("speed", [0.0, -0.4, 1e-9])
def test_cost_of_transport_is_the_cap_for_a_body_that_gets_nowhere(speed: float) -> None:
    trace = walk(BIPED, speed=speed, changes=worked(0.06, 0.06))
    assert measured("cost_of_transport", trace, cap=7.0) == 7.0


def test_smoothness_of_a_ramp_is_its_rate_squared_at_any_control_rate() -> None:
    for control_dt in (0.01, 0.02):
        ramp = np.arange(50)[:, None] * control_dt * (3.0, -1.0)
        values = measured("smoothness", episode(BIPED, 50, {"ctrl": ramp}, control_dt=control_dt))
        assert values[0] == 0
        np.testing.assert_allclose(values[1:], (9 + 1) / 2)


def test_a_rolling_foot_does_not_slip_and_a_sliding_one_does() -> None:
    load, radius, spin = BIPED.weight, 0.1, 4.0
    state = {
        "foot.left_foot.position": [0.3, 0.1, radius],
        "foot.left_foot.ground": [0, 0, load, 0.3, 0.1, 0],
        "foot.left_foot.velocity": [spin * radius, 0, 0],
        "foot.left_foot.spin": [0, spin, 0],
    }
    np.testing.assert_allclose(measured("foot_slip", episode(BIPED, 2, state)), 0.0, atol=1e-12)
    np.testing.assert_allclose(
        measured("foot_slip", episode(BIPED, 2, {**state, "foot.left_foot.spin": 0})), spin * radius
    )


def test_a_foot_that_turns_on_the_spot_slips_by_spin_times_lever() -> None:
    state = {
        "foot.left_foot.ground": [0, 0, BIPED.weight, 0.05, 0, 0],
        "foot.left_foot.spin": [0, 0, 2.0],
    }
    np.testing.assert_allclose(measured("foot_slip", episode(BIPED, 2, state)), 0.1)


@pytest.mark.parametrize("seed", range(3))
def test_a_foot_that_turns_about_its_centre_of_pressure_does_not_slip(seed: int) -> None:
    spin, lever = np.random.default_rng(seed).normal(size=(2, 3))
    state = {
        "foot.left_foot.ground": [0, 0, BIPED.weight, *lever],
        "foot.left_foot.spin": spin,
        "foot.left_foot.velocity": -np.cross(spin, lever),
    }
    np.testing.assert_allclose(measured("foot_slip", episode(BIPED, 2, state)), 0.0, atol=1e-12)


def test_a_foot_that_only_grazes_the_ground_is_not_loaded() -> None:
    graze = {
        "foot.left_foot.ground": [0, 0, 0.5 * LOADED * BIPED.weight, 0, 0, 0],
        "foot.left_foot.velocity": [0.2, 0, 0],
    }
    np.testing.assert_array_equal(measured("foot_slip", episode(BIPED, 2, graze)), 0.0)


def test_foot_slip_is_the_mean_over_loaded_feet_only() -> None:
    state = {
        "foot.left_foot.ground": [0, 0, BIPED.weight, 0, 0, 0],
        "foot.left_foot.velocity": [0.2, 0, 0],
    }
    swinging = {**state, "foot.right_foot.velocity": [5, 0, 0]}
    np.testing.assert_allclose(measured("foot_slip", episode(BIPED, 2, swinging)), 0.2)
    both = {**state, "foot.right_foot.ground": [0, 0, BIPED.weight, 0, 0, 0]}
    np.testing.assert_allclose(measured("foot_slip", episode(BIPED, 2, both)), 0.1)


def test_a_standing_body_loads_its_feet_with_its_weight() -> None:
    model = BIPED.model
    data = mujoco.MjData(model)
    data.qpos[:] = BIPED.home
    for _ in range(500):
        mujoco.mj_step(model, data)
    standing = episode(BIPED, 1, {"sensordata": data.sensordata})
    assert standing.foot_load.sum() == pytest.approx(BIPED.weight, rel=1e-2)  # still settling
    assert standing.foot_loaded.all()
    np.testing.assert_allclose(measured("foot_slip", standing), 0.0, atol=1e-3)


def test_foot_clearance_is_the_height_of_swinging_feet_over_their_standing_height() -> None:
    trace = walk(BIPED)
    values = measured("foot_clearance", trace)
    swinging = ~trace.foot_loaded.all(axis=1)
    assert values.max() == pytest.approx(0.03)
    np.testing.assert_array_equal(values[~swinging], 0.0)
    np.testing.assert_allclose(
        measured("foot_clearance", trace, ceiling=0.01), np.minimum(values, 0.01)
    )


def test_duty_factor_is_the_share_of_time_that_feet_are_loaded() -> None:
    trace = walk(BIPED)
    assert measured("duty_factor", trace).mean() == pytest.approx(trace.foot_loaded.mean())
    on_one = {"foot.left_foot.ground": [0, 0, BIPED.weight, 0, 0, 0]}
    np.testing.assert_array_equal(measured("duty_factor", episode(BIPED, 3, on_one)), 0.5)


def test_stride_frequency_counts_touchdowns_per_second_and_foot() -> None:
    steps = 200
    stands = np.arange(steps) % 50 < 30  # a stride of 50 control steps, standing first
    ground = np.zeros((steps, 6))
    ground[:, 2] = BIPED.weight * stands
    trace = episode(BIPED, steps, {"foot.left_foot.ground": ground})
    values = measured("stride_frequency", trace)
    assert np.flatnonzero(values).tolist() == [50, 100, 150]
    assert values.mean() == pytest.approx(
        3 / 2 / (steps * trace.control_dt)
    )  # one foot of two, three touchdowns
    still = episode(BIPED, 9, {"foot.left_foot.ground": ground[:9]})
    np.testing.assert_array_equal(measured("stride_frequency", still), 0.0)


def test_joint_limit_use_counts_the_joints_within_the_margin() -> None:
    for left, right, expected in [
        (0.0, 0.0, 0.0),
        (0.95, 0.0, 0.5),
        (0.95, -0.95, 1.0),
        (0.85, 0.0, 0.0),
    ]:
        state = {"joint.hip_left_foot.angle": left, "joint.hip_right_foot.angle": right}
        np.testing.assert_array_equal(
            measured("joint_limit_use", episode(BIPED, 2, state), margin=0.05), expected
        )


def test_impact_load_is_the_hardest_foot_in_body_weights() -> None:
    trace = episode(BIPED, 2, loads(BIPED, np.array([[0.5, 1.0], [3.0, 0.2]])))
    np.testing.assert_allclose(measured("impact_load", trace), [1.0, 3.0])


@pytest.mark.parametrize("stride", [10.6, 23, 40, 61])
def test_legs_half_a_stride_apart_are_symmetric_and_legs_in_step_are_not(stride: float) -> None:
    phase = 2 * np.pi * np.arange(500)[:, None] / stride
    left = 0.2 + 0.3 * np.cos(phase) + 0.1 * np.cos(2 * phase)
    later = 0.2 + 0.3 * np.cos(phase - np.pi) + 0.1 * np.cos(2 * phase - 2 * np.pi)
    apart = episode(
        BIPED, 500, {"joint.hip_left_foot.angle": left, "joint.hip_right_foot.angle": later}
    )
    tolerance = 2e-3  # the angles half a stride earlier are interpolated between steps
    assert measured("gait_symmetry", apart) == pytest.approx(1.0, abs=tolerance)
    wave = 0.3 * np.cos(phase)
    together = episode(
        BIPED, 500, {"joint.hip_left_foot.angle": wave, "joint.hip_right_foot.angle": wave}
    )
    assert measured("gait_symmetry", together) == pytest.approx(-1.0, abs=tolerance)


def test_legs_a_quarter_of_a_stride_apart_are_uncorrelated() -> None:
    phase = 2 * np.pi * np.arange(500)[:, None] / 40
    late = episode(
        BIPED,
        500,
        {
            "joint.hip_left_foot.angle": np.cos(phase),
            "joint.hip_right_foot.angle": np.cos(phase - 2 * np.pi / 4),
        },
    )
    assert measured("gait_symmetry", late) == pytest.approx(0.0, abs=0.02)


def test_hips_that_do_not_move_have_no_symmetry() -> None:
    assert measured("gait_symmetry", episode(BIPED, 100, {"joint.hip_left_foot.angle": 0.3})) == 0.0


def test_alternation_tells_taking_turns_from_hopping() -> None:
    stride, whole = 20, BIPED.weight
    turns = np.where(np.arange(200) % stride < stride // 2, whole, 0.0)

    def loaded(left: Any, right: Any) -> Episode:
        return episode(
            BIPED,
            200,
            {
                "foot.left_foot.ground": np.outer(left, DOWN_AT_HIP),
                "foot.right_foot.ground": np.outer(right, DOWN_AT_HIP),
            },
        )

    np.testing.assert_allclose(measured("alternation", loaded(turns, whole - turns)), 1.0)
    np.testing.assert_allclose(
        measured("alternation", loaded(np.full(200, whole), np.zeros(200))), 0.0
    )
    np.testing.assert_allclose(measured("alternation", loaded(turns, turns)), 0.0)


def test_falling_early_forfeits_the_rest() -> None:
    for lived in (500, 125):
        trace = replace(walk(BIPED, steps=lived, outcome=Outcome.FELL), planned=500)
        assert measured("survival", trace).mean() * trace.survival == lived / 500


def test_body_contact_is_what_the_trace_recorded() -> None:
    touched = np.array([[0.0], [1.0], [0.0]])
    np.testing.assert_array_equal(
        measured("body_contact", episode(BIPED, 3, {"body_contact": touched})), [0, 1, 0]
    )


def test_electrical_cost_of_ideal_servos_is_refused_by_the_joints_names() -> None:
    with pytest.raises(ModelError, match=r"hip_left_foot, hip_right_foot.*mechanical"):
        measured("cost_of_transport", walk(BIPED), power="electrical")
    assert measured("cost_of_transport", walk(MOTOR_BIPED), power="electrical") == 0.0


def test_an_unknown_power_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"'electric'.*mechanical.*'electrical'"):
        measured("cost_of_transport", walk(BIPED), power="electric")


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(EvolocoError, match="width must be above 0"):
        measured("speed_tracking", walk(BIPED), width=0.0)
    with pytest.raises(EvolocoError, match="margin must be in"):
        measured("joint_limit_use", walk(BIPED), margin=0.5)


def test_measures_of_both_sides_are_refused_on_one_leg() -> None:
    hopper = body(feet=("foot",))
    with pytest.raises(ModelError, match="this body has 1"):
        measured("alternation", walk(hopper))
    with pytest.raises(ModelError, match="this body has hip_foot"):
        measured("gait_symmetry", walk(hopper))


def test_a_trace_holds_every_recorded_array_once() -> None:
    columns = Columns(BIPED, 4)
    assert sum(columns.widths.values()) == columns.size


def test_a_measure_that_fails_is_told_with_its_name_and_line() -> None:
    def measure(episode: Episode) -> float:
        return 1 / (len(episode) - len(episode))

    term = Term("mine", 1.0, "own.py", measure, {}, "1")
    with pytest.raises(
        SpecError, match=r"'own\.py' \(fitness term 'mine'\) failed with ZeroDivisionError.*line"
    ):
        term.value(walk(BIPED))


def test_the_limits_torque_is_the_constraint_that_holds_the_joint() -> None:
    model, data = MUSCULAR.model, mujoco.MjData(MUSCULAR.model)
    data.qpos[1] = 3.0  # touches nothing
    for joint in MUSCULAR.joints:
        data.joint(joint.name).qpos[0] = 0.3
    data.joint("knee_left").qpos[0], data.joint("knee_right").qpos[0] = (
        0.05,
        0.08,
    )  # their limits are at 5°
    mujoco.mj_forward(model, data)
    limits = [data.sensor(f"joint.{joint.name}.limit").data[0] for joint in MUSCULAR.joints]
    trace = episode(MUSCULAR, 1, {"limit_torque": limits})
    held = {name: abs(data.joint(name).qfrc_constraint[0]) for name in ("knee_left", "knee_right")}
    assert min(held.values()) > 10
    assert measured("joint_limit_torque", trace)[0] == pytest.approx(sum(held.values()))
    assert measured("joint_limit_torque", trace, joint="knee_right")[0] == pytest.approx(
        held["knee_right"]
    )
    assert measured("joint_limit_torque", trace, joint="hip")[0] == 0.0


def test_each_limit_has_its_free_torque() -> None:
    limits = {"knee_left": 7.0, "knee_right": 4.0, "hip_left": 100.0}
    torque = [limits.get(joint.name, 0.0) for joint in MUSCULAR.joints]
    trace = episode(MUSCULAR, 2, {"limit_torque": torque})
    np.testing.assert_allclose(measured("joint_limit_torque", trace, joint="knee"), 11.0)
    np.testing.assert_allclose(measured("joint_limit_torque", trace, joint="knee", free=5.0), 2.0)
    np.testing.assert_allclose(measured("joint_limit_torque", trace), 111.0)


def test_joint_limit_torque_refuses_servos_unknown_joints_and_negative_torque() -> None:
    trace = episode(MUSCULAR, 1)
    with pytest.raises(ModelError, match="needs joints that muscles drive"):
        measured("joint_limit_torque", walk(BIPED))
    with pytest.raises(
        UnknownNameError, match=r"Unknown joint 'kne'. Known: ankle, .*Did you mean 'knee'"
    ):
        measured("joint_limit_torque", trace, joint="kne")
    with pytest.raises(EvolocoError, match="free must not be below 0 N m, but is -1"):
        measured("joint_limit_torque", trace, free=-1.0)


def test_ground_reaction_is_what_all_feet_press_beyond_the_limit_from_the_start_on() -> None:
    peaks = np.full((100, 2), 0.5)
    peaks[20], peaks[60], peaks[70] = (3.0, 0.0), (0.9, 0.8), (1.4, 0.0)
    trace = episode(BIPED, 100, loads(BIPED, peaks))
    values = measured("ground_reaction", trace)
    assert values[60] == pytest.approx(0.3)
    np.testing.assert_allclose(np.delete(values, 60), 0.0, atol=1e-12)
    early = measured("ground_reaction", trace, limit=1.0, start=0.4)  # row 20 is at 0.4 s
    np.testing.assert_allclose(early[[20, 60, 70]], [2.0, 0.7, 0.4])
    with pytest.raises(EvolocoError, match=r"must not be below 0, but are 1\.4 and -1"):
        measured("ground_reaction", trace, start=-1.0)


def test_a_head_that_leans_alike_is_steady_and_one_that_nods_has_the_nods_effective_angle() -> None:
    nod = 0.2 * np.sin(np.linspace(0, 8 * np.pi, 400, endpoint=False))
    for lean in (0.0, 0.4):
        leaning = episode(BIPED, 400, {"torso.orientation": turned((0, 1, 0), lean)})
        assert measured("head_tilt", leaning) == pytest.approx(0.0, abs=1e-9)
        for axis in [(0, 1, 0), (1, 0, 0)]:
            orientation = [turned(axis, lean + angle) for angle in nod]
            nodding = episode(BIPED, 400, {"torso.orientation": orientation})
            assert measured("head_tilt", nodding) == pytest.approx(0.2 / math.sqrt(2))
    yaw = episode(BIPED, 400, {"torso.orientation": [turned((0, 0, 1), angle) for angle in nod]})
    assert measured("head_tilt", yaw) == pytest.approx(0.0, abs=1e-9)


def stepping(
    speed: float, dt: float = 0.02, steps: int = 500, outcome: Outcome = Outcome.COMPLETED
) -> Episode:
    """A walk whose feet stand still on the ground and move ahead while they swing."""
    trace = walk(BIPED, speed=speed, steps=steps, outcome=outcome)
    stride = 40
    for foot, lag in zip(BIPED.feet, (0, 20), strict=True):
        phase = np.arange(steps) - lag
        ahead = np.floor(phase / stride) + np.clip((phase % stride - 24) / 16, 0, 1)
        trace.sensor(f"foot.{foot}.position")[:, 0] = speed * stride * dt * (ahead + lag / stride)
    completed(trace)
    return trace


@pytest.mark.parametrize("speed", [0.3, 0.4, 1.0])
def test_steps_of_the_wanted_speed_count_wholly_and_others_by_what_is_outside_the_range(
    speed: float,
) -> None:
    assert measured("step_speed", stepping(speed), low=0.95 * speed, high=1.05 * speed) == 1.0
    assert measured("step_speed", stepping(speed), low=2 * speed, high=3 * speed) == pytest.approx(
        0.5
    )
    assert measured(
        "step_speed", stepping(speed), low=0.4 * speed, high=0.5 * speed
    ) == pytest.approx(1 - 0.5 / 0.4)
    assert measured("step_speed", stepping(speed), low=0.01 * speed, high=0.02 * speed) == -1.0


def test_a_fall_and_standing_still_are_missing_steps() -> None:
    fell = replace(stepping(0.4, steps=250, outcome=Outcome.FELL), planned=500)
    # Touchdowns at every 20th step from 40 to 240 are 4 s of walking; 5.2 s of 10 s are missing.
    assert measured("step_speed", fell, low=0.38, high=0.42) == pytest.approx(4 / 9.2)
    stopped = stepping(0.4)
    for foot in BIPED.feet:
        stopped.sensor(f"foot.{foot}.ground")[250:, 2] = BIPED.weight / 2
    completed(stopped)
    assert measured("step_speed", stopped, low=0.38, high=0.42) == pytest.approx(4 / 9.2, abs=0.03)
    assert measured("step_speed", episode(BIPED, 500)) == 0.0


def test_a_dive_of_the_torso_is_no_way() -> None:
    dive = stepping(0.4)
    dive.sensor("torso.position")[:, 0] *= 3
    completed(dive)
    assert measured("step_speed", dive, low=0.38, high=0.42) == 1.0
    with pytest.raises(EvolocoError, match="needs 0 < low <= high, not 2 and 1"):
        measured("step_speed", dive, low=2, high=1)


def at_work(activation: float, force: float, velocity: float, length: float = 1.0) -> Episode:
    """Muscles with an activation, relative force and fibre velocity [m/s]; 1 m in 2 s."""
    steps = 100
    values: dict[str, Any] = {
        "ctrl": activation,
        "act": activation,
        "torso.position": np.linspace([0, 0, 0.9], [1, 0, 0.9], steps),
    }
    for muscle in MUSCULAR.muscles:
        values[f"muscle.{muscle.name}.length"] = (
            muscle.slack_length + length * muscle.optimal_length
        )
        values[f"muscle.{muscle.name}.velocity"] = velocity
        values[f"muscle.{muscle.name}.force"] = -force * muscle.max_force
    values["actuator_force"] = [-force * muscle.max_force for muscle in MUSCULAR.muscles]
    return episode(MUSCULAR, steps, values)


def test_resting_muscles_cost_what_the_resting_body_does() -> None:
    assert effort(at_work(0.0, 0.0, 0.0)) == pytest.approx(1.51 * 2.0 / 1.0)  # W/kg, s, m
    assert effort(at_work(0.0, 0.0, 0.0), "work") == 0.0
    assert effort(at_work(0.0, 0.5, 0.3), "work") == 0.0  # lengthening


def test_shortening_costs_its_work_and_a_quarter_of_it_as_heat() -> None:
    slow, fast = wang_power(at_work(0.5, 0.5, -0.1)), wang_power(at_work(0.5, 0.5, 0.0))
    work = 0.5 * 0.1 * np.array([muscle.max_force for muscle in MUSCULAR.muscles])
    np.testing.assert_allclose(slow - fast, np.tile(1.25 * work, (100, 1)))
    np.testing.assert_allclose(wang_power(at_work(0.5, 0.5, 0.1)), fast)


def test_what_passive_fibres_give_back_is_heat_but_no_work() -> None:
    passive = 0.8 * 0.5  # fpmax, at half of the way from 1 to lmax
    back, still = (wang_power(at_work(0.0, passive, speed, length=1.35)) for speed in (-0.1, 0.0))
    np.testing.assert_allclose(back - still, np.tile(0.25 * passive * 0.1 * STRENGTHS, (100, 1)))


def test_a_fully_active_muscle_at_its_optimal_length_costs_what_its_fibres_do() -> None:
    mass = np.array([muscle.mass for muscle in MUSCULAR.muscles])
    full = (
        40 * 0.5 + 133 * 0.5 + 74 * 0.5 + 111 * 0.5
    )  # W/kg: both kinds of fibre, activation and maintenance
    np.testing.assert_allclose(wang_power(at_work(1.0, 0.0, 0.0))[0], full * mass)
    np.testing.assert_allclose(
        wang_power(at_work(1.0, 0.0, 0.0, length=1.6))[0], (20 + 66.5) * mass
    )


@pytest.mark.parametrize(("model", "power"), [("squared_activation", 2), ("cubed_activation", 3)])
def test_powers_of_activation_are_summed_over_muscles_and_time(model: str, power: int) -> None:
    assert effort(at_work(0.5, 0.0, 0.0), model) == pytest.approx(
        14 * 0.5**power * 2.0 / MUSCULAR.mass
    )
    assert set(EFFORT) == {"wang", "umberger", "work", "squared_activation", "cubed_activation"}


MASSES, STRENGTHS, OPTIMAL = (
    np.array([getattr(muscle, name) for muscle in MUSCULAR.muscles])
    for name in ("mass", "max_force", "optimal_length")
)


@pytest.mark.parametrize(
    ("activation", "speed", "length", "heat"),
    [
        (0.0, 0.0, 1.0, 1.0),  # the least
        (1.0, 0.0, 1.0, 133.5),  # 1.5 (25 + 128 / 2): half of the fibres are slow
        (1.0, 0.0, 0.7, 133.5),
        (1.0, 0.0, 1.35, 133.5 * 0.7),  # halfway to lmax half of the force is left: 0.4 + 0.6 / 2
        (1.0, -2.0, 1.0, 133.5 + 60.45),  # 1.5 (50 / 2 + 30.6 / 2)
        (1.0, -2.0, 1.35, 133.5 * 0.7 + 60.45 / 2),
        (
            1.0,
            -6.0,
            1.0,
            133.5 + 143.85,
        ),  # slow fibres give 100 W/kg at most: 1.5 (100 / 2 + 91.8 / 2)
        (1.0, 1.0, 1.0, 133.5 + 150.0),  # 1.5 times 4 times the slow fibres' 25 W/kg
        (0.5, 0.0, 1.0, 1.5 * 0.5**0.6 * 62.49033),  # sin 45° : 1 - cos 45° is 0.70711 : 0.29289
        (0.5, -2.0, 1.0, 1.5 * 0.5**0.6 * 62.49033 + 1.5 * 0.25 * (50 * 0.70711 + 30.6 * 0.29289)),
        (0.5, 1.0, 1.0, 1.5 * 0.5**0.6 * 62.49033 + 1.5 * 0.5 * 100),
    ],
)
def test_umbergers_heat_is_what_the_published_constants_give_by_hand(
    activation: float, speed: float, length: float, heat: float
) -> None:
    trace = at_work(activation, 0.0, 0.0, length=length)
    for muscle in MUSCULAR.muscles:
        trace.sensor(f"muscle.{muscle.name}.velocity")[:] = speed * muscle.optimal_length
    np.testing.assert_allclose(umberger_power(trace)[0], heat * MASSES, rtol=1e-5)


def test_umbergers_work_is_that_of_active_force_and_braking_gives_back_no_more_than_it_costs() -> (
    None
):
    still, pull = umberger_power(at_work(1.0, 0.5, 0.0)), umberger_power(at_work(1.0, 0.5, -0.1))
    free, brake = umberger_power(at_work(1.0, 0.0, -0.1)), umberger_power(at_work(1.0, 0.5, 0.02))
    np.testing.assert_allclose(still[0], 133.5 * MASSES)
    np.testing.assert_allclose((pull - free)[0], 0.05 * STRENGTHS)
    heat = (133.5 + 150.0 * 0.02 / OPTIMAL) * MASSES
    np.testing.assert_allclose(brake[0], heat - 0.01 * STRENGTHS)
    np.testing.assert_allclose(umberger_power(at_work(0.01, 1.0, 0.1)), 0.0, atol=1e-9)


def test_umbergers_passive_force_does_no_work() -> None:
    passive = 0.8 * 0.5  # fpmax, at half of the way from 1 to lmax
    carried, resting = (
        umberger_power(at_work(1.0, force, -0.1, length=1.35)) for force in (passive, 0.0)
    )
    np.testing.assert_allclose(carried, resting)


@pytest.mark.parametrize(
    ("excitation", "activation", "scale"), [(0.0, 0.5, 0.25), (0.5, 0.1, 0.5), (0.2, 0.6, 0.4)]
)
def test_umbergers_scale_is_the_excitation_while_it_rises_and_the_mean_while_it_falls(
    excitation: float, activation: float, scale: float
) -> None:
    trace = at_work(activation, 0.0, 0.0)
    trace["ctrl"][:] = excitation
    slow, fast = math.sin(math.pi / 2 * excitation), 1 - math.cos(math.pi / 2 * excitation)
    share = slow / (slow + fast) if excitation else 1.0
    np.testing.assert_allclose(
        umberger_power(trace)[0], 1.5 * scale**0.6 * (25 + 128 * (1 - share)) * MASSES
    )


def test_effort_after_umberger_counts_a_standing_body() -> None:
    rest = MASSES.sum() / MUSCULAR.mass  # 1 W/kg of heat
    assert effort(at_work(0.0, 0.0, 0.0), "umberger") == pytest.approx((1.2 + rest) * 2.0 / 1.0)


def test_efforts_of_the_muscles_and_of_the_resting_body_are_the_effort() -> None:
    trace = at_work(0.3, 0.4, -0.1)
    trace["act"][:, 3] = 0.9
    parts = effort_of_muscles(trace)
    assert parts.shape == (14,)
    assert parts[3] > parts[10]  # the same muscle on the other side
    assert parts.sum() + BASAL * 2.0 / 1.0 == pytest.approx(effort(trace))
    with pytest.raises(ModelError, match="Effort is that of muscles"):
        effort_of_muscles(walk(BIPED))


def test_effort_is_that_of_muscles_and_of_a_known_model() -> None:
    with pytest.raises(ModelError, match="Effort is that of muscles"):
        measured("effort", walk(BIPED))
    with pytest.raises(UnknownNameError, match="Unknown model of effort 'wong'"):
        measured("effort", episode(MUSCULAR, 3), model="wong")
