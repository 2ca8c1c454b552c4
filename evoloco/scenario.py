"""Where an episode happens: how the body starts, what pushes it, how slippery the floor is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from evoloco.genome import Array
from evoloco.morphology import Morphology

SEARCH, ELITE, HELD_OUT = 0, 1, 2
"""Streams of random numbers: what the search sees, what chooses the champion, and what judges it."""


@dataclass(frozen=True)
class Termination:
    """What ends an episode as a fall.

    Attributes:
        min_height: Torso height over its height in the home keyframe [1].
        max_tilt: Angle between the torso's vertical axis and the world's [rad].
        body_contact: Whether anything but a foot on the ground is a fall.
    """

    min_height: float = 0.7
    max_tilt: float = 0.8
    body_contact: bool = True


@dataclass(frozen=True)
class Scenario:
    """One draw of everything that may differ between episodes.

    Attributes:
        joint_offset: Added to the driven joints' angles of the home keyframe [rad] (nu,).
        velocity: Initial joint velocities of the driven joints [rad/s] (nu,).
        pushes: Start, end [s] and force x, y, z [N] on the torso (P, 5).
        friction: Factor on the floor's friction [1].
    """

    joint_offset: Array
    velocity: Array
    pushes: Array = field(default_factory=lambda: np.zeros((0, 5)))
    friction: float = 1.0


def draw(
    morphology: Morphology,
    address: Sequence[int],
    *,
    duration: float,
    joint_noise: float = 0.0,
    velocity_noise: float = 0.0,
    push_count: int = 0,
    push_impulse: float = 0.0,
    push_duration: float = 0.1,
    friction: tuple[float, float] = (1.0, 1.0),
) -> Scenario:
    """Draws a scenario from the random numbers at an address.

    Args:
        morphology: The body.
        address: Seeds of the generator, such as (seed, stream, generation, episode);
            equal addresses give equal scenarios, whatever else was drawn.
        duration: Of the episode [s].
        joint_noise: Standard deviation of the start angles [rad].
        velocity_noise: Standard deviation of the start velocities [rad/s].
        push_count: Number of horizontal pushes on the torso, in random directions,
            one in each equal part of the episode.
        push_impulse: Impulse of a push over body mass: the change of speed [m/s].
        push_duration: Of each push [s].
        friction: Range of the factor on the floor's friction.
    """
    random = np.random.default_rng(list(address))
    nu = len(morphology.joints)
    offset = joint_noise * random.standard_normal(nu)
    velocity = velocity_noise * random.standard_normal(nu)
    slip = float(random.uniform(*friction))
    starts = duration * (np.arange(push_count) + random.uniform(0.2, 0.8, push_count)) / max(push_count, 1)
    angles = random.uniform(0, 2 * np.pi, push_count)
    force = push_impulse * morphology.mass / push_duration
    pushes = np.stack(
        [starts, starts + push_duration, force * np.cos(angles), force * np.sin(angles), np.zeros(push_count)],
        axis=1,
    )
    return Scenario(offset, velocity, pushes, slip)
