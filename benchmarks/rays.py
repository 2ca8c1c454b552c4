"""What compiled rays cost, and how near the profile of the terrain comes to the ground.

    python benchmarks/rays.py

The first table has the CPU time of one reading [µs] of `rays` on the published body of
`biped_fast`, with a camera in its torso: on level ground, and on two height fields. Beside it
stands MuJoCo's own function for all geoms, called from compiled code too. The second table has the
errors of `terrain_profile` [mm] at 300 random places of each terrain, by distance, and its CPU
time. The last lines have the CPU time of a control step of an evaluation with the sensor and
without.
"""

import time

import llvmlite.binding as llvm
import mujoco
import numpy as np

from evoloco import fields
from evoloco.bundled import runs
from evoloco.experiment import Experiment
from evoloco.ground import height
from evoloco.perception.cast import cast, turned
from evoloco.sensors import rays
from evoloco.sim import capi
from evoloco.sim.compile import jit
from evoloco.sim.prepared import Body
from evoloco.sim.sense import Instant
from evoloco.sim.simulator import Simulator
from evoloco.spec import read

TERRAINS = {
    "level": (),
    "rough": ("roughness=0.03",),
    "slope": ("name=slope", "angle=0.2"),
    "descent": ("name=slope", "angle=-0.2"),
    "stairs": ("name=stairs", "rise=0.03", "depth=0.2"),
    "stairs down": ("name=stairs", "rise=-0.03", "depth=0.2"),
}

PICTURES = ((8, 1), (16, 4), (40, 30), (64, 48))
"""Rays side by side and one above the other."""

FIELD_OF_VIEW, REACH = 50.0, 5.0
"""Of the pictures [deg], [m]."""

PLACES = 300
"""Where the profile is read on each terrain."""

PROFILE = ("sensors.terrain_profile.points=8",)
"""Asks for the profile in a run file."""

REPEATS = 5
"""Of a measurement, of which the median counts."""


def world(name):
    """A body with the profile in a world with a terrain, and that world's model."""
    settings = (*TERRAINS[name], "level=0.0") if TERRAINS[name] else ()
    asked = [f"scenario.terrain.{setting}" for setting in settings]
    experiment = Experiment(read(runs()["biped_fast"], [*PROFILE, *asked]))
    (scenario,) = experiment.training_scenarios(1, 0)
    body = Body(experiment.morphology, 0.5, 0.0)
    return body.morphology, body.placed(scenario).model


class Reading:
    """A compiled sensor that is read outside an episode."""

    def __init__(self, sensor):
        source = sensor.source
        self.params = fields.record(fields.flatten(source.params), fields.layout_of(source.params))
        self.memory = fields.zeros(fields.layout(source.memory))
        self.readings = np.zeros(len(sensor.channels))
        self.read = jit(source.read)

    def __call__(self, seen):
        """Reads what is there to see."""
        self.read(self.params, self.memory, seen, self.readings)


@jit
def by_mujoco(seen, directions, reach, body):
    """The same rays by MuJoCo's function for all geoms."""
    return cast(seen, turned(seen.rotation, directions), reach, body)


def cost(call, *given, least=0.05):
    """CPU time of a call [µs]."""
    call(*given)
    found = []
    for _ in range(REPEATS):
        start, count = time.process_time(), 0
        while time.process_time() - start < least:
            call(*given)
            count += 1
        found.append((time.process_time() - start) / count)
    return 1e6 * float(np.median(found))


def place(model, data, morphology, random, tilt=0.1):
    """Puts the body on the terrain, turned and a bit tilted; what its torso is shown."""
    mujoco.mj_resetDataKeyframe(model, data, 0)
    standing, turn = data.qpos[2], np.empty(4)
    mujoco.mju_euler2Quat(turn, random.uniform(-1, 1, 3) * (tilt, tilt, 0.5), "XYZ")
    data.qpos[:2] = random.uniform((0.5, -0.5), (3.0, 0.5))
    data.qpos[2] = standing + height(model, morphology.floor, *data.qpos[:2, None])[0]
    data.qpos[3:7] = turn
    mujoco.mj_forward(model, data)
    torso = data.body(morphology.torso_frame)
    pose = torso.xpos.copy(), torso.xmat.reshape(3, 3).copy()
    return Instant(model._address, data._address, *pose, data.sensordata, 0.0, 0, 1, 2, 16)


