"""PPO of Stable-Baselines3, whose rollouts are collected natively.

Python is entered once per rollout: the compiled policy normalises what is felt, runs the network,
adds noise, and the physics goes on. Values and log-probabilities of the whole rollout then come
from PyTorch in one batch, and Stable-Baselines3's own `train` works on its own buffer.

References:
    Schulman et al., 2017, Proximal policy optimization algorithms, arXiv:1707.06347.
    Raffin et al., 2021, Stable-Baselines3, http://jmlr.org/papers/v22/20-1364.html.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import stable_baselines3
import torch
from numpy.typing import NDArray
from stable_baselines3.common.logger import configure
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.utils import explained_variance

from evoloco.fields import Array
from evoloco.policy_file import Policy
from evoloco.rl.gradients import Here, Part, Rule, Workers, adapted, averaged, put, step, taken
from evoloco.rl.layers import set_layers, taken_from
from evoloco.rl.losses import LossError
from evoloco.rl.mirroring import Image, action_image, sensor_image
from evoloco.rl.rollouts import Experience, Rollouts
from evoloco.rl.vec_env import NativeVecEnv
from evoloco.scenario import TRAINING
from evoloco.search.isolation import Isolation
from evoloco.sim.rollout import TRUNCATED
from evoloco.spec import TrainingSpec

CLIP = 10.0
"""Largest size of a normalised input, as the policy has it, and of a normalised reward."""

TAKEN_OVER = 100_000
"""Control steps for which a normaliser counts that is taken over."""

TINY = 1e-8
"""Added to variances that are divided by."""

RATES = (1e-5, 3e-3)
"""Least and largest learning rate while it follows the divergence."""

SLOWER, FASTER, BAND = 0.7, 1.3, 1.5
"""Factors on the learning rate where the divergence is `BAND` times too large, or too small."""

Numbers = NDArray[Any]


class PPO(stable_baselines3.PPO):
    """Learns a policy from native rollouts.

    Normalisers of inputs and rewards are frozen within a rollout. An episode that is cut by its
    time limit goes on in value: the value of its last observation is added to its last reward.

    Args:
        rollouts: The simulations.
        training: Options.
        seed: Of the first weights, of the noise, and of the order of minibatches.
    """

    def __init__(self, rollouts: Rollouts, training: TrainingSpec, seed: int) -> None:
        torch.set_num_threads(1)
        self.rollouts, self.training_spec, self.run_seed = rollouts, training, seed
        layout = rollouts.controller.layout
        with torch.random.fork_rng(devices=[]), Isolation([seed, TRAINING])():
            super().__init__(
                "MlpPolicy",
                NativeVecEnv(rollouts),
                n_steps=training.rollout,
                batch_size=training.batch,
                n_epochs=training.epochs,
                learning_rate=training.learning_rate,
                gamma=training.discount,
                gae_lambda=training.gae_lambda,
                clip_range=training.clip,
                ent_coef=training.entropy,
                policy_kwargs={
                    "net_arch": list(layout.hidden),
                    "log_std_init": float(np.log(training.deviation)),
                },
                device="cpu",
                seed=seed % 2**32,
            )
        self.set_logger(configure(None, []))
        self.rate, self.done, self.penalty = training.learning_rate, 0, 1.0
        self.workers: Workers = Here(self.policy)
        self.lr_schedule = lambda _: self.rate
        self.inputs, self.returns = (
            RunningMeanStd(shape=(rollouts.inputs,)),
            RunningMeanStd(shape=()),
        )
        count = rollouts.simulations
        self._running = np.zeros(count)
        self._begun = np.ones(count, bool)
        self._open = np.zeros((2, count))
        self.finished: list[tuple[float, float]] = []
        self._images = self._with_mirror_images() if training.mirror else None

    # The policy

    @property
    def _layers(self) -> list[Any]:
        hidden = [one for one in self.policy.mlp_extractor.policy_net if hasattr(one, "weight")]
        return [*hidden, self.policy.action_net]

    def network(self) -> Policy:
        """The policy as evoloco has it, with the present normaliser."""
        return taken_from(self._layers, self.rollouts.controller.layout, *self._normaliser())

    def begin_at(self, policy: Policy) -> None:
        """Takes over weights and normaliser of a policy, unless the weights are all 0."""
        if policy.weights.any():
            set_layers(self._layers, policy)
            self.inputs.mean, self.inputs.var = policy.mean.copy(), policy.spread**2 - TINY
            self.inputs.count = TAKEN_OVER

    def _normaliser(self) -> tuple[Array, Array]:
        """Means and spreads of the inputs."""
        return np.array(self.inputs.mean), np.sqrt(np.array(self.inputs.var) + TINY)

    # Rollouts

    def noise(self) -> Array:
        """Standard normal numbers of the next rollout (n, N, outputs), from a counter."""
        rollouts, shape = self.rollouts, (self.n_steps, self.n_envs, self.rollouts.outputs)
        key = np.random.SeedSequence([self.run_seed, TRAINING, rollouts.seed, self.done])
        generator = np.random.Generator(np.random.Philox(key))
        return generator.standard_normal(shape)

    def prepare(self) -> None:
        """Finds the first normaliser, from a rollout that is thrown away."""
        found = self.simulated(self.noise())
        self.inputs.update(found.obs[:-1].reshape(-1, self.rollouts.inputs))
        self.rollouts.begin()

    def collect(self) -> None:
        """Collects one rollout into the buffer."""
        self.fill(self.simulated(self.noise()))
        self.num_timesteps += self.n_steps * self.n_envs

    def simulated(self, noise: Array) -> Experience:
        """Simulates a rollout with standard normal noise (n, N, outputs)."""
        deviation = self.policy.log_std.detach().exp().numpy().astype(np.float64)
        self.rollouts.set_policy(self.network(), deviation)
        return self.rollouts.collect(noise)

    def fill(self, found: Experience, scaled: bool = True) -> None:
        """Fills the buffer with a rollout.

        Args:
            found: The rollout, simulated with the present policy.
            scaled: Whether rewards are divided by the spread of returns.
        """
        buffer, (steps, count) = self.rollout_buffer, found.reward.shape
        inputs = self.rollouts.inputs
        obs = self._normalised(found.obs)
        action = found.action.astype(np.float32)
        reward = self._scaled(found) if scaled else found.reward.astype(np.float32)

        with torch.no_grad():
            flat = torch.as_tensor(obs.reshape(-1, inputs))
            values = self.policy.predict_values(flat).numpy().reshape(steps + 1, count)
            cut = found.ending == TRUNCATED
            if cut.any():
                last = torch.as_tensor(self._normalised(found.final[cut]))
                reward[cut] += self.gamma * self.policy.predict_values(last).numpy()[:, 0]

        starts = np.concatenate([[self._begun], found.ending > 0])
        self._begun = found.ending[-1] > 0
        obs = obs[:steps]
        if self._images:
            felt, done = self._images
            there = self._normalised(felt.of(found.obs[:-1]))
            acted = done.of(action).astype(np.float32)
            obs, action = (np.concatenate(two, axis=1) for two in ((obs, there), (action, acted)))
            # In the mirror a body earns the same and has the same value.
            reward, values, starts = (np.tile(one, 2) for one in (reward, values, starts))

        buffer.reset()
        buffer.observations[:], buffer.actions[:], buffer.rewards[:] = obs, action, reward
        buffer.values[:], buffer.episode_starts[:] = values[:steps], starts[:steps]
        buffer.log_probs[:] = self._log_probs(obs, action)
        buffer.pos, buffer.full = steps, True
        buffer.compute_returns_and_advantage(torch.as_tensor(values[steps]), starts[steps])

        self.inputs.update(found.obs[:-1].reshape(-1, inputs))
        self._count_episodes(found)

    def _log_probs(self, obs: Numbers, action: Numbers) -> Numbers:
        """Log-probabilities of actions (n, N, outputs) where that was felt (n, N)."""
        rows, wide = action.shape[:2], (-1, obs.shape[-1])
        with torch.no_grad():
            _, found, _ = self.policy.evaluate_actions(
                torch.as_tensor(obs.reshape(wide)),
                torch.as_tensor(action.reshape(-1, action.shape[-1])),
            )
        return found.numpy().reshape(rows)

    def _with_mirror_images(self) -> tuple[Image, Image]:
        """Makes room for mirror images; returns what makes those of what is felt and of actions."""
        morphology, buffer = self.rollouts.experiment.morphology, self.rollout_buffer
        buffer.n_envs *= 2
        buffer.reset()
        return sensor_image(morphology), action_image(morphology)

    def _normalised(self, obs: Array) -> NDArray[np.float32]:
        """What is felt, as the policy of this rollout normalises it."""
        mean, spread = self._normaliser()
        return np.clip((obs - mean) / spread, -CLIP, CLIP).astype(np.float32)

    def _scaled(self, found: Experience) -> NDArray[np.float32]:
        """Rewards over the spread of the discounted return so far (n, N)."""
        running = np.empty_like(found.reward)
        for t, (reward, ending) in enumerate(zip(found.reward, found.ending, strict=True)):
            running[t] = self._running = self._running * self.gamma + reward
            self._running = np.where(ending > 0, 0.0, self._running)
        self.returns.update(running.ravel())
        spread = np.sqrt(self.returns.var + TINY)
        return np.clip(found.reward / spread, -CLIP, CLIP).astype(np.float32)

    def _count_episodes(self, found: Experience) -> None:
        """Keeps return and length of the last 100 episodes that ended."""
        for reward, ending in zip(found.reward, found.ending, strict=True):
            self._open += np.stack([reward, np.ones_like(reward)])
            over = np.flatnonzero(ending)
            self.finished += [tuple(row) for row in self._open[:, over].T.tolist()]
            self._open[:, over] = 0.0
        self.finished = self.finished[-100:]

    # Updates

    def update(self) -> dict[str, float]:
        """Updates policy and values by the rollout in the buffer; returns what is worth drawing.

        Raises:
            LossError: The loss or a weight is no finite number any more.
        """
        with Isolation([self.run_seed, TRAINING, self.done])():
            try:
                if self.training_spec.penalty == "clip" and self.training_spec.parts == 1:
                    self.train()
                else:
                    self.train_by_parts()
            except ValueError as error:  # PyTorch's distributions refuse a NaN
                raise LossError(f"PyTorch says: {str(error).splitlines()[0]}") from None
        told = {name: float(value) for name, value in self.logger.name_to_value.items()}
        finite = all(bool(torch.isfinite(one).all()) for one in self.policy.parameters())
        if not finite or not np.isfinite(told["train/loss"]):
            raise LossError(f"The loss is {told['train/loss']}.")

        self.done += 1
        self._follow(told["train/approx_kl"])
        episodes = np.array(self.finished) if self.finished else np.full((1, 2), np.nan)
        told["rollout/return"], told["rollout/length"] = episodes.mean(axis=0).tolist()
        return {**told, "train/learning_rate": self.rate}

    def train_by_parts(self) -> None:
        """Does what `train` does, with gradients of parts of each minibatch that are averaged."""
        spec, buffer = self.training_spec, self.rollout_buffer
        clip = spec.clip if spec.penalty == "clip" else None
        rule = Rule(clip, self.penalty, spec.kl, self.vf_coef, self.ent_coef)
        rows, weights = self.rows(), taken(self.policy)
        self._update_learning_rate(self.policy.optimizer)

        losses: list[float] = []
        divergences: list[float] = []
        for _ in range(self.n_epochs):
            order, divergences = np.random.permutation(len(rows)), []
            for first in range(0, len(order), self.batch_size):
                chosen = rows.rows(order[first : first + self.batch_size])
                scaled = chosen.advantage - chosen.advantage.mean()
                scaled = scaled / (scaled.std(ddof=1) + np.float32(TINY))
                parts = replace(chosen, advantage=scaled).split(spec.parts)
                found = averaged(self.workers.gradients(weights, parts, rule))
                weights = step(self.policy, weights, found, self.max_grad_norm)
                losses.append(found.loss)
                divergences.append(found.divergence)
            self._n_updates += 1

        put(self.policy, weights)
        explained = explained_variance(buffer.values.flatten(), buffer.returns.flatten())
        self.logger.record("train/loss", losses[-1])
        self.logger.record("train/approx_kl", float(np.mean(divergences)))
        self.logger.record("train/explained_variance", explained)
        self.logger.record("train/std", self.policy.log_std.exp().mean().item())
        self.logger.record("train/penalty", self.penalty)

    def rows(self) -> Part:
        """The rollout in the buffer, row by row, with the present policy as the old one."""
        whole = next(self.rollout_buffer.get(None))
        with torch.no_grad():
            now: Any = self.policy.get_distribution(whole.observations).distribution
        return Part(
            whole.observations.numpy(),
            whole.actions.numpy(),
            whole.old_log_prob.numpy(),
            whole.advantages.numpy(),
            whole.returns.numpy(),
            now.mean.numpy(),
            self.policy.log_std.detach().numpy().copy(),
        )

    def _follow(self, divergence: float) -> None:
        """Lets penalty or learning rate follow the divergence of the last epoch."""
        wanted = self.training_spec.kl
        if not wanted:
            return
        if self.training_spec.penalty == "kl":
            self.penalty = adapted(self.penalty, divergence, wanted)
            return
        if divergence > BAND * wanted:
            self.rate *= SLOWER
        elif divergence < wanted / BAND:
            self.rate *= FASTER
        self.rate = float(np.clip(self.rate, *RATES))

    # Continuing

    def state(self) -> dict[str, Numbers]:
        """All that a continued training depends on, by name."""
        optimizer = self.policy.optimizer.state_dict()["state"]
        slots = {
            f"optimizer.{index}.{slot}": value.numpy()
            for index, kept in optimizer.items()
            for slot, value in kept.items()
        }
        return {
            **{f"weights.{k}": v.numpy() for k, v in self.policy.state_dict().items()},
            **slots,
            **{f"simulations.{k}": v for k, v in self.rollouts.state().items()},
            **_statistics("inputs", self.inputs),
            **_statistics("returns", self.returns),
            "running": self._running,
            "begun": self._begun.astype(np.uint8),
            "open": self._open,
            "finished": np.array(self.finished).reshape(-1, 2),
            "clock": np.array([self.done, self.num_timesteps, self._n_updates], np.int64),
            "rate": np.array([self.rate, self.penalty]),
        }

    def restore(self, state: Mapping[str, Numbers]) -> None:
        """Continues where another one gave its `state`."""
        parts = {key: _part(state, f"{key}.") for key in ("weights", "optimizer", "simulations")}
        weights = {name: torch.as_tensor(value) for name, value in parts["weights"].items()}
        self.policy.load_state_dict(weights)
        slots: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in parts["optimizer"].items():
            index, _, slot = name.partition(".")
            slots.setdefault(int(index), {})[slot] = torch.as_tensor(value)
        whole = self.policy.optimizer.state_dict()
        self.policy.optimizer.load_state_dict({**whole, "state": slots})

        self.rollouts.restore(parts["simulations"])
        for name, statistics in (("inputs", self.inputs), ("returns", self.returns)):
            statistics.mean = state[f"{name}.mean"].copy()
            statistics.var = state[f"{name}.var"].copy()
            statistics.count = float(state[f"{name}.count"][0])
        self._running, self._open = state["running"].copy(), state["open"].copy()
        self._begun = state["begun"] > 0
        self.finished = [tuple(row) for row in state["finished"].tolist()]
        self.done, self.num_timesteps, self._n_updates = state["clock"].tolist()
        self.rate, self.penalty = state["rate"].tolist()


def _statistics(name: str, kept: RunningMeanStd) -> dict[str, Numbers]:
    return {
        f"{name}.mean": np.asarray(kept.mean, np.float64),
        f"{name}.var": np.asarray(kept.var, np.float64),
        f"{name}.count": np.array([kept.count], np.float64),
    }


def _part(state: Mapping[str, Numbers], prefix: str) -> dict[str, Numbers]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
