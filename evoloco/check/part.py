"""What the tables of `check.json` have in common."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A table of the file: frozen, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")
