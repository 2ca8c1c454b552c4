"""What a run randomizes, and the random numbers of one episode."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from hashlib import sha256

import numpy as np

from evoloco.errors import SpecError, UnknownNameError
from evoloco.genome import Array
from evoloco.randomization.quantities import (
    QUANTITIES,
    Distribution,
    How,
    Quantity,
    of_field,
)

STREAM = 2
"""Marks the random numbers of randomizations at a scenario's address: they change no other draw."""

FARTHEST = 3.0
"""Largest distance of a normal draw from its mean, in standard deviations; beyond, it is cut."""

LARGEST = 1e10
"""Largest number of a range, as of MuJoCo's states (mjMAXVAL)."""

HOWS: tuple[How, ...] = ("value", "factor", "offset")
"""What randomizations of one number do to it, in the order in which they do it."""

Pair = tuple[float, float]


@dataclass(frozen=True)
class Randomization:
    """One thing that differs between episodes, as a table `[randomize.NAME]` says it.

    Attributes:
        name: Of the table; its random numbers belong to it.
        quantity: Name of a quantity; empty where a field of MuJoCo's model is meant.
        how: What becomes of the numbers.
        low: Lower end of what is drawn; the mean less one standard deviation where normal.
        high: Upper end; the mean and one standard deviation more where normal.
        elements: Pattern of names, with `*`, `?` or `[...]`, of what changes.
        distribution: "uniform", "log_uniform" (in the logarithm), or "normal", cut at `FARTHEST`.
        each: Whether every element has a draw of its own; else all have the same.
        drift: Whether a number begins as the other tables leave it, and goes linearly to what is
            drawn, which it reaches at the planned end of the episode.
        field: Name of a field of MuJoCo's model; empty where a quantity is meant.
        column: Of the field.
        required: Whether a body must have what is changed; else it is left out on one that has not.

    Raises:
        SpecError: The range is empty or means nothing, or the quantity cannot drift.
    """

    name: str
    quantity: str
    how: How
    low: float
    high: float
    elements: str = "*"
    distribution: Distribution = "uniform"
    each: bool = False
    drift: bool = False
    field: str = ""
    column: int = 0
    required: bool = True

    def __post_init__(self) -> None:
        self._check_range()
        what, allowed = self.quantity or self.field, self.target.allowed
        if self.how not in allowed:
            raise SpecError(
                f"{self.how}: '{what}' takes {' or '.join(allowed)}, and no {self.how}."
            )
        if self.drift and self.target.constant:
            raise SpecError(
                f"drift: '{what}' cannot drift within an episode: {self.target.constant}. "
                "Leave drift out."
            )

    def _check_range(self) -> None:
        """Raises a SpecError where the range is empty or means nothing."""
        if self.low > self.high:
            raise SpecError(f"{self.range} is empty: write [low, high] with low <= high.")
        if max(abs(self.low), abs(self.high)) > LARGEST:
            raise SpecError(f"{self.range} reaches beyond {LARGEST:g}.")
        if self.distribution == "log_uniform" and self.low <= 0:
            raise SpecError(f"{self.range}: a log_uniform range must be above 0.")
        if self.how == "factor" and self.ends[0] < 0:
            raise SpecError(
                f"{self.range} reaches down to {self.ends[0]:g}: a factor must not be negative."
            )

    @classmethod
    def of(
        cls,
        name: str,
        *,
        quantity: str = "",
        factor: Pair | None = None,
        offset: Pair | None = None,
        value: Pair | None = None,
        elements: str = "*",
        distribution: Distribution | None = None,
        each: bool | None = None,
        drift: bool = False,
        field: str = "",
        column: int = 0,
        required: bool = True,
    ) -> "Randomization":
        """A randomization, with the usual range and draws of its quantity where nothing is said.

        Args:
            name: Of the table; of the quantity too, where neither that nor a field is given.
            quantity: See the attributes; so for what follows.
            factor: Range of what the numbers are multiplied by; at most one of the three is given.
            offset: Range of what is added to them.
            value: Range of what they are instead.
            elements: See the attributes.
            distribution: See the attributes.
            each: See the attributes.
            drift: See the attributes.
            field: See the attributes; it needs a range.
            column: See the attributes.
            required: See the attributes.

        Raises:
            UnknownNameError: There is no such quantity.
            SpecError: Too much or too little is said, or the range means nothing.
        """
        usual = _named(name, quantity, field)
        given = _given(factor, offset, value)
        if given is None and usual is None:
            raise SpecError(f"field = '{field}' needs a range: factor, offset or value.")

        how, (low, high) = given or (usual.how, (usual.low, usual.high))  # type: ignore[union-attr]
        if distribution is None:
            distribution = _usual_distribution(usual, how, low)
        if each is None:
            each = usual is not None and usual.each
        named = "" if field else quantity or name
        return cls(
            name,
            named,
            how,
            low,
            high,
            elements,
            distribution,
            each,
            drift,
            field,
            column,
            required,
        )

    def widened(self, width: float) -> "Randomization":
        """The same with a range of so many times the width about the same middle.

        The middle of a log_uniform range is that of the logarithms. An end that is not negative
        stays so, as a delay or a factor must.

        Args:
            width: Factor on the width of the range [1].
        """
        if width == 1.0:
            return self
        if self.distribution == "log_uniform":
            low, high = np.exp(_spread(np.log(self.low), np.log(self.high), width))
        else:
            low, high = widened((self.low, self.high), width)
        return replace(self, low=float(low), high=float(high))

    @property
    def target(self) -> Quantity:
        """What is randomized."""
        return of_field(self.field, self.column) if self.field else QUANTITIES[self.quantity]

    @property
    def range(self) -> str:
        """As a run file says it."""
        return f"{self.how} = [{self.low:g}, {self.high:g}]"

    @property
    def ends(self) -> Pair:
        """Least and largest number that is ever drawn."""
        if self.distribution != "normal":
            return self.low, self.high
        least, largest = self._normal(np.array([-FARTHEST, FARTHEST]))
        return float(least), float(largest)

    def chosen(self, names: Sequence[str]) -> list[int]:
        """Indices of the elements whose names match."""
        pattern = self.elements
        return [i for i, name in enumerate(names) if name == pattern or fnmatchcase(name, pattern)]

    def numbers(self, address: Sequence[int], count: int) -> Array:
        """What is drawn at an address for all elements that a body has (count,).

        The first random number is the one for all, and those behind it are one per element. So
        neither a pattern nor `each` changes what an element draws.
        """
        seed = np.random.SeedSequence(list(address), spawn_key=(STREAM, self._key))
        random = np.random.default_rng(seed)
        size = 1 + count if self.each else 1
        if self.distribution == "normal":
            drawn = self._normal(random.standard_normal(size))
        else:
            drawn = self._between(random.random(size))
        return drawn[1:] if self.each else np.full(count, drawn[0])

    @cached_property
    def _key(self) -> int:
        """A number that belongs to the name."""
        return int.from_bytes(sha256(self.name.encode()).digest()[:8], "big")

    def _normal(self, drawn: Array) -> Array:
        """Numbers of a normal distribution, from standard ones."""
        mean, deviation = (self.low + self.high) / 2, (self.high - self.low) / 2
        return np.asarray(mean + deviation * np.clip(drawn, -FARTHEST, FARTHEST))

    def _between(self, drawn: Array) -> Array:
        """Numbers of the range, from ones between 0 and 1."""
        if self.distribution == "log_uniform":
            steps = np.log(self.high) - np.log(self.low)
            return np.asarray(self.low * np.exp(steps * drawn))
        return np.asarray(self.low + (self.high - self.low) * drawn)

    def become(self, old: Array, drawn: Array) -> Array:
        """What becomes of numbers (k,)."""
        if self.how == "factor":
            return old * drawn
        return old + drawn if self.how == "offset" else np.array(drawn)


