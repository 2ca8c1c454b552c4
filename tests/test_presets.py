"""Presets stand beneath the run file; a width scales worlds about the middle one."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoloco.bundled import run_file
from evoloco.errors import EvolocoError, UnknownNameError
from evoloco.experiment import Experiment
from evoloco.presets.merging import beneath, expand, load
from evoloco.randomization.draw import Randomization
from evoloco.rating import aggregate
from evoloco.spec import WidthSpec, dumps, loads, read

BIPED = run_file("biped_fast")


def written(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text)
    return path


RUN = """
[morphology]
name = "biped"
[controller]
name = "sine"
[fitness.speed]
measure = "forward_speed"
weight = 1.0
"""


def test_a_key_of_the_run_file_stands_over_that_of_the_preset(tmp_path: Path) -> None:
    text = RUN + "[randomize]\npreset = 'full'\n[randomize.mass]\nfactor = [0.5, 0.6]\n"
    spec = read(written(tmp_path, text))
    assert spec.randomize["mass"].factor == (0.5, 0.6)
    assert spec.randomize["mass"].each
    assert spec.randomize["armature"].factor == (0.7, 1.4)
    assert spec.sensors["tilt"].source == "estimated_tilt"


def test_the_command_line_replaces_a_preset(tmp_path: Path) -> None:
    path = written(tmp_path, RUN + "[randomize]\npreset = 'full'\n")
    hard = read(path, ["randomize.preset=hard", "randomize.mass.each=false"])
    assert hard.scenario.push.impulse == 0.3
    assert not hard.randomize["mass"].each


def test_the_run_file_of_a_run_has_every_table_of_its_preset() -> None:
    spec = read(BIPED, ["randomize.preset=full"])
    assert loads(dumps(spec)) == spec


def test_another_member_takes_no_options_of_the_preset() -> None:
    preset = {"controller": {"name": "feet", "answers": True}, "fitness": {"a": {"measure": "x"}}}
    ours = {"controller": {"name": "sine"}, "fitness": {"a": {"measure": "y"}}}
    assert beneath(preset, ours) == ours


def test_a_recipe_on_the_command_line_leaves_what_the_body_needs(tmp_path: Path) -> None:
    """Starts of genes go with their controller; the control step and what ends an episode stay."""
    first_gait = """
    [start.genes]
    "knee.amplitude" = "0.1~0.06"
    [scenario]
    control_dt = 0.01
    joint_noise = 0.0
    friction = 0.9
    [scenario.termination]
    body_contact = false
    """
    path = written(tmp_path, RUN + first_gait)
    spec = read(path, ["preset=robust"])
    assert spec.controller.name == "feet"
    assert not spec.start.genes
    assert spec.scenario.control_dt == 0.01
    assert not spec.scenario.termination.body_contact
    plain = read(written(tmp_path, RUN), ["preset=robust"])
    assert spec.scenario.joint_noise == plain.scenario.joint_noise
    assert spec.scenario.friction == plain.scenario.friction
    assert spec.fitness == plain.fitness


def test_a_recipe_on_the_command_line_leaves_starts_of_its_own_controller() -> None:
    start = {"genes": {"period": 0.6}}
    content, _ = expand(
        {"controller": load("robust")["controller"], "start": start}, ["preset=robust"]
    )
    assert content["start"] == start


@pytest.mark.parametrize("key", ["preset", "randomize.preset"])
def test_an_unknown_preset_is_told_with_those_that_exist(key: str) -> None:
    with pytest.raises(UnknownNameError, match=f"{key}.*'fulll'"):
        read(BIPED, [f"{key}=fulll"])


def test_a_preset_that_is_no_name_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, RUN + "[randomize]\npreset = 3\n")
    with pytest.raises(EvolocoError, match=r"randomize.preset must be a name.*full, hard; not 3"):
        read(path)


def test_what_a_body_lacks_is_left_out_and_told(tmp_path: Path) -> None:
    muscles = RUN.replace("biped", "muscle_biped").replace("sine", "muscle_fsm")
    path = written(tmp_path, muscles + "[randomize]\npreset = 'full'\n")
    experiment = Experiment(read(path))
    names = [one.name for one in experiment.randomizations]
    assert "mass" in names
    assert "servo_gain" not in names
    assert any("servo_gain is left out" in told for told in experiment.left_out)


ENDS = st.tuples(st.floats(0.01, 5.0), st.floats(0.01, 5.0)).map(sorted)


@given(ENDS, st.floats(0.0, 2.0), st.sampled_from(["uniform", "log_uniform"]))
def test_a_width_scales_a_range_about_its_middle(
    ends: list[float], width: float, distribution: str
) -> None:
    one = Randomization.of("armature", factor=(ends[0], ends[1]), distribution=distribution)  # type: ignore[arg-type]
    wide = one.widened(width)
    assert one.widened(1.0) is one
    low, high = (np.log if distribution == "log_uniform" else np.asarray)([wide.low, wide.high])
    a, b = (np.log if distribution == "log_uniform" else np.asarray)(ends)
    assert high == pytest.approx((a + b) / 2 + width * (b - a) / 2, abs=1e-9)
    if wide.low > 0:
        assert low == pytest.approx((a + b) / 2 - width * (b - a) / 2, abs=1e-9)


@given(ENDS, st.floats(0.0, 10.0))
def test_an_end_that_is_not_negative_stays_so(ends: list[float], width: float) -> None:
    one = Randomization.of("command_delay", value=(ends[0], ends[1]))
    assert 0.0 <= one.widened(width).low <= one.widened(width).high


def test_the_width_grows_to_its_end_and_stays() -> None:
    width = WidthSpec(begin=0.2, end=1.2, generations=10)
    assert [width.of(k) for k in (0, 5, 10, 50)] == pytest.approx([0.2, 0.7, 1.2, 1.2])


def test_worlds_of_two_widths_at_one_address_lie_in_one_direction() -> None:
    """All that differs from the middle world differs by so many times as much."""
    narrow, wide = (
        Experiment(read(BIPED, ["randomize.preset=full", f"scenario.width.heldout={width}"]))
        for width in (0.5, 1.0)
    )
    one, other = narrow.held_out_scenario(3), wide.held_out_scenario(3)
    np.testing.assert_allclose(2 * one.joint_offset, other.joint_offset)
    np.testing.assert_allclose(2 * one.pushes[:, 2:], other.pushes[:, 2:])
    np.testing.assert_array_equal(one.pushes[:, :2], other.pushes[:, :2])

    names = {one.name: one for one in narrow.randomizations}
    for name in ("mass", "torso_centre", "imu_mounting"):
        low, high = (
            table.numbers(scenario.draws.address, 4)
            for scenario in (one, other)
            for table in scenario.draws.randomizations
            if table.name == name
        )
        middle = (names[name].low + names[name].high) / 2
        np.testing.assert_allclose(2 * (low - middle), high - middle, atol=1e-12)


@given(st.lists(st.floats(-10, 10), min_size=6, max_size=6))
def test_half_the_mean_and_half_the_tail(values: list[float]) -> None:
    fitness = np.array([values])
    found = aggregate(fitness, "mean_cvar", 1 / 3)
    assert found[0] == pytest.approx((np.mean(values) + np.mean(sorted(values)[:2])) / 2)
