"""Files that a robot's file refers to: found in packages, or replaced in a way that is told."""

import struct
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import mujoco
import numpy as np
import pytest
from robot_files import FLOOR, LEGS, OPTIONS, table

from evoloco.errors import EvolocoError, ModelError, SpecError, UnknownNameError
from evoloco.genome import Array
from evoloco.model_file import files_of
from evoloco.morphologies import mjcf
from evoloco.packages import located
from evoloco.provenance import used_files
from evoloco.references import anchor, references
from evoloco.robot.file import load
from evoloco.robot.mesh_boxes import half_lengths
from evoloco.spec import read

Write = Callable[..., Path]

CORNERS = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)]) * 0.05
SIDES = ((0, 2, 1), (1, 2, 3), (4, 5, 6), (5, 7, 6), (0, 1, 4), (1, 5, 4),
         (2, 6, 3), (3, 6, 7), (0, 4, 2), (2, 4, 6), (1, 3, 5), (3, 7, 5))  # fmt: skip


def stl(corners: Array = CORNERS) -> bytes:
    """A cube as a binary STL file."""
    triangles = [corners[list(side)].ravel() for side in SIDES]
    return (
        bytes(80)
        + struct.pack("<I", len(SIDES))
        + b"".join(struct.pack("<12fH", 0, 0, 0, *triangle, 0) for triangle in triangles)
    )


def urdf(visual: str = "", collision: str = "", foot: str = "", inertial: bool = True) -> str:
    """A URDF of a base on two legs with fixed feet; shapes are those given.

    Args:
        visual: Mesh of the base that is seen.
        collision: Mesh of the base that is touched.
        foot: Mesh of the feet.
        inertial: Whether the base has a mass of its own.
    """

    def mass(kilos: float, size: tuple[float, float, float]) -> str:
        squares = np.square(size) * kilos / 12
        axes = zip("xyz", squares.sum() - squares, strict=True)
        numbers = " ".join(f'i{axis}{axis}="{value}"' for axis, value in axes)
        return (
            f'<inertial><origin xyz=".01 0 0"/><mass value="{kilos}"/>'
            f'<inertia {numbers} ixy="0" ixz="0" iyz="0"/></inertial>'
        )

    def shape(kind: str, mesh: str) -> str:
        return f'<{kind}><geometry><mesh filename="{mesh}"/></geometry></{kind}>' if mesh else ""

    legs = "".join(
        f"""<link name="{side}_leg">{mass(0.2, (0.03, 0.03, 0.2))}</link>
        <link name="{side}_foot">{mass(0.1, (0.12, 0.06, 0.02))}{shape("collision", foot)}
         {"" if foot else '<collision><geometry><box size=".12 .06 .02"/></geometry></collision>'}
        </link>
        <joint name="{side}_hip" type="revolute"><origin xyz="0 {y} 0"/><parent link="base"/>
         <child link="{side}_leg"/><axis xyz="0 1 0"/>
         <limit lower="-1" upper="1" effort="9" velocity="5"/></joint>
        <joint name="{side}_ankle" type="fixed"><origin xyz="0 0 -.2"/>
         <parent link="{side}_leg"/><child link="{side}_foot"/></joint>"""
        for side, y in (("left", 0.08), ("right", -0.08))
    )
    base = mass(1.0, (0.1, 0.2, 0.1)) if inertial else ""
    return f"""<?xml version="1.0"?><robot name="two"><link name="base">{base}
      {shape("visual", visual)}{shape("collision", collision)}</link>{legs}</robot>"""


TWO = ("base", ["left_foot", "right_foot"], ["left_hip", "right_hip"])
"""Torso, feet and joints of it."""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file below a folder of its own."""

    def written(place: str, content: str | bytes) -> Path:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(data)
        return path

    return written


def kinds(model: mujoco.MjModel, body: str) -> list[tuple[str, bool]]:
    """Types of a body's geoms, and whether they can touch."""
    found = np.flatnonzero(model.geom_bodyid == model.body(body).id)
    return [
        (
            mujoco.mjtGeom(model.geom_type[geom]).name.removeprefix("mjGEOM_").lower(),
            bool(model.geom_contype[geom]),
        )
        for geom in found
    ]


# Packages


