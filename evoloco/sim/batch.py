"""A batch of simulations that can be loaded, advanced and observed one by one or together."""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NoReturn

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.actuator import Actuators
from evoloco.controller import Controller
from evoloco.ending import COMPLETED, Ending
from evoloco.episode import Columns, Episode
from evoloco.errors import ControllerError, EvolocoError, ModelError, SpecError, user_code
from evoloco.fields import Array, record, size
from evoloco.morphology import Morphology
from evoloco.scenario import Termination
from evoloco.sensor import Moment
from evoloco.sim import capi, endings, heightfield, loading, plan, reserve
from evoloco.sim.arrays import Arrays, Ids
from evoloco.sim.backlash import Backlash
from evoloco.sim.compile import CompiledActuators, CompiledController, compiled_episode, jit
from evoloco.sim.compiled_sensors import CompiledSensors
from evoloco.sim.constants import fill
from evoloco.sim.mjbatch import MujocoBatch
from evoloco.sim.needs import NOTHING, Needs
from evoloco.sim.prepared import Body
from evoloco.sim.setting import Setting
from evoloco.sim.slow import slow_sensors
from evoloco.sim.steps import physics_steps
from evoloco.sim.watchdog import Watchdog, end


class Batch:
    """Simulations of one layout of body and one controller; every one has its own clock.

    `load` puts simulations at the start of an episode, `advance` moves them on. Arrays of the
    batch are views that a reader may keep: `obs` (capacity, obs size), `outcome` (capacity,) as
    codes of `evoloco.sim.plan`, `lived` (capacity,) control steps, `params` (capacity, n).

    Args:
        morphology: The body.
        controller: Its controller.
        capacity: Number of simulations.
        steps: Control steps of a completed episode.
        control_dt: Time between control steps [s], a multiple of the physics step.
        termination: What counts as a fall.
        actuators: What lies between commands and MuJoCo's controls; the body's own where None.
        needs: What the settings that will be loaded ask for.
        rows: Control steps that a trace holds, newer ones in place of older ones; `steps` where 0.
        ramp: Time over which control fades in from the home posture [s].
        support: Stiffness of the virtual support at full strength (see `Simulator`).
        threads: Number of threads; all CPUs where 0. Results do not depend on it.
        record_state: Whether traces hold the controller's state.
        time_limit: Wall time that a simulation may take in one `advance` [s]; 0 for any.
        late: Called with a message when one takes longer. By default the process exits.

    Raises:
        EvolocoError: `control_dt` is not a whole number of physics steps, or MuJoCo cannot simulate
            the model in a batch.
        ControllerError: Numba cannot compile the controller.
    """

    def __init__(
        self,
        morphology: Morphology,
        controller: Controller,
        *,
        capacity: int,
        steps: int,
        control_dt: float,
        termination: Termination,
        actuators: Actuators | None = None,
        needs: Needs = NOTHING,
        rows: int = 0,
        ramp: float = 0.5,
        support: float = 0.0,
        threads: int = 0,
        record_state: bool = False,
        time_limit: float = 0.0,
        late: Callable[[str], object] = end,
    ) -> None:
        self.morphology, self.controller = morphology, controller
        self.capacity, self.steps, self.control_dt = capacity, steps, control_dt
        self.threads = threads if threads > 0 else len(os.sched_getaffinity(0))
        self.substeps = physics_steps(control_dt, morphology)
        self.compiled = CompiledController(controller, morphology.observation)
        state_size = size(self.compiled.state) if record_state else 0
        self.columns = Columns(morphology, self.substeps, state_size)
        actuators = actuators or morphology.actuators
        self.needs = needs.with_actuators() if actuators else needs
        self._actuators = self._compile(actuators)

        self._termination, self._support = termination, support
        self._body = self.body(morphology)
        self._slow = slow_sensors(morphology, control_dt)
        self._compiled_sensors = CompiledSensors(morphology, control_dt)
        self.rows = max([rows or steps, *(sensor.history for sensor in self._slow)])
        self._settings: list[Setting | None] = [None] * capacity
        self._addresses = [f"Simulation {sim}" for sim in range(capacity)]
        self._rough = False

        self._native = MujocoBatch(morphology.model, capacity, self.threads)
        self._all = np.arange(capacity, dtype=np.int32)
        self.arrays = Arrays(capacity)
        self._reserve()
        self._fill(ramp)
        self._episode = compiled_episode()
        self._watchdog = self._watched(time_limit, late)

    def __del__(self) -> None:  # also where the constructor has failed
        if hasattr(self, "_watchdog"):
            self._watchdog.close()
        if hasattr(self, "_native"):
            self._native.close()

    # What a reader sees

    @property
    def obs(self) -> Array:
        """What the controllers feel (capacity, obs size)."""
        return self.arrays["obs"]

    @property
    def outcome(self) -> NDArray[np.int64]:
        """Codes of how the episodes ended, `plan.RUNNING` while they last (capacity,)."""
        return self.arrays["outcome"]

    @property
    def lived(self) -> NDArray[np.int64]:
        """Control steps done (capacity,)."""
        return self.arrays["lived"]

    @property
    def params(self) -> Array:
        """Flat parameters of the controllers (capacity, n)."""
        return self.arrays["params"]

    @property
    def states(self) -> Array:
        """MuJoCo's states (capacity, nstate), in the order of mj_getState."""
        return self._native.states

    def episode(self, sim: int) -> Episode:
        """The episode of a simulation as far as it has come; its trace is a view.

        Raises:
            EvolocoError: The trace does not hold all of its control steps.
        """
        lived = max(int(self.lived[sim]), 1)
        if lived > self.rows:
            raise EvolocoError(
                f"This batch keeps the last {self.rows} control steps, and the episode has {lived}."
            )
        return Episode(
            self._morphology_of(sim),
            self.columns,
            self.arrays["trace"][sim, :lived],
            self._ending(sim),
            self.control_dt,
            self.steps,
        )

    def _ending(self, sim: int) -> Ending:
        """How the episode of a simulation ended; one that lasts counts as completed."""
        code, setting = int(self.outcome[sim]), self._settings[sim]
        if setting is None or code == plan.COMPLETED or code not in endings.OUTCOMES:
            return COMPLETED
        rule, *parts = self.arrays["rule"][sim].tolist()
        value = float(self.arrays["rule_value"][sim, 0])
        limits = float(self.arrays["min_height"][sim, 0]), self._termination.max_tilt
        return endings.ending(code, rule, parts, value, limits, setting.morphology)

    def _morphology_of(self, sim: int) -> Morphology:
        """The body of a simulation in its scenario; the batch's own before one is loaded."""
        setting = self._settings[sim]
        return setting.morphology if setting else self.morphology

    def _model(self, sim: int) -> mujoco.MjModel:
        return self._morphology_of(sim).model

    # Loading and advancing

    def body(self, morphology: Morphology) -> Body:
        """A body as settings need it (see `setting.settle`)."""
        return Body(morphology, self._termination.min_height, self._support)

    def check(self, bodies: Sequence[Body]) -> None:
        """Checks that bodies fit into the batch.

        Raises:
            ModelError: One has another layout than the batch's own.
        """
        if any(body.layout != self._body.layout for body in bodies):
            raise ModelError(
                "The bodies of a run must have the same joints, sensors, feet, geoms and room for "
                "delays."
            )

    def load(
        self,
        ids: Ids,
        params: Array,
        settings: Sequence[Setting],
        which: NDArray[np.int64],
        addresses: Sequence[str] = (),
    ) -> None:
        """Puts simulations at the start of an episode.

        Args:
            ids: The simulations (k,).
            params: Flat parameters of their controllers (k, n).
            settings: Bodies in scenarios.
            which: Index of each simulation's setting (k,).
            addresses: Names of the episodes, for messages.

        Raises:
            EvolocoError: A setting asks for more than the batch was made for, or the parameters
                are not those of the controller.
        """
        self._check_load(params, settings)
        arrays, own = self.arrays, [settings[index].own() for index in which.tolist()]
        loading.clear(arrays, ids)
        arrays["params"][ids] = params
        if self.needs.play:
            play = np.array([setting.backlash for setting in settings])
            arrays["actuator_params"][ids] = play[which]

        loading.load_rows(arrays, ids, settings, which)
        loading.load_pushes(arrays, ids, settings, which)
        loading.load_commands(arrays, ids, settings, which)
        loading.load_drifts(arrays, ids, own)
        arrays["sensor_free"][ids] = [setting.sensor_free._address for setting in own]

        for sim, setting in zip(ids.tolist(), own, strict=True):
            self._settings[sim] = setting
        for sim, address in zip(ids.tolist(), addresses, strict=False):
            self._addresses[sim] = address
        self._rough = any(setting is not None and setting.rough for setting in self._settings)

        self._native.set_models([self._model(sim) for sim in range(self.capacity)])
        self._native.reset(ids)
        self.states[ids] = np.array([setting.start for setting in settings])[which]

    def _check_load(self, params: Array, settings: Sequence[Setting]) -> None:
        for setting in settings:
            self.needs.check(setting.needs)
        if params.shape[1] != self.params.shape[1]:
            raise EvolocoError(
                f"Parameters of {params.shape[1]} numbers came; this controller has "
                f"{self.params.shape[1]}."
            )

    def advance(self, count: int, ids: Ids | None = None, observe: bool = True) -> None:
        """Simulates control steps; a simulation whose episode is over stays as it is.

        Args:
            count: Control steps; 0 begins fresh episodes and observes.
            ids: The simulations; all where left out.
            observe: Whether `obs` afterwards belongs to the control step that comes next.

        Raises:
            ControllerError: The controller raised an exception.
            EvolocoError: A slow sensor fails.
        """
        chosen = self._all if ids is None else ids
        left = count
        while self._slow and left:
            self._read_slow_sensors(chosen)
            lived = self.lived[chosen]
            part = min(left, *(sensor.steps_until_due(lived) for sensor in self._slow))
            self._apply(part, chosen, observe=False)
            left -= part

        if self._slow and observe:
            self._read_slow_sensors(chosen)
        self._apply(left, chosen, observe)

    def _read_slow_sensors(self, ids: Ids) -> None:
        """Reads the slow sensors that are due in the control step that comes next."""
        if self.arrays["fresh"][ids].any():
            self._apply(0, ids, observe=False)  # begins episodes, so that MuJoCo's sensors are read
        waits = (self.outcome[ids] == plan.RUNNING) & (self.arrays["observed"][ids] == 0)
        for sensor in self._slow:
            for sim in ids[waits & sensor.is_due(self.lived[ids])].tolist():
                moment = Moment(
                    self._model(sim),
                    self.states[sim].copy(),
                    sensor.previous(self.arrays, sim, self.control_dt),
                    sensor.sensordata(self.arrays, sim, self.columns),
                )
                self.arrays["true"][sim, sensor.place] = sensor.read(moment)

    def _apply(self, count: int, chosen: Ids, observe: bool) -> None:
        """Simulates control steps without a look at slow sensors."""
        self.arrays.set(advance=count, observe=int(observe))
        self.apply(chosen, self._episode, self.arrays.address)

    def apply(self, chosen: Ids, function: int, argument: int) -> None:
        """Calls a compiled function for some simulations, on the threads of the batch.

        Args:
            chosen: The simulations.
            function: Address of an mjfBatchFunc that advances them.
            argument: Address of what it is given.

        Raises:
            ControllerError: The controller raised an exception.
            SpecError: A compiled sensor failed.
        """
        self.arrays["busy"][chosen] = 0
        with capi.quiet(), self._ground(), self._watchdog.watching():
            self._native.apply(chosen, function, argument)

        failed = chosen[self._native.status[chosen] != 0]
        self.outcome[failed] = plan.UNSTABLE
        raised = chosen[self.outcome[chosen] == plan.RAISED]
        if len(raised):
            self._explain_exception(int(raised[0]))
        blind = chosen[self.outcome[chosen] == plan.BLIND]
        if len(blind):
            self._explain_sensor(int(blind[0]))

    def _ground(self) -> AbstractContextManager[None]:
        """Contacts with rough ground, where a simulation has some."""
        if not self._rough:
            return nullcontext()
        return heightfield.contacts(self.morphology.model, self._body.data)

    def _explain_exception(self, sim: int) -> NoReturn:
        """Calls the controller again as it was when it raised an exception, to have its words.

        Raises:
            EvolocoError: Always.
        """
        time = int(self.lived[sim]) * self.control_dt
        who = f"{self._addresses[sim]}: the controller, {time:g} s into the episode,"
        params = record(self.params[sim], self.compiled.params)
        state = record(self.arrays["state"][sim], self.compiled.state)
        obs = record(self.obs[sim], self.compiled.observation)

        with user_code(who):
            if time == 0:
                jit(self.controller.reset)(params, state, self.control_dt)
            ctrl = np.empty(self.morphology.controls)
            jit(self.controller.step)(params, state, obs, time, self.control_dt, ctrl)
        raise ControllerError(f"{who} raised an exception.")

    def _explain_sensor(self, sim: int) -> NoReturn:
        """Says which compiled sensor failed.

        Raises:
            SpecError: Always.
        """
        time = int(self.lived[sim]) * self.control_dt
        fault = self._compiled_sensors.fault(self.arrays["rule"][sim].tolist())
        raise SpecError(f"{self._addresses[sim]}, {time:g} s into the episode: {fault}.")

    # Preparing

    def _compile(self, actuators: Actuators | None) -> CompiledActuators | None:
        """What lies between commands and MuJoCo's controls: the run's own, or play of gears.

        Raises:
            EvolocoError: Both are asked for.
        """
        if actuators and self.needs.play:
            raise EvolocoError("Actuators of your own and randomized backlash exclude each other.")
        if self.needs.play:
            actuators = Backlash(np.zeros(self.morphology.controls))
        return CompiledActuators(actuators) if actuators else None

    def _reserve(self) -> None:
        """Makes the arrays with a row per simulation."""
        arrays, morphology, needs = self.arrays, self.morphology, self.needs
        reserve.reserve_episodes(arrays, self._body, self.compiled, self.columns, self.rows)
        reserve.reserve_disturbances(arrays, morphology.sensors, needs, self.control_dt)
        reserve.reserve_compiled(arrays, self._compiled_sensors)
        reserve.reserve_commands(arrays, morphology, needs, self.substeps, self._actuators)

    def _fill(self, ramp: float) -> None:
        """Writes into the plan what stays as it is."""
        fill(self.arrays, self._body, self.compiled, self.columns, self._termination)
        self.arrays.set(
            steps=self.steps,
            rows=self.rows,
            substeps=self.substeps,
            physics_dt=self.morphology.model.opt.timestep,
            ramp=ramp,
        )

    def _watched(self, time_limit: float, late: Callable[[str], object]) -> Watchdog:
        busy, status, addresses = self.arrays["busy"], self._native.status, self._addresses

        def running() -> NDArray[np.bool_]:
            return np.asarray((busy == 1) & (status == 0))

        def tell(sim: int) -> None:
            late(
                f"{addresses[sim]} has taken longer than evaluation.time_limit, {time_limit:g} s "
                "of wall time. What is recorded is whole. Mend the controller or the body, or go "
                "on with a longer --time-limit."
            )

        return Watchdog(time_limit, running, tell)
