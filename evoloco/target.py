"""A target: a ball on the ground, placed anew in every scenario.

The ball is a body and a geom of the name `target` that are fixed to the world. It touches nothing:
a robot that reaches it walks on through it. Where it lies is part of a scenario's own model.
"""

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import mujoco
import numpy as np

from evoloco.command import Span
from evoloco.errors import ModelError
from evoloco.fields import Array
from evoloco.ground import height
from evoloco.morphology import HOME, Morphology

STREAM = 4
"""Marks the random numbers of the target at a scenario's address: they change no other draw."""

BODY = "target"
"""Name of the body, of its geom and of its material."""

POSITION = "target.position"
"""MuJoCo sensor of the place of the ball's centre in the world [m]."""

COLOUR = (0.85, 0.2, 0.15, 1.0)
"""Of the ball, where nothing randomizes it."""

AHEAD = 1.0
"""Distance at which the ball lies before a scenario places it [m]."""

AT_ONE_PLACE = 1e-9
"""Distance below which the ball has no direction [m]."""


@dataclass(frozen=True)
class Target:
    """What the ball of a scenario is drawn from.

    Attributes:
        radius: Of the ball [m].
        distance: On the level, from the torso's place at home to the ball's centre [m].
        bearing: From the torso's heading at home to the ball, positive to the left [rad].
    """

    radius: Span = (0.05, 0.05)
    distance: Span = (0.5, 2.0)
    bearing: Span = (-math.pi / 2, math.pi / 2)

    def beside(self, morphology: Morphology) -> Morphology:
        """The body with a ball beside it, which scenarios place.

        Raises:
            ModelError: The model has a body, geom or material of that name.
        """
        spec = morphology.spec
        named = {
            one.name for several in (spec.bodies, spec.geoms, spec.materials) for one in several
        }
        if BODY in named:
            raise ModelError(
                f"scenario.target adds a body, a geom and a material called '{BODY}', and this "
                "model has one of that name. Rename it."
            )

        radius = sum(self.radius) / 2
        return morphology.changed(lambda spec: _add(spec, radius))

    def draw(self, address: Sequence[int]) -> Array:
        """Distance [m], bearing [rad] and radius [m] of the ball in an episode (3,).

        Args:
            address: Seeds of the random numbers. Equal addresses give equal balls.
        """
        seed = np.random.SeedSequence(list(address), spawn_key=(STREAM,))
        low, high = np.array([self.distance, self.bearing, self.radius]).T
        return np.asarray(low + (high - low) * np.random.default_rng(seed).random(3))


def _add(spec: mujoco.MjSpec, radius: float) -> None:
    """Adds a ball of a radius [m] to a model."""
    spec.add_material(name=BODY, rgba=COLOUR)
    body = spec.worldbody.add_body(name=BODY, pos=[AHEAD, 0.0, radius])
    body.add_geom(
        name=BODY,
        type=mujoco.mjtGeom.mjGEOM_SPHERE,
        size=[radius, 0.0, 0.0],
        material=BODY,
        contype=0,
        conaffinity=0,
    )
    spec.add_sensor(
        name=POSITION,
        type=mujoco.mjtSensor.mjSENS_FRAMEPOS,
        objtype=mujoco.mjtObj.mjOBJ_XBODY,
        objname=BODY,
    )


def has_target(morphology: Morphology) -> bool:
    """Whether a body stands beside a target."""
    return bool(mujoco.mj_name2id(morphology.model, mujoco.mjtObj.mjOBJ_SENSOR, POSITION) >= 0)


def placed(morphology: Morphology, drawn: Array, data: mujoco.MjData) -> Morphology:
    """The body with its target on the ground where a scenario has it.

    Args:
        morphology: The body in the scenario's world.
        drawn: Distance [m], bearing [rad] and radius [m] of the ball (3,).
        data: To work in, of the model's layout.
    """
    distance, bearing, radius = drawn
    mujoco.mj_resetDataKeyframe(morphology.model, data, morphology.model.key(HOME).id)
    mujoco.mj_kinematics(morphology.model, data)
    torso = data.body(morphology.torso_frame)
    ahead = heading(torso.xmat)
    left = np.array([-ahead[1], ahead[0]])

    way = math.cos(bearing) * ahead + math.sin(bearing) * left
    x, y = torso.xpos[:2] + distance * way
    ground = float(height(morphology.model, morphology.floor, x, y))

    model = copy(morphology.model)
    model.body(BODY).pos = x, y, ground + radius
    model.geom(BODY).size[0] = radius
    model.geom_rbound[model.geom(BODY).id] = radius
    return morphology.with_model(model)


def heading(rotation: Array) -> Array:
    """The level direction of the first axis of a frame [1] (2,).

    Args:
        rotation: Matrix of the frame in the world, row by row (9,).
    """
    axis = rotation.reshape(3, 3)[:2, 0]
    return np.asarray(axis / max(float(np.hypot(*axis)), AT_ONE_PLACE))
