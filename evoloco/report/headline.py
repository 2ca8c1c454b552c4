"""What the page says first: the verdict, and the champion's numbers over all held-out scenarios."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evoloco.ending import Outcome
from evoloco.gait.analysis import WARM_UP
from evoloco.gait.following import WITHIN
from evoloco.gait.strides import Spread, spread
from evoloco.gait.verdict import Manner, summary, tally
from evoloco.report.findings import Attempt, Findings
from evoloco.report.video import filmed
from evoloco.report.words import number

TONE = {
    Manner.WALKING: "good",
    Manner.RUNNING: "good",
    Manner.HOPPING: "good",
    Manner.ALTERNATING: "good",
    Manner.FELL: "bad",
    Manner.DIVERGED: "bad",
}
"""How the badge is coloured; every other kind is "fair", and so is one whose limbs touch."""


class Headline(NamedTuple):
    """The verdict.

    Attributes:
        badge: What the champion does most often, such as "walks".
        tone: "good", "fair" or "bad".
        tally: In how many scenarios it does what, as a sentence.
        shown: What it does in the episode shown, as a sentence.
    """

    badge: str
    tone: str
    tally: str
    shown: str


class Tile(NamedTuple):
    """One number at the top of the page.

    Attributes:
        label: Its name.
        value: Mean and standard deviation over the scenarios that have one.
        unit: Its unit.
        note: What stands below it.
        meaning: What it is.
    """

    label: str
    value: Spread
    unit: str
    note: str = ""
    meaning: str = ""


def headline(findings: Findings) -> Headline:
    """Returns the verdict on the champion."""
    verdicts = [attempt.verdict for attempt in findings.attempts]
    counts = tally(verdicts)
    badge = counts[0][0]
    found = next(each for each in verdicts if each.verb == badge)
    tone = "fair" if found.touching else TONE.get(found.manner, "fair")
    return Headline(badge, tone, summary(verdicts, planned(findings)), _shown(findings))


def planned(findings: Findings) -> float:
    """Returns the planned duration of a held-out episode [s]."""
    return findings.episode.planned * findings.episode.control_dt


def _shown(findings: Findings) -> str:
    """Returns what the champion does in the episode shown."""
    found, gait = findings.attempts[0].verdict, findings.gait
    where = f"In scenario 1 of {len(findings.attempts)}, which the page shows, it {found.verb}"
    if gait.outcome is not Outcome.COMPLETED:
        return f"{where} after {number(gait.duration)} s: {findings.episode.ending}."
    if gait.duration <= WARM_UP:
        return f"{where}: {found.why}."
    return f"{where} at {number(abs(gait.speed))} m/s: {found.why}."


def tiles(findings: Findings) -> list[Tile]:
    """Returns the champion's numbers over the held-out scenarios of `lasting`."""
    attempts = lasting(findings)
    wanted = findings.wanted_speed
    note = f"wanted: {_range(wanted)} m/s" if wanted else ""

    found = [
        Tile("speed", _over(attempts, "speed"), "m/s", note, "mean after the warm-up"),
        Tile("stride frequency", _over(attempts, "stride_frequency"), "Hz"),
        Tile(
            "mechanical cost of transport",
            _over(attempts, "mechanical_cost"),
            "1",
            meaning="positive work of the actuators / (weight distance)",
        ),
        Tile(
            "electrical cost of transport",
            _over(attempts, "electrical_cost"),
            "1",
            meaning="energy drawn by the motors / (weight distance)",
        ),
        Tile(
            "metabolic cost of transport",
            _over(attempts, "effort"),
            "J/kg/m",
            meaning="metabolic energy after Wang / (mass distance)",
        ),
    ]
    found = [tile for tile in found if tile.value.samples or tile.label == "speed"]
    if findings.attempts[0].followed:
        found.insert(1, _followed(findings.attempts))
    fitness = Spread(findings.held_out.fitness, math.nan, len(findings.attempts))
    return [*found, Tile("held-out fitness", fitness, "1", "aggregated over all scenarios")]


def _followed(attempts: Sequence[Attempt]) -> Tile:
    """Returns in how many scenarios the command was followed."""
    good = sum(attempt.follows for attempt in attempts)
    return Tile(
        "command followed",
        Spread(good, math.nan, len(attempts)),
        f"of {len(attempts)}",
        f"scenarios, within {100 * WITHIN:.0f} %",
        "scenarios without a fall in which speed and turning rate are within this of the command "
        "in every stage",
    )


def lasting(findings: Findings) -> list[Attempt]:
    """Returns the attempts that lasted as long as planned, or all if none did."""
    whole = [each for each in findings.attempts if each.gait.outcome is Outcome.COMPLETED]
    return whole or list(findings.attempts)


def basis(findings: Findings) -> str:
    """Returns what the tiles are means of."""
    total, duration = len(findings.attempts), f"{number(planned(findings))} s"
    ends = [each.gait.outcome is Outcome.COMPLETED for each in findings.attempts]
    if total == 1:
        return f"In the one held-out scenario of {duration}, after the warm-up."

    which = f"{sum(ends)} of {total} held-out scenarios, those that lasted {duration},"
    if all(ends):
        which = f"{total} held-out scenarios of {duration}"
    if not any(ends):
        which = f"{total} held-out scenarios, none of which lasted {duration},"
    return f"Mean ± standard deviation over {which} after the warm-up."


def film_caption(findings: Findings) -> str:
    """Returns what the film shows."""
    episode, count = findings.episode, len(findings.attempts)
    shown, lived = filmed(episode), episode.duration
    part = (
        f"the first {number(shown)} s of {number(lived)} s"
        if shown < lived
        else (f"all {number(lived)} s")
    )
    caption = f"Held-out scenario 1 of {count}, seed {findings.seed}, {part} in real time."
    if lived <= WARM_UP:
        return caption
    speed = f"{number(findings.gait.speed)} m/s"
    return f"{caption} The speed of the whole episode after the warm-up is {speed}."


def _range(ends: tuple[float, float]) -> str:
    """Returns a range of numbers, or the number if both ends are one."""
    low, high = map(number, ends)
    return low if low == high else f"{low} to {high}"


def _over(attempts: Sequence[Attempt], name: str) -> Spread:
    """Returns a quantity of the gait over the scenarios that have it.

    A scenario that ended within the warm-up has none.
    """
    gaits = [attempt.gait for attempt in attempts if attempt.gait.duration > WARM_UP]
    return spread(np.array([getattr(gait, name) for gait in gaits], dtype=float))
