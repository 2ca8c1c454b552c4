"""Left and right, front and rear: from places at home, then from names, never from lists."""

import itertools
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest
from traces import episode

from evoloco.controllers import hopf, matsuoka, phase, sine
from evoloco.embodiment import Embodiment
from evoloco.episode import Episode
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.fitness import alternation, gait_symmetry
from evoloco.gait.analysis import analyse, rows, walks
from evoloco.gait.cycle import gait_cycle
from evoloco.gait.strides import stride_values
from evoloco.joint import find_pairs
from evoloco.morphologies import mjcf
from evoloco.morphology import Morphology, assemble
from evoloco.spec import read

DOG = {"FL": (0.15, 0.08), "FR": (0.15, -0.08), "RL": (-0.15, 0.08), "RR": (-0.15, -0.08)}
"""Where the legs of a quadruped are, forward and to the left [m]."""

INSECT = {
    f"{side}{row}": (x, y)
    for row, x in ((1, 0.15), (2, 0.0), (3, -0.15))
    for side, y in (("L", 0.09), ("R", -0.09))
}
"""Where the legs of a hexapod are."""

Legs = Mapping[str, tuple[float, float]]
"""Names of legs, and where they are, forward and to the left [m]."""


def leg(name: str, place: tuple[float, float], axis: str = "0 1 0") -> str:
    """A leg with a hip and a knee that pitch."""
    x, y = place
    return f"""<body name="{name}_thigh" pos="{x} {y} 0">
      <joint name="{name}_hip" axis="{axis}" range="-60 60"/>
      <geom type="capsule" size=".012" fromto="0 0 0 0 0 -.1" mass=".1"/>
      <body name="{name}_shank" pos="0 0 -.1"><joint name="{name}_knee" axis="0 1 0"
        range="-100 100"/>
       <geom type="capsule" size=".01" fromto="0 0 0 0 0 -.1" mass=".05"/>
       <body name="{name}_foot" pos="0 0 -.1"><geom type="sphere" size=".02" mass=".03"/></body>
      </body></body>"""


def robot(legs: Legs, more: str = "", trunk: float = 0.0) -> str:
    """A robot on these legs; its torso's frame is `trunk` aside of its middle [m]."""
    shifted = {name: (x, y - trunk) for name, (x, y) in legs.items()}
    return f"""<mujoco><option timestep=".004"/><worldbody><body name="trunk" pos="0 {trunk} .3">
      <geom type="box" size=".2 .08 .03" pos="0 {-trunk} 0" mass="1"/>
      {"".join(leg(*each) for each in shifted.items())}{more}</body></worldbody></mujoco>"""


def built(
    folder: Path,
    legs: Legs,
    feet: Sequence[str] | None = None,
    joints: Sequence[str] | None = None,
    text: str = "",
    **options: Any,
) -> Morphology:
    """The body of a file, with lists of its legs' feet and joints."""
    path = folder / "robot.xml"
    path.write_text(text or robot(legs), encoding="utf-8")
    feet = list(legs) if feet is None else feet
    joints = joints or [f"{leg}_{part}" for leg in legs for part in ("hip", "knee")]
    return mjcf.build(str(path), "trunk", [f"{leg}_foot" for leg in feet], joints, **options)


def partners(body: Morphology) -> dict[str, str]:
    """Left joints and their partners."""
    return {joint.name: joint.partner for joint in body.joints if joint.side == "left"}


# Places


def test_parts_without_a_word_for_their_side_are_paired_by_their_places(tmp_path: Path) -> None:
    legs = dict(zip(("a", "b", "c", "d"), DOG.values(), strict=True))
    body = built(tmp_path, legs)
    assert partners(body) == {
        "a_hip": "b_hip",
        "a_knee": "b_knee",
        "c_hip": "d_hip",
        "c_knee": "d_knee",
    }
    assert body.feet == ("a_foot", "c_foot", "b_foot", "d_foot")
    assert body.sides.feet == (("a_foot", "b_foot"), ("c_foot", "d_foot"))
    assert [body.sides.of_foot(foot) for foot in body.feet] == ["left", "left", "right", "right"]
    (told,) = body.sides.told
    assert told == (
        "By their places, these joints are left and right: a_hip and b_hip, a_knee and b_knee, "
        "c_hip and d_hip, c_knee and d_knee."
    )