@pytest.mark.parametrize(
    ("model", "package", "manifest"),
    [
        ("ws/two/urdf/two.urdf", "ws/two", ""),  # the file is in a folder of the package's name
        ("ws/app/two.urdf", "ws/two", ""),  # the package is beside
        ("two.urdf", "two", ""),  # below
        ("ws/checkout-3/urdf/two.urdf", "ws/checkout-3", "<package><name> two </name></package>"),
    ],
)
def test_a_package_is_found_near_the_file(
    write: Write, model: str, package: str, manifest: str
) -> None:
    mesh = write(f"{package}/meshes/cube.stl", stl())
    if manifest:
        write(f"{package}/package.xml", manifest)
    path = write(model, urdf(visual="package://two/meshes/cube.stl"))

    body = mjcf.build(str(path), *TWO)
    assert kinds(body.model, "base") == [("mesh", False)]
    assert f"Package 'two' is the folder {mesh.parent.parent}." in body.told
    assert mesh in files_of(path)


def test_a_package_that_is_given_is_used_instead_of_one_nearby(write: Write) -> None:
    path = write("two/two.urdf", urdf(collision="package://two/cube.stl"))
    write("two/cube.stl", stl())
    other = write("elsewhere/cube.stl", stl(CORNERS * [2, 1, 1]))

    near, far = (
        mjcf.build(str(path), *TWO, packages=packages)
        for packages in (None, {"two": str(other.parent)})
    )
    sizes = [one.model.geom_aabb[one.geoms_of("base")[0]][3:].max() for one in (near, far)]
    assert sizes == pytest.approx([0.025, 0.05])
    assert other in files_of(path, {"two": str(other.parent)})


def test_folders_of_packages_are_anchored_and_their_files_are_of_the_run(write: Write) -> None:
    mesh = write("assets/two/cube.stl", stl())
    write("models/two.urdf", urdf(visual="package://two.x/cube.stl"))
    run = write(
        "run.toml",
        """
        [morphology]
        name = "mjcf"
        path = "models/two.urdf"
        torso = "base"
        feet = ["left_foot", "right_foot"]
        joints = ["left_hip", "right_hip"]
        packages = { "two.x" = "assets/two" }
        [controller]
        name = "sine"
        [fitness.speed]
        measure = "forward_speed"
        weight = 1.0
    """,
    )
    spec = read(run)
    assert spec.morphology.options["packages"] == {"two.x": str(mesh.parent)}
    assert str(mesh) in used_files(spec)

    content = tomllib.loads(run.read_text())
    anchor(content, Path("/far"))
    assert content["morphology"]["packages"] == {"two.x": "/far/assets/two"}
    folders = [one for one in references(content) if one.key == "morphology.packages.two.x"]
    assert [(one.is_code, one.is_path, one.is_anchored) for one in folders] == [
        (False, False, True)
    ]


@pytest.mark.parametrize(
    ("packages", "error", "words"),
    [
        ({"too": "."}, UnknownNameError, r"packages: Unknown package 'too'\. Known: two\."),
        ({"two": "gone"}, SpecError, r"packages\.two: there is no folder gone\."),
    ],
)
def test_a_package_that_cannot_be_meant_is_refused(
    write: Write, packages: dict[str, str], error: type[EvolocoError], words: str
) -> None:
    path = write("two.urdf", urdf(visual="package://two/cube.stl"))
    with pytest.raises(error, match=words):
        load(str(path), [], packages)


@pytest.mark.parametrize("address", ["package://../x", "package://two/", "http://two/x", "x.stl"])
def test_what_is_no_address_of_a_package_is_not_looked_for(tmp_path: Path, address: str) -> None:
    (tmp_path / "x").write_text("")
    assert located(address, tmp_path / "two") is None


# Meshes


