"""evoloco evolves robot gaits.

A run pairs a morphology with a controller and asks an optimizer for genomes that a fitness prefers.
"""

from pathlib import Path

__version__ = "0.1.0"

_CHECKOUT = Path(__file__).parents[1]
"""Where the rooms stand beside the package, if it is not installed but read from a checkout."""

if (_CHECKOUT / "controllers" / "sine.py").is_file():
    __path__.append(str(_CHECKOUT))