def test_pairs_whose_names_share_words_keep_stems_of_their_own(tmp_path: Path) -> None:
    body = built(tmp_path, dict(zip(("a", "b", "c", "d"), DOG.values(), strict=True)))
    stems = [joint.stem for joint in body.joints if joint.side == "left"]
    assert len(set(stems)) == len(stems) == 4
    two = built(tmp_path, {"front": (0, 0.07), "back": (0, -0.07)})
    assert [(joint.stem, joint.side) for joint in two.joints] == [
        ("hip", "left"),
        ("knee", "left"),
        ("hip", "right"),
        ("knee", "right"),
    ]
    assert (
        phase.Controller(two).space.names
        == phase.Controller(built(tmp_path, {"left": (0, 0.07), "right": (0, -0.07)})).space.names
    )


@pytest.mark.parametrize(
    "names",
    [
        ("L1", "R1", "L2", "R2", "L3", "R3"),
        ("lf", "rf", "lm", "rm", "lh", "rh"),
        ("one", "six", "two", "five", "three", "four"),
    ],
)
def test_six_legs_pair(tmp_path: Path, names: Sequence[str]) -> None:
    legs = dict(zip(names, INSECT.values(), strict=True))
    shuffled = random.Random(1).sample(list(names), 6)
    body = built(tmp_path, legs, shuffled)
    lefts, rights = names[::2], names[1::2]
    assert body.feet == tuple(f"{leg}_foot" for leg in (*lefts, *rights))
    assert partners(body) == {
        f"{left}_{part}": f"{right}_{part}"
        for left, right in zip(lefts, rights, strict=True)
        for part in ("hip", "knee")
    }


def test_the_mirror_lies_between_the_legs_where_the_torsos_frame_does_not(tmp_path: Path) -> None:
    for aside in (0.05, -0.2):
        legs = dict(zip(("a", "b", "c", "d"), DOG.values(), strict=True))
        body = built(tmp_path, legs, text=robot(legs, trunk=aside))
        assert len(partners(body)) == 4


def test_a_pose_in_mid_stride_is_paired_at_the_zero_of_the_joints(tmp_path: Path) -> None:
    legs = {"a": (0, 0.07), "b": (0, -0.07)}
    body = built(tmp_path, legs, home={"a_hip": 0.5, "b_hip": -0.6, "b_knee": 0.9})
    assert partners(body) == {"a_hip": "b_hip", "a_knee": "b_knee"}
    assert body.feet == ("a_foot", "b_foot")


def test_axes_that_are_no_images_are_no_pair(tmp_path: Path) -> None:
    legs = {"a": (0, 0.07), "b": (0, -0.07)}
    turned = robot(legs).replace(leg("a", legs["a"]), leg("a", legs["a"], "1 0 0"))
    body = built(tmp_path, legs, text=turned)
    assert partners(body) == {"a_knee": "b_knee"}
    assert "These joints have no partner on the other side: a_hip, b_hip." in body.sides.told


def test_joints_on_one_axis_are_paired_in_their_order(tmp_path: Path) -> None:
    legs = {"a": (0, 0.07), "b": (0, -0.07)}
    text = robot(legs)
    for name in legs:
        knee = f'<joint name="{name}_knee" axis="0 1 0"\n        range="-100 100"/>'
        assert knee in text
        text = text.replace(
            knee, knee + f'<joint name="{name}_fine" axis="0 1 0" range="-5 5" armature=".01"/>'
        )
    joints = ["b_fine", "a_knee", "b_knee", "a_fine"]
    body = built(tmp_path, legs, joints=joints, text=text)
    assert partners(body) == {"a_knee": "b_knee", "a_fine": "b_fine"}


