"""The reflexes: states of a leg, and what excites a muscle in each."""

import inspect
import itertools

import numpy as np
import pytest
from native import Native, on_one_leg

from evoloco.controllers import reflex
from evoloco.controllers._leg_states import NAMES, TRANSITIONS, UNDECIDED, follow
from evoloco.morphologies import muscle_biped

BODY = muscle_biped.build()
WHERE = BODY.observation
DT = BODY.model.opt.timestep
MUSCLES = [muscle.name for muscle in BODY.muscles]
THRESHOLD, LATE, LANDS = 0.2, -0.1, 0.1


def holds(condition: str, load: float, ahead: float, other_load: float, other_ahead: float) -> bool:
    """Whether a condition of the table holds."""
    return {
        "the other leg is loaded, and this foot behind it": other_load > THRESHOLD
        and ahead < other_ahead,
        "the foot is less ahead of the pelvis than `late`": ahead < LATE,
        "the leg is not loaded": load <= THRESHOLD,
        "the leg is loaded": load > THRESHOLD,
        "the leg is loaded, and this foot ahead of the other": load > THRESHOLD
        and ahead > other_ahead,
        "the leg is not loaded, and the foot more ahead of the pelvis than `landing`": (
            load <= THRESHOLD and ahead > LANDS
        ),
    }[condition]


def test_the_states_pass_as_the_table_says_and_the_docstring_lists_it() -> None:
    text = inspect.getdoc(reflex.Controller)
    assert text
    for before, after, condition in TRANSITIONS:
        assert f"{before} -> {after}: {condition}" in text
    seen = set()
    for state, load, other_load in itertools.product(range(5), (0.0, 0.5), (0.0, 0.5)):
        for ahead, other_ahead in itertools.product((-0.3, -0.05, 0.05, 0.3), (-0.2, 0.0, 0.2)):
            facts = load, ahead, other_load, other_ahead
            wanted = next(
                (
                    after
                    for before, after, when in TRANSITIONS
                    if before == NAMES[state] and holds(when, *facts)
                ),
                NAMES[state],
            )
            found = follow(
                float(state), load, ahead, other_load, other_ahead, THRESHOLD, LATE, LANDS
            )
            assert NAMES[int(found)] == wanted, (NAMES[state], facts)
            seen.add((NAMES[state], wanted))
    assert {(before, after) for before, after, _ in TRANSITIONS} <= seen


@pytest.mark.parametrize(
    ("load", "ahead", "other_load", "other_ahead", "wanted"),
    [
        (0.5, 0.2, 0.0, 0.0, "early stance"), (0.5, -0.2, 0.0, 0.0, "late stance"),
        (0.5, -0.2, 0.5, 0.2, "liftoff"), (0.0, 0.2, 0.5, 0.0, "landing"), (0.0, 0.0, 0.5, 0.2, "swing"),
    ],
)  # fmt: skip
def test_a_leg_begins_in_the_state_that_its_load_and_place_say(
    load: float, ahead: float, other_load: float, other_ahead: float, wanted: str
) -> None:
    found = follow(float(UNDECIDED), load, ahead, other_load, other_ahead, THRESHOLD, LATE, LANDS)
    assert NAMES[int(found)] == wanted


@pytest.fixture(scope="module")
def native() -> Native:
    return Native(reflex.Controller(BODY), BODY)


def standing(left: bool) -> np.ndarray:
    return on_one_leg(WHERE, left)


def excitations(native: Native, obs: np.ndarray, **values: float) -> dict[str, float]:
    return dict(zip(MUSCLES, native.first(obs, DT, **values), strict=True))


def test_the_published_gains_answer_as_the_table_of_reflexes_says(native: Native) -> None:
    obs = standing(left=True)
    rest = excitations(native, obs)
    assert rest["soleus_left"] == pytest.approx(0.01)
    for muscle, place, gain in (
        ("soleus", WHERE.muscle_force, 1.6),
        ("gastrocnemius", WHERE.muscle_force, 2.0),
    ):
        pulled = obs.copy()
        for side in ("left", "right"):
            pulled[place.start + MUSCLES.index(f"{muscle}_{side}")] = 0.3
        answer = excitations(native, pulled)
        assert answer[f"{muscle}_left"] - rest[f"{muscle}_left"] == pytest.approx(0.3 * gain)
        assert answer[f"{muscle}_right"] == rest[f"{muscle}_right"]  # it swings
    leaning = obs.copy()
    leaning[WHERE.tilt.start + 1] = 0.205
    answer = excitations(native, leaning)
    for muscle in ("hamstrings", "glutei"):
        assert answer[f"{muscle}_left"] == pytest.approx(0.01 + 1.91 * 0.1)
    assert answer["iliopsoas_left"] == 0.0
    stretched = obs.copy()
    stretched[WHERE.muscle_length.start + MUSCLES.index("tibialis_right")] = 0.81
    assert excitations(native, stretched)["tibialis_right"] == pytest.approx(0.01 + 1.1 * 0.1)


def test_the_hip_of_a_swinging_leg_flexes_as_the_trunk_leans_forward_and_not_as_the_hamstrings_lengthen(
    native: Native,
) -> None:
    obs = standing(left=True)
    obs[WHERE.muscle_length.start + MUSCLES.index("iliopsoas_right")] = 1.0
    obs[WHERE.muscle_length.start + MUSCLES.index("hamstrings_right")] = 0.8
    rest = excitations(native, obs)["iliopsoas_right"]
    for place, change, gain in (
        (WHERE.tilt.start + 1, 0.1, 0.9), (WHERE.rate.start + 1, 0.1, 0.1),
        (WHERE.muscle_length.start + MUSCLES.index("hamstrings_right"), 0.06, -2 / 6),
    ):  # fmt: skip
        changed = obs.copy()
        changed[place] += change
        assert excitations(native, changed)["iliopsoas_right"] - rest == pytest.approx(
            gain * change
        ), gain


def test_the_vasti_rest_while_the_knee_is_straight(native: Native) -> None:
    obs = standing(left=True)
    knee = WHERE.joint_angle.start + [joint.name for joint in BODY.joints].index("knee_left")
    for angle, wanted in ((0.1, 0.01), (0.2, 0.21)):
        obs[knee] = angle
        assert excitations(native, obs)["vasti_left"] == pytest.approx(wanted)


def test_mirrored_observations_give_mirrored_excitations(native: Native) -> None:
    random = np.random.default_rng(2)
    for _ in range(20):
        obs = np.abs(random.normal(0.5, 0.3, WHERE.size))
        obs[WHERE.foot_ahead] = random.normal(0, 0.3, 2)
        image = obs.copy()
        half = len(BODY.joints) // 2
        for part in (WHERE.joint_angle, WHERE.joint_velocity):
            image[part] = np.roll(obs[part], half)
        for part in (WHERE.foot_load, WHERE.foot_ahead):
            image[part] = obs[part][::-1]
        for part in (WHERE.muscle_length, WHERE.muscle_velocity, WHERE.muscle_force):
            image[part] = np.roll(obs[part], len(MUSCLES) // 2)
        here, there = excitations(native, obs), excitations(native, image)
        for muscle in BODY.muscles:
            assert there[muscle.partner] == here[muscle.name]
