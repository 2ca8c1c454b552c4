"""What every sensor owes, and what a reading goes through on its way to the controller."""

import math
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from evoloco import catalogue, fields
from evoloco.controllers import sine
from evoloco.errors import EvolocoError, SpecError, UnknownNameError
from evoloco.fitting import fitted
from evoloco.members import members
from evoloco.morphologies import biped, hopper, muscle_biped, planar_biped
from evoloco.perception.recipe import learned
from evoloco.scenario import Termination, draw
from evoloco.sensor import OF_BODIES
from evoloco.sim.simulator import Simulator
from evoloco.spec import SensorSpec

DT, STEPS = 0.02, 100
NEVER = Termination(min_height=0.0, max_tilt=math.pi, body_contact=False)
BODIES = {
    "biped": biped.build,
    "planar_biped": planar_biped.build,
    "hopper": hopper.build,
    "muscle_biped": muscle_biped.build,
}


def asked(**sensors):
    return {name: SensorSpec.model_validate(spec) for name, spec in sensors.items()}


def still(params, state, dt):
    pass


def shake(params, state, obs, time, dt, ctrl):
    for j in range(ctrl.size):
        ctrl[j] = params.middle[j] + 0.3 * math.sin(9.0 * time + j)


class Shaking:
    """Moves every joint and muscle, and feels nothing."""

    reset, step = staticmethod(still), staticmethod(shake)
    state = {}  # noqa: RUF012 - never changed

    def __init__(self, morphology):
        from evoloco.genome import Gene, Space

        self.space = Space([Gene("none", 0.0, 1.0)])
        self._middle = np.array(morphology.model.key("home").ctrl)

    def parameters(self, values):
        return {"middle": self._middle}


def episodes(body, count=1, threads=2, **options):
    """Episodes of a body that shakes, in scenarios of their own."""
    controller = Shaking(body)
    given = {"duration": STEPS * DT, "control_dt": DT, "termination": NEVER, "ramp": 0.0}
    sim = Simulator(body, controller, threads=threads, **{**given, **options})
    params = fields.flatten(controller.parameters({}))[None]
    draws = [
        draw(body, (3, k), duration=STEPS * DT, joint_noise=0.02, velocity_noise=0.2)
        for k in range(count)
    ]
    commanded = [replace(one, command=(0.1 * k, 0.2, 0.3)) for k, one in enumerate(draws, 1)]
    return [replace(e, trace=e.trace.copy()) for e in sim.run(params, commanded)]


def felt(episode, name):
    """What the controller felt of a sensor (T, channels)."""
    start = episode.columns.slices["obs"].start
    where = fields.place(episode.morphology.observation, name)
    return episode.trace[:, start + where.start : start + where.stop]


def changed(body, **sensors):
    return fitted(body, asked(**sensors))


@pytest.fixture(scope="module")
def body():
    return biped.build()


def unlearned():
    """Names of the bundled sensors that any body may have; learned ones have tests of their own."""
    return set(members("sensors")) - set(learned())


# Contracts

TRIED_ELSEWHERE = {"estimated_tilt", "target", "touch"}
"""Sensors that are formed of others, or need something beside the body."""


@pytest.mark.parametrize("name", BODIES)
def test_every_sensor_says_what_it_is_and_no_channel_is_constant(name):
    plain = BODIES[name]()
    bundled = {sensor: {} for sensor in unlearned() - TRIED_ELSEWHERE}
    everything = changed(plain, **bundled)
    control_dt = 0.0025 if plain.muscles else DT
    two = episodes(everything, 2, duration=STEPS * control_dt, control_dt=control_dt)
    for sensor in everything.sensors:
        assert sensor.unit
        assert sensor.meaning
        readings = np.vstack([felt(episode, sensor.name) for episode in two])
        assert readings.shape[1] == len(sensor.channels) > 0
        assert np.isfinite(readings).all()
        # The ground is level, and an episode has one command.
        level = sensor.name in ("ground_profile", "terrain_profile", "rays", "command")
        planar = name in ("planar_biped", "hopper", "muscle_biped")
        still = {"tilt": [0], "rate": [0, 2], "acceleration": [1]}.get(sensor.name, [])
        moving = [i for i in range(readings.shape[1]) if not (planar and i in still)]
        if not level:
            assert (np.ptp(readings[:, moving], axis=0) > 0).all(), sensor.name


