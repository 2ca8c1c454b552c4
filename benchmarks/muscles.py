"""What muscle gaits are worth: how often and how soon they are found, how they walk, and what they withstand.

    python benchmarks/muscles.py seeds [--runs muscle_biped muscle_biped_fsm] [--seeds 10]
    python benchmarks/muscles.py champions [--runs muscle_biped muscle_biped_fsm ...]
    python benchmarks/muscles.py withstand
    python benchmarks/muscles.py speeds | structure | effort [--seeds 5]

`--generations N` shortens the runs, `--out FOLDER` keeps them.

`seeds` evolves each run with each seed in a process of its own, with the
defaults of its run file. Then each generation's best individual walks again
without pushes: the first that lasts 10 s at 0.85 to 1.15 m/s is what was
waited for; wall time counts from the start of the process. Each champion
walks 30 s without pushes, and again at a quarter of the physics step.

`champions` shows the same of the published champions, and how many of 40
pushes of 0.2 m/s, half of them from behind, at random moments, they survive.

`withstand` counts in how many of 40 episodes of 10 s the published champions of
four controllers survive a push of 0.2 s, half of them from behind, and rough
ground, and draws the curves.

`structure` evolves muscles and control together (run `muscle_biped_structure`)
and control alone, both from the published champion of `muscle_biped_fsm`;
`effort` evolves that run with and without its term for effort, and `speeds`
for other speeds. Runs that are in FOLDER already are taken as they are.
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
from evoloco.episode import Episode, Outcome
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.gait.analysis import Gait, analyse
from evoloco.genome import Array
from evoloco.morphology import GRAVITY
from evoloco.run import Run
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
    yield from simulator(experiment, duration=duration).run(
        params, list(scenarios) or plain, bodies=bodies
    )


def finer(experiment: Experiment) -> Experiment:
    """The experiment at a fraction of its physics step."""
    body = experiment.spec.morphology
    step = experiment.morphology.model.opt.timestep / PARTS
    options = {**body.model_dump(), "timestep": step}
    return Experiment(experiment.spec.model_copy(update={"morphology": type(body)(**options)}))


def is_sought(episode: Episode) -> bool:
    """Whether it lasts, at the speed that is sought, its steps included."""
    return (
        episode.outcome is Outcome.COMPLETED and abs(analyse(episode).speed - SOUGHT) <= TOLERANCE
    )


def evolve(name: str, seed: int, folder: Path, *overrides: str) -> tuple[float, float]:
    """Runs `evoloco evolve` as a user does, unless it is there; Unix time of its start, and its duration [s]."""
    timing = folder.parent / f"{folder.name}.json"
    if not timing.is_file():
        began = time.time()
        subprocess.run(
            [sys.executable, "-m", "evoloco.cli", "evolve", name, *overrides, f"--seed={seed}", f"--out={folder}"],
            check=True, capture_output=True, env={**os.environ, "MUJOCO_GL": "disable"},  # no film, which nobody sees
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


def seeds(runs: Sequence[str], numbers: Sequence[int], folder: Path, *overrides: str) -> None:
    """How often and how soon each run finds a walk, and how its champions walk."""
    for name in runs:
        found = []
        print(f"\n{name}\nseed  first [s]  generation  whole [s]  held out  {QUALITY}")
        for seed in numbers:
            began, whole = evolve(name, seed, folder / f"{name}-seed{seed}", *overrides)
            run = Run(folder / f"{name}-seed{seed}")
            records = list(run.journal.generations())
            best = [record.genomes[int(np.argmax(record.fitness))] for record in records]
            walks = walk(run.experiment, best)
            first = next(
                (
                    record
                    for record, episode in zip(records, walks, strict=True)
                    if is_sought(episode)
                ),
                None,
            )
            champion = run.champion()
            lasting = sum(outcome == "completed" for outcome in champion["heldout"]["outcome"])
            _, row = quality(run.experiment, np.array(champion["genome"]))
            found.append(first.finished - began if first else np.inf)
            print(f"{seed:4d}  {found[-1]:9.1f}  {first.generation if first else 'never':>10}  {whole:9.1f}  "
                  f"{lasting:5d}/{len(champion['heldout']['outcome'])}  {row}", flush=True)  # fmt: skip
        within = [sum(seconds <= limit for seconds in found) for limit in (60, 600)]
        print(f"{name}: {within[0]} of {len(numbers)} seeds within 60 s, {within[1]} within 600 s; "
              f"median {np.median(found):.1f} s")  # fmt: skip


def published(name: str) -> tuple[Experiment, Array]:
    """The experiment of a bundled run, and the genome of its published champion."""
    champion = json.loads(run_file(name).with_name("champion.json").read_text())
    return Experiment(read(run_file(name), [f"seed={champion['seed']}"])), np.array(
        champion["genome"]
    )


def pushed(experiment: Experiment, impulses: Sequence[float], duration: float) -> list[Scenario]:
    """One push per scenario, at a random moment after the start: change of speed [m/s] and duration [s]."""
    random, body = np.random.default_rng(0), experiment.morphology
    starts = random.uniform(2.0, WALK - 3.0, len(impulses))
    joints = np.zeros(len(body.joints))
    forces = np.asarray(impulses) * body.mass / duration
    return [
        Scenario(joints, joints, np.array([[start, start + duration, force, 0.0, 0.0]]))
        for start, force in zip(starts, forces, strict=True)
    ]


WALKERS = ("muscle_biped", "muscle_biped_fsm", "muscle_biped_fsm_economy")
"""Runs whose published champions are looked at."""


def champions(runs: Sequence[str]) -> None:
    """How the published champions walk, and which pushes they survive."""
    print(f"{'run':24}  {QUALITY}  survives pushes from behind, from the front")
    for name in runs:
        experiment, genome = published(name)
        _, row = quality(experiment, genome)
        signs = [PUSH] * (PUSHES // 2) + [-PUSH] * (PUSHES // 2)
        lasted = [episode.outcome is Outcome.COMPLETED
                  for episode in walk(experiment, [genome], pushed(experiment, signs, PUSH_DURATION))]  # fmt: skip
        half = PUSHES // 2
        print(
            f"{name:24}  {row}  {sum(lasted[:half])}/{half}, {sum(lasted[half:])}/{half}",
            flush=True,
        )


def arm(name: str, seed: int, folder: Path, label: str, *overrides: str) -> Run:
    """A run of an arm of a comparison; runs of other parts with the same label are taken as they are."""
    place = folder / f"{label}-seed{seed}"
    evolve(name, seed, place, *overrides)
    return Run(place)


def gait_of(run: Run, duration: float) -> Gait:
    """Gait of a run's champion, without pushes."""
    (episode,) = walk(run.experiment, [np.array(run.champion()["genome"])], duration=duration)
    return analyse(episode)


