"""The table of randomizations: in what the worlds of the hand differ.

References:
    OpenAI et al., 2018, Learning dexterous in-hand manipulation, arXiv:1808.00177, section 4 and
    appendix C. Their ranges are taken; lengths along the palm stand for positions in space, and
    turns in the plane for rotations.
"""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

Kind = Literal["nominal", "randomized", "perturbed", "delayed"]
"""Of worlds.

* nominal: the model as it is, exact readings, no delay.
* randomized: drawn from the whole table.
* perturbed: held out. What the table draws between bounds lies outside of them, by up to a quarter
  of the width; what it draws around 0 is a quarter wider; actions always come a step late.
* delayed: nominal, but actions come 0 to `LONGEST_DELAY` steps late, the same in all of an episode.
"""

OUTSIDE = 0.25
"""How far perturbed worlds lie outside of the ranges [their widths]."""

LONGEST_DELAY = 3
"""Of worlds of the kind "delayed" [control steps]."""


@dataclass(frozen=True)
class World:
    """What one episode is like. The defaults are the nominal world.

    Factors multiply what the model has; offsets are added to it. Noise is of the readings: what is
    "fixed" is drawn once an episode.

    Attributes:
        size: Factor of the block's edges.
        object_mass: Factor.
        link_mass: Factors (links,).
        friction: Factor of all sliding friction.
        damping: Factors (joints,).
        gain: Factors of the servos' stiffness (joints,).
        limits: Offsets of the joints' lower and upper limits [rad] (2, joints).
        gravity: Offset [m/s²] (3,).
        backlash: Half of the play of each joint [rad] (joints,).
        delay: Of actions [control steps].
        late: Mean of what is added to each 8 ms of a physics step [s].
        kicks: Probability that a force begins to act on the block, per control step.
        tip_offset: Fixed noise of the fingers' tips, with that of the palm and of markers [m]
            (tips, 2).
        tip_noise: Deviation of the tips' noise of a step [m].
        place_offset: Fixed noise of the block's place [m] (2,).
        place_noise: Deviation of its noise of a step [m].
        angle_offset: Fixed noise of the block's angle [rad].
        angle_noise: Deviation of its noise of a step [rad].
        lost: Probability that a tip is not seen for a second, per control step.
        action_noise: Deviation of an action's noise of a step [of the largest action].
        action_offset: Fixed noise of actions [of the largest action] (joints,).
        action_gain: Factors of actions (joints,).
    """

    size: float
    object_mass: float
    link_mass: Array
    friction: float
    damping: Array
    gain: Array
    limits: Array
    gravity: Array
    backlash: Array
    delay: int
    late: float
    kicks: float
    tip_offset: Array
    tip_noise: float
    place_offset: Array
    place_noise: float
    angle_offset: float
    angle_noise: float
    lost: float
    action_noise: float
    action_offset: Array
    action_gain: Array

    def numbers(self) -> Array:
        """All numbers in a row, by which a critic can tell worlds apart."""
        rows = [np.ravel(getattr(self, one.name)) for one in fields(self)]
        return np.concatenate(rows).astype(float)

    def weaker(self, share: float) -> "World":
        """The world that differs from the nominal one by a share of what this one does."""
        plain = _nominal(len(self.damping), len(self.tip_offset), 0)
        mixed = {
            one.name: getattr(plain, one.name)
            + share * (getattr(self, one.name) - getattr(plain, one.name))
            for one in fields(self)
        }
        return replace(self, **{**mixed, "delay": round(mixed["delay"] - 1e-9)})


def draw(rng: np.random.Generator, kind: Kind, joints: int = 6, tips: int = 3) -> World:
    """Draws a world.

    Args:
        rng: Generator of that world.
        kind: Of worlds.
        joints: Of the hand; it has as many links.
        tips: Of its fingers.
    """
    if kind in {"nominal", "delayed"}:
        late = int(rng.integers(LONGEST_DELAY + 1)) if kind == "delayed" else 0
        return _nominal(joints, tips, late)
    one = _Draw(rng, kind == "perturbed")
    palm = one.normal(0.001, 2)
    return World(
        size=one.uniform(0.95, 1.05),
        object_mass=one.uniform(0.5, 1.5),
        link_mass=one.uniform(0.5, 1.5, joints),
        friction=one.uniform(0.7, 1.3),
        damping=one.log_uniform(0.3, 3.0, joints),
        gain=one.log_uniform(0.75, 1.5, joints),
        limits=one.normal(0.15, (2, joints)),
        gravity=one.normal(0.4, 3),
        backlash=one.uniform(0.0, 0.04, joints).clip(0),
        delay=1 if one.outside else int(rng.integers(2)),
        late=1 / (one.log_uniform if one.outside else one.uniform)(1250, 10000),
        kicks=one.log_uniform(0.001, 0.1),
        tip_offset=palm + one.normal(0.001, (tips, 2)) + one.normal(0.003, (tips, 2)),
        tip_noise=0.002 * one.wider,
        place_offset=palm + one.normal(0.005, 2),
        place_noise=0.001 * one.wider,
        angle_offset=float(one.normal(0.1, ())),
        angle_noise=0.1 * one.wider,
        lost=0.2 * 0.08,
        action_noise=0.05 * one.wider,
        action_offset=one.normal(0.015, joints),
        action_gain=1 + one.normal(0.015, joints),
    )


def _nominal(joints: int, tips: int, delay: int) -> World:
    return World(
        size=1.0,
        object_mass=1.0,
        link_mass=np.ones(joints),
        friction=1.0,
        damping=np.ones(joints),
        gain=np.ones(joints),
        limits=np.zeros((2, joints)),
        gravity=np.zeros(3),
        backlash=np.zeros(joints),
        delay=delay,
        late=0.0,
        kicks=0.0,
        tip_offset=np.zeros((tips, 2)),
        tip_noise=0.0,
        place_offset=np.zeros(2),
        place_noise=0.0,
        angle_offset=0.0,
        angle_noise=0.0,
        lost=0.0,
        action_noise=0.0,
        action_offset=np.zeros(joints),
        action_gain=np.ones(joints),
    )


class _Draw:
    """Draws within the ranges of the table, or outside of them."""

    def __init__(self, rng: np.random.Generator, outside: bool) -> None:
        self._rng, self.outside = rng, outside
        self.wider = 1 + OUTSIDE * outside

    def uniform(self, low: float, high: float, shape: Any = ()) -> Any:
        """Between two bounds; outside of them, on either side, if that is asked."""
        share = self._rng.uniform(size=shape)
        if self.outside:
            above = self._rng.random(shape) < 0.5
            share = np.where(above, 1 + OUTSIDE * share, -OUTSIDE * share)
        found = low + (high - low) * share
        return found if shape != () else float(found)

    def log_uniform(self, low: float, high: float, shape: Any = ()) -> Any:
        """The same in the logarithm."""
        found = np.exp(self.uniform(float(np.log(low)), float(np.log(high)), shape))
        return found if shape != () else float(found)

    def normal(self, deviation: float, shape: Any) -> Any:
        """Around 0."""
        return self.wider * deviation * self._rng.standard_normal(shape)
