"""Kinds of excitations."""

from typing import Literal

Kind = Literal["multisine", "chirp", "prbs", "mixed"]
