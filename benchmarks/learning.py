"""Learned policies: whether they walk, what a step costs, and how long they take.

    python benchmarks/learning.py walk [--seeds 1 2 3] [--steps N] [--run biped_ppo] [--speed 0.3]
                                       [--out DIR]
    python benchmarks/learning.py steps [--environments 16] [--envpool PYTHON]
    python benchmarks/learning.py collect
    python benchmarks/learning.py updates
    python benchmarks/learning.py returns [--seeds 1]

`walk` trains one policy per seed, judges the champion in 50 fresh episodes of 10 s, and prints
beside them a policy of zeros and one of random actions. `steps` compares the CPU time of a control
step without a policy on Walker2d, HalfCheetah and Humanoid: the native vector environment on their
models, Gymnasium's own vectors, with the time of their workers, and EnvPool, where PYTHON is the
interpreter of a virtual environment that has it. `collect` compares the collection of experience,
policy included. `updates` compares the whole step of a training, updates included. `returns`
compares the CPU time until the mean return of the last 100 episodes is 80 % of the best one of the
native training, with plain Stable-Baselines3's default settings and eight environments. Needs the
extra `rl`. Times are CPU times, medians of rounds in which all contenders take turns.
"""

import argparse
import multiprocessing
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evoloco.bundled import run_file
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.gait.analysis import analyse
from evoloco.gait.verdict import verdict
from evoloco.rl.ppo import PPO
from evoloco.rl.rollouts import Rollouts
from evoloco.rl.train import train
from evoloco.rl.vec_env import NativeVecEnv
from evoloco.run import Run
from evoloco.spec import read
from evoloco.text_table import aligned

EPISODES, DURATION = 50, 10.0
"""Fresh episodes, and their length [s]."""

ROUNDS, STEPS = 5, 4096
"""Rounds of a comparison, and control steps of each."""


# Whether they walk


@dataclass(frozen=True)
class Walks:
    """How a policy did in fresh episodes."""

    walked: int
    completed: int
    speed: float
    verdicts: str


def judged(experiment: Experiment, genome: np.ndarray, wanted: float) -> Walks:
    """Judges a genome in fresh episodes, which no choice has seen, by the speed wanted [m/s]."""
    first = experiment.spec.evaluation.heldout_episodes
    scenarios = [experiment.held_out_scenario(first + i) for i in range(EPISODES)]
    body, params = experiment.embodied(genome[None])[0]
    episodes = simulator(experiment, duration=DURATION).run(params[None], scenarios, bodies=[body])
    walked, completed, speeds, manners = 0, 0, [], {}
    for episode in episodes:
        speed = episode.forward / episode.duration
        lasted = episode.outcome.value == "completed"
        manner = str(verdict(analyse(episode)).manner.value)
        manners[manner] = manners.get(manner, 0) + 1
        completed += lasted
        walked += lasted and speed >= wanted
        speeds.append(speed)
    told = ", ".join(f"{count} {name}" for name, count in sorted(manners.items()))
    return Walks(walked, completed, float(np.mean(speeds)), told)


def walk(options: argparse.Namespace) -> None:
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for seed in options.seeds:
            changes = [f"seed={seed}"]
            if options.steps:
                changes.append(f"training.steps={options.steps}")
            spec = read(run_file(options.run), changes)
            began, cpu = time.perf_counter(), time.process_time()
            run = Run.create(spec, (options.out or Path(temporary)) / f"{spec.name}-seed{seed}")
            ready = time.perf_counter()
            train(run)
            run.choose_champion()
            wall, cpu = time.perf_counter() - began, time.process_time() - cpu
            champion = run.champion
            found = judged(run.experiment, champion.genome, options.speed)
            rows.append(
                (
                    f"seed {seed}, judgement {champion.generation}",
                    *_cells(found),
                    f"{wall:.0f}",
                    f"{ready - began:.0f}",
                    f"{cpu:.0f}",
                )
            )
            print(*rows[-1], sep="  ", flush=True)
            start = run.experiment.space.start
    zeros = judged(run.experiment, start, options.speed)
    rows.append(("zeros", *_cells(zeros), "", "", ""))
    lasted = random_lasted(run.experiment)
    rows.append(("random actions", "", f"{lasted}/{EPISODES}", "", "", "", "", ""))
    print(
        aligned(
            (
                "policy",
                "walked",
                "completed",
                "speed [m/s]",
                "verdicts",
                "wall [s]",
                "of it start [s]",
                "CPU [s]",
            ),
            rows,
        )
    )


def random_lasted(experiment: Experiment) -> int:
    """Episodes that last with actions that are drawn uniformly at every control step."""
    rollouts = Rollouts(experiment, EPISODES, 1)
    random, alive = np.random.default_rng(0), np.ones(EPISODES, bool)
    for _ in range(round(DURATION / experiment.spec.scenario.control_dt)):
        found = rollouts.step(random.uniform(-1, 1, (EPISODES, rollouts.outputs)))
        alive &= found.ending[0] != 1
    return int(alive.sum())


