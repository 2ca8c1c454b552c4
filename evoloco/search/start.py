"""Where a search begins: values of genes by name, from a parameter file or from the champion of a run."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evoloco.errors import SpecError, UnknownNameError
from evoloco.genome import Gene
from evoloco.search import scone_par
from evoloco.search.gene_range import Range

CHAMPION = "champion.json"

SLACK = 1e-6
"""How far beyond its bounds a start may be [of the gene's range]: the digits that a file left out."""

SHOWN = 8
"""Most names in a message."""


class Known(NamedTuple):
    """What a file says of a gene.

    Attributes:
        best: Value [the gene's unit].
        mean: Of the search where the best was found; None where the file tells none.
        spread: Standard deviation there; likewise.
    """

    best: float
    mean: float | None
    spread: float | None


class _Value(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="ignore")

    value: float
    mean: float | None = None
    spread: Annotated[float, Field(gt=0)] | None = None


class _Champion(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    genes: Annotated[dict[str, _Value], Field(min_length=1)]


def load(path: Path) -> dict[str, Known]:
    """What a file says of genes, by their names.

    Args:
        path: Of a parameter file, a champion.json, or a run folder, whose champion.json is read.

    Raises:
        SpecError: It is missing or holds something else.
    """
    try:
        if not path.exists():
            raise SpecError(f"No {path}. A start is a .par file, a champion.json or a run folder.")
    except OSError as error:
        raise SpecError(f"{str(path)[:80]!r} cannot be read: {error.strerror}.") from None
    path = file(path)
    if path.suffix != ".json":
        return {
            line.name: Known(line.best, line.mean, line.spread) for line in scone_par.read(path)
        }
    try:
        found = _Champion.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise SpecError(
            f"No champion in {path.parent}. Make one with: evoloco report {path.parent}"
        ) from None
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        mistake = error.errors()[0]
        where = ".".join(str(part) for part in mistake["loc"])
        raise SpecError(f"{path} holds no champion: {where or 'it'}: {mistake['msg']}.") from None
    return {name: Known(gene.value, gene.mean, gene.spread) for name, gene in found.genes.items()}


def file(path: Path) -> Path:
    """The file itself, or that of a run folder's champion."""
    return path / CHAMPION if path.is_dir() else path


def ranges(known: Mapping[str, Known], take: Literal["best", "mean"]) -> dict[str, Range]:
    """Start and spread of genes; the best value where there is no mean."""
    return {
        name: Range(start=best if take == "best" or mean is None else mean, spread=spread)
        for name, (best, mean, spread) in known.items()
    }


def origin(path: Path) -> str:
    """Path and SHA-256 of the file."""
    return f"{file(path)} sha256 {hashlib.sha256(file(path).read_bytes()).hexdigest()}"


def begin(
    genes: Sequence[Gene],
    given: Mapping[str, Range],
    spread: float,
    strict: bool,
    fixed: Collection[str],
) -> tuple[list[Gene], list[str]]:
    """Genes that begin where they are told to, and what a reader should know of it.

    A gene of which nothing is said keeps its own start and spread. A gene with
    levels gets no spread. A start beyond a bound by less than `SLACK` is put on it.

    Args:
        genes: Of a search.
        given: Start and spread by name.
        spread: Factor on all spreads, a gene's own too.
        strict: Whether a name that is no gene, and a start out of bounds, are refused; else the one is left out, the
            other put on the bound.
        fixed: Names of genes that the run holds, which are left out.

    Raises:
        UnknownNameError: A name is no gene.
        SpecError: A start is out of bounds.
    """
    names = [gene.name for gene in genes]
    strange = [name for name in given if name not in names and name not in fixed]
    if strange and (strict or len(strange) == len(given)):
        raise UnknownNameError(
            "gene in [start]", strange[0], names, f"start.strict = {str(strict).lower()}"
        )
    begun, outside = [], []
    for gene in genes:
        found = given.get(gene.name)
        if found is not None and found.start is not None:
            inside = min(max(found.start, gene.low), gene.high)
            if abs(found.start - inside) > SLACK * (gene.high - gene.low):
                outside.append(
                    f"{gene.name} = {found.start:.6g} ({gene.low:.6g} to {gene.high:.6g})"
                )
            own = gene.spread if found.spread is None else found.spread
            gene = replace(gene, start=inside, spread=None if gene.levels else own)
        begun.append(gene if gene.spread is None else replace(gene, spread=gene.spread * spread))
    if outside and strict:
        raise SpecError(
            f"start.genes leave their bounds: {_some(outside)}. Give wider bounds, or start.strict = false puts them "
            "on the bounds."
        )
    told = {
        "not told, so as they are": [name for name in names if name not in given],
        "put on a bound": outside,
        "fixed by the run file": [name for name in given if name in fixed],
        "no gene of this run": strange,
    }
    notes = [f"{what}: {_some(which)}" for what, which in told.items() if which]
    return begun, [
        f"{sum(name in given for name in names)} of {len(names)} genes are told where to begin",
        *notes,
    ]


def _some(names: Sequence[str]) -> str:
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest
