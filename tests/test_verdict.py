"""The verdict follows from duty factors, phases and speed, and from nothing else."""

from dataclasses import replace

import numpy as np
import pytest
import traces

from evoloco.ending import Outcome
from evoloco.gait.analysis import analyse
from evoloco.gait.verdict import SHARE, Manner, summary, supports, tally, verdict

STRIDE = 40
"""Control steps of a stride."""


@pytest.fixture(scope="module")
def biped():
    return traces.body()


def judged(morphology, **pattern):
    return verdict(analyse(traces.walk(morphology, stride=STRIDE, **pattern)))


@pytest.mark.parametrize("stance", range(10, 34, 2))
def test_feet_in_turn_walk_above_a_duty_factor_of_one_half_and_run_below(biped, stance):
    expected = Manner.ALTERNATING
    if 2 * stance > STRIDE:
        expected = Manner.WALKING
    if 2 * stance < STRIDE:
        expected = Manner.RUNNING
    assert judged(biped, stance=stance).manner is expected


@pytest.mark.parametrize("stance", [12, 20, 28])
def test_phases_of_feet_in_turn_follow_from_the_duty_factor(biped, stance):
    found = supports(analyse(traces.walk(biped, stride=STRIDE, stance=stance)))
    duty = stance / STRIDE
    assert sum(found) == pytest.approx(1.0)
    assert found.double == pytest.approx(max(2 * duty - 1, 0))
    assert found.flight == pytest.approx(max(1 - 2 * duty, 0))


@pytest.mark.parametrize("lag", [0, 2, 38])
def test_feet_that_come_down_together_hop(biped, lag):
    assert judged(biped, stance=20, lag=lag).manner is Manner.HOPPING


@pytest.mark.parametrize("lag", [8, 12, 28, 32])
def test_feet_neither_in_turn_nor_together_step_unevenly(biped, lag):
    found = judged(biped, stance=24, lag=lag)
    assert found.manner is Manner.ASYMMETRICAL
    assert f"{lag / STRIDE:.2f}" in found.why


def test_feet_in_turn_with_double_support_and_flight_step_unevenly(biped):
    episode = traces.walk(biped, stride=STRIDE, stance=24)
    short = (np.arange(500) - 20) % STRIDE < 16
    load = np.outer(short, [0, 0, 0.5, 0, 0, 0]) * biped.weight
    episode.sensor("foot.right_foot.ground")[:] = load
    traces.completed(episode)
    assert verdict(analyse(episode)).manner is Manner.ASYMMETRICAL


@pytest.mark.parametrize("stance", [16, 24])
def test_the_verdict_does_not_depend_on_the_pace_of_the_strides(biped, stance):
    slow = traces.walk(biped, stride=2 * STRIDE, stance=2 * stance, lag=STRIDE, steps=900)
    assert verdict(analyse(slow)).manner is judged(biped, stance=stance).manner


def test_the_verdict_of_a_mirrored_gait_is_the_same(biped):
    episode = traces.walk(biped, stride=STRIDE, stance=24, lag=18)
    one, other = (verdict(analyse(each)) for each in (episode, traces.mirrored(episode)))
    assert one.manner is other.manner


@pytest.mark.parametrize(("speed", "walks"), [(0.4, True), (-0.4, False), (0.0, False)])
def test_only_a_gait_that_moves_forward_walks(biped, speed, walks):
    found = judged(biped, stance=24, speed=speed)
    assert found.walks is walks
    verbs = {0.4: "walks", -0.4: "walks backward", 0.0: "steps in place"}
    assert found.verb == verbs[speed]


@pytest.mark.parametrize(("speed", "manner"), [(0.4, Manner.SHUFFLING), (0.0, Manner.STANDING)])
def test_feet_that_never_leave_the_ground_shuffle_or_stand(biped, speed, manner):
    assert judged(biped, stance=STRIDE, lag=0, speed=speed).manner is manner


