"""What a randomized world costs: CPU time to make one for the bundled biped.

    python benchmarks/worlds.py [--count 300]

Printed are a copy of the model alone, worlds in which one quantity differs, and worlds in which
all that MuJoCo's model has numbers for, or all at all, differ at once. Beside them stands the CPU
time of ten simulated seconds of that body. The aim is at most 2 ms for a world.
"""

import argparse
import copy
import statistics
import time
from collections.abc import Callable, Sequence

import mujoco

from evoloco.morphologies import biped
from evoloco.randomization.draw import Randomization, draw
from evoloco.randomization.quantities import QUANTITIES
from evoloco.randomization.working import SIGNALS
from evoloco.randomization.world import apply

SIMULATED = 10.0
"""Duration of the episode that is compared with [s]."""


def cost(work: Callable[[int], object], count: int) -> float:
    """CPU time of one call [ms]: the median of ten parts, so that a disturbance does not count."""
    times = []
    for part in range(10):
        began = time.process_time()
        for i in range(count // 10):
            work(part * count + i)
        times.append((time.process_time() - began) / (count // 10))
    return 1e3 * statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=300, help="worlds of each kind")
    count = parser.parse_args().count
    body = biped.build()
    data = mujoco.MjData(body.model)

    def world(tables: Sequence[Randomization]) -> float:
        return cost(lambda i: apply(draw(tables, (0, 0, 0, i)), body, data), count)

    def simulate(_: int) -> None:
        mujoco.mj_resetDataKeyframe(body.model, data, 0)
        for _ in range(round(SIMULATED / body.model.opt.timestep)):
            mujoco.mj_step(body.model, data)

    every = {name: Randomization.of(name) for name in QUANTITIES}
    of_model = [
        table for name, table in every.items() if not SIGNALS.keys() >= {*QUANTITIES[name].fields}
    ]
    rows = {"copy of the model": cost(lambda _: copy.copy(body.model), count)}
    rows |= {name: world([table]) for name, table in every.items()}
    rows[f"all {len(of_model)} of the model"] = world(of_model)
    rows[f"all {len(every)}"] = world(list(every.values()))
    rows["all of the model, each element"] = world(
        [Randomization.of(table.name, each=True) for table in of_model]
    )
    rows[f"{SIMULATED:g} simulated seconds"] = cost(simulate, 30)
    for name, milliseconds in rows.items():
        print(f"{name:32} {milliseconds:8.3f} ms")


if __name__ == "__main__":
    main()
