"""What a model is: its mass, size, joints, actuators and the rest, as short tables."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from evoloco.robot.extent import box
from evoloco.robot.linkage import Link, Linkage

GAIN, BIAS, DYN = mujoco.mjtGain, mujoco.mjtBias, mujoco.mjtDyn
FREE = int(mujoco.mjtJoint.mjJNT_FREE)

OF_JOINTS = ("joint", "type", "axis", "range", "armature", "damping")
OF_ACTUATORS = ("actuator", "kind", "gain", "control", "force")
"""Columns of tables."""

MOST = 16
"""Rows of a table."""

LISTED = 4
"""Names that are listed of a group of alike elements."""


@dataclass(frozen=True)
class Section:
    """One table about a model.

    Attributes:
        title: Of the table.
        header: Names of its columns; none where the rows are pairs of a name and a value.
        rows: Cells of each row.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def describe(linkage: Linkage, root: Link | None) -> list[Section]:
    """Everything about a model that decides how it moves.

    Args:
        linkage: In its home pose.
        root: Of the robot; None where none was found.
    """
    model = linkage.model
    joints = _joints(linkage)
    actuators = _actuators(model)
    found = [Section("Model", (), tuple(_numbers(linkage, root)))]
    if joints:
        found.append(Section(f"Joints ({model.njnt})", OF_JOINTS, tuple(joints)))
    if actuators:
        found.append(Section(f"Actuators ({model.nactuator})", OF_ACTUATORS, tuple(actuators)))
    return [*found, Section("Further", (), tuple(_rest(model)))]


def short(names: Sequence[str], most: int = LISTED) -> str:
    """Names as a list that ends with how many are left out."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def _numbers(linkage: Linkage, root: Link | None) -> Iterable[tuple[str, str]]:
    """Mass, size and layout of a model, and how it is simulated."""
    model, option = linkage.model, linkage.model.opt
    whole = float(model.body_mass.sum())
    links = linkage.under(root.chain[0]) if root else linkage.links
    mass = sum(link.mass for link in links)
    rest = f"; {whole - mass:.4g} kg of other bodies" if whole - mass > 1e-6 * whole else ""
    yield "mass", f"{mass:.4g} kg{rest}"
    if size := box(model, linkage.data, (geom for link in links for geom in link.geoms)):
        length, width, height = size[1] - size[0]
        yield "size at home", f"{length:.3g} x {width:.3g} x {height:.3g} m (x, y, z)"
    yield (
        "layout",
        f"nq {model.nq}, nv {model.nv}, nu {model.nu}, na {model.na}, {model.nbody} bodies",
    )

    integrator = mujoco.mjtIntegrator(option.integrator).name.removeprefix("mjINT_").lower()
    solver = mujoco.mjtSolver(option.solver).name.removeprefix("mjSOL_").lower()
    cone = mujoco.mjtCone(option.cone).name.removeprefix("mjCONE_").lower()
    yield "step", f"{1e3 * option.timestep:g} ms, {integrator}; {solver}, {cone} cones"
    if list(option.gravity) != [0, 0, -9.81]:
        yield "gravity", " ".join(f"{value:g}" for value in option.gravity) + " m/s²"
    if option.density or option.viscosity:
        yield "medium", f"density {option.density:g} kg/m³, viscosity {option.viscosity:g} Pa s"
    keys = [model.key(key).name or "(no name)" for key in range(model.nkey)]
    yield "keyframes", short(keys) or "none"


def _joints(linkage: Linkage) -> list[tuple[str, ...]]:
    """One row per kind of joint; joints that are alike share it."""
    model = linkage.model
    groups: dict[tuple[str, ...], list[str]] = {}
    for joint in range(model.njnt):
        kind = mujoco.mjtJoint(model.jnt_type[joint]).name.removeprefix("mjJNT_").lower()
        moves, dof = kind in ("hinge", "slide"), model.jnt_dofadr[joint]
        row = (
            kind,
            _axis(linkage.data.xaxis[joint]) if moves else "",
            _range(model, joint) if moves else "",
            f"{model.dof_armature[dof]:.3g}",
            f"{model.dof_damping[dof]:.3g}",
        )
        groups.setdefault(row, []).append(model.joint(joint).name or "(no name)")
    rows = [(short(names), *row) for row, names in groups.items()]
    if len(rows) > MOST + 1:
        rest = [len(names) for names in list(groups.values())[MOST:]]
        rows[MOST:] = [(f"{sum(rest)} more joints of {len(rest)} kinds", *[""] * 5)]
    return rows


def _axis(axis: Sequence[float]) -> str:
    """The axis of the world that an axis is along or, with a `~`, nearest to, whatever its sign."""
    largest = int(np.argmax(np.abs(axis)))
    return ("" if abs(axis[largest]) > 0.999 else "~") + "xyz"[largest]


def _range(model: mujoco.MjModel, joint: int) -> str:
    """The range of a hinge in degrees or of a slide in metres."""
    if not model.jnt_limited[joint]:
        return "no limits"
    hinge = model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_HINGE
    low, high = np.degrees(model.jnt_range[joint]) if hinge else model.jnt_range[joint]
    return f"{low:.3g} to {high:.3g} {'°' if hinge else 'm'}"


def _actuators(model: mujoco.MjModel) -> list[tuple[str, ...]]:
    """One row per kind of actuator; actuators that are alike share it."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for actuator in range(model.nactuator):
        row = (
            kind_of(model, actuator),
            _gains(model, actuator),
            _control(model, actuator),
            _between(model.actuator_forcerange[actuator], model.actuator_forcelimited[actuator]),
        )
        name = model.actuator(actuator).name or target_of(model, actuator)
        groups.setdefault(row, []).append(name)
    return [(short(names), *row) for row, names in groups.items()]


