"""What a check found, as plain data: the content of `check.json`."""

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import ValidationError

from evoloco import text_file
from evoloco.check.intervals import wilson
from evoloco.check.part import Part
from evoloco.check.second import Second
from evoloco.errors import JournalError
from evoloco.genome import Array
from evoloco.spec import RunSpec, dumps

FILE = "check.json"

PAGE = "check.html"

SCHEMA = 1
"""Version of the file's layout."""

TENTH = 0.1
"""Share of the worlds that are the worst ones."""

Tone = Literal["good", "fair", "bad"]


class Tally(Part):
    """What happened in some worlds.

    Attributes:
        worlds: How many.
        falls: In how many the episode did not last: it fell or diverged.
        low: Lower end of the Wilson interval of the share of falls [1].
        high: Upper end.
        distance: Forward way, mean over the worlds [m].
        worst_tenth: Mean over the tenth of the worlds with the shortest ways [m].
        lasted: Time until the end or the fall in each world [s].
        ways: Forward way in each world [m]; 0 where it diverged.
    """

    worlds: int
    falls: int
    low: float
    high: float
    distance: float
    worst_tenth: float
    lasted: tuple[float, ...]
    ways: tuple[float, ...]

    @classmethod
    def of(cls, fell: Sequence[bool], lasted: Sequence[float], ways: Sequence[float]) -> "Tally":
        """Returns the tally of episodes.

        Args:
            fell: Whether each episode did not last, at least one.
            lasted: Time until its end [s].
            ways: Its forward way [m]; NaN where it diverged.
        """
        far = np.nan_to_num(np.array(ways, float))
        worst = np.sort(far)[: math.ceil(TENTH * len(far))]
        low, high = wilson(sum(fell), len(fell))
        return cls(
            worlds=len(fell),
            falls=sum(fell),
            low=low,
            high=high,
            distance=float(far.mean()),
            worst_tenth=float(worst.mean()),
            lasted=tuple(lasted),
            ways=tuple(far.tolist()),
        )

    @property
    def share(self) -> float:
        """Share of the worlds with a fall [1]."""
        return self.falls / self.worlds


class Trial(Part):
    """The champion in worlds that differ by one gap.

    Attributes:
        name: Of the gap.
        label: In words.
        extent: How far it goes, in words.
        tally: What happened.
    """

    name: str
    label: str
    extent: str
    tally: Tally


class Seen(Part):
    """The champion where its learned sensors see less well.

    Attributes:
        name: Of what differs.
        label: In words.
        extent: How far it goes, in words.
        tally: What happened.
        reached: Number of worlds in which it reached its target; None where it has none.
    """

    name: str
    label: str
    extent: str
    tally: Tally
    reached: int | None


class Wide(Part):
    """The champion in worlds with all gaps at once.

    Attributes:
        width: Of the worlds.
        tally: What happened.
    """

    width: float
    tally: Tally


class Step(Part):
    """One width that a margin tried."""

    width: float
    extent: str
    falls: int
    worlds: int


class Margin(Part):
    """How much of a gap until 1 in 10 falls.

    Attributes:
        name: Of the gap.
        label: In words.
        holds: Largest width below which fewer fall; None where that many fall at width 0 already.
        holds_extent: How far the gap goes there, in words.
        fails: Smallest width at which so many fall; None where none of those tried does.
        fails_extent: How far the gap goes there, in words.
        steps: Every width tried, in ascending order.
    """

    name: str
    label: str
    holds: float | None
    holds_extent: str
    fails: float | None
    fails_extent: str
    steps: tuple[Step, ...]


class Map(Part):
    """Falls over the widths of two gaps.

    Attributes:
        names: Of the two gaps.
        labels: In words.
        widths: Of either gap, in ascending order.
        extents: How far either gap goes at each width, in words.
        worlds: In each cell.
        falls: Rows for the widths of the second gap, columns for those of the first.
    """

    names: tuple[str, str]
    labels: tuple[str, str]
    widths: tuple[float, ...]
    extents: tuple[tuple[str, ...], tuple[str, ...]]
    worlds: int
    falls: tuple[tuple[int, ...], ...]


class Numerics(Part):
    """The champion in the nominal worlds with other numerics.

    Attributes:
        label: What differs.
        timestep: Physics step [s].
        integrator: MuJoCo's name.
        tally: What happened.
    """

    label: str
    timestep: float
    integrator: str
    tally: Tally


class Number(Part):
    """One number about the gait, over the nominal worlds.

    Attributes:
        name: Of the quantity.
        mean: Over the worlds that lasted, or over all if none did; None where there is none.
        worst: The largest of them, or the smallest where little is worse.
        unit: Of both.
        meaning: What it is.
        bound: What is allowed at most, or at least where little is worse; None where nothing is.
        within: Whether the worst is within the bound.
    """

    name: str
    mean: float | None
    worst: float | None
    unit: str
    meaning: str
    bound: float | None = None
    within: bool = True