def _cells(found: Walks) -> tuple[str, ...]:
    return (
        f"{found.walked}/{EPISODES}",
        f"{found.completed}/{EPISODES}",
        f"{found.speed:.2f}",
        found.verdicts,
    )


# What a step costs


def cpu_time() -> float:
    """CPU time of this process and of those that Python's multiprocessing has started [s]."""
    tick = os.sysconf("SC_CLK_TCK")
    files = [Path(f"/proc/{one.pid}/stat") for one in multiprocessing.active_children()]
    fields = [file.read_text().rpartition(")")[2].split() for file in files]
    return time.process_time() + sum((int(one[11]) + int(one[12])) / tick for one in fields)


def compared(contenders: dict[str, Callable[[], object]], per: int) -> None:
    """Prints the CPU time per control step of contenders that take turns.

    A contender that returns a number says how much CPU time it took elsewhere.
    """
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for call in contenders.values():
        call()  # everything is loaded
    for _ in range(ROUNDS):
        for name, call in contenders.items():
            began = cpu_time()
            elsewhere = call()
            took = elsewhere if isinstance(elsewhere, float) else cpu_time() - began
            spent[name].append(took / per * 1e6)
    base = float(np.median(next(iter(spent.values()))))
    rows = [
        (name, f"{np.median(each):.1f}", f"{np.median(each) / base:.2f}")
        for name, each in spent.items()
    ]
    print(aligned(("contender", "us of CPU per step", "over the first"), rows))


def biped(simulations: int, steps: int, threads: int = 1) -> Rollouts:
    return Rollouts(Experiment(read(run_file("biped_ppo"))), simulations, steps, 64, threads)


def steps(options: argparse.Namespace) -> None:
    import gymnasium
    from gymnasium_bodies import BODIES, spec

    count, rounds = options.environments, STEPS // options.environments
    for name in ("walker2d", "half_cheetah", "humanoid"):
        body = BODIES[name]
        env = NativeVecEnv(Rollouts(Experiment(spec(name)), count, 1, 64, 1))
        env.reset()
        contenders: dict[str, Callable[[], object]] = {
            f"{body.id}, native vector environment": acting(env, count, rounds, 1.0)
        }
        for kind in ("SyncVectorEnv", "AsyncVectorEnv"):
            made = [lambda: gymnasium.make(body.id) for _ in range(count)]  # noqa: B023 - at once
            vector = getattr(gymnasium.vector, kind)(made)
            vector.reset(seed=0)
            contenders[f"{body.id}, Gymnasium's {kind}"] = acting(
                vector, count, rounds, body.actions
            )
        if options.envpool:
            contenders[f"{body.id}, EnvPool"] = Elsewhere(
                options.envpool, body.id, count, rounds, body.actions
            )
        compared(contenders, STEPS)


def acting(vector: Any, count: int, rounds: int, largest: float) -> Callable[[], None]:
    """Steps a vector of environments, which has begun, with uniform actions."""
    size = vector.action_space.shape[-1]
    actions = np.random.default_rng(0).uniform(-largest, largest, (rounds, count, size))
    actions = actions.astype(np.float32)

    def run() -> None:
        for action in actions:
            vector.step(action)

    return run


ENVPOOL = """
import sys, time
import envpool, numpy as np
name, count, rounds, largest = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
env = envpool.make(name, env_type="gymnasium", num_envs=count, num_threads=1)
env.reset()
shape = (rounds, count, *env.action_space.shape)
actions = np.random.default_rng(0).uniform(-largest, largest, shape)
for line in sys.stdin:
    began = time.process_time()
    for action in actions:
        env.step(action)
    print(time.process_time() - began, flush=True)
"""
"""Steps EnvPool once for every line that it gets, and tells the CPU time [s]."""


class Elsewhere:
    """EnvPool in a process of its own, because it wants other packages than evoloco.

    Args:
        python: An interpreter that has it.
        name: Gymnasium's name of the environment.
        count: Number of environments.
        rounds: Control steps of each in one call.
        largest: Action.
    """

    def __init__(self, python: str, name: str, count: int, rounds: int, largest: float) -> None:
        command = [python, "-c", ENVPOOL, name, str(count), str(rounds), str(largest)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self) -> float:
        """Steps, and returns the CPU time that this took there [s]."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("EnvPool's process has no pipes.")
        stdin.write("\n")
        stdin.flush()
        return float(stdout.readline())


def collect(options: argparse.Namespace) -> None:
    compared(
        {name: learner(options, *each)[0] for name, each in LEARNERS.items()},
        STEPS,
    )


def updates(options: argparse.Namespace) -> None:
    def both(name: str) -> Callable[[], None]:
        gather, update = learner(options, *LEARNERS[name])

        def run() -> None:
            gather()
            update()

        return run

    compared({name: both(name) for name in LEARNERS}, STEPS)


LEARNERS: dict[str, tuple[str, int, int, int]] = {
    "native rollouts, 512 x 5": ("native", 32, 512, 5),
    "native rollouts, 64 x 10": ("native", 32, 64, 10),
    "its loop, DummyVecEnv(8) of environments, 64 x 10": ("dummy", 8, 64, 10),
    "its loop, native vector environment (32), 64 x 10": ("vector", 32, 64, 10),
}
"""Kind, simulations, minibatch and epochs of each contender; `its` is Stable-Baselines3's."""


