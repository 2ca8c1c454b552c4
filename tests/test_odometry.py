"""Leg odometry: the speed of the body by the joints of its standing legs."""

from collections.abc import Callable

import numpy as np
import pytest

from evoloco.controllers import _limbs, _odometry, _steering
from evoloco.controllers.feet import Controller
from evoloco.fields import Record, flatten, layout, layout_of, record
from evoloco.genome import Array
from evoloco.morphologies import biped, quadruped
from evoloco.morphology import Morphology

DT, STANCE = 0.02, 0.5
"""Control step and duration of a stance [s]."""


def made(fields: dict) -> Record:
    return record(flatten(fields), layout_of(fields))


def kept(shape: dict) -> Record:
    kind = layout(shape)
    return record(np.zeros(kind.itemsize // 8), kind)


def felt(angles: Array, turning: float = 0.0) -> Record:
    """What is observed at angles (nu,) and a turning rate [rad/s]."""
    kind = layout({"joint_angle": (angles.size,), "rate": (3,)})
    return record(np.array([*angles, 0.0, 0.0, turning]), kind)


def legs(morphology: Morphology) -> Record:
    return made(_limbs.fields(_limbs.limbs(morphology), morphology.leg_length))


def posed(morphology: Morphology, moved: Callable[[int, Array], Array]) -> Array:
    """Angles (nu,) that move each foot from where it is at home, by its number and place."""
    limbs, angles = legs(morphology), np.zeros(len(morphology.joints))
    for i, limb in enumerate(_limbs.limbs(morphology)):
        own, target = limb.home.copy(), limb.sole + moved(i, limb.sole)
        _limbs.reach(limbs, i, target, np.zeros(3), own, 30, _limbs.scratch(6))
        angles[list(limb.joints)] = own
    return angles


def strides(morphology: Morphology, speed: float, time: float) -> Array:
    """Angles (nu,) of legs that stand in turn, while the body goes evenly."""
    done = time % STANCE / STANCE - 0.5

    def moved(i: int, _: Array) -> Array:
        if (int(time / STANCE) + i) % 2 == 0:
            return np.array([-speed * STANCE * done, 0.0, 0.0])
        return np.array([speed * STANCE * done, 0.0, 0.02 * np.cos(np.pi * done)])

    return posed(morphology, moved)


@pytest.mark.parametrize("speed", [0.2, 0.05, -0.1])
@pytest.mark.parametrize("build", [biped.build, quadruped.build])
def test_the_speed_that_is_felt_is_that_of_the_body(build: object, speed: float) -> None:
    """Where feet take turns, filter (1) loses the share int 1 - |1 - 2 exp(-t / BRIEF)| dt / T."""
    morphology = build()  # type: ignore[operator]
    state = kept(_odometry.state(len(morphology.feet)))
    for k in range(300):
        obs = felt(strides(morphology, speed, k * DT))
        _odometry.feel_speed(legs(morphology), state, obs, speed < 0, DT)
    lost = 2 * np.log(2) * _odometry.BRIEF / STANCE
    assert state.speed == pytest.approx(speed * (1 - lost), rel=0.06)


def test_a_body_that_stands_feels_no_speed() -> None:
    morphology = biped.build()
    state = kept(_odometry.state(2))
    angles = np.array([joint.home for joint in morphology.joints])
    for _ in range(100):
        _odometry.feel_speed(legs(morphology), state, felt(angles), False, DT)
    assert state.speed == 0.0


@pytest.mark.parametrize(("felt", "sign"), [(0.0, 1.0), (1.0, -1.0)])
def test_steps_make_good_what_is_missing_within_bounds_and_forget_it_in_standing(
    felt: float, sign: float
) -> None:
    morphology = Controller(biped.build()).paths.morphology
    most = _steering.MOST * np.sqrt(morphology.gravity * morphology.leg_length)
    steering = {"most": most, "speed_gain": 1.0, "speed_offset": 0.0, "speed_hold": 1.0}
    params = made({**steering, "speed_felt": 1.0, "turn_gain": 1.0, "heading_gain": 0.0})
    state, kind = kept(_steering.STATE), layout({"command": (3,), "rate": (3,)})
    asked = record(np.array([0.3, 0, 0, 0, 0, 0.0]), kind)
    for _ in range(500):
        _steering.steer(params, state, felt, asked, DT)
    assert state.more == pytest.approx(sign * most)
    assert state.speed == pytest.approx(0.3 + sign * most, rel=1e-3)

    _steering.steer(params, state, felt, record(np.zeros(6), kind), DT)
    assert state.more == 0.0


def test_who_turns_on_the_spot_feels_no_speed() -> None:
    """Feet that stand go round the torso: backward on the outer side, forward on the other."""
    morphology = biped.build()
    state, turning = kept(_odometry.state(2)), 0.3
    for k in range(40):
        turned = turning * k * DT
        angles = posed(morphology, lambda _, place: np.array([turned * place[1], 0.0, 0.0]))  # noqa: B023 - at once
        _odometry.feel_speed(legs(morphology), state, felt(angles, turning), False, DT)
    assert abs(state.speed) < 0.02 * turning * abs(_limbs.limbs(morphology)[0].sole[1])
