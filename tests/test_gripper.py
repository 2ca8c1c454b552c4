"""A parallel gripper, scenes to grasp in, and grasps that are executed."""

import mujoco
import numpy as np
import pytest

from evoloco.morphologies.arms import gripper
from evoloco.morphology import HOME
from evoloco.perception.grasp import scene as grasp_scene
from evoloco.perception.grasp.attempt import HIGH, LIFT, Grasp, Hand, attempt, planar
from evoloco.perception.grasp.gripper import CARRIER, FINGERS, HALF_OPEN, HAND, LENGTH
from evoloco.perception.grasp.scene import HELD_OUT, TRAIN, Scene, random_scene


def block(*half: float) -> Scene:
    """A box in the middle of the table, along the axes, with half sides [m]."""
    spec = grasp_scene.table()
    body = spec.worldbody.add_body(name="object0", pos=[0, 0, half[2]])
    body.add_freejoint()
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=half, density=500)
    return Scene(spec)


# The body


def test_every_joint_of_the_gripper_is_driven_by_an_actuator_of_its_name() -> None:
    built = gripper.build()
    model = built.model
    assert built.joints == (*CARRIER, *FINGERS)
    for number, name in enumerate(built.joints):
        assert model.actuator(number).name == model.joint(number).name == name
        assert model.actuator_trnid[number, 0] == number


def test_the_open_gripper_hangs_at_home_and_its_fingers_are_85_mm_apart() -> None:
    model = gripper.build().model
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_step(model, data, 500)
    assert data.qpos == pytest.approx(model.key(HOME).qpos, abs=1e-6)  # its weight is carried

    left, right = data.geom("left").xpos, data.geom("right").xpos
    assert right - left == pytest.approx([2 * HALF_OPEN + 0.01, 0, 0], abs=1e-6)
    assert data.geom("left").xpos[2] == pytest.approx(data.body(HAND).xpos[2] + LENGTH / 2)


def test_the_servos_of_the_gripper_reach_what_they_are_told() -> None:
    model = gripper.build().model
    data = mujoco.MjData(model)
    wanted = np.array([0.05, -0.1, 0.2, 0.7, 0.02, 0.01])
    data.qpos[:] = data.ctrl[:] = model.key(HOME).qpos
    data.ctrl[:] = wanted
    mujoco.mj_step(model, data, 1500)
    assert data.qpos == pytest.approx(wanted, abs=1e-4)  # after many settling times


# Scenes


@pytest.mark.parametrize("kind", [*TRAIN, *HELD_OUT])
def test_objects_of_every_kind_lie_at_rest_on_the_table(kind: str) -> None:
    scene = random_scene(np.random.default_rng(1), [kind], 1)
    before = scene.places.copy()
    mujoco.mj_step(scene.model, scene.data, 100)
    assert scene.places == pytest.approx(before, abs=3e-3)  # round ones may still roll a bit
    assert 0.005 < scene.heights[0] < 0.05


def test_equal_draws_give_equal_scenes() -> None:
    one, same = (random_scene(np.random.default_rng(3), TRAIN, 3) for _ in range(2))
    assert one.data.qpos.tobytes() == same.data.qpos.tobytes()
    assert one.objects == 3


def test_kinds_to_learn_from_are_not_those_of_the_test() -> None:
    assert not {*TRAIN} & {*HELD_OUT}


# Grasps


def test_a_box_is_lifted_across_its_narrow_side_and_not_across_its_wide_one() -> None:
    scene = block(0.05, 0.02, 0.03)
    assert not attempt(scene, planar(0, 0, 0.0))
    assert attempt(scene, planar(0, 0, np.pi / 2))


def test_a_closed_gripper_is_as_wide_as_what_it_holds() -> None:
    hand = Hand(block(0.05, 0.02, 0.03), planar(0, 0, np.pi / 2))
    assert hand.opening == pytest.approx(2 * HALF_OPEN)
    hand.close()
    assert hand.opening == pytest.approx(0.04, abs=2e-3)  # contacts give way a little


def test_the_hand_turns_about_its_fingertips() -> None:
    scene = block(0.05, 0.02, 0.03)
    hand = Hand(scene, planar(0, 0, 0.0, 0.1))
    hand.move(hand.point, 0.4, turn=np.pi / 2)
    hand.hold(0.2)
    assert scene.data.body(HAND).xpos == pytest.approx([0, 0, 0.1], abs=1e-3)
    assert scene.data.body(HAND).xmat[:3] == pytest.approx([0, -1, 0], abs=0.02)


def test_what_is_not_between_the_fingers_stays_on_the_table() -> None:
    assert not attempt(block(0.02, 0.02, 0.02), planar(0.12, 0, 0.0))


def test_a_tilted_hand_approaches_along_its_own_axis() -> None:
    tilt = np.radians(30)
    c, s = np.cos(tilt), np.sin(tilt)
    rotation = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    assert attempt(block(0.02, 0.02, 0.03), Grasp(np.array([0, 0, 0.02]), rotation))


def test_an_object_counts_as_lifted_by_its_own_rise() -> None:
    scene = block(0.02, 0.02, 0.03)
    hand = Hand(scene, planar(0, 0, 0.0))
    assert hand.lift()
    assert hand.lifted.tolist() == [True]
    assert HIGH < scene.heights[0] - 0.03 < LIFT + 0.01


def test_equal_grasps_of_one_scene_end_equally_whatever_was_tried_between() -> None:
    scene = random_scene(np.random.default_rng(0), TRAIN, 1)
    x, y, _ = scene.places[0]
    ends = []
    for angle in (0.3, 1.2, 0.3):
        attempt(scene, planar(x, y, angle))
        ends.append(scene.data.qpos.copy())
    assert ends[0].tobytes() == ends[2].tobytes() != ends[1].tobytes()


def test_a_grasp_that_diverges_is_a_failed_one() -> None:
    scene = block(0.02, 0.02, 0.02)
    scene.model.opt.gravity[2] = 1e13  # everything rises, beyond any number MuJoCo allows
    assert not attempt(scene, planar(0, 0, 0.0))
    assert not scene.stable
    scene.restore()
    assert scene.stable
