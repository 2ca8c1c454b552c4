"""Every parameter vector in every scenario: whole episodes on top of the batch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial, reduce

import numpy as np
from numpy.typing import NDArray

from evoloco.actuator import Actuators
from evoloco.controller import Controller, layouts
from evoloco.episode import Address, Columns, Episode, unnamed
from evoloco.errors import SpecError
from evoloco.fields import Array, size
from evoloco.morphology import Morphology
from evoloco.scenario import Scenario, Termination
from evoloco.sim import plan
from evoloco.sim.batch import Batch
from evoloco.sim.endings import OUTCOMES
from evoloco.sim.needs import NOTHING, Needs
from evoloco.sim.prepared import Body
from evoloco.sim.setting import Setting, settle
from evoloco.sim.steps import physics_steps, whole
from evoloco.sim.watchdog import end

TRACE_BYTES = 256 * 2**20
"""Most memory that the recorded rows may take, whatever the population [bytes]."""

LOOK = 0.005
"""Time between looks whether an episode is over [s]."""

Between = Callable[[int, Array], None]
"""Called between segments with the control step that comes next and what controllers feel then."""


class Simulator:
    """Simulates episodes natively; constructed means compiled and ready.

    Args:
        morphology: The body.
        controller: Its controller.
        duration: Of a completed episode [s].
        control_dt: Time between control steps [s], a multiple of the physics step.
        termination: What counts as a fall.
        ramp: Time over which control fades in from the home posture [s].
        support: Stiffness of the virtual support at full strength: body weights per leg length of
            lowering, and body weight times leg length per radian of tilt.
        threads: Number of threads; all CPUs where 0. Results do not depend on it.
        record_state: Whether traces hold the controller's state.
        actuators: What lies between commands and MuJoCo's controls, if anything.
        time_limit: Wall time that an episode (or a segment of it) may take [s]; 0 for any.
        late: Called with a message when an episode takes longer. By default the process exits.

    Raises:
        EvolocoError: `control_dt` or `duration` is not a whole number of steps, or an episode does
            not fit into memory.
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
        actuators: Actuators | None = None,
        time_limit: float = 0.0,
        late: Callable[[str], object] = end,
    ) -> None:
        self.morphology, self.controller = morphology, controller
        self.control_dt, self.substeps = control_dt, physics_steps(control_dt, morphology)
        self.steps = whole(
            duration,
            control_dt,
            "scenario.duration or evaluation.heldout_duration",
            "scenario.control_dt",
        )
        self._check_memory(record_state)
        self._make = partial(
            Batch,
            morphology,
            controller,
            steps=self.steps,
            control_dt=control_dt,
            termination=termination,
            ramp=ramp,
            support=support,
            threads=threads,
            record_state=record_state,
            actuators=actuators,
            time_limit=time_limit,
            late=late,
        )
        self.batch = self._make(capacity=1)

    @property
    def threads(self) -> int:
        """Number of threads."""
        return self.batch.threads

    @property
    def columns(self) -> Columns:
        """Layout of a row of the trace."""
        return self.batch.columns

    @property
    def capacity(self) -> int:
        """Episodes that are simulated at once."""
        return self.batch.capacity

    def check(self, bodies: Iterable[Morphology]) -> list[Body]:
        """Bodies as the kernel needs them.

        Raises:
            ModelError: A body has another layout than the simulator's own.
        """
        found = [self.batch.body(body) for body in bodies]
        self.batch.check(found)
        return found

    def settings(
        self, scenarios: Sequence[Scenario], bodies: Sequence[Morphology] = (), support: float = 0.0
    ) -> list[list[Setting]]:
        """Every body in every scenario; the simulator's own body where none is given.

        Args:
            scenarios: Where they are put.
            bodies: With the layout of the simulator's own.
            support: Strength of the virtual support, 0 to 1.
        """
        chosen = self.check(bodies or [self.morphology])
        return [
            [settle(body, scenario, support, self.control_dt) for scenario in scenarios]
            for body in chosen
        ]

    def run(
        self,
        params: Array,
        scenarios: Sequence[Scenario],
        *,
        bodies: Sequence[Morphology] = (),
        support: float = 0.0,
        segment_steps: int = 0,
        between: Between | None = None,
        address: Address = unnamed,
    ) -> Iterator[Episode]:
        """Simulates every parameter vector in every scenario.

        Args:
            params: Flat controller parameters (genomes, n).
            scenarios: Common to all genomes.
            bodies: That of each genome, with the layout of the simulator's own; none where all have
                that one.
            support: Strength of the virtual support, 0 to 1.
            segment_steps: Control steps after which `between` is called; a whole episode where 0.
            between: Called between segments, perhaps in another thread, with the control step that
                comes next and the observations (simulations, obs size) of the chunk that runs.
            address: Of an episode, for messages.

        Yields:
            Episodes, genome by genome and within a genome scenario by scenario. Their traces are
            views into a buffer that later chunks use again: use an episode before asking for one
            far behind it, or copy its trace.

        Raises:
            ModelError: A body has another layout.
            ControllerError: The controller raised an exception.
        """
        params = np.ascontiguousarray(params, dtype=np.float64)
        total = len(params) * len(scenarios)
        settings = self.settings(scenarios, bodies, support)
        flat = [setting for row in settings for setting in row]
        self._reserve(total, reduce(Needs.join, (setting.needs for setting in flat), NOTHING))

        for first in range(0, total, self.capacity):
            chunk = np.arange(first, min(first + self.capacity, total))
            genome, scenario = np.divmod(chunk, len(scenarios))
            body = genome if bodies else np.zeros_like(genome)
            which = body * len(scenarios) + scenario
            addresses = [address(int(i), int(k)) for i, k in zip(genome, scenario, strict=True)]
            ids = np.arange(len(chunk), dtype=np.int32)
            self.batch.load(ids, params[genome], flat, which, addresses)
            with self._simulating(ids, segment_steps, between) as wait_for:
                for sim in range(len(chunk)):
                    wait_for(sim)
                    yield self.batch.episode(sim)

    @contextmanager
    def _simulating(
        self, ids: NDArray[np.int32], segment_steps: int, between: Between | None
    ) -> Iterator[Callable[[int], None]]:
        """Simulates while the block looks at the episodes that are over.

        So no CPU waits while measures are taken. With one thread there is none to wait, and all is
        done before. The block gets a function that waits for one episode.
        """
        if self.threads == 1:
            self._simulate(ids, segment_steps, between)
            yield lambda _: None
            return

        outcome = self.batch.outcome
        with ThreadPoolExecutor(1) as thread:
            work = thread.submit(self._simulate, ids, segment_steps, between)

            def wait_for(sim: int) -> None:
                while not work.done() and int(outcome[sim]) not in OUTCOMES:
                    with suppress(TimeoutError):
                        work.exception(LOOK)
                if work.done():
                    work.result()  # raises what was raised

            yield wait_for

    def _simulate(
        self, ids: NDArray[np.int32], segment_steps: int, between: Between | None
    ) -> None:
        batch, length = self.batch, segment_steps or self.steps
        for first in range(0, self.steps, length):
            if first and between is not None:
                between(first, batch.obs[: len(ids)])
            batch.advance(length, ids, observe=between is not None)
            if np.all(batch.outcome[ids] != plan.RUNNING):
                return

    def _reserve(self, total: int, needs: Needs) -> None:
        """Makes room for `total` episodes at once, or for as many as the memory bound allows."""
        most = TRACE_BYTES // (8 * self.steps * self.columns.size)
        capacity = max(1, min(total, most))
        joined = self.batch.needs.join(needs)
        if capacity > self.capacity or joined != self.batch.needs:
            self.batch = self._make(capacity=max(capacity, self.capacity), needs=joined)

    def _check_memory(self, record_state: bool) -> None:
        """Raises a SpecError where not even one episode fits into memory."""
        state = size(layouts(self.controller)[1]) if record_state else 0
        needed = 8 * self.steps * Columns(self.morphology, self.substeps, state).size
        if needed > TRACE_BYTES:
            raise SpecError(
                f"An episode of {self.steps} control steps would fill {needed:.3g} bytes, more "
                f"than the {TRACE_BYTES} that its record may take. Shorten it, or control less "
                "often."
            )
