"""Pictures for learned sensors: drawn in one thread, of whatever simulation, or refused."""

import copy
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest
import test_learned as learned

from evoloco.cameras import mounted
from evoloco.errors import EvolocoError
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.host import Host
from evoloco.morphologies import hopper
from evoloco.perception import thread
from evoloco.perception.gather import Gatherer, at_home
from evoloco.perception.learned import Learned
from evoloco.perception.need import Picture
from evoloco.perception.pictures import Canvas, OffScreen, picture
from evoloco.sensor import Sensor
from evoloco.sim import simulator
from evoloco.spec import CameraSpec, read

DT, STEPS, EVERY = learned.DT, learned.STEPS, 10
EYE = CameraSpec(position=(0.1, 0.0, 0.1), pitch=20.0)
WIDTH, HEIGHT = 16, 12


@pytest.fixture(autouse=True)
def with_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUJOCO_GL", raising=False)


class Brightness:
    """Mean brightness of each quarter of a picture."""

    needs = Picture(WIDTH, HEIGHT)
    channels = ("top_left", "top_right", "low_left", "low_right", "confidence", "age")

    def read(self, seen, previous):
        return np.array([*quarters(seen.picture), 1.0, 0.0])


def quarters(pixels):
    """Mean brightness of each quarter [1] (4,)."""
    halves = pixels.reshape(2, HEIGHT // 2, 2, WIDTH // 2, 3)
    return halves.mean(axis=(1, 3, 4)).ravel() / 255


class Network:
    """Two numbers that a small convolutional network makes of a picture."""

    needs = Picture(WIDTH, HEIGHT)
    channels = ("first", "second", "confidence", "age")

    def read(self, seen, previous):
        import torch

        assert torch.get_num_threads() == 1
        torch.manual_seed(5)
        layers = torch.nn.Conv2d(3, 8, 3, 2), torch.nn.ReLU(), torch.nn.Flatten()
        network = torch.nn.Sequential(*layers, torch.nn.Linear(8 * 5 * 7, 2))
        pixels = torch.from_numpy(seen.picture.copy()).permute(2, 0, 1)[None] / 255
        with torch.inference_mode():
            return np.append(network(pixels)[0].numpy(), (1.0, 0.0))


@pytest.fixture(scope="module")
def body():
    return mounted(hopper.build(), {"eye": EYE})


def watched(body, reader, engine="", **settings):
    source = Learned(reader, "eye", engine)
    sensor = Sensor("seen", reader.channels, "1", "what a test sees", source, **settings)
    return learned.fitted_with(body, sensor)


# What a reader is shown


def test_the_trace_has_what_was_to_be_seen_in_each_control_step(body):
    (episode,) = learned.episodes(watched(body, Brightness(), interval=EVERY * DT))
    found = learned.felt(episode)
    rows = np.array([found[name] for name in Brightness.channels[:4]]).T
    moment, gatherer = at_home(body.model, 6, 1), Gatherer((Picture(WIDTH, HEIGHT),), "eye")
    for step in range(0, STEPS, EVERY):
        data = mujoco.MjData(body.model)
        data.qpos = episode["qpos"][step]
        state = moment.state.copy()
        mujoco.mj_getState(body.model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
        seen = thread.run(gatherer.seen, replace(moment, state=state))
        np.testing.assert_array_equal(rows[step : step + EVERY], [quarters(seen.picture)] * EVERY)
    assert (np.ptp(rows, axis=0) > 0).all()


@pytest.mark.parametrize(("reader", "engine"), [(Brightness(), ""), (Network(), "torch")])
def test_readings_of_pictures_depend_neither_on_batch_nor_on_threads(
    body, reader, engine, monkeypatch
):
    one = watched(body, reader, engine, interval=3 * EVERY * DT)
    expected = [episode.trace.tobytes() for episode in learned.episodes(one, 5, threads=1)]
    assert len(set(expected)) == 5
    assert [episode.trace.tobytes() for episode in learned.episodes(one, 5)] == expected
    monkeypatch.setattr(simulator, "TRACE_BYTES", 2 * 8 * STEPS * 120)
    assert [episode.trace.tobytes() for episode in learned.episodes(one, 5)] == expected


ROOM = """
<mujoco>
  <asset>
    <texture name="squares" type="2d" builtin="checker" rgb1="1 0 0" rgb2="0 1 0" width="64"
      height="64"/>
    <texture name="sky" type="skybox" builtin="gradient" rgb1=".3 .5 .7" width="32" height="192"/>
    <material name="squares" texture="squares" texrepeat="3 3"/>
    <material name="plain" rgba=".2 .3 .9 1"/>
    <material name="large" texture="squares" texrepeat="2 5" texuniform="true"/>
    <hfield name="hills" nrow="10" ncol="10" size="1 1 .3 .1"/>
    <mesh name="block" vertex="0 0 0 1 0 0 0 1 0 0 0 1"/>
  </asset>
  <worldbody>
    <light name="lamp" pos="0 0 3"/>
    <geom name="floor" type="plane" size="5 5 .1" material="squares"/>
    <geom name="wall" type="plane" size="0 0 1" pos="6 0 0" zaxis="-1 0 0" material="squares"/>
    <geom name="hills" type="hfield" hfield="hills" pos="2 1 .1"/>
    <geom name="block" type="mesh" mesh="block" pos="2 -1 .2"/>
    <body name="ball" pos="2 0 .2"><freejoint/><geom name="ball" size=".2" material="plain"/></body>
    <camera name="eye" pos="0 0 1" xyaxes="0 -1 0 .3 0 1"/>
  </worldbody>
</mujoco>
"""


def room():
    model = mujoco.MjModel.from_xml_string(ROOM)
    model.hfield_data[:] = np.random.default_rng(0).random(100)
    return model


def placed(model):
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    return data


def shot(model):
    return thread.run(picture, model, placed(model), 0, 64, 48)


def alone(model):
    """The picture of a model from a canvas that shows nothing else."""

    def draw():
        canvas = Canvas(model, 64, 48)
        drawn = canvas.picture(model, placed(model), 0)
        canvas.free()
        return drawn

    shot(model)  # makes the GL context
    return thread.run(draw)


def noise(count, seed):
    return np.random.default_rng(seed).random(count)


CHANGES = {
    "a texture": lambda m: m.tex_data.__setitem__(slice(0, 9000), noise(9000, 1) * 255),
    "heights": lambda m: m.hfield_data.__setitem__(slice(None), noise(100, 2)),
    "the height field's size": lambda m: m.hfield_size.__setitem__((0, 2), 0.6),
    "a mesh": lambda m: m.mesh_vert.__imul__(1.5),
    "a light": lambda m: m.light_diffuse.__setitem__(0, (1.0, 0.2, 0.2)),
    "a size": lambda m: m.geom_size.__setitem__(4, 0.3),
    "a material": lambda m: m.geom_matid.__setitem__(0, 1),
    "the material of an endless plane": lambda m: m.geom_matid.__setitem__(1, 2),
    "how often a texture repeats": lambda m: m.mat_texrepeat.__setitem__(0, (7, 7)),
    "the size of a plane": lambda m: m.geom_size.__setitem__(0, (2, 2, 0.1)),
    "the extent": lambda m: setattr(m.stat, "extent", 2 * m.stat.extent),
    "the field of view": lambda m: m.cam_fovy.__setitem__(0, 70),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_models_that_differ_in_numbers_are_drawn_as_if_each_were_alone(change):
    plain, other = room(), room()
    change(other)
    first = shot(plain)
    assert not np.array_equal(shot(other), first)
    np.testing.assert_array_equal(shot(other), alone(other))
    np.testing.assert_array_equal(shot(plain), first)


def test_a_picture_does_not_depend_on_the_one_before():
    model, other = room(), room()
    other.cam_pos[0] = (-3.0, 0.7, 2.0)
    first = shot(model)
    np.testing.assert_array_equal(shot(model), first)
    shot(other)
    np.testing.assert_array_equal(shot(model), first)


def test_more_kinds_of_models_than_are_kept_are_drawn_all_the_same():
    def sized(size):
        model = room()
        model.geom_size[0] = (size, size, 0.1)
        return model

    models = [sized(size) for size in np.linspace(1, 4, 10)]
    first = [shot(model) for model in models]
    assert len({one.tobytes() for one in first}) == 10
    for model, expected in zip(models, first, strict=True):
        np.testing.assert_array_equal(shot(model), expected)


# What cannot be


def test_a_picture_of_one_colour_is_an_error_before_an_episode():
    upward = {"eye": CameraSpec(position=(0.0, 0.0, 2.0), pitch=-90.0)}
    plain = hopper.build().changed(lambda spec: spec.delete(spec.texture("sky")))
    with pytest.raises(EvolocoError, match=r"sensors\.seen: The first picture has one colour"):
        learned.episodes(watched(mounted(plain, upward), Brightness()))


def test_pictures_that_do_not_show_what_is_there_are_an_error():
    """GL draws nothing in a thread that its context is not current in, without an error."""
    model = room()
    data = placed(model)
    canvas = thread.run(lambda: (OffScreen(), Canvas(model, 64, 48)))[1]
    thread.run(canvas.check, model, data, 0)
    with pytest.raises(EvolocoError, match=r"camera 'eye' are wrong: \d+% of the pixels"):
        canvas.check(model, data, 0)


BLIND = """
import sys

sys.path.insert(0, sys.argv[1])
import test_learned as learned
import test_pictures as pictures

down = pictures.CameraSpec(position=(0.3, 0.0, 0.1), pitch=70.0)
body = pictures.mounted(pictures.hopper.build(), {"eye": down})
(episode,) = learned.episodes(learned.watched(body, learned.Distances(), "eye"))
print("rays", learned.felt(episode)["ground"][0])
try:
    learned.episodes(pictures.watched(body, pictures.Brightness()))
except pictures.EvolocoError as error:
    print(error)
"""


def process(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a script in a process of its own."""
    environment = {**os.environ, **variables}
    arguments = [sys.executable, "-c", script, str(Path(__file__).parent)]
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "variables",
    [
        {"MUJOCO_GL": "off"},
        {"MUJOCO_GL": "glfw", "DISPLAY": ""},
        {"MUJOCO_GL": "egl", "__EGL_VENDOR_LIBRARY_FILENAMES": "/nowhere/egl.json"},
    ],
    ids=["off", "a window without a display", "EGL without a driver"],
)
def test_without_gl_pictures_are_refused_in_one_sentence_and_rays_work(variables):
    told = process(BLIND, **variables).stdout.splitlines()
    assert told[0] == "rays 1.0"
    (refusal,) = told[1:]
    assert refusal.startswith("sensors.seen: This machine cannot draw off screen (")
    assert "apt install libegl1 libgl1-mesa-dri" in refusal
    assert ("MUJOCO_GL=egl, not" in refusal) == (variables["MUJOCO_GL"] != "egl")


@pytest.mark.slow
def test_a_process_with_pictures_ends_without_a_word():
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_pictures as t\n"
        "print(t.shot(t.room()).shape)"
    )
    ended = process(script)
    assert ended.stdout == "(48, 64, 3)\n"
    assert ended.stderr == ""


# Elsewhere

SOURCE = """
import numpy as np

from evoloco.perception.learned import Learned
from evoloco.perception.need import Picture
from evoloco.sensor import Sensor


class Brightness:
    needs, channels = Picture(16, 12), ("left", "right", "confidence", "age")

    def read(self, seen, previous):
        left, right = np.split(seen.picture / 255.0, 2, axis=1)
        return np.array([left.mean(), right.mean(), 1.0, 0.0])


def sensor(morphology, camera: str = ""):
    source = Learned(Brightness(), camera)
    return Sensor("seen", source.reader.channels, "1, 1, 1, s", "brightness", source)
"""


@pytest.fixture
def overrides(hop: Path) -> tuple[str, ...]:
    """What makes a run one whose controllers may read pictures."""
    file = hop.parent / "seen.py"
    file.write_text(SOURCE)
    return (
        "cameras.eye={position=[0.1, 0, 0.1], pitch=20}",
        f"sensors.seen={{source='{file}', camera='eye', interval=0.2}}",
        "scenario.duration=0.4",
    )


@pytest.fixture
def looking(hop: Path, overrides: tuple[str, ...]) -> Experiment:
    return Experiment(read(hop, overrides))


def test_a_run_file_adds_a_camera_and_tells_of_it(looking):
    assert looking.morphology.told[-1].startswith("Camera 'eye' is added to torso")
    assert looking.morphology.sensors[-1].channels[-2:] == ("confidence", "age")


def test_an_environment_observes_pictures_as_an_episode_does(hop, overrides):
    pytest.importorskip("stable_baselines3")
    from evoloco.rl.env import RunEnv

    env = RunEnv(str(hop), overrides)
    steps = [env.reset(seed=3)[0], *(env.step(np.zeros(2))[0] for _ in range(19))]
    left, right, confidence, age = np.array(steps).T[-4:]
    np.testing.assert_allclose(age, np.arange(20) % 10 * DT, atol=1e-6)
    np.testing.assert_array_equal(confidence, 1)
    for side in (left, right):
        assert len(set(side[:10])) == len(set(side[10:])) == 1
        assert side[0] != side[10]


def test_a_robot_and_compiled_rollouts_refuse_what_looks_in_one_sentence(looking, hop, overrides):
    genome = np.full(len(looking.space), 0.5)
    with pytest.raises(EvolocoError, match=r"cannot be read elsewhere: seen\. Leave"):
        Host(looking, genome)
    pytest.importorskip("stable_baselines3")
    from evoloco.rl.rollouts import Rollouts

    trained = Experiment(read(hop, [*overrides, "controller.name=policy"]))
    with pytest.raises(EvolocoError, match=r"sensors: seen is computed in Python"):
        Rollouts(trained, simulations=1, steps=1, worlds=1)


@pytest.mark.slow
def test_workers_of_ray_see_the_same_bytes(looking):
    ray = pytest.importorskip("ray")
    from evoloco.evaluators.ray import Ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        genomes = np.random.default_rng(0).random((6, len(looking.space.names)))
        scenarios = looking.scenarios(0)
        expected = Local(looking).evaluate(genomes, scenarios, 0.0)
        with Ray(looking, workers=2) as workers:
            found = workers.evaluate(genomes, scenarios, 0.0)
        np.testing.assert_array_equal(found.values, expected.values)
    finally:
        ray.shutdown()


def test_a_missing_engine_is_told_with_the_command_that_installs_it(body, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EvolocoError, match=r"sensors\.seen: .*'torch'.*evoloco\[sensors\]"):
        learned.episodes(watched(body, Network(), "torch"))


def test_a_copy_of_a_model_is_drawn_like_the_model():
    model = room()
    np.testing.assert_array_equal(shot(copy.copy(model)), shot(model))
