"""The keyframes of a robot's file: which of them is home, and which stay."""

from collections.abc import Sequence
from typing import NamedTuple

import mujoco
import numpy as np

from evoloco.errors import UnknownNameError
from evoloco.fields import Array
from evoloco.morphology import HOME
from evoloco.robot.mobility import read_mobility
from evoloco.robot.wanted_pose import WantedPose
from evoloco.robot.words import listed

FREE = 7
"""Numbers of a free joint in qpos."""


class Keyframe(NamedTuple):
    """A keyframe of the file.

    Attributes:
        name: Of the keyframe; may be empty.
        time: [s].
        arrays: Its other numbers by the names of their fields; those that it leaves out are empty.
    """

    name: str
    time: float
    arrays: dict[str, Array]


class Beginning(NamedTuple):
    """The position that home is made from.

    Attributes:
        qpos: The position (nq,).
        source: What it is, in words.
    """

    qpos: Array
    source: str


FIELDS = {
    "qpos": "nq",
    "qvel": "nv",
    "act": "na",
    "ctrl": "nu",
    "mpos": "nmocap",
    "mquat": "nmocap",
}
"""Arrays of a keyframe, and the sizes of a model that they must have."""

PER = {"mpos": 3, "mquat": 4}
"""Numbers per mocap body."""


def take_keyframes(spec: mujoco.MjSpec) -> list[Keyframe]:
    """Removes the keyframes from a spec, whose sizes may change, and returns them."""
    taken = []
    for key in list(spec.keys):
        arrays = {field: np.array(getattr(key, field)) for field in FIELDS}
        taken.append(Keyframe(key.name, float(key.time), arrays))
        spec.delete(key)
    return taken


def home_keyframe(
    keyframes: Sequence[Keyframe], wanted: str | None, path: str, told: list[str]
) -> Keyframe | None:
    """The keyframe that home begins from: the wanted one, `home`, or the only one.

    Raises:
        UnknownNameError: The file has no keyframe of the wanted name.
    """
    by_name = {key.name: key for key in keyframes if key.name}
    if wanted is not None:
        if wanted not in by_name:
            raise UnknownNameError("keyframe", wanted, by_name, path)
        return by_name[wanted]
    if HOME in by_name:
        return by_name[HOME]

    if len(keyframes) == 1:
        name = f"'{keyframes[0].name}'" if keyframes[0].name else "without a name"
        told.append(f"Home is the file's only keyframe, {name}.")
        return keyframes[0]
    if keyframes:
        told.append(
            f"Home is the file's reference pose: of its {len(keyframes)} keyframes, "
            f"{listed(by_name)}, none is called '{HOME}'. Name one with morphology.keyframe."
        )
    return None


def begin(
    model: mujoco.MjModel,
    path: str,
    torso: str,
    wanted: WantedPose,
    keyframes: Sequence[Keyframe],
    told: list[str],
) -> Beginning:
    """The position that home is made from: a keyframe's or the file's, with the wanted angles.

    Args:
        model: The compiled model.
        path: Of the file.
        torso: Name of the torso.
        wanted: What the user asks of the pose.
        keyframes: Of the file.
        told: Gets a sentence for which keyframe it is, and for one that does not fit.

    Raises:
        UnknownNameError: There is no keyframe of the wanted name.
    """
    chosen = home_keyframe(keyframes, wanted.keyframe, path, told)
    found = None
    if chosen is not None:
        found = read_qpos(model, chosen, read_mobility(model, torso).free, told)

    qpos, source = np.array(model.qpos0), "the file's reference pose"
    if chosen is not None and found is not None:
        qpos, source = found, f"keyframe '{chosen.name}'"
        if chosen.arrays["qvel"].any():
            told.append(f"The robot starts at rest: velocities of {source} are left out.")
    for name, angle in wanted.angles.items():
        qpos[model.joint(name).qposadr[0]] = angle
    if wanted.angles:
        source += " with the given `home` angles"
    if wanted.crouch is not None:
        source += f", crouched by {wanted.crouch:g}"
    return Beginning(qpos, source)


def read_qpos(
    model: mujoco.MjModel, keyframe: Keyframe, root: int | None, told: list[str]
) -> Array | None:
    """The position of a keyframe; None where it does not fit the model.

    A keyframe without a position has that of the file. One that was written for a body without a
    free joint gets the pose of the file for it.

    Args:
        model: The compiled model.
        keyframe: The keyframe.
        root: Id of the free joint that the robot begins with, if it has one.
        told: Gets a sentence if the keyframe does not fit.
    """
    qpos = keyframe.arrays["qpos"]
    if qpos.size in (0, model.nq):
        return np.array(qpos if qpos.size else model.qpos0)
    if qpos.size == model.nq - FREE and root is not None:
        start = model.jnt_qposadr[root]
        return np.insert(qpos, start, model.qpos0[start : start + FREE])
    told.append(
        f"Keyframe '{keyframe.name}' is left out: its qpos has {qpos.size} numbers, and the "
        f"model's {model.nq}."
    )
    return None


def keep_keyframes(
    spec: mujoco.MjSpec, keyframes: Sequence[Keyframe], torso: str, told: list[str]
) -> None:
    """Puts the file's keyframes back, except for its `home`, which another one replaces.

    Args:
        spec: With all its actuators; gets the keyframes.
        keyframes: Of the file.
        torso: Name of the torso.
        told: Gets a sentence for what does not fit any more.
    """
    if all(key.name == HOME for key in keyframes):
        return
    model = spec.compile()
    root = read_mobility(model, torso).free
    lost: list[str] = []
    for key in keyframes:
        if key.name == HOME:
            continue
        qpos = read_qpos(model, key, root, lost)
        if qpos is None:
            continue

        arrays = {**key.arrays, "qpos": qpos}
        kept = {
            field: values.tolist()
            for field, values in arrays.items()
            if values.size == getattr(model, FIELDS[field]) * PER.get(field, 1)
        }
        gone = [field for field, values in arrays.items() if values.size and field not in kept]
        if gone:
            lost.append(
                f"Keyframe '{key.name}' keeps its pose, but not {listed(gone)}: the model "
                "has other numbers of them."
            )
        spec.add_key(name=key.name, time=key.time, **kept)
    told += [line for line in lost if line not in told]


def without_controls(keyframes: Sequence[Keyframe], told: list[str]) -> list[Keyframe]:
    """Keyframes for a robot whose actuators are others, or stand in another order."""
    if any(key.name != HOME and key.arrays["ctrl"].size for key in keyframes):
        told.append(
            "Keyframes of the file keep their pose, but not their controls: the actuators are "
            "others now."
        )
    none = {"ctrl": np.empty(0), "act": np.empty(0)}
    return [key._replace(arrays={**key.arrays, **none}) for key in keyframes]
