"""Random looks of an episode's world: the textures of ground and target, and the lights."""

from collections.abc import Sequence
from copy import copy
from typing import Literal

import mujoco
import numpy as np

from evoloco.morphology import Morphology
from evoloco.perception import looks
from evoloco.target import BODY as BALL

STREAM = 5
"""Marks the random numbers of looks at a scenario's address: they change no other draw."""

BRIGHTNESS = 6
"""Marks the random numbers of the brightness of the lights, likewise."""

GROUND = "ground_look"
"""Name of the surface of the ground."""

TILES = 0.5
"""Textures side by side on a metre of ground [1/m]."""

Looks = Literal["", "train", "test"]
"""Families of patterns and colours: none, those that networks learn from, or others."""


def dressable(morphology: Morphology) -> Morphology:
    """The body in a world whose looks `dressed` can change. They change no motion."""
    return morphology.changed(lambda spec: _prepare(spec, morphology))


def dressed(morphology: Morphology, split: Looks, address: Sequence[int]) -> Morphology:
    """The body in a world of random looks.

    Args:
        morphology: The body, in a world that is dressable.
        split: Families of patterns and colours.
        address: Seeds of the random numbers. Equal addresses give equal looks.
    """
    from evoloco.perception.ball.pitch import ball_texture  # with all that draws

    random = np.random.default_rng(np.random.SeedSequence(list(address), spawn_key=(STREAM,)))
    model, held_out = copy(morphology.model), split == "test"
    looks.relight(model, random, held_out)
    looks.repaint(model, random, [GROUND], held_out)
    if _has_ball(model):
        looks.paint(model, BALL, ball_texture(random, held_out))
    return morphology.with_model(model)


def drawn_brightness(between: tuple[float, float], address: Sequence[int]) -> float:
    """A factor on all lights within a range [1]; 1 draws nothing.

    Args:
        between: The range.
        address: Seeds of the random numbers. Equal addresses give equal factors.
    """
    low, high = between
    if low == high:
        return low
    seed = np.random.SeedSequence(list(address), spawn_key=(BRIGHTNESS,))
    return float(np.random.default_rng(seed).uniform(low, high))


def lit(morphology: Morphology, factor: float) -> Morphology:
    """The body in a world whose lights are brighter by a factor, the headlight included."""
    model = copy(morphology.model)
    head = model.vis.headlight
    for light in (model.light_ambient, model.light_diffuse, model.light_specular):
        light *= factor
    for light in (head.ambient, head.diffuse, head.specular):
        light *= factor
    return morphology.with_model(model)


def _has_ball(model: mujoco.MjModel) -> bool:
    return bool(mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_TEXTURE, BALL) >= 0)


def _prepare(spec: mujoco.MjSpec, morphology: Morphology) -> None:
    """Gives ground and target textures of their own, and the world two lights."""
    looks.add_surface(spec, GROUND, wraps=False, repeat=TILES)
    spec.material(GROUND).texuniform = True
    for geom in spec.geoms:
        if geom.id in morphology.floor:
            geom.material = GROUND

    if ball := spec.material(BALL):
        spec.delete(ball)
        looks.add_surface(spec, BALL)

    spec.visual.headlight.active = 0
    for light in list(spec.lights):
        spec.delete(light)
    looks.add_lights(spec)
