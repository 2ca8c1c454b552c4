"""Proximal policy optimization for policies with memory, with a critic that knows more.

References:
    Schulman et al., 2017, Proximal policy optimization algorithms, arXiv:1707.06347.
    Pinto et al., 2017, Asymmetric actor critic for image-based robot learning, arXiv:1710.06542.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from evoloco.dexterity.policy import Acting, Critic, Memory, Policy
from evoloco.dexterity.worlds import Worlds

UNIT = 10.0
"""Reward that counts as 1 for the critic."""


@dataclass(frozen=True)
class Settings:
    """How a policy is trained.

    Attributes:
        steps: Control steps of all simulations together.
        simulations: At a time.
        rollout: Control steps of a simulation between updates.
        epochs: Passes over a rollout.
        parts: Minibatches of a pass; each holds whole simulations.
        learning_rate: Of Adam, at the beginning.
        last_rate: Share of it that is left at the end; it falls on a line.
        ramp: Share of the steps in which worlds come to differ as much as they shall.
        discount: γ, per control step.
        trace: λ of generalized advantage estimation.
        clip: How far the ratio of probabilities counts.
        entropy: Weight of the entropy of actions.
    """

    steps: int = 400_000
    simulations: int = 64
    rollout: int = 32
    epochs: int = 4
    parts: int = 4
    learning_rate: float = 1e-3
    last_rate: float = 0.1
    ramp: float = 0.0
    discount: float = 0.97
    trace: float = 0.95
    clip: float = 0.2
    entropy: float = 0.003


@dataclass(frozen=True)
class Rollout:
    """What simulations did and what came of it; arrays (steps, n, ...)."""

    seen: Tensor
    known: Tensor
    begun: Tensor
    memory: Memory
    actions: Tensor
    chance: Tensor
    gain: Tensor
    returns: Tensor


class Training:
    """The training of a policy.

    Args:
        worlds: That it acts in.
        remembers: Whether it has memory.
        seed: Of weights and actions.
        settings: How it is trained.
        before: Whose networks it begins with; random ones where there is none. It has no memory.
    """

    def __init__(
        self,
        worlds: Worlds,
        remembers: bool,
        seed: int,
        settings: Settings,
        before: "Training | None" = None,
    ) -> None:
        torch.set_num_threads(1)
        self._worlds, self._settings = worlds, settings
        self._generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.policy = Policy(worlds.inputs, worlds.joints, remembers)
            self._critic = Critic(worlds.known().shape[1])
        if before is not None:
            self.policy.load_state_dict(before.policy.state_dict(), strict=False)
            self._critic.load_state_dict(before._critic.state_dict())
        parameters = [*self.policy.parameters(), *self._critic.parameters()]
        self._optimizer = torch.optim.Adam(parameters, settings.learning_rate)
        self._acting = Acting(self.policy, worlds.count)
        self._begun = np.ones(worlds.count, bool)
        self.goals: list[int] = []

    def go_on(self, told: Callable[[int, float], None] = lambda *_: None) -> Policy:
        """Trains, and returns the policy.

        Args:
            told: Called after every update with control steps done and the mean number of goals of
                the last 200 episodes.
        """
        settings, one = self._settings, self._settings.rollout * self._worlds.count
        updates = max(1, settings.steps // one)
        for update in range(updates):
            done = update / updates
            for group in self._optimizer.param_groups:
                group["lr"] = settings.learning_rate * (1 - (1 - settings.last_rate) * done)
            self._worlds.strength = min(1.0, done / settings.ramp) if settings.ramp else 1.0
            self._update(self._collect())
            told((update + 1) * one, float(np.mean(self.goals[-200:] or [0])))
        return self.policy.train(False)

    def _collect(self) -> Rollout:
        """Lets the present policy act."""
        worlds, memory = self._worlds, self._acting.memory
        rows: list[tuple[Any, ...]] = []
        for _ in range(self._settings.rollout):
            seen, known, begun = worlds.seen(), worlds.known(), self._begun
            each = torch.log_softmax(self._acting.logits(seen, begun), -1)
            chosen = torch.multinomial(each.exp().flatten(0, 1), 1, generator=self._generator)
            action = chosen.reshape(each.shape[:2])
            chance = each.gather(-1, action[..., None]).sum((-2, -1))

            happened = worlds.step(action.numpy())
            self._begun = happened.ended
            self.goals += happened.goals[happened.ended].tolist()
            rows.append((seen, known, begun, action, chance, happened.reward, happened.ended))

        columns = [torch.as_tensor(np.stack(column)) for column in zip(*rows, strict=True)]
        felt, exact, first, actions, chances, rewards, ended = columns
        exact = exact.float()
        with torch.no_grad():
            values = self._critic(exact)
            after = self._critic(torch.as_tensor(worlds.known(), dtype=torch.float32))
        gain = self._gains(rewards.float() / UNIT, ended.float(), values, after)
        return Rollout(felt.float(), exact, first, memory, actions, chances, gain, gain + values)

    def _gains(self, reward: Tensor, ended: Tensor, values: Tensor, after: Tensor) -> Tensor:
        """Advantages, by equations (11) and (12) of Schulman et al. (steps, n)."""
        found, running = torch.zeros_like(reward), torch.zeros_like(after)
        for step in reversed(range(len(reward))):
            goes_on = 1 - ended[step]
            surprise = reward[step] + self._settings.discount * goes_on * after - values[step]
            running = surprise + self._settings.discount * self._settings.trace * goes_on * running
            found[step], after = running, values[step]
        return found

    def _update(self, rollout: Rollout) -> None:
        """Takes the steps that follow from a rollout."""
        parameters = [*self.policy.parameters(), *self._critic.parameters()]
        spread = rollout.gain.std() + 1e-8
        gain = (rollout.gain - rollout.gain.mean()) / spread
        for chosen in self._minibatches():
            memory = (rollout.memory[0][chosen], rollout.memory[1][chosen])
            logits, _ = self.policy(rollout.seen[:, chosen], memory, rollout.begun[:, chosen])
            chances = torch.log_softmax(logits, -1)
            entropy = -(chances.exp() * chances).sum((-2, -1)).mean()
            action = rollout.actions[:, chosen][..., None]
            now = chances.gather(-1, action).sum((-2, -1))

            # Equation (7).
            ratio = (now - rollout.chance[:, chosen]).exp()
            limited = ratio.clamp(1 - self._settings.clip, 1 + self._settings.clip)
            part = gain[:, chosen]
            surrogate = torch.minimum(ratio * part, limited * part).mean()
            error = self._critic(rollout.known[:, chosen]) - rollout.returns[:, chosen]

            loss = error.square().mean() - surrogate - self._settings.entropy * entropy
            self._optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            self._optimizer.step()

    def _minibatches(self) -> Iterator[Tensor]:
        """Which simulations each step learns from."""
        for _ in range(self._settings.epochs):
            order = torch.randperm(self._worlds.count, generator=self._generator)
            yield from order.chunk(self._settings.parts)
