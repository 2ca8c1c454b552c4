"""A robot that a user wrote, in kinds; and what tests ask of it."""

from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np

from evoloco.genome import Array
from evoloco.morphologies import mjcf
from evoloco.morphology import HOME, Morphology

Save = Callable[..., str]
"""Writes a file, of a text and a name, and gives its path."""

JOINTS = ["left_hip", "left_knee", "right_hip", "right_knee"]
HOME_ANGLES = {"left_hip": -0.3, "left_knee": 0.6, "right_hip": -0.3, "right_knee": 0.6}
OPTIONS: dict[str, Any] = {
    "torso": "trunk",
    "feet": ["left_foot", "right_foot"],
    "joints": JOINTS,
    "home": HOME_ANGLES,
}


def walker(
    actuators: str = "",
    more: str = "",
    joint: str = "",
    foot: str = "",
    option: str = 'timestep="0.002" integrator="implicitfast"',
    floor: str = '<geom name="floor" type="plane" size="0 0 1"/>',
    neck: str = "",
    default: str = "",
) -> str:
    """A biped on wide feet that a user wrote, with a neck, and a door beside it."""
    legs = "".join(
        f"""<body name="{side}_thigh" pos="0 {y} 0">
          <joint name="{side}_hip" axis="0 1 0" range="-60 60" {joint}/>
          <geom type="capsule" size=".02" fromto="0 0 0 0 0 -.15" mass=".4" {NO_CONTACT}/>
          <body name="{side}_shank" pos="0 0 -.15">
           <joint name="{side}_knee" axis="0 1 0" range="-10 100" {joint}/>
           <geom type="capsule" size=".015" fromto="0 0 0 0 0 -.15" mass=".2" {NO_CONTACT}/>
           <body name="{side}_foot" pos="0 0 -.15">
            <geom name="{side}_sole" type="box" size=".08 .03 .01" euler="0 -17.2 0" mass=".1"
             {foot}/></body></body></body>"""
        for side, y in (("left", 0.06), ("right", -0.06))
    )
    return f"""<mujoco><option {option}/><default><joint armature=".01" damping=".2"
       frictionloss=".05"/>{default}</default><worldbody>{floor}
      <body name="trunk" pos="0 0 .4"><freejoint name="root"/>
       <geom name="trunk" type="box" size=".06 .05 .06" pos="0 0 .06" mass="2"/>
       <site name="back" pos="-.05 0 .1"/>
       <body name="head" pos="0 0 .14"><joint name="neck" axis="0 1 0" range="-90 90" {neck}/>
        <geom type="sphere" size=".04" pos=".02 0 .05" mass=".3" {NO_CONTACT}/>
        <site name="chin" pos=".05 0 .05"/></body>{legs}</body>
      <body name="door" pos="2 2 1"><joint name="hinge" axis="0 0 1"/>
       <geom type="box" size=".3 .02 .5" pos=".3 0 0" mass="1" {NO_CONTACT}/></body>
      </worldbody><actuator>{actuators}</actuator>{more}</mujoco>"""


NO_CONTACT = 'contype="0" conaffinity="0"'


def each(text: str, joints: list[str] = JOINTS) -> str:
    """An actuator per joint, with the joint's name in the place of `JOINT`."""
    return "".join(text.replace("JOINT", joint) for joint in joints)


def build(path: str, **options: Any) -> Morphology:
    """The robot; with a gene of 1, so that nothing asks whether it stands."""
    return mjcf.build(path, **{**OPTIONS, **options}, **{"size.trunk": 1.0})


def at(model: mujoco.MjModel, seed: int) -> mujoco.MjData:
    """A random state of the robot near its home."""
    random, data = np.random.default_rng(seed), mujoco.MjData(model)
    for joint, angle in HOME_ANGLES.items():
        data.joint(joint).qpos = angle + random.uniform(-0.3, 0.3)
        data.joint(joint).qvel = random.uniform(-2, 2)
    data.joint("neck").qpos, data.joint("neck").qvel = 0.1, random.uniform(-2, 2)
    return data


def torques(model: mujoco.MjModel, data: mujoco.MjData) -> Array:
    """Of all actuators at the driven joints [N m]."""
    mujoco.mj_forward(model, data)
    return np.array([data.joint(joint).qfrc_actuator[0] for joint in JOINTS])


def control(model: mujoco.MjModel, data: mujoco.MjData, name: str) -> Array:
    """The controls of an actuator, to be written into."""
    actuator = model.actuator(name).id
    start, count = model.actuator_ctrladr[actuator], model.actuator_ctrlnum[actuator]
    return data.ctrl[start : start + count]


def said(body: Morphology, *words: str) -> bool:
    """Whether one sentence has all those words."""
    return any(all(word in sentence for word in words) for sentence in body.told)


def resting(body: Morphology) -> mujoco.MjData:
    """The robot at home."""
    data = mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(body.model, data, body.model.key(HOME).id)
    return data
