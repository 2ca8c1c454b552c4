"""Whether a robot's own integrator stays, or one that is implicit in the servos' damping."""

import mujoco
import numpy as np

from evoloco.delay import fill_histories
from evoloco.genome import Array
from evoloco.morphology import HOME
from evoloco.robot.actuator import DAMPING, MOTOR_CONSTANT, RESISTANCE
from evoloco.robot.divergence import has_diverged
from evoloco.robot.words import listed
from evoloco.sim import capi
from evoloco.subtree import acts_on_joint

EXPLICIT = {mujoco.mjtIntegrator.mjINT_EULER: "Euler", mujoco.mjtIntegrator.mjINT_RK4: "RK4"}
"""Integrators that are explicit in the damping of actuators, and their names."""

IMPLICIT = mujoco.mjtIntegrator.mjINT_IMPLICITFAST

TRIAL = 1.0
"""Time for which a robot stands to find out whether it diverges [s]."""


def integrator_of(spec: mujoco.MjSpec) -> tuple[mujoco.mjtIntegrator, str]:
    """The integrator for a robot, and what is told of it; "" where it is the file's.

    Euler integration is explicit in the damping of actuators. With a damping c, an inertia I and a
    physics step h, a speed grows without end where c h / I > 2, and changes its sign in every step
    where it is above 1. RK4 is explicit too, and unstable above 2.8. A leg that stands may hide it
    until the leg is in the air, so the numbers count beside a trial.

    Args:
        spec: Of the robot, complete.
    """
    given = mujoco.mjtIntegrator(spec.option.integrator)
    if given not in EXPLICIT:
        return given, ""
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_fwdPosition(model, data)

    quick = [
        model.actuator(index).name
        for index in _of_joints(model)
        if _damping_per_step(model, data, index) > 1
    ]
    became = f"{EXPLICIT[given]} integration became implicitfast"
    if quick:
        return IMPLICIT, f"{became}: the damping of {listed(quick)} is faster than a step."
    if _diverges(model, data):
        return IMPLICIT, f"{became}: with it, the robot diverges while it stands at home."
    return given, ""


def _of_joints(model: mujoco.MjModel) -> list[int]:
    """Ids of the actuators that act on hinges and slides."""
    single = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)
    return [
        i
        for i in range(model.nactuator)
        if acts_on_joint(model, i)
        and mujoco.mjtJoint(model.jnt_type[model.actuator_trnid[i, 0]]) in single
    ]


def _damping_per_step(model: mujoco.MjModel, data: mujoco.MjData, index: int) -> float:
    """Damping of a joint's actuator times the physics step, over the joint's inertia [1].

    Euler integration is implicit in the damping of the joint itself, which adds to the inertia.
    """
    actuator = model.actuator(index)
    numbers, dof = actuator.gainprm, int(model.jnt_dofadr[actuator.trnid[0]])
    damping = -float(actuator.biasprm[DAMPING])
    if mujoco.mjtGain(actuator.gaintype[0]) == mujoco.mjtGain.mjGAIN_DCMOTOR:
        damping = float(numbers[MOTOR_CONSTANT] ** 2 / numbers[RESISTANCE])
    damping *= float(actuator.gear[0]) ** 2

    step, inertia = float(model.opt.timestep), 1 / _mobility(model, data, dof)
    explicit = model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_EULERDAMP
    if (
        mujoco.mjtIntegrator(model.opt.integrator) == mujoco.mjtIntegrator.mjINT_EULER
        and not explicit
    ):
        inertia += step * float(model.dof_damping[dof])
    return damping * step / inertia


def _mobility(model: mujoco.MjModel, data: mujoco.MjData, dof: int) -> float:
    """Acceleration of a degree of freedom per torque on it [1/(kg m²)]."""
    unit: Array = np.zeros((1, model.nv))
    unit[0, dof] = 1.0
    mujoco.mj_solveM(model, data, answer := np.empty((1, model.nv)), unit)
    return float(answer[0, dof])


def _diverges(model: mujoco.MjModel, data: mujoco.MjData) -> bool:
    """Whether a robot that stands at home blows up."""
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    fill_histories(model, data)
    with capi.quiet():
        while data.time < TRIAL:
            mujoco.mj_step(model, data)
            if has_diverged(data):
                return True
    return False
