"""All items of a check, one after the other; finished ones are read from the log."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from evoloco.check.bench import Bench, Endings
from evoloco.check.gaps import Gap, beyond, gaps
from evoloco.check.log import Log
from evoloco.check.margins import HALVINGS, SHARE, bracket
from evoloco.check.numerics import variants
from evoloco.check.quality import Look, numbers
from evoloco.check.result import (
    Commanded,
    Exploit,
    Gaits,
    Map,
    Margin,
    Numerics,
    Seen,
    Settings,
    Step,
    Tally,
    Trial,
    Wide,
)
from evoloco.check.second import Outing, Second
from evoloco.check.sight import Sight, sights
from evoloco.check.worlds import NEAR, Part, scenarios
from evoloco.drake.contact import Contact, contacts
from evoloco.errors import EvolocoError
from evoloco.experiment import Experiment
from evoloco.spec import CommandSpec
from evoloco.unheard import unheard

WIDTHS = (0.5, 1.0, 1.25, 1.5)
"""Widths of the worlds with all gaps at once."""

UPWARD = (2.0, 4.0)
"""Widths above 1 that margins try."""

GRID = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Widths of either gap of the map."""

FULL = 1.0
"""Width of the preset itself."""


class Progress(NamedTuple):
    """How far a check is.

    Attributes:
        what: Is measured now.
        done: Episodes simulated, or read from the log.
        total: Episodes in all, as far as that is known.
    """

    what: str
    done: int
    total: int


