"""Memetic inverse kinematics: species of angles evolve, and each one's best descends to the goal.

After BioIK (Ruppel et al., 2018, Cost functions to specify full-body motion and multi-goal
manipulation tasks, doi:10.1109/ICRA.2018.8460799; Starke et al., 2017, A memetic evolutionary
algorithm for real-time articulated kinematic motion, doi:10.1109/CEC.2017.7969605). Three things
differ. The best descend by Levenberg-Marquardt steps, not by gradients and line searches, and do so
in every generation, not in every eighth. Mutations are larger, since the descents do what BioIK's
small ones are for. All errors are exact, not those of a linear model.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from evoloco.fields import Array
from evoloco.kinematics.chain import Chain
from evoloco.kinematics.descent import Tolerance, Work, copy, descend, error, new_work
from evoloco.kinematics.draw import draw
from evoloco.kinematics.forward import Links
from evoloco.kinematics.goal import Goal, Wanted
from evoloco.kinematics.solution import Solution
from evoloco.sim.cache import compiled
from evoloco.sim.native import jit
from evoloco.sim.philox import gaussian, philox, uniform

STREAM = 0x3E3E
"""Second half of the random numbers' key, which no other solver uses."""

SPECIES, PARENTS, CHILDREN = 2, 2, 16
"""Species, individuals that survive in each, and children of a generation, as in BioIK."""

SMALLEST, OCTAVES = 2.0**-17, 16
"""Smallest mutation over a joint's range, and how often it may be doubled [1]. In BioIK the
smallest is 2^-23."""

INHERITED, SECOND = 0.7, 0.2
"""Share of a parent's momentum in a child's, and of the second parent's momentum [1]."""

DESCENT = 16
"""Most steps of the best of a species in a generation."""

STALE, PATIENCE = 0.7, 2
"""A generation that leaves more of the error than this share is stale; after more than so many
stale ones in a row, a species begins anew."""

WIPEOUT = 0.1
"""Probability that the worse species begins anew after a generation."""

_ENTRY = '''"""Memetic inverse kinematics; made by evoloco, may be deleted."""

import numba

from evoloco.kinematics.memetic import search


@numba.njit(error_model="numpy", cache=True)
def run(links, wanted, tolerance, start, seed, generations):
    return search(links, wanted, tolerance, start, seed, generations)
'''


class Swarm(NamedTuple):
    """Individuals of all species, the fittest of each first.

    Attributes:
        genes: Positions of the joints [rad or m] (species, parents, n).
        momentum: Ways that they came [rad or m] (species, parents, n).
        cost: Half the sums of squares of their residuals [m²] (species, parents).
        children: Genes of a generation's children (children, n).
        moved: Their momentum (children, n).
        stale: Stale generations in a row (species,).
    """

    genes: Array
    momentum: Array
    cost: Array
    children: Array
    moved: Array
    stale: Array


def solve(
    chain: Chain,
    goal: Goal,
    start: Array | None = None,
    seed: int = 0,
    generations: int = 300,
    tolerance: Tolerance = Tolerance(),  # noqa: B008 - a tuple cannot change
) -> Solution:
    """Finds positions of the joints that meet a goal.

    The same arguments give the same bytes. An unreachable goal takes all generations.

    Args:
        chain: The chain.
        goal: What its tip shall do.
        start: An individual of the first species (n,); the middle of the limits where absent.
        seed: Of all other individuals, of mutations and wipe-outs, at least 0.
        generations: Most generations.
        tolerance: How near to the goal solves it.

    Raises:
        GoalError: The goal cannot be used.
        ModelError: The start has more or fewer numbers than the chain has joints.
    """
    begin, wanted = chain.begin(start), goal.wanted()
    found = _run()(chain.links, wanted, tolerance, begin, np.uint64(seed), max(generations, 1))
    return Solution(*found)


@cache
def _run() -> Any:
    """The compiled search, kept on disk."""
    return compiled(_ENTRY, [search]).run


