"""What kind of gait it is: walking, running, hopping and so on, in the terms of gait analysis."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from evoloco.ending import Outcome
from evoloco.gait.analysis import WARM_UP, Gait
from evoloco.genome import Array

SHARE = 0.02
"""Shortest part of a stride that counts as a phase of it, such as a flight; also the part of the
time from which on contacts that should not be there count [1]."""

IN_TURN = (0.4, 0.6)
"""Phase lags of feet that alternate [1]: half a stride apart, or nearly so."""

TOGETHER = 0.1
"""Largest phase lag of feet that come down together [1]."""

CREEP = 0.02
"""Least speed of a body that moves, over sqrt(g leg length) [1]: 0.03 m/s on legs of 0.3 m."""

SLIDING = 0.2
"""Mean speed of loaded feet over the ground from which a gait shuffles [of the body's speed]."""


class Manner(StrEnum):
    """Kinds of gait, each with the verb that a sentence says.

    | kind           | condition                                                               |
    |----------------|-------------------------------------------------------------------------|
    | `DIVERGED`     | the simulation diverged or failed                                       |
    | `FELL`         | the episode ended in a fall                                             |
    | `BRIEF`        | the episode ended within the warm-up                                    |
    | `CRAWLING`     | something but the feet touches the ground                               |
    | `STANDING`     | no foot steps and the body does not move                                |
    | `STEPPING`     | feet step and the body does not move                                    |
    | `SHUFFLING`    | it moves without flight, and feet slide or one never leaves the ground  |
    | `HOPPING`      | one foot steps, or all do together, with flight                         |
    | `ASYMMETRICAL` | neither in turn nor together, or both double support and flight         |
    | `WALKING`      | in turn, with double support                                            |
    | `RUNNING`      | in turn, with flight                                                    |
    | `ALTERNATING`  | in turn, with neither                                                   |

    The first condition that holds counts. Of two feet in turn, the part of the
    stride in double support less that in flight is twice the mean duty factor
    less 1. So walking has a mean duty factor above 0.5, and running one below.
    More than two feet walk above 0.5 without flight, and run below 0.5 with it.

    References:
        Hildebrand, 1965, Symmetrical gaits of horses, doi:10.1126/science.150.3697.701 (walks and
        runs by duty factor, symmetrical gaits by phase lag).
        Alexander, 1989, Optimization and gaits in the locomotion of vertebrates,
        doi:10.1152/physrev.1989.69.4.1199.
    """

    DIVERGED = "diverges"
    FELL = "falls"
    BRIEF = "is too brief to judge"
    CRAWLING = "crawls"
    STANDING = "stands"
    STEPPING = "steps in place"
    SHUFFLING = "shuffles"
    HOPPING = "hops"
    ASYMMETRICAL = "steps unevenly"
    WALKING = "walks"
    RUNNING = "runs"
    ALTERNATING = "alternates without double support"


@dataclass(frozen=True)
class Verdict:
    """What kind of gait an episode shows.

    A gait whose legs touch each other is one that a robot can hardly have: legs of metal rub where
    those of the simulation push each other aside. So it keeps its kind, the verb says that limbs
    touch, and it does not count as walking.

    Attributes:
        manner: The kind.
        why: The numbers that decided, as a clause.
        backward: Whether it moves backward.
        touching: Whether parts of the robot touch each other, for `SHARE` of the time or longer.
    """

    manner: Manner
    why: str
    backward: bool = False
    touching: bool = False

    @property
    def walks(self) -> bool:
        """Whether it walks forward, and its limbs keep clear of each other."""
        return self.manner is Manner.WALKING and not self.backward and not self.touching

    @property
    def verb(self) -> str:
        """What the body does, such as "walks" or "hops backward with limbs touching"."""
        way = " backward" if self.backward else ""
        limbs = " with limbs touching" if self.touching else ""
        return f"{self.manner.value}{way}{limbs}"


class Support(NamedTuple):
    """Parts of the strides, by the number of feet on the ground [1].

    Attributes:
        flight: No foot stands.
        single: One foot stands.
        double: Two feet or more stand.
    """

    flight: float
    single: float
    double: float


def verdict(gait: Gait) -> Verdict:
    """Says what kind of gait this is; `Manner` lists the conditions."""
    if gait.outcome is Outcome.FELL:
        return Verdict(Manner.FELL, f"it fell after {gait.duration:.3g} s")
    if gait.outcome is not Outcome.COMPLETED:
        return Verdict(Manner.DIVERGED, f"the simulation ended after {gait.duration:.3g} s")
    if gait.duration <= WARM_UP:
        return Verdict(Manner.BRIEF, f"the warm-up alone lasts {WARM_UP:g} s")
    if gait.body_contact > SHARE:
        touch = f"something but the feet touches the ground {_percent(gait.body_contact)}"
        return _limbs(gait, Verdict(Manner.CRAWLING, f"{touch} of the time"))

    moves = math.sqrt(max(gait.froude, 0.0)) >= CREEP  # false for NaN
    return _limbs(gait, _of_steps(gait, moves))


def _limbs(gait: Gait, found: Verdict) -> Verdict:
    """Returns a verdict that says too whether parts of the robot touch each other."""
    if gait.self_contact <= SHARE:
        return found
    touch = f"parts of the robot touch each other {_percent(gait.self_contact)} of the time"
    return replace(found, why=f"{found.why}; {touch}", touching=True)


def _of_steps(gait: Gait, moves: bool) -> Verdict:
    """Returns the verdict on a body that stays up on its feet."""
    stepping = [foot for foot, count in enumerate(gait.steps) if count > 1]
    pressed = gait.stance.mean(axis=0) > SHARE
    dragged = [
        name
        for name, count, on in zip(gait.feet, gait.steps, pressed, strict=True)
        if count < 2 and on
    ]
    speed = f"{abs(gait.speed):.2g} m/s"
    backward = moves and gait.speed < 0

    if not moves:
        if stepping:
            return Verdict(Manner.STEPPING, f"the feet step, and the body moves at {speed}")
        return Verdict(Manner.STANDING, "no foot takes a stride, and the body does not move")
    if dragged or not stepping:
        feet = " and ".join(name.replace("_", " ") for name in dragged) or "no foot"
        does = "never steps" if dragged else "takes a stride"
        return Verdict(Manner.SHUFFLING, f"{feet} {does}, at {speed}", backward)
    slides = gait.slip > SLIDING * abs(gait.speed)
    if slides and supports(gait).flight < SHARE:
        slip = f"loaded feet slide at {gait.slip:.2g} m/s, the body moves at {speed}"
        return Verdict(Manner.SHUFFLING, slip, backward)

    manner, why = _of_strides(gait, stepping)
    return Verdict(manner, why, backward)


def _of_strides(gait: Gait, stepping: Sequence[int]) -> tuple[Manner, str]:
    """Returns kind and reason of a gait with strides, from the feet that step."""
    support, lag = supports(gait), gait.phase_lag
    flies = support.flight >= SHARE
    if len(stepping) == 1:
        return (Manner.HOPPING if flies else Manner.SHUFFLING), _phases(gait, support)

    if len(gait.feet) == 2 and math.isnan(lag):
        return Manner.ASYMMETRICAL, "the feet never step within the same strides"

    apart = min(lag, 1 - lag)  # NaN if the body has no pair of feet
    if apart <= TOGETHER:
        why = f"the feet come down together (phase lag {lag:.2f}); {_phases(gait, support)}"
        return (Manner.HOPPING if flies else Manner.ASYMMETRICAL), why
    if apart < IN_TURN[0]:
        return Manner.ASYMMETRICAL, f"phase lag {lag:.2f}, where feet in turn have 0.5"

    overlaps = support.double >= SHARE
    if len(gait.feet) > 2:
        overlaps = float(np.mean([gait.duty_factor[foot] for foot in stepping])) > 0.5
    kinds = {
        (True, False): Manner.WALKING,
        (False, True): Manner.RUNNING,
        (False, False): Manner.ALTERNATING,
        (True, True): Manner.ASYMMETRICAL,
    }
    return kinds[overlaps, flies], _phases(gait, support)


def supports(gait: Gait) -> Support:
    """Returns the parts of the strides with no foot, one foot and more feet on the ground.

    They are those of whole strides after the warm-up, of the foot that took the
    most. All are NaN if no foot took one.
    """
    foot = int(np.argmax(gait.steps))
    if gait.steps[foot] < 2:
        return Support(math.nan, math.nan, math.nan)

    times = settled(gait, foot)
    inside = (gait.time >= times[0]) & (gait.time < times[-1])
    standing = gait.stance[inside].sum(axis=1)
    return Support(
        float((standing == 0).mean()), float((standing == 1).mean()), float((standing > 1).mean())
    )


def settled(gait: Gait, foot: int) -> Array:
    """Returns the times [s] at which a foot comes down after the warm-up."""
    times = gait.touchdown[foot]
    return times[len(times) - gait.steps[foot] :]


def tally(verdicts: Sequence[Verdict]) -> list[tuple[str, int]]:
    """Returns what the bodies do and how many do it, the most frequent first."""
    return Counter(each.verb for each in verdicts).most_common()


def summary(verdicts: Sequence[Verdict], duration: float) -> str:
    """Returns in how many held-out scenarios a body does what, as a sentence.

    Args:
        verdicts: One per scenario, at least one.
        duration: Planned duration of each scenario [s].
    """
    (verb, most), *others = tally(verdicts)
    where = f"{most} of {len(verdicts)} held-out scenarios"
    if len(verdicts) == 1:
        where = "the one held-out scenario"
    rest = "".join(f"; it {other} in {count}" for other, count in others)
    return f"It {verb} in {where} of {duration:.3g} s{rest}."


def _phases(gait: Gait, support: Support) -> str:
    """Returns duty factors and the parts of the stride, as a clause."""
    duty = " and ".join(f"{value:.2f}" for value in gait.duty_factor if not math.isnan(value))
    both = (
        f"double support {_percent(support.double)}"
        if support.double >= SHARE
        else "no double support"
    )
    flight = f"flight {_percent(support.flight)}" if support.flight >= SHARE else "no flight"
    parts = [both, flight] if len(gait.feet) > 1 else [flight]
    return f"duty factor {duty}, {', '.join(parts)}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
