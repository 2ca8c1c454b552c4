"""Bodies on two legs, driven by muscles or motors, made from tables of segments and muscles."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.morphology import HOME, Morphology, assemble
from evoloco.muscle_tendon import CURVES, MuscleTendon, shaped

from ._parts import ACCENT, DARK, GREY, WHITE, Colour, Vector, add_planar_root, ball, rod
from ._world import GROUND, new_world

Drive = Literal["muscles", "motors"]
"""What moves the joints."""

Segments = dict[str, tuple[mujoco.MjsBody, float]]
"""Bodies of a leg by name, and where muscles run in them, to the left of their middle [m]."""

SIDES = {"left": 1, "right": -1}
"""The legs, and the sign of a distance outwards."""

SEGMENTS = {"thigh": -1, "shank": 1, "foot": -1}
"""Segments of a leg from above, and the sign of the sideways axis of the joint above each."""

JOINT_DAMPING, JOINT_ARMATURE = 0.2, 0.005
"""Of every joint [N m s/rad], [kg m²]: what keeps light feet calm at the physics step."""

REST = 0.02
"""Activation of a muscle that does nothing [1]."""

LIMIT = (0.01, 1.0)
"""Time constant [s] and damping ratio of the joints' limits."""

SOLE = {"solref": (0.03, 1.0), "solimp": (0.2, 0.95, 0.01, 0.5, 2.0)}
"""Softness of the ground, which stands for that of heel pads and shoes.

It gives 5 mm under a standing weight, and 9 mm at a blow of 0.5 m/s. MuJoCo's default gives 0.2 and
4 mm; a stiff leg then strikes with four body weights.
"""

HULL = 0.9
"""Radius of the pictured sole over that of the pads, so that these alone are the lowest points."""

POSES = 4
"""Angles per joint, from limit to limit, at which the lengths of muscles are looked at."""


@dataclass(frozen=True)
class Segment:
    """A rigid part of the body, its frame in its centre of mass, x forward and z upward.

    Attributes:
        mass: [kg].
        inertia: About the sideways axis [kg m²], or about the forward, sideways
            and upward ones.
        proximal: Where it hangs on the segment above [m].
        distal: Where the next segment hangs on it [m].
        radius: Of its picture [m].
    """

    mass: float
    inertia: float | tuple[float, float, float]
    proximal: tuple[float, float]
    distal: tuple[float, float]
    radius: float


