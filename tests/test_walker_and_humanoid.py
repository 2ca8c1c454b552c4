"""The bodies of human size: counts, a person's proportions, and what mechanics demands of them."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import mujoco
import numpy as np
import pytest

from evoloco import fields
from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.errors import ModelError
from evoloco.genome import Array
from evoloco.members import member
from evoloco.morphologies import humanoid, walker
from evoloco.morphology import GRAVITY, HOME, Morphology
from evoloco.scenario import Termination, draw
from evoloco.sim.simulator import Simulator

BUILD: dict[str, Callable[..., Morphology]] = {"walker": walker.build, "humanoid": humanoid.build}
BOTH = pytest.mark.parametrize("name", BUILD)
DRIVES = pytest.mark.parametrize("drive", ["servos", "motors"])
STATURE, MASS = 1.75, 70.0
OSCILLATORS = ("sine", "hopf", "matsuoka", "phase")


@cache
def body(name: str, drive: str = "servos") -> Morphology:
    return BUILD[name](drive=drive)


def at_home(body: Morphology, pose: dict[str, float] | None = None) -> mujoco.MjData:
    """The body at home, with some joints turned [rad]."""
    data = mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(body.model, data, body.model.key(HOME).id)
    for name, angle in (pose or {}).items():
        data.joint(name).qpos[0] += angle
    mujoco.mj_forward(body.model, data)
    return data


def lived(body: Morphology, seconds: float, ctrl: Callable[[float], Any] | None = None) -> Any:
    """The body after a time, under controls of time or those of home."""
    data = at_home(body)
    while data.time < seconds - 1e-9:
        if ctrl:
            data.ctrl[:] = ctrl(data.time)
        mujoco.mj_step(body.model, data)
    return data


def home(body: Morphology) -> Array:
    return np.array([joint.home for joint in body.joints])


def read(body: Morphology, data: mujoco.MjData, sensor: str) -> Array:
    return np.array(data.sensordata[body.sensor(sensor)])


# Counts and proportions


@DRIVES
def test_the_walker_has_nine_degrees_of_freedom_and_six_actuators(drive: str) -> None:
    model = body("walker", drive).model
    assert (model.nv, model.nu) == (9, 6)


@DRIVES
def test_the_humanoid_has_28_degrees_of_freedom_and_21_actuators(drive: str) -> None:
    found = body("humanoid", drive)
    assert (found.model.nv, found.model.nu) == (28, 21)
    driven = {joint.name for joint in found.joints}
    joints = {found.model.joint(i).name for i in range(found.model.njnt)}
    assert joints - driven == {"root", "neck"}


@BOTH
def test_it_weighs_and_stands_as_the_person_does(name: str) -> None:
    found = body(name)
    assert found.mass == pytest.approx(MASS, rel=1e-12)
    upright = {joint.name: -joint.home for joint in found.joints}
    straight, bent = at_home(found, upright), at_home(found)
    grown = straight.body("foot_left").xpos[2] - bent.body("foot_left").xpos[2]
    assert found.size - grown == pytest.approx(STATURE, abs=0.01)


@BOTH
def test_its_centre_of_mass_is_where_a_standing_persons_is(name: str) -> None:
    """Between 0.55 and 0.59 of stature, as measured on reaction boards."""
    assert 0.55 < at_home(body(name)).subtree_com[1, 2] / STATURE < 0.59


@BOTH
def test_the_leg_swings_about_the_hip_as_a_persons_leg_does(name: str) -> None:
    """Winter's table gives the whole leg 0.161 of the mass and 0.560 of its length."""
    found = body(name)
    data = at_home(found, {joint.name: -joint.home for joint in found.joints})
    hip = data.body("thigh_left").xpos
    inertia = mass = 0.0
    for part in ("thigh_left", "shank_left", "foot_left"):
        each = found.model.body(part)
        way = (data.body(part).xipos - hip)[[0, 2]]
        turned = data.body(part).ximat.reshape(3, 3)[1] ** 2 @ each.inertia
        inertia += turned + each.mass[0] * way @ way
        mass += each.mass[0]
    long = (0.530 - 0.039) * STATURE
    assert mass == pytest.approx(0.161 * MASS)
    assert math.sqrt(inertia / mass) == pytest.approx(0.560 * long, rel=0.05)


@BOTH
def test_masses_axes_and_limits_are_mirror_images(name: str) -> None:
    found = body(name)
    model, data = found.model, at_home(found)
    assert data.subtree_com[1, 1] == pytest.approx(0, abs=1e-12)
    for each in range(1, model.nbody):
        if not model.body(each).name.endswith("_left"):
            continue
        other = model.body(model.body(each).name.replace("_left", "_right")).id
        np.testing.assert_allclose(data.xipos[each] * [1, -1, 1], data.xipos[other], atol=1e-12)
        assert model.body_mass[each] == model.body_mass[other]
        np.testing.assert_array_equal(model.body_inertia[each], model.body_inertia[other])

    for joint in found.joints:
        partner = found.joint(joint.partner)
        assert joint.mirror == (1 if joint.side else joint.mirror)
        assert (joint.low, joint.high) == (partner.low, partner.high)


