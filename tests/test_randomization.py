"""Randomizations change exactly what they name, by random numbers of their own."""

import copy
import math
import pickle
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest

from evoloco import ground
from evoloco.bundled import run_file
from evoloco.command import Commands, Draw
from evoloco.errors import EvolocoError, ModelError, SpecError, UnknownNameError
from evoloco.evaluators.local import Local, simulator
from evoloco.experiment import Experiment
from evoloco.fields import place
from evoloco.fitting import fitted
from evoloco.loop import evolve
from evoloco.morphologies import biped, hopper, mjcf, muscle_biped, planar_biped
from evoloco.morphology import Morphology, assemble
from evoloco.randomization.draw import FARTHEST, Draws, Randomization, draw
from evoloco.randomization.fields import DERIVED, INPUTS, fields_of
from evoloco.randomization.quantities import QUANTITIES
from evoloco.randomization.working import GRAVITY, SIGNALS, memory
from evoloco.randomization.world import World, apply, check
from evoloco.replay import replay
from evoloco.run import Run
from evoloco.scenario import draw as draw_scenario
from evoloco.sim.prepared import Body
from evoloco.spec import NoiseSpec, SensorSpec, dumps, loads, read
from evoloco.stretch import Stretch
from evoloco.terrain import Terrain
from evoloco.terrains import rough

ADDRESS = (5, 0, 3, 1)
BODIES = {
    "biped": biped.build,
    "hopper": hopper.build,
    "planar_biped": planar_biped.build,
    "muscles": muscle_biped.build,
    "motors": lambda: muscle_biped.build(drive="motors"),
    "noisy": lambda: fitted(biped.build(), {"rate": SensorSpec(noise=NoiseSpec(gaussian=0.1))}),
}
ONLY_MODEL = [name for name, quantity in QUANTITIES.items() if quantity.fields[0] not in SIGNALS]
ONLY_SIGNALS = sorted(SIGNALS.keys() - {"slope"})
ROUGH = Terrain(rough.Shape(0.02), cell=0.3, level=0.5, length=6.0)


def height(body: Morphology, x: Any, y: Any) -> Any:
    """Height of a body's ground under places [m]."""
    return ground.height(body.model, body.floor, x, y)


@pytest.fixture(scope="module")
def bodies() -> dict[str, Morphology]:
    return {name: build() for name, build in BODIES.items()}


@pytest.fixture(scope="module")
def walker(bodies: dict[str, Morphology]) -> Morphology:
    return bodies["biped"]


def made(body: Morphology, *tables: Randomization, address: tuple[int, ...] = ADDRESS) -> World:
    """A world in which some things differ."""
    check(tables, body)
    return apply(draw(tables, address), body)


def one(name: str, **table: Any) -> Randomization:
    """A table of a run file."""
    return Randomization.of(name, **table)


def fixed(quantity: str, factor: float, **table: Any) -> Randomization:
    """A quantity multiplied by a number that is no random one."""
    return one(quantity, factor=(factor, factor), **table)


def numbers(model: mujoco.MjModel) -> dict[str, np.ndarray]:
    """Every number of a model and its options; its statistics serve pictures alone."""
    parts = {"": model, "opt.": model.opt}
    return {
        prefix + name: np.array(value)
        for prefix, part in parts.items()
        for name in dir(part)
        if not name.startswith("_")
        and isinstance(value := getattr(part, name), np.ndarray | float | int)
    }


def differences(model: mujoco.MjModel, other: mujoco.MjModel) -> set[str]:
    """Names of the arrays in which two models differ."""
    first, second = numbers(model), numbers(other)
    return {name for name in first if not np.array_equal(first[name], second[name])}


