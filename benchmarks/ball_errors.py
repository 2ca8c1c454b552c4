"""Errors of the ball sensor's bundled networks by distance, as searches use them.

    python benchmarks/ball_errors.py [--examples 1500] [--write]

Both networks look at held-out pictures with a ball, and at half as many without one. Printed is how
long an answer takes, and what `evoloco.perception.ball.errors` measures. `--write` replaces the
numbers that `[sensors.ball] by = "errors"` uses. Needs the extra `sensors`, and a machine that
draws off screen.
"""

import argparse
import json
import time

import numpy as np
import torch

from evoloco.perception.ball import errors as ball_errors
from evoloco.perception.ball import pitch
from evoloco.perception.ball.lesson import answers
from evoloco.perception.weights import BUNDLED
from evoloco.sensors.ball import loaded
from evoloco.text_table import aligned

SEED = 1234
"""Of the pictures; the networks were judged on others before."""

NETS = "heat_map", "heads"

COLUMNS = ("count", "missed", "wrong", "angle_bias", "angle_spread", "range_bias", "range_spread")


def show(net: str, found: dict, milliseconds: float) -> None:
    print(f"\n{net}: {milliseconds:.2f} ms a picture")
    near, rows = 0.0, []
    for place, edge in enumerate(found["edges"]):
        rows.append([f"{near:g}-{edge:g}", *(f"{found[name][place]:.3g}" for name in COLUMNS)])
        near = edge
    print(aligned(["distance [m]", *COLUMNS], rows))
    print(
        f"without a ball: {found['false']:.2%} reported, between {found['false_from']:.2g} and "
        f"{found['false_to']:.2g} m"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=1500)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()

    torch.set_num_threads(1)
    seen = pitch.examples(asked.examples, "test", SEED)
    here = ~np.isnan(seen["centre"][:, 0])
    seen = {name: array[here] for name, array in seen.items()}
    empty = pitch.examples(asked.examples // 2, "empty", SEED)

    measured = {}
    for net in NETS:
        network = loaded(net, "")
        threshold = float(network.threshold)
        begun = time.process_time()
        found, nothing = (answers(network.find, some, threshold) for some in (seen, empty))
        spent = time.process_time() - begun
        measured[net] = ball_errors.measured(seen, found, empty, nothing)
        show(net, measured[net], 1e3 * spent / (len(seen["picture"]) + len(empty["picture"])))

    if asked.write:
        path = BUNDLED / ball_errors.FILE
        path.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        print(f"\nWritten: {path}")


if __name__ == "__main__":
    main()
