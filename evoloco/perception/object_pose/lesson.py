"""What the pose of the known object is learned from, and how well it is found."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from evoloco.fields import Array
from evoloco.perception.figure import Figure
from evoloco.perception.lesson import Arrays, Lesson, Settings, by_group
from evoloco.perception.object_pose.estimate import (
    FEWEST,
    MATCH,
    best_fit,
    estimate,
    on_object,
)
from evoloco.perception.object_pose.icp import icp
from evoloco.perception.object_pose.pose_error import add, diameter
from evoloco.perception.object_pose.scene import (
    CAMERA,
    HEIGHT,
    KEYPOINTS,
    WIDTH,
    Views,
    object_points,
    object_surface,
)
from evoloco.perception.pose import Pose, flat, unflat

if TYPE_CHECKING:
    import torch

CORRECT = 0.1
"""Largest ADD of a correct pose, over the object's diameter."""

RANDOM_STARTS = 12
"""Of the baseline that knows nothing of the picture."""

STAGES = {
    "pose": "ICP from several poses",
    "single": "ICP from one pose",
    "coarse": "without ICP",
}
"""Answers, and their names in figures."""

Method = Literal["heat_maps", "direct"]

LAYOUT: dict[Method, dict[str, Any]] = {
    "heat_maps": {
        "picture": [WIDTH, HEIGHT],
        "maps": [*KEYPOINTS.tolist(), "outline"],
    },
    "direct": {"picture": [WIDTH, HEIGHT], "pose": "rotation, translation"},
}
"""What goes into either network, and what comes out."""


