"""What Drake cannot simulate is refused in a sentence, without Drake."""

import sys
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from evoloco.check.subject import Subject
from evoloco.drake.carried import DrakeError, check, left_out
from evoloco.drake.contact import Contact
from evoloco.drake.engine import engine
from evoloco.drake.walk import walk
from evoloco.experiment import Experiment
from evoloco.extras import MissingExtraError
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


def test_a_missing_drake_is_named_with_the_command_that_installs_it(monkeypatch):
    engine.cache_clear()
    monkeypatch.setitem(sys.modules, "pydrake", None)
    for name in [name for name in sys.modules if name.startswith("pydrake.")]:
        monkeypatch.delitem(sys.modules, name)

    with pytest.raises(MissingExtraError, match=r"pip install 'evoloco\[drake\]'"):
        engine()
