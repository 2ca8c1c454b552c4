"""SAC of Stable-Baselines3 on native simulations, with its own loop.

Every control step of all simulations is followed by one gradient step. The inputs are normalised
by means and spreads that are found once, from random actions.

References:
    Haarnoja et al., 2018, Soft actor-critic: off-policy maximum entropy deep reinforcement learning
    with a stochastic actor, arXiv:1801.01290.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import stable_baselines3
import torch
from numpy.typing import NDArray
from stable_baselines3.common.logger import configure

from evoloco.policy_file import Policy
from evoloco.rl.layers import set_layers, taken_from
from evoloco.rl.losses import LossError
from evoloco.rl.rollouts import Rollouts
from evoloco.rl.vec_env import NativeVecEnv
from evoloco.scenario import TRAINING
from evoloco.search.isolation import Isolation
from evoloco.spec import TrainingSpec

MEMORY = 300_000
"""Most control steps that the replay buffer holds."""

NEVER = 10**9
"""Episodes between lines that Stable-Baselines3 would print."""

LEAST_SPREAD = 1e-3
"""Least spread of an input [its unit], for those that do not move at random actions."""

KEPT = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
"""Arrays of the replay buffer."""

Numbers = NDArray[Any]


class SAC(stable_baselines3.SAC):
    """Learns a policy from a memory of control steps.

    Args:
        rollouts: The simulations.
        training: Options.
        seed: Of everything random.
    """

    def __init__(self, rollouts: Rollouts, training: TrainingSpec, seed: int) -> None:
        torch.set_num_threads(1)
        self.rollouts, self.training_spec, self.run_seed = rollouts, training, seed
        self.environment = NativeVecEnv(rollouts)
        self.done = 0
        steps = min(training.steps, MEMORY)
        with self._own_numbers():
            super().__init__(
                "MlpPolicy",
                self.environment,
                learning_rate=training.learning_rate,
                buffer_size=max(steps, training.batch),
                learning_starts=training.rollout * training.simulations,
                batch_size=training.batch,
                gamma=training.discount,
                policy_kwargs={
                    "net_arch": list(rollouts.controller.layout.hidden),
                    "activation_fn": torch.nn.Tanh,
                },
                device="cpu",
                seed=seed % 2**32,
            )
        self.set_logger(configure(None, []))

    @contextmanager
    def _own_numbers(self) -> Iterator[None]:
        """A block in which global random numbers follow from seed and number of the rollout."""
        address = [self.run_seed, TRAINING, self.done]
        word = int(np.random.SeedSequence(address).generate_state(1)[0])
        with torch.random.fork_rng(devices=[]), Isolation(address)():
            torch.manual_seed(word)
            self.environment.action_space.seed(word)
            yield

    # The policy

    @property
    def _layers(self) -> list[Any]:
        hidden = [one for one in self.actor.latent_pi if hasattr(one, "weight")]
        return [*hidden, self.actor.mu]

    def network(self) -> Policy:
        """The policy as evoloco has it."""
        env = self.environment
        return taken_from(self._layers, self.rollouts.controller.layout, env.mean, env.spread)

    def begin_at(self, policy: Policy) -> None:
        """Takes over weights and normaliser of a policy, unless the weights are all 0."""
        if policy.weights.any():
            set_layers(self._layers, policy)
            self.environment.mean, self.environment.spread = policy.mean, policy.spread

    # Learning

    def prepare(self) -> None:
        """Finds means and spreads of the inputs, from random actions, where none were given."""
        if self.environment.normalises:
            return
        rollouts = self.rollouts
        random = np.random.default_rng([self.run_seed, TRAINING])
        shape = (self.training_spec.rollout, rollouts.simulations, rollouts.outputs)
        seen = [rollouts.step(action).obs[1].copy() for action in random.uniform(-1, 1, shape)]
        flat = np.concatenate(seen)
        self.environment.mean = flat.mean(axis=0)
        self.environment.spread = np.maximum(flat.std(axis=0), LEAST_SPREAD)
        rollouts.begin()

    def collect(self) -> None:
        """Does one rollout, with a gradient step after every control step."""
        steps = self.training_spec.rollout * self.rollouts.simulations
        with self._own_numbers():
            try:
                self.learn(steps, log_interval=NEVER, reset_num_timesteps=False)
            except ValueError as error:  # PyTorch's distributions refuse a NaN
                raise LossError(f"PyTorch says: {str(error).splitlines()[0]}") from None

    def update(self) -> dict[str, float]:
        """Returns what is worth drawing: the updates were made while collecting.

        Raises:
            LossError: A weight is no finite number any more.
        """
        if not all(bool(torch.isfinite(one).all()) for one in self.policy.parameters()):
            raise LossError("A weight is no finite number.")
        self.done += 1
        told = {name: float(value) for name, value in self.logger.name_to_value.items()}
        episodes = [(one["r"], one["l"]) for one in self.ep_info_buffer or ()]
        if episodes:
            told["rollout/return"], told["rollout/length"] = np.mean(episodes, axis=0).tolist()
        return told

    # Continuing

    def state(self) -> dict[str, Numbers]:
        """All that a continued training depends on, by name."""
        found = {f"weights.{k}": v.numpy() for k, v in self.policy.state_dict().items()}
        for name, optimizer in self._optimizers.items():
            for index, kept in optimizer.state_dict()["state"].items():
                found |= {f"{name}.{index}.{slot}": v.numpy() for slot, v in kept.items()}
        found |= {f"simulations.{k}": v for k, v in self.rollouts.state().items()}

        buffer, entropy = self.replay_buffer, self.log_ent_coef
        assert buffer is not None
        assert entropy is not None
        filled = buffer.buffer_size if buffer.full else buffer.pos
        found |= {f"memory.{name}": getattr(buffer, name)[:filled] for name in KEPT}
        begun = self._last_obs is not None
        env = self.environment
        return {
            **found,
            "entropy": entropy.detach().numpy(),
            "mean": env.mean,
            "spread": env.spread,
            "clock": np.array(
                [
                    self.done,
                    self.num_timesteps,
                    self._n_updates,
                    buffer.pos,
                    int(buffer.full),
                    int(begun),
                ],
                np.int64,
            ),
        }

    @property
    def _optimizers(self) -> dict[str, Any]:
        return {
            "actor_optimizer": self.actor.optimizer,
            "critic_optimizer": self.critic.optimizer,
            "entropy_optimizer": self.ent_coef_optimizer,
        }

    def restore(self, state: Mapping[str, Numbers]) -> None:
        """Continues where another one gave its `state`."""
        weights = _part(state, "weights.")
        self.policy.load_state_dict({k: torch.as_tensor(v) for k, v in weights.items()})
        for name, optimizer in self._optimizers.items():
            slots: dict[int, dict[str, torch.Tensor]] = {}
            for key, value in _part(state, f"{name}.").items():
                index, _, slot = key.partition(".")
                slots.setdefault(int(index), {})[slot] = torch.as_tensor(value)
            optimizer.load_state_dict({**optimizer.state_dict(), "state": slots})
        assert self.log_ent_coef is not None
        with torch.no_grad():
            self.log_ent_coef.copy_(torch.as_tensor(state["entropy"]))

        buffer, env = self.replay_buffer, self.environment
        assert buffer is not None
        for name, array in _part(state, "memory.").items():
            getattr(buffer, name)[: len(array)] = array
        self.rollouts.restore(_part(state, "simulations."))
        env.mean, env.spread = state["mean"].copy(), state["spread"].copy()
        clock = state["clock"].tolist()
        self.done, self.num_timesteps, self._n_updates, buffer.pos, full, begun = clock
        buffer.full = bool(full)
        if begun:
            self._last_obs = env.felt(self.rollouts.obs)


def _part(state: Mapping[str, Numbers], prefix: str) -> dict[str, Numbers]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
