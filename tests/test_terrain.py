import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest

from evoloco import ground
from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.errors import ModelError, SpecError
from evoloco.evaluators.local import Local, simulator
from evoloco.experiment import Experiment
from evoloco.fields import Array, Fields, Record
from evoloco.genome import Gene, Space
from evoloco.members import member, members
from evoloco.morphologies import biped, hopper, mjcf, muscle_biped, planar_biped
from evoloco.morphology import Morphology, assemble
from evoloco.report.chronograph import chronograph
from evoloco.scenario import Scenario, Termination, draw
from evoloco.sim import heightfield
from evoloco.sim.simulator import Simulator
from evoloco.spec import read
from evoloco.terrain import MARGIN, Terrain
from evoloco.terrains import rough, slope

ROUGH = Terrain(rough.Shape(0.04), length=6.0)
NEVER = Termination(min_height=-math.inf, max_tilt=math.pi, body_contact=False)
RADIUS = 0.03


class Constant:
    """A controller whose answer is its parameter."""

    state = {}  # noqa: RUF012 - never changed
    space = Space([Gene("answer", 0.0, 1.0)])

    @staticmethod
    def reset(params: Record, state: Record, dt: float) -> None:
        pass

    @staticmethod
    def step(
        params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array
    ) -> None:
        ctrl[:] = params.answer

    def parameters(self, values: dict[str, float]) -> Fields:
        return {"answer": values["answer"]}


def height(body: Morphology, x: Any, y: Any) -> Any:
    """Height of a body's ground under places [m]."""
    return ground.height(body.model, body.floor, x, y)


def drawn(terrain: Terrain, *address: int) -> Array:
    return terrain.draw(np.random.SeedSequence(address))


def scenario(body: Morphology, heights: Array | None = None) -> Scenario:
    nu = len(body.joints)
    return Scenario(np.zeros(nu), np.zeros(nu), **({} if heights is None else {"heights": heights}))


def episodes(
    body: Morphology, scenarios: Sequence[Scenario], duration: float = 1.0, answer: float = 0.3
) -> list[Episode]:
    sim = Simulator(
        body, Constant(), duration=duration, control_dt=0.02, termination=NEVER, ramp=0.0, threads=2
    )
    found = sim.run(np.array([[answer]]), scenarios)
    return [replace(episode, trace=episode.trace.copy()) for episode in found]


def ball(x: float, y: float, radius: float = RADIUS, **floor: Any) -> Morphology:
    """A ball that hangs on a torso above the world's origin; the torso slides up and down."""
    spec = mujoco.MjSpec()
    spec.option.timestep = 0.0025
    table: dict[str, Any] = {"type": mujoco.mjtGeom.mjGEOM_PLANE, "size": [0, 0, 1], **floor}
    spec.worldbody.add_geom(**table)
    torso = spec.worldbody.add_body(name="torso")
    torso.add_joint(name="rise", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, 0, 1])
    torso.add_geom(
        type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.1, 0, 0], mass=1, contype=0, conaffinity=0
    )
    foot = torso.add_body(name="foot", pos=[x, y, 0])
    foot.add_joint(name="spin", axis=[0, 0, 1], damping=1)
    foot.add_geom(name="ball", type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[radius, 0, 0], mass=0.1)
    spec.add_actuator(name="spin", target="spin", trntype=mujoco.mjtTrn.mjTRN_JOINT)
    spec.add_key(name="home", qpos=[radius + 0.05, 0])
    return assemble(spec, "torso", ["foot"], ["spin"])


def falling(geom: str, timestep: float, hfield: bool) -> mujoco.MjModel:
    """A free geom above level ground: a height field with cells of 0.3 m, or a plane."""
    ground = 'type="hfield" hfield="f" pos="0 0 -1"' if hfield else 'type="plane" size="0 0 1"'
    model = mujoco.MjModel.from_xml_string(
        f"""<mujoco><option timestep="{timestep}"/>
        <asset><hfield name="f" nrow="21" ncol="21" size="3 3 1 1"/></asset>
        <worldbody><geom {ground}/><body><freejoint/><geom {geom}/></body></worldbody></mujoco>"""
    )
    model.hfield_data[:] = 1.0
    return model


def level(morphology: Morphology, heights: Array) -> Morphology:
    """A body on the heights of a scenario, as an episode holds it."""
    return episodes(morphology, [scenario(morphology, heights)], 0.02)[0].morphology


