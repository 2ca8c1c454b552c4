"""Worker: revolve2's gecko on its CPG, in its `LocalSimulator` with standard settings."""

import math
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from revolve2.modular_robot import ModularRobot
from revolve2.modular_robot.body.base import ActiveHinge
from revolve2.modular_robot.brain.cpg import (
    BrainCpgNetworkStatic,
    active_hinges_to_cpg_network_structure_neighbor,
)
from revolve2.modular_robot_simulation import ModularRobotScene, simulate_scenes
from revolve2.modular_robot_simulation._to_batch import to_batch
from revolve2.simulators.mujoco_simulator import LocalSimulator
from revolve2.simulators.mujoco_simulator._scene_to_model import scene_to_model
from revolve2.standards import terrains
from revolve2.standards.modular_robots_v2 import gecko_v2
from revolve2.standards.simulation_parameters import make_standard_batch_parameters
from serve import serve

BODY = gecko_v2()
HINGES = BODY.find_modules_of_type(ActiveHinge)
STRUCTURE, OUTPUTS = active_hinges_to_cpg_network_structure_neighbor(HINGES)
START = math.sqrt(2) / 2
"""Start value of every neuron, as in revolve2's examples."""

weights: list[list[float]]
simulator: LocalSimulator
parameters: Any


def scene(genome: list[float]) -> ModularRobotScene:
    """Returns a gecko with these weights on flat ground."""
    brain = BrainCpgNetworkStatic.uniform_from_params(np.array(genome), STRUCTURE, START, OUTPUTS)
    world = ModularRobotScene(terrain=terrains.flat())
    world.add_robot(ModularRobot(BODY, brain))
    return world


def describe() -> dict[str, Any]:
    """Returns the model as revolve2 compiles it, its network, the settings and the versions."""
    standard = make_standard_batch_parameters()
    built, _ = to_batch([scene([0.0] * STRUCTURE.num_connections)], standard, None)
    model, _ = scene_to_model(
        built.scenes[0], standard.simulation_timestep, cast_shadows=False, fast_sim=False
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gecko.xml"
        mujoco.mj_saveLastXML(str(path), model)
        xml = path.read_text()
    return {
        "xml": xml,
        "pairs": [
            [pair.cpg_index_lowest.index, pair.cpg_index_highest.index]
            for pair in STRUCTURE.connections
        ],
        "ranges": [hinge.range for hinge in HINGES],
        "start": START,
        "duration": standard.simulation_time,
        "control_dt": 1 / standard.control_frequency,
        "versions": f"revolve2 {version('revolve2-mujoco-simulator')}, MuJoCo {mujoco.__version__}",
    }


def prepare(genomes: list[list[float]], simulators: int) -> None:
    """Keeps the weights (genomes, connections) and makes the simulator."""
    global weights, simulator, parameters
    weights, simulator = genomes, LocalSimulator(headless=True, num_simulators=simulators)
    parameters = make_standard_batch_parameters()


def run() -> int:
    """Simulates every genome; returns the number of control steps."""
    return round(parameters.simulation_time * parameters.control_frequency) * len(ends())


def ends() -> list[list[float]]:
    """Simulates every genome; returns the last position of its core [m]."""
    scenes = [scene(genome) for genome in weights]
    states = simulate_scenes(simulator, parameters, scenes)
    robots = [world._robots[0][0] for world in scenes]
    return [
        [*run[-1].get_modular_robot_simulation_state(robot).get_pose().position]
        for run, robot in zip(states, robots, strict=True)
    ]


if __name__ == "__main__":  # its simulators are processes, which may import this file
    serve(describe, prepare, run, ends)
