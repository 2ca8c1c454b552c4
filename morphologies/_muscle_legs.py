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

from ._muscle import CURVES, MuscleTendon, shaped
from ._parts import ACCENT, DARK, GREY, WHITE, Vector, add_planar_root, ball, rod
from ._world import GROUND, new_world

Drive = Literal["muscles", "motors"]
"""What moves the joints."""

SIDES = {"left": 1, "right": -1}
JOINT_DAMPING, JOINT_ARMATURE = 0.2, 0.005
"""Of every joint [N m s/rad], [kg m²]: what keeps light feet calm at the physics step."""
REST = 0.02
"""Activation of a muscle that does nothing [1]."""
LIMIT = (0.01, 1.0)
"""Time constant [s] and damping ratio of the joints' limits."""
SOLE = {"solref": (0.03, 1.0), "solimp": (0.2, 0.95, 0.01, 0.5, 2.0)}
"""Softness of the ground, which stands for that of heel pads and shoes: it gives 5 mm under a standing weight, and 9 mm
at a blow of 0.5 m/s. MuJoCo's default gives 0.2 and 4 mm; a stiff leg then strikes with four body weights."""
HULL = 0.9
"""Radius of the pictured sole over that of the pads, so that these alone are the lowest points."""
POSES = 4
"""Angles per joint, from limit to limit, at which the lengths of muscles are looked at."""


