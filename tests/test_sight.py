"""What a check makes worse for learned sensors, and how lights get brighter."""

import mujoco
import numpy as np
import pytest

from evoloco.bundled import run_file
from evoloco.check.bench import Bench
from evoloco.check.sight import DIM, LATE, LOST, SHUTTER, sights
from evoloco.check.subject import Subject
from evoloco.check.worlds import scenarios
from evoloco.experiment import Experiment
from evoloco.morphologies import hopper
from evoloco.perception.dressing import drawn_brightness, lit
from evoloco.spec import read

TO_BALL = run_file("biped_to_ball")


def changed(spec):
    """The run files of every sight, by name."""
    return {one.name: one.change(spec) for one in sights(Experiment(spec))}


def test_a_run_without_learned_sensors_sees_nothing_less_well():
    assert sights(Experiment(read(run_file("biped_fast")))) == []


def test_rays_are_lost_and_late_and_have_no_light():
    spec = read(TO_BALL)
    found = changed(spec)
    assert list(found) == ["plain", "dropped", "latency"]
    assert found["plain"] == spec
    assert found["dropped"].sensors["target"].noise.dropout == LOST
    later = Experiment(found["latency"]).morphology.sensors[-1].delay
    assert later == pytest.approx(Experiment(spec).morphology.sensors[-1].delay + LATE)


@pytest.mark.slow
def test_pictures_have_light_ground_and_blur_too(monkeypatch):
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    spec = read(TO_BALL, ['sensors.target.by="picture"'])
    found = changed(spec)
    assert list(found) == ["plain", "dim", "bright", "background", "blur", "dropped", "latency"]
    assert found["dim"].scenario.brightness == DIM
    assert found["background"].scenario.looks == "test"
    assert found["blur"].sensors["target"].shutter == SHUTTER
    for one in found.values():
        Experiment(one)


@pytest.mark.slow
def test_a_champion_is_judged_by_whether_it_reaches_its_target():
    spec = read(TO_BALL)
    with Bench(spec, Subject.of("biped_to_ball").genome, threads=1) as bench:
        seen = bench.seeing(sights(bench.experiment)[0])
        found = bench.arrivals(seen, scenarios(seen, [], 0.0, 2))
        assert found.reached == [True, True]
        assert found.lasted == [spec.scenario.duration] * 2


def test_a_factor_on_the_lights_scales_every_light_and_the_headlight():
    body = hopper.build()
    before = body.model.vis.headlight.diffuse.copy()
    brighter = lit(body, 1.5).model
    np.testing.assert_allclose(brighter.vis.headlight.diffuse, 1.5 * before)
    np.testing.assert_allclose(brighter.light_diffuse, 1.5 * body.model.light_diffuse)
    np.testing.assert_array_equal(body.model.vis.headlight.diffuse, before)
    assert isinstance(brighter, mujoco.MjModel)


def test_the_brightness_is_drawn_within_its_range_and_equal_addresses_draw_equally():
    drawn = [drawn_brightness((0.5, 2.0), (1, k)) for k in range(50)]
    assert min(drawn) >= 0.5
    assert max(drawn) <= 2.0
    assert drawn == [drawn_brightness((0.5, 2.0), (1, k)) for k in range(50)]
    assert drawn_brightness((1.0, 1.0), (1, 0)) == 1.0
