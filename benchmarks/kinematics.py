"""Inverse kinematics: how many targets each solver meets, in what time, and the same every time.

    python benchmarks/kinematics.py [--targets 1000] [--seeds 0 1 2]

Prints the tables of docs/kinematics.md. Targets are poses of the UR5-like arm at random angles
within its limits, so each can be reached; starts are other random angles. A target is solved within
1e-5 m and 1e-4 rad. Times are CPU times of one thread. Each target is solved twice: the bytes of
both answers are compared, and the shorter time counts. Figures are medians over the seeds, with
their range where they differ.
"""

import argparse
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from evoloco.fields import Array
from evoloco.kinematics import damped, memetic, restarts
from evoloco.kinematics.chain import Chain, chain
from evoloco.kinematics.goal import Goal
from evoloco.kinematics.solution import Solution
from evoloco.morphologies.arms import ur5

ENOUGH = 10.0
"""Time that a target may take [ms]."""

Solver = Callable[[Chain, Goal, Array, int], Solution]

SOLVERS: dict[str, Solver] = {
    "damped least squares, one start": lambda arm, goal, start, _: damped.solve(arm, goal, start),
    "Levenberg-Marquardt, one start": lambda arm, goal, start, seed: restarts.solve(
        arm, goal, start, seed, iterations=restarts.PATIENCE
    ),
    "restarts": restarts.solve,
    "memetic": memetic.solve,
}
"""Name -> what it does with a chain, a goal, a start and a seed."""


class Figures(NamedTuple):
    """What a solver does with the targets of one seed.

    Attributes:
        solved: Share of the targets [%].
        in_time: Share that is solved within `ENOUGH` [%].
        median: Time [ms].
        worst: Time [ms].
        distance: Median of the distances from the target, solved or not [mm].
        same: Whether both answers to every target have equal bytes.
    """

    solved: float
    in_time: float
    median: float
    worst: float
    distance: float
    same: bool


def figures(arm: Chain, solver: Solver, targets: int, seed: int) -> Figures:
    """Solves random targets twice."""
    rng = np.random.default_rng(seed)
    pairs = [(Goal.of(arm.pose(arm.draw(rng))), arm.draw(rng)) for _ in range(targets)]
    solver(arm, *pairs[0], seed)  # compiles

    solved, took, distance, same = np.empty(targets, bool), np.empty(targets), [], True
    for i, (goal, start) in enumerate(pairs):
        number = 1_000_000 * seed + i
        first, spent = timed(solver, arm, goal, start, number)
        again, spent_again = timed(solver, arm, goal, start, number)
        same &= first.angles.tobytes() == again.angles.tobytes()
        solved[i], took[i] = first.solved, min(spent, spent_again)
        distance.append(1e3 * first.distance)
    return Figures(
        100 * solved.mean(),
        100 * (solved & (took <= ENOUGH)).mean(),
        float(np.median(took)),
        took.max(),
        float(np.median(distance)),
        same,
    )


def timed(
    solver: Solver, arm: Chain, goal: Goal, start: Array, seed: int
) -> tuple[Solution, float]:
    """A solution and the time that it took [ms]."""
    begun = time.thread_time()
    found = solver(arm, goal, start, seed)
    return found, 1e3 * (time.thread_time() - begun)


def shown(values: list[float], form: str = ".1f") -> str:
    """The median over the seeds, and the range where it shows."""
    middle, low, high = (f"{f(values):{form}}" for f in (np.median, min, max))
    return middle if low == high else f"{middle} ({low} to {high})"


def solvers(targets: int, seeds: list[int]) -> None:
    """Prints the table of solvers."""
    print(f"{targets} targets, seeds {seeds}")
    print(
        f"| joints | solver | solved [%] | within {ENOUGH:.0f} ms [%] | median [ms] | worst [ms] "
        "| median distance [mm] | same bytes |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for joints, narrow in (("one turn", False), ("narrow ranges", True)):
        arm = chain(ur5.build(narrow).model, "tool")
        for name, solver in SOLVERS.items():
            found = [figures(arm, solver, targets, seed) for seed in seeds]
            columns = list(zip(*found, strict=True))
            cells = [
                *(shown(columns[i]) for i in range(2)),
                shown(columns[2], ".2f"),
                *(shown(columns[i], ".1f") for i in (3,)),
                shown(columns[4], ".2g"),
                "yes" if all(columns[5]) else "no",
            ]
            print(f"| {joints} | {name} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--targets", type=int, default=1000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = parser.parse_args()
    solvers(given.targets, given.seeds)


if __name__ == "__main__":
    main()
