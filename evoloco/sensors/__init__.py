"""Sensors beyond a body's own, one per file.

A sensor is a module with a function `sensor(morphology, **options) -> Sensor`. Where it needs a
MuJoCo sensor that bodies do not have, a function `prepare(spec, morphology)` adds it. `NEEDS` names
sensors without which it cannot be formed.
"""
