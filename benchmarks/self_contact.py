"""How much of what parts of a robot do to each other is seen, and what passes through unseen.

    python benchmarks/self_contact.py [RUN ...]

For the published champion of each run, in its first held-out scenario: the share of physics steps
in self-contact, and the share of control steps in which the shapes of two bodies that are neither
the same, nor parent and child, overlap, whatever their contact bits say. Shapes that overlap in the
home pose are parts of one joint and do not count. Then the same for joint
angles that are drawn evenly from their ranges.
"""

import argparse
import json
from collections import Counter

import mujoco
import numpy as np

from evoloco.bundled import run_file
from evoloco.episode import Episode
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.individual import simulate
from evoloco.members import member
from evoloco.morphology import Morphology
from evoloco.self_contact import self_contacts, welds
from evoloco.spec import read
from evoloco.subtree import robot_geoms

RUNS = (
    *("biped", "biped_phase", "biped_hopf", "biped_sine", "planar_biped", "muscle_biped"),
    "humanoid",
)
BODIES = ("biped", "op3_class", "xl330_biped", "quadruped", "humanoid", "muscle_biped3d")
POSES = 2000


def champion(name: str) -> Episode:
    """The published champion of a run in its first held-out scenario."""
    experiment = Experiment(read(run_file(name)))
    told = json.loads(run_file(name).with_name("champion.json").read_text(encoding="utf-8"))
    scenario, duration = experiment.held_out_scenario(0), experiment.heldout_duration
    return simulate(experiment, np.array(told["genome"]), [scenario], duration)[0]


def candidates(body: Morphology) -> list[tuple[int, int]]:
    """Pairs of the robot's geoms on bodies that are neither the same nor parent and child."""
    model, weld = body.model, welds(body.model)
    parent = model.body_weldid[model.body_parentid]
    own = robot_geoms(model, body.torso).tolist()
    return [
        (i, j)
        for i in own
        for j in own
        if i < j
        and weld[i] != weld[j]
        and weld[i] != parent[weld[j]]
        and weld[j] != parent[weld[i]]
    ]


class Shapes:
    """Which shapes of a body overlap at given angles.

    Args:
        body: The body.
    """

    def __init__(self, body: Morphology) -> None:
        self._model, self._data = body.model, mujoco.MjData(body.model)
        self._pairs = candidates(body)
        self._data.qpos[:] = body.model.key("home").qpos
        mujoco.mj_kinematics(self._model, self._data)
        self._pairs = [pair for pair in self._pairs if self._distance(pair) >= 0]
        self._seen = set(self_contacts(body.model, body.torso))

    def overlaps(self, qpos: Array) -> tuple[set[str], bool]:
        """Names of bodies that overlap, and whether MuJoCo would make a contact of any."""
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        met = [pair for pair in self._pairs if self._distance(pair) < 0]
        bodies = self._model.geom_bodyid
        names = {" and ".join(self._model.body(bodies[geom]).name for geom in pair) for pair in met}
        return names, not self._seen.isdisjoint(met)

    def _distance(self, pair: tuple[int, int]) -> float:
        return mujoco.mj_geomDistance(self._model, self._data, *pair, 1e-4, None)


def poses(body: Morphology, count: int) -> Array:
    """Angles that are drawn evenly from the ranges of the joints (count, nq)."""
    random, rows = np.random.default_rng(0), np.tile(body.model.key("home").qpos, (count, 1))
    for joint in body.joints:
        found = body.model.joint(joint.name)
        rows[:, found.qposadr[0]] = random.uniform(*found.range, count)
    return rows


def line(name: str, found: list[tuple[set[str], bool]], share: str = "") -> str:
    """A row of a table."""
    overlap = np.mean([bool(names) for names, _ in found])
    unseen = np.mean([bool(names) and not seen for names, seen in found])
    parts = Counter(pair for names, _ in found for pair in names).most_common(3)
    which = ", ".join(f"{pair} {count / len(found):.1%}" for pair, count in parts)
    return f"| {name} | {share}{overlap:.1%} | {unseen:.1%} | {which} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", default=RUNS)
    print("| champion | self-contact | shapes overlap | unseen | which |")
    print("| --- | --- | --- | --- | --- |")
    for name in parser.parse_args().runs:
        episode = champion(name)
        shapes = Shapes(episode.morphology)
        found = [shapes.overlaps(qpos) for qpos in episode["qpos"]]
        print(line(name, found, f"{episode['self_contact'].mean():.1%} | "), flush=True)

    print("\n| body, random angles | shapes overlap | unseen | which |")
    print("| --- | --- | --- | --- |")
    for name in BODIES:
        body = member("morphologies", name).build()
        shapes = Shapes(body)
        found = [shapes.overlaps(qpos) for qpos in poses(body, POSES)]
        print(line(name, found), flush=True)


if __name__ == "__main__":
    main()
