"""Hand-eye coordination: attempts to learn from, and episodes in which the hand acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.perception import looks
from evoloco.perception.colour_blob import blob_grasp, unlike_the_table
from evoloco.perception.figure import Figure
from evoloco.perception.grasp.attempt import Hand, planar
from evoloco.perception.grasp.scene import Scene
from evoloco.perception.hand_eye import servo
from evoloco.perception.hand_eye.servo import RAISED, TRAVEL, TURN, Look
from evoloco.perception.hand_eye.world import (
    NOMINAL,
    REACH,
    SIDE,
    World,
    loose,
    moved,
    project,
    push,
)
from evoloco.perception.lesson import TRAIN, Arrays, Lesson, Settings
from evoloco.perception.patterns import Rng

if TYPE_CHECKING:
    import torch

    from evoloco.perception.hand_eye.network import HandEye

Act = Callable[[Scene, Look, Rng, Callable[[], None]], bool]
"""An attempt: a scene, its camera, what draws, what happens meanwhile -> whether it lifts."""

SHOWN = ("far away", "on the way", "above the place")
"""Pictures of an attempt that is learned from."""

BLIND = 0.3
"""Share of attempts anywhere; the others are near an object."""

NEAR = 0.02
"""Deviation of attempts from an object's middle along each axis [m]."""

WAY, ASTRAY = 0.6, 0.01
"""Share of the way that the first motion goes, and its deviation along each axis [m]."""

EPISODES = {"still": (0.0, 0.0), "object_moves": (0.04, 0.0), "camera_shifted": (0.0, 0.02)}
"""Splits of episodes -> how far objects jump after the first picture, and how far the camera is
from where it was calibrated [m]."""

HAND_WEIGHT = 0.3
"""Of the loss that tells where the hand is seen."""

BLUR, MISSED = 1.5, 0.7
"""Deviations of what is taught about the hand's pixel, and of the pixel that a patch is laid out
from in training [px]."""


class HandEyeCoordination(Lesson):
    """Attempts with a camera that is a little off; tests have other objects, surfaces and lights.

    The split "test" has attempts. The later ones have episodes: the network decides, physics say
    whether an object is lifted.
    """

    splits = (TRAIN, "test", *EPISODES)
    settings = Settings(examples=2000, test_examples=100, steps=1200, batch=32, weight_decay=1e-2)

    def examples(self, count: int, split: str, seed: int) -> Arrays:
        """Attempts; or seeds of episodes, with what happens in them and their first pictures."""
        with World() as world:
            draw = _episode if split in EPISODES else _attempt
            found = [draw(world, looks.draws(seed, split, one), split) for one in range(count)]
        return {name: np.array([one[name] for one in found]) for name in found[0]}

    def network(self) -> HandEye:
        """The network with random weights."""
        return empty_network()

    def loss(
        self,
        network: torch.nn.Module,
        batch: Mapping[str, torch.Tensor],
        generator: torch.Generator,
    ) -> torch.Tensor:
        """Cross entropies of success, and of where the hand is seen."""
        import torch
        from torch.nn import functional

        picture, hand, goal, shown = _varied(batch, generator)
        seen = network.pixels(picture)  # type: ignore[operator]
        nominal, _ = network.nominal(hand[:, :3])  # type: ignore[operator]
        shift = shown - nominal

        logits = network.hand(seen, hand)  # type: ignore[operator]
        apart = (network.cells - shift[:, None]).square().sum(2)
        aim = (-apart / (2 * BLUR**2)).softmax(1)
        where = -(aim * logits.log_softmax(1)).sum(1).mean()

        missed = MISSED * torch.randn(shift.shape, generator=generator)
        chance = network.chance(seen, hand, goal, shift + missed)  # type: ignore[operator]
        held = functional.binary_cross_entropy_with_logits(chance, batch["held"].float())
        loss: torch.Tensor = held + HAND_WEIGHT * where
        return loss

    def answers(self, network: torch.nn.Module, examples: Arrays) -> Arrays:
        """Chances of attempts by each of their pictures, or whether episodes succeed.

        Episodes are played twice: with pictures after every motion, and with one before the first.
        """
        if "episode" not in examples:
            return {"chance": np.array([_chances(network, *one) for one in _rows(examples)])}

        def closed(scene: Scene, look: Look, rng: Rng, meanwhile: Callable[[], None]) -> bool:
            return servo.closed_loop(network, scene, look, rng, meanwhile)  # type: ignore[arg-type]

        def opened(scene: Scene, look: Look, rng: Rng, meanwhile: Callable[[], None]) -> bool:
            return servo.open_loop(network, scene, look, rng, meanwhile)  # type: ignore[arg-type]

        return {"lifted": played(examples, closed), "lifted by one look": played(examples, opened)}

    def right(self, examples: Arrays, answers: Arrays) -> NDArray[Any]:
        """Whether the last picture tells success from failure, or an object was lifted."""
        if "episode" in examples:
            return np.asarray(answers["lifted"])
        return np.asarray((answers["chance"][:, -1] > 0.5) == examples["held"])

    def baselines(self, train: Arrays) -> Mapping[str, Callable[[Arrays], Arrays]]:  # noqa: ARG002
        """Random places, the rule of the blob's short side, and the colour where a hand closes."""
        return {"random": _at_random, "short side of a blob": _by_rule, "colour": _by_colour}

    def figures(self, examples: Arrays, answers: Arrays) -> Sequence[Figure]:
        """How well chances separate successes from failures, or how many episodes succeed."""
        if "episode" not in examples:
            if "chance" not in answers:
                return []
            chances, held = answers["chance"], examples["held"]
            whole = separation(chances.ravel(), np.repeat(held, len(SHOWN)))
            parts = [separation(chances[:, k], held) for k in range(len(SHOWN))]
            return [
                Figure("area under the curve", group, value, "1", len(held))
                for group, value in zip(("all", *SHOWN), (whole, *parts), strict=True)
            ]
        return [
            Figure(name, "all", float(np.mean(values)), "1", len(values))
            for name, values in answers.items()
        ]

    def difficulty(self, examples: Arrays) -> Sequence[str]:
        """Whether an attempt held; all episodes are alike."""
        if "episode" in examples:
            return ["all"] * len(examples["episode"])
        return ["held" if held else "did not hold" for held in examples["held"]]

    def picture(self, example: Arrays, answer: Arrays) -> NDArray[Any]:  # noqa: ARG002
        """The last picture of an attempt, with a cross where it closed; the first of an episode."""
        image: NDArray[Any] = np.array(example["picture"])
        if "episode" in example:
            return image
        image = image[-1]
        x, y, _ = example["goal"]
        u, v, _ = project(np.array([x, y, 0.02]), NOMINAL.position, NOMINAL.rotation)
        row, column = int(np.clip(round(v), 1, SIDE - 2)), int(np.clip(round(u), 1, SIDE - 2))
        image[row - 1 : row + 2, column] = image[row, column - 1 : column + 2] = (255, 0, 0)
        return image


