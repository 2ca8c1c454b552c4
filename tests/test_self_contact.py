"""Parts of a robot that touch each other are seen, told, and end an episode where that is asked."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import ClassVar

import mujoco
import numpy as np
import pytest
import traces

from evoloco import fields
from evoloco.ending import Outcome, Rule
from evoloco.episode import Episode
from evoloco.experiment import Experiment
from evoloco.fields import Array, Fields, Record
from evoloco.gait.analysis import analyse, walks
from evoloco.gait.verdict import SHARE, Manner, verdict
from evoloco.genome import Gene, Space
from evoloco.members import member
from evoloco.morphology import Morphology, assemble
from evoloco.scenario import Termination, draw
from evoloco.self_contact import self_contacts
from evoloco.sim.simulator import Simulator
from evoloco.spec import read

ENDLESS = Termination(min_height=-10.0, max_tilt=10.0, body_contact=False)
DURATION, CONTROL_DT = 1.0, 0.02


def scissors(extra: str = "", geom: str = "", gap: str = "") -> Morphology:
    """A ball in the air whose two arms swing to each other's side about one axis."""
    arms = "".join(
        f'<body name="{side}" pos="0 {0.1 * sign} 0"><joint name="swing_{side}" axis="1 0 0"/>'
        f'<geom name="arm_{side}" type="capsule" fromto="0 0 0 0 0 -0.2" size="0.02" mass="0.1" '
        f"{geom} {gap}/></body>"
        for side, sign in (("left", 1), ("right", -1))
    )
    drives = "".join(
        f'<position name="swing_{side}" joint="swing_{side}" kp="2" kv="0.1"/>'
        for side in ("left", "right")
    )
    spec = mujoco.MjSpec.from_string(f"""
        <mujoco><option gravity="0 0 0" integrator="implicitfast"/><worldbody>
        <geom name="floor" type="plane" size="0 0 1" pos="0 0 -2"/>
        <body name="torso"><freejoint/><geom name="ball" size="0.05" mass="5"/>{arms}</body>
        </worldbody>{extra}<actuator>{drives}</actuator>
        <keyframe><key name="home" qpos="0 0 0 1 0 0 0 0 0"/></keyframe></mujoco>""")
    return assemble(spec, "torso", ["left", "right"], ["swing_left", "swing_right"])


def reset(params: Record, state: Record, dt: float) -> None:
    """Nothing to remember."""


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    for j in range(ctrl.size):
        ctrl[j] = params.amplitude[j] * math.sin(2 * math.pi * time)


class Swing:
    """Swings every joint at 1 Hz."""

    reset = staticmethod(reset)
    step = staticmethod(step)
    state: ClassVar[dict[str, tuple[int, ...]]] = {"nothing": ()}

    def __init__(self, joints: int) -> None:
        self.space = Space([Gene(f"amplitude_{joint}", -2.0, 2.0) for joint in range(joints)])

    def parameters(self, values: dict[str, float]) -> Fields:
        return {"amplitude": np.array(list(values.values()))}


def swung(body: Morphology, termination: Termination = ENDLESS, amplitude: float = 1.2) -> Episode:
    """An episode in which neighbouring joints swing against each other [rad]."""
    joints = len(body.joints)
    native = Simulator(
        body,
        Swing(joints),
        duration=DURATION,
        control_dt=CONTROL_DT,
        termination=termination,
        ramp=0.0,
        threads=1,
    )
    params = amplitude * (-1.0) ** np.arange(joints)[None]
    (episode,) = native.run(params, [draw(body, (0,), duration=DURATION)])
    return episode.copied()


def counted(episode: Episode, own: Sequence[str] = ("ball", "arm_left", "arm_right")) -> list[bool]:
    """Whether geoms touch each other in each physics step, in a plain loop over mj_step."""
    model, found = episode.morphology.model, []
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key("home").id)
    ids = {model.geom(name).id for name in own}
    for ctrl in np.repeat(episode["ctrl"], episode.substeps, axis=0):
        data.ctrl[:] = ctrl
        mujoco.mj_step(model, data)
        found.append(any(ids.issuperset(contact.geom.tolist()) for contact in data.contact))
    return found


# The trace


def test_the_trace_holds_the_share_of_physics_steps_with_a_contact_between_parts() -> None:
    episode = swung(scissors())
    steps = np.array(counted(episode)).reshape(len(episode), episode.substeps)
    assert 0 < steps.mean() < 1
    np.testing.assert_array_equal(episode["self_contact"][:, 0], steps.mean(axis=1))
    assert not episode["body_contact"].any()


def test_parts_that_a_model_keeps_apart_never_touch() -> None:
    excluded = scissors('<contact><exclude body1="left" body2="right"/></contact>')
    for body in (excluded, scissors(geom='contype="2" conaffinity="4"')):
        assert self_contacts(body.model, body.torso) == []
        assert not swung(body)["self_contact"].any()