@dataclass(frozen=True)
class Survey:
    """What the champion of a run does in worlds.

    Args:
        bench: Where it is simulated.
        settings: How much is tried.
        log: Of what is measured.
        show: Called before each measurement.
    """

    bench: Bench
    settings: Settings
    log: Log
    show: Callable[[Progress], object] = unheard

    @cached_property
    def _gaps(self) -> tuple[list[Gap], list[str]]:
        return gaps(self.bench.experiment)

    @cached_property
    def _sights(self) -> list[Sight]:
        return sights(self.bench.experiment)

    @property
    def gaps(self) -> list[Gap]:
        """Those of the preset that the body has."""
        return self._gaps[0]

    @property
    def left_out(self) -> list[str]:
        """What of the preset the body lacks, a sentence each."""
        why = self._signs["why"]
        return [*self._gaps[1], *([why] if why else [])]

    @cached_property
    def start(self) -> float:
        """Standard deviation of the start angles in worlds that are not about them [rad]."""
        return NEAR * max(gap.joint_noise or 0.0 for gap in self.gaps)

    @cached_property
    def cost(self) -> "Cost":
        """What was measured so far."""
        return Cost(self._planned())

    # One measurement

    def tally(self, what: str, parts: Sequence[Part], worlds: int) -> Tally:
        """Returns what happens in worlds with gaps of some widths."""
        name = " ".join([*(f"{gap.name}={width:g}" for gap, width in parts), f"x{worlds}"])

        def measure() -> dict[str, Any]:
            experiment = self._sensing(parts)
            drawn = scenarios(experiment, parts, self.start, worlds)
            return vars(self.bench.endings(experiment, drawn))

        return _tally(self._measured(name, what, worlds, measure))

    def looks(
        self,
        what: str,
        parts: Sequence[Part],
        worlds: int,
        command: CommandSpec | None = None,
    ) -> list[Look]:
        """Returns what the episodes of such worlds show, perhaps with another command."""
        kind = "look" if command is None else "commanded"
        name = " ".join([kind, *(f"{gap.name}={width:g}" for gap, width in parts), f"x{worlds}"])

        def measure() -> dict[str, Any]:
            experiment = self._sensing(parts)
            drawn = scenarios(experiment, parts, self.start, worlds, command)
            return {"looks": [one._asdict() for one in self.bench.looks(experiment, drawn)]}

        found = self._measured(name, what, worlds, measure)
        return [Look(**one) for one in found["looks"]]

    def _sensing(self, parts: Sequence[Part]) -> Experiment:
        return self.bench.sensing([gap for gap, _ in parts])

    def _measured(
        self, name: str, what: str, episodes: int, measure: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Returns a measurement, which the log has if it was made before."""
        if name not in self.cost.names:
            self.show(Progress(what, self.cost.episodes, self.cost.total))

        def timed() -> dict[str, Any]:
            began = time.perf_counter()
            return {**measure(), "took": time.perf_counter() - began}

        found = self.log.measured(name, timed)
        self.cost.add(name, episodes, found["took"])
        return {key: value for key, value in found.items() if key != "took"}

    # The items

    @cached_property
    def nominal_looks(self) -> list[Look]:
        """What it does in worlds that differ by the pose at the start only."""
        return self.looks("nominal worlds", [], self.settings.hidden)

    @cached_property
    def full_looks(self) -> list[Look]:
        """What it does with all gaps at full width."""
        return self.looks(f"all gaps, width {FULL:g}", self.together(FULL), self.settings.hidden)

    def commanded(self) -> Commanded | None:
        """What it does at full width with the run's own commands; None where it has none."""
        asked, looks = self.bench.asked, self.full_looks
        if not asked.drawn.moves:
            return None
        if asked != self.bench.experiment.spec.scenario.command:
            parts, hidden = self.together(FULL), self.settings.hidden
            looks = self.looks("commands of the run", parts, hidden, asked)
        return Commanded(tally=_of_looks(looks), follows=sum(one.follows for one in looks))

    def wide(self) -> list[Wide]:
        """All gaps at once, at every width."""
        found = []
        for width in WIDTHS:
            if width == FULL:
                tally = _of_looks(self.full_looks)
            else:
                what = f"all gaps, width {width:g}"
                tally = self.tally(what, self.together(width), self.settings.hidden)
            found.append(Wide(width=width, tally=tally))
        return found

    def trial(self, gap: Gap) -> Trial:
        """One gap at full width."""
        tally = self.tally(gap.label, [(gap, FULL)], self.settings.worlds)
        return Trial(name=gap.name, label=gap.label, extent=gap.extent(), tally=tally)

    def beyond(self) -> list[Trial]:
        """Single gaps beyond the preset, of those that the body has."""
        experiment = self.bench.experiment
        return [self.trial(gap) for gap in beyond() if gap.fits(experiment, FULL)]

    def margin(self, gap: Gap) -> Margin:
        """How much of a gap until 1 in 10 falls."""
        tried: dict[float, Tally] = {}

        def fails(width: float) -> bool:
            what = f"{gap.label}, width {width:.3g}"
            tried[width] = self.tally(what, [(gap, width)], self.settings.worlds)
            return tried[width].share >= SHARE

        upward = tuple(width for width in UPWARD if gap.fits(self.bench.experiment, width))
        found = bracket(fails, upward)
        self.cost.plan(self.settings.worlds * (len(tried) - 1 - MARGIN))

        steps = [
            Step(width=width, extent=gap.extent(width), falls=one.falls, worlds=one.worlds)
            for width, one in sorted(tried.items())
        ]
        return Margin(
            name=gap.name,
            label=gap.label,
            holds=found.holds,
            holds_extent="" if found.holds is None else gap.extent(found.holds),
            fails=found.fails,
            fails_extent="" if found.fails is None else gap.extent(found.fails),
            steps=tuple(steps),
        )

    def map(self, worst: Sequence[Gap]) -> Map | None:
        """Falls over the widths of the two worst gaps; None where there are no two.

        The noise of sensors has one width in a world, so at most one of the two is about noise.

        Args:
            worst: The gaps, the worst first.
        """
        first = worst[0]
        second = next((one for one in worst[1:] if not (first.is_noise and one.is_noise)), None)
        if second is None:
            return None

        widths = tuple(
            width
            for width in GRID
            if all(gap.fits(self.bench.experiment, width) for gap in (first, second))
        )
        falls = []
        for row in widths:
            what = f"{first.label} and {second.label}"
            tallies = [
                self.tally(what, [(first, column), (second, row)], self.settings.worlds)
                for column in widths
            ]
            falls.append(tuple(one.falls for one in tallies))
        return Map(
            names=(first.name, second.name),
            labels=(first.label, second.label),
            widths=widths,
            extents=(
                tuple(first.extent(width) for width in widths),
                tuple(second.extent(width) for width in widths),
            ),
            worlds=self.settings.worlds,
            falls=tuple(falls),
        )

    def numerics(self) -> list[Numerics]:
        """Other time steps and another integrator, in the first of the nominal worlds."""
        worlds = self.settings.worlds
        found = []
        for variant in variants(self.bench.body):

            def measure(body: Any = variant.body) -> dict[str, Any]:
                drawn = scenarios(self.bench.experiment, [], self.start, worlds)
                return vars(self.bench.endings_on(body, drawn))

            values = self._measured(variant.label, variant.label, worlds, measure)
            found.append(
                Numerics(
                    label=variant.label,
                    timestep=variant.timestep,
                    integrator=variant.integrator,
                    tally=_tally(values),
                )
            )
        return found

    @cached_property
    def _signs(self) -> dict[str, Any]:
        """Signs of exploits in the first nominal world, or why there are none."""

        def measure() -> dict[str, Any]:
            drawn = scenarios(self.bench.experiment, [], self.start, 1)
            try:
                found = self.bench.exploits(drawn[0])
            except EvolocoError as error:
                return {"signs": None, "why": f"Exploits of the simulation are left out: {error}"}
            return {"signs": [one.model_dump() for one in found], "why": ""}

        return self._measured("exploits", "exploits of the simulation", 1, measure)

    def exploits(self) -> tuple[Exploit, ...] | None:
        """Signs that it lives on errors of the simulation; None where they cannot be looked for."""
        signs = self._signs["signs"]
        return None if signs is None else tuple(Exploit(**one) for one in signs)

    def sight(self) -> list[Seen]:
        """The nominal worlds where learned sensors see less well."""
        found = []
        for one in self._sights:

            def measure(one: Sight = one) -> dict[str, Any]:
                experiment = self.bench.seeing(one)
                drawn = scenarios(experiment, [], self.start, self.settings.worlds)
                return self.bench.arrivals(experiment, drawn)._asdict()

            what = f"{one.label} {one.extent}".strip()
            values = self._measured(f"sight {one.name}", what, self.settings.worlds, measure)
            reached = values.pop("reached")
            found.append(
                Seen(
                    name=one.name,
                    label=one.label,
                    extent=one.extent,
                    tally=Tally.of(**values),
                    reached=None if reached is None else sum(reached),
                )
            )
        return found

    def second(self) -> Second:
        """The first nominal world in Drake, over a range of contacts."""
        version, told = self.bench.check_drake()
        (scenario,) = scenarios(self.bench.experiment, [], self.start, 1)
        tried = contacts(self.bench.body)
        self.cost.plan(len(tried))
        outings = []
        for contact in tried:

            def measure(contact: Contact = contact) -> dict[str, Any]:
                return {"look": self.bench.in_drake(scenario, contact)._asdict()}

            name = f"drake {version} {contact}"
            found = self._measured(name, f"Drake, {contact.stiffness:.3g} N/m", 1, measure)
            outings.append(Outing.of(Look(**found["look"]), contact))
        return Second(
            engine="drake",
            version=version,
            native=Outing.of(self.nominal_looks[0], None),
            outings=tuple(outings),
            told=tuple(told),
        )

    @property
    def nominal(self) -> Tally:
        """What happens in the nominal worlds."""
        return _of_looks(self.nominal_looks)

    def gaits(self) -> Gaits:
        """What it does in nominal worlds, and with all gaps at full width."""
        nominal, full = self.nominal_looks, self.full_looks
        return Gaits(
            nominal=_verbs(nominal),
            full=_verbs(full),
            goes=sum(one.goes for one in nominal),
            goes_full=sum(one.goes for one in full),
            speed=sum(one.speed for one in nominal) / len(nominal),
            numbers=numbers(nominal),
        )

    def together(self, width: float) -> list[Part]:
        """All gaps at a width; one that means nothing so wide has its full width."""
        experiment = self.bench.experiment
        return [(gap, width if gap.fits(experiment, width) else FULL) for gap in self.gaps]

    def _planned(self) -> int:
        """Episodes of all items but the margins, as far as they are known."""
        worlds, hidden = self.settings.worlds, self.settings.hidden
        single = len(self.gaps) + len(beyond()) + len(GRID) ** 2 + 3 + len(self._sights)
        commanded = hidden if self.bench.asked.drawn.moves else 0
        return (
            1 + commanded + hidden * (len(WIDTHS) + 1) + worlds * (single + MARGIN * len(self.gaps))
        )


MARGIN = len(UPWARD) + HALVINGS
"""Widths that a margin tries at most, beside width 1."""


class Cost:
    """Counts the episodes of a check.

    Args:
        total: Number that is planned.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.names: set[str] = set()
        self.episodes = 0
        self.wall = 0.0

    def add(self, name: str, episodes: int, wall: float) -> None:
        """Adds the episodes of a measurement, once, and the time that they took [s]."""
        if name not in self.names:
            self.names.add(name)
            self.episodes += episodes
            self.wall += wall

    def plan(self, more: int) -> None:
        """Plans more episodes, or fewer."""
        self.total += more


def _verbs(looks: Sequence[Look]) -> dict[str, int]:
    """Returns what bodies do and how many, the most frequent first."""
    verbs = [one.verb for one in looks]
    counted = {verb: verbs.count(verb) for verb in verbs}
    return dict(sorted(counted.items(), key=lambda each: -each[1]))


def _of_looks(looks: Sequence[Look]) -> Tally:
    return Tally.of(
        [one.fell for one in looks], [one.lasted for one in looks], [one.way for one in looks]
    )


def _tally(values: dict[str, Any]) -> Tally:
    found = Endings(**values)
    return Tally.of(found.fell, found.lasted, found.ways)
