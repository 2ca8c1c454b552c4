"""Commands that change within an episode, and how far a gait follows them."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import find, saved, section, small_biped
from pages import walk as small_walk
from traces import body, episode, walk

from evoloco import fields
from evoloco.bundled import run_file
from evoloco.command import GOES_ON, Commands, Draw, stages, timetable
from evoloco.controllers._steering import follow_asked
from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.errors import EvolocoError, SpecError
from evoloco.experiment import Experiment
from evoloco.fitness import arrival, command_tracking
from evoloco.gait.analysis import analyse
from evoloco.gait.following import course, following, follows
from evoloco.genome import Array
from evoloco.individual import simulate
from evoloco.report.findings import Attempt
from evoloco.report.page import render
from evoloco.scenario import Scenario
from evoloco.sim.batch import Batch
from evoloco.sim.setting import settle
from evoloco.spec import dumps, loads, read

DT = 0.02
BODY = body()
ADDRESS = (5, 0, 3, 1)
RANDOM = Commands((Draw((0.0, 0.3), None, (-0.4, 0.4)),), every=2.0, stop=0.3)
SCRIPT = ((0.0, 0.0, 0.0), (1.0, 0.15, 0.0), (2.5, 0.3, 0.35), (4.0, 0.0, 0.0))
"""Start [s], speed [m/s] and turning rate [rad/s]."""

EVER = """
[sensors.command]

