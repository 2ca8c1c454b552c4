"""The contract of a body: a compiled model whose torso, feet and driven joints are known by name.

A morphology is a module with a public function `build(**options) -> Morphology`. Its tuple `GENES`
describes the numbers of the body that a run may search; their values come to `build` as keyword
arguments. Where the genes depend on the options, `GENES` holds their kinds, and a function
`gene(name, **options) -> Gene` gives the gene of a name.
"""

import copy
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import mujoco
import numpy as np

from evoloco.actuator import Actuators
from evoloco.errors import ModelError, UnknownNameError
from evoloco.fields import Array, Layout
from evoloco.joint import Joint, read_joint
from evoloco.muscle import Muscle, read_muscle
from evoloco.sensor import Sensor, layout, of_body
from evoloco.sides import Sides, find_sides
from evoloco.standard_sensors import add_sensors, order_feet
from evoloco.static_world import grounds
from evoloco.stature import read_stature
from evoloco.subtree import geoms_of, robot_actuators

GRAVITY = 9.81
"""Gravity of the earth [m/s²], by which a body is weighed whose model has none."""

HOME = "home"
"""Keyframe that every body starts from."""


@dataclass(frozen=True)
class Morphology:
    """A body, ready to be simulated.

    Attributes:
        model: Compiled model with the standard sensors (see `evoloco.standard_sensors`).
        spec: What it is compiled from.
        torso: Name of the body that carries the IMU.
        feet: Names of the foot bodies: left ones, others and right ones, each from front to rear.
        joints: Driven joints; in the order of the controls where servos or motors drive them.
        floor: Ids of the geoms that count as ground.
        leg_length: Height of the highest leg joint above the sole in the reference pose [m].
        standing_height: Height of the torso in the reference pose [m].
        mass: Of the robot, the tree of the torso [kg].
        size: Overall height in the reference pose [m].
        sides: What is left, what is right, and what belongs together.
        muscles: In the order of the controls, where they drive the joints; none elsewhere.
        torques: Whether the controls are torques of motors [N m], over the motors' gear; else they
            are target angles, or excitations of muscles.
        reference: Position (nq,) in which heights and lengths are read; the home keyframe where
            empty. A start that differs from it leaves them as they are.
        fitted: Its sensors where a run file has changed them (see `evoloco.fitting`).
        told: What was added to a user's model, dropped from it or changed, a sentence each.
        torso_frame: Name of the body in whose frame x is forward and z upward, and whose pose is
            the torso's: the torso, or a body without mass that is fixed to it.
        actuators: What lies between commands and MuJoCo's controls, if anything.
    """

    model: mujoco.MjModel
    spec: mujoco.MjSpec = field(repr=False, compare=False)
    torso: str
    feet: tuple[str, ...]
    joints: tuple[Joint, ...]
    floor: frozenset[int]
    leg_length: float
    standing_height: float
    mass: float
    size: float
    sides: Sides
    muscles: tuple[Muscle, ...] = ()
    torques: bool = False
    reference: tuple[float, ...] = ()
    fitted: tuple[Sensor, ...] = ()
    told: tuple[str, ...] = ()
    torso_frame: str = ""
    actuators: Actuators | None = None

    def __post_init__(self) -> None:
        if not self.torso_frame:
            object.__setattr__(self, "torso_frame", self.torso)

    def __repr__(self) -> str:
        drive = f"{len(self.muscles)} muscles" if self.muscles else f"{len(self.joints)} joints"
        feet = "1 foot" if len(self.feet) == 1 else f"{len(self.feet)} feet"
        return f"Morphology({drive}, {feet}, {self.mass:.3g} kg, legs of {self.leg_length:.3g} m)"

    @cached_property
    def sensors(self) -> tuple[Sensor, ...]:
        """What a controller can read on this body."""
        return self.fitted or of_body(self)

    @property
    def felt(self) -> tuple[Sensor, ...]:
        """The sensors that are not hidden: those that a policy reads. They come first."""
        return tuple(sensor for sensor in self.sensors if not sensor.hidden)

    @cached_property
    def observation(self) -> Layout:
        """Layout of what a controller observes: one field per sensor."""
        return layout(self.sensors)

    @property
    def gravity(self) -> float:
        """Gravity that defines body weight and Froude numbers [m/s²]: that of the model."""
        disabled = self.model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_GRAVITY
        found = 0.0 if disabled else float(np.linalg.norm(self.model.opt.gravity))
        return found or GRAVITY

    @property
    def weight(self) -> float:
        """Body weight [N]."""
        return self.mass * self.gravity

    @property
    def has_motors(self) -> bool:
        """Whether all the robot's actuators have an electrical model, as MuJoCo's `dcmotor`."""
        kinds = self.model.actuator_gaintype[robot_actuators(self.model, self.torso)]
        return bool(np.all(kinds == mujoco.mjtGain.mjGAIN_DCMOTOR))

    @cached_property
    def controls(self) -> int:
        """Number of the controls that a controller writes; they are the first of the model's."""
        return len(self.muscles) or len(self.joints)

    @cached_property
    def outputs(self) -> int:
        """Number of the forces of the robot's own actuators; they are the first of the model's."""
        own = robot_actuators(self.model, self.torso)
        return int(self.model.actuator_outnum[own].sum())

    @cached_property
    def home(self) -> Array:
        """The home keyframe's qpos (nq,)."""
        return np.array(self.model.key(HOME).qpos)

    @cached_property
    def memo(self) -> dict[Hashable, Any]:
        """What was computed from this body and is asked for again, kept with it."""
        return {}

    @cached_property
    def foot_geoms(self) -> frozenset[int]:
        """Ids of the geoms that may touch the ground: those of the feet and what hangs on them."""
        return frozenset(geom for foot in self.feet for geom in self.geoms_of(foot))

    def geoms_of(self, body: str) -> list[int]:
        """Ids of the geoms of a body and of what hangs on it."""
        return geoms_of(self.model, body)

    def joint(self, name: str) -> Joint:
        """The driven joint of a name.

        Raises:
            UnknownNameError: No driven joint has it.
        """
        for joint in self.joints:
            if joint.name == name:
                return joint
        raise UnknownNameError("driven joint", name, (joint.name for joint in self.joints))

    def starting(
        self, qpos: Sequence[float], qvel: Sequence[float], act: Sequence[float] = ()
    ) -> "Morphology":
        """This body with another home keyframe, without compiling it again.

        Leg length, heights and fall limits stay those of the reference pose.

        Args:
            qpos: Its position (nq,).
            qvel: Its velocity (nv,).
            act: Its activations (na,); those of this body where empty.
        """
        model, spec = copy.copy(self.model), self.spec.copy()
        compiled, written = model.key(HOME), spec.key(HOME)

        for name, values in (("qpos", qpos), ("qvel", qvel), ("act", act)):
            if len(values):
                getattr(compiled, name)[:] = values
                setattr(written, name, list(values))
        reference = self.reference or tuple(self.home.tolist())
        return replace(self, reference=reference).compiled_as(model, spec)

    def standing(self, qpos: Sequence[float]) -> "Morphology":
        """This body with another reference pose, which is its home keyframe too.

        Args:
            qpos: Its position (nq,).
        """
        moved = self.starting(qpos, np.zeros(self.model.nv).tolist())
        return replace(moved, reference=()).compiled_as(moved.model, moved.spec)

    def changed(self, change: Callable[[mujoco.MjSpec], object]) -> "Morphology":
        """This body with a change of what it is compiled from.

        Args:
            change: Called with a copy of the spec.
        """
        spec = self.spec.copy()
        change(spec)
        return self.compiled_as(spec.compile(), spec)

    def with_sides(self, sides: Sides) -> "Morphology":
        """This body with the sides of another one that has the same parts."""
        if sides == self.sides:
            return self
        feet = tuple(foot for foot, _ in sides.foot)
        sided = replace(self, sides=sides, feet=feet)
        if feet == self.feet:
            return sided.compiled_as(self.model)
        muscles = [muscle.name for muscle in self.muscles]
        joints = [joint.name for joint in self.joints]
        return sided.changed(lambda spec: order_feet(spec, feet, joints, muscles))

    def with_model(self, model: mujoco.MjModel) -> "Morphology":
        """This body with other numbers in its compiled model that none of its own depend on."""
        other = replace(self, model=model)
        vars(other)["memo"] = self.memo
        return other

    def compiled_as(
        self,
        model: mujoco.MjModel,
        spec: mujoco.MjSpec | None = None,
        data: mujoco.MjData | None = None,
        same_joints: bool = False,
    ) -> "Morphology":
        """This body with another compiled model; its own numbers are read again.

        Args:
            model: With the same parts.
            spec: What it is compiled from; that of this body where absent.
            data: To work in, of the model's layout.
            same_joints: Whether the driven joints have the same axes, limits and home angles.
        """
        home = _at_home(model, data)
        joint_names = [joint.name for joint in self.joints]
        joints, muscles = self.joints, self.muscles
        if not same_joints:
            pairs, commanded = self.sides.joints, not self.torques
            joints = tuple(read_joint(model, home, name, pairs, commanded) for name in joint_names)
        if muscles:
            pairs = self.sides.muscles
            muscles = tuple(read_muscle(model, muscle.name, pairs) for muscle in muscles)

        if self.reference:
            home.qpos = self.reference
            mujoco.mj_kinematics(model, home)
        stature = read_stature(model, home, self.torso_frame, self.feet, joint_names)
        return replace(
            self,
            model=model,
            spec=self.spec if spec is None else spec,
            joints=joints,
            muscles=muscles,
            **stature._asdict(),
        )

    def sensor(self, name: str) -> slice:
        """Where a sensor's readings stand in sensordata.

        Raises:
            UnknownNameError: The model has no such sensor.
        """
        if name not in self._sensors:
            raise UnknownNameError("sensor", name, self._sensors)
        return self._sensors[name]

    @cached_property
    def _sensors(self) -> dict[str, slice]:
        """Where the readings of each sensor stand in sensordata."""
        sensors = [self.model.sensor(i) for i in range(self.model.nsensor)]
        return {
            sensor.name: slice(int(sensor.adr[0]), int(sensor.adr[0] + sensor.dim[0]))
            for sensor in sensors
        }


