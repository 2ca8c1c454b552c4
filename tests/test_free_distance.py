import numpy as np
import pytest

from evoloco.perception.free_distance import View, free_distances

WIDTH, HEIGHT = 160, 128
DISTANCES = np.arange(0.1, 3.0, 0.01)


def looking(pitch: float, roll: float = 0.0, yaw: float = 0.0, height: float = 0.4) -> View:
    """A camera at (1, 2) that looks down by `pitch` [rad]."""
    ahead = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
    level = np.array([np.sin(yaw), -np.cos(yaw), 0])
    upward = np.cross(level, ahead)
    right = np.cos(roll) * level + np.sin(roll) * upward
    axes = np.stack([right, np.cross(-ahead, right), -ahead], 1)
    return View(np.array([1.0, 2.0, height]), axes, 60.0)


def floor_until(view: View, edge: float) -> np.ndarray:
    """Pixels that show ground nearer than `edge` [m] along the heading, by casting their rays."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    focal = HEIGHT / 2 / np.tan(np.radians(view.field_of_view) / 2)
    rays = np.stack(
        [(columns - WIDTH / 2) / focal, (HEIGHT / 2 - rows) / focal, -np.ones_like(rows)], -1
    )
    rays = rays @ view.axes.T
    downward = -rays[..., 2]
    reach = view.position[2] / np.where(downward > 0, downward, np.nan)
    heading = np.array([np.cos(view.heading), np.sin(view.heading)])
    return reach * (rays[..., :2] @ heading) < edge


@pytest.mark.parametrize("yaw", [0.0, 2.5])
@pytest.mark.parametrize("roll", [0.0, 0.15])
@pytest.mark.parametrize("pitch", [0.2, 0.5])
def test_a_wall_across_the_way_is_found_at_its_distance(
    pitch: float, roll: float, yaw: float
) -> None:
    view = looking(pitch, roll, yaw)
    directions = np.radians([-20.0, -10, 0, 10, 20])
    found = free_distances(floor_until(view, 1.2), view, directions, DISTANCES)
    assert found == pytest.approx(1.2 / np.cos(directions), rel=0.03)  # a pixel spans 2 cm there


def test_an_obstacle_on_the_left_blocks_the_directions_on_the_left() -> None:
    view = looking(0.4)
    is_floor = floor_until(view, 9.0)
    is_floor[:, : WIDTH // 2 - 8] = False
    left, right = free_distances(is_floor, view, np.radians([15.0, -15.0]), DISTANCES)
    assert left < 0.7
    assert right == DISTANCES[-1]


def test_one_wrong_pixel_does_not_end_the_free_distance() -> None:
    view, ahead = looking(0.4), np.zeros(1)
    coarse = np.arange(0.1, 3.0, 0.1)
    is_floor = floor_until(view, 9.0)
    column, row = (int(one) for one in view.pixels(np.array([1.8, 2.0, 0.0]), WIDTH, HEIGHT))
    is_floor[row, column] = False
    assert free_distances(is_floor, view, ahead, coarse) == coarse[-1]


def test_points_behind_the_camera_appear_nowhere() -> None:
    column, _ = looking(0.0).pixels(np.array([[0.0, 2, 0.4], [2.0, 2, 0.4]]), WIDTH, HEIGHT)
    assert np.isnan(column[0])
    assert column[1] == WIDTH / 2
