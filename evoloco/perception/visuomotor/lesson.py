"""Visuomotor control: a planner's episodes to learn from, and episodes in which a network acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.perception import looks
from evoloco.perception.figure import Figure
from evoloco.perception.lesson import TRAIN, Arrays, Lesson, Settings
from evoloco.perception.patterns import Rng
from evoloco.perception.visuomotor.world import (
    KEEP,
    SPEED,
    STEPS,
    Command,
    Kitchen,
    Planner,
    Task,
)

if TYPE_CHECKING:
    import torch

    from evoloco.perception.visuomotor.network import Visuomotor

Decide = Callable[[Task, NDArray[np.uint8]], Command]
"""What decides along one episode."""

ACTS = "acts"
"""The split in which the network acts."""

STRAY, LASTING = 0.03, 0.6
"""Disturbance of the planner's velocities [m/s], and how much of it is left after a step."""

MISLED, MISTAKE, UNTIL = 0.7, 0.04, (6, 18)
"""Share of the planner's episodes in which another one, which is told a wrong place of the cube,
moves the gripper at first; deviation of that place along x and y [m]; and range of the steps in
which it does. The planner's own commands are learned even so. Thus there are examples of how to
come back, and the gripper's place does not tell the cube's."""

FINGERS, PLACES, PIXELS = 0.3, 1.0, 10.0
"""Weights of the losses of the fingers' commands and of the auxiliary places and pixels, beside 1
of the velocities."""

RARE = 4.0
"""How much more a command that moves the fingers counts than one that does not."""

CM = 100.0
"""Centimetres in a metre."""


class VisuomotorControl(Lesson):
    """A cube is grasped, carried and put into a basket, by pictures and the gripper's joints.

    Args:
        randomized: Whether what is learned from has random looks.
        auxiliary: Whether the places of cube and gripper are learned too, in space and in the
            picture.
        memory: Whether the network has a memory.
        bfloat16: Whether it learns with 16 bits. Processors that can do so are nearly twice as
            fast, others slower.
    """

    splits = (TRAIN, "test", ACTS)
    settings = Settings(examples=1000, test_examples=100, steps=2500, batch=8, learning_rate=5e-3)

    def __init__(
        self,
        randomized: bool = True,
        auxiliary: bool = True,
        memory: bool = True,
        bfloat16: bool = False,
    ) -> None:
        self._randomized, self._auxiliary, self._memory = randomized, auxiliary, memory
        self._bfloat16 = bfloat16

    def examples(self, count: int, split: str, seed: int) -> Arrays:
        """Episodes of the planner; or seeds of episodes, with their first pictures."""
        draw = _episode if split == ACTS else _shown
        with Kitchen(self._randomized or split != TRAIN) as kitchen:
            found = [draw(kitchen, looks.draws(seed, split, one), split) for one in range(count)]
        return {name: np.array([one[name] for one in found]) for name in found[0]}

    def network(self) -> Visuomotor:
        """The network with random weights."""
        return empty_network(self._memory, self._bfloat16)

    def loss(
        self,
        network: torch.nn.Module,
        batch: Mapping[str, torch.Tensor],
        generator: torch.Generator,
    ) -> torch.Tensor:
        """Squared errors of velocities, places [dm] and pixels, cross entropy of the fingers."""
        import torch
        from torch.nn import functional

        from evoloco.perception.visuomotor.network import FOLLOWED

        pictures = batch["pictures"]
        if self._randomized:
            gain = 0.8 + 0.4 * torch.rand(len(pictures), 1, 1, 1, 3, generator=generator)
            pictures = (pictures * gain).clamp(max=255)
        memory = network.nothing(len(pictures))  # type: ignore[operator]
        points = network.points(pictures)  # type: ignore[operator]
        velocity, fingers, places, _ = network.decide(  # type: ignore[operator]
            points, batch["joints"], memory
        )

        loss: torch.Tensor = (velocity - batch["velocity"]).square().mean()
        weights = torch.tensor([RARE, RARE, 1.0])
        commands = functional.cross_entropy(
            fingers.flatten(0, 1), batch["fingers"].flatten(), weight=weights
        )
        loss = loss + FINGERS * commands
        if self._auxiliary:
            loss = loss + PLACES * (10 * (places - batch["places"])).square().mean()
            loss = loss + PIXELS * (points[..., FOLLOWED] - batch["pixels"]).square().mean()
        return loss

    def answers(self, network: torch.nn.Module, examples: Arrays) -> Arrays:
        """Places along the planner's episodes, or whether episodes succeed with the network."""
        if "episode" not in examples:
            return {"places": np.array([_places(network, *one) for one in _rows(examples)])}
        return played(examples, lambda: policy(network))

    def right(self, examples: Arrays, answers: Arrays) -> NDArray[Any]:
        """Whether the cube is within 2 cm on average, or ends in the basket."""
        if "episode" in examples:
            return np.asarray(answers["done"])
        return np.asarray(np.median(_errors(examples, answers)[..., 0], axis=1) < 0.02)

    def baselines(self, train: Arrays) -> Mapping[str, Callable[[Arrays], Arrays]]:
        """The planner with the mean place of the cube, and with the true one."""
        mean = train["places"][:, 0].mean(axis=0)

        def blind(examples: Arrays) -> Arrays:
            if "episode" not in examples:
                return {"places": np.broadcast_to(mean, examples["places"].shape)}
            return played(examples, lambda: _planned(mean[:3].astype(float)))

        def told(examples: Arrays) -> Arrays:
            return played(examples, lambda: _planned(None)) if "episode" in examples else {}

        return {"planner at the mean place": blind, "planner that is told": told}

    def figures(self, examples: Arrays, answers: Arrays) -> Sequence[Figure]:
        """Shares of episodes that succeed, or errors of the auxiliary places."""
        if not answers:
            return []
        if "episode" in examples:
            return [
                Figure(name, "all", float(answers[key].mean()), "1", len(answers[key]))
                for name, key in (("cube in the basket", "done"), ("cube grasped", "grasped"))
            ]
        errors = CM * np.median(_errors(examples, answers), axis=(0, 1))
        return [
            Figure("median error", what, float(error), "cm", len(examples["places"]), True)
            for what, error in zip(("cube", "gripper"), errors, strict=True)
        ]

    def picture(self, example: Arrays, answer: Arrays) -> NDArray[Any]:
        """The first picture of the planner's episode, or pictures of one where the network acts."""
        if "episode" not in example:
            return np.asarray(example["pictures"][0])
        return np.asarray(answer["film"])


