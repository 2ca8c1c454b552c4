"""What of a robot is its torso, and its feet and their joints: candidates, each with its reasons.

Geometry at home decides; names and sites only break ties.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import mujoco
import numpy as np

from evoloco.errors import ModelError, UnknownNameError
from evoloco.robot.directions import Forward, find_forward, in_order
from evoloco.robot.legs import Leg, Rejected, find_legs, legs_of
from evoloco.robot.linkage import JOINT, Link, Linkage

YAW = 0.7
"""Least share of the vertical in the axis of a joint that yaws [1]."""

TRUNK = re.compile(r"torso|trunk|base|pelvis|body|chassis|root|thorax|waist", re.IGNORECASE)
"""Names of torsos."""


@dataclass(frozen=True)
class Candidate:
    """A body that may be meant.

    Attributes:
        body: Its name.
        score: How much speaks for it; only the order counts.
        reasons: Clauses.
    """

    body: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Anatomy:
    """What of a robot is what.

    Attributes:
        torsos: Candidates, the likeliest first.
        legs: Front ones first, left before right.
        joints: Hinges that are driven, leg by leg.
        rejected: Ends of limbs that are no feet.
        others: Hinges and slides of the robot that are in no leg.
        undriven: Hinges of the legs that are held: where others have an actuator and they have
            none, and those that yaw, on two legs.
        forward: Where it walks.
        floats: Name or type of the joint on which the torso floats; "" where nothing moves it.
    """

    torsos: tuple[Candidate, ...]
    legs: tuple[Leg, ...]
    joints: tuple[str, ...]
    rejected: tuple[Rejected, ...]
    others: tuple[str, ...]
    undriven: tuple[str, ...]
    forward: Forward
    floats: str

    @property
    def torso(self) -> str:
        """The likeliest torso."""
        return self.torsos[0].body

    @property
    def feet(self) -> tuple[str, ...]:
        """Names of the feet."""
        return tuple(leg.foot for leg in self.legs)


def dissect(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    torso: str = "",
    feet: Sequence[str] = (),
    joints: Sequence[str] = (),
) -> Anatomy:
    """Finds torso, feet and joints of a robot.

    Args:
        model: The compiled model.
        data: At home, with its kinematics computed.
        torso: Body that is known to be the torso.
        feet: Bodies that are known to be the feet.
        joints: Names or patterns of the joints that are known to be driven.

    Raises:
        ModelError: It has no legs.
        UnknownNameError: A body or joint that is given does not exist.
    """
    _check(model, torso, feet, joints)
    linkage = Linkage(model, data)
    root, legs, rejected = _robot(linkage, torso, feet)

    torsos = _torsos(linkage, root, legs)
    if torso:
        torsos = [Candidate(torso, np.inf, ("it was given",))]
    forward = find_forward(linkage, root, legs)
    legs = in_order(legs, forward.direction)

    driven = _chosen(model, data, legs, joints)
    named = {joint for leg in legs for joint in leg.joints}
    others = [
        model.joint(joint).name
        for link in linkage.under(root)
        for joint in link.joints
        if link is not root and model.joint(joint).name not in {*named, *driven}
    ]
    return Anatomy(
        torsos=tuple(torsos),
        legs=tuple(legs),
        joints=tuple(driven),
        rejected=tuple(rejected),
        others=tuple(others),
        undriven=tuple(joint for leg in legs for joint in leg.joints if joint not in driven),
        forward=forward,
        floats=_floats(root),
    )


def _check(model: mujoco.MjModel, torso: str, feet: Sequence[str], joints: Sequence[str]) -> None:
    """Refuses names that the model does not have."""
    bodies = [model.body(body).name for body in range(1, model.nbody)]
    for name in filter(None, (torso, *feet)):
        if name not in bodies:
            raise UnknownNameError("body", name, bodies)
    names = [model.joint(joint).name for joint in range(model.njnt)]
    for pattern in joints:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise UnknownNameError("joint", pattern, filter(None, names))


def _robot(
    linkage: Linkage, torso: str, feet: Sequence[str]
) -> tuple[Link, list[Leg], list[Rejected]]:
    """The root of the robot, its legs, and what is no leg.

    Raises:
        ModelError: No tree of the model has legs.
    """
    roots = [_past_empty(root) for root in linkage.roots]
    if torso:
        roots = [root for root in roots if root.chain[0] is linkage.of(torso).chain[0]]
    elif feet:
        roots = [root for root in roots if root.chain[0] is linkage.of(feet[0]).chain[0]]
    roots = sorted(roots, key=lambda root: -root.subtree_mass)

    refused: list[Rejected] = []
    for root in roots:
        if feet:
            ends = [linkage.of(foot) for foot in feet]
            legs = legs_of(linkage, root, ends)
            names = dict(zip((end.sole for end in ends), feet, strict=False))
            return root, [_renamed(leg, names) for leg in legs], []

        if _is_held_up(root):
            refused.append(Rejected(root.name, "its joints hold it to the world, as an arm's do"))
            continue
        legs, rejected = find_legs(linkage, root)
        if legs:
            return root, legs, rejected
        refused += rejected

    why = "; ".join(f"'{each.body}': {each.why}" for each in refused[:4])
    raise ModelError(
        "No legs: no limb that hinges move reaches the ground under a torso"
        + (f" ({why})" if why else " (no body moves on a hinge)")
        + ". Name the feet with --feet if it has some."
    )


def _renamed(leg: Leg, names: dict[str, str]) -> Leg:
    """A leg whose foot is called as the user calls it."""
    return replace(leg, foot=names.get(leg.foot, leg.foot))


def _past_empty(root: Link) -> Link:
    """The first link that is more than a frame: with geoms, or several that move on it."""
    while not root.geoms and len(root.children) == 1 and root.mass < 1e-3 * root.subtree_mass:
        root = root.children[0]
    return root


def _is_held_up(root: Link) -> bool:
    """Whether the joints between a link and the world do not let it fall."""
    model, axes = root.model, root.linkage.data.xaxis
    joints = [joint for link in root.chain for joint in link.joints]
    rises = [
        joint
        for joint in joints
        if model.jnt_type[joint] == JOINT.mjJNT_FREE
        or (model.jnt_type[joint] == JOINT.mjJNT_SLIDE and abs(axes[joint][2]) > 0.5)
    ]
    return bool(joints) and not rises


def _floats(root: Link) -> str:
    """The joint on which a robot floats: its name, or its type."""
    joints = [joint for link in root.chain for joint in link.joints]
    kinds = {int(JOINT.mjJNT_FREE): "free joint", int(JOINT.mjJNT_SLIDE): "slides"}
    for joint in joints:
        if (kind := int(root.model.jnt_type[joint])) in kinds:
            return f"{kinds[kind]} '{root.model.joint(joint).name}'"
    return ""


def _torsos(linkage: Linkage, root: Link, legs: Sequence[Leg]) -> list[Candidate]:
    """Bodies that may be the torso, the likeliest first."""
    whole = root.subtree_mass or 1.0
    branch = _branch(root, legs)
    inner = [link for link in branch.chain if root in link.chain]
    heaviest = max(
        (link for link in linkage.under(root) if not any(link in leg.links for leg in legs)),
        key=lambda link: link.mass,
    )

    found = []
    for link in dict.fromkeys([*inner, heaviest]):
        share, reasons, score = link.mass / whole, [], 0.0
        if link is root:
            score += 2
            reasons.append(
                f"it floats on the {_floats(root)}" if _floats(root) else "it is the root"
            )
        if link is branch:
            score += 1.5
            reasons.append(
                f"{'the leg hangs' if len(legs) == 1 else f'{len(legs)} legs branch'} on it"
            )
        score += share
        reasons.append(f"{100 * share:.0f} % of the mass")
        if link is heaviest:
            reasons.append("the heaviest")
        if TRUNK.search(link.name):
            score += 0.4
            reasons.append("so its name says")
        if site := _imu(linkage.model, link):
            score += 0.6
            reasons.append(f"it carries '{site}'")
        found.append(Candidate(link.name, score, tuple(reasons)))
    return sorted(found, key=lambda candidate: -candidate.score)


def _branch(root: Link, legs: Sequence[Leg]) -> Link:
    """The last link that all legs hang on."""
    chains = [leg.links[0].chain[:-1] for leg in legs]
    shared = [link for link in chains[0] if all(link in chain for chain in chains)]
    return shared[-1] if shared else root


def _imu(model: mujoco.MjModel, link: Link) -> str:
    """Name of a gyroscope's, accelerometer's or other IMU site of a link; "" if none."""
    kinds = (mujoco.mjtSensor.mjSENS_GYRO, mujoco.mjtSensor.mjSENS_ACCELEROMETER)
    measured = set(model.sensor_objid[np.isin(model.sensor_type, kinds)].tolist())
    for site in range(model.nsite):
        name = model.site(site).name
        if model.site_bodyid[site] in link.bodies and (site in measured or "imu" in name.lower()):
            return str(name or "an IMU")
    return ""


def _chosen(
    model: mujoco.MjModel, data: mujoco.MjData, legs: Sequence[Leg], patterns: Sequence[str]
) -> list[str]:
    """The joints that are driven: those of the patterns; else those of the legs.

    Where actuators move some joints of the legs, those that none moves are left out. On two legs
    those that yaw are too: they are not needed straight ahead.
    """
    of_legs = [joint for leg in legs for joint in leg.joints]
    if patterns:
        names = [*of_legs, *(model.joint(joint).name for joint in range(model.njnt))]
        return [
            name
            for name in dict.fromkeys(names)
            if any(fnmatchcase(name, each) for each in patterns)
        ]
    driven = moved(model)
    chosen = [joint for joint in of_legs if joint in driven] or of_legs
    if len(legs) > 2:
        return chosen
    axes = {joint: data.xaxis[model.joint(joint).id] for joint in chosen}
    return [joint for joint in chosen if abs(axes[joint][2]) < YAW] or chosen


def moved(model: mujoco.MjModel) -> set[str]:
    """Names of the joints that actuators move, directly or through tendons."""
    data = mujoco.MjData(model)
    mujoco.mj_fwdPosition(model, data)
    moment = np.zeros((model.nout, model.nv))
    if model.nout:
        mujoco.mju_sparse2dense(
            moment,
            data.actuator_moment,
            data.moment_rownnz,
            data.moment_rowadr,
            data.moment_colind,
        )
    dofs = np.flatnonzero(np.abs(moment).sum(axis=0) > 0)
    return {model.joint(model.dof_jntid[dof]).name for dof in dofs}
