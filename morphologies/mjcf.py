"""The user's own body: any MJCF or URDF file, completed with what it lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, NamedTuple

import mujoco
from pydantic import Field

from evoloco.genome import Gene
from evoloco.morphology import Morphology, assemble
from evoloco.robot.drive import drive
from evoloco.robot.file import load, read, set_timestep
from evoloco.robot.home import given
from evoloco.robot.integrator import integrator_of
from evoloco.robot.keyframes import keep_keyframes, take_keyframes, without_controls
from evoloco.robot.names import check_body, check_names
from evoloco.robot.placement import let_float, stand
from evoloco.robot.plant import Plant, plant_of
from evoloco.robot.sensor_names import free_standard_names
from evoloco.robot.standing import check_standing
from evoloco.robot.torso_frame import Frame, add_frame
from evoloco.robot.wanted_pose import Direction, WantedPose
from evoloco.robot.wish import Control, Servos, Wish, check_wish

from ._genes import GENES, Genes, describe, shape, stiffen
from ._surroundings import furnish

__all__ = ["GENES", "build", "gene"]


def build(
    path: str,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    mirror: Mapping[str, str] | None = None,
    servo: Servos | None = None,
    home: Mapping[str, float] | None = None,
    keyframe: str | None = None,
    crouch: Annotated[float, Field(ge=0, lt=1)] | None = None,
    forward: Direction | None = None,
    up: Direction | None = None,
    hold: Sequence[str] = (),
    free: Sequence[str] = (),
    control: Control = "angle",
    timestep: Annotated[float, Field(gt=0)] | None = None,
    packages: Mapping[str, str] | None = None,
    **genes: float,
) -> Morphology:
    """A body from an MJCF or URDF file.

    What the file lacks is added, what it has is kept:

    * the torso's root floats on a free joint, unless the file gives it joints;
    * a level floor, unless something of the file's world that can touch a foot lies under it: a
      geom of the world body, or of a body that is fixed to it. In contacts with the added floor,
      friction, softness and `condim` are the feet's;
    * a sky and a light, unless the file has them;
    * an actuator for each of `joints` that has none;
    * a keyframe `home`: the file's, its only one, or its reference pose where it
      has none, with the angles of `home` in it, lowered or raised until the
      lowest foot touches the ground. Closed chains are closed. Other keyframes stay;
    * a frame in which the torso's x axis is forward and its z axis up, where the
      torso's own is another, or lies near the ground.

    A driven joint's control is its angle. The file's actuators stay:

    * one that takes a position, behind any gear, with its gains, limits, filter
      and delay; a `velocity` actuator beside it is its damping;
    * one that takes a torque, a voltage or a velocity becomes a position servo
      within the same torques. Its gains follow from these, from the inertia
      and the load of the joint at home, and from the physics step. Genes of the
      body do not change them;
    * a joint without an actuator gets one with its own limits of torque (and of
      speed, in a URDF), or else one that is strong enough to hold the robot;
    * joints that are not driven are held at home by their actuators; in a file
      without actuators, by servos within their own limits of torque. Tendons,
      sites and bodies keep their controls of the keyframe, or give no force;
    * muscles are the controls where they move every driven joint and no other
      actuator does; elsewhere they rest.

    All start as if they had been at home for long. Armature, friction, damping
    and options of the file stay. Euler and RK4 integration are replaced
    by `implicitfast` only if the robot diverges at home with it, or if a servo
    that is added damps faster than a physics step. What was done is told at
    the start of a run. A body that falls within a second of standing is
    allowed, with a warning; one with genes is not made to stand.

    Genes change the file's bodies, joints and sites. Their names are a kind and
    the name of an element, or a pattern with `*`, `?` or `[...]` of several,
    such as "length.*_shank" for both sides at once:

    * `length` is the distance from a body's hinge to that of the only body that
      moves on it (or to the foot), or the longest side of its largest geom
      where none or several do. What hangs on the body moves along. Shapes are
      stretched in that direction only, radii stay;
    * `size` multiplies every length of a body;
    * both change the mass as the file gives it: a density stays, a mass stays,
      an inertial keeps its mass and becomes that of the same masses further
      apart. `mass` multiplies mass and inertia;
    * `range` multiplies both limits of a joint, from its zero. The home angles
      must stay within;
    * `stiffness` multiplies the gain of a joint's servo;
    * `site_x`, `site_y` and `site_z` [m] shift a site, and the sensor or tendon
      on it, forward, outwards and upward as seen from the torso;
    * `part` is a switch, [0, 1]: at 0 a body and what hangs on it have no mass
      and no contacts and are not seen. Sensors on it stay, so that all bodies
      of a run have the same layout. No joint, torso, foot, tendon, equality or
      contact pair may need it.

    Several genes of one element multiply, shifts add up.

    Args:
        path: The file, relative to the working directory.
        torso: Body that carries the IMU.
        feet: Foot bodies, in any order.
        joints: Hinges to drive, in the order of the controls.
        mirror: Left joint -> right joint, for all pairs there are. Where absent, they are found
            by their places at home, and by their names where places do not tell.
        servo: For driven joints whose actuator takes no position, in place of what
            is said above: a known servo ("xm430", "xm430_w210", "xl330",
            "xl330_m077"), or a table of its numbers: stall_torque [N m], no_load_speed [rad/s],
            stiffness [N m/rad], and optionally voltage [V], armature [kg m²],
            friction [N m] and latency [s]; armature and friction are the file's
            where absent. Or a table from patterns of driven joints to servos,
            which replace any actuator there.
        home: Angles of joints in the home keyframe [rad].
        keyframe: Name of the file's keyframe that home begins from.
        crouch: Share of the leg length by which home lowers the torso from straight
            legs, with the feet flat below the hips.
        forward: Direction of the torso that faces the world's x axis at home: an
            axis of its frame, such as "y" or "-x", or a vector in it.
        up: Direction of the torso that is up, likewise.
        hold: Patterns of other joints without actuators, which get a servo that
            holds home.
        free: Patterns of other joints whose actuators are taken off, or of actuators of
            tendons, sites and bodies.
        control: "torque" leaves motors as they are, for a controller of torques.
        timestep: Physics step [s]; the file's where absent.
        packages: ROS package -> its folder, for addresses such as package://NAME/meshes/leg.stl.
            Other packages are looked for near the file: a folder of that name in one of those
            above, or a folder above whose package.xml has that name.
        **genes: Values of genes, for [morphology.genes] of a run file.

    Raises:
        SpecError: There is no such file.
        ModelError: MuJoCo cannot read or compile the file, a gene or home angle does
            not fit it, an actuator cannot be driven, the body cannot be placed on its feet,
            or it falls at once.
        UnknownNameError: A body, joint, keyframe, servo or gene does not exist, or a pattern
            fits no joint.
    """
    pose = WantedPose(dict(home or {}), keyframe, crouch, forward, up)
    wish = Wish(tuple(joints), servo, tuple(hold), tuple(free), control)
    robot = _Robot(path, torso, tuple(feet), wish, pose, timestep, dict(packages or {}))
    told: list[str] = []
    plain = _plain(robot, _changed(path)) if genes else None
    spec, frame, _ = robot.complete(told, genes, plain.plant if plain else None, strict=not genes)

    spec.option.integrator, change = plain.integrator if plain else integrator_of(spec)
    if change:
        told.append(change)

    torso_frame = add_frame(spec, torso, plain.frame if plain else frame, told)
    body = assemble(spec, torso, feet, joints, partners=mirror, torso_frame=torso_frame)
    morphology = replace(body, told=(*told, *body.sides.told))
    if not genes:
        check_standing(morphology, path)
    return morphology


class _Complete(NamedTuple):
    """A robot without sensors.

    Attributes:
        spec: What it is compiled from.
        frame: In which the torso's pose is to be read.
        plant: The robot as its servos feel it.
    """

    spec: mujoco.MjSpec
    frame: Frame
    plant: Plant


@dataclass(frozen=True)
class _Robot:
    """What a run file says of a robot; see `build`."""

    path: str
    torso: str
    feet: tuple[str, ...]
    wish: Wish
    pose: WantedPose
    timestep: float | None
    packages: dict[str, str]

    def __hash__(self) -> int:
        return hash(repr(self))

    def complete(
        self,
        told: list[str],
        genes: Mapping[str, float],
        plant: Plant | None = None,
        strict: bool = False,
    ) -> _Complete:
        """The robot with its world, its home and its actuators.

        Args:
            told: Gets a sentence for everything that is added, dropped or changed.
            genes: Values of genes.
            plant: Whose inertia and load the servos are made for; its own where None.
            strict: Whether a robot is refused that cannot stand as is asked.
        """
        path, torso, feet, joints = self.path, self.torso, self.feet, self.wish.joints
        spec = load(path, told, self.packages)
        check_names(spec, path, torso, feet, joints, self.pose.angles)
        check_wish(self.wish, spec, path)
        file, keyframes = given(spec, self.pose.keyframe), take_keyframes(spec)
        if genes:
            known = _known(spec, torso, joints)
            for name in genes:
                describe(name, known, path)
            shape(spec, Genes(genes, known), torso, feet, path)

        set_timestep(spec, path, self.timestep, told)
        let_float(spec, spec.body(torso), told)
        furnish(spec, path, torso, feet, self.pose, keyframes, told)
        frame = stand(spec, path, torso, feet, joints, self.pose, keyframes, told, strict)

        plant = plant or plant_of(spec, path, torso, feet)
        same = drive(spec, path, torso, self.wish, file, plant, told)
        stiffen(spec, Genes(genes), joints)
        kept = keyframes if same else without_controls(keyframes, told)
        keep_keyframes(spec, kept, torso, told)
        free_standard_names(spec, feet, joints, told)
        return _Complete(spec, frame, plant)


class _Plain(NamedTuple):
    """A robot without genes, which decides what all its variants have in common."""

    plant: Plant
    integrator: tuple[mujoco.mjtIntegrator, str]
    frame: Frame


@lru_cache(maxsize=8)
def _plain(robot: _Robot, _changed: int) -> _Plain:
    """A robot without genes."""
    complete = robot.complete([], {})
    return _Plain(complete.plant, integrator_of(complete.spec), complete.frame)


def _changed(path: str) -> int:
    """When a file was changed [ns]; 0 for one that is not there."""
    return Path(path).stat().st_mtime_ns if Path(path).is_file() else 0


def gene(name: str, path: str, torso: str, joints: Sequence[str], **_: object) -> Gene:
    """The gene of a name such as "length.*_shank" (see `build`); its bounds are only an example.

    Raises:
        UnknownNameError: There is no such kind of gene, or no such element in the file.
    """
    spec = read(path, [])
    check_body(spec, path, "torso", torso)
    return describe(name, _known(spec, torso, joints), path)


def _known(spec: mujoco.MjSpec, torso: str, joints: Sequence[str]) -> dict[str, Sequence[str]]:
    """Names of what genes may be about, by the word for it: elements of the torso's tree."""
    root = spec.body(torso)
    while root.parent != spec.worldbody:
        root = root.parent
    return {
        "BODY": [root.name, *(body.name for body in root.find_all("body"))],
        "JOINT": [joint.name for joint in root.find_all("joint") if joint.name],
        "DRIVEN_JOINT": joints,
        "SITE": [site.name for site in root.find_all("site") if site.name],
    }
