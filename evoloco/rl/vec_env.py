"""Stable-Baselines3's vector environment on native simulations."""

import time
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvStepReturn

from evoloco.fields import Array
from evoloco.rl.rollouts import Rollouts
from evoloco.sim.rollout import TRUNCATED

CLIP = 10.0
"""Largest size of a normalised observation, as the policy has it."""

Observations = NDArray[np.float32]


def spaces(inputs: int, outputs: int) -> tuple[Any, Any]:
    """Spaces of what is felt and of actions, Gymnasium's `Box`es."""
    felt = gymnasium.spaces.Box(-np.inf, np.inf, (inputs,), np.float32)
    return felt, gymnasium.spaces.Box(-1.0, 1.0, (outputs,), np.float32)


class NativeVecEnv(VecEnv):
    """The simulations of `Rollouts`, one control step at a time.

    Observations are those of the run's sensors, less `mean` and over `spread`. An action of [-1, 1]
    moves a control about its centre, as `controllers/policy.py` says. Infos are those that
    Stable-Baselines3 asks for: `terminal_observation`, `TimeLimit.truncated` and `episode`.

    Args:
        rollouts: The simulations.

    Attributes:
        mean: Taken off the observations [their units] (inputs,); 0 until set.
        spread: What they are divided by [their units] (inputs,); 1 until set.
    """

    def __init__(self, rollouts: Rollouts) -> None:
        self.rollouts = rollouts
        self.render_mode: str | None = None
        count = rollouts.simulations
        super().__init__(count, *spaces(rollouts.inputs, rollouts.outputs))
        self.mean, self.spread = np.zeros(rollouts.inputs), np.ones(rollouts.inputs)
        self._action = np.zeros((count, rollouts.outputs))
        self._return, self._length = np.zeros(count), np.zeros(count, np.int64)
        self._began = time.time()

    def reset(self) -> Observations:
        """Begins an episode in every simulation; returns what is felt (N, inputs)."""
        self._return[:], self._length[:] = 0.0, 0
        return self.felt(self.rollouts.begin())

    def felt(self, obs: Array) -> Observations:
        """What is felt less `mean`, over `spread`, within [-10, 10] of it where it has one."""
        if not self.normalises:
            return obs.astype(np.float32)
        return np.clip((obs - self.mean) / self.spread, -CLIP, CLIP).astype(np.float32)

    @property
    def normalises(self) -> bool:
        """Whether observations are normalised."""
        return bool(self.mean.any() or (self.spread != 1.0).any())

    def step_async(self, actions: NDArray[np.float32]) -> None:
        """Takes actions (N, outputs)."""
        self._action[:] = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Simulates a control step with the actions that were taken."""
        found = self.rollouts.step(self._action)
        reward, ending = found.reward[0], found.ending[0]
        self._return += reward
        self._length += 1

        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for i in np.flatnonzero(ending):
            infos[i] = {
                "terminal_observation": self.felt(found.final[0, i]),
                "TimeLimit.truncated": bool(ending[i] == TRUNCATED),
                "episode": {
                    "r": float(self._return[i]),
                    "l": int(self._length[i]),
                    "t": time.time() - self._began,
                },
            }
            self._return[i], self._length[i] = 0.0, 0
        return self.felt(found.obs[1]), reward.astype(np.float32), ending > 0, infos

    def close(self) -> None:
        """Does nothing: the simulations go with their last user."""

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """An attribute of each environment: they share those of the vector."""
        return [getattr(self, attr_name, None) for _ in self._get_indices(indices)]

    def set_attr(  # all share it
        self,
        attr_name: str,
        value: Any,
        indices: VecEnvIndices = None,  # noqa: ARG002
    ) -> None:
        """Sets an attribute of the vector."""
        setattr(self, attr_name, value)

    def env_method(
        self,
        method_name: str,
        *method_args: Any,
        indices: VecEnvIndices = None,
        **method_kwargs: Any,
    ) -> list[Any]:
        """There are no methods of single environments.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(f"single environments have no method {method_name}")

    def env_is_wrapped(
        self,
        wrapper_class: type[gymnasium.Wrapper[Any, Any, Any, Any]],  # noqa: ARG002
        indices: VecEnvIndices = None,
    ) -> list[bool]:
        """Whether environments are wrapped: none is."""
        return [False for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[NDArray[np.uint8] | None]:
        """No pictures: `gymnasium.make` gives an environment that can be rendered."""
        return [None] * self.num_envs
