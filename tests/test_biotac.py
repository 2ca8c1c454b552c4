"""A simulated BioTac: its surrogate, its network, and the sensor that uses it."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from evoloco.errors import EvolocoError, UnknownNameError
from evoloco.fields import Array
from evoloco.fitting import fitted
from evoloco.morphologies import hopper
from evoloco.perception.biotac import recordings as biotac_recordings
from evoloco.perception.biotac.lesson import CONTEXT, SETTLING, BioTacReadings
from evoloco.perception.biotac.network import ProductNetwork
from evoloco.perception.biotac.pin import Rig
from evoloco.perception.biotac.skin import (
    CHANNELS,
    CORE,
    RADII,
    RATE,
    REST,
    Contact,
    normals,
    readings,
    sites,
)
from evoloco.perception.weights import fill
from evoloco.sensors import biotac
from evoloco.spec import SensorSpec

ELECTRODES = slice(4, None)
PAC, PDC, TAC = 0, 2, 3
ROWS = 400
NOISE = 8.0  # counts, five deviations


def contact(place: Array, force: Array, temperature: float = CORE) -> Contact:
    """A contact that does not change."""
    return Contact(np.tile(place, (ROWS, 1)), np.tile(force, (ROWS, 1)), temperature, CORE)


def felt(one: Contact) -> Array:
    return readings(one, np.random.default_rng(0))[0]


# The surrogate


def test_electrodes_lie_on_the_outer_half_of_the_skin() -> None:
    np.testing.assert_allclose(((sites() / RADII) ** 2).sum(1), 1)
    assert (sites()[:, 0] > 0).all()
    apart = np.linalg.norm(sites()[:, None] - sites(), axis=2)
    assert apart[apart > 0].min() > 0.001


def test_a_finger_that_nothing_touches_rests() -> None:
    told = felt(contact(sites()[0], np.zeros(3)))
    assert np.abs(told[:, ELECTRODES] - REST["electrode"]).max() < NOISE
    assert np.abs(told[:, PAC] - REST["vibration"]).max() < NOISE


@pytest.mark.parametrize("pressed", [0, 7, 18])
def test_a_press_changes_the_electrode_below_it_most(pressed: int) -> None:
    place = sites()[pressed]
    told = felt(contact(place, 2 * normals(place)))[-1, ELECTRODES]
    assert told.argmin() == pressed
    assert told[pressed] < REST["electrode"] - 300


def test_pressure_is_linear_in_the_force_and_vibration_dies_out() -> None:
    place = sites()[3]
    one, three = (felt(contact(place, newton * normals(place))) for newton in (1, 3))
    rise = three[-1, PDC] - REST["pressure"]
    assert rise == pytest.approx(3 * (one[-1, PDC] - REST["pressure"]), abs=3 * NOISE)
    assert abs(three[-1, PAC] - REST["vibration"]) < NOISE


def test_a_sudden_press_vibrates_and_an_electrode_yields_slowly() -> None:
    place = sites()[0]
    steady = contact(place, 1.5 * normals(place))
    force = steady.force.copy()
    force[:100] = 0
    told = felt(replace(steady, force=force))
    assert told[100, PAC] > REST["vibration"] + 100
    assert told[100, 4] > told[-1, 4] + 20  # the first electrode is the one pressed


def test_shear_acts_before_and_behind_the_contact_with_opposite_signs() -> None:
    place = sites()[0]
    aside = np.cross(normals(place), [0.0, 0.0, 1.0])
    press = 0.5 * normals(place)
    plain, there, back = (felt(contact(place, press + k * aside))[-1] for k in (0, 0.3, -0.3))
    change, opposite = (there - plain)[ELECTRODES], (back - plain)[ELECTRODES]
    assert change.max() > 3 * NOISE
    assert change.min() < -3 * NOISE
    assert np.corrcoef(change, opposite)[0, 1] < -0.9


def test_a_cold_thing_cools_the_skin_and_it_warms_up_again() -> None:
    place = sites()[0]
    cold = contact(place, normals(place), 15.0)
    force = cold.force.copy()
    force[200:] = 0
    told, temperature = readings(replace(cold, force=force), np.random.default_rng(0))
    assert temperature[199] < temperature[0] - 100
    assert temperature[-1] > temperature[199] + 50
    assert told[100, TAC] < REST["warmth"] - NOISE < REST["warmth"] + NOISE < told[300, TAC]


def test_the_pin_presses_into_the_skin_with_forces_within_its_friction() -> None:
    rubbed = Rig().rub(500, np.random.default_rng(3))
    touching = np.linalg.norm(rubbed.force, axis=1) > 0
    assert 0.3 < touching.mean() < 0.95
    place, force = rubbed.place[touching], rubbed.force[touching]
    assert np.abs(((place / RADII) ** 2).sum(1) - 1).max() < 0.6  # at most some 2 mm deep
    press = (force * normals(place)).sum(1)
    assert (press > 0).all()
    assert press.max() > 0.3
    tangential = np.linalg.norm(force - press[:, None] * normals(place), axis=1)
    assert np.quantile(tangential / press, 0.95) < 1.1


# The lesson


def test_examples_are_one_trajectory_whose_forces_belong_to_three_times() -> None:
    lesson = BioTacReadings()
    some = lesson.examples(60, "test", 5)
    inputs = some["inputs"]
    assert inputs.shape == (60, 13)
    now, before, after = inputs[:, 3:6], inputs[:, 6:9], inputs[:, 9:12]
    np.testing.assert_array_equal(before[CONTEXT:], now[:-CONTEXT])
    np.testing.assert_array_equal(after[:-CONTEXT], now[CONTEXT:])
    again, other = (BioTacReadings().examples(60, split, 5) for split in ("test", "train"))
    np.testing.assert_array_equal(again["readings"], some["readings"])
    assert not np.array_equal(other["inputs"], inputs)


def test_without_context_the_present_force_stands_there_three_times() -> None:
    inputs = BioTacReadings(context=False).examples(40, "test", 5)["inputs"]
    np.testing.assert_array_equal(inputs[:, 3:6], inputs[:, 6:9])
    np.testing.assert_array_equal(inputs[:, 3:6], inputs[:, 9:12])


def test_temperature_adds_the_same_to_all_readings_wherever_it_is_touched() -> None:
    torch.manual_seed(0)
    network, inputs = ProductNetwork(5).eval(), torch.randn(6, 13)
    warmer = inputs.clone()
    warmer[:, 12] = 2.0
    inputs[:, 12] = -1.0
    change = (network(warmer) - network(inputs)).detach()
    assert torch.allclose(change, change[:1].expand_as(change), atol=1e-5)
    assert change.abs().max() > 1e-3


def test_what_a_branch_is_told_counts_only_through_the_product() -> None:
    torch.manual_seed(0)
    network = ProductNetwork(5).eval()
    with torch.no_grad():
        network.force[-1].weight.zero_()
        network.force[-1].bias.zero_()
    there, elsewhere = torch.randn(2, 1, 13)
    elsewhere[:, 12] = there[:, 12]
    assert torch.allclose(network(there), network(elsewhere))


def test_the_bundled_network_beats_ridge_regression_on_trajectories_of_its_own() -> None:
    lesson = BioTacReadings()
    network = fill(lesson.network(), "biotac", "", lesson.layout)
    train, test = lesson.examples(1500, "train", 90), lesson.examples(400, "test", 91)
    ridge = lesson.baselines(train)["ridge"](test)
    (learned, *_), (plain, *_) = (
        lesson.figures(test, answers) for answers in (lesson.answers(network, test), ridge)
    )
    assert learned.value < 0.25
    assert learned.value < 0.75 * plain.value


# Recordings


def recorded(path: Path, trajectories: int = 6, length: int = 200) -> Path:
    """A file whose trajectory k is pressed with k newton."""
    with path.open("w", newline="") as file:
        write = csv.writer(file)
        write.writerow(biotac_recordings.COLUMNS)
        for number in range(trajectories):
            place = sites()[0]
            told, warmth = readings(
                contact(place, number * normals(place)), np.random.default_rng(number)
            )
            for row in range(length):
                force = number * normals(place)
                write.writerow([number, *place, *force, warmth[row], *told[row]])
    return path


def test_a_lesson_learns_from_recordings_and_is_tested_on_other_trajectories(tmp_path) -> None:
    lesson = BioTacReadings(recordings=str(recorded(tmp_path / "a.csv")))
    assert lesson.splits == ("train", "test")
    forces = {
        split: {
            round(float(force))
            for seed in range(30)
            for force in lesson.examples(5, split, seed)["force"]
        }
        for split in lesson.splits
    }
    assert forces == {"train": {0, 1, 2, 3, 5}, "test": {4}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("pdc", "pressure"), "lack the columns pdc. They need: traj"),
        (lambda text: text.replace("\n5,", "\n5,x", 1), "have 'x.*' in the column x"),
        (lambda text: text.replace("\n3,", "\n2,"), None),
        (lambda text: "".join(text.splitlines(True)[:700]), "have 3 trajectories of at least 121"),
    ],
)
def test_recordings_that_cannot_be_learned_from_are_told(change, words, tmp_path) -> None:
    path = recorded(tmp_path / "a.csv")
    path.write_text(change(path.read_text()))
    if words is None:  # two trajectories in one are one
        found = biotac_recordings.read(path, SETTLING + 2 * CONTEXT + 1)
        assert sorted(len(one.force) for part in found.values() for one in part)[-1] == 400
        return
    with pytest.raises(EvolocoError, match=words):
        BioTacReadings(recordings=str(path))


def test_recordings_that_are_not_there_are_told(tmp_path) -> None:
    with pytest.raises(EvolocoError, match="cannot be read"):
        BioTacReadings(recordings=str(tmp_path / "none.csv"))


# The sensor


def rows(turn: Rotation, shift: Array, times: Array) -> Array:
    """A finger somewhere, which is pressed at the side by a force of t newton at the time t."""
    place, force = np.array([0.0, 0.007, 0.0]), np.array([0.0, 1.0, 0.0])
    pose = [*shift, *turn.as_quat(scalar_first=True)]
    return np.array(
        [[time, *pose, *turn.apply(time * force), *(turn.apply(place) + shift)] for time in times]
    )


def test_inputs_do_not_depend_on_where_the_finger_is_and_how_it_is_turned() -> None:
    times = 0.02 * np.arange(1, 16)
    plain = biotac.inputs(rows(Rotation.identity(), np.zeros(3), times), 2000.0)
    turn = Rotation.from_rotvec([0.3, -1.0, 2.0])
    other = biotac.inputs(rows(turn, np.array([0.4, 0.1, -2.0]), times), 2000.0)
    np.testing.assert_allclose(other, plain, atol=1e-6)
    expected = [0, 0.007, 0, 0, 0.2, 0, 0, 0.1, 0, 0, 0.3, 0, 2000]
    np.testing.assert_allclose(plain, expected, atol=1e-6)


def test_a_history_that_is_too_short_is_told() -> None:
    few = rows(Rotation.identity(), np.zeros(3), 0.01 * np.arange(1, 9))
    with pytest.raises(EvolocoError, match=r"8 control steps are 0.07 s, and forces .* 0.2 s"):
        biotac.inputs(few, 2000.0)


def test_before_the_episode_the_finger_felt_what_it_feels_first() -> None:
    start = rows(Rotation.identity(), np.zeros(3), np.full(8, 0.01))
    given = biotac.inputs(start, 2000.0)
    np.testing.assert_array_equal(given[3:6], given[6:9])


def test_a_body_without_such_a_fingertip_is_told_what_it_lacks() -> None:
    body = fitted(hopper.build(), {"biotac": SensorSpec()})
    sensor = next(one for one in body.sensors if one.name == "biotac")
    with pytest.raises(UnknownNameError, match="Unknown MuJoCo sensor 'clock'"):
        sensor.source.check(body)
    assert len(sensor.channels) == len(sensor.unit.split(", ")) == len(CHANNELS) + 2
    assert RATE == 100