def empty_network() -> HandEye:
    """The network with random weights."""
    from evoloco.perception.hand_eye.network import HandEye

    return HandEye()


def played(examples: Arrays, act: Act) -> NDArray[np.bool_]:
    """Plays episodes. Returns whether an object was lifted in each (n,)."""
    rows = zip(examples["episode"], examples["jump"], examples["off"], strict=True)
    with World() as world:
        return np.array([_play(world, int(seed), jump, off, act) for seed, jump, off in rows])


def separation(scores: Array, held: NDArray[np.bool_]) -> float:
    """Chance that a success has a larger score than a failure: the area under the curve."""
    above = scores[held][:, None] - scores[~held]
    return float(np.mean((above > 0) + 0.5 * (above == 0))) if above.size else float("nan")


def _play(world: World, seed: int, jump: float, off: float, act: Act) -> bool:
    """An episode with held-out objects, surfaces and lights."""
    rng, light, acting = (np.random.default_rng([seed, purpose]) for purpose in range(3))
    scene = world.scene(rng, True, moved(off, rng))

    def meanwhile() -> None:
        if jump:
            push(scene, jump, rng)

    return act(scene, lambda: world.picture(scene, light), acting, meanwhile)


def _episode(world: World, rng: Rng, split: str) -> dict[str, Any]:
    """Seed and circumstances of an episode, and its first picture without the hand."""
    seed, (jump, off) = int(rng.integers(2**31)), EPISODES[split]
    first = []

    def look_only(_: Scene, look: Look, *__: object) -> bool:
        first.append(look())
        return False

    _play(world, seed, jump, off, look_only)
    return {"episode": seed, "jump": jump, "off": off, "picture": first[0]}


