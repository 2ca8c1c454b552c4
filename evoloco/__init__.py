"""evoloco: a run pairs a morphology with a controller and asks an optimizer for genomes that a fitness prefers."""

__version__ = "0.1.0"
