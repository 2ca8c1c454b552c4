"""The gait cycle: a written wave is given back, phase 0 is the touchdown."""

from typing import Any

import numpy as np
import pytest
from traces import body, completed, episode, walk

from evoloco.gait.analysis import analyse
from evoloco.gait.cycle import PHASES, Course, GaitCycle, course, gait_cycle
from evoloco.genome import Array
from evoloco.morphologies import muscle_biped

BIPED, HUMAN = body(), muscle_biped.build()


def of(trace: Any, **options: Any) -> GaitCycle:
    return gait_cycle(trace, analyse(trace), **options)


@pytest.mark.parametrize(("stride", "stance", "lag"), [(40, 24, 20), (50, 31, 11)])
def test_a_written_wave_is_given_back_on_either_side(stride: int, stance: int, lag: int) -> None:
    cycle = of(walk(BIPED, stride, stance, lag))
    wave = np.degrees(0.3 * np.cos(2 * np.pi * PHASES / 100))
    assert set(cycle.angles) == {"hip_foot"}
    for side in ("left", "right"):
        found = cycle.angles["hip_foot"][side]
        between_steps = np.degrees(0.3) * (2 * np.pi / stride) ** 2 / 8
        np.testing.assert_allclose(found.mean, wave, atol=between_steps)
        np.testing.assert_allclose(found.spread, 0.0, atol=1e-9)
        assert cycle.liftoff[side] == pytest.approx(100 * stance / stride)


def test_phase_0_is_the_touchdown_and_the_foot_is_unloaded_from_its_liftoff_on() -> None:
    cycle = of(walk(BIPED, stride=50, stance=20, lag=25))  # it runs: one foot carries all
    for side in ("left", "right"):
        load = cycle.ground["vertical"][side].mean
        np.testing.assert_allclose(load[:39], 1.0)  # its last row is at 38 %
        np.testing.assert_allclose(load[40:99], 0.0, atol=1e-9)
        assert load[0] == load[100] == 1.0


def test_strides_that_differ_have_their_mean_and_standard_deviation() -> None:
    trace = walk(BIPED)
    angle, stride = trace.sensor("joint.hip_left_foot.angle"), np.arange(500) // 40
    angle[:, 0] *= np.where(stride % 2 == 0, 1.5, 0.5)
    completed(trace)
    found = of(trace).angles["hip_foot"]["left"]
    even, odd = (sum(number % 2 == part for number in range(3, 12)) for part in (0, 1))
    assert found.strides == even + odd == 9
    size = np.abs(
        np.degrees(0.3 * np.cos(2 * np.pi * PHASES[:98] / 100))
    )  # after it the next stride shows through
    share = even / 9
    tolerance = np.degrees(0.45) * (2 * np.pi / 40) ** 2 / 8
    np.testing.assert_allclose(
        found.spread[:98], size * np.sqrt(share * (1 - share)), atol=tolerance
    )
    np.testing.assert_allclose(np.abs(found.mean[:98]), size * (0.5 + share), atol=tolerance)


def test_a_course_is_stretched_to_strides_of_any_length() -> None:
    touchdown = np.array([0.1, 0.9, 2.4, 3.0])
    time = np.linspace(0, 4, 40001)
    phase = np.interp(time, touchdown, np.arange(4.0))
    found = course(time, np.sin(2 * np.pi * phase), touchdown)
    np.testing.assert_allclose(found.mean, np.sin(2 * np.pi * PHASES / 100), atol=1e-3)
    np.testing.assert_allclose(found.spread, 0.0, atol=1e-3)
    assert found.strides == 3


def test_what_happens_before_the_warm_up_does_not_count() -> None:
    trace = walk(BIPED)
    for name in ("joint.hip_left_foot.angle", "joint.hip_right_foot.angle"):
        trace.sensor(name)[:100] = 1.0
    completed(trace)
    late, all_of_it = of(trace), of(trace, warm_up=0.0)
    assert late.angles["hip_foot"]["left"].spread.max() < 1e-9
    assert all_of_it.angles["hip_foot"]["left"].spread.max() > 10
    assert all_of_it.strides > late.strides


def test_a_body_that_does_not_step_has_no_cycle() -> None:
    for steps in (1, 2, 300):
        standing = {f"foot.{foot}.ground": [0, 0, BIPED.weight / 2, 0, 0, 0] for foot in BIPED.feet}
        cycle = of(episode(BIPED, steps, standing))
        assert cycle.strides == 0
        assert cycle.angles == {"hip_foot": {}}
        assert cycle.liftoff == {}


def test_fore_aft_is_along_the_bodys_heading() -> None:
    for angle, forward in ((0.0, 0.0), (np.pi / 2, 0.2), (-np.pi / 2, -0.2)):
        trace = walk(
            BIPED, changes={"torso.orientation": [np.cos(angle / 2), 0, 0, np.sin(angle / 2)]}
        )
        trace.sensor("foot.left_foot.ground")[:, 1] = 0.2 * BIPED.weight
        completed(trace)
        np.testing.assert_allclose(of(trace).ground["fore-aft"]["left"].mean, forward, atol=1e-12)


def test_activations_are_those_of_the_muscles_of_each_side() -> None:
    pattern = walk(BIPED)
    values: dict[str, Any] = {
        f"foot.foot_{side}.ground": pattern.sensor(f"foot.{side}_foot.ground")
        * HUMAN.weight
        / BIPED.weight
        for side in ("left", "right")
    }
    levels = np.linspace(0.1, 0.8, len(HUMAN.muscles))
    cycle = of(episode(HUMAN, 500, {**values, "act": levels}))
    assert len(cycle.activations) == 7
    for muscle, level in zip(HUMAN.muscles, levels, strict=True):
        np.testing.assert_allclose(cycle.activations[muscle.stem][muscle.side].mean, level)
    assert set(cycle.angles) == {"hip", "knee", "ankle"}
    assert of(pattern).activations == {}


def test_one_foot_has_a_cycle_and_of_four_the_first_pair_has() -> None:
    one: dict[str, Course] = of(walk(body(feet=("foot",)))).angles["hip_foot"]
    assert set(one) == {""}
    cycle = of(walk(body(feet=("left_front", "left_hind", "right_front", "right_hind"))))
    assert set(cycle.angles) == {"hip_front"}
    assert set(cycle.ground["vertical"]) == {"left", "right"}


def wave(cycle: GaitCycle) -> Array:
    return cycle.angles["hip_foot"]["left"].mean


def test_the_cycle_does_not_depend_on_the_control_step() -> None:
    fine = walk(BIPED, stride=80, stance=48, lag=40, steps=1000)
    fine["time"][:, 0] /= 2
    half = episode(BIPED, 1000, control_dt=0.01)
    half.trace[:] = fine.trace
    np.testing.assert_allclose(
        wave(of(half)), wave(of(walk(BIPED))), atol=0.06
    )  # [°], between the coarse steps


def test_a_foot_is_on_the_side_of_its_joints_whatever_the_order_of_the_feet() -> None:
    other_way = body(("right_foot", "left_foot"))
    gait = analyse(walk(other_way, lag=12))
    found = gait_cycle(walk(other_way, lag=12), gait)
    assert found.angles.keys() == {"hip_foot"}
    assert found.angles["hip_foot"].keys() == {"left", "right"}
    duty = dict(zip(gait.feet, gait.duty_factor, strict=True))
    assert found.liftoff == {side: 100 * duty[f"{side}_foot"] for side in ("left", "right")}
