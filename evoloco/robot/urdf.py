"""What a URDF says about motors and MuJoCo does not read."""

from pathlib import Path
from xml.etree import ElementTree

FASTEST = 1e6
"""A speed that stands for no limit [rad/s]."""


def speeds(path: str) -> dict[str, float]:
    """Largest speeds of joints [rad/s], by name; none in a file that is no URDF."""
    try:
        root = ElementTree.fromstring(Path(path).read_bytes())
    except ElementTree.ParseError:  # MuJoCo has read it, and says what it thinks of it
        return {}
    if root.tag != "robot":
        return {}

    limits = ((joint.get("name", ""), joint.find("limit")) for joint in root.iter("joint"))
    found = {name: _number(limit.get("velocity")) for name, limit in limits if limit is not None}
    return {name: speed for name, speed in found.items() if 0 < speed < FASTEST}


def _number(text: str | None) -> float:
    """The number in an attribute; 0 where there is none."""
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
