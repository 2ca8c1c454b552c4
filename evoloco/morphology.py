"""The contract of a body: a compiled model whose torso, feet and driven joints are known by name.

A morphology is a module with a public function `build(**options) -> Morphology`. Its tuple `GENES` describes the
numbers of the body that a run may search; their values come to `build` as keyword arguments. Where the genes depend on
the options, `GENES` holds their kinds, and a function `gene(name, **options) -> Gene` gives the gene of a name.
"""

import copy
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.errors import ModelError, UnknownNameError
from evoloco.fields import Layout
from evoloco.muscle import Muscle, read_muscle
from evoloco.sensor import Sensor, layout, of_body

GRAVITY = 9.81
"""Acceleration that defines body weight and Froude numbers [m/s²]."""

IMU = "torso.imu"
"""Site of the torso's gyroscope and accelerometer, in the torso's frame."""

HOME = "home"
"""Keyframe that every body starts from."""

SPHERE, CAPSULE = int(mujoco.mjtGeom.mjGEOM_SPHERE), int(mujoco.mjtGeom.mjGEOM_CAPSULE)
"""Types of geoms whose extent is exact, whatever way they are turned."""

SIDES = {
    "left": ("right", ""),
    "l": ("r", ""),
    "fl": ("fr", "front"),
    "lf": ("rf", "front"),
    "rl": ("rr", "rear"),
    "hl": ("hr", "hind"),
    "lh": ("rh", "hind"),
}
"""Words of a joint's name that mean left, the words for right, and what of them belongs to the stem."""


@dataclass(frozen=True)
class Joint:
    """One driven joint.

    Attributes:
        name: Of the joint and of its actuator.
        stem: Name without its side, such as "hip_pitch".
        side: "left", "right" or "" for a joint without a partner.
        partner: Name of the joint on the other side; its own name where `side` is "".
        axis: "roll", "pitch" or "yaw": the torso axis nearest to the joint's at home; "" if it slides.
        mirror: +1 where the same angle on both sides is a mirror image, else -1.
        low: Lower limit of the command [rad]; of the angle itself where muscles or torques drive the joint.
        high: Upper limit of the command [rad]; likewise.
        home: Angle in the home keyframe [rad].
    """

    name: str
    stem: str
    side: str
    partner: str
    axis: str
    mirror: float
    low: float
    high: float
    home: float


