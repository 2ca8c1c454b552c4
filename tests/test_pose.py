"""Poses from pictures and from measured points, against cases with a known answer."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from evoloco.fields import Array
from evoloco.perception.object_pose import pnp
from evoloco.perception.object_pose.icp import Surface, icp
from evoloco.perception.object_pose.pose_error import add, add_symmetric, diameter
from evoloco.perception.pinhole import Pinhole
from evoloco.perception.pose import Pose, angle, from_quaternion, kabsch, step
from evoloco.perception.track import Track, Uncertainty

EXACT = 1e-9  # rounding of a few hundred operations in double precision


def random_pose(rng: np.random.Generator, ahead: float = 1.0) -> Pose:
    rotation = Rotation.random(rng=rng).as_matrix()
    return Pose(rotation, np.array([*rng.uniform(-0.2, 0.2, 2), ahead]))


def corners() -> Array:
    """Corners of a box without symmetric sides [m]."""
    signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, 8).T
    return signs * [0.05, 0.08, 0.11]


def box(step_size: float = 0.004) -> Surface:
    """Surface of the same box as points on a grid, with normals."""
    points, normals = [], []
    half = np.array([0.05, 0.08, 0.11])
    for axis in range(3):
        others = [i for i in range(3) if i != axis]
        grid = np.meshgrid(*(np.arange(-half[i], half[i] + 1e-9, step_size) for i in others))
        for side in (-1, 1):
            face = np.zeros((grid[0].size, 3))
            face[:, axis] = side * half[axis]
            face[:, others] = np.stack([part.ravel() for part in grid], 1)
            points.append(face)
            normals.append(np.tile(side * np.eye(3)[axis], (len(face), 1)))
    return Surface(np.concatenate(points), np.concatenate(normals))


def facing(pose: Pose, surface: Surface) -> Array:
    """The surface's points that face a camera in the origin, in its frame."""
    placed = pose(surface.points)
    towards = (placed * (surface.normals @ pose.rotation.T)).sum(1) < 0
    return placed[towards]


def test_poses_form_a_group() -> None:
    rng = np.random.default_rng(0)
    a, b = random_pose(rng), random_pose(rng)
    points = rng.normal(size=(5, 3))
    assert (a @ b)(points) == pytest.approx(a(b(points)), abs=EXACT)
    assert (a @ a.inverse())(points) == pytest.approx(points, abs=EXACT)


def test_a_quaternion_and_its_opposite_are_one_pose() -> None:
    pose = random_pose(np.random.default_rng(1))
    quaternion = pose.quaternion()
    assert quaternion[0] >= 0
    for sign in (1, -1):
        again = from_quaternion(sign * quaternion, pose.translation)
        assert again.rotation == pytest.approx(pose.rotation, abs=EXACT)


def test_the_angle_of_a_step_is_the_length_of_its_rotation_vector() -> None:
    pose = random_pose(np.random.default_rng(2))
    turned = pose @ step(np.array([0.1, 0.2, 0.2, 1, 2, 3]))
    assert angle(pose, turned) == pytest.approx(0.3, abs=EXACT)


def test_kabsch_finds_the_pose_of_exact_points_also_of_a_flat_body() -> None:
    rng = np.random.default_rng(3)
    for shape in ([1, 1, 1], [1, 1, 0]):
        points, pose = rng.normal(size=(6, 3)) * shape, random_pose(rng)
        found = kabsch(points, pose(points))
        assert found.rotation == pytest.approx(pose.rotation, abs=EXACT)
        assert found.translation == pytest.approx(pose.translation, abs=EXACT)


def test_kabsch_gives_a_rotation_where_a_reflection_would_fit_better() -> None:
    points = np.random.default_rng(4).normal(size=(6, 3))
    found = kabsch(points, points * [1, 1, -1])
    assert np.linalg.det(found.rotation) == pytest.approx(1, abs=EXACT)


def test_kabsch_of_a_stack_is_kabsch_of_each() -> None:
    rng = np.random.default_rng(5)
    p, q = rng.normal(size=(2, 4, 3, 3))
    stack = kabsch(p, q)
    for i in range(4):
        assert stack[i].rotation == pytest.approx(kabsch(p[i], q[i]).rotation, abs=EXACT)


