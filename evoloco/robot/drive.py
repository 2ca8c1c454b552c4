"""What drives a robot: one actuator that takes an angle for every driven joint, and the others."""

import mujoco
import numpy as np

from evoloco.genome import Array
from evoloco.robot.actuator import torque_range_of_joint
from evoloco.robot.driven import drive_by_muscles, drive_joint
from evoloco.robot.held import keep_the_robots, take_off, tell_of_limp_joints
from evoloco.robot.home import Given, rest
from evoloco.robot.muscles import drive_joints
from evoloco.robot.plant import Plant
from evoloco.robot.wish import Wish
from evoloco.robot.work import Work, begin, keep
from evoloco.subtree import OF_JOINT


def drive(
    spec: mujoco.MjSpec,
    path: str,
    torso: str,
    wish: Wish,
    file: Given,
    plant: Plant,
    told: list[str],
) -> bool:
    """Leaves the actuators of the driven joints, named after them and in order, then the others.

    Args:
        spec: With a keyframe `home`.
        path: Of its file.
        torso: Name of the torso.
        wish: What the run file asks for; checked.
        file: Controls and activations of the file's keyframe.
        plant: The robot as servos feel it that are made for it: without genes.
        told: Gets a sentence for everything that is added, dropped or changed.

    Returns:
        Whether all actuators are the file's, in its order and with its controls.

    Raises:
        ModelError: The file's actuators do not fit what is asked for.
    """
    work = begin(spec, path, torso, wish, plant)
    take_off(work)

    asks_angles = wish.servo is None and wish.control == "angle"
    if asks_angles and drive_joints(work.plant, work.left, wish.joints):
        drive_by_muscles(work)
    else:
        for joint in wish.joints:
            drive_joint(work, joint)
    keep_the_robots(work, torso)
    for actuator in list(work.left):
        keep(work, actuator)

    _limit_by_joints(work)
    _rename_in_sensors(work)
    tell_of_limp_joints(work, torso)
    rest(spec, work.sources, file)
    told += work.told.sentences()
    return work.untouched == list(range(len(work.names)))


def _limit_by_joints(work: Work) -> None:
    """Limits the forces of actuators to what their joints let through.

    Nothing moves otherwise, but an actuator's force, and so its work, is then what acts.
    """
    model, targets = work.model, [one.target for one in work.spec.actuators]
    for actuator in work.spec.actuators:
        joint, gear = actuator.target, float(actuator.gear[0])
        alone = actuator.trntype in OF_JOINT and targets.count(joint) == 1 and gear != 0
        if not alone or not np.isfinite(_through(model, joint)).all():
            continue
        if model.jnt_actgravcomp[model.joint(joint).id]:  # it limits the sum with another force
            continue

        limits = np.sort(_through(model, joint) / gear)
        if actuator.forcerange[0] < actuator.forcerange[1]:
            limits = np.clip(limits, *actuator.forcerange)
        if not np.array_equal(limits, actuator.forcerange):
            actuator.forcerange, actuator.forcelimited = limits, mujoco.mjtLimited.mjLIMITED_TRUE
            work.told.add(
                "the limit of the joint, up to {limit} N m, became that of its actuator too.",
                joint,
                limit=float(np.abs(gear * limits).max()),
            )


def _through(model: mujoco.MjModel, joint: str) -> Array:
    """Smallest and largest torque that a joint lets through [N m] (2,)."""
    return torque_range_of_joint(model, model.joint(joint).id)


def _rename_in_sensors(work: Work) -> None:
    """Lets sensors of actuators read what is in the actuators' places now."""
    model = work.model
    now = {model.actuator(index).name: name for index, name in work.names.items()}
    for sensor in list(work.spec.sensors):
        if sensor.objtype != mujoco.mjtObj.mjOBJ_ACTUATOR or sensor.objname not in now:
            continue
        if now[sensor.objname]:
            sensor.objname = now[sensor.objname]
        else:
            work.told.add("this sensor went with its actuator.", f"'{sensor.name}'")
            work.spec.delete(sensor)
