"""Gradients on Ray: workers that each compute theirs of a part, which are then averaged."""

from collections.abc import Sequence
from typing import Any

from evoloco.extras import needs
from evoloco.rl.gradients import Flat, Gradient, Part, Rule, gradient, put


class Worker:
    """Computes gradients in a process of its own.

    Args:
        kind: Class of the policy.
        options: What the policy is made with.
    """

    def __init__(self, kind: type[Any], options: dict[str, Any]) -> None:
        import torch

        torch.set_num_threads(1)
        self._policy = kind(lr_schedule=lambda _: 0.0, **options)

    def gradient(self, weights: Flat, part: Part, rule: Rule) -> Gradient:
        """The gradient of a part with these weights."""
        put(self._policy, weights)
        return gradient(self._policy, part, rule)


class OnRay:
    """Workers on a Ray that has been started or joined already.

    Args:
        policy: Stable-Baselines3's policy.
        workers: Number of workers, of one CPU each.
    """

    def __init__(self, policy: Any, workers: int) -> None:
        self._ray = needs("ray", "ray")
        options = {
            "observation_space": policy.observation_space,
            "action_space": policy.action_space,
            "net_arch": policy.net_arch,
        }
        remote = self._ray.remote(num_cpus=1)(Worker)
        self._workers = [remote.remote(type(policy), options) for _ in range(workers)]

    def __len__(self) -> int:
        return len(self._workers)

    def gradients(self, weights: Flat, parts: Sequence[Part], rule: Rule) -> list[Gradient]:
        """The gradient of each part, computed at once; parts are dealt to the workers in turn."""
        kept = self._ray.put(weights)
        asked = [
            self._workers[index % len(self)].gradient.remote(kept, part, rule)
            for index, part in enumerate(parts)
        ]
        return list(self._ray.get(asked))

    def close(self) -> None:
        """Ends the workers."""
        for worker in self._workers:
            self._ray.kill(worker)
