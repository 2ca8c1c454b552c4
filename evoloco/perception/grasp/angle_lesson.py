"""What grasps from above are learned from: a gripper's own tries, in two stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evoloco.perception import looks
from evoloco.perception.figure import Figure
from evoloco.perception.grasp.attempt import attempt
from evoloco.perception.grasp.choice import (
    BINS,
    PATCH,
    Choice,
    at_random,
    by_network,
    by_rule,
    grasp,
    patch,
)
from evoloco.perception.grasp.heights import Heights, above
from evoloco.perception.grasp.scene import HELD_OUT, TRAIN, Scene, random_scene
from evoloco.perception.lesson import TRAIN as LEARNED
from evoloco.perception.lesson import Arrays, Lesson, Settings
from evoloco.perception.training import reproducible

if TYPE_CHECKING:
    import torch

TRIES = 6
"""Tries in a scene that is learned from."""

OBJECTS = 3, 5
"""Least and largest number of objects."""

SPREAD = 0.07
"""How far from the middle they are at first [m]."""

FEWEST = 8
"""Pixels that show an object in a usable scene."""

RANDOM = 0.3
"""Share of the second stage's tries that are random."""

FIRST_STEPS, FIRST_RATE = 500, 2e-3
"""Steps and learning rate of the network that chooses the second stage's tries."""

BATCH = 96
"""Tries of such a step."""

LAYOUT = {"patch": [PATCH, PATCH], "angles": BINS}
"""What goes into a network, and what comes out."""

LARGER = 4
"""How much larger than the map the report shows it."""


