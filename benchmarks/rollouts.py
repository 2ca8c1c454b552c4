"""Steps/s of a whole evaluation against mj_step in C, Python loops, EnvPool, revolve2 and EvoTorch.

    python benchmarks/rollouts.py [--only c python gymnasium envpool revolve2 evotorch]
                                  [--repeats 5] [--environments FOLDER]

Our side is always what a search calls: the evaluator, on genomes that differ,
with control, sensing, trace and measures. The other side runs the same model
with the same time steps, start and controls on the same cores. Both are bound to
these cores and alternate in one run. The first repeat is the warm-up, and the
table shows the medians of both rates and of their ratios. Nothing ends an
episode early, so both do the same number of physics steps. "apart" is the
largest difference between the two ends of one episode, in the coordinates that
the other side shows.

c          MuJoCo's batch rollout replays the recorded controls through mj_step in C: also on the
           models of the other packages, whose evaluations can hardly be faster than that.
python     The bundled bodies on sines in a Python loop with NumPy: bare (only controls and
           mj_step), and with what an evaluation records (trace, foot loads and contacts of every
           physics step, measures).
gymnasium  Gymnasium's environments in a Python loop, sines in NumPy; each also computes observation
           and reward.
envpool    The same environments in EnvPool, which has its own MuJoCo; sines in NumPy for all at
           once.
revolve2   Its gecko on its CPG network and its simulator at its standard settings, with its MuJoCo.
           Our side runs the model that it compiled and the same network. It compiles one model per
           robot.
evotorch   Its `GymNE` evaluates linear policies of PyTorch on Gymnasium's environments, with Ray on
           two cores. Our side runs sines: model and steps are the same, the motion is not.

The other packages are installed from PyPI into environments under --environments, which are kept.
"""

import argparse
import json
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import mujoco
import numpy as np
from mujoco import batch
from numpy.typing import ArrayLike
from peers.environments import Environments, Peer
from peers.python_loop import PythonLoop, waves

from evoloco.bundled import run_file
from evoloco.embodiment import BODY
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.spec import ControllerSpec, MorphologySpec, RunSpec, read

PACKAGES = {
    "gymnasium": ["gymnasium[mujoco]==1.4.0", "mujoco==4.0.0"],
    "envpool": ["envpool==1.2.5", "gymnasium==1.4.0"],
    "revolve2": [
        "revolve2-modular-robot-simulation==1.2.4",
        "revolve2-mujoco-simulator==1.2.4",
        "revolve2-standards==1.2.4",
        "mujoco==2.3.7",
        "numpy==1.26.4",
    ],
    "evotorch": ["evotorch==0.6.1", "gymnasium[mujoco]==1.4.0", "mujoco==4.0.0", "torch==2.13.0"],
}
"""Packages of each environment; revolve2 needs a MuJoCo before 3."""

UNCONSTRAINED = ("revolve2",)
"""Environments that cannot use the versions of `constraints.txt`."""

PEERS = Path(__file__).with_name("peers")
MUJOCO = f"MuJoCo {mujoco.__version__}"
CORES = sorted(os.sched_getaffinity(0))

NEEDED = {"gymnasium": ("c", "envpool", "evotorch"), "revolve2": ("c",)}
"""Comparisons that need Gymnasium's or revolve2's environment for their models."""

GENOMES = 32
SPREAD = 0.01  # of each gene's range, around the champion
ENDLESS = [
    "scenario.duration=10.0",
    "scenario.termination.min_height=0.0",
    "scenario.termination.max_tilt=10.0",
    "scenario.termination.body_contact=false",
    "evaluation.episodes=1",
]
STEADY = ["scenario.ramp=0.0", "scenario.joint_noise=0.0", "scenario.friction=[1, 1]"]


class World(NamedTuple):
    """One of Gymnasium's environments, and how to read its model as a body.

    Attributes:
        file: Of the model.
        feet: Bodies.
        control_dt: Frames skipped times the physics step [s].
        duration: Of an episode here [s]; chosen to take the environments about equally long.
        options: Of the environment: no noise at the start, no early end.
        hidden: First coordinates of qpos, which are not observed.
    """

    file: str
    feet: list[str]
    control_dt: float
    duration: float
    options: dict[str, Any]
    hidden: int


STILL = {"reset_noise_scale": 0.0}
LASTING = {**STILL, "terminate_when_unhealthy": False}
WORLDS = {
    "Walker2d-v5": World("walker2d_v5.xml", ["foot_left", "foot"], 0.008, 4.0, LASTING, 1),
    "HalfCheetah-v5": World("half_cheetah.xml", ["ffoot", "bfoot"], 0.05, 50.0, STILL, 1),
    "Humanoid-v5": World("humanoid.xml", ["left_foot", "right_foot"], 0.015, 3.0, LASTING, 2),
}
POPULATION = 16
"""Genomes per evaluation of one of Gymnasium's models."""

