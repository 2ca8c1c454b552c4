"""How good muscle gaits are: how soon they are found, how they walk, what they survive.

    python benchmarks/muscles.py seeds [--runs muscle_biped muscle_biped_fsm] [--seeds 10]
    python benchmarks/muscles.py champions [--runs muscle_biped muscle_biped_fsm ...]
    python benchmarks/muscles.py withstand
    python benchmarks/muscles.py speeds | structure | effort [--seeds 5]

`--generations N` shortens the runs, `--out FOLDER` keeps them.

`seeds` evolves each run with each seed in a process of its own, with the
defaults of its run file. Then the best individual of each generation walks
again without pushes: the first that lasts 10 s at 0.85 to 1.15 m/s counts as
found. Wall time counts from the start of the process. Each champion walks 30 s
without pushes, and again at a quarter of the physics step.

`champions` shows the same for the published champions, and how many of 40
pushes of 0.2 m/s they survive: half of them from behind, at random moments.

`withstand` counts in how many of 40 episodes of 10 s the published champions of
four controllers survive a push of 0.2 s (half of them from behind) and rough
ground, and draws the curves.

`structure` evolves muscles and control together (run `muscle_biped_structure`)
and control alone, both from the published champion of `muscle_biped_fsm`.
`effort` evolves that run with and without its term for effort, and `speeds`
for other speeds. Runs that are in FOLDER already are used as they are.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from evoloco.bundled import run_file
from evoloco.check.intervals import wilson
from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.gait.analysis import Gait, analyse
from evoloco.genome import Array
from evoloco.morphology import GRAVITY
from evoloco.run import Run
from evoloco.scenario import Scenario
from evoloco.spec import read

SOUGHT, TOLERANCE = 1.0, 0.15
"""Target speed and its tolerance [m/s]."""
WALK, LONG = 10.0, 30.0
"""Durations of a walk, and of a champion's walk [s]."""
PARTS = 4
"""Physics steps instead of one, to see whether a gait depends on the step."""
PUSH, PUSHES, PUSH_DURATION = 0.2, 40, 0.05
"""Change of speed [m/s], number and duration [s] of the pushes."""


def walk(
    experiment: Experiment,
    genomes: Sequence[Array],
    scenarios: Sequence[Scenario] = (),
    duration: float = WALK,
) -> Iterator[Episode]:
    """Yields the episodes of genomes in scenarios; by default in one without noise or pushes."""
    joints = len(experiment.morphology.joints)
    plain = [Scenario(np.zeros(joints), np.zeros(joints))]
    params = np.array([experiment.parameters(genome) for genome in genomes])
    bodies = [experiment.body(genome) for genome in genomes] if experiment.body_genes else []
    yield from simulator(experiment, duration=duration).run(
        params, list(scenarios) or plain, bodies=bodies
    )


def finer(experiment: Experiment) -> Experiment:
    """Returns the experiment with a fraction of its physics step."""
    body = experiment.spec.morphology
    step = experiment.morphology.model.opt.timestep / PARTS
    options = {**body.model_dump(), "timestep": step}
    return Experiment(experiment.spec.model_copy(update={"morphology": type(body)(**options)}))


def is_sought(episode: Episode) -> bool:
    """Returns whether an episode lasts at the target speed."""
    if episode.outcome is not Outcome.COMPLETED:
        return False
    return abs(analyse(episode).speed - SOUGHT) <= TOLERANCE


def evolve(name: str, seed: int, folder: Path, *overrides: str) -> tuple[float, float]:
    """Runs `evoloco evolve` as a user does, unless the run exists.

    Returns:
        Unix time of its start, and its duration [s].
    """
    timing = folder.parent / f"{folder.name}.json"
    if not timing.is_file():
        options = [*overrides, f"--seed={seed}", f"--out={folder}"]
        command = [sys.executable, "-m", "evoloco.cli", "evolve", name, *options]
        without_film = {**os.environ, "MUJOCO_GL": "disable"}
        began = time.time()
        subprocess.run(command, check=True, capture_output=True, env=without_film)
        timing.write_text(json.dumps([began, time.time() - began]))
    began, whole = json.loads(timing.read_text())
    return began, whole


