"""Where a user's robot stands at home: on what lies under its feet, upright, or nowhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest
from dog import DOG, FLOOR, LEGS, bent, dog

from evoloco.errors import EvolocoError, ModelError, SpecError, UnknownNameError
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.morphologies import mjcf
from evoloco.morphology import HOME, Morphology
from evoloco.randomization.fields import bodies_of
from evoloco.randomization.links import links
from evoloco.spec import read

Build = Callable[..., Morphology]
STRAIGHT = 0.2 + 0.015
"""Height of the trunk of a dog that stands on straight legs [m]."""


@pytest.fixture
def build(tmp_path: Path) -> Build:
    def body(text: str, **options: Any) -> Morphology:
        path = tmp_path / "robot.xml"
        path.write_text(text, encoding="utf-8")
        return mjcf.build(str(path), **{**DOG, **options})

    return body


def at_home(body: Morphology) -> mujoco.MjData:
    data = mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(body.model, data, body.model.key(HOME).id)
    mujoco.mj_forward(body.model, data)
    return data


def reading(body: Morphology, name: str) -> np.ndarray:
    return np.array(at_home(body).sensordata[body.sensor(name)])


def height(body: Morphology) -> float:
    return float(reading(body, "torso.position")[2])


def rotation(body: Morphology) -> np.ndarray:
    matrix = np.empty(9)
    mujoco.mju_quat2Mat(matrix, reading(body, "torso.orientation"))
    return matrix.reshape(3, 3)


# Placement

WORLDS = {
    "plane": (FLOOR, 0.0),
    "plane with an offset": ('<geom type="plane" size="0 0 1" pos="0 0 -.7"/>', -0.7),
    "box": ('<geom type="box" size="2 2 .1" pos="0 0 .2"/>', 0.3),
    "box above the feet of the file": ('<geom type="box" size="2 2 .02" pos="0 0 .25"/>', 0.27),
    "floor in a static body": (
        '<body name="arena" pos="0 0 .4"><body><geom type="plane" size="0 0 1"/></body></body>',
        0.4,
    ),
    "mesh": ('<geom type="mesh" mesh="slab" pos="0 0 -.5"/>', -0.4),
    "flat height field": ('<geom type="hfield" hfield="flat" pos="0 0 .15"/>', 0.15),
    "obstacle far away": (f'{FLOOR}<geom type="box" size=".2 .2 1" pos="3 0 1"/>', 0.0),
    "wall beside a foot": (f'{FLOOR}<geom type="box" size=".1 .002 1" pos=".1 .08 1"/>', 0.0),
    "what cannot be touched": (
        f'{FLOOR}<geom type="box" size="2 2 .1" pos="0 0 .1" contype="0" conaffinity="0"/>',
        0.0,
    ),
    "other contact bits": (
        '<geom type="plane" size="0 0 1" pos="0 0 .1" contype="0" conaffinity="1"/>'
        '<geom type="box" size="2 2 .1" pos="0 0 .3" contype="2" conaffinity="4"/>',
        0.1,
    ),
    "step under one foot": (f'{FLOOR}<geom type="box" size=".05 .04 .03" pos=".1 .06 0"/>', 0.03),
}
ASSETS = """<asset><mesh name="slab" vertex="-1 -1 0 1 -1 0 -1 1 0 1 1 0 -1 -1 .1 1 -1 .1 -1 1 .1
  1 1 .1"/><hfield name="flat" nrow="30" ncol="40" size="2 2 .1 .1"/></asset>"""


@pytest.mark.parametrize("world", WORLDS)
def test_the_lowest_foot_touches_what_lies_under_it(build: Build, world: str) -> None:
    ground, level = WORLDS[world]
    assert height(build(dog(ground, more=ASSETS))) == pytest.approx(level + STRAIGHT, abs=1e-6)


def test_an_explicit_pair_is_ground_even_where_contact_bits_do_not_match(build: Build) -> None:
    world = """<geom type="plane" size="0 0 1" pos="0 0 -2"/>
      <geom name="ghost" type="box" size="2 2 .1" pos="0 0 -.3" contype="0" conaffinity="0"/>"""
    pairs = "".join(f'<pair geom1="ghost" geom2="{leg}"/>' for leg in LEGS)
    text = dog(world, more=f"<contact>{pairs}</contact>")
    for leg in LEGS:
        foot = f'<body name="{leg}_foot" pos="0 0 -.1"><geom'
        text = text.replace(foot, f'{foot} name="{leg}"')
    assert height(build(text)) == pytest.approx(-0.2 + STRAIGHT, abs=1e-9)