def bytes_of(model: mujoco.MjModel) -> bytes:
    """A model as MuJoCo saves it."""
    buffer = np.zeros(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return buffer.tobytes()


def constants(model: mujoco.MjModel) -> mujoco.MjModel:
    """A copy with its constants computed again."""
    again = copy.copy(model)
    mujoco.mj_setConst(again, mujoco.MjData(again))
    return again


def fits(quantity: str, body: Morphology) -> bool:
    """Whether a body has what a quantity is about, and factors on it change something."""
    try:
        check([one(quantity)], body)
    except EvolocoError:
        return False
    return True


# What a quantity changes


@pytest.mark.parametrize("name", QUANTITIES)
def test_a_quantity_has_a_unit_a_meaning_and_a_range_and_some_body_has_it(
    name: str, bodies: dict[str, Morphology]
) -> None:
    quantity = QUANTITIES[name]
    assert quantity.unit
    assert len(quantity.meaning) < 90
    assert quantity.low < quantity.high
    assert quantity.how in quantity.allowed
    assert any(fits(name, body) for body in bodies.values())


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("name", ONLY_MODEL)
def test_a_quantity_changes_its_fields_the_constants_that_follow_and_nothing_else(
    name: str, kind: str, bodies: dict[str, Morphology]
) -> None:
    body = bodies[kind]
    if not fits(name, body):
        pytest.skip(f"{kind} has no {name}")
    before = bytes_of(body.model)
    world = made(body, one(name))
    assert bytes_of(body.model) == before

    expected = copy.copy(body.model)
    for field in QUANTITIES[name].fields:
        memory(expected, field)[:] = memory(world.morphology.model, field)
    changed = differences(expected, body.model)
    assert changed
    assert changed <= {*QUANTITIES[name].fields}
    assert bytes_of(world.morphology.model) == bytes_of(constants(expected))
    still = {
        signal: getattr(world, signal)
        for signal in SIGNALS
        if signal not in QUANTITIES[name].fields
    }
    for signal, value in still.items():
        np.testing.assert_array_equal(value, SIGNALS[signal][1], err_msg=signal)
    assert world.drifts == ()


@pytest.mark.parametrize("name", ONLY_SIGNALS)
def test_what_the_model_has_no_field_for_changes_one_signal_and_leaves_the_body(
    name: str, bodies: dict[str, Morphology]
) -> None:
    world = made(bodies["noisy"], one(name))
    assert world.morphology is bodies["noisy"]
    low, high = one(name).ends
    for signal, (_, still) in SIGNALS.items():
        values = np.atleast_1d(getattr(world, signal))
        if signal == name:
            assert np.all(values != still)
            assert np.all((values >= low) & (values <= high))
        else:
            np.testing.assert_array_equal(values, still)


def test_every_quantity_is_named_in_the_docs_and_in_a_list() -> None:
    page = (Path(__file__).parents[1] / "docs" / "randomization.md").read_text(encoding="utf-8")
    for name in QUANTITIES:
        assert f"`{name}`" in page


@pytest.mark.parametrize("kind", BODIES)
def test_a_range_of_no_width_leaves_the_very_same_body(
    kind: str, bodies: dict[str, Morphology]
) -> None:
    body = bodies[kind]
    tables = []
    for name, quantity in QUANTITIES.items():
        if quantity.elements(body)[0]:
            still = 1.0 if "factor" in quantity.allowed else 0.0
            tables.append(one(name, **{quantity.allowed[0]: (still, still)}))
    world = apply(draw(tables, ADDRESS), body)
    assert world.morphology is body
    assert world.drifts == ()
    for signal, (_, still) in SIGNALS.items():
        np.testing.assert_array_equal(getattr(world, signal), still)


@pytest.mark.parametrize("kind", BODIES)
def test_constants_computed_again_are_the_compilers_to_the_last_bit(
    kind: str, bodies: dict[str, Morphology]
) -> None:
    assert bytes_of(constants(bodies[kind].model)) == bytes_of(bodies[kind].model)


def test_the_fields_that_constants_follow_from_are_mujocos_own_list() -> None:
    header = Path(mujoco.__file__).parent / "include" / "mujoco" / "mjxmacro.h"
    block = header.read_text(encoding="utf-8").partition("define MJSETCONST_ARRAYS")[2]
    block = block.partition("// mjModel scalars")[0]
    rows = re.findall(r"X\(\s*(\w+),(.*?)\)\s*\\", block)
    used = {name: [use.strip() for use in uses.split(",")] for name, uses in rows}
    assert len(used) > 150
    model, first = biped.build().model, {}
    for name, uses in used.items():
        if getattr(getattr(model, name, None), "dtype", None) == np.float64:
            first[name] = next(use for use in uses if use != "0")
    kinds = ("body", "geom", "jnt", "dof", "site", "pair", "eq", "tendon", "actuator", "hfield")
    mine = {name: use for name, use in first.items() if name.partition("_")[0] in kinds}
    assert {name for name, use in mine.items() if use != "mjSC_OUT"} == INPUTS
    assert {name for name, use in mine.items() if use == "mjSC_OUT"} == DERIVED


# Masses and lengths


def test_total_mass_scales_by_the_factor_and_so_do_weight_and_inertia(walker: Morphology) -> None:
    world = made(walker, fixed("mass", 1.3)).morphology
    assert world.mass == pytest.approx(1.3 * walker.mass, rel=1e-14)
    assert world.weight == pytest.approx(1.3 * walker.weight, rel=1e-14)
    np.testing.assert_allclose(world.model.body_inertia, 1.3 * walker.model.body_inertia)
    driven = walker.model.dof_armature == 0
    np.testing.assert_allclose(world.model.dof_M0[driven], 1.3 * walker.model.dof_M0[driven])
    assert (world.leg_length, world.size) == (walker.leg_length, walker.size)
    assert world.joints == walker.joints


def test_masses_and_constants_are_those_of_a_body_compiled_with_them(walker: Morphology) -> None:
    spec = walker.spec.copy()
    for geom in spec.geoms:
        geom.mass *= 0.8
    compiled, world = spec.compile(), made(walker, fixed("mass", 0.8)).morphology.model
    for name in differences(compiled, walker.model):
        np.testing.assert_allclose(
            numbers(world)[name], numbers(compiled)[name], rtol=1e-12, atol=1e-15, err_msg=name
        )


def test_each_body_has_a_mass_of_its_own_where_asked(walker: Morphology) -> None:
    together = made(walker, one("mass")).morphology.model.body_mass[1:] / walker.model.body_mass[1:]
    apart = made(walker, one("mass", each=True)).morphology.model
    ratio = apart.body_mass[1:] / walker.model.body_mass[1:]
    np.testing.assert_allclose(together, together[0], rtol=1e-14)
    assert len(set(np.round(ratio, 9))) == walker.model.nbody - 1
    np.testing.assert_allclose(
        apart.body_inertia[1:] / walker.model.body_inertia[1:], np.tile(ratio[:, None], 3)
    )


def test_an_offset_of_mass_in_kilograms_scales_inertia_with_it(walker: Morphology) -> None:
    table = one("mass", offset=(0.5, 0.5), elements="torso")
    model, torso = made(walker, table).morphology.model, walker.model.body("torso").id
    assert model.body_mass[torso] == walker.model.body_mass[torso] + 0.5
    factor = model.body_mass[torso] / walker.model.body_mass[torso]
    np.testing.assert_allclose(
        model.body_inertia[torso], factor * walker.model.body_inertia[torso], rtol=1e-14
    )
    assert np.array_equal(model.body_mass[2:], walker.model.body_mass[2:])


def test_a_centre_of_mass_moves_along_the_axis_that_is_named(walker: Morphology) -> None:
    world = made(walker, one("centre_of_mass", offset=(0.01, 0.01), elements="torso.x"))
    shift = world.morphology.model.body_ipos - walker.model.body_ipos
    expected = np.zeros_like(shift)
    expected[walker.model.body("torso").id, 0] = 0.01
    np.testing.assert_allclose(shift, expected, atol=1e-16)
    data = [mujoco.MjData(body.model) for body in (walker, world.morphology)]
    for state, body in zip(data, (walker, world.morphology), strict=True):
        state.qpos[:] = walker.home
        mujoco.mj_forward(body.model, state)
    share = walker.model.body_mass[1] / walker.mass
    moved = data[1].subtree_com[1] - data[0].subtree_com[1]
    np.testing.assert_allclose(moved, [0.01 * share, 0, 0], atol=1e-15)


def test_a_link_reaches_so_many_times_as_far_and_the_soles_stay_where_they_were(
    walker: Morphology,
) -> None:
    table = fixed("link_length", 1.1, elements="thigh_left")
    world, model = made(walker, table).morphology, walker.model
    thigh, shank = model.body("thigh_left").id, model.body("shank_left").id
    np.testing.assert_allclose(world.model.body_pos[shank], 1.1 * model.body_pos[shank])
    assert np.array_equal(world.model.body_mass, model.body_mass)
    assert np.array_equal(
        np.delete(world.model.body_inertia, thigh, 0), np.delete(model.body_inertia, thigh, 0)
    )

    both = made(walker, fixed("link_length", 1.1)).morphology
    crouch = {joint.name: joint.home for joint in walker.joints}
    legs = 0.1 * (
        0.11 * math.cos(crouch["hip_pitch_left"]) + 0.11 * math.cos(crouch["ankle_pitch_left"])
    )
    assert both.standing_height - walker.standing_height == pytest.approx(legs, rel=1e-9)
    assert both.leg_length - walker.leg_length == pytest.approx(legs, rel=1e-9)
    assert both.home[2] - walker.home[2] == pytest.approx(legs, rel=1e-9)


def test_links_are_lengthened_as_genes_of_a_users_body_lengthen_them(tmp_path: Path) -> None:
    path = tmp_path / "body.xml"
    path.write_text(
        """<mujoco><worldbody><body name="trunk" pos="0 0 1"><freejoint/>
        <geom type="box" size=".1 .1 .1" mass="3"/>
        <body name="leg" pos="0 0 -.1" quat="1 .1 .2 .1">
        <joint name="hip" axis="0 1 0" pos=".01 0 0"/>
        <inertial pos="0 .02 -.1" mass="1" diaginertia=".02 .03 .015"/>
        <geom type="capsule" fromto="0 0 0 .02 .01 -.2" size=".02"/>
        <geom type="box" pos=".01 0 -.1" size=".02 .03 .05" euler="20 30 40"/>
        <geom type="cylinder" pos=".01 0 -.1" size=".02 .03" euler="50 0 0"/>
        <site name="s" pos="0 .1 -.1" size=".01"/>
        <body name="shin" pos=".02 0 -.25" quat="1 0 .3 0">
        <joint name="knee" axis="0 1 0" pos="0 .02 0"/>
        <geom type="sphere" size=".03" pos="0 0 -.2" mass=".5"/>
        <body name="foot" pos="0 .02 -.3"><geom type="sphere" size=".05" mass=".2"/></body>
        </body></body></body></worldbody></mujoco>"""
    )
    parts = {"path": str(path), "torso": "trunk", "feet": ["foot"], "joints": ["hip", "knee"]}
    body, longer = (mjcf.build(**parts, **{"length.leg": length}) for length in (1.0, 1.2))
    world = made(body, fixed("link_length", 1.2, elements="leg")).morphology
    tree = {"bvh_nodeid", "bvh_aabb"}  # another tree of the same boxes
    for name in differences(longer.model, body.model) - tree:
        np.testing.assert_allclose(
            numbers(world.model)[name],
            numbers(longer.model)[name],
            rtol=1e-9,
            atol=1e-12,
            err_msg=name,
        )
    assert world.leg_length == pytest.approx(longer.leg_length, rel=1e-9)

    alone = copy.copy(body.model)
    leg = body.model.body("leg").id
    Stretch.of(body.model, leg, 1.2, 1.0, body.feet, "", True).apply(alone, leg, explicit=True)
    for name in ("body_pos", "body_ipos", "body_inertia", "geom_pos", "geom_size", "site_pos"):
        np.testing.assert_allclose(numbers(world.model)[name], numbers(alone)[name], atol=1e-15)


# Drives and joints


def torques(body: Morphology, error: float, speed: float) -> np.ndarray:
    """Torques of all servos at rest at home, for an error of position and a speed."""
    model = copy.copy(body.model)
    model.actuator_delay[:] = 0
    data = mujoco.MjData(model)
    data.qpos[:] = body.home
    for actuator, joint in enumerate(body.joints):
        data.ctrl[actuator] = joint.home + error
        data.qvel[model.joint(joint.name).dofadr[0]] = speed
    model.actuator_ctrllimited[:] = 0
    for actuator in range(model.nu):
        if samples := int(model.actuator_history[actuator, 0]):
            held = np.full(samples, data.ctrl[actuator])
            mujoco.mj_initCtrlHistory(model, data, actuator, None, held)
    mujoco.mj_forward(model, data)
    return np.array(data.actuator_force)


@pytest.mark.parametrize(
    ("error", "speed"), [(0.05, 0.0), (0.05, 2.0), (1.0, 0.0), (1.0, 3.0), (-1, 1)]
)
def test_under_another_voltage_a_servos_torque_speed_line_is_scaled(
    error: float, speed: float, walker: Morphology
) -> None:
    weak = made(walker, fixed("supply_voltage", 0.8)).morphology
    np.testing.assert_allclose(
        torques(weak, error, speed), 0.8 * torques(walker, error, speed / 0.8), rtol=1e-12
    )


def test_a_weaker_motor_has_less_stall_torque_and_the_same_gain_and_no_load_speed(
    walker: Morphology,
) -> None:
    weak = made(walker, fixed("torque_limit", 0.7)).morphology
    np.testing.assert_allclose(torques(walker, 1.0, 0.0), 4.1, rtol=1e-12)
    np.testing.assert_allclose(torques(weak, 1.0, 0.0), 0.7 * 4.1, rtol=1e-12)
    np.testing.assert_allclose(torques(weak, 0.05, 0.0), torques(walker, 0.05, 0.0), rtol=1e-12)
    no_load = 46 * 2 * math.pi / 60
    np.testing.assert_allclose(torques(weak, 1.0, no_load), 0.0, atol=1e-12)


def test_the_gain_of_a_servo_scales_its_torque_until_the_voltage_limits_it(
    walker: Morphology,
) -> None:
    soft = made(walker, fixed("servo_gain", 0.5)).morphology
    np.testing.assert_allclose(
        torques(soft, 0.05, 0.0), 0.5 * torques(walker, 0.05, 0.0), rtol=1e-12
    )
    np.testing.assert_allclose(torques(soft, 1.0, 0.0), torques(walker, 1.0, 0.0), rtol=1e-12)


def test_a_position_servo_of_a_users_file_changes_gain_and_bias_together(tmp_path: Path) -> None:
    path = tmp_path / "body.xml"
    path.write_text(
        """<mujoco><worldbody><body name="trunk"><freejoint/><geom size=".1"/><body name="foot">
        <joint name="hip" axis="0 1 0" range="-1 1"/><geom size=".1" pos="0 0 -.3"/></body></body>
        </worldbody><actuator><position name="hip" joint="hip" kp="20" kv="2" forcerange="-5 5"/>
        </actuator></mujoco>"""
    )
    body = mjcf.build(str(path), "trunk", ["foot"], ["hip"])
    soft = made(body, fixed("servo_gain", 0.5)).morphology.model
    assert soft.actuator_gainprm[0, 0] == 10
    assert soft.actuator_biasprm[0, 1:3].tolist() == [-10, -2]
    weak = made(body, fixed("torque_limit", 0.5)).morphology.model
    assert weak.actuator_forcerange[0].tolist() == [-2.5, 2.5]
    assert differences(weak, body.model) == {"actuator_forcerange"}


def test_muscles_and_motors_have_their_own_limits(bodies: dict[str, Morphology]) -> None:
    muscles, motors = bodies["muscles"], bodies["motors"]
    weak = made(muscles, fixed("torque_limit", 0.8)).morphology
    for muscle, before in zip(weak.muscles, muscles.muscles, strict=True):
        assert muscle == replace(before, max_force=0.8 * before.max_force)
    weak = made(motors, fixed("torque_limit", 0.8, elements="knee_*")).morphology
    ratio = weak.model.actuator_forcerange / motors.model.actuator_forcerange
    knees = [joint.name.startswith("knee") for joint in motors.joints]
    np.testing.assert_allclose(ratio, np.where(np.array(knees)[:, None], [0.8, 0.8], 1.0))


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("damping", "dof_damping"),
        ("joint_friction", "dof_frictionloss"),
        ("armature", "dof_armature"),
    ],
)
def test_joints_change_by_an_offset_in_their_unit(
    name: str, field: str, walker: Morphology
) -> None:
    world = made(walker, one(name, offset=(0.02, 0.02), elements="knee_right"))
    more = memory(world.morphology.model, field) - memory(walker.model, field)
    expected = np.zeros(walker.model.nv)
    expected[walker.model.joint("knee_right").dofadr[0]] = 0.02
    np.testing.assert_allclose(more, expected, atol=1e-16)


