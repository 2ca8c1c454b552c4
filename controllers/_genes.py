"""Genes that several controllers have, and their values as named fields."""

from collections.abc import Iterable, Mapping

from evoloco.fields import Fields
from evoloco.genome import Gene


def gene(
    name: str, low: float, high: float, unit: str, start: float, spread: float, meaning: str
) -> Gene:
    """A gene with the mean and the standard deviation from which a search begins, as a table's row.

    The bounds, the start and the spread have the unit.
    """
    return Gene(name, low, high, unit, meaning, start=start, spread=spread)


def always(muscle: str, start: float) -> Gene:
    """An excitation that a muscle gets in every state."""
    return gene(f"{muscle}.constant", 0.0, 0.5, "1", start, 0.01, "always")


def nested(values: Mapping[str, float], names: Iterable[str]) -> Fields:
    """Values of the named genes, as fields of what stands before the dot in their names.

    The value of `soleus.force_gain` becomes `params.soleus.force_gain`, that of `threshold` becomes
    `params.threshold`.
    """
    found: dict[str, dict[str, float]] = {}
    plain: dict[str, float] = {}
    for name in names:
        owner, dot, rest = name.partition(".")
        if dot:
            found.setdefault(owner, {})[rest] = values[name]
        else:
            plain[name] = values[name]
    return {**plain, **found}