class Exploit(Part):
    """A sign that the gait lives on errors of the simulation; see `evoloco.check.exploits`."""

    name: str
    value: float | None
    unit: str
    bound: float
    sentence: str
    suspicious: bool


class Gaits(Part):
    """What the champion does in worlds, and how many of them.

    Attributes:
        nominal: Verb and number of nominal worlds.
        full: Verb and number of hidden worlds at full width.
        goes: Number of nominal worlds in which it walks, runs or hops forward.
        goes_full: The same of the hidden worlds at full width.
        speed: Mean speed after the warm-up in the nominal worlds [m/s].
        numbers: Quantities of the gait in the nominal worlds.
    """

    nominal: dict[str, int]
    full: dict[str, int]
    goes: int
    goes_full: int
    speed: float
    numbers: tuple[Number, ...]


class Commanded(Part):
    """The champion in hidden worlds at full width, with the commands of its run.

    Attributes:
        tally: What happened.
        follows: Number of worlds in which it followed every stage of its command.
    """

    tally: Tally
    follows: int


class Verdict(Part):
    """What it comes to.

    Attributes:
        badge: In two words.
        tone: Whether that is good.
        sentences: The first says whether it survives; the others why, with the numbers.
    """

    badge: str
    tone: Tone
    sentences: tuple[str, ...]


class Champion(Part):
    """Whom the check is about.

    Attributes:
        generation: Generation in which the search tried it.
        individual: Its index there.
        sha256: Digest of its genome and run file; see `digest`.
    """

    generation: int
    individual: int
    sha256: str


class Settings(Part):
    """How much is tried.

    Attributes:
        worlds: Worlds of each single gap, margin and cell of the map.
        hidden: Worlds with all gaps at once, and nominal ones.
        duration: Of a completed episode [s].
        preset: Whose gaps they are.
    """

    worlds: int
    hidden: int
    duration: float
    preset: str


class Took(Part):
    """What the check cost. All else in the file is the same whenever the same is checked.

    Attributes:
        episodes: That were simulated.
        wall: Time [s].
    """

    episodes: int
    wall: float


class Check(Part):
    """All that a check found.

    Attributes:
        schema_version: Version of this layout.
        run: Name of the run.
        seed: Of the run; its worlds come from it.
        versions: Of what computed it.
        champion: Whom it is about.
        settings: How much was tried.
        verdict: What it comes to.
        nominal: In worlds that differ by the pose at the start only.
        wide: All gaps at once.
        gaps: One by one, the worst first.
        beyond: Single gaps beyond the preset.
        margins: How much of each gap until 1 in 10 falls.
        map: The two worst gaps; None where there are no two.
        numerics: Other time steps and integrators.
        gaits: What it does there.
        commanded: With the run's own commands; None where it asks for nothing.
        exploits: Signs that it lives on errors of the simulation; None where nothing looked.
        left_out: What the body lacks, a sentence each.
        took: What the check cost.
        second: In another simulator; None where it was not asked for.
        sight: Where learned sensors see less well; empty for a run without them.
    """

    schema_version: int
    run: str
    seed: int
    versions: dict[str, str]
    champion: Champion
    settings: Settings
    verdict: Verdict
    nominal: Tally
    wide: tuple[Wide, ...]
    gaps: tuple[Trial, ...]
    beyond: tuple[Trial, ...]
    margins: tuple[Margin, ...]
    map: Map | None
    numerics: tuple[Numerics, ...]
    gaits: Gaits
    commanded: Commanded | None
    exploits: tuple[Exploit, ...] | None
    left_out: tuple[str, ...]
    took: Took
    second: Second | None = None
    sight: tuple[Seen, ...] = ()

    def at(self, width: float) -> Tally:
        """Returns the tally with all gaps at once at a width that was tried."""
        return next(one.tally for one in self.wide if one.width == width)

    def dumps(self) -> str:
        """Returns the file's text."""
        return self.model_dump_json(indent=1) + "\n"


def digest(spec: RunSpec, genome: Array) -> str:
    """Returns the digest of a champion: of its run file and its genome (n,)."""
    text = dumps(spec) + repr(np.asarray(genome, float).tolist())
    return hashlib.sha256(text.encode()).hexdigest()


def read(path: Path) -> Check:
    """Returns the content of a check.json.

    Raises:
        JournalError: It is missing, or has another content.
    """
    again = f"Make it again with: evoloco check {path.parent}"
    try:
        return Check.model_validate_json(text_file.read(path))
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}. {again}") from None
    except ValidationError as error:
        mistake: Any = error.errors()[0]
        where = ".".join(str(part) for part in mistake["loc"])
        raise JournalError(f"{path} cannot be read: {where}: {mistake['msg']}. {again}") from None
    except ValueError:
        raise JournalError(f"{path} cannot be read: it is not text. {again}") from None