# Drawing


def test_heights_fill_plus_and_minus_the_roughness_and_leave_the_start_level() -> None:
    heights = drawn(ROUGH, 1)
    rows, columns = ROUGH.shape
    assert heights.shape == (21, 31) == (rows, columns)
    assert np.abs(heights).max() == ROUGH.form.highest
    inner = heights[1:-1, 15:-1]  # 1.5 m ahead and more
    assert 0.9 * ROUGH.form.highest < min(inner.max(), -inner.min()) < ROUGH.form.highest
    assert abs(inner.mean()) < 0.2 * ROUGH.form.highest
    spots = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 1000)) / math.sqrt(2)
    here = height(level(ROUGH.under(ball(0.3, 0.1)), heights), *spots)
    assert not here.any()


def test_the_border_is_at_the_lowest_height() -> None:
    heights = drawn(ROUGH, 1)
    for edge in (heights[0], heights[-1], heights[:, 0], heights[:, -1]):
        assert np.all(edge == -ROUGH.form.highest)


def test_a_rougher_ground_is_the_same_one_scaled() -> None:
    np.testing.assert_allclose(
        2 * drawn(replace(ROUGH, form=rough.Shape(0.02)), 3), drawn(ROUGH, 3), rtol=1e-12
    )


def test_a_longer_ground_begins_like_a_shorter_one() -> None:
    short, long = drawn(ROUGH, 3), drawn(replace(ROUGH, length=12.0), 3)
    assert long.shape[1] == short.shape[1] + 20
    assert np.array_equal(long[:, : short.shape[1] - 1], short[:, :-1])


def test_the_ground_changes_no_other_draw_and_no_other_draw_changes_the_ground() -> None:
    body, options = (
        hopper.build(),
        {"joint_noise": 0.1, "velocity_noise": 0.2, "friction": (0.5, 1.0)},
    )
    address = (3, 0, 5, 1)
    level = draw(body, address, duration=4.0, push_count=2, push_impulse=0.3, **options)  # type: ignore[arg-type]
    rough = draw(
        body, address, duration=4.0, push_count=2, push_impulse=0.3, terrain=ROUGH, **options
    )  # type: ignore[arg-type]
    calm = draw(body, address, duration=4.0, terrain=ROUGH)
    assert not level.heights.size
    assert np.array_equal(level.joint_offset, rough.joint_offset)
    assert np.array_equal(level.velocity, rough.velocity)
    assert np.array_equal(level.pushes, rough.pushes)
    assert level.friction == rough.friction
    assert np.array_equal(rough.heights, calm.heights)
    assert not np.array_equal(
        rough.heights, draw(body, (3, 0, 5, 2), duration=4.0, terrain=ROUGH).heights
    )


# The surface


def test_the_height_between_points_is_what_a_ray_from_above_hits() -> None:
    heights = drawn(ROUGH, 4)
    body = level(ROUGH.under(ball(0.3, 0.1)), heights)
    data = mujoco.MjData(body.model)
    mujoco.mj_kinematics(body.model, data)
    spots = np.random.default_rng(1).uniform([-4, -4], [7, 4], (2000, 2))  # beyond the field too
    geom = np.zeros(1, np.int32)
    hit = [
        1
        - mujoco.mj_ray(
            body.model, data, [x, y, 1], [0, 0, -1], None, 1, body.model.body("foot").id, geom
        )
        for x, y in spots
    ]
    outside = np.abs(spots[:, 0]) < 0.11  # the torso hangs there
    found = height(body, *spots.T)
    np.testing.assert_allclose(
        found[~outside], np.array(hit)[~outside], atol=1e-7
    )  # heights are floats of 32 bits
    assert (found == -ROUGH.form.highest).sum() > 100


def test_points_of_the_grid_have_the_heights_that_were_drawn() -> None:
    heights = drawn(ROUGH, 4)
    x, y = np.meshgrid(ROUGH.cell * (np.arange(31) - 10), ROUGH.cell * (np.arange(21) - 10))
    found = height(level(ROUGH.under(ball(0.3, 0.1)), heights), x, y)
    np.testing.assert_allclose(found[1:-1, 1:-1], heights[1:-1, 1:-1], atol=1e-8)