def test_add_by_hand() -> None:
    points = np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    still = Pose(np.eye(3), np.zeros(3))
    shifted = Pose(np.eye(3), np.array([0, 0.3, 0.4]))
    half_turn = Pose(np.diag([-1.0, -1.0, 1.0]), np.zeros(3))

    assert add(shifted, still, points) == pytest.approx(0.5)
    assert add(half_turn, still, points) == pytest.approx(2)
    assert add_symmetric(half_turn, still, points) == pytest.approx(0)
    assert diameter(points) == pytest.approx(2)


def test_a_pinhole_sees_along_its_rays() -> None:
    camera = Pinhole(8, 6, 50.0)
    rays = camera.rays()
    v, u = np.mgrid[:6, :8]
    assert camera.pixels(3 * rays) == pytest.approx(np.stack([u, v], -1), abs=EXACT)
    steepest = np.degrees(np.arctan(3 / camera.focal_length))
    assert steepest == pytest.approx(25)


def test_three_points_have_the_true_pose_among_their_solutions() -> None:
    rng = np.random.default_rng(6)
    for _ in range(50):
        points, pose = rng.normal(0, 0.1, (3, 3)), random_pose(rng)
        placed = pose(points)
        rays = placed / np.linalg.norm(placed, axis=1, keepdims=True)
        found = pnp.p3p(points[None], rays[None])

        off = np.abs(found.rotation - pose.rotation).max((1, 2))
        assert 1 <= len(off) <= 4
        assert off.min() < 1e-4  # a double root loses half of the digits


def test_perspective_n_point_is_exact_on_exact_points() -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        pose = random_pose(rng)
        placed = pose(corners())
        found = pnp.solve(corners(), placed[:, :2] / placed[:, 2:], np.ones(8), 1e-3)
        assert found is not None
        assert found.inliers.all()
        assert add(found.pose, pose, corners()) < 1e-7  # the least step of Levenberg-Marquardt


def test_perspective_n_point_leaves_false_points_out() -> None:
    rng = np.random.default_rng(8)
    for _ in range(20):
        pose = random_pose(rng)
        placed = pose(corners())
        seen = placed[:, :2] / placed[:, 2:]
        seen[:3] += rng.choice([-1, 1], (3, 2)) * rng.uniform(0.05, 0.3, (3, 2))
        found = pnp.solve(corners(), seen, np.ones(8), 1e-3)
        assert found is not None
        assert found.inliers.tolist() == [False] * 3 + [True] * 5
        assert add(found.pose, pose, corners()) < 1e-6


def test_refining_lowers_the_reprojection_error_of_noisy_points() -> None:
    rng = np.random.default_rng(9)
    pose = random_pose(rng)
    placed = pose(corners())
    seen = placed[:, :2] / placed[:, 2:] + rng.normal(0, 0.005, (8, 2))
    refined = pnp.refine(pose, corners(), seen, np.ones(8))

    def error(pose: Pose) -> float:
        return float((pnp.reprojection(pose, corners(), seen) ** 2).sum())

    assert error(refined) < error(pose)
    for vector in 1e-3 * np.concatenate([np.eye(6), -np.eye(6)]):
        assert error(pnp.moved(refined, vector)) > error(refined)


def test_hypotheses_of_points_of_two_poses_hold_both() -> None:
    rng = np.random.default_rng(15)
    poses = random_pose(rng), random_pose(rng)
    placed = np.concatenate([poses[0](corners()[:4]), poses[1](corners()[4:])])
    found = pnp.hypotheses(corners(), placed[:, :2] / placed[:, 2:], np.ones(8), 1e-3, 30, 0.1)

    assert found is not None
    for pose in poses:  # each explains four points, any other one three
        assert min(add(found[i], pose, corners()) for i in (0, 1)) < 1e-4
    turns = [angle(found[i], found[j]) for i in range(len(found.rotation)) for j in range(i)]
    assert min(turns) > 0.1


def test_three_points_alone_give_no_pose() -> None:
    weight = np.array([1, 1, 1, 0, 0, 0, 0, 0.0])
    placed = random_pose(np.random.default_rng(10))(corners())
    assert pnp.solve(corners(), placed[:, :2] / placed[:, 2:], weight, 1.0) is None


def test_iterative_closest_point_finds_a_known_offset() -> None:
    rng = np.random.default_rng(11)
    surface = box()
    for _ in range(5):
        pose = random_pose(rng)
        off = np.concatenate([rng.normal(0, 0.1, 3), rng.normal(0, 0.01, 3)])
        found = icp(pose @ step(off), surface, facing(pose, surface), (0.05, 0.005), 40)
        assert add(found.pose, pose, surface.points) < 1e-3  # a fifth of the grid
        assert found.matched > 0.99


