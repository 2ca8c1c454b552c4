"""`evoloco inspect`, on robots that are written here: geometry decides, not names."""

import json
import random
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import mujoco
import numpy as np
import pytest
from faults.injection import Ended

from evoloco.errors import ModelError, UnknownNameError
from evoloco.members import member
from evoloco.robot.anatomy import Anatomy, dissect
from evoloco.robot.extent import support
from evoloco.robot.file_pose import pose
from evoloco.robot.first_gait import LIFT, SPEED, first_gait
from evoloco.robot.linkage import Linkage
from evoloco.robot.run_file import CONTROL_STEPS, LONGEST, control_steps
from evoloco.robot.sketch import sketch
from evoloco.spec import read

Command = Callable[..., Ended]

ROWS = {2: (0.0,), 4: (0.12, -0.12), 6: (0.15, 0.0, -0.15)}
"""Places of the legs along the trunk, by their number [m]."""


def robot(
    legs: int = 4,
    more: str = "",
    root: str = "<freejoint/>",
    foot: str = "",
    sides: tuple[str, str] = ("a", "b"),
) -> str:
    """A robot with legs of two links, whose names say nothing.

    Args:
        legs: Their number.
        more: Further bodies of the trunk.
        root: Joint of the trunk.
        foot: What is on each shank.
        sides: Ends of the names on the left and on the right.
    """
    limbs = "".join(
        f"""<body name="u{i}{s}" pos="{x} {y} 0"><joint name="p{i}{s}" axis="0 1 0" range="-70 70"/>
          <geom type="capsule" fromto="0 0 0 0 0 -.15" size=".015" mass=".1"/>
          <body name="v{i}{s}" pos="0 0 -.15"><joint name="q{i}{s}" axis="0 1 0" range="-5 120"/>
            <geom type="capsule" fromto="0 0 0 0 0 -.15" size=".012" mass=".08"/>
            {foot.format(i=i, s=s)}
          </body></body>"""
        for i, x in enumerate(ROWS[legs])
        for s, y in zip(sides, (0.08, -0.08), strict=True)
    )
    return f"""<mujoco><worldbody><body name="middle" pos="0 0 .4">{root}
      <geom type="box" size=".2 .06 .04" mass="2.0"/>{more}{limbs}</body></worldbody>
      </mujoco>"""


BALL = """<body name="w{i}{s}" pos="0 0 -.15"><geom type="sphere" size=".02" mass=".02"/></body>"""

SOLE = """<body name="w{i}{s}" pos="0 0 -.15"><joint name="r{i}{s}" axis="0 1 0" range="-40 40"/>
  <geom type="box" size=".05 .02 .01" pos=".02 0 -.02" mass=".05"/>
  <body name="t{i}{s}" pos=".08 0 -.02"><joint name="h{i}{s}" axis="0 1 0" range="-40 10"/>
   <geom type="box" size=".015 .02 .01" pos=".015 0 0" mass=".01"/></body></body>"""

ARM = """<mujoco><worldbody><body name="base"><geom type="box" size=".1 .1 .1" pos="0 0 .1"/>
  <body name="l1" pos="0 0 .2"><joint name="j1" axis="0 0 1"/>
   <geom type="capsule" fromto="0 0 0 0 0 .2" size=".03"/>
   <body name="l2" pos="0 0 .2"><joint name="j2" axis="0 1 0"/>
    <geom type="capsule" fromto="0 0 0 .2 0 0" size=".03"/></body></body></body></worldbody>
  </mujoco>"""

CAR = """<mujoco><worldbody><body name="car" pos="0 0 .1"><freejoint/>
  <geom type="box" size=".2 .1 .03" mass="2"/>{}</body></worldbody></mujoco>""".format(
    "".join(
        f"""<body name="wheel{x}{y}" pos="{x} {y} -.03"><joint axis="0 1 0"/>
        <geom type="cylinder" size=".06 .01" zaxis="0 1 0" mass=".1"/></body>"""
        for x in (0.15, -0.15)
        for y in (0.12, -0.12)
    )
)


def anatomy(text: str, **given: object) -> Anatomy:
    model = mujoco.MjModel.from_xml_string(text)
    return dissect(model, pose(model)[0], **given)  # type: ignore[arg-type]


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, name: str = "robot.xml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


# What is what


