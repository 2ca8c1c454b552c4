"""The champion's genes, each told apart from those that mean nearly the same."""

from collections import defaultdict
from typing import Any

from evoloco.genome import Array, Space
from evoloco.report.words import words


def genes(space: Space, genome: Array) -> list[dict[str, Any]]:
    """Returns one row per gene, as `Space.describe` gives it, with its position in [0, 1].

    A meaning that several genes share is completed by the parts of the name in
    which they differ, such as the joint, the side, or from where to where.
    """
    described = space.describe(genome)
    meanings = told_apart({gene["name"]: gene["meaning"] for gene in described})
    return [
        {**gene, "meaning": meanings[gene["name"]], "position": float(position)}
        for gene, position in zip(described, genome, strict=True)
    ]


def told_apart(meanings: dict[str, str]) -> dict[str, str]:
    """Returns meanings by name, no two of them equal.

    Args:
        meanings: Meaning of each gene by its name.
    """
    sharing: dict[str, list[str]] = defaultdict(list)
    for name, meaning in meanings.items():
        sharing[meaning].append(name)

    told = {}
    for meaning, names in sharing.items():
        parts = _differing(names) if len(names) > 1 else dict.fromkeys(names, "")
        for name, part in parts.items():
            told[name] = ": ".join(filter(None, [part, meaning]))
    return told


def _differing(names: list[str]) -> dict[str, str]:
    """Returns the parts of dotted names in which they differ from each other, as words."""
    split = {name: name.split(".") for name in names}
    if len({len(parts) for parts in split.values()}) > 1:
        return {name: words(" ".join(parts)) for name, parts in split.items()}

    columns = list(zip(*split.values(), strict=True))
    differ = [place for place, column in enumerate(columns) if len(set(column)) > 1]
    return {
        name: words(", ".join(parts[place] for place in differ)) for name, parts in split.items()
    }