[scenario.termination]
min_height = 0.0
max_tilt = 4.0
body_contact = false
"""


def scripted(rows: Any = SCRIPT) -> Array:
    return timetable([(start, speed, GOES_ON, rate) for start, speed, rate in rows])


def asked(table: Array, time: float) -> tuple[float, float, float]:
    """The oracle: speed, heading and turning rate that hold at a time."""
    row = [row for row in table.tolist() if row[0] <= time + 1e-9][-1]
    start, speed, heading, rate = row
    return speed, heading + rate * (time - start), rate


# What is drawn


def test_equal_addresses_give_equal_commands_and_a_longer_episode_more_of_them() -> None:
    short, long = RANDOM.draw(ADDRESS, 7.0), RANDOM.draw(ADDRESS, 60.0)
    assert len(short) == 4
    assert len(long) == 30
    np.testing.assert_array_equal(long[:4], short)
    np.testing.assert_array_equal(RANDOM.draw(ADDRESS, 60.0), long)
    assert not np.array_equal(RANDOM.draw((5, 0, 3, 2), 7.0), short)


def test_a_command_for_the_whole_episode_is_the_first_one_of_many() -> None:
    """And its numbers are those that were drawn before commands could change."""
    one = replace(RANDOM, every=0.0, stop=0.0)
    many = replace(RANDOM, stop=0.0).draw(ADDRESS, 10.0)
    np.testing.assert_array_equal(one.draw(ADDRESS, 10.0), many[:1])
    seed = np.random.SeedSequence(list(ADDRESS), spawn_key=(3,))
    speed, _, rate = np.random.default_rng(seed).random(3)
    np.testing.assert_allclose(many[0], [0.0, 0.3 * speed, 0.0, -0.4 + 0.8 * rate], rtol=1e-15)


def test_commands_are_drawn_at_every_multiple_but_not_at_the_end() -> None:
    starts = RANDOM.draw(ADDRESS, 6.0)[:, 0]
    np.testing.assert_array_equal(starts, [0.0, 2.0, 4.0])


def test_a_stop_changes_no_other_draw_and_happens_as_often_as_it_says() -> None:
    table = RANDOM.draw(ADDRESS, 4000.0)
    plain = replace(RANDOM, stop=0.0).draw(ADDRESS, 4000.0)
    still = (table[:, 1] == 0) & (table[:, 3] == 0)
    np.testing.assert_array_equal(table[~still][:, [1, 3]], plain[~still][:, [1, 3]])
    assert not ((plain[:, 1] == 0) & (plain[:, 3] == 0)).any()
    deviation = math.sqrt(0.3 * 0.7 / len(table))
    assert still.mean() == pytest.approx(0.3, abs=4 * deviation)


def test_each_number_lies_in_the_range_of_its_stage() -> None:
    given = Commands(
        (Draw((0.1, 0.2)), Draw((0.3, 0.3), (0.5, 0.6), (-0.2, 0.2), start=2.0)),
    )
    tables = np.array([given.draw((seed,), 5.0) for seed in range(100)])
    assert np.all((tables[:, 0, 1] >= 0.1) & (tables[:, 0, 1] <= 0.2))
    assert np.all(tables[:, 1, 1] == 0.3)
    assert np.all((tables[:, 1, 2] >= 0.5) & (tables[:, 1, 2] <= 0.6))
    assert np.ptp(tables[:, 1, 3]) > 0.3
    assert np.all(tables[:, 1, 0] == 2.0)


def test_a_heading_goes_on_where_the_stage_before_ended() -> None:
    table = timetable([(0, 0.2, GOES_ON, 0.5), (2, 0.2, GOES_ON, -0.25), (6, 0, GOES_ON, 0)])
    np.testing.assert_allclose(table[:, 2], [0.0, 1.0, 0.0], atol=1e-15)
    with_own = timetable([(0, 0.2, 0.3, 0.5), (2, 0.2, -1.0, 0), (3, 0.2, GOES_ON, 0)])
    np.testing.assert_allclose(with_own[:, 2], [0.3, -1.0, -1.0])


def test_three_numbers_are_a_command_for_the_whole_episode() -> None:
    still = np.zeros(2)
    plain = Scenario(still, still, command=(0.3, 0.1, -0.2))  # type: ignore[arg-type]
    np.testing.assert_array_equal(plain.command, [[0.0, 0.3, 0.1, -0.2]])
    np.testing.assert_array_equal(Scenario(still, still).command, np.zeros((1, 4)))
    np.testing.assert_array_equal(replace(plain, friction=0.5).command, plain.command)
    assert "0.3 m/s and -0.2 rad/s" in repr(plain)
    assert "2 stages" in repr(replace(plain, command=[[0, 0, 0, 0], [1, 0.2, 0, 0]]))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((0.1, 0.2), "three numbers"),
        ("fast", "three numbers"),
        (np.zeros((0, 4)), "three numbers"),
        ([[0, 0.1, 0]], "rows of four"),
        ([[0, math.nan, 0, 0]], "finite"),
        ([[0, 0.1, 0, math.inf]], "finite"),
        ([[1, 0.1, 0, 0]], "the first one at 0 s, not at 1 s"),
        ([[0, 0.1, 0, 0], [2, 0, 0, 0], [2, 0, 0, 0]], "ascending order.*not at 0, 2, 2 s"),
    ],
)
def test_a_command_of_another_form_is_refused(given: Any, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        timetable(given)


# What the kernel does


@pytest.fixture
def experiment(hop: Path) -> Experiment:
    hop.write_text(hop.read_text(encoding="utf-8") + EVER, encoding="utf-8")
    return Experiment(read(hop, ["scenario.duration=5.0"]))


def lived(experiment: Experiment, command: Any) -> Episode:
    genome = np.full(len(experiment.space.names), 0.5)
    scenario = replace(experiment.scenarios(0)[0], command=command)
    (found,) = simulate(experiment, genome, [scenario], 5.0)
    return found


def felt(found: Episode) -> Array:
    where = fields.place(found.morphology.observation, "command")
    return found["obs"][:, where]


@pytest.mark.parametrize(
    "table",
    [
        timetable((0.2, 0.1, 0.3)),
        scripted(),
        scripted([(0.0, 0.1, 0.2), (1.011, 0.2, -0.3), (1.5, 0.1, 0.1), (9.0, 0.0, 0.0)]),
        RANDOM.draw(ADDRESS, 5.0),
    ],
    ids=["constant", "script", "starts between control steps", "drawn"],
)
def test_the_kernel_looks_up_what_python_does(experiment: Experiment, table: Array) -> None:
    found = lived(experiment, table)
    assert len(found) == 250
    expected = np.array([asked(table, k * DT) for k in range(len(found))])
    np.testing.assert_allclose(found.command, expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(felt(found), found.command)


def test_a_constant_command_is_felt_to_the_last_bit(experiment: Experiment) -> None:
    found = lived(experiment, (0.1, 0.7, 0.0))
    np.testing.assert_array_equal(felt(found), np.tile([0.1, 0.7, 0.0], (250, 1)))


def test_a_batch_keeps_the_commands_of_its_simulations_apart(experiment: Experiment) -> None:
    """Also where one is loaded again, and where stages are more than before."""
    plain, many = timetable((0.2, 0.0, 0.1)), scripted([(k * 0.1, 0.1 * k, 0.0) for k in range(7)])
    morphology, scenario = experiment.morphology, experiment.scenarios(0)[0]
    batch = Batch(
        morphology,
        experiment.controller,
        capacity=3,
        steps=50,
        control_dt=DT,
        termination=experiment.termination,
    )
    made = batch.body(morphology)
    settings = [settle(made, replace(scenario, command=one), 0.0, DT) for one in (plain, many)]
    genome = np.full(len(experiment.space.names), 0.5)
    params = np.tile(experiment.parameters(genome), (3, 1))

    ids = np.arange(3, dtype=np.int32)
    batch.load(ids[:1], params[:1], settings[:1], np.zeros(1, int))
    batch.advance(10, ids[:1])
    batch.load(ids[1:], params[1:], settings, np.array([1, 0]))
    batch.advance(40)
    batch.load(ids[1:2], params[1:2], settings, np.array([1]))
    batch.advance(20)

    lengths = [50, 20, 50]
    for sim, (table, length) in enumerate(zip((plain, many, plain), lengths, strict=True)):
        expected = np.array([asked(table, k * DT) for k in range(length)])
        np.testing.assert_allclose(batch.episode(sim).command, expected, atol=1e-12)


def test_stages_are_read_off_a_recorded_command() -> None:
    table = scripted([*SCRIPT, (4.5, 0.0, 0.0)])
    command = np.array([asked(table, k * DT) for k in range(300)])
    found = stages(command, DT)
    assert [(one.first, one.end) for one in found] == [(0, 50), (50, 125), (125, 200), (200, 300)]
    assert [one.speed for one in found] == [0.0, 0.15, 0.3, 0.0]
    assert [one.turning_rate for one in found] == [0.0, 0.0, 0.35, 0.0]
    assert all(abs(one.turn) < 1e-12 for one in found)
    assert [one.stands for one in found] == [True, False, False, True]


def test_a_heading_that_jumps_begins_a_stage() -> None:
    table = timetable([(0, 0.2, 0.1, 0.0), (1, 0.2, 0.6, 0.0)])
    command = np.array([asked(table, k * DT) for k in range(100)])
    assert [one.turn for one in stages(command, DT)] == [0.1, pytest.approx(0.5)]


# Measures


def moved(command: Any, speed: Any, yaw: Any, **options: Any) -> Episode:
    """An episode in which the torso goes ahead at speeds [m/s] (T,) with a yaw [rad] (T,)."""
    table = timetable(command)
    speed = np.asarray(speed, float)
    yaw = np.broadcast_to(np.asarray(yaw, float), speed.shape)
    steps = len(speed)
    rate = np.gradient(yaw, DT)
    # Half of a step later, the heading of a steady turn is that of the chord.
    middle = yaw + DT * rate / 2
    velocity = speed[:, None] * np.stack([np.cos(middle), np.sin(middle)], axis=1)
    place = np.cumsum(np.vstack([np.zeros(2), DT * velocity[:-1]]), axis=0)
    return episode(
        BODY,
        steps,
        {
            "command": np.array([asked(table, k * DT) for k in range(steps)]),
            "torso.position": np.column_stack([place, np.full(steps, 0.5)]),
            "torso.velocity": np.column_stack([velocity, np.zeros(steps)]),
            "torso.orientation": np.column_stack(
                [np.cos(yaw / 2), 0 * yaw, 0 * yaw, np.sin(yaw / 2)]
            ),
            "torso.rate": np.column_stack([0 * yaw, 0 * yaw, rate]),
        },
        **options,
    )


def obeyed(command: Any, steps: int = 300, factor: float = 1.0, turned: float = 1.0) -> Episode:
    """What follows the command, with a factor on its speed and on its turning rate."""
    table = timetable(command)
    rows = np.array([asked(table, k * DT) for k in range(steps)])
    yaw = turned * np.concatenate([[0.0], np.cumsum(DT * rows[:-1, 2])])
    return moved(table, factor * rows[:, 0], yaw)


FINITE = st.floats(-0.5, 0.5)
COMMANDS = st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=4).map(
    lambda rows: scripted([(1.5 * k, round(v, 3), round(w, 3)) for k, (v, w) in enumerate(rows)])
)


@settings(max_examples=40, deadline=None)
@given(COMMANDS)
def test_exact_following_arrives_and_a_fall_never_does(command: Array) -> None:
    exact = obeyed(command)
    assert arrival.measure(exact) == pytest.approx(1.0, abs=2e-3)
    ended = replace(exact, ending=replace(exact.ending, outcome=Outcome.FELL))
    assert arrival.measure(ended) == 0.0
    assert arrival.measure(replace(exact, trace=exact.trace[:-1])) == 0.0


@settings(max_examples=40, deadline=None)
@given(COMMANDS, st.integers(0, 2**32 - 1))
def test_arrival_is_a_share_whatever_the_body_does(command: Array, seed: int) -> None:
    random = np.random.default_rng(seed)
    found = moved(command, random.normal(0, 1, 200), np.cumsum(random.normal(0, 0.3, 200)))
    assert 0.0 <= arrival.measure(found) <= 1.0


@settings(max_examples=40, deadline=None)
@given(COMMANDS)
def test_a_body_that_stands_arrives_only_where_that_is_asked(command: Array) -> None:
    found = moved(command, np.zeros(300), 0.0)
    standing = [one for one in found.stages if one.stands]
    share = sum(one.end - one.first for one in standing) / 300
    assert arrival.measure(found) == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize("factor", [0.0, 0.25, 0.5, 0.9])
def test_arrival_is_the_covered_share_of_the_way(factor: float) -> None:
    found = obeyed((0.3, 0.0, 0.0), factor=factor)
    assert arrival.measure(found) == pytest.approx(factor, abs=1e-9)


def test_more_than_the_way_is_as_bad_as_less() -> None:
    fast, slow = (obeyed((0.3, 0.0, 0.0), factor=factor) for factor in (1.4, 0.6))
    assert arrival.measure(fast) == pytest.approx(arrival.measure(slow)) == pytest.approx(0.6)


def test_backward_is_a_way_too() -> None:
    assert arrival.measure(obeyed((-0.1, 0.0, 0.0))) == pytest.approx(1.0)
    assert arrival.measure(moved((-0.1, 0.0, 0.0), np.full(300, 0.1), 0.0)) == 0.0


@pytest.mark.parametrize("angle", [0.5, 1.0, 2.0, 3.0])
def test_a_wrong_direction_counts_by_its_part_along_the_commanded_one(angle: float) -> None:
    yaw = np.full(300, angle)
    yaw[0] = 0.0  # it turns at once
    found = moved((0.3, 0.0, 0.0), np.full(300, 0.3), yaw)
    assert arrival.measure(found) == pytest.approx(max(math.cos(angle), 0.0), abs=0.01)


def test_a_heading_is_where_the_way_counts() -> None:
    aside = (0.3, 1.0, 0.0)
    ahead, turned = moved(aside, np.full(300, 0.3), 0.0), np.full(300, 1.0)
    assert arrival.measure(ahead) == pytest.approx(math.cos(1.0), abs=1e-9)
    turned[0] = 0.0
    assert arrival.measure(moved(aside, np.full(300, 0.3), turned)) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("turned", [0.0, 0.5, -1.0])
def test_on_the_spot_a_turn_counts_by_its_angle(turned: float) -> None:
    found = obeyed((0.0, 0.0, 0.4), turned=turned)
    assert arrival.measure(found) == pytest.approx(max(turned, 0.0), abs=1e-9)


def test_who_walks_straight_on_does_not_arrive_where_a_turn_is_asked() -> None:
    assert arrival.measure(obeyed((0.3, 0.0, 0.4), turned=0.0)) == 0.0


def test_straying_before_a_stage_is_not_counted_again() -> None:
    """A body that walks 40 degrees off covers less of the first stage, and all of the second."""
    table = timetable([(0, 0.3, 0, 0), (3, 0.2, 0, 0)])
    yaw = np.full(300, 0.7)
    yaw[0] = 0.0
    found = moved(table, np.where(np.arange(300) < 150, 0.3, 0.2), yaw)
    assert arrival.measure(found) == pytest.approx((math.cos(0.7) + 1) / 2, abs=0.01)


def test_who_never_stops_has_little_of_a_stage_that_stands() -> None:
    stop = timetable([(0, 0.3, 0, 0), (3, 0, 0, 0)])
    onward = moved(stop, np.full(300, 0.3), 0.0)
    stops = moved(stop, np.where(np.arange(300) < 170, 0.3, 0.0), 0.0)
    assert arrival.measure(stops) == pytest.approx(1.0)
    assert arrival.measure(onward) < 0.5 + 0.5 * 0.25


def test_turning_on_the_spot_is_no_standing() -> None:
    assert arrival.measure(moved((0, 0, 0), np.zeros(300), 0.5 * DT * np.arange(300))) < 0.2


def test_tracking_is_one_where_there_is_no_error() -> None:
    found = command_tracking.measure(obeyed(scripted()))
    rest = np.ones(300, bool)
    for one in (50, 125, 200):  # a yaw that kinks has no exact rate
        rest[one - 1 : one + 100] = False
    np.testing.assert_allclose(found[rest], 1.0, atol=1e-9)
    assert found.min() > 0.97


@pytest.mark.parametrize(
    ("command", "speed", "rate"),
    [((0.3, 0, 0), 0.2, 0.0), ((0.0, 0, 0.5), 0.0, 0.25), ((0.2, 0, -0.1), 0.3, 0.1)],
)
def test_tracking_of_a_steady_gait_is_the_bell_of_its_errors(
    command: tuple[float, float, float], speed: float, rate: float
) -> None:
    found = moved(command, np.full(500, speed), rate * DT * np.arange(500))
    value = command_tracking.measure(found, speed_width=0.2, turning_width=0.3)[-1]
    error = ((speed - command[0]) / 0.2) ** 2 + ((rate - command[2]) / 0.3) ** 2
    assert value == pytest.approx(math.exp(-error), rel=1e-3)


def test_what_a_stride_repeats_does_not_count() -> None:
    time = DT * np.arange(500)
    swaying = moved((0.3, 0, 0), 0.3 + 0.1 * np.sin(2 * np.pi * 2.5 * time), 0.0)
    smooth = command_tracking.measure(swaying)[100:]
    rough = command_tracking.measure(swaying, smoothing=0.0)[100:]
    assert smooth.min() > 0.97
    assert rough.min() < 0.4


@pytest.mark.parametrize(
    ("measure", "options", "words"),
    [
        (command_tracking.measure, {"speed_width": 0.0}, "above 0"),
        (command_tracking.measure, {"smoothing": -1.0}, "not below 0"),
        (arrival.measure, {"tolerance": 0.0}, "above 0"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    measure: Callable[..., Any], options: dict[str, float], words: str
) -> None:
    with pytest.raises(EvolocoError, match=words):
        measure(obeyed((0.1, 0, 0)), **options)


def test_feet_that_turn_as_asked_have_no_error_of_their_heading() -> None:
    """The heading that the sensor tells turns with the turning rate: it must not count twice."""
    steering, state = SimpleNamespace(speed_gain=1, speed_offset=0, turn_gain=1), SimpleNamespace()
    steering.heading_gain, steering.speed_hold, steering.speed_felt, steering.most = 0.5, 0, 1, 0
    state.speed = state.turning = state.error = state.activity = state.heading = 0.0
    state.eased = state.goal = state.more = 0.0
    table = scripted()
    for k in range(300):
        command = asked(table, k * DT)
        rate = asked(table, k * DT - DT)[2] if k else 0.0
        follow_asked.py_func(steering, state, 0.0, command, rate, DT)
        assert state.error == pytest.approx(0.0, abs=1e-9)


# Following


def test_each_stage_tells_what_was_asked_and_what_was_reached() -> None:
    found = following(obeyed(scripted(), factor=0.9, turned=1.1))
    assert [one.asked_speed for one in found] == [0.0, 0.15, 0.3, 0.0]
    np.testing.assert_allclose([one.speed for one in found], [0, 0.135, 0.27, 0], atol=1e-3)
    np.testing.assert_allclose([one.speed_error for one in found], [0, 0.1, 0.1, 0], atol=1e-2)
    assert found[2].turning_rate == pytest.approx(0.385, rel=1e-2)
    assert found[2].turning_error == pytest.approx(0.1, abs=1e-2)
    assert all(one.follows() for one in found)
    assert not found[1].follows(within=0.05)


def test_who_stands_or_falls_does_not_follow() -> None:
    exact = obeyed(scripted())
    assert follows(exact)
    assert not follows(moved(scripted(), np.zeros(300), 0.0))
    fell = replace(
        exact,
        ending=replace(exact.ending, outcome=Outcome.FELL),
        trace=exact.trace[:150],
    )
    assert not follows(fell)
    assert [one.lasted for one in following(fell)] == [True, True, False]


def test_whole_strides_are_what_counts() -> None:
    """A yaw that sways with the stride turns nowhere, wherever the stage ends."""
    time = DT * np.arange(330)
    sway = 0.1 * np.sin(2 * np.pi * time / 0.8)
    orientation = np.column_stack([np.cos(sway / 2), 0 * sway, 0 * sway, np.sin(sway / 2)])
    swaying = walk(BODY, steps=330, changes={"torso.orientation": orientation})
    (found,) = following(swaying)
    assert found.turning_rate == pytest.approx(0.0, abs=1e-9)


def test_an_error_where_nothing_is_asked_is_relative_to_the_reference() -> None:
    creeping = moved((0, 0, 0), np.full(300, 0.06), 0.0)
    assert following(creeping)[0].speed_error == pytest.approx(0.2)
    assert following(creeping, speed=0.6)[0].speed_error == pytest.approx(0.1)


def test_the_speed_of_a_gait_that_turns_is_along_the_heading_asked_for() -> None:
    """After a whole circle it is not the way along x, which is none."""
    found = obeyed((0.3, 0.0, 2 * math.pi / 6))
    assert abs(float(found.way[0])) < 0.01
    assert analyse(found, warm_up=0.0).speed == pytest.approx(0.3, rel=1e-3)
    straight = obeyed((0.3, 0.0, 0.0))
    assert analyse(straight).speed == pytest.approx(0.3)


def test_forward_is_along_x_to_the_last_bit_where_no_turn_is_asked() -> None:
    found = moved((0.3, 0.0, 0.0), np.full(300, 0.3), 0.1 * DT * np.arange(300))
    assert found.forward == float(found.way[0])
    assert not found.turns
    assert analyse(found).heading_drift == pytest.approx(0.1 * DT * 299)


def test_a_turn_that_was_asked_for_is_no_drift() -> None:
    found = obeyed((0.3, 0.4, 0.5))
    assert found.turns
    assert analyse(found).heading_drift == pytest.approx(-0.4)
    assert analyse(obeyed((0.3, 0.0, 0.5), turned=1.2)).heading_drift == pytest.approx(
        0.1 * DT * 299
    )


def test_the_rest_of_an_episode_goes_on_with_its_heading() -> None:
    """A part is judged from the heading that the body has there."""
    found = obeyed((0.3, 0.0, 2 * math.pi / 6))
    rest = replace(found, trace=found.trace[100:])
    assert rest.stages[0].turn == 0.0
    assert rest.forward == pytest.approx(0.3 * 200 * DT, rel=1e-3)


def test_a_course_is_the_mean_over_a_stride_around_each_step() -> None:
    time = DT * np.arange(400)
    found = moved((0.3, 0, 0.2), 0.3 + 0.1 * np.sin(2 * np.pi * time / 0.8), 0.2 * time)
    speed, rate = course(found, 0.8)
    np.testing.assert_allclose(speed[20:-20], 0.3, atol=1e-5)
    np.testing.assert_allclose(rate, 0.2, atol=1e-9)
    assert speed.shape == rate.shape == (400,)


# The report


def page(found: Episode) -> str:
    attempts = (Attempt(analyse(found), 0.9, tuple(following(found))),)
    return render(find(found, attempts=attempts))


def test_a_report_shows_what_was_asked_for_and_what_was_reached() -> None:
    found = small_walk(small_biped())  # at 0.4 m/s
    found["command"][:250, 0], found["command"][250:, 0] = 0.4, 0.2
    shown = page(found)
    told = " ".join(re.sub(r"<[^>]*>", " ", section(shown, "command")).split())
    assert re.search(r"0 to 5 0\.4 of 0\.4 .* yes 5 to 10 0\.4 of 0\.2 .* no", told)
    tiles = " ".join(re.sub(r"<[^>]*>", " ", shown).split())
    assert "command followed 0 of 1 scenarios, within 20 %" in tiles
    rows = saved(shown, "command")
    assert len(rows) == len(found)
    assert float(rows[0]["speed asked for [m/s]"]) == 0.4
    assert float(rows[-1]["speed asked for [m/s]"]) == 0.2
    assert float(rows[100]["speed reached [m/s]"]) == pytest.approx(0.4)


def test_a_report_of_a_run_that_asks_for_nothing_has_no_command() -> None:
    assert 'id="command"' not in render(find(small_walk(small_biped())))


# The run file

STAGED = """
[[scenario.command.stages]]
start = 0.0