def _at_home(model: mujoco.MjModel, data: mujoco.MjData | None = None) -> mujoco.MjData:
    """Data of a model in its home keyframe, with its kinematics computed."""
    data = mujoco.MjData(model) if data is None else data
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_kinematics(model, data)
    return data


def assemble(
    spec: mujoco.MjSpec,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    floor: Sequence[str] = (),
    partners: Mapping[str, str] | None = None,
    torso_frame: str = "",
    sides: Sides | None = None,
) -> Morphology:
    """Adds the standard sensors to a spec, compiles it and reads the body off the model.

    Args:
        spec: The body and its ground, with one actuator per driven joint that carries the joint's
            name, or with muscles, and a keyframe `home` in which it starts. The actuators are
            servos, or all of them are MuJoCo's `motor`, whose control is a torque. Actuators
            behind these keep the controls of the keyframe; those of other bodies come last.
        torso: Body that carries the IMU.
        feet: Foot bodies, in any order.
        joints: Driven joints, in the order of their actuators where servos or motors drive them.
        floor: Geoms that count as ground. Where empty, those of the world body and of bodies fixed
            to it that can touch a foot, or the torso and what hangs on it.
        partners: Left joint -> right joint. Where absent, they are found by their places, or
            else by their names: `hip_left`, `l_hip`, `LHip` or `FL_hip` with `hip_right`,
            `r_hip`, `RHip` or `FR_hip`.
        torso_frame: Body in whose frame x is forward and z upward; the torso where empty.
        sides: The sides, where they are known already.

    Raises:
        UnknownNameError: A body, joint or geom does not exist.
        ModelError: The spec does not compile, or lacks an actuator or the keyframe.
    """
    _check_names(spec, torso, feet, joints)
    driving = _driving(spec, joints)
    actuators = [actuator.name for actuator in driving]
    muscular = bool(driving) and driving[0].gaintype == mujoco.mjtGain.mjGAIN_MUSCLE
    torques = _takes_torques(driving)

    frame = torso_frame or torso
    muscle_names = actuators if muscular else []
    add_sensors(spec, frame, feet, joints, muscle_names)
    model = _compiled(spec)
    _check_order(model, torso)
    home = _at_home(model)

    _check_partners(joints, partners or {})
    if sides is None:
        sides = find_sides(model, home, torso, feet, joints, muscle_names, partners)
    sided = [foot for foot, _ in sides.foot]
    if sided != list(feet):  # rows of measures read the feet's sensors in the order of the feet
        order_feet(spec, sided, joints, muscle_names)
        model = _compiled(spec)
        home = _at_home(model)

    driven = tuple(
        read_joint(model, home, name, sides.joints, commanded=not torques) for name in joints
    )
    muscles = [read_muscle(model, name, sides.muscles) for name in muscle_names]
    soles, robot = {geom for foot in feet for geom in geoms_of(model, foot)}, geoms_of(model, torso)
    ground = [model.geom(name).id for name in floor]
    ground = ground or grounds(model, soles) or grounds(model, robot)
    return Morphology(
        model=model,
        spec=spec,
        torso=torso,
        feet=tuple(foot for foot, _ in sides.foot),
        joints=driven,
        floor=frozenset(ground),
        muscles=tuple(muscles),
        torques=torques,
        torso_frame=frame,
        sides=sides,
        **read_stature(model, home, frame, feet, joints)._asdict(),
    )


