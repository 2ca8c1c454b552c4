"""CPU time of a reading of `grasp_poses`: cloud, hands, their pictures, and the network.

    python benchmarks/grasp_poses.py

Needs the extra `sensors`. Medians over 20 scenes of one to four objects, on one thread.
"""

import time

import numpy as np

from evoloco.extras import needs
from evoloco.perception.grasp import cloud as grasp_cloud
from evoloco.perception.grasp.candidates import Hands, candidates
from evoloco.perception.grasp.closing import pictures
from evoloco.perception.grasp.scene import TRAIN, random_scene
from evoloco.perception.weights import fill
from evoloco.sensors.grasp_poses import LAYOUT, MOST, NAME
from evoloco.text_table import aligned

SCENES = 20


def main() -> None:
    needs("torch", "sensors").set_num_threads(1)
    from evoloco.perception.grasp.network import chances, networks

    network, rng = (
        fill(networks(), NAME, layout=LAYOUT).get_submodule("tries"),
        np.random.default_rng(0),
    )
    spent = []
    for _ in range(SCENES + 1):
        scene = random_scene(rng, TRAIN, int(rng.integers(1, 5)), 0.05)
        times = [time.process_time()]
        cloud = grasp_cloud.seen(scene, rng)
        times.append(time.process_time())
        hands = candidates(cloud, rng)
        times.append(time.process_time())
        rows = np.resize(np.arange(len(hands)), MOST)
        shown = pictures(cloud, Hands(hands.points[rows], hands.rotations[rows]))
        times.append(time.process_time())
        chances(network, shown)
        times.append(time.process_time())
        spent.append([*np.diff(times), times[4] - times[2]])

    header = ["rays and cloud", "hands", f"pictures of {MOST}", "network", "pictures and network"]
    medians = 1e3 * np.median(spent[1:], axis=0)  # the first scene compiles
    print("CPU time [ms]")
    print(aligned(header, [[f"{median:.1f}" for median in medians]]))


if __name__ == "__main__":
    main()