@jit
def search(
    links: Links,
    wanted: Wanted,
    tolerance: Tolerance,
    start: Array,
    seed: int,
    generations: int,
) -> tuple[Array, bool, float, float, int]:
    """Evolves until an individual solves the goal; for the arguments see `solve`."""
    joints = start.size
    work, q, best = new_work(joints), start.copy(), start.copy()
    swarm = Swarm(
        np.empty((SPECIES, PARENTS, joints)),
        np.empty((SPECIES, PARENTS, joints)),
        np.empty((SPECIES, PARENTS)),
        np.empty((CHILDREN, joints)),
        np.empty((CHILDREN, joints)),
        np.empty(SPECIES),
    )
    for species in range(SPECIES):
        _begin(links, wanted, seed, species, swarm, work)
    copy(start, swarm.genes[0, 0])

    least = np.inf
    for generation in range(generations):
        for species in range(SPECIES):
            before = swarm.cost[species, 0]
            _evolve(links, wanted, seed, generation, species, swarm, work)
            copy(swarm.genes[species, 0], q)
            solved, _ = descend(links, wanted, tolerance, q, DESCENT, work)
            distance, angle, cost = error(links, wanted, q, work)
            if solved:
                return q, True, distance, angle, generation + 1

            copy(q, swarm.genes[species, 0])
            swarm.cost[species, 0] = cost
            if cost < least:
                least = cost
                copy(q, best)
            stale = cost > STALE * before
            swarm.stale[species] = swarm.stale[species] + 1 if stale else 0
        _wipe_out(links, wanted, seed, generation, swarm, work)

    distance, angle, _ = error(links, wanted, best, work)
    return best, False, distance, angle, generations


@jit
def _begin(links: Links, wanted: Wanted, seed: int, number: int, swarm: Swarm, work: Work) -> None:
    """Fills a species with random individuals. Numbers are species, counted on at each wipe-out."""
    species = number % SPECIES
    swarm.stale[species] = 0
    for parent in range(PARENTS):
        draw(links, seed, STREAM, PARENTS * number + parent, swarm.genes[species, parent])
        _, _, swarm.cost[species, parent] = error(links, wanted, swarm.genes[species, parent], work)
        for j in range(links.zero.size):
            swarm.momentum[species, parent, j] = 0.0


@jit
def _evolve(
    links: Links,
    wanted: Wanted,
    seed: int,
    generation: int,
    species: int,
    swarm: Swarm,
    work: Work,
) -> None:
    """Makes children and keeps the fittest of them and their parents."""
    for child in range(CHILDREN):
        _reproduce(links, seed, generation, species, child, swarm)
    for child in range(CHILDREN):
        _, _, cost = error(links, wanted, swarm.children[child], work)
        if cost < swarm.cost[species, 0]:
            _put(swarm.genes[species, 0], swarm.momentum[species, 0], swarm, species, 1)
            swarm.cost[species, 1] = swarm.cost[species, 0]
            _put(swarm.children[child], swarm.moved[child], swarm, species, 0)
            swarm.cost[species, 0] = cost
        elif cost < swarm.cost[species, 1]:
            _put(swarm.children[child], swarm.moved[child], swarm, species, 1)
            swarm.cost[species, 1] = cost


@jit
def _put(genes: Array, momentum: Array, swarm: Swarm, species: int, parent: int) -> None:
    """Makes genes and a momentum those of a parent."""
    copy(genes, swarm.genes[species, parent])
    copy(momentum, swarm.momentum[species, parent])


@jit
def _reproduce(
    links: Links, seed: int, generation: int, species: int, child: int, swarm: Swarm
) -> None:
    """Makes a child of one parent's genes and both parents' momentum.

    With a joint's range s, k uniform in 0 ... 15 and f = 0, 1, 2 in turn (BioIK's `reproduce`):

        child = parent + f momentum + 2^k `SMALLEST` s N(0, 1), within the limits

    Every other child adds a share of the second parent's momentum. A child's momentum is a mean of
    its parent's and the way from its parent.
    """
    joints = links.zero.size
    bits, octave, _, _ = philox(joints, child, generation, species, seed, STREAM + 1)
    parent = int(PARENTS * uniform(bits))
    scale = SMALLEST * 2.0 ** int(OCTAVES * uniform(octave))
    share = SECOND if child % 2 == 0 else 0.0
    for j in range(joints):
        u, v, _, _ = philox(j, child, generation, species, seed, STREAM + 1)
        span = links.high[j] - links.low[j]
        own = swarm.momentum[species, parent, j]
        step = (child % 3) * (own + share * swarm.momentum[species, 1 - parent, j])
        gene = swarm.genes[species, parent, j]
        moved = gene + step + scale * span * gaussian(uniform(u), uniform(v))
        moved = min(max(moved, links.low[j]), links.high[j])
        swarm.children[child, j] = moved
        swarm.moved[child, j] = INHERITED * own + (1.0 - INHERITED) * (moved - gene)


@jit
def _wipe_out(
    links: Links, wanted: Wanted, seed: int, generation: int, swarm: Swarm, work: Work
) -> None:
    """Begins stale species anew, and by chance the worse one."""
    worse = 0 if swarm.cost[0, 0] > swarm.cost[1, 0] else 1
    bits, _, _, _ = philox(0, generation, 0, 0, seed, STREAM + 2)
    for species in range(SPECIES):
        chosen = species == worse and uniform(bits) < WIPEOUT
        if chosen or swarm.stale[species] > PATIENCE:
            number = SPECIES * (generation + 1) + species
            _begin(links, wanted, seed, number, swarm, work)