def test_the_names_of_the_sensors_that_bodies_bring_are_listed():
    brought = {sensor.name for build in BODIES.values() for sensor in build().sensors}
    assert brought == set(OF_BODIES)


def test_every_bundled_sensor_is_held_to_the_contract():
    assert unlearned() == {
        "acceleration",
        "clock",
        "command",
        "estimated_tilt",
        "ground_profile",
        "rays",
        "target",
        "terrain_profile",
        "touch",
    }


# Interval, delay and noise


@pytest.mark.parametrize("delay", [1, 3, 7])
def test_a_delay_of_k_is_a_shift_by_k_and_begins_at_the_first_reading(body, delay):
    (prompt,) = episodes(body)
    (late,) = episodes(changed(body, rate={"delay": delay * DT}))
    true, found = felt(prompt, "rate"), felt(late, "rate")
    np.testing.assert_array_equal(found[delay:], true[:-delay])
    np.testing.assert_array_equal(found[:delay], np.tile(true[0], (delay, 1)))
    np.testing.assert_array_equal(felt(late, "tilt"), felt(prompt, "tilt"))


def test_an_interval_holds_the_last_sample(body):
    (often,) = episodes(body)
    (seldom,) = episodes(changed(body, joint_angle={"interval": 5 * DT}))
    true = felt(often, "joint_angle")
    held = true[5 * (np.arange(STEPS) // 5)]
    np.testing.assert_array_equal(felt(seldom, "joint_angle"), held)


def test_what_is_felt_changes_neither_the_truth_nor_what_ends_an_episode(body):
    """The controller feels nothing, so only the block of felt readings may differ."""
    noise = {"gaussian": 0.5, "bias": 0.5, "dropout": 0.3}
    options = {"termination": Termination()}
    (calm,) = episodes(body, **options)
    (noisy,) = episodes(changed(body, tilt={"noise": noise}, foot_load={"noise": noise}), **options)
    assert noisy.outcome == calm.outcome
    for name in ("qpos", "qvel", "ctrl", "sensordata", "ground_force"):
        np.testing.assert_array_equal(noisy[name], calm[name])
    assert not np.array_equal(felt(noisy, "tilt"), felt(calm, "tilt"))


@pytest.mark.parametrize(
    ("noise", "spread"),
    [
        ({"gaussian": 0.2}, 0.2),
        ({"student_t": 0.2, "freedom": 8.0}, 0.2 * math.sqrt(8 / 6)),
    ],
)
def test_noise_has_its_spread_and_no_mean(body, noise, spread):
    pairs = zip(episodes(changed(body, rate={"noise": noise}), 20), episodes(body, 20), strict=True)
    errors = np.concatenate([felt(a, "rate") - felt(b, "rate") for a, b in pairs]).ravel()
    assert errors.std() == pytest.approx(spread, rel=0.06)  # four standard errors of 6,000 draws
    assert abs(errors.mean()) < 4 * spread / math.sqrt(errors.size)
    assert abs(np.corrcoef(errors[1:], errors[:-1])[0, 1]) < 4 / math.sqrt(errors.size)


def test_a_bias_stays_within_an_episode_and_differs_between_episodes_and_channels(body):
    pairs = zip(
        episodes(changed(body, joint_angle={"noise": {"bias": 0.1}}), 30),
        episodes(body, 30),
        strict=True,
    )
    errors = [felt(a, "joint_angle") - felt(b, "joint_angle") for a, b in pairs]
    np.testing.assert_allclose([np.ptp(error, axis=0).max() for error in errors], 0, atol=1e-12)
    biases = np.array([error[0] for error in errors])
    assert np.unique(biases).size == biases.size
    assert biases.std() == pytest.approx(0.1, rel=0.2)  # five standard errors of 300 draws


def test_readings_are_multiples_of_the_quantum(body):
    (coarse,) = episodes(changed(body, joint_angle={"noise": {"quantum": 0.05}}))
    (fine,) = episodes(body)
    steps = felt(coarse, "joint_angle") / 0.05
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)
    assert np.abs(felt(coarse, "joint_angle") - felt(fine, "joint_angle")).max() <= 0.025 + 1e-12


def test_a_lost_reading_leaves_the_last_one(body):
    lossy = episodes(changed(body, joint_velocity={"noise": {"dropout": 0.3}}), 10)
    lost = []
    for gaps, true in zip(lossy, episodes(body, 10), strict=True):
        found, expected = felt(gaps, "joint_velocity"), felt(true, "joint_velocity")
        kept = found[1:] == found[:-1]
        assert (kept | (found[1:] == expected[1:])).all()
        lost.append(kept[found[1:] != expected[1:]].size / kept.size)
    assert np.mean(lost) == pytest.approx(0.3, abs=0.02)


def test_noise_does_not_depend_on_threads_chunks_or_other_genomes(body, monkeypatch):
    noisy = changed(body, rate={"noise": {"gaussian": 0.1, "student_t": 0.1, "bias": 0.1}})
    plain = [episode.trace.tobytes() for episode in episodes(noisy, 4, threads=1)]
    assert [episode.trace.tobytes() for episode in episodes(noisy, 4, threads=3)] == plain
    from evoloco.sim import simulator

    monkeypatch.setattr(simulator, "TRACE_BYTES", 2 * 8 * STEPS * 200)
    assert [episode.trace.tobytes() for episode in episodes(noisy, 4)] == plain


# A robot's own sensors


def test_an_accelerometer_measures_gravity_at_rest(body):
    still = changed(body, acceleration={})
    data = mujoco.MjData(still.model)
    mujoco.mj_resetDataKeyframe(still.model, data, 0)
    for _ in range(2000):
        mujoco.mj_step(still.model, data)
    measured = data.sensor("torso.acceleration").data
    assert np.linalg.norm(measured) == pytest.approx(9.81, rel=0.01)


def test_the_estimated_tilt_follows_the_true_one(body):
    both = changed(body, estimated_tilt={})
    for episode in episodes(both, 3):
        error = felt(episode, "estimated_tilt") - felt(episode, "tilt")
        upright = np.abs(felt(episode, "tilt")).max(axis=1) < 0.5  # before it has fallen
        np.testing.assert_array_equal(error[0], 0)
        assert np.abs(error[upright]).max() < 0.1
        assert np.abs(felt(episode, "tilt")[upright]).max() > 0.1


def test_a_controller_may_feel_the_estimate_in_place_of_the_truth(body):
    (fooled,) = episodes(changed(body, tilt={"source": "estimated_tilt"}))
    (both,) = episodes(changed(body, estimated_tilt={}))
    np.testing.assert_array_equal(felt(fooled, "tilt"), felt(both, "estimated_tilt"))


def test_a_gyroscope_that_is_trusted_for_ever_is_integrated(body):
    """With an endless time constant the accelerometer counts for nothing."""
    trusting = {"source": "estimated_tilt", "time_constant": 1e12}
    (plain,) = episodes(changed(body, tilt=trusting))
    loud = {"noise": {"gaussian": 50.0}}
    (shaken,) = episodes(changed(body, tilt=trusting, acceleration=loud))
    np.testing.assert_allclose(felt(shaken, "tilt"), felt(plain, "tilt"), atol=1e-9)


def test_an_estimate_has_noise_of_its_own_beside_that_of_what_it_is_formed_of(body):
    estimate = {"source": "estimated_tilt"}
    (plain,) = episodes(changed(body, tilt=estimate))
    (noisy,) = episodes(changed(body, tilt={**estimate, "noise": {"gaussian": 0.02}}))
    first = felt(noisy, "tilt")[:20] - felt(plain, "tilt")[:20]  # before the answers differ much
    assert 0.005 < first.std() < 0.05


def test_an_estimate_takes_no_delay_of_its_own(body):
    with pytest.raises(SpecError, match=r"sensors\.tilt: .*rate and acceleration.*Give these"):
        changed(body, tilt={"source": "estimated_tilt", "delay": 0.02})


# Commands and slow sensors


def test_a_command_is_felt_as_it_is_asked(body):
    first, second = episodes(changed(body, command={}), 2)
    np.testing.assert_array_equal(felt(first, "command")[0], [0.1, 0.2, 0.3])
    turned = 0.2 + 0.3 * second.time[-1]
    np.testing.assert_allclose(felt(second, "command")[-1], [0.2, turned, 0.3], rtol=1e-12)


SLOW = '''
import mujoco
import numpy as np
from evoloco.sensor import Sensor

class Height:
    def read(self, moment):
        data = mujoco.MjData(moment.model)
        mujoco.mj_setState(moment.model, data, moment.state, mujoco.mjtState.mjSTATE_INTEGRATION)
        return np.array([data.qpos[2], data.time])

def sensor(morphology):
    """Height of the torso [m] and time [s]."""
    return Sensor("height", ("height", "time"), "m, s", "height and time", Height())
'''


@pytest.fixture
def slow(tmp_path):
    (tmp_path / "height.py").write_text(SLOW)
    return str(tmp_path / "height.py")


@pytest.mark.parametrize("every", [1, 4])
def test_a_slow_sensor_is_computed_from_the_states_of_every_interval(body, slow, every):
    watched = changed(body, height={"source": slow, "interval": every * DT})
    for episode in episodes(watched, 3):
        sampled = every * (np.arange(STEPS) // every)
        np.testing.assert_array_equal(felt(episode, "height")[:, 0], episode["qpos"][sampled, 2])
        np.testing.assert_array_equal(felt(episode, "height")[:, 1], episode.time[sampled])


def test_a_slow_sensor_may_be_late_and_noisy_too(body, slow):
    late = {"source": slow, "interval": 2 * DT, "delay": 4 * DT, "noise": {"quantum": 0.01}}
    (episode,) = episodes(changed(body, height=late))
    sampled = np.maximum(2 * ((np.arange(STEPS) - 4) // 2), 0)
    expected = np.rint(episode["qpos"][sampled, 2] / 0.01) * 0.01
    np.testing.assert_allclose(felt(episode, "height")[:, 0], expected, atol=1e-12)


def test_readings_of_another_shape_are_told(body, tmp_path):
    (tmp_path / "bad.py").write_text(
        SLOW.replace("return np.array([data.qpos[2], data.time])", "return np.zeros(3)")
    )
    watched = changed(body, bad={"source": str(tmp_path / "bad.py")})
    with pytest.raises(EvolocoError, match=r"Sensor 'bad' must.*\(2,\).*\(3,\)"):
        episodes(watched)


# Errors


def test_unknown_sensors_are_told_with_the_known_ones(body):
    with pytest.raises(UnknownNameError, match=r"'tlit'.*estimated_tilt.*mean 'tilt'"):
        changed(body, tlit={})
    with pytest.raises(UnknownNameError, match=r"'pionts'.*points, shutter, source, spacing"):
        changed(body, ground_profile={"pionts": 3})


@pytest.mark.parametrize("key", ["delay", "interval"])
def test_times_that_are_no_control_steps_are_refused(body, key):
    with pytest.raises(EvolocoError, match=rf"sensors\.rate\.{key} = 0\.03 s .*control_dt, 0\.02"):
        episodes(changed(body, rate={key: 0.03}))


def test_a_controller_that_reads_a_sensor_that_is_not_there_is_told_what_there_is(body):
    def step(params, state, obs, time, dt, ctrl):
        ctrl[0] = obs.acceleration[0]

    class Reading(sine.Controller):
        pass

    Reading.step = staticmethod(step)
    controller = Reading(body)
    with pytest.raises(EvolocoError, match=r"field of obs 'acceleration'.*joint_angle.*tilt"):
        Simulator(body, controller, duration=1.0, control_dt=DT, termination=NEVER)


def test_the_list_tells_every_sensor_with_its_unit():
    lines = catalogue.overview("sensors").splitlines()
    assert any("tilt" in line and "[rad], of the body" in line for line in lines)
    assert any("acceleration" in line and "[m/s²], for [sensors]" in line for line in lines)
    assert any("biotac" in line and "[counts x23, 1, s], for [sensors]" in line for line in lines)
    assert "muscle_force" in catalogue.overview("sensors")
    told = catalogue.describe("sensors", "ground_profile", "")
    assert "points: int >= 1" in told
    assert "gaussian" in told
    with pytest.raises(UnknownNameError, match=r"Unknown sensor 'rates'.*mean 'rate'"):
        catalogue.describe("sensors", "rates", "")
