"""Excitations, and fits of servos to logs."""

import json
import math
from pathlib import Path

import mujoco
import numpy as np
import pytest

from evoloco import robot_log
from evoloco.errors import ModelError, SpecError, UnknownNameError
from evoloco.identify import body_file, excitation, ladder, numbers, recording
from evoloco.identify.body_file import FittedBody
from evoloco.identify.fit import _Task, fit
from evoloco.identify.gap import Gap
from evoloco.identify.hanging import hang
from evoloco.identify.playback import Playback
from evoloco.identify.rehearsal import rehearse
from evoloco.morphologies import biped, fitted, hopper, muscle_biped
from evoloco.robot_log import RobotLog

PERIOD = 0.01
"""Time between commands, two physics steps of the biped [s]."""


def commands(body, duration=12.0, kind="mixed", swing=0.5, seed=3):
    return excitation.excite(body, kind, duration, PERIOD, swing, 5.0, seed)


def other_numbers(body, seed=0):
    """Numbers of another robot of the same kind, by name."""
    rng = np.random.default_rng(seed)
    found = {one.name: one.nominal * rng.uniform(0.8, 1.25) for one in numbers.numbers(body)}
    found |= {name: rng.uniform(0.05, 0.12) for name in found if name.endswith("friction")}
    found |= {name: rng.uniform(0.05, 0.2) for name in found if name.endswith("damping")}
    return {**found, "latency": 0.013}


def robot(name, body):
    told = FittedBody({"name": name}, "m1", other_numbers(body), {}, {})
    return ladder.body(body, told)


@pytest.fixture(scope="module")
def hopping():
    body = hopper.build()
    log = rehearse(robot("hopper", body), commands(body), PERIOD).log
    return hang(body), log


# Excitations


@pytest.mark.parametrize("kind", ["multisine", "chirp", "prbs", "mixed"])
def test_excitations_stay_within_limits_and_begin_and_end_at_home(kind):
    body = biped.build()
    found = commands(body, kind=kind, swing=1.0)
    home = [joint.home for joint in body.joints]
    assert np.allclose(found[[0, -1]], home)
    for joint, column in zip(body.joints, found.T, strict=True):
        assert joint.low - 1e-9 <= column.min() < column.max() <= joint.high + 1e-9


def test_feet_do_not_hit_each_other_and_a_standing_robot_falls():
    body = biped.build()
    assert rehearse(body, commands(body), PERIOD).touched == ""
    assert rehearse(body, commands(body), PERIOD, standing=True).fell > 0


def test_a_binary_sequence_has_two_levels_and_repeats_after_its_period():
    time = np.arange(2 * (2**15 - 1)) * excitation.FLIP * (1 + 1e-9)
    found = excitation.prbs(time, 5.0, np.random.default_rng(0))
    half = len(found) // 2
    assert set(found.tolist()) == {-0.5, 0.5}
    assert np.array_equal(found[:half], found[half:])
    assert np.sum(found[:half] > 0) == 2**14  # ones of a sequence of maximum length


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "noise"}, "Known: multisine"),
        ({"swing": 1.5}, "at most 1"),
        ({"fastest": 80.0}, "half the rate"),
        ({"duration": 0.05}, "ten times"),
    ],
)
def test_an_excitation_that_cannot_be_is_refused(change, words):
    given = {"kind": "mixed", "duration": 9.0, "period": PERIOD, "swing": 0.5, "fastest": 5.0}
    with pytest.raises(SpecError, match=words):
        excitation.excite(hopper.build(), **{**given, **change}, seed=0)


# Hanging


def test_a_hanging_body_has_the_joints_inertia_of_the_floating_one():
    body = biped.build()
    model, hung = body.model, hang(body).model
    matrices = []
    for one in (model, hung):
        data = mujoco.MjData(one)
        mujoco.mj_resetDataKeyframe(one, data, one.key("home").id)
        mujoco.mj_forward(one, data)
        full = np.zeros((one.nv, one.nv))
        mujoco.mj_fullM(one, full, data.qM) if hasattr(data, "qM") else mujoco.mj_fullM(
            one, data, full
        )
        matrices.append(full)
    assert hung.nv == 10
    assert np.allclose(matrices[0][6:, 6:], matrices[1])


def test_only_bodies_with_servos_and_a_free_torso_hang():
    with pytest.raises(ModelError, match="servos"):
        hang(muscle_biped.build())
    with pytest.raises(ModelError, match="fixed already"):
        hang(hang(biped.build()))


