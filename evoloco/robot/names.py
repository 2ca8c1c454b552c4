"""Names of a run file that a robot must have: bodies and joints."""

from collections.abc import Mapping, Sequence

import mujoco

from evoloco.errors import ModelError, UnknownNameError


def check_names(
    spec: mujoco.MjSpec,
    path: str,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    home: Mapping[str, float],
) -> None:
    """Refuses bodies and joints that the file does not have, and joints that are no hinges."""
    bodies = {body.name: body for body in spec.bodies}
    for name in (torso, *feet):
        if name not in bodies:
            raise UnknownNameError("body", name, filter(None, bodies), path)

    hinges = {joint.name: joint for joint in spec.joints}
    for name in (*joints, *home):
        if name not in hinges:
            raise UnknownNameError("joint", name, filter(None, hinges), path)
        if hinges[name].type != mujoco.mjtJoint.mjJNT_HINGE:
            raise ModelError(f"{path}: joint '{name}' is not a hinge; only hinges can be driven.")
