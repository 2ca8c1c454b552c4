"""How gaits do in worlds that no search saw: falls, ways, and what feedback is worth.

    python benchmarks/robust.py seeds [--seeds 3]     evolve `biped`, then check each champion
    python benchmarks/robust.py others [--seeds 1]    joint-space networks with the same recipe,
                                                      and the published champions
    python benchmarks/robust.py rows RUN ...          champions that are there, evolved or learned
    python benchmarks/robust.py without [RUN]         each kind of feedback taken out
    python benchmarks/robust.py long [RUN]            60 s at full width
    python benchmarks/robust.py robots                evolve the robots of other sizes and with
                                                      four legs, then check each champion
    python benchmarks/robust.py foreign FILE ...      robots that no one of this project wrote, as
                                                      MJCF or URDF: the run file that `evoloco
                                                      inspect` writes, as it is and with
                                                      preset=robust
    python benchmarks/robust.py cost                  a randomized generation beside a plain one

`--worlds 200` says how many worlds of each width there are, and `--out FOLDER` keeps the runs:
those that are there already are used as they are. `--rows` leaves out the checks of `seeds`.
`--generations N` is for the robust searches of foreign robots, which simulate slowly; worlds then
grow over half of them. RUN is a run folder or a bundled run.

Worlds are those of `evoloco check`: all gaps of the preset `full` at once, from a stream of random
numbers of its own, with the command to go straight ahead at the speed that a quarter of the run's
commands exceed. A fall is an episode of 10 s that did not last. "worst tenth" is the mean of the
tenth of shortest ways, over the way in worlds that differ by the start pose only. "fast" counts
worlds walked at 0.28 m/s or more, "walks" those whose verdict is walking. "speed" is the mean over
the worlds that were lasted.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evoloco.bundled import run_file
from evoloco.check.bench import Bench
from evoloco.check.gaps import gaps
from evoloco.check.quality import Look
from evoloco.check.subject import Subject
from evoloco.check.worlds import NEAR, scenarios, straight
from evoloco.evaluators.local import Local, simulator
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.run import Run
from evoloco.spec import RunSpec, read

FAST = 0.28
"""Speed that counts as fast [m/s]."""

WIDTHS = (1.0, 1.25)

NOMINAL = 4
"""Nominal worlds in which the first gait that walks must do so."""

STOOD = 0.1
"""Nominal way up to which a body stood, so that no way is a share of it [m]."""

LONG = 60.0
"""Duration of a long walk [s]."""

TAKEN_OUT = {
    "no trim": ("trim.",),
    "no ankles": ("ankle.",),
    "no hips": ("hip.pitch.", "hip.roll."),
    "no foot placement": ("place.",),
    "no roll in the phase": ("phase.roll",),
    "no heading": ("heading.gain",),
    "no odometry": ("speed.hold",),
}
"""Kinds of feedback, and the beginnings of their genes' names."""

KINDS = {
    "as found": (),
    **TAKEN_OUT,
    "none but heading": [
        part for kind, parts in TAKEN_OUT.items() if kind != "no heading" for part in parts
    ],
}
"""What of the feedback is taken out of a gait."""

ROBOTS = ("op3_class", "quadruped", "xl330_biped")
"""Bundled runs of other robots with the recipe of `biped`."""

NETWORKS = ("matsuoka", "hopf", "phase", "sine")

PUBLISHED = ("biped", "biped_fast", "biped_hopf", "biped_phase", "biped_sine")