def _attempt(world: World, rng: Rng, split: str) -> dict[str, Any]:
    """A motion in two parts and a grasp, with a picture before each and what came of it."""
    mount = loose(rng)
    scene = world.scene(rng, split != TRAIN, mount)
    if rng.random() < BLIND:
        x, y = rng.uniform(-REACH, REACH, 2)
    else:
        x, y = scene.places[rng.integers(scene.objects), :2] + rng.normal(0, NEAR, 2)
    goal = np.array([x, y, rng.uniform(-TURN, TURN)])

    start, angle = rng.uniform(-REACH, REACH, 2), rng.uniform(-TURN, TURN)
    hand = Hand(scene, planar(start[0], start[1], 0.0, rng.uniform(TRAVEL, RAISED)))
    hand.move(hand.point, 0.1, angle)
    pictures, hands, shown = [], [], []

    def look() -> None:
        pictures.append(world.picture(scene, rng))
        hands.append([*hand.point, angle])
        shown.append(project(hand.point, mount.position, mount.rotation)[:2])

    look()
    between = start + WAY * (goal[:2] - start) + rng.normal(0, ASTRAY, 2)
    angle = rng.uniform(-TURN, TURN)
    hand.move(np.array([*between, rng.uniform(TRAVEL, RAISED)]), servo.PACE, angle)
    look()
    angle = goal[2]
    hand.move(np.array([*goal[:2], TRAVEL]), servo.PACE, angle)
    look()
    return {
        "picture": np.array(pictures),
        "hand": np.array(hands, np.float32),
        "shown": np.array(shown, np.float32),
        "goal": goal.astype(np.float32),
        "held": servo.descend(hand),
    }


def _varied(
    batch: Mapping[str, torch.Tensor], generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """One picture of each attempt, the hand, the goal, and the pixel of the hand.

    Half of them are mirrored, half of the goals are turned by half a turn, which is the same grasp,
    and colours are exchanged.
    """
    import torch

    count = len(batch["held"])
    rows = torch.arange(count), torch.randint(len(SHOWN), (count,), generator=generator)
    picture, hand, shown = (batch[name][rows] for name in ("picture", "hand", "shown"))
    goal = batch["goal"]

    mirrored = torch.rand(count, generator=generator) < 0.5
    picture = torch.where(mirrored[:, None, None, None], picture.flip(2), picture)
    hand = torch.where(mirrored[:, None], hand * torch.tensor([1.0, -1.0, 1.0, -1.0]), hand)
    goal = torch.where(mirrored[:, None], goal * torch.tensor([1.0, -1.0, -1.0]), goal)
    other = shown * torch.tensor([-1.0, 1.0]) + torch.tensor([SIDE - 1.0, 0.0])
    shown = torch.where(mirrored[:, None], other, shown)

    turned = torch.pi * (torch.rand(count, generator=generator) < 0.5)
    goal = goal + turned[:, None] * torch.tensor([0.0, 0.0, 1.0])
    order = torch.rand(count, 1, 1, 3, generator=generator).argsort(dim=3)
    return picture.gather(3, order.expand_as(picture)), hand, goal, shown


def _rows(attempts: Arrays) -> list[tuple[Any, ...]]:
    return list(zip(*(attempts[name] for name in ("picture", "hand", "goal")), strict=True))


def _chances(network: torch.nn.Module, pictures: Any, hands: Any, goal: Any) -> Array:
    """Chances that one attempt holds, by each of its pictures (pictures,)."""
    import torch

    goals = torch.as_tensor(goal).expand(len(pictures), -1)
    logits = network(torch.as_tensor(pictures), torch.as_tensor(hands), goals)
    return np.asarray(logits.sigmoid().double().numpy())


def _at_random(examples: Arrays) -> Arrays:
    """Grasps anywhere."""
    if "episode" not in examples:
        return {}

    def act(scene: Scene, look: Look, rng: Rng, meanwhile: Callable[[], None]) -> bool:  # noqa: ARG001
        goal = rng.uniform([-REACH, -REACH, -TURN], [REACH, REACH, TURN])
        return servo.blind(scene, goal, rng, meanwhile)

    return {"lifted": played(examples, act)}


def _by_rule(examples: Arrays) -> Arrays:
    """Grasps across the largest blob, by the first picture and the calibration."""
    if "episode" not in examples:
        return {}

    def act(scene: Scene, look: Look, rng: Rng, meanwhile: Callable[[], None]) -> bool:
        return servo.blind(scene, blob_grasp(look()), rng, meanwhile)

    return {"lifted": played(examples, act)}


def _by_colour(examples: Arrays) -> Arrays:
    """How unlike the table the pixel is at which an attempt closes."""
    if "episode" in examples:
        return {}
    found = []
    for pictures, _, (x, y, _) in _rows(examples):
        u, v, _ = project(np.array([x, y, 0.02]), NOMINAL.position, NOMINAL.rotation)
        row, column = np.clip(np.round([v, u]).astype(int), 0, SIDE - 1)
        found.append([unlike_the_table(one)[row, column] for one in pictures])
    return {"chance": np.array(found)}
