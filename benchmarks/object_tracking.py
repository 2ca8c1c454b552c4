"""Whether the known object is followed while something hides it, with and without a filter.

    python benchmarks/object_tracking.py [--weights FILE ...] [--episodes 8]

In each episode of 4 s the object turns and flies past the camera, which takes 10 pictures a second
in looks that no network was trained on. In 12 of the 40 pictures (30 %) a board hides it. Without a
filter the last detection is held. With one, a constant-velocity Kalman filter goes on at the
velocity that it has found, and refuses poses that are too far off. A track is lost while its ADD is
above half the object's diameter.
"""

import argparse
from pathlib import Path

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from evoloco.perception import looks, weights
from evoloco.perception.object_pose.estimate import estimate
from evoloco.perception.object_pose.network import HeatMaps, seen_maps
from evoloco.perception.object_pose.pose_error import add, diameter
from evoloco.perception.object_pose.scene import (
    CAMERA,
    OBJECT,
    View,
    Views,
    object_points,
    object_surface,
)
from evoloco.perception.patterns import Rng
from evoloco.perception.pose import Pose
from evoloco.perception.track import Track, Uncertainty
from evoloco.text_table import aligned

FRAMES, PERIOD = 40, 0.1
HIDDEN, SETTLED = range(16, 28), 10
DISTANCE, PITCH = 0.75, np.radians(30)
"""Of the camera from the middle of the path [m], and below the horizon [rad]."""

SPEED, RATE = (0.1, 0.17), (0.5, 1.5)
"""Of the object [m/s], [rad/s]."""

LOST = 0.5
CERTAIN = 0.25
"""Least confidence of a detection."""

PATIENCE = 5
"""A track begins anew after this many refused detections in a row."""

UNCERTAINTY = Uncertainty(
    position=0.005, orientation=0.05, acceleration=0.05, turning=0.5, velocity=0.3, rate=1.5
)


def episode(views: Views, rng: Rng) -> list[View]:
    """Pictures of an object that flies past, hidden in HIDDEN."""
    views.dress(rng, held_out=True)
    views.arrange(rng, held_out=True, hidden=False)
    middle, around = np.array([0, 0, 0.2]), rng.uniform(-np.pi, np.pi)
    ahead = np.array([np.cos(around), np.sin(around), 0])
    right = np.array([np.sin(around), -np.cos(around), 0])
    eye = middle - DISTANCE * (np.cos(PITCH) * ahead - np.sin(PITCH) * np.array([0, 0, 1]))
    looks.aim(views.model, "eye", eye, around, PITCH)

    speed = rng.choice([-1, 1]) * rng.uniform(*SPEED)
    axis, first = rng.normal(size=3), Rotation.random(rng=rng)
    axis *= rng.uniform(*RATE) / np.linalg.norm(axis)
    bend, phase = rng.normal(0, 0.01, 3), rng.uniform(0, 2 * np.pi)

    shots = []
    for frame in range(FRAMES):
        time = PERIOD * frame
        sway = np.sin(1.5 * time + phase)
        position = middle + speed * (time - 2) * right + bend * sway
        turn = Rotation.from_rotvec(axis * (time + 0.15 * sway)) * first
        quaternion = turn.as_quat(scalar_first=True)
        looks.place(views.model, views.data, OBJECT, position, quaternion)
        _board(views, position, eye, frame in HIDDEN)
        shots.append(views.shot(rng))
    return shots


def _board(views: Views, position: np.ndarray, eye: np.ndarray, there: bool) -> None:
    """Holds a board between object and camera, or takes it away."""
    if not there:
        looks.remove(views.model, views.data, "clutter0")
        return
    geom = views.model.geom("clutter0").id
    views.model.geom_type[geom] = mujoco.mjtGeom.mjGEOM_BOX
    views.model.geom_size[geom] = 0.12, 0.12, 0.01
    facing, _ = Rotation.align_vectors([eye - position], [[0, 0, 1]])
    place = position + 0.4 * (eye - position)
    quaternion = facing.as_quat(scalar_first=True)
    looks.place(views.model, views.data, "clutter0", place, quaternion)


def held(found: list[Pose | None]) -> list[Pose | None]:
    """The last detection at each time."""
    last, told = None, []
    for pose in found:
        last = pose or last
        told.append(last)
    return told


def filtered(found: list[Pose | None]) -> list[Pose | None]:
    """The filter's pose at each time."""
    track, refused, told = None, 0, []
    for pose in found:
        if track is not None:
            track.predict(PERIOD)
        if pose is not None:
            refused = 0 if track is not None and track.correct(pose) else refused + 1
            if track is None or refused >= PATIENCE:
                track, refused = Track(pose, UNCERTAINTY), 0
        told.append(track.pose if track else None)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", nargs="+", type=Path, default=[""])
    parser.add_argument("--episodes", type=int, default=8)
    asked = parser.parse_args()

    surface, points = object_surface(), object_points()
    size, results = diameter(points), {"held": [], "filtered": []}
    for seed, file in enumerate(asked.weights):
        network = weights.fill(HeatMaps(), "object_pose", str(file))
        own = {name: [] for name in results}
        with Views() as views:
            for number in range(asked.episodes):
                shots = episode(views, looks.draws(seed, "tracking", number))
                found = [_detected(network, view, surface) for view in shots]
                for name, told in (("held", held(found)), ("filtered", filtered(found))):
                    own[name].append(
                        [_error(*pair, points, size) for pair in zip(told, shots, strict=True)]
                    )
        for name, errors in own.items():
            results[name].append(np.array(errors))

    print(f"{asked.episodes} episodes for each of {len(asked.weights)} files of weights; median")
    print("over the files (range)")
    header = ["", "pictures lost, object hidden", "pictures lost, object seen"]
    header += ["episodes with a loss", "median ADD, object hidden [d]"]
    print(aligned(header, [[name, *_figures(several)] for name, several in results.items()]))


def _figures(several: list[np.ndarray]) -> list[str]:
    """Figures of the errors (episodes, FRAMES) of several networks, from the first second on."""
    hidden = np.isin(np.arange(FRAMES), HIDDEN)
    settled = np.arange(FRAMES) >= SETTLED
    columns = [
        [(errors[:, hidden] > LOST).mean() for errors in several],
        [(errors[:, settled & ~hidden] > LOST).mean() for errors in several],
        [(errors[:, settled] > LOST).any(1).mean() for errors in several],
        [float(np.median(errors[:, hidden])) for errors in several],
    ]
    return [f"{np.median(one):.2f} ({min(one):.2f} to {max(one):.2f})" for one in columns]


def _detected(network: object, view: View, surface: object) -> Pose | None:
    found = estimate(*seen_maps(network, view.picture), view.distances, surface, CAMERA)
    return found.pose if found.confidence >= CERTAIN else None


def _error(pose: Pose | None, view: View, points: np.ndarray, size: float) -> float:
    return np.inf if pose is None else add(pose, view.pose, points) / size


if __name__ == "__main__":
    main()
