"""Loose things, mocap bodies and what stands around are no part of the robot."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest
from robot_files import OPTIONS, table

from evoloco.ending import Outcome
from evoloco.errors import UnknownNameError
from evoloco.evaluation import Evaluation
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.morphologies import mjcf
from evoloco.morphology import assemble
from evoloco.randomization.fields import bodies_of
from evoloco.randomization.ground import lowest
from evoloco.randomization.links import links
from evoloco.randomization.working import Working
from evoloco.sim import plan
from evoloco.sim.prepared import Body, kinds
from evoloco.spec import read
from evoloco.subtree import robot_bodies

Save = Callable[..., Path]

BALL = """<body name="ball" pos="2 1 .3"><freejoint name="loose"/>
  <geom name="ball" type="sphere" size=".3" mass="9"/>
  <body name="lid" pos="0 0 .3"><joint name="lid" axis="0 1 0"/><geom size=".05"/></body></body>"""
"""Far heavier than the robot; it rests on the floor."""

GATE = """<body name="gate" pos="-2 0 .5"><joint name="gate" axis="0 0 1"/>
  <geom type="box" size=".02 .4 .3" mass="3"/></body>"""

HAND = '<body name="hand" mocap="true" pos="0 3 1"><geom size=".2"/></body>'
SHELF = '<body name="shelf" pos="0 -4 1"><geom type="box" size=".3 .3 .3"/></body>'

AROUND = {
    "alone": {},
    "ball before": {"before": BALL},
    "ball after": {"after": BALL},
    "much before": {"before": GATE + HAND + BALL + SHELF},
    "much around": {"before": HAND + GATE, "after": BALL + SHELF},
}

RUN = """
[morphology]
name = "mjcf"
path = "robot.xml"
torso = "frame"
feet = {feet}
joints = {joints}

[controller]
name = "phase"

{terms}

[scenario]
duration = 0.6

[evaluation]
episodes = 1
heldout_episodes = 1

