"""Ground is what lies under the feet and can touch them, whatever body of the world it is of."""

from collections.abc import Callable
from pathlib import Path

import mujoco
import numpy as np
import pytest
from robot_files import FLOOR, HEIGHT, OPTIONS, table

from evoloco.errors import ModelError
from evoloco.ground import ground_under, heights
from evoloco.morphologies import mjcf
from evoloco.morphology import HOME, Morphology
from evoloco.robot.file import load
from evoloco.robot.ground import gather_ground
from evoloco.static_world import can_touch, grounds, pose_of

Save = Callable[..., str]

SLAB = "-1 -1 -.1 1 -1 -.1 1 1 -.1 -1 1 -.1 -1 -1 0 1 -1 0 1 1 0 -1 1 0"
"""Corners of a slab whose top is at height 0."""

FIELD = '<hfield name="f" nrow="2" ncol="2" size="2 2 .1 .1" elevation="0 0 0 0"/>'
MESH = f'<mesh name="m" vertex="{SLAB}"/>'

SURFACES = {
    "plane": '<geom name="it" type="plane" size="9 9 1" {}/>',
    "box": '<geom name="it" type="box" size="1 1 .1" pos="0 0 -.1" {}/>',
    "height field": '<geom name="it" type="hfield" hfield="f" {}/>',
    "mesh": '<geom name="it" type="mesh" mesh="m" {}/>',
    "ellipsoid": '<geom name="it" type="ellipsoid" size="20 20 1" pos="0 0 -1" {}/>',
    "cylinder": '<geom name="it" type="cylinder" size="2 .1" pos="0 0 -.1" {}/>',
}


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(text: str) -> str:
        path = tmp_path / "robot.xml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def settled(body: Morphology) -> mujoco.MjData:
    """The body after it has stood for half a second."""
    data = mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(body.model, data, body.model.key(HOME).id)
    while data.time < 0.5:
        mujoco.mj_step(body.model, data)
    return data


def load_of(body: Morphology, data: mujoco.MjData) -> float:
    """Upward force on all feet, as their sensors feel it, over body weight [1]."""
    ends = [name for name in _sensors(body) if name.endswith(".ground")]
    return float(sum(data.sensordata[body.sensor(name)][2] for name in ends) / body.weight)


