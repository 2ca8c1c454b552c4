"""evoloco evolves robot gaits.

A run pairs a morphology with a controller and asks an optimizer for genomes that a fitness prefers.

    import evoloco

    run = evoloco.evolve("hopper", generations=20)
    run.champion.simulate(duration=10).to_frame()
"""

from evoloco import rooms

__version__ = "0.1.0"

_MODULES = {
    "Champion": "individual",
    "Episode": "episode",
    "EvolocoError": "errors",
    "Experiment": "experiment",
    "Gait": "gait.analysis",
    "Individual": "individual",
    "Morphology": "morphology",
    "Run": "run",
    "Scenario": "scenario",
    "analyse": "gait.analysis",
    "evolve": "api",
    "load": "api",
    "resume": "api",
}
"""Public name -> module that defines it. It is imported when the name is first used."""

__all__ = list(_MODULES)


def __getattr__(name: str) -> object:
    """Imports what a public name stands for."""
    if name not in _MODULES:
        known = ", ".join(__all__)
        raise AttributeError(f"module 'evoloco' has no attribute '{name}'. Public: {known}.")
    import importlib

    found = getattr(importlib.import_module(f"evoloco.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Lists the public names."""
    return [*__all__, "__version__"]


rooms.find_in_checkout()
