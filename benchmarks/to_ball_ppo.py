"""PPO learns to steer the biped to the ball, in place of the evolved law.

    python benchmarks/to_ball_ppo.py [--decisions 60000] [--told rays] [--judge rays] [--seed 0]
                                     [--weights FILE]

The gait, the worlds and the sensor are those of the run `biped_to_ball`. Ten times a second a
network of 2 x 32 units decides for a speed and a turning rate of the gait, from what the sensor
tells, the turning rate of the torso and its decision before. The reward is the closed share of the
first distance, 1 more for the ball reached, and 1 less for a fall. An episode ends with either, or
after 16 s. The CPU time is that of the whole training.
"""

import argparse
import time
from collections.abc import Sequence
from functools import reduce
from typing import Any

import gymnasium
import numpy as np
import to_ball
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv

from evoloco import fields
from evoloco.controllers._foot_paths import begin
from evoloco.controllers.feet import walk_as_asked
from evoloco.controllers.steering import CHANNELS
from evoloco.experiment import Experiment
from evoloco.fields import Array, Fields, Record, flatten
from evoloco.gait_of_run import gait_of_run
from evoloco.scenario import Scenario
from evoloco.sim.batch import Batch
from evoloco.sim.needs import Needs
from evoloco.sim.plan import RUNNING
from evoloco.sim.prepared import Body
from evoloco.sim.setting import settle

STEPS = 5
"""Control steps between decisions."""

BODIES, WORLDS = 16, 96
"""Simulations at once, and the worlds that they are drawn from."""

FASTEST, TURNING = 0.39, 0.8
"""Largest speed [m/s] and turning rate [rad/s] of a decision, as of the law."""

NEAR = 0.15
"""Distance at which the ball is reached [m]."""

SCALES = np.array([2.0, 2.0, 1.0, 2.0, 1.0, 1.0, 1.0])
"""Of forward, left [m], confidence, age [s], turning rate [rad/s] and the decision before."""


def reset(params: Record, state: Record, dt: float) -> None:
    """Between two swings."""
    begin(params.paths, state.feet)


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Walks as the parameters say, which change with every decision."""
    state.asked[0], state.asked[2] = params.asked[0], params.asked[1]
    state.asked[1] += dt * params.asked[1]
    walk_as_asked(params.paths, state.feet, state.asked, obs, time, dt, ctrl)


class Told:
    """A gait whose speed and turning rate stand in its parameters."""

    reset, step = staticmethod(reset), staticmethod(step)

    def __init__(self, made: Experiment) -> None:
        self.gait, self._values = gait_of_run("biped", made.morphology)
        self.space, self.state = self.gait.space, {"asked": (3,), **self.gait.state}

    def parameters(self, _: dict[str, float]) -> Fields:
        """The gait's, and a decision to stand."""
        return {"asked": np.zeros(2), **self.gait.parameters(self._values)}


