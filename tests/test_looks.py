"""Random looks of scenes, and the studio that draws them."""

import mujoco
import numpy as np
import pytest

from evoloco.perception import exposure, looks
from evoloco.perception.patterns import FAMILIES, X, hue, pattern, texture
from evoloco.perception.studio import NOTHING, Studio

WIDTH, HEIGHT = 40, 30


@pytest.fixture(autouse=True)
def drawing_is_on(without_video: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests draw, a few pictures each."""
    monkeypatch.delenv("MUJOCO_GL", raising=False)


def scene() -> mujoco.MjModel:
    """A floor, one sphere of a known place, one piece of clutter."""
    spec = looks.blank()
    looks.add_surface(spec, "floor", wraps=False, repeat=4)
    spec.worldbody.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=(5, 5, 0.1), material="floor"
    )
    looks.add_surface(spec, "ball")
    body = spec.worldbody.add_body(name="ball", mocap=True, pos=(2, 0, 0.5))
    body.add_geom(name="ball", type=mujoco.mjtGeom.mjGEOM_SPHERE, size=(0.3, 0, 0), material="ball")
    looks.add_clutter(spec, 1)
    spec.worldbody.add_camera(name="eye", fovy=60)
    return spec.compile()


def drawn(seed: int, example: int) -> np.ndarray:
    model = scene()
    data = mujoco.MjData(model)
    with Studio(model, WIDTH, HEIGHT) as studio:
        rng = looks.draws(seed, "train", example)
        studio.upload(looks.repaint(model, rng, ["floor", "ball", "clutter0"], held_out=False))
        looks.relight(model, rng, held_out=False)
        looks.scatter(model, data, rng, "clutter0", (1.5, 0.5), held_out=False)
        looks.aim(model, "eye", (0, 0, 0.5), 0, 0)
        studio.look(data, "eye")
        return studio.picture()


def test_an_example_is_drawn_again_byte_for_byte_and_another_one_differs() -> None:
    assert np.array_equal(drawn(1, 5), drawn(1, 5))
    assert not np.array_equal(drawn(1, 5), drawn(1, 6))
    assert not np.array_equal(drawn(1, 5), drawn(2, 5))


def test_splits_draw_from_streams_of_their_own() -> None:
    first = {split: looks.draws(0, split, 0).random() for split in ("train", "valid", "test")}
    assert len(set(first.values())) == 3


def test_no_pattern_of_a_test_is_one_of_training() -> None:
    assert not set(FAMILIES["train"]) & set(FAMILIES["test"])


@pytest.mark.parametrize("held_out", [False, True])
def test_patterns_stay_within_their_range_and_vary(held_out: bool) -> None:
    masks = [pattern(np.random.default_rng(seed), held_out) for seed in range(30)]
    assert all(mask.shape == X.shape and mask.min() >= 0 and mask.max() <= 1 for mask in masks)
    assert len({mask.tobytes() for mask in masks}) > 10


def test_hues_are_those_of_the_colour_circle() -> None:
    for turn, expected in (
        (0, (1, 0, 0)),
        (1 / 6, (1, 1, 0)),
        (1 / 3, (0, 1, 0)),
        (2 / 3, (0, 0, 1)),
    ):
        assert np.allclose(hue(turn, 1, 1), expected, atol=1e-12)
    assert np.allclose(hue(0.4, 0, 0.5), 0.5)


def test_a_pixel_names_the_geom_that_the_projection_puts_there() -> None:
    model = scene()
    data = mujoco.MjData(model)
    with Studio(model, WIDTH, HEIGHT) as studio:
        looks.aim(model, "eye", (0, 0, 0.5), 0, 0)
        studio.look(data, "eye")
        geoms = studio.geoms()

    ball, floor = model.geom("ball").id, model.geom("floor").id
    assert geoms[HEIGHT // 2, WIDTH // 2] == ball
    assert geoms[-1, 0] == floor
    assert geoms[0, 0] == NOTHING

    focal = HEIGHT / 2 / np.tan(np.radians(60) / 2)
    angle = np.arcsin(0.3 / 2)  # half the cone that the sphere fills
    expected = np.pi * (focal * np.tan(angle)) ** 2
    edge = 2 * np.pi * focal * np.tan(angle)  # a pixel on the edge may fall to either side
    assert abs((geoms == ball).sum() - expected) < edge / 2


def test_a_painted_surface_is_what_is_seen() -> None:
    model = scene()
    data = mujoco.MjData(model)
    model.vis.headlight.active = 1
    model.vis.headlight.ambient[:] = 1
    model.vis.headlight.diffuse[:] = model.vis.headlight.specular[:] = 0
    for light in range(model.nlight):
        model.light_active[light] = 0
    with Studio(model, WIDTH, HEIGHT) as studio:
        red = texture(
            np.zeros_like(X), np.array([1.0, 0, 0]), np.zeros(3), np.random.default_rng(0)
        )
        studio.upload([looks.paint(model, "ball", red)])
        looks.aim(model, "eye", (0, 0, 0.5), 0, 0)
        studio.look(data, "eye")
        middle = studio.picture()[HEIGHT // 2, WIDTH // 2].astype(int)
    assert middle[0] > 200 > 60 > middle[1:].max()


def test_the_camera_looks_along_its_yaw_and_pitch_and_rolls_to_the_right() -> None:
    model = scene()
    data = mujoco.MjData(model)
    yaw, pitch = 0.7, 0.3
    looks.aim(model, "eye", (1, 2, 3), yaw, pitch, 0.2)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_camlight(model, data)
    right, _, backward = data.cam_xmat[0].reshape(3, 3).T
    ahead = np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)
    assert np.allclose(-backward, ahead)
    assert right[2] == pytest.approx(-np.sin(0.2) * np.cos(pitch))


def test_clutter_is_never_a_sphere_and_stays_out_until_it_is_scattered() -> None:
    model = scene()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    geom = model.geom("clutter0").id
    assert data.geom_xpos[geom, 2] == looks.BELOW

    for held_out in (False, True):
        for seed in range(20):
            rng = np.random.default_rng(seed)
            looks.scatter(model, data, rng, "clutter0", (1, 0), held_out)
            assert model.geom_type[geom] != mujoco.mjtGeom.mjGEOM_SPHERE
            assert data.mocap_pos[model.body("clutter0").mocapid[0], 2] > 0


def test_blur_spreads_a_point_along_its_direction_and_keeps_its_sum() -> None:
    picture = np.zeros((15, 15, 3), np.uint8)
    picture[7, 7] = 200
    across = exposure.blurred(picture, 5, 0)
    assert np.flatnonzero(across[7, :, 0]).tolist() == [5, 6, 7, 8, 9]
    assert across.sum() == picture.sum()
    assert np.array_equal(exposure.blurred(picture, 5, np.pi / 2), across.transpose(1, 0, 2))
    assert np.array_equal(exposure.blurred(picture, 0, 1.0), picture)


def test_exposure_changes_colours_together_and_is_drawn_again() -> None:
    grey = np.full((10, 10, 3), 100, np.uint8)
    one, again = (exposure.exposed(grey, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, exposure.exposed(grey, np.random.default_rng(4)))
    assert one.std(axis=(0, 1)).max() < 2 * exposure.NOISE
