"""A morphology in MuJoCo as the robot behind an emulated bus."""

import copy
from collections.abc import Mapping

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.bus.plant import Readings
from evoloco.check.subject import Subject
from evoloco.delay import fill_histories
from evoloco.errors import ModelError, SpecError
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.morphology import HOME, Morphology
from evoloco.sensors import acceleration
from evoloco.standard_sensors import RATE

UPWARD = 2
"""Place of the vertical component in a force."""


class Body:
    """The body of a run, whose actuators are the servos with their own delay and gains.

    Args:
        morphology: Whose joints are driven by servos.

    Attributes:
        joints: Names of the driven joints (n).
        feet: Names of the feet (F).
        home: Commands in the home keyframe [rad] (n,).

    Raises:
        ModelError: Muscles, torques or servos that are not MuJoCo's drive the joints.
    """

    def __init__(self, morphology: Morphology) -> None:
        if morphology.muscles or morphology.torques:
            drive = "muscles" if morphology.muscles else "motors that take torques"
            raise ModelError(f"A servo bus needs servos, but {drive} drive this body's joints.")
        if morphology.actuators is not None:
            raise ModelError(
                "The emulated bus has MuJoCo's servos only, but this body's are others, such as "
                "those of a fitted body. Name a run whose servos are MuJoCo's, or a robot's --port."
            )

        body = morphology.changed(lambda spec: acceleration.prepare(spec, morphology))
        self._body, self._model = body, copy.copy(body.model)
        self._data = mujoco.MjData(self._model)
        self._limited = self._model.actuator_forcelimited.astype(bool)
        self._forces = self._model.actuator_forcerange.copy()
        self.joints = tuple(joint.name for joint in body.joints)
        self.feet = body.feet

        mujoco.mj_resetDataKeyframe(self._model, self._data, self._model.key(HOME).id)
        fill_histories(self._model, self._data)
        mujoco.mj_forward(self._model, self._data)
        self.home = self._data.ctrl[: len(self.joints)].copy()

    def read(self) -> Readings:
        """What MuJoCo's sensors tell: they are one physics step old."""
        return Readings(
            angle=np.concatenate([self._sensor(f"joint.{name}.angle") for name in self.joints]),
            velocity=np.concatenate(
                [self._sensor(f"joint.{name}.velocity") for name in self.joints]
            ),
            torque=self._data.actuator_force[: len(self.joints)].copy(),
            orientation=self._sensor("torso.orientation"),
            rate=self._sensor(RATE),
            acceleration=self._sensor(acceleration.NAME),
            load=np.array([self._sensor(f"foot.{foot}.ground")[UPWARD] for foot in self.feet]),
        )

    def advance(self, targets: Array, driven: NDArray[np.bool_], duration: float) -> None:
        """Steps the physics.

        Raises:
            SpecError: The duration is not a multiple of the physics step.
        """
        step = self._model.opt.timestep
        steps = round(duration / step)
        if steps < 1 or abs(steps * step - duration) > 1e-9:
            raise SpecError(
                f"The bus advances by {duration:g} s, which is no multiple of the physics step "
                f"of {step:g} s."
            )

        count = len(self.joints)
        self._model.actuator_forcelimited[:count] = self._limited[:count] | ~driven
        self._model.actuator_forcerange[:count] = self._forces[:count] * driven[:, None]
        self._data.ctrl[:count] = targets
        for _ in range(steps):
            mujoco.mj_step(self._model, self._data)

    def push(self, velocity: Array) -> None:
        """Changes the velocity of the torso, in the world [m/s] (3,). One that hangs stays."""
        torso = self._model.body(self._body.torso).id
        if self._model.body_dofnum[torso]:
            start = self._model.body_dofadr[torso]
            self._data.qvel[start : start + 3] += velocity

    def truth(self) -> Mapping[str, float]:
        """Where the torso is, and how far it leans from upright."""
        torso = self._data.body(self._body.torso_frame)
        x, y, z = torso.xpos
        lean = float(np.arccos(np.clip(torso.xmat[8], -1.0, 1.0)))
        return {"x [m]": float(x), "y [m]": float(y), "z [m]": float(z), "lean [rad]": lean}

    def _sensor(self, name: str) -> Array:
        return np.array(self._data.sensordata[self._body.sensor(name)])


def of_run(run: str) -> Body:
    """The body of a champion.

    Args:
        run: A run folder, or a bundled run.
    """
    subject = Subject.of(run)
    ((morphology, _),) = Experiment(subject.spec).embodied(subject.genome[None])
    return Body(morphology)