def _named(name: str, quantity: str, field: str) -> Quantity | None:
    """The quantity that a table names; None where it names a field."""
    if quantity and field:
        raise SpecError(f"quantity = '{quantity}' and field = '{field}' exclude each other.")
    if field:
        return None
    quantity = quantity or name
    if quantity not in QUANTITIES:
        raise UnknownNameError("quantity", quantity, QUANTITIES)
    return QUANTITIES[quantity]


def _given(factor: Pair | None, offset: Pair | None, value: Pair | None) -> tuple[How, Pair] | None:
    """The one range that a table gives; None where it gives none."""
    ranges: dict[How, Pair | None] = {"factor": factor, "offset": offset, "value": value}
    given = [(how, pair) for how, pair in ranges.items() if pair is not None]
    if len(given) > 1:
        names = " and ".join(how for how, _ in given)
        raise SpecError(f"{names} exclude each other: give one of them.")
    return given[0] if given else None


def widened(ends: Pair, width: float) -> Pair:
    """Ends of a range of so many times the width; one that is not negative stays so."""
    if width == 1.0:
        return ends
    low, high = _spread(*ends, width)
    return (max(low, 0.0) if ends[0] >= 0 else low), high


def _spread(low: float, high: float, width: float) -> Pair:
    """Ends of a range with so many times the width about the same middle."""
    middle, half = (low + high) / 2, width * (high - low) / 2
    return middle - half, middle + half


def _usual_distribution(usual: Quantity | None, how: How, low: float) -> Distribution:
    """A quantity's own distribution, for ranges of its own kind that have it; else uniform."""
    if usual is None or usual.how != how or (usual.distribution == "log_uniform" and low <= 0):
        return "uniform"
    return usual.distribution


@dataclass(frozen=True)
class Draws:
    """What is random about the world of one episode.

    Attributes:
        randomizations: What differs, in any order.
        address: Of their random numbers.
        noise: Factor on the noise of all sensors [1].
    """

    randomizations: tuple[Randomization, ...] = ()
    address: tuple[int, ...] = ()
    noise: float = 1.0


def draw(
    randomizations: Sequence[Randomization], address: Sequence[int], width: float = 1.0
) -> Draws:
    """The draws at an address.

    Equal addresses give equal draws. Each randomization has random numbers of its own: another one,
    or another order, changes none of them.

    Args:
        randomizations: What differs between episodes.
        address: Seeds of the generator, such as (seed, stream, generation, episode).
        width: Factor on the widths of all ranges about their middles, and on the sensors' noise.
    """
    wide = tuple(one.widened(width) for one in randomizations)
    return Draws(wide, tuple(int(part) for part in address), width)
