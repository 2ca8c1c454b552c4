"""Native rollouts: many simulations that step, earn rewards and begin again without Python."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evoloco import fields
from evoloco.errors import EvolocoError, SpecError
from evoloco.experiment import Experiment
from evoloco.fields import Array
from evoloco.measure import PER_STEP, kind_of
from evoloco.members import member, members
from evoloco.policy_file import Policy
from evoloco.scenario import TRAINING, Scenario
from evoloco.sim.batch import Batch
from evoloco.sim.needs import NOTHING, Needs
from evoloco.sim.prepared import Body
from evoloco.sim.rollout import ROLLOUT, compiled_rollout
from evoloco.sim.setting import settle
from evoloco.sim.steps import whole
from evoloco.sim.watchdog import end
from evoloco.stepwise import Stepwise
from evoloco.term import Term

NOT_COPIED = ("params", "trace")
"""Arrays of simulations that a new episode does not take over from its world."""

KEPT = (
    *("state", "obs", "true", "held", "bias", "history", "estimate", "readings", "outcome"),
    *("lived", "fresh", "observed", "rule", "rule_value", "motion", "stage", "key", "command"),
    *("late", "arrival", "actuator_state", "joint_angle", "joint_velocity", "sensor_memory"),
)
"""Arrays of simulations that change within an episode."""

Numbers = NDArray[Any]


@dataclass(frozen=True)
class Experience:
    """What n control steps of N simulations brought. The arrays are views that the next call fills.

    Attributes:
        obs: What was felt before each step, and after the last one (n + 1, N, inputs).
        action: What the policy asked for, noise included (n, N, outputs).
        reward: (n, N).
        ending: 0, TERMINATED or TRUNCATED of `evoloco.sim.rollout` (n, N).
        final: What was felt at the end of an episode, where one ended (n, N, inputs).
    """

    obs: Array
    action: Array
    reward: Array
    ending: NDArray[np.int64]
    final: Array


class Rollouts:
    """Simulations of a run's body with its policy, in worlds that are drawn once.

    Args:
        experiment: Of a run whose controller is a policy.
        simulations: Number N of simulations.
        steps: Most control steps of one call.
        worlds: Scenarios in which episodes begin.
        threads: Number of threads; all CPUs where 0. Results do not depend on it.
        seed: Of the order of worlds, and of the scenarios.
        late: Called with a message when a call exceeds the time limit. By default the process
            exits.

    Raises:
        SpecError: The controller is no policy, a term of the reward has no value per step, or the
            run has something that compiled rollouts cannot do.
    """

    def __init__(
        self,
        experiment: Experiment,
        simulations: int,
        steps: int,
        worlds: int = 64,
        threads: int = 0,
        seed: int | None = None,
        late: Callable[[str], object] = end,
    ) -> None:
        self.experiment, self.simulations, self.steps = experiment, simulations, steps
        self.seed = experiment.spec.seed if seed is None else seed
        self.controller = policy_of(experiment)
        check_rewards(experiment.rewards)
        self._worlds = worlds
        self._batch = self._made(threads, late)
        self._reward = Stepwise(experiment.rewards, experiment.morphology, self._batch.columns)
        self._roll = np.zeros(1, ROLLOUT)
        self._held: dict[str, Numbers] = {}
        self._function = compiled_rollout()
        self._load_worlds()
        self._describe()
        size = self.inputs
        self.set_policy(self.controller.layout.zeros(np.zeros(size), np.ones(size)))
        self.begin()

    # What a caller sees

    @property
    def inputs(self) -> int:
        """Numbers that are felt; those of hidden sensors come behind them."""
        return len(self.controller.layout.inputs)

    @property
    def outputs(self) -> int:
        """Numbers of an action."""
        return int(self._held["action"].shape[-1])

    @property
    def obs(self) -> Array:
        """What is felt now (N, inputs)."""
        return self._batch.obs[: self.simulations, : self.inputs]

    @property
    def worlds_present(self) -> NDArray[np.int64]:
        """Number of the world that each simulation is in (N,)."""
        return self._held["world"][:, 0]

    def begin(self) -> Array:
        """Begins an episode in every simulation; returns what is felt (N, inputs).

        The first N episodes are in the worlds 0, 1, ... in turn.
        """
        n = self.simulations
        self._held["episode"][:] = 0
        worlds = np.arange(n) % self._worlds
        self._put(worlds)
        self._held["memory"][:] = 0.0
        self._batch.advance(0, self._ids)
        return self.obs.copy()

    def set_policy(self, policy: Policy, deviation: Array | None = None) -> None:
        """Gives every simulation a network, with noise of a standard deviation on its actions."""
        row = fields.flatten(self.controller.fields(policy, deviation))
        self._batch.params[: self.simulations] = row

    def collect(self, noise: Array) -> Experience:
        """Simulates with the policy.

        Args:
            noise: Standard normal numbers (n, N, outputs), n at most `steps`.
        """
        count = len(noise)
        self._held["noise"][:count] = noise
        return self._run(count, commanded=False)

    def step(self, action: Array) -> Experience:
        """Simulates one control step with actions from outside (N, outputs)."""
        self._held["action"][0] = action
        return self._run(1, commanded=True)

    def state(self) -> dict[str, Numbers]:
        """All that a continuation depends on, beside policy and noise, by name."""
        n, arrays = self.simulations, self._batch.arrays
        kept = {name: arrays[name][:n] for name in KEPT if name in arrays}
        return {
            **kept,
            "mujoco": self._batch.states[:n],
            "memory": self._held["memory"][:n],
            "world": self._held["world"],
            "episode": self._held["episode"],
        }

    def restore(self, state: Mapping[str, Numbers]) -> None:
        """Continues where another one of the same run gave its `state`.

        Raises:
            EvolocoError: The state is of another run.
        """
        own = self.state()
        for name, array in own.items():
            if name not in state or state[name].shape != array.shape:
                raise EvolocoError(f"The state of the simulations is of another run: '{name}'.")
        self._put(state["world"][:, 0].astype(np.int64))
        for name, array in self.state().items():
            array[:] = state[name]

    # Making

    def _made(self, threads: int, late: Callable[[str], object]) -> Batch:
        experiment, scenario = self.experiment, self.experiment.spec.scenario
        stiffness = experiment.spec.evaluation.support.stiffness
        body = Body(experiment.morphology, experiment.termination.min_height, stiffness)
        self._settings = [settle(body, one, 0.0, scenario.control_dt) for one in self._scenarios]
        self._check_settings()
        return Batch(
            experiment.morphology,
            self.controller,
            capacity=self.simulations + self._worlds,
            steps=whole(
                scenario.duration, scenario.control_dt, "scenario.duration", "scenario.control_dt"
            ),
            control_dt=scenario.control_dt,
            termination=experiment.termination,
            needs=reduce(Needs.join, (one.needs for one in self._settings), NOTHING),
            rows=1,
            ramp=scenario.ramp,
            support=stiffness,
            threads=threads,
            time_limit=experiment.time_limit,
            late=late,
        )

    @cached_property
    def _scenarios(self) -> list[Scenario]:
        return self.experiment.training_scenarios(self._worlds, self.seed)

    def _check_settings(self) -> None:
        """Raises a SpecError for what a compiled rollout cannot do."""
        if any(setting.drifting for setting in self._settings):
            raise SpecError(
                "randomize: numbers that drift within an episode cannot be trained with: give "
                "`drift = false`."
            )
        slow = [one.name for one in self.experiment.morphology.sensors if one.computed]
        if slow:
            raise SpecError(
                f"sensors: {', '.join(slow)} is computed in Python, which compiled rollouts cannot "
                "call. Leave it out of a run that is trained."
            )

    @property
    def _ids(self) -> NDArray[np.int32]:
        return np.arange(self.simulations, dtype=np.int32)

    def _load_worlds(self) -> None:
        """Loads a world of the pool into each simulation that stands for one."""
        ids = np.arange(self.simulations, self.simulations + self._worlds, dtype=np.int32)
        params = np.zeros((self._worlds, self._batch.params.shape[1]))
        self._batch.load(ids, params, self._settings, np.arange(self._worlds))

    def _put(self, worlds: NDArray[np.int64]) -> None:
        """Puts every simulation at the start of an episode in a world (N,)."""
        params = self._batch.params[: self.simulations].copy()
        self._batch.load(self._ids, params, self._settings, worlds)
        models = [setting.morphology.model._address for setting in self._settings]
        self._held["model"][: self.simulations, 0] = np.array(models)[worlds]
        self._held["world"][:, 0] = worlds
        self._held["constants"][: self.simulations] = self._held["constants"][self.simulations :][
            worlds
        ]

    def _describe(self) -> None:
        """Makes the arrays of a rollout and writes where they are."""
        n, steps, batch = self.simulations, self.steps, self._batch
        inputs = batch.obs.shape[1]
        outputs = batch.morphology.controls
        terms = len(self._reward.terms)

        rows = [self._reward.constants(setting.morphology) for setting in self._settings]
        constants = np.concatenate([np.zeros((n, len(rows[0]))), rows])
        models = [setting.morphology.model._address for setting in self._settings]
        model = np.concatenate([np.zeros(n, np.int64), models])[:, None]
        self._held = {
            "obs": np.zeros((steps + 1, n, inputs)),
            "noise": np.zeros((steps, n, outputs)),
            "action": np.zeros((steps, n, outputs)),
            "reward": np.zeros((steps, n)),
            "ending": np.zeros((steps, n), np.int64),
            "final": np.zeros((steps, n, inputs)),
            "model": np.ascontiguousarray(model, np.int64),
            "world": np.zeros((n, 1), np.int64),
            "episode": np.zeros((n, 1), np.int64),
            "states": batch.states,
            "constants": np.ascontiguousarray(constants),
            "memory": self._reward.memory(n + self._worlds),
            "weights": self._reward.weights,
            "floors": self._reward.floors,
            "values": np.zeros((n, terms)),
        }
        self._held["copied"] = self._copied()
        place = {
            name: fields.place(batch.compiled.state, name).start for name in ("noise", "action")
        }
        key = np.random.SeedSequence([self.seed, TRAINING]).generate_state(2)
        numbers = {
            "plan": batch.arrays.address,
            "simulations": n,
            "worlds": self._worlds,
            "key_0": key[0],
            "key_1": key[1],
            "reward_function": self._reward.reward,
            "constant_size": constants.shape[1],
            "memory_size": self._held["memory"].shape[1],
            "terms": terms,
            "copies": len(self._held["copied"]),
            "state_width": batch.states.shape[1],
            "noise_at": place["noise"],
            "action_at": place["action"],
            **{name: array.ctypes.data for name, array in self._held.items()},
        }
        for name, value in numbers.items():
            self._roll[0][name] = value

    def _copied(self) -> Numbers:
        """Address and bytes per row of every array that a world has a row of (K, 2)."""
        arrays = {
            name: array
            for name, array in self._batch.arrays.of_simulations.items()
            if name not in NOT_COPIED
        }
        arrays |= {name: self._held[name] for name in ("model", "constants", "memory")}
        rows = [
            (array.ctypes.data, array.nbytes // len(array))
            for array in arrays.values()
            if array.size
        ]
        return np.array(rows, np.int64)

    def _run(self, count: int, commanded: bool) -> Experience:
        self._roll[0]["steps"], self._roll[0]["commanded"] = count, commanded
        self._batch.params[: self.simulations, self._commanded_at] = float(commanded)
        self._batch.apply(self._ids, self._function, self._roll.ctypes.data)
        held = self._held
        return Experience(
            held["obs"][: count + 1, :, : self.inputs],
            held["action"][:count],
            held["reward"][:count],
            held["ending"][:count],
            held["final"][:count, :, : self.inputs],
        )

    @cached_property
    def _commanded_at(self) -> int:
        return int(fields.place(self._batch.compiled.params, "commanded").start)


def policy_of(experiment: Experiment) -> Any:
    """The run's controller, which must be a policy.

    Raises:
        SpecError: It is something else.
    """
    controller = experiment.controller
    if not hasattr(controller, "fields") or not hasattr(controller, "layout"):
        raise SpecError(
            f"controller.name: '{experiment.spec.controller.name}' is no network that can be "
            "trained. Use: controller.name=policy controller.normaliser=learned"
        )
    return controller


def check_rewards(terms: tuple[Term, ...]) -> None:
    """Checks that terms have a value at every control step.

    Raises:
        SpecError: One has none. The message lists the measures that do.
    """
    lacking = [term for term in terms if term.form is None]
    if lacking:
        known = [
            name for name in members("fitness") if kind_of(member("fitness", name)) == PER_STEP
        ]
        names = ", ".join(f"'{term.source}' (term '{term.name}')" for term in lacking)
        raise SpecError(
            f"A reward needs a value at every control step, and the measure {names} has none: it "
            "needs the whole episode. Give the run a [reward.NAME] of its own, of measures with a "
            f"value per step: {', '.join(known)}."
        )
