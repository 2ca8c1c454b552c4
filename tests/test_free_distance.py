import numpy as np
import pytest

from evoloco.perception.need import Eye
from evoloco.perception.pinhole import FROM_MUJOCO, Pinhole
from evoloco.perception.scene.free_distance import free_distances, heading

WIDTH, HEIGHT = 160, 128
DISTANCES = np.arange(0.1, 3.0, 0.01)


def looking(pitch: float, roll: float = 0.0, yaw: float = 0.0, height: float = 0.4) -> Eye:
    """A camera at (1, 2) that looks down by `pitch` [rad]."""
    ahead = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
    level = np.array([np.sin(yaw), -np.cos(yaw), 0])
    upward = np.cross(level, ahead)
    right = np.cos(roll) * level + np.sin(roll) * upward
    axes = np.stack([right, np.cross(-ahead, right), -ahead], 1)
    return Eye(np.array([1.0, 2.0, height]), axes, 60.0)


def floor_until(eye: Eye, edge: float) -> np.ndarray:
    """Pixels that show ground nearer than `edge` [m] along the heading, by casting their rays."""
    rays = Pinhole(WIDTH, HEIGHT, eye.field_of_view).rays() @ FROM_MUJOCO @ eye.rotation.T
    downward = -rays[..., 2]
    reach = eye.position[2] / np.where(downward > 0, downward, np.nan)
    forward = np.array([np.cos(heading(eye)), np.sin(heading(eye))])
    return reach * (rays[..., :2] @ forward) < edge


@pytest.mark.parametrize("yaw", [0.0, 2.5])
@pytest.mark.parametrize("roll", [0.0, 0.15])
@pytest.mark.parametrize("pitch", [0.2, 0.5])
def test_a_wall_across_the_way_is_found_at_its_distance(
    pitch: float, roll: float, yaw: float
) -> None:
    eye = looking(pitch, roll, yaw)
    directions = np.radians([-20.0, -10, 0, 10, 20])
    found = free_distances(floor_until(eye, 1.2), eye, directions, DISTANCES)
    assert found == pytest.approx(1.2 / np.cos(directions), rel=0.03)  # a pixel spans 2 cm there


def test_an_obstacle_on_the_left_blocks_the_directions_on_the_left() -> None:
    eye = looking(0.4)
    is_floor = floor_until(eye, 9.0)
    is_floor[:, : WIDTH // 2 - 8] = False
    left, right = free_distances(is_floor, eye, np.radians([15.0, -15.0]), DISTANCES)
    assert left < 0.7
    assert right == DISTANCES[-1]


def test_one_wrong_pixel_does_not_end_the_free_distance() -> None:
    eye, ahead = looking(0.4), np.zeros(1)
    coarse = np.arange(0.1, 3.0, 0.1)
    is_floor = floor_until(eye, 9.0)
    ahead_of_it = (np.array([1.8, 2.0, 0.0]) - eye.position) @ eye.rotation @ FROM_MUJOCO
    column, row = Pinhole(WIDTH, HEIGHT, eye.field_of_view).pixels(ahead_of_it).round().astype(int)
    is_floor[row, column] = False
    assert free_distances(is_floor, eye, ahead, coarse) == coarse[-1]


def test_what_is_behind_the_camera_is_not_in_the_picture() -> None:
    nowhere = np.zeros((HEIGHT, WIDTH), bool)
    upward = looking(-0.7)  # sees no ground at all
    assert free_distances(nowhere, upward, np.array([0.0, np.pi]), DISTANCES) == pytest.approx(2.99)