def test_a_playback_equals_mujocos_own_steps(hopping):
    body, _ = hopping
    given = commands(body, 2.0)
    done = rehearse(hopper.build(), given, PERIOD).log.of_joints("position", ["hip_pitch", "knee"])
    substeps = round(PERIOD / body.model.opt.timestep)
    played = Playback(body, 1, threads=1).angles([body], np.repeat(given, substeps, axis=0))
    assert np.allclose(played[: len(given) * substeps : substeps, 0], done, atol=1e-12)


# Fitting


def test_a_fit_finds_the_numbers_of_another_robot_and_its_latency(hopping):
    body, log = hopping
    truth = other_numbers(body)
    found = fit(ladder.servo_model("m1", body), [recording.recording(log, body)], threads=1)
    assert found.rms < 1e-4
    for one, value in zip(found.numbers, found.values, strict=True):
        tolerance = 0.002 if one.kind == "latency" else 0.05 * (one.high - one.low)
        assert value == pytest.approx(truth[one.name], abs=tolerance), one.name


def test_numbers_of_joints_that_do_not_move_are_unknown(hopping):
    body, _ = hopping
    given = np.tile(commands(body)[0], (1200, 1))
    log = rehearse(robot("hopper", hopper.build()), given, PERIOD).log
    rng = np.random.default_rng(0)
    noisy = {
        name: values + 1e-3 * rng.standard_normal(len(values)) * name.endswith("position")
        for name, values in log.columns.items()
    }
    one = recording.recording(RobotLog(noisy), body)
    found = fit(ladder.servo_model("m1", body), [one], iterations=2, threads=1)
    assert {"latency", "knee.armature", "hip_pitch.damping"} <= set(found.unknown)


def test_limbs_that_share_a_simulation_give_the_derivatives_that_each_gives_alone():
    body = hang(biped.build())
    one = recording.recording(rehearse(biped.build(), commands(body, 9.0), PERIOD).log, body)
    model = ladder.servo_model("m1", body)
    listed = model.numbers
    task = _Task(model, [one], 1)
    values = np.array([number.begin for number in listed])
    residual = task.residual(values)
    together = task.jacobian(values, residual)

    for place in (1, 4, 23):
        step = 1e-3 * (listed[place].high - listed[place].low)
        moved = values.copy()
        moved[place] += step
        alone = (task.residual(moved) - residual) / step
        assert np.abs(alone).max() > 0
        assert np.allclose(together[:, place], alone, atol=1e-9 * np.abs(alone).max())


def test_masses_of_links_can_be_fitted():
    body = hang(hopper.build())
    listed = ladder.servo_model("m1", body, masses=True).numbers
    assert [one.element for one in listed if one.kind == "mass"] == ["thigh", "shank"]


# The gap


def test_a_spectrum_has_the_power_of_the_signal_at_its_frequency():
    time = np.arange(1500) * 0.008
    wave = 0.3 * np.sin(2 * np.pi * 3.5 * time)[:, None]
    gap = Gap(("knee",), time, wave, wave, wave)
    frequency, density = gap.spectrum(wave, 0)
    assert frequency[np.argmax(density)] == pytest.approx(3.5, abs=0.3)
    power = np.sum(density**2) * (frequency[1] - frequency[0])
    assert power == pytest.approx(0.3**2 / 2, rel=0.02)  # Parseval


def test_the_worst_joint_is_that_with_the_largest_error_after_the_fit():
    still = np.zeros((100, 2))
    after = np.tile([0.01, 0.02], (100, 1))
    gap = Gap(("hip", "knee"), np.arange(100) * 0.01, still, still + 0.5, after)
    assert gap.worst == 1


# Fitted bodies


def test_a_fitted_body_is_compiled_with_the_numbers_that_the_fit_simulated(tmp_path):
    believed = hopper.build()
    values = other_numbers(believed) | {"thigh.mass": 0.2, "shank.mass": 0.11}
    model = ladder.servo_model("m1", believed, masses=True)
    simulated = model.body([values[one.name] for one in model.numbers]).model

    path = tmp_path / "fitted.json"
    body_file.write(path, FittedBody({"name": "hopper"}, "m1", values, {}, {}))
    again = fitted.build(str(path)).changed(lambda spec: None).model
    for field in (
        *("dof_armature", "dof_frictionloss", "dof_damping", "actuator_gainprm"),
        *("actuator_delay", "body_mass", "body_inertia", "dof_invweight0"),
    ):
        assert np.allclose(getattr(again, field), getattr(simulated, field)), field


