"""Inverse kinematics: what each solver solves, in what time, and what networks learn of it.

    python benchmarks/kinematics.py [--targets 1000] [--seeds 0 1 2] [--steps 4000] [--write FILE]

Prints the tables of docs/kinematics.md: medians over the seeds, with their range where they differ.
A target is the pose of an arm at random angles within its limits, so that it can be reached. It is
solved within 1e-5 m and 1e-4 rad. Times are CPU times of one thread. Networks are learned with each
seed and judged on targets of another one. --write keeps the first network of corrections.
"""

import argparse
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from evoloco.fields import Array
from evoloco.kinematics import correction, damped, direct, learn, memetic, network, restarts
from evoloco.kinematics.chain import Chain, chain
from evoloco.kinematics.goal import LEVER, Goal
from evoloco.kinematics.solution import Solution
from evoloco.morphologies.arms import planar, ur5
from evoloco.perception.pose import Pose

ENOUGH = 10.0
"""Time that a target may take [ms]."""

UNSEEN = 1
"""Added to the seed of targets, so that no network has learned from them."""

CALLS = (1, 2, 3, 10)
"""How often networks of corrections are asked."""

Solver = Callable[[Chain, Pose, Array, int], Solution]
"""Of a chain, a pose, a start and a seed."""

FAR: dict[str, Solver] = {
    "damped least squares, one start": lambda arm, pose, start, _: damped.solve(
        arm, Goal.of(pose), start
    ),
    "Levenberg-Marquardt, one start": lambda arm, pose, start, seed: restarts.solve(
        arm, Goal.of(pose), start, seed, iterations=restarts.PATIENCE
    ),
    "`restarts`": lambda arm, pose, start, seed: restarts.solve(arm, Goal.of(pose), start, seed),
    "`memetic`": lambda arm, pose, start, seed: memetic.solve(arm, Goal.of(pose), start, seed),
}
"""Solvers of poses that may be far."""


def damped_steps(count: int) -> Solver:
    """Damped least squares with so many steps at most."""
    return lambda arm, pose, start, _: damped.solve(arm, Goal.of(pose), start, count)


def network_calls(learned: network.Network, count: int) -> Solver:
    """A network of corrections that is asked so often at most."""
    return lambda arm, pose, start, _: correction.solve(arm, learned, pose, start, count)


def timed(
    solver: Solver, arm: Chain, poses: Sequence[Pose], starts: Sequence[Array], seed: int
) -> tuple[list[Solution], Array]:
    """Solutions and times [ms] of some targets; code is compiled before."""
    solver(arm, poses[0], starts[0], seed)
    found, took = [], []
    for i, (pose, start) in enumerate(zip(poses, starts, strict=True)):
        begun = time.thread_time()
        found.append(solver(arm, pose, start, 1_000_000 * seed + i))
        took.append(1e3 * (time.thread_time() - begun))
    return found, np.array(took)


def share(truths: Sequence[bool]) -> float:
    """How many of some statements are true [%]."""
    return 100 * float(np.mean(truths))


def off(solution: Solution) -> float:
    """Distance and angle from the goal as one number [m]."""
    return math.hypot(solution.distance, LEVER * solution.angle)