def test_geoms_that_are_only_within_a_gap_of_each_other_do_not_touch() -> None:
    near = swung(scissors(gap='gap="0.5"'), amplitude=0.0)
    assert all(counted(near, ("arm_left", "arm_right")))  # MuJoCo lists them
    assert not near["self_contact"].any()


def test_the_ground_and_other_things_do_not_touch_the_robot_with_itself() -> None:
    standing = swung(member("morphologies", "biped").build(), amplitude=0.0)
    assert standing.foot_load.any()
    assert not standing["self_contact"].any()


# Which parts can touch


def pairs(body: Morphology) -> list[tuple[str, ...]]:
    """Names of the geoms that can touch each other."""
    names = [
        tuple(sorted(body.model.geom(geom).name for geom in pair))
        for pair in self_contacts(body.model, body.torso)
    ]
    return sorted(names)


def test_a_child_does_not_touch_its_parent_unless_the_model_names_the_pair_or_says_so() -> None:
    assert pairs(scissors()) == [("arm_left", "arm_right")]
    named = '<contact><pair geom1="ball" geom2="arm_left"/></contact>'
    assert pairs(scissors(named)) == [("arm_left", "arm_right"), ("arm_left", "ball")]
    every = scissors()
    every.model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_FILTERPARENT
    assert len(pairs(every)) == 3
    every.model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
    assert pairs(every) == []


@pytest.mark.parametrize(
    "name", ["biped", "planar_biped", "hopper", "muscle_biped", "xl330_biped", "humanoid"]
)
def test_the_pairs_are_those_that_mujoco_makes_contacts_of(name: str) -> None:
    body = member("morphologies", name).build()
    model, found = body.model, set(self_contacts(body.model, body.torso))
    grown = mujoco.MjData(model)
    for field in (model.geom_margin, model.body_margin, model.geom_rbound):
        field[:] = 10.0  # everything that may touch does
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_MIDPHASE
    mujoco.mj_resetDataKeyframe(model, grown, model.key("home").id)
    mujoco.mj_forward(model, grown)
    listed = {tuple(sorted(contact.geom.tolist())) for contact in grown.contact}
    assert {pair for pair in listed if not body.floor & set(pair)} == found


# What is made of it


@cache
def body() -> Morphology:
    return traces.body()


def test_the_measure_and_the_gait_read_the_trace() -> None:
    touched = np.zeros((500, 1))
    touched[:100] = 0.25
    episode = traces.walk(body(), changes={"self_contact": touched})
    measure = member("fitness", "self_contact").measure
    np.testing.assert_array_equal(measure(episode), touched[:, 0])
    now = fields.records(episode.trace, episode.columns.record)
    np.testing.assert_array_equal(now.self_contact, touched[:, 0])
    assert analyse(episode).self_contact == pytest.approx(0.05)
    assert episode.to_frame()["self_contact"].tolist() == touched[:, 0].tolist()


def test_a_gait_whose_limbs_touch_does_not_count_as_walking() -> None:
    gait = analyse(traces.walk(body(), stance=24))
    assert walks(gait) == []
    assert verdict(replace(gait, self_contact=SHARE)).verb == "walks"
    found = verdict(replace(gait, self_contact=0.28))
    assert found.manner is Manner.WALKING
    assert found.verb == "walks with limbs touching"
    assert not found.walks
    assert found.why.endswith("parts of the robot touch each other 28 % of the time")
    assert any("touch each other" in reason for reason in walks(replace(gait, self_contact=0.28)))
    backward = analyse(traces.walk(body(), stance=24, speed=-0.4))
    verb = verdict(replace(backward, self_contact=0.28)).verb
    assert verb == "walks backward with limbs touching"


def test_a_fall_is_a_fall_whatever_touched_before() -> None:
    gait = analyse(traces.walk(body(), steps=300, outcome=Outcome.FELL))
    assert verdict(replace(gait, self_contact=0.5)).verb == "falls"


def test_an_episode_ends_where_parts_touch_if_that_is_a_fall() -> None:
    whole = swung(scissors())
    ended = swung(scissors(), replace(ENDLESS, self_contact=True))
    assert len(ended) == np.argmax(whole["self_contact"][:, 0] > 0) + 1
    np.testing.assert_array_equal(ended.trace, whole.trace[: len(ended)])
    assert ended.outcome is Outcome.FELL
    assert ended.ending.rule is Rule.SELF_CONTACT
    assert str(ended.ending) == "left and right touched each other"


def test_a_run_file_says_whether_self_contact_is_a_fall(hop: Path) -> None:
    assert not Experiment(read(hop)).termination.self_contact
    changed = Experiment(read(hop, ["scenario.termination.self_contact=true"]))
    assert changed.termination.self_contact
