"""Networks of the hand: what acts, with or without memory, and the critic.

This module imports PyTorch; import it only where a network is made or asked.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evoloco.dexterity.worlds import BINS

Memory = tuple[Tensor, Tensor]
"""Hidden state and cell of each simulation (n, units); without columns where there is none."""


UNITS, REMEMBERED = 128, 64
"""Of each dense layer, and of the memory."""


class Policy(nn.Module):
    """Logits of one of the `BINS` for every joint.

    Two dense layers; memory stands beside the second one. What it says weighs nothing at first, so
    that a policy without memory can be given one and acts as before.

    Args:
        inputs: Numbers that are seen.
        joints: Of the hand.
        remembers: Whether it has long short-term memory.
    """

    def __init__(self, inputs: int, joints: int, remembers: bool) -> None:
        super().__init__()
        self.joints, self.remembered = joints, REMEMBERED if remembers else 0
        outputs = joints * len(BINS)
        self.first = nn.Linear(inputs, UNITS)
        self.second = nn.Linear(UNITS, UNITS)
        self.last = nn.Linear(UNITS, outputs)
        with torch.no_grad():
            self.last.weight *= 0.1  # begins near a uniform choice
        if remembers:
            self.memory = nn.LSTMCell(UNITS, REMEMBERED)
            self.recall = nn.Linear(REMEMBERED, outputs, bias=False)
            nn.init.zeros_(self.recall.weight)

    def nothing(self, count: int) -> Memory:
        """The memory at the begin of episodes."""
        return torch.zeros(count, self.remembered), torch.zeros(count, self.remembered)

    def forward(self, seen: Tensor, memory: Memory, begun: Tensor) -> tuple[Tensor, Memory]:
        """Acts along some steps.

        Args:
            seen: (steps, n, inputs).
            memory: Before the first of the steps.
            begun: Whether an episode begins with a step (steps, n); it remembers nothing then.

        Returns:
            Logits (steps, n, joints, bins), and the memory after the last step.
        """
        found = torch.relu(self.first(seen))
        logits = self.last(torch.relu(self.second(found)))
        if self.remembered:
            kept, told = (1 - begun.float())[..., None], []
            for step in range(len(seen)):
                memory = (memory[0] * kept[step], memory[1] * kept[step])
                memory = self.memory(found[step], memory)
                told.append(memory[0])
            logits = logits + self.recall(torch.stack(told))
        return logits.unflatten(-1, (self.joints, len(BINS))), memory


class Acting:
    """A policy that acts in simulations, step by step.

    Args:
        policy: The policy.
        count: Number of simulations.
    """

    def __init__(self, policy: Policy, count: int) -> None:
        self.policy, self.memory = policy, policy.nothing(count)

    @torch.no_grad()
    def logits(self, seen: NDArray[np.float64], begun: NDArray[np.bool_]) -> Tensor:
        """Logits of the actions (n, joints, bins).

        Args:
            seen: (n, inputs).
            begun: Whether an episode has just begun (n,).
        """
        row = torch.as_tensor(seen, dtype=torch.float32)[None]
        told, self.memory = self.policy(row, self.memory, torch.as_tensor(begun)[None])
        first: Tensor = told[0]
        return first

    def best(self, seen: NDArray[np.float64], begun: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The likeliest actions (n, joints)."""
        found: NDArray[np.int64] = self.logits(seen, begun).argmax(-1).numpy()
        return found


class Critic(nn.Module):
    """The value of exact states and worlds, which only training knows [`UNIT`].

    Args:
        inputs: Numbers that are known.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, 128), nn.Tanh(), nn.Linear(128, 128), nn.Tanh(), nn.Linear(128, 1)
        )

    def forward(self, known: Tensor) -> Tensor:
        """Values (...) of rows (..., inputs)."""
        found: Tensor = self.layers(known)[..., 0]
        return found
