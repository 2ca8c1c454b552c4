"""The virtual support: springs that hold the torso up and upright early in a run."""

import mujoco
import numpy as np

from evoloco.genome import Array
from evoloco.morphology import HOME, Morphology
from evoloco.sim import plan

DAMPING_RATIO = 0.5
"""Of the springs; below 1 so that the body still bounces a little."""

SHARE = 0.5
"""Bound on stiffness and damping, as a share of what one physics step could answer."""


class Support:
    """Springs between the world and the torso, against lowering and leaning.

    Args:
        morphology: The body.
        stiffness: At full strength: body weights per leg length of lowering, and body weight times
            leg length per radian of tilt.
        ground: Height of the ground beneath the torso at home [m].
    """

    def __init__(self, morphology: Morphology, stiffness: float, ground: float = 0.0) -> None:
        self._stiffness, self._dt = stiffness, morphology.model.opt.timestep
        self._height, self._leg = morphology.standing_height - ground, morphology.leg_length
        self._weight, self._mass = morphology.weight, morphology.mass
        self._torso_mass, self._torso_inertia = _inertia_of_torso(morphology)

    def row(self, strength: float) -> Array:
        """What the kernel reads at a strength of 0 to 1 (plan.SUPPORT,)."""
        row = np.empty(plan.SUPPORT)
        row[plan.HEIGHT] = self._height
        row[plan.STIFFNESS], row[plan.DAMPING] = self._spring(
            strength * self._stiffness * (self._weight / self._leg), self._mass, self._torso_mass
        )
        row[plan.TURN_STIFFNESS], row[plan.TURN_DAMPING] = self._spring(
            strength * self._stiffness * (self._weight * self._leg),
            self._mass * self._leg**2,
            self._torso_inertia,
        )
        return row

    def _spring(self, asked: float, whole: float, part: float) -> tuple[float, float]:
        """Stiffness and damping of a spring on the torso.

        An explicit spring is stable for stiffness dt² and damping dt well below the inertia that it
        acts on.

        Args:
            asked: Stiffness, if it is stable.
            whole: Inertia of the body, which the damping ratio is about.
            part: Inertia that resists at the torso.
        """
        stiffness = min(asked, SHARE * part / self._dt**2)
        damping = min(2 * DAMPING_RATIO * np.sqrt(stiffness * whole), SHARE * part / self._dt)
        return stiffness, damping


def _inertia_of_torso(morphology: Morphology) -> tuple[float, float]:
    """What resists a vertical force [kg] and a torque about a horizontal axis [kg m²] at home.

    The inverse of J M^-1 J' with the torso's Jacobian J and the mass matrix M: the rest of the body
    follows through its joints.
    """
    model, data = morphology.model, mujoco.MjData(morphology.model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_forward(model, data)

    jacobian = np.zeros((6, model.nv))
    torso = model.body(morphology.torso).id
    mujoco.mj_jacBodyCom(model, data, jacobian[:3], jacobian[3:], torso)
    answer = np.zeros_like(jacobian)
    mujoco.mj_solveM(model, data, answer, jacobian)

    ease = np.einsum("ij,ij->i", jacobian, answer)  # diagonal of J M^-1 J'
    return 1 / max(ease[2], mujoco.mjMINVAL), 1 / max(ease[3], ease[4], mujoco.mjMINVAL)
