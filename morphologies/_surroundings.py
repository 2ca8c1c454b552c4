"""What surrounds a robot: its ground, the sky, a light, and things that are no part of it."""

from collections.abc import Sequence

import mujoco

from evoloco.robot.file import compiled
from evoloco.robot.ground import contact_bits, gather_ground, has_ground
from evoloco.robot.keyframes import Keyframe, begin
from evoloco.robot.scenery import tell_scenery
from evoloco.robot.wanted_pose import WantedPose

from ._world import add_floor, add_light, add_sky


def furnish(
    spec: mujoco.MjSpec,
    path: str,
    torso: str,
    feet: Sequence[str],
    wanted: WantedPose,
    keyframes: Sequence[Keyframe],
    told: list[str],
) -> None:
    """Gives the world what it lacks: ground under the feet, a sky and a light.

    Args:
        spec: The file's, with the robot on its free joint; it is changed.
        path: Of the file.
        torso: Name of the torso.
        feet: Names of the feet.
        wanted: What the user asks of the home pose.
        keyframes: Of the file, taken out of the spec.
        told: Gets a sentence for everything that is added or moved, and for what is scenery.

    Raises:
        ModelError: MuJoCo cannot compile the file, or contacts with the ground are excluded.
    """
    model = compiled(spec, path)
    tell_scenery(model, torso, told)
    gather_ground(spec, model, path, feet, told)
    qpos = begin(model, path, torso, wanted, keyframes, []).qpos
    if not has_ground(model, torso, feet, qpos):
        floor = _add_yielding_floor(spec)
        floor.contype = floor.conaffinity = contact_bits(model, feet)
        told.append(
            "Added a level floor at height 0: nothing of the world that can touch the feet lies "
            "under them. In its contacts, the feet's own friction and softness hold."
        )

    has_sky = any(texture.type == mujoco.mjtTexture.mjTEXTURE_SKYBOX for texture in spec.textures)
    lacking = [*(["a sky"] if not has_sky else []), *(["a light"] if not spec.lights else [])]
    if lacking:
        told.append(f"Added {' and '.join(lacking)} for films.")
    if not has_sky:
        add_sky(spec)
    if not spec.lights:
        add_light(spec)


def _add_yielding_floor(spec: mujoco.MjSpec) -> mujoco.MjsGeom:
    """Adds a floor whose contacts have the friction, the softness and the sizes of the other geom.

    MuJoCo takes them from the geom of higher priority; margins and gaps add up.
    """
    least = min(geom.priority for geom in spec.geoms)
    floor = add_floor(spec)
    floor.priority, floor.margin, floor.gap = least - 1, 0, 0
    return floor