@pytest.mark.parametrize(
    ("joint", "part", "way"),
    [
        ("hip_yaw", None, (0, 1, 0)),
        ("hip_roll", "foot", (0, 1, 0)),
        ("hip_pitch", "foot", (1, 0, 0)),
        ("knee", "foot", (-1, 0, 0)),
        ("ankle_pitch", None, (0, 0, 1)),
        ("shoulder_pitch", "forearm", (1, 0, 0)),
        ("shoulder_roll", "forearm", (0, 1, 0)),
        ("elbow", "hand", (1, 0, 0)),
        ("waist_yaw", "upper_arm", (-1, 0, 0)),
        ("waist_pitch", "upper_arm", (1, 0, 0)),
        ("waist_roll", "upper_arm", (0, -1, 0)),
    ],
)
def test_positive_angles_are_what_the_docstring_says(
    joint: str, part: str | None, way: tuple[int, int, int]
) -> None:
    """The direction in which a part of the left side, or its toes, goes."""
    found = body("humanoid")
    name = joint if joint.startswith("waist") else f"{joint}_left"
    before, after = at_home(found), at_home(found, {name: 0.1})
    if part == "hand":
        shift = after.geom("hand_left").xpos - before.geom("hand_left").xpos
    elif part:
        shift = after.body(f"{part}_left").xpos - before.body(f"{part}_left").xpos
    else:
        front = [data.body("foot_left").xmat.reshape(3, 3)[:, 0] for data in (before, after)]
        shift = front[1] - front[0]
    assert shift @ np.array(way) > 0.005


# Mechanics


def passive(name: str, timestep: float) -> mujoco.MjModel:
    """The body without actuators, dampers, contacts and limits, integrated by Runge and Kutta."""
    model = BUILD[name](timestep=timestep).model
    off = mujoco.mjtDisableBit
    for bit in (off.mjDSBL_ACTUATION, off.mjDSBL_CONTACT, off.mjDSBL_LIMIT):
        model.opt.disableflags |= int(bit)
    model.opt.enableflags |= int(mujoco.mjtEnableBit.mjENBL_ENERGY)
    model.opt.integrator = mujoco.mjtIntegrator.mjINT_RK4
    model.dof_damping[:] = 0
    return model


@BOTH
def test_the_passive_body_keeps_its_energy_and_gains_momentum_by_gravity_alone(name: str) -> None:
    model = passive(name, 0.0005)
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    data.qvel[:] = np.random.default_rng(0).uniform(-2, 2, model.nv)

    def state() -> tuple[float, float, Array]:
        mujoco.mj_forward(model, data)
        mujoco.mj_subtreeVel(model, data)
        return float(data.energy.sum()), float(data.energy[1]), data.subtree_linvel[1].copy()

    whole, kinetic, velocity = state()
    for _ in range(1000):
        mujoco.mj_step(model, data)
    later, _, moved = state()
    assert abs(later - whole) < 1e-5 * kinetic  # RK4 at this step; 16 times less at half of it
    np.testing.assert_allclose(moved - velocity, [0, 0, -GRAVITY * 0.5], atol=1e-5)


@BOTH
def test_motors_within_the_body_do_not_move_its_centre_of_mass(name: str) -> None:
    found = BUILD[name](drive="motors", timestep=0.0005)
    model = found.model
    model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONTACT)
    data = at_home(found)
    start = data.subtree_com[1].copy()
    strength = model.actuator_ctrlrange[:, 1]
    for _ in range(400):
        data.ctrl[:] = 0.2 * strength * np.sin(20 * data.time + np.arange(model.nu))
        mujoco.mj_step(model, data)
    mujoco.mj_forward(model, data)
    fallen = GRAVITY * data.time**2 / 2
    shift = data.subtree_com[1] - start + [0, 0, fallen]
    np.testing.assert_allclose(shift, 0, atol=2e-3)  # first order of the step
    assert np.abs(data.qpos - found.home).max() > 0.5