def test_what_has_no_partner_is_told(tmp_path: Path) -> None:
    tail = """<body name="tail" pos="-.2 0 0"><joint name="wag" axis="0 0 1" range="-60 60"/>
      <geom size=".02" mass=".05"/></body>"""
    joints = [f"{name}_{part}" for name in DOG for part in ("hip", "knee")]
    body = built(tmp_path, DOG, joints=[*joints, "wag"], text=robot(DOG, tail))
    assert body.sides.told == ("These joints have no partner on the other side: wag.",)
    assert body.sides.told[0] in body.told
    tripod = {"a": (0.15, 0.0), "b": (-0.1, 0.08), "c": (-0.1, -0.08)}
    three = built(tmp_path, tripod)
    assert three.sides.feet == (("b_foot", "c_foot"),)
    assert three.feet == ("b_foot", "a_foot", "c_foot")
    assert "These feet have no partner on the other side: a_foot." in three.sides.told


MUSCLES = """<mujoco><worldbody><geom type="plane" size="0 0 1"/><body name="trunk" pos="0 0 .3">
  <freejoint/><geom type="box" size=".1 .1 .02"/>
  <site name="h1" pos=".03 .08 0"/><site name="h2" pos=".03 -.08 0"/>
  <site name="h3" pos="-.03 .08 0"/><site name="h4" pos="-.03 -.08 0"/>
  {}</body></worldbody>
  <tendon>
   <spatial name="t1"><site site="h1"/><site site="a"/></spatial>
   <spatial name="t2"><site site="h2"/><site site="b"/></spatial>
   <spatial name="t3"><site site="h3"/><site site="a"/></spatial>
   <spatial name="t4"><site site="h4"/><site site="b"/></spatial>
  </tendon>
  <actuator>
   <muscle name="m4" tendon="t4" lengthrange=".1 .3"/>
   <muscle name="m1" tendon="t1" lengthrange=".1 .3"/>
   <muscle name="m2" tendon="t2" lengthrange=".1 .3"/>
   <muscle name="m3" tendon="t3" lengthrange=".1 .3"/>
   <muscle name="k2" joint="b_knee" gear="-1" lengthrange=".1 .3"/>
   <muscle name="k1" joint="b_knee" lengthrange=".1 .3"/>
   <muscle name="k3" joint="a_knee" lengthrange=".1 .3"/>
   <muscle name="k4" joint="a_knee" gear="-1" lengthrange=".1 .3"/>
  </actuator>
  <keyframe><key name="home" qpos="0 0 .3 1 0 0 0 0 0 0 0"/></keyframe></mujoco>"""


def test_muscles_are_paired_by_their_paths_and_by_what_they_turn() -> None:
    legs = "".join(
        leg(name, (0, y)).replace("<geom", f'<site name="{name}" pos="0 0 -.05"/><geom', 1)
        for name, y in (("a", 0.08), ("b", -0.08))
    )
    spec = mujoco.MjSpec.from_string(MUSCLES.format(legs))
    joints = ["a_hip", "a_knee", "b_hip", "b_knee"]
    body = assemble(spec, "trunk", ["b_foot", "a_foot"], joints)
    found = {muscle.name: muscle.partner for muscle in body.muscles if muscle.side == "left"}
    assert found == {"m1": "m2", "m3": "m4", "k3": "k1", "k4": "k2"}


# Names


def test_where_places_do_not_tell_names_do(tmp_path: Path) -> None:
    planar = {"left": (0.0, 0.0), "right": (0.0, 0.0)}
    for feet in (["left", "right"], ["right", "left"]):
        body = built(tmp_path, planar, feet)
        assert body.feet == ("left_foot", "right_foot")
        assert partners(body) == {"left_hip": "right_hip", "left_knee": "right_knee"}
        assert (
            "By their names alone, these joints are left and right: left_hip and right_hip"
            in body.sides.told[0]
        )


@pytest.mark.parametrize(
    ("left", "right", "stem"),
    [
        ("lthigh", "rthigh", "thigh"),
        ("kneeL", "kneeR", "knee"),
        ("LM_hip", "RM_hip", "middle_hip"),
        ("hip_LR", "hip_RR", "hip_rear"),
        ("thigh_left_joint", "thigh_joint", "thigh_joint"),
        ("foot-left", "foot", "foot"),
        ("shin", "right_shin", "shin"),
        ("l.hip", "r.hip", "hip"),
    ],
)
def test_names_that_differ_in_their_side_are_pairs(left: str, right: str, stem: str) -> None:
    for names in itertools.permutations((left, right, "neck", "tail_light")):
        assert find_pairs(names) == [(left, right, stem)]