GECKOS = 2
"""Robots per core in a batch of revolve2's."""

GECKO_FEET = [
    f"mbs1/mbs1_{name}" for name in ("link1", "link2", "link0_link1_link1", "link0_link1_link2")
]

MEASURES = ("forward_speed", "lateral_drift", "heading", "foot_slip", "survival")
"""As many as the bundled `biped` has."""


class Sides(NamedTuple):
    """What is compared: two functions that return how many physics steps they did.

    Attributes:
        ours: The whole evaluation.
        theirs: The other side.
        apart: Largest difference between the two ends of one episode; NaN if they have no common
            coordinates.
        versions: Of the other side's packages.
    """

    ours: Callable[[], int]
    theirs: Callable[[], int]
    apart: float
    versions: str


class Ours:
    """The evaluation of an experiment's genomes in its first scenario."""

    def __init__(self, experiment: Experiment, genomes: Array, threads: int) -> None:
        self.experiment, self.genomes = experiment, genomes
        self.scenarios = experiment.scenarios(0)
        self.evaluator = Local(experiment, threads)
        self.simulator = self.evaluator.simulator

    def __call__(self) -> int:
        """Evaluates all; physics steps done."""
        result = self.evaluator.evaluate(self.genomes, self.scenarios, 0.0)
        return round(result.duration.sum() / self.experiment.morphology.model.opt.timestep)

    def beside(self, peer: Peer, difference: float, versions: str) -> Sides:
        """This and a worker whose `run` returns how many control steps it did."""
        return Sides(self, lambda: peer.call("run") * self.simulator.substeps, difference, versions)

    def recorded(self, name: str) -> Array:
        """A recorded array of every genome (G, T, width)."""
        params = np.array([self.experiment.parameters(genome) for genome in self.genomes])
        return np.array(
            [episode[name].copy() for episode in self.simulator.run(params, self.scenarios)]
        )

    @property
    def sines(self) -> list[list[list[float]]]:
        """Period, middles, amplitudes and phases (G, 4, nu) of the controller `sine`."""
        return [waves(self.experiment, genome).tolist() for genome in self.genomes]


def champion(name: str, size: int) -> Array:
    """Genome of a bundled run's published champion; the middle of the space where there is none."""
    path = run_file(name).with_name("champion.json")
    return (
        np.array(json.loads(path.read_text())["genome"]) if path.is_file() else np.full(size, 0.5)
    )


def around(middle: Array, count: int, spread: float = SPREAD) -> Array:
    """Genomes with small changes from one."""
    return np.clip(
        middle + spread * np.random.default_rng(0).standard_normal((count, middle.size)), 0, 1
    )


def as_is(
    path: str,
    torso: str,
    feet: list[str],
    controller: dict[str, Any],
    control_dt: float,
    duration: float,
) -> Experiment:
    """An experiment on a model file as it is, judged by `MEASURES`."""
    morphology = {"name": str(PEERS / "as_is.py"), "path": path, "torso": torso, "feet": feet}
    endless = {"min_height": 0.0, "max_tilt": 10.0, "body_contact": False}
    return Experiment(
        RunSpec.model_validate(
            {
                "name": Path(path).stem,
                "morphology": morphology,
                "controller": controller,
                "fitness": {name: {"measure": name, "weight": 1.0} for name in MEASURES},
                "scenario": {
                    "control_dt": control_dt,
                    "duration": duration,
                    "ramp": 0.0,
                    "termination": endless,
                },
            }
        )
    )


def on_sines(name: str, path: str, cores: int) -> Ours:
    """One of Gymnasium's models on random sines."""
    world, sines = WORLDS[name], {"name": "sine", "symmetry": "none"}
    experiment = as_is(path, "torso", world.feet, sines, world.control_dt, world.duration)
    return Ours(
        experiment, np.random.default_rng(0).random((POPULATION, len(experiment.space))), cores
    )


def bundled(name: str, cores: int) -> Ours:
    """The body of a published champion on changes of its gait."""
    genes = json.loads(run_file(name).with_name("champion.json").read_text())["genes"]
    values = {gene: entry["value"] for gene, entry in genes.items()}
    body = {
        gene.removeprefix(BODY): value for gene, value in values.items() if gene.startswith(BODY)
    }
    spec = read(
        run_file(name), [*ENDLESS, *(["scenario.push.count=0"] if "muscle" in name else [])]
    )
    one = MorphologySpec(**{**spec.morphology.model_dump(), "genes": {}, **body})
    experiment = Experiment(spec.model_copy(update={"morphology": one}))

    # A muscle gait falls after smaller changes, and then sinks through the ground, because only its
    # feet touch it.
    spread = SPREAD / 100 if experiment.morphology.muscles else SPREAD
    return Ours(experiment, around(experiment.space.encode(values), GENOMES, spread), cores)


