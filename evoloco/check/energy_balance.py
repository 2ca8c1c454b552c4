"""Where an episode's mechanical energy comes from and goes to, and how much comes from nowhere.

Over a physics step of length h that takes the velocities from v to v', a constant generalized force
f does the work

    W = h f . (v + v') / 2        (1)

exactly, as long as the mass matrix stays. So with the energy E of masses and springs, the works of
actuators, pushes, dampers and constraints, and nothing else,

    E' - E = W_actuators + W_pushes + W_dampers + W_constraints + R        (2)

R is what the integrator adds or loses: the mass matrix and the springs' forces change within a
step, and implicit damping changes forces.

A contact, a limit or a friction may give back what it has taken up since it began, and no more:
its store S falls by the work that it does,

    S' = S - W        (3)

and whatever it lacks below 0 was created. A damper has no store.
"""

from dataclasses import dataclass

import mujoco
import numpy as np

from evoloco.check.physics_steps import PhysicsStep
from evoloco.genome import Array

_CONTACTS = (
    mujoco.mjtConstraint.mjCNSTR_CONTACT_FRICTIONLESS,
    mujoco.mjtConstraint.mjCNSTR_CONTACT_PYRAMIDAL,
    mujoco.mjtConstraint.mjCNSTR_CONTACT_ELLIPTIC,
)
"""Kinds of rows of MuJoCo's constraints that belong to contacts."""

Key = tuple[int, int, int]
"""Kind of a constraint and its element; of a contact its two geoms."""


@dataclass(frozen=True)
class EnergyBalance:
    """The balance of a whole episode.

    Attributes:
        change: Of kinetic and potential energy [J].
        actuators: Work of the actuators [J], by (1).
        by_law: Work that they would do if their forces changed within a step as between steps [J]:
            force times velocity at the start of each step, which sums to trapezoids.
        pushes: Work of the pushes [J].
        dampers: Work of damping and fluids [J], negative where they dissipate.
        constraints: Work of contacts, limits, friction and equalities [J].
        created_by_constraints: What they gave beyond what they had taken up [J], not below 0.
        created_by_dampers: Positive work of dampers [J], not below 0.
        integrator: What nothing else explains [J], R in (2).
    """

    change: float
    actuators: float
    by_law: float
    pushes: float
    dampers: float
    constraints: float
    created_by_constraints: float
    created_by_dampers: float

    @property
    def integrator(self) -> float:
        """What nothing else explains [J], R in (2)."""
        works = self.actuators + self.pushes + self.dampers + self.constraints
        return self.change - works  # (2)

    @property
    def created(self) -> float:
        """Energy that came from nowhere [J], not below 0; losses of the integrator do not count."""
        gained = max(self.integrator, 0.0)
        return self.created_by_constraints + self.created_by_dampers + gained


class Account:
    """Adds up a balance, physics step by physics step."""

    def __init__(self) -> None:
        self._start = self._end = np.nan
        self._works = np.zeros(5)  # actuators, by their law, pushes, dampers, constraints
        self._stores: dict[Key, float] = {}
        self._created_by_constraints = self._created_by_dampers = 0.0

    def add(self, step: PhysicsStep) -> None:
        """Adds a physics step."""
        data, dt, speed = step.data, step.model.opt.timestep, step.between
        if step.index == 0:
            self._start = float(data.energy.sum())

        dampers = dt * (data.qfrc_damper + data.qfrc_fluid) * speed  # (1)
        self._works[0] += dt * float((data.qfrc_actuator + data.qfrc_gravcomp) @ speed)
        self._works[1] += dt * float(data.actuator_force @ data.actuator_velocity)
        self._works[2] += dt * float(step.pushed @ speed)
        self._works[3] += float(dampers.sum())
        self._created_by_dampers += float(np.maximum(dampers, 0.0).sum())

        rows = self._work_of_rows(step)
        self._works[4] += float(rows.sum())
        self._settle(_by_key(step, rows))

    def close(self, step: PhysicsStep) -> EnergyBalance:
        """Returns the balance up to the end of the last physics step."""
        last = mujoco.MjData(step.model)
        last.qpos, last.qvel = step.data.qpos, step.data.qvel
        mujoco.mj_forward(step.model, last)
        self._settle({})

        actuators, by_law, pushes, dampers, constraints = self._works.tolist()
        return EnergyBalance(
            change=float(last.energy.sum()) - self._start,
            actuators=actuators,
            by_law=by_law,
            pushes=pushes,
            dampers=dampers,
            constraints=constraints,
            created_by_constraints=self._created_by_constraints,
            created_by_dampers=self._created_by_dampers,
        )

    def _work_of_rows(self, step: PhysicsStep) -> Array:
        """Work of each row of MuJoCo's constraints [J] (nefc,)."""
        speed = np.zeros(step.data.nefc)
        if len(speed):
            mujoco.mj_mulJacVec(step.model, step.data, speed, step.between)
        return np.asarray(step.model.opt.timestep * step.data.efc_force * speed)  # (1)

    def _settle(self, works: dict[Key, float]) -> None:
        """Books the works of a step; a constraint that is over gives its store up."""
        stores = {}
        for key, work in works.items():
            store = self._stores.get(key, 0.0) - work  # (3)
            self._created_by_constraints -= min(store, 0.0)
            stores[key] = max(store, 0.0)
        self._stores = stores


def _by_key(step: PhysicsStep, works: Array) -> dict[Key, float]:
    """Sums the works of rows [J] by what they belong to."""
    data, found = step.data, dict[Key, float]()
    for kind, index, work in zip(data.efc_type, data.efc_id, works.tolist(), strict=True):
        key = (int(kind), int(index), 0)
        if mujoco.mjtConstraint(kind) in _CONTACTS:
            first, second = data.contact[index].geom
            key = (int(kind), int(first), int(second))
        found[key] = found.get(key, 0.0) + work
    return found
