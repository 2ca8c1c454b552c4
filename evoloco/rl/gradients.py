"""The gradient of PPO's loss on a part of a minibatch, and updates by averages of such parts.

With the ratio r of the new to the old probability of an action and its advantage A, the policy's
loss is the mean of

    -min(r A, clip(r, 1 - c, 1 + c) A)                                    clipped ratios      (1)
    -r A + b KL + x max(0, KL - 2 K)^2,   KL = mean KL(old || new)         penalty             (2)

for a wanted divergence K. After an update, b grows by `ADAPT` if KL > `BAND` K, and shrinks if
KL < K / `BAND`. The advantages are normalised over the whole minibatch, so the gradient of a
minibatch is the average over its parts, weighted by their sizes, whoever computes them; only (2)
makes a penalty of each part's own KL beyond 2 K.

References:
    Schulman et al., 2017, Proximal policy optimization algorithms, arXiv:1707.06347 (eq. 7).
    Heess et al., 2017, Emergence of locomotion behaviours in rich environments, arXiv:1707.02286
    (distributed PPO: adaptive penalty, synchronous averages of gradients).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

ADAPT, BAND = 1.5, 1.5
"""Factor on the penalty, and how far the divergence may be off before it changes."""

EXCESS = 50.0
"""Weight x of the squared divergence beyond twice the wanted one."""

LIMITS = (1e-4, 1e4)
"""Least and largest penalty."""

Flat = NDArray[np.float32]


@dataclass(frozen=True)
class Part:
    """Rows of a minibatch.

    Attributes:
        obs: Normalised (n, inputs).
        action: (n, outputs).
        log_prob: Of the actions, by the old policy (n,).
        advantage: Normalised over the whole minibatch (n,).
        target: Of the value (n,).
        mean: Of the old policy's actions (n, outputs).
        log_std: Of the old policy's actions (outputs,).
    """

    obs: Flat
    action: Flat
    log_prob: Flat
    advantage: Flat
    target: Flat
    mean: Flat
    log_std: Flat

    def __len__(self) -> int:
        return len(self.obs)

    def split(self, count: int) -> "list[Part]":
        """Parts of nearly equal size; fewer where there are fewer rows."""
        rows = [one for one in np.array_split(np.arange(len(self)), count) if len(one)]
        return [self.rows(one) for one in rows]

    def rows(self, which: NDArray[np.int64]) -> "Part":
        """Some of the rows."""
        return Part(
            self.obs[which],
            self.action[which],
            self.log_prob[which],
            self.advantage[which],
            self.target[which],
            self.mean[which],
            self.log_std,
        )


@dataclass(frozen=True)
class Rule:
    """Coefficients of the loss.

    Attributes:
        clip: c of (1); None for the penalty of (2).
        penalty: b of (2).
        wanted: K of (2).
        value: Weight of the squared error of the value.
        entropy: Weight of the entropy.
    """

    clip: float | None
    penalty: float = 1.0
    wanted: float = 0.01
    value: float = 0.5
    entropy: float = 0.0


@dataclass(frozen=True)
class Gradient:
    """What one part of a minibatch brought.

    Attributes:
        values: Gradient of each parameter's entries, flat (n,).
        loss: The loss.
        divergence: Mean KL(old || new) before the step.
        rows: Size of the part.
    """

    values: Flat
    loss: float
    divergence: float
    rows: int


class Workers(Protocol):
    """Whoever computes gradients of parts, at once."""

    def gradients(self, weights: Flat, parts: Sequence[Part], rule: Rule) -> list[Gradient]:
        """The gradient of each part with these weights of the policy."""


class Here:
    """Computes gradients in this process, one after another.

    Args:
        policy: Stable-Baselines3's policy, whose weights it overwrites.
    """

    def __init__(self, policy: Any) -> None:
        self._policy = policy

    def gradients(self, weights: Flat, parts: Sequence[Part], rule: Rule) -> list[Gradient]:
        """The gradient of each part with these weights of the policy."""
        put(self._policy, weights)
        return [gradient(self._policy, part, rule) for part in parts]


def gradient(policy: Any, part: Part, rule: Rule) -> Gradient:
    """The gradient of the loss on a part of a minibatch."""
    obs, action, log_prob_then, advantage, target, mean, log_std = map(
        torch.as_tensor,
        (
            *(part.obs, part.action, part.log_prob, part.advantage),
            *(part.target, part.mean, part.log_std),
        ),
    )
    value, log_prob, entropy = policy.evaluate_actions(obs, action)
    ratio = torch.exp(log_prob - log_prob_then)
    now = policy.get_distribution(obs).distribution
    moved = divergence(mean, log_std, now.mean, torch.log(now.stddev)).mean()

    if rule.clip is not None:  # (1)
        bounded = torch.clamp(ratio, 1 - rule.clip, 1 + rule.clip)
        loss = -torch.min(ratio * advantage, bounded * advantage).mean()
    else:  # (2)
        excess = torch.clamp(moved - 2 * rule.wanted, min=0.0)
        loss = -(ratio * advantage).mean() + rule.penalty * moved + EXCESS * excess**2
    loss = loss + rule.value * torch.nn.functional.mse_loss(value.flatten(), target)
    loss = loss - rule.entropy * entropy.mean()

    policy.optimizer.zero_grad()
    loss.backward()
    values = torch.cat([one.grad.flatten() for one in parameters(policy)])
    return Gradient(values.numpy().copy(), loss.item(), moved.item(), len(part))


def averaged(found: Sequence[Gradient]) -> Gradient:
    """The gradient of a minibatch from those of its parts."""
    share = np.array([one.rows for one in found]) / sum(one.rows for one in found)
    stacked = np.stack([one.values.astype(np.float64) for one in found])
    values = (share[:, None] * stacked).sum(axis=0).astype(np.float32)
    loss = float(share @ [one.loss for one in found])
    divergence = float(share @ [one.divergence for one in found])
    return Gradient(values, loss, divergence, sum(one.rows for one in found))


def step(policy: Any, weights: Flat, found: Gradient, max_norm: float) -> Flat:
    """Takes one step of the policy's optimizer from some weights; returns those after it."""
    put(policy, weights)
    at = 0
    for one in parameters(policy):
        size = one.numel()
        one.grad = torch.as_tensor(found.values[at : at + size]).reshape(one.shape).clone()
        at += size
    torch.nn.utils.clip_grad_norm_(parameters(policy), max_norm)
    policy.optimizer.step()
    return taken(policy)


