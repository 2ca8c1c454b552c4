"""The planar hand: what a policy needs of it, and its friction, by hand."""

import math

import mujoco
import numpy as np
import pytest

from evoloco.errors import ModelError, UnknownNameError
from evoloco.hand import Hand, read_hand
from evoloco.morphologies.arms import three_finger_hand
from evoloco.morphology import HOME

TIPS = ["left_tip", "right_tip", "thumb_tip"]


@pytest.fixture(scope="module")
def hand() -> Hand:
    return three_finger_hand.build()


def at_home(hand: Hand) -> mujoco.MjData:
    data = mujoco.MjData(hand.model)
    mujoco.mj_resetDataKeyframe(hand.model, data, hand.model.key(HOME).id)
    mujoco.mj_forward(hand.model, data)
    return data


def test_every_joint_of_a_finger_is_driven_and_moves_its_tip_alone(hand: Hand) -> None:
    assert hand.tips == tuple(TIPS)
    for joint in hand.joints:
        data = at_home(hand)
        before = np.array([data.site(tip).xpos for tip in hand.tips])
        data.joint(joint).qpos[:] += 0.1
        mujoco.mj_kinematics(hand.model, data)
        moved = np.linalg.norm([data.site(tip).xpos for tip in hand.tips] - before, axis=1) > 1e-3
        assert [tip for tip, far in zip(hand.tips, moved, strict=True) if far] == [
            joint.split("_")[0] + "_tip"
        ]


def test_the_hand_rests_at_home_and_touches_nothing(hand: Hand) -> None:
    data = at_home(hand)
    assert data.ncon == 0
    home = data.qpos.copy()
    mujoco.mj_step(hand.model, data, nstep=200)
    assert data.qpos == pytest.approx(home, abs=1e-9)  # no force acts in the plane


def test_three_fingers_stand_evenly_around_the_block(hand: Hand) -> None:
    data = at_home(hand)
    places = np.array([data.site(tip).xpos[:2] for tip in hand.tips])
    assert np.linalg.norm(places, axis=1) == pytest.approx(
        np.linalg.norm(places[0]), rel=1e-9
    )  # turned copies of each other, but for rounding
    assert places.sum(axis=0) == pytest.approx([0, 0], abs=1e-9)
    corner = math.hypot(three_finger_hand.HALF, three_finger_hand.HALF)
    assert np.linalg.norm(places[0]) > corner + three_finger_hand.THICKNESS


@pytest.mark.parametrize(("share", "slides"), [(0.95, False), (1.05, True)])
def test_the_block_slides_once_a_force_exceeds_friction(
    hand: Hand, share: float, slides: bool
) -> None:
    weight = three_finger_hand.MASS * three_finger_hand.GRAVITY
    data = at_home(hand)
    data.joint("object_x").qfrc_applied[:] = share * three_finger_hand.SLIDING * weight
    mujoco.mj_step(hand.model, data, nstep=50)
    # MuJoCo's friction is soft: it creeps, by far less than what slides.
    assert (data.joint("object_x").qpos[0] > 2e-3) == slides


def test_the_torque_of_friction_is_that_of_a_square_with_even_pressure(hand: Hand) -> None:
    side = np.linspace(-1, 1, 2001)
    mean = np.hypot(*np.meshgrid(side, side)).mean()
    assert pytest.approx(mean, rel=1e-3) == three_finger_hand.TURNING  # three digits
    loss = hand.model.dof_frictionloss
    arm = (
        loss[hand.model.joint("object_angle").dofadr[0]]
        / loss[hand.model.joint("object_x").dofadr[0]]
    )
    assert arm == pytest.approx(three_finger_hand.TURNING * three_finger_hand.HALF)


def test_fingers_push_the_block_and_each_other(hand: Hand) -> None:
    data = at_home(hand)
    for name in three_finger_hand.FINGERS:
        data.actuator(f"{name}_base").ctrl[:] = 0.6
        data.actuator(f"{name}_middle").ctrl[:] = -0.6
    mujoco.mj_step(hand.model, data, nstep=100)
    assert abs(data.joint("object_angle").qpos[0]) > 0.05
    assert np.isfinite(data.qpos).all()


def test_what_a_hand_lacks_is_told_with_what_there_is() -> None:
    spec = three_finger_hand.build().spec
    with pytest.raises(UnknownNameError, match=r"Unknown site 'little_tip'.*left_tip"):
        read_hand(spec, ["little_tip"])
    with pytest.raises(UnknownNameError, match=r"Unknown body 'cube'.*object"):
        read_hand(spec, TIPS, "cube")
    spec.delete(spec.key(HOME))
    with pytest.raises(ModelError, match="keyframe 'home'"):
        read_hand(spec, TIPS)
