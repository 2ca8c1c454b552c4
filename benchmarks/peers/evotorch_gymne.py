"""Worker: EvoTorch's `GymNE`, which evaluates linear policies on a Gymnasium environment."""

import os
import tempfile
from importlib.metadata import version
from typing import Any

# Ray starts its workers with a niceness of 15.
os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_worker_niceness="0")

import mujoco
import ray
import torch
from evotorch import SolutionBatch
from evotorch.neuroevolution import GymNE
from serve import serve

FOLDER = tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)

problem: GymNE
population: SolutionBatch


def versions() -> str:
    """Returns the versions of EvoTorch and MuJoCo."""
    return f"EvoTorch {version('evotorch')}, MuJoCo {mujoco.__version__}"


def prepare(name: str, options: dict[str, Any], size: int, actors: int, control_steps: int) -> None:
    """Makes the problem and a population of small random policies.

    The only actor is the process itself.
    """
    global problem, population
    torch.manual_seed(0)
    if actors > 1:
        # With a folder of its own, Ray does not join a cluster that runs on this machine.
        ray.init("local", num_cpus=actors, include_dashboard=False, _temp_dir=FOLDER.name)
    problem = GymNE(
        name,
        "Linear(obs_length, act_length)",
        env_config=options,
        episode_length=control_steps,
        num_actors=actors if actors > 1 else None,
    )
    population = problem.generate_batch(size)


def run() -> int:
    """Evaluates the population; returns the number of control steps."""
    before = int(problem.status.get("total_interaction_count", 0))
    population.forget_evals()
    problem.evaluate(population)
    return int(problem.status["total_interaction_count"]) - before


serve(versions, prepare, run)