def structure(count: int, folder: Path, *overrides: str) -> None:
    """Whether muscles searched together with control beat control alone, from equal control, at equal generations."""
    print("held-out fitness\nseed  muscles and control  control alone   effort [J/kg/m]")
    spread = read(run_file("muscle_biped_structure")).start.spread
    begin = [
        f"start.path={run_file('muscle_biped_fsm').with_name('champion.json')}",
        f"start.spread={spread}",
    ]
    pairs = []
    for seed in range(count):
        runs = [
            arm("muscle_biped_structure", seed, folder, "muscle_biped_structure", *overrides),
            arm("muscle_biped_fsm", seed, folder, "control_alone", *overrides, *begin),
        ]
        both, alone = (float(run.champion()["heldout_fitness"]) for run in runs)
        efforts = ", ".join(f"{gait_of(run, LONG).effort:.2f}" for run in runs)
        pairs.append((both, alone))
        print(f"{seed:4d}  {both:19.3f}  {alone:13.3f}   {efforts}", flush=True)
    better = sum(both > alone for both, alone in pairs)
    test = stats.wilcoxon(*zip(*pairs, strict=True), alternative="greater")
    print(
        f"Muscles and control are better in {better} of {count} seeds; p = {test.pvalue:.3g} (Wilcoxon, one-sided)."
    )


