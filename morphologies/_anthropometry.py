"""Proportions and joint torques of a person, from which `walker` and `humanoid` are made."""

from dataclasses import dataclass

import mujoco

from evoloco.morphology import GRAVITY

from ._parts import Colour, rod

STATURE, MASS = 1.75, 70.0
"""Of the person [m], [kg]; both are chosen."""


@dataclass(frozen=True)
class Segment:
    """A limb, or a part of one, as shares of the person and of itself.

    Attributes:
        mass: Over body mass [1].
        length: Over stature [1].
        centre: Place of the centre of mass, from the proximal end over the length [1].
        gyration: Radius of gyration about a sideways axis through it, over the length [1].
    """

    mass: float
    length: float
    centre: float
    gyration: float


SEGMENTS = {
    "thigh": Segment(0.100, 0.245, 0.433, 0.323),
    "shank": Segment(0.0465, 0.246, 0.433, 0.302),
    "upper_arm": Segment(0.028, 0.186, 0.436, 0.322),
    "forearm": Segment(0.022, 0.146, 0.682, 0.468),
    "upper_body": Segment(0.678, 0.288, 0.626, 0.496),
}
"""Limbs; the forearm has the hand's mass too, the upper body that of head, arms and trunk.

Masses, centres and radii: Winter, 2009, Biomechanics and motor control of human movement,
doi:10.1002/9780470549148 (table 4.1). Lengths: Drillis and Contini, 1966, Body segment parameters
(there figure 4.1).
"""

MASSES = {"foot": 0.0145, "pelvis": 0.142, "chest": 0.355, "head": 0.081}
"""Masses of other parts over body mass [1], from the same table; the chest has the abdomen's."""

HEIGHTS = {"ankle": 0.039, "hip": 0.530, "shoulder": 0.818, "chin": 0.870, "eye": 0.936}
"""Heights of a standing person's parts over stature [1], from the same figure."""

FOOT = {"length": 0.152, "breadth": 0.055}
"""Of the foot over stature [1], from the same figure."""

TORQUES = {
    joint: share * MASS * GRAVITY * STATURE
    for joint, share in {"hip": 0.161, "knee": 0.163, "ankle": 0.095}.items()
}
"""Largest torques of the legs' joints in the sagittal plane [N m]: 193, 196 and 114.

They are what young men exert at rest, in the stronger direction of each joint: Anderson, Madigan
and Nussbaum, 2007, Maximum voluntary joint torque as a function of joint angle and angular
velocity, doi:10.1016/j.jbiomech.2007.03.022 (table 3, over weight and height).
"""


def length(name: str) -> float:
    """Length of a segment [m]."""
    return SEGMENTS[name].length * STATURE


def mass(name: str) -> float:
    """Mass of a segment or another part [kg]."""
    share = SEGMENTS[name].mass if name in SEGMENTS else MASSES[name]
    return share * MASS


def weigh(body: mujoco.MjsBody, name: str, radius: float, height: float) -> None:
    """Gives a body the mass and inertia of a segment; about its length, those of a cylinder.

    Args:
        body: Gets them.
        name: Of the segment.
        radius: Of the cylinder [m].
        height: Of the centre of mass above the body's origin [m].
    """
    weight = mass(name)
    across = weight * (SEGMENTS[name].gyration * length(name)) ** 2

    body.mass, body.explicitinertial = weight, True
    body.inertia = [across, across, weight * radius**2 / 2]
    body.ipos = [0, 0, height]


def add_limb(
    body: mujoco.MjsBody,
    name: str,
    side: str,
    radius: float,
    colour: Colour,
    contype: int = 0,
    conaffinity: int = 0,
) -> None:
    """Gives a body the mass and the shape of a segment that hangs from its origin."""
    weigh(body, name, radius, -SEGMENTS[name].centre * length(name))
    ends = (0, 0, 0), (0, 0, -length(name))
    rod(body, f"{name}_{side}", radius, *ends, colour, contype=contype, conaffinity=conaffinity)