# The ground


def test_friction_of_a_world_is_that_of_a_scenarios_factor(walker: Morphology) -> None:
    world = made(walker, fixed("sliding_friction", 0.6)).morphology.model
    placed = Body(walker, 0.7, 0.0).placed(replace(scenario(walker), friction=0.6)).model
    assert bytes_of(world) == bytes_of(placed)


def test_friction_and_stiffness_of_contact_pairs_change_too(tmp_path: Path) -> None:
    path = tmp_path / "body.xml"
    path.write_text(
        """<mujoco><worldbody><geom name="ground" type="plane" size="9 9 1"/>
        <body name="trunk" pos="0 0 1"><freejoint/><geom size=".1" contype="0" conaffinity="0"/>
        <body name="foot"><joint name="hip" axis="0 1 0"/><geom name="a" pos="0 0 -.3" size=".03"/>
        </body></body></worldbody><contact>
        <pair name="p" geom1="ground" geom2="a" friction=".5 .4 .1 .1 .1" solref="-100 -10"/>
        </contact></mujoco>"""
    )
    body = mjcf.build(str(path), "trunk", ["foot"], ["hip"])
    world = made(
        body,
        fixed("sliding_friction", 2.0, elements="p"),
        fixed("contact_stiffness", 4.0),
    ).morphology.model
    assert world.pair_friction[0].tolist() == [1.0, 0.8, 0.1, 0.1, 0.1]
    assert np.array_equal(world.geom_friction, body.model.geom_friction)
    np.testing.assert_allclose(world.pair_solref[0], [-400, -20])
    np.testing.assert_allclose(world.geom_solref[:, 0], body.model.geom_solref[:, 0] / 2)


