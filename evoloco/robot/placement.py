"""Where a robot stands at home: on what lies under its feet."""

from collections.abc import Sequence

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.fields import Array
from evoloco.morphology import HOME
from evoloco.robot.chains import tell_ties
from evoloco.robot.ground_below import Contacts, find_contacts, gap_below, top_of
from evoloco.robot.home_checks import (
    check_ground,
    check_world,
    depth_in_ground,
    tell_overlaps,
    tell_touching,
)
from evoloco.robot.keyframes import Keyframe, begin
from evoloco.robot.pose import Pose
from evoloco.robot.torso_frame import Frame
from evoloco.robot.wanted_pose import WantedPose
from evoloco.stature import extents
from evoloco.subtree import geoms_of

MOVED = 5e-4
"""Change of height from which it is told [m]."""

HANGING = 5e-3
"""Gap under a foot from which it is told [m]."""

TOUCHING = 1e-6
"""Depth of a foot in the ground that is none [m]."""

POLISH = 5
"""Most times that a robot is lifted out of what its feet just touch."""


def let_float(spec: mujoco.MjSpec, torso: mujoco.MjsBody, told: list[str]) -> None:
    """Puts the topmost body above the torso on a free joint, unless it has joints."""
    root = torso
    while root.parent != spec.worldbody:
        root = root.parent

    if not root.joints:
        root.add_freejoint()
        told.append(f"Added a free joint to '{root.name}'.")


def stand(
    spec: mujoco.MjSpec,
    path: str,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    wanted: WantedPose,
    keyframes: Sequence[Keyframe],
    told: list[str],
    strict: bool = True,
) -> Frame:
    """Adds a keyframe `home`, in which the lowest foot touches what is under it.

    Args:
        spec: Gets the keyframe, and has no other.
        path: Of the file.
        torso: Body that carries the IMU.
        feet: Foot bodies.
        joints: Driven joints.
        wanted: What the user asks of the pose.
        keyframes: Of the file.
        told: Gets a sentence for everything that is added, dropped or changed.
        strict: Whether a pose is refused that is as near as possible to what is asked, or in which
            the robot is in the ground.

    Returns:
        The frame in which the torso's pose is to be read.

    Raises:
        ModelError: The file cannot be compiled, or the robot cannot stand like this.
        UnknownNameError: There is no keyframe of the wanted name.
        SpecError: A direction is none.
    """
    try:
        model = spec.compile()
    except ValueError as error:
        raise ModelError(f"MuJoCo cannot compile {path}: {error}") from error

    if strict:
        check_world(model, path, told)
    pose = Pose(model, path, torso, feet, joints, wanted, told, strict)
    beginning = begin(model, path, torso, wanted, keyframes, told)
    pose.begin(beginning.qpos)
    axes = pose.face_forward()
    if wanted.crouch is not None:
        pose.crouch(wanted.crouch)
    pose.close_chains()
    _come_down(pose, beginning.source)

    frame = Frame(pose.torso_place(), axes)
    spec.add_key(
        name=HOME,
        qpos=pose.data.qpos,
        ctrl=[pose.data.joint(joint).qpos[0] for joint in joints],
    )
    return frame


def _come_down(pose: Pose, source: str) -> None:
    """Lowers or raises the robot until the lowest foot touches the ground.

    Args:
        pose: Of the robot.
        source: What the pose is, in words.

    Raises:
        ModelError: Nothing lies under the feet, or the robot is in the ground.
    """
    contacts = find_contacts(pose.model, pose.torso, pose.every_sole)
    if pose.mobility.can_rise(pose.model, pose.data):
        height = float(pose.data.xpos[pose.body][2])
        pose.take(_standing(pose, contacts))
        _tell_move(pose, float(pose.data.xpos[pose.body][2]) - height)
    if pose.strict:
        _check(pose, contacts, source)


