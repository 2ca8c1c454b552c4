"""The servo models that a fit chooses from, the simplest first."""

from collections.abc import Sequence
from dataclasses import replace

import mujoco
import numpy as np

from evoloco.errors import ModelError, UnknownNameError
from evoloco.identify.body_file import FittedBody
from evoloco.identify.extended import EFFECTS, Extended
from evoloco.identify.learned import Learned
from evoloco.identify.model import Coulomb, ServoModel
from evoloco.morphology import Morphology

NAMES = ("m1", *EFFECTS)
"""The models whose numbers are fitted, by name. The other one, `learned`, is trained."""


def servo_model(name: str, body: Morphology, masses: bool = False) -> ServoModel:
    """A model of the servos of a body, by its name.

    Args:
        name: One of `NAMES`.
        body: The body.
        masses: Whether the masses of the links are fitted too.

    Raises:
        UnknownNameError: There is no such model.
        ModelError: It does not fit the body.
    """
    if name not in NAMES:
        raise UnknownNameError("servo model", name, [*NAMES, Learned.name])
    return Coulomb(body, masses) if name == "m1" else Extended(name, body, masses)


def body(believed: Morphology, fitted: FittedBody) -> Morphology:
    """A body with the servos of a file.

    Raises:
        ModelError: The file's numbers are not those of the body.
        UnknownNameError: There is no such servo model.
    """
    if fitted.model == Learned.name:
        learned = Learned(believed, fitted.network)
        return replace(_written(learned.body([]), []), actuators=learned.actuators([]))

    masses = any(name.endswith(".mass") for name in fitted.values)
    model = servo_model(fitted.model, believed, masses)
    if {one.name for one in model.numbers} != set(fitted.values):
        raise ModelError(
            "The numbers of a fitted body are not those of the body that it names. It was "
            "identified with another version of that body: identify the robot again."
        )
    values = [float(fitted.values[one.name]) for one in model.numbers]
    links = [one.element for one in model.numbers if one.kind == "mass"]
    written = _written(model.body(values), links)
    return replace(written, actuators=model.actuators(values))


def _written(body: Morphology, links: Sequence[str]) -> Morphology:
    """A body whose numbers stand in what it is compiled from too, not in its model alone.

    Args:
        body: Of which only the model has them.
        links: Bodies whose mass was fitted.
    """
    model = body.model

    def change(spec: mujoco.MjSpec) -> None:
        for joint in body.joints:
            shaft, dof = spec.joint(joint.name), int(model.joint(joint.name).dofadr[0])
            shaft.armature = float(model.dof_armature[dof])
            shaft.frictionloss = float(model.dof_frictionloss[dof])
            shaft.damping = [float(model.dof_damping[dof]), *list(shaft.damping)[1:]]
            servo, place = spec.actuator(joint.name), model.actuator(joint.name).id
            servo.gainprm, servo.biasprm = (
                model.actuator_gainprm[place],
                model.actuator_biasprm[place],
            )
            servo.delay = float(model.actuator_delay[place])
        for name in links:
            _weigh(spec.body(name), model)

    return body.changed(change)


def _weigh(link: mujoco.MjsBody, model: mujoco.MjModel) -> None:
    """Gives a body of a spec the mass and inertia that it has in a model."""
    place = model.body(link.name).id
    link.explicitinertial = True
    link.mass = float(model.body_mass[place])
    link.ipos, link.iquat = model.body_ipos[place], model.body_iquat[place]
    link.inertia = model.body_inertia[place]
    link.fullinertia = [np.nan, 0, 0, 0, 0, 0]  # absent