[optimizer]
population_size = 4
generations = 1
"""

MEASURES = {
    "forward_speed": 1.0,
    "cost_of_transport": -0.1,
    "duty_factor": 0.1,
    "ground_reaction": -0.1,
    "foot_slip": -0.1,
    "survival": 0.1,
}
"""Measures and weights of a run."""


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(text: str, folder: str = "one") -> Path:
        path = tmp_path / folder / "robot.xml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def tried(path: Path) -> tuple[Experiment, Evaluation]:
    """A run on a file, and its first genomes tried."""
    terms = "\n".join(
        f'[fitness.{name}]\nmeasure = "{name}"\nweight = {weight}'
        for name, weight in MEASURES.items()
    )
    text = RUN.format(feet=OPTIONS["feet"], joints=OPTIONS["joints"], terms=terms)
    file = path.with_name("run.toml")
    file.write_text(text, encoding="utf-8")
    experiment = Experiment(read(file))
    genomes = experiment.optimizer().ask()
    return experiment, Local(experiment, 1).evaluate(genomes, experiment.scenarios(0), 0.0)


@pytest.mark.slow
def test_scenery_changes_neither_the_robot_nor_its_gait(save: Save) -> None:
    alone, expected = tried(save(table()))
    for around, extra in list(AROUND.items())[1:]:
        with_it, found = tried(save(table(**extra), around.replace(" ", "_")))
        one, other = alone.morphology, with_it.morphology
        for number in ("mass", "size", "leg_length", "standing_height"):
            assert getattr(one, number) == pytest.approx(getattr(other, number), rel=1e-12), around
        assert len(one.joints) == len(other.joints)
        assert found.outcome.tolist() == expected.outcome.tolist(), around
        np.testing.assert_array_equal(found.duration, expected.duration)
        np.testing.assert_allclose(found.values, expected.values, rtol=1e-4, atol=1e-6)
    assert Outcome.FELL.value not in expected.outcome  # so that there is a gait to compare


@pytest.mark.parametrize("around", AROUND)
def test_the_robot_is_the_tree_of_the_torso(save: Save, around: str) -> None:
    path = save(table(**AROUND[around]))
    body = mjcf.build(str(path), **OPTIONS)
    model = body.model
    names = {model.body(one).name for one in robot_bodies(model, "frame")}
    legs = {joint.removesuffix("_swing") for joint in OPTIONS["joints"]}
    assert names == {"frame", *(f"{leg}{part}" for leg in legs for part in ("_leg", "_toe"))}
    assert body.mass == pytest.approx(0.8 + 4 * (0.05 + 0.02))

    assert set(bodies_of(body)[0]) == names
    assert set(links(body)[0]) <= names
    assert lowest(Working(body), np.array([[0, 0, 1.0]])) == pytest.approx(0, abs=1e-6)


def test_a_loose_thing_that_touches_the_ground_is_no_fall(save: Save) -> None:
    body = mjcf.build(str(save(table(before=BALL + GATE))), **OPTIONS)
    kind = kinds(body)
    assert kind[body.model.geom("ball").id] == plan.SCENERY
    assert kind[body.model.geom("plate").id] == plan.BODY
    assert kind[body.model.geom("hind_left_sole").id] == plan.FOOT
    assert kind[body.model.geom("ground").id] == plan.GROUND


def test_what_carries_a_robot_but_does_not_move_is_the_world_s() -> None:
    spec = mujoco.MjSpec.from_string("""<mujoco><worldbody><geom type="plane" size="9 9 1"/>
      <body name="post" pos="-1 0 0"><geom size=".1" mass="50"/>
       <body name="boom" pos="0 0 .2"><joint name="turn" axis="0 0 1"/><geom size=".02"/>
        <body name="torso" pos="1 0 .1"><joint name="lift" type="slide" axis="0 0 1"/>
         <geom size=".05" mass="1"/>
         <body name="foot" pos="0 0 -.2"><joint name="hip" axis="0 1 0"/><geom size=".05"/></body>
        </body></body></body></worldbody>
      <actuator><position name="hip" joint="hip" kp="5"/></actuator>
      <keyframe><key name="home" qpos="0 0 0"/></keyframe></mujoco>""")
    body = assemble(spec, "torso", ["foot"], ["hip"])
    names = [body.model.body(one).name for one in robot_bodies(body.model, "torso")]
    assert names == ["boom", "torso", "foot"]
    assert body.mass < 5


def test_the_start_of_an_episode_moves_the_robot_s_joints_alone(save: Save) -> None:
    body = mjcf.build(str(save(table(before=BALL))), **OPTIONS)
    experiment = tried(save(table(before=BALL)))[0]
    scenario = replace(experiment.scenarios(0)[0], joint_offset=np.full(4, 0.1))
    made = Body(body, 0.5, 0.0)
    row: Array = made.start(scenario)
    data = mujoco.MjData(body.model)
    mujoco.mj_setState(body.model, data, row, mujoco.mjtState.mjSTATE_INTEGRATION)
    moved = np.flatnonzero(~np.isclose(data.qpos, body.home))
    joints = [int(body.model.joint(name).qposadr[0]) for name in OPTIONS["joints"]]
    assert sorted(moved.tolist()) == sorted(joints)


def test_what_moves_beside_the_robot_is_told(save: Save) -> None:
    alone = mjcf.build(str(save(table())), **OPTIONS)
    assert not any("Not part of it" in sentence for sentence in alone.told)
    body = mjcf.build(str(save(table(before=BALL, after=HAND + SHELF))), **OPTIONS)
    assert (
        "The robot is what the torso 'frame' belongs to, 1.08 kg. Not part of it: 'ball', 'hand' "
        "with their 9.524 kg." in body.told  # the lid has 0.524 kg
    )


def test_a_pattern_of_genes_is_about_the_robot_alone(save: Save) -> None:
    path = str(save(table(before=BALL)))
    plain = mjcf.build(path, **OPTIONS)
    grown = mjcf.build(path, **OPTIONS, **{"mass.*": 2.0, "size.*": 1.1})
    assert grown.mass == pytest.approx(2 * plain.mass)
    for body in ("ball", "lid"):
        assert grown.model.body(body).mass == plain.model.body(body).mass
    np.testing.assert_array_equal(grown.model.geom("ball").size, plain.model.geom("ball").size)

    assert "ball" not in mjcf.gene("mass.*", path, **OPTIONS).meaning
    with pytest.raises(UnknownNameError, match=r"Unknown body in .*'ball'\. Known: frame, "):
        mjcf.gene("mass.ball", path, **OPTIONS)
