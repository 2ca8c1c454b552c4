"""What about a model is likely to be a mistake, with numbers."""

from collections.abc import Iterator, Sequence

import mujoco
import numpy as np

from evoloco.morphology import Morphology
from evoloco.robot.anatomy import Anatomy
from evoloco.robot.extent import box
from evoloco.robot.facts import short
from evoloco.robot.linkage import JOINT, Link, Linkage
from evoloco.robot.rest import Rest

LIGHT = 1e-3
"""Mass below which a body is odd [kg], unless the whole robot is a thousand times that."""

RATIO = 100.0
"""Largest ratio of the masses of two links in a row [1]."""

DENSITY = (20.0, 8000.0)
"""Least and largest mass over the volume of the geoms' boxes [kg/m³]: foam, steel."""

INERTIA = 2.0
"""Largest inertia over mass times the square of the farthest point's distance [1]."""

STIFF = 0.6
"""Largest angle that a joint's vibration may advance in one step [rad]: ten steps per period."""

DEEP = 1e-3
"""Depth of a contact at home that is told [leg length]."""

LOADED = 0.8
"""Part of an actuator's torque that standing may need [1]."""


def of_model(linkage: Linkage, root: Link, anatomy: Anatomy | None) -> list[str]:
    """What is odd about a model by itself.

    Args:
        linkage: In its home pose.
        root: Of the robot.
        anatomy: Of the robot, if it has legs.
    """
    links = linkage.under(root.chain[0])
    found = [*_masses(links), *_inertias(links), *_limits(linkage, links)]
    if anatomy is not None:
        found += _feet(anatomy)
    return found


def of_body(morphology: Morphology, rest: Rest) -> list[str]:
    """What is odd about a robot as evoloco takes it.

    Args:
        morphology: The robot.
        rest: How it stands.
    """
    return [*_contacts(morphology, rest), *_standing(rest), *_stiffness(morphology)]


def _masses(links: Sequence[Link]) -> Iterator[str]:
    """Masses that are too small, too large or too different."""
    model, linkage = links[0].model, links[0].linkage
    whole = sum(link.mass for link in links)
    bodies = [body for link in links for body in link.bodies]
    light = [
        model.body(link.bodies[0]).name
        for link in links
        if link.joints and link.mass < min(LIGHT, 1e-3 * whole)
    ]
    if light:
        yield f"Links of less than {min(LIGHT, 1e-3 * whole):.2g} kg: {short(light)}."

    for link in links:
        if link.parent and min(link.mass, link.parent.mass) > 0:
            ratio = max(link.mass, link.parent.mass) / min(link.mass, link.parent.mass)
            if ratio > RATIO:
                yield (
                    f"'{link.name}' weighs {link.mass:.3g} kg and '{link.parent.name}', on which "
                    f"it moves, {link.parent.mass:.3g} kg: a ratio of {ratio:.0f}, where at most "
                    f"{RATIO:.0f} simulates well."
                )

    geoms = np.flatnonzero(np.isin(model.geom_bodyid, bodies)).tolist()
    volume = sum(
        float(np.prod(np.subtract(high, low)))
        for geom in geoms
        if (found := box(model, linkage.data, [geom])) is not None
        for low, high in [found]
    )
    if volume > 0 and not DENSITY[0] < whole / volume < DENSITY[1]:
        yield (
            f"The robot weighs {whole:.4g} kg in {1e3 * volume:.3g} l of geoms: "
            f"{whole / volume:.3g} kg/m³, where {DENSITY[0]:g} (foam) to {DENSITY[1]:g} (steel) "
            "is usual. Is the mass, or the unit of length, right?"
        )


def _inertias(links: Sequence[Link]) -> Iterator[str]:
    """Inertias that are too large for a body's mass and size."""
    model, data = links[0].model, links[0].linkage.data
    for body in (body for link in links for body in link.bodies):
        mass, inertia = float(model.body_mass[body]), np.sort(model.body_inertia[body])
        name = model.body(body).name
        if mass <= 0:
            continue
        geoms = np.flatnonzero(model.geom_bodyid == body)
        if len(geoms) and (found := box(model, data, geoms.tolist())):
            corners = np.abs(np.array(found) - data.xipos[body]).max(axis=0)
            most = mass * float(corners @ corners)
            if inertia[2] > INERTIA * most > 0:
                yield (
                    f"Inertia of '{name}' ({inertia[2]:.3g} kg m²) is {inertia[2] / most:.0f} "
                    f"times what {mass:.3g} kg within its geoms can have ({most:.2g} kg m²)."
                )


