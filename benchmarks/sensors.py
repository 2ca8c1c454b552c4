"""How well the bundled learned sensors see, over seeds, beside simple baselines.

    python benchmarks/sensors.py [--only ball object_position] [--seeds 0 1 2] [--out learned]

Each module is learned with each seed, judged on its held-out splits, and printed: CPU seconds of
data, training and evaluation, CPU time of one answer, then every figure as the median over seeds
with the range in brackets, and the best baseline's median. The same command continues where it was
stopped, and does nothing again. `--set steps=20 examples=100` tries it small. Needs the extra
`sensors`, and a machine that draws off screen.
"""

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console

from evoloco.errors import EvolocoError
from evoloco.perception.learning import COSTS, Learning
from evoloco.perception.progress import Lines
from evoloco.perception.recipe import learned
from evoloco.perception.several import Spread, learn_seeds, middle, spreads
from evoloco.report.words import number
from evoloco.text_table import aligned

MODULES = (
    "ball",
    "scene",
    "object_pose",
    "object_position",
    "hand_pose",
    "terrain_profile",
    "biotac",
    "slip",
    "hand_eye",
    "grasp_poses",
    "visuomotor",
    "grasp_angle",
)
"""Modules that are asked for."""

VARIANTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "slip": ((), ("turned=false",)),
    "ball": (("bfloat16=true",), ("bfloat16=true", "net=heads", "examples=4000", "steps=2500")),
    "scene": (("bfloat16=true",),),
    "object_position": ((), ("randomized=false",)),
    "object_pose": ((), ("method=direct",)),
    "biotac": ((), ("context=false",)),
    "visuomotor": tuple(
        ("bfloat16=true", *one)
        for one in ((), ("randomized=false",), ("auxiliary=false",), ("memory=false",))
    ),
}
"""Options with which a module is learned besides; by default none."""


def ranged(values: np.ndarray) -> str:
    """Median and range of the values that are numbers."""
    known = values[~np.isnan(values)]
    if not len(known):
        return number(None)
    return f"{number(middle(known))} ({number(known.min())} to {number(known.max())})"


def costs(learnings: list[Learning]) -> list[str]:
    """CPU seconds of each part, and milliseconds of one answer."""
    parts = [ranged(np.array([one.cpu[part] for one in learnings])) for part in COSTS]
    return [*parts, ranged(np.array([1e3 * one.inference for one in learnings]))]


def row(spread: Spread) -> list[str]:
    """A figure as a row of the table."""
    best = spread.best_baseline
    beside = f"{number(middle(spread.baselines[best]))} ({best})" if best else ""
    figure, unit = spread.figure, "" if spread.figure.unit == "1" else f" [{spread.figure.unit}]"
    name = f"{figure.name}{unit}"
    return [name, spread.split, figure.group, str(figure.count), ranged(spread.values), beside]


def show(name: str, learnings: list[Learning]) -> None:
    """Prints what was learned under a name."""
    settings = learnings[0].recipe["settings"]
    print(
        f"\n{name}: {learnings[0].parameters} weights, {settings['examples']} examples, "
        f"{settings['steps']} steps of {settings['batch']}"
    )
    header = [*(f"{part} [s]" for part in COSTS), "one answer [ms]"]
    print(aligned(header, [costs(learnings)]))
    header = ["figure", "split", "group", "examples", "median (range)", "best baseline"]
    print(aligned(header, [row(one) for one in spreads(learnings)]), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=list(MODULES), metavar="MODULE")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("learned"))
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", dest="changes")
    asked = parser.parse_args()

    there, failed = learned(), []
    for module in asked.only:
        if module not in there:
            failed.append(
                f"{module}: there is no such learned sensor; there are {', '.join(there)}"
            )
            continue
        for options in VARIANTS.get(module, ((),)):
            name = " ".join([module, *options])
            try:
                with Lines(Console(stderr=True)) as lines:
                    found = learn_seeds(
                        module,
                        asked.seeds,
                        asked.out / name.replace(" ", "-"),
                        [*options, *asked.changes],
                        lines.show,
                    )
                show(name, found)
            except EvolocoError as error:
                failed.append(f"{name}: {error}")
    for module in sorted({*there} - {*MODULES}):
        failed.append(f"{module}: it is learned, but not among the modules of this script")

    print("\nNot done:\n" + "\n".join(failed) if failed else "\nAll modules asked for are done.")


if __name__ == "__main__":
    main()