@BOTH
def test_servos_are_springs_and_dampers_within_the_torques_of_the_motors(name: str) -> None:
    served, motors = body(name), body(name, "motors").model
    model, rng = served.model, np.random.default_rng(0)
    limit = motors.actuator_ctrlrange[:, 1]
    np.testing.assert_array_equal(motors.actuator_ctrlrange[:, 0], -limit)

    data = at_home(served)
    places = [model.joint(joint.name).qposadr[0] for joint in served.joints]
    speeds = [model.joint(joint.name).dofadr[0] for joint in served.joints]
    for size in (0.02, 0.5):
        data.ctrl[:] = home(served) + size * rng.standard_normal(model.nu)
        data.qvel[:] = size * rng.standard_normal(model.nv)
        ctrl = np.clip(data.ctrl, *model.actuator_ctrlrange.T)
        stiffness = limit / 0.1
        wanted = stiffness * (ctrl - data.qpos[places] - 0.03 * data.qvel[speeds])
        mujoco.mj_forward(model, data)
        np.testing.assert_allclose(data.actuator_force, np.clip(wanted, -limit, limit), atol=1e-9)


@BOTH
def test_on_servos_it_stands_and_on_idle_motors_it_falls(name: str) -> None:
    stood, fallen = lived(body(name), 4.0), lived(body(name, "motors"), 1.5)
    assert stood.body(body(name).torso).xpos[2] > 0.99 * body(name).standing_height
    assert fallen.body(body(name).torso).xpos[2] < 0.6 * body(name).standing_height


@BOTH
def test_a_fallen_body_touches_the_ground_with_more_than_its_feet(name: str) -> None:
    found = body(name, "motors")
    data = lived(found, 2.0)
    touching = {geom for contact in data.contact for geom in contact.geom} - found.floor
    assert touching - found.foot_geoms


@BOTH
def test_motion_agrees_with_an_eight_times_smaller_step(name: str) -> None:
    coarse, fine = body(name), BUILD[name](timestep=0.0025 / 8)

    def targets(time: float) -> Array:
        held = np.floor(time / 0.02 + 1e-6) * 0.02  # a controller answers every 20 ms
        return home(coarse) + 0.1 * np.sin(9 * held) * np.cos(np.arange(len(coarse.joints)))

    ends = [lived(found, 0.5, targets).qpos[-len(coarse.joints) :] for found in (coarse, fine)]
    np.testing.assert_allclose(*ends, atol=0.01)  # contacts begin at different moments


def test_mirrored_targets_give_the_mirrored_motion_of_the_humanoid() -> None:
    found = body("humanoid")
    names = [joint.name for joint in found.joints]
    swap = [names.index(joint.partner) for joint in found.joints]
    flips = {"waist_yaw": -1.0, "waist_roll": -1.0}
    sign = np.array([flips.get(joint.name, joint.mirror) for joint in found.joints])
    swing, phase = np.random.default_rng(1).uniform(0, [[0.15], [2 * np.pi]], (2, len(names)))

    def targets(time: float) -> Array:
        return np.asarray(home(found) + swing * np.sin(8 * time + phase))

    here = lived(found, 0.3, targets)
    there = lived(found, 0.3, lambda time: sign * targets(time)[swap])
    assert abs(here.qpos[1]) > 1e-3  # it does move sideways
    root = here.qpos[:7] * [1, -1, 1, 1, -1, 1, -1]
    np.testing.assert_allclose(there.qpos[:7], root, atol=1e-6)  # contacts in another order
    for joint, factor in zip(found.joints, sign, strict=True):
        mirrored = factor * here.joint(joint.partner).qpos
        np.testing.assert_allclose(there.joint(joint.name).qpos, mirrored, atol=1e-6)


def test_the_walker_walks_the_same_on_swapped_legs() -> None:
    found = body("walker")

    def targets(time: float) -> Array:
        return home(found) + 0.1 * np.sin(6 * time + np.arange(6))

    swap = [3, 4, 5, 0, 1, 2]
    here, there = lived(found, 0.5, targets), lived(found, 0.5, lambda t: targets(t)[swap])
    np.testing.assert_allclose(there.qpos[:3], here.qpos[:3], atol=1e-6)
    np.testing.assert_allclose(there.qpos[3:][swap], here.qpos[3:], atol=1e-6)


# Contacts between parts


def test_legs_of_the_humanoid_keep_each_other_out_and_those_of_the_walker_pass() -> None:
    found = body("humanoid")
    inwards = home(found)
    for joint in ("hip_roll_left", "hip_roll_right"):
        inwards[[each.name for each in found.joints].index(joint)] = -0.4
    data = lived(found, 0.4, lambda _: inwards)
    legs = ("shank_left", "sole_left"), ("shank_right", "sole_right")
    for one in legs[0]:
        for other in legs[1]:
            geoms = found.model.geom(one).id, found.model.geom(other).id
            assert mujoco.mj_geomDistance(found.model, data, *geoms, 1.0, None) > -0.01

    names = [body("walker").model.geom(i) for i in range(body("walker").model.ngeom)]
    floor = body("walker").floor
    assert not any(geom.contype[0] for geom in names if geom.id not in floor)