def test_a_fitted_body_is_bit_for_bit_what_its_file_says(tmp_path):
    told = FittedBody({"name": "hopper"}, "m1", other_numbers(hopper.build()), {}, {"after": 0.1})
    for name in ("a", "b"):
        body_file.write(tmp_path / name, told)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert body_file.read(tmp_path / "a") == told


def test_a_file_that_is_no_fitted_body_is_refused(tmp_path):
    path = tmp_path / "fitted.json"
    with pytest.raises(SpecError, match="cannot be read"):
        fitted.build(str(path))
    path.write_text("{}")
    with pytest.raises(SpecError, match="no fitted body"):
        fitted.build(str(path))
    body_file.write(path, FittedBody({"name": "hopper"}, "m1", {"latency": 0.01}, {}, {}))
    with pytest.raises(ModelError, match="not those of the body"):
        fitted.build(str(path))
    body_file.write(path, FittedBody({"name": "hopper"}, "m9", {}, {}, {}))
    with pytest.raises(UnknownNameError, match="m9"):
        fitted.build(str(path))


# The command line


def test_a_log_is_fitted_and_the_fitted_body_evolves(evoloco, hopping, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    robot_log.write(Path("log.csv"), hopping[1])
    models = ("--models", "m1,m1_play", "--iterations", "4", "--threads", "1")
    result = evoloco("identify", "log.csv", "--morphology", "hopper", *models)
    assert result.code == 0, result.err
    assert "Held-out RMSE fell from" in result.out
    found = json.loads(Path("identified/fitted.json").read_text())
    assert found["values"]["latency"] == pytest.approx(0.013, abs=0.002)

    page = Path("identified/identify.html").read_text()
    assert page.count("<svg") == 8  # four figures, wide and narrow
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "knee.armature" in page

    body = ("morphology.name=fitted", "morphology.path=identified/fitted.json")
    small = ("optimizer.generations=1", "optimizer.population_size=2", "--out", "run")
    assert evoloco("evolve", "hopper", *body, *small).code == 0


def test_an_excitation_is_a_log_of_commands(evoloco, tmp_path):
    out = tmp_path / "excite.csv"
    result = evoloco("excite", "hopper", "--duration", "9", "--out", str(out))
    assert result.code == 0
    assert "Hang the robot up" in result.out
    log = robot_log.read(out)
    assert list(log.columns) == ["time", "hip_pitch.command", "knee.command"]
    assert math.isclose(log.time[-1], 9.0 - 0.008)


def short(log):
    return {name: values[:300] for name, values in log.columns.items()}


def gap(log):
    columns = {name: values.copy() for name, values in log.columns.items()}
    columns["time"][500:] += 1.0
    return columns


def deaf(log):
    return {name: values for name, values in log.columns.items() if "knee.pos" not in name}


def strange(log):
    return {name.replace("knee", "elbow"): values for name, values in log.columns.items()}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (short, "needs at least 8 s"),
        (gap, "lie between the samples"),
        (deaf, "'knee.position'"),
        (strange, "of another robot: Unknown joint 'elbow'"),
    ],
)
def test_a_log_that_cannot_be_fitted_is_refused_in_one_sentence(
    evoloco, hopping, tmp_path, damage, words
):
    path = tmp_path / "log.csv"
    robot_log.write(path, RobotLog(damage(hopping[1])))
    result = evoloco("identify", str(path), "--morphology", "hopper")
    assert result.code == 2
    assert words in result.err
    assert "mrad" not in result.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--morphology", "hoper"], "Did you mean 'hopper'"),
        (["--morphology", "hopper", "--models", "m0"], "Unknown servo model"),
        (["--morphology", "hopper", "--models", "learned"], "torques of all joints"),
        (["--morphology", "hopper", "--walking", "walk.csv"], "name it in --models"),
    ],
)
def test_a_name_that_does_not_exist_is_refused(evoloco, hopping, tmp_path, options, words):
    path = tmp_path / "log.csv"
    robot_log.write(path, hopping[1])
    result = evoloco("identify", str(path), *options)
    assert result.code == 2
    assert words in result.err