@pytest.mark.parametrize(("x", "y"), [(2.0, 0.45), (3.11, -1.2), (4.5, 2.02), (1.83, 0.0)])
def test_a_ball_at_rest_stands_on_the_plane_of_the_triangle_under_it(x: float, y: float) -> None:
    body = ROUGH.under(ball(x, y))
    (episode,) = episodes(body, [scenario(body, drawn(ROUGH, 5))])
    around = height(episode.morphology, x + np.array([0, 1e-3, 0]), y + np.array([0, 0, 1e-3]))
    upright = 1 / math.sqrt(1 + ((around[1:] - around[0]) ** 2).sum() / 1e-6)
    rest = around[0] + RADIUS / upright
    assert abs(around[0]) > 1e-3
    sunk = rest - episode["qpos"][-1, 0]
    assert 0 < sunk < 1e-3  # contacts are soft: 0.1 to 0.6 mm under these weights
    (flat,) = episodes(ball(x, y), [scenario(body)])
    assert sunk * upright**2 == pytest.approx(
        RADIUS - flat["qpos"][-1, 0], rel=0.05
    )  # of weight and depth
    assert abs(episode["qvel"][-1, 0]) < 1e-4


def test_beyond_the_field_the_ground_is_level_at_its_lowest() -> None:
    far = -MARGIN - 1.0
    body = ROUGH.under(ball(far, 0.0))
    (episode,) = episodes(body, [scenario(body, drawn(ROUGH, 5))])
    assert episode["qpos"][-1, 0] == pytest.approx(RADIUS - ROUGH.form.highest, abs=1e-3)
    assert episode.foot_load[-1] == pytest.approx(body.weight, rel=1e-3)
    assert not episode["body_contact"].any()


# Contacts


def test_the_contact_is_that_of_mujocos_prism_far_from_its_edges() -> None:
    model = falling('size="0.006"', 0.005, hfield=True)
    random = np.random.default_rng(0)
    model.hfield_data[:] = random.uniform(0.9, 1.0, 441)
    data, compared = mujoco.MjData(model), 0
    for _ in range(300):
        place = random.uniform(0, 20, 2)
        u, v = place % 1
        if min(u, v, 1 - u, 1 - v, abs(u - v)) < 0.15:
            continue
        found = []
        for way in (heightfield.contacts(model, data), nullcontext()):
            mujoco.mj_resetData(model, data)
            data.qpos[:2] = 0.3 * place - 3
            mujoco.mj_kinematics(model, data)
            data.qpos[2] = (
                0.004
                - mujoco.mj_ray(model, data, [*data.qpos[:2], 1], [0, 0, -1], None, 1, 1, None)
                + 1
            )
            with way:
                mujoco.mj_forward(model, data)
            found.append([(contact.dist, *contact.pos, *contact.frame) for contact in data.contact])
        assert len(found[0]) == 1
        np.testing.assert_allclose(found[0], found[1], atol=1e-9)
        compared += 1
    assert compared > 50


@pytest.mark.parametrize(
    ("geom", "low", "timestep", "speed"),
    [
        ('size="0.03"', 0.03, 0.0025, 4.0),
        ('size="0.006"', 0.006, 0.005, 2.0),
        ('type="capsule" size="0.02 0.06"', 0.06, 0.005, 2.0),
        ('type="box" size="0.05 0.03 0.01"', 0.05, 0.005, 2.0),
    ],
)
def test_what_falls_on_level_cells_moves_as_on_a_plane(
    geom: str, low: float, timestep: float, speed: float
) -> None:
    fields, plane = (falling(geom, timestep, hfield=hfield) for hfield in (True, False))
    random, spent = np.random.default_rng(0), mujoco.MjData(fields)
    for _ in range(30):
        place, turn, ends = random.uniform(-0.6, 0.6, 2), random.standard_normal(4), []
        place[0] = 0.3 * round(place[0] / 0.3) + random.uniform(-0.01, 0.01)  # near an edge
        for model in (fields, plane):
            data = mujoco.MjData(model)
            data.qpos[:3], data.qpos[3:], data.qvel[2] = (
                [*place, low + 0.02],
                turn / np.linalg.norm(turn),
                -speed,
            )
            with heightfield.contacts(fields, spent):
                for _ in range(round(0.1 / timestep)):
                    mujoco.mj_step(model, data)
            assert data.qvel[2] > -speed / 2
            ends.append(np.array(data.qpos))
        np.testing.assert_allclose(*ends, atol=1e-7)


