"""Servo models beyond MuJoCo's: friction, play, lag and latency."""

import math
from dataclasses import replace

import numpy as np
import pytest

from evoloco import fields
from evoloco.bus.body import Body
from evoloco.check.physics_steps import Rerun
from evoloco.errors import ModelError, SpecError
from evoloco.identify import ladder, learned, network, recording
from evoloco.identify.body_file import FittedBody
from evoloco.identify.extended import EFFECTS, Extended
from evoloco.identify.friction import Friction
from evoloco.identify.hanging import hang
from evoloco.identify.playback import NEVER, Follower
from evoloco.identify.player import Player
from evoloco.identify.rehearsal import rehearse
from evoloco.morphologies import hopper, mjcf
from evoloco.morphology import Morphology
from evoloco.scenario import Scenario
from evoloco.sim import backlash
from evoloco.sim.simulator import Simulator

DT = 0.005
PERIOD = 0.01


def commands(count=900):
    time = np.arange(count) * PERIOD
    return np.stack([0.3 + 0.25 * np.sin(7 * time), 0.6 + 0.3 * np.sign(np.sin(3 * time))], axis=1)


@pytest.fixture(scope="module")
def played():
    body = hang(hopper.build())
    log = rehearse(hopper.build(), commands(), PERIOD).log
    return body, recording.recording(log, body)


def nominal(model, **changes):
    given = {one.name: one.nominal for one in model.numbers} | changes
    return np.array([given[one.name] for one in model.numbers])


@pytest.mark.parametrize("name", EFFECTS)
def test_without_its_effects_every_model_is_the_simplest(played, name):
    body, one = played
    angles = []
    for model in (ladder.servo_model("m1", body), ladder.servo_model(name, body)):
        values = nominal(model, latency=0.012)
        angles.append(Player(model).angles([values], one, 5.0))
    assert np.ptp(angles[0]) > 0.1
    assert np.allclose(*angles, atol=1e-9)


