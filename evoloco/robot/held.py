"""The actuators of a robot that no controller drives."""

import numpy as np

from evoloco.genome import Array
from evoloco.robot.actuator import Actuator, torque_range_of_joint
from evoloco.robot.muscles import LEAST_ARM, moments
from evoloco.robot.position_servo import WHAT, from_actuator, from_joint
from evoloco.robot.urdf import speeds
from evoloco.robot.wish import fitting, scalar_joints
from evoloco.robot.work import Work, free_name, keep
from evoloco.subtree import robot_bodies


def take_off(work: Work) -> None:
    """Takes the actuators off that are not wanted: of joints, or others by their own names."""
    for actuator in list(work.left):
        name = actuator.joint or actuator.name
        if actuator.own and name and fitting([name], work.wish.free):
            work.take(actuator, "")
            whose = "its actuator" if actuator.joint else "this actuator"
            work.told.add(f"{whose} was taken off, as `free` asks.", name)


def keep_the_robots(work: Work, torso: str) -> None:
    """Puts the robot's other actuators back; they hold the home pose."""
    for joint in fitting(scalar_joints(work.spec), work.wish.hold):
        if not work.of_joint(joint):
            _hold(work, joint, "as `hold` asks")
    for joint in _with_motors(work, torso):
        _hold(work, joint, "within the limit that the file has for it; `free` would leave it limp")

    arms = moments(work.plant)
    for actuator in [one for one in work.left if one.own]:
        joint = actuator.joint
        alone = [one for one in work.of_joint(joint) if joint] == [actuator]
        if joint not in work.wish.joints and alone and actuator.kind in WHAT:
            name = free_name(work, actuator)
            from_actuator(work.spec, work.plant, actuator, name, work.path, work.told)
            work.take(actuator, name)
            work.sources.append(None)
            work.told.add("not driven; its servo holds home.", joint)
            continue

        keep(work, actuator)
        if joint in work.wish.joints:
            kind = WHAT.get(actuator.kind, actuator.kind)
            work.told.add(f"its {kind} stays beside the servo, at its control at home.", joint)
        elif joint:
            work.told.add("not driven; its actuator holds home.", joint)
        else:
            _tell_of_other(work, actuator, arms)


def _with_motors(work: Work, torso: str) -> list[str]:
    """Joints to be held that have motors, as a file without actuators says by limits of torque.

    A URDF has no actuators, but an effort for each joint that has a motor.
    """
    if work.model.nactuator:
        return []
    chosen = (*work.wish.joints, *fitting(scalar_joints(work.spec), work.wish.hold))
    free = fitting(scalar_joints(work.spec), work.wish.free)
    return [
        joint
        for joint in _of_limbs(work, torso)
        if joint not in (*chosen, *free)
        and np.isfinite(torque_range_of_joint(work.model, work.model.joint(joint).id)).all()
    ]


def _of_limbs(work: Work, torso: str) -> list[str]:
    """The robot's joints that turn or slide, apart from those by which its torso moves."""
    model = work.model
    ancestors = {int(model.body(torso).id)}
    while 0 not in ancestors:
        ancestors.add(int(model.body_parentid[min(ancestors)]))
    limbs = set(robot_bodies(model, torso).tolist()) - ancestors
    return [name for name in scalar_joints(work.spec) if int(model.joint(name).bodyid[0]) in limbs]


def _hold(work: Work, joint: str, why: str) -> None:
    """Adds a servo that holds a joint at home."""
    speed = speeds(work.path).get(joint, 0.0)
    from_joint(work.spec, work.plant, joint, speed, work.told)
    work.sources.append(None)
    work.told.add(f"not driven; its servo holds home, {why}.", joint)


def _tell_of_other(work: Work, actuator: Actuator, arms: Array) -> None:
    """Tells of an actuator on a tendon, a site or a body, and of driven joints that it moves."""
    model, joints = work.model, work.wish.joints
    first = model.actuator_outadr[actuator.index]
    rows = arms[first : first + model.actuator_outnum[actuator.index]]
    moved = [
        joint
        for joint in joints
        if abs(rows[:, model.joint(joint).dofadr[0]]).max(initial=0) > LEAST_ARM
    ]
    what = "this muscle" if actuator.kind == "muscle" else "this actuator"
    also = f"; it acts on {', '.join(moved)} too, and `free` would take it off" if moved else ""
    work.told.add(f"{what} keeps its control at home{also}.", actuator.label)


def tell_of_limp_joints(work: Work, torso: str) -> None:
    """Tells of the robot's joints that nothing drives or holds, apart from those it moves by."""
    driven = {one.target for one in work.spec.actuators}
    moved = abs(moments(work.plant)).max(axis=0, initial=0) > LEAST_ARM
    for name in _of_limbs(work, torso):
        if name not in driven and not moved[work.model.joint(name).dofadr[0]]:
            work.told.add("not driven, and without an actuator; `hold` would hold it.", name)