def _control(model: mujoco.MjModel, actuator: int) -> str:
    """Range of the first control of an actuator."""
    place = model.actuator_ctrladr[actuator]
    if not model.actuator_ctrlnum[actuator]:
        return "none"
    return _between(model.actuator_ctrlrange[place], model.actuator_ctrllimited[place])


def _between(bounds: Sequence[float], limited: int) -> str:
    return f"{bounds[0]:.4g} to {bounds[1]:.4g}" if limited else "no limits"


def kind_of(model: mujoco.MjModel, actuator: int) -> str:
    """What an actuator is: "motor", "position", "velocity", "muscle" and so on."""
    gain, bias = model.actuator_gaintype[actuator], model.actuator_biastype[actuator]
    dynamic = model.actuator_dyntype[actuator]
    gains, biases = model.actuator_gainprm[actuator], model.actuator_biasprm[actuator]
    special = {
        int(GAIN.mjGAIN_MUSCLE): "muscle",
        int(GAIN.mjGAIN_DCMOTOR): "dcmotor",
    }
    if int(gain) in special:
        return special[int(gain)]
    if model.actuator_trntype[actuator] == mujoco.mjtTrn.mjTRN_BODY:
        return "adhesion"

    found = "general"
    if gain == GAIN.mjGAIN_FIXED and bias == BIAS.mjBIAS_NONE:
        found = "motor"
    elif gain == GAIN.mjGAIN_FIXED and bias == BIAS.mjBIAS_AFFINE:
        if gains[0] == -biases[1] != 0:
            found = "position"
        elif gains[0] == -biases[2] != 0 and biases[1] == 0:
            found = "velocity"
    filtered = int(dynamic) != int(DYN.mjDYN_NONE)
    return f"{found}, {DYN(dynamic).name.removeprefix('mjDYN_').lower()}" if filtered else found


def target_of(model: mujoco.MjModel, actuator: int) -> str:
    """Name of what an actuator acts on."""
    kinds = {
        int(mujoco.mjtTrn.mjTRN_JOINT): model.joint,
        int(mujoco.mjtTrn.mjTRN_JOINTINPARENT): model.joint,
        int(mujoco.mjtTrn.mjTRN_TENDON): model.tendon,
        int(mujoco.mjtTrn.mjTRN_SITE): model.site,
        int(mujoco.mjtTrn.mjTRN_BODY): model.body,
    }
    look = kinds.get(int(model.actuator_trntype[actuator]))
    target = int(model.actuator_trnid[actuator, 0])
    return str(look(target).name) if look and target >= 0 else "(no name)"


def _gains(model: mujoco.MjModel, actuator: int) -> str:
    """Gear and gains of an actuator."""
    kind = kind_of(model, actuator)
    gear, gain = (
        model.actuator_gear[model.actuator_outadr[actuator], 0],
        model.actuator_gainprm[actuator, 0],
    )
    parts = [] if gear == 1 else [f"gear {gear:.4g}"]
    if kind.startswith(("position", "velocity")):
        damping = -model.actuator_biasprm[actuator, 2]
        parts.append(f"{'kp' if kind.startswith('position') else 'kv'} {gain:.4g}")
        if kind.startswith("position") and damping:
            parts.append(f"kv {damping:.3g}")
    elif gain != 1 and not kind.startswith(("muscle", "dcmotor")):
        parts.append(f"gain {gain:.4g}")
    return ", ".join(parts)


def _rest(model: mujoco.MjModel) -> Iterable[tuple[str, str]]:
    """Geoms, contacts, equalities, tendons and sensors."""
    touching = (model.geom_contype | model.geom_conaffinity) != 0
    kinds = Counter(
        mujoco.mjtGeom(kind).name.removeprefix("mjGEOM_").lower()
        for kind in model.geom_type[touching]
    )
    yield (
        "geoms that touch",
        (_counted(kinds) or "none") + f"; {int((~touching).sum())} only seen",
    )
    if model.npair or model.nexclude:
        yield "contacts", f"{model.npair} pairs named, {model.nexclude} excluded"
    yield (
        "equalities",
        _counted(
            Counter(mujoco.mjtEq(kind).name.removeprefix("mjEQ_").lower() for kind in model.eq_type)
        )
        or "none",
    )
    muscles = sum(kind_of(model, actuator) == "muscle" for actuator in range(model.nactuator))
    yield "tendons", f"{model.ntendon}, {muscles} muscles"
    yield (
        "sensors",
        _counted(
            Counter(
                mujoco.mjtSensor(kind).name.removeprefix("mjSENS_").lower()
                for kind in model.sensor_type
            )
        )
        or "none",
    )


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