def test_feet_that_slide_shuffle_unless_they_fly(biped):
    episode = traces.walk(biped, stride=STRIDE, stance=24)
    gait = analyse(episode)
    assert verdict(replace(gait, slip=0.19 * gait.speed)).walks
    assert verdict(replace(gait, slip=0.21 * gait.speed)).manner is Manner.SHUFFLING
    running = analyse(traces.walk(biped, stride=STRIDE, stance=14))
    assert verdict(replace(running, slip=0.21 * running.speed)).manner is Manner.RUNNING


def test_one_foot_hops(biped):
    found = judged(traces.body(("foot",)), stance=20)
    assert found.manner is Manner.HOPPING
    assert "double support" not in found.why


def test_a_biped_on_one_leg_hops_and_one_that_drags_a_leg_shuffles(biped):
    episode = traces.walk(biped, stride=STRIDE, stance=20)
    held_up, dragged = (replace(episode, trace=episode.trace.copy()) for _ in range(2))
    held_up.sensor("foot.right_foot.ground")[:] = 0
    dragged.sensor("foot.right_foot.ground")[:] = [0, 0, 0.3 * biped.weight, 0, 0, 0]
    for each in (held_up, dragged):
        traces.completed(each)
    assert verdict(analyse(held_up)).manner is Manner.HOPPING
    found = verdict(analyse(dragged))
    assert found.manner is Manner.SHUFFLING
    assert "right foot never steps" in found.why


@pytest.mark.parametrize(("stance", "manner"), [(26, Manner.WALKING), (14, Manner.RUNNING)])
def test_four_feet_in_diagonal_pairs_walk_and_run(stance, manner):
    feet = ("left_foot", "left_hind", "right_foot", "right_hind")
    assert judged(traces.body(feet), stance=stance).manner is manner


@pytest.mark.parametrize(
    ("outcome", "manner"),
    [(Outcome.FELL, Manner.FELL), (Outcome.UNSTABLE, Manner.DIVERGED)],
)
@pytest.mark.parametrize("steps", [1, 2, 400])
def test_an_episode_that_did_not_last_is_no_gait(biped, outcome, manner, steps):
    found = verdict(analyse(traces.walk(biped, steps=steps, outcome=outcome)))
    assert found.manner is manner
    assert f"{steps * 0.02:.3g} s" in found.why


def test_one_that_touches_the_ground_with_more_than_its_feet_crawls(biped):
    gait = analyse(traces.walk(biped, stance=24))
    assert verdict(replace(gait, body_contact=SHARE / 2)).walks
    assert verdict(replace(gait, body_contact=0.5)).manner is Manner.CRAWLING


@pytest.mark.parametrize("steps", [1, 50, 100])
def test_an_episode_that_ends_within_the_warm_up_is_not_judged(biped, steps):
    assert verdict(analyse(traces.walk(biped, steps=steps))).manner is Manner.BRIEF


def test_feet_that_never_step_within_the_same_strides_step_unevenly(biped):
    gait = analyse(traces.walk(biped, stance=24))
    assert verdict(replace(gait, phase_lag=np.nan)).manner is Manner.ASYMMETRICAL


@pytest.mark.parametrize("seed", range(8))
def test_every_episode_has_a_verdict_without_missing_numbers(seed):
    random = np.random.default_rng(seed)
    feet = ("left_foot", "left_hind", "right_foot", "right_hind")[:: 1 + seed % 2]
    morphology = traces.body(feet[: 1 + seed % len(feet)] if seed > 4 else feet)
    episode = traces.noise(morphology, steps=int(random.integers(1, 400)), seed=seed)
    found = verdict(analyse(episode))
    assert found.why
    assert "nan" not in found.why


def test_tally_counts_the_most_frequent_first(biped):
    walking, standing = (judged(biped, stance=24), judged(biped, stance=STRIDE, lag=0, speed=0))
    assert tally([standing, walking, walking]) == [("walks", 2), ("stands", 1)]
    told = summary([standing, walking, walking], 10.0)
    assert told == "It walks in 2 of 3 held-out scenarios of 10 s; it stands in 1."
    assert summary([standing], 2.5) == "It stands in the one held-out scenario of 2.5 s."
