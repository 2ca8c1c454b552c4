"""Fields of MuJoCo's model: names of their elements, and which ones follow from which."""

from collections.abc import Callable

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.morphology import Morphology
from evoloco.subtree import robot_bodies

Ids = NDArray[np.intp]
Elements = tuple[tuple[str, ...], Ids]
"""Names of elements, and where their numbers stand in a field."""

OBJECTS = {
    "body": (mujoco.mjtObj.mjOBJ_BODY, "body_pos"),
    "geom": (mujoco.mjtObj.mjOBJ_GEOM, "geom_pos"),
    "jnt": (mujoco.mjtObj.mjOBJ_JOINT, "jnt_pos"),
    "site": (mujoco.mjtObj.mjOBJ_SITE, "site_pos"),
    "pair": (mujoco.mjtObj.mjOBJ_PAIR, "pair_friction"),
    "eq": (mujoco.mjtObj.mjOBJ_EQUALITY, "eq_solref"),
    "tendon": (mujoco.mjtObj.mjOBJ_TENDON, "tendon_stiffness"),
    "actuator": (mujoco.mjtObj.mjOBJ_ACTUATOR, "actuator_gear"),
}
"""Kinds of elements by the first word of fields, with a field that has a row for each.

Degrees of freedom (`dof`) have no names in MuJoCo: they are called after their joints.
"""

INPUTS = frozenset((
    "body_pos", "body_quat", "body_ipos", "body_iquat", "body_mass", "body_inertia",
    "body_gravcomp", "jnt_pos", "jnt_axis", "dof_armature", "geom_size", "geom_aabb", "geom_pos",
    "geom_quat", "geom_margin", "geom_gap", "geom_surfacevel", "geom_adhesion", "geom_fluid",
    "site_pos", "site_quat", "pair_adhesion", "eq_data", "tendon_stiffness",
    "tendon_stiffnesspoly", "tendon_damping", "tendon_dampingpoly", "tendon_armature",
    "actuator_cranklength", "actuator_damping", "actuator_dampingpoly", "actuator_armature",
    "actuator_gear", "hfield_size",
))  # fmt: skip
"""Fields from which MuJoCo computes constants of the model (`mj_setConst`).

The list of MuJoCo 4.0 is the macro MJSETCONST_ARRAYS of mjxmacro.h.
"""

DERIVED = frozenset((
    "body_subtreemass", "body_invweight0", "body_margin", "dof_invweight0", "dof_M0",
    "dof_length", "geom_rbound", "tendon_length0", "tendon_invweight0", "actuator_acc0",
    "actuator_length0",
))  # fmt: skip
"""Constants that it computes."""

JOINTS = frozenset(("jnt_range", "actuator_ctrlrange"))
"""Fields that the numbers of a morphology's joints are read from, of those that may change."""

READ = INPUTS | JOINTS | {"key_qpos", "actuator_gainprm"}
"""Fields that a morphology's own numbers are read from."""

UNFIT = {
    "actuator_delay": "it needs room in the model. Randomize the quantity command_delay",
    **dict.fromkeys(
        ("actuator_lengthrange", "geom_aabb", "geom_fluid"),
        "MuJoCo computes it when it compiles a model",
    ),
    **dict.fromkeys(
        ("body_quat", "body_iquat", "geom_quat", "site_quat", "jnt_axis"),
        "its numbers must remain those of a rotation or a direction",
    ),
}
"""Fields that are not randomized, and why."""


def fields_of(morphology: Morphology) -> list[str]:
    """Names of the fields that can be randomized: numbers of elements that the body has."""
    model = morphology.model
    counts = {kind: len(getattr(model, field)) for kind, (_, field) in OBJECTS.items()}
    counts["dof"] = model.nv
    return [
        name
        for name in dir(model)
        if (count := counts.get(name.partition("_")[0]))
        and name not in DERIVED | UNFIT.keys()
        and not name.endswith("_user")
        and isinstance(values := getattr(model, name), np.ndarray)
        and values.dtype == np.float64
        and len(values) == count
    ]


def elements_of(kind: str) -> Callable[[Morphology], Elements]:
    """Finds the elements of a kind on a body, such as "geom"."""

    def elements(morphology: Morphology) -> Elements:
        names = _dofs(morphology.model) if kind == "dof" else _named(morphology.model, kind)
        first = 1 if kind == "body" else 0  # the world is no body of the robot
        return tuple(names[first:]), np.arange(first, len(names))

    return elements


def bodies_of(morphology: Morphology) -> Elements:
    """The bodies of the robot; those of the scenery are no part of it.

    Nor is a body without mass that only has the torso's frame.
    """
    names, ids = elements_of("body")(morphology)
    model, torso, frame = morphology.model, morphology.torso, morphology.torso_frame
    own = np.isin(ids, robot_bodies(model, torso))
    if frame != torso:
        own &= ids != model.body(frame).id
    return tuple(name for name, is_own in zip(names, own, strict=True) if is_own), ids[own]


def _named(model: mujoco.MjModel, kind: str) -> list[str]:
    """Names of all elements of a kind; one without a name is called after its kind and id."""
    thing, field = OBJECTS[kind]
    count = len(getattr(model, field))
    return [mujoco.mj_id2name(model, thing, i) or f"{kind}{i}" for i in range(count)]


def _dofs(model: mujoco.MjModel) -> list[str]:
    """Names of the degrees of freedom: joints, with a number where a joint has several."""
    joints, of = _named(model, "jnt"), model.dof_jntid
    several = np.bincount(of, minlength=len(joints))[of] > 1
    first = model.jnt_dofadr[of]
    return [
        f"{joints[joint]}.{dof - first[dof]}" if several[dof] else joints[joint]
        for dof, joint in enumerate(of)
    ]