def test_mujocos_own_contacts_are_back_afterwards() -> None:
    model = falling('size="0.03"', 0.0025, hfield=True)
    data = mujoco.MjData(model)
    data.qpos[:3] = 0.1, 0.001, 0.025  # near an edge: its prisms find two contacts
    found = []
    for way in (nullcontext(), heightfield.contacts(model, data), nullcontext()):
        with way:
            mujoco.mj_forward(model, data)
        found.append(data.ncon)
    assert found == [2, 1, 2]


# Bodies


@pytest.mark.parametrize("room", [biped, hopper, muscle_biped, planar_biped])
def test_on_the_level_part_a_body_moves_as_on_its_plane(room: Any) -> None:
    plane = room.build()
    rough = ROUGH.under(plane)
    (before,) = episodes(plane, [scenario(plane)], 0.3)
    (after,) = episodes(rough, [scenario(rough, drawn(ROUGH, 2))], 0.3)
    assert before.foot_load.max() > 0.5 * plane.weight
    np.testing.assert_allclose(after["qpos"], before["qpos"], atol=1e-9)
    np.testing.assert_allclose(after["ground_force"], before["ground_force"], rtol=1e-6, atol=1e-6)


def test_the_floor_keeps_its_name_friction_priority_and_contact_bits() -> None:
    plane = biped.build()
    rough = ROUGH.under(plane)
    before, around = plane.model.geom("floor"), rough.model.geom("floor.around")
    for geom in (rough.model.geom("floor"), around):
        for name in (
            "contype",
            "conaffinity",
            "condim",
            "priority",
            "friction",
            "solref",
            "solimp",
            "matid",
        ):
            assert np.array_equal(getattr(geom, name), getattr(before, name)), name
    assert rough.floor == {rough.model.geom("floor").id, around.id}
    assert around.pos[2] == -ROUGH.form.highest
    assert len(rough.foot_geoms) == len(plane.foot_geoms)


def test_a_body_of_a_users_file_stands_on_rough_ground_with_its_explicit_pairs(
    tmp_path: Path,
) -> None:
    path = tmp_path / "body.xml"
    path.write_text(
        """<mujoco><worldbody><geom name="ground" type="plane" size="9 9 1" pos="0 0 0.2"/>
        <body name="trunk" pos="0 0 1"><freejoint/>
        <geom type="sphere" size=".1" mass="1" contype="0" conaffinity="0"/>
        <body name="foot"><joint name="hip" axis="0 1 0"/>
        <geom name="a" pos=".1 .1 -.3" size=".03"/><geom name="b" pos=".1 -.1 -.3" size=".03"/>
        <geom name="c" pos="-.1 0 -.3" size=".03"/></body></body></worldbody>
        <contact><pair geom1="ground" geom2="a"/><pair geom1="b" geom2="ground" condim="3"/>
        <pair geom1="ground" geom2="c"/></contact></mujoco>"""
    )
    plane = mjcf.build(str(path), "trunk", ["foot"], ["hip"])
    rough = ROUGH.under(plane)
    assert rough.model.npair == 2 * plane.model.npair
    assert rough.model.geom("ground.around").pos[2] == pytest.approx(0.2 - ROUGH.form.highest)
    (before,), (after,) = (
        episodes(plane, [scenario(plane)], 0.3, 0.0),
        episodes(rough, [scenario(rough, drawn(ROUGH, 2))], 0.3, 0.0),
    )
    assert before.foot_load[-1] == pytest.approx(plane.weight, rel=0.1)
    np.testing.assert_allclose(after["qpos"], before["qpos"], atol=1e-9)


def test_bodies_and_grounds_of_a_batch_are_those_of_each_alone() -> None:
    bodies = [ROUGH.under(hopper.build(torso_mass=mass)) for mass in (0.3, 0.6)]
    draws = [
        replace(scenario(bodies[0], drawn(replace(ROUGH, level=0.0), seed))) for seed in (1, 2)
    ]
    draws.append(replace(draws[1], friction=0.4))
    options: dict[str, Any] = {
        "duration": 0.6,
        "control_dt": 0.02,
        "termination": NEVER,
        "ramp": 0.0,
    }
    push = np.array([[0.0, 0.2, 30.0, 0.0, 0.0]])  # off the level part
    draws = [replace(draw, pushes=push) for draw in draws]
    params = np.array([[0.3], [0.5]])

    def traces(sim: Simulator, *arguments: Any, **more: Any) -> list[bytes]:
        return [episode.trace.tobytes() for episode in sim.run(*arguments, **more)]

    together = traces(
        Simulator(bodies[0], Constant(), threads=2, **options), params, draws, bodies=bodies
    )
    alone = [
        trace
        for body, row in zip(bodies, params, strict=True)
        for one in draws
        for trace in traces(Simulator(body, Constant(), threads=1, **options), row[None], [one])
    ]
    assert together == alone
    assert len(set(together)) == 6