def empty_network(memory: bool = True, bfloat16: bool = False) -> Visuomotor:
    """The network with random weights."""
    from evoloco.perception.visuomotor.network import Visuomotor

    return Visuomotor(memory, bfloat16)


def policy(network: torch.nn.Module) -> Decide:
    """A network that acts along one episode."""
    import torch

    memory = network.nothing(1)  # type: ignore[operator]

    def decide(task: Task, picture: NDArray[np.uint8]) -> Command:
        nonlocal memory
        joints = torch.tensor(task.joints, dtype=torch.float32)[None, None]
        with torch.inference_mode():
            shown = torch.from_numpy(picture.copy())[None, None]
            velocity, fingers, _, memory = network(shown, joints, memory)
        return Command(SPEED * velocity[0, 0].double().numpy(), int(fingers[0, 0].argmax()))

    return decide


def played(examples: Arrays, actor: Callable[[], Decide]) -> Arrays:
    """Plays episodes.

    Returns:
        Whether each ends with the cube in the basket `done` (n,), whether the cube was `grasped`
        (n,), and every sixth picture of it, side by side: `film` (n, HEIGHT, 8 WIDTH, 3).
    """
    ends, grasps, films = [], [], []
    with Kitchen() as kitchen:
        for seed in examples["episode"]:
            rng, light = (np.random.default_rng([int(seed), purpose]) for purpose in range(2))
            task, decide, film = kitchen.task(rng, held_out=True), actor(), []
            for step in range(STEPS):
                picture = kitchen.picture(task, light)
                if step % 6 == 0:
                    film.append(picture)
                task.step(decide(task, picture))
            ends.append(task.done)
            grasps.append(task.grasped)
            films.append(np.concatenate(film, axis=1))
    return {"done": np.array(ends), "grasped": np.array(grasps), "film": np.array(films)}


def _planned(cube: Array | None) -> Decide:
    """The planner, which is told where the cube is or takes it to be somewhere."""
    planner = Planner()
    return lambda task, _: planner.decide(task, cube)


def _episode(kitchen: Kitchen, rng: Rng, split: str) -> dict[str, Any]:  # noqa: ARG001
    """The seed of an episode."""
    return {"episode": int(rng.integers(2**31))}


def _shown(kitchen: Kitchen, rng: Rng, split: str) -> dict[str, Any]:
    """An episode of the planner with disturbances: what is seen, and what it decides."""
    task, planner, stray = kitchen.task(rng, split != TRAIN), Planner(), np.zeros(3)
    misled, mistake = Planner(), np.append(rng.normal(0, MISTAKE, 2), 0)
    until = rng.integers(*UNTIL) if rng.random() < MISLED else 0
    kept: dict[str, list[Any]] = {
        name: [] for name in ("pictures", "joints", "velocity", "fingers", "places", "pixels")
    }
    for step in range(STEPS):
        kept["pictures"].append(kitchen.picture(task, rng))
        kept["joints"].append(task.joints)
        places = np.array([task.cube, task.joints[:3]])
        kept["places"].append(places.ravel())
        kept["pixels"].append(kitchen.pixels(task, places).T.ravel())
        command = planner.decide(task)
        kept["velocity"].append(command.velocity / SPEED)
        kept["fingers"].append(command.fingers)

        done = misled.decide(task, task.cube + mistake) if step < until else command
        if done.fingers != KEEP:
            until, done = 0, command
        moves = done.fingers == KEEP and done.velocity.any()
        stray = (LASTING * stray + rng.normal(0, STRAY, 3)) * moves
        task.step(Command(done.velocity + stray, done.fingers))
    whole = ("pictures", "fingers")
    return {
        name: np.array(rows, None if name in whole else np.float32) for name, rows in kept.items()
    }


def _rows(episodes: Arrays) -> list[tuple[Any, ...]]:
    return list(zip(episodes["pictures"], episodes["joints"], strict=True))


def _places(network: torch.nn.Module, pictures: Any, joints: Any) -> Array:
    """Places of cube and gripper along an episode [m] (steps, 6)."""
    import torch

    memory = network.nothing(1)  # type: ignore[operator]
    shown, read = torch.as_tensor(pictures)[None], torch.as_tensor(joints)[None]
    return np.asarray(network(shown, read, memory)[2][0].double().numpy())


def _errors(examples: Arrays, answers: Arrays) -> Array:
    """Distances of told and true places of cube and gripper [m] (n, steps, 2)."""
    apart = answers["places"] - examples["places"]
    return np.asarray(np.linalg.norm(apart.reshape(*apart.shape[:2], 2, 3), axis=3))