def test_a_box_of_an_inertia_has_that_inertia() -> None:
    for half in np.random.default_rng(1).uniform(0.02, 0.3, (20, 3)):
        model = mujoco.MjModel.from_xml_string(
            f"""<mujoco><worldbody><body><geom type="box" size="{" ".join(map(str, half))}"/>
            </body></worldbody></mujoco>"""
        )
        found = half_lengths(model.body_mass[1], model.body_inertia[1])
        assert found is not None
        np.testing.assert_allclose(np.sort(found), np.sort(half), rtol=1e-6)
    assert half_lengths(0.0, np.ones(3)) is None


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("none.stl", None, "no such file"),
        ("base.dae", "<COLLADA/>", "MuJoCo reads binary STL, OBJ and MSH"),
        ("text.stl", "solid cube\nendsolid", "header"),
        ("short.stl", stl()[:200], ""),
    ],
)
def test_a_mesh_that_cannot_be_used_becomes_a_box_of_the_body_s_inertia(
    write: Write, file: str, content: str | bytes | None, reason: str
) -> None:
    if content is not None:
        write(file, content)
    plain = mjcf.build(str(write("plain.urdf", urdf())), *TWO).model
    for key, touches in (("visual", False), ("collision", True)):
        body = mjcf.build(str(write("two.urdf", urdf(**{key: file}))), *TWO)
        assert kinds(body.model, "base") == [("box", touches)]

        box = body.geoms_of("base")[0]
        turn = np.empty(9)
        mujoco.mju_quat2Mat(turn, body.model.geom_quat[box])
        extent = np.abs(turn.reshape(3, 3)) @ body.model.geom_size[box]
        np.testing.assert_allclose(extent, [0.05, 0.1, 0.05], atol=1e-12)
        np.testing.assert_allclose(body.model.geom_pos[box], [0.01, 0, 0])
        for name in ("base", "left_leg", "left_foot"):
            one, other = body.model.body(name), plain.body(name)
            np.testing.assert_array_equal([*one.mass, *one.inertia], [*other.mass, *other.inertia])
            np.testing.assert_array_equal(one.ipos, other.ipos)
        (sentence,) = (one for one in body.told if "cannot be used" in one)
        assert sentence.startswith(f"1 mesh cannot be used: '{file}' (")
        assert reason in sentence
        assert "stands in for what 'base' lost" in sentence


def test_feet_whose_meshes_are_missing_stand_on_boxes(write: Write) -> None:
    body = mjcf.build(str(write("two.urdf", urdf(foot="package://two/foot.stl"))), *TWO)
    assert kinds(body.model, "left_foot") == [("box", True)]
    assert body.standing_height == pytest.approx(0.21, abs=1e-6)  # half of the box's 2 cm lower


def test_a_visual_mesh_is_not_missed_where_the_body_has_another_shape(write: Write) -> None:
    write("cube.stl", stl())
    text = urdf(visual="gone.stl", collision="cube.stl")
    body = mjcf.build(str(write("two.urdf", text)), *TWO)
    assert kinds(body.model, "base") == [("mesh", True)]
    assert any("1 geom of bodies that have other shapes left out" in one for one in body.told)


def test_a_box_in_a_frame_is_where_the_inertia_is(write: Write) -> None:
    shell = '<frame pos=".1 .2 .3" euler="10 20 30"><geom name="s" type="mesh" mesh="m"/></frame>'
    inertial = (
        '<inertial pos=".02 0 .01" mass=".8" fullinertia=".004 .005 .006 .0005 .0003 .0002"/>'
    )
    text = table(trunk=f"<freejoint/>{inertial}{shell}", assets='<mesh name="m" file="m.stl"/>')
    model = mjcf.build(str(write("robot.xml", text)), **OPTIONS).model
    box, frame = model.geom("s"), model.body("frame")
    np.testing.assert_allclose(box.pos, frame.ipos, atol=1e-12)
    assert abs(box.quat @ frame.iquat) == pytest.approx(1)


def test_mass_that_a_missing_mesh_would_add_is_told_and_one_that_rests_on_it_refused(
    write: Write,
) -> None:
    mesh = '<mesh name="m" file="m.stl"/>'
    text = table(trunk='<freejoint/><geom type="mesh" mesh="m"/>', assets=mesh)
    body = mjcf.build(str(write("robot.xml", text)), **OPTIONS)
    assert body.model.body("frame").mass[0] == pytest.approx(0.8)
    assert any("'frame'; without it, the body has 0.8 kg" in one for one in body.told)

    sole = '<geom name="{leg}_sole" type="mesh" mesh="m"/>'
    text = table(sole=sole, assets=mesh, shank='<joint name="{leg}_x" axis="1 0 0"/>')
    text = text.replace("_toe", "_toe_").replace("<site", '<joint axis="0 0 1"/><site')
    options = {**OPTIONS, "feet": [f"{leg}_toe_" for leg in LEGS]}
    with pytest.raises(ModelError, match=r"m\.stl.*give an <inertial> to 'front_left_toe_'"):
        mjcf.build(str(write("robot.xml", text)), **options)