def test_a_thigh_of_the_humanoid_does_not_pass_through_a_forearm() -> None:
    """In the air, a thigh goes outwards against a hanging arm."""
    overlaps = []
    for touch in (True, False):
        model = humanoid.build().model
        model.opt.gravity[:] = 0
        if not touch:
            model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONTACT)
        data = mujoco.MjData(model)
        mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
        data.actuator("hip_roll_left").ctrl = 0.6
        data.actuator("shoulder_roll_left").ctrl = -0.1
        gaps = []
        while data.time < 0.5:
            mujoco.mj_step(model, data)
            parts = model.geom("thigh_left").id, model.geom("forearm_left").id
            gaps.append(mujoco.mj_geomDistance(model, data, *parts, 1.0, None))
        overlaps.append(-min(gaps))
    assert overlaps[0] < 0.005 < 0.02 < overlaps[1]


# Sensors


@BOTH
def test_the_velocimeter_reads_the_velocity_in_the_torsos_own_frame(name: str) -> None:
    found = body(name)
    data = at_home(found)
    data.qvel[:] = np.random.default_rng(0).uniform(-1, 1, found.model.nv)
    mujoco.mj_forward(found.model, data)
    turned = data.body(found.torso).xmat.reshape(3, 3).T @ read(found, data, "torso.velocity")
    np.testing.assert_allclose(read(found, data, "torso.velocimeter"), turned, atol=1e-12)


@BOTH
def test_the_accelerometer_reads_gravity_at_rest(name: str) -> None:
    reading = read(body(name), lived(body(name), 2.0), "torso.acceleration")
    np.testing.assert_allclose(reading, [0, 0, GRAVITY], atol=0.1)


@BOTH
def test_load_cells_add_up_to_the_ground_force(name: str) -> None:
    found, data = body(name), lived(body(name), 1.0)
    ends = {"walker": ("front", "rear")}.get(
        name, ("front_inner", "front_outer", "rear_inner", "rear_outer")
    )
    for foot in found.feet:
        load = sum(read(found, data, f"{foot}.load_{end}")[0] for end in ends)
        assert load == pytest.approx(read(found, data, f"foot.{foot}.ground")[2], rel=1e-3)


@DRIVES
def test_torque_sensors_of_the_humanoids_legs_read_what_their_actuators_exert(drive: str) -> None:
    found = body("humanoid", drive)
    data = lived(found, 0.1, lambda _: found.model.key(HOME).ctrl + 0.05)
    legs = [joint.name for joint in found.joints if joint.stem in humanoid.LEG]
    assert len(legs) == 12
    for name in legs:
        torque = data.actuator(name).force[0]
        assert read(found, data, f"{name}.torque")[0] == pytest.approx(torque, abs=1e-12)
    assert np.abs(data.actuator_force).max() > 0.01


# Controllers


def episode(found: Morphology, controller: Any, seconds: float = 1.0) -> Episode:
    """What a body does whose controller has the middle of every gene."""
    native = Simulator(
        found,
        controller,
        duration=seconds,
        control_dt=0.02,
        termination=Termination(),
        threads=1,
    )
    middle = controller.space.decode(np.full(len(controller.space), 0.5))
    params = fields.flatten(controller.parameters(middle))
    (done,) = native.run(params[None], [draw(found, (0,), duration=seconds)])
    return done.copied()


@BOTH
@pytest.mark.parametrize("controller", OSCILLATORS)
def test_oscillators_drive_its_servos_and_are_told_that_motors_take_torques(
    name: str, controller: str
) -> None:
    make = member("controllers", controller).Controller
    done = episode(body(name), make(body(name)))
    assert done.outcome in (Outcome.COMPLETED, Outcome.FELL)
    assert np.ptp(done["ctrl"], axis=0).max() > 0.05
    with pytest.raises(ModelError, match="take torques"):
        make(body(name, "motors"))


def test_the_planar_network_drives_the_walker_and_simbicon_its_motors() -> None:
    network = member("controllers", "matsuoka").Controller(body("walker"), topology="planar")
    assert episode(body("walker"), network).outcome in (Outcome.COMPLETED, Outcome.FELL)
    torques = episode(
        body("walker", "motors"),
        member("controllers", "simbicon").Controller(body("walker", "motors")),
    )
    assert np.abs(torques["actuator_force"]).max() > 10


def test_feet_of_the_humanoid_follow_paths_by_its_legs_alone() -> None:
    done = episode(body("humanoid"), member("controllers", "feet").Controller(body("humanoid")))
    names = [joint.name for joint in body("humanoid").joints]
    still = [i for i, name in enumerate(names) if not name.startswith(("hip", "knee", "ankle"))]
    np.testing.assert_array_equal(np.ptp(done["ctrl"][:, still], axis=0), 0.0)
