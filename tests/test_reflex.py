"""The reflexes: states of a leg, and what excites a muscle in each."""

import inspect
import itertools

import numpy as np
import pytest
from native import Native, on_one_leg

from evoloco import fields
from evoloco.controllers import reflex
from evoloco.controllers._leg_states import NAMES, TRANSITIONS, UNDECIDED, next_state
from evoloco.morphologies import muscle_biped

BODY = muscle_biped.build()
LAYOUT = BODY.observation
DT = BODY.model.opt.timestep
MUSCLES = [muscle.name for muscle in BODY.muscles]
JOINTS = [joint.name for joint in BODY.joints]
THRESHOLD, LATE, LANDS = 0.2, -0.1, 0.1


def holds(condition: str, load: float, ahead: float, other_load: float, other_ahead: float) -> bool:
    """Whether a condition of the table holds."""
    loaded, other_loaded = load > THRESHOLD, other_load > THRESHOLD
    return {
        "the other leg is loaded, and this foot behind it": other_loaded and ahead < other_ahead,
        "the foot is less ahead of the pelvis than `late`": ahead < LATE,
        "the leg is not loaded": not loaded,
        "the leg is loaded": loaded,
        "the leg is loaded, and this foot ahead of the other": loaded and ahead > other_ahead,
        "the leg is not loaded, and the foot is ahead of the pelvis by `landing`": (
            not loaded and ahead > LANDS
        ),
    }[condition]


def record(**values):
    """A record of these values."""
    return fields.record(fields.flatten(values), fields.layout_of(values))


def after(state: int, load: float, ahead: float, other_load: float, other_ahead: float) -> str:
    """Name of the state of the right leg after a control step."""
    params = record(threshold=THRESHOLD, late=LATE, landing=LANDS)
    obs = record(foot_load=[other_load, load], foot_ahead=[other_ahead, ahead])
    return NAMES[int(next_state(params, float(state), obs, 1))]


def test_the_states_pass_as_the_table_says_and_the_docstring_lists_it() -> None:
    text = inspect.getdoc(reflex.Controller)
    assert text
    for before, then, condition in TRANSITIONS:
        assert f"{before} -> {then}: {condition}" in text
    seen = set()
    for state, load, other_load in itertools.product(range(5), (0.0, 0.5), (0.0, 0.5)):
        for ahead, other_ahead in itertools.product((-0.3, -0.05, 0.05, 0.3), (-0.2, 0.0, 0.2)):
            facts = load, ahead, other_load, other_ahead
            wanted = next(
                (
                    then
                    for before, then, when in TRANSITIONS
                    if before == NAMES[state] and holds(when, *facts)
                ),
                NAMES[state],
            )
            assert after(state, *facts) == wanted, (NAMES[state], facts)
            seen.add((NAMES[state], wanted))
    assert {(before, then) for before, then, _ in TRANSITIONS} <= seen


@pytest.mark.parametrize(
    ("load", "ahead", "other_load", "other_ahead", "wanted"),
    [
        (0.5, 0.2, 0.0, 0.0, "early stance"),
        (0.5, -0.2, 0.0, 0.0, "late stance"),
        (0.5, -0.2, 0.5, 0.2, "liftoff"),
        (0.0, 0.2, 0.5, 0.0, "landing"),
        (0.0, 0.0, 0.5, 0.2, "swing"),
    ],
)
def test_a_leg_begins_in_the_state_that_its_load_and_place_say(
    load: float, ahead: float, other_load: float, other_ahead: float, wanted: str
) -> None:
    assert after(UNDECIDED, load, ahead, other_load, other_ahead) == wanted


@pytest.fixture(scope="module")
def native() -> Native:
    return Native(reflex.Controller(BODY), BODY)


def standing(left: bool, **readings: dict[str, float]) -> np.ndarray:
    """A flat observation on one leg, with readings by sensor and by channel."""
    obs = on_one_leg(LAYOUT, left)
    for sensor, channels in readings.items():
        for channel, reading in channels.items():
            names = {"joint_angle": JOINTS, "tilt": ["roll", "pitch"], "rate": ["roll", "pitch"]}
            fields.record(obs, LAYOUT)[sensor][names.get(sensor, MUSCLES).index(channel)] = reading
    return obs


