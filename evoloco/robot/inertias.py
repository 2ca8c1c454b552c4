"""Inertias that MuJoCo refuses, as they are common in URDFs: of dummy links, or mistyped."""

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.robot.words import counted, listed

SPECK_MASS, SPECK_INERTIA = 1e-4, 1e-8
"""Mass [kg] and inertia [kg m²] of a link that moves and has none: 0.1 g within about 1 cm."""


def mend_inertias(spec: mujoco.MjSpec, told: list[str]) -> None:
    """Gives bodies that MuJoCo would refuse the nearest inertia that it takes.

    * Principal moments that are not positive, or of which one exceeds the sum of the others, are
      replaced by their mean, as MuJoCo's `balanceinertia` does.
    * A body that moves, but has no mass and carries none, gets that of a speck.

    Args:
        spec: The file's, which is changed. It does not compile.
        told: Gets sentences.
    """
    balanced = [body.name for body in spec.bodies if _balance(body)]
    if balanced:
        several = counted(len(balanced), "body has", "bodies have")
        told.append(
            f"{several} an inertia that no masses have: {listed(balanced)}. "
            "Each got the mean of its principal moments for all three."
        )

    specks = [body for body in spec.bodies if body.joints and not _carries_mass(body)]
    if specks:
        for body in specks:
            _set(body, SPECK_MASS, np.full(3, SPECK_INERTIA), np.array([1.0, 0, 0, 0]))
        several = counted(len(specks), "body moves", "bodies move")
        told.append(
            f"{several} without mass, which cannot be simulated: "
            f"{listed(body.name for body in specks)}. Each got {SPECK_MASS * 1000:g} g."
        )


def _balance(body: mujoco.MjsBody) -> bool:
    """Mends the principal moments of a body; whether they needed it."""
    if not body.explicitinertial or not body.mass >= 0:
        return False
    moments, turn = _principal(body)
    full = np.isfinite(body.fullinertia[0])
    possible = 2 * moments.max() <= moments.sum() and (moments.min() > 0 or not full)
    if possible or not np.isfinite(moments).all():
        return False

    least = SPECK_INERTIA if body.mass > 0 else 0.0
    mean = max(float(np.maximum(moments, 0).mean()), least)
    _set(body, body.mass, np.full(3, mean), turn)
    return True


def _principal(body: mujoco.MjsBody) -> tuple[Array, Array]:
    """Principal moments of a body's inertia, and the quaternion of their frame in the body."""
    turn = np.array(body.iquat)
    if not np.isfinite(body.fullinertia[0]):
        return np.array(body.inertia), turn

    if not np.isfinite(body.fullinertia).all():
        return np.full(3, np.nan), turn
    xx, yy, zz, xy, xz, yz = body.fullinertia
    moments = np.linalg.eigvalsh([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return np.asarray(moments, np.float64), turn


def _carries_mass(body: mujoco.MjsBody) -> bool:
    """Whether a body, or one that is fixed to it, has a mass."""
    if body.explicitinertial:
        has = body.mass >= mujoco.mjMINVAL and _principal(body)[0].min() >= mujoco.mjMINVAL
    else:
        has = any(
            geom.mass > 0 if np.isfinite(geom.mass) else geom.density > 0 for geom in body.geoms
        )
    return bool(has) or any(not below.joints and _carries_mass(below) for below in body.bodies)


def _set(body: mujoco.MjsBody, mass: float, moments: Array, turn: Array) -> None:
    """Gives a body a mass [kg] and principal moments [kg m²] (3,) in a frame."""
    place = np.array(body.ipos)
    body.explicitinertial, body.mass, body.inertia, body.iquat = True, mass, moments, turn
    body.ipos = place if np.isfinite(place).all() else np.zeros(3)
    body.fullinertia[0] = np.nan
