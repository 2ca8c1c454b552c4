"""What grasp poses are learned from: hands in random clouds, and whether they hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from evoloco.perception import looks
from evoloco.perception.figure import Figure
from evoloco.perception.grasp.attempt import Grasp, attempt
from evoloco.perception.grasp.candidates import Hands, candidates
from evoloco.perception.grasp.closing import CELLS, CHANNELS, antipodal, pictures
from evoloco.perception.grasp.cloud import FEWEST, Cloud, seen, whole
from evoloco.perception.grasp.scene import HELD_OUT, TRAIN, Scene, random_scene
from evoloco.perception.lesson import TRAIN as LEARNED
from evoloco.perception.lesson import Arrays, Lesson, Settings
from evoloco.perception.patterns import Rng

if TYPE_CHECKING:
    import torch

TRIES = {LEARNED: 8, "test": 16, "clutter": 16}
"""Hands of a scene that are executed, by split."""

Taught = Literal["tries", "labels"]
"""What a network learned: which hands lift something when executed, or which are antipodal."""

TOLD: dict[Taught, tuple[str, str]] = {
    "tries": ("score", "lifts"),
    "labels": ("by labels", "antipodal"),
}
"""Network -> names of its answers, and of what it learns."""

LAYOUT = {"pictures": [CHANNELS, CELLS, CELLS]}
"""What goes into the network."""

LARGER = 6
"""How much larger than the picture the report shows it."""


class GraspPosesLesson(Lesson):
    """Scenes with hands: an example is a scene seen by one camera, and some hands of it.

    Half of the scenes to learn from have one object, the others two to four. Tests have other
    kinds of objects: one, or in "clutter" three or four.

    One network learns from what tries showed, another one from whether the hands are antipodal on
    the whole surface.
    """

    splits = (LEARNED, "test", "clutter")
    settings = Settings(examples=350, test_examples=100, steps=1000, batch=16, learning_rate=2e-3)
    layout = LAYOUT

    def examples(self, count: int, split: str, seed: int) -> Arrays:
        """Scenes with executed hands.

        Arrays: `pictures` (n, hands, CHANNELS, CELLS, CELLS), `lifts` and `antipodal`
        (n, hands), `upright` (n, hands), the vertical part of the hand's axis, and `objects` (n,).
        """
        drawn = [_example(looks.draws(seed, split, one), split) for one in range(count)]
        return {name: np.stack([one[name] for one in drawn]) for name in drawn[0]}

    def network(self) -> torch.nn.Module:
        """Both networks with random weights."""
        from evoloco.perception.grasp.network import networks

        return networks()

    def loss(
        self,
        network: torch.nn.Module,
        batch: Mapping[str, torch.Tensor],
        generator: torch.Generator,
    ) -> torch.Tensor:
        """Cross entropies of both; half of the hands are turned by half a turn."""
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits

        from evoloco.perception.grasp.network import half_turned

        shown = batch["pictures"].flatten(0, 1)
        turned = torch.rand(len(shown), 1, 1, 1, generator=generator) < 0.5
        shown = torch.where(turned, half_turned(shown), shown)
        losses = [
            binary_cross_entropy_with_logits(
                network.get_submodule(taught)(shown), batch[wanted].flatten().float()
            )
            for taught, (_, wanted) in TOLD.items()
        ]
        return torch.stack(losses).sum()

    def answers(self, network: torch.nn.Module, examples: Arrays) -> Arrays:
        """Scores of each hand (n, hands), by both networks."""
        from evoloco.perception.grasp.network import chances

        return {
            name: np.stack(
                [chances(network.get_submodule(taught), shown) for shown in examples["pictures"]]
            )
            for taught, (name, _) in TOLD.items()
        }

    def baselines(self, train: Arrays) -> Mapping[str, Callable[[Arrays], Arrays]]:  # noqa: ARG002
        """A random hand, the most upright one, and the one with most points in its pictures."""

        def random(examples: Arrays) -> Arrays:
            return {"score": np.random.default_rng(0).random(examples["lifts"].shape)}

        def filled(examples: Arrays) -> Arrays:
            return {"score": (examples["pictures"] != 0).any(2).mean((2, 3))}

        return {
            "random hand": random,
            "most upright": lambda examples: {"score": examples["upright"]},
            "most between the fingers": filled,
        }

    def right(self, examples: Arrays, answers: Arrays) -> NDArray[Any]:
        """Whether the hand of the highest score lifts an object."""
        return _best(examples["lifts"], answers["score"])

    def difficulty(self, examples: Arrays) -> Sequence[str]:
        """How many of the hands lift something."""
        share = examples["lifts"].mean(axis=1)
        names = np.array(["below a quarter hold", "a quarter to a half", "half and more hold"])
        return list(names[np.digitize(share, [0.25, 0.5])])

    def figures(self, examples: Arrays, answers: Arrays) -> Sequence[Figure]:
        """Lifts of the best hand, areas under the curve, and what the best ranking could reach."""
        told, count = [], len(examples["lifts"])
        for name, (answer, _) in TOLD.items():
            if answer not in answers:
                continue
            scores, of = answers[answer], "" if name == "tries" else ", learned from labels"
            told += [
                Figure(f"{what}{of}", "all", value, "1", count)
                for what, value in (
                    ("best hand lifts", float(_best(examples["lifts"], scores).mean())),
                    ("AUC of lifting", auc(scores, examples["lifts"])),
                    ("AUC of antipodal", auc(scores, examples["antipodal"])),
                )
            ]
        some = float(examples["lifts"].any(axis=1).mean())
        return [*told, Figure("any hand lifts", "all", some, "1", count)]

    def picture(self, example: Arrays, answer: Arrays) -> NDArray[Any]:
        """The best hand's three pictures, heights as brightness, with a green or red edge."""
        best = answer["score"].argmax()
        heights = example["pictures"][best, 3::4].astype(np.uint8) * 2
        row = np.concatenate([np.flipud(one.T) for one in heights], axis=1)
        large = np.repeat(np.kron(row, np.ones((LARGER, LARGER), np.uint8))[:, :, None], 3, axis=2)
        framed = np.pad(large, ((4, 4), (4, 4), (0, 0)))
        inner = np.zeros(framed.shape[:2], bool)
        inner[4:-4, 4:-4] = True
        framed[~inner] = (0, 200, 0) if example["lifts"][best] else (220, 0, 0)
        return framed


