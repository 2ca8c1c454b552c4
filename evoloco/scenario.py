"""Where an episode happens: how the body starts, what pushes it, and what the ground is like."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from evoloco.command import STANDING, Commands, timetable
from evoloco.errors import SpecError
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.perception.dressing import Looks, drawn_brightness
from evoloco.randomization.draw import Draws, Randomization, widened
from evoloco.randomization.draw import draw as draw_randomizations
from evoloco.target import Target
from evoloco.terrain import STREAM, Terrain

Direction = Literal["any", "sagittal", "lateral", "forward", "backward"]
"""Of pushes in the world: x is forward, y to the left."""

SEARCH, ELITE, HELD_OUT, CHECK, TRAINING = 0, 1, 2, 3, 4
"""Streams of random numbers: for search, choice of the champion, its judgement, its check, and the
training of a policy."""


@dataclass(frozen=True)
class Termination:
    """What ends an episode as a fall.

    Attributes:
        min_height: Height of the torso over the ground beneath it, as a share of that in the
            reference pose [1].
        max_tilt: Angle between the torso's vertical axis and the world's [rad].
        body_contact: Whether anything but a foot on the ground is a fall.
        self_contact: Whether two parts of the robot that touch each other are a fall.
    """

    min_height: float = 0.7
    max_tilt: float = 0.8
    body_contact: bool = True
    self_contact: bool = False


@dataclass(frozen=True)
class Scenario:
    """One draw of everything that may differ between episodes.

    Attributes:
        joint_offset: Added to the driven joints' angles of the home keyframe [rad] (nu,).
        velocity: Added to the driven joints' velocities of the home keyframe [rad/s] (nu,).
        pushes: Start, duration [s] and change of the body's velocity along x, y, z [m/s] (P, 5);
            they act on the torso.
        friction: Factor on the floor's friction [1].
        heights: Of the points of the ground's grid [m] (rows, columns); none where the ground is
            the model's own.
        draws: What else differs about body and surroundings; nothing where empty.
        command: What is asked for, a row per stage: start [s], speed [m/s], heading [rad] and
            turning rate [rad/s] (S, 4). Three numbers are a command for the whole episode (see
            `evoloco.command.timetable`).
        target: Distance [m], bearing [rad] and radius [m] of the ball to walk to (3,); none where
            empty (see `evoloco.target`).
        looks: Kind of random textures and lights; those of the model where empty.
        brightness: Factor on all lights [1].
        key: Address of the random numbers that are drawn within the episode, such as sensor noise.
    """

    joint_offset: Array
    velocity: Array
    pushes: Array = field(default_factory=lambda: np.zeros((0, 5)))
    friction: float = 1.0
    heights: Array = field(default_factory=lambda: np.zeros((0, 0)))
    draws: Draws = field(default_factory=Draws)
    command: Array = field(default_factory=lambda: np.zeros((1, 4)))
    target: Array = field(default_factory=lambda: np.zeros(0))
    looks: Looks = ""
    brightness: float = 1.0
    key: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "command", timetable(self.command))

    def __repr__(self) -> str:
        ground = "rough ground" if self.heights.size else "the model's ground"
        return (
            f"Scenario({len(self.pushes)} pushes, friction {self.friction:.3g}, {ground}, "
            f"{len(self.draws.randomizations)} randomizations, {self._asked}{self._aim}, "
            f"key {self.key})"
        )

    @property
    def _aim(self) -> str:
        """Where the target is, in words."""
        if not self.target.size:
            return ""
        distance, bearing, _ = self.target
        return f", a target {distance:.3g} m away at {math.degrees(bearing):.3g} degrees"

    @property
    def _asked(self) -> str:
        """The command in words."""
        if len(self.command) > 1:
            return f"a command of {len(self.command)} stages"
        _, speed, _, rate = self.command[0]
        return f"a command of {speed:.3g} m/s and {rate:.3g} rad/s"


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
    push_direction: Direction = "any",
    friction: tuple[float, float] = (1.0, 1.0),
    terrain: Terrain | None = None,
    randomizations: Sequence[Randomization] = (),
    command: Commands = STANDING,
    target: Target | None = None,
    looks: Looks = "",
    brightness: tuple[float, float] = (1.0, 1.0),
    width: float = 1.0,
) -> Scenario:
    """Draws a scenario from the random numbers at an address.

    Args:
        morphology: The body.
        address: Seeds of the generator, such as (seed, stream, generation, episode). Equal
            addresses give equal scenarios, whatever else was drawn.
        duration: Of the episode [s].
        joint_noise: Standard deviation of the start angles [rad].
        velocity_noise: Standard deviation of the start velocities [rad/s].
        push_count: Number of horizontal pushes on the torso, one in each equal part of the episode.
        push_impulse: Change of the body's speed by a push [m/s]: its impulse over the body's mass.
        push_duration: Of each push [s]; a push ends before the episode does.
        push_direction: "any" for a random one; "sagittal" for forward or backward and "lateral"
            for left or right, at random; or always "forward" or "backward".
        friction: Range of the factor on the floor's friction.
        terrain: Ground that the body stands on (`Terrain.under`); level ground where left out.
        randomizations: What else differs about body and surroundings.
        command: What is asked for.
        target: What the ball to walk to is drawn from; none where left out.
        looks: Kind of random textures and lights; those of the model where empty.
        brightness: Range of the factor on all lights.
        width: How far the world is from the middle one: a factor on the start's noise, on pushes,
            on the sensors' noise, and on the widths of the ranges of friction and randomizations.

    Raises:
        SpecError: A push lasts longer than the episode.
    """
    if push_count and push_duration > duration:
        raise SpecError(
            f"scenario.push.duration: {push_duration:g} s is longer than an episode of "
            f"{duration:g} s."
        )
    random = np.random.default_rng(list(address))
    joints = len(morphology.joints)
    offset = width * joint_noise * random.standard_normal(joints)
    velocity = width * velocity_noise * random.standard_normal(joints)
    slip = float(random.uniform(*widened(friction, width)))
    push_impulse = width * push_impulse

    parts = np.arange(push_count) + random.uniform(0.2, 0.8, push_count)
    starts = duration * parts / max(push_count, 1)
    angles = random.uniform(0, 2 * np.pi, push_count)
    ahead, aside = _ways(angles, push_direction)
    starts = np.minimum(starts, duration - push_duration)
    lasting, still = np.full(push_count, push_duration), np.zeros(push_count)
    pushes = [starts, lasting, push_impulse * ahead, push_impulse * aside, still]

    scenario = Scenario(
        offset,
        velocity,
        np.stack(pushes, axis=1),
        slip,
        command=command.draw(address, duration),
        target=target.draw(address) if target else np.zeros(0),
        looks=looks,
        brightness=drawn_brightness(brightness, address),
        key=tuple(address),
        draws=draw_randomizations(randomizations, address, width),
    )
    if terrain is None:
        return scenario
    heights = terrain.draw(np.random.SeedSequence(list(address), spawn_key=(STREAM,)))
    return replace(scenario, heights=heights)


def _ways(angles: Array, direction: Direction) -> tuple[Array, Array]:
    """Parts along x and y of unit pushes, from random angles [rad]."""
    still, full = np.zeros_like(angles), np.ones_like(angles)
    ahead, aside = np.cos(angles), np.sin(angles)
    return {
        "any": (ahead, aside),
        "sagittal": (np.copysign(1.0, ahead), still),
        "lateral": (still, np.copysign(1.0, aside)),
        "forward": (full, still),
        "backward": (-full, still),
    }[direction]
