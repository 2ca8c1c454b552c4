"""Many closed-loop episodes of one body and controller on MuJoCo's thread pool."""

import ctypes
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from typing import Any, NoReturn

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.controller import Controller
from evoloco.episode import Address, Columns, Episode, Outcome, unnamed
from evoloco.errors import ControllerError, EvolocoError, ModelError, SpecError, blamed
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.scenario import Scenario, Termination
from evoloco.sim import cache, capi, heightfield, kernel
from evoloco.sim.compile import CompiledController, jit
from evoloco.sim.prepared import Body, kinds
from evoloco.sim.watchdog import Watchdog, end

TRACE_BYTES = 256 * 2**20
"""Most memory that the recorded rows may take, whatever the population [bytes]."""

LOOK = 0.005
"""Time between looks whether an episode is over [s]."""

_OUTCOMES = {
    kernel.COMPLETED: Outcome.COMPLETED,
    kernel.FELL: Outcome.FELL,
    kernel.UNSTABLE: Outcome.UNSTABLE,
}


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
        time_limit: Wall time that an episode (or a segment of it) may take [s]; 0 for any.
        late: Told, in words, of an episode that takes longer; ends the process where left out.

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
        late: Callable[[str], object] = end,
    ) -> None:
        model = morphology.model
        self.morphology, self.controller = morphology, controller
        self.control_dt = control_dt
        self.substeps = _whole(
            control_dt, model.opt.timestep, "scenario.control_dt", "the body's physics step"
        )
        self.steps = _whole(
            duration,
            control_dt,
            "scenario.duration or evaluation.heldout_duration",
            "scenario.control_dt",
        )
        self.threads = threads if threads > 0 else len(os.sched_getaffinity(0))
        self.columns = Columns(morphology, controller.state_size if record_state else 0)
        if 8 * self.steps * self.columns.size > TRACE_BYTES:
            raise SpecError(
                f"An episode of {self.steps} control steps would fill {8 * self.steps * self.columns.size:.3g} bytes, "
                f"more than the {TRACE_BYTES} that its record may take. Shorten it, or control less often."
            )
        self.time_limit, self._late = time_limit, late
        self._native = CompiledController(controller)
        self._kernel = cache.kept(lambda: kernel.compiled(capi.library_path()))
        self._data = mujoco.MjData(model)
        self._embody = partial(Body, min_height=termination.min_height, stiffness=support)
        self._body = self._embody(morphology)
        self._models: list[mujoco.MjModel] = []  # those that the batch reads
        self._rough = False  # whether spheres touch its ground as `field` says
        self._nstate = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION)
        self._arrays: dict[str, NDArray[Any]] = {}
        self._plan = np.zeros(1, kernel.PLAN)
        self._fill_constants(termination, ramp)
        self._batch = 0
        self.capacity = 0

    def __del__(self) -> None:
        if getattr(self, "_batch", 0):
            capi.library().mjb_deleteBatch(self._batch)

    def check(self, bodies: Iterable[Morphology]) -> list[Body]:
        """Bodies as the kernel needs them.

        Raises:
            ModelError: A body has another layout than the simulator's own.
        """
        batch = [self._embody(body) for body in bodies]
        if any(body.layout != self._body.layout for body in batch):
            raise ModelError(
                "The bodies of a run must have the same joints, sensors, feet, geoms and room for delays."
            )
        return batch

    # ------------------------------------------------------------ running

    def run(
        self,
        params: Array,
        scenarios: Sequence[Scenario],
        *,
        bodies: Sequence[Morphology] = (),
        support: float = 0.0,
        segment_steps: int = 0,
        between: Callable[[int, Array], None] | None = None,
        address: Address = unnamed,
    ) -> Iterator[Episode]:
        """Simulates every parameter vector in every scenario.

        Args:
            params: Controller parameters (genomes, param_size).
            scenarios: Common to all genomes.
            bodies: That of each genome, with the layout of the simulator's own; none where all have that one.
            support: Strength of the virtual support, 0 to 1.
            segment_steps: Control steps after which `between` is called; a whole episode where 0.
            between: Called between segments, perhaps in another thread, with the control step that comes next and the
                observations (simulations, obs_size) of the chunk that runs, which it may read.
            address: Of an episode, for messages.

        Yields:
            Episodes, genome by genome and within a genome scenario by scenario.
            Their traces are views into a buffer that later chunks use again:
            use an episode before asking for one far behind it, or copy its trace.

        Raises:
            ModelError: A body has another layout.
            ControllerError: The controller raised an exception.
        """
        params = np.ascontiguousarray(params, dtype=np.float64)
        total = len(params) * len(scenarios)
        self._reserve(total)
        batch = self.check(bodies) or [self._body]
        placed = [[body.placed(scenario, self._data) for scenario in scenarios] for body in batch]
        starts = np.array(
            [
                [
                    body.start(scenario, self._data, one)
                    for scenario, one in zip(scenarios, row, strict=True)
                ]
                for body, row in zip(batch, placed, strict=True)
            ]
        )
        lean = [[one.model for one in row] for row in placed]
        if self.substeps > 1:  # otherwise every physics step is one whose sensors are read
            lean = [
                [body.lean(one.model) for one in row]
                for body, row in zip(batch, placed, strict=True)
            ]
        self._rough = any(scenario.heights.size for scenario in scenarios)
        self._use("home_ctrl", np.array([body.home_ctrl for body in batch]))
        self._use("min_height", np.array([body.min_height for body in batch]))
        self._use("support", np.array([body.support(support) for body in batch]))
        self._use("gather_scale", np.array([body.readings[2] for body in batch]))
        self._use("gather_shift", np.array([body.readings[3] for body in batch]))
        self._use("leg_length", np.array([body.morphology.leg_length for body in batch]))
        self._use("params", params)
        plan = self._plan[0]
        plan["bodies"], (plan["genomes"], plan["param_size"]) = len(batch), params.shape
        pushes = _stack([scenario.pushes for scenario in scenarios])
        for first in range(0, total, self.capacity):
            chunk = np.arange(first, min(first + self.capacity, total))
            genome, scenario = np.divmod(chunk, len(scenarios))
            body = genome if bodies else np.zeros_like(genome)
            self._arrays["genome_of"][: len(chunk)], self._arrays["body_of"][: len(chunk)] = (
                genome,
                body,
            )
            places = list(zip(body, scenario, strict=True))
            self._load(
                starts[body, scenario],
                [placed[i][j].model for i, j in places],
                [lean[i][j] for i, j in places],
                np.ascontiguousarray(pushes[scenario]),
            )
            addresses = [address(int(i), int(k)) for i, k in zip(genome, scenario, strict=True)]
            with self._simulating(addresses, segment_steps, between) as over:
                for sim in range(len(chunk)):
                    over(sim)
                    yield self._episode(sim, placed[body[sim]][scenario[sim]])

    @contextmanager
    def _simulating(
        self,
        addresses: Sequence[str],
        segment_steps: int,
        between: Callable[[int, Array], None] | None,
    ) -> Iterator[Callable[[int], None]]:
        """Simulates a chunk while the block looks at the episodes that are over; what it gets waits for one of them.

        So no CPU waits while measures are taken. With one thread there is none to wait, and all is done before.
        """
        if self.threads == 1:
            self._simulate(addresses, segment_steps, between)
            yield lambda _: None
            return
        with ThreadPoolExecutor(1) as thread:
            work = thread.submit(self._simulate, addresses, segment_steps, between)

            def over(sim: int) -> None:
                while not work.done() and self._arrays["outcome"][sim] not in _OUTCOMES:
                    with suppress(TimeoutError):
                        work.exception(LOOK)
                if work.done():
                    work.result()  # raises what was raised

            yield over

    def _simulate(
        self,
        addresses: Sequence[str],
        segment_steps: int,
        between: Callable[[int, Array], None] | None,
    ) -> None:
        lib, plan, count = capi.library(), self._plan[0], len(addresses)
        ids = np.arange(count, dtype=np.int32)
        length = segment_steps or self.steps
        status = np.ctypeslib.as_array(lib.mjb_status(self._batch), (self.capacity,))[:count]
        outcome, started = self._arrays["outcome"][:count], self._arrays["started"][:count]

        def running() -> NDArray[np.bool_]:
            return np.asarray((started == 1) & (outcome == kernel.RUNNING) & (status == 0))

        def late(sim: int) -> None:
            self._late(
                f"{addresses[sim]} has taken longer than evaluation.time_limit, "
                f"{self.time_limit:g} s of wall time. What is recorded is whole. Mend the controller or the body, or "
                "go on with a longer --time-limit."
            )

        for first in range(0, self.steps, length):
            if first and between is not None:
                between(first, self._arrays["obs"][:count])
            plan["first_step"], plan["last_step"] = first, min(first + length, self.steps)
            started[:] = 0
            ground = (
                heightfield.contacts(self.morphology.model, self._data)
                if self._rough
                else nullcontext()
            )
            with capi.quiet(), ground, Watchdog(self.time_limit, running, late):
                lib.mjb_apply(
                    self._batch, ids.ctypes.data, count,
                    ctypes.c_void_p(self._kernel.address), ctypes.c_void_p(self._plan.ctypes.data), 1,
                )  # fmt: skip
            outcome[status != 0] = kernel.UNSTABLE
            if np.any(raised := outcome == kernel.RAISED):
                first_raised = int(np.argmax(raised))
                self._tell_exception(first_raised, addresses[first_raised])
            if np.all(outcome != kernel.RUNNING):
                return

    def _tell_exception(self, sim: int, address: str) -> NoReturn:
        """Calls the controller again as it was when it raised an exception, to have its words.

        Raises:
            EvolocoError: Always.
        """
        time = int(self._arrays["lived"][sim]) * self.control_dt
        who = f"{address}: the controller, {time:g} s into the episode,"
        genome = self._arrays["genome_of"][sim]
        params, state = self._arrays["params"][genome], self._arrays["state"][sim]
        with blamed(who):
            if time == 0:
                jit(self.controller.reset)(params, state, self.control_dt)
            ctrl = np.empty(self.morphology.model.nu)
            jit(self.controller.step)(
                params, state, self._arrays["obs"][sim], time, self.control_dt, ctrl
            )
        raise ControllerError(f"{who} raised an exception.")

    def _episode(self, sim: int, morphology: Morphology) -> Episode:
        lived = max(int(self._arrays["lived"][sim]), 1)
        return Episode(
            morphology,
            self.columns,
            self._arrays["trace"][sim, :lived],
            _OUTCOMES[int(self._arrays["outcome"][sim])],
            self.control_dt,
            self.steps,
        )

    # ------------------------------------------------------------ preparing

    def _load(
        self, starts: Array, models: list[mujoco.MjModel], lean: list[mujoco.MjModel], pushes: Array
    ) -> None:
        """Puts a chunk's start states (simulations, nstate), models and pushes (simulations, P, 5) in place."""
        lib, count = capi.library(), len(models)
        addresses = [model._address for model in models] + [self.morphology.model._address] * (
            self.capacity - count
        )
        lib.mjb_setModels(self._batch, (ctypes.c_void_p * self.capacity)(*addresses))
        self._models = [*models, *lean]
        self._use("lean", np.array([model._address for model in lean]))
        ids = np.arange(count, dtype=np.int32)
        lib.mjb_reset(self._batch, ids.ctypes.data, count, None, 0)
        self._state[:count] = starts
        self._use("pushes", pushes)
        self._plan[0]["push_count"] = pushes.shape[1]
        for name in ("state", "obs", "outcome", "lived"):
            self._arrays[name][:count] = 0
        self._arrays["trace"][:count, 0] = (
            0  # an episode that fails before its first step still has one row
        )

    def _reserve(self, total: int) -> None:
        """Makes room for `total` episodes at once, or for as many as the memory bound allows."""
        capacity = max(1, min(total, TRACE_BYTES // (8 * self.steps * self.columns.size)))
        if capacity <= self.capacity:
            return
        lib, model = capi.library(), self.morphology.model
        if self._batch:
            lib.mjb_deleteBatch(self._batch)
        error = ctypes.create_string_buffer(500)
        config = capi.batch_config(self.threads)
        self._batch = lib.mjb_makeBatch(
            model._address, capacity, ctypes.byref(config), error, len(error)
        )
        if not self._batch:
            raise EvolocoError(
                f"MuJoCo cannot simulate this model in a batch: {error.value.decode()}"
            )
        self.capacity = capacity
        length = ctypes.c_int()
        address = lib.mjb_stateComponent(
            self._batch, int(mujoco.mjtState.mjSTATE_TIME), ctypes.byref(length)
        )
        rows = ctypes.cast(address, ctypes.POINTER(ctypes.c_double))
        self._state = np.ctypeslib.as_array(rows, (capacity, self._nstate))
        for name, shape in {
            "state": (capacity, self.controller.state_size),
            "obs": (capacity, self.morphology.observation.size),
            "readings": (capacity, model.nsensordata + model.nu),
            "trace": (capacity, self.steps, self.columns.size),
        }.items():
            self._use(name, np.zeros(shape))
        for name in ("genome_of", "body_of", "outcome", "lived", "started"):
            self._use(name, np.zeros(capacity, np.int64))
        self._plan[0]["nsim"] = capacity

    def _use(self, name: str, array: NDArray[Any]) -> None:
        """Hands an array to the kernel and keeps it alive."""
        self._arrays[name] = array
        self._plan[0][name] = array.ctypes.data

    def _fill_constants(self, termination: Termination, ramp: float) -> None:
        morphology, plan = self.morphology, self._plan[0]
        model, observation = morphology.model, morphology.observation
        vertical = [morphology.sensor(f"{foot}.ground").start + 2 for foot in morphology.feet]
        where = [morphology.sensor(f"{foot}.position").start for foot in morphology.feet]
        gather = np.array(self._body.readings[:2], np.int64).T
        self._use("gather", np.ascontiguousarray(gather))
        self._use("foot_position", np.array(where, np.int64))
        self._use("geom_kind", kinds(morphology))
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
            "rate": morphology.sensor("torso.rate").start,
            "tilt": observation.tilt.start,
            "foot_ahead": observation.foot_ahead.start,
            "torso": model.body(morphology.torso).id,
            "state_column": (
                self.columns.slices["controller_state"].start
                if self.columns.widths["controller_state"]
                else -1
            ),
            "min_upright": math.cos(termination.max_tilt)
            if termination.max_tilt < math.pi
            else -math.inf,
            "end_on_contact": int(termination.body_contact),
            "contact_size": capi.size("mjContact"),
            "contact_geom": capi.offset("mjContact", "geom"),
            **{f"at_{name}": capi.offset("mjData", name) for name in ("time", "ncon", "warning")},
            "at_contact": capi.offset("mjData", "contact"),
            **{
                f"at_{name}": capi.pointer_offset(self._data, name)
                for name in (
                    "qpos",
                    "qvel",
                    "act",
                    "ctrl",
                    "actuator_force",
                    "sensordata",
                    "xfrc_applied",
                )
            },
        }
        for name, value in constants.items():
            plan[name] = value


def _whole(whole: float, part: float, name: str, unit: str) -> int:
    """How many parts make the whole.

    Raises:
        EvolocoError: They do not divide.
    """
    count = (
        round(whole / part) if whole / part < 1e15 else 0
    )  # beyond, floats have no room for a remainder
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
