"""What rough ground costs, how its contacts differ from MuJoCo's, and how far champions walk.

    python benchmarks/terrain.py [--repeats 9] [--episodes 64]

Prints the tables of docs/physics.md about rough ground. Speeds are simulated seconds per second of
CPU time on one thread, the fastest of interleaved repeats of the same gait: the champion without
pushes, on ground as level as the plane that it replaces.
"""

import argparse
import json
import time
from collections.abc import Callable
from contextlib import nullcontext

import mujoco
import numpy as np

from evoloco.bundled import run_file
from evoloco.evaluators.local import Local, simulator
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.sim import heightfield
from evoloco.spec import read

BODIES = ("biped_fast", "planar_biped", "hopper", "muscle_biped")
ROUGHNESS = (0.0, 0.01, 0.02, 0.04)
"""Roughness of the champions' ground [m]."""
LEVEL = 1000.0
"""Distance of level ground, farther than anything walks [m]."""


def experiment(name: str, *overrides: str) -> Experiment:
    return Experiment(read(run_file(name), ["scenario.push.count=0", *overrides]))


def champion(name: str) -> Array:
    return np.array(json.loads(run_file(name).with_name("champion.json").read_text())["genome"])


def pace(name: str, *overrides: str) -> Callable[[], float]:
    """Returns a function that measures the CPU time per simulated second of the champion [1]."""
    made, genome = experiment(name, "evaluation.heldout_episodes=4", *overrides), champion(name)
    ready = simulator(made, threads=1)

    def measured() -> float:
        begun = time.process_time()
        bodies, params = [made.body(genome)], made.parameters(genome)[None]
        found = ready.run(params, made.held_out(), bodies=bodies)
        lived = sum(len(episode) * episode.control_dt for episode in found)
        return (time.process_time() - begun) / lived

    return measured


def speeds(repeats: int) -> None:
    print("| body | plane [s/s] | cells of 0.3 m | cells of 0.1 m |\n| --- | --- | --- | --- |")
    for name in BODIES:
        grounds = [
            [],
            [f"scenario.terrain={{roughness=0.02, level={LEVEL}}}"],
            [f"scenario.terrain={{roughness=0.02, level={LEVEL}, cell=0.1}}"],
        ]
        paces = [pace(name, *ground) for ground in grounds]
        times = [[measured() for measured in paces] for _ in range(repeats)]
        plane, wide, narrow = np.min(times, axis=0)
        print(f"| {name} | {1 / plane:.0f} | {plane / wide:.2f} | {plane / narrow:.2f} |")


def falls(count: int = 600) -> None:
    """Prints how balls fall on level cells of 0.3 m, half of them within 10 mm of an edge."""
    print(
        "| radius [mm], step [ms], speed [m/s] | contacts | pushed aside | fastest aside [m/s] "
        "| caught below |"
    )
    print("| --- | --- | --- | --- | --- |")
    for radius, timestep, speed in (
        (0.03, 0.0025, 1.0),
        (0.03, 0.0025, 4.0),
        (0.006, 0.005, 1.0),
        (0.006, 0.005, 2.0),
    ):
        model = ball(radius, timestep)
        data = mujoco.MjData(model)
        case = f"{1000 * radius:g}, {1000 * timestep:g}, {speed:g}"
        for words, way in (
            ("MuJoCo's", nullcontext()),
            ("evoloco's", heightfield.contacts(model, data)),
        ):
            with way:
                aside, caught = drop(model, data, radius, speed, count)
            pushed = sum(one > 0.05 for one in aside)
            print(f"| {case} | {words} | {pushed} of {count} | {max(aside):.2f} | {caught} |")


def ball(radius: float, timestep: float) -> mujoco.MjModel:
    """Returns the model of a ball over a level height field."""
    model = mujoco.MjModel.from_xml_string(
        f"""<mujoco><option timestep="{timestep}"/>
        <asset><hfield name="f" nrow="21" ncol="21" size="3 3 1 .5"/></asset>
        <worldbody><geom type="hfield" hfield="f" pos="0 0 -.5" friction=".8"/>
        <body><freejoint/><geom size="{radius}" mass="5" friction=".8"/></body>
        </worldbody></mujoco>"""
    )
    model.hfield_data[:] = 0.5
    return model


def drop(
    model: mujoco.MjModel, data: mujoco.MjData, radius: float, speed: float, count: int
) -> tuple[list[float], int]:
    """Drops a ball at many places.

    Returns:
        Its horizontal speed after each fall [m/s], and how often it was below the ground.
    """
    random, aside, caught = np.random.default_rng(0), [], 0
    for number in range(count):
        place = random.uniform(-0.6, 0.6, 2)
        if number % 2:
            place[0] = 0.3 * round(place[0] / 0.3) + random.uniform(-0.01, 0.01)

        mujoco.mj_resetData(model, data)
        data.qpos[:3], data.qvel[2] = [*place, radius + 0.0123], -speed
        for _ in range(round(0.3 / model.opt.timestep)):
            mujoco.mj_step(model, data)
        aside.append(float(np.hypot(*data.qvel[:2])))
        caught += int(data.qpos[2] < 0)
    return aside, caught


def survival(episodes: int) -> None:
    print("| champion | ± [cm] | completed | mean time [s] | mean distance [m] |")
    print("| --- | --- | --- | --- | --- |")
    for name in BODIES:
        for roughness in ROUGHNESS:
            ground = f"scenario.terrain={{roughness={roughness}, level=0.2}}"
            made = experiment(name, f"evaluation.heldout_episodes={episodes}", ground)
            found = Local(made, duration=made.heldout_duration).evaluate(
                champion(name)[None], made.held_out(), 0.0
            )
            done = int(np.sum(found.outcome == "completed"))
            print(
                f"| {name} | {100 * roughness:g} | {done} of {episodes} "
                f"| {found.duration.mean():.1f} | {found.distance.mean():.1f} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--episodes", type=int, default=64)
    arguments = parser.parse_args()
    speeds(arguments.repeats)
    falls()
    survival(arguments.episodes)


if __name__ == "__main__":
    main()
