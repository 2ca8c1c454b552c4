"""How a gait follows commands that change: stand, two speeds, turns both ways, stop and start.

    python benchmarks/commands.py RUN_FOLDER [--worlds 100] [--within 0.2]

The champion of a run whose controller observes `[sensors.command]` goes through one script of
commands in so many held-out worlds, as wide as the run's held-out ones. Printed are, for each
stage, what was asked for and reached, and in how many worlds it was followed; and in how many a
gait neither fell nor missed a stage.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from math import degrees, nan, radians
from pathlib import Path

import numpy as np

import evoloco
from evoloco.gait.following import WITHIN, Followed, following, follows

TURN = radians(20.0)
"""Turning rate of the turns [rad/s]."""

SCRIPT = (
    (0.0, 0.0, nan, 0.0),
    (3.0, 0.15, nan, 0.0),
    (8.0, 0.3, nan, 0.0),
    (13.0, 0.15, nan, TURN),
    (18.0, 0.15, nan, -TURN),
    (23.0, 0.0, nan, 0.0),
    (27.0, 0.15, nan, 0.0),
)
"""Start [s], speed [m/s], heading that goes on, turning rate [rad/s] of each stage."""

DURATION = 32.0
"""Of an episode [s]."""


def walked(run: evoloco.Run, worlds: int) -> Iterator[evoloco.Episode]:
    """Yields the champion's episode in each world, with pushes up to its end."""
    evaluation = run.spec.evaluation.model_copy(update={"heldout_duration": DURATION})
    spec = run.spec.model_copy(update={"evaluation": evaluation})
    champion = replace(run.champion, experiment=replace(run.experiment, spec=spec))
    for world in range(worlds):
        scenario = replace(champion.experiment.held_out_scenario(world), command=SCRIPT)
        yield champion.simulate(scenario=scenario)


def line(number: int, stages: list[Followed], worlds: int, within: float) -> str:
    """One stage over all worlds that lived to see it."""
    _, speed, _, rate = SCRIPT[number]
    reached = np.median([one.speed for one in stages]) if stages else nan
    turned = np.median([one.turning_rate for one in stages]) if stages else nan
    good = sum(one.follows(within) for one in stages)
    return (
        f"{number + 1:5} {speed:8.2f} {reached:8.3f} {degrees(rate):10.1f} "
        f"{degrees(turned):8.1f} {good:6} of {worlds}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="run folder")
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--within", type=float, default=WITHIN, help="largest relative error")
    told = parser.parse_args()
    run = evoloco.load(told.folder)

    stages: list[list[Followed]] = [[] for _ in SCRIPT]
    whole = fell = 0
    for episode in walked(run, told.worlds):
        for number, one in enumerate(following(episode)):
            stages[number].append(one)
        whole += follows(episode, told.within)
        fell += episode.outcome.value == "fell"

    print("stage    m/s    median        °/s   median  followed")
    for number, found in enumerate(stages):
        print(line(number, found, told.worlds, told.within))
    print(f"falls: {fell} of {told.worlds}; every stage followed: {whole} of {told.worlds}")


if __name__ == "__main__":
    main()
