"""How many goals something reaches one after another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evoloco.dexterity.actors import Actor
from evoloco.dexterity.table import Kind
from evoloco.dexterity.worlds import See, Worlds
from evoloco.hand import Hand

WORLDS = 50
"""Worlds that a policy is judged on."""

HELD_OUT = 1_000_000
"""Added to a seed for worlds that no training has."""


@dataclass(frozen=True)
class Judged:
    """What came of one episode in each of several worlds.

    Attributes:
        goals: Reached one after another (n,).
        dropped: Whether the block was dropped in the end, or the simulation diverged (n,).
        steps: Control steps of the episodes (n,).
    """

    goals: NDArray[np.int64]
    dropped: NDArray[np.bool_]
    steps: NDArray[np.int64]

    @property
    def median(self) -> float:
        """Of the goals."""
        return float(np.median(self.goals))


def judge(
    hand: Hand,
    actor: Actor,
    kind: Kind,
    seed: int,
    count: int = WORLDS,
    see: See | None = None,
    first: int = 0,
    most: int = 0,
) -> Judged:
    """Lets something act for one episode in each of several held-out worlds.

    Args:
        hand: The hand.
        actor: That acts in all of them.
        kind: Of worlds.
        seed: Of worlds.
        count: Number of worlds.
        see: Finds the block in pictures, if the actor shall not be told its place.
        first: Number of the first world.
        most: Goals after which an episode ends, if fewer than usual.
    """
    worlds = Worlds(hand, count, kind, HELD_OUT + seed, again=False, see=see, first=first)
    begun = np.ones(count, bool)
    goals, dropped, steps = np.zeros(count, int), np.zeros(count, bool), np.zeros(count, int)
    while not worlds.over.all():
        alive = ~worlds.over
        happened = worlds.step(actor.best(worlds.seen(), begun))
        begun = np.zeros(count, bool)
        goals = np.where(alive, happened.goals, goals)
        dropped = np.where(alive, happened.dropped, dropped)
        steps += alive
        if most:
            worlds.over |= goals >= most
    return Judged(goals, dropped, steps)
