"""The file champion.json, read back: whatever stands in it, what comes out has the right shape."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evoloco.errors import JournalError

_Index = Annotated[int, Field(ge=0, lt=2**63)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="allow")


class _HeldOut(_Strict):
    fitness: Annotated[list[float | None], Field(min_length=1)]


class _Champion(_Strict):
    generation: _Index
    individual: _Index
    search_fitness: float | None
    heldout_fitness: float | None
    heldout: _HeldOut
    genome: Annotated[list[float], Field(min_length=1)]


def read(path: Path) -> dict[str, Any]:
    """What a champion.json holds; a fitness that JSON cannot hold, -inf, stands there as null.

    Raises:
        JournalError: It is missing, no JSON, or holds something else.
    """
    mend = f"Mend it with: evoloco resume {path.parent}"
    try:
        found = _Champion.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise JournalError(f"No champion yet in {path.parent}. Go on with: evoloco resume {path.parent}") from None
    except ValidationError as error:
        mistake = error.errors()[0]
        if mistake["type"] == "json_invalid":
            raise JournalError(f"{path} is no JSON: {mistake['msg']}. {mend}") from None
        where = ".".join(str(part) for part in mistake["loc"])
        raise JournalError(f"{path} holds no champion: {where or 'it'}: {mistake['msg']}. {mend}") from None
    content = found.model_dump()
    for table, key in ((content, "search_fitness"), (content, "heldout_fitness"), (content["heldout"], "fitness")):
        table[key] = _unstable(table[key])
    return content


def _unstable(fitness: Any) -> Any:
    """A fitness, or list of them, read from JSON: -inf where null stands."""
    if isinstance(fitness, list):
        return [_unstable(part) for part in fitness]
    return -np.inf if fitness is None else fitness