def quality(experiment: Experiment, genome: Array) -> tuple[Gait, str]:
    """Returns a champion's gait over a long walk, and a row that describes it."""
    (episode,) = walk(experiment, [genome], duration=LONG)
    gait = analyse(episode)
    (fine,) = walk(finer(experiment), [genome], duration=LONG)
    change = analyse(fine).distance / gait.distance - 1
    cells = [
        f"{gait.duration:5.1f}",
        f"{gait.speed:5.2f}",
        f"{100 * change:+6.1f} %",
        f"{100 * gait.double_support:4.0f} %",
        f"{np.mean(gait.knee_flexion):4.0f}",
        f"{100 * np.mean(gait.heel_first):4.0f} %",
        f"{gait.peak_load:5.2f}",
        f"{gait.effort:5.1f}",
        f"{gait.stride_frequency:5.2f}",
    ]
    return gait, "  ".join(cells)


QUALITY = "lasts  speed  finer     both   knee  heel    load  effort strides"


def seeds(runs: Sequence[str], numbers: Sequence[int], folder: Path, *overrides: str) -> None:
    """Prints how often and how soon each run finds a walk, and how its champions walk."""
    for name in runs:
        print(f"\n{name}\nseed  first [s]  generation  whole [s]  held out  {QUALITY}")
        found = [evolved(name, seed, folder, *overrides) for seed in numbers]
        within = [sum(seconds <= limit for seconds in found) for limit in (60, 600)]
        print(
            f"{name}: {within[0]} of {len(numbers)} seeds within 60 s, {within[1]} within 600 s; "
            f"median {np.median(found):.1f} s"
        )


def evolved(name: str, seed: int, folder: Path, *overrides: str) -> float:
    """Evolves one seed and prints its row; returns the time until a walk was found [s]."""
    began, whole = evolve(name, seed, folder / f"{name}-seed{seed}", *overrides)
    run = Run(folder / f"{name}-seed{seed}")
    records = list(run.journal.generations())
    best = [record.genomes[int(np.argmax(record.fitness))] for record in records]

    walks = zip(records, walk(run.experiment, best), strict=True)
    first = next((record for record, episode in walks if is_sought(episode)), None)
    seconds = first.finished - began if first else np.inf

    champion = run.read_champion()
    outcomes = champion["heldout"]["outcome"]
    lasting = sum(outcome == "completed" for outcome in outcomes)
    _, row = quality(run.experiment, np.array(champion["genome"]))
    print(
        f"{seed:4d}  {seconds:9.1f}  {first.generation if first else 'never':>10}  {whole:9.1f}  "
        f"{lasting:5d}/{len(outcomes)}  {row}",
        flush=True,
    )
    return float(seconds)


def published(name: str) -> tuple[Experiment, Array]:
    """Returns the experiment of a bundled run, and the genome of its published champion."""
    champion = json.loads(run_file(name).with_name("champion.json").read_text())
    experiment = Experiment(read(run_file(name), [f"seed={champion['seed']}"]))
    return experiment, np.array(champion["genome"])


def pushed(experiment: Experiment, impulses: Sequence[float], duration: float) -> list[Scenario]:
    """Returns scenarios with one push each, at a random moment after the start.

    Args:
        experiment: The experiment.
        impulses: Changes of speed [m/s].
        duration: Duration of each push [s].
    """
    random, body = np.random.default_rng(0), experiment.morphology
    starts = random.uniform(2.0, WALK - 3.0, len(impulses))
    joints = np.zeros(len(body.joints))
    return [
        Scenario(joints, joints, np.array([[start, duration, impulse, 0.0, 0.0]]))
        for start, impulse in zip(starts, impulses, strict=True)
    ]


WALKERS = ("muscle_biped", "muscle_biped_fsm", "muscle_biped_fsm_economy")
"""Runs whose published champions are examined."""


