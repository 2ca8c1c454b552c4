"""In Drake a body is what it is in MuJoCo: its dynamics, its servos, its sensors, its contacts."""

import math
from dataclasses import replace

import mujoco
import numpy as np
import pytest

pytest.importorskip("pydrake", reason="needs Drake: pip install --no-deps drake")

from evoloco.check.bench import Bench
from evoloco.check.make import make
from evoloco.check.result import Champion, digest, read
from evoloco.check.subject import Subject
from evoloco.check.worlds import scenarios
from evoloco.drake.contact import Contact, contacts
from evoloco.drake.readings import Readings
from evoloco.drake.servos import Servos
from evoloco.drake.twin import Twin
from evoloco.drake.walk import walk
from evoloco.ending import Outcome
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.members import member

ODD = """
<mujoco>
  <compiler angle="radian"/>
  <option gravity="1 2 -9"/>
  <worldbody>
    <body name="base" pos="0.1 0.2 1" quat="0.9 0.1 0.3 0.2">
      <joint name="out" type="slide" axis="1 0 1" pos="0.3 0 0.1" ref="0.2"/>
      <joint name="turn" axis="0 1 1" pos="0.1 0.2 0" ref="-0.4" armature="0.1"/>
      <joint name="bend" axis="1 0 0" pos="0 0 0.3"/>
      <geom type="box" size="0.1 0.2 0.3" pos="0.1 0 0" euler="0.2 0.4 0.1" mass="2"/>
      <body name="tip" pos="0 0 0.5" euler="0 0.5 0">
        <geom type="capsule" size="0.05 0.2" mass="0.7"/>
        <body name="end" pos="0 0.2 0" quat="0.5 0.5 0.5 0.5">
          <joint name="last" axis="0 0 1" pos="0.05 0 0"/>
          <geom type="sphere" size="0.1" mass="0.3" pos="0.1 0 0"/>
        </body>
      </body>
    </body>
    <body name="ball" pos="0 0 4">
      <freejoint/>
      <geom type="ellipsoid" size="0.1 0.2 0.3" pos="0.1 0.1 0" mass="1"/>
    </body>
  </worldbody>
</mujoco>
"""
"""Joints one behind the other, away from their body's frame, with references; a welded body."""

PENDULUM = """
<mujoco>
  <worldbody>
    <body>
      <joint name="swing" axis="0 1 0"/>
      <geom type="capsule" fromto="0 0 0 0 0 -1" size="0.02" mass="1"/>
    </body>
  </worldbody>
</mujoco>
"""

WHEEL = """
<mujoco>
  <compiler angle="radian"/>
  <worldbody>
    <body>
      <joint axis="0 0 1" {}/>
      <geom type="cylinder" size="0.3 0.1" mass="4"/>
    </body>
  </worldbody>
</mujoco>
"""

SLAB = """
<mujoco>
  <option gravity="{} 0 -9.81"/>
  <worldbody>
    <geom type="plane" size="0 0 1" friction="0.5"/>
    <body pos="0 0 0.05">
      <freejoint/>
      <geom type="{}" size="{}" mass="2" friction="0.4"/>
    </body>
  </worldbody>
</mujoco>
"""

FIRM = Contact(stiffness=3e4, dissipation=10.0)
STEP = 0.001


def body(name):
    return member("morphologies", name, "morphology.name").build()


def models():
    named = {name: body(name).model for name in ("biped", "planar_biped", "quadruped", "humanoid")}
    return {"odd": mujoco.MjModel.from_xml_string(ODD), **named}


MODELS = models()


def shaken(model, seed):
    """MuJoCo's data in a random state, lifted from the ground."""
    random = np.random.default_rng(seed)
    data = mujoco.MjData(model)
    if model.nkey:
        mujoco.mj_resetDataKeyframe(model, data, 0)
    data.qpos += 0.3 * random.standard_normal(model.nq)
    mujoco.mj_normalizeQuat(model, data.qpos)
    data.qpos[lift_of(model)] += 5.0
    data.qvel[:] = random.standard_normal(model.nv)
    data.ctrl[:] = random.standard_normal(model.nu)
    mujoco.mj_forward(model, data)
    return data


def lift_of(model):
    """Place in qpos of the height of the first body that moves."""
    if model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE:
        return 2
    slides = model.jnt_type == mujoco.mjtJoint.mjJNT_SLIDE
    return model.jnt_qposadr[np.flatnonzero(slides & (model.jnt_axis[:, 2] != 0))[0]]