def test_iterative_closest_point_bears_points_of_a_floor() -> None:
    rng = np.random.default_rng(12)
    surface = box()
    turn = Rotation.from_euler("xyz", [200, 20, 30], degrees=True).as_matrix()
    pose = Pose(turn, np.array([0, 0, 1.0]))
    lowest = pose(surface.points)[:, 1].max()
    floor = np.stack([rng.uniform(-1, 1, 500), np.full(500, lowest), rng.uniform(0.5, 2, 500)], 1)

    measured = np.concatenate([facing(pose, surface), floor])
    start = pose @ step(np.array([0.1, -0.1, 0.1, 0.01, 0.01, -0.01]))
    found = icp(start, surface, measured, (0.05, 0.005), 40)
    assert add(found.pose, pose, surface.points) < 2e-3


def test_a_surface_far_from_all_points_stays_where_it_is() -> None:
    pose = random_pose(np.random.default_rng(13))
    found = icp(pose, box(), np.full((10, 3), 9.0), (0.05, 0.005))
    assert found.pose.rotation == pytest.approx(pose.rotation)
    assert found.matched == 0


QUIET = Uncertainty(0.01, 0.02, 0.01, 0.01, 1.0, 1.0)


def spinning(time: float) -> Pose:
    turn = Rotation.from_rotvec(np.array([0.3, -0.2, 0.5]) * time).as_matrix()
    return Pose(turn, np.array([0.2, -0.1, 0.3]) * time + [0, 0, 1])


def test_a_track_of_exact_poses_finds_velocity_and_turning_rate() -> None:
    track = Track(spinning(0), QUIET)
    for k in range(1, 60):
        track.predict(0.1)
        assert track.correct(spinning(0.1 * k))
    assert track.velocity == pytest.approx([0.2, -0.1, 0.3], abs=1e-3)
    assert track.rate == pytest.approx([0.3, -0.2, 0.5], abs=1e-3)

    track.predict(1.0)
    assert add(track.pose, spinning(6.9), corners()) < 3e-3


def test_a_track_is_less_noisy_than_what_it_is_given() -> None:
    rng = np.random.default_rng(14)
    track = Track(spinning(0), QUIET)
    raw, filtered = [], []
    for k in range(1, 80):
        true = spinning(0.1 * k)
        noise = np.concatenate([rng.normal(0, 0.02, 3), rng.normal(0, 0.01, 3)])
        measured = pnp.moved(true, noise)
        track.predict(0.1)
        track.correct(measured)
        raw.append(add(measured, true, corners()))
        filtered.append(add(track.pose, true, corners()))
    assert np.median(filtered[20:]) < 0.7 * np.median(raw[20:])


def test_a_track_refuses_a_leap_and_takes_it_after_a_long_gap() -> None:
    track = Track(spinning(0), QUIET)
    for k in range(1, 30):
        track.predict(0.1)
        track.correct(spinning(0.1 * k))
    leap_aside = np.array([0.3, 0, 0])
    leap = Pose(spinning(3).rotation, spinning(3).translation + leap_aside)

    track.predict(0.1)
    assert not track.correct(leap)
    track.predict(5.0)
    assert track.correct(Pose(track.pose.rotation, track.pose.translation + leap_aside))


def test_the_covariance_of_a_track_is_that_of_the_full_kalman_filter() -> None:
    track = Track(spinning(0), QUIET)
    P = np.diag([QUIET.position**2] * 3 + [QUIET.velocity**2] * 3)
    x = np.concatenate([spinning(0).translation, np.zeros(3)])
    F, H = np.eye(6), np.eye(3, 6)
    F[:3, 3:] = 0.1 * np.eye(3)
    Q = np.kron([[0.1**3 / 3, 0.1**2 / 2], [0.1**2 / 2, 0.1]], QUIET.acceleration * np.eye(3))

    for k in range(1, 6):
        x, P = F @ x, F @ P @ F.T + Q
        K = P @ H.T @ np.linalg.inv(H @ P @ H.T + QUIET.position**2 * np.eye(3))
        x, P = x + K @ (spinning(0.1 * k).translation - H @ x), (np.eye(6) - K @ H) @ P
        track.predict(0.1)
        track.correct(spinning(0.1 * k))
        assert np.concatenate([track.pose.translation, track.velocity]) == pytest.approx(x)