def champions(runs: Sequence[str]) -> None:
    """Prints how the published champions walk, and how many pushes they survive."""
    print(f"{'run':24}  {QUALITY}  survives pushes from behind, from the front")
    half = PUSHES // 2
    for name in runs:
        experiment, genome = published(name)
        _, row = quality(experiment, genome)
        scenarios = pushed(experiment, [PUSH] * half + [-PUSH] * half, PUSH_DURATION)
        episodes = walk(experiment, [genome], scenarios)
        lasted = [episode.outcome is Outcome.COMPLETED for episode in episodes]
        print(
            f"{name:24}  {row}  {sum(lasted[:half])}/{half}, {sum(lasted[half:])}/{half}",
            flush=True,
        )


def arm(name: str, seed: int, folder: Path, label: str, *overrides: str) -> Run:
    """Returns a run of a comparison; a run with the same label is used as it is."""
    place = folder / f"{label}-seed{seed}"
    evolve(name, seed, place, *overrides)
    return Run(place)


def gait_of(run: Run, duration: float) -> Gait:
    """Returns the gait of a run's champion, without pushes."""
    (episode,) = walk(run.experiment, [np.array(run.read_champion()["genome"])], duration=duration)
    return analyse(episode)


def structure(count: int, folder: Path, *overrides: str) -> None:
    """Compares a search of muscles and control with control alone.

    Both start from the same control and take the same number of generations.
    """
    print("held-out fitness\nseed  muscles and control  control alone   effort [J/kg/m]")
    spread = read(run_file("muscle_biped_structure")).start.spread
    champion = run_file("muscle_biped_fsm").with_name("champion.json")
    begin = [f"start.path={champion}", f"start.spread={spread}"]

    pairs = []
    for seed in range(count):
        runs = [
            arm("muscle_biped_structure", seed, folder, "muscle_biped_structure", *overrides),
            arm("muscle_biped_fsm", seed, folder, "control_alone", *overrides, *begin),
        ]
        both, alone = (float(run.read_champion()["heldout_fitness"]) for run in runs)
        efforts = ", ".join(f"{gait_of(run, LONG).effort:.2f}" for run in runs)
        pairs.append((both, alone))
        print(f"{seed:4d}  {both:19.3f}  {alone:13.3f}   {efforts}", flush=True)

    better = sum(both > alone for both, alone in pairs)
    test = stats.wilcoxon(*zip(*pairs, strict=True), alternative="greater")
    print(
        f"Muscles and control are better in {better} of {count} seeds; "
        f"p = {test.pvalue:.3g} (Wilcoxon, one-sided)."
    )


def effort(count: int, folder: Path, *overrides: str) -> None:
    """Compares runs with and without the term for effort, at equal speed."""
    print("        with effort                  without")
    print("seed   speed  effort  mechanical   speed  effort  mechanical")
    arms = (("muscle_biped_fsm", ()), ("without_effort", ("fitness.effort.weight=0",)))
    rows = []
    for seed in range(count):
        row: list[float] = []
        for label, without in arms:
            run = arm("muscle_biped_fsm", seed, folder, label, *overrides, *without)
            gait = gait_of(run, LONG)
            row += [gait.speed, gait.effort, gait.mechanical_cost]
        rows.append(row)
        print(
            f"{seed:4d}   {row[0]:6.2f}  {row[1]:6.2f}  {row[2]:10.3f}"
            f"  {row[3]:6.2f}  {row[4]:6.2f}  {row[5]:10.3f}",
            flush=True,
        )

    table = np.array(rows)
    for what, column in (("effort [J/kg/m]", 1), ("mechanical cost of transport", 2)):
        fall = 100 * (1 - table[:, column] / table[:, column + 3])
        print(
            f"{what} is lower by {np.median(fall):.0f} % "
            f"(median; {fall.min():.0f} to {fall.max():.0f} %)"
        )