@dataclass(frozen=True)
class Morphology:
    """A body, ready to be simulated.

    Attributes:
        model: Compiled model with the standard sensors (see `assemble`).
        spec: What it is compiled from.
        torso: Name of the body that carries the IMU.
        feet: Names of the foot bodies, left ones first.
        joints: Driven joints; in the order of the controls where servos or motors drive them.
        floor: Ids of the geoms that count as ground.
        leg_length: Height of the highest leg joint above the sole in the home keyframe [m].
        standing_height: Height of the torso in the home keyframe [m].
        mass: Total mass [kg].
        size: Overall height in the home keyframe [m].
        muscles: In the order of the controls, where they drive the joints; none elsewhere.
        torques: Whether the controls are torques of motors [N m], over the motors' gear; else they are target angles,
            or excitations of muscles.
        fitted: Its sensors where a run file has changed them (see `evoloco.fitting`).
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
    muscles: tuple[Muscle, ...] = ()
    torques: bool = False
    fitted: tuple[Sensor, ...] = ()

    @cached_property
    def sensors(self) -> tuple[Sensor, ...]:
        """What a controller can read on this body."""
        return self.fitted or of_body(self)

    @cached_property
    def observation(self) -> Layout:
        """Layout of what a controller observes: one field per sensor."""
        return layout(self.sensors)

    @property
    def weight(self) -> float:
        """Body weight [N]."""
        return self.mass * GRAVITY

    @cached_property
    def home(self) -> NDArray[np.float64]:
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
        root = self.model.body(body).id
        bodies = self.model.geom_bodyid
        return [
            geom
            for geom in range(self.model.ngeom)
            if is_in_subtree(self.model, bodies[geom], root)
        ]

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
        return self.compiled_as(model, spec)

    def changed(self, change: Callable[[mujoco.MjSpec], object]) -> "Morphology":
        """This body with a change of what it is compiled from.

        Args:
            change: Called with a copy of the spec.
        """
        spec = self.spec.copy()
        change(spec)
        return self.compiled_as(spec.compile(), spec)

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
        pairs = [
            (part.name, part.partner, part.stem) for part in self.joints if part.side == "left"
        ]
        muscle_pairs = [
            (part.name, part.partner, part.stem) for part in self.muscles if part.side == "left"
        ]
        muscles = tuple(read_muscle(model, muscle.name, muscle_pairs) for muscle in self.muscles)
        names = [joint.name for joint in self.joints]
        body = _read(
            model,
            self.spec if spec is None else spec,
            self.torso,
            self.feet,
            names,
            self.floor,
            pairs,
            muscles,
            self.torques,
            data,
            self.joints if same_joints else None,
        )
        return replace(body, fitted=self.fitted) if self.fitted else body

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
        sensors = [self.model.sensor(i) for i in range(self.model.nsensor)]
        return {
            sensor.name: slice(int(sensor.adr[0]), int(sensor.adr[0] + sensor.dim[0]))
            for sensor in sensors
        }


def is_in_subtree(model: mujoco.MjModel, body: int, root: int) -> bool:
    """Whether a body is `root` or hangs on it."""
    while body > root:
        body = int(model.body_parentid[body])
    return bool(body == root)


def assemble(
    spec: mujoco.MjSpec,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    floor: Sequence[str] = (),
    partners: Mapping[str, str] | None = None,
) -> Morphology:
    """Adds the standard sensors to a spec, compiles it and reads the body off the model.

    The sensors, which measures and controllers rely on:

    | name                 | unit  | meaning                                                        |
    |----------------------|-------|----------------------------------------------------------------|
    | `<joint>.angle`      | rad   | angle of each driven joint                                     |
    | `<joint>.velocity`   | rad/s | its velocity                                                   |
    | `torso.position`     | m     | torso frame, in the world                                      |
    | `torso.orientation`  | 1     | its quaternion                                                 |
    | `torso.velocity`     | m/s   | of the torso frame, in the world                               |
    | `torso.rate`         | rad/s | turning rate in the torso's own frame (gyro)                   |
    | `<foot>.position`    | m     | foot frame, in the world                                       |
    | `<foot>.velocity`    | m/s   | of the foot frame, in the world                                |
    | `<foot>.spin`        | rad/s | turning rate of the foot, in the world                         |
    | `<foot>.ground`      | N, m  | force of the ground on the foot and its centre, in the world   |
    | `<muscle>.length`    | m     | of the muscle with its tendon                                  |
    | `<muscle>.velocity`  | m/s   | its rate of change                                             |
    | `<muscle>.force`     | N     | along the tendon; a muscle pulls with negative force           |
    | `<joint>.limit`      | N m   | torque of each driven joint's limit, where muscles drive it    |

    Args:
        spec: The body and its ground, with one actuator per driven joint that
            carries the joint's name, or with muscles, and a keyframe `home` in which it starts. The actuators are
            servos, or all of them are MuJoCo's `motor`, whose control is a torque.
        torso: Body that carries the IMU.
        feet: Foot bodies, left ones first.
        joints: Driven joints, in the order of their actuators where servos or motors drive them.
        floor: Geoms that count as ground; the geoms of the world body where empty.
        partners: Left joint -> right joint. Where absent, they are found by their names: `hip_left`, `l_hip`,
            `LHip` or `FL_hip` with `hip_right`, `r_hip`, `RHip` or `FR_hip`.

    Raises:
        UnknownNameError: A body, joint or geom does not exist.
        ModelError: The spec does not compile, or lacks an actuator or the keyframe.
    """
    bodies = [body.name for body in spec.bodies]
    for name in (torso, *feet):
        if name not in bodies:
            raise UnknownNameError("body", name, (body for body in bodies if body))
    known = [joint.name for joint in spec.joints]
    for name in joints:
        if name not in known:
            raise UnknownNameError("joint", name, (joint for joint in known if joint))
    actuators = [actuator.name for actuator in spec.actuators]
    kinds = {actuator.gaintype == mujoco.mjtGain.mjGAIN_MUSCLE for actuator in spec.actuators}
    muscular = kinds == {True}
    if not muscular and actuators != list(joints):
        raise ModelError(
            f"The actuators {actuators} must be named after the driven joints and stand in their order, "
            f"{list(joints)}, or all be muscles."
        )
    motors = [actuator.name for actuator in spec.actuators if _is_motor(actuator)]
    if motors and len(motors) < len(actuators):
        others = [name for name in actuators if name not in motors]
        raise ModelError(
            f"The actuators {motors} take a torque, but {others} do not. All must be `motor` actuators, or none."
        )
    _add_sensors(spec, torso, feet, joints, actuators if muscular else ())
    try:
        model = spec.compile()
    except ValueError as error:
        raise ModelError(f"MuJoCo cannot compile the model: {error}") from error
    if HOME not in [model.key(i).name for i in range(model.nkey)]:
        raise ModelError(f"The model needs a keyframe '{HOME}' in which it stands.")

    ground = frozenset(model.geom(name).id for name in floor) or frozenset(
        geom for geom in range(model.ngeom) if model.geom_bodyid[geom] == 0
    )
    pairs = (
        _pairs(joints)
        if partners is None
        else [(left, right, left) for left, right in partners.items()]
    )
    for name in (name for *pair, _ in pairs for name in pair):
        if name not in joints:
            raise UnknownNameError("driven joint", name, joints)
    muscle_pairs = _pairs(actuators)
    muscles = (
        tuple(read_muscle(model, name, muscle_pairs) for name in actuators) if muscular else ()
    )
    return _read(model, spec, torso, feet, joints, ground, pairs, muscles, bool(motors))


def _read(
    model: mujoco.MjModel,
    spec: mujoco.MjSpec,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    floor: frozenset[int],
    pairs: Sequence[tuple[str, str, str]],
    muscles: tuple[Muscle, ...],
    torques: bool,
    data: mujoco.MjData | None = None,
    driven: tuple[Joint, ...] | None = None,
) -> Morphology:
    """Reads the body off its compiled model, in the home keyframe."""
    data = mujoco.MjData(model) if data is None else data
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_kinematics(model, data)
    lows, highs = _extents(model, data, [i for i in range(model.ngeom) if i not in floor])
    sole = lows.min()
    if driven is None:
        driven = tuple(_joint(model, data, name, pairs, commanded=not torques) for name in joints)
    legs = [
        data.xanchor[model.joint(name).id][2]
        for name in joints
        if any(
            is_in_subtree(model, model.body(foot).id, model.joint(name).bodyid[0]) for foot in feet
        )
    ]
    return Morphology(
        model=model,
        spec=spec,
        torso=torso,
        feet=tuple(feet),
        joints=driven,
        floor=floor,
        leg_length=float(max(legs, default=data.body(torso).xpos[2]) - sole),
        standing_height=float(data.body(torso).xpos[2]),
        mass=float(model.body_mass.sum()),
        size=float(highs.max() - sole),
        muscles=muscles,
        torques=torques,
    )


def _is_motor(actuator: mujoco.MjsActuator) -> bool:
    """Whether an actuator is MuJoCo's `motor`: its force is its control, times a constant."""
    return bool(
        actuator.gaintype == mujoco.mjtGain.mjGAIN_FIXED
        and actuator.biastype == mujoco.mjtBias.mjBIAS_NONE
        and actuator.dyntype == mujoco.mjtDyn.mjDYN_NONE
    )