class Walks(VecEnv):
    """Bodies that walk to balls, all at once.

    Args:
        made: The run with its sensor.
        scenarios: The worlds that episodes are drawn from.
        duration: Of an episode [s].
        count: Bodies.
    """

    def __init__(
        self, made: Experiment, scenarios: Sequence[Scenario], duration: float, count: int
    ) -> None:
        told, dt = Told(made), made.spec.scenario.control_dt
        body = Body(made.morphology, made.termination.min_height, 0.0)
        self._settings = [settle(body, scenario, 0.0, dt) for scenario in scenarios]
        self.batch = Batch(
            made.morphology,
            told,
            capacity=count,
            steps=round(duration / dt),
            control_dt=dt,
            termination=made.termination,
            ramp=made.spec.scenario.ramp,
            threads=1,
            needs=reduce(Needs.join, (setting.needs for setting in self._settings)),
        )
        models = [setting.morphology.model for setting in self._settings]
        self._balls = np.array([model.body("target").pos[:2] for model in models])
        self._params = flatten(told.parameters({}))
        self._asked = fields.place(self.batch.compiled.params, "asked")
        (sight,) = (sensor for sensor in made.morphology.sensors if sensor.name == "target")
        self._sight = [sight.channels.index(name) for name in CHANNELS]
        self._random = np.random.default_rng(made.spec.seed)

        seen = gymnasium.spaces.Box(-np.inf, np.inf, (len(SCALES),), np.float64)
        super().__init__(count, seen, gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32))
        self._world = np.zeros(count, np.int64)
        self._decision, self._away, self._first = (
            np.zeros((count, 2)),
            np.ones(count),
            np.ones(count),
        )

    def load(self, ids: NDArray[np.int32], worlds: NDArray[np.int64]) -> None:
        """Begins episodes of some bodies in some worlds."""
        self.batch.load(ids, np.tile(self._params, (len(ids), 1)), self._settings, worlds)
        self.batch.advance(0, ids)
        self._decision[ids], self._world[ids] = 0.0, worlds
        self._away[ids] = self._first[ids] = self.distances()[ids]

    def distances(self) -> Array:
        """Level distance of every torso from its ball [m] (bodies,)."""
        root = self.batch.states[:, 1:3]  # behind the time
        return np.asarray(np.linalg.norm(root - self._balls[self._world], axis=1))

    def seen(self) -> Array:
        """What the bodies decide by (bodies, n)."""
        obs = fields.records(self.batch.obs, self.batch.morphology.observation)
        felt = np.column_stack([obs.target[:, self._sight], obs.rate[:, 2], self._decision])
        return np.asarray(np.clip(felt / SCALES, -5.0, 5.0))

    def walk_on(self, decisions: Array) -> tuple[Array, NDArray[np.bool_], NDArray[np.bool_]]:
        """Walks on until the next decision: rewards, who arrived and who fell (bodies,)."""
        self._decision = np.clip(np.asarray(decisions, float), -1.0, 1.0)
        forward, turning = self._decision.T
        asked = np.column_stack([FASTEST * np.maximum(forward, 0.0), TURNING * turning])
        self.batch.params[:, self._asked] = asked
        self.batch.advance(STEPS)

        away = self.distances()
        there = away <= NEAR
        fell = (self.batch.outcome != RUNNING) & (self.batch.lived < self.batch.steps)
        reward = (self._away - away) / self._first + there - fell
        self._away = away
        return reward, there, fell

    def reset(self) -> Array:
        """Begins all episodes anew."""
        self._begin(np.arange(self.num_envs, dtype=np.int32))
        return self.seen()

    def _begin(self, ids: NDArray[np.int32]) -> None:
        self.load(ids, self._random.integers(len(self._settings), size=len(ids)))

    def step_async(self, actions: Array) -> None:
        """Takes decisions (bodies, 2)."""
        self._wanted = actions

    def step_wait(self) -> tuple[Array, Array, NDArray[np.bool_], list[dict[str, Any]]]:
        """Walks on, and begins anew what is over."""
        reward, there, fell = self.walk_on(self._wanted)
        late = (self.batch.outcome != RUNNING) & ~fell & ~there
        done, seen = there | fell | late, self.seen()
        infos: list[dict[str, Any]] = [
            {"terminal_observation": row, "TimeLimit.truncated": bool(each)}
            for row, each in zip(seen, late, strict=True)
        ]
        if done.any():
            self._begin(np.flatnonzero(done).astype(np.int32))
            seen = self.seen()
        return seen, reward, done, infos

    def close(self) -> None:
        """Nothing to close."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """What Stable-Baselines3 asks of environments: none of them draws."""
        return [None] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Nothing can be set."""

    def env_method(self, method_name: str, *_: Any, indices: Any = None, **__: Any) -> list[Any]:
        """No environment has methods of its own."""
        return [None] * self.num_envs

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """None is."""
        return [False] * self.num_envs


def judged(policy: PPO, made: Experiment, count: int) -> str:
    """In how many held-out worlds the policy reaches the ball, and falls."""
    scenarios = [made.held_out_scenario(k) for k in range(count)]
    walks = Walks(made, scenarios, made.heldout_duration, count)
    walks.load(np.arange(count, dtype=np.int32), np.arange(count))

    arrived, fallen = np.zeros(count, bool), np.zeros(count, bool)
    for _ in range(walks.batch.steps // STEPS):
        decisions, _ = policy.predict(walks.seen(), deterministic=True)
        _, there, fell = walks.walk_on(decisions)
        arrived |= there
        fallen |= fell
    return f"{arrived.mean():6.0%} {fallen.mean():6.0%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--decisions", type=int, default=60_000)
    parser.add_argument("--told", default="rays", choices=to_ball.TOLD)
    parser.add_argument("--judge", nargs="+", default=["rays"], choices=to_ball.TOLD)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--weights", default="")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    made = to_ball.experiment(arguments.told)
    worlds = made.training_scenarios(WORLDS, arguments.seed)
    walks = Walks(made, worlds, made.spec.scenario.duration, BODIES)
    torch.set_num_threads(1)
    began = time.process_time()
    policy = PPO(
        "MlpPolicy",
        walks,
        n_steps=128,
        batch_size=256,
        gamma=0.98,
        learning_rate=1e-3,
        policy_kwargs={"net_arch": [32, 32], "log_std_init": -0.7},
        seed=arguments.seed,
        device="cpu",
    )
    policy.learn(arguments.decisions)
    print(f"{arguments.decisions} decisions, {time.process_time() - began:.0f} CPU-seconds")
    print("told       reached   fell")
    for told in arguments.judge:
        judge = to_ball.experiment(told, arguments.weights)
        print(f"{told:10} {judged(policy, judge, arguments.count)}", flush=True)


if __name__ == "__main__":
    main()