def test_a_stiffer_contact_is_indented_less_by_the_same_weight() -> None:
    body = hopper.build()
    depths = []
    for factor in (1.0, 2.0):
        model = copy.copy(made(body, fixed("contact_stiffness", factor)).morphology.model)
        data = mujoco.MjData(model)
        mujoco.mj_resetDataKeyframe(model, data, 0)
        model.opt.timestep = 0.001
        data.ctrl[:] = model.key_ctrl[0]
        for _ in range(3000):
            mujoco.mj_step(model, data)
        depths.append(min(contact.dist for contact in data.contact))
    assert depths[1] == pytest.approx(depths[0] / 2, rel=0.1)


def slope_of(model: mujoco.MjModel, data: mujoco.MjData, x: float, y: float, out: int) -> float:
    """Height of the ground at a place, seen by a ray from above [m]."""
    geom = np.zeros(1, np.int32)
    down = mujoco.mj_ray(model, data, [x, y, 3.0], [0, 0, -1], None, 1, out, geom)
    return 3.0 - float(down)


@pytest.mark.parametrize("uneven", [False, True])
def test_a_slope_adds_a_linear_height_to_the_ground(uneven: bool, walker: Morphology) -> None:
    body = ROUGH.under(walker) if uneven else walker
    if uneven:
        heights = ROUGH.draw(np.random.SeedSequence(1))
        body = Body(body, 0.7, 0.0).placed(replace(scenario(body), heights=heights))
    ahead = one("ahead", quantity="ground_slope", elements="ahead", offset=(0.05, 0.05))
    left = one("left", quantity="ground_slope", elements="left", offset=(-0.03, -0.03))
    world = made(body, ahead, left)
    np.testing.assert_allclose(world.slope, [0.05, -0.03])

    data = [mujoco.MjData(body.model), mujoco.MjData(world.morphology.model)]
    models = (body.model, world.morphology.model)
    for model, state in zip(models, data, strict=True):
        state.qpos[:3] = 0, 0, 50
        mujoco.mj_kinematics(model, state)
    random, torso = np.random.default_rng(0), body.model.body("torso").id
    places = random.uniform([-2.8, -2.8], [5.5, 2.8], (200, 2))
    before, after = (
        np.array([slope_of(model, state, x, y, torso) for x, y in places])
        for model, state in zip(models, data, strict=True)
    )
    added = after - before
    sunk = added - np.tan([0.05, -0.03]) @ places.T
    np.testing.assert_allclose(sunk, sunk[0], atol=1e-6)  # heights are floats of 32 bits
    assert -0.02 < sunk[0] < 0
    if uneven:
        np.testing.assert_allclose(height(world.morphology, *places.T), after, atol=1e-6)