def test_an_episode_knows_the_ground_that_it_was_on() -> None:
    body = ROUGH.under(hopper.build())
    first, second = episodes(body, [scenario(body, drawn(ROUGH, seed)) for seed in (1, 2)], 0.1)
    x, y = np.array([2.0, 3.0]), np.array([0.1, 0.2])
    assert not np.any(height(first.morphology, x, y) == height(second.morphology, x, y))
    assert np.array_equal(height(body, x, y), [0.0, 0.0])
    assert np.array_equal(height(hopper.build(), x, y), [0.0, 0.0])


def test_the_stick_figures_stand_on_the_ground_of_the_episode() -> None:
    body = ROUGH.under(hopper.build())
    (episode,) = episodes(body, [scenario(body, drawn(ROUGH, 1))], 0.2)
    episode["qpos"][:, 0] += 2.0  # onto the rough part
    above, again = (chronograph(640, episode, (0.0, 0.2), 3) for _ in range(2))
    assert above == again
    assert above != chronograph(640, replace(episode, morphology=body), (0.0, 0.2), 3)


# Runs


def test_a_run_draws_new_ground_for_every_episode_and_replays_it(hop: Path) -> None:
    uneven = Experiment(
        read(hop, ["scenario.terrain.roughness=0.02", "scenario.terrain.level=0.0"])
    )
    plain = Experiment(read(hop))
    first, second = uneven.scenarios(0)
    assert first.heights.shape == uneven.terrain.shape  # type: ignore[union-attr]
    assert not np.array_equal(first.heights, second.heights)
    assert np.array_equal(first.heights, uneven.scenarios(0)[0].heights)
    assert [draw.joint_offset.tolist() for draw in uneven.scenarios(0)] == [
        draw.joint_offset.tolist() for draw in plain.scenarios(0)
    ]
    genomes = np.random.default_rng(1).random((6, len(uneven.space)))
    one, two = (
        Local(uneven, threads).evaluate(genomes, uneven.scenarios(0), 0.0) for threads in (1, 2)
    )
    assert one.fitness.tobytes() == two.fitness.tobytes()
    assert not np.array_equal(
        one.fitness, Local(plain).evaluate(genomes, plain.scenarios(0), 0.0).fitness
    )
    again = simulator(uneven).run(
        np.array([uneven.parameters(genome) for genome in genomes]), uneven.scenarios(0)
    )
    assert len([episode for episode in again if episode.outcome is not Outcome.UNSTABLE]) == 12


def test_ground_is_long_enough_for_the_longest_episodes(hop: Path) -> None:
    spec = read(hop, ["scenario.terrain.roughness=0.02", "evaluation.heldout_duration=20"])
    terrain = Experiment(spec).terrain
    assert terrain is not None
    assert terrain.length == 60.0
    assert Experiment(read(hop)).terrain is None


# Mistakes


def test_ground_with_too_many_points_is_refused(hop: Path) -> None:
    spec = read(hop, ["scenario.terrain={roughness=0.02, cell=0.005}"])
    with pytest.raises(
        SpecError, match=r"scenario.terrain.cell = 0.005 m makes a grid of 1.44e\+06 points for 3 m"
    ):
        _ = Experiment(spec).morphology


@pytest.mark.parametrize(
    ("floor", "found"),
    [
        ({"quat": [1, 0, 0.1, 0]}, r"'' \(plane\)"),
        ({"name": "box", "type": mujoco.mjtGeom.mjGEOM_BOX, "size": [1, 1, 0.1]}, r"'box' \(box\)"),
    ],
)
def test_a_floor_that_is_no_level_plane_is_refused(floor: dict[str, Any], found: str) -> None:
    with pytest.raises(
        ModelError, match=f"takes the place of one plane, level .* stands on {found}"
    ):
        ROUGH.under(ball(0.1, 0.0, **floor))