[[scenario.command.stages]]
start = 1.0
speed = [0.1, 0.2]
turning_rate = 0.3
"""


def test_stages_of_a_run_file_are_kept_and_drawn(hop: Path) -> None:
    hop.write_text(hop.read_text(encoding="utf-8") + STAGED, encoding="utf-8")
    spec = read(hop)
    assert loads(dumps(spec)) == spec
    commands = [one.command for one in Experiment(spec).held_out()]
    assert all(table.shape == (2, 4) and not table[0].any() for table in commands)
    assert all(0.1 <= table[1, 1] <= 0.2 and table[1, 3] == 0.3 for table in commands)
    assert len({table[1, 1] for table in commands}) == len(commands)


def test_a_command_is_drawn_anew_for_as_long_as_the_episode_lasts(hop: Path) -> None:
    overrides = ["scenario.command.every=0.5", "scenario.command.speed=[0, 1]"]
    longer = [*overrides, "evaluation.heldout_duration=2.0"]
    experiment = Experiment(read(hop, longer))
    assert all(len(one.command) == 2 for one in experiment.scenarios(0))
    assert all(len(one.command) == 4 for one in experiment.held_out())


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("scenario.command.every=-1", "Key 'scenario.command.every': .*greater than or equal to 0"),
        ("scenario.command.stop=2", "Key 'scenario.command.stop': .*less than or equal to 1"),
        (
            "scenario.command.stages=[{speed=1}]",
            r"Key 'scenario.command.stages.0.start' is missing",
        ),
        (
            "scenario.command.stages=[{start=0, spede=1}]",
            r"key in \[scenario.command.stages.0\] 'spede'.*speed",
        ),
        (
            "scenario.command.stages=[{start=1}]",
            "Table 'scenario.command': .*first must start at 0; they start at 1 s",
        ),
        (
            "scenario.command={every=2, stages=[{start=0}]}",
            "Table 'scenario.command': `stages` and `every` exclude each other",
        ),
        (
            "scenario.command={speed=2, stop=0.1, stages=[{start=0}]}",
            "`stages` and `speed`, `stop` exclude each other",
        ),
        ("scenario.command.stages=3", "Key 'scenario.command.stages': .*not 3"),
    ],
)
def test_a_wrong_command_is_told_with_file_and_key(hop: Path, override: str, words: str) -> None:
    with pytest.raises(SpecError, match=words) as told:
        read(hop, [override])
    assert str(hop) in str(told.value)


@pytest.mark.parametrize("measure", ["arrival", "command_tracking"])
def test_a_measure_of_following_needs_a_command(hop: Path, measure: str) -> None:
    override = f"fitness.speed.measure={measure}"
    with pytest.raises(SpecError, match=r"fitness.speed.measure.*asks for nothing"):
        _ = Experiment(read(hop, [override])).terms
    assert Experiment(read(hop, [override, "scenario.command.speed=0.3"])).terms
    assert Experiment(read(hop, [override, "fitness.speed.weight=0"])).terms


def test_a_relative_command_is_the_same_froude_number_on_legs_of_all_lengths(tmp_path):
    """A speed of 0.2 is 0.2 sqrt(g L), whose Froude number v^2 / (g L) is 0.04."""
    for name in ("biped", "hopper"):
        changes = ["scenario.command.speed=0.2", "scenario.command.relative=true"]
        experiment = Experiment(read(run_file("hopper"), [f"morphology.name={name}", *changes]))
        morphology = experiment.morphology
        (_, speed, _, _) = experiment.held_out_scenario(0).command[0]
        assert speed**2 / (morphology.gravity * morphology.leg_length) == pytest.approx(0.04)
