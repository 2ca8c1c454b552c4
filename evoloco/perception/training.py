"""Gradient steps, from the last checkpoint on.

The random numbers of a step follow from the seed and the number of the step alone. So a checkpoint
holds weights and the optimizer's moments, and no state of a generator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evoloco.errors import user_code
from evoloco.perception.data import AGAIN
from evoloco.perception.lesson import Arrays, Lesson, Numbers, Settings
from evoloco.rl import checkpoint
from evoloco.rl.losses import LossError

if TYPE_CHECKING:
    import torch

EVERY = 100
"""Steps between checkpoints."""

WARM_UP = 0.05
"""Share of the steps in which the learning rate rises."""

WEIGHTS, MOMENTS, LOSSES = "network.", "optimizer.", "losses"
"""What the names in a checkpoint begin with."""


class Training:
    """A network that learns a lesson on one thread.

    Args:
        lesson: The lesson.
        settings: How much is learned.
        seed: Of all random numbers.
        path: Of the checkpoint, which is continued if it exists.
    """

    def __init__(self, lesson: Lesson, settings: Settings, seed: int, path: Path) -> None:
        import torch

        self._lesson, self._settings, self._seed, self._path = lesson, settings, seed, path
        self.losses: list[float] = []
        self._saved = 0
        with user_code("The lesson's 'network'"), reproducible(self._draw(0)):
            self.network = lesson.network()
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
        )
        state = checkpoint.read(path, AGAIN)
        if state is not None:
            self._restore(state)

    @property
    def weights(self) -> dict[str, Numbers]:
        """The network's weights and buffers, by name."""
        return {name: one.numpy(force=True) for name, one in self.network.state_dict().items()}

    def go_on(self, examples: Arrays, done: Callable[[int, float], None]) -> None:
        """Takes the steps that are left.

        Args:
            examples: To learn from.
            done: Called after each step with the number of steps and the loss. If it raises, the
                last step is in the checkpoint.

        Raises:
            LossError: The loss or a weight is no finite number any more.
        """
        self.network.train()
        while len(self.losses) < self._settings.steps:
            self._step(examples)
            if len(self.losses) % EVERY == 0:
                self._save()
            try:
                done(len(self.losses), self.losses[-1])
            except Exception:
                self._save()
                raise
        self._save()

    def _step(self, examples: Arrays) -> None:
        """Draws a batch, and takes a step down its gradient."""
        import torch

        step = len(self.losses)
        for group in self._optimizer.param_groups:
            group["lr"] = self._settings.learning_rate * _rate(step / self._settings.steps)

        seed = self._draw(step + 1)
        count = len(next(iter(examples.values())))
        rows = np.random.default_rng(seed).integers(count, size=self._settings.batch)
        batch = {name: torch.from_numpy(array[rows]) for name, array in examples.items()}
        with user_code("The lesson's 'loss'"), reproducible(seed) as generator:
            loss = self._lesson.loss(self.network, batch, generator)
            self._optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            value = loss.item()
            if not math.isfinite(value):
                raise self._lost(f"The loss of step {step + 1} is {value}.")
            self._optimizer.step()
        self.losses.append(value)

    def _save(self) -> None:
        """Writes the checkpoint.

        Raises:
            LossError: A weight is no finite number. The old checkpoint stays.
        """
        weights = self.weights
        for name, array in weights.items():
            if not np.isfinite(array).all():
                raise self._lost(f"The weights '{name}' are not finite any more.")

        state = {f"{WEIGHTS}{name}": array for name, array in weights.items()}
        for place, moments in self._optimizer.state_dict()["state"].items():
            for name, value in moments.items():
                state[f"{MOMENTS}{place}.{name}"] = value.numpy(force=True)
        state[LOSSES] = np.array(self.losses)
        checkpoint.write(state, self._path, AGAIN)
        self._saved = len(self.losses)

    def _restore(self, state: Mapping[str, Numbers]) -> None:
        import torch

        def tensor(array: Numbers) -> torch.Tensor:
            return torch.from_numpy(array.copy())

        moments: dict[int, dict[str, torch.Tensor]] = {}
        for key, array in state.items():
            if key.startswith(MOMENTS):
                place, name = key.removeprefix(MOMENTS).split(".", 1)
                moments.setdefault(int(place), {})[name] = tensor(array)
        weights = {
            key.removeprefix(WEIGHTS): tensor(array)
            for key, array in state.items()
            if key.startswith(WEIGHTS)
        }
        self.network.load_state_dict(weights)
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self.losses = state[LOSSES].tolist()
        self._saved = len(self.losses)

    def _draw(self, purpose: int) -> int:
        """A seed: 0 for the first weights, then one for each step."""
        sequence = np.random.SeedSequence([self._seed, purpose], spawn_key=(0,))
        return int(sequence.generate_state(1)[0])

    def _lost(self, what: str) -> LossError:
        last = f"The last good checkpoint is {self._path}, after {self._saved} steps. "
        return LossError(
            f"The learning has diverged. {what} {last if self._saved else ''}Continuing would "
            "diverge again: learn in another folder, with a smaller learning_rate or another seed."
        )


def _rate(progress: float) -> float:
    """The learning rate after a share of the steps [of the largest]."""
    return min(1.0, (progress + 1e-3) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * progress))


@contextmanager
def reproducible(seed: int) -> Iterator[torch.Generator]:
    """PyTorch on one thread, with algorithms that give equal bytes, and seeded generators.

    What was set before is set again at the end.

    Args:
        seed: Of PyTorch's global generator, and of the one that the block gets.
    """
    import torch

    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    memory: Any = torch.utils.deterministic
    filling = memory.fill_uninitialized_memory
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    memory.fill_uninitialized_memory = False
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield torch.Generator().manual_seed(seed)
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic)
        memory.fill_uninitialized_memory = filling
