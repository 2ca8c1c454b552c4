"""Names of a run file that a robot must have: its torso, its feet and the joints to drive.

Names are per kind, as in MuJoCo: a body, a joint, a geom and a site may share one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import mujoco

from evoloco.errors import ModelError, SpecError, UnknownNameError
from evoloco.robot.words import listed

KEY = "morphology"
"""Table of the run file that the names stand in."""


def check_names(
    spec: mujoco.MjSpec,
    path: str,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    home: Mapping[str, float],
) -> None:
    """Refuses names that a robot of these parts cannot have.

    Args:
        spec: The file's.
        path: Of the file.
        torso: Body that carries the IMU.
        feet: Foot bodies.
        joints: Hinges to drive.
        home: Angles of joints, by their names.

    Raises:
        SpecError: A list is empty or has a name twice, a name is that of another kind of thing, or
            the torso, feet and joints are not parts of one robot.
        UnknownNameError: The file has nothing of that name.
        ModelError: A joint is not a hinge.
    """
    for key, names in {"feet": feet, "joints": joints}.items():
        _check_list(spec, path, key, names)
    for key, name in [("torso", torso), *(("feet", foot) for foot in feet)]:
        check_body(spec, path, key, name)
    for key, name in [*(("joints", joint) for joint in joints), *(("home", name) for name in home)]:
        _check_joint(spec, path, key, name)

    _check_feet(spec, path, torso, feet)
    _check_tree(spec, path, torso, joints)


def _check_list(spec: mujoco.MjSpec, path: str, key: str, names: Sequence[str]) -> None:
    """Refuses an empty list, and a name that stands twice in it."""
    if not names:
        known = _bodies(spec) if key == "feet" else _hinges(spec)
        what = "the bodies that touch the ground" if key == "feet" else "the hinges to drive"
        raise SpecError(
            f"{path}: {KEY}.{key} is empty. Name {what}; the file has {listed(known, 20)}."
        )

    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise SpecError(
            f"{path}: {KEY}.{key} has {listed(twice)} more than once. Name each of them once."
        )


def check_body(spec: mujoco.MjSpec, path: str, key: str, name: str) -> None:
    """Refuses a name that is not that of a body of a robot."""
    body = spec.body(name) if name else None
    if name == "world":
        raise SpecError(f"{path}: {KEY}.{key}: 'world' is the world, not a body of the robot.")
    if body is None:
        _refuse_other_kind(spec, path, key, name, "body")
        raise UnknownNameError("body", name, _bodies(spec), f"{path}: {KEY}.{key}")
    if body.mocap:
        raise SpecError(
            f"{path}: {KEY}.{key}: '{name}' is a mocap body, which no force moves. "
            "Name a body of the robot."
        )


def _check_joint(spec: mujoco.MjSpec, path: str, key: str, name: str) -> None:
    """Refuses a name that is not that of a hinge."""
    joint = spec.joint(name) if name else None
    if joint is None:
        _refuse_other_kind(spec, path, key, name, "joint")
        raise UnknownNameError("joint", name, _hinges(spec), f"{path}: {KEY}.{key}")

    if joint.type != mujoco.mjtJoint.mjJNT_HINGE:
        kind = mujoco.mjtJoint(joint.type).name.removeprefix("mjJNT_").lower()
        raise ModelError(
            f"{path}: {KEY}.{key}: joint '{name}' is not a hinge but a {kind} joint; only hinges "
            "can be driven. Leave it out."
        )


def _refuse_other_kind(spec: mujoco.MjSpec, path: str, key: str, name: str, wanted: str) -> None:
    """Says what else a name stands for, if it stands for something."""
    for kind in ("geom", "site", "joint", "body", "actuator", "tendon"):
        found = getattr(spec, kind)(name) if name and kind != wanted else None
        if found is None:
            continue

        if kind == "body":
            own = [joint.name for joint in found.joints if joint.name]
            rest = f"its joints are {listed(own)}" if own else "it has no joint"
        elif kind == "actuator":
            rest = f"it drives '{found.target}'"
        elif kind == "tendon":
            rest = f"name one of {listed(_bodies(spec) if wanted == 'body' else _hinges(spec), 20)}"
        elif wanted == "body":
            rest = f"its body is '{found.parent.name}'"
        else:
            own = [joint.name for joint in found.parent.joints if joint.name]
            rest = f"the joints of its body '{found.parent.name}' are {listed(own)}"
        raise SpecError(
            f"{path}: {KEY}.{key}: '{name}' is {_article(kind)}; {rest}. Name a {wanted} there."
        )


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _check_feet(spec: mujoco.MjSpec, path: str, torso: str, feet: Sequence[str]) -> None:
    """Refuses feet that are, or carry, the torso or one another, or that are of another tree."""
    if torso in feet:
        raise SpecError(
            f"{path}: '{torso}' is {KEY}.torso and one of {KEY}.feet. "
            "Name the body that carries the IMU as the torso, and those at the ends of the legs "
            "as feet."
        )

    root = _ancestors(spec.body(torso))[-1]
    for foot in feet:
        above = _ancestors(spec.body(foot))
        if above[-1] != root:
            raise SpecError(
                f"{path}: {KEY}.feet: '{foot}' hangs on '{above[-1]}', the torso '{torso}' on "
                f"'{root}': they are not parts of one robot. Name feet of the torso's tree."
            )
        if foot in _ancestors(spec.body(torso)):
            raise SpecError(
                f"{path}: the torso '{torso}' hangs on the foot '{foot}'. Name a torso above the "
                "feet, or feet below the torso."
            )
        for other in feet:
            if other != foot and other in above:
                raise SpecError(
                    f"{path}: {KEY}.feet: '{foot}' hangs on the foot '{other}', so they are one "
                    "foot. Name one of them."
                )


def _check_tree(spec: mujoco.MjSpec, path: str, torso: str, joints: Sequence[str]) -> None:
    """Refuses joints that move something else than the robot."""
    root = _ancestors(spec.body(torso))[-1]
    for name in joints:
        other = _ancestors(spec.joint(name).parent)[-1]
        if other != root:
            raise SpecError(
                f"{path}: {KEY}.joints: '{name}' moves a part of '{other}', which is not of the "
                f"robot, the tree of the torso '{torso}'. Leave it out."
            )


def _ancestors(body: mujoco.MjsBody) -> list[str]:
    """Names of a body and of those that it hangs on, without the world."""
    found = []
    while body.name != "world":
        found.append(body.name)
        body = body.parent
    return found


def _bodies(spec: mujoco.MjSpec) -> list[str]:
    return [body.name for body in spec.bodies if body.name not in ("", "world")]


def _hinges(spec: mujoco.MjSpec) -> list[str]:
    hinge = mujoco.mjtJoint.mjJNT_HINGE
    return [joint.name for joint in spec.joints if joint.name and joint.type == hinge]


def name_all(spec: mujoco.MjSpec, told: list[str]) -> None:
    """Names the bodies and joints that have no name after where they are.

    A body is called after its parent, `trunk_body1`, and a joint after its body, `shank_hinge1`.

    Args:
        spec: The file's, which is changed.
        told: Gets a sentence if there are any.
    """
    bodies = {body.name for body in spec.bodies}
    joints = {joint.name for joint in spec.joints}
    named = []
    for body in spec.bodies:
        if not body.name:
            body.name = _unused(f"{body.parent.name}_body", bodies)
            named.append(body.name)
        for joint in body.joints:
            kind = mujoco.mjtJoint(joint.type).name.removeprefix("mjJNT_").lower()
            if not joint.name and kind != "free":
                joint.name = _unused(f"{body.name}_{kind}", joints)
                named.append(joint.name)

    if named:
        told.append(f"Named what had no name: {listed(named)}.")


def _unused(stem: str, taken: set[str]) -> str:
    """A name that nothing of its kind has yet; from now on it is taken."""
    number = 1
    while f"{stem}{number}" in taken:
        number += 1
    taken.add(f"{stem}{number}")
    return f"{stem}{number}"