def effort(count: int, folder: Path, *overrides: str) -> None:
    """Whether the term for effort lowers the cost of transport at equal speed."""
    print(
        "        with effort                  without\nseed   speed  effort  mechanical   speed  effort  mechanical"
    )
    rows = []
    for seed in range(count):
        row: list[float] = []
        for label, without in (
            ("muscle_biped_fsm", ()),
            ("without_effort", ("fitness.effort.weight=0",)),
        ):
            run = arm("muscle_biped_fsm", seed, folder, label, *overrides, *without)
            gait = gait_of(run, LONG)
            row += [gait.speed, gait.effort, gait.mechanical_cost]
        rows.append(row)
        print(f"{seed:4d}   {row[0]:6.2f}  {row[1]:6.2f}  {row[2]:10.3f}  {row[3]:6.2f}  {row[4]:6.2f}  {row[5]:10.3f}",
              flush=True)  # fmt: skip
    table = np.array(rows)
    for what, column in (("effort [J/kg/m]", 1), ("mechanical cost of transport", 2)):
        fall = 100 * (1 - table[:, column] / table[:, column + 3])
        print(
            f"{what} is lower by {np.median(fall):.0f} % (median; {fall.min():.0f} to {fall.max():.0f} %)"
        )


SPEEDS = (0.6, 1.0, 1.4, 1.8, 2.2, 2.6, 3.0)
"""Speeds that are asked [m/s]."""
WALKED = 1.4
"""Above this speed a search begins at the champion of the speed before [m/s], with `WIDER` times its spreads."""
WIDER = 2.0