def excitations(native: Native, obs: np.ndarray, **values: float) -> dict[str, float]:
    return dict(zip(MUSCLES, native.first(obs, DT, **values), strict=True))


@pytest.mark.parametrize(("muscle", "gain"), [("soleus", 1.6), ("gastrocnemius", 2.0)])
def test_muscles_of_the_calf_answer_to_their_own_force_on_the_ground(
    native: Native, muscle: str, gain: float
) -> None:
    rest = excitations(native, standing(left=True))
    assert rest["soleus_left"] == pytest.approx(0.01)
    pulls = {f"{muscle}_left": 0.3, f"{muscle}_right": 0.3}
    answer = excitations(native, standing(left=True, muscle_force=pulls))
    assert answer[f"{muscle}_left"] - rest[f"{muscle}_left"] == pytest.approx(0.3 * gain)
    assert answer[f"{muscle}_right"] == rest[f"{muscle}_right"]  # it swings


def test_muscles_of_the_hip_answer_to_the_lean_in_stance(native: Native) -> None:
    answer = excitations(native, standing(left=True, tilt={"pitch": 0.205}))
    for muscle in ("hamstrings", "glutei"):
        assert answer[f"{muscle}_left"] == pytest.approx(0.01 + 1.91 * 0.1)
    assert answer["iliopsoas_left"] == 0.0


def test_the_tibialis_answers_to_its_length(native: Native) -> None:
    obs = standing(left=True, muscle_length={"tibialis_right": 0.81})
    assert excitations(native, obs)["tibialis_right"] == pytest.approx(0.01 + 1.1 * 0.1)


@pytest.mark.parametrize(
    ("sensor", "channel", "change", "gain"),
    [
        ("tilt", "pitch", 0.1, 0.9),
        ("rate", "pitch", 0.1, 0.1),
        ("muscle_length", "hamstrings_right", 0.06, -2 / 6),
    ],
)
def test_the_hip_of_a_swinging_leg_flexes_as_the_trunk_leans_and_not_as_the_hamstrings_lengthen(
    native: Native, sensor: str, channel: str, change: float, gain: float
) -> None:
    seen = {
        "muscle_length": {"iliopsoas_right": 1.0, "hamstrings_right": 0.8},
        "tilt": {"pitch": 0.0},
        "rate": {"pitch": 0.0},
    }
    rest = excitations(native, standing(left=True, **seen))["iliopsoas_right"]
    seen[sensor][channel] += change
    answer = excitations(native, standing(left=True, **seen))["iliopsoas_right"]
    assert answer - rest == pytest.approx(gain * change)


def test_the_vasti_rest_while_the_knee_is_straight(native: Native) -> None:
    for angle, wanted in ((0.1, 0.01), (0.2, 0.21)):
        obs = standing(left=True, joint_angle={"knee_left": angle})
        assert excitations(native, obs)["vasti_left"] == pytest.approx(wanted)


def test_mirrored_observations_give_mirrored_excitations(native: Native) -> None:
    random = np.random.default_rng(2)
    for _ in range(20):
        obs = np.abs(random.normal(0.5, 0.3, fields.size(LAYOUT)))
        seen = fields.record(obs, LAYOUT)
        seen.foot_ahead[:] = random.normal(0, 0.3, 2)
        image = obs.copy()
        mirrored = fields.record(image, LAYOUT)
        for sensor in ("foot_load", "foot_ahead"):
            mirrored[sensor][:] = seen[sensor][::-1]
        for sensor in ("joint_angle", "joint_velocity"):
            mirrored[sensor][:] = np.roll(seen[sensor], len(JOINTS) // 2)
        for sensor in ("muscle_length", "muscle_velocity", "muscle_force"):
            mirrored[sensor][:] = np.roll(seen[sensor], len(MUSCLES) // 2)
        here, there = excitations(native, obs), excitations(native, image)
        for muscle in BODY.muscles:
            assert there[muscle.partner] == here[muscle.name]
