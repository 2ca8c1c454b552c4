"""Slip on a pad of taxels: bristles, windows and their labels, and what the lesson learns."""

import numpy as np
import pytest
import torch

from evoloco.errors import EvolocoError
from evoloco.fields import Array
from evoloco.perception.slip import bristles, taxels
from evoloco.perception.slip import scenes as slip_scenes
from evoloco.perception.slip import windows as slip_windows
from evoloco.perception.slip.bristles import OBJECT, RATE, SIDE, SPIN, TAXELS, feet, follow, hang
from evoloco.perception.slip.lesson import FAST, Slip
from evoloco.perception.slip.network import SlipNetwork, turned
from evoloco.perception.slip.scenes import GRID, Felt, counts, episode
from evoloco.perception.slip.windows import (
    HOP,
    LAST,
    NEITHER,
    ROTATION,
    SPACING,
    STABLE,
    TRANSLATION,
    WINDOW,
    kind,
    spectrum,
)
from evoloco.perception.weights import fill

MASS, STATIC, KINETIC, GRAVITY = 0.3, 0.7, 0.5, 9.81
ROWS = 400
EVEN = np.full(TAXELS, 1 / TAXELS)
FLAT = np.zeros((GRID, GRID))


def thing(middle: tuple[float, float] = (0.0, 0.0), roughness: float = 0.0) -> Array:
    """An object that is pulled along -y."""
    numbers = np.empty(OBJECT)
    numbers[:4] = 0.0, -GRAVITY, *middle
    numbers[4:] = MASS, 2e-4, STATIC, KINETIC, 0.002, 200.0, 0.1, 1e-4, roughness
    return numbers


def hung(one: Array, grip: float) -> Array:
    """Motion of an object in a constant grip until it is lost (T, 3)."""
    told, motion = np.zeros((ROWS, TAXELS)), np.zeros((ROWS, 3))
    length = hang(one, EVEN, np.full(ROWS, grip), FLAT, feet(), told, motion)
    return motion[:length]


def heard(motion: tuple[float, float, float], heights: Array, grip: float = 5.0) -> Array:
    """What taxels feel of an object that moves steadily (ROWS, 144)."""
    told = np.zeros((ROWS, TAXELS))
    pressure = np.full((ROWS, TAXELS), grip / TAXELS)
    steady = np.tile(motion, (ROWS, 1))
    follow(thing(roughness=0.1), pressure, steady, heights, feet(), told)
    return told


# Bristles


def test_an_object_hangs_still_where_friction_carries_it() -> None:
    motion = hung(thing(), 1.5 * MASS * GRAVITY / STATIC)
    assert len(motion) == ROWS
    assert np.abs(motion[-1]).max() < 1e-3


def test_an_object_that_is_not_held_falls_freely() -> None:
    motion = hung(thing(), 0.0)
    time = np.arange(1, len(motion) + 1) / RATE
    np.testing.assert_allclose(motion[:, 1], -GRAVITY * time, rtol=1e-9)
    assert not motion[:, [0, 2]].any()


def test_an_object_that_slips_is_slowed_by_kinetic_friction() -> None:
    grip = 0.4 * MASS * GRAVITY / STATIC
    speed = -hung(thing(), grip)[:, 1]
    slipping = speed[speed > 0.1]
    found = np.diff(slipping).mean() * RATE
    assert found == pytest.approx(GRAVITY - KINETIC * grip / MASS, rel=0.02)


def test_an_object_turns_towards_where_its_middle_is() -> None:
    grip = 0.8 * MASS * GRAVITY / STATIC
    spins = [hung(thing((x, 0.0)), grip)[:60, SPIN].mean() for x in (-0.03, 0.0, 0.03)]
    assert spins[0] > 0.01
    assert abs(spins[1]) < 1e-9
    assert spins[2] == pytest.approx(-spins[0], rel=1e-6)