def print_table(head: str, rows: dict[str, list[Sequence[float]]]) -> None:
    """Prints names of rows, and medians and ranges of their columns over the seeds."""
    print(f"\n| {head} |\n{'|---' * (head.count('|') + 1)}|")
    for name, seeds in rows.items():
        cells = [shown(column) for column in zip(*seeds, strict=True)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def shown(values: Sequence[float]) -> str:
    """The median of some values, and their range where it shows."""
    if np.isnan(values).any():
        return ""
    middle, low, high = (f"{of(values):.3g}" for of in (np.median, min, max))
    return middle if low == high else f"{middle} ({low} to {high})"


def far(solver: Solver, arm: Chain, targets: int, seed: int) -> list[float]:
    """A row of the table of poses that may be far; each is solved twice, to compare the bytes."""
    rng = np.random.default_rng(seed)
    goals, starts = zip(*((arm.draw(rng), arm.draw(rng)) for _ in range(targets)), strict=True)
    poses = [arm.pose(goal) for goal in goals]
    first, once = timed(solver, arm, poses, starts, seed)
    second, again = timed(solver, arm, poses, starts, seed)

    took = np.minimum(once, again)  # other work may interrupt one of them
    solved = np.array([one.solved for one in first])
    same = [a.angles.tobytes() == b.angles.tobytes() for a, b in zip(first, second, strict=True)]
    distance = 1e3 * np.median([one.distance for one in first])
    in_time = share(solved & (took <= ENOUGH))
    return [share(solved), in_time, np.median(took), took.max(), distance, share(same)]


def near(solver: Solver, calls: int, arm: Chain, targets: int, seed: int) -> list[float]:
    """A row of the table of near poses, for a solver with so many steps; 0 where they differ."""
    starts, goals, *_ = learn.pairs(arm, np.random.default_rng([seed, UNSEEN]), targets)
    poses = [arm.pose(goal) for goal in goals]
    found, took = timed(solver, arm, poses, starts, seed)
    distance = [1e3 * one.distance for one in found]
    row = [
        share([one.solved for one in found]),
        np.median(took),
        took.max(),
        np.median(distance),
        np.percentile(distance, 95),
        1e3 * np.median([one.angle for one in found]),
    ]
    if calls == 0:
        return [*row, np.nan]
    steps, _ = timed(damped_steps(calls), arm, poses, starts, seed)
    return [*row, share([off(a) > off(b) for a, b in zip(found, steps, strict=True)])]


def place(elbow: str, targets: int, seed: int, steps: int) -> list[float]:
    """A row of the table of the planar arm."""
    arm = chain(planar.build(elbow).model, "tool")
    begun = time.process_time()
    learned = learn.learn_direct(arm, seed, steps)
    spent = time.process_time() - begun

    rng = np.random.default_rng([seed, UNSEEN])
    wanted = [arm.pose(arm.draw(rng)).translation for _ in range(targets)]
    reached = [arm.pose(direct.angles(arm, learned, one)).translation for one in wanted]
    error = 1e3 * np.linalg.norm(np.subtract(reached, wanted), axis=1)
    middle = 1e3 * np.linalg.norm(wanted, axis=1)
    return [np.median(error), np.percentile(error, 95), np.median(middle), spent]


def corrections(arm: Chain, targets: int, seeds: list[int], steps: int, file: str) -> None:
    """Learns networks of corrections and prints the table of near poses."""
    begun = time.process_time()
    networks = [learn.learn_correction(arm, seed, steps) for seed in seeds]
    print(f"\nLearning took {(time.process_time() - begun) / len(seeds):.0f} CPU s a network.")
    if file:
        network.write(Path(file), networks[0], correction.KIND, arm)

    solvers = {
        "stay where you are": damped_steps(0),
        "damped least squares, 1 step": damped_steps(1),
        "damped least squares, 3 steps": damped_steps(3),
        "`restarts`": FAR["`restarts`"],
        "`memetic`": FAR["`memetic`"],
    }
    rows = {
        name: [near(solver, 0, arm, targets, seed) for seed in seeds]
        for name, solver in solvers.items()
    }
    for calls in CALLS:
        rows[f"`correction`, {calls} call{'s' if calls > 1 else ''}"] = [
            near(network_calls(learned, calls), calls, arm, targets, seed)
            for seed, learned in zip(seeds, networks, strict=True)
        ]
    print_table(
        "near poses | solved [%] | median [ms] | worst [ms] | distance [mm] | 95th percentile [mm] "
        "| angle [mrad] | worse than as many damped steps [%]",
        rows,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--targets", type=int, default=1000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--write", default="")
    given = parser.parse_args()
    targets, seeds, steps = given.targets, given.seeds, given.steps

    for joints, narrow in (("with a turn each", False), ("with narrow ranges", True)):
        arm = chain(ur5.build(narrow).model, "tool")
        print_table(
            f"joints {joints} | solved [%] | within {ENOUGH:.0f} ms [%] | median [ms] | worst [ms] "
            "| distance [mm] | same bytes [%]",
            {name: [far(one, arm, targets, seed) for seed in seeds] for name, one in FAR.items()},
        )
    print_table(
        "elbow | error [mm] | 95th percentile [mm] | middle as an answer [mm] | learning [CPU s]",
        {
            elbow: [place(elbow, targets, seed, steps) for seed in seeds]
            for elbow in ("left", "both")
        },
    )
    corrections(arm, targets, seeds, steps, given.write)


if __name__ == "__main__":
    main()