def _sensors(body: Morphology) -> list[str]:
    return [body.model.sensor(i).name for i in range(body.model.nsensor)]


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(
    "holder",
    ["{}", '<body name="yard">{}</body>', '<body name="yard"><body name="lawn">{}</body></body>'],
)
def test_a_robot_stands_on_any_surface_of_the_world_or_of_a_body_fixed_to_it(
    save: Save, surface: str, holder: str
) -> None:
    world = holder.format(SURFACES[surface].format(""))
    body = mjcf.build(save(table(world=world, assets=FIELD + MESH)), **OPTIONS)
    assert [body.model.geom(geom).name for geom in body.floor] == ["it"]
    assert not any("level floor" in sentence for sentence in body.told)
    assert any("'yard'" in one or "'lawn'" in one for one in body.told) == (holder != "{}")

    data = settled(body)
    assert load_of(body, data) == pytest.approx(1, abs=0.05)
    assert data.body("frame").xpos[2] == pytest.approx(HEIGHT, abs=0.02)
    assert heights(body.model, body.floor, 0.1, 0.05) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    "place",
    ['pos=".3 -.2 .1" euler="0 0 30"', 'pos="0 0 .02" euler="5 -4 60"', 'euler="90 0 0"'],
)
@pytest.mark.parametrize("surface", ["box", "mesh", "height field", "ellipsoid"])
def test_ground_of_a_fixed_body_stays_exactly_where_it_is(
    save: Save, surface: str, place: str
) -> None:
    inner = (
        SURFACES[surface]
        .format('pos=".1 .05 -.3" euler="3 2 1"')
        .replace('pos="0 0 -.1" pos', "pos")
        .replace('pos="0 0 -1" pos', "pos")
    )
    yard = f'<body name="yard" {place}><frame pos=".1 0 0" euler="0 2 0">{inner}</frame></body>'
    text = table(world=FLOOR + yard, assets=FIELD + MESH)
    before = mujoco.MjModel.from_xml_string(text)
    spec = load(save(text), [])
    gather_ground(spec, spec.compile(), "", OPTIONS["feet"], [])
    after = spec.compile()
    for model in (before, after):
        assert model.body_weldid[model.geom("it").bodyid[0]] == 0
    assert after.geom("it").bodyid[0] == 0

    for one, other in zip(*(pose_of(m, m.geom("it").id) for m in (before, after)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7)
    np.testing.assert_allclose(before.geom("it").size, after.geom("it").size, atol=1e-12)
    for field in ("contype", "conaffinity", "friction", "solref", "solimp", "condim", "rgba"):
        np.testing.assert_array_equal(
            getattr(before.geom("it"), field), getattr(after.geom("it"), field)
        )


@pytest.mark.parametrize(
    "world",
    [
        "",
        '<geom name="far" type="box" size=".2 .2 .2" pos="3 0 .2"/>',
        '<geom name="seen" type="plane" size="9 9 1" contype="0" conaffinity="0"/>',
        '<geom name="seen" type="sphere" size=".1" contype="0" conaffinity="0"/>',
        '<geom name="bit" type="plane" size="9 9 1" contype="2" conaffinity="4"/>',
        '<body name="shelf" pos="0 0 2"><geom name="roof" type="box" size="1 1 .1"/></body>',
        '<geom name="wall" type="plane" size="9 9 1" pos="-2 0 0" zaxis="1 0 0"/>',
        '<body name="lift" mocap="true" pos="0 0 -.5"><geom type="box" size="1 1 .1"/></body>',
    ],
)
def test_a_floor_is_added_and_told_where_nothing_under_the_feet_can_touch_them(
    save: Save, world: str
) -> None:
    body = mjcf.build(save(table(world=world)), **OPTIONS)
    assert body.model.geom("floor").id in body.floor
    assert "Added a level floor at height 0: nothing of the world" in " ".join(body.told)
    assert load_of(body, settled(body)) == pytest.approx(1, abs=0.05)


def test_an_added_floor_touches_feet_of_any_contact_bits_and_takes_no_name_of_the_file(
    save: Save,
) -> None:
    sole = '<geom name="{leg}_sole" size=".03" mass=".02" contype="8" conaffinity="0"/>'
    text = table(
        world="",
        sole=sole,
        assets='<material name="floor" rgba="1 0 0 1"/><texture name="floor2" type="2d" '
        'builtin="flat" width="8" height="8"/>',
    ).replace('name="plate"', 'name="floor" material="floor"')
    body = mjcf.build(save(text), **OPTIONS)
    assert "floor3" in {body.model.geom(geom).name for geom in body.floor}
    assert load_of(body, settled(body)) == pytest.approx(1, abs=0.05)


def test_a_wall_beside_the_robot_adds_no_floor(save: Save) -> None:
    wall = '<geom name="wall" type="box" size=".02 1 1" pos=".3 0 1"/>'
    body = mjcf.build(save(table(world=FLOOR + wall)), **OPTIONS)
    assert {body.model.geom(geom).name for geom in body.floor} == {"ground", "wall"}
    assert not any("level floor" in sentence for sentence in body.told)


def test_ground_that_only_an_explicit_pair_lets_the_feet_touch_counts(save: Save) -> None:
    world = '<geom name="ground" type="plane" size="9 9 1" contype="0" conaffinity="0"/>'
    pairs = "".join(
        f'<pair geom1="ground" geom2="{foot.replace("toe", "sole")}"/>' for foot in OPTIONS["feet"]
    )
    model = mujoco.MjModel.from_xml_string(table(world=world, more=f"<contact>{pairs}</contact>"))
    soles = [model.geom(foot.replace("toe", "sole")).id for foot in OPTIONS["feet"]]
    assert grounds(model, soles) == [model.geom("ground").id]
    assert grounds(model, [model.geom("plate").id]) == []


def test_ground_whose_contacts_are_excluded_is_none_and_half_excluded_is_refused(
    save: Save,
) -> None:
    yard = f'<body name="yard">{FLOOR}</body>'

    def excluding(*bodies: str) -> str:
        lines = "".join(f'<exclude body1="{body}" body2="yard"/>' for body in bodies)
        return save(table(world=yard, more=f"<contact>{lines}</contact>"))

    free = mjcf.build(excluding(*OPTIONS["feet"]), **OPTIONS)
    assert {free.model.geom(geom).name for geom in free.floor} == {"floor"}
    with pytest.raises(ModelError, match="body 'yard', whose contacts with 'frame' are excluded"):
        mjcf.build(excluding("frame"), **OPTIONS)


def test_what_can_touch_is_what_mujoco_finds_contacts_of() -> None:
    random = np.random.default_rng(5)
    for _ in range(20):
        bits = random.integers(0, 4, (6, 2))
        geoms = "".join(
            f'<body name="b{i}"><freejoint/><geom size="1" contype="{a}" conaffinity="{b}"/></body>'
            for i, (a, b) in enumerate(bits.tolist())
        )
        out = random.permutation(6)[:2]
        exclude = f'<exclude body1="b{out[0]}" body2="b{out[1]}"/>'
        model = mujoco.MjModel.from_xml_string(
            f"<mujoco><worldbody>{geoms}</worldbody><contact>{exclude}</contact></mujoco>"
        )
        data = mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        found = np.zeros((6, 6), bool)
        for contact in data.contact:
            found[tuple(contact.geom)] = found[tuple(contact.geom[::-1])] = True
        ids = list(range(6))
        touches = can_touch(model, ids, ids)
        np.fill_diagonal(touches, False)
        np.testing.assert_array_equal(touches, found)


def test_the_height_of_a_mesh_is_that_at_which_mujoco_s_ray_meets_it() -> None:
    random = np.random.default_rng(0)
    points = random.normal(size=(40, 3)) * [1.5, 1.5, 0.3]
    model = mujoco.MjModel.from_xml_string(f"""<mujoco><asset>
      <mesh name="m" vertex="{" ".join(map(str, points.ravel()))}"/></asset><worldbody>
      <body pos="1 2 3" euler="10 20 30"><body pos=".3 .2 .1" euler="5 0 60">
      <geom name="hill" type="mesh" mesh="m" pos=".1 .1 .1" euler="0 10 0"/></body></body>
      </worldbody></mujoco>""")
    data, hill = mujoco.MjData(model), model.geom("hill").id
    mujoco.mj_forward(model, data)

    met = 0
    for x, y, z in random.uniform([-1, 0, 2], [3, 4, 9], (300, 3)):
        way = mujoco.mj_rayMesh(
            model, data, hill, np.array([x, y, z]), np.array([0, 0, -1.0]), None
        )
        met += way >= 0
        expected = z - way if way >= 0 else -np.inf
        assert heights(model, [hill], x, y, z) == pytest.approx(expected, abs=1e-9)
    assert met > 100


def test_a_hollow_mesh_is_its_hull_as_its_contacts_are() -> None:
    model = mujoco.MjModel.from_xml_string("""<mujoco><asset><mesh name="bowl"
      vertex="-1 -1 0 1 -1 0 1 1 0 -1 1 0 0 0 -1 0 0 -.5"
      face="0 4 1 1 4 2 2 4 3 3 4 0 0 1 5 1 2 5 2 3 5 3 0 5"/></asset><worldbody>
      <geom name="bowl" type="mesh" mesh="bowl"/>
      <body name="ball" pos="0 0 .1"><freejoint/><geom name="ball" size=".1"/></body>
      </worldbody></mujoco>""")
    data = mujoco.MjData(model)
    for _ in range(200):
        mujoco.mj_step(model, data)
    resting = data.body("ball").xpos[2] - 0.1
    assert resting == pytest.approx(0, abs=0.005)
    ground = ground_under(model, data, [model.geom("ball").id])
    assert ground == pytest.approx(resting, abs=0.005)


def test_a_ceiling_is_no_ground_below_it() -> None:
    model = mujoco.MjModel.from_xml_string(
        table(world=FLOOR + '<geom name="roof" type="box" size="1 1 .1" pos="0 0 2"/>')
    )
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    soles = [model.geom("hind_left_sole").id]
    assert ground_under(model, data, soles, below=1.0) == pytest.approx(0)
    assert ground_under(model, data, soles) == pytest.approx(2.1)


@pytest.mark.parametrize("turn", ["0 0 0", "0 0 70", "4 -3 20"])
def test_the_height_of_a_field_is_that_at_which_mujoco_s_ray_meets_it(turn: str) -> None:
    random = np.random.default_rng(3)
    points = " ".join(map(str, random.uniform(0, 1, 48)))
    model = mujoco.MjModel.from_xml_string(f"""<mujoco><asset>
      <hfield name="h" nrow="6" ncol="8" size="2 1.5 .2 .1" elevation="{points}"/></asset>
      <worldbody><body pos=".2 .1 .3" euler="{turn}"><geom name="h" type="hfield" hfield="h"/>
      </body></worldbody></mujoco>""")
    data, field = mujoco.MjData(model), model.geom("h").id
    mujoco.mj_forward(model, data)
    for x, y in random.uniform([-1, -0.9], [1.2, 1], (100, 2)):
        start, down = np.array([x, y, 5.0]), np.array([0, 0, -1.0])
        way = mujoco.mj_rayHfield(model, data, field, start, down, None)
        assert heights(model, [field], x, y) == pytest.approx(5 - way, abs=1e-6)
