"""Genes of a user's own body, named after the bodies, joints and sites of its file."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import mujoco
import numpy as np

from evoloco.errors import ModelError, UnknownNameError
from evoloco.genome import Array, Gene
from evoloco.stretch import MESHES, Stretch
from evoloco.subtree import is_in_subtree

GENES = (
    Gene("length.BODY", 0.8, 1.25, "1", "length of links over that in the file"),
    Gene("size.BODY", 0.8, 1.25, "1", "size of bodies in every direction over that in the file"),
    Gene("mass.BODY", 0.5, 2.0, "1", "mass of bodies over that in the file"),
    Gene("range.JOINT", 0.5, 1.0, "1", "both limits of joints over those in the file"),
    Gene(
        "stiffness.DRIVEN_JOINT",
        0.5,
        2.0,
        "1",
        "torque of servos per position error over that without the gene",
    ),
    Gene("site_x.SITE", -0.05, 0.05, "m", "shift of sites forward"),
    Gene("site_y.SITE", -0.05, 0.05, "m", "shift of sites outwards, away from the middle plane"),
    Gene("site_z.SITE", -0.05, 0.05, "m", "shift of sites upward"),
    Gene("part.BODY", 0.0, 1.0, "1", "bodies exist, with all that hangs on them", levels=2),
)
"""Kinds of genes.

The word in capitals stands for a name, or for a pattern with `*`, `?` or `[...]` of several.
"""

KINDS = {gene.name.partition(".")[0]: gene for gene in GENES}
"""The same by the first word of their names."""


def describe(name: str, known: Mapping[str, Sequence[str]], path: str) -> Gene:
    """The gene of a name such as "length.*_shank".

    Args:
        name: Kind and pattern.
        known: Names of the elements that patterns are about, by the word for them in `GENES`.
        path: Of the body's file, for messages.

    Raises:
        UnknownNameError: There is no such kind, or no such element in the file.
    """
    kind, _, pattern = name.partition(".")
    if kind not in KINDS:
        raise UnknownNameError("kind of gene", kind, KINDS, f"'{name}'")

    word = KINDS[kind].name.partition(".")[2]
    names = matching(pattern, known[word])
    if not names:
        what = f"{word.lower().replace('_', ' ')} in {path}"
        raise UnknownNameError(what, pattern, known[word], f"'{name}'")
    return replace(KINDS[kind], name=name, meaning=f"{KINDS[kind].meaning}: {', '.join(names)}")


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that are the pattern, or match it."""
    return [name for name in names if name and (name == pattern or fnmatchcase(name, pattern))]


@dataclass(frozen=True)
class Genes:
    """Values of genes, by the elements that they are about.

    Attributes:
        values: By the genes' names.
        known: Names of the elements that they may be about, by the word for them in `GENES`; any
            where absent.

    Raises:
        ModelError: A factor is not positive, or a switch neither 0 nor 1.
    """

    values: Mapping[str, float]
    known: Mapping[str, Sequence[str]] | None = None

    def __post_init__(self) -> None:
        for name, value in self.values.items():
            kind = KINDS[name.partition(".")[0]]
            if kind.levels and value not in (0, 1):
                raise ModelError(
                    f"'{name}' is a switch: its bounds are [0, 1], {value:g} is neither."
                )
            if kind.low > 0 and value <= 0:
                raise ModelError(f"'{name}' is a factor and must be positive, not {value:g}.")

    def factor(self, kind: str, name: str) -> float:
        """Product of the values of a kind's genes that are about an element; 1 where none is."""
        return math.prod(self.about(kind, name))

    def shift(self, kind: str, name: str) -> float:
        """Sum of the values of a kind's genes that are about an element; 0 where none is."""
        return sum(self.about(kind, name))

    def about(self, kind: str, name: str) -> list[float]:
        """The values of a kind's genes that are about an element."""
        word = KINDS[kind].name.partition(".")[2]
        if self.known is not None and name not in self.known[word]:
            return []
        return [
            value
            for gene, value in self.values.items()
            if gene.partition(".")[0] == kind and matching(gene.partition(".")[2], [name])
        ]


def shape(spec: mujoco.MjSpec, genes: Genes, torso: str, feet: Sequence[str], path: str) -> None:
    """Gives a file's bodies, joints and sites what the genes say.

    `stiffen` does so for what drives the joints.

    Raises:
        ModelError: MuJoCo cannot compile the file, or a gene does not fit the
            element that it is about.
    """
    _weigh(spec, genes)
    _limit(spec, genes, path)

    try:
        model = spec.compile()
        stretched = _stretched(model, genes, feet, path)
        explicit = {body.id for body in spec.bodies if body.explicitinertial}
        shifts = [(site, _shift(model, site, genes, torso)) for site in range(model.nsite)]
        for body, stretch in stretched.items():
            if (stretch.length, stretch.size) != (1, 1):
                stretch.apply(model, body, body in explicit)
        for site, shift in shifts:
            model.site_pos[site] += shift
        spec.copy_back(model)
    except ValueError as error:
        raise ModelError(f"MuJoCo cannot compile {path}: {error}") from error

    for geom in list(spec.geoms):
        if geom.type in MESHES and geom.parent.id in stretched:
            stretched[geom.parent.id].wrap(geom)
    for part in list(spec.bodies):
        if genes.factor("part", part.name) == 0:
            _remove(model, part, {torso, *feet}, path)


