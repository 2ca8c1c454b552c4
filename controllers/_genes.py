"""Gene values as named fields."""

from collections.abc import Iterable, Mapping

from evoloco.fields import Fields


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
