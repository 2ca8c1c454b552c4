"""Mirror images of control steps: what a body in a mirror feels, does and learns from."""

import numpy as np
import pytest

pytest.importorskip("stable_baselines3", reason="needs the extra rl: pip install 'evoloco[rl]'")

import torch
from learners import rollouts as hopping

from evoloco.errors import SpecError
from evoloco.experiment import Experiment
from evoloco.rl.mirroring import action_image, sensor_image
from evoloco.rl.ppo import PPO
from evoloco.rl.requirements import check
from evoloco.rl.rollouts import Rollouts
from evoloco.spec import read

RUN = """
[morphology]
name = "{body}"

[controller]
name = "policy"
normaliser = "learned"

[sensors.acceleration]
[sensors.estimated_tilt]
[sensors.orientation]
source = "torso.orientation"
[sensors.place]
source = "torso.position"
[sensors.command]

[reward.speed]
measure = "forward_speed"
weight = 1.0

[fitness.way]
measure = "distance"
weight = 1.0

[scenario]
duration = 2.0
ramp = 0.0

[training]
simulations = 4
rollout = 32
batch = 64
worlds = 1
mirror = true
"""

BODIES = ("biped", "op3_class", "quadruped", "humanoid", "muscle_biped3d")

STEPS = 20
"""In which rounding errors stay small, although a body falls."""


def experiment(folder, body="biped", *overrides):
    path = folder / "run.toml"
    path.write_text(RUN.format(body=body), encoding="utf-8")
    return Experiment(read(path, overrides))


@pytest.mark.parametrize("body", BODIES[:4])  # the fifth starts with one leg ahead
def test_a_body_in_a_mirror_feels_the_mirror_image(tmp_path, body):
    one = experiment(tmp_path, body)
    felt, done = sensor_image(one.morphology), action_image(one.morphology)
    here, there = (Rollouts(one, 1, 1, 1, threads=1) for _ in range(2))
    random = np.random.default_rng(0)
    actions = 0.6 * random.standard_normal((STEPS, 1, here.outputs))

    for action in actions:
        sensed, image = here.step(action).obs[-1].copy(), there.step(done.of(action)).obs[-1]
        np.testing.assert_allclose(image, felt.of(sensed), rtol=0, atol=1e-5)
    aside = here.obs[0] - felt.of(here.obs[0])
    assert np.abs(aside).max() > 0.01  # it did not stay in the plane of the mirror


@pytest.mark.parametrize("body", BODIES)
def test_an_image_of_an_image_is_what_it_was(tmp_path, body):
    morphology = experiment(tmp_path, body).morphology
    for image in (sensor_image(morphology), action_image(morphology)):
        numbers = np.random.default_rng(0).standard_normal((3, len(image.place)))
        np.testing.assert_array_equal(image.of(image.of(numbers)), numbers)


def test_a_clock_is_half_a_period_later_in_a_mirror(tmp_path):
    one = experiment(tmp_path, "biped", "sensors.clock.period=0.6")
    rollouts = Rollouts(one, 1, 1, 1, threads=1)
    names = rollouts.controller.layout.inputs
    clock = [names.index("clock.sin"), names.index("clock.cos")]
    felt, sensed = sensor_image(one.morphology), []
    for _ in range(31):
        sensed.append(rollouts.step(np.zeros((1, rollouts.outputs))).obs[-1][0].copy())
    np.testing.assert_allclose(felt.of(sensed[0])[clock], sensed[15][clock], atol=1e-9)


def test_a_learner_gets_the_images_beside_what_happened(tmp_path):
    one = experiment(tmp_path)
    training = one.spec.training
    plain = training.model_copy(update={"mirror": False})
    buffers = []
    for spec in (training, plain):
        rollouts = Rollouts(one, spec.simulations, spec.rollout, spec.worlds, threads=1)
        learner = PPO(rollouts, spec, 3)
        learner.prepare()
        learner.collect()
        buffers.append(learner.rollout_buffer)

    both, alone = buffers
    for name in ("observations", "actions", "advantages", "returns", "log_probs"):
        here, there = np.split(getattr(both, name), 2, axis=1)
        np.testing.assert_array_equal(here, getattr(alone, name))
        if name in ("advantages", "returns"):
            np.testing.assert_array_equal(there, here)

    images = torch.as_tensor(both.observations[:, 4:].reshape(-1, both.obs_shape[0]))
    actions = torch.as_tensor(both.actions[:, 4:].reshape(-1, both.action_dim))
    with torch.no_grad():
        _, log_prob, _ = learner.policy.evaluate_actions(images, actions)  # same first weights
    np.testing.assert_allclose(both.log_probs[:, 4:].ravel(), log_prob.numpy(), atol=1e-5)


def test_learning_from_images_goes_on_with_finite_weights(tmp_path):
    one = experiment(tmp_path)
    training = one.spec.training
    learner = PPO(Rollouts(one, 4, 32, 1, threads=1), training, 0)
    learner.prepare()
    learner.collect()
    assert np.isfinite(learner.update()["train/loss"])
    assert learner.num_timesteps == 4 * 32  # images are no steps


@pytest.mark.parametrize(
    ("overrides", "match"),
    [
        (["sensors.ground_profile.interval=0.1"], "sensor 'ground_profile' is computed from"),
        (["sensors.load.source=foot.foot_left.ground"], "has no channel for 'foot.foot_right.gr"),
        (["training.algorithm=sac", "controller.squash=true"], "sac does not learn from mirror"),
    ],
)
def test_what_has_no_mirror_image_is_refused_by_name(tmp_path, overrides, match):
    with pytest.raises(SpecError, match=match):
        check(experiment(tmp_path, "biped", *overrides))


def test_a_body_without_sides_learns_as_before(tmp_path):
    simulations = hopping(tmp_path, "training.mirror=true")
    check(simulations.experiment)
    image = action_image(simulations.experiment.morphology)
    assert image.place.tolist() == list(range(len(image.place)))
    assert set(image.sign) == {1.0}