def test_names_without_a_side_are_no_pairs() -> None:
    assert find_pairs(["lower", "upper", "left", "wheel", "waist", "l", "leg1", "leg2"]) == []


def test_places_rule_over_names_and_say_so(tmp_path: Path) -> None:
    facing_backward = {"left": (0, -0.07), "right": (0, 0.07)}
    body = built(tmp_path, facing_backward)
    assert partners(body) == {"right_hip": "left_hip", "right_knee": "left_knee"}
    assert body.feet == ("right_foot", "left_foot")
    assert {joint.stem for joint in body.joints} == {"hip", "knee"}
    (told,) = body.sides.told
    assert "against their names, these joints are left and right: right_hip and left_hip" in told
    assert "Forward is the x axis" in told


def test_the_key_mirror_rules_over_both(tmp_path: Path) -> None:
    mirror = {"FR_hip": "RL_hip"}
    body = built(tmp_path, DOG, mirror=mirror)
    assert partners(body) == mirror
    assert body.sides.of_foot("FR_foot") == "left"
    assert body.sides.of_foot("RL_foot") == "right"


# Lists


def test_only_feet_that_nothing_tells_apart_are_taken_in_the_order_of_their_list(
    tmp_path: Path,
) -> None:
    same = {"one": (0.0, 0.0), "two": (0.0, 0.0)}
    for feet in itertools.permutations(same):
        body = built(tmp_path, same, feet)
        assert body.feet == tuple(f"{foot}_foot" for foot in feet)
        by_list, along_legs = body.sides.told
        assert f"left: {feet[0]}_foot; right: {feet[1]}_foot." in by_list
        assert "By their order along the legs" in along_legs
        assert partners(body) == {
            f"{feet[0]}_{part}": f"{feet[1]}_{part}" for part in ("hip", "knee")
        }


def test_two_feet_one_behind_the_other_are_front_and_rear_in_any_order(tmp_path: Path) -> None:
    line = {"front": (0.1, 0.0), "back": (-0.1, 0.0)}
    for feet in itertools.permutations(line):
        body = built(tmp_path, line, feet)
        assert body.feet == ("front_foot", "back_foot")
        assert body.sides.couple == ("front_foot", "back_foot")
        assert body.sides.feet == ()
        assert {body.sides.of_foot(foot) for foot in body.feet} == {""}
        assert phase.Controller(body, feedback=("load",)).senses.feet == (0, 1)


PHASES = {"FL": 0, "FR": 27, "RL": 13, "RR": 38}
"""When each foot comes down, in steps of a stride of 50."""


def ambling(body: Morphology, steps: int = 500) -> Episode:
    """A walk of a quadruped in which every leg has a phase of its own."""
    rows, values = np.arange(steps), {"torso.position": np.zeros((steps, 3))}
    values["torso.position"][:, 0] = 0.01 * rows
    for name, start in PHASES.items():
        at = (rows - start) % 50
        force = np.where(at < 32, body.weight / 3, 0.0)
        values[f"foot.{name}_foot.ground"] = np.pad(force[:, None], ((0, 0), (2, 3)))
        values[f"foot.{name}_foot.position"] = np.pad(
            0.01 + 0.03 * (at >= 32)[:, None], ((0, 0), (2, 0))
        )
        for part, size in (("hip", 0.3), ("knee", 0.5)):
            angle = size * np.cos(2 * np.pi * at / 50 + 0.1 * size)
            values[f"joint.{name}_{part}.angle"] = angle[:, None]
    return episode(body, steps, values)


