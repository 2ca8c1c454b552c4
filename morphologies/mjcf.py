"""The user's own body: any MJCF or URDF file, completed with what it lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

import mujoco
from pydantic import Field

from evoloco.errors import UnknownNameError
from evoloco.genome import Gene
from evoloco.morphology import Morphology, assemble
from evoloco.robot.drive import drive
from evoloco.robot.file import load, read
from evoloco.robot.keyframes import keep_keyframes, take_keyframes
from evoloco.robot.names import check_names
from evoloco.robot.placement import let_float, stand
from evoloco.robot.sensor_names import free_standard_names
from evoloco.robot.standing import check_standing
from evoloco.robot.torso_frame import add_frame
from evoloco.robot.wanted_pose import Direction, WantedPose
from evoloco.servo import SERVOS, Servo

from ._genes import GENES, Genes, describe, shape, stiffen
from ._surroundings import furnish

__all__ = ["GENES", "build", "gene"]


def build(
    path: str,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    mirror: Mapping[str, str] | None = None,
    servo: str | Servo = "xm430",
    home: Mapping[str, float] | None = None,
    keyframe: str | None = None,
    crouch: Annotated[float, Field(ge=0, lt=1)] | None = None,
    forward: Direction | None = None,
    up: Direction | None = None,
    timestep: Annotated[float, Field(gt=0)] | None = None,
    packages: Mapping[str, str] | None = None,
    **genes: float,
) -> Morphology:
    """A body from an MJCF or URDF file.

    What the file lacks is added, what it has is kept:

    * the torso's root floats on a free joint, unless the file gives it joints;
    * a level floor, unless something of the file's world that can touch a foot lies under it: a
      geom of the world body, or of a body that is fixed to it;
    * a sky and a light, unless the file has them;
    * an actuator that takes a position for each of `joints`. One that the file
      has is kept; motors and other kinds on these joints are replaced by
      `servo`, and every actuator elsewhere is removed;
    * a keyframe `home`: the file's, its only one, or its reference pose where it
      has none, with the angles of `home` in it, lowered or raised until the
      lowest foot touches the ground; its controls are its angles. Closed chains
      are closed. Other keyframes stay.
    * a frame in which the torso's x axis is forward and its z axis up, where the
      torso's own is another, or lies near the ground.

    Euler integration is replaced by `implicitfast`, which stays stable where a
    servo's damping meets light links. A body that falls within a second of
    standing is allowed, with a warning; one with genes is not made to stand.

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
        servo: A known servo ("xm430", "xm430_w210", "xl330", "xl330_m077"), or a table of numbers:
            stall_torque [N m], no_load_speed [rad/s], stiffness [N m/rad], and
            optionally voltage [V], armature [kg m²], friction [N m] and latency [s].
        home: Angles of joints in the home keyframe [rad].
        keyframe: Name of the file's keyframe that home begins from.
        crouch: Share of the leg length by which home lowers the torso from straight
            legs, with the feet flat below the hips.
        forward: Direction of the torso that faces the world's x axis at home: an
            axis of its frame, such as "y" or "-x", or a vector in it.
        up: Direction of the torso that is up, likewise.
        timestep: Physics step [s]; the file's where absent.
        packages: ROS package -> its folder, for addresses such as package://NAME/meshes/leg.stl.
            Other packages are looked for near the file: a folder of that name in one of those
            above, or a folder above whose package.xml has that name.
        **genes: Values of genes, for [morphology.genes] of a run file.

    Raises:
        SpecError: There is no such file.
        ModelError: MuJoCo cannot read or compile the file, a gene or home angle does
            not fit it, the body cannot be placed on its feet, or it falls at once.
        UnknownNameError: A body, joint, keyframe, servo or gene does not exist.
    """
    told: list[str] = []
    spec = load(path, told, packages)
    check_names(spec, path, torso, feet, joints, home or {})
    if isinstance(servo, str) and servo not in SERVOS:
        raise UnknownNameError("servo", servo, SERVOS)
    if genes:
        for name in genes:
            _described(spec, name, path, joints)
        shape(spec, Genes(genes), torso, feet, path)

    if timestep is not None:
        spec.option.timestep = timestep
    if spec.option.integrator == mujoco.mjtIntegrator.mjINT_EULER:
        spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    keyframes = take_keyframes(spec)
    let_float(spec, spec.body(torso), told)
    furnish(spec, path, torso, feet, home or {}, told)

    drive(spec, joints, SERVOS[servo] if isinstance(servo, str) else servo, told)
    stiffen(spec, Genes(genes))
    wanted = WantedPose(home or {}, keyframe, crouch, forward, up)
    frame = stand(spec, path, torso, feet, joints, wanted, keyframes, told, strict=not genes)
    keep_keyframes(spec, keyframes, torso, told)
    free_standard_names(spec, feet, joints, told)
    torso_frame = add_frame(spec, torso, frame, told)
    body = assemble(spec, torso, feet, joints, partners=mirror, torso_frame=torso_frame)
    morphology = replace(body, told=(*told, *body.sides.told))
    if not genes:
        check_standing(morphology, path)
    return morphology


def gene(name: str, path: str, joints: Sequence[str], **_: object) -> Gene:
    """The gene of a name such as "length.*_shank" (see `build`); its bounds are only an example.

    Raises:
        UnknownNameError: There is no such kind of gene, or no such element in the file.
    """
    return _described(read(path, []), name, path, joints)


def _described(spec: mujoco.MjSpec, name: str, path: str, joints: Sequence[str]) -> Gene:
    """The gene of a name, about elements of a file."""
    known = {
        "BODY": [body.name for body in spec.bodies if body.name not in ("", "world")],
        "JOINT": [joint.name for joint in spec.joints if joint.name],
        "DRIVEN_JOINT": joints,
        "SITE": [site.name for site in spec.sites if site.name],
    }
    return describe(name, known, path)
