"""A small run that is trained, for tests."""

from pathlib import Path

from evoloco.experiment import Experiment
from evoloco.rl.rollouts import Rollouts
from evoloco.spec import read

HOP = """
[morphology]
name = "hopper"

[controller]
name = "policy"
hidden = [8, 6]
normaliser = "learned"

[sensors.clock]
period = 0.5

[fitness.way]
measure = "distance"
weight = 1.0

[reward.speed]
measure = "forward_speed"
weight = 1.0

[reward.upright]
measure = "upright"
weight = 0.5

[scenario]
duration = 1.0
joint_noise = 0.05
friction = [0.8, 1.2]

[scenario.push]
count = 1
impulse = 0.1

[evaluation]
episodes = 2
heldout_episodes = 2

[training]
steps = 768
judge = 2
simulations = 4
rollout = 32
worlds = 5
batch = 64
epochs = 2
"""
"""A run that is trained within a second: four judgements of two rollouts each."""


def run_file(folder: Path) -> Path:
    """Writes the run file."""
    path = folder / "hop.toml"
    path.write_text(HOP, encoding="utf-8")
    return path


def experiment(folder: Path, *overrides: str) -> Experiment:
    """Its experiment, with other values for keys."""
    return Experiment(read(run_file(folder), overrides))


def rollouts(folder: Path, *overrides: str, steps: int = 32, threads: int = 1) -> Rollouts:
    """Its simulations."""
    one = experiment(folder, *overrides)
    training = one.spec.training
    assert training
    return Rollouts(one, training.simulations, steps, training.worlds, threads)