def learner(
    options: argparse.Namespace,  # noqa: ARG001 - those of the command line
    kind: str,
    simulations: int,
    batch: int,
    epochs: int,
) -> tuple[Callable[[], None], Callable[[], None]]:
    """What collects `STEPS` control steps, and what updates by them."""
    import stable_baselines3
    from stable_baselines3.common.callbacks import CallbackList
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    from evoloco.rl.env import RunEnv

    length = STEPS // simulations
    if kind == "native":
        rollouts = biped(simulations, length)
        training = rollouts.experiment.spec.training.model_copy(
            update={"rollout": length, "batch": batch, "epochs": epochs, "simulations": simulations}
        )
        model = PPO(rollouts, training, 1)
        model.prepare()
        return model.collect, lambda: model.update() and None

    env = (
        DummyVecEnv([lambda: RunEnv("biped_ppo") for _ in range(simulations)])
        if kind == "dummy"
        else NativeVecEnv(biped(simulations, 1))
    )
    plain = stable_baselines3.PPO(
        "MlpPolicy",
        VecNormalize(env),
        n_steps=length,
        batch_size=batch,
        n_epochs=epochs,
        device="cpu",
        seed=1,
    )
    plain._setup_learn(10**9)
    callback = CallbackList([])
    callback.init_callback(plain)

    def gather() -> None:
        plain.collect_rollouts(plain.env, callback, plain.rollout_buffer, length)

    return gather, plain.train


# How long it takes


def returns(options: argparse.Namespace) -> None:
    """Trains natively and with plain Stable-Baselines3 until a return; prints the CPU times."""
    for seed in options.seeds:
        native = list(_native_curve(seed, options.steps or 491_520))
        wanted = REACHED * max(mean for _, mean in native)
        times = {
            "native": reached(native, wanted),
            "plain": reached(_plain_curve(seed, LONGEST * native[-1][0]), wanted),
        }
        told = ", ".join(f"{name} {cpu:.0f} s" for name, cpu in times.items())
        ratio = times["plain"] / times["native"]
        print(f"seed {seed}: CPU time to a return of {wanted:.0f}: {told}, {ratio:.1f} times")


REACHED = 0.8
"""Share of the native training's best return that both have to reach."""

LONGEST = 12.0
"""CPU time after which plain Stable-Baselines3 is given up, in whole native trainings."""


def reached(curve: Iterable[tuple[float, float]], wanted: float) -> float:
    """CPU time [s] at which a curve reaches a return; infinity where it does not."""
    return next((cpu for cpu, mean in curve if mean >= wanted), float("inf"))


def prepared(experiment: Experiment) -> PPO:
    """The native learner of a run with [training], before its first rollout."""
    training = experiment.spec.training
    if training is None:
        raise RuntimeError(f"{experiment.spec.name} has no [training].")
    rollouts = Rollouts(experiment, training.simulations, training.rollout, training.worlds, 1)
    model = PPO(rollouts, training, experiment.spec.seed)
    model.prepare()
    return model


def _native_curve(seed: int, steps: int) -> Iterator[tuple[float, float]]:
    """CPU time [s] and mean return of the last 100 episodes, after each rollout."""
    experiment = Experiment(read(run_file("biped_ppo"), [f"seed={seed}"]))
    began = time.process_time()
    model = prepared(experiment)
    while model.num_timesteps < steps:
        model.collect()
        found = model.update()
        if np.isfinite(found["rollout/return"]):
            yield time.process_time() - began, found["rollout/return"]


def _plain_curve(seed: int, longest: float) -> Iterator[tuple[float, float]]:
    """The same of Stable-Baselines3 with its default settings and eight environments."""
    import stable_baselines3
    from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor, VecNormalize

    from evoloco.rl.env import RunEnv

    began = time.process_time()
    env = DummyVecEnv(
        [lambda i=i: RunEnv("biped_ppo", (f"seed={seed + 1000 * i}",)) for i in range(8)]  # type: ignore[misc]
    )
    plain = stable_baselines3.PPO(
        "MlpPolicy", VecNormalize(VecMonitor(env)), device="cpu", seed=seed
    )
    while time.process_time() - began < longest:
        plain.learn(8 * plain.n_steps, reset_num_timesteps=False)
        episodes = [one["r"] for one in plain.ep_info_buffer or ()]
        if episodes:
            yield time.process_time() - began, float(np.mean(episodes))


PARTS = {"walk": walk, "steps": steps, "collect": collect, "updates": updates, "returns": returns}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=tuple(PARTS))
    parser.add_argument("--run", default="biped_ppo")
    parser.add_argument("--speed", type=float, default=0.3, help="that counts as a walk [m/s]")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--steps", type=int, help="by default the run file's")
    parser.add_argument("--out", type=Path, help="folder of the runs of `walk`")
    parser.add_argument("--environments", type=int, default=16)
    parser.add_argument("--envpool", help="an interpreter that has EnvPool")
    options = parser.parse_args()
    PARTS[options.part](options)


if __name__ == "__main__":
    main()
