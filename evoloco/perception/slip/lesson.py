"""Whether and how an object slips in a grip: learned from windows, judged on whole episodes too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from evoloco.fields import Array
from evoloco.perception import looks
from evoloco.perception.figure import Figure
from evoloco.perception.lesson import TRAIN, Arrays, Lesson, Settings
from evoloco.perception.slip import windows as slip_windows
from evoloco.perception.slip.scenes import Felt, episode
from evoloco.perception.slip.windows import (
    BINS,
    KINDS,
    SPACING,
    STABLE,
    STEP,
    WINDOW,
    ends,
    kind,
    spectrum,
)

if TYPE_CHECKING:
    import torch

    from evoloco.perception.slip.network import SlipNetwork

FAST = 0.02
"""Speed from which a slip must be told [m/s]: a texture of 0.7 mm then passes once in the 33 ms of
a transform."""

SLOWEST = {TRAIN: 0.01, "test": FAST, "slow": 0.005}
"""Speeds of slips in each split of single windows [m/s]; stable ones are there too."""

WHOLE = "whole"
"""The split of whole episodes, window by window, clear ones or not."""

PER_EPISODE = 8
"""Windows of a kind that an episode gives at most to a split of single windows."""

MS = 1e3
"""Milliseconds in a second."""

LOUDER = 5.0
"""Standard deviation of the change of all amplitudes in training, in stored steps: 16 %."""


class Slip(Lesson):
    """Windows of 64 ms of an array of taxels, of textures and directions of gravity of their own.

    The splits: "test" has slips of 20 mm/s and more, "slow" those of 5 to 20 mm/s, "whole" all
    windows of episodes, in their order.

    Args:
        turned: Whether windows are turned and mirrored in training, so that the direction of
            gravity tells nothing.
    """

    splits = (TRAIN, "test", "slow", WHOLE)
    settings = Settings(examples=9000, test_examples=1500, steps=2000, batch=64, learning_rate=2e-3)
    layout: Mapping[str, Any] = {"spectrum": [BINS, 12, 12], "outputs": list(KINDS)}

    def __init__(self, turned: bool = True) -> None:
        self._turned = turned

    def examples(self, count: int, split: str, seed: int) -> Arrays:
        """Spectra (n, 32, 12, 12), kinds, speeds [m/s], and number and time [s] of the episode."""
        rows = _whole(seed) if split == WHOLE else _balanced(count, split, seed)
        found = [row for row, _ in zip(rows, range(count), strict=False)]
        names = ("spectrum", "kind", "speed", "episode", "time")
        return {
            name: np.array(part) for name, part in zip(names, zip(*found, strict=True), strict=True)
        }

    def network(self) -> SlipNetwork:
        """The network with random weights."""
        return empty_network()

    def loss(
        self,
        network: torch.nn.Module,
        batch: Mapping[str, torch.Tensor],
        generator: torch.Generator,
    ) -> torch.Tensor:
        """Cross entropy of windows that are turned, mirrored, and louder or quieter."""
        import torch

        from evoloco.perception.slip.network import turned

        spectra = batch["spectrum"].float()
        if self._turned:
            spectra = turned(spectra, generator)
        louder = LOUDER * torch.randn(len(spectra), 1, 1, 1, generator=generator)
        logits = network(spectra + louder)
        loss: torch.Tensor = torch.nn.functional.cross_entropy(logits, batch["kind"].long())
        return loss

    def answers(self, network: torch.nn.Module, examples: Arrays) -> Arrays:
        """Probabilities of the kinds (n, 3)."""
        return {"kind": np.array([probabilities(network, one) for one in examples["spectrum"]])}

    def baselines(self, train: Arrays) -> Mapping[str, Callable[[Arrays], Arrays]]:
        """Thresholds of the energy, and logistic regression on spectra averaged over the taxels."""
        kinds = train["kind"]
        by_energy = _thresholds(_energy(train), kinds)
        by_spectrum = _logistic(_mean_spectrum(train), kinds)
        return {
            "energy": lambda some: {"kind": by_energy(_energy(some))},
            "mean spectrum": lambda some: {"kind": by_spectrum(_mean_spectrum(some))},
        }

    def right(self, examples: Arrays, answers: Arrays) -> NDArray[Any]:
        """Whether the most probable kind is the true one; of unclear windows none is."""
        return np.asarray(answers["kind"].argmax(axis=1) == examples["kind"])

    def figures(self, examples: Arrays, answers: Arrays) -> Sequence[Figure]:
        """Shares of right answers, the mean of the kinds first; delays where episodes are whole."""
        right, kinds = self.right(examples, answers), examples["kind"]
        shares = [
            Figure("right", name, _mean(right[kinds == number]), "1", int((kinds == number).sum()))
            for number, name in enumerate(KINDS)
        ]
        clear = int((kinds >= STABLE).sum())
        balanced = Figure("right", "all", float(np.mean([one.value for one in shares])), "1", clear)
        slips = kinds > STABLE
        felt = (answers["kind"].argmax(axis=1) > STABLE)[slips]
        seen = Figure("slip of any kind told", "slips", _mean(felt), "1", int(slips.sum()))
        in_order = _of_episodes(examples, answers) if _ordered(examples) else []
        return [balanced, *shares, seen, *in_order]

    def difficulty(self, examples: Arrays) -> Sequence[str]:
        """By kind and speed."""
        speeds = np.where(examples["speed"] >= FAST, "20 mm/s and more", "below 20 mm/s")
        return [
            "unclear"
            if number < STABLE
            else KINDS[0]
            if number == STABLE
            else f"{KINDS[number]}, {speed}"
            for number, speed in zip(examples["kind"], speeds, strict=True)
        ]

    def picture(self, example: Arrays, answer: Arrays) -> NDArray[Any]:
        """How loud each taxel is and how high it sounds; below, true and answered kind as bars."""
        amplitudes = np.expm1(example["spectrum"] / STEP)
        loud = np.log1p(amplitudes.sum(axis=0))
        bins = np.arange(BINS)[:, None, None]
        pitch = (amplitudes * bins).sum(axis=0) / np.maximum(amplitudes.sum(axis=0), 1e-9)
        tiles = np.stack([loud / max(loud.max(), 1e-9), pitch / BINS, 1 - pitch / BINS], axis=2)
        image = np.kron((255 * tiles).astype(np.uint8), np.ones((6, 6, 1), np.uint8))

        bars = np.full((10, image.shape[1], 3), 255, np.uint8)
        third = image.shape[1] // len(KINDS)
        for number, share in enumerate(answer["kind"]):
            bars[5:, third * number : third * number + int(third * share)] = (210, 60, 40)
        if example["kind"] >= STABLE:
            bars[:5, third * example["kind"] : third * (example["kind"] + 1)] = (40, 160, 60)
        return np.concatenate([image, bars])


def empty_network() -> SlipNetwork:
    """The network with random weights."""
    from evoloco.perception.slip.network import SlipNetwork

    return SlipNetwork()


def probabilities(network: torch.nn.Module, window: NDArray[np.uint8]) -> Array:
    """Probabilities of stable, translation and rotation (3,) of a spectrum (32, 12, 12)."""
    import torch

    with torch.inference_mode():
        logits = network(torch.from_numpy(window[None]))[0]
        return np.asarray(logits.softmax(dim=0).double().numpy())


Row = tuple[NDArray[np.uint8], int, float, int, float]


def _row(felt: Felt, end: int, number: int) -> Row:
    start = max(0, end - WINDOW)
    what, speed = kind(felt, end), slip_windows.speed(felt, end)
    return spectrum(felt.readings[start:end]), what, speed, number, end * SPACING / slip_windows.HOP


def _episodes(seed: int, split: str) -> Iterator[tuple[int, Felt, np.random.Generator]]:
    """Endless episodes, with their number and a generator for what is taken of them."""
    number = 0
    while True:
        rng = looks.draws(seed, split, number)
        yield number, episode(rng, held_out=split != TRAIN), rng
        number += 1


def _whole(seed: int) -> Iterator[Row]:
    """All windows of episodes; numbers of episodes differ between seeds."""
    for number, felt, _ in _episodes(seed, WHOLE):
        for end in ends(felt):
            yield _row(felt, end, number)


def _balanced(count: int, split: str, seed: int) -> Iterator[Row]:
    """As many windows of every kind as of any other one; of slow slips, those that there are."""
    wanted = np.full(len(KINDS), -(-count // len(KINDS)))
    if split == "slow":
        wanted[STABLE + 1 :] = count
    for number, felt, rng in _episodes(seed, split):
        taken = np.zeros(len(KINDS), int)
        for end in rng.permutation(ends(felt)):
            what, speed = kind(felt, end), slip_windows.speed(felt, end)
            fits = what == STABLE or (what > STABLE and SLOWEST[split] <= speed)
            fits &= split != "slow" or speed < FAST
            if fits and wanted[what] > 0 and taken[what] < PER_EPISODE:
                wanted[what] -= 1
                taken[what] += 1
                yield _row(felt, end, number)
        if not wanted.any():
            return


def _ordered(examples: Arrays) -> bool:
    """Whether the windows are those of whole episodes: every one 8 ms after the one before."""
    steps = np.diff(examples["time"])
    return bool(len(steps) and np.isclose(steps, SPACING).mean() > 0.5)


def _of_episodes(examples: Arrays, answers: Arrays) -> list[Figure]:
    """False alarms, and how long after an object begins to slip that is told."""
    said, kinds = answers["kind"].argmax(axis=1), examples["kind"]
    still = kinds == STABLE
    delays: dict[str, list[float]] = {"any kind": [], "right kind": [], "after 20 mm/s": []}
    missed = []
    for rows in _split(examples):
        fast = np.flatnonzero(examples["speed"][rows] >= FAST)
        quiet = np.flatnonzero(kinds[rows] == STABLE)
        if not len(fast) or not (quiet < fast[0]).any():
            continue
        last_still = quiet[quiet < fast[0]][-1]
        after = rows[last_still + 1 :]
        told = np.flatnonzero(said[after] > STABLE)
        exact = np.flatnonzero((said[after] == kinds[after]) & (said[after] > STABLE))
        missed.append(not len(told))
        heard = told[0] + 1 if len(told) else np.nan
        exactly = exact[0] + 1 if len(exact) else np.nan
        delays["any kind"].append(MS * SPACING * heard)
        delays["right kind"].append(MS * SPACING * exactly)
        delays["after 20 mm/s"].append(MS * SPACING * max(0, heard - (fast[0] - last_still)))

    found = [
        Figure(
            "false alarms",
            "stable windows",
            _mean(said[still] > STABLE),
            "1",
            int(still.sum()),
            True,
        ),
        Figure("slip never told", "episodes", _mean(np.array(missed)), "1", len(missed), True),
    ]
    for name, values in delays.items():
        known = np.array(values)[~np.isnan(values)]
        middle = float(np.median(known)) if len(known) else float("nan")
        found.append(Figure("median delay", name, middle, "ms", len(known), True))
    return found


def _split(examples: Arrays) -> list[NDArray[np.intp]]:
    """Rows of each episode."""
    breaks = np.flatnonzero(~np.isclose(np.diff(examples["time"]), SPACING)) + 1
    return np.split(np.arange(len(examples["time"])), breaks)


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _energy(examples: Arrays) -> Array:
    """Mean of all stored amplitudes (n,)."""
    return np.asarray(examples["spectrum"].mean(axis=(1, 2, 3)))


def _mean_spectrum(examples: Arrays) -> Array:
    """Stored amplitudes averaged over the taxels, in e-folds (n, 32)."""
    return np.asarray(examples["spectrum"].mean(axis=(2, 3)) / STEP)


def _thresholds(energy: Array, kinds: NDArray[Any]) -> Callable[[Array], Array]:
    """Two thresholds, and the order of the kinds, that are right most often."""
    levels = np.quantile(energy, np.linspace(0.02, 0.98, 40))
    choices = [
        (low, high, order)
        for index, low in enumerate(levels)
        for high in levels[index:]
        for order in ((0, 1, 2), (0, 2, 1))
    ]

    def told(some: Array, low: float, high: float, order: tuple[int, ...]) -> NDArray[np.intp]:
        return np.asarray(np.array(order)[(some > low).astype(int) + (some > high)])

    best = max(choices, key=lambda choice: (told(energy, *choice) == kinds).mean())
    return lambda some: np.eye(len(KINDS))[told(some, *best)]


def _logistic(features: Array, kinds: NDArray[Any]) -> Callable[[Array], Array]:
    """Logistic regression with three outcomes; answers probabilities (n, 3)."""
    middle, scale = features.mean(axis=0), features.std(axis=0) + 1e-9

    def plain(some: Array) -> Array:
        return np.column_stack([(some - middle) / scale, np.ones(len(some))])

    given, wanted = plain(features), np.eye(len(KINDS))[kinds]

    def cost(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(given.shape[1], len(KINDS))
        told = _softmax(given @ weights)
        value = -np.log((told * wanted).sum(axis=1) + 1e-12).mean() + 1e-4 * (weights**2).sum()
        slope = given.T @ (told - wanted) / len(given) + 2e-4 * weights
        return float(value), slope.ravel()

    start = np.zeros(given.shape[1] * len(KINDS))
    weights = minimize(cost, start, jac=True, method="L-BFGS-B").x.reshape(-1, len(KINDS))
    return lambda some: _softmax(plain(some) @ weights)


def _softmax(logits: Array) -> Array:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
