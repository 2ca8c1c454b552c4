"""What a hand is to a policy: a model whose fingers, tips and grasped object have names."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco

from evoloco.errors import ModelError, UnknownNameError
from evoloco.morphology import HOME


@dataclass(frozen=True)
class Hand:
    """A hand on a fixed palm, with an object between its fingers.

    Attributes:
        spec: What the model is compiled from, so that a scene can be added.
        model: The compiled model, with a keyframe `home`.
        joints: Names of the driven joints, finger by finger, from the palm on.
        tips: Names of the sites at the ends of the fingers.
        object: Name of the body that is turned.
    """

    spec: mujoco.MjSpec
    model: mujoco.MjModel
    joints: tuple[str, ...]
    tips: tuple[str, ...]
    object: str


def read_hand(spec: mujoco.MjSpec, tips: Sequence[str], thing: str = "object") -> Hand:
    """Compiles a hand; each actuator drives the joint that has its name.

    Args:
        spec: With a keyframe `home`.
        tips: Names of the sites at the ends of the fingers.
        thing: Name of the body that is turned.

    Raises:
        UnknownNameError: There is no such site or body, or an actuator is named after no joint.
        ModelError: The spec does not compile, or lacks the keyframe.
    """
    try:
        model = spec.compile()
    except ValueError as error:
        raise ModelError(f"MuJoCo cannot compile the hand: {error}") from error
    if HOME not in [model.key(i).name for i in range(model.nkey)]:
        raise ModelError(f"The hand needs a keyframe '{HOME}'.")

    driven = tuple(model.actuator(i).name for i in range(model.nactuator))
    wanted = {
        "joint": (driven, [model.joint(i).name for i in range(model.njnt)]),
        "site": (tuple(tips), [model.site(i).name for i in range(model.nsite)]),
        "body": ((thing,), [model.body(i).name for i in range(model.nbody)]),
    }
    for kind, (names, known) in wanted.items():
        for name in names:
            if name not in known:
                raise UnknownNameError(kind, name, known)
    return Hand(spec, model, driven, tuple(tips), thing)


def three_finger_hand() -> Hand:
    """The hand of the room of arms, which this package may not import."""
    built: Hand = importlib.import_module("evoloco.morphologies.arms.three_finger_hand").build()
    return built
