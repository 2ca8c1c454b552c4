"""What it costs to step a batch from outside, and to disturb what controllers feel.

    python benchmarks/stepping.py [--run biped] [--threads 2] [--repeats 9]
                                  [--parts steps equal noise]

steps: 16 bodies, 500 control steps, one at a time against one segment of 500. Both start at the
same states; the figure is the median over the repeats of the ratio of the two times, each pair
measured one after the other.

equal: the champion's values vary a little; 64 episodes run through 16 places of a batch, one
control step at a time, each place loaded again as soon as its episode ends. Every trace is compared
with that of the same episode simulated alone.

noise: Gaussian noise on every channel of the body and a delay of two control steps, against none;
in CPU time.
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evoloco.bundled import run_file
from evoloco.episode import Episode
from evoloco.experiment import Experiment
from evoloco.fields import Array
from evoloco.fitting import fitted
from evoloco.morphology import Morphology
from evoloco.scenario import Termination
from evoloco.sim import plan
from evoloco.sim.batch import Batch
from evoloco.sim.setting import settle
from evoloco.sim.simulator import Simulator
from evoloco.spec import NoiseSpec, SensorSpec, read

PLACES, STEPS, EPISODES = 16, 500, 64
NEVER = Termination(min_height=0.0, max_tilt=math.pi, body_contact=False)


class Bench:
    """A run's body and controller, and genomes near the start of its search."""

    def __init__(self, name: str, threads: int) -> None:
        self.experiment = Experiment(read(run_file(name)))
        self.threads = threads
        random = np.random.default_rng(0)
        space = self.experiment.space
        genomes = space.start + 0.05 * random.standard_normal((EPISODES, len(space)))
        genomes = np.clip(genomes, 0.0, 1.0)
        self.params = np.array([self.experiment.parameters(genome) for genome in genomes])
        self.scenario = self.experiment.scenarios(0)[0]

    def batch(self, morphology: Morphology, termination: Termination, steps: int) -> Batch:
        """Room for `PLACES` simulations."""
        scenario = self.experiment.spec.scenario
        return Batch(
            morphology,
            self.experiment.controller,
            capacity=PLACES,
            steps=steps,
            control_dt=scenario.control_dt,
            termination=termination,
            ramp=scenario.ramp,
            threads=self.threads,
        )

    def load(self, batch: Batch) -> None:
        """All places at the start of an episode."""
        setting = settle(batch.body(batch.morphology), self.scenario, 0.0, batch.control_dt)
        ids = np.arange(PLACES, dtype=np.int32)
        batch.load(ids, self.params[:PLACES], [setting], np.zeros(PLACES, int))

    def timed(
        self, batch: Batch, length: int, clock: Callable[[], float] = time.perf_counter
    ) -> float:
        """Returns the time that `STEPS` control steps take in calls of `length` steps [s]."""
        self.load(batch)
        began = clock()
        for _ in range(0, STEPS, length):
            batch.advance(length)
        return clock() - began


def steps(bench: Bench, repeats: int) -> None:
    batch = bench.batch(bench.experiment.morphology, NEVER, STEPS)
    bench.timed(batch, STEPS)
    pairs = [(bench.timed(batch, 1), bench.timed(batch, STEPS)) for _ in range(repeats)]
    ratios = [single / whole for single, whole in pairs]
    print(
        f"{PLACES} places, {STEPS} control steps, {bench.threads} threads: one at a time takes "
        f"{statistics.median(ratios):.3f} times one segment (median of {repeats}; "
        f"{min(ratios):.3f} to {max(ratios):.3f}); asked for: at most 1.25"
    )


def equal(bench: Bench) -> None:
    termination = bench.experiment.termination
    scenario = bench.experiment.spec.scenario
    simulator = Simulator(
        bench.experiment.morphology,
        bench.experiment.controller,
        duration=scenario.duration,
        control_dt=scenario.control_dt,
        termination=termination,
        ramp=scenario.ramp,
        threads=bench.threads,
    )
    alone = [episode.trace.tobytes() for episode in simulator.run(bench.params, [bench.scenario])]
    batch = bench.batch(bench.experiment.morphology, termination, simulator.steps)
    setting = simulator.settings([bench.scenario])[0]
    found = {number: one.trace.tobytes() for number, one in stepped(batch, setting, bench.params)}
    count = sum(found[number] == alone[number] for number in range(EPISODES))
    print(
        f"{count} of {EPISODES} episodes stepped with automatic reset equal those alone, in bytes"
    )


def stepped(batch: Batch, settings: list, params: Array) -> list[tuple[int, Episode]]:  # type: ignore[type-arg]
    """Episodes of all parameters, one control step at a time, places loaded again when free."""
    waiting, found = list(range(len(params))), []
    present = dict.fromkeys(range(batch.capacity), -1)

    def load(sim: int) -> None:
        present[sim] = waiting.pop(0) if waiting else -1
        if present[sim] >= 0:
            ids = np.array([sim], np.int32)
            batch.load(ids, params[[present[sim]]], settings, np.zeros(1, int))

    for sim in present:
        load(sim)
    while any(number >= 0 for number in present.values()):
        batch.advance(1)
        for sim in np.flatnonzero(batch.outcome != plan.RUNNING).tolist():
            if present[sim] >= 0:
                episode = batch.episode(sim)
                found.append((present[sim], replace(episode, trace=episode.trace.copy())))
                load(sim)
    return found


def noise(bench: Bench, repeats: int) -> None:
    dt = bench.experiment.spec.scenario.control_dt
    plain = bench.experiment.morphology
    disturbed = SensorSpec(delay=2 * dt, noise=NoiseSpec(gaussian=1e-9))
    noisy = fitted(plain, {sensor.name: disturbed for sensor in plain.sensors})
    batches = [bench.batch(body, NEVER, STEPS) for body in (plain, noisy)]
    for batch in batches:
        bench.timed(batch, STEPS)
    pairs = [
        [bench.timed(batch, STEPS, time.process_time) for batch in batches] for _ in range(repeats)
    ]
    share = statistics.median(other / first - 1 for first, other in pairs)
    print(
        f"Noise and delay on {batches[0].obs.shape[1]} channels: {100 * share:.1f} % of a "
        f"simulation's time (median of {repeats}); asked for: at most 4 %"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--run", default="biped_fast")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--parts", nargs="*", default=["steps", "equal", "noise"])
    told = parser.parse_args()
    bench = Bench(told.run, told.threads)
    if "steps" in told.parts:
        steps(bench, told.repeats)
    if "equal" in told.parts:
        equal(bench)
    if "noise" in told.parts:
        noise(bench, told.repeats)


if __name__ == "__main__":
    main()