def _check_names(
    spec: mujoco.MjSpec, torso: str, feet: Sequence[str], joints: Sequence[str]
) -> None:
    """Raises an UnknownNameError where a body or a joint does not exist."""
    bodies = [body.name for body in spec.bodies]
    for name in (torso, *feet):
        if name not in bodies:
            raise UnknownNameError("body", name, (body for body in bodies if body))

    known = [joint.name for joint in spec.joints]
    for name in joints:
        if name not in known:
            raise UnknownNameError("joint", name, (joint for joint in known if joint))


def _driving(spec: mujoco.MjSpec, joints: Sequence[str]) -> list[mujoco.MjsActuator]:
    """The actuators that a controller drives: the first ones.

    Raises:
        ModelError: They are neither muscles nor those of the driven joints.
    """
    actuators = list(spec.actuators)
    others = (
        place
        for place, actuator in enumerate(actuators)
        if actuator.gaintype != mujoco.mjtGain.mjGAIN_MUSCLE
    )
    muscles = actuators[: next(others, len(actuators))]
    first = actuators[: len(joints)]
    names = [actuator.name for actuator in first]
    if not muscles and names != list(joints):
        raise ModelError(
            f"The first actuators {names} must be named after the driven joints and stand in their "
            f"order, {list(joints)}, or be muscles."
        )
    return muscles or first


