"""The known object, its surface, and random views of it."""

import mujoco
import numpy as np
import pytest

from evoloco.perception import looks
from evoloco.perception.object_pose.scene import (
    BLOCKS,
    CAMERA,
    KEYPOINTS,
    OBJECT,
    REACH,
    View,
    Views,
    object_points,
    object_surface,
)
from evoloco.perception.pose import Pose
from evoloco.perception.slip.surface import scanned


@pytest.fixture(autouse=True)
def drawing_is_on(without_video: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests draw, a few pictures each."""
    monkeypatch.delenv("MUJOCO_GL", raising=False)


def depth(points: np.ndarray) -> np.ndarray:
    """Signed distance of points from the object's blocks, negative inside [m] (n,)."""
    inside = [(np.abs(points - block.middle) - block.half).max(1) for block in BLOCKS.values()]
    return np.min(inside, axis=0)


def test_a_scanned_surface_lies_on_the_blocks_and_its_normals_point_outward() -> None:
    surface = object_surface()
    assert np.abs(depth(surface.points)).max() < 1e-9
    assert np.linalg.norm(surface.normals, axis=1) == pytest.approx(1)

    outward = surface.points + 1e-4 * surface.normals
    assert (depth(outward) > 0).mean() > 0.99  # but for points in the edge of two blocks


def test_a_scanned_surface_leaves_no_gap() -> None:
    surface = object_surface()
    rng = np.random.default_rng(0)
    for block in BLOCKS.values():
        face = np.array([block.half] * 100) * rng.uniform(-1, 1, (100, 3))
        face[:, 2] = block.half[2]
        outer = (face + block.middle)[depth(face + block.middle + [0, 0, 1e-3]) > 0]
        assert surface.closest(outer)[2].max() < 0.005


def test_a_scanned_sphere_is_a_sphere_wherever_its_body_is() -> None:
    spec = mujoco.MjSpec()
    body = spec.worldbody.add_body(name="ball", pos=(1, 2, 3), quat=(0.6, 0.8, 0, 0))
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=(0.1, 0, 0))
    surface = scanned(spec.compile(), "ball", 0.02)
    assert surface.points == pytest.approx(0.1 * surface.normals)
    assert np.linalg.norm(surface.points, axis=1) == pytest.approx(0.1)


def test_keypoints_are_corners_of_blocks_and_not_symmetric() -> None:
    corners = object_points()
    for point in KEYPOINTS:
        assert np.abs(corners - point).max(1).min() < 1e-12
    spread = np.linalg.eigvalsh(np.cov(corners.T))
    assert np.diff(spread).min() > 1e-4  # no two principal axes are alike


SHIFTS = [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)]  # by one pixel


def draw(split: str, seed: int = 0, count: int = 3) -> list[View]:
    with Views() as views:
        return list(views.several(count, split, seed))


def test_a_view_is_drawn_again_byte_for_byte_whatever_comes_before() -> None:
    with Views() as views:
        alone = views.one(looks.draws(0, "test", 2), "test")
    last = draw("test")[2]
    assert np.array_equal(alone.picture, last.picture)
    assert np.array_equal(alone.distances, last.distances)
    assert np.array_equal(alone.pose.rotation, last.pose.rotation)


@pytest.mark.parametrize("split", ["train", "test"])
def test_rays_and_pixels_show_the_object_at_the_same_places(split: str) -> None:
    with Views() as views:
        for example in range(3):
            view = views.one(looks.draws(1, split, example), split)
            views._studio.look(views.data, "eye")
            geoms = views._studio.geoms()
            drawn = (geoms >= 0) & (views.model.geom_bodyid[geoms] == views.model.body(OBJECT).id)
            off = {shift: (np.roll(drawn, shift, (0, 1)) ^ view.mask).sum() for shift in SHIFTS}
            assert min(off, key=off.__getitem__) == (0, 0)
            assert off[0, 0] <= 0.15 * view.mask.sum()  # pixels on the edge


def test_the_true_pose_puts_the_surface_onto_the_measured_points() -> None:
    surface = object_surface()
    for view in draw("train", seed=2):
        measured = view.distances[view.mask, None] * CAMERA.rays()[view.mask]
        off = surface.closest(view.pose.inverse()(measured))[2]
        assert np.sqrt((off**2).mean()) < 0.004  # the noise, and the spacing of the surface
        assert (view.distances < REACH + 0.02).all()


def test_a_turned_pose_does_not() -> None:
    surface, view = object_surface(), draw("train", seed=2, count=1)[0]
    measured = view.distances[view.mask, None] * CAMERA.rays()[view.mask]
    turned = Pose(view.pose.rotation[:, [1, 2, 0]], view.pose.translation)
    assert surface.closest(turned.inverse()(measured))[2].mean() > 0.008


def test_clutter_hides_a_fifth_to_a_half_of_an_occluded_object() -> None:
    for view in draw("occluded"):
        assert 0.5 <= view.visible <= 0.8
    for view in draw("test"):
        assert view.visible >= 0.8