def twin_of(text):
    return Twin(mujoco.MjModel.from_xml_string(text), STEP, FIRM)


def standing(morphology):
    """A body that holds its home pose for a second, its twin and what its sensors tell then."""
    model = morphology.model
    ctrl = np.array(model.key("home").ctrl)
    twin, servos = Twin(model, STEP, FIRM), Servos(model, STEP, ctrl)
    twin.put(model.key("home").qpos, model.key("home").qvel)
    for _ in range(1000):
        twin.push(servos.torque(*twin.state, ctrl))
        twin.advance()
    twin.push(servos.torque(*twin.state, ctrl))
    sensed = Readings(morphology).read(servos.data, twin.acceleration, twin.touches())
    return morphology, twin, sensed


# Dynamics


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("seed", range(3))
def test_mass_matrix_and_bias_force_are_those_of_mujoco(name, seed):
    model = MODELS[name]
    data, twin = shaken(model, seed), Twin(model, STEP, FIRM)
    twin.put(data.qpos, data.qvel)
    mass = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, mass)

    found, bias = twin.dynamics()

    np.testing.assert_allclose(found, mass, rtol=0, atol=1e-6)
    np.testing.assert_allclose(bias, data.qfrc_bias, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_a_state_comes_out_as_it_went_in_and_puts_every_body_where_mujoco_puts_it(name):
    model = MODELS[name]
    data, twin = shaken(model, 3), Twin(model, STEP, FIRM)
    twin.put(data.qpos, data.qvel)

    qpos, qvel = twin.state

    np.testing.assert_allclose(qpos, data.qpos, rtol=0, atol=1e-12)
    np.testing.assert_allclose(qvel, data.qvel, rtol=0, atol=1e-12)
    for each in range(model.nbody):
        place, rotation = twin.pose(each)
        np.testing.assert_allclose(place, data.xpos[each], rtol=0, atol=1e-12)
        np.testing.assert_allclose(rotation.ravel(), data.xmat[each], rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_acceleration_under_given_torques_is_that_of_mujoco(seed):
    model = MODELS["odd"]
    data, twin = shaken(model, seed), Twin(model, STEP, FIRM)
    hinges = np.arange(model.nv) < model.nv - 6  # the ball is free
    data.qfrc_applied[:] = hinges * np.random.default_rng(seed).standard_normal(model.nv)
    mujoco.mj_forward(model, data)

    twin.put(data.qpos, data.qvel)
    twin.push(data.qfrc_applied)

    np.testing.assert_allclose(twin.acceleration, data.qacc, rtol=0, atol=1e-6)


def test_a_pendulum_keeps_its_energy():
    twin = twin_of(PENDULUM)
    twin.put(np.array([1.0]), np.zeros(1))
    energies = []
    for _ in range(2000):
        (angle,), (speed,) = twin.state
        mass, _ = twin.dynamics()
        energies.append(mass[0, 0] * speed**2 / 2 - 9.81 * 0.5 * math.cos(angle))
        twin.advance()

    swing = 9.81 * 0.5 * (1 - math.cos(1.0))  # from its lowest to its highest place
    assert np.ptp(energies) < 0.01 * swing  # of first order in the step


def test_a_damper_slows_a_hinge_as_fast_as_its_inertia_lets_it():
    twin = twin_of(WHEEL.format('damping="0.5"'))
    twin.put(np.zeros(1), np.array([2.0]))
    mass, _ = twin.dynamics()
    for _ in range(500):
        twin.advance()

    expected = 2.0 * math.exp(-0.5 * 0.5 / mass[0, 0])
    assert twin.state[1][0] == pytest.approx(expected, rel=0.01)  # first order in the step


def test_a_hinge_stops_at_its_limit():
    twin = twin_of(WHEEL.format('range="-1 0.3" limited="true"'))
    twin.put(np.zeros(1), np.array([2.0]))
    angles = []
    for _ in range(500):
        twin.advance()
        angles.append(twin.state[0][0])

    assert max(angles) == pytest.approx(0.3, abs=0.01)


def test_a_loose_body_falls_along_gravity():
    model = mujoco.MjModel.from_xml_string(ODD)
    twin = Twin(model, STEP, FIRM)
    twin.put(model.qpos0, np.zeros(model.nv))
    ball = model.body("ball").id
    before = twin.pose(ball)[0]

    for _ in range(200):
        twin.advance()

    moved = twin.pose(ball)[0] - before
    expected = np.array([1, 2, -9]) * 0.2**2 / 2
    np.testing.assert_allclose(moved, expected, rtol=0.006)  # 1/200: first order in the step


# Servos


@pytest.mark.parametrize("name", ["biped", "planar_biped", "humanoid"])
@pytest.mark.parametrize("seed", range(3))
def test_torques_of_servos_and_springs_are_those_of_mujoco(name, seed):
    model = MODELS[name]
    data = shaken(model, seed)
    for actuator in np.flatnonzero(model.actuator_history[:, 0]):
        mujoco.mj_initCtrlHistory(model, data, int(actuator), None, np.full(2, data.ctrl[actuator]))
    mujoco.mj_forward(model, data)
    direction = np.sign(data.qvel)
    data.qvel[:] += direction  # so fast that friction is full
    mujoco.mj_forward(model, data)
    servos = Servos(model, STEP, data.ctrl)

    found = servos.torque(data.qpos, data.qvel, data.ctrl)

    expected = data.qfrc_actuator + data.qfrc_spring - model.dof_frictionloss * direction
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_a_command_reaches_a_servo_after_its_latency():
    model = MODELS["biped"]
    home = model.key("home")
    servos = Servos(model, STEP, home.ctrl)
    torques = [servos.torque(home.qpos, home.qvel, home.ctrl + 0.1) for _ in range(12)]

    changed = [not np.array_equal(torque, torques[0]) for torque in torques]

    assert changed.index(True) == 8  # 8 ms in steps of 1 ms


# Sensors


@pytest.mark.parametrize("name", ["biped", "planar_biped", "quadruped"])
def test_sensors_tell_what_those_of_mujoco_tell_in_the_same_state(name):
    morphology = Experiment(Subject.of(name).spec).morphology
    model = morphology.model
    data = shaken(model, 5)
    servos, readings = Servos(model, STEP, data.ctrl), Readings(morphology)
    for before in (shaken(model, 4), data):
        servos.torque(before.qpos, before.qvel, data.ctrl)
        found = readings.read(servos.data, before.qacc, [])

    np.testing.assert_allclose(found, data.sensordata, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["biped", "quadruped"])
def test_a_standing_body_loads_its_feet_with_its_weight(name):
    morphology, _, sensed = standing(body(name))
    loads = [sensed[morphology.sensor(f"foot.{foot}.ground")] for foot in morphology.feet]

    total = np.sum(loads, axis=0)

    assert total[2] == pytest.approx(morphology.weight, rel=0.01)
    assert np.abs(total[:2]).max() < 0.01 * morphology.weight
    for foot, load in zip(morphology.feet, loads, strict=True):
        place = sensed[morphology.sensor(f"foot.{foot}.position")]
        assert np.hypot(*(load[3:5] - place[:2])) < 0.1  # the centre is under the foot


def test_an_accelerometer_at_rest_tells_gravity_upward():
    morphology, twin, sensed = standing(Experiment(Subject.of("biped").spec).morphology)
    _, rotation = twin.pose(morphology.model.body("torso").id)

    found = sensed[morphology.sensor("torso.acceleration")]

    np.testing.assert_allclose(rotation @ found, [0, 0, 9.81], atol=0.02)  # it still settles


# Contacts


@pytest.mark.parametrize(
    ("shape", "size", "points"),
    [
        ("box", "0.2 0.1 0.05", 4),
        ("sphere", "0.05", 1),
        ("cylinder", "0.1 0.05", 8),
        ("ellipsoid", "0.2 0.1 0.05", 1),
    ],
)
def test_the_weight_sinks_in_as_deep_as_the_stiffness_says(shape, size, points):
    twin = twin_of(SLAB.format(0, shape, size))
    for _ in range(1000):
        twin.advance()

    depth = 0.05 - twin.state[0][2]

    assert len(twin.touches()) == points
    assert depth == pytest.approx(2 * 9.81 / (points * FIRM.stiffness), rel=0.01)


@pytest.mark.parametrize(("pull", "slides"), [(0.45, False), (0.55, True)])
def test_friction_is_the_larger_one_of_two_surfaces_as_in_mujoco(pull, slides):
    twin = twin_of(SLAB.format(pull * 9.81, "box", "0.2 0.1 0.05"))
    for _ in range(1000):
        twin.advance()

    assert (twin.state[1][0] > 0.1) == slides


def test_only_what_mujoco_lets_touch_touches():
    morphology = body("biped")
    model = morphology.model
    data, twin = mujoco.MjData(model), Twin(model, STEP, FIRM)
    seen = set()
    for seed in range(20):
        random = np.random.default_rng(seed)
        mujoco.mj_resetDataKeyframe(model, data, 0)
        data.qpos[7:] += 0.8 * random.standard_normal(model.nq - 7)
        data.qpos[2] += 1.0
        mujoco.mj_forward(model, data)
        theirs = {tuple(sorted(pair)) for pair in np.reshape(data.contact.geom, (-1, 2)).tolist()}
        twin.put(data.qpos, np.zeros(model.nv))
        ours = {tuple(sorted((touch.first, touch.second))) for touch in twin.touches()}

        assert ours == theirs
        seen |= ours
    assert seen


# Walking


def both(name, duration):
    """The first nominal episode of a check, in MuJoCo and in Drake."""
    subject = Subject.of(name)
    experiment = Bench(subject.spec, subject.genome).experiment
    drawn = scenarios(experiment, [], 0.01, 1)
    body, params = experiment.embodied(subject.genome[None])[0]
    native = simulator(experiment, 1, duration, body=body).run(params[None], drawn)
    return next(native).copied(), walk(experiment, subject.genome, drawn[0], FIRM, duration)


def test_the_published_biped_walks_in_drake_as_far_as_in_mujoco():
    native, episode = both("biped", 5.0)

    assert episode.outcome is Outcome.COMPLETED
    assert episode.forward == pytest.approx(native.forward, rel=0.15)
    assert episode.foot_load.sum(axis=1).mean() == pytest.approx(episode.morphology.weight, rel=0.1)


@pytest.mark.parametrize(
    ("column", "tolerance"),
    [
        ("time", 1e-12),
        ("command", 1e-12),
        ("ctrl", 0.003),
        ("torso_position", 0.003),
        ("torso_orientation", 0.01),
        ("joint_angle", 0.02),
        ("foot_position", 0.003),
        ("positive_work", 0.004),
        ("negative_work", 0.02),
        ("electrical_energy", 0.015),
    ],
)
def test_the_first_moments_are_recorded_as_in_mujoco(first_moments, column, tolerance):
    native, episode = first_moments
    assert np.abs(native[column]).max() > tolerance
    np.testing.assert_allclose(episode[column], native[column], rtol=0, atol=tolerance)


@pytest.fixture(scope="module")
def first_moments():
    return both("biped", 0.3)


def test_a_body_that_falls_ends_by_the_rule_that_it_breaks():
    subject = Subject.of("biped_fast")
    experiment = Bench(subject.spec, subject.genome).experiment
    (scenario,) = scenarios(experiment, [], 0.01, 1)
    bent = replace(scenario, joint_offset=scenario.joint_offset + 0.5)

    episode = walk(experiment, subject.genome, bent, FIRM, 3.0)

    assert episode.outcome is Outcome.FELL
    assert len(episode) < 3.0 / episode.control_dt
    assert "torso" in str(episode.ending)


def test_an_episode_that_diverges_is_unstable():
    subject = Subject.of("biped_fast")
    experiment = Bench(subject.spec, subject.genome).experiment
    (scenario,) = scenarios(experiment, [], 0.01, 1)

    episode = walk(
        experiment,
        subject.genome,
        replace(scenario, velocity=scenario.velocity + 1e8),
        FIRM,
        1.0,
    )

    assert episode.outcome is Outcome.UNSTABLE


def test_the_same_episode_has_the_same_numbers():
    first, second = (both("biped_fast", 0.5)[1].trace.tobytes() for _ in range(2))
    assert first == second


# A check


def test_a_check_in_drake_has_a_row_for_every_contact_beside_that_of_mujoco(tmp_path):
    spec = Subject.of("biped_fast").spec
    genome = np.full(len(Experiment(spec).space), 0.5)
    champion = Champion(generation=0, individual=0, sha256=digest(spec, genome))
    subject = Subject(spec, genome, champion, tmp_path)

    found, page = make(subject, 1, 1, 1, engine="drake")

    second = found.second
    body = Experiment(spec).body(genome)
    assert [one.stiffness for one in second.outings] == [each.stiffness for each in contacts(body)]
    assert second.native.stiffness is None
    assert second.native.lasted == found.nominal.lasted[0]
    assert read(page.with_name("check.json")) == found
    assert 'id="second"' in page.read_text(encoding="utf-8")
    assert any(sentence.startswith("In Drake it") for sentence in found.verdict.sentences)
