"""An episode once more in plain MuJoCo, physics step by physics step, equal to the last bit."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco import fields
from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.randomization.working import memory
from evoloco.scenario import Scenario
from evoloco.sim import heightfield
from evoloco.sim.backlash import Backlash
from evoloco.sim.compile import jit
from evoloco.sim.kernel import FORCE_SIZE, JITTER
from evoloco.sim.philox import philox
from evoloco.sim.setting import Setting
from evoloco.sim.simulator import Simulator


@dataclass(frozen=True, eq=False)
class PhysicsStep:
    """One physics step that is over.

    Attributes:
        index: Its number in the episode.
        model: MuJoCo's model as it is in this step.
        data: MuJoCo's data after `mj_step`: `qpos` and `qvel` are those of the step's end, all else
            belongs to its start. `energy` is that of the start.
        before: `qvel` at the start (nv,).
        pushed: Generalized force of the scenario's pushes (nv,).
    """

    index: int
    model: Any
    data: Any
    before: Array
    pushed: Array

    @property
    def between(self) -> Array:
        """Mean of `qvel` at start and end (nv,).

        A force that is constant over the step does work on this velocity.
        """
        return np.asarray((self.before + self.data.qvel) / 2)


class Rerun:
    """An episode that is simulated natively and then step by step.

    Args:
        native: Simulates the episode. Its actuators are those of the body.
        params: Flat parameters of the controller (n,).
        scenario: Where the episode happens.
        bodies: The body, where it is not the simulator's own.

    Attributes:
        episode: The native episode.
        model: A copy of the model in the scenario.
    """

    def __init__(
        self,
        native: Simulator,
        params: Array,
        scenario: Scenario,
        bodies: Sequence[Morphology] = (),
    ) -> None:
        (episode,) = native.run(params[None], [scenario], bodies=bodies)
        self.episode = episode.copied()
        self._setting = native.settings([scenario], bodies)[0][0].own()
        self.model = copy.copy(self._setting.morphology.model)
        self.model.opt.enableflags |= mujoco.mjtEnableBit.mjENBL_ENERGY
        self._torso = self.model.body(episode.morphology.torso).id

    @classmethod
    def of(
        cls, experiment: Experiment, genome: Array, scenario: Scenario, duration: float = 0.0
    ) -> "Rerun":
        """Returns the episode of a genome.

        Args:
            experiment: What the genome belongs to.
            genome: (n,).
            scenario: Where the episode happens.
            duration: Of a completed episode [s]; 0 for that of the held-out episodes.
        """
        body, params = experiment.embodied(genome[None])[0]
        native = simulator(experiment, 1, duration or experiment.heldout_duration)
        return cls(native, params, scenario, [body])

    def steps(self) -> Iterator[PhysicsStep]:
        """Yields every physics step.

        Raises:
            EvolocoError: A state is not that of the native episode.
        """
        model, data = self.model, mujoco.MjData(self.model)
        mujoco.mj_setState(model, data, self._setting.start, mujoco.mjtState.mjSTATE_INTEGRATION)
        commands = _Commands(self._setting, self.episode)
        substeps = self.episode.substeps

        with self._ground(data):
            mujoco.mj_forward(model, data)
            for count in range(len(self.episode) * substeps):
                if count % substeps == 0:
                    self._compare(data, count // substeps)
                    self._drift(count // substeps)
                data.ctrl[: commands.count] = commands.at(count, data)
                before, push = data.qvel.copy(), self._push(count)
                data.xfrc_applied[self._torso] = push
                mujoco.mj_step(model, data)
                yield PhysicsStep(count, model, data, before, self._generalized(data, push))

    def _ground(self, data: mujoco.MjData) -> AbstractContextManager[None]:
        return heightfield.contacts(self.model, data) if self._setting.rough else nullcontext()

    def _compare(self, data: mujoco.MjData, t: int) -> None:
        """Raises an EvolocoError where the state is not that of the native episode."""
        for name in ("qpos", "qvel", "act"):
            if not np.array_equal(getattr(data, name), self.episode[name][t]):
                raise EvolocoError(
                    f"Step by step, {name} is not that of the episode at "
                    f"{self.episode.time[t]:.3f} s, so nothing can be said about its forces. Only "
                    "episodes whose actuators are the body's can be simulated again this way."
                )

    def _drift(self, t: int) -> None:
        """Writes the present values of the quantities that change within the episode."""
        share = t / self.episode.planned
        for drift in self._setting.drifting:
            numbers = memory(self.model, drift.field).reshape(-1)
            numbers[drift.place] = drift.start + share * (drift.end - drift.start)

    def _push(self, count: int) -> Array:
        """Force and torque of the scenario's pushes on the torso in a physics step (6,)."""
        wrench = np.zeros(FORCE_SIZE)
        for first, end, *force in self._setting.pushes:
            if first <= count < end:
                wrench[:3] += force
        return wrench

    def _generalized(self, data: mujoco.MjData, wrench: Array) -> Array:
        """What a wrench on the torso is as a generalized force (nv,)."""
        if not wrench.any():
            return np.zeros(self.model.nv)
        jacobian = np.zeros((3, self.model.nv))
        mujoco.mj_jacBodyCom(self.model, data, jacobian, None, self._torso)
        return np.asarray(jacobian.T @ wrench[:3])


class _Commands:
    """MuJoCo's controls in every physics step: late commands, through servos of the body's own.

    Args:
        setting: The body in its scenario.
        episode: What the controller answered.

    Attributes:
        count: Number of controls.
    """

    def __init__(self, setting: Setting, episode: Episode) -> None:
        self._commands, self._substeps = episode["ctrl"], episode.substeps
        self._dt, self.count = episode.physics_dt, self._commands.shape[1]
        self._home = setting.rows["home_ctrl"]
        self._offset = np.asarray(setting.rows["command_offset"], float)
        self._arrival = self._arrivals(setting)

        joints = [setting.morphology.model.joint(one.name) for one in setting.morphology.joints]
        self._qpos = [int(joint.qposadr[0]) for joint in joints]
        self._qvel = [int(joint.dofadr[0]) for joint in joints]
        self._own = None
        play = Backlash(setting.backlash) if setting.backlash.any() else None
        if model := setting.morphology.actuators or play:
            values = model.parameters()
            params = fields.record(fields.flatten(values), fields.layout_of(values))
            state = fields.zeros(fields.layout(model.state))
            self._own = jit(model.actuate), params, state

    def _arrivals(self, setting: Setting) -> NDArray[np.int64]:
        """Physics step in which the command of each control step arrives (T,)."""
        delay, jitter = (int(steps) for steps in setting.rows["command_delay"])
        first, second = (int(number) for number in setting.rows["key"])
        sent = np.arange(len(self._commands), dtype=np.int64) * self._substeps + delay
        if jitter:
            bits = [philox(t, 0, JITTER, 0, first, second)[0] for t in range(len(sent))]
            sent += np.array([int(number) % (jitter + 1) for number in bits])
        return sent

    def at(self, count: int, data: mujoco.MjData) -> Array:
        """The controls of a physics step (nu,), before it is simulated."""
        arrived = np.flatnonzero(self._arrival[: count // self._substeps + 1] <= count)
        command = self._commands[arrived[-1]] if len(arrived) else self._home
        ctrl = np.asarray(command + self._offset)
        if self._own:
            actuate, params, state = self._own
            actuate(params, state, data.qpos[self._qpos], data.qvel[self._qvel], self._dt, ctrl)
        return ctrl
