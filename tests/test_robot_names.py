"""Names in a run file: per kind as in MuJoCo, and refused in one sentence where they do not fit."""

from collections.abc import Callable
from typing import Any

import mujoco
import pytest
from robot_files import LEGS, OPTIONS, table

from evoloco.errors import EvolocoError, SpecError
from evoloco.morphologies import mjcf
from evoloco.robot.file import load
from evoloco.robot.names import check_names

Save = Callable[..., str]

BALL = (
    '<body name="ball" pos="1 0 .2"><freejoint/><geom name="skin" size=".1" mass="2"/>'
    '<body name="flap"><joint name="flap_hinge"/><geom size=".02"/></body></body>'
    '<body name="pointer" mocap="true"><geom size=".01"/></body>'
)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("feet", [], "morphology.feet is empty|bodies that touch the ground|'front_left_toe'"),
        ("joints", [], "morphology.joints is empty|the hinges to drive|'front_left_swing'"),
        ("feet", ["hind_left_toe"] * 2, "morphology.feet has 'hind_left_toe' more than once"),
        ("joints", ["hind_left_swing"] * 2, "joints has 'hind_left_swing' more than once"),
        ("feet", ["hind_left_sole"], "'hind_left_sole' is a geom; its body is 'hind_left_toe'"),
        ("feet", ["hind_left_tip"], "'hind_left_tip' is a site; its body is 'hind_left_toe'"),
        ("feet", ["hind_left_swing"], "'hind_left_swing' is a joint; its body is 'hind_left_leg'"),
        ("torso", "plate", "morphology.torso: 'plate' is a geom; its body is 'frame'"),
        ("joints", ["hind_left_leg"], "is a body; its joints are 'hind_left_swing'"),
        ("joints", ["hind_left_toe"], "'hind_left_toe' is a body; it has no joint"),
        ("joints", ["hind_left_sole"], "'hind_left_sole' is a geom; the joints of its body"),
        ("home", {"hind_left_leg": 0.1}, "morphology.home: 'hind_left_leg' is a body"),
        ("feet", ["frame", "hind_left_toe"], "'frame' is morphology.torso and one of"),
        ("feet", ["hind_left_leg", "hind_left_toe"], "'hind_left_toe' hangs on the foot 'hind_l"),
        ("torso", "hind_left_toe", "'hind_left_toe' is morphology.torso and one of"),
        ("feet", ["ball"], "'ball' hangs on 'ball', the torso 'frame' on 'frame'"),
        ("joints", ["flap_hinge"], "'flap_hinge' moves a part of 'ball', which is not of the"),
        ("torso", "world", "'world' is the world"),
        ("torso", "pointer", "'pointer' is a mocap body"),
    ],
)
def test_a_name_that_does_not_fit_is_told_with_the_remedy(
    save: Save, option: str, value: Any, words: str
) -> None:
    path = save(table(after=BALL))
    with pytest.raises(EvolocoError) as caught:
        mjcf.build(path, **{**OPTIONS, option: value})
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert all(part in message for part in words.split("|")), message
    assert "\n" not in message


def test_a_torso_that_hangs_on_a_foot_is_refused(save: Save) -> None:
    options = {**OPTIONS, "torso": "hind_left_toe", "feet": ["frame"]}
    with pytest.raises(SpecError, match="the torso 'hind_left_toe' hangs on the foot 'frame'"):
        mjcf.build(save(table()), **options)


def test_feet_need_not_hang_on_the_torso_but_on_its_tree(save: Save) -> None:
    chest = '<body name="chest" pos="0 0 .05"><joint name="waist"/><geom size=".03"/></body>'
    spec = load(save(table(trunk=f"<freejoint/>{chest}")), [])
    check_names(spec, "", "chest", OPTIONS["feet"], OPTIONS["joints"], {})


def test_names_are_refused_before_anything_is_compiled(save: Save) -> None:
    broken = table().replace('mass=".8"', 'mass="-8"')  # which MuJoCo refuses to compile
    with pytest.raises(SpecError, match=r"morphology\.feet is empty"):
        mjcf.build(save(broken), **{**OPTIONS, "feet": []})


def test_a_body_a_joint_a_geom_and_a_site_may_share_a_name(save: Save) -> None:
    text = table()
    for kind in ("_toe", "_sole", "_tip"):
        text = text.replace(kind, "_swing")
    names = [f"{leg}_swing" for leg in LEGS]
    check_names(load(save(text), []), "", "frame", names, names, {names[0]: 0.1})


def test_what_has_no_name_gets_one_from_its_place_which_a_run_file_may_use(save: Save) -> None:
    text = table()
    for leg in LEGS:
        text = text.replace(f'<body name="{leg}_toe"', "<body").replace(
            f'joint name="{leg}_swing"', "joint"
        )
    text = text[: text.index("<actuator>")] + "</mujoco>"
    body = mjcf.build(
        save(text),
        "frame",
        [f"{leg}_leg_body1" for leg in LEGS],
        [f"{leg}_leg_hinge1" for leg in LEGS],
    )
    assert len(body.feet) == len(body.joints) == len(LEGS)
    assert any(
        "had no name" in sentence and "'front_left_leg_body1'" in sentence for sentence in body.told
    )


def test_a_name_that_is_given_is_never_taken_again(save: Save) -> None:
    text = (
        "<mujoco><worldbody><body><geom size='.1'/><body name='world_body1_body1'/><body/>"
        "<body/></body></worldbody></mujoco>"
    )
    told: list[str] = []
    spec = load(save(text), told)
    names = [body.name for body in spec.bodies]
    assert len(set(names)) == len(names) == 5
    assert told == [
        "Named what had no name: 'world_body1', 'world_body1_body2', 'world_body1_body3'."
    ]
    assert isinstance(spec, mujoco.MjSpec)
