"""Whether learning is right: native PPO beside plain Stable-Baselines3, with its default settings.

    python benchmarks/same_learning.py [--seeds 0 1 2 3 4] [--steps 300000] [--bodies ...]

Both learn on the models of Gymnasium's Walker2d-v5, HalfCheetah-v5 and Hopper-v5 as runs of evoloco
(`gymnasium_bodies.py`): one simulation, rollouts of 2048 steps, minibatches of 64, 10 epochs, a
learning rate of 3e-4, clipping at 0.2, and normalisers of inputs and rewards as VecNormalize has
them. Both final policies are judged in the same 20 fresh episodes, without noise. The return is
Gymnasium's without the cost of control: the way ahead over the control step, and what Gymnasium
pays for each step that is lived. `--fast` adds evoloco's own settings. Trainings that are in
`same_learning.csv` are not done again: with that file moved away, all are. Needs the extra `rl`.

The public returns beside them are of the trained agents of RL Baselines3 Zoo (Raffin, 2020): one
seed each, tuned settings, on version 3 of the environments, whose Walker2d had other friction.
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from gymnasium_bodies import BODIES, run_file, spec
from learning import prepared
from scipy.stats import bootstrap

from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.policy_file import Policy
from evoloco.rl.env import RunEnv
from evoloco.rl.layers import taken_from
from evoloco.text_table import aligned

EPISODES = 20
"""Fresh episodes that judge a policy."""

DEFAULTS = (
    *("simulations=1", "rollout=2048", "batch=64", "epochs=10", "learning_rate=3e-4", "kl=0.0"),
    *("deviation=1.0", "clip=0.2", "discount=0.99", "gae_lambda=0.95"),
)
"""Stable-Baselines3's, as keys of [training]."""

PUBLIC = {
    "walker2d": {100_000: 361, 300_000: 1490, 500_000: 2341},
    "half_cheetah": {100_000: 2706, 300_000: 4118, 500_000: 5087},
    "hopper": {100_000: 111, 300_000: 892, 500_000: 34},
}
"""Returns of the public agents after so many control steps, by body."""


def returned(name: str, experiment: Experiment, policy: Policy) -> float:
    """Mean return of a policy in fresh episodes."""
    body = BODIES[name]
    genome = experiment.space.encode(experiment.controller.values(policy))  # type: ignore[attr-defined]
    drawn = [experiment.held_out_scenario(i) for i in range(EPISODES)]
    params = experiment.parameters(genome)[None]
    episodes = simulator(experiment, 1).run(params, drawn)
    return float(
        np.mean([one.forward / body.control_dt + body.lived * len(one) for one in episodes])
    )


def native(name: str, seed: int, steps: int, *settings: str) -> float:
    """Return of evoloco's PPO."""
    changes = [f"training.{one}" for one in settings]
    experiment = Experiment(spec(name, f"seed={seed}", *changes))
    model = prepared(experiment)
    while model.num_timesteps < steps:
        model.collect()
        model.update()
    return returned(name, experiment, model.network())


def plain(name: str, seed: int, steps: int) -> float:
    """Return of Stable-Baselines3's PPO with its own loop."""
    import stable_baselines3
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.toml"
        path.write_text(run_file(name), encoding="utf-8")
        made = DummyVecEnv([lambda: RunEnv(str(path), (f"seed={seed}",))])
    env = VecNormalize(made)
    model = stable_baselines3.PPO("MlpPolicy", env, device="cpu", seed=seed)
    model.learn(steps)

    experiment = Experiment(spec(name, f"seed={seed}"))
    hidden = [one for one in model.policy.mlp_extractor.policy_net if hasattr(one, "weight")]
    layout = experiment.controller.layout  # type: ignore[attr-defined]
    statistics = env.obs_rms
    spread = np.sqrt(np.array(statistics.var) + env.epsilon)  # type: ignore[union-attr]
    mean = np.array(statistics.mean)  # type: ignore[union-attr]
    layers = [*hidden, model.policy.action_net]
    return returned(name, experiment, taken_from(layers, layout, mean, spread))


def contenders(fast: bool) -> dict[str, Callable[[str, int, int], float]]:
    """What is compared, by name."""
    found: dict[str, Callable[[str, int, int], float]] = {
        "native": lambda name, seed, steps: native(name, seed, steps, *DEFAULTS),
        "plain": plain,
    }
    if fast:
        found["fast"] = lambda name, seed, steps: native(name, seed, steps)
    return found


COLUMNS = ("body", "contender", "seed", "steps", "return", "cpu")
"""Of the table of trainings."""


def kept(table: Path, key: tuple[str, ...], learn: Callable[[], float]) -> tuple[float, float]:
    """Return and CPU time [s] of a training, which is done unless the table has it.

    Args:
        table: CSV file, which gets a row more.
        key: Body, contender, seed and steps.
        learn: Trains, and gives the return.
    """
    with table.open(encoding="utf-8", newline="") as rows:
        known = {tuple(row[:4]): row[4:] for row in csv.reader(rows)}
    if key not in known:
        began = time.process_time()
        found = learn()
        known[key] = [f"{found:.1f}", f"{time.process_time() - began:.1f}"]
        with table.open("a", encoding="utf-8", newline="") as rows:
            csv.writer(rows, lineterminator="\n").writerow([*key, *known[key]])
    result, took = known[key]
    return float(result), float(took)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", type=Path, default=Path(__file__).with_suffix(".csv"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--steps", type=int, default=300_000)
    parser.add_argument("--bodies", nargs="+", default=["walker2d", "half_cheetah", "hopper"])
    parser.add_argument("--fast", action="store_true", help="evoloco's own settings too")
    told = parser.parse_args()
    if not told.table.is_file():
        told.table.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")

    rows = []
    for name in told.bodies:
        found: dict[str, list[float]] = {}
        for who, learn in contenders(told.fast).items():
            results = [
                kept(
                    told.table,
                    (name, who, str(seed), str(told.steps)),
                    lambda learn=learn, name=name, seed=seed: learn(name, seed, told.steps),  # type: ignore[misc]
                )
                for seed in told.seeds
            ]
            found[who] = [one for one, _ in results]
            per_step = np.median([took for _, took in results]) / told.steps * 1e6
            rows.append((name, who, *_summary(found[who]), f"{per_step:.0f}"))
        low, high = _difference(found["native"], found["plain"])
        print(f"{name}: native - plain, 95 %: {low:.0f} to {high:.0f}", flush=True)
        if told.steps in PUBLIC.get(name, {}):
            print(f"{name}: public, one seed of v3: {PUBLIC[name][told.steps]}", flush=True)
    print(aligned(("body", "contender", "mean return", "range", "us of CPU per step"), rows))


def _summary(values: list[float]) -> tuple[str, str]:
    return f"{np.mean(values):.0f}", f"{min(values):.0f} to {max(values):.0f}"


def _difference(one: list[float], other: list[float]) -> tuple[float, float]:
    """Bootstrap interval of the difference of means."""
    if len(one) < 2:
        return float("nan"), float("nan")
    found = bootstrap(
        (one, other),
        lambda a, b, axis=-1: np.mean(a, axis=axis) - np.mean(b, axis=axis),
        method="percentile",
        rng=np.random.default_rng(0),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


if __name__ == "__main__":
    main()