class Worlds:
    """A champion in worlds of a width.

    Args:
        spec: Of its run.
        genome: (n,).
        count: Number of worlds.
    """

    def __init__(self, spec: RunSpec, genome: Array, count: int) -> None:
        self.bench, self.count = Bench(spec, genome), count
        self.gaps, _ = gaps(self.bench.experiment)
        self._start = max(gap.joint_noise or 0.0 for gap in self.gaps) * NEAR

    def looks(self, width: float) -> list[Look]:
        """What its episodes show at a width; 0 for worlds that differ by the start only."""
        if not width:
            drawn = scenarios(self.bench.experiment, [], self._start, self.count // 4)
            return self.bench.looks(self.bench.experiment, drawn)
        parts = [(gap, width) for gap in self.gaps]
        experiment = self.bench.sensing(self.gaps)
        return self.bench.looks(experiment, scenarios(experiment, parts, 0.0, self.count))

    def row(self, label: str) -> str:
        """A line about all widths."""
        nominal = float(np.mean([one.way for one in self.looks(0.0)]))
        cells = [f"{label:28} {nominal:5.2f} m"]
        for width in WIDTHS:
            found = self.looks(width)
            ways = np.sort(np.nan_to_num([one.way for one in found]))
            tenth = ways[: max(1, len(ways) // 10)].mean() / nominal
            falls = np.mean([one.fell for one in found])
            fast = np.mean([not one.fell and one.speed >= FAST for one in found])
            walks = np.mean([one.verb.startswith("walks") for one in found])
            speed = np.mean([one.speed for one in found if not one.fell] or [0.0])
            turned = np.degrees([one.numbers["heading_drift"] or 0.0 for one in found]).mean()
            told = f"{tenth:4.0%}" if nominal > STOOD else "  no"
            cells.append(f"| {width:g}: falls {falls:6.1%}, worst tenth {told},")
            cells.append(f"speed {speed:.2f} m/s, fast {fast:4.0%}, walks {walks:4.0%},")
            cells.append(f"|yaw| {turned:3.0f} deg")
        return " ".join(cells)


def champion(folder: Path) -> Array:
    return np.array(json.loads((folder / "champion.json").read_text())["genome"])


def times(folder: Path) -> Path:
    """The file of when the command for a folder began [Unix time], and how long it took [s]."""
    return folder.parent / f"{folder.name}.json"


def first_walk(folder: Path) -> float:
    """Time from the start of the command to the first generation whose fittest genome walks [s].

    It must walk fast in worlds that differ by the start pose only; infinite if none does.
    """
    run = Run(folder)
    began, _ = json.loads(times(folder).read_text())
    for record in run.journal.generations():
        genome = record.genomes[int(np.argmax(record.fitness))]
        found = Worlds(run.spec, genome, NOMINAL * 4).looks(0.0)
        if all(one.verb.startswith("walks") and one.speed >= FAST for one in found):
            return float(record.finished - began)
    return float("inf")


def evolve(run: str, seed: int, folder: Path, *overrides: str) -> float:
    """Evolves as a user does, unless it is done; returns the wall time of the whole command [s]."""
    timing = times(folder)
    if not timing.is_file():
        command = [sys.executable, "-m", "evoloco.cli", "evolve", run, *overrides]
        began = time.time()
        options = [f"--seed={seed}", f"--out={folder}"]
        subprocess.run([*command, *options], check=True, capture_output=True)
        timing.write_text(json.dumps([began, time.time() - began]))
    return float(json.loads(timing.read_text())[1])


def seeds(numbers: Sequence[int], worlds: int, folder: Path, checks: bool = True) -> None:
    """Evolves the default run with each seed, and checks each champion with `evoloco check`.

    Beside them are the starting genes, before any search.

    Args:
        numbers: The seeds.
        worlds: Number of worlds of each width.
        folder: Of the runs.
        checks: Whether each champion has its check, beside its row.
    """
    spec = read(run_file("biped"))
    print(Worlds(spec, Experiment(spec).space.start, worlds).row("start"), flush=True)
    for seed in numbers:
        place = folder / f"biped-seed{seed}"
        wall = evolve("biped", seed, place)
        found = Worlds(read(place / "run.toml"), champion(place), worlds)
        print(found.row(f"seed {seed} ({wall:.0f} s)"), flush=True)
        print(f"    first gait that walks after {first_walk(place):.0f} s", flush=True)
        if not checks:
            continue

        checked = ["check", str(place), "--hidden", str(worlds)]
        if not (place / "check.json").is_file():
            subprocess.run(
                [sys.executable, "-m", "evoloco.cli", *checked], check=True, capture_output=True
            )
        tell(json.loads((place / "check.json").read_text()))


def tell(check: Mapping[str, Any]) -> None:
    """Prints the single gaps of a check that fell, commands, and quality."""
    for one in (*check["gaps"], *check["beyond"]):
        tally = one["tally"]
        if tally["falls"]:
            name = f"{one['label']} {one['extent']}"
            print(f"    {name}: {tally['falls']} of {tally['worlds']} fall")

    commanded = check["commanded"]
    worlds, falls = commanded["tally"]["worlds"], commanded["tally"]["falls"]
    print(f"    own commands: {falls} of {worlds} fall, {commanded['follows']} follow them all")
    numbers = [f"{one['name']} {one['mean']:.3g}" for one in check["gaits"]["numbers"]]
    print(f"    nominal: {', '.join(numbers)}")
    took = check["took"]
    print(f"    check of {took['episodes']} episodes in {took['wall']:.0f} s", flush=True)


def others(numbers: Sequence[int], worlds: int, folder: Path) -> None:
    """Networks that drive joints, searched with the recipe of `biped`; and published champions."""
    for name in NETWORKS:
        for seed in numbers:
            place = folder / f"{name}-seed{seed}"
            wall = evolve(
                "biped", seed, place, f"controller.name={name}", "scenario.command={speed=0.325}"
            )
            found = Worlds(read(place / "run.toml"), champion(place), worlds)
            print(found.row(f"{name}, seed {seed} ({wall:.0f} s)"), flush=True)

    rows(PUBLISHED, worlds)


def rows(runs: Sequence[str], worlds: int) -> None:
    """Champions of run folders, and published ones of bundled runs."""
    for run in runs:
        subject = Subject.of(run)
        print(Worlds(subject.spec, subject.genome, worlds).row(run), flush=True)


def without(run: str, worlds: int) -> None:
    """Takes each kind of feedback out of a gait."""
    subject = Subject.of(run)
    space = Experiment(subject.spec).space
    values = space.decode(subject.genome)
    for label, parts in KINDS.items():
        changed = {
            name: 0.0 if any(name.startswith(part) for part in parts) else value
            for name, value in values.items()
        }
        genome = np.clip(space.encode(changed), 0.0, 1.0)
        print(Worlds(subject.spec, genome, worlds).row(label), flush=True)


def long(run: str, worlds: int) -> None:
    """Walks a minute in worlds at full width."""
    subject = Subject.of(run)
    scenario = subject.spec.scenario
    spec = subject.spec.model_copy(
        update={
            "seed": subject.spec.seed + 1_000_000,
            "evaluation": subject.spec.evaluation.model_copy(update={"heldout_duration": LONG}),
            "scenario": scenario.model_copy(update={"command": straight(scenario.command)}),
        }
    )
    experiment = Experiment(spec)
    drawn = [experiment.held_out_scenario(i) for i in range(worlds)]
    params = experiment.parameters(subject.genome)[None]
    lasted = [
        episode.outcome.value == "completed"
        for episode in simulator(experiment, duration=LONG).run(params, drawn)
    ]
    print(f"{sum(lasted)} of {worlds} worlds at full width are walked for {LONG:g} s")


def robots(worlds: int, folder: Path) -> None:
    """Evolves the bundled robust runs of other robots, and checks each champion."""
    for name in ROBOTS:
        place = folder / name
        wall = evolve(name, 0, place)
        found = Worlds(read(place / "run.toml"), champion(place), worlds)
        print(found.row(f"{name} ({wall:.0f} s)"), flush=True)


def foreign(files: Sequence[str], generations: int | None, worlds: int, folder: Path) -> None:
    """Evolves a first gait and a robust one for each file, and checks both champions."""
    fewer = [f"optimizer.generations={generations}"] if generations else []
    if generations:
        fewer.append(f"scenario.width.generations={generations // 2}")
    for file in files:
        name = Path(file).stem
        run = folder / f"{name}.toml"
        if not run.is_file():
            options = [f"--run-file={run}", "--no-picture"]
            command = [sys.executable, "-m", "evoloco.cli", "inspect", file, *options]
            subprocess.run(command, check=True, capture_output=True)

        for label, overrides in (("first gait", []), ("robust", ["preset=robust", *fewer])):
            place = folder / f"{name}-{label.replace(' ', '-')}"
            wall = evolve(str(run), 0, place, *overrides)
            found = Worlds(read(place / "run.toml"), champion(place), worlds)
            print(found.row(f"{name}, {label} ({wall:.0f} s)"), flush=True)


def cost() -> None:
    """CPU time of a generation of randomized worlds over one of as many plain ones."""
    spec = read(run_file("biped"))
    plain = spec.model_copy(update={"randomize": {}})
    times: dict[str, list[float]] = {"randomized": [], "plain": []}
    made = {"randomized": Experiment(spec), "plain": Experiment(plain)}
    evaluators = {name: Local(one, 1) for name, one in made.items()}
    genomes = np.tile(champion(run_file("biped").parent), (24, 1))
    for _ in range(5):
        for name, experiment in made.items():
            began = time.process_time()
            found = evaluators[name].evaluate(genomes, experiment.scenarios(0), 0.0)
            lived = found.duration.sum()
            times[name].append((time.process_time() - began) / lived)
    ratio = np.median(times["randomized"]) / np.median(times["plain"])
    print(f"a randomized simulated second costs {ratio - 1:+.1%} of a plain one")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "what", choices=("seeds", "others", "rows", "without", "long", "robots", "foreign", "cost")
    )
    parser.add_argument("runs", nargs="*", help="runs; files of robots for `foreign`")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", type=int, nargs="*", help="these seeds instead")
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--generations", type=int, help="of robust searches of foreign robots")
    parser.add_argument("--rows", action="store_true", help="rows only, without the checks")
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="robust-")))
    told = parser.parse_args()
    numbers, run = told.only or range(told.seeds), (told.runs or ["biped"])[0]
    told.out.mkdir(parents=True, exist_ok=True)

    tasks = {
        "seeds": lambda: seeds(numbers, told.worlds, told.out, checks=not told.rows),
        "others": lambda: others(numbers, told.worlds, told.out),
        "rows": lambda: rows(told.runs, told.worlds),
        "without": lambda: without(run, told.worlds),
        "long": lambda: long(run, told.worlds),
        "robots": lambda: robots(told.worlds, told.out),
        "foreign": lambda: foreign(told.runs, told.generations, told.worlds, told.out),
        "cost": cost,
    }
    tasks[told.what]()


if __name__ == "__main__":
    main()