def test_on_a_slope_the_body_starts_no_deeper_in_the_ground(walker: Morphology) -> None:
    def gap(body: Morphology) -> float:
        data = mujoco.MjData(body.model)
        data.qpos[:] = body.home
        mujoco.mj_kinematics(body.model, data)
        floor = body.model.geom("floor").id
        return min(
            mujoco.mj_geomDistance(body.model, data, floor, geom, 1.0, None)
            for geom in body.foot_geoms
        )

    for seed in range(20):
        world = made(walker, one("ground_slope"), address=(seed,)).morphology
        normal = np.cos(
            np.arctan(np.hypot(*np.tan(made(walker, one("ground_slope"), address=(seed,)).slope)))
        )
        assert gap(world) == pytest.approx(gap(walker) * normal, abs=1e-12)


def test_a_ball_without_friction_rolls_down_a_slope_as_newton_says() -> None:
    spec = mujoco.MjSpec.from_string(
        """<mujoco><option timestep="0.001"/><worldbody><geom name="floor" type="plane" size="9 9 1"
        condim="1"/><body name="torso" pos="0 0 .1"><freejoint/><geom size=".1" condim="1"/>
        <body name="foot"><joint name="hip" axis="0 1 0"/>
        <geom size=".01" mass="1e-6" contype="0" conaffinity="0"/>
        </body></body></worldbody><actuator><motor name="hip" joint="hip"/></actuator>
        <keyframe><key name="home" qpos="0 0 .1 1 0 0 0 0"/></keyframe></mujoco>"""
    )
    body = assemble(spec, "torso", ["foot"], ["hip"])
    table = one("ground_slope", offset=(0.1, 0.1), elements="ahead")
    model = made(body, table).morphology.model
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, 0)
    for _ in range(1000):
        mujoco.mj_step(model, data)
    acceleration = -9.81 * math.sin(0.1) * math.cos(0.1)
    assert data.qvel[0] == pytest.approx(acceleration, rel=0.01)


def test_gravity_is_scaled_or_tilted(walker: Morphology) -> None:
    lighter = made(walker, fixed("gravity", 0.5)).morphology.model.opt.gravity
    np.testing.assert_allclose(lighter, [0, 0, -9.81 / 2])
    tilted = made(walker, one("gravity", offset=(0.3, 0.3), elements="x")).morphology.model
    np.testing.assert_allclose(tilted.opt.gravity, [0.3, 0, -9.81])
    assert differences(tilted, walker.model) == {"opt.gravity"}


# Fields of the model


def test_a_column_of_any_field_changes_and_nothing_else(walker: Morphology) -> None:
    table = one("soft", field="geom_solimp", column=0, value=(0.7, 0.7), elements="floor")
    model = made(walker, table).morphology.model
    floor = model.geom("floor").id
    assert model.geom_solimp[floor, 0] == 0.7
    assert differences(model, walker.model) == {"geom_solimp"}
    model.geom_solimp[floor, 0] = walker.model.geom_solimp[floor, 0]
    assert bytes_of(model) == bytes_of(walker.model)


@pytest.mark.slow
def test_every_field_that_can_be_randomized_has_elements_and_its_constants_follow(
    bodies: dict[str, Morphology],
) -> None:
    for body in bodies.values():
        for field in fields_of(body):
            world = made(body, one("it", field=field, offset=(1e-6, 1e-6))).morphology.model
            changed = differences(world, body.model)
            assert field in changed, field
            if field not in INPUTS:
                assert changed == {field}
            assert bytes_of(constants(world)) == bytes_of(world), field


def test_dofs_are_called_after_their_joints(walker: Morphology) -> None:
    table = one("it", field="dof_damping", elements="root.[0-2]", offset=(0.1, 0.1))
    damping = made(walker, table).morphology.model.dof_damping
    np.testing.assert_allclose(damping, [0.1] * 3 + [0.0] * (walker.model.nv - 3))


# Draws


RANGES = Commands((Draw((0.1, 0.5), (0, 1), (-1, 1)),))
TABLES = (
    one("mass", each=True),
    one("sliding_friction"),
    one("left", quantity="torque_limit", elements="*_left", each=True),
    one("soft", field="geom_solimp", factor=(0.9, 1.0)),
)


def models(body: Morphology, tables: Any) -> bytes:
    return bytes_of(apply(draw(tables, ADDRESS), body).morphology.model)


def test_worlds_do_not_depend_on_the_order_of_tables(walker: Morphology) -> None:
    assert models(walker, TABLES) == models(walker, TABLES[::-1])
    mixed = (one("b", quantity="mass", offset=(0.0, 0.1)), one("a", quantity="mass"))
    assert models(walker, mixed) == models(walker, mixed[::-1])


def test_another_table_changes_no_draw_of_the_others(walker: Morphology) -> None:
    some, more = (
        made(walker, *TABLES[:2]).morphology.model,
        made(walker, *TABLES).morphology.model,
    )
    assert np.array_equal(some.body_mass, more.body_mass)
    assert np.array_equal(some.geom_friction, more.geom_friction)


def test_a_pattern_does_not_change_what_an_element_draws(walker: Morphology) -> None:
    whole = made(walker, one("mass", each=True)).morphology.model
    left = made(walker, one("mass", each=True, elements="*_left")).morphology.model
    for body in range(1, walker.model.nbody):
        own = walker.model.body(body).name.endswith("_left")
        expected = whole if own else walker.model
        assert left.body_mass[body] == expected.body_mass[body]


def test_bodies_with_other_genes_see_the_same_draws() -> None:
    ratios = []
    for genes in ({}, {"thigh": 0.13, "ballast": 0.5}):
        body = biped.build(**genes)
        world = made(body, one("mass", each=True)).morphology
        ratios.append(world.model.body_mass[1:] / body.model.body_mass[1:])
    np.testing.assert_allclose(*ratios, rtol=1e-14)


@pytest.mark.parametrize("each", [False, True])
def test_equal_addresses_give_equal_draws_and_others_do_not(each: bool) -> None:
    table = one("mass", each=each)
    again = [table.numbers(address, 9) for address in ((1, 2), (1, 2), (1, 3))]
    assert np.array_equal(again[0], again[1])
    assert not np.any(again[0] == again[2])
    assert len(set(again[0])) == (9 if each else 1)
    other = replace(table, name="other").numbers((1, 2), 9)
    assert not np.any(other == again[0])