def _check_order(model: mujoco.MjModel, torso: str) -> None:
    """Raises a ModelError where actuators of the scenery stand before those of the robot."""
    own = robot_actuators(model, torso)
    if own.tolist() != list(range(len(own))):
        raise ModelError("The robot's actuators must stand before those of other bodies.")


def _takes_torques(actuators: Sequence[mujoco.MjsActuator]) -> bool:
    """Whether the actuators are motors.

    Raises:
        ModelError: Some are, and others are not.
    """
    motors = [actuator.name for actuator in actuators if _is_motor(actuator)]
    others = [actuator.name for actuator in actuators if not _is_motor(actuator)]
    if motors and others:
        raise ModelError(
            f"The actuators {motors} take a torque, but {others} do not. All must be `motor` "
            "actuators, or none."
        )
    return bool(motors)


def _is_motor(actuator: mujoco.MjsActuator) -> bool:
    """Whether an actuator is MuJoCo's `motor`: its force is its control, times a constant."""
    return bool(
        actuator.gaintype == mujoco.mjtGain.mjGAIN_FIXED
        and actuator.biastype == mujoco.mjtBias.mjBIAS_NONE
        and actuator.dyntype == mujoco.mjtDyn.mjDYN_NONE
    )


def _compiled(spec: mujoco.MjSpec) -> mujoco.MjModel:
    """The compiled model.

    Raises:
        ModelError: The spec does not compile, or lacks the home keyframe.
    """
    try:
        model = spec.compile()
    except ValueError as error:
        raise ModelError(f"MuJoCo cannot compile the model: {error}") from error
    if HOME not in [model.key(i).name for i in range(model.nkey)]:
        raise ModelError(f"The model needs a keyframe '{HOME}' in which it stands.")
    return model


def _check_partners(joints: Sequence[str], partners: Mapping[str, str]) -> None:
    """Raises an UnknownNameError where a joint of a pair is not driven."""
    for name in (name for pair in partners.items() for name in pair):
        if name not in joints:
            raise UnknownNameError("driven joint", name, joints)