@pytest.mark.parametrize("legs", [2, 4, 6])
@pytest.mark.parametrize(("foot", "end"), [("", "v"), (BALL, "w"), (SOLE, "w")])
def test_feet_are_the_ends_of_the_legs_front_first_and_left_first(
    legs: int, foot: str, end: str
) -> None:
    found = anatomy(robot(legs, foot=foot))
    rows = range(legs // 2)
    assert found.torso == "middle"
    assert found.feet == tuple(f"{end}{row}{side}" for row in rows for side in "ab")
    assert found.legs[0].joints[:2] == ("p0a", "q0a")


def test_order_and_names_in_the_file_do_not_matter() -> None:
    """Legs in any order, all bodies renamed at random: the same parts of the same robot."""
    plain = robot(4, foot=BALL)
    found = anatomy(plain)
    bodies = re.findall(r'<body name="(\w+)"', plain)
    names = [f"n{number}" for number in range(len(bodies))]
    random.Random(1).shuffle(names)
    renamed = dict(zip(bodies, names, strict=True))

    root = re.search(r'(.*?mass="2.0"/>)(.*)(</body></worldbody>.*)', plain, re.DOTALL)
    assert root is not None
    limbs = re.split(r'(?=<body name="u)', root[2])[1:]
    text = root[1] + "".join(reversed(limbs)) + root[3]
    for old, new in renamed.items():
        text = text.replace(f'name="{old}"', f'name="{new}"')

    again = anatomy(text)
    assert again.torso == renamed[found.torso]
    assert again.feet == tuple(renamed[foot] for foot in found.feet)
    assert again.joints == found.joints


def test_toes_belong_to_their_foot_and_are_not_driven() -> None:
    found = anatomy(robot(2, foot=SOLE))
    assert found.legs[0].toes == ("h0a",)
    assert found.legs[0].joints == ("p0a", "q0a", "r0a")
    assert found.forward.direction == "+x"
    assert "point there" in found.forward.reasons[0]


def test_arms_tails_and_loose_objects_are_no_legs() -> None:
    hand = """<body name="arm{0}" pos="0 {1} .2"><joint name="s{0}" axis="0 1 0"/>
      <geom type="capsule" fromto="0 0 0 .2 0 0" size=".02" mass=".1"/></body>"""
    tail = """<body name="tail" pos="-.2 0 0"><joint name="tail" axis="0 1 0" range="-20 20"/>
      <geom type="capsule" fromto="0 0 0 -.2 0 -.3" size=".01" mass=".05"/></body>"""
    crate = '</body><body name="crate" pos="2 0 .5"><freejoint/><geom size=".5" mass="90"/>'
    found = anatomy(robot(4, hand.format("A", 0.1) + hand.format("B", -0.1) + tail))
    assert found.feet == ("v0a", "v0b", "v1a", "v1b")
    assert {each.body for each in found.rejected} == {"armA", "armB", "tail"}
    assert set(found.others) == {"sA", "sB", "tail"}

    loose = robot(4).replace("</body></worldbody>", f"{crate}</body></worldbody>")
    assert anatomy(loose).torso == "middle"


@pytest.mark.parametrize(
    ("text", "why"),
    [(ARM, "single limb"), (CAR, "as a wheel does"), (robot(4, root="<joint/>"), "hold it to the")],
)
def test_what_has_no_legs_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ModelError, match=f"No legs: .*{why}"):
        anatomy(text)


def test_a_robot_that_is_turned_says_so_by_the_names_of_its_sides() -> None:
    text = robot(4).replace('name="v0a"', 'name="FL_end"').replace('name="v0b"', 'name="FR_end"')
    assert anatomy(text).forward.direction == "+x"
    turned = text.replace('name="middle"', 'name="middle" euler="0 0 90"')
    assert anatomy(turned).forward.direction == "+y"
    swapped = text.replace("FL_end", "XX").replace("FR_end", "FL_end").replace("XX", "FR_end")
    assert anatomy(swapped).forward.direction == "-x"
    assert anatomy(robot(4)).forward.reasons == ()  # by convention


def test_joints_without_an_actuator_are_left_alone_where_others_have_one() -> None:
    motors = "".join(f'<motor joint="p{i}{s}"/>' for i in (0, 1) for s in "ab")
    found = anatomy(robot(4).replace("</mujoco>", f"<actuator>{motors}</actuator></mujoco>"))
    assert set(found.joints) == {"p0a", "p0b", "p1a", "p1b"}
    assert set(found.undriven) == {"q0a", "q0b", "q1a", "q1b"}


def test_given_parts_replace_guesses() -> None:
    found = anatomy(robot(4), feet=["v1b", "v1a"], joints=["q*"])
    assert found.feet == ("v1a", "v1b")
    assert set(found.joints) == {"q0a", "q0b", "q1a", "q1b"}
    with pytest.raises(UnknownNameError, match="Unknown body 'v9a'"):
        anatomy(robot(4), feet=["v9a"])
    with pytest.raises(UnknownNameError, match="Unknown joint 'z"):
        anatomy(robot(4), joints=["z*"])


