"""The bird: nothing about muscles, legs or reflexes is tied to human proportions."""

from functools import cache

import mujoco
import numpy as np
import pytest

from evoloco.controllers import reflex
from evoloco.errors import UnknownNameError
from evoloco.morphologies import muscle_biped, muscle_creature
from evoloco.morphology import HOME, Morphology
from evoloco.muscle_tendon import CURVES

SPANS = {
    "hamstrings": {"hip": 1, "knee": -1},
    "glutei": {"hip": 1},
    "iliopsoas": {"hip": -1},
    "vasti": {"knee": 1},
    "gastrocnemius": {"knee": -1, "ankle": 1},
    "soleus": {"ankle": 1},
    "tibialis": {"ankle": -1},
}
"""Whether a muscle gets longer (1) or shorter with hip flexion, knee flexion and dorsiflexion."""


@cache
def bird() -> Morphology:
    morphology: Morphology = muscle_creature.build()
    return morphology


def at_home(body: Morphology) -> mujoco.MjData:
    data = mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(body.model, data, body.model.key(HOME).id)
    mujoco.mj_forward(body.model, data)
    return data


def test_its_muscles_turn_the_joints_as_the_human_s_do() -> None:
    body, data = bird(), at_home(bird())
    for joint in body.joints:
        data.qvel[:] = 0.0
        data.joint(joint.name).qvel[0] = 1.0
        mujoco.mj_forward(body.model, data)
        for place, muscle in enumerate(body.muscles):
            sign = SPANS[muscle.stem].get(joint.stem, 0) if muscle.side == joint.side else 0
            arm = data.actuator_velocity[place]  # [m]
            far = (
                joint.name == "knee_right" and muscle.stem == "hamstrings"
            )  # a swinging knee, flexed beyond its arm
            assert abs(arm) < 1e-9 if sign == 0 else sign * arm > (-0.01 if far else 0.01), (
                muscle.name,
                arm,
            )


def test_its_fibres_are_about_optimal_on_the_standing_leg_and_pull_on_both() -> None:
    body, data = bird(), at_home(bird())
    for place, muscle in enumerate(body.muscles):
        length = (data.actuator_length[place] - muscle.slack_length) / muscle.optimal_length
        if muscle.side == "left":
            assert length == pytest.approx(1.0, abs=0.01)
        assert CURVES["lmin"] + 0.2 < length < CURVES["lmax"] - 0.2


def test_it_stands_on_its_left_toes_with_its_weight_above_them() -> None:
    body, data = bird(), at_home(bird())
    assert 5 < body.mass < 20
    heights = [data.geom(f"{pad}_left").xpos[2] for pad in ("heel", "toes")]
    np.testing.assert_allclose(heights, 0.018, atol=0.005)  # the pads' radius [m]
    assert data.geom("heel_left").xpos[0] < data.subtree_com[0][0] < data.geom("toes_left").xpos[0]
    ankle, knee, hip = (
        data.xanchor[body.model.joint(f"{joint}_left").id] for joint in ("ankle", "knee", "hip")
    )
    assert ankle[0] < hip[0] < knee[0]  # a thigh that points forward, a shank that points back
    assert knee[2] - ankle[2] > 1.5 * (hip[2] - knee[2])


def test_the_same_reflexes_and_genes_of_muscles_fit_it() -> None:
    controller, other = reflex.Controller(bird()), reflex.Controller(muscle_biped.build())
    assert controller.space.names == other.space.names
    stronger = muscle_creature.build(**{"soleus.max_force": 1.5})
    ratio = [
        there.max_force / here.max_force
        for there, here in zip(stronger.muscles, bird().muscles, strict=True)
    ]
    assert ratio == pytest.approx(
        [1.5 if muscle.stem == "soleus" else 1.0 for muscle in bird().muscles]
    )
    with pytest.raises(UnknownNameError, match=r"Did you mean 'soleus\.1\.x'"):
        muscle_creature.build(**{"soleus.2.x": 0.01})
