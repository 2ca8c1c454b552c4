"""A batch of simulations that can be loaded, advanced and observed one by one or together."""

import ctypes
import math
import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple, NoReturn

import llvmlite.binding as llvm
import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco import fields
from evoloco.actuator import Actuators
from evoloco.controller import Controller
from evoloco.episode import Columns, Episode, Outcome
from evoloco.errors import ControllerError, EvolocoError, ModelError, user_code
from evoloco.fields import Array, place, record, size
from evoloco.morphology import Morphology
from evoloco.scenario import Termination
from evoloco.sensor import Computed, Noise
from evoloco.sim import cache, capi, heightfield, kernel, plan
from evoloco.sim.backlash import Backlash
from evoloco.sim.compile import CompiledActuators, CompiledController, jit
from evoloco.sim.prepared import NOTHING, Body, Needs, Setting, kinds
from evoloco.sim.watchdog import Watchdog, end

Ids = NDArray[np.int32]
"""Indices of simulations."""

OUTCOMES = {
    plan.COMPLETED: Outcome.COMPLETED,
    plan.FELL: Outcome.FELL,
    plan.UNSTABLE: Outcome.UNSTABLE,
}
"""What the kernel's codes of ended episodes mean."""

_KERNEL = '''"""The compiled episode; made by evoloco, may be deleted."""

import numba

from evoloco.sim import kernel


def native_episode(model, data, sim, arg):
    kernel.episode(model, data, sim, arg)


native_episode = numba.cfunc(kernel.signature(), error_model="numpy", cache=True)(native_episode)
'''


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
        actuators: What lies between commands and MuJoCo's controls, if anything.
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
        self.rows = rows or steps
        self.threads = threads if threads > 0 else len(os.sched_getaffinity(0))
        self.substeps = physics_steps(control_dt, morphology)
        self.compiled = CompiledController(controller, morphology.observation)
        self.columns = Columns(morphology, size(self.compiled.state) if record_state else 0)
        self._termination, self._support = termination, support
        self.needs = needs.with_actuators() if actuators else needs
        if actuators and needs.play:
            raise EvolocoError("Actuators of your own and randomized backlash exclude each other.")
        if needs.play:
            actuators = Backlash(np.zeros(morphology.model.nu))
        self._actuators = CompiledActuators(actuators) if actuators else None
        self._slow = _slow_sensors(morphology, control_dt)
        self._body = self.body(morphology)
        self._plan = np.zeros(1, plan.PLAN)
        self._arrays: dict[str, NDArray[Any]] = {}
        self._settings: list[Setting | None] = [None] * capacity
        self._addresses = [f"Simulation {sim}" for sim in range(capacity)]
        self._rough = False
        self._batch = self._made()
        self._reserve()
        self._fill(ramp)
        self._episode = _compiled_episode()
        self._watchdog = self._watched(time_limit, late)

    def __del__(self) -> None:  # also where the constructor has failed
        if getattr(self, "_batch", 0):
            if hasattr(self, "_watchdog"):
                self._watchdog.close()
            capi.library().mjb_deleteBatch(self._batch)

    # What a reader sees

    @property
    def obs(self) -> Array:
        """What the controllers feel (capacity, obs size)."""
        return self._arrays["obs"]

    @property
    def outcome(self) -> NDArray[np.int64]:
        """Codes of how the episodes ended, `plan.RUNNING` while they last (capacity,)."""
        return self._arrays["outcome"]

    @property
    def lived(self) -> NDArray[np.int64]:
        """Control steps done (capacity,)."""
        return self._arrays["lived"]

    @property
    def params(self) -> Array:
        """Flat parameters of the controllers (capacity, n)."""
        return self._arrays["params"]

    @property
    def states(self) -> Array:
        """MuJoCo's states (capacity, nstate), in the order of mj_getState."""
        return self._states

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
        setting = self._settings[sim]
        return Episode(
            setting.morphology if setting else self.morphology,
            self.columns,
            self._arrays["trace"][sim, :lived],
            OUTCOMES.get(int(self.outcome[sim]), Outcome.COMPLETED),
            self.control_dt,
            self.steps,
        )

    # Loading and advancing

    def body(self, morphology: Morphology) -> Body:
        """A body as settings need it (see `prepared.settle`)."""
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
        """
        arrays, lib = self._arrays, capi.library()
        for setting in settings:
            self.needs.check(setting.needs)
        if params.shape[1] != arrays["params"].shape[1]:
            raise EvolocoError(
                f"Parameters of {params.shape[1]} numbers came; this controller has "
                f"{arrays['params'].shape[1]}."
            )
        arrays["params"][ids] = params
        for name in settings[0].rows if settings else ():
            rows = np.array([setting.rows[name] for setting in settings])
            arrays[name][ids] = rows[which]
        if self.needs.play:
            arrays["actuator_params"][ids] = np.array([one.backlash for one in settings])[which]
        self._load_pushes(ids, settings, which)
        for name in ("state", "obs", "outcome", "lived", "observed", "actuator_state"):
            if name in arrays:
                arrays[name][ids] = 0
        arrays["trace"][ids, 0] = 0  # an episode that fails before its first step still has one row
        arrays["fresh"][ids] = 1

        for sim, index in zip(ids.tolist(), which.tolist(), strict=True):
            self._settings[sim] = settings[index].own()
        self._load_drifts(ids)
        arrays["lean"][ids] = [self._settings[sim].lean._address for sim in ids.tolist()]
        for sim, address in zip(ids.tolist(), addresses, strict=False):
            self._addresses[sim] = address
        self._set_models()
        lib.mjb_reset(self._batch, ids.ctypes.data, len(ids), None, 0)
        self._states[ids] = np.array([setting.start for setting in settings])[which]

    def advance(self, count: int, ids: Ids | None = None, observe: bool = True) -> None:
        """Simulates control steps; a simulation whose episode is over stays as it is.

        Args:
            count: Control steps; 0 begins fresh episodes and observes.
            ids: The simulations; all where left out.
            observe: Whether `obs` afterwards belongs to the control step that comes next.

        Raises:
            ControllerError: The controller raised an exception.
        """
        chosen = self._all if ids is None else ids
        left = count
        while self._slow and left:
            self._compute(chosen)
            part = min(left, self._until_due(chosen))
            self._apply(part, chosen, observe=False)
            left -= part
        if self._slow and observe:
            self._compute(chosen)
        self._apply(left, chosen, observe)

    def _until_due(self, ids: Ids) -> int:
        """Control steps until a slow sensor of one of the simulations is to be computed."""
        lived = self.lived[ids]
        return min(int((slow.interval - lived % slow.interval).min()) for slow in self._slow)

    def _compute(self, ids: Ids) -> None:
        """Computes the slow sensors that are due in the control step that comes next."""
        runs = (self.outcome[ids] == plan.RUNNING) & (self._arrays["observed"][ids] == 0)
        for slow in self._slow:
            due = ids[runs & (self.lived[ids] % slow.interval == 0)]
            if not len(due):
                continue
            models = [self._model(sim) for sim in due.tolist()]
            with user_code(f"Sensor '{slow.name}'"):
                readings = np.asarray(slow.source.read(models, self._states[due].copy()))
                width = slow.place.stop - slow.place.start
                if readings.shape != (len(due), width) or not np.isfinite(readings).all():
                    raise EvolocoError(
                        f"Sensor '{slow.name}' must give finite readings of the shape {(len(due), width)} "
                        f"(simulations, channels), not {readings.shape}."
                    )
            self._arrays["true"][due, slow.place] = readings

    def _model(self, sim: int) -> mujoco.MjModel:
        setting = self._settings[sim]
        return setting.morphology.model if setting else self.morphology.model

    def _apply(self, count: int, chosen: Ids, observe: bool) -> None:
        lib, arrays = capi.library(), self._arrays
        self._plan[0]["advance"], self._plan[0]["observe"] = count, int(observe)
        arrays["busy"][chosen] = 0
        ground = (
            heightfield.contacts(self.morphology.model, self._body.data)
            if self._rough
            else nullcontext()
        )
        with capi.quiet(), ground, self._watchdog.watching():
            lib.mjb_apply(
                self._batch,
                chosen.ctypes.data,
                len(chosen),
                ctypes.c_void_p(self._episode),
                ctypes.c_void_p(self._plan.ctypes.data),
                1,
            )
        failed = chosen[self._status[chosen] != 0]
        self.outcome[failed] = plan.UNSTABLE
        raised = chosen[self.outcome[chosen] == plan.RAISED]
        if len(raised):
            self._explain_exception(int(raised[0]))

    def _explain_exception(self, sim: int) -> NoReturn:
        """Calls the controller again as it was when it raised an exception, to have its words.

        Raises:
            EvolocoError: Always.
        """
        time = int(self.lived[sim]) * self.control_dt
        who = f"{self._addresses[sim]}: the controller, {time:g} s into the episode,"
        params = record(self.params[sim], self.compiled.params)
        state = record(self._arrays["state"][sim], self.compiled.state)
        obs = record(self.obs[sim], self.compiled.observation)
        with user_code(who):
            if time == 0:
                jit(self.controller.reset)(params, state, self.control_dt)
            ctrl = np.empty(self.morphology.model.nu)
            jit(self.controller.step)(params, state, obs, time, self.control_dt, ctrl)
        raise ControllerError(f"{who} raised an exception.")

    # Preparing

    def _made(self) -> int:
        """Makes MuJoCo's batch, and views on its states and its status."""
        lib, model = capi.library(), self.morphology.model
        error = ctypes.create_string_buffer(500)
        config = capi.batch_config(self.threads)
        batch = lib.mjb_makeBatch(
            model._address, self.capacity, ctypes.byref(config), error, len(error)
        )
        if not batch:
            raise EvolocoError(
                f"MuJoCo cannot simulate this model in a batch: {error.value.decode()}"
            )
        length = ctypes.c_int()
        address = lib.mjb_stateComponent(
            batch, int(mujoco.mjtState.mjSTATE_TIME), ctypes.byref(length)
        )
        rows = ctypes.cast(address, ctypes.POINTER(ctypes.c_double))
        shape = (self.capacity, mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION))
        self._states = np.ctypeslib.as_array(rows, shape)
        self._status = np.ctypeslib.as_array(lib.mjb_status(batch), (self.capacity,))
        self._all = np.arange(self.capacity, dtype=np.int32)
        return int(batch)

    def _reserve(self) -> None:
        """Makes the arrays with a row per simulation."""
        model, obs = self.morphology.model, size(self.morphology.observation)
        widths = {
            "params": size(self.compiled.params),
            "state": size(self.compiled.state),
            "obs": obs,
            "readings": model.nsensordata + model.nu,
            "gather_scale": len(self._body.readings),
            "gather_shift": len(self._body.readings),
            "home_ctrl": model.nu,
            "min_height": 1,
            "support": plan.SUPPORT,
            "leg_length": 1,
            "asked": 3,
            "noise": obs * plan.NOISE,
            "command_offset": model.nu,
        }
        for name, width in widths.items():
            self._use(name, np.zeros((self.capacity, width)))
        for name in ("outcome", "lived", "fresh", "observed", "busy", "lean"):
            self._use(name, np.zeros(self.capacity, np.int64))
        for name, width in {"key": 2, "delay": obs, "command_delay": 2}.items():
            self._use(name, np.zeros((self.capacity, width), np.int64))
        self.outcome[:] = plan.COMPLETED  # nothing is loaded
        self._use("trace", np.zeros((self.capacity, self.rows, self.columns.size)))
        self._use("pushes", np.zeros((self.capacity, 0, plan.PUSH)))
        self._reserve_disturbances(obs)
        if self.needs.indirect:
            self._reserve_commands()

    def _reserve_commands(self) -> None:
        """Makes the arrays of what lies between commands and MuJoCo's controls."""
        model, joints = self.morphology.model, len(self.morphology.joints)
        self._plan[0]["indirect"] = 1
        self._use("command", np.zeros((self.capacity, model.nu)))
        for name in ("joint_angle", "joint_velocity"):
            self._use(name, np.zeros((self.capacity, joints)))

        if self.needs.command_delay:
            count = 1 + math.ceil(self.needs.command_delay / self.substeps)
            self._plan[0]["late_count"] = count
            self._use("late", np.zeros((self.capacity, count, model.nu)))
            self._use("arrival", np.zeros((self.capacity, count), np.int64))
        if self._actuators:
            self._plan[0]["actuate_function"] = self._actuators.actuate
            params = self._actuators.given
            state = np.zeros(size(self._actuators.state))
            self._use("actuator_params", np.tile(params, (self.capacity, 1)))
            self._use("actuator_state", np.tile(state, (self.capacity, 1)))
            self._plan[0]["actuator_param_size"] = params.size
            self._plan[0]["actuator_state_size"] = state.size

    def _reserve_disturbances(self, obs: int) -> None:
        """Makes the arrays of what lies between true readings and felt ones, where it is needed."""
        sensors = self.morphology.sensors
        interval = [
            max(self._control_steps(sensor.interval, f"sensors.{sensor.name}.interval"), 1)
            for sensor in sensors
            for _ in sensor.channels
        ]
        depth = 1 + max(
            (
                self._control_steps(sensor.delay, f"sensors.{sensor.name}.delay")
                for sensor in sensors
            ),
            default=0,
        )
        depth += self.needs.sensor_delay
        disturbed = bool(self._slow or self.needs.disturbed) or any(
            sensor.delay or sensor.interval or sensor.noise != Noise() for sensor in sensors
        )
        self._use("interval", np.array(interval, np.int64))
        self._plan[0]["depth"], self._plan[0]["disturbed"] = depth, int(disturbed)
        if disturbed:
            self._use("history", np.zeros((self.capacity, depth, obs)))
            for name in ("true", "held", "bias"):
                self._use(name, np.zeros((self.capacity, obs)))
        self._use("estimate", np.zeros((self.capacity, 2)))
        self._arrays["spare"] = np.zeros(1)

    def _control_steps(self, duration: float, name: str) -> int:
        """A duration [s] in control steps; 0 for none."""
        if duration == 0:
            return 0
        return whole(duration, self.control_dt, name, "scenario.control_dt")

    def _use(self, name: str, array: NDArray[Any]) -> None:
        """Hands an array to the kernel and keeps it alive."""
        self._arrays[name] = array
        self._plan[0][name] = array.ctypes.data

    def _load_pushes(self, ids: Ids, settings: Sequence[Setting], which: NDArray[np.int64]) -> None:
        """Pushes of the simulations; where others have more, those that lack some never start."""
        most = max((len(setting.pushes) for setting in settings), default=0)
        pushes = self._arrays["pushes"]
        if most > pushes.shape[1]:
            more = np.zeros((self.capacity, most, plan.PUSH))
            more[:, : pushes.shape[1]] = pushes
            self._use("pushes", more)
            pushes, self._plan[0]["push_count"] = more, most
        rows = np.zeros((len(settings), pushes.shape[1], plan.PUSH))
        for one, setting in zip(rows, settings, strict=True):
            one[: len(setting.pushes)] = setting.pushes
        pushes[ids] = rows[which]

    def _load_drifts(self, ids: Ids) -> None:
        """Where in each simulation's own models numbers change, and from what to what."""
        drifts = {sim: self._settings[sim].drifts for sim in ids.tolist()}
        most = max(map(len, drifts.values()), default=0)
        if not most and not self._plan[0]["drift_count"]:
            return
        present = int(self._plan[0]["drift_count"])
        if most > present:
            for name, kind in (("drift_address", np.int64), ("drift_value", np.float64)):
                more = np.zeros((self.capacity, most, 2), kind)
                if present:
                    more[:, :present] = self._arrays[name]
                self._use(name, more)
            self._plan[0]["drift_count"] = most
        for sim, rows in drifts.items():
            # Rows beyond a simulation's own write a number that nobody reads.
            self._arrays["drift_address"][sim] = self._arrays["spare"].ctypes.data
            for k, (addresses, ends) in enumerate(rows):
                self._arrays["drift_address"][sim, k] = addresses
                self._arrays["drift_value"][sim, k] = ends

    def _set_models(self) -> None:
        """Tells MuJoCo which model each simulation has."""
        own = self.morphology.model._address
        addresses = [
            setting.morphology.model._address if setting else own for setting in self._settings
        ]
        capi.library().mjb_setModels(self._batch, (ctypes.c_void_p * self.capacity)(*addresses))
        self._rough = any(setting is not None and setting.rough for setting in self._settings)

    def _watched(self, time_limit: float, late: Callable[[str], object]) -> Watchdog:
        busy, status, addresses = self._arrays["busy"], self._status, self._addresses

        def running() -> NDArray[np.bool_]:
            return np.asarray((busy == 1) & (status == 0))

        def tell(sim: int) -> None:
            late(
                f"{addresses[sim]} has taken longer than evaluation.time_limit, {time_limit:g} s "
                "of wall time. What is recorded is whole. Mend the controller or the body, or go "
                "on with a longer --time-limit."
            )

        return Watchdog(time_limit, running, tell)

    def _fill(self, ramp: float) -> None:
        """Writes into the plan what stays as it is."""
        morphology, model, observation = (
            self.morphology,
            self.morphology.model,
            self.morphology.observation,
        )
        gather = np.array([reading[:2] for reading in self._body.readings], np.int64)
        self._use("gather", gather.reshape(-1, 2))
        self._use("geom_kind", kinds(morphology))
        for name, sensor, component in (
            ("foot_position", "position", 0),
            ("foot_force", "ground", 2),
        ):
            starts = [morphology.sensor(f"{foot}.{sensor}").start for foot in morphology.feet]
            self._use(name, np.array(starts, np.int64) + component)
        joints = [model.joint(joint.name) for joint in morphology.joints]
        self._use("joint_qpos", np.array([joint.qposadr[0] for joint in joints], np.int64))
        self._use("joint_qvel", np.array([joint.dofadr[0] for joint in joints], np.int64))

        state_size = self.columns.widths["controller_state"]
        upright = self._termination.max_tilt
        constants: dict[str, float] = {
            "reset_function": self.compiled.reset,
            "step_function": self.compiled.step,
            **{
                name: getattr(model, name)
                for name in ("nq", "nv", "na", "nu", "nsensordata", "ngeom")
            },
            "joints": len(joints),
            "param_size": size(self.compiled.params),
            "state_size": size(self.compiled.state),
            "obs_size": size(observation),
            "row_size": self.columns.size,
            "gather_count": len(gather),
            "feet": len(morphology.feet),
            "steps": self.steps,
            "rows": self.rows,
            "substeps": self.substeps,
            "physics_dt": model.opt.timestep,
            "ramp": ramp,
            **{
                name: morphology.sensor(f"torso.{name}").start
                for name in ("orientation", "position", "velocity", "rate")
            },
            **self._places(),
            "torso": model.body(morphology.torso).id,
            "state_column": (
                self.columns.slices["controller_state"].start if state_size else plan.NOWHERE
            ),
            "min_upright": math.cos(upright) if upright < math.pi else -math.inf,
            "end_on_contact": int(self._termination.body_contact),
            **_offsets(self._body.data),
        }
        for name, value in constants.items():
            self._plan[0][name] = value

    def _places(self) -> dict[str, float]:
        """Places of the sensors that the kernel forms, and of those that it forms one from."""
        observation = self.morphology.observation
        formed = {
            sensor.source: place(observation, sensor.name).start
            for sensor in self.morphology.sensors
            if isinstance(sensor.source, str)
        }
        known = fields.names(observation)
        return {
            "tilt_at": formed.get("tilt", plan.NOWHERE),
            "foot_ahead_at": formed.get("foot_ahead", plan.NOWHERE),
            "asked_at": formed.get("command", plan.NOWHERE),
            "estimate_at": formed.get("estimated_tilt", plan.NOWHERE),
            "felt_rate": place(observation, "rate").start if "rate" in known else plan.NOWHERE,
            "felt_acceleration": (
                place(observation, "acceleration").start
                if "acceleration" in known
                else plan.NOWHERE
            ),
            "estimate_time": ESTIMATE_TIME,
        }