def _best(lifts: NDArray[Any], scores: NDArray[Any]) -> NDArray[Any]:
    """Whether the hand of the highest score lifts (n,)."""
    return np.asarray(lifts[np.arange(len(scores)), scores.argmax(axis=1)], bool)


def _example(rng: Rng, split: str) -> dict[str, Any]:
    """A scene in which enough hands are found, with some of them executed."""
    while True:
        scene, cloud = _scene(rng, split)
        if len(cloud.points) < FEWEST:
            continue
        hands = candidates(cloud, rng)
        if len(hands) >= TRIES[split]:
            break

    hands = hands[rng.choice(len(hands), TRIES[split], replace=False)]
    return {
        "pictures": pictures(cloud, hands),
        "lifts": np.array(executed(scene, hands)),
        "antipodal": antipodal(whole(scene), hands),
        "upright": hands.rotations[:, 2, 2],
        "objects": np.array(scene.objects),
    }


def _scene(rng: Rng, split: str) -> tuple[Scene, Cloud]:
    """Random objects, and what a camera sees of them."""
    several = split == "clutter" or (split == LEARNED and rng.random() < 0.5)
    fewest = {LEARNED: 2}.get(split, 3)
    count = int(rng.integers(fewest, 5)) if several else 1
    kinds = TRAIN if split == LEARNED else HELD_OUT
    scene = random_scene(rng, kinds, count, spread=0.05 if several else 0.02)
    return scene, seen(scene, rng)


def executed(scene: Scene, hands: Hands) -> list[bool]:
    """Whether each hand lifts something."""
    both = zip(hands.points, hands.rotations, strict=True)
    return [attempt(scene, Grasp(point, rotation)) for point, rotation in both]


def auc(scores: NDArray[Any], true: NDArray[Any]) -> float:
    """Area under the receiver's operating characteristic; NaN where all are alike.

    It is the chance that a true one has a higher score than another, and 0.5 for equal scores.
    """
    ranks, true = rankdata(scores), np.ravel(true).astype(bool)
    positive, negative = true.sum(), (~true).sum()
    if not positive or not negative:
        return float("nan")
    return float((ranks[true].mean() - (positive + 1) / 2) / negative)
