"""The champion in a second simulator, over a range of contacts, beside MuJoCo."""

from typing import TYPE_CHECKING

from evoloco.check.part import Part
from evoloco.drake.contact import Contact
from evoloco.json_number import finite

if TYPE_CHECKING:
    from evoloco.check.quality import Look

NUMBERS = ("tracking_error", "peak_load", "double_support", "electrical_cost", "slip")
"""Quantities of the gait that are shown beside MuJoCo's."""

HEADS = ("tracking [rad]", "peak load", "double support", "electrical cost", "slip [m/s]")
"""Their names in a table."""

ENOUGH = 0.8
"""Least share of the contacts in which a gait that is not in doubt goes on [1]."""


class Outing(Part):
    """The champion's episode in the first nominal world, in one simulator with one contact.

    Attributes:
        stiffness: Of a contact [N/m]; None for MuJoCo's own contacts.
        dissipation: Of a contact [s/m]; likewise.
        friction: Factor on the model's friction [1].
        fell: Whether it did not last.
        lasted: Time until its end [s].
        way: Forward way [m]; None where it diverged.
        verb: What the body does.
        goes: Whether it walks, runs or hops forward.
        speed: After the warm-up [m/s]; None where it did not last so long.
        numbers: Of `evoloco.check.quality.QUANTITIES`, by name; None where there is none.
    """

    stiffness: float | None
    dissipation: float | None
    friction: float
    fell: bool
    lasted: float
    way: float | None
    verb: str
    goes: bool
    speed: float | None
    numbers: dict[str, float | None]

    @classmethod
    def of(cls, look: "Look", contact: Contact | None) -> "Outing":
        """Returns an outing.

        Args:
            look: What the episode shows.
            contact: How surfaces touched; None for MuJoCo's own contacts.
        """
        return cls(
            stiffness=contact and contact.stiffness,
            dissipation=contact and contact.dissipation,
            friction=contact.friction if contact else 1.0,
            fell=look.fell,
            lasted=look.lasted,
            way=finite(look.way),
            verb=look.verb,
            goes=look.goes,
            speed=finite(look.speed),
            numbers=dict(look.numbers),
        )

    @property
    def end(self) -> str:
        """What becomes of it, in a word."""
        if self.fell:
            return "falls"
        return "goes" if self.goes else "stays"

    @property
    def chosen(self) -> list[float | None]:
        """The quantities of `NUMBERS`."""
        return [self.numbers[name] for name in NUMBERS]

    @property
    def label(self) -> str:
        """The contact in words."""
        if self.stiffness is None:
            return "MuJoCo"
        words = f"{self.stiffness / 1000:.3g} kN/m, {self.dissipation:.3g} s/m"
        return words if self.friction == 1.0 else f"{words}, friction x {self.friction:g}"


class Second(Part):
    """The champion in a second simulator.

    Attributes:
        engine: Name of the simulator.
        version: Of it.
        native: In MuJoCo.
        outings: In the simulator, one per contact.
        told: What is simpler there, a sentence each.
    """

    engine: str
    version: str
    native: Outing
    outings: tuple[Outing, ...]
    told: tuple[str, ...]

    @property
    def lasting(self) -> int:
        """In how many contacts it lasts."""
        return sum(not one.fell for one in self.outings)

    @property
    def going(self) -> int:
        """In how many contacts it lasts, and walks, runs or hops forward."""
        return sum(one.goes and not one.fell for one in self.outings)

    @property
    def doubtful(self) -> bool:
        """Whether it goes on in too few of them; a gait that MuJoCo sees no going in must last."""
        count = self.going if self.native.goes else self.lasting
        return count < ENOUGH * len(self.outings)

    def sentences(self, duration: float) -> list[str]:
        """Returns what it comes to.

        Args:
            duration: Of a completed episode [s].
        """
        found = (
            f"In {self.engine.capitalize()} it lasts {duration:g} s in {self.lasting} of "
            f"{len(self.outings)} contacts, and walks, runs or hops in {self.going}"
        )
        ways = [one.way for one in self.outings if one.way is not None and not one.fell]
        if not ways:
            return [f"{found}."]
        span = f"{min(ways):.3g} to {max(ways):.3g} m"
        return [f"{found}; it covers {span} there, {self.native.way or 0.0:.3g} m in MuJoCo."]

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Returns header and rows of a table for a terminal."""
        header = ("contact", "end", "time [s]", "way [m]", "speed [m/s]", *HEADS)
        rows = [
            (
                one.label,
                one.end,
                f"{one.lasted:.1f}",
                *(_shown(value) for value in (one.way, one.speed, *one.chosen)),
            )
            for one in (self.native, *self.outings)
        ]
        return header, rows


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