@pytest.mark.parametrize(
    "change",
    [
        *({"load_motor": 0.2}, {"load_external": 0.2}, {"load_motor_stribeck": 0.3}),
        *({"load_external_stribeck": 0.3}, {"lag": 0.01}),
        *({"knee.backlash": 0.03}, {"knee.stribeck": 0.1}),
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_effect_changes_what_the_joints_do(played, change):
    body, one = played
    model = ladder.servo_model("m6_play", body)
    points = [nominal(model), nominal(model, **change)]
    angles = Player(model, 2).angles(points, one, 5.0)
    assert np.abs(angles[:, 0] - angles[:, 1]).max() > 1e-4


# One servo, step by step

PLAIN = {
    **dict.fromkeys(("latency", "lag"), 0.0),
    **{"stribeck_speed": 0.5, "stribeck_shape": 2.0},
    **dict.fromkeys(("load_motor", "load_external"), 0.0),
    **dict.fromkeys(("load_motor_stribeck", "load_external_stribeck"), 0.0),
    **dict.fromkeys(("quadratic_motor", "quadratic_external"), 0.0),
    **{name: np.array([value]) for name, value in (("gain", 2.0), ("stall", 5.0), ("emf", 0.0))},
    **{name: np.array([value]) for name, value in (("volts", 1.0), ("low", -9.0), ("high", 9.0))},
    **{name: np.array([0.0]) for name in ("armature", "stribeck", "backlash")},
}


def torques(command, angle=None, velocity=None, **numbers):
    """Torques of one servo whose shaft moves as told (T,)."""
    given = {name: np.array([value]) for name, value in numbers.items() if np.ndim(PLAIN[name])}
    servo = Friction({**PLAIN, **numbers, **given}, 20)
    params = fields.record(fields.flatten(servo.parameters()), fields.layout_of(servo.parameters()))
    state = fields.zeros(fields.layout(servo.state))
    found = []
    for t, one in enumerate(command):
        ctrl = np.array([float(one)])
        places = [np.array([0.0 if row is None else row[t]]) for row in (angle, velocity)]
        servo.actuate(params, state, *places, DT, ctrl)
        found.append(ctrl[0])
    return np.array(found)


RANDOM = np.random.default_rng(1).uniform(-1, 1, 60)


def test_a_latency_of_k_steps_is_a_shift_by_k():
    late = torques(RANDOM, latency=3 * DT)
    assert np.allclose(late[3:], torques(RANDOM)[:-3])
    assert np.allclose(late[:3], late[0])


def test_a_latency_between_steps_is_between_theirs():
    both = [torques(RANDOM, latency=steps * DT) for steps in (2, 3)]
    assert np.allclose(torques(RANDOM, latency=2.25 * DT), 0.75 * both[0] + 0.25 * both[1])


def test_torque_is_the_gain_times_the_error_up_to_stall():
    assert np.allclose(torques([0.0, 1.0, 4.0], angle=[0.5, 0.5, 0.5]), [-1.0, 1.0, 5.0])


def test_current_lags_like_a_first_order_filter():
    found = torques([0.0] + [1.0] * 30, lag=0.02)
    steps = np.arange(31)
    assert np.allclose(found, 2.0 * (1 - (1 + DT / 0.02) ** -steps))


def test_play_is_that_of_the_simulation_of_gears():
    model = backlash.Backlash(np.array([0.3]))
    params = fields.record(np.array([0.3]), fields.layout_of(model.parameters()))
    state = fields.zeros(fields.layout(model.state))
    expected = []
    for one in RANDOM:
        ctrl = np.array([one])
        model.actuate(params, state, ctrl, ctrl, DT, ctrl)
        expected.append(ctrl[0])
    assert np.allclose(torques(RANDOM, backlash=0.3), 2.0 * np.array(expected))


def test_a_shaft_at_rest_is_held_by_as_much_friction_as_is_needed():
    """The motor pulls with 0.2 N m against friction of up to 0.5: nothing comes out."""
    found = torques([0.1] * 5, stribeck=0.5, armature=0.01)
    assert np.allclose(found[1:], 0.0)


def test_friction_of_a_moving_shaft_is_that_of_the_paper():
    speed, motor, armature = 2.0, 2.0 * 0.4, 0.01
    velocity = [speed] * 3
    given = {
        **{"load_motor": 0.1, "load_external": 0.05},
        **{"load_motor_stribeck": 0.3, "load_external_stribeck": 0.2},
        **{"quadratic_external": 0.02, "stribeck": 0.04, "armature": armature},
    }
    found = torques([0.4] * 3, velocity=velocity, stribeck_speed=4.0, **given)
    first = motor - found[0]
    external = -(motor - first)  # the shaft did not accelerate
    slow = math.exp(-((speed / 4.0) ** 2))
    friction = slow * 0.04 + abs(0.05 * external - 0.1 * motor)
    friction += slow * abs(0.2 * external - 0.3 * motor) + slow * 0.02 * external**2
    assert found[1] == pytest.approx(motor - friction)


# Bodies


def fitted(**changes):
    model = ladder.servo_model("m6_play", hopper.build())
    values = nominal(model, **changes)
    return {one.name: float(value) for one, value in zip(model.numbers, values, strict=True)}


def built(values):
    return ladder.body(hopper.build(), FittedBody({"name": "hopper"}, "m6_play", values, {}, {}))


def episode(body: Morphology):
    simulator = Simulator(
        body, Follower(2), duration=0.5, control_dt=0.02, termination=NEVER, threads=1
    )
    home = np.array([[joint.home for joint in body.joints]])
    ((found),) = simulator.run(home, [Scenario(np.zeros(2), np.zeros(2))])
    return found.trace.copy()


def test_a_fitted_body_brings_its_servos_into_every_simulation():
    plain = episode(hopper.build())
    without = episode(built(fitted()))
    lagging = episode(built(fitted(lag=0.02, latency=0.03)))
    assert plain.shape == without.shape
    assert np.abs(plain - lagging).max() > 1e-3
    assert [joint.high for joint in built(fitted()).joints] == [
        joint.high for joint in hopper.build().joints
    ]


def test_an_episode_of_a_fitted_body_can_be_simulated_step_by_step():
    body = built(fitted(lag=0.01, load_motor=0.1))
    native = Simulator(
        body, Follower(2), duration=0.5, control_dt=0.02, termination=NEVER, threads=1
    )
    home = np.array([joint.home for joint in body.joints])
    again = Rerun(native, home, Scenario(np.zeros(2), np.zeros(2)))
    assert len(list(again.steps())) == 100


def test_a_simulation_that_lacks_a_bodys_servos_refuses_it():
    body = built(fitted(lag=0.02))
    with pytest.raises(ModelError, match="has MuJoCo's servos only"):
        Body(body)
    with pytest.raises(ModelError, match="name the body that the robot was believed to be"):
        hang(body)


def test_models_beyond_the_simplest_need_dc_motors():
    body = mjcf.build(
        "examples/quadruped.xml",
        torso="trunk",
        feet=["FL_foot", "FR_foot", "RL_foot", "RR_foot"],
        joints=["FL_hip", "FL_knee", "FR_hip", "FR_knee", "RL_hip", "RL_knee", "RR_hip", "RR_knee"],
    )
    with pytest.raises(ModelError, match="no DC motor"):
        Extended("m4", body)


# The learned one


def a_network(joints, seed=0):
    rng = np.random.default_rng(seed)
    shapes = zip(network.LAYERS, network.LAYERS[1:], strict=False)
    found = {"spacing": learned.SPACING, "error_scale": 3.0, "velocity_scale": 0.5}
    found["torque_scale"] = 0.4
    for place, (before, after) in enumerate(shapes, start=1):
        weight = rng.standard_normal((joints, before, after)) / np.sqrt(before)
        bias = rng.standard_normal((joints, after))
        flat = after == 1
        found[f"weight{place}"] = weight[:, :, 0] if flat else weight
        found[f"bias{place}"] = bias[:, 0] if flat else bias
    return found


def test_the_kernels_network_is_that_of_pytorch(played):
    torch = pytest.importorskip("torch")
    body, _ = played
    model = learned.Learned(body, a_network(2))
    inputs = np.random.default_rng(2).standard_normal((5, 2, 6))
    hidden = torch.tensor(inputs * np.tile([3.0, 0.5], 3)).permute(1, 0, 2)
    for place in (1, 2, 3):
        weight, bias = (
            torch.tensor(model.network[f"{what}{place}"]) for what in ("weight", "bias")
        )
        hidden = torch.nn.functional.softsign(hidden @ weight + bias[:, None])
    last = torch.tensor(model.network["weight4"])[:, :, None]
    out = 0.4 * ((hidden @ last)[:, :, 0] + torch.tensor(model.network["bias4"])[:, None])
    assert np.allclose(learned.predicted(model, inputs), out.numpy().T)


def test_the_kernel_gives_the_torques_of_the_network(played):
    body, _ = played
    model = learned.Learned(body, a_network(2))
    servos = model.actuators([])
    params = fields.record(
        fields.flatten(servos.parameters()), fields.layout_of(servos.parameters())
    )
    state = fields.zeros(fields.layout(servos.state))
    rng = np.random.default_rng(3)
    moments = []
    for _ in range(7):
        command, angle, velocity = rng.uniform(-0.2, 0.2, (3, 2)) + 0.4
        moments.append(np.stack([command - angle, velocity], axis=1))
        ctrl = command.copy()
        servos.actuate(params, state, angle, velocity, body.model.opt.timestep, ctrl)

    steps = round(learned.SPACING / body.model.opt.timestep)
    inputs = np.concatenate([moments[-1 - k * steps] for k in range(3)], axis=1)
    resistance, constant, _ = learned.motors(body)
    expected = learned.predicted(model, inputs[None])[0] * resistance / constant
    assert np.allclose(ctrl, expected)


@pytest.fixture(scope="module")
def measured(played):
    """A log whose torques are those of the simulated servos."""
    body, one = played
    torque = learned.ideal(body, one)
    constants = learned.on_shaft(body, replace(one, torque=np.zeros_like(torque)))
    return replace(one, torque=torque - constants)


def test_a_servo_is_learned_from_its_torques_and_equal_seeds_give_equal_weights(played, measured):
    body, _ = played
    model = learned.train(body, [measured], seed=1)
    inputs, torques = learned.examples(body, measured, measured.held_out)
    rest = learned.predicted(model, inputs) - torques
    # Nine seconds of log: two minutes leave less.
    assert np.sqrt(np.mean(rest**2)) < 0.2 * np.sqrt(np.mean(torques**2))
    again = learned.train(body, [measured], seed=1)
    assert all(np.array_equal(again.network[name], model.network[name]) for name in model.network)

    values = {name: np.asarray(rows).tolist() for name, rows in model.network.items()}
    made = ladder.body(hopper.build(), FittedBody({"name": "hopper"}, "learned", {}, values, {}))
    assert np.isfinite(episode(made)).all()


def test_a_log_without_torques_cannot_teach(played):
    with pytest.raises(SpecError, match="torques of all joints"):
        learned.check(played[1])
