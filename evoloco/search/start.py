"""Where a search starts: values of genes, from a parameter file or the champion of a run."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evoloco import text_file
from evoloco.errors import SpecError, UnknownNameError
from evoloco.genome import Gene
from evoloco.search import scone_par
from evoloco.search.gene_range import Range

CHAMPION = "champion.json"

SLACK = 1e-6
"""How far outside its bounds a start may be [of the gene's range]: a file rounds its numbers."""

SHOWN = 8
"""Largest number of names in a message."""


class Known(NamedTuple):
    """What a file says about a gene.

    Attributes:
        best: Value of the best individual [the gene's unit].
        mean: Mean of the search distribution when the best was found; None if the file has none.
        spread: Standard deviation of the search distribution, likewise.
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
    """Returns what a file says about genes, by name.

    Args:
        path: A parameter file, a champion.json, or a run folder that has a champion.json.

    Raises:
        SpecError: The file is missing or has another content.
    """
    try:
        if not path.exists():
            raise SpecError(f"No {path}. A start is a .par file, a champion.json or a run folder.")
    except OSError as error:
        raise SpecError(f"{str(path)[:80]!r} cannot be read: {error.strerror}.") from None

    path = file(path)
    if path.suffix == ".json":
        genes = _champion(path).genes
        return {name: Known(gene.value, gene.mean, gene.spread) for name, gene in genes.items()}

    lines = scone_par.read(path)
    return {line.name: Known(line.best, line.mean, line.spread) for line in lines}


def _champion(path: Path) -> _Champion:
    """Reads a champion.json.

    Raises:
        SpecError: The file is missing or has another content.
    """
    try:
        return _Champion.model_validate_json(text_file.read(path))
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
    except ValueError:
        raise SpecError(f"{path} holds no champion: it is not text.") from None


def file(path: Path) -> Path:
    """Returns the file itself, or the champion.json of a run folder."""
    return path / CHAMPION if path.is_dir() else path


def ranges(known: Mapping[str, Known], take: Literal["best", "mean"]) -> dict[str, Range]:
    """Returns start and spread of genes. The best value replaces a mean that is not known."""
    found = {}
    for name, (best, mean, spread) in known.items():
        value = best if take == "best" or mean is None else mean
        found[name] = Range(start=value, spread=spread)
    return found


def origin(path: Path) -> str:
    """Returns path and SHA-256 of the file."""
    return f"{file(path)} sha256 {hashlib.sha256(file(path).read_bytes()).hexdigest()}"


def begin(
    genes: Sequence[Gene],
    given: Mapping[str, Range],
    spread: float,
    strict: bool,
    fixed: Collection[str],
) -> tuple[list[Gene], list[str]]:
    """Returns genes with the given starts, and sentences about it for the user.

    A gene that is not given keeps its own start and spread. A gene with levels
    gets no spread. A start outside its bounds by less than `SLACK` is moved to
    the bound.

    Args:
        genes: Genes of the search.
        given: Start and spread by name.
        spread: Factor on all spreads, the genes' own included.
        strict: True refuses names that are not genes and starts outside their bounds.
            False ignores such names and moves such starts to the bound.
        fixed: Names of genes that the run file fixes; they are ignored in `given`.

    Raises:
        UnknownNameError: A name is not a gene.
        SpecError: A start is outside its bounds.
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
            if _is_outside(gene, found.start):
                outside.append(
                    f"{gene.name} = {found.start:.6g} ({gene.low:.6g} to {gene.high:.6g})"
                )
            gene = _started(gene, found.start, found.spread)
        begun.append(gene if gene.spread is None else replace(gene, spread=gene.spread * spread))

    if outside and strict:
        raise SpecError(
            f"start.genes leave their bounds: {_some(outside)}. Give wider bounds, or set "
            "start.strict = false to move them to the bounds."
        )

    details = {
        "without one, so as they are": [name for name in names if name not in given],
        "moved to a bound": outside,
        "fixed by the run file": [name for name in given if name in fixed],
        "no gene of this run": strange,
    }
    count = sum(name in given for name in names)
    notes = [f"{count} of {len(names)} genes are given a start"]
    notes += [f"{what}: {_some(which)}" for what, which in details.items() if which]
    return begun, notes


def _is_outside(gene: Gene, start: float) -> bool:
    """Returns whether a start [the gene's unit] is outside the bounds by more than `SLACK`."""
    return abs(start - _inside(gene, start)) > SLACK * (gene.high - gene.low)


def _inside(gene: Gene, start: float) -> float:
    """Returns a start [the gene's unit], moved to the nearest bound if it is outside."""
    return min(max(start, gene.low), gene.high)


def _started(gene: Gene, start: float, spread: float | None) -> Gene:
    """Returns a gene with a start [its unit] and, unless it has levels, a spread."""
    own = gene.spread if spread is None else spread
    return replace(gene, start=_inside(gene, start), spread=None if gene.levels else own)


def _some(names: Sequence[str]) -> str:
    """Returns the first names, and how many more there are."""
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest
