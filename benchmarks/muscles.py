"""What muscle gaits are worth: how often and how soon they are found, how they walk, and what they withstand.

    python benchmarks/muscles.py seeds [--runs muscle_biped muscle_biped_fsm] [--seeds 10] [--out FOLDER]
    python benchmarks/muscles.py champions [--runs ...]
    python benchmarks/muscles.py speeds | structure | effort [--seeds 5] [--out FOLDER]

`seeds` evolves each run with each seed in a process of its own, with the
defaults of its run file. Then each generation's best individual walks again
without pushes: the first that lasts 10 s at 0.85 to 1.15 m/s is what was
waited for; wall time counts from the start of the process. Each champion
walks 30 s without pushes, and again at a quarter of the physics step.

`champions` shows the same of the published champions, and how many of 40
pushes of 0.2 m/s, half of them from behind, at random moments, they survive.

`speeds` evolves the reflexes for other speeds, `structure` with genes of the
muscles besides, `effort` without the term for effort. Runs that are in FOLDER
already are taken as they are.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy import stats

from evoloco.build import Experiment, run_file
from evoloco.episode import Episode, Outcome
from evoloco.evaluators.local import simulator
from evoloco.evolve import Run
from evoloco.gait import Gait, analyse
from evoloco.genome import Array
from evoloco.scenario import Scenario
from evoloco.spec import read

SOUGHT, TOLERANCE = 1.0, 0.15
"""Speed that is sought, and how far off is still it [m/s]."""
WALK, LONG = 10.0, 30.0
"""Durations of a walk, and of a champion's [s]."""
PARTS = 4
"""Physics steps in the place of one, to see whether a gait hangs on the step."""
PUSH, PUSHES, PUSH_DURATION = 0.2, 40, 0.05
"""Change of speed [m/s], number and duration [s] of the pushes."""


def walk(experiment: Experiment, genomes: Sequence[Array], scenarios: Sequence[Scenario] = (), duration: float = WALK
         ) -> Iterator[Episode]:  # fmt: skip
    """Episodes of genomes in scenarios; in one without noise or pushes where none are given."""
    joints = len(experiment.morphology.joints)
    plain = [Scenario(np.zeros(joints), np.zeros(joints))]
    params = np.array([experiment.parameters(genome) for genome in genomes])
    bodies = [experiment.body(genome) for genome in genomes] if experiment.body_genes else []
    yield from simulator(experiment, duration=duration).run(params, list(scenarios) or plain, bodies=bodies)


def finer(experiment: Experiment) -> Experiment:
    """The experiment at a fraction of its physics step."""
    body = experiment.spec.morphology
    step = experiment.morphology.model.opt.timestep / PARTS
    options = {**body.model_dump(), "timestep": step}
    return Experiment(experiment.spec.model_copy(update={"morphology": type(body)(**options)}))


def is_sought(episode: Episode) -> bool:
    """Whether it lasts, at the speed that is sought, its steps included."""
    return episode.outcome is Outcome.COMPLETED and abs(analyse(episode).speed - SOUGHT) <= TOLERANCE


def evolve(name: str, seed: int, folder: Path, overrides: Sequence[str] = ()) -> tuple[float, float]:
    """Runs `evoloco evolve` as a user does, unless it is there; Unix time of its start, and its duration [s]."""
    timing = folder.with_suffix(".json")
    if not timing.is_file():
        began = time.time()
        subprocess.run(
            [sys.executable, "-m", "evoloco.cli", "evolve", name, *overrides, "--seed", str(seed), "--out", str(folder)],
            check=True, capture_output=True,
        )  # fmt: skip
        timing.write_text(json.dumps([began, time.time() - began]))
    began, whole = json.loads(timing.read_text())
    return began, whole