def test_the_order_of_the_feet_changes_no_number_of_a_gait(tmp_path: Path) -> None:
    found = []
    for feet in itertools.permutations(DOG):
        trace = ambling(built(tmp_path, DOG, feet))
        gait = analyse(trace)
        numbers = {
            "alternation": float(alternation.measure(trace).mean()),
            "gait_symmetry": gait_symmetry.measure(trace),
            **{name: value for name, value, _, _ in rows(gait)},
            **{name: values.tolist() for name, values in stride_values(trace, gait).items()},
        }
        found.append(str((numbers, walks(gait), gait_cycle(trace, gait).liftoff)))
    assert len(set(found)) == 1
    assert gait.phase_lag == pytest.approx(27 / 50)
    left = sum((np.arange(50) - PHASES[name]) % 50 < 32 for name in ("FL", "RL"))
    right = sum((np.arange(50) - PHASES[name]) % 50 < 32 for name in ("FR", "RR"))
    balance = (left - right) / (left + right)
    expected = np.abs(balance - balance.mean()).mean()
    assert numbers["alternation"] == pytest.approx(expected)


def test_the_order_of_the_joints_changes_no_number_of_a_gait(tmp_path: Path) -> None:
    joints = [f"{name}_{part}" for name in DOG for part in ("hip", "knee")]
    found = set()
    for seed in range(6):
        order = random.Random(seed).sample(joints, len(joints))
        trace = ambling(built(tmp_path, DOG, joints=order))
        cycle = gait_cycle(trace, analyse(trace))
        courses = {
            name: {side: course.mean.tolist() for side, course in sorted(sides.items())}
            for name, sides in sorted(cycle.angles.items())
        }
        found.add((gait_symmetry.measure(trace), str(courses)))
    assert len(found) == 1


CONTROLLERS: dict[str, Any] = {
    "sine": lambda body: sine.Controller(body),
    "chain": lambda body: phase.Controller(body, coupling="chain"),
    "hopf": lambda body: hopf.Controller(body, feedback=("load",), phase_reset=True),
    "ring": lambda body: matsuoka.Controller(body, topology="ring", feedback=("joint", "load")),
    "pacemaker": lambda body: matsuoka.Controller(body, feedback=("tilt", "load", "joint")),
}


@pytest.mark.parametrize("kind", CONTROLLERS)
def test_the_order_of_lists_changes_neither_genes_nor_what_they_mean(
    tmp_path: Path, kind: str
) -> None:
    joints = [f"{name}_{part}" for name in DOG for part in ("hip", "knee")]
    found = []
    for seed in range(5):
        draw = random.Random(seed)
        order = draw.sample(joints, len(joints)) if seed else joints
        feet = draw.sample(list(DOG), 4) if seed else list(DOG)
        body = built(tmp_path, DOG, feet, order, home={"FL_hip": 0.3, "FR_hip": 0.3})
        controller = CONTROLLERS[kind](body)
        genes = sorted(controller.space.genes, key=lambda gene: gene.name)
        found.append(str(genes))
        if kind == "chain":
            names = controller.names
            senders = {names[k]: names[sender] for k, sender in enumerate(controller.senders())}
            assert senders == {
                name: "pacemaker" if name.endswith(("hip", "pacemaker")) else f"{name[:2]}_hip"
                for name in names
            }
    assert len(set(found)) == 1


