"""One number that says how good answers are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One number about the answers to a group of examples.

    The first figure that a lesson gives is the one that its report begins with.

    Attributes:
        name: What it says, such as "centre within 3 px".
        group: Which examples it is about, such as "40 px and more"; "all" for all of them.
        value: The number; NaN where it has none.
        unit: Of the value; "1" for a share.
        count: Number of examples in the group.
        smaller_is_better: Whether it is an error.
    """

    name: str
    group: str
    value: float
    unit: str
    count: int
    smaller_is_better: bool = False

    def beats(self, other: float) -> bool:
        """Whether its value is better than another one."""
        return self.value < other if self.smaller_is_better else self.value > other