class GraspAngleLesson(Lesson):
    """Heaps of things seen from above, and what tries to grasp in them showed.

    The scenes that are learned from are drawn in three equal parts of at most 250 scenes together.
    In the first, tries are random. A network learns from them, and chooses the tries of the second
    part, but for some. In the third, tries are random again: a control with as many tries. Three
    networks learn: from the first part, from the first and the second, and from the first and the
    third.
    """

    splits = (LEARNED, "test")
    settings = Settings(examples=249, test_examples=80, steps=600, batch=12, learning_rate=2e-3)
    layout = LAYOUT

    def __init__(self) -> None:
        self._done: dict[tuple[int, ...], bool] = {}

    def examples(self, count: int, split: str, seed: int) -> Arrays:
        """Maps of scenes; those to learn from with tries.

        Arrays: `heights` (n, side, side), `places` (n, side, side, 2) [m], `origin` (n, 3), by
        which a scene is drawn again, and `patch` (n, tries, PATCH, PATCH), `angle`, `held`
        (n, tries), `part` (n,), which are without meaning in a test.
        """
        drawn: list[dict[str, Any]] = []
        first, network = -(-count // 3), None
        for one in range(count):
            part = one // first if split == LEARNED else 0
            if part == 1 and network is None:
                network = _learned(drawn, seed)
            origin = seed, self.splits.index(split), one
            drawn.append(_example(origin, part, network if part == 1 else None))
        return {name: np.stack([one[name] for one in drawn]) for name in drawn[0]}

    def network(self) -> torch.nn.Module:
        """The three networks with random weights."""
        from evoloco.perception.grasp.angle_network import networks

        return networks()

    def loss(
        self,
        network: torch.nn.Module,
        batch: Mapping[str, torch.Tensor],
        generator: torch.Generator,
    ) -> torch.Tensor:
        """Sum of the networks' losses on their parts of the tries, turned and mirrored."""
        import torch

        from evoloco.perception.grasp import angle_network as module

        patches, angles = batch["patch"].flatten(0, 1), batch["angle"].flatten()
        patches, angles = module.varied(module.scaled(patches), angles, generator)
        held, part = batch["held"].flatten(), batch["part"].repeat_interleave(TRIES)
        losses = []
        for name, parts in module.NETWORKS.items():
            own = torch.isin(part, torch.tensor(parts))
            if own.sum() > 1:
                one = network.get_submodule(name)
                losses.append(module.try_loss(one, patches[own], angles[own], held[own]))
        return torch.stack(losses).sum()

    def answers(self, network: torch.nn.Module, examples: Arrays) -> Arrays:
        """Choices of the networks: row, column and bin (n, 3)."""
        from evoloco.perception.grasp.angle_network import NETWORKS

        found: dict[str, list[Choice]] = {name: [] for name in NETWORKS}
        for heights, draws in _maps(examples):
            for name in NETWORKS:
                found[name].append(by_network(network.get_submodule(name), heights, draws)[0])
        return {"choice": np.array(found["staged"]), **{n: np.array(c) for n, c in found.items()}}

    def baselines(self, train: Arrays) -> Mapping[str, Callable[[Arrays], Arrays]]:  # noqa: ARG002
        """Across the short axis of the largest blob, and a random pixel and angle."""
        return {
            "short axis": lambda examples: {
                "choice": np.array([by_rule(heights) for heights, _ in _maps(examples)])
            },
            "random": lambda examples: {
                "choice": np.array([at_random(*one) for one in _maps(examples)])
            },
        }

    def right(self, examples: Arrays, answers: Arrays) -> NDArray[Any]:
        """Whether the chosen grasp lifts an object when it is executed."""
        return self._executed(examples, answers["choice"])

    def figures(self, examples: Arrays, answers: Arrays) -> Sequence[Figure]:
        """Shares of lifts: of the network of both stages, of the first one, and of the control."""
        names = {"lifts": "choice", "lifts after the first stage": "first"}
        names["lifts after random tries only"] = "random"
        return [
            Figure(
                name,
                "all",
                float(self._executed(examples, answers[key]).mean()),
                "1",
                len(answers[key]),
            )
            for name, key in names.items()
            if key in answers
        ]

    def picture(self, example: Arrays, answer: Arrays) -> NDArray[Any]:
        """The height map as brightness, with the fingers' line: red from side to side."""
        grey = (example["heights"] / 0.08 * 255).clip(0, 255).astype(np.uint8)
        image = np.repeat(np.kron(grey, np.ones((LARGER, LARGER), np.uint8))[:, :, None], 3, 2)
        row, column, angle = answer["choice"]
        along = np.linspace(-9, 9, 73)  # half of the open hand in pixels
        rows = LARGER * (row + 0.5 - along * np.sin(angle * np.pi / BINS))
        columns = LARGER * (column + 0.5 + along * np.cos(angle * np.pi / BINS))
        inside = [part.clip(0, len(image) - 2).astype(int) for part in (rows, columns)]
        for step in range(2):
            image[inside[0] + step, inside[1]] = (255, 40, 40)
        return image

    def _executed(self, examples: Arrays, choices: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each choice lifts an object (n,). What was executed once is remembered."""
        results = []
        for origin, choice, (heights, _) in zip(
            examples["origin"], choices, _maps(examples), strict=True
        ):
            key = *map(int, origin), *map(int, choice)
            if key not in self._done:
                scene, _ = _scene(key[:3])  # type: ignore[arg-type]
                self._done[key] = attempt(scene, grasp(heights, key[3:]))  # type: ignore[arg-type]
            results.append(self._done[key])
        return np.array(results)


def _maps(examples: Arrays) -> list[tuple[Heights, np.random.Generator]]:
    """The map of each example, and draws of its own."""
    both = zip(examples["places"], examples["heights"], examples["origin"], strict=True)
    return [
        (Heights(places, heights), np.random.default_rng([*origin.tolist(), 1]))
        for places, heights, origin in both
    ]


def _scene(origin: tuple[int, int, int]) -> tuple[Scene, Heights]:
    """A scene and what is measured of it."""
    rng = looks.draws(origin[0], GraspAngleLesson.splits[origin[1]], origin[2])
    while True:
        count = int(rng.integers(OBJECTS[0], OBJECTS[1] + 1))
        scene = random_scene(rng, HELD_OUT if origin[1] else TRAIN, count, SPREAD)
        heights = above(scene, rng)
        if len(heights.pixels) >= FEWEST:
            return scene, heights


def _example(
    origin: tuple[int, int, int], part: int, network: torch.nn.Module | None
) -> dict[str, Any]:
    """A scene; with tries if it is to learn from, which a network chooses, if there is one."""
    scene, heights = _scene(origin)
    rng = np.random.default_rng([*origin, 0])
    told: dict[str, Any] = {
        "heights": heights.heights.astype(np.float32),
        "places": heights.places.astype(np.float32),
        "origin": np.array(origin, np.int64),
        "part": np.array(part),
        "patch": np.zeros((TRIES, PATCH, PATCH), np.uint8),
        "angle": np.zeros(TRIES, np.int64),
        "held": np.zeros(TRIES, bool),
    }
    for one in range(0 if origin[1] else TRIES):
        if network is None or rng.random() < RANDOM:
            choice = at_random(heights, rng)
        else:
            choice = by_network(network, heights, rng)[0]
        told["patch"][one] = patch(heights, *choice[:2])
        told["angle"][one] = choice[2]
        told["held"][one] = attempt(scene, grasp(heights, choice))
    return told


def _learned(drawn: Sequence[dict[str, Any]], seed: int) -> torch.nn.Module:
    """A network that learned from the first stage's tries."""
    import torch

    from evoloco.perception.grasp.angle_network import AngleNet, scaled, try_loss, varied

    patches, angles, held = (
        torch.from_numpy(np.concatenate([one[name] for one in drawn]))
        for name in ("patch", "angle", "held")
    )
    with reproducible(seed) as generator:
        network = AngleNet()
        optimizer = torch.optim.AdamW(network.parameters(), FIRST_RATE, weight_decay=1e-3)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, FIRST_STEPS)
        for _ in range(FIRST_STEPS):
            rows = torch.randint(len(patches), (BATCH,), generator=generator)
            shown, turned = varied(scaled(patches[rows]), angles[rows], generator)
            optimizer.zero_grad()
            try_loss(network, shown, turned, held[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return network.train(False)