STEPPING = """[morphology]
name = "mjcf"
path = "robot.xml"
torso = "trunk"
feet = {feet}
joints = {joints}
home = {{ FL_knee = 0.2, FR_knee = 0.2, RL_knee = 0.2, RR_knee = 0.2 }}
[controller]
{controller}
[fitness.speed]
measure = "forward_speed"
weight = 1.0
[fitness.alternation]
measure = "alternation"
weight = 1.0
[fitness.symmetry]
measure = "gait_symmetry"
weight = 1.0
[scenario]
duration = 1.5
termination = {{ body_contact = false, min_height = 0.0 }}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "controller",
    [
        'name = "sine"',
        'name = "rulkov"',
        'name = "hopf"\ncoupling = "chain"',
        'name = "vanderpol"\ncoupling = "chain"\nsymmetry = "none"',
        'name = "phase"\ncoupling = "chain"\nfeedback = ["load"]\nphase_reset = true',
        'name = "matsuoka"\ntopology = "ring"\nfeedback = ["joint", "load"]',
        'name = "matsuoka"\nfeedback = ["tilt", "load", "joint"]',
    ],
)
def test_the_same_genes_give_the_same_episode_whatever_the_lists(
    tmp_path: Path, controller: str
) -> None:
    (tmp_path / "robot.xml").write_text(robot(DOG), encoding="utf-8")
    joints = [f"{name}_{part}" for name in DOG for part in ("hip", "knee")]
    values: dict[str, float] = {}
    found = []
    for seed in range(3):
        draw = random.Random(seed)
        feet = draw.sample([f"{name}_foot" for name in DOG], 4)
        order = draw.sample(joints, len(joints)) if seed else joints
        text = STEPPING.format(feet=feet, joints=order, controller=controller)
        (tmp_path / "run.toml").write_text(text, encoding="utf-8")
        experiment = Experiment(read(tmp_path / "run.toml"))
        space = experiment.space
        if not values:
            values = space.decode(np.random.default_rng(1).random(len(space.genes)))
        genomes = space.encode(values)[None]
        evaluation = Local(experiment).evaluate(genomes, experiment.held_out()[:1], 0.0)
        found.append(evaluation.values.ravel())
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-6)
    assert np.isfinite(found[0]).all()


def test_genes_of_one_leg_leave_the_pairs_of_a_run_as_they_are(tmp_path: Path) -> None:
    legs = dict(zip(("a", "b", "c", "d"), DOG.values(), strict=True))
    body = built(tmp_path, legs)
    names = [joint.name for joint in body.joints]
    (tmp_path / "run.toml").write_text(
        f"""[morphology]
        name = "mjcf"
        path = "robot.xml"
        torso = "trunk"
        feet = {list(body.feet)}
        joints = {names}
        [morphology.genes]
        "length.a_shank" = [0.5, 1.5]
        [controller]
        name = "phase"
        [fitness.speed]
        measure = "forward_speed"
        weight = 1.0
        """,
        encoding="utf-8",
    )
    made = Embodiment(read(tmp_path / "run.toml"), None)
    found = [made.of({"body.length.a_shank": value}) for value in (0.5, 1.0, 1.5)]
    assert {each.sides for each, _ in found} == {body.sides}
    assert {control.space.names for _, control in found} == {phase.Controller(body).space.names}
    assert found[0][0].model.body("a_foot").pos[2] == pytest.approx(-0.05)


# Reports


REPORTED: dict[str, tuple[Legs, list[str]]] = {
    "right first": ({"left": (0, 0.07), "right": (0, -0.07)}, ["right", "left"]),
    "front and back": ({"front": (0, 0.07), "back": (0, -0.07)}, ["front", "back"]),
    "in a line": ({"front": (0.1, 0), "back": (-0.1, 0)}, ["back", "front"]),
    "one leg": ({"only": (0, 0)}, ["only"]),
    "six legs": (INSECT, ["R1", "L1", "R2", "L2", "R3", "L3"]),
    "three legs": ({"a": (0.15, 0), "b": (-0.1, 0.08), "c": (-0.1, -0.08)}, ["a", "b", "c"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", REPORTED)
@pytest.mark.parametrize("stands", [True, False])
def test_a_run_on_any_number_of_legs_ends_in_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, evoloco: Any, case: str, stands: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    legs, feet = REPORTED[case]
    slides = '<joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1"/>'
    text = robot(legs).replace('.3">', f'.3">{slides}', 1)
    (tmp_path / "robot.xml").write_text(text, encoding="utf-8")
    joints = [f"{name}_{part}" for name in legs for part in ("hip", "knee")]
    (tmp_path / "run.toml").write_text(
        f"""[morphology]
        name = "mjcf"
        path = "robot.xml"
        torso = "trunk"
        feet = {[f"{foot}_foot" for foot in feet]}
        joints = {joints}
        [controller]
        name = "phase"
        [fitness.speed]
        measure = "forward_speed"
        weight = 1.0
        [scenario]
        duration = {3.5 if stands else 0.3}
        termination = {{ body_contact = false, min_height = 0.0 }}
        [evaluation]
        heldout_episodes = 1
        [optimizer]
        population_size = 4
        generations = 2
        """,
        encoding="utf-8",
    )
    ended = evoloco("evolve", "run.toml", "--out", "out", "--threads", 1)
    assert ended.code == 0, ended
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000