def _add_sensors(
    spec: mujoco.MjSpec,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    muscles: Sequence[str],
) -> None:
    kind, thing = mujoco.mjtSensor, mujoco.mjtObj
    for name, sensor in {"angle": kind.mjSENS_JOINTPOS, "velocity": kind.mjSENS_JOINTVEL}.items():
        for joint in joints:
            spec.add_sensor(
                name=f"{joint}.{name}", type=sensor, objtype=thing.mjOBJ_JOINT, objname=joint
            )
    frames = {"position": kind.mjSENS_FRAMEPOS, "velocity": kind.mjSENS_FRAMELINVEL}
    for name, sensor in {**frames, "orientation": kind.mjSENS_FRAMEQUAT}.items():
        spec.add_sensor(name=f"torso.{name}", type=sensor, objtype=thing.mjOBJ_XBODY, objname=torso)
    imu = spec.body(torso).add_site(name=IMU)
    spec.add_sensor(
        name="torso.rate", type=kind.mjSENS_GYRO, objtype=thing.mjOBJ_SITE, objname=imu.name
    )
    for foot in feet:
        for name, sensor in {**frames, "spin": kind.mjSENS_FRAMEANGVEL}.items():
            spec.add_sensor(
                name=f"{foot}.{name}", type=sensor, objtype=thing.mjOBJ_XBODY, objname=foot
            )
        fields = (mujoco.mjtConDataField.mjCONDATA_FORCE, mujoco.mjtConDataField.mjCONDATA_POS)
        netforce = 3  # reduction of a contact sensor: one wrench for all contacts (mjspec.h)
        spec.add_sensor(
            name=f"{foot}.ground",
            type=kind.mjSENS_CONTACT,
            objtype=thing.mjOBJ_BODY,
            objname="world",
            reftype=thing.mjOBJ_XBODY,
            refname=foot,
            intprm=[sum(1 << int(field) for field in fields), netforce, 1],
        )
    of_actuator = {
        "length": kind.mjSENS_ACTUATORPOS, "velocity": kind.mjSENS_ACTUATORVEL, "force": kind.mjSENS_ACTUATORFRC,
    }  # fmt: skip
    for muscle in muscles:
        for name, sensor in of_actuator.items():
            spec.add_sensor(
                name=f"{muscle}.{name}", type=sensor, objtype=thing.mjOBJ_ACTUATOR, objname=muscle
            )
    for joint in joints if muscles else ():
        spec.add_sensor(
            name=f"{joint}.limit",
            type=kind.mjSENS_JOINTLIMITFRC,
            objtype=thing.mjOBJ_JOINT,
            objname=joint,
        )