def pictures():
    """Prints the cost of depth pictures."""
    print(f"{'rays':>9}  {'ground':12} {'rays [µs]':>10} {'MuJoCo [µs]':>14}")
    for columns, rows in PICTURES:
        for name in ("level", "rough", "slope"):
            morphology, model = world(name)
            asked = {"width": columns, "height": rows, "field_of_view": FIELD_OF_VIEW}
            sensor = Reading(rays.sensor(morphology, reach=REACH, sectors=0, **asked))
            data = mujoco.MjData(model)
            seen = place(model, data, morphology, np.random.default_rng(0))
            directions, body = sensor.params.directions, model.body(morphology.torso).id
            own = cost(sensor, seen)
            theirs = cost(by_mujoco, seen, directions, REACH, body)
            print(f"{columns:>5}x{rows:<3}  {name:12} {own:10.0f} {theirs:14.0f}", flush=True)


def profiles():
    """Prints errors and cost of the profile."""
    morphology, _ = world("level")
    sensor = Reading(morphology.sensors[-1])
    ahead = sensor.params.ahead
    print("\nroot mean square (largest) error of terrain_profile [mm]")
    print(f"{'ground':12}" + "".join(f"{far:>13.2f} m" for far in ahead[[0, 3, 5, 7]]) + "   [µs]")
    for name in TERRAINS:
        morphology, model = world(name)
        data, random, errors = mujoco.MjData(model), np.random.default_rng(0), []
        for _ in range(PLACES):
            seen = place(model, data, morphology, random)
            sensor(seen)
            heading = seen.rotation[:2, 0] / np.hypot(*seen.rotation[:2, 0])
            spots = seen.position[:2, None] + heading[:, None] * [0.0, *ahead]
            ground = height(model, morphology.floor, *spots)
            errors.append(1e3 * (sensor.readings[:-2] - (ground[1:] - ground[0])))
        spread, largest = np.sqrt(np.square(errors).mean(0)), np.abs(errors).max(0)
        cells = "".join(f"{spread[k]:7.1f} ({largest[k]:4.1f})" for k in (0, 3, 5, 7))
        print(f"{name:12} {cells} {cost(sensor, seen):6.0f}", flush=True)


def evaluation():
    """Prints how much longer an evaluation takes with the profile, at two intervals."""
    chosen = {
        "without terrain_profile": (),
        "with it every 0.1 s": (*PROFILE, "sensors.terrain_profile.interval=0.1"),
        "with it every 0.02 s": PROFILE,
    }
    simulators = {}
    for name, settings in chosen.items():
        rough = ("scenario.terrain.roughness=0.005", "scenario.duration=4", *settings)
        experiment = Experiment(read(runs()["biped_fast"], rough))
        simulators[name] = population(experiment)

    spent = {name: [] for name in chosen}
    for _ in range(REPEATS):
        for name, simulate in simulators.items():
            start = time.process_time()
            steps = simulate()
            spent[name].append(1e6 * (time.process_time() - start) / steps)
    medians = {name: float(np.median(times)) for name, times in spent.items()}
    for name, median in medians.items():
        ratio = median / medians["without terrain_profile"]
        print(f"{name:24} {median:6.1f} µs a control step, {ratio:.3f} times", flush=True)


def population(experiment):
    """A function that simulates 20 genomes on one thread; it returns their control steps."""
    scenario, controller = experiment.spec.scenario, experiment.controller
    simulator = Simulator(
        experiment.morphology,
        controller,
        duration=scenario.duration,
        control_dt=scenario.control_dt,
        termination=experiment.termination,
        threads=1,
    )
    near_middle = 0.5 + 0.02 * np.random.default_rng(0).standard_normal((20, len(experiment.space)))
    values = [controller.space.decode(genome) for genome in near_middle]
    params = np.array([fields.flatten(controller.parameters(one)) for one in values])
    worlds = experiment.training_scenarios(1, 0)

    def simulate():
        return sum(len(episode.trace) for episode in simulator.run(params, worlds))

    simulate()
    return simulate


if __name__ == "__main__":
    llvm.load_library_permanently(capi.library_path())
    pictures()
    profiles()
    print()
    evaluation()