def test_a_taxel_hears_the_texture_at_speed_over_wavelength() -> None:
    waves, speed = 8, 0.1
    heights = np.tile(np.sin(2 * np.pi * waves * np.arange(GRID) / GRID)[:, None], (1, GRID))
    told = heard((speed, 0.0, 0.0), heights)[ROWS // 2 :]
    wavelength = GRID / waves * 1e-4
    loudness = np.abs(np.fft.rfft(told - told.mean(axis=0), axis=0))
    frequency = np.fft.rfftfreq(len(told), 1 / RATE)[loudness.argmax(axis=0)]
    assert np.abs(frequency - speed / wavelength).max() <= RATE / len(told)
    along_the_crests = heard((0.0, speed, 0.0), heights)[ROWS // 2 :]
    assert np.ptp(along_the_crests, axis=0).max() < 1e-9


def test_an_object_that_stands_is_silent() -> None:
    heights = np.random.default_rng(0).normal(size=(GRID, GRID))
    assert np.ptp(heard((0.0, 0.0, 0.0), heights), axis=0).max() < 1e-12


def test_rotation_sounds_higher_away_from_its_middle() -> None:
    heights = slip_scenes.texture(np.random.default_rng(0), held_out=False)
    told = heard((0.0, 0.0, 5.0), heights)[ROWS // 2 :]
    crossings = (np.diff(np.sign(told - told.mean(axis=0)), axis=0) != 0).sum(axis=0)
    assert np.corrcoef(crossings, np.linalg.norm(feet(), axis=1))[0, 1] > 0.7


# Scenes and windows


def test_held_out_objects_hang_the_other_way_than_those_of_training() -> None:
    def falls(held_out: bool) -> list[float]:
        return [episode(np.random.default_rng(k), held_out).motion[-1, 1] for k in range(8)]

    down, up = (np.median(falls(held_out)) for held_out in (False, True))
    assert down < 0 < up


def test_readings_are_counts_of_12_bits_whose_noise_does_not_depend_on_the_force() -> None:
    forces = np.full((500, TAXELS), 0.02)
    told = counts(forces, 0.02, np.random.default_rng(0))
    assert (told == told.round()).all()
    assert told.mean() == pytest.approx(4095 / 1.6, abs=1)
    assert 2 < told.std() < 3.5
    assert counts(forces, 0.001, np.random.default_rng(0)).max() == 4095


@pytest.mark.parametrize("tone", [1, 5, 20, 31])
def test_a_tone_is_in_its_bin_and_a_steady_pressure_in_none(tone: int) -> None:
    time = np.arange(WINDOW)[:, None]
    window = 2000 + 100 * np.sin(2 * np.pi * tone * time / 64) * np.ones((1, TAXELS))
    told = spectrum(window)
    assert told.shape == (32, SIDE, SIDE)
    assert (told.argmax(axis=0) == tone - 1).all()
    assert not spectrum(np.full((WINDOW, TAXELS), 2000.0)).any()


@pytest.mark.parametrize(
    ("shift", "spin", "expected"),
    [
        (0.001, 0.0, STABLE),
        (0.0, 0.1, NEITHER),
        (0.03, 0.0, TRANSLATION),
        (0.03, 1.0, TRANSLATION),
        (0.03, 2.5, NEITHER),
        (0.03, 4.0, ROTATION),
        (0.0, -4.0, ROTATION),
    ],
)
def test_the_faster_one_of_shift_and_turn_names_a_slip(shift, spin, expected) -> None:
    motion = np.tile([0.6 * shift, -0.8 * shift, spin], (WINDOW, 1))
    felt = Felt(np.zeros((WINDOW, TAXELS)), motion)
    assert kind(felt, WINDOW) == expected
    begun = motion.copy()
    begun[: WINDOW - LAST // 2] = 0  # only the last half of what decides
    late = kind(Felt(felt.readings, begun), WINDOW)
    assert late == (STABLE if expected == STABLE else NEITHER)


# The lesson


def test_windows_are_balanced_and_new_episodes_for_each_split() -> None:
    lesson = Slip()
    some = lesson.examples(24, "test", 5)
    assert np.bincount(some["kind"], minlength=3).tolist() == [8, 8, 8]
    assert (some["speed"][some["kind"] > STABLE] >= FAST).all()
    slow = lesson.examples(24, "slow", 5)
    assert slow["speed"].max() < FAST
    assert not np.array_equal(lesson.examples(24, "train", 5)["spectrum"], some["spectrum"])
    np.testing.assert_array_equal(Slip().examples(24, "test", 5)["spectrum"], some["spectrum"])


def test_whole_episodes_are_told_window_by_window() -> None:
    some = Slip().examples(90, "whole", 5)
    steps = np.diff(some["time"])
    within = np.diff(some["episode"]) == 0
    np.testing.assert_allclose(steps[within], SPACING)
    assert (steps[~within] < 0).all()
    assert some["time"][0] == pytest.approx(WINDOW / RATE)


def test_turned_arrays_are_the_same_arrays_seen_from_elsewhere() -> None:
    spectra = torch.arange(2 * 144.0).reshape(1, 2, 12, 12)
    seen = {
        tuple(turned(spectra, torch.Generator().manual_seed(seed))[0, 0, 0].tolist())
        for seed in range(60)
    }
    assert len(seen) == 8
    other = turned(spectra, torch.Generator().manual_seed(3))
    assert torch.equal(other.flatten(2).sort().values, spectra.flatten(2).sort().values)


def test_delays_and_false_alarms_are_counted_from_when_the_object_moves() -> None:
    kinds = np.array([0, 0, 0, -1, 1, 1, 1, 0, 0, 2, 2, 2])
    speeds = np.array([0, 0, 0, 0.01, 0.03, 0.04, 0.05, 0, 0, 0.03, 0.04, 0.05])
    said = np.array([0, 1, 0, 0, 2, 1, 1, 0, 0, 0, 0, 2])
    numbers = np.array([0] * 7 + [1] * 5)
    time = np.concatenate([np.arange(7), np.arange(5)]) * SPACING
    examples = {"kind": kinds, "speed": speeds, "episode": numbers, "time": time}
    figures = {
        (one.name, one.group): one for one in Slip().figures(examples, {"kind": np.eye(3)[said]})
    }
    assert figures["false alarms", "stable windows"].value == pytest.approx(1 / 5)
    assert figures["right", "translation"].value == pytest.approx(2 / 3)
    assert figures["right", "rotation"].value == pytest.approx(1 / 3)
    assert figures["right", "all"].value == pytest.approx((4 / 5 + 2 / 3 + 1 / 3) / 3)
    step = 1e3 * HOP / RATE
    assert figures["median delay", "any kind"].value == pytest.approx(np.median([2, 3]) * step)
    assert figures["median delay", "right kind"].value == pytest.approx(3 * step)
    assert figures["median delay", "after 20 mm/s"].value == pytest.approx(1 * step)
    assert figures["slip never told", "episodes"].value == 0


def test_baselines_learn_what_loudness_and_pitch_alone_tell() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.integers(3, size=300)
    loud = np.array([20.0, 60.0, 140.0])[kinds]
    by_loudness = loud[:, None, None, None] + rng.normal(0, 1, (300, 32, 12, 12))
    baselines = Slip().baselines({"spectrum": by_loudness, "kind": kinds})
    for told in baselines.values():
        assert (told({"spectrum": by_loudness})["kind"].argmax(axis=1) == kinds).mean() > 0.95

    by_pitch = np.zeros((300, 32, 12, 12))
    by_pitch[np.arange(300), 10 * kinds] = 50.0
    baselines = Slip().baselines({"spectrum": by_pitch, "kind": kinds})
    right = {
        name: (told({"spectrum": by_pitch})["kind"].argmax(axis=1) == kinds).mean()
        for name, told in baselines.items()
    }
    assert right["mean spectrum"] > 0.99
    assert right["energy"] < 0.5


def test_the_bundled_network_tells_slips_of_textures_that_it_never_felt() -> None:
    lesson = Slip()
    network = fill(SlipNetwork(), "slip", "", lesson.layout)
    some = lesson.examples(150, "test", 77)
    headline = lesson.figures(some, lesson.answers(network, some))[0]
    assert (headline.name, headline.group) == ("right", "all")
    assert headline.value > 0.85


# Taxels in an episode


def rows(times: Array, force: float, velocity: float) -> Array:
    """What MuJoCo tells of an object that lies on the pad and slips along y."""
    table = np.zeros((len(times), 11 + TAXELS))
    table[:, taxels.TIME], table[:, taxels.FORCE] = times, force
    table[:, 6] = velocity
    table[:, taxels.DEPTH] = 1e-4
    return table


ORDER = np.arange(TAXELS)


def test_the_window_of_an_object_that_slips_is_louder_than_of_one_at_rest() -> None:
    times = 0.01 * np.arange(1, 20)
    still, slipping = (
        taxels.window(rows(times, 5.0, speed), ORDER, 0.7, 0) for speed in (0.0, 0.05)
    )
    assert still.shape == slipping.shape == (WINDOW, TAXELS)
    assert slipping.std(axis=0).min() > 3 * still.std(axis=0).max()
    again = taxels.window(rows(times, 5.0, 0.05), ORDER, 0.7, 0)
    np.testing.assert_array_equal(again, slipping)
    other = taxels.window(rows(times, 5.0, 0.05), ORDER, 0.7, 1)
    assert not np.array_equal(other, slipping)


def test_a_turn_about_another_point_is_told_as_the_motion_at_the_middle_of_the_pad() -> None:
    times = 0.01 * np.arange(1, 20)
    table, plain = rows(times, 5.0, 0.0), rows(times, 5.0, -0.06)
    table[:, taxels.POSITION] = 0.02, 0.0, 0.01
    table[:, taxels.TURNING] = 0.0, 0.0, 3.0
    plain[:, taxels.TURNING] = 0.0, 0.0, 3.0
    np.testing.assert_array_equal(
        taxels.window(table, ORDER, 0.7, 0), taxels.window(plain, ORDER, 0.7, 0)
    )


def test_a_pad_that_nothing_presses_feels_nothing() -> None:
    assert taxels.window(rows(0.01 * np.arange(1, 20), 0.0, 0.0), ORDER, 0.7, 0) is None


def test_before_the_episode_a_pad_felt_what_it_feels_first() -> None:
    start = rows(np.full(8, 0.01), 5.0, 0.0)
    assert np.ptp(taxels.window(start, ORDER, 0.7, 0).mean(axis=1)) < 5


def test_a_history_that_is_too_short_is_told() -> None:
    with pytest.raises(EvolocoError, match=r"8 control steps are 0.07 s, and 0.1 s are needed"):
        taxels.window(rows(0.01 * np.arange(1, 9), 5.0, 0.0), ORDER, 0.7, 0)


def test_the_numbers_of_an_object_have_a_place_each() -> None:
    places = {getattr(bristles, name) for name in ("MASS", "STATIC", "KINETIC", "ROUGHNESS")}
    assert max(places) == OBJECT - 1
    assert slip_windows.BINS == 32