@contextmanager
def against_c(made: Callable[[], AbstractContextManager[Ours]]) -> Iterator[Sides]:
    with made() as ours:
        simulator, scenario, count = ours.simulator, ours.scenarios[0], len(ours.genomes)
        setting = simulator.settings([scenario])[0][0]
        model, steps = setting.morphology.model, simulator.steps * simulator.substeps
        start = setting.start
        control = np.repeat(ours.recorded("ctrl"), simulator.substeps, axis=1)
        limit = batch.Batch(model, count, simulator.threads)

        def theirs(steps: int = steps) -> int:
            limit.reset()
            limit.state[:] = start
            limit.rollout(steps, control[:, :steps])
            return count * steps

        theirs(
            steps - simulator.substeps
        )  # what is recorded last is the state before the last control step
        yield Sides(
            ours,
            theirs,
            apart(ours.recorded("qpos")[:, -1], limit.state[:, 1 : 1 + model.nq]),
            MUJOCO,
        )


@contextmanager
def against_python(name: str, recorded: bool) -> Iterator[Sides]:
    run = read(run_file(name), [*ENDLESS, *STEADY])
    experiment = Experiment(run.model_copy(update={"controller": ControllerSpec(name="sine")}))
    size = len(experiment.space)
    middle = champion("biped_sine", size) if name == "biped" else np.full(size, 0.5)
    ours = Ours(experiment, around(middle, POPULATION), 1)
    loop = PythonLoop(experiment, ours.genomes)
    fitness = ours.evaluator.evaluate(ours.genomes, ours.scenarios, 0.0).fitness[:, 0]
    yield Sides(
        ours, loop.recorded if recorded else loop.bare, apart(fitness, loop.fitness()), MUJOCO
    )


@contextmanager
def against_gymnasium(name: str, environments: Environments) -> Iterator[Sides]:
    with environments.peer("gymnasium", "gymnasium_loop.py") as peer:
        found = peer.call("model", file=WORLDS[name].file)
        ours = on_sines(name, found["path"], 1)
        peer.call(
            "prepare",
            name=name,
            options=WORLDS[name].options,
            sines=ours.sines,
            control_steps=ours.simulator.steps,
        )
        yield ours.beside(
            peer, apart(ours.recorded("qpos")[:, -1], peer.call("ends")), found["versions"]
        )


def on_gymnasiums(name: str, cores: int, environments: Environments) -> Ours:
    """One of Gymnasium's models on random sines, in this process."""
    with environments.peer("gymnasium", "gymnasium_loop.py") as peer:
        return on_sines(name, peer.call("model", file=WORLDS[name].file)["path"], cores)


@contextmanager
def against_envpool(name: str, cores: int, environments: Environments) -> Iterator[Sides]:
    world = WORLDS[name]
    with environments.peer("envpool", "envpool_batch.py") as peer:
        ours = on_gymnasiums(name, cores, environments)
        peer.call(
            "prepare",
            name=name,
            options=world.options,
            threads=cores,
            sines=ours.sines,
            control_steps=ours.simulator.steps,
            dt=world.control_dt,
        )
        last = ours.recorded("qpos")[:, -1, world.hidden :]
        observed = np.array(peer.call("ends"))[:, : last.shape[1]]
        yield ours.beside(peer, apart(last, observed), peer.call("versions"))


@contextmanager
def geckos(gecko: dict[str, Any], cores: int) -> Iterator[Ours]:
    """revolve2's gecko, as it describes it, on random weights of its network."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gecko.xml"
        path.write_text(gecko["xml"])
        cpg = {
            "name": str(PEERS / "linear_cpg.py"),
            **{key: gecko[key] for key in ("pairs", "ranges", "start")},
        }
        experiment = as_is(
            str(path), "mbs1/", GECKO_FEET, cpg, gecko["control_dt"], gecko["duration"]
        )
        genomes = np.random.default_rng(0).random((GECKOS * cores, len(experiment.space)))
        yield Ours(experiment, genomes, cores)


@contextmanager
def on_revolve2s(cores: int, environments: Environments) -> Iterator[Ours]:
    """revolve2's gecko in this process."""
    with environments.peer("revolve2", "revolve2_gecko.py") as peer:
        gecko = peer.call("describe")
    with geckos(gecko, cores) as ours:
        yield ours


@contextmanager
def against_revolve2(cores: int, environments: Environments) -> Iterator[Sides]:
    with environments.peer("revolve2", "revolve2_gecko.py") as peer:
        gecko = peer.call("describe")
        with geckos(gecko, cores) as ours:
            weights = [
                list(ours.experiment.space.decode(genome).values()) for genome in ours.genomes
            ]
            peer.call("prepare", genomes=weights, simulators=cores)
            yield ours.beside(
                peer, apart(ours.recorded("qpos")[:, -1, :3], peer.call("ends")), gecko["versions"]
            )


