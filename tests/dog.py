"""Small robots of others, as MJCF, and their options; what is special about one is filled in."""

from typing import Any

FLOOR = '<geom name="floor" type="plane" size="0 0 1"/>'

LEGS = {"FL": (0.1, 0.06), "FR": (0.1, -0.06), "HL": (-0.1, 0.06), "HR": (-0.1, -0.06)}
"""Legs of the dog and the places of their hips [m]."""


def dog(
    world: str = FLOOR,
    root: str = 'pos="0 0 .3"',
    joint: str = "<freejoint/>",
    foot: str = '<geom type="sphere" size=".015"/>',
    torso: str = '<geom type="box" size=".13 .04 .02" mass="1"/>',
    inner: str = "",
    more: str = "",
) -> str:
    """A robot with four legs of two hinges; a leg is 0.2 m long, a foot a sphere of 15 mm.

    Args:
        world: What else is in the world.
        root: Attributes of the torso.
        joint: Of the torso.
        foot: Geoms of each foot.
        torso: Geoms of the torso.
        inner: Attributes of a frame around all that hangs on the torso.
        more: What follows the world.
    """
    legs = "".join(
        f"""<body name="{leg}_thigh" pos="{x} {y} 0"><joint name="{leg}_hip" axis="0 1 0"
              range="-90 90"/><geom type="capsule" fromto="0 0 0 0 0 -.1" size=".01" mass=".05"/>
             <body name="{leg}_shank" pos="0 0 -.1">
              <joint name="{leg}_knee" axis="0 1 0" range="-150 150"/>
              <geom type="capsule" fromto="0 0 0 0 0 -.09" size=".01" mass=".03"/>
              <body name="{leg}_foot" pos="0 0 -.1">{foot}</body></body></body>"""
        for leg, (x, y) in LEGS.items()
    )
    drives = "".join(
        f'<position name="{leg}_{part}" joint="{leg}_{part}" kp="20" kv=".5"/>'
        for leg in LEGS
        for part in ("hip", "knee")
    )
    return f"""<mujoco><option integrator="implicitfast"/><worldbody>{world}
      <body name="trunk" {root}>{joint}<frame {inner}>{torso}{legs}</frame></body></worldbody>
      <actuator>{drives}</actuator>{more}</mujoco>"""


DOG: dict[str, Any] = {
    "torso": "trunk",
    "feet": [f"{leg}_foot" for leg in LEGS],
    "joints": [f"{leg}_{part}" for leg in LEGS for part in ("hip", "knee")],
}
"""Options of the dog."""


def bent(hip: float, knee: float) -> dict[str, float]:
    """Home angles of the dog with all legs alike [rad]."""
    return {
        f"{leg}_{part}": {"hip": hip, "knee": knee}[part]
        for leg in LEGS
        for part in ("hip", "knee")
    }
