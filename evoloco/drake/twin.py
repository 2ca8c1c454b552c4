"""A body in Drake, built from the numbers of its compiled model.

Bodies, joints and masses are those of MuJoCo's model, so a state of the one is a state of the
other: `qpos` and `qvel` go in and come out in MuJoCo's order and frames. A free joint's turning
rate is in the body's own frame in MuJoCo and in the world in Drake.
"""

from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.drake.contact import Contact
from evoloco.drake.engine import engine
from evoloco.drake.surfaces import Surfaces
from evoloco.genome import Array

FREE, SLIDE = int(mujoco.mjtJoint.mjJNT_FREE), int(mujoco.mjtJoint.mjJNT_SLIDE)

PLACE, QUATERNION = 3, 4
"""Numbers of a position and of an orientation."""

FREEDOMS = 6
"""Degrees of freedom of a free joint."""


class Twin:
    """The bodies of a model in Drake.

    Every hinge and slide has an actuator, whose rotor has the joint's armature.

    Args:
        model: Of the body; nothing in it is left out (see `evoloco.drake.carried`).
        step: Of Drake's discrete dynamics [s].
        contact: How its surfaces touch.

    Attributes:
        model: Of the body.
        step: Of Drake's discrete dynamics [s].
        plant: Drake's MultibodyPlant.
        context: Its context: time, state and input.
        surfaces: Its geometries.
    """

    def __init__(self, model: mujoco.MjModel, step: float, contact: Contact) -> None:
        self.model, self.step = model, step
        drake = engine()
        builder = drake.DiagramBuilder()
        config = drake.MultibodyPlantConfig(
            time_step=step,
            contact_model="point",
            discrete_contact_approximation="lagged",
            use_sampled_output_ports=False,
            adjacent_bodies_collision_filters=False,
        )
        self.plant, scene = drake.AddMultibodyPlant(config, builder)
        self.plant.mutable_gravity_field().set_gravity_vector(model.opt.gravity)

        self._joints: dict[int, Any] = {}
        self._bodies = [self.plant.world_body()]
        for body in range(1, model.nbody):
            self._bodies.append(self._add(body))
        self.surfaces = Surfaces(model, self.plant, scene, self._bodies, contact)
        self.plant.Finalize()

        self._simulator = drake.Simulator(builder.Build())
        self.context = self.plant.GetMyMutableContextFromRoot(self._simulator.get_mutable_context())
        self._contacts = self.plant.get_contact_results_output_port()
        self._motion = self.plant.get_generalized_acceleration_output_port()
        self._input = self.plant.get_actuation_input_port()
        self._steps = 0
        self._find_places()

    # State

    def put(self, qpos: Array, qvel: Array) -> None:
        """Puts the bodies into a state.

        Args:
            qpos: As MuJoCo's (nq,).
            qvel: As MuJoCo's (nv,).
        """
        state = np.zeros(self.plant.num_multibody_states())
        state[self._q] = qpos
        state[self.plant.num_positions() + self._v] = self._turned(qpos, qvel, into_world=True)
        self.plant.SetPositionsAndVelocities(self.context, state)

    @property
    def state(self) -> tuple[Array, Array]:
        """Position (nq,) and velocity (nv,), as MuJoCo's `qpos` and `qvel`."""
        state = self.plant.GetPositionsAndVelocities(self.context)
        qpos = state[self._q]
        qvel = state[self.plant.num_positions() + self._v]
        return qpos, self._turned(qpos, qvel, into_world=False)

    # Motion

    def push(self, torque: Array) -> None:
        """Sets the generalized force on hinges and slides until it is set again.

        Args:
            torque: Of every degree of freedom, as MuJoCo's `qfrc_applied` (nv,); those of free
                joints are not used.
        """
        self._torque[self._u] = torque[self._driven]
        self._input.FixValue(self.context, self._torque)

    def advance(self) -> None:
        """Goes on by one step."""
        self._steps += 1
        # Steps happen at multiples of their length: halfway between them, rounding adds none.
        self._simulator.AdvanceTo((self._steps - 0.5) * self.step)

    @property
    def acceleration(self) -> Array:
        """Acceleration over the step that comes, as MuJoCo's `qacc` (nv,)."""
        found = np.asarray(self._motion.Eval(self.context))[self._v]
        return self._turned(self.state[0], found, into_world=False)

    def touches(self) -> list[Any]:
        """Returns the contacts in the step that comes, as `evoloco.drake.surfaces.Touch`."""
        return self.surfaces.read(self._contacts.Eval(self.context))

    def dynamics(self) -> tuple[Array, Array]:
        """Mass matrix (nv, nv) and bias force (nv,), as MuJoCo's.

        The bias force holds gravity. With the map J from MuJoCo's velocities to Drake's, whose rate
        is 0 in the velocities themselves, they are J' M J and J' c.
        """
        plant, context = self.plant, self.context
        count = self.model.nv
        order = np.ix_(self._v, self._v)
        mass = plant.CalcMassMatrix(context)[order]
        bias = plant.CalcBiasTerm(context) - plant.CalcGravityGeneralizedForces(context)

        qpos, _ = self.state
        turn = np.array([self._turned(qpos, row, into_world=True) for row in np.eye(count)]).T
        return turn.T @ mass @ turn, turn.T @ bias[self._v]

    def pose(self, body: int) -> tuple[Array, Array]:
        """Position [m] (3,) and rotation matrix (3, 3) of a body of the model in the world."""
        found = self.plant.EvalBodyPoseInWorld(self.context, self._bodies[body])
        return np.asarray(found.translation()), np.asarray(found.rotation().matrix())

    # Building

    def _add(self, body: int) -> Any:
        """Adds a body with its joints. Between two of its joints is a body without mass."""
        drake, model, plant = engine(), self.model, self.plant
        name = f"body {body}"
        added = plant.AddRigidBody(name, self._inertia(body))
        first, count = int(model.body_jntadr[body]), int(model.body_jntnum[body])
        parent = self._bodies[model.body_parentid[body]].body_frame()
        place = _placed(model.body_pos[body], model.body_quat[body])
        if not count:
            plant.WeldFrames(parent, added.body_frame(), place)
            return added
        if model.jnt_type[first] == FREE:
            joint = drake.QuaternionFloatingJoint(name, plant.world_frame(), added.body_frame())
            self._joints[first] = plant.AddJoint(joint)
            return added

        for joint in range(first, first + count):
            last = joint == first + count - 1
            child = added if last else plant.AddRigidBody(f"{name} before {joint}", _massless())
            self._connect(joint, parent, place, child)
            parent, place = child.body_frame(), drake.RigidTransform()
        return added

    def _connect(self, joint: int, parent: Any, place: Any, child: Any) -> None:
        """Adds a hinge or a slide between a frame and a body.

        Args:
            joint: Id in the model.
            parent: Frame of what the body hangs on.
            place: Pose of the body in it where the joint is at its reference.
            child: The body.
        """
        drake, model, plant = engine(), self.model, self.plant
        axis, zero = model.jnt_axis[joint], float(model.qpos0[model.jnt_qposadr[joint]])
        anchor = drake.RigidTransform(model.jnt_pos[joint])
        slides = model.jnt_type[joint] == SLIDE
        if slides:
            back, kind = drake.RigidTransform(-zero * axis), drake.PrismaticJoint
        else:
            back = drake.RigidTransform(drake.AngleAxis(-zero, axis), np.zeros(3))
            kind = drake.RevoluteJoint

        before = drake.FixedOffsetFrame(f"before {joint}", parent, place @ anchor @ back)
        behind = drake.FixedOffsetFrame(f"behind {joint}", child.body_frame(), anchor)
        frames = plant.AddFrame(before), plant.AddFrame(behind)
        damping = float(model.dof_damping[model.jnt_dofadr[joint]])
        added = plant.AddJoint(kind(f"joint {joint}", *frames, axis, damping=damping))
        if model.jnt_limited[joint]:
            added.set_position_limits(*model.jnt_range[joint][:, None])

        rotor = plant.AddJointActuator(f"rotor {joint}", added)
        rotor.set_default_rotor_inertia(float(model.dof_armature[model.jnt_dofadr[joint]]))
        rotor.set_default_gear_ratio(1.0)
        self._joints[joint] = added

    def _inertia(self, body: int) -> Any:
        """Mass and inertia of a body about its own frame."""
        drake, model = engine(), self.model
        turn = _placed(np.zeros(3), model.body_iquat[body]).rotation().matrix()
        about = turn @ np.diag(model.body_inertia[body]) @ turn.T
        diagonal, products = about.diagonal(), about[[0, 0, 1], [1, 2, 2]]
        return drake.SpatialInertia.MakeFromCentralInertia(
            float(model.body_mass[body]),
            model.body_ipos[body],
            drake.RotationalInertia(*diagonal, *products),
        )

    # Places

    def _find_places(self) -> None:
        """Finds where MuJoCo's numbers stand in Drake's state and input."""
        model, plant = self.model, self.plant
        q, v = np.zeros(model.nq, int), np.zeros(model.nv, int)
        self._free: list[tuple[int, int]] = []
        driven, places = [], []
        for joint, twin in self._joints.items():
            at, dof = int(model.jnt_qposadr[joint]), int(model.jnt_dofadr[joint])
            start, begin = twin.position_start(), twin.velocity_start()
            if model.jnt_type[joint] == FREE:
                # Drake's order is orientation, position; turning rate, velocity.
                q[at : at + PLACE] = start + QUATERNION + np.arange(PLACE)
                q[at + PLACE : at + PLACE + QUATERNION] = start + np.arange(QUATERNION)
                v[dof : dof + FREEDOMS] = begin + np.roll(np.arange(FREEDOMS), PLACE)
                self._free.append((at, dof))
            else:
                q[at], v[dof] = start, begin
                driven.append(dof)
                actuator = plant.GetJointActuatorByName(f"rotor {joint}")
                places.append(actuator.input_start())
        self._q, self._v = q, v
        self._driven, self._u = np.array(driven, int), np.array(places, int)
        self._torque = np.zeros(plant.num_actuated_dofs())
        self._input.FixValue(self.context, self._torque)

    def _turned(self, qpos: Array, qvel: Array, into_world: bool) -> Array:
        """Velocities (nv,) whose free joints turn in the world, or in the body's own frame."""
        turned = np.array(qvel, float)
        for at, dof in self._free:
            rotation = _rotation(qpos[at + PLACE : at + PLACE + QUATERNION])
            part = slice(dof + PLACE, dof + FREEDOMS)
            turned[part] = (rotation if into_world else rotation.T) @ turned[part]
        return turned


def _rotation(orientation: Array) -> NDArray[np.float64]:
    """Rotation matrix (3, 3) of a quaternion (4,)."""
    found = np.zeros(9)
    mujoco.mju_quat2Mat(found, orientation)
    return found.reshape(3, 3)


def _placed(position: Array, orientation: Array) -> Any:
    """Pose of a position [m] (3,) and a quaternion (4,)."""
    drake = engine()
    return drake.RigidTransform(drake.RotationMatrix(_rotation(orientation)), position)


def _massless() -> Any:
    return engine().SpatialInertia.Zero()
