"""Gymnasium environments: one simulation of any run, a control step at a time."""

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from evoloco import fields
from evoloco.bundled import run_file
from evoloco.errors import EvolocoError
from evoloco.experiment import Experiment
from evoloco.rl.pictures import Pictures
from evoloco.rl.rollouts import check_rewards, policy_of
from evoloco.rl.vec_env import spaces
from evoloco.sim import plan
from evoloco.sim.batch import Batch
from evoloco.sim.needs import Needs
from evoloco.sim.setting import Setting, settle
from evoloco.sim.steps import whole
from evoloco.spec import read
from evoloco.stepwise import Stepwise

AS_POLICY = ("controller.name=policy", "controller.normaliser=learned")
"""What makes any run one whose controls come from outside."""


class RunEnv(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]]):
    """A run's body in the run's scenarios, with actions from outside.

    The observation has the channels of the run's sensors in their order, not normalised. An action
    of [-1, 1] moves a control about its centre, as `controllers/policy.py` says. The reward is that
    of [reward], or else of [fitness]. A fall terminates an episode; its planned duration truncates
    it.

    Every `reset` draws another scenario. `reset(seed=s)` begins the scenarios of a seed anew.

    Args:
        run: A bundled run, or the path of a .toml file.
        overrides: Other values for keys of the run file, as `key=value`.
        render_mode: "rgb_array" for pictures, or none.

    Raises:
        EvolocoError: The run file is not valid, or has no reward of control steps.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 50}  # noqa: RUF012 - Gymnasium's

    def __init__(
        self, run: str, overrides: tuple[str, ...] = (), render_mode: str | None = None
    ) -> None:
        self.experiment = _experiment(run, overrides)
        self.controller = policy_of(self.experiment)
        check_rewards(self.experiment.rewards)
        self.render_mode = self._checked(render_mode)

        body = self.experiment.morphology
        self._inputs = len(self.controller.layout.inputs)
        felt, actions = spaces(self._inputs, body.controls)
        self.observation_space: gymnasium.Space[NDArray[np.float32]] = felt
        self.action_space: gymnasium.Space[NDArray[np.float32]] = actions
        self.metadata = {**self.metadata, "render_fps": round(1 / self._control_dt)}
        self._batch = self._made(Needs())
        self._reward = Stepwise(self.experiment.rewards, body, self._batch.columns)
        self._seed, self._episode = self.experiment.spec.seed, 0
        self._pictures: Pictures | None = None
        self._over = True

    @property
    def _control_dt(self) -> float:
        return self.experiment.spec.scenario.control_dt

    def _checked(self, mode: str | None) -> str | None:
        if mode not in (None, "rgb_array"):
            raise EvolocoError(
                f"render_mode: '{mode}' is not known. Allowed: rgb_array, or none. Films are made "
                "by: evoloco replay DIR --video FILE.mp4"
            )
        return mode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begins an episode in the next scenario; returns what is felt (inputs,)."""
        super().reset(seed=seed, options=options)
        if seed is not None:
            self._seed, self._episode = seed, 0
        scenario = self.experiment.training_scenario(self._episode, self._seed)
        self._episode += 1

        setting = settle(
            self._batch.body(self.experiment.morphology), scenario, 0.0, self._control_dt
        )
        self._load(setting)
        self._constants = self._reward.constants(setting.morphology)[None]
        self._memory = self._reward.memory(1)
        self._batch.advance(0)
        self._over = False
        return self._felt(), {}

    def _load(self, setting: Setting) -> None:
        """Loads a setting, into another batch where the present one lacks something."""
        if self._batch.needs.join(setting.needs) != self._batch.needs:
            self._batch = self._made(self._batch.needs.join(setting.needs))
        layout = self.controller.layout
        inputs = len(layout.inputs)
        policy = layout.zeros(np.zeros(inputs), np.ones(inputs))
        given = {**self.controller.fields(policy), "commanded": 1.0}
        params = fields.flatten(given)[None]
        self._batch.load(np.zeros(1, np.int32), params, [setting], np.zeros(1, np.int64))

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Simulates a control step.

        Returns:
            What is felt (inputs,), the reward, whether it fell or diverged, whether its time is up,
            and the value of each term of the reward by name.

        Raises:
            EvolocoError: The episode is over; call `reset`.
        """
        if self._over:
            raise EvolocoError("The episode is over, or none has begun: call reset().")
        state = self._batch.arrays["state"]
        place = fields.place(self._batch.compiled.state, "action")
        state[0, place] = action
        self._batch.advance(1)

        code = int(self._batch.outcome[0])
        reward, told = 0.0, {}
        if code != plan.UNSTABLE:
            trace = self._batch.arrays["trace"][:, :1]
            values, sums = self._reward.follow(
                self._constants, self._memory, trace, self._control_dt
            )
            names = (term.name for term in self._reward.terms)
            reward, told = float(sums[0, 0]), dict(zip(names, values[0, 0].tolist(), strict=True))
        terminated, truncated = code in (plan.FELL, plan.UNSTABLE), code == plan.COMPLETED
        self._over = terminated or truncated
        return self._felt(), reward, terminated, truncated, told

    def render(self) -> NDArray[np.uint8] | None:
        """A picture of the body from its side (360, 480, 3); none without a render mode."""
        if self.render_mode is None:
            return None
        if self._pictures is None:
            self._pictures = Pictures(self.experiment.morphology)
        return self._pictures.of(self._batch.states[0])

    def close(self) -> None:
        """Frees what pictures are made with."""
        if self._pictures is not None:
            self._pictures.close()
            self._pictures = None

    def _felt(self) -> NDArray[np.float32]:
        felt: NDArray[np.float32] = self._batch.obs[0, : self._inputs].astype(np.float32)
        return felt

    def _made(self, needs: Needs) -> Batch:
        experiment, scenario = self.experiment, self.experiment.spec.scenario
        steps = whole(
            scenario.duration, scenario.control_dt, "scenario.duration", "scenario.control_dt"
        )
        return Batch(
            experiment.morphology,
            self.controller,
            capacity=1,
            steps=steps,
            control_dt=scenario.control_dt,
            termination=experiment.termination,
            needs=needs,
            rows=1,
            ramp=scenario.ramp,
            threads=1,
            time_limit=experiment.time_limit,
        )


def _experiment(run: str, overrides: tuple[str, ...]) -> Experiment:
    """The experiment of a run whose controls come from outside."""
    spec = read(run_file(run), overrides)
    if spec.controller.name != "policy":
        spec = read(run_file(run), (*AS_POLICY, *overrides))
    return Experiment(spec)
