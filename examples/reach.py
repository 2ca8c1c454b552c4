"""Brings the tool of an arm to random poses and shows what each way to do so costs.

Run it: python examples/reach.py
"""

import time
from collections.abc import Callable

import numpy as np

from evoloco.kinematics import damped, memetic, restarts
from evoloco.kinematics.chain import chain
from evoloco.kinematics.goal import Goal
from evoloco.kinematics.solution import Solution
from evoloco.morphologies.arms import ur5

TARGETS = 100
"""Random poses; each can be reached."""


def main() -> None:
    """Prints a row per solver."""
    arm = ur5.build(narrow=True)
    reach = chain(arm.model, arm.tool)
    rng = np.random.default_rng(0)
    poses = [reach.pose(reach.draw(rng)) for _ in range(TARGETS)]

    solvers: dict[str, Callable[..., Solution]] = {
        "damped": damped.solve,
        "restarts": restarts.solve,
        "memetic": memetic.solve,
    }
    for name, solve in solvers.items():
        solve(reach, Goal.of(poses[0]))  # compiles
        begun = time.thread_time()
        found = [solve(reach, Goal.of(pose), start=arm.home) for pose in poses]
        spent = 1e3 * (time.thread_time() - begun) / TARGETS
        solved = sum(one.solved for one in found)
        print(f"{name:8} solved {solved:3} of {TARGETS}, {spent:.2f} ms each")

    nearest = min(found, key=lambda one: np.linalg.norm(one.angles - arm.home))
    for joint, angle in zip(reach.joints, nearest.angles, strict=True):
        print(f"{joint:13} {angle:6.3f} rad in the pose that is nearest to home")


if __name__ == "__main__":
    main()