def test_draws_lie_in_their_range_as_their_distribution_says() -> None:
    def many(**table: Any) -> np.ndarray:
        return one("mass", each=True, **table).numbers((0,), 40_000)

    uniform = many(factor=(0.5, 2.0))
    assert uniform.min() >= 0.5
    assert uniform.max() <= 2.0
    assert uniform.mean() == pytest.approx(1.25, abs=0.01)
    logarithmic = many(factor=(0.5, 2.0), distribution="log_uniform")
    assert logarithmic.min() >= 0.5
    assert logarithmic.max() <= 2.0
    assert np.median(logarithmic) == pytest.approx(1.0, abs=0.02)
    normal = many(factor=(0.9, 1.3), distribution="normal")
    assert normal.mean() == pytest.approx(1.1, abs=0.01)
    assert normal.std() == pytest.approx(0.2, rel=0.02)
    assert np.abs(normal - 1.1).max() == pytest.approx(0.2 * FARTHEST)


def test_a_table_has_its_quantitys_distribution_where_its_range_can() -> None:
    kinds = {
        "log_uniform": [one("armature"), one("armature", factor=(0.1, 0.2))],
        "uniform": [
            one("armature", factor=(0.0, 2.0)),
            one("armature", offset=(0.1, 0.2)),
            one("mass"),
            one("it", field="body_mass", factor=(0.1, 0.2)),
        ],
        "normal": [one("sensor_bias"), one("mass", distribution="normal")],
    }
    for kind, tables in kinds.items():
        assert {table.distribution for table in tables} == {kind}


def test_draws_travel() -> None:
    draws = draw(TABLES, ADDRESS)
    apply(draws, hopper.build())
    assert pickle.loads(pickle.dumps(draws)) == draws


# Drifts


def test_a_drift_begins_at_the_bodys_number_and_ends_at_the_drawn_one(walker: Morphology) -> None:
    table = fixed("sliding_friction", 0.5, drift=True, elements="floor")
    world = made(walker, table)
    assert world.morphology is walker
    (drift,) = world.drifts
    assert drift.field == "geom_friction"
    assert drift.place == 3 * walker.model.geom("floor").id
    assert (drift.start, drift.end) == (0.8, 0.4)


def test_a_drift_begins_where_the_other_tables_end(walker: Morphology) -> None:
    world = made(
        walker,
        fixed("supply_voltage", 0.9),
        one(
            "drain", quantity="supply_voltage", factor=(0.8, 0.8), drift=True, elements="knee_left"
        ),
        one("drift", quantity="gravity", offset=(1.0, 1.0), elements="z", drift=True),
    )
    model = world.morphology.model
    for drift in world.drifts:
        assert memory(model, drift.field).ravel()[drift.place] == drift.start
    fields = [(drift.field, drift.end / drift.start) for drift in world.drifts]
    gravity = pytest.approx(8.81 / 9.81)
    near = pytest.approx(0.8)
    assert fields == [("actuator_gainprm", near), ("actuator_gainprm", near), (GRAVITY, gravity)]
    assert world.drifts[1].start == pytest.approx(0.9 * 12)


def test_a_drift_of_no_width_is_no_drift(walker: Morphology) -> None:
    still = [fixed("sliding_friction", 1.0, drift=True), fixed("servo_gain", 1.0, drift=True)]
    world = apply(draw(still, ADDRESS), walker)
    assert world.morphology is walker
    assert world.drifts == ()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("mass", "MuJoCo computes constants from body_inertia"),
        ("armature", "from dof_armature, once per episode"),
        ("backlash", "MuJoCo's model has no number for it"),
        ("torque_limit", "would not keep step"),
    ],
)
def test_what_cannot_drift_says_why(name: str, why: str) -> None:
    with pytest.raises(SpecError, match=rf"drift: '{name}' cannot drift .*{why}.* Leave drift out"):
        one(name, drift=True)


def test_numbers_that_may_drift_are_those_that_no_constant_follows_from() -> None:
    may = {name for name, quantity in QUANTITIES.items() if not quantity.constant}
    assert may == {
        "sliding_friction",
        "contact_stiffness",
        "servo_gain",
        "supply_voltage",
        "damping",
        "joint_friction",
        "gravity",
    }


# Scenarios and runs


def scenario(body: Morphology) -> Any:
    return draw_scenario(body, ADDRESS, duration=1.0)


def test_randomizations_and_commands_change_no_other_draw_of_a_scenario(walker: Morphology) -> None:
    options: dict[str, Any] = {
        "duration": 2.0,
        "joint_noise": 0.1,
        "velocity_noise": 0.1,
        "push_count": 2,
        "push_impulse": 0.2,
        "friction": (0.5, 1.0),
        "terrain": ROUGH,
    }
    plain = draw_scenario(walker, ADDRESS, **options)
    full = draw_scenario(walker, ADDRESS, **options, randomizations=TABLES, command=RANGES)
    for name in ("joint_offset", "velocity", "pushes", "friction", "heights"):
        assert np.array_equal(getattr(plain, name), getattr(full, name)), name
    assert plain.draws == Draws((), ADDRESS)
    assert np.array_equal(plain.command, [[0, 0, 0, 0]])


def test_commands_lie_in_their_ranges_and_one_number_is_itself(walker: Morphology) -> None:
    ranges = Commands((Draw((0.2, 0.4), (0.3, 0.3), (-1.0, 1.0)),))
    scenarios = [
        draw_scenario(walker, (seed,), duration=1.0, command=ranges) for seed in range(200)
    ]
    commands = np.array([one.command[0, 1:] for one in scenarios])
    assert np.all(commands[:, 1] == 0.3)
    assert 0.2 <= commands[:, 0].min() < 0.22
    assert 0.38 < commands[:, 0].max() <= 0.4
    assert commands[:, 2].min() < -0.9


def test_a_world_without_draws_is_todays_placed_body(walker: Morphology) -> None:
    body = Body(walker, 0.7, 0.0)
    assert body.world(scenario(walker)).morphology is walker
    slippery = replace(scenario(walker), friction=0.5)
    expected = copy.copy(walker.model)
    expected.geom_friction[:, 0] *= 0.5
    assert bytes_of(body.placed(slippery).model) == bytes_of(expected)


def test_an_episode_starts_at_the_home_of_its_world(walker: Morphology) -> None:
    tall = replace(scenario(walker), draws=draw([fixed("link_length", 1.1)], ADDRESS))
    body, data = Body(walker, 0.7, 0.0), mujoco.MjData(walker.model)
    placed = body.placed(tall)
    start = body.start(tall, placed)
    mujoco.mj_setState(walker.model, data, start, mujoco.mjtState.mjSTATE_INTEGRATION)
    assert np.array_equal(data.qpos, placed.home)
    assert data.qpos[2] > walker.home[2]