def _check(pose: Pose, contacts: Contacts, source: str) -> None:
    """Refuses a robot that is in the ground, and tells what is odd about its pose."""
    model, data, torso, told = pose.model, pose.data, pose.torso, pose.told
    mujoco.mj_fwdPosition(model, data)
    check_ground(model, data, torso, pose.feet, pose.path, source)

    if pose.mobility.can_rise(model, data):
        _tell_hanging_feet(pose, contacts)
    else:
        _tell_height(pose, contacts)
    _tell_way(pose)
    tell_touching(model, data, torso, pose.feet, told)
    tell_ties(model, np.array(data.qpos), torso, told)
    tell_overlaps(model, data, torso, told)


def _standing(pose: Pose, contacts: Contacts) -> Array:
    """The position in which the lowest foot touches the ground (nq,).

    The feet come down from where the file has them or, if that is in the ground or beneath it,
    from above everything.
    """
    begin = np.array(pose.data.qpos)
    lowest = float(extents(pose.model, pose.data, list(contacts.sole))[0].min())
    above = max(top_of(pose.model, pose.data, contacts.ground) - lowest, 0.0) + HANGING

    best, least = None, np.inf
    for lift in (0.0, above):
        gap = gap_below(pose.model, pose.data, contacts, lift)
        if not np.isfinite(gap):
            continue
        pose.data.qpos[:] = pose.mobility.raised(pose.model, pose.data, -gap)
        depth = _depth(pose)
        found = np.array(pose.data.qpos)
        pose.take(begin)
        if depth < least:
            best, least = found, depth
        if depth < HANGING:
            break
    if best is None:
        raise ModelError(
            f"{pose.path}: nothing lies under the feet of the robot at home that they can "
            "touch. Put a floor under them, or move the robot above it."
        )
    return best


def _depth(pose: Pose) -> float:
    """How deep the robot is in the ground [m], after it is lifted out of what feet just touch.

    Between the places at which feet are compared with a height field, they may touch it.
    """
    depth = 0.0
    for _ in range(POLISH):
        mujoco.mj_fwdPosition(pose.model, pose.data)
        overlap = depth_in_ground(pose.model, pose.data, pose.torso)
        depth = overlap.depth if overlap else 0.0
        if not overlap or depth < TOUCHING or depth > HANGING or overlap.body not in pose.feet:
            break
        pose.data.qpos[:] = pose.mobility.raised(pose.model, pose.data, depth)
    return depth


def _tell_move(pose: Pose, height: float) -> None:
    """Tells by how much the robot was raised [m]."""
    if abs(height) > MOVED:
        pose.told.append(
            f"{'Raised' if height > 0 else 'Lowered'} the robot by {1000 * abs(height):.0f} mm at "
            "home, so that its lowest foot touches the ground."
        )


def _tell_way(pose: Pose) -> None:
    """Tells whether a robot on slides cannot move along the world's x axis."""
    model, mobility = pose.model, pose.mobility
    if mobility.free is None and not mobility.can_move(model, pose.data, np.array([1.0, 0, 0])):
        pose.told.append(
            f"The joints between the world and torso '{pose.torso}' do not let it move along the "
            "world's x axis, along which speed counts."
        )


def _tell_height(pose: Pose, contacts: Contacts) -> None:
    """Tells how high a robot hangs that cannot be lowered."""
    gap = gap_below(pose.model, pose.data, contacts)
    if gap > 1e-3:
        where = f"{1000 * gap:.0f} mm above the ground" if np.isfinite(gap) else "over nothing"
        pose.told.append(
            f"The robot has no joint that moves its torso up or down: its lowest foot hangs "
            f"{where}."
        )


def _tell_hanging_feet(pose: Pose, contacts: Contacts) -> None:
    """Tells which feet are above the ground while others stand."""
    gaps = {}
    for foot in pose.feet:
        own = contacts.of(geoms_of(pose.model, foot))
        gaps[foot] = gap_below(pose.model, pose.data, own)
    hanging = {foot: gap for foot, gap in gaps.items() if gap - min(gaps.values()) > HANGING}
    if hanging:
        heights = (
            f"'{foot}' {1000 * gap:.0f} mm" if np.isfinite(gap) else f"'{foot}' over nothing"
            for foot, gap in hanging.items()
        )
        pose.told.append(f"At home some feet hang above the ground: {', '.join(heights)}.")
