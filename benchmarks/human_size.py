"""How far `walker` and `humanoid` are from themselves at a far smaller step, and what steps cost.

    python benchmarks/human_size.py

All joints shake about home for 0.5 s, each with a phase of its own, answered every 20 ms. The error
is the largest of all joint angles, against `implicitfast` at a sixteenth of the bodies' own step.
Speeds are simulated seconds per second of CPU time, the fastest of three.
"""

import time
from collections.abc import Callable

import mujoco
import numpy as np

from evoloco.genome import Array
from evoloco.morphologies import humanoid, walker
from evoloco.morphology import HOME, Morphology

BODIES: dict[str, Callable[..., Morphology]] = {"walker": walker.build, "humanoid": humanoid.build}
INTEGRATORS = {
    "Euler": mujoco.mjtIntegrator.mjINT_EULER,
    "implicitfast": mujoco.mjtIntegrator.mjINT_IMPLICITFAST,
    "discrete": mujoco.mjtIntegrator.mjINT_DISCRETE,
}
OWN = 0.0025
"""The bodies' own step [s]."""
STEPS = (0.005, OWN, OWN / 2)
FINEST = OWN / 16
SWINGS = (0.05, 0.1)
"""Amplitudes of the targets [rad]."""
DURATION, CONTROL_DT = 0.5, 0.02


def shake(name: str, step: float, integrator: str, swing: float) -> tuple[Array, float]:
    """Angles of the driven joints at the end [rad] (nu,), and the CPU time [s]."""
    body = BODIES[name](timestep=step)
    model, joints = body.model, body.joints
    model.opt.integrator = INTEGRATORS[integrator]
    home = np.array([joint.home for joint in joints])

    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    begun = time.thread_time()
    for control in range(round(DURATION / CONTROL_DT)):
        wave = np.sin(9.0 * control * CONTROL_DT) * np.cos(np.arange(len(joints)))
        data.ctrl[:] = home + swing * wave
        mujoco.mj_step(model, data, round(CONTROL_DT / step))
    took = time.thread_time() - begun
    return np.array([data.joint(joint.name).qpos[0] for joint in joints]), took


def main() -> None:
    """Prints the table."""
    heads = [f"error at {swing:g} rad [mrad]" for swing in SWINGS]
    print("| body | integrator | step [ms] |", " | ".join(heads), "| simulated s/s |")
    print("| --- " * (len(heads) + 4) + "|")
    for name in BODIES:
        finest = [shake(name, FINEST, "implicitfast", swing)[0] for swing in SWINGS]
        for integrator in INTEGRATORS:
            for step in STEPS:
                found = [shake(name, step, integrator, swing) for swing in SWINGS for _ in range(3)]
                errors = [
                    f"{1e3 * np.abs(found[3 * i][0] - finest[i]).max():.1f}"
                    for i in range(len(SWINGS))
                ]
                speed = DURATION / min(took for _, took in found)
                row = " | ".join([integrator, f"{1e3 * step:g}", *errors, f"{speed:.0f}"])
                print(f"| {name} | {row} |", flush=True)


if __name__ == "__main__":
    main()
