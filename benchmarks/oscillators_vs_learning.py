"""Oscillators beside learning, on the bodies of Gymnasium and on the servo biped.

    python benchmarks/oscillators_vs_learning.py --out DIR [--bodies walker2d half_cheetah ...]
        [--seeds 0-9] [--sac 0-2] [--cpu 300] [--steps 300000]

Phase oscillators and a linear policy, both searched by CMA-ES, the linear policy by augmented
random search, a network by PPO, and by SAC if `--sac` names seeds. Each spends `--steps` control
steps, and with `--cpu` at least that CPU time [s] too. A comparison of `evoloco compare` is
written for every body and run; what is in DIR already is not run again.

Bodies are those of `gymnasium_bodies.py`. Oscillators command angles, which servos within the
motors' torques follow, as in the paper below; all others command torques. PPO has the settings that
are Stable-Baselines3's defaults there: with evoloco's own, which are for servo bipeds, it falls far
behind in so few steps. On the biped all command angles, the oscillators are the Matsuoka network of
its run file, and PPO and SAC earn the reward of `biped_ppo`, with its settings.

Champions are judged with the sensors as in the search; with Gaussian noise of a fifth of each
sensor's usual size; with the joint velocities stuck at what they first were; and with the tilt
stuck.

Reference: Raffin et al., 2024, An open-loop baseline for reinforcement learning locomotion tasks,
Reinforcement Learning Journal 1, arXiv:2310.05808.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from gymnasium_bodies import BODIES, run_file
from same_learning import DEFAULTS

from evoloco.bundled import run_file as bundled
from evoloco.spec import read
from evoloco.text_table import aligned

NOISE = {"joint_angle": 0.1, "joint_velocity": 0.6, "tilt": 0.1, "rate": 0.6}
"""Standard deviations of noise [unit of the sensor]."""

SCENARIOS = f"""
[scenarios.plain]
label = "as searched"

[scenarios.noise]
label = "noisy sensors"
{"".join(f"sensors.{name}.noise.gaussian = {size}" + chr(10) for name, size in NOISE.items())}
[scenarios.velocity]
label = "joint velocities stuck"
sensors.joint_velocity.noise.dropout = 0.99999

[scenarios.tilt]
label = "tilt stuck"
sensors.tilt.noise.dropout = 0.99999
"""

LINEAR = """
controller.name = "policy"
controller.hidden = []
"""

GYMNASIUM = f"""
[contenders.oscillators]
label = "oscillators (CMA-ES)"
controller.name = "phase"
morphology.control = "angle"

[contenders.linear]
label = "linear (CMA-ES)"
{LINEAR}
[contenders.ars]
label = "linear (ARS)"
optimizer.name = "ars"
{LINEAR}
[contenders.ppo]
label = "network (PPO)"
training.algorithm = "ppo"
{"".join(f"training.{setting}" + chr(10) for setting in DEFAULTS)}"""

CLOCK = """
sensors.clock.period = 0.6667
sensors.orientation.source = "torso.orientation"
"""

BIPED = f"""
[contenders.oscillators]
label = "oscillators (CMA-ES)"

[contenders.linear]
label = "linear (CMA-ES)"
{LINEAR}{CLOCK}
[contenders.ars]
label = "linear (ARS)"
optimizer.name = "ars"
{LINEAR}{CLOCK}
[contenders.ppo]
label = "network (PPO)"
run = "biped_ppo"
"""

SAC = """
[contenders.sac]
label = "network (SAC)"
seeds = "{seeds}"
training.algorithm = "sac"
controller.name = "policy"
controller.normaliser = "learned"
controller.squash = true
"""

TABLE = """
name = "{name}"
seeds = "{seeds}"
simulated_time = {time}
{cpu}
worlds = 20
gap_worlds = 0

[tasks.{name}]
run = "{run}"
"""


def comparison(name: str, seeds: str, sac: str, steps: int, cpu: float) -> str:
    """The comparison file of a body.

    Args:
        name: Of the body.
        seeds: Of all contenders but SAC.
        sac: Seeds of SAC, which takes no part without any.
        steps: Control steps of each search.
        cpu: CPU time of each search [s]; 0 for what the steps take.
    """
    on_biped = name == "biped"
    run = "biped_fast" if on_biped else f"{name}.toml"
    own = read(bundled("biped_fast")).scenario.control_dt
    control_dt = own if on_biped else BODIES[name].control_dt
    head = TABLE.format(
        name=name,
        seeds=seeds,
        time=steps * control_dt,
        cpu=f"cpu_time = {cpu}" if cpu else "",
        run=run,
    )
    contenders = BIPED if on_biped else GYMNASIUM
    if sac:
        learner = 'run = "biped_ppo"\n' if on_biped else ""
        contenders += SAC.format(seeds=sac) + learner
    return head + contenders + SCENARIOS


def compared(file: Path, out: Path) -> dict[str, Any]:
    """Runs a comparison, or goes on with it; returns what it found."""
    command = [sys.executable, "-m", "evoloco.cli", "compare", str(file), "--out", str(out)]
    subprocess.run(command, check=True)
    found: dict[str, Any] = json.loads((out / "comparison.json").read_text(encoding="utf-8"))
    return found


def rows(found: dict[str, Any]) -> list[tuple[str, ...]]:
    """Mean fitness of each contender in each scenario, and how many fell."""
    table = []
    names = [one["contender"] for one in found["summaries"]]
    for name in names:
        runs = [run for run in found["runs"] if run["contender"] == name]
        cells = []
        for scenario in found["tasks"][0]["scenarios"]:
            judged = [run["judged"][scenario] for run in runs]
            fitness = sum(one["fitness"] for one in judged) / len(judged)
            cells.append(f"{fitness:.2f}")
        cpu = sum(run["cpu_time"] for run in runs) / len(runs)
        table.append((found["contenders"][name], str(len(runs)), *cells, f"{cpu:.0f}"))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    bodies = ["walker2d", "half_cheetah", "hopper", "biped"]
    parser.add_argument("--bodies", nargs="+", choices=bodies, default=bodies)
    parser.add_argument("--seeds", default="0-9")
    parser.add_argument("--sac", default="", help="seeds of SAC, which is slow")
    parser.add_argument("--steps", type=int, default=300_000)
    parser.add_argument("--cpu", type=float, default=0.0, help="CPU time of each search [s]")
    told = parser.parse_args()
    told.out.mkdir(parents=True, exist_ok=True)

    for name in told.bodies:
        if name != "biped":
            run = told.out / f"{name}.toml"
            run.write_text(run_file(name, training=False), encoding="utf-8")
        file = told.out / f"compare_{name}.toml"
        text = comparison(name, told.seeds, told.sac, told.steps, told.cpu)
        file.write_text(text, encoding="utf-8")
        found = compared(file, told.out / name)
        head = ("contender", "runs", *found["tasks"][0]["scenarios"], "CPU [s]")
        print(f"\n{name}\n" + aligned(head, rows(found)), flush=True)


if __name__ == "__main__":
    main()