class ObjectLesson(Lesson):
    """Random views of the object, and what a network makes of them.

    Args:
        method: A network of heat maps, or one that answers a pose at once, to compare with.
    """

    splits = ("train", "test", "occluded", "repainted")
    settings = Settings(examples=3000, test_examples=60, steps=800, batch=32)

    def __init__(self, method: Method = "heat_maps") -> None:
        self.method = method
        self.layout = LAYOUT[method]
        self._surface, self._points = object_surface(), object_points()
        self._diameter = diameter(self._points)

    def examples(self, count: int, split: str, seed: int) -> Arrays:
        """Random views: pictures, depth, outlines, poses in rows of `flat`, visible shares."""
        with Views() as views:
            drawn = list(views.several(count, split, seed))
        return {
            "picture": np.stack([view.picture for view in drawn]),
            "distances": np.stack([view.distances for view in drawn]).astype(np.float32),
            "mask": np.stack([view.mask for view in drawn]),
            "pose": np.stack([flat(view.pose) for view in drawn]),
            "visible": np.array([view.visible for view in drawn]),
        }

    def network(self) -> "torch.nn.Module":
        """The network of the method."""
        from evoloco.perception.object_pose.network import Direct, HeatMaps

        return HeatMaps() if self.method == "heat_maps" else Direct()

    def loss(
        self,
        network: "torch.nn.Module",
        batch: Mapping[str, "torch.Tensor"],
        generator: "torch.Generator",
    ) -> "torch.Tensor":
        """The method's loss on pictures of a random brightness and tint."""
        from evoloco.perception.object_pose import network as module

        pictures = module.tinted(batch["picture"], generator)
        rotation, translation = module.matrices(batch["pose"])
        if self.method == "direct":
            return module.direct_loss(network, pictures, rotation, translation)
        corners = module.projected(rotation, translation)
        return module.heat_map_loss(network, pictures, corners, batch["mask"])

    def answers(self, network: "torch.nn.Module", examples: Arrays) -> Arrays:
        """Poses before and after refinement (n, 7), NaN where there is none, and confidence."""
        from evoloco.perception.object_pose import network as module

        if self.method == "direct":
            poses = [module.direct_pose(network, picture) for picture in examples["picture"]]
            return _only([flat(pose) for pose in poses])

        found = [
            self._answer(*module.seen_maps(network, picture), distances)
            for picture, distances in zip(examples["picture"], examples["distances"], strict=True)
        ]
        return {name: np.stack([one[name] for one in found]) for name in found[0]}

    def _answer(self, maps: Array, outline: Array, distances: Array) -> dict[str, Array]:
        found = estimate(maps, outline, distances, self._surface, CAMERA)
        measured = on_object(outline, distances, CAMERA)
        single = found.coarse
        if single is not None and len(measured) >= FEWEST:
            single = icp(single, self._surface, measured, MATCH).pose
        return {
            "corners": found.corners.pixels,
            "coarse": flat(found.coarse),
            "single": flat(single),
            "pose": flat(found.pose),
            "confidence": np.array(found.confidence),
        }

    def baselines(self, train: Arrays) -> Mapping[str, Callable[[Arrays], Arrays]]:
        """The mean pose, and iterative closest point from random rotations.

        The second one knows which rays hit the object.
        """
        translation = train["pose"][:, :3].mean(0)
        turned = Rotation.from_quat(train["pose"][:, 3:], scalar_first=True).mean()
        mean = np.concatenate([translation, turned.as_quat(scalar_first=True)])
        return {
            "mean pose": lambda examples: _only([mean] * len(examples["pose"])),
            "ICP from random starts": self._from_random_starts,
        }

    def _from_random_starts(self, examples: Arrays) -> Arrays:
        rng = np.random.default_rng(0)
        single, several = [], []
        for distances, mask in zip(examples["distances"], examples["mask"], strict=True):
            measured = distances[mask, None] * CAMERA.rays()[mask]
            turns = Rotation.random(RANDOM_STARTS, rng=rng).as_matrix()
            starts = [Pose(turn, measured.mean(0)) for turn in turns]
            single.append(flat(icp(starts[0], self._surface, measured, MATCH).pose))
            several.append(flat(best_fit(starts, self._surface, measured).pose))
        nowhere = np.full((len(single), 7), np.nan)
        return {"coarse": nowhere, "single": np.stack(single), "pose": np.stack(several)}

    def errors(self, examples: Arrays, poses: Array) -> Array:
        """ADD over the object's diameter of poses (n, 7); infinite where there is none (n,)."""
        return np.array(
            [
                add(unflat(pose), unflat(true), self._points) / self._diameter
                if np.isfinite(pose).all()
                else np.inf
                for pose, true in zip(poses, examples["pose"], strict=True)
            ]
        )

    def right(self, examples: Arrays, answers: Arrays) -> NDArray[Any]:
        """Whether the ADD is below a tenth of the diameter."""
        return self.errors(examples, answers["pose"]) < CORRECT

    def difficulty(self, examples: Arrays) -> Sequence[str]:
        """The object's size in the picture."""
        pixels = examples["mask"].sum((1, 2))
        names = np.array(["below 250 px", "250 to 500 px", "500 px and more"])
        return list(names[np.digitize(pixels, [250, 500])])

    def figures(self, examples: Arrays, answers: Arrays) -> Sequence[Figure]:
        """Shares of correct poses and median errors; those of the last stage by group too."""
        told, groups = [], self.difficulty(examples)
        for stage, name in STAGES.items():
            errors = self.errors(examples, answers[stage])
            told += by_group(f"{name}: ADD below 0.1 d", errors < CORRECT, groups)
            if np.isfinite(errors).any():
                told += by_group(f"{name}: median ADD", errors, groups, "d", True, np.median)
            groups = ["all"] * len(groups)
        return told

    def picture(self, example: Arrays, answer: Arrays) -> NDArray[Any]:
        """The picture, three times larger, with the object's corners: true white, answered red."""
        scale = 3
        marked = np.kron(example["picture"], np.ones((scale, scale, 1), np.uint8))
        for pose, colour in ((example["pose"], (255, 255, 255)), (answer["pose"], (255, 0, 0))):
            if np.isfinite(pose).all():
                _mark(marked, CAMERA.pixels(unflat(pose)(KEYPOINTS)), scale, colour)
        return marked


def _only(poses: list[Array]) -> Arrays:
    """Answers that know of no refinement."""
    return dict.fromkeys(STAGES, np.stack(poses))


def _mark(picture: NDArray[Any], pixels: Array, scale: int, colour: tuple[int, ...]) -> None:
    """Dots of 2 x 2 pixels in an enlarged picture."""
    for u, v in (scale * pixels + scale / 2 - 0.5).round().astype(int):
        if 0 <= u < picture.shape[1] and 0 <= v < picture.shape[0]:
            picture[v : v + 2, u : u + 2] = colour