@pytest.mark.parametrize(
    ("world", "bits"),
    [
        ('<geom type="box" size="1 1 .1" pos="9 0 0"/>', ""),
        (FLOOR, 'contype="2" conaffinity="4"'),
    ],
    ids=["nothing under the feet", "nothing that they can touch"],
)
def test_a_robot_without_ground_stands_on_a_floor_that_is_added(
    build: Build, world: str, bits: str
) -> None:
    foot = f'<geom type="sphere" size=".015" {bits}/>'
    assert height(build(dog(world, foot=foot))) == pytest.approx(STRAIGHT, abs=1e-9)


@pytest.mark.parametrize("slope", [5.0, 10.0])
def test_the_lowest_foot_touches_a_slope_and_none_is_in_it(build: Build, slope: float) -> None:
    body = build(dog(f'<geom type="plane" size="0 0 1" euler="0 {slope} 0"/>'))
    data = at_home(body)
    distance = [float(contact.dist) for contact in data.contact]
    assert min(distance) == pytest.approx(0, abs=1e-8)
    assert any("hang above the ground" in line for line in body.told)


def test_a_foot_touches_a_bumpy_field_and_is_less_than_a_micrometre_in_it(
    build: Build,
) -> None:
    elevation = " ".join(f"{number:.3f}" for number in np.random.default_rng(0).random(900))
    field = f"""<asset><hfield name="h" nrow="30" ncol="30" size="1 1 .04 .1"
      elevation="{elevation}"/></asset>"""
    world = '<geom type="hfield" hfield="h" pos="0 0 .2"/>'
    body = build(dog(world, more=field))
    data = at_home(body)
    deepest = min((float(contact.dist) for contact in data.contact), default=0.0)
    assert deepest > -1e-6
    data.qpos[2] -= 1e-3
    mujoco.mj_forward(body.model, data)
    assert min(float(contact.dist) for contact in data.contact) < -1e-4


@pytest.mark.parametrize("turn", [0.0, 30.0, 45.0, 90.0])
def test_slides_of_any_axes_lower_a_planar_robot(build: Build, turn: float) -> None:
    angle = np.radians(turn)
    slides = "".join(
        f'<joint name="{name}" type="slide" axis="{np.cos(way)} 0 {np.sin(way)}"/>'
        for name, way in (("a", angle), ("b", angle + np.pi / 2))
    )
    assert height(build(dog(joint=slides))) == pytest.approx(STRAIGHT, abs=1e-9)


def test_a_robot_that_hangs_from_the_world_is_told_and_stays_where_it_is(build: Build) -> None:
    hanging = dog(joint='<joint name="turn" type="hinge" axis="0 0 1"/>')
    body = build(hanging)
    assert height(body) == pytest.approx(0.3)
    assert any("lowest foot hangs 85 mm above the ground" in line for line in body.told)


def test_scenery_stays_where_the_file_has_it(build: Build) -> None:
    ball = '<body name="ball" pos=".5 0 2"><freejoint/><geom size=".05"/></body>'
    key = f'<keyframe><key name="home" qpos="1 2 3 1 0 0 0 0 0 .9 1 0 0 0{" 0" * 8}"/></keyframe>'
    body = build(dog(FLOOR + ball, more=key))
    assert body.home[:3] == pytest.approx([1, 2, 3])
    assert body.home[9] == pytest.approx(STRAIGHT)


# Refusals

REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "legs that point up": (
        dog().replace("0 0 0 0 0 -.1", "0 0 0 0 0 .1").replace('pos="0 0 -.1"', 'pos="0 0 .1"'),
        {},
        r"body 'trunk' is 20\d mm in the ground, 'floor'",
    ),
    "knees in the ground": (
        dog(),
        {"home": bent(1.5, 2.5)},
        r"body 'trunk' is 6\d mm in the ground",
    ),
    "a torso that leans by 45 degrees": (
        dog(inner='euler="45 0 0"', root='pos="0 0 .3" euler="-45 0 0"'),
        {},
        r"not upright at home: its z axis leans by 45°.*up = \[0, -?0.707, 0.707\]",
    ),
    "a torso on its side": (
        dog(root='pos="0 0 .3" euler="90 0 0"'),
        {},
        r"torso 'trunk' lies at home: its z axis is 90° from the vertical, .* 90° away from down",
    ),
    "a foot without geoms": (dog(foot=""), {}, "has no geom"),
    "feet without contacts": (
        dog(foot='<geom size=".015" contype="0" conaffinity="0"/>'),
        {},
        "contype and conaffinity of its only geom are 0",
    ),
    "contacts that are disabled": (
        dog().replace("<worldbody>", '<option><flag contact="disable"/></option><worldbody>'),
        {},
        "disables contacts",
    ),
    "gravity along another axis": (
        dog().replace("<option", '<option gravity="0 -9.81 0"'),
        {},
        r"gravity, \[0, -9.81, 0\] m/s², points 90° away from -z",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_robot_that_cannot_stand_is_refused_with_body_number_and_remedy(
    build: Build, case: str
) -> None:
    text, options, message = REFUSED[case]
    with pytest.raises(ModelError, match=message):
        build(text, **options)


def test_a_torso_below_its_feet_is_refused_even_if_it_cannot_touch_the_ground(build: Build) -> None:
    up = dog().replace("0 0 0 0 0 -.1", "0 0 0 0 0 .1").replace('pos="0 0 -.1"', 'pos="0 0 .1"')
    ghosts = """<default><geom contype="0" conaffinity="0"/>
      <default class="foot"><geom contype="1"/></default></default>"""
    text = up.replace("<worldbody>", ghosts + "<worldbody>").replace(
        '<geom type="sphere"', '<geom class="foot" type="sphere"'
    )
    with pytest.raises(ModelError, match=r"torso 'trunk' is 200 mm below the lowest foot"):
        build(text.replace('type="plane"', 'type="plane" conaffinity="1"'))


def test_a_robot_that_falls_at_once_is_refused_with_time_and_height(build: Build) -> None:
    text = (
        dog()
        .replace("<option", '<option gravity="0 0 -100"')
        .replace('kp="20" kv=".5"', 'kp=".5" kv=".01"')
    )
    with pytest.raises(ModelError, match=r"falls at home: after 0\.0\d s its torso is at \d+ %"):
        build(text, home=bent(-0.5, 1.0))


def test_parts_of_the_robot_that_overlap_are_told(build: Build) -> None:
    ball = '<geom type="sphere" size=".03" pos=".1 .06 -.1"/>'
    told = build(dog(torso=f'<geom type="box" size=".13 .04 .02" mass="1"/>{ball}')).told
    assert any("'trunk' and 'FL_shank' overlap by" in line for line in told)
    assert not any("overlap" in line for line in build(dog()).told)


TOLD: dict[str, tuple[str, dict[str, Any], str]] = {
    "a foot that is not named": (
        dog(),
        {"feet": ["HL_foot", "HR_foot"]},
        "touch the ground and are no feet: 'FL_foot', 'FR_foot'",
    ),
    "gravity that leans": (
        dog().replace("<option", '<option gravity="1 0 -9.81"'),
        {},
        "points 5.8° away from straight down",
    ),
    "slides that do not lead forward": (
        dog(joint='<joint type="slide" axis="0 1 0"/><joint type="slide" axis="0 0 1"/>'),
        {},
        "do not let it move along the world's x axis",
    ),
    "a weld to the world": (
        dog(more='<equality><weld name="crane" body1="trunk"/></equality>'),
        {},
        "weld constraint 'crane' pulls at the robot: it is off by 85 mm",
    ),
    "a height that changes": (dog(), {}, "Lowered the robot by 85 mm at home"),
    "a keyframe that moves": (
        dog(more=f'<keyframe><key name="{HOME}" qvel="1{" 0" * 13}"/></keyframe>'),
        {},
        f"starts at rest: velocities of keyframe '{HOME}' are left out",
    ),
    "a keyframe of another size": (
        dog(more=f'<keyframe><key name="{HOME}" qpos="0 0 1"/></keyframe>'),
        {},
        f"Keyframe '{HOME}' is left out: its qpos has 3 numbers, and the model's 15",
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_is_odd_about_a_pose_is_told_with_numbers(build: Build, case: str) -> None:
    text, options, sentence = TOLD[case]
    assert any(sentence in line for line in build(text, **options).told)
    fine = build(dog(root=f'pos="0 0 {STRAIGHT}"')).told
    assert not any(sentence in line for line in fine)


# The torso's frame

GAIT = """
[morphology]
name = "mjcf"
path = "robot.xml"
torso = "trunk"
feet = {feet}
joints = {joints}
crouch = 0.1

[controller]
name = "phase"

[fitness.speed]
measure = "forward_speed"
weight = 1.0

[fitness.upright]
measure = "upright"
weight = 1.0

[fitness.height]
measure = "head_acceleration"
weight = -0.01

[scenario]
duration = 0.4

[evaluation]
episodes = 1
heldout_episodes = 1

[optimizer]
population_size = 4
generations = 1
"""


@pytest.mark.slow
def test_a_turned_torso_frame_changes_no_measure(tmp_path: Path) -> None:
    turned = dog(root='pos="0 0 .3" euler="90 0 0"', inner='euler="-90 0 0"')
    found = []
    for name, text in (("plain", dog()), ("turned", turned)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "robot.xml").write_text(text, encoding="utf-8")
        run = GAIT.format(feet=DOG["feet"], joints=DOG["joints"])
        (folder / "run.toml").write_text(run, encoding="utf-8")
        experiment = Experiment(read(folder / "run.toml"))
        genomes = experiment.optimizer().ask()
        found.append(Local(experiment, 1).evaluate(genomes, experiment.scenarios(0), 0.0))
    plain, other = found
    np.testing.assert_array_equal(plain.outcome, other.outcome)
    np.testing.assert_array_equal(plain.duration, other.duration)
    np.testing.assert_allclose(plain.values, other.values, rtol=1e-4, atol=1e-6)


def test_all_bodies_of_a_search_have_the_frame_of_the_file(build: Build) -> None:
    text = dog(root='pos="0 0 .2"', inner='pos="0 0 .1"')  # just high enough
    models = [build(text, **{"length.*_thigh": factor}).model for factor in (0.8, 1.0, 1.3)]
    assert len({model.nbody for model in models}) == 1
    assert build(text).model.nbody == models[0].nbody


def test_a_body_that_only_has_the_torsos_frame_is_no_part_to_randomize(build: Build) -> None:
    plain, turned = (
        build(text)
        for text in (dog(), dog(root='pos="0 0 .3" euler="90 0 0"', inner='euler="-90 0 0"'))
    )
    assert turned.torso_frame == "trunk.frame"
    assert bodies_of(plain)[0] == bodies_of(turned)[0]
    assert links(plain)[0] == links(turned)[0]


@pytest.mark.parametrize("euler", ["0 0 0", "90 0 0", "0 -90 0", "0 90 0", "180 0 0", "90 90 0"])
def test_a_turned_torso_frame_changes_no_reading(build: Build, euler: str) -> None:
    plain = build(dog())
    matrix = np.empty(9)
    quat = np.empty(4)
    mujoco.mju_euler2Quat(quat, np.radians([float(a) for a in euler.split()]), "xyz")
    mujoco.mju_negQuat(quat, quat)
    mujoco.mju_quat2Mat(matrix, quat)
    text = dog(root=f'pos="0 0 .3" euler="{euler}"', inner=f'quat="{" ".join(map(str, quat))}"')
    body = build(text)
    for name in ("torso.position", "torso.rate", "torso.velocity"):
        np.testing.assert_allclose(reading(body, name), reading(plain, name), atol=1e-9)
    np.testing.assert_allclose(rotation(body), np.eye(3), atol=1e-9)
    assert body.standing_height == pytest.approx(plain.standing_height)
    assert body.mass == plain.mass
    assert [joint.axis for joint in body.joints] == [joint.axis for joint in plain.joints]
    assert any("as up" in line for line in body.told) == (euler != "0 0 0")


def test_a_lean_at_home_stays_visible(build: Build) -> None:
    body = build(dog(root='pos="0 0 .3" euler="0 10 0"'))
    assert np.degrees(np.arccos(rotation(body)[2, 2])) == pytest.approx(10)
    assert body.torso_frame == "trunk"


def test_the_height_of_a_torso_frame_on_the_ground_is_read_at_its_centre_of_mass(
    build: Build,
) -> None:
    body = build(dog(root="", inner=f'pos="0 0 {STRAIGHT}"'))
    assert height(body) == pytest.approx(STRAIGHT)
    assert body.home[2] == pytest.approx(0, abs=1e-9)
    assert any("0 mm above the soles" in line and "215 mm" in line for line in body.told)


@pytest.mark.parametrize(("forward", "angle"), [("x", 0), ("y", -90), ("-x", 180), ("-y", 90)])
def test_a_robot_is_turned_so_that_forward_is_the_worlds_x_axis(
    build: Build, forward: str, angle: float
) -> None:
    body = build(dog(), forward=forward)
    np.testing.assert_allclose(rotation(body), np.eye(3), atol=1e-9)
    place = reading(body, "foot.FL_foot.position")[:2]
    turn = np.radians(angle)
    way = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    np.testing.assert_allclose(place, way @ [0.1, 0.06], atol=1e-9)
    axis = "pitch" if forward in ("x", "-x") else "roll"
    assert {joint.axis for joint in body.joints} == {axis}


def test_up_may_be_a_vector_that_is_no_axis(build: Build) -> None:
    text = dog(inner='euler="45 0 0"', root='pos="0 0 .3" euler="-45 0 0"')
    body = build(text, up=[0, -1, 1])
    np.testing.assert_allclose(rotation(body), np.eye(3), atol=1e-9)


@pytest.mark.parametrize("key", ["forward", "up"])
@pytest.mark.parametrize("value", ["north", [0, 0], [0, 0, 0], [0, 0, float("nan")]])
def test_a_direction_that_is_none_is_refused(build: Build, key: str, value: Any) -> None:
    with pytest.raises(SpecError, match=f"morphology.{key}"):
        build(dog(), **{key: value})


# Keyframes


def crouched(name: str, more: str = "") -> str:
    pose = "0 0 9 1 0 0 0" + " -.5 1" * 4
    return f'<keyframe><key name="{name}" qpos="{pose}"/>{more}</keyframe>'


@pytest.mark.parametrize("name", [HOME, "stand"])
def test_home_is_the_files_keyframe_or_its_only_one(build: Build, name: str) -> None:
    body = build(dog(more=crouched(name)))
    assert body.home[7:] == pytest.approx([-0.5, 1] * 4)
    assert height(body) == pytest.approx(0.2 * np.cos(0.5) + 0.015)
    assert any("only keyframe, 'stand'" in line for line in body.told) == (name == "stand")


def test_of_several_keyframes_the_names_are_listed_and_one_can_be_chosen(build: Build) -> None:
    text = dog(more=crouched("low", '<key name="high" qpos="0 0 1 1 0 0 0 0 0 0 0 0 0 0 0"/>'))
    body = build(text)
    assert body.home[7:] == pytest.approx([0] * 8)
    assert any("'low', 'high'" in line for line in body.told)
    chosen = build(text, keyframe="low")
    assert chosen.home[7:] == pytest.approx([-0.5, 1] * 4)
    with pytest.raises(UnknownNameError, match=r"keyframe 'lo'.*Did you mean 'low'"):
        build(text, keyframe="lo")


def test_keyframes_of_the_file_stay(build: Build) -> None:
    body = build(dog(more=crouched("low", f'<key name="{HOME}" time="3"/>')))
    assert body.model.nkey == 2
    assert body.model.key("low").qpos[2] == 9
    assert body.model.key("low").qpos[7] == -0.5


def test_a_keyframe_of_a_body_without_its_free_joint_keeps_its_angles(build: Build) -> None:
    pose = " -.5 1" * 4
    body = build(dog(joint="", more=f'<keyframe><key name="stand" qpos="{pose}"/></keyframe>'))
    assert body.home[7:] == pytest.approx([-0.5, 1] * 4)
    assert body.model.key("stand").qpos == pytest.approx([0, 0, 0.3, 1, 0, 0, 0] + [-0.5, 1] * 4)


def test_ground_is_looked_for_where_the_keyframe_has_the_robot(build: Build) -> None:
    pose = "5 0 1 1 0 0 0" + " 0" * 8
    table = '<geom type="box" size="1 1 .1" pos="5 0 .4"/>'
    body = build(dog(table, more=f'<keyframe><key name="{HOME}" qpos="{pose}"/></keyframe>'))
    assert height(body) == pytest.approx(0.5 + STRAIGHT, abs=1e-9)
    assert not any("floor" in line for line in body.told)


# Closed chains


def test_a_chain_that_is_open_in_the_file_is_closed_by_joints_that_are_not_driven(
    build: Build,
) -> None:
    rod = """<body name="rod" pos="0 0 .05"><joint name="free" axis="0 1 0"/>
      <geom type="capsule" fromto="0 0 0 .1 0 0" size=".005" contype="0" conaffinity="0"/>
      <body name="rod2" pos=".1 0 0"><joint name="free2" axis="0 1 0"/><geom type="capsule"
       fromto="0 0 0 .1 0 0" size=".005" contype="0" conaffinity="0"/>
       <site name="end" pos=".1 0 0"/></body></body>"""
    torso = f'<geom type="box" size=".13 .04 .02" mass="1"/><site name="hook" pos=".05 0 .1"/>{rod}'
    more = '<equality><connect name="loop" site1="end" site2="hook"/></equality>'
    body = build(dog(torso=torso, more=more))
    data = at_home(body)
    np.testing.assert_allclose(data.site("end").xpos, data.site("hook").xpos, atol=1e-6)
    assert body.home[[-8, -7, -6, -5, -4, -3, -2, -1]] == pytest.approx(np.zeros(8))
    assert any("Closed the chains" in line and "'free'" in line for line in body.told)
    with pytest.raises(ModelError, match=r"connect constraint 'loop' does not hold.*mm"):
        build(dog(torso=torso.replace(".05 0 .1", ".5 0 .1"), more=more))


def test_given_angles_are_exact_and_the_coupled_joint_follows(build: Build) -> None:
    couple = """<equality><joint name="couple" joint1="FL_knee" joint2="FL_hip"
      polycoef="0 -2 0 0 0"/></equality>"""
    body = build(dog(more=couple), home={"FL_hip": -0.3})
    data = at_home(body)
    assert data.joint("FL_hip").qpos[0] == -0.3
    assert data.joint("FL_knee").qpos[0] == pytest.approx(0.6, abs=1e-6)
    with pytest.raises(ModelError, match=r"joint constraint 'couple' does not hold.*0.2 rad"):
        build(dog(more=couple), home={"FL_hip": -0.3, "FL_knee": 0.4})


def test_a_chain_that_is_closed_in_the_file_stays_to_the_last_bit(build: Build) -> None:
    couple = '<equality><joint joint1="FL_knee" joint2="FL_hip" polycoef="0 -2 0 0 0"/></equality>'
    plain, coupled = build(dog()), build(dog(more=couple))
    np.testing.assert_array_equal(plain.home, coupled.home)


# Crouches


@pytest.mark.parametrize("crouch", [0.05, 0.2, 0.5])
def test_a_crouch_lowers_the_torso_by_its_share_of_the_legs_with_feet_below_the_hips(
    build: Build, crouch: float
) -> None:
    body = build(dog(), crouch=crouch)
    assert height(body) == pytest.approx((1 - crouch) * STRAIGHT, abs=1e-3)
    data = at_home(body)
    for leg in ("FL", "FR", "HL", "HR"):
        hip = data.xanchor[body.model.joint(f"{leg}_hip").id]
        np.testing.assert_allclose(data.body(f"{leg}_foot").xpos[:2], hip[:2], atol=1e-6)
    angles = body.home[7:].reshape(4, 2)
    np.testing.assert_allclose(angles, np.tile(angles[0], (4, 1)), atol=1e-6)


def test_a_crouch_leaves_a_waist_alone_on_which_several_legs_hang(build: Build) -> None:
    waist = '<body name="pelvis"><joint name="waist" axis="0 1 0"/><geom size=".01"/><frame>'
    text = dog(torso='<geom type="box" size=".13 .04 .02" mass="1"/>' + waist)
    text = text.replace("</frame></body></worldbody>", "</frame></body></frame></body></worldbody>")
    body = build(text, crouch=0.2)
    assert body.home[7] == 0
    assert height(body) == pytest.approx(0.8 * STRAIGHT, abs=1e-3)


def test_a_crouch_that_the_joints_do_not_allow_is_refused(build: Build) -> None:
    with pytest.raises(ModelError, match=r"crouch = 0.5, foot 'FL_foot' stays \d+\.\d mm"):
        build(dog().replace('range="-150 150"', 'range="-40 40"'), crouch=0.5)


def test_errors_of_a_pose_are_all_errors_that_a_user_can_fix(build: Build) -> None:
    for text, options, _ in REFUSED.values():
        with pytest.raises(EvolocoError):
            build(text, **options)
