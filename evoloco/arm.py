"""What an arm is to kinematics and control: a model whose joints, tool and home have names."""

from dataclasses import dataclass

import mujoco

from evoloco.errors import ModelError, UnknownNameError
from evoloco.fields import Array
from evoloco.morphology import HOME


@dataclass(frozen=True)
class Arm:
    """An arm on a fixed base.

    Attributes:
        spec: What the model is compiled from, so that a hand or a scene can be added.
        model: The compiled model.
        joints: Names of the driven joints, from the base on.
        tool: Name of the site that shall be somewhere.
        home: Angles in the keyframe `home` [rad] (n,).
    """

    spec: mujoco.MjSpec
    model: mujoco.MjModel
    joints: tuple[str, ...]
    tool: str
    home: Array


def read_arm(spec: mujoco.MjSpec, tool: str = "tool") -> Arm:
    """Compiles an arm; each actuator drives the joint that has its name.

    Args:
        spec: With a keyframe `home`.
        tool: Name of the tool's site.

    Raises:
        UnknownNameError: There is no such site, or an actuator is named after no joint.
        ModelError: The spec does not compile, or lacks the keyframe.
    """
    try:
        model = spec.compile()
    except ValueError as error:
        raise ModelError(f"MuJoCo cannot compile the arm: {error}") from error

    sites = [model.site(i).name for i in range(model.nsite)]
    if tool not in sites:
        raise UnknownNameError("site", tool, sites)
    if HOME not in [model.key(i).name for i in range(model.nkey)]:
        raise ModelError(f"The arm needs a keyframe '{HOME}'.")

    known = [model.joint(i).name for i in range(model.njnt)]
    driven = tuple(model.actuator(i).name for i in range(model.nactuator))
    for name in driven:
        if name not in known:
            raise UnknownNameError("joint", name, known, "actuators of the arm")

    places = [int(model.joint(name).qposadr[0]) for name in driven]
    return Arm(spec, model, driven, tool, model.key(HOME).qpos[places].copy())