def stiffen(spec: mujoco.MjSpec, genes: Genes, joints: Sequence[str]) -> None:
    """Multiplies the position gain of every driven joint's actuator by the factor of the joint."""
    for actuator in [spec.actuator(joint) for joint in joints if spec.actuator(joint)]:
        gain, bias = np.array(actuator.gainprm), np.array(actuator.biasprm)
        factor = genes.factor("stiffness", actuator.target)

        if actuator.gaintype == mujoco.mjtGain.mjGAIN_DCMOTOR:
            gain[4] *= factor  # of its controller
        else:
            if actuator.gaintype == mujoco.mjtGain.mjGAIN_FIXED:
                gain[0] *= factor
            bias[1] *= factor

        actuator.gainprm, actuator.biasprm = gain, bias


def _weigh(spec: mujoco.MjSpec, genes: Genes) -> None:
    """Multiplies masses and inertias."""
    for body in spec.bodies:
        factor = genes.factor("mass", body.name)
        body.mass *= factor
        body.inertia = factor * body.inertia
        body.fullinertia = factor * body.fullinertia
        for geom in body.geoms:
            geom.mass *= factor
            geom.density *= factor


def _limit(spec: mujoco.MjSpec, genes: Genes, path: str) -> None:
    """Multiplies the limits of joints, and of what drives them."""
    for joint in spec.joints:
        factor = genes.factor("range", joint.name)
        if factor != 1 and joint.range[0] >= joint.range[1]:
            raise ModelError(f"{path}: joint '{joint.name}' has no range that a gene could scale.")
        joint.range = factor * joint.range

    for actuator in spec.actuators:
        if actuator.trntype == mujoco.mjtTrn.mjTRN_JOINT:
            actuator.ctrlrange = genes.factor("range", actuator.target) * actuator.ctrlrange


def _stretched(
    model: mujoco.MjModel, genes: Genes, feet: Sequence[str], path: str
) -> dict[int, Stretch]:
    """What changes the length or size of bodies, by their ids, of those that genes are about."""
    stretched = {}
    for body in range(1, model.nbody):
        name = model.body(body).name
        directed = bool(genes.about("length", name))
        if directed or genes.about("size", name):
            length, size = genes.factor("length", name), genes.factor("size", name)
            stretched[body] = Stretch.of(model, body, length, size, feet, path, directed)
    return stretched


def _shift(model: mujoco.MjModel, site: int, genes: Genes, torso: str) -> Array:
    """Shift of a site in the frame of its body [m] (3,).

    The genes' axes are those of the torso in the reference pose.
    """
    x, y, z = (genes.shift(f"site_{axis}", model.site(site).name) for axis in "xyz")
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)

    frame, body = data.body(torso), data.body(model.site_bodyid[site])
    turn = frame.xmat.reshape(3, 3)
    sideways = turn[:, 1] @ (data.site_xpos[site] - frame.xpos)
    outwards = -y if sideways < 0 else y
    shift: Array = body.xmat.reshape(3, 3).T @ turn @ [x, outwards, z]
    return shift


def _remove(model: mujoco.MjModel, part: mujoco.MjsBody, needed: set[str], path: str) -> None:
    """Leaves nothing of a body and what hangs on it: no mass, no contact, no picture.

    Its bodies and geoms stay, and those that could touch keep a bit that no
    other geom knows: MuJoCo's tree of bounding boxes belongs to the layout.

    Raises:
        ModelError: Something moves with the part, needs it or is tied to it, or
            every contact bit is in use.
    """
    bodies = [body for body in range(model.nbody) if is_in_subtree(model, body, part.id)]
    refused = f"{path}: body '{part.name}' cannot be switched off"
    if tie := _tie(model, bodies, needed):
        raise ModelError(
            f"{refused}: {tie}. A part that may be absent is fixed to what carries it."
        )
    used = int(np.bitwise_or.reduce(model.geom_conaffinity))
    free = next((1 << bit for bit in range(31) if not used >> bit & 1), 0)
    if not free:
        raise ModelError(f"{refused}: the geoms leave no contact bit unused.")

    for body in (part, *(below for below in part.find_all("body") if below.id != part.id)):
        body.explicitinertial = False
        for geom in body.geoms:
            geom.mass = 0
            touches = geom.contype or geom.conaffinity
            geom.contype, geom.conaffinity = (free if touches else 0), 0
            geom.fluid_ellipsoid = 0
            geom.material, geom.rgba = "", [0, 0, 0, 0]


def _tie(model: mujoco.MjModel, bodies: list[int], needed: set[str]) -> str:
    """What keeps bodies from being switched off, in words; empty where nothing does."""
    if kept := [model.body(body).name for body in bodies if model.body(body).name in needed]:
        return f"'{kept[0]}' is the torso or a foot"
    if moving := [joint for joint in range(model.njnt) if model.jnt_bodyid[joint] in bodies]:
        return f"the joint '{model.joint(moving[0]).name}' moves it"

    sites, geoms = np.isin(model.site_bodyid, bodies), np.isin(model.geom_bodyid, bodies)
    if any(geoms[[*model.pair_geom1, *model.pair_geom2]]):
        return "a contact pair names one of its geoms"

    holds = {
        mujoco.mjtObj.mjOBJ_BODY: np.isin(np.arange(model.nbody), bodies),
        mujoco.mjtObj.mjOBJ_SITE: sites,
    }
    for i in range(model.neq):
        held = holds.get(mujoco.mjtObj(model.eq_objtype[i]))
        if held is not None and held[[model.eq_obj1id[i], model.eq_obj2id[i]]].any():
            return f"the equality '{model.eq(i).name}' holds it"

    wraps = {
        mujoco.mjtWrap.mjWRAP_SITE: sites,
        mujoco.mjtWrap.mjWRAP_SPHERE: geoms,
        mujoco.mjtWrap.mjWRAP_CYLINDER: geoms,
    }
    for kind, i in zip(model.wrap_type, model.wrap_objid, strict=True):
        held = wraps.get(mujoco.mjtWrap(kind))
        if held is not None and held[i]:
            return "a tendon runs over it"
    return ""
