"""What a check comes to, in words with the numbers behind them."""

from collections.abc import Iterator, Sequence

from evoloco.check.margins import SHARE
from evoloco.check.result import (
    Commanded,
    Exploit,
    Gaits,
    Margin,
    Numerics,
    Tally,
    Tone,
    Trial,
    Verdict,
    Wide,
)
from evoloco.check.second import Second
from evoloco.check.words import interval, percent
from evoloco.gait.following import WITHIN
from evoloco.report.words import counted

SURVIVES = 0.01
"""Largest share of falls at full width with which a gait survives [1]."""

MOSTLY = 0.1
"""Largest share with which it mostly survives [1]."""

FAR = 0.75
"""Least way of the worst tenth of worlds with which it goes on [of the nominal one]."""

GOES = 0.5
"""Least share of the nominal worlds in which a gait must go forward [1]."""

SAME = 0.1
"""Largest change of way by other numerics that says nothing [of the nominal one]."""

NAMED = 3
"""Largest number of gaps that a sentence names."""


def verdict(
    nominal: Tally,
    wide: Sequence[Wide],
    gaps: Sequence[Trial],
    margins: Sequence[Margin],
    numerics: Sequence[Numerics],
    gaits: Gaits,
    commanded: Commanded | None,
    exploits: Sequence[Exploit] | None,
    duration: float,
    second: Second | None = None,
) -> Verdict:
    """Returns what a check comes to.

    | badge            | condition                                                             |
    |------------------|-----------------------------------------------------------------------|
    | does not walk    | in less than half of the nominal worlds it walks, runs or hops        |
    | survives         | at most `SURVIVES` of the worlds at full width end in a fall          |
    | mostly survives  | at most `MOSTLY`                                                      |
    | falls            | more                                                                  |

    The first condition that holds counts, so a body that only stands never survives. It is "fair"
    at best where the worst tenth of the worlds goes less than `FAR` of the nominal way, where other
    numerics fell it, where a sign of an exploit is suspicious, or where it goes on with too few
    contacts of a second simulator.

    Args:
        nominal: In worlds that differ by the pose at the start only.
        wide: All gaps at once, full width among them.
        gaps: One by one, the worst first.
        margins: Of the gaps.
        numerics: Other time steps and integrators.
        gaits: What it does.
        commanded: With the run's own commands; None where it asks for nothing.
        exploits: Signs that it lives on errors of the simulation; None where nothing looked.
        duration: Of a completed episode [s].
        second: In another simulator; None where it was not asked for.
    """
    full = next(one.tally for one in wide if one.width == 1.0)
    badge, tone = _badge(full, nominal, gaits)
    doubts = [
        full.worst_tenth < FAR * nominal.distance,
        any(one.tally.share > max(MOSTLY, nominal.share) for one in numerics),
        any(one.suspicious for one in exploits or ()),
        second is not None and second.doubtful,
    ]
    if tone == "good" and any(doubts):
        tone = "fair"

    sentences = [
        _first(badge, full, nominal, gaits, duration),
        *_unsteady(nominal),
        _ways(full, nominal, duration),
        *_follows(commanded),
        _wider(wide),
        _worst(gaps),
        *(_narrow(margins) if nominal.share < SHARE else ()),
        *_numerics(numerics, nominal),
        *(second.sentences(duration) if second else ()),
        *_quality(gaits),
        *(one.sentence for one in exploits or () if one.suspicious),
    ]
    return Verdict(badge=badge, tone=tone, sentences=tuple(sentences))


def _badge(full: Tally, nominal: Tally, gaits: Gaits) -> tuple[str, Tone]:
    """Returns the badge and its tone."""
    if nominal.share <= GOES and gaits.goes < GOES * nominal.worlds:
        return "does not walk", "bad"
    if full.share <= SURVIVES:
        return "survives", "good"
    return ("mostly survives", "fair") if full.share <= MOSTLY else ("falls", "bad")


def _first(badge: str, full: Tally, nominal: Tally, gaits: Gaits, duration: float) -> str:
    """Returns whether it survives."""
    falls = (
        f"{full.falls} of {full.worlds} hidden worlds at full width ended in a fall "
        f"({interval(full)})"
    )
    if badge == "does not walk":
        does = next(iter(gaits.nominal))
        return (
            f"It does not walk: it {does} where nothing differs, {nominal.distance:.2g} m forward "
            f"in {duration:g} s; {falls}."
        )
    where = {"survives": "It survives", "mostly survives": "It mostly survives"}
    return f"{where.get(badge, 'It falls')}: {falls}."