RANDOM = """
[randomize.mass]
factor = [0.7, 1.3]
each = true

[randomize.sliding_friction]

[randomize.weak]
quantity = "torque_limit"
elements = "knee"
factor = 0.5

[randomize.soft]
field = "geom_solimp"
column = 0
factor = [0.9, 1.0]

[scenario.command]
speed = [0.1, 0.5]
heading = 0.2
"""


@pytest.fixture
def random_hop(hop: Path) -> Path:
    hop.write_text(hop.read_text(encoding="utf-8") + RANDOM, encoding="utf-8")
    return hop


def test_every_scenario_of_a_run_is_randomized_at_its_own_address(random_hop: Path) -> None:
    experiment = Experiment(read(random_hop))
    search, later = experiment.scenarios(0), experiment.scenarios(1)
    groups = [*search, *later, *experiment.elite_scenarios(), *experiment.held_out()]
    assert len({draw.draws.address for draw in groups}) == len(groups)
    assert all(len(draw.draws.randomizations) == 4 for draw in groups)
    masses = {apply(draw.draws, experiment.morphology).morphology.mass for draw in groups}
    assert len(masses) == len(groups)
    assert all(0.1 <= draw.command[0, 1] <= 0.5 and draw.command[0, 2] == 0.2 for draw in groups)


def test_the_run_file_that_is_kept_tells_the_usual_ranges(random_hop: Path) -> None:
    spec = read(random_hop)
    again = loads(dumps(spec))
    assert again == spec
    table = again.randomize["sliding_friction"]
    assert (table.quantity, table.factor) == ("sliding_friction", (0.7, 1.3))
    assert again.randomize["weak"].factor == (0.5, 0.5)
    assert again.scenario.command.heading == (0.2, 0.2)
    assert Experiment(again).randomizations == Experiment(spec).randomizations


def test_a_randomized_run_is_the_same_on_any_threads_and_replays_to_the_last_bit(
    random_hop: Path, tmp_path: Path
) -> None:
    experiment = Experiment(read(random_hop))
    genomes = np.random.default_rng(1).random((6, len(experiment.space)))
    found = [
        Local(experiment, threads).evaluate(genomes, experiment.scenarios(0), 0.0)
        for threads in (1, 2)
    ]
    assert found[0].fitness.tobytes() == found[1].fitness.tobytes()
    plain = Local(experiment).evaluate(
        genomes, [replace(one, draws=Draws()) for one in experiment.scenarios(0)], 0.0
    )
    assert not np.any(plain.fitness == found[0].fitness)

    run = Run.create(experiment.spec, tmp_path / "run")
    evolve(run, generations=2)
    run.choose_champion(1)
    assert replay(run).equal
    assert replay(run, "1:2").equal


def test_an_episode_knows_the_body_of_its_world(random_hop: Path) -> None:
    experiment = Experiment(read(random_hop))
    params = np.array([experiment.parameters(np.full(len(experiment.space), 0.5))])
    scenarios = experiment.scenarios(0)
    for draws, episode in zip(scenarios, simulator(experiment).run(params, scenarios), strict=True):
        world = apply(draws.draws, experiment.morphology).morphology
        assert episode.morphology.mass == world.mass != experiment.morphology.mass


def felt(run: Path, sensor: str, *overrides: str) -> np.ndarray:
    """What the controller of the first scenario's episode felt of a sensor (T, channels)."""
    experiment = Experiment(read(run, overrides))
    params = np.array([experiment.parameters(np.full(len(experiment.space), 0.5))])
    (episode,) = simulator(experiment, 1).run(params, experiment.scenarios(0)[:1])
    where = place(episode.morphology.observation, sensor)
    return episode["obs"][:, where].copy()


def test_a_biased_sensor_feels_so_much_more_in_its_own_unit(hop: Path) -> None:
    true = felt(hop, "tilt")
    bias = "randomize.sensor_bias={offset=0.03, elements='tilt.pitch'}"
    np.testing.assert_allclose(felt(hop, "tilt", bias) - true, [[0, 0.03]] * len(true), atol=1e-15)
    assert np.array_equal(felt(hop, "rate", bias), felt(hop, "rate"))


def test_readings_of_a_later_world_are_older(hop: Path) -> None:
    true = felt(hop, "rate")
    late = felt(hop, "rate", "randomize.sensor_delay={value=0.06}")
    assert np.array_equal(late[3:], true[:-3])
    assert not np.array_equal(late, true)


def test_noise_of_a_world_is_so_many_times_the_sensors(hop: Path) -> None:
    noise = "sensors.rate={noise={gaussian=0.1}}"
    true, noisy = felt(hop, "rate"), felt(hop, "rate", noise)
    none = felt(hop, "rate", noise, "randomize.sensor_noise={factor=0.0}")
    twice = felt(hop, "rate", noise, "randomize.sensor_noise={factor=2.0}")
    assert np.array_equal(none, true)
    np.testing.assert_allclose(twice - true, 2 * (noisy - true), atol=1e-13)


def test_a_joint_is_read_from_where_its_servo_believes_zero_to_be(hop: Path) -> None:
    true = felt(hop, "joint_angle")
    wrong = felt(hop, "joint_angle", "randomize.zero_offset={value=0.02, elements='knee'}")
    np.testing.assert_allclose(wrong[0] - true[0], [0, -0.02], atol=1e-15)
    np.testing.assert_allclose(wrong[-1], true[-1], atol=0.02)  # it goes to what it reads


def test_gravity_that_drifts_to_half_halves_the_weight_under_a_standing_foot(hop: Path) -> None:
    tables = ["randomize.gravity={elements='z', factor=0.5, drift=true}", "scenario.ramp=1000"]
    still = [
        *tables,
        "scenario.joint_noise=0.0",
        "scenario.termination={min_height=0.0, max_tilt=3.2, body_contact=false}",
    ]
    experiment = Experiment(read(hop, still))
    params = np.array([experiment.parameters(np.full(len(experiment.space), 0.5))])
    simulation = simulator(experiment, 1)
    for _ in range(2):  # what has drifted is back at the start of the next episode
        (episode,) = simulation.run(params, experiment.scenarios(0)[:1])
        load = episode.foot_load[:, 0] / experiment.morphology.weight
        expected = 1 - episode.physics_time / 2
        begun = 5 * episode.substeps
        np.testing.assert_allclose(load[begun:], expected[begun:], atol=0.05)