class Slow(NamedTuple):
    """A sensor that Python computes.

    Attributes:
        name: Of the sensor.
        source: Computes it.
        place: Where its channels stand in an observation.
        interval: Control steps between readings.
    """

    name: str
    source: Computed
    place: slice
    interval: int


def _slow_sensors(morphology: Morphology, control_dt: float) -> list[Slow]:
    layout = morphology.observation
    return [
        Slow(
            sensor.name,
            sensor.source,
            place(layout, sensor.name),
            max(round(sensor.interval / control_dt), 1),
        )
        for sensor in morphology.sensors
        if not isinstance(sensor.source, str | tuple)
    ]


ESTIMATE_TIME = 2.0
"""Time constant with which the measured acceleration corrects the estimated tilt [s]."""


def _compiled_episode() -> int:
    """Address of the compiled episode."""
    llvm.load_library_permanently(capi.library_path())  # where mj_step and mj_forward are
    module: Any = cache.compiled(_KERNEL, (kernel.episode,))
    return int(module.native_episode.address)


def _offsets(data: mujoco.MjData) -> dict[str, int]:
    """Byte offsets in mjData and mjContact."""
    direct = ("time", "ncon", "warning", "contact")
    arrays = ("qpos", "qvel", "act", "ctrl", "actuator_force", "sensordata", "xfrc_applied")
    return {
        **{f"at_{name}": capi.offset("mjData", name) for name in direct},
        **{f"at_{name}": capi.pointer_offset(data, name) for name in arrays},
        "contact_size": capi.size("mjContact"),
        "contact_geom": capi.offset("mjContact", "geom"),
    }


def physics_steps(control_dt: float, morphology: Morphology) -> int:
    """Physics steps in a control step.

    Raises:
        EvolocoError: It is not a whole number.
    """
    physics_dt = morphology.model.opt.timestep
    return whole(control_dt, physics_dt, "scenario.control_dt", "the body's physics step")


def whole(duration: float, part: float, name: str, unit: str) -> int:
    """How many parts make a duration.

    Raises:
        EvolocoError: They do not divide.
    """
    # Beyond 1e15, floats have no room for a remainder.
    count = round(duration / part) if duration / part < 1e15 else 0
    if count < 1 or abs(count * part - duration) > 1e-9 * duration:
        raise EvolocoError(f"{name} = {duration} s must be a multiple of {unit}, {part} s.")
    return count
