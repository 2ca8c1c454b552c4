"""Measures from the rewards of "Emergence of locomotion behaviours in rich environments"."""

from typing import Any

import numpy as np
import pytest
from traces import GEAR, body, episode, noise

from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.fitness import capped_speed, forward_speed, stray_speed, torque, torso_height
from evoloco.fitness import track_offset as offset
from evoloco.members import member
from evoloco.morphology import Morphology

BIPED: Morphology = body()


def moving(**readings: Any) -> Episode:
    return episode(BIPED, 3, {f"torso.{name}": value for name, value in readings.items()})


def test_speed_counts_up_to_the_cap_and_backward_speed_counts_in_full() -> None:
    velocity = np.array([[-0.7, 0.3, 0.1], [1.0, 0, 0], [2.5, 0, 0]])
    found = capped_speed.measure(moving(velocity=velocity), cap=1.2)
    np.testing.assert_allclose(found, [-0.7, 1.0, 1.2])


def test_a_cap_that_no_speed_reaches_leaves_the_forward_speed() -> None:
    drawn = noise(BIPED, 50)
    np.testing.assert_array_equal(
        capped_speed.measure(drawn, cap=100.0), forward_speed.measure(drawn)
    )


def test_stray_speed_and_forward_speed_share_out_the_squared_speed() -> None:
    drawn = noise(BIPED, 50)
    whole = (drawn.torso_velocity**2).sum(axis=1)
    np.testing.assert_allclose(
        stray_speed.measure(drawn) + forward_speed.measure(drawn) ** 2, whole, rtol=1e-12
    )


def test_the_offset_from_the_track_is_squared_and_does_not_count_from_the_start() -> None:
    path = np.array([[0, 0.5, 0], [3, -0.2, 1], [9, 0, 0]])
    np.testing.assert_allclose(offset.measure(moving(position=path)), [0.25, 0.04, 0], atol=1e-15)


def test_torques_of_weight_times_leg_length_count_one_each_whatever_their_sign() -> None:
    unit = BIPED.weight * BIPED.leg_length
    force = unit * np.array([[0, 0], [1, -1], [0.5, 0]])
    found = torque.measure(episode(BIPED, 3, {"actuator_force": force}))
    np.testing.assert_allclose(found, [0, 2, 0.25])
    assert GEAR != 1  # of the body: the actuator's force counts, before its gear


def test_muscles_at_their_largest_isometric_force_count_one_each() -> None:
    human = member("morphologies", "muscle_biped").build()
    force = [-muscle.max_force for muscle in human.muscles]
    found = torque.measure(episode(human, 2, {"actuator_force": force}))
    np.testing.assert_allclose(found, len(human.muscles))


def test_the_torso_is_at_its_height_at_home_wherever_that_is_in_the_world() -> None:
    home = {"position": [0, 0, 0.5]}, {"position": [5, 1, 1.5]}
    for lift, values in zip((0.0, 1.0), home, strict=True):
        feet = {f"foot.{foot}.position": [0, 0, 0.4 + lift] for foot in BIPED.feet}
        stood = episode(BIPED, 2, {"torso.position": values["position"], **feet})
        np.testing.assert_allclose(torso_height.measure(stood), 0, atol=1e-12)
        np.testing.assert_allclose(torso_height.measure(stood, share=0.5), 0.05)


def test_the_lower_foot_decides_about_the_height_and_a_crouch_counts_like_a_leap() -> None:
    feet = {"foot.left_foot.position": [0, 0, 0.3], "foot.right_foot.position": [0, 0, 0.4]}
    raised = episode(BIPED, 2, {"torso.position": [0, 0, 0.5], **feet})
    np.testing.assert_allclose(torso_height.measure(raised), 0.1)
    low = episode(BIPED, 2, {"torso.position": [0, 0, 0.3], **feet})
    np.testing.assert_allclose(torso_height.measure(low), 0.1)


@pytest.mark.parametrize("share", [0.0, -1.0, float("nan")])
def test_a_height_of_nothing_is_refused(share: float) -> None:
    with pytest.raises(EvolocoError, match="share must be above 0"):
        torso_height.measure(noise(BIPED, 2), share=share)
