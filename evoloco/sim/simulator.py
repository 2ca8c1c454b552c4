"""Many closed-loop episodes of one body and controller on MuJoCo's thread pool."""

import ctypes
import math
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.controller import Controller
from evoloco.episode import Columns, Episode, Outcome
from evoloco.errors import ControllerError, EvolocoError, SpecError, blamed
from evoloco.genome import Array
from evoloco.morphology import HOME, Morphology
from evoloco.scenario import Scenario, Termination
from evoloco.sim import abi, cache, kernel
from evoloco.sim.compile import CompiledController, jit
from evoloco.sim.support import Support
from evoloco.sim.watchdog import Watchdog, end

TRACE_BYTES = 256 * 2**20
"""Most memory that the recorded rows may take, whatever the population [bytes]."""

_SLIDING = {"geom_friction": slice(0, 1), "pair_friction": slice(0, 2)}
"""Fields of the model with friction, and which of their columns are that of sliding."""

_OUTCOMES = {
    kernel.COMPLETED: Outcome.COMPLETED,
    kernel.FELL: Outcome.FELL,
    kernel.UNSTABLE: Outcome.UNSTABLE,
}


def unnamed(genome: int, scenario: int) -> str:
    """The address of an episode of which nothing more is known."""
    return f"Genome {genome} in scenario {scenario}"


class Simulator:
    """Simulates episodes natively; constructed means compiled and ready.

    Args:
        morphology: The body.
        controller: Its controller.
        duration: Of a completed episode [s].
        control_dt: Time between control steps [s], a multiple of the physics step.
        termination: What counts as a fall.
        ramp: Time over which control fades in from the home posture [s].
        support: Stiffness of the virtual support at full strength: body weights
            per leg length of lowering, and body weight times leg length per radian of tilt.
        threads: Number of threads; all CPUs where 0. Results do not depend on it.
        record_state: Whether traces hold the controller's state.
        time_limit: Wall time that an episode (or a segment of it) may take [s], after which the process ends;
            0 for any.
        address: Names the episode of a genome in a scenario, for messages.

    Raises:
        EvolocoError: `control_dt` or `duration` is not a whole number of steps, or an episode does not fit into memory.
        ControllerError: Numba cannot compile the controller.
    """

    def __init__(
        self,
        morphology: Morphology,
        controller: Controller,
        *,
        duration: float,
        control_dt: float,
        termination: Termination,
        ramp: float = 0.5,
        support: float = 0.0,
        threads: int = 0,
        record_state: bool = False,
        time_limit: float = 0.0,
        address: Callable[[int, int], str] = unnamed,
    ) -> None:
        model = morphology.model
        self.morphology, self.controller = morphology, controller
        self.control_dt = control_dt
        self.substeps = _whole(control_dt, model.opt.timestep, "scenario.control_dt", "the body's physics step")
        self.steps = _whole(
            duration, control_dt, "scenario.duration or evaluation.heldout_duration", "scenario.control_dt"
        )
        self.threads = threads if threads > 0 else len(os.sched_getaffinity(0))
        self.columns = Columns(morphology, controller.state_size if record_state else 0)
        if 8 * self.steps * self.columns.size > TRACE_BYTES:
            raise SpecError(
                f"An episode of {self.steps} control steps would fill {8 * self.steps * self.columns.size:.3g} bytes, "
                f"more than the {TRACE_BYTES} that its record may take. Shorten it, or control less often."
            )
        self.time_limit = time_limit
        self._address = address
        self._native = CompiledController(controller)
        self._kernel = cache.kept(lambda: kernel.compiled(abi.library_path()))
        self._data = mujoco.MjData(model)
        self._nstate = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION)
        self._arrays: dict[str, NDArray[Any]] = {}
        self._plan = np.zeros(1, kernel.PLAN)
        self._fill_constants(termination, ramp)
        self._support = Support(morphology, support)
        self._batch = 0
        self._friction: dict[str, Array] = {}
        self.capacity = 0

    def __del__(self) -> None:
        if getattr(self, "_batch", 0):
            abi.library().mjb_deleteBatch(self._batch)

    # ------------------------------------------------------------ running

    def run(
        self,
        params: Array,
        scenarios: Sequence[Scenario],
        *,
        support: float = 0.0,
        segment_steps: int = 0,
        between: Callable[[int, Array], None] | None = None,
    ) -> Iterator[Episode]:
        """Simulates every parameter vector in every scenario.

        Args:
            params: Controller parameters (genomes, param_size).
            scenarios: Common to all genomes.
            support: Strength of the virtual support, 0 to 1.
            segment_steps: Control steps after which `between` is called; a whole episode where 0.
            between: Called between segments with the control step that comes next and the
                observations (simulations, obs_size) of the chunk that runs, which it may read.

        Yields:
            Episodes, genome by genome and within a genome scenario by scenario.
            Their traces are views into a buffer that later chunks use again:
            use an episode before asking for one far behind it, or copy its trace.

        Raises:
            ControllerError: The controller raised an exception.
        """
        params = np.ascontiguousarray(params, dtype=np.float64)
        total = len(params) * len(scenarios)
        self._reserve(total)
        starts = [self._start(scenario) for scenario in scenarios]
        pushes = _stack([scenario.pushes for scenario in scenarios])
        friction = np.array([scenario.friction for scenario in scenarios])
        for first in range(0, total, self.capacity):
            chunk = np.arange(first, min(first + self.capacity, total))
            genome, scenario = np.divmod(chunk, len(scenarios))
            self._load(params, genome, starts, pushes, friction, scenario, support)
            self._simulate(genome, scenario, segment_steps, between)
            for sim in range(len(chunk)):
                yield self._episode(sim)

    def _simulate(
        self,
        genome: NDArray[np.int64],
        scenario: NDArray[np.int64],
        segment_steps: int,
        between: Callable[[int, Array], None] | None,
    ) -> None:
        lib, plan, count = abi.library(), self._plan[0], len(genome)
        ids = np.arange(count, dtype=np.int32)
        length = segment_steps or self.steps
        status = np.ctypeslib.as_array(lib.mjb_status(self._batch), (self.capacity,))[:count]
        outcome, started = self._arrays["outcome"][:count], self._arrays["started"][:count]

        def running() -> NDArray[np.bool_]:
            return np.asarray((started == 1) & (outcome == kernel.RUNNING) & (status == 0))

        def late(sim: int) -> None:
            end(
                f"{self._address(int(genome[sim]), int(scenario[sim]))} has taken longer than evaluation.time_limit, "
                f"{self.time_limit:g} s of wall time. What is recorded is whole. Mend the controller or the body, or "
                "go on with a longer --time-limit."
            )

        for first in range(0, self.steps, length):
            if first and between is not None:
                between(first, self._arrays["obs"][:count])
            plan["first_step"], plan["last_step"] = first, min(first + length, self.steps)
            started[:] = 0
            with abi.quiet(), Watchdog(self.time_limit, running, late):
                lib.mjb_apply(
                    self._batch, ids.ctypes.data, count,
                    ctypes.c_void_p(self._kernel.address), ctypes.c_void_p(self._plan.ctypes.data), 1,
                )  # fmt: skip
            outcome[status != 0] = kernel.UNSTABLE
            if np.any(raised := outcome == kernel.RAISED):
                first_raised = int(np.argmax(raised))
                self._tell_exception(first_raised, int(genome[first_raised]), int(scenario[first_raised]))
            if np.all(outcome != kernel.RUNNING):
                return

    def _tell_exception(self, sim: int, genome: int, scenario: int) -> NoReturn:
        """Calls the controller again as it was when it raised an exception, to have its words.

        Raises:
            EvolocoError: Always.
        """
        time = int(self._arrays["lived"][sim]) * self.control_dt
        who = f"{self._address(genome, scenario)}: the controller, {time:g} s into the episode,"
        params, state = self._arrays["params"][genome], self._arrays["state"][sim]
        with blamed(who):
            if time == 0:
                jit(self.controller.reset)(params, state, self.control_dt)
            ctrl = np.empty(self.morphology.model.nu)
            jit(self.controller.step)(params, state, self._arrays["obs"][sim], time, self.control_dt, ctrl)
        raise ControllerError(f"{who} raised an exception.")

    def _episode(self, sim: int) -> Episode:
        lived = max(int(self._arrays["lived"][sim]), 1)
        return Episode(
            self.morphology,
            self.columns,
            self._arrays["trace"][sim, :lived],
            _OUTCOMES[int(self._arrays["outcome"][sim])],
            self.control_dt,
            self.steps,
        )

    # ------------------------------------------------------------ preparing

    def _start(self, scenario: Scenario) -> Array:
        """MuJoCo's state row (nstate,) at the start of a scenario."""
        model, data = self.morphology.model, self._data
        mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
        for joint, offset, velocity in zip(
            self.morphology.joints, scenario.joint_offset, scenario.velocity, strict=True
        ):
            data.qpos[model.joint(joint.name).qposadr[0]] += offset
            data.qvel[model.joint(joint.name).dofadr[0]] = velocity
        for actuator in range(model.nu):
            samples = int(model.actuator_history[actuator, 0])
            if samples:  # a delayed actuator first reads what stands in its history
                values = np.full(samples, data.ctrl[actuator])
                mujoco.mj_initCtrlHistory(model, data, actuator, None, values)
        row = np.empty(self._nstate)
        mujoco.mj_getState(model, data, row, mujoco.mjtState.mjSTATE_INTEGRATION)
        return row

    def _load(
        self,
        params: Array,
        genome: NDArray[np.int64],
        starts: Sequence[Array],
        pushes: Array,
        friction: Array,
        scenario: NDArray[np.int64],
        support: float,
    ) -> None:
        """Puts a chunk's parameters and start states in place."""
        lib, count, plan = abi.library(), len(genome), self._plan[0]
        ids = np.arange(count, dtype=np.int32)
        lib.mjb_reset(self._batch, ids.ctypes.data, count, None, 0)
        self._state[:count] = np.asarray(starts)[scenario]
        if not self._friction and np.any(friction != 1.0):
            self._friction = {field: self._expand(field) for field in _SLIDING}
        for field, values in self._friction.items():
            values[:count] = getattr(self.morphology.model, field)
            # A contact takes the greater of its geoms' friction, unless one has priority: scaling all scales it.
            values[:count, :, _SLIDING[field]] *= friction[scenario][:, None, None]
        self._use("params", params)
        self._use("pushes", np.ascontiguousarray(pushes[scenario]))
        self._arrays["genome_of"][:count] = genome
        for name in ("state", "obs", "outcome", "lived"):
            self._arrays[name][:count] = 0
        self._arrays["trace"][:count, 0] = 0  # an episode that fails before its first step still has one row
        plan["genomes"], plan["param_size"] = params.shape
        plan["push_count"] = pushes.shape[1]
        for name, value in self._support.plan(support).items():
            plan[name] = value

    def _reserve(self, total: int) -> None:
        """Makes room for `total` episodes at once, or for as many as the memory bound allows."""
        capacity = max(1, min(total, TRACE_BYTES // (8 * self.steps * self.columns.size)))
        if capacity <= self.capacity:
            return
        lib, model = abi.library(), self.morphology.model
        if self._batch:
            lib.mjb_deleteBatch(self._batch)
        error = ctypes.create_string_buffer(500)
        config = abi.batch_config(self.threads)
        self._batch = lib.mjb_makeBatch(model._address, capacity, ctypes.byref(config), error, len(error))
        if not self._batch:
            raise EvolocoError(f"MuJoCo cannot simulate this model in a batch: {error.value.decode()}")
        self.capacity = capacity
        length = ctypes.c_int()
        address = lib.mjb_stateComponent(self._batch, int(mujoco.mjtState.mjSTATE_TIME), ctypes.byref(length))
        rows = ctypes.cast(address, ctypes.POINTER(ctypes.c_double))
        self._state = np.ctypeslib.as_array(rows, (capacity, self._nstate))
        self._friction = {}
        for name, shape in {
            "state": (capacity, self.controller.state_size),
            "obs": (capacity, self.morphology.observation.size),
            "readings": (capacity, model.nsensordata + model.nu),
            "trace": (capacity, self.steps, self.columns.size),
        }.items():
            self._use(name, np.zeros(shape))
        for name in ("genome_of", "outcome", "lived", "started"):
            self._use(name, np.zeros(capacity, np.int64))
        self._plan[0]["nsim"] = capacity

    def _expand(self, field: str) -> Array:
        """Per-simulation values of a field of the model (capacity, rows, width)."""
        shape = (self.capacity, *getattr(self.morphology.model, field).shape)
        if 0 in shape:
            return np.empty(shape)
        length, width = ctypes.c_int(), ctypes.c_int()
        address = abi.library().mjb_expand(
            self._batch, field.encode(), ctypes.byref(length), ctypes.byref(width)
        )
        values = ctypes.cast(address, ctypes.POINTER(ctypes.c_double))
        return np.ctypeslib.as_array(values, shape)

    def _use(self, name: str, array: NDArray[Any]) -> None:
        """Hands an array to the kernel and keeps it alive."""
        self._arrays[name] = array
        self._plan[0][name] = array.ctypes.data

    def _fill_constants(self, termination: Termination, ramp: float) -> None:
        morphology, plan = self.morphology, self._plan[0]
        model, observation = morphology.model, morphology.observation
        gather: list[tuple[int, int, float]] = []
        for joints, part in (("angle", observation.joint_angle), ("velocity", observation.joint_velocity)):
            for i, joint in enumerate(morphology.joints):
                gather.append((morphology.sensor(f"{joint.name}.{joints}").start, part.start + i, 1.0))
        rate = morphology.sensor("torso.rate").start
        gather += [(rate + i, observation.rate.start + i, 1.0) for i in range(3)]
        vertical = [morphology.sensor(f"{foot}.ground").start + 2 for foot in morphology.feet]
        gather += [
            (address, observation.foot_load.start + i, 1 / morphology.weight) for i, address in enumerate(vertical)
        ]
        kinds = [
            kernel.GROUND if geom in morphology.floor
            else kernel.FOOT if geom in morphology.foot_geoms
            else kernel.BODY
            for geom in range(model.ngeom)
        ]
        self._use("gather", np.array([row[:2] for row in gather], np.int64))
        self._use("gather_scale", np.array([row[2] for row in gather]))
        self._use("geom_kind", np.array(kinds, np.int64))
        self._use("home_ctrl", np.array(model.key(HOME).ctrl))
        self._use("foot_force", np.array(vertical, np.int64))
        constants = {
            "reset_function": self._native.reset,
            "step_function": self._native.step,
            "nq": model.nq,
            "nv": model.nv,
            "na": model.na,
            "nu": model.nu,
            "nsensordata": model.nsensordata,
            "state_size": self.controller.state_size,
            "obs_size": observation.size,
            "row_size": self.columns.size,
            "gather_count": len(gather),
            "feet": len(morphology.feet),
            "ngeom": model.ngeom,
            "steps": self.steps,
            "substeps": self.substeps,
            "physics_dt": model.opt.timestep,
            "ramp": ramp,
            "orientation": morphology.sensor("torso.orientation").start,
            "position": morphology.sensor("torso.position").start,
            "velocity": morphology.sensor("torso.velocity").start,
            "rate": rate,
            "tilt": observation.tilt.start,
            "torso": model.body(morphology.torso).id,
            "state_column": (
                self.columns.slices["controller_state"].start if self.columns.widths["controller_state"] else -1
            ),
            "min_height": termination.min_height * morphology.standing_height,
            "min_upright": math.cos(termination.max_tilt) if termination.max_tilt < math.pi else -math.inf,
            "end_on_contact": int(termination.body_contact),
            "contact_size": abi.size("mjContact"),
            "contact_geom": abi.offset("mjContact", "geom"),
            **{f"at_{name}": abi.offset("mjData", name) for name in ("time", "ncon", "warning")},
            "at_contact": abi.offset("mjData", "contact"),
            **{
                f"at_{name}": abi.pointer_offset(self._data, name)
                for name in ("qpos", "qvel", "act", "ctrl", "actuator_force", "sensordata", "xfrc_applied")
            },
        }
        for name, value in constants.items():
            plan[name] = value


def _whole(whole: float, part: float, name: str, unit: str) -> int:
    """How many parts make the whole.

    Raises:
        EvolocoError: They do not divide.
    """
    count = round(whole / part) if whole / part < 1e15 else 0  # beyond, floats have no room for a remainder
    if count < 1 or abs(count * part - whole) > 1e-9 * whole:
        raise EvolocoError(f"{name} = {whole} s must be a multiple of {unit}, {part} s.")
    return count


def _stack(pushes: Sequence[Array]) -> Array:
    """Pushes of every scenario (S, P, 5), padded with pushes that never start."""
    most = max(len(rows) for rows in pushes)
    padded = np.zeros((len(pushes), most, 5))
    for i, rows in enumerate(pushes):
        padded[i, : len(rows)] = rows
    return padded