# Geometry


GEOMS = {
    "sphere": 'type="sphere" size=".1"',
    "capsule": 'type="capsule" size=".05 .2"',
    "cylinder": 'type="cylinder" size=".1 .2"',
    "ellipsoid": 'type="ellipsoid" size=".1 .2 .3"',
    "box": 'type="box" size=".1 .2 .3"',
    "mesh": 'type="mesh" mesh="m"',
}


@pytest.mark.parametrize("kind", GEOMS)
def test_the_farthest_point_is_as_far_as_mujoco_says(kind: str) -> None:
    """Against the distance from a far plane, at random orientations."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        quat = " ".join(map(str, rng.normal(size=4)))
        model = mujoco.MjModel.from_xml_string(f"""<mujoco>
          <asset><mesh name="m" vertex="0 0 0 .3 0 0 0 .2 0 0 0 .4 .2 .2 .1"/></asset>
          <worldbody><geom name="floor" type="plane" size="1 1 1"/>
          <body pos="0 0 2"><geom name="it" {GEOMS[kind]} quat="{quat}"/></body></worldbody>
          </mujoco>""")
        data = mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        lowest = support(model, data, 1, np.array([0.0, 0.0, -1.0]))
        distance = mujoco.mj_geomDistance(model, data, 0, 1, 10.0, None)
        assert lowest[2] == pytest.approx(distance, abs=1e-5)  # the mesh's is iterative


def test_the_first_gait_moves_the_feet_on_ellipses(save: Callable[..., Path]) -> None:
    """Equation (1) of the module, on the robot itself, with small amplitudes."""
    build = member("morphologies", "mjcf").build
    feet = ["v0a", "v0b", "v1a", "v1b"]
    joints = [f"{part}{foot[1:]}" for foot in feet for part in "pq"]
    home = {joint: -0.5 if joint.startswith("p") else 1.0 for joint in joints}
    body = build(path=str(save(robot(4))), torso="middle", feet=feet, joints=joints, home=home)
    gait = first_gait(body)
    length = body.leg_length
    assert gait.speed == pytest.approx(SPEED * np.sqrt(9.81 * length))

    model, data, small = body.model, mujoco.MjData(body.model), 1e-3
    amplitude = {name: gait.genes[f"{name}.amplitude"][0] for name in ("p0a", "q0a")}
    phase = {name: gait.genes[f"{name}.phase"][0] for name in ("p0a", "q0a")}

    def foot(theta: float) -> np.ndarray:
        data.qpos = body.home
        for name in amplitude:
            data.joint(name).qpos += small * amplitude[name] * np.cos(theta + phase[name])
        mujoco.mj_kinematics(model, data)
        return Linkage(model, data).of("v0a").tip.copy() / small

    forward = (foot(0) - foot(np.pi)) / 2
    up = (foot(np.pi / 2) - foot(3 * np.pi / 2)) / 2
    wanted = gait.speed * gait.period / 4
    assert forward[0] == pytest.approx(wanted, rel=0.05)  # damping, rounded genes, tilted tip
    assert up[2] == pytest.approx(-LIFT * length, rel=0.1)


@pytest.mark.parametrize(("timestep", "period"), [(0.002, 0.574), (0.0025, 1.0), (1e-4, 0.05)])
def test_a_control_step_is_a_multiple_of_the_physics_step_and_divides_the_episode(
    timestep: float, period: float
) -> None:
    steps = control_steps(timestep, period)
    assert steps * timestep <= min(LONGEST, period / CONTROL_STEPS) + 1e-12
    assert 5.0 / (steps * timestep) == pytest.approx(round(5.0 / (steps * timestep)))


def test_the_sketch_shows_torso_joints_soles_and_ground() -> None:
    model = mujoco.MjModel.from_xml_string(robot(4, foot=BALL))
    linkage = Linkage(model, pose(model)[0])
    for across in (0, 1):
        lines = sketch(linkage, dissect(model, linkage.data), across)
        assert lines[-1] == "=" * 38
        assert max(map(len, lines)) <= 38
        text = "\n".join(lines)
        assert "#" in text
        assert text.count("A") == 2  # the other two are behind them
        assert "A" in lines[-2] or "A" in lines[-3]
        assert text.count("o") == 4


# The command


def test_it_says_everything_within_eighty_columns(
    evoloco: Command,
    save: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    save(robot(4, foot=BALL))
    ended = evoloco("inspect", "robot.xml")
    assert ended.code == 0
    assert max(map(len, ended.out.splitlines())) <= 80
    for words in ("mass", "2.8 kg", "Joints (9)", "middle", "w0a", "p0a, q0a", "+x", "o driven"):
        assert words in ended.out, words
    assert "No picture: This machine cannot draw" in " ".join(ended.out.split())


def test_json_is_one_object_and_nothing_else(evoloco: Command, save: Callable[..., Path]) -> None:
    found = json.loads(evoloco("inspect", save(robot(4)), "--json").out)
    assert found["feet"] == ["v0a", "v0b", "v1a", "v1b"]
    assert found["torsos"][0]["body"] == "middle"
    assert found["stands"]
    assert found["refusal"] == ""


def test_an_arm_ends_with_one_message_and_code_two(
    evoloco: Command, save: Callable[..., Path]
) -> None:
    ended = evoloco("inspect", save(ARM), "--run-file", save("", "gait.toml"))
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert "No legs" in ended.err
    assert "size at home" in ended.out  # what it is is said all the same


def test_parts_can_be_corrected(evoloco: Command, save: Callable[..., Path]) -> None:
    out = save("", "gait.toml")
    evoloco("inspect", save(robot(4)), "--joints", "q*", "--torso", "middle", "--run-file", out)
    table = tomllib.loads(out.read_text(encoding="utf-8"))["morphology"]
    assert set(table["joints"]) == {"q0a", "q0b", "q1a", "q1b"}
    assert evoloco("inspect", save(robot(4)), "--package", "dog").code == 2


def test_warnings_have_numbers(evoloco: Command, save: Callable[..., Path]) -> None:
    chip = """<body name="chip" pos="0 0 .1"><joint name="free_spin" axis="0 0 1"/>
      <geom size=".001" mass=".0001"/></body>
      <body name="disc" pos="0 0 .2"><joint name="d" axis="0 0 1" range="-9 9"/>
      <inertial pos="0 0 0" mass=".1" diaginertia="5 5 5"/>
      <geom type="box" size=".01 .01 .01"/></body>
      <body name="stuck" pos="0 0 .2"><joint name="s" axis="0 0 1" range="0 10"/>
      <geom type="box" size=".02 .02 .02" mass=".1"/></body>"""
    said = evoloco("inspect", save(robot(4, chip))).out.replace("\n", " ")
    for words in (
        "Links of less than 0.001 kg: chip",
        "'chip' weighs 0.0001 kg and 'middle'",
        "Inertia of 'disc' (5 kg m²) is",
        "Hinges without limits: free_spin",
        "s (0 of 0 to 0.175 rad)",
        "in each other",
    ):
        assert words in said, words


def test_what_is_changed_is_told(evoloco: Command, save: Callable[..., Path]) -> None:
    odd = '<body name="odd"><inertial pos="0 0 0" mass=".1" diaginertia="1 1 3"/></body>'
    said = evoloco("inspect", save(robot(4, odd, root=""))).out.replace("\n", " ")
    for words in ("inertia that no masses have: 'odd'", "Added a free joint to 'middle'"):
        assert words in said, words


@pytest.mark.film
def test_the_picture_shows_the_robot_twice(evoloco: Command, save: Callable[..., Path]) -> None:
    import imageio.v3 as imageio

    path = save("", "home.png")
    assert evoloco("inspect", save(robot(4)), "--picture", path).code == 0
    picture = imageio.imread(path)
    assert picture.shape == (480, 960, 3)
    for half in (picture[:, :480], picture[:, 480:]):
        assert len(np.unique(half.reshape(-1, 3), axis=0)) > 50


def test_the_run_file_is_whole(evoloco: Command, save: Callable[..., Path]) -> None:
    out = save("", "gait.toml")
    evoloco("inspect", save(robot(6, foot=BALL, sides=("_l", "_r"))), "--run-file", out)
    spec = read(out)
    assert spec.controller.name == "phase"
    assert len(tomllib.loads(out.read_text())["start"]["genes"]) == 1 + 3 * 2 * 2
    assert evoloco("evolve", out, "--dry-run").code == 0


@pytest.mark.slow
def test_the_run_file_evolves_to_a_gait_in_a_few_generations(
    evoloco: Command, save: Callable[..., Path], tmp_path: Path
) -> None:
    out = save("", "gait.toml")
    evoloco("inspect", save(robot(4, foot=BALL, sides=("_l", "_r"))), "--run-file", out)
    folder = tmp_path / "run"
    evoloco("evolve", out, "--out", folder, "--generations", 8, "-q")
    champion = json.loads((folder / "champion.json").read_text())
    assert set(champion["heldout"]["outcome"]) == {"completed"}
    assert min(champion["heldout"]["distance"]) > 0.5  # [m] in 5 s
