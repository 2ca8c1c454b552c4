"""How many goals the hand reaches one after another: trained with and without randomization.

    python benchmarks/dexterity.py [--seeds 0 1 2] [--out dexterity] [--share 1] [--blind]

For each seed, policies are trained and judged on 50 held-out worlds of each kind; printed are the
medians over worlds, as medians over seeds with the range in brackets. What the folder holds is not
done again, so the same command continues where it was stopped. `--share 0.01` tries it small, and
`--blind` leaves out what draws pictures. Needs the extra `sensors`.

    without     PPO in the nominal world
    with        the same, but in its last part worlds come to differ by the whole table
    no memory   the same, but in its last part actions come 0 to 3 steps late
    memory      the same, with an LSTM from that part on
    looking     "with", told the block's pose by the bundled network of hand_pose
    cycles      fixed cycles of the fingers to the left or right, and rest near the goal
    chance      random actions
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from evoloco.dexterity.actors import Actor, Chance, Cycles
from evoloco.dexterity.judge import WORLDS, Judged, judge
from evoloco.dexterity.policy import Acting, Policy
from evoloco.dexterity.ppo import Settings, Training
from evoloco.dexterity.store import load, save
from evoloco.dexterity.table import Kind
from evoloco.dexterity.worlds import Worlds
from evoloco.hand import three_finger_hand
from evoloco.text_table import aligned

HAND = three_finger_hand()

SHARED = Settings(steps=400_000, last_rate=1.0)
"""Of what "with" and "without" have in common."""

LONG = Settings(steps=1_000_000, ramp=0.3)
"""Of the part in which those with and without the table differ."""

SHORT = Settings(steps=250_000, ramp=0.5)
"""Of the part in which those with and without memory differ."""

BRANCHES: dict[str, tuple[Kind, bool, Settings]] = {
    "with": ("randomized", False, LONG),
    "without": ("nominal", False, LONG),
    "no memory": ("delayed", False, SHORT),
    "memory": ("delayed", True, SHORT),
}
"""Policy -> worlds of its last part, whether it has memory there, and how it is trained there."""

ASKED: dict[str, tuple[Kind, ...]] = {
    "chance": ("nominal", "perturbed"),
    "cycles": ("nominal", "perturbed"),
    "without": ("nominal", "randomized", "perturbed", "delayed"),
    "with": ("nominal", "randomized", "perturbed", "delayed"),
    "no memory": ("delayed",),
    "memory": ("delayed",),
}
"""Who is judged on which worlds."""

MOST = 10
"""Goals after which an episode ends where pictures are drawn, to save time."""


class Seed:
    """What is trained and judged with one seed, and kept in a folder."""

    def __init__(self, seed: int, folder: Path, share: float) -> None:
        self.seed, self.folder, self.share = seed, folder, share
        self.told_file = folder / "figures.json"
        folder.mkdir(parents=True, exist_ok=True)
        found = self.told_file.read_text() if self.told_file.exists() else "{}"
        self.told: dict[str, dict[str, list[float]]] = json.loads(found)

    def tell(self, name: str, what: str, values: list[float]) -> None:
        """Keeps figures."""
        self.told.setdefault(name, {})[what] = values
        self.told_file.write_text(json.dumps(self.told))
        print(f"seed {self.seed}, {name}, {what}: {np.median(values):g}", flush=True)

    def file(self, name: str) -> Path:
        """Of a policy."""
        return self.folder / f"{name.replace(' ', '-')}.safetensors"

    def policy(self, name: str) -> Policy:
        """A policy that is kept."""
        return load(str(self.file(name)), BRANCHES[name][1])

    def train(self) -> None:
        """Trains what is not kept yet."""
        left = [name for name in BRANCHES if not self.file(name).exists()]
        if not left:
            return
        start = time.process_time()
        first = self._ppo("nominal", False, SHARED)
        self.tell("shared", "CPU [s]", [time.process_time() - start])
        for name in left:
            start = time.process_time()
            trained = self._ppo(*BRANCHES[name], first)
            self.tell(name, "CPU [s]", [time.process_time() - start])
            save(trained.policy, self.file(name))

    def _ppo(
        self, kind: Kind, remembers: bool, settings: Settings, before: Training | None = None
    ) -> Training:
        worlds = Worlds(HAND, settings.simulations, kind, 2 * self.seed + (before is not None))
        way = replace(settings, steps=round(settings.steps * self.share))
        training = Training(worlds, remembers, self.seed, way, before)
        training.go_on()
        return training

    def judge(self) -> None:
        """Judges what is not judged yet."""
        for name, kinds in ASKED.items():
            for kind in kinds:
                if kind not in self.told.get(name, {}):
                    self._keep(name, kind, judge(HAND, self._actor(name), kind, self.seed))

    def look(self) -> None:
        """Judges the policy that looks, beside the one that does not."""
        from evoloco.dexterity import page
        from evoloco.dexterity.looking import judge_looking

        policy = self.policy("with")
        kinds: tuple[Kind, ...] = ("nominal", "perturbed")
        for kind in kinds:
            if kind not in self.told.get("looking", {}):
                told = judge(HAND, Acting(policy, WORLDS), kind, self.seed, most=MOST)
                self._keep(f"with, up to {MOST}", kind, told)
                found = judge_looking(HAND, policy, kind, self.seed, WORLDS, MOST)
                report = self.folder / f"report-{kind}.html"
                report.write_text(page.render(found, MOST), encoding="utf-8")
                self._keep("looking", kind, found.judged)

    def _actor(self, name: str) -> Actor:
        others = {"chance": Chance, "cycles": Cycles}
        return others[name]() if name in others else Acting(self.policy(name), WORLDS)

    def _keep(self, name: str, kind: str, found: Judged) -> None:
        self.tell(name, kind, found.goals.tolist())
        self.tell(name, f"dropped, {kind}", found.dropped.astype(float).tolist())


def ranged(values: list[float]) -> str:
    """Median and range."""
    return f"{np.median(values):g} ({min(values):g} to {max(values):g})"


def rows(seeds: list[Seed]) -> list[list[str]]:
    """The table."""
    found = []
    for name, kinds in seeds[0].told.items():
        for kind in kinds:
            if kind.startswith("dropped") or kind.startswith("CPU"):
                continue
            goals = [float(np.median(seed.told[name][kind])) for seed in seeds]
            dropped = [float(np.mean(seed.told[name][f"dropped, {kind}"])) for seed in seeds]
            found.append([name, kind, ranged(goals), ranged(dropped)])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("dexterity"))
    parser.add_argument("--share", type=float, default=1.0, help="of the steps of a training")
    parser.add_argument("--blind", action="store_true", help="without pictures")
    asked = parser.parse_args()

    seeds = [Seed(seed, asked.out / f"seed{seed}", asked.share) for seed in asked.seeds]
    for seed in seeds:
        seed.train()
        seed.judge()
        if not asked.blind:
            seed.look()

    print(f"\nGoals one after another (at most 50), medians of {WORLDS} worlds")
    print(aligned(["policy", "worlds", "goals", "share dropped"], rows(seeds)))
    for name in ("shared", *BRANCHES):
        spent = [seed.told[name]["CPU [s]"][0] for seed in seeds]
        print(f"{name}: {ranged([round(one) for one in spent])} CPU seconds of training")


if __name__ == "__main__":
    main()
