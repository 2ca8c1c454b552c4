"""The pose of the block in a hand is seen in pictures with looks that no training had."""

import mujoco
import numpy as np
import pytest

from evoloco.dexterity import page
from evoloco.dexterity.looking import judge_looking
from evoloco.dexterity.store import load
from evoloco.hand import three_finger_hand
from evoloco.perception import looks
from evoloco.perception.hand_pose import scene as hand_scene
from evoloco.perception.hand_pose.lesson import HandPose
from evoloco.perception.hand_pose.network import UNIT, HandPoseNet, seen
from evoloco.perception.hand_pose.scene import HandScene
from evoloco.perception.lesson import Arrays
from evoloco.perception.need import Picture
from evoloco.perception.weights import fill
from evoloco.sensors import hand_pose


@pytest.fixture(autouse=True)
def drawing_is_on(without_video: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests draw, some dozen pictures each."""
    monkeypatch.delenv("MUJOCO_GL", raising=False)


def examples(split: str, count: int = 40) -> Arrays:
    return HandPose().examples(count, split, 5)


def test_equal_seeds_draw_equal_pictures_and_poses() -> None:
    one, other = examples("test", 3), examples("test", 3)
    assert (one["picture"] == other["picture"]).all()
    assert (one["pose"] == other["pose"]).all()
    assert (examples("train", 3)["picture"] != one["picture"]).any()


def test_the_block_is_seen_where_it_is_and_its_mark_where_it_points() -> None:
    with HandScene() as scene:
        scene.dress(looks.draws(0, "train", 0), held_out=False)
        for x, y, angle in ((0.02, 0.01, 0.3), (-0.01, 0.02, 2.0), (0.0, -0.02, -1.2)):
            scene.data.qpos[-3:] = x, y, angle
            scene._studio.look(scene.data, hand_scene.EYE)
            shown = scene._studio.geoms()
            mark, block = (
                np.argwhere(shown == scene.model.geom(name).id).mean(axis=0)
                for name in ("object_mark", "object_geom")
            )
            pixel = 2 * hand_scene.HEIGHT * np.tan(np.radians(hand_scene.FIELD_OF_VIEW) / 2)
            pixel /= hand_scene.SIDE
            whole = np.argwhere(
                np.isin(shown, [scene.model.geom(n).id for n in ("object_mark", "object_geom")])
            ).mean(axis=0)
            middle = (hand_scene.SIDE - 1) / 2
            place = pixel * np.array([whole[1] - middle, middle - whole[0]])
            # Two pixels: the camera's place and tilt deviate, and the block's top is nearer.
            assert place == pytest.approx([x, y], abs=2 * pixel)
            pointing = np.arctan2(block[0] - mark[0], mark[1] - block[1])
            assert np.cos(pointing - angle) > np.cos(0.2)


def test_a_scene_shows_what_a_simulation_has() -> None:
    hand = three_finger_hand()
    data = mujoco.MjData(hand.model)
    hand.model.geom("object_geom").size[:2] *= 1.05
    data.qpos[:] = np.linspace(-0.3, 0.5, len(data.qpos))
    with HandScene() as scene:
        scene.copy(data)
        mujoco.mj_kinematics(scene.model, scene.data)
        mujoco.mj_kinematics(hand.model, data)
        tips = [scene.data.site(tip).xpos for tip in hand.tips]
        assert (np.array(tips) == [data.site(tip).xpos for tip in hand.tips]).all()
        assert (scene.model.geom("object_geom").size == hand.model.geom("object_geom").size).all()


def test_the_bundled_network_sees_poses_in_new_looks_better_than_colours_do() -> None:
    lesson, test = HandPose(), examples("test")
    network = fill(lesson.network(), hand_pose.NAME, layout=lesson.layout)
    found = {one.name: one.value for one in lesson.figures(test, lesson.answers(network, test))}
    colour = lesson.baselines(test)["colour"](test)
    simple = {one.name: one.value for one in lesson.figures(test, colour)}
    name = "median error of the angle"
    assert found[name] < 0.15
    assert found[name] < 0.5 * simple[name]
    assert simple[name] < 0.8  # the baseline does look: a guess is wrong by 1.6


def test_a_perfect_answer_has_no_error_and_one_turned_around_has_pi() -> None:
    lesson, test = HandPose(), examples("test", 4)
    right = {"pose": test["pose"].astype(float)}
    assert lesson.right(test, right).all()
    assert [one.value for one in lesson.figures(test, right)] == [0, 0, 1]
    turned = {"pose": right["pose"] + [0, 0, 3 * np.pi]}
    assert lesson.figures(test, turned)[0].value == pytest.approx(np.pi, abs=1e-5)
    assert not lesson.right(test, turned).any()


def test_answers_are_in_metres_and_radians() -> None:
    network = HandPoseNet().train(False)
    last = network.layers[-1]
    last.weight.data[:] = 0
    last.bias.data[:] = last.bias.data.new_tensor([1.0, -2.0, 0.0, 0.5])
    found = seen(network, np.zeros((hand_scene.SIDE, hand_scene.SIDE, 3), np.uint8))
    assert found == pytest.approx([UNIT, -2 * UNIT, np.pi / 2, 0.5])


def test_the_sensor_needs_a_picture_of_the_size_that_it_was_learned_from() -> None:
    reader = hand_pose.InHand()
    assert reader.needs == Picture(hand_scene.SIDE, hand_scene.SIDE)
    assert reader.channels[-2:] == ("confidence", "age")


def test_the_bundled_policy_reaches_goals_by_what_the_network_sees() -> None:
    looked = judge_looking(three_finger_hand(), load(), "nominal", 0, count=3, most=2)
    assert looked.judged.goals.max() == 2
    assert looked.pictures.shape == (3, hand_scene.SIDE, hand_scene.SIDE, 3)

    shown = page.render(looked, most=2)
    assert shown.count("<figure>") == 3
    assert f"All 2 goals: {(looked.judged.goals >= 2).sum()} of 3 worlds" in shown
