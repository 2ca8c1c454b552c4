"""The sensor `object_pose` on a body with a camera."""

import re
from pathlib import Path
from xml.etree import ElementTree

import mujoco
import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from evoloco.cameras import mounted
from evoloco.errors import EvolocoError
from evoloco.morphologies import hopper
from evoloco.morphology import HOME, Morphology
from evoloco.perception import weights
from evoloco.perception.gather import at_home
from evoloco.perception.object_pose.network import Direct
from evoloco.perception.object_pose.pose_error import add, diameter
from evoloco.perception.object_pose.scene import BLOCKS, object_points
from evoloco.perception.pose import Pose, unflat
from evoloco.sensors import object_pose
from evoloco.spec import CameraSpec

PAGE = Path(__file__).parents[1] / "docs" / "perception.md"
AHEAD = 0.6


@pytest.fixture(autouse=True)
def drawing_is_on(without_video: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests draw, a few pictures each."""
    monkeypatch.delenv("MUJOCO_GL", raising=False)


def toy_of_the_page() -> ElementTree.Element:
    """The object's body as the documentation shows it."""
    found = re.search(r"```xml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    body = ElementTree.fromstring(found[1]).find(".//body")
    assert body is not None
    return body


def numbers(geom: ElementTree.Element, key: str) -> tuple[float, ...]:
    return tuple(float(number) for number in geom.attrib[key].split())


def watching(field_of_view: float = 50.0) -> Morphology:
    """A hopper with a camera on its torso that looks ahead and down."""
    camera = {"position": (0.1, 0.0, 0.0), "pitch": 20.0, "field_of_view": field_of_view}
    return mounted(hopper.build(), {"eye": CameraSpec.model_validate(camera)})


def with_toy(body: Morphology, turn: Rotation) -> Morphology:
    """The body with the toy in the middle of what its camera sees at home."""
    data = at_home_data(body.model)
    eye = data.camera("eye")
    position = eye.xpos - AHEAD * eye.xmat.reshape(3, 3)[:, 2]

    def add_toy(spec: mujoco.MjSpec) -> None:
        toy = spec.worldbody.add_body(
            name="toy", pos=position, quat=turn.as_quat(scalar_first=True)
        )
        for geom in toy_of_the_page().iter("geom"):
            shape = {key: numbers(geom, key) for key in ("pos", "size", "rgba")}
            kind = mujoco.mjtGeom.mjGEOM_BOX
            toy.add_geom(type=kind, contype=0, conaffinity=0, **shape)

    return body.changed(add_toy)


def at_home_data(model: mujoco.MjModel) -> mujoco.MjData:
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_forward(model, data)
    return data


def test_the_page_shows_the_object_that_the_sensor_knows() -> None:
    geoms = toy_of_the_page().findall("geom")
    assert len(geoms) == len(BLOCKS)
    for geom, block in zip(geoms, BLOCKS.values(), strict=True):
        assert numbers(geom, "pos") == pytest.approx(block.middle)
        assert numbers(geom, "size") == pytest.approx(block.half)


def test_the_sensor_finds_the_toy_in_the_torso_frame_of_a_body() -> None:
    """In a world that it was not trained on; most of five random rotations."""
    rng = np.random.default_rng(0)
    points, errors = object_points(), []
    for _ in range(5):
        body = with_toy(watching(), Rotation.random(rng=rng))
        source = object_pose.sensor(body).computed
        assert source is not None
        source.check(body)
        reading = source.read(at_home(body.model, 9, 1))

        data = at_home_data(body.model)
        torso, toy = data.body(body.torso_frame), data.body("toy")
        frame = Pose(torso.xmat.reshape(3, 3), torso.xpos)
        true = frame.inverse() @ Pose(toy.xmat.reshape(3, 3), toy.xpos)
        errors.append(add(unflat(reading[:7]), true, points) / diameter(points))
        assert 0 < reading[7] <= 1
    assert np.median(errors) < 0.1


def test_a_reading_does_not_depend_on_the_one_before() -> None:
    first, second = (
        with_toy(watching(), Rotation.from_rotvec([0.3, turn, 0.2])) for turn in (0, 2)
    )
    alone = object_pose.sensor(first).computed
    after = object_pose.sensor(first).computed
    assert alone is not None
    assert after is not None
    after.read(at_home(second.model, 9, 1))
    moment = at_home(first.model, 9, 1)
    assert np.array_equal(alone.read(moment), after.read(moment))


def test_a_camera_of_another_field_of_view_is_refused_before_any_episode() -> None:
    body = watching(70.0)
    with pytest.raises(EvolocoError, match=r"'object_pose' needs .* 50°.* not 70°"):
        object_pose.sensor(body).computed.check(body)


def test_a_body_without_a_camera_is_refused() -> None:
    body = hopper.build()
    with pytest.raises(EvolocoError, match="camera"):
        object_pose.sensor(body).computed.check(body)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    arrays = {name: one.numpy() for name, one in Direct().state_dict().items()}
    file = tmp_path / "direct.safetensors"
    weights.write(file, arrays, "object_pose", "")
    body = watching()
    with pytest.raises(EvolocoError, match="layout"):
        object_pose.sensor(body, weights=str(file)).computed.check(body)