@dataclass(frozen=True)
class Legs:
    """All numbers of such a body.

    Attributes:
        name: Of the model.
        pelvis: Its distal end is the hip.
        trunk: Fixed to the proximal end of the pelvis by its distal end.
        thigh: Below the hip.
        shank: Below the knee.
        foot: Below the ankle.
        pads: Centres of the spheres under heel and toes, forward and upward in
            the foot's frame, and outward where they are not in its middle [m].
        pad: Their radius [m].
        limits: Of hip flexion, knee flexion and dorsiflexion [rad].
        muscles: By their names.
        width: Distance of each leg from the middle plane [m].
        upholders: Muscles that are active at the start, because they hold the body up.
        torques: Largest torque of the motor of each joint, where motors drive it [N m].
        looks: Rods that picture chest, head and the like: both ends, forward, to
            the left and upward in the trunk's frame [m], and radius [m].
        roll: Limits of the abduction of the hips [rad], by joints `hip_roll_<side>`,
            in a body that moves freely; where None, the body moves in the
            sagittal plane.
    """

    name: str
    pelvis: Segment
    trunk: Segment
    thigh: Segment
    shank: Segment
    foot: Segment
    pads: Mapping[str, tuple[float, ...]]
    pad: float
    limits: Mapping[str, tuple[float, float]]
    muscles: Mapping[str, MuscleTendon]
    width: float
    upholders: tuple[str, ...]
    torques: Mapping[str, float] = field(default_factory=dict)
    looks: tuple[tuple[Vector, Vector, float], ...] = ()
    roll: tuple[float, float] | None = None
    _bodies: dict[tuple[float, Drive], Morphology] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def build(
        self,
        timestep: float,
        start: Mapping[str, float],
        genes: Mapping[str, float],
        drive: Drive = "muscles",
    ) -> Morphology:
        """The body, starting as the keyframe `home` says.

        Args:
            timestep: Physics step [s].
            start: Angles `lean` and `<joint>_<side>` [rad], speeds `speed` [m/s]
                and `turn_<joint>_<side>` [rad/s], and `activation` of the muscles
                that hold the body up; absent ones are 0, or at rest. A body that
                moves freely also takes the angle `tilt` to its right [rad] and
                the speed `sway` to its left [m/s].
            genes: Values of the genes of muscles (see `muscle_genes`), shared by
                both legs.
            drive: Muscles, or a motor per joint that exerts the torque of its
                control at once.

        Raises:
            UnknownNameError: There is no such gene.
            ModelError: A muscle cannot be, or there are genes of muscles and no muscles.
        """
        if not genes:
            return self._starting(self._at_rest(timestep, drive), start)
        if drive == "motors":
            raise ModelError(
                f"Motors drive this body, so it has no muscles for the genes {', '.join(genes)}."
            )
        return replace(self, muscles=shaped(self.muscles, genes))._shaped(timestep, start)

    def _shaped(self, timestep: float, start: Mapping[str, float]) -> Morphology:
        """The body with muscles that genes made, which must be able to pull."""
        body = self._straight(timestep, "muscles")
        self._check_lengths(body.model)
        return self._starting(body, start)

    def _at_rest(self, timestep: float, drive: Drive) -> Morphology:
        """The body that all share that differ in their start only, compiled once."""
        key = (timestep, drive)
        if key not in self._bodies:
            self._bodies[key] = self._straight(timestep, drive)
        return self._bodies[key]

    def _straight(self, timestep: float, drive: Drive) -> Morphology:
        """The body on straight legs, its reference pose, which no start moves."""
        body = self._assemble(timestep, drive)
        return body.standing(self._placed(body, {})[0])

    @property
    def _stems(self) -> list[str]:
        """Joints of a leg without their side, from above."""
        hip, *others = self.limits
        return [hip, *(["hip_roll"] if self.roll else []), *others]

    def _assemble(self, timestep: float, drive: Drive) -> Morphology:
        """The body with all joints at 0 and at rest."""
        spec = self._world(timestep)
        pelvis = self._add_trunk(spec)
        for side, sign in SIDES.items():
            segments = self._add_leg(pelvis, side, sign)
            if drive == "muscles":
                self._add_muscles(spec, segments, side, sign)
            else:
                self._add_motors(spec, side)

        joints = [f"{stem}_{side}" for side in SIDES for stem in self._stems]
        muscles = len(SIDES) * len(self.muscles) if drive == "muscles" else 0
        spec.add_key(name=HOME, act=[REST] * muscles, ctrl=[REST] * muscles or [0.0] * len(joints))
        return assemble(spec, "pelvis", [f"foot_{side}" for side in SIDES], joints)

    def _world(self, timestep: float) -> mujoco.MjSpec:
        """The world, with a soft ground and an integrator for muscles, damped by their speed."""
        spec = new_world(self.name, timestep)
        spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        floor = spec.geom("floor")
        floor.solref, floor.solimp = SOLE["solref"], SOLE["solimp"]
        return spec

    def _add_trunk(self, spec: mujoco.MjSpec) -> mujoco.MjsBody:
        """Adds pelvis and trunk; returns the pelvis."""
        pelvis = spec.worldbody.add_body(name="pelvis")
        if self.roll:
            pelvis.add_freejoint(name="root")
        else:
            add_planar_root(pelvis)
        _weigh(pelvis, self.pelvis)

        (x, z), (low_x, low_z) = self.pelvis.proximal, self.trunk.distal
        trunk = pelvis.add_body(name="trunk", pos=[x - low_x, 0, z - low_z])
        _weigh(trunk, self.trunk)

        high_x, high_z = self.trunk.proximal
        rod(trunk, "trunk", self.trunk.radius, (low_x, 0, low_z), (high_x, 0, high_z), WHITE)
        for number, (low, high, radius) in enumerate(self.looks):
            rod(trunk, f"trunk_{number}", radius, low, high, WHITE)
        return pelvis

    def _add_leg(self, pelvis: mujoco.MjsBody, side: str, sign: int) -> Segments:
        """Adds a leg and its picture; returns its segments, the pelvis first."""
        y, colour = sign * self.width, GREY if sign > 0 else DARK
        above, (hip_x, hip_z) = pelvis, self.pelvis.distal
        hip = (hip_x, y, hip_z)
        rod(pelvis, f"pelvis_{side}", self.pelvis.radius, (0, 0, 0), hip, WHITE)

        segments = {"pelvis": (pelvis, y)}
        where = hip
        for (name, axis), (joint, limits) in zip(
            SEGMENTS.items(), self.limits.items(), strict=True
        ):
            segment: Segment = getattr(self, name)
            (up_x, up_z), (down_x, down_z) = segment.proximal, segment.distal
            body = above.add_body(
                name=f"{name}_{side}", pos=[where[0] - up_x, where[1], where[2] - up_z]
            )
            _add_hinge(body, f"{joint}_{side}", (0, axis, 0), segment, limits)
            if self.roll and name == "thigh":
                _add_hinge(body, f"hip_roll_{side}", (sign, 0, 0), segment, self.roll)
            _weigh(body, segment)
            ends = (up_x, 0, up_z), (down_x, 0, down_z)
            rod(body, f"{name}_{side}", segment.radius, *ends, colour)

            segments[name] = (body, 0.0)
            above, where = body, (down_x, 0.0, down_z)

        self._add_sole(above, side, sign, colour)
        return segments

    def _add_sole(self, foot: mujoco.MjsBody, side: str, sign: int, colour: Colour) -> None:
        """Adds the pads on which a foot stands, and rods between them that picture the sole."""
        places = [(x, sign * sum(outward), z) for x, z, *outward in self.pads.values()]
        for pad, place in zip(self.pads, places, strict=True):
            ball(foot, f"{pad}_{side}", place, self.pad, ACCENT, conaffinity=GROUND)

        heel, *fronts = places
        for number, front in enumerate(fronts):
            rod(foot, f"sole_{side}_{number}", HULL * self.pad, heel, front, colour)

    def _add_muscles(self, spec: mujoco.MjSpec, segments: Segments, side: str, sign: int) -> None:
        """Adds the muscles of a leg."""
        spec.nuser_actuator = 1  # their pennation
        for name, muscle in self.muscles.items():
            muscle.attach(spec, f"{name}_{side}", segments, sign)

    def _add_motors(self, spec: mujoco.MjSpec, side: str) -> None:
        """Drives the joints of a leg by motors of their names, up to a torque to either side."""
        for stem in self.limits:
            joint, torque = f"{stem}_{side}", self.torques[stem]
            motor = spec.add_actuator(name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT)
            motor.set_to_motor()
            motor.ctrlrange = motor.forcerange = [-torque, torque]
            motor.ctrllimited = motor.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE

    def _starting(self, body: Morphology, start: Mapping[str, float]) -> Morphology:
        """A body at its start, the lower foot on the ground."""
        qpos, qvel = self._placed(body, start)
        act = [
            start.get("activation", REST) if muscle.stem in self.upholders else REST
            for muscle in body.muscles
        ]
        return body.starting(qpos, qvel, act)

    def _placed(
        self, body: Morphology, start: Mapping[str, float]
    ) -> tuple[list[float], list[float]]:
        """Position and velocity of a body at its start."""
        joints = [joint.name for joint in body.joints]
        angles = [start.get(joint, 0.0) for joint in joints]
        turns = [start.get(f"turn_{joint}", 0.0) for joint in joints]

        lean, speed = start.get("lean", 0.0), start.get("speed", 0.0)
        if self.roll:
            place = [0.0, 0.0, 0.0, *_attitude(lean, start.get("tilt", 0.0))]
            motion, height = [speed, start.get("sway", 0.0), 0.0, 0.0, 0.0, 0.0], 2
        else:
            place, motion, height = [0.0, 0.0, lean], [speed, 0.0, 0.0], 1
        place[height] = self._height(body.model, [*place, *angles])
        return [*place, *angles], [*motion, *turns]

    def _height(self, model: mujoco.MjModel, qpos: list[float]) -> float:
        """How far a body in a pose must be raised until its lowest pad touches the ground [m]."""
        data = mujoco.MjData(model)
        data.qpos = qpos
        mujoco.mj_kinematics(model, data)
        lowest = min(data.geom(f"{pad}_{side}").xpos[2] for pad in self.pads for side in SIDES)
        return float(self.pad - lowest)

    def _check_lengths(self, model: mujoco.MjModel) -> None:
        """Moves the left leg through its range.

        Raises:
            ModelError: The fibres of a muscle are everywhere too short or too long to pull.
        """
        data, lengths = mujoco.MjData(model), []
        angles = (np.linspace(*limits, POSES) for limits in self.limits.values())
        for pose in itertools.product(*angles):
            for stem, angle in zip(self.limits, pose, strict=True):
                data.joint(f"{stem}_left").qpos = angle
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_tendon(model, data)
            lengths.append(data.ten_length[: len(self.muscles)].copy())

        for (name, muscle), whole in zip(self.muscles.items(), np.transpose(lengths), strict=True):
            low, high = muscle.fibre_length(whole.min()), muscle.fibre_length(whole.max())
            if high < CURVES["lmin"] or low > CURVES["lmax"]:
                raise ModelError(
                    f"Muscle '{name}': within the joints' limits its path leaves the fibres "
                    f"{low:.2f} to {high:.2f} of their optimal length, but they pull from "
                    f"{CURVES['lmin']:g} to {CURVES['lmax']:g}. "
                    f"Change slack_length, {muscle.slack_length:.4g} m, "
                    f"optimal_length, {muscle.optimal_length:.4g} m, or the path."
                )


def _add_hinge(
    body: mujoco.MjsBody, name: str, axis: Vector, segment: Segment, limits: tuple[float, float]
) -> None:
    """Adds the hinge [rad] by which a segment hangs on the one above."""
    x, z = segment.proximal
    body.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=axis,
        pos=[x, 0, z],
        range=list(limits),
        limited=mujoco.mjtLimited.mjLIMITED_TRUE,
        damping=[JOINT_DAMPING, 0, 0],
        armature=JOINT_ARMATURE,
        solref_limit=list(LIMIT),
    )


def _attitude(lean: float, tilt: float) -> list[float]:
    """Quaternion of a body that leans forward and is tilted to its right [rad]."""
    (c, s), (d, t) = ((math.cos(angle / 2), math.sin(angle / 2)) for angle in (lean, tilt))
    return [c * d, c * t, s * d, -s * t]


def _weigh(body: mujoco.MjsBody, segment: Segment) -> None:
    """Gives a body its mass and inertia.

    Inertias about the axes that a planar body does not turn about are set alike.
    """
    inertia = segment.inertia if isinstance(segment.inertia, tuple) else (segment.inertia,) * 3
    body.mass, body.inertia, body.explicitinertial = segment.mass, list(inertia), True
