"""What Drake cannot simulate is refused in a sentence, without Drake."""

import sys
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from evoloco.check.second import NUMBERS, Outing, Second
from evoloco.check.subject import Subject
from evoloco.drake.carried import DrakeError, check, left_out
from evoloco.drake.contact import FRICTION, REBOUND, SINKING, Contact, contacts
from evoloco.drake.engine import engine
from evoloco.drake.walk import walk
from evoloco.experiment import Experiment
from evoloco.host import Host
from evoloco.morphology import Morphology

FIRM = Contact(stiffness=3e4, dissipation=10.0)


def host(name, change=lambda spec: None):
    """The host of a published champion, whose body is changed."""
    subject = Subject.of(name)
    found = Host(Experiment(subject.spec), subject.genome)
    found.morphology = found.morphology.changed(change)
    return found


def refusal(changed):
    with pytest.raises(DrakeError) as caught:
        check(changed)
    assert str(caught.value).count(". ") == 0
    return str(caught.value)


@pytest.mark.parametrize("name", ["biped", "planar_biped", "hopper", "quadruped", "walker"])
def test_bodies_on_servos_are_not_refused(name):
    check(host(name))


def test_muscles_and_tendons_are_refused():
    assert "muscles, tendons" in refusal(host("muscle_biped"))


def test_servos_that_are_not_mujocos_are_refused():
    other = host("hopper")
    other.morphology = replace(other.morphology, actuators=object())
    assert "servos that are not MuJoCo's" in refusal(other)


def _ball(spec):
    spec.body("torso").add_body(name="arm", mass=1, inertia=[1, 1, 1]).add_joint(
        type=mujoco.mjtJoint.mjJNT_BALL
    )
    spec.key("home").qpos = [*spec.key("home").qpos, 1, 0, 0, 0]


def _equality(spec):
    spec.add_equality(
        type=mujoco.mjtEq.mjEQ_JOINT,
        objtype=mujoco.mjtObj.mjOBJ_JOINT,
        name1="knee_left",
        name2="knee_right",
    )


def _mesh(spec):
    corners = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]
    spec.add_mesh(name="rock", uservert=corners)
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname="rock")


def _water(spec):
    spec.option.density = 1000


def _damped(spec):
    spec.body("torso").joints[0].damping = [1, 0, 0]


def _floating(spec):
    spec.body("torso").gravcomp = 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_ball, "ball joints"),
        (_equality, "equality constraints"),
        (_mesh, "contacts of the shape 'mesh'"),
        (_water, "forces of air or water"),
        (_damped, "damping, friction or armature of a free joint"),
        (_floating, "compensation of gravity"),
    ],
)
def test_a_part_without_a_counterpart_is_named(change, words):
    assert words in refusal(host("biped_fast", change))


def test_pushes_are_refused():
    subject = Subject.of("biped_fast")
    experiment = Experiment(subject.spec)
    pushed = replace(experiment.held_out_scenario(0), pushes=np.ones((1, 5)))

    with pytest.raises(DrakeError, match="pushes"):
        walk(experiment, subject.genome, pushed, FIRM)


def test_what_is_simpler_in_drake_is_told():
    def rolling(spec):
        for geom in spec.geoms:
            geom.condim = 6

    body: Morphology = host("biped_fast", rolling).morphology

    assert left_out(host("biped_fast").morphology.model) == []
    assert "rolling friction" in left_out(body.model)[0]


def outing(**changed):
    known = {
        **{"stiffness": 1e4, "dissipation": 5.0, "friction": 1.0, "fell": False, "lasted": 10.0},
        **{"way": 3.0, "verb": "walks", "goes": True, "speed": 0.3},
    }
    return Outing(**known | changed, numbers=dict.fromkeys(NUMBERS))


@pytest.mark.parametrize(
    ("goes", "falling", "staying", "doubtful"),
    [
        (True, 0, 0, False),
        (True, 2, 0, False),
        (True, 3, 0, True),
        (True, 1, 2, True),
        (False, 1, 9, False),
    ],
)
def test_a_gait_is_in_doubt_if_it_goes_on_in_less_than_four_fifths_of_the_contacts(
    goes, falling, staying, doubtful
):
    outings = [
        outing(fell=index < falling, goes=index < 10 - staying, way=1.0 + index)
        for index in range(10)
    ]
    second = Second(
        engine="drake", version="1", native=outing(goes=goes), outings=tuple(outings), told=()
    )

    (sentence,) = second.sentences(10.0)

    assert second.doubtful == doubtful
    assert f"lasts 10 s in {10 - falling} of 10 contacts" in sentence
    assert f"hops in {10 - falling - staying}; it covers {1 + falling} to 10 m there" in sentence


def test_contacts_differ_in_depth_and_rebound_as_told():
    body = host("biped_fast").morphology
    found = contacts(body)
    depths = {body.weight / each.stiffness / body.leg_length for each in found}
    fastest = {1 / each.dissipation / np.sqrt(body.gravity * body.leg_length) for each in found}

    assert sorted(depths) == pytest.approx(sorted(SINKING))
    assert sorted({round(each, 9) for each in fastest}) == pytest.approx(sorted(REBOUND))
    assert {each.friction for each in found} == {1.0, *FRICTION}


def test_a_check_in_drake_is_refused_before_anything_is_written(evoloco, tmp_path):
    out = tmp_path / "check"
    ended = evoloco("check", "muscle_biped", "--engine", "drake", "--out", out)

    assert ended.code == 2
    assert "muscles" in ended.err
    assert not out.exists()


@pytest.fixture
def without_drake(monkeypatch):
    engine.cache_clear()
    monkeypatch.setitem(sys.modules, "pydrake", None)
    for name in [name for name in sys.modules if name.startswith("pydrake.")]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.usefixtures("without_drake")
def test_a_missing_drake_is_named_with_the_command_that_installs_it(evoloco, tmp_path):
    out = tmp_path / "check"
    ended = evoloco("check", "biped_fast", "--engine", "drake", "--out", out)

    assert ended.code == 2
    assert "pip install 'evoloco[drake]'" in ended.err
    assert not out.exists()