def test_worlds_of_bodies_with_genes_are_those_of_each_body_alone(random_hop: Path) -> None:
    genes = ["morphology.genes={torso_mass=[0.2, 0.8]}"]
    experiment = Experiment(read(random_hop, genes))
    genomes = np.random.default_rng(2).random((3, len(experiment.space)))
    together = Local(experiment, 2).evaluate(genomes, experiment.scenarios(0), 0.0)
    alone = [
        Local(experiment, 1).evaluate(genome[None], experiment.scenarios(0), 0.0).fitness
        for genome in genomes
    ]
    assert together.fitness.tobytes() == np.concatenate(alone).tobytes()


# Mistakes


@pytest.mark.parametrize(
    ("table", "kind", "words"),
    [
        ("randomize.mas={}", UnknownNameError, r"randomize.mas: Unknown quantity 'mas'. .*'mass'"),
        ("randomize.a={quantity='mass', field='body_mass'}", SpecError, "exclude each other"),
        ("randomize.a={field='body_mass'}", SpecError, "'body_mass' needs a range"),
        ("randomize.mass={factor=[1, 2], offset=1}", SpecError, "factor and offset exclude"),
        ("randomize.mass={factor=1e11}", SpecError, r"reaches beyond 1e\+10"),
        ("randomize.mass={factor=[2, 1]}", SpecError, r"factor = \[2, 1\] is empty"),
        ("randomize.mass={factor=[-1, 2]}", SpecError, "must not be negative"),
        ("randomize.mass={factor=[0.5,1.5], distribution='normal'}", SpecError, "down to -0.5"),
        ("randomize.mass={offset=[0, 1], distribution='log_uniform'}", SpecError, "above 0"),
        ("randomize.inertia={offset=1}", SpecError, "'inertia' takes factor, and no offset"),
        ("randomize.mass={width=2}", SpecError, r"Unknown key in \[randomize.mass\] 'width'"),
        ("randomize.mass={elements=3}", SpecError, "randomize.mass.elements"),
        ("randomize.mass={factor='much'}", SpecError, "randomize.mass.factor"),
        ("scenario.command.speed=[2, 1]", SpecError, "low <= high"),
    ],
)
def test_a_table_that_means_nothing_is_refused_with_its_place(
    table: str, kind: type[EvolocoError], words: str, hop: Path
) -> None:
    with pytest.raises(kind, match=words) as caught:
        read(hop, [table])
    assert "hop.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("table", "kind", "words"),
    [
        (
            "randomize.mass={elements='leg*'}",
            UnknownNameError,
            r"randomize.mass: Unknown element 'leg\*'. Known: foot, shank, thigh",
        ),
        ("randomize.a={field='geom_colour', factor=2}", UnknownNameError, "geom_friction"),
        ("randomize.a={field='nq', factor=2}", UnknownNameError, "Unknown field"),
        ("randomize.a={field='body_subtreemass', factor=2}", SpecError, "follows from"),
        ("randomize.a={field='geom_quat', offset=1}", SpecError, "those of a rotation"),
        ("randomize.a={field='geom_solimp', column=5, factor=2}", SpecError, "there is no 5"),
        ("randomize.joint_friction={}", SpecError, "changes nothing, because"),
        ("randomize.mass={offset=[-1, 0]}", ModelError, "mass would be .* kg, and must be at"),
        ("randomize.backlash={value=-1}", ModelError, "backlash would be -1 rad"),
    ],
)
def test_a_table_that_does_not_fit_the_body_is_refused_before_a_run_begins(
    table: str, kind: type[EvolocoError], words: str, hop: Path, tmp_path: Path
) -> None:
    spec = read(hop, [table])
    with pytest.raises(kind, match=words):
        Run.create(spec, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("servo_gain", "muscles"), ("supply_voltage", "motors"), ("link_length", "muscles")],
)
def test_a_body_without_what_a_quantity_is_about_is_refused(
    name: str, kind: str, bodies: dict[str, Morphology]
) -> None:
    with pytest.raises(ModelError, match=f"randomize.{name}: .* has nothing of that kind"):
        check([one(name)], bodies[kind])


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        (
            ["randomize.sensor_noise={}"],
            r"randomize.sensor_noise: No sensor has noise .*\[sensors.NAME.noise\], .* tilt, rate",
        ),
        (
            ["randomize.sensor_noise={}", "sensors.rate={noise={quantum=0.1}}"],
            "No sensor has noise",
        ),
    ],
)
def test_noise_that_reaches_no_reading_is_refused(tables: list[str], words: str, hop: Path) -> None:
    with pytest.raises(SpecError, match=words):
        _ = Experiment(read(hop, tables)).randomizations


def test_ground_that_cannot_tilt_is_refused(walker: Morphology) -> None:
    spec = walker.spec.copy()
    spec.worldbody.add_geom(
        name="step", type=mujoco.mjtGeom.mjGEOM_BOX, size=[1, 1, 0.1], pos=[2, 0, 0]
    )
    model = spec.compile()
    body = replace(walker, model=model, floor=walker.floor | {model.geom("step").id})
    with pytest.raises(ModelError, match=r"randomize.ground_slope: .* nothing of that kind"):
        check([one("ground_slope")], body)


# The list


def test_the_list_tells_quantities_with_unit_range_and_elements(
    evoloco: Callable[..., Any],
) -> None:
    every = evoloco("list", "quantities").out
    for name, quantity in QUANTITIES.items():
        assert re.search(
            rf"^  {name} +{quantity.how} .*{re.escape(quantity.meaning)}$", every, re.M
        )
    told = evoloco("list", "quantities", "torque_limit").out
    assert "Unit: N m" in told
    assert "factor 0.7 to 1" in told
    assert "Elements on 'biped': hip_roll_left" in told
    assert (
        "Elements on 'hopper': hip_pitch, knee"
        in evoloco("list", "quantities", "torque_limit", "--morphology", "hopper").out
    )
    assert "Unknown quantity 'mas'" in evoloco("list", "quantities", "mas").err


def test_only_joints_that_servos_drive_have_backlash() -> None:
    muscles = Experiment(read(run_file("muscle_biped"), ["randomize.backlash={}"]))
    with pytest.raises(ModelError, match=r"backlash.*nothing of that kind"):
        _ = muscles.randomizations