@dataclass(frozen=True)
class Segment:
    """A rigid part of the body, its frame in its centre of mass, x forward and z upward.

    Attributes:
        mass: [kg].
        inertia: About the sideways axis [kg m²], or about the forward, sideways and upward ones.
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
        pads: Centres of the spheres under heel and toes, forward and upward in the foot's frame, and outward where they
            are not in its middle [m].
        pad: Their radius [m].
        limits: Of hip flexion, knee flexion and dorsiflexion [rad].
        muscles: By their names.
        width: Distance of each leg from the middle plane [m].
        upholders: Muscles that are active at the start, because they hold the body up.
        torques: Largest torque of the motor of each joint, where motors drive it [N m].
        looks: Rods that picture chest, head and the like: both ends, forward, to the left and upward in the trunk's
            frame [m], and radius [m].
        roll: Limits of the abduction of the hips [rad], by joints `hip_roll_<side>`, in a body that moves freely; it
            moves in the sagittal plane where None.
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
        drive: Drive = "muscles",
        genes: Mapping[str, float] | None = None,
    ) -> Morphology:
        """The body, starting as the keyframe `home` says.

        Args:
            timestep: Physics step [s].
            start: Angles `lean`, `<joint>_<side>` [rad], speeds `speed` [m/s], `turn_<joint>_<side>` [rad/s], and
                `activation` of the muscles that hold the body up; absent ones are 0 (or at rest). A body that moves
                freely also takes the angle `tilt` to its right [rad] and the speed `sway` to its left [m/s].
            drive: Muscles, or a motor per joint that exerts the torque of its control at once.
            genes: Values of the genes of muscles (see `muscle_genes`), shared by both legs.

        Raises:
            UnknownNameError: There is no such gene.
            ModelError: A muscle cannot be, or there are genes of muscles and no muscles.
        """
        if not genes:
            return self._starting(self._body(timestep, drive), start)
        if drive == "motors":
            raise ModelError(
                f"Motors drive this body, so it has no muscles for the genes {', '.join(genes)}."
            )
        legs = replace(self, muscles=shaped(self.muscles, genes))
        body = legs._assemble(timestep, drive)
        legs._check_lengths(body.model)
        return legs._starting(body, start)

    def _body(self, timestep: float, drive: Drive) -> Morphology:
        """The body that all share that differ in their start only, compiled once."""
        key = (timestep, drive)
        if key not in self._bodies:
            self._bodies[key] = self._assemble(timestep, drive)
        return self._bodies[key]

    def _assemble(self, timestep: float, drive: Drive) -> Morphology:
        """The body with all joints at 0 and at rest."""
        spec = new_world(self.name, timestep)
        spec.option.integrator = (
            mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        )  # muscles are damped by their speed
        floor = spec.geom("floor")
        floor.solref, floor.solimp = SOLE["solref"], SOLE["solimp"]
        pelvis = spec.worldbody.add_body(name="pelvis")
        if self.roll:
            pelvis.add_freejoint(name="root")
        else:
            add_planar_root(pelvis)
        _weigh(pelvis, self.pelvis)
        trunk = pelvis.add_body(
            name="trunk",
            pos=[
                self.pelvis.proximal[0] - self.trunk.distal[0],
                0,
                self.pelvis.proximal[1] - self.trunk.distal[1],
            ],
        )
        _weigh(trunk, self.trunk)
        x, z = self.trunk.proximal
        rod(
            trunk,
            "trunk",
            self.trunk.radius,
            (self.trunk.distal[0], 0, self.trunk.distal[1]),
            (x, 0, z),
            WHITE,
        )
        for number, (low, high, radius) in enumerate(self.looks):
            rod(trunk, f"trunk_{number}", radius, low, high, WHITE)
        hip, *others = self.limits
        joints = [
            f"{joint}_{side}"
            for side in SIDES
            for joint in (hip, *(["hip_roll"] * bool(self.roll)), *others)
        ]
        for side, sign in SIDES.items():
            segments = self._leg(pelvis, side, sign)
            if drive == "muscles":
                spec.nuser_actuator = 1
                for name, muscle in self.muscles.items():
                    muscle.attach(spec, f"{name}_{side}", segments, sign)
            else:
                for joint in self.limits:
                    _motor(spec, f"{joint}_{side}", self.torques[joint])
        muscles = len(SIDES) * len(self.muscles) if drive == "muscles" else 0
        spec.add_key(name=HOME, act=[REST] * muscles, ctrl=[REST] * muscles or [0.0] * len(joints))
        return assemble(spec, "pelvis", [f"foot_{side}" for side in SIDES], joints)

    def _starting(self, body: Morphology, start: Mapping[str, float]) -> Morphology:
        """A body at its start, the lower foot on the ground."""
        joints = [joint.name for joint in body.joints]
        angles = [start.get(joint, 0.0) for joint in joints]
        turns = [start.get(f"turn_{joint}", 0.0) for joint in joints]
        lean, speed = start.get("lean", 0.0), start.get("speed", 0.0)
        place, motion, height = [0.0, 0.0, lean], [speed, 0.0, 0.0], 1
        if self.roll:
            place = [0.0, 0.0, 0.0, *_attitude(lean, start.get("tilt", 0.0))]
            motion, height = [speed, start.get("sway", 0.0), 0.0, 0.0, 0.0, 0.0], 2
        data = mujoco.MjData(body.model)
        data.qpos = [*place, *angles]
        mujoco.mj_kinematics(body.model, data)
        lowest = min(data.geom(f"{pad}_{side}").xpos[2] for pad in self.pads for side in SIDES)
        place[height] = self.pad - lowest
        act = [
            start.get("activation", REST) if muscle.stem in self.upholders else REST
            for muscle in body.muscles
        ]
        return body.starting([*place, *angles], [*motion, *turns], act)

    def _leg(
        self, pelvis: mujoco.MjsBody, side: str, sign: int
    ) -> dict[str, tuple[mujoco.MjsBody, float]]:
        """Adds a leg; its bodies by name, and where muscles run in them, to the left [m]."""
        y, colour = sign * self.width, GREY if sign > 0 else DARK
        above, where = pelvis, (self.pelvis.distal[0], y, self.pelvis.distal[1])
        rod(pelvis, f"pelvis_{side}", self.pelvis.radius, (0, 0, 0), where, WHITE)
        segments = {"pelvis": (pelvis, y)}
        for (joint, limits), name, axis in zip(
            self.limits.items(), ("thigh", "shank", "foot"), (-1, 1, -1), strict=True
        ):
            segment: Segment = getattr(self, name)
            up, down = segment.proximal, segment.distal
            body = above.add_body(
                name=f"{name}_{side}", pos=[where[0] - up[0], where[1], where[2] - up[1]]
            )
            body.add_joint(
                name=f"{joint}_{side}", type=mujoco.mjtJoint.mjJNT_HINGE, axis=[0, axis, 0], pos=[up[0], 0, up[1]],
                range=list(limits), limited=mujoco.mjtLimited.mjLIMITED_TRUE, damping=[JOINT_DAMPING, 0, 0],
                armature=JOINT_ARMATURE, solref_limit=list(LIMIT),
            )  # fmt: skip
            if self.roll and name == "thigh":
                body.add_joint(
                    name=f"hip_roll_{side}", type=mujoco.mjtJoint.mjJNT_HINGE, axis=[sign, 0, 0], pos=[up[0], 0, up[1]],
                    range=list(self.roll), limited=mujoco.mjtLimited.mjLIMITED_TRUE, damping=[JOINT_DAMPING, 0, 0],
                    armature=JOINT_ARMATURE, solref_limit=list(LIMIT),
                )  # fmt: skip
            _weigh(body, segment)
            rod(
                body,
                f"{name}_{side}",
                segment.radius,
                (up[0], 0, up[1]),
                (down[0], 0, down[1]),
                colour,
            )
            segments[name] = (body, 0.0)
            above, where = body, (down[0], 0.0, down[1])
        soles = [(x, sign * sum(outward), z) for x, z, *outward in self.pads.values()]
        for pad, place in zip(self.pads, soles, strict=True):
            ball(above, f"{pad}_{side}", place, self.pad, ACCENT, conaffinity=GROUND)
        for number, front in enumerate(soles[1:]):
            rod(above, f"sole_{side}_{number}", HULL * self.pad, soles[0], front, colour)
        return segments

    def _check_lengths(self, model: mujoco.MjModel) -> None:
        """Moves the left leg through its range.

        Raises:
            ModelError: The fibres of a muscle are everywhere too short or too long to pull.
        """
        data, lengths = mujoco.MjData(model), []
        for pose in itertools.product(
            *(np.linspace(*limits, POSES) for limits in self.limits.values())
        ):
            for joint, angle in zip(self.limits, pose, strict=True):
                data.joint(f"{joint}_left").qpos = angle
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_tendon(model, data)
            lengths.append(data.ten_length[: len(self.muscles)].copy())
        for (name, muscle), whole in zip(self.muscles.items(), np.transpose(lengths), strict=True):
            low, high = muscle.fibre_length(whole.min()), muscle.fibre_length(whole.max())
            if high < CURVES["lmin"] or low > CURVES["lmax"]:
                raise ModelError(
                    f"Muscle '{name}': within the joints' limits its path leaves the fibres {low:.2f} to {high:.2f} of "
                    f"their optimal length, but they pull from {CURVES['lmin']:g} to {CURVES['lmax']:g}. Change "
                    f"slack_length, {muscle.slack_length:.4g} m, optimal_length, {muscle.optimal_length:.4g} m, or "
                    "the path."
                )


def _attitude(lean: float, tilt: float) -> list[float]:
    """Quaternion of a body that leans forward and is tilted to its right [rad]."""
    (c, s), (d, t) = ((math.cos(angle / 2), math.sin(angle / 2)) for angle in (lean, tilt))
    return [c * d, c * t, s * d, -s * t]


def _motor(spec: mujoco.MjSpec, joint: str, torque: float) -> None:
    """Drives a joint by a motor of its name, up to a torque [N m] to either side."""
    motor = spec.add_actuator(name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    motor.set_to_motor()
    motor.ctrlrange = motor.forcerange = [-torque, torque]
    motor.ctrllimited = motor.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE


def _weigh(body: mujoco.MjsBody, segment: Segment) -> None:
    """Gives a body its mass; inertias about the axes that a planar body does not turn about are set alike."""
    inertia = segment.inertia if isinstance(segment.inertia, tuple) else (segment.inertia,) * 3
    body.mass, body.inertia, body.explicitinertial = segment.mass, list(inertia), True
