"""CPU time of the sensors of touch on the gripper that has them.

    python benchmarks/touch.py

Prints what one reading of `slip` and `biotac` takes while the gripper holds its block, as they are
in an episode, and the parts of `slip` that a robot would have to do: spectrum and network. The
rest of its reading is the synthetic pad. Medians, one thread. Needs the extra `sensors`.
"""

import time
from collections.abc import Callable
from functools import partial

import mujoco
import numpy as np

from evoloco.morphologies.arms import tactile_gripper
from evoloco.morphology import HOME
from evoloco.perception.learned import Learned
from evoloco.perception.slip.lesson import probabilities
from evoloco.perception.slip.windows import WINDOW, spectrum
from evoloco.sensor import Moment
from evoloco.sensors import biotac, slip

CONTROL_DT, SUBSTEPS, ROWS = 0.01, 10, 40
TIMES = 200


def held(body) -> Moment:
    """The moment at which the gripper has held its block for 0.4 s."""
    model, data = body.model, mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    rows = []
    for _ in range(ROWS):
        mujoco.mj_step(model, data, SUBSTEPS)
        rows.append(data.sensordata.copy())
    state = np.empty(mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION))
    mujoco.mj_getState(model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    return Moment(model, state, np.zeros(1), np.array(rows))


def milliseconds(what: Callable[[], object]) -> float:
    """Median CPU time of a call, after the first one."""
    what()
    spent = []
    for _ in range(TIMES):
        start = time.process_time()
        what()
        spent.append(time.process_time() - start)
    return 1e3 * float(np.median(spent))


def main() -> None:
    body = tactile_gripper.build()
    moment = held(body)
    for module in (slip, biotac):
        sensor = module.sensor(body)
        assert isinstance(sensor.source, Learned)
        sensor.source.check(body)
        spent = milliseconds(partial(sensor.source.read, moment))
        print(f"{sensor.name}: {spent:.2f} ms a reading")

    network = slip.SlipSensor("pad", "", 32, 0.7, 0)._network
    window = np.random.default_rng(0).normal(2000, 5, (WINDOW, 144))
    print(f"spectrum: {milliseconds(lambda: spectrum(window)):.2f} ms")
    stored = spectrum(window)
    print(f"network: {milliseconds(lambda: probabilities(network, stored)):.2f} ms")


if __name__ == "__main__":
    main()
