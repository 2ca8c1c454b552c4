"""The parts of Drake that are used, under one roof; loaded when they are first asked for."""

import importlib.metadata
import logging
from functools import cache
from types import SimpleNamespace
from typing import Any

from evoloco.extras import needs

PARTS = {
    "common.eigen_geometry": ("AngleAxis",),
    "geometry": (
        *("AddContactMaterial", "Box", "Capsule", "CollisionFilterDeclaration", "Cylinder"),
        *("Ellipsoid", "GeometrySet", "HalfSpace", "ProximityProperties", "Sphere"),
    ),
    "math": ("RigidTransform", "RotationMatrix"),
    "multibody.plant": ("AddMultibodyPlant", "CoulombFriction", "MultibodyPlantConfig"),
    "multibody.tree": (
        *("FixedOffsetFrame", "PrismaticJoint", "QuaternionFloatingJoint", "RevoluteJoint"),
        *("RotationalInertia", "SpatialInertia"),
    ),
    "systems.analysis": ("Simulator",),
    "systems.framework": ("DiagramBuilder",),
}
"""Names by the module that has them."""


@cache
def engine() -> Any:
    """Returns the names of `PARTS`.

    Raises:
        MissingExtraError: Drake is not installed.
    """
    found: dict[str, Any] = {}
    for module, names in PARTS.items():
        loaded = needs(f"pydrake.{module}", "drake")
        found |= {name: getattr(loaded, name) for name in names}
    logging.getLogger("drake").setLevel(logging.ERROR)  # it warns of what deformable bodies lack
    return SimpleNamespace(**found)


def version() -> str:
    """Returns Drake's version."""
    return importlib.metadata.version("drake")
