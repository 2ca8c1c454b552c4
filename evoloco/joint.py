"""One driven joint, and how joints of the left and the right side belong together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

Pair = tuple[str, str, str]
"""Left name, right name and stem of two parts that mirror each other."""

SIDES = {
    "left": ("right", ""),
    "l": ("r", ""),
    "fl": ("fr", "front"),
    "lf": ("rf", "front"),
    "rl": ("rr", "rear"),
    "hl": ("hr", "hind"),
    "lh": ("rh", "hind"),
    "lr": ("rr", "rear"),
    "bl": ("br", "back"),
    "lb": ("rb", "back"),
    "ml": ("mr", "middle"),
    "lm": ("rm", "middle"),
}
"""Words of a name that mean left, the word for right, and what of them belongs to the stem."""

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""A word of a name: it ends at anything but a letter, and where a capital begins another one."""


@dataclass(frozen=True)
class Joint:
    """One driven joint.

    Attributes:
        name: Of the joint and of its actuator.
        stem: Name without its side, such as "hip_pitch".
        side: "left", "right" or "" for a joint without a partner.
        partner: Name of the joint on the other side; its own name where `side` is "".
        axis: "roll", "pitch" or "yaw": the torso axis nearest to the joint's at home; "" if it
            slides.
        mirror: +1 where the same angle on both sides is a mirror image, else -1.
        low: Lower limit of the command [rad]; of the angle itself where muscles or torques drive
            the joint.
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


def find_pairs(names: Sequence[str]) -> list[Pair]:
    """Finds the names that differ in their side.

    They differ in one word for it. Other names differ in a first or last letter l and r, or one of
    them has the word left or right and the other has no word for its side.
    """
    found: list[Pair] = []
    rest = dict.fromkeys(names)
    for rule in (_pair, _pair_of_letters, _pair_of_one_word):
        for name in names:
            pair = rule(name, tuple(rest)) if name in rest else None
            if pair and pair[0] in rest and pair[1] in rest:
                found.append(pair)
        rest = dict.fromkeys(name for name in rest if not any(name in pair[:2] for pair in found))
    return found


def _pair(name: str, names: Sequence[str]) -> Pair | None:
    """The pair whose left name this is; None where there is none."""
    for word in WORD.finditer(name):
        right, rest = SIDES.get(word[0].lower(), ("", ""))
        before, after = name[: word.start()], name[word.end() :]
        partner = before + _in_the_case_of(word[0], right) + after
        if right and partner in names:
            parts = (before.rstrip("_-."), rest, after.lstrip("_-."))
            return name, partner, "_".join(part for part in parts if part)
    return None


def _pair_of_letters(name: str, names: Sequence[str]) -> Pair | None:
    """The pair of names such as "lfoot" and "rfoot" whose left name this is."""
    for place in (0, len(name) - 1):
        before, letter, after = name[:place], name[place : place + 1], name[place + 1 :]
        partner = before + {"l": "r", "L": "R"}.get(letter, letter) + after
        if partner != name and partner in names:
            return name, partner, (before + after).strip("_-.")
    return None


def _pair_of_one_word(name: str, names: Sequence[str]) -> Pair | None:
    """The pair of a name such as "foot_left" with "foot", whose side is not told."""
    parts = re.split(r"([_\-. ])", name)
    sides = [place for place, part in enumerate(parts) if part.lower() in ("left", "right")]
    if not sides or len(parts) == 1:
        return None

    place = sides[0]
    bare = parts[:place] + parts[place + 2 :] if place + 1 < len(parts) else parts[: place - 1]
    partner = "".join(bare)
    if partner not in names:
        return None
    left = parts[place].lower() == "left"
    return (name, partner, partner) if left else (partner, name, partner)


def _in_the_case_of(word: str, other: str) -> str:
    """Another word with capitals where a word has them."""
    if word.isupper():
        return other.upper()
    return other.capitalize() if word[0].isupper() else other


def read_joint(
    model: mujoco.MjModel, data: mujoco.MjData, name: str, pairs: Sequence[Pair], commanded: bool
) -> Joint:
    """Reads one driven joint off a model; its mirror sign comes from the axes at home.

    Args:
        model: The compiled model.
        data: At home, with its kinematics computed.
        name: Of the joint.
        pairs: Joints that mirror each other.
        commanded: Whether the joint's actuator takes an angle: the limits are then those of the
            actuator, else the joint's own.
    """
    joint = model.joint(name)
    home = float(data.qpos[joint.qposadr[0]])
    low, high = _limits(model, name, commanded)
    turns = joint.type[0] == mujoco.mjtJoint.mjJNT_HINGE
    x, y, z = data.xaxis[joint.id]
    axis = ("roll", "pitch", "yaw")[int(np.argmax(np.abs([x, y, z])))] if turns else ""

    for left, right, stem in pairs:
        if name in (left, right):
            side, partner = ("left", right) if name == left else ("right", left)
            # A turning axis is a pseudo-vector: a mirror through the x-z plane keeps its y and
            # flips x and z.
            image = np.array([-x, y, -z]) if turns else np.array([x, -y, z])
            mirror = float(np.sign(image @ data.xaxis[model.joint(partner).id]))
            return Joint(name, stem, side, partner, axis, mirror, low, high, home)
    return Joint(name, name, "", name, axis, 1.0, low, high, home)


def _limits(model: mujoco.MjModel, name: str, commanded: bool) -> tuple[float, float]:
    """Lower and upper limit of a joint or its command [rad]; a half turn where there is none."""
    joint = model.joint(name)
    limited, bounds = joint.limited[0], joint.range
    driver = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_ACTUATOR, name)
    if commanded and driver >= 0:
        limited, bounds = model.actuator_ctrllimited[driver], model.actuator_ctrlrange[driver]
    return (float(bounds[0]), float(bounds[1])) if limited else (-np.pi, np.pi)