def _limits(linkage: Linkage, links: Sequence[Link]) -> Iterator[str]:
    """Hinges without limits, or at them."""
    model, data = linkage.model, linkage.data
    hinges = [joint for link in links if link.parent for joint in link.hinges]
    free = [model.joint(joint).name for joint in hinges if not model.jnt_limited[joint]]
    if free:
        yield f"Hinges without limits: {short(free)}. evoloco lets them turn half a turn each way."

    at = []
    for joint in hinges:
        low, high = model.jnt_range[joint]
        angle = data.qpos[model.jnt_qposadr[joint]]
        if model.jnt_limited[joint] and not low + 1e-6 < angle < high - 1e-6:
            at.append(f"{model.joint(joint).name} ({angle:.3g} of {low:.3g} to {high:.3g} rad)")
    if at:
        yield f"Hinges at their limits in the file's pose: {short(at, 3)}."


def _feet(anatomy: Anatomy) -> Iterator[str]:
    """Feet that cannot touch."""
    bare = [leg.foot for leg in anatomy.legs if not leg.links[-1].touching]
    if bare:
        yield (
            f"Feet without geoms that can touch: {short(bare)}. Set contype and conaffinity, or "
            "add <collision> in a URDF."
        )


def _contacts(morphology: Morphology, rest: Rest) -> Iterator[str]:
    """What is in what at home, and what lies on the ground."""
    for touch in rest.touches[:5]:
        if touch.own or touch.depth > DEEP * morphology.leg_length:
            what = "Self-collision at home" if touch.own else "At home"
            a, b = touch.bodies
            yield f"{what}: '{a}' and '{b}' are {1e3 * touch.depth:.2g} mm in each other."
    if rest.resting:
        yield f"Parts but the feet lie on the ground after a second: {short(rest.resting)}."


def _standing(rest: Rest) -> Iterator[str]:
    """Whether it stands, and what that takes."""
    if not rest.finite:
        yield "It diverges within a second of standing: a smaller timestep or softer gains help."
        return
    if not rest.stands:
        yield (
            f"It does not stand: after a second its torso is at {100 * rest.height:.0f} % of its "
            f"height and turned by {np.degrees(rest.turn):.0f}°."
        )

    weak = [load for load in rest.loads if load.use > LOADED]
    if weak:
        shown = [f"{load.joint} {load.torque:.3g} of {load.limit:.3g} N m" for load in weak]
        yield f"Actuators that standing nearly exhausts: {short(shown, 3)}."
    if rest.stands and not 0.5 < rest.ground_force < 2:
        yield f"The ground carries {rest.ground_force:.2g} of its weight."
    if rest.limit_force:
        yield f"A joint rests on its limit with {rest.limit_force:.3g} N m."


def _stiffness(morphology: Morphology) -> Iterator[str]:
    """Springs of position actuators that the time step resolves badly."""
    model, stiff = morphology.model, []
    for actuator in range(model.nactuator):
        joint = int(model.actuator_trnid[actuator, 0])
        if model.actuator_trntype[actuator] != mujoco.mjtTrn.mjTRN_JOINT or joint < 0:
            continue
        gains, biases = model.actuator_gainprm[actuator], model.actuator_biasprm[actuator]
        motor = model.actuator_gaintype[actuator] == mujoco.mjtGain.mjGAIN_DCMOTOR
        gear = float(model.actuator_gear[model.actuator_outadr[actuator], 0])
        stiffness = float(gains[4] if motor else -biases[1]) * gear**2
        if stiffness <= 0 or int(model.jnt_type[joint]) not in (
            JOINT.mjJNT_HINGE,
            JOINT.mjJNT_SLIDE,
        ):
            continue
        inertia = float(model.dof_M0[model.jnt_dofadr[joint]])
        turn = float(np.sqrt(stiffness / inertia)) * model.opt.timestep
        if turn > STIFF:
            stiff.append((turn, str(model.joint(joint).name), stiffness))
    if stiff:
        turn, name, stiffness = max(stiff)
        yield (
            f"The timestep of {1e3 * model.opt.timestep:g} ms is long for {len(stiff)} actuators: "
            f"'{name}' with {stiffness:.3g} N m/rad vibrates once in {2 * np.pi / turn:.1f} steps, "
            "where 10 or more are exact."
        )