def quality(experiment: Experiment, genome: Array) -> tuple[Gait, str]:
    """A champion's gait over a long walk, and a row that shows it."""
    (episode,) = walk(experiment, [genome], duration=LONG)
    gait = analyse(episode)
    (fine,) = walk(finer(experiment), [genome], duration=LONG)
    change = analyse(fine).distance / gait.distance - 1
    cells = [
        f"{gait.duration:5.1f}", f"{gait.speed:5.2f}", f"{100 * change:+6.1f} %", f"{100 * gait.double_support:4.0f} %",
        f"{np.mean(gait.knee_flexion):4.0f}", f"{100 * np.mean(gait.heel_first):4.0f} %", f"{gait.peak_load:5.2f}",
        f"{gait.effort:5.1f}", f"{gait.stride_frequency:5.2f}",
    ]  # fmt: skip
    return gait, "  ".join(cells)


QUALITY = "lasts  speed  finer     both   knee  heel    load  effort strides"


def seeds(runs: Sequence[str], count: int, folder: Path) -> None:
    """How often and how soon each run finds a walk, and how its champions walk."""
    for name in runs:
        found = []
        print(f"\n{name}\nseed  first [s]  generation  whole [s]  held out  {QUALITY}")
        for seed in range(count):
            place = folder / f"{name}-seed{seed}"
            began, whole = evolve(name, seed, place)
            run = Run(place)
            records = list(run.journal.generations())
            best = [record.genomes[int(np.argmax(record.fitness))] for record in records]
            walks = walk(run.experiment, best)
            first = next((record for record, episode in zip(records, walks, strict=True) if is_sought(episode)), None)
            champion = run.champion()
            lasting = sum(outcome == "completed" for outcome in champion["heldout"]["outcome"])
            _, row = quality(run.experiment, np.array(champion["genome"]))
            found.append(first.finished - began if first else np.inf)
            print(f"{seed:4d}  {found[-1]:9.1f}  {first.generation if first else 'never':>10}  {whole:9.1f}  "
                  f"{lasting:5d}/{len(champion['heldout']['outcome'])}  {row}", flush=True)  # fmt: skip
        within = [sum(seconds <= limit for seconds in found) for limit in (60, 600)]
        print(f"{name}: {within[0]} of {count} seeds within 60 s, {within[1]} within 600 s; "
              f"median {np.median(found):.1f} s")  # fmt: skip


def published(name: str) -> tuple[Experiment, Array]:
    """The experiment of a bundled run, and the genome of its published champion."""
    champion = json.loads(run_file(name).with_name("champion.json").read_text())
    return Experiment(read(run_file(name), [f"seed={champion['seed']}"])), np.array(champion["genome"])


def pushed(experiment: Experiment, impulses: Sequence[float], seed: int = 0) -> list[Scenario]:
    """One push per scenario, at a random moment after the start [m/s]."""
    random, body = np.random.default_rng(seed), experiment.morphology
    starts = random.uniform(2.0, WALK - 3.0, len(impulses))
    joints = np.zeros(len(body.joints))
    forces = np.asarray(impulses) * body.mass / PUSH_DURATION
    return [
        Scenario(joints, joints, np.array([[start, start + PUSH_DURATION, force, 0.0, 0.0]]))
        for start, force in zip(starts, forces, strict=True)
    ]


def champions(runs: Sequence[str]) -> None:
    """How the published champions walk, and which pushes they survive."""
    print(f"{'run':24}  {QUALITY}  survives pushes from behind, from the front")
    for name in runs:
        experiment, genome = published(name)
        _, row = quality(experiment, genome)
        signs = [PUSH] * (PUSHES // 2) + [-PUSH] * (PUSHES // 2)
        lasted = [episode.outcome is Outcome.COMPLETED
                  for episode in walk(experiment, [genome], pushed(experiment, signs))]  # fmt: skip
        half = PUSHES // 2
        print(f"{name:24}  {row}  {sum(lasted[:half])}/{half}, {sum(lasted[half:])}/{half}", flush=True)


def main() -> None:
    parts = ("seeds", "champions")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", choices=parts)
    parser.add_argument("--runs", nargs="*", default=["muscle_biped", "muscle_biped_fsm"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="muscles-")))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.part == "seeds":
        seeds(arguments.runs, arguments.seeds, arguments.out)
    else:
        champions(arguments.runs)


if __name__ == "__main__":
    main()