def parameters(policy: Any) -> list[Any]:
    """The parameters that are learned, in their order."""
    return [one for one in policy.parameters() if one.requires_grad]


def taken(policy: Any) -> Flat:
    """All parameters, flat (n,)."""
    flat = torch.cat([one.detach().flatten() for one in parameters(policy)])
    return np.asarray(flat.numpy().copy())


def put(policy: Any, weights: Flat) -> None:
    """Sets all parameters from a flat array (n,)."""
    at = 0
    with torch.no_grad():
        for one in parameters(policy):
            size = one.numel()
            one.copy_(torch.as_tensor(weights[at : at + size]).reshape(one.shape))
            at += size


def adapted(penalty: float, divergence: float, wanted: float) -> float:
    """The penalty b after an update with this divergence."""
    if divergence > BAND * wanted:
        penalty *= ADAPT
    elif divergence < wanted / BAND:
        penalty /= ADAPT
    return float(np.clip(penalty, *LIMITS))


def divergence(mean: Any, log_std: Any, new_mean: Any, new_log_std: Any) -> Any:
    """KL of two Gaussians with diagonal covariance, the old one first (n,)."""
    spread = torch.exp(2 * (log_std - new_log_std))
    away = (mean - new_mean) ** 2 * torch.exp(-2 * new_log_std)
    return (new_log_std - log_std + (spread + away - 1) / 2).sum(dim=-1)
