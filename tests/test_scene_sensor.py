"""The sensor `scene` on a body: its channels, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest

from evoloco.cameras import mounted
from evoloco.errors import EvolocoError
from evoloco.morphologies import hopper
from evoloco.morphology import Morphology
from evoloco.perception import weights as files
from evoloco.perception.gather import at_home
from evoloco.perception.scene.lesson import SceneLesson
from evoloco.sensors import scene
from evoloco.spec import CameraSpec


@pytest.fixture(autouse=True)
def drawing_is_on(without_video: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUJOCO_GL", raising=False)


@pytest.fixture
def body() -> Morphology:
    """A hopper with a camera that looks ahead and a little down."""
    return mounted(hopper.build(), {"eye": CameraSpec(position=(0.1, 0.0, 0.0), pitch=20)})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Weights of a network that has learned nothing."""
    arrays = {name: one.numpy() for name, one in SceneLesson().network().state_dict().items()}
    files.write(tmp_path / "random.safetensors", arrays, "scene", "", SceneLesson.layout)
    return tmp_path / "random.safetensors"


def test_all_channels_are_read_within_their_ranges(body: Morphology, file: Path) -> None:
    sensor = scene.sensor(body, "eye", str(file))
    assert len(sensor.channels) == len(sensor.unit.split(", ")) == 6 + 3 * 6 + 5 + 2
    source = sensor.computed
    assert source is not None
    source.check(body)  # type: ignore[attr-defined]

    moment = at_home(body.model, len(sensor.channels), 1)
    read = dict(zip(sensor.channels, source.read(moment), strict=True))
    assert source.read(moment).tobytes() == np.array(list(read.values())).tobytes()
    ahead = sum(value for name, value in read.items() if name.endswith("ahead"))
    assert ahead == pytest.approx(1) or ahead == 0
    for name, value in read.items():
        if name.startswith("free"):
            assert 0.1 < value <= 2.5
        elif name.startswith("box") and not name.endswith("shape"):
            assert 0 <= value <= 1
    assert 0 < read["confidence"] <= 1


def test_weights_of_another_sensor_or_layout_are_refused_in_one_sentence(
    body: Morphology, tmp_path: Path
) -> None:
    arrays = {name: one.numpy() for name, one in SceneLesson().network().state_dict().items()}
    files.write(tmp_path / "ball.safetensors", arrays, "ball", "")
    with pytest.raises(EvolocoError, match="weights of the sensor 'ball', not of 'scene'"):
        _check(body, tmp_path / "ball.safetensors")

    files.write(tmp_path / "other.safetensors", arrays, "scene", "", {"picture": (96, 96)})
    with pytest.raises(EvolocoError, match=r"another layout.*96.*80"):
        _check(body, tmp_path / "other.safetensors")


def test_a_body_without_a_camera_is_refused_before_any_episode(file: Path) -> None:
    with pytest.raises(EvolocoError, match="camera"):
        _check(hopper.build(), file, camera="")


def test_the_bundled_weights_fit_the_network(body: Morphology) -> None:
    _check(body, "")


def _check(body: Morphology, file: Path | str, camera: str = "eye") -> None:
    """What a run does before its first episode."""
    source = scene.sensor(body, camera, str(file)).computed
    assert source is not None
    source.check(body)  # type: ignore[attr-defined]