def _pairs(joints: Sequence[str]) -> list[tuple[str, str, str]]:
    """Left name, right name and stem of the joints that differ in one word for the side.

    Words end at anything but a letter, and where a capital begins another one.
    """
    pairs = []
    for name in joints:
        for word in re.finditer(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name):
            side = word[0]
            right, rest = SIDES.get(side.lower(), ("", ""))
            right = (
                right.upper()
                if side.isupper()
                else right.capitalize()
                if side[0].isupper()
                else right
            )
            before, after = name[: word.start()], name[word.end() :]
            if right and (partner := before + right + after) in joints:
                stem = [part for part in (before.rstrip("_-."), rest, after.lstrip("_-.")) if part]
                pairs.append((name, partner, "_".join(stem)))
                break
    return pairs


def _joint(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    name: str,
    pairs: Sequence[tuple[str, str, str]],
    commanded: bool,
) -> Joint:
    """Reads one driven joint off the model; its mirror sign comes from the axes at home.

    Its limits are those of its actuator where angles are `commanded`, else its own.
    """
    joint = model.joint(name)
    home = float(data.qpos[joint.qposadr[0]])
    driver = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_ACTUATOR, name)
    limited, bounds = (
        (model.actuator_ctrllimited[driver], model.actuator_ctrlrange[driver])
        if driver >= 0 and commanded
        else (joint.limited[0], joint.range)
    )
    low, high = (float(bound) for bound in bounds) if limited else (-np.pi, np.pi)
    turns = joint.type[0] == mujoco.mjtJoint.mjJNT_HINGE
    x, y, z = data.xaxis[joint.id]
    axis = ("roll", "pitch", "yaw")[int(np.argmax(np.abs([x, y, z])))] if turns else ""
    for left, right, stem in pairs:
        if name in (left, right):
            side, partner = ("left", right) if name == left else ("right", left)
            # A turning axis is a pseudo-vector: a mirror through the x-z plane keeps its y and flips x and z.
            image = np.array([-x, y, -z]) if turns else np.array([x, -y, z])
            mirror = float(np.sign(image @ data.xaxis[model.joint(partner).id]))
            return Joint(name, stem, side, partner, axis, mirror, low, high, home)
    return Joint(name, name, "", name, axis, 1.0, low, high, home)


def _extents(
    model: mujoco.MjModel, data: mujoco.MjData, geoms: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest points of geoms' bounding boxes, in the world [m] (n,)."""
    up = data.geom_xmat[geoms].reshape(-1, 3, 3)[:, 2]
    kind, size, box = model.geom_type[geoms], model.geom_size[geoms], model.geom_aabb[geoms]
    ball, capsule = kind == SPHERE, kind == CAPSULE

    middle = data.geom_xpos[geoms, 2]
    for i in np.flatnonzero(box[:, :3].any(axis=1)):
        middle[i] += up[i] @ box[i, :3]

    reach = size[:, 0].copy()
    reach[capsule] += size[capsule, 1] * np.abs(up[capsule, 2])
    for i in np.flatnonzero(~(ball | capsule)):
        reach[i] = np.abs(up[i]) @ box[i, 3:]
    return middle - reach, middle + reach
