"""What of a run Drake can simulate, and the refusal of what it cannot."""

from collections.abc import Iterator

import mujoco
import numpy as np
from mujoco import mjtDisableBit, mjtSensor, mjtTrn

from evoloco.drake.surfaces import KINDS
from evoloco.errors import EvolocoError
from evoloco.host import Host
from evoloco.scenario import Scenario
from evoloco.self_contact import may_touch

SCALAR = (int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE))
"""Joints with one degree of freedom."""

ON_JOINT = (int(mjtTrn.mjTRN_JOINT), int(mjtTrn.mjTRN_JOINTINPARENT))
"""Transmissions of actuators to joints."""

SLIDING = 3
"""Dimension of a contact with sliding friction alone."""

OFF = (
    mjtDisableBit.mjDSBL_CONTACT,
    mjtDisableBit.mjDSBL_CONSTRAINT,
    mjtDisableBit.mjDSBL_LIMIT,
    mjtDisableBit.mjDSBL_FRICTIONLOSS,
    mjtDisableBit.mjDSBL_DAMPER,
)
"""Parts of MuJoCo's physics that Drake always has."""

BY_CONTACT = {
    int(mjtSensor.mjSENS_TOUCH),
    int(mjtSensor.mjSENS_FORCE),
    int(mjtSensor.mjSENS_TORQUE),
    int(mjtSensor.mjSENS_CONTACT),
}
"""Sensors of what contacts do; only those of the feet's ground force are Drake's too."""


class DrakeError(EvolocoError):
    """A run that Drake cannot simulate."""


def check(host: Host, scenario: Scenario | None = None) -> None:
    """Raises a DrakeError where Drake cannot simulate a body in a scenario.

    Args:
        host: With the body and its controller.
        scenario: Where the episode happens; looked at where given.
    """
    found = [*_of_model(host.morphology.model), *_of_sensors(host)]
    if host.morphology.actuators is not None:
        found.append("servos that are not MuJoCo's, such as those of a fitted body")
    if scenario is not None:
        found += _of_scenario(scenario)
    if found:
        raise DrakeError(
            f"Drake cannot simulate this run, because these have no counterpart there: "
            f"{', '.join(found)}."
        )


def left_out(model: mujoco.MjModel) -> list[str]:
    """Returns what of a model is simulated more simply in Drake, a sentence each."""
    found = []
    geoms = sorted({geom for pair in may_touch(model) for geom in pair})
    if (model.geom_condim[geoms] > SLIDING).any():
        found.append("Torsional and rolling friction are left out: Drake's points only slide.")
    if model.geom_margin[geoms].any():
        found.append("Contacts begin where surfaces meet, without the model's margin.")
    return found


def _of_model(model: mujoco.MjModel) -> Iterator[str]:
    """Yields what of a model cannot be carried over."""
    yield from _of_parts(model)
    yield from _of_joints(model)
    yield from _of_forces(model)
    touching = sorted({geom for pair in may_touch(model) for geom in pair})
    kinds = sorted({int(kind) for kind in model.geom_type[touching]} - set(KINDS))
    yield from (f"contacts of the shape '{_word(mujoco.mjtGeom(kind))}'" for kind in kinds)


def _of_parts(model: mujoco.MjModel) -> Iterator[str]:
    muscles = model.actuator_gaintype == int(mujoco.mjtGain.mjGAIN_MUSCLE)
    if muscles.any():
        yield "muscles"
    elif model.na:
        yield "actuators with a state of their own"
    counts = {
        "tendons": model.ntendon,
        "equality constraints": model.neq,
        "contact pairs of the model's own": model.npair,
        "deformable bodies": model.nflex,
        "plugins": model.nplugin,
        "bodies that are moved by hand (mocap)": model.nmocap,
    }
    yield from (name for name, count in counts.items() if count)


def _of_joints(model: mujoco.MjModel) -> Iterator[str]:
    free = model.jnt_type == int(mujoco.mjtJoint.mjJNT_FREE)
    if (~free & ~np.isin(model.jnt_type, SCALAR)).any():
        yield "ball joints"
    loose = free[model.dof_jntid]
    acting = model.dof_damping + model.dof_armature + model.dof_frictionloss
    if acting[loose].any() or model.jnt_stiffness[free].any():
        yield "springs, damping, friction or armature of a free joint"
    if model.dof_dampingpoly.any():
        yield "damping that is not linear"
    if model.nplastic:
        yield "joints that yield"


def _of_forces(model: mujoco.MjModel) -> Iterator[str]:
    if not np.isin(model.actuator_trntype, ON_JOINT).all():
        yield "actuators that do not act on a joint"
    if model.actuator_armature.any() or model.actuator_damping.any():
        yield "armature or damping of actuators"
    if model.ngravcomp:
        yield "compensation of gravity"
    if model.opt.density or model.opt.viscosity:
        yield "forces of air or water"
    off = [flag for flag in OFF if model.opt.disableflags & flag]
    yield from (f"the option that turns off '{_word(flag)}'" for flag in off)


def _of_sensors(host: Host) -> Iterator[str]:
    model = host.morphology.model
    feet = {f"foot.{foot}.ground" for foot in host.morphology.feet}
    for name in sorted({*host.reads} - feet):
        sensor = model.sensor(name)
        if sensor.type[0] in BY_CONTACT:
            yield f"the sensor '{name}', which reads contacts"
        if model.sensor_history[sensor.id, 0]:
            yield f"the delay of the sensor '{name}' in the model"


def _of_scenario(scenario: Scenario) -> Iterator[str]:
    if scenario.heights.size:
        yield "rough ground"
    if len(scenario.pushes):
        yield "pushes"
    if scenario.draws.randomizations:
        yield "randomization"


def _word(value: object) -> str:
    """A word for one of MuJoCo's constants, such as "mesh"."""
    return str(getattr(value, "name", value)).rpartition("_")[2].lower()
