"""The body of a gait with other time steps and another integrator."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import mujoco

from evoloco.morphology import Morphology

INTEGRATORS = {
    mujoco.mjtIntegrator.mjINT_EULER: "Euler",
    mujoco.mjtIntegrator.mjINT_RK4: "RK4",
    mujoco.mjtIntegrator.mjINT_IMPLICIT: "implicit",
    mujoco.mjtIntegrator.mjINT_IMPLICITFAST: "implicitfast",
}
"""MuJoCo's names."""

FINER = {2: "half the time step", 4: "a quarter of the time step"}
"""Parts of the time step, and their labels."""

IMPLICIT = (mujoco.mjtIntegrator.mjINT_IMPLICIT, mujoco.mjtIntegrator.mjINT_IMPLICITFAST)


class Variant(NamedTuple):
    """A body with other numerics.

    Attributes:
        label: What differs.
        body: The body.
    """

    label: str
    body: Morphology

    @property
    def timestep(self) -> float:
        """Physics step [s]."""
        return float(self.body.model.opt.timestep)

    @property
    def integrator(self) -> str:
        """MuJoCo's name of the integrator."""
        return INTEGRATORS[mujoco.mjtIntegrator(self.body.model.opt.integrator)]


def variants(body: Morphology) -> Iterator[Variant]:
    """Yields a body with half and a quarter of its time step, and with another integrator.

    The other one is `implicit`, or where that or `implicitfast` is the body's own, Euler, which is
    explicit in the damping of actuators.
    """
    for parts, label in FINER.items():
        yield Variant(label, _finer(body, parts))

    own = mujoco.mjtIntegrator(body.model.opt.integrator)
    other = mujoco.mjtIntegrator.mjINT_IMPLICIT
    if own in IMPLICIT:
        other = mujoco.mjtIntegrator.mjINT_EULER

    def integrate(spec: mujoco.MjSpec) -> None:
        spec.option.integrator = other

    name = INTEGRATORS[other]
    yield Variant(f"{name} instead of {INTEGRATORS[own]}", body.changed(integrate))


def _finer(body: Morphology, parts: int) -> Morphology:
    """The body with a part of its time step; delays of actuators keep their time."""

    def refine(spec: mujoco.MjSpec) -> None:
        spec.option.timestep /= parts
        for actuator in spec.actuators:
            if actuator.delay:
                actuator.nsample = math.ceil(round(actuator.delay / spec.option.timestep, 9))

    return body.changed(refine)