def test_a_sheet_without_volume_counts_as_a_shell(write: Write) -> None:
    write("sheet.obj", "v 0 0 0\nv .1 0 0\nv .1 .1 0\nv 0 .1 0\nf 1 2 3\nf 1 3 4\n")
    body = mjcf.build(str(write("two.urdf", urdf(visual="sheet.obj"))), *TWO)
    assert kinds(body.model, "base") == [("mesh", False)]
    assert any("1 mesh without volume count" in one for one in body.told)


def test_files_that_are_there_leave_no_word(write: Write) -> None:
    write("cube.stl", stl())
    body = mjcf.build(str(write("two.urdf", urdf(visual="cube.stl"))), *TWO)
    assert not any("mesh" in one for one in body.told)


# Textures and height fields


def test_a_missing_texture_is_left_out_and_a_missing_field_is_level(write: Write) -> None:
    assets = (
        '<texture name="wood" type="2d" file="wood.png"/><material name="wood" texture="wood"/>'
        '<texture name="room" type="cube" fileup="up.png"/>'
        '<hfield name="hills" file="hills.png" size="5 5 .5 .1"/>'
    )
    text = table(world='<geom name="hills" type="hfield" hfield="hills"/>', assets=assets)
    text = text.replace('name="plate"', 'name="plate" material="wood"')
    body = mjcf.build(str(write("robot.xml", text)), **OPTIONS)
    told = " ".join(body.told)
    assert "Left out 2 textures whose files are missing or cannot be read: 'wood', 'room'." in told
    assert "Made 1 height field level whose files are missing or cannot be read: 'hills'." in told
    assert body.floor == {body.model.geom("hills").id}


# What keeps its meaning


def test_visual_shapes_of_a_urdf_are_kept_unless_it_says_otherwise(write: Write) -> None:
    write("cube.stl", stl())
    text = urdf(visual="cube.stl")
    quiet = text.replace(
        '<link name="base">',
        '<mujoco><compiler discardvisual="true"/></mujoco><link name="base">',
        1,
    )
    shown, hidden = (
        mjcf.build(str(write(f"{name}.urdf", one)), *TWO)
        for name, one in (("shown", text), ("hidden", quiet))
    )
    assert shown.model.ngeom == hidden.model.ngeom + 1
    for field in ("body_mass", "body_inertia", "dof_M0", "jnt_range", "jnt_actfrcrange"):
        one, other = getattr(shown.model, field), getattr(hidden.model, field)
        both = min(len(one), len(other))  # without its shape, the torso gets a frame of its own
        np.testing.assert_array_equal(one[:both], other[:both])


def test_a_device_is_refused_wherever_it_hides(write: Write) -> None:
    path = write("two/two.urdf", urdf(visual="package://two/null.stl"))
    (path.parent / "null.stl").symlink_to("/dev/null")
    with pytest.raises(ModelError, match="device or a pipe"):
        mjcf.build(str(path), *TWO)


# Whatever comes, it is built or refused in one sentence