SPEEDS = (0.6, 1.0, 1.4, 1.8, 2.2, 2.6, 3.0)
"""Target speeds [m/s]."""
WALKED = 1.4
"""Above this speed [m/s], a search starts at the champion of the speed before."""
WIDER = 2.0
"""Factor on the spreads of such a start."""


def speeds(count: int, folder: Path, *overrides: str) -> None:
    """Prints and draws the gaits at other target speeds, everything else equal."""
    print(
        f"asked  seed  {'speed':>5}  lasts  froude  strides [Hz]  duty  flight  effort  mechanical"
    )
    found = []
    slower: dict[int, Path] = {}
    for asked in SPEEDS:
        for seed in range(count):
            around = [
                f"fitness.steps.low={asked - 0.05}",
                f"fitness.steps.high={asked + 0.05}",
                f"morphology.genes.speed='{1.2 * asked:.2f}~0.1<0.3,4>'",
            ]
            if asked > WALKED:
                around += [f"start.path={slower[seed]}", f"start.spread={WIDER}"]
            if asked == SOUGHT:
                label, changed = "muscle_biped_fsm", []
            else:
                label, changed = f"speed{asked:g}", around
            run = arm("muscle_biped_fsm", seed, folder, label, *overrides, *changed)
            slower[seed] = run.folder

            gait = gait_of(run, WALK)
            flight = float((~gait.stance[len(gait.stance) // 5 :]).all(axis=1).mean())
            found.append((asked, gait))
            print(
                f"{asked:5.1f}  {seed:4d}  {gait.speed:5.2f}  {gait.duration:5.1f}  "
                f"{gait.froude:6.2f}  {gait.stride_frequency:12.2f}  "
                f"{np.mean(gait.duty_factor):4.2f}  {flight:6.2f}  "
                f"{gait.effort:6.2f}  {gait.mechanical_cost:10.3f}",
                flush=True,
            )
    draw_speeds(found, folder / "cost_of_transport.png")


def draw_speeds(found: Sequence[tuple[float, Gait]], path: Path) -> None:
    """Draws the cost of transport over speed, for the gaits that lasted."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, name, label in (
        (left, "effort", "metabolic energy [J/kg/m]"),
        (right, "mechanical_cost", "work / (weight distance) [1]"),
    ):
        for asked in SPEEDS:
            gaits = [
                gait
                for target, gait in found
                if target == asked and gait.outcome is Outcome.COMPLETED
            ]
            speed, cost = [gait.speed for gait in gaits], [getattr(gait, name) for gait in gaits]
            axes.plot(speed, cost, "o", clip_on=False, label=f"{asked:g} m/s asked")
        axes.set(xlabel="speed [m/s]", ylabel=label)
        axes.set_xlim(0, None)
        axes.set_ylim(0, None)
    right.legend(frameon=False)
    figure.savefig(path, dpi=110)
    print(path)


WITHSTAND = ("muscle_fsm", "reflex", "simbicon", "CPG")
RUNS = ("muscle_biped_fsm", "muscle_biped", "muscle_biped_simbicon", "biped_fast")
"""Runs of these controllers; the first two find a walk with muscles."""
IMPULSES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
"""Changes of speed by a push [m/s]."""
ROUGHNESS = (0.01, 0.02, 0.04)
"""Largest heights and depths of the ground [m]."""
EPISODES, LASTS = 40, 0.2
"""Episodes per point of a curve, and duration of a push [s]."""


def survivors(experiment: Experiment, genome: Array, scenarios: Sequence[Scenario]) -> int:
    """Returns in how many scenarios a genome lasts."""
    episodes = walk(experiment, [genome], scenarios)
    return sum(episode.outcome is Outcome.COMPLETED for episode in episodes)


def roughened(name: str, roughness: float) -> tuple[Experiment, list[Scenario]]:
    """Returns a bundled run on rough ground, and its scenarios without noise or pushes."""
    overrides = [
        "scenario.push.count=0",
        "scenario.joint_noise=0",
        "scenario.velocity_noise=0",
        f"evaluation.heldout_duration={WALK}",
        f"evaluation.heldout_episodes={EPISODES}",
        f"scenario.terrain.roughness={roughness}",
    ]
    experiment = Experiment(read(run_file(name), overrides))
    return experiment, experiment.held_out()


def withstand(folder: Path) -> None:
    """Prints and draws in how many episodes champions survive a push, and rough ground."""
    curves: dict[str, dict[str, list[int]]] = {}
    for name, label in zip(RUNS, WITHSTAND, strict=True):
        experiment, genome = published(name)
        pushes = []
        for impulse in IMPULSES:
            signs = np.where(np.arange(EPISODES) % 2, -impulse, impulse)
            pushes.append(survivors(experiment, genome, pushed(experiment, signs, LASTS)))
        ground = []
        for roughness in ROUGHNESS:
            rough, scenarios = roughened(name, roughness)
            ground.append(survivors(rough, genome, scenarios))
        curves[label] = {"pushes": pushes, "ground": ground}

        leg = experiment.morphology.leg_length
        scale = 0.1 / np.sqrt(GRAVITY * leg)
        print(f"{label:11} (legs of {leg:.2f} m; 0.1 m/s is {scale:.3f} of sqrt(g leg))")
        print_survival("push", IMPULSES, pushes, "m/s")
        print_survival("ground +-", ROUGHNESS, ground, "m")
    draw_survival(curves, folder / "survival.png")


def print_survival(what: str, values: Sequence[float], counts: Sequence[int], unit: str) -> None:
    for value, count in zip(values, counts, strict=True):
        low, high = wilson(count, EPISODES)
        print(
            f"    {what} {value:4.2f} {unit}: {count}/{EPISODES}, "
            f"95 % within {low:.2f} to {high:.2f}",
            flush=True,
        )


def draw_survival(curves: dict[str, dict[str, list[int]]], path: Path) -> None:
    """Draws the share of survived episodes over impulse and roughness, with 95 % intervals."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, what, values, label in (
        (left, "pushes", IMPULSES, "push of 0.2 s [m/s]"),
        (right, "ground", [100 * rough for rough in ROUGHNESS], "ground ± [cm]"),
    ):
        for number, (controller, counts) in enumerate(curves.items()):
            share = np.array(counts[what]) / EPISODES
            edges = np.array([wilson(count, EPISODES) for count in counts[what]]).T
            axes.plot(values, share, "o-", color=f"C{number}", label=controller)
            axes.fill_between(values, *edges, color=f"C{number}", alpha=0.15, linewidth=0)
        axes.set(xlabel=label, ylim=(-0.02, 1.02))
    left.set_ylabel("survived")
    left.legend(frameon=False)
    figure.savefig(path, dpi=110)
    print(path)


def main() -> None:
    parts = {"seeds": 10, "champions": 0, "withstand": 0, "structure": 5, "effort": 5, "speeds": 2}
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", choices=list(parts))
    parser.add_argument("--runs", nargs="*", help="by default those of the part")
    parser.add_argument("--seeds", type=int, help="by default as many as the part needs")
    parser.add_argument("--only", type=int, nargs="*", help="these seeds, for `seeds`")
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="muscles-")))
    parser.add_argument(
        "--generations", type=int, help="of the runs; by default those of their run files"
    )
    arguments = parser.parse_args()

    arguments.out.mkdir(parents=True, exist_ok=True)
    count = arguments.seeds or parts[arguments.part]
    shorter = [f"optimizer.generations={arguments.generations}"] if arguments.generations else []
    if arguments.part == "seeds":
        seeds(arguments.runs or RUNS[:2], arguments.only or range(count), arguments.out, *shorter)
    elif arguments.part == "champions":
        champions(arguments.runs or WALKERS)
    elif arguments.part == "withstand":
        withstand(arguments.out)
    else:
        part = {"structure": structure, "effort": effort, "speeds": speeds}[arguments.part]
        part(count, arguments.out, *shorter)


if __name__ == "__main__":
    main()
