"""The actuators of a robot that no controller drives."""

from evoloco.genome import Array
from evoloco.robot.actuator import Actuator
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


def keep_the_robots(work: Work) -> None:
    """Puts the robot's other actuators back; they hold the home pose."""
    for joint in fitting(scalar_joints(work.spec), work.wish.hold):
        if not work.of_joint(joint):
            _hold(work, joint)

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


def _hold(work: Work, joint: str) -> None:
    """Adds a servo that holds a joint at home."""
    speed = speeds(work.path).get(joint, 0.0)
    from_joint(work.spec, work.plant, joint, speed, work.told)
    work.sources.append(None)
    work.told.add("not driven; its servo holds home, as `hold` asks.", joint)


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
    also = f"; it acts on {', '.join(moved)} too" if moved else ""
    work.told.add(f"{what} keeps its control at home{also}.", actuator.label)


def tell_of_limp_joints(work: Work, torso: str) -> None:
    """Tells of the robot's joints that nothing drives or holds, apart from those it moves by."""
    model, driven = work.model, {one.target for one in work.spec.actuators}
    moved = abs(moments(work.plant)).max(axis=0, initial=0) > LEAST_ARM
    ancestors = {int(model.body(torso).id)}
    while 0 not in ancestors:
        ancestors.add(int(model.body_parentid[min(ancestors)]))

    own = set(robot_bodies(model, torso).tolist()) - ancestors
    for name in scalar_joints(work.spec):
        joint = model.joint(name)
        limp = name not in driven and not moved[joint.dofadr[0]]
        if int(joint.bodyid[0]) in own and limp:
            work.told.add("not driven, and without an actuator; `hold` would hold it.", name)