STRANGE = {
    "empty": "",
    "no xml": "robot",
    "html": "<html><body/></html>",
    "unclosed": "<mujoco><worldbody>",
    "no world": "<mujoco/>",
    "entity": '<!DOCTYPE r [<!ENTITY a "x">]><robot name="&a;"><link name="base"/></robot>',
    "two roots": '<robot name="r"><link name="a"/><link name="b"/></robot>',
    "circle": """<robot name="r"><link name="a"/><link name="b"/>
      <joint name="j" type="fixed"><parent link="a"/><child link="b"/></joint>
      <joint name="k" type="fixed"><parent link="b"/><child link="a"/></joint></robot>""",
    "no child": """<robot name="r"><link name="a"/>
      <joint name="j" type="revolute"><parent link="a"/><child link="z"/></joint></robot>""",
    "mimic": urdf().replace("</robot>", '<transmission name="t"/><gazebo/></robot>'),
    "nan": urdf().replace('value="1.0"', 'value="nan"'),
    "negative mass": urdf().replace('value="1.0"', 'value="-1"'),
    "flat inertia": urdf().replace('ixx="', 'ixx="1'),
    "prismatic": urdf().replace('type="revolute"', 'type="prismatic"'),
    "continuous": urdf().replace('type="revolute"', 'type="continuous"'),
    "planar": urdf().replace('type="revolute"', 'type="planar"'),
    "floating": urdf().replace('type="revolute"', 'type="floating"'),
    "no limit": urdf().replace("<limit", "<nolimit"),
    "a speed in words": urdf().replace('velocity="5"', 'velocity="fast"'),
    "no end of speed": urdf().replace('velocity="5"', 'velocity="1e300"'),
    "inertia that is none": urdf().replace('ixz="0"', 'ixz="nan"'),
    "names twice": urdf().replace("right_", "left_"),
    "empty names": urdf().replace('name="base"', 'name=""'),
    "missing include": '<mujoco><include file="gone.xml"/></mujoco>',
    "itself": '<mujoco><include file="itself.xml"/></mujoco>',
    "bad plugin": '<mujoco><extension><plugin plugin="no.such"/></extension></mujoco>',
    "strange geom": table(world='<geom type="sdf" mesh="none"/>'),
    "no geoms": table().replace("<geom", "<nogeom"),
    "all excluded": table(more='<contact><exclude body1="frame" body2="world"/></contact>'),
    "no contact": table(more="<option><flag contact='disable'/></option>"),
    "weightless": table(more='<option gravity="0 0 0"/>'),
    "ball joint": table(trunk='<joint name="b" type="ball"/>'),
    "fixed": table(trunk=""),
    "far down": table(height=-50),
    "huge": table(height=1e12),
    "floor below": table(world=FLOOR.replace("/>", ' pos="0 0 -3"/>')),
    "key of another length": table(more='<keyframe><key name="home" qpos="1 2"/></keyframe>'),
    "key with nan": table(more='<keyframe><key qpos="nan 0 0 1 0 0 0 0 0 0 0"/></keyframe>'),
    "broken png": table(assets='<texture type="2d" name="t" file="robot.xml"/>'),
    "a folder as mesh": table(assets='<mesh name="m" file="."/>', trunk='<geom type="mesh" '
                              'mesh="m"/><freejoint/>'),
    "mesh of a box": table(assets='<mesh name="m" file="gone.stl"/>', trunk='<freejoint/><geom '
                           'type="box" mesh="m"/><geom type="capsule" mesh="m" contype="0"/>'),
    "mesh in the world": table(assets='<mesh name="m" file="gone.stl"/>',
                               world=FLOOR + '<geom type="mesh" mesh="m"/>'),
    "mesh in a pair": table(
        assets='<mesh name="m" file="gone.stl"/>', trunk='<freejoint/><geom name="s" type="mesh" '
        'mesh="m"/>', more='<contact><pair geom1="s" geom2="ground"/></contact>'),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*falls at home", "ignore:Inertia matrix")
@pytest.mark.parametrize("case", STRANGE)
def test_any_file_is_built_or_refused_by_an_error_of_ours(write: Write, case: str) -> None:
    text = STRANGE[case]
    is_urdf = "<robot" in text
    path = write("robot.urdf" if is_urdf else "robot.xml", text)
    (path.parent / "itself.xml").write_text(text)
    with suppress(EvolocoError):
        body = mjcf.build(str(path), *TWO) if is_urdf else mjcf.build(str(path), **OPTIONS)
        assert np.isfinite([body.mass, body.size, body.standing_height]).all()


@pytest.mark.parametrize("step", ["1e-20", "0", "-1", "nan", "inf"])
def test_a_physics_step_that_never_ends_is_refused(write: Write, step: str) -> None:
    path = str(write("robot.xml", table().replace('timestep=".002"', f'timestep="{step}"')))
    with pytest.raises(ModelError, match=r"step is .* s; it must be 1e-05 s or more|cannot"):
        mjcf.build(path, **OPTIONS)


def test_a_file_of_any_name_is_read_by_what_it_holds(write: Write) -> None:
    told: list[str] = []
    spec = load(str(write("robot.txt", urdf())), told)
    assert [body.name for body in spec.bodies][:2] == ["world", "base"]
    assert told == []


def test_shapes_of_size_0_are_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "points.xml"
    path.write_text("""
        <mujoco><worldbody><geom type="plane" size="0 0 1"/>
        <body name="torso" pos="0 0 .3"><freejoint/><geom type="box" size=".1 .1 .05" mass="1"/>
        <geom type="sphere" size="0"/><geom type="box" size=".1 0 .1"/>
        <body name="foot" pos="0 0 -.1"><joint name="hip" axis="0 1 0" range="-30 30"/>
        <geom size=".08" mass=".2"/></body></body></worldbody></mujoco>""")
    built = mjcf.build(str(path), "torso", ["foot"], ["hip"])
    assert built.model.ngeom == 3
    assert any("2 shapes of size 0 left out, of the bodies 'torso'" in one for one in built.told)