def test_two_floors_and_one_in_a_frame_are_refused(tmp_path: Path) -> None:
    for world in (
        '<geom name="a" type="plane" size="1 1 1"/>'
        '<geom name="b" type="plane" size="1 1 1" pos="0 0 -1"/>',
        '<frame pos="0 0 0"><geom name="a" type="plane" size="1 1 1"/></frame>',
    ):
        spec = mujoco.MjSpec.from_string(
            f"""<mujoco><worldbody>{world}<body name="torso"><freejoint/><geom size=".1"/>
            <body name="foot"><joint name="hip"/><geom size=".1" pos="0 0 -.1"/></body></body>
            </worldbody><actuator><motor name="hip" joint="hip"/></actuator>
            <keyframe><key name="home" qpos="0 0 .2 1 0 0 0 0"/></keyframe></mujoco>"""
        )
        with pytest.raises(ModelError, match=r"in no frame, .* stands on 'a' \(plane\)"):
            ROUGH.under(assemble(spec, "torso", ["foot"], ["hip"]))


def test_a_body_that_starts_on_the_rough_part_is_refused() -> None:
    body = hopper.build()
    spec = body.spec.copy()
    spec.key("home").qpos = [2.0, *body.home[1:]]
    moved = replace(body, model=spec.compile(), spec=spec)
    with pytest.raises(
        ModelError, match=r"The body starts 2 m from the world's origin, .* level only up to 0.5 m"
    ):
        ROUGH.under(moved)


def test_ground_of_another_grid_is_refused() -> None:
    for body in (hopper.build(), replace(ROUGH, length=9.0).under(hopper.build())):
        with pytest.raises(
            ModelError, match=r"Ground of \(21, 31\) points does not fit a body on one of"
        ):
            episodes(body, [scenario(body, drawn(ROUGH, 1))])


# Every terrain


@pytest.mark.parametrize("name", members("terrains"))
def test_every_terrain_begins_level_and_stays_within_its_heights(name: str) -> None:
    options = {"roughness": 0.03} if name == "rough" else {}
    terrain = Terrain(member("terrains", name).Shape(**options), cell=0.1, length=9.0)
    body = terrain.under(ball(0.0, 0.0))
    heights = drawn(terrain, 1)
    assert heights.shape == terrain.shape
    assert 0 < np.abs(heights).max() <= terrain.form.highest
    found = level(body, heights)
    start = np.linspace(-0.3, 0.3, 7)
    np.testing.assert_allclose(height(found, start, 0.0), 0.0, atol=1e-6)
    ahead = height(found, np.linspace(2.0, 8.0, 50), np.linspace(-1.0, 1.0, 50))
    assert np.ptp(ahead) > 0.01


def test_the_height_of_a_slope_is_that_of_its_angle() -> None:
    terrain = Terrain(slope.Shape(angle=-0.1), cell=0.1, level=0.5, length=9.0)
    found = level(terrain.under(ball(0.0, 0.0)), drawn(terrain, 0))
    x = np.linspace(2.0, 8.0, 20)
    # The field holds 32-bit numbers of a range of 20 m.
    np.testing.assert_allclose(height(found, x, 0.0), -math.tan(0.1) * (x - 0.5), atol=2e-6)


@pytest.mark.parametrize("angle", [0.0, 0.3])
def test_the_height_of_a_plane_is_where_a_ray_from_above_meets_it(angle: float) -> None:
    quat = [math.cos(angle / 2), 0.0, math.sin(angle / 2), 0.0]
    body = ball(0.0, 0.0, pos=[0.1, 0.2, -0.4], quat=quat)
    data = mujoco.MjData(body.model)
    mujoco.mj_forward(body.model, data)
    geom, groups = np.zeros(1, np.int32), np.array([1, 0, 0, 0, 0, 0], np.uint8)
    for x, y in np.random.default_rng(0).uniform(-2.0, 2.0, (20, 2)):
        above = np.array([x, y, 5.0])
        way = mujoco.mj_ray(body.model, data, above, np.array([0.0, 0.0, -1.0]), groups, 1, 1, geom)
        if geom[0] in body.floor:
            assert height(body, np.array(x), np.array(y)) == pytest.approx(5.0 - way, abs=1e-9)
