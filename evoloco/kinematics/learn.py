"""Learns the networks of inverse kinematics from forward kinematics, with PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from evoloco.extras import needs
from evoloco.fields import Array
from evoloco.kinematics.chain import Chain
from evoloco.kinematics.correction import TWIST, inputs
from evoloco.kinematics.descent import error, fill_normal, new_work
from evoloco.kinematics.forward import Links, move, new_frames
from evoloco.kinematics.goal import Wanted
from evoloco.kinematics.network import EXTRA, Network, pack
from evoloco.sim.cache import compiled
from evoloco.sim.native import jit

if TYPE_CHECKING:
    import torch

BATCH = 512
"""Examples of a step."""

RATE, LAST = 2e-3, 0.01
"""Learning rate of the first step, and share of it that is left at the last one [1]."""

NEAR, TURNED = 0.1, math.radians(20)
"""Largest distance [m] and angle [rad] between the start and the pose of an example."""

LONGEST = 0.5
"""Largest way in joint space between start and pose [rad]."""

DAMPING = 1e-3
"""Weight of an error in the angles that does not move the tip [m²]."""

Batch = tuple[Array, ...]
"""Inputs (m, inputs), then what the loss needs."""

Loss = Callable[..., Any]
"""The loss, a tensor, of outputs (m, outputs) and the arrays behind the inputs."""

_ENTRY = '''"""Examples of kinematics; made by evoloco, may be deleted."""

import numba

from evoloco.kinematics.learn import fill, fill_places


@numba.njit(error_model="numpy", cache=True)
def run(links, wanted, starts, goals, asked, ways, slopes, near):
    fill(links, wanted, starts, goals, asked, ways, slopes, near)


@numba.njit(error_model="numpy", cache=True)
def run_places(links, angles, places):
    fill_places(links, angles, places)
'''


def learn_correction(
    chain: Chain, seed: int = 0, steps: int = 4000, hidden: tuple[int, ...] = (192, 192)
) -> Network:
    """A network for `evoloco.kinematics.correction`.

    Examples are pairs of angles that are near each other. Per length |e| of the residual, the
    network N shall answer the way d between them, and errors count as they move the tip:

        |J (N - d / |e|)|² + `DAMPING` |N - d / |e||²

    Args:
        chain: Of hinges.
        seed: Of weights and examples.
        steps: Gradient steps, of `BATCH` examples each.
        hidden: Units of each hidden layer.

    Raises:
        MissingExtraError: PyTorch is not installed.
    """
    joints = len(chain.joints)

    def draw(rng: np.random.Generator) -> Batch:
        _, _, asked, ways, slopes = pairs(chain, rng, BATCH)
        return asked, ways, slopes

    def loss(answers: torch.Tensor, ways: torch.Tensor, slopes: torch.Tensor) -> torch.Tensor:
        off = answers - ways
        moved = (slopes @ off[:, :, None])[:, :, 0]
        return (moved**2).sum(1).mean() + DAMPING * (off**2).sum(1).mean()

    return fit((2 * joints + TWIST, *hidden, joints), draw, loss, seed, steps)


def learn_direct(
    chain: Chain, seed: int = 0, steps: int = 4000, hidden: tuple[int, ...] = (64, 64)
) -> Network:
    """A network for `evoloco.kinematics.direct`: sines and cosines of the angles from a place.

    Args:
        chain: Of hinges. Every place must have one answer within its limits.
        seed: Of weights and examples.
        steps: Gradient steps, of `BATCH` examples each.
        hidden: Units of each hidden layer.

    Raises:
        MissingExtraError: PyTorch is not installed.
    """

    def draw(rng: np.random.Generator) -> Batch:
        angles = rng.uniform(chain.low, chain.high, (BATCH, len(chain.joints)))
        places = np.empty((BATCH, 3))
        _compiled().run_places(chain.links, angles, places)
        return places, np.concatenate([np.sin(angles), np.cos(angles)], 1)

    def loss(answers: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return ((answers - wanted) ** 2).mean()

    return fit((3, *hidden, 2 * len(chain.joints)), draw, loss, seed, steps)


def pairs(
    chain: Chain, rng: np.random.Generator, count: int
) -> tuple[Array, Array, Array, Array, Array]:
    """Pairs of angles within the limits whose tips are near each other.

    Args:
        chain: Of hinges.
        rng: Where they are from.
        count: How many are drawn; those that are not near are left out.

    Returns:
        Starts and goals (m, n), inputs of the network (m, 2 n + 6), ways from start to goal over
        the residual's length [rad/m] (m, n), and how the residual shrinks with the joints at the
        goal (m, 6, n).
    """
    joints = len(chain.joints)
    starts = rng.uniform(chain.low, chain.high, (count, joints))
    way = rng.normal(size=(count, joints))
    way *= LONGEST * rng.uniform(size=(count, 1)) ** 2 / np.linalg.norm(way, axis=1)[:, None]
    goals = np.clip(starts + way, chain.low, chain.high)

    wanted = Wanted(np.zeros(3), np.eye(3), np.zeros(3), np.array([1.0, 1.0, 0.0]))
    asked, ways = np.empty((count, 2 * joints + TWIST)), np.empty((count, joints))
    slopes, near = np.empty((count, TWIST, joints)), np.empty(count, np.bool_)
    _compiled().run(chain.links, wanted, starts, goals, asked, ways, slopes, near)
    return starts[near], goals[near], asked[near], ways[near], slopes[near]


@cache
def _compiled() -> Any:
    """What makes examples, kept on disk."""
    return compiled(_ENTRY, [fill, fill_places])


@jit
def fill(
    links: Links,
    wanted: Wanted,
    starts: Array,
    goals: Array,
    asked: Array,
    ways: Array,
    slopes: Array,
    near: Array,
) -> None:
    """Fills in what `pairs` returns, and which of the pairs are near."""
    work = new_work(links.zero.size)
    for example in range(len(starts)):
        error(links, wanted, goals[example], work)
        fill_normal(links, wanted, work)
        for i in range(TWIST):
            for j in range(links.zero.size):
                slopes[example, i, j] = work.rows[i, j]
        for i in range(3):
            wanted.place[i] = work.frames.place[i]
            for j in range(3):
                wanted.rotation[i, j] = work.frames.rotation[i, j]

        distance, angle, _ = error(links, wanted, starts[example], work)
        near[example] = distance <= NEAR and angle <= TURNED
        length = inputs(starts[example], work, asked[example])
        for j in range(links.zero.size):
            ways[example, j] = (goals[example, j] - starts[example, j]) / length


@jit
def fill_places(links: Links, angles: Array, places: Array) -> None:
    """Fills in the places of the tip [m] (m, 3) at some angles [rad] (m, n)."""
    frames = new_frames(links.zero.size)
    for example in range(len(angles)):
        move(links, angles[example], frames)
        for i in range(3):
            places[example, i] = frames.place[i]


def fit(
    sizes: tuple[int, ...],
    draw: Callable[[np.random.Generator], Batch],
    loss: Loss,
    seed: int,
    steps: int,
) -> Network:
    """A network that has learned from random examples, with Adam and a cosine of the rate.

    On one thread, the same arguments give the same bytes.

    Args:
        sizes: Units of each layer, inputs and outputs included.
        draw: Draws a batch.
        loss: What shall be small.
        seed: Of weights and batches.
        steps: Gradient steps.
    """
    torch = needs("torch", EXTRA)
    rng, threads = np.random.default_rng(seed), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        parameters = [
            torch.tensor(part, dtype=torch.float32, requires_grad=True)
            for inputs_, outputs in pairwise(sizes)
            for part in (rng.normal(0, inputs_**-0.5, (inputs_, outputs)), np.zeros(outputs))
        ]
        optimizer = torch.optim.Adam(parameters, RATE)
        for step in range(steps):
            share = LAST + (1 - LAST) * (1 + math.cos(math.pi * step / steps)) / 2
            optimizer.param_groups[0]["lr"] = RATE * share
            asked, *rest = (torch.from_numpy(part.astype(np.float32)) for part in draw(rng))
            optimizer.zero_grad()
            loss(_forward(torch, parameters, asked), *rest).backward()
            optimizer.step()
    finally:
        torch.set_num_threads(threads)

    arrays = [parameter.detach().numpy() for parameter in parameters]
    return pack(list(zip(arrays[::2], arrays[1::2], strict=True)))


def _forward(torch: Any, parameters: list[Any], signals: Any) -> Any:
    """Outputs of the layers; see `evoloco.kinematics.network.Network`."""
    for matrix, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        signals = torch.nn.functional.silu(signals @ matrix + bias)
    return signals @ parameters[-2] + parameters[-1]
