"""`evoloco train` and `evoloco convert`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from evoloco.cli.arguments import (
    AsJson,
    Out,
    Overrides,
    Quiet,
    Ray,
    RunName,
    Seed,
    Threads,
    Workers,
    check_workers,
)
from evoloco.cli.output import Output

TRAIN_EXAMPLES = (
    "evoloco train biped_ppo",
    "evoloco train biped_ppo --steps 2000000 --seed 3",
    "evoloco train biped_ppo training.penalty=kl --out runs/out/first",
)


def train(
    run: RunName,
    overrides: Overrides = None,
    seed: Seed = None,
    out: Out = None,
    steps: Annotated[
        int | None,
        typer.Option(min=0, help="Control steps to train for; by default the run file's."),
    ] = None,
    threads: Threads = 0,
    ray: Ray = None,
    workers: Workers = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Trains a policy by reinforcement learning; `evoloco resume` continues it exactly."""
    from evoloco.bundled import run_file
    from evoloco.cli.evolving import changes, folder_of
    from evoloco.cli.finishing import carry_on
    from evoloco.errors import SpecError
    from evoloco.rl.requirements import require
    from evoloco.run import Run
    from evoloco.spec import read

    require()
    check_workers(ray, workers)
    output = Output(quiet, as_json)
    source = run_file(run)
    changed = changes(overrides, seed, 0, None)
    if steps is not None:
        changed.append(f"training.steps={steps}")
    spec = read(source, changed, output.note)
    if spec.training is None:
        raise SpecError(
            f"{run} has no table [training]: it is evolved, with: evoloco evolve {run}   To train "
            "a policy on it: evoloco train "
            f"{run} controller.name=policy controller.normaliser=learned training.algorithm=ppo"
        )

    with output.doing("Compiling (only the first start takes more than a moment) ..."):
        created = Run.create(spec, folder_of(spec, out), source)
    for sentence in created.experiment.left_out:
        output.say(sentence)
    output.body(created.told)
    if ray is not None:
        from evoloco.evaluators.ray import connect

        with output.doing("Connecting to Ray ..."):
            connect(ray)
        workers = workers or len(os.sched_getaffinity(0))
    carry_on(output, created, 0, threads, None, workers)


CONVERT_EXAMPLES = (
    "evoloco convert biped_ppo mine.zip --out policy.safetensors",
    "evoloco convert biped_ppo mine.zip --normaliser stats.pkl --trust --out policy.safetensors",
)


def convert(
    run: RunName,
    archive: Annotated[
        Path, typer.Argument(metavar="FILE", help="A .zip file that Stable-Baselines3 saved.")
    ],
    overrides: Overrides = None,
    normaliser: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A .pkl file that VecNormalize saved.")
    ] = None,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Unpickles the normaliser, which runs any code in it."),
    ] = False,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("policy.safetensors"),
) -> None:
    """Converts a policy of Stable-Baselines3's PPO or A2C to a file for `controller.weights`."""
    from evoloco.bundled import run_file
    from evoloco.errors import SpecError
    from evoloco.experiment import Experiment
    from evoloco.policy_file import write
    from evoloco.rl.requirements import require
    from evoloco.spec import read

    require()
    from evoloco.rl.convert import converted
    from evoloco.rl.rollouts import policy_of

    if normaliser and not trust:
        raise SpecError(
            f"{normaliser} is a pickle: reading it runs whatever code is in it. If you trust "
            "whoever made it, give --trust."
        )
    output = Output()
    layout = policy_of(Experiment(read(run_file(run), overrides or (), output.note))).layout
    policy = converted(archive, layout, normaliser)
    output.say(
        f"Trusted: the weights in {archive}, read without running code, and that its hidden units "
        "are tanh" + (f"; the pickle {normaliser}, which was run." if normaliser else ".")
    )
    write(policy, out)
    output.say(f"Policy: {out}")