def _unsteady(nominal: Tally) -> Iterator[str]:
    """Yields in how many worlds it falls where nothing differs."""
    if nominal.falls:
        yield (
            f"It falls in {nominal.falls} of {nominal.worlds} worlds in which nothing differs but "
            f"the pose at the start ({interval(nominal)})."
        )


def _ways(full: Tally, nominal: Tally, duration: float) -> str:
    """Returns how far it goes."""
    sentence = (
        f"It goes {nominal.distance:.3g} m in {duration:g} s where nothing differs, and "
        f"{full.distance:.3g} m on average at full width"
    )
    if nominal.distance > 0:
        share = full.worst_tenth / nominal.distance
        sentence += f"; the worst tenth of those worlds covers {percent(share)} of the nominal way"
    return f"{sentence}."


def _follows(commanded: Commanded | None) -> Iterator[str]:
    """Yields in how many worlds it follows the commands of its run."""
    if commanded is not None:
        tally = commanded.tally
        yield (
            f"With the commands of its run it falls in {tally.falls} of {tally.worlds} worlds at "
            f"full width, and follows them, within {percent(WITHIN)}, in {commanded.follows}."
        )


def _wider(wide: Sequence[Wide]) -> str:
    """Returns the falls at the other widths."""
    parts = [
        f"{one.tally.falls} of {one.tally.worlds} at {one.width:g} times the width"
        for one in wide
        if one.width != 1.0
    ]
    return f"Falls with all gaps at once: {', '.join(parts)}."


def _worst(gaps: Sequence[Trial]) -> str:
    """Returns the single gaps that fell it."""
    felling = [one for one in gaps if one.tally.falls]
    if not felling:
        worlds = gaps[0].tally.worlds
        return f"No single gap fells it at its full width, in {counted(worlds, 'world')} each."
    named = ", ".join(
        f"{one.label} ({one.extent}: {one.tally.falls} of {one.tally.worlds})"
        for one in felling[:NAMED]
    )
    more = len(felling) - NAMED
    rest = f", and {more} more" if more > 0 else ""
    return f"Of the gaps one by one, these fell it: {named}{rest}."


def _narrow(margins: Sequence[Margin]) -> Iterator[str]:
    """Yields the smallest margins."""
    ended = [(one.fails, one) for one in margins if one.fails is not None]
    if not ended:
        yield "No single gap fells 1 in 10 at any width tried."
        return
    smallest = sorted(ended, key=lambda each: each[0])[:NAMED]
    named = "; ".join(_margin(one) for _, one in smallest)
    yield f"1 in 10 falls first with {named}."


def _margin(margin: Margin) -> str:
    if margin.holds is None:
        return f"{margin.label}, whatever its width ({margin.fails_extent} is enough)"
    return (
        f"{margin.label} between {margin.holds:.3g} and {margin.fails:.3g} times its width "
        f"({margin.fails_extent})"
    )


def _numerics(numerics: Sequence[Numerics], nominal: Tally) -> Iterator[str]:
    """Yields what other numerics change."""
    changed = [
        one
        for one in numerics
        if one.tally.share > nominal.share + SURVIVES
        or abs(one.tally.distance - nominal.distance) > SAME * abs(nominal.distance)
    ]
    if not changed:
        labels = " or ".join(one.label for one in numerics)
        yield f"With {labels} it goes as far, within {percent(SAME)}."
        return
    for one in changed:
        yield (
            f"With {one.label} it falls in {one.tally.falls} of {one.tally.worlds} nominal worlds "
            f"and goes {one.tally.distance:.3g} m instead of {nominal.distance:.3g} m."
        )


def _quality(gaits: Gaits) -> Iterator[str]:
    """Yields what of the gait is beyond its bound."""
    for one in gaits.numbers:
        if not one.within and one.worst is not None and one.bound is not None:
            side = "above" if one.worst > one.bound else "below"
            unit = "" if one.unit == "1" else f" {one.unit}"
            name = one.name.replace("_", " ").capitalize()
            yield f"{name} is {one.worst:.3g}{unit}, {side} {one.bound:g}{unit}."
