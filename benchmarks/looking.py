"""What a reading of a learned sensor costs, by what the reader is shown: CPU ms of one simulation.

Run: python benchmarks/looking.py [READINGS]
"""

import sys
import time

import numpy as np

from evoloco.cameras import mounted
from evoloco.morphologies import biped
from evoloco.perception.gather import at_home
from evoloco.perception.learned import Learned
from evoloco.perception.need import Picture, Rays, State, Touch
from evoloco.spec import CameraSpec

EYE = CameraSpec(position=(0.1, 0.0, 0.1), pitch=20.0)
SHOWN = {
    "state": State(),
    "touch, 32 control steps": Touch(32),
    "rays, 40x30": Rays(40, 30, 45.0, 10.0),
    "rays, 80x60": Rays(80, 60, 45.0, 10.0),
    "picture, 64x48": Picture(64, 48),
    "picture, 80x60": Picture(80, 60),
    "picture, 160x120": Picture(160, 120),
}


class Blank:
    """A reader that makes nothing of what it is shown."""

    channels = ("confidence", "age")

    def __init__(self, needs):
        self.needs = needs

    def read(self, seen, previous):  # noqa: ARG002 - the contract's
        """Detects nothing in particular."""
        return np.ones(2)


def main() -> None:
    readings = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    body = mounted(biped.build(), {"eye": EYE})
    for name, need in SHOWN.items():
        source = Learned(Blank(need), "eye")
        source.check(body)
        moment = at_home(body.model, 2, source.history)
        begin = time.process_time()
        for _ in range(readings):
            source.read(moment)
        print(f"{name:24} {1e3 * (time.process_time() - begin) / readings:6.2f} ms")


if __name__ == "__main__":
    main()