@contextmanager
def against_evotorch(name: str, cores: int, environments: Environments) -> Iterator[Sides]:
    with environments.peer("evotorch", "evotorch_gymne.py") as peer:
        ours = on_gymnasiums(name, cores, environments)
        peer.call(
            "prepare",
            name=name,
            options=WORLDS[name].options,
            size=POPULATION,
            actors=cores,
            control_steps=ours.simulator.steps,
        )
        yield ours.beside(peer, float("nan"), peer.call("versions"))


def apart(one: Array, other: ArrayLike) -> float:
    """Largest difference between two arrays."""
    return float(np.max(np.abs(one - np.asarray(other))))


@contextmanager
def bound_to(cores: int) -> Iterator[None]:
    """Binds this thread, and the threads and processes that it starts, to as many cores."""
    os.sched_setaffinity(0, CORES[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, CORES)


def rate(side: Callable[[], int]) -> float:
    """Physics steps per second of one call."""
    began = time.perf_counter()
    steps = side()
    return steps / (time.perf_counter() - began)


def comparisons(
    environments: Environments,
) -> Iterator[tuple[str, str, int, str, AbstractContextManager[Sides]]]:
    """Kind, model, cores, aim, and the two sides."""
    for name in ("biped", "planar_biped", "muscle_biped", "muscle_biped_fsm"):
        aim = "0.9" if "muscle" in name else "0.95"
        for cores in (1, 2):
            yield (
                "c",
                name,
                cores,
                aim,
                against_c(lambda name=name, cores=cores: nullcontext(bundled(name, cores))),
            )
    for name in WORLDS:
        yield (
            "c",
            name,
            1,
            "0.95",
            against_c(lambda name=name: nullcontext(on_gymnasiums(name, 1, environments))),
        )
    yield "c", "gecko_v2", 1, "0.95", against_c(lambda: on_revolve2s(1, environments))
    for name in ("biped", "planar_biped", "hopper"):
        yield "python", f"{name}, bare", 1, "", against_python(name, recorded=False)
        yield "python", f"{name}, recorded", 1, "1.8", against_python(name, recorded=True)
    for name in WORLDS:
        yield "gymnasium", name, 1, "1.3", against_gymnasium(name, environments)
    for name in WORLDS:
        for cores in (1, 2):
            yield "envpool", name, cores, "1.0", against_envpool(name, cores, environments)
    for cores in (1, 2):
        yield "revolve2", "gecko_v2", cores, "1.3", against_revolve2(cores, environments)
    for name in WORLDS:
        for cores in (1, 2):
            yield "evotorch", name, cores, "", against_evotorch(name, cores, environments)


def main() -> None:
    kinds = ("c", "python", "gymnasium", "envpool", "revolve2", "evotorch")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="*", default=kinds, choices=kinds)
    parser.add_argument(
        "--models",
        nargs="*",
        help="bundled runs to compare; all, and those of others, where left out",
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--environments", type=Path, default=Path.home() / ".cache" / "evoloco" / "peers"
    )
    arguments = parser.parse_args()
    warnings.filterwarnings(
        "ignore", "compiler attribute 'settotalmass' is deprecated"
    )  # of the half-cheetah
    environments = Environments(arguments.environments, PACKAGES, UNCONSTRAINED)
    for name in PACKAGES:
        if not arguments.models and {name, *(NEEDED.get(name, ()))} & set(arguments.only):
            environments.python(name)
    print(
        f"Ours: {MUJOCO}. Medians of {arguments.repeats}, steps/s; the last column describes the "
        "other side."
    )
    print("| against | model | cores | ours | theirs | ratio | aim | apart | with |")
    print("|---|---|---|---|---|---|---|---|---|")
    for kind, model, cores, aim, sides in comparisons(environments):
        if kind not in arguments.only or (arguments.models and model not in arguments.models):
            continue
        if cores > len(CORES):
            print(f"| {kind} | {model} | {cores} | too few cores | | | | | |")
            continue
        try:
            with bound_to(cores), sides as (ours, theirs, difference, versions):
                rates = np.array(
                    [(rate(ours), rate(theirs)) for _ in range(arguments.repeats + 1)]
                )[1:]
        except RuntimeError as error:
            print(f"| {kind} | {model} | {cores} | failed | | | | | |\n{error}", flush=True)
            continue
        ratio = np.median(rates[:, 0] / rates[:, 1])
        middle = " | ".join(f"{value:,.0f}" for value in np.median(rates, axis=0))
        print(
            f"| {kind} | {model} | {cores} | {middle} | {ratio:.2f} | {aim} | {difference:.1g} "
            f"| {versions} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