def speeds(count: int, folder: Path, *overrides: str) -> None:
    """What gait comes of asking for another speed, all else equal."""
    print(
        f"asked  seed  {'speed':>5}  lasts  froude  strides [Hz]  duty  flight  effort  mechanical"
    )
    found = []
    slower: dict[int, Path] = {}
    for asked in SPEEDS:
        for seed in range(count):
            around = [f"fitness.steps.low={asked - 0.05}", f"fitness.steps.high={asked + 0.05}",
                      f"morphology.genes.speed='{1.2 * asked:.2f}~0.1<0.3,4>'"]  # fmt: skip
            if asked > WALKED:
                around += [f"start.path={slower[seed]}", f"start.spread={WIDER}"]
            label, changed = (
                ("muscle_biped_fsm", []) if asked == SOUGHT else (f"speed{asked:g}", around)
            )
            run = arm("muscle_biped_fsm", seed, folder, label, *overrides, *changed)
            slower[seed] = run.folder
            gait = gait_of(run, WALK)
            flight = float((~gait.stance[len(gait.stance) // 5 :]).all(axis=1).mean())
            found.append((asked, gait))
            print(f"{asked:5.1f}  {seed:4d}  {gait.speed:5.2f}  {gait.duration:5.1f}  {gait.froude:6.2f}  "
                  f"{gait.stride_frequency:12.2f}  {np.mean(gait.duty_factor):4.2f}  {flight:6.2f}  "
                  f"{gait.effort:6.2f}  {gait.mechanical_cost:10.3f}", flush=True)  # fmt: skip
    draw_speeds(found, folder / "cost_of_transport.png")


def draw_speeds(found: Sequence[tuple[float, Gait]], path: Path) -> None:
    """Cost of transport over speed, of the gaits that lasted."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    for axes, name, label in zip(
        figure.subplots(1, 2), ("effort", "mechanical_cost"), ("metabolic energy [J/kg/m]", "work / (weight way) [1]"),
        strict=True,
    ):  # fmt: skip
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
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)
    print(path)


WITHSTAND = ("muscle_fsm", "reflex", "simbicon", "CPG")
RUNS = ("muscle_biped_fsm", "muscle_biped", "muscle_biped_simbicon", "biped")
"""Theirs; the first two find a walk with muscles."""
IMPULSES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
"""Changes of speed by a push [m/s]."""
ROUGHNESS = (0.01, 0.02, 0.04)
"""Ground is as much higher or lower [m]."""
EPISODES, LASTS = 40, 0.2
"""Episodes per point of a curve, and duration of a push [s]."""


def survivors(experiment: Experiment, genome: Array, scenarios: Sequence[Scenario]) -> int:
    """In how many scenarios a genome lasts."""
    return sum(
        episode.outcome is Outcome.COMPLETED for episode in walk(experiment, [genome], scenarios)
    )


def roughened(name: str, roughness: float) -> tuple[Experiment, list[Scenario]]:
    """The experiment of a bundled run on rough ground, and its scenarios without noise or pushes."""
    overrides = ["scenario.push.count=0", "scenario.joint_noise=0", "scenario.velocity_noise=0",
                 f"evaluation.heldout_duration={WALK}", f"evaluation.heldout_episodes={EPISODES}",
                 f"scenario.terrain.roughness={roughness}"]  # fmt: skip
    experiment = Experiment(read(run_file(name), overrides))
    return experiment, experiment.held_out()


def withstand(folder: Path) -> None:
    """In how many of 40 episodes published champions survive one push, and rough ground."""
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
        print(
            f"{label:11} (legs of {leg:.2f} m; 0.1 m/s is {0.1 / np.sqrt(GRAVITY * leg):.3f} of sqrt(g leg))"
        )
        for what, values, counts, unit in (
            ("push", IMPULSES, pushes, "m/s"), ("ground +-", ROUGHNESS, ground, "m"),
        ):  # fmt: skip
            for value, count in zip(values, counts, strict=True):
                low, high = interval(count)
                print(f"    {what} {value:4.2f} {unit}: {count}/{EPISODES}, 95 % within {low:.2f} to {high:.2f}",
                      flush=True)  # fmt: skip
    draw_survival(curves, folder / "survival.png")


def interval(count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    found = stats.binomtest(count, EPISODES).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def draw_survival(curves: dict[str, dict[str, list[int]]], path: Path) -> None:
    """Share of the episodes that are survived, over impulse and roughness, with 95 % intervals."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    for axes, what, values, label in zip(
        figure.subplots(1, 2, sharey=True), ("pushes", "ground"), (IMPULSES, [100 * rough for rough in ROUGHNESS]),
        ("push of 0.2 s [m/s]", "ground ± [cm]"), strict=True,
    ):  # fmt: skip
        for number, (controller, counts) in enumerate(curves.items()):
            share = np.array(counts[what]) / EPISODES
            edges = np.array([interval(count) for count in counts[what]]).T
            axes.plot(values, share, "o-", color=f"C{number}", label=controller)
            axes.fill_between(values, *edges, color=f"C{number}", alpha=0.15, linewidth=0)
        axes.set(xlabel=label, ylim=(-0.02, 1.02))
    figure.axes[0].set_ylabel("survived")
    figure.axes[0].legend(frameon=False)
    figure.savefig(path, dpi=110)
    print(path)


def main() -> None:
    parts = {"seeds": 10, "champions": 0, "withstand": 0, "structure": 5, "effort": 5, "speeds": 2}
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", choices=list(parts))
    parser.add_argument("--runs", nargs="*", help="those of the part where left out")
    parser.add_argument("--seeds", type=int, help="as many as the part needs where left out")
    parser.add_argument("--only", type=int, nargs="*", help="these seeds, for `seeds`")
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="muscles-")))
    parser.add_argument(
        "--generations", type=int, help="of the runs; those of their run files where left out"
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
        {"structure": structure, "effort": effort, "speeds": speeds}[arguments.part](
            count, arguments.out, *shorter
        )


if __name__ == "__main__":
    main()
