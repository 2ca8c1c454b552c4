"""Everything that `evoloco inspect` says about a robot."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import mujoco

from evoloco.errors import EvolocoError, ModelError
from evoloco.members import member
from evoloco.morphology import HOME, Morphology
from evoloco.robot import oddities
from evoloco.robot.anatomy import Anatomy, dissect
from evoloco.robot.facts import Section, describe
from evoloco.robot.file import compiled, load
from evoloco.robot.file_pose import pose
from evoloco.robot.home_poses import Options, home_poses
from evoloco.robot.linkage import Link, Linkage
from evoloco.robot.rest import Rest, rest


@dataclass(eq=False)
class Inspection:
    """What was found out about a robot.

    Attributes:
        linkage: The file's robot, in the file's pose.
        pose: Where that is from.
        sections: What the model is.
        anatomy: Of the robot; None where it has no legs.
        morphology: What evoloco makes of it, at home; None where it is refused.
        home: Keys of the run file that make the home pose, where it is not the file's.
        rest: How it stands there.
        told: What evoloco adds or changes.
        warnings: What is likely to be a mistake.
        packages: Folders of ROS packages by name, as given.
        refusal: Why evoloco refuses it; "" where it does not.
    """

    linkage: Linkage
    pose: str
    sections: list[Section]
    anatomy: Anatomy | None = None
    morphology: Morphology | None = None
    home: Options = field(default_factory=dict)
    rest: Rest | None = None
    told: tuple[str, ...] = ()
    warnings: list[str] = field(default_factory=list)
    packages: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Feet that mirror each other, left first; none where it is refused."""
        return () if self.morphology is None else self.morphology.sides.feet

    @property
    def at_home(self) -> Linkage:
        """The robot in the pose in which it begins to walk; as in the file where it is refused."""
        if self.morphology is None:
            return self.linkage
        model = self.morphology.model
        data = mujoco.MjData(model)
        mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        return Linkage(model, data)


def inspect_file(
    path: str,
    torso: str = "",
    feet: Sequence[str] = (),
    joints: Sequence[str] = (),
    packages: Mapping[str, str] | None = None,
) -> Inspection:
    """Reads a file and finds out what its robot is, and how it stands.

    Args:
        path: Of the file.
        torso: Body that is known to be the torso.
        feet: Bodies that are known to be the feet.
        joints: Names or patterns of the joints that are known to be driven.
        packages: Folders of ROS packages by name, for the `package://` of a URDF.

    Raises:
        SpecError: There is no such file.
        ModelError: MuJoCo cannot read or compile it.
        UnknownNameError: A body or joint that is given does not exist.
    """
    told: list[str] = []
    model = compiled(load(path, told, packages), path)
    data, source = pose(model)
    linkage = Linkage(model, data)
    try:
        anatomy: Anatomy | None = dissect(model, data, torso, feet, joints)
        refusal = ""
    except ModelError as error:
        anatomy, refusal = None, f"{path}: {error}"

    root = linkage.of(anatomy.torso) if anatomy else _heaviest(linkage)
    found = Inspection(linkage, source, describe(linkage, root), anatomy, refusal=refusal)
    found.packages = dict(packages or {})
    found.told = tuple(told)
    if root is not None:
        found.warnings += oddities.of_model(linkage, root, anatomy)
    if anatomy is not None:
        _stand(found, anatomy, path)
    return found


def _heaviest(linkage: Linkage) -> Link | None:
    """The root of most mass that something moves on; None of a model without bodies."""
    return max(
        linkage.roots,
        key=lambda root: (len(linkage.under(root)) > 1, root.subtree_mass),
        default=None,
    )


def _stand(found: Inspection, anatomy: Anatomy, path: str) -> None:
    """Builds a robot in several poses and keeps the first in which it stands, or the best."""
    best = -1.0
    for home in home_poses(found.linkage, anatomy):
        options: dict[str, Any] = {
            "path": path,
            "torso": anatomy.torso,
            "feet": list(anatomy.feet),
            "joints": list(anatomy.joints),
            "packages": found.packages,
            **home,
        }
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                morphology = build(**options)
        except EvolocoError as error:
            found.refusal = found.refusal or str(error)
            continue

        standing = rest(morphology)
        quality = 2.0 * standing.stands + standing.height - standing.turn
        if best < 0 or quality > best:
            best = max(quality, 0.0)
            found.morphology, found.home, found.rest = morphology, home, standing
        if standing.stands:
            break

    if found.morphology is not None and found.rest is not None:
        found.refusal, found.told = "", found.morphology.told
        found.warnings += oddities.of_body(found.morphology, found.rest)


def build(**options: Any) -> Morphology:
    """What evoloco makes of a user's file."""
    morphology: Morphology = member("morphologies", "mjcf").build(**options)
    return morphology
