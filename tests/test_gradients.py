"""Gradients of parts of a minibatch: their average is the whole, whoever computes them."""

import copy

import numpy as np
import pytest

pytest.importorskip("stable_baselines3", reason="needs the extra rl: pip install 'evoloco[rl]'")

import torch
from learners import rollouts

from evoloco.rl import gradients
from evoloco.rl.gradients import Here, Rule, adapted, averaged, taken
from evoloco.rl.ppo import PPO


def learner(folder, *overrides):
    simulations = rollouts(folder, *overrides)
    model = PPO(simulations, simulations.experiment.spec.training, 7)
    model.prepare()
    model.collect()
    return model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return learner(tmp_path_factory.mktemp("run"))


RULES = {"clip": Rule(0.2), "penalty": Rule(None, 1.0, 1.0), "entropy": Rule(0.2, entropy=0.01)}


@pytest.mark.parametrize("rule", RULES)
def test_the_average_over_parts_is_the_gradient_of_the_whole(model, rule):
    part = model.rows()
    weights = taken(model.policy) + np.float32(0.01)
    here = Here(copy.deepcopy(model.policy))
    (whole,) = here.gradients(weights, [part], RULES[rule])
    thirds = averaged(here.gradients(weights, part.split(3), RULES[rule]))
    size = np.abs(whole.values).max()
    np.testing.assert_allclose(thirds.values / size, whole.values / size, rtol=0, atol=1e-6)
    assert thirds.loss == pytest.approx(whole.loss, rel=1e-5)
    assert thirds.rows == len(part)


def test_one_part_with_clipping_is_stable_baselines3s_own_update(tmp_path):
    theirs, ours = learner(tmp_path), learner(tmp_path)
    state = np.random.get_state()
    torch.manual_seed(0)
    np.random.seed(0)
    theirs.batch_size = ours.batch_size = theirs.n_steps * theirs.n_envs  # order does not matter
    theirs.train()
    ours.train_by_parts()
    np.random.set_state(state)
    np.testing.assert_allclose(taken(ours.policy), taken(theirs.policy), rtol=0, atol=2e-6)


def test_the_divergence_is_that_of_pytorch():
    old = torch.distributions.Normal(torch.tensor([[0.1, -0.3]]), torch.tensor([0.5, 0.2]))
    new = torch.distributions.Normal(torch.tensor([[0.0, 0.4]]), torch.tensor([0.4, 0.3]))
    wanted = torch.distributions.kl_divergence(old, new).sum(dim=-1)
    found = gradients.divergence(old.mean, old.stddev.log(), new.mean, new.stddev.log())
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-5)


def test_the_penalty_follows_the_divergence():
    assert adapted(1.0, 0.02, 0.01) == 1.5
    assert adapted(1.5, 0.001, 0.01) == 1.0
    assert adapted(1.0, 0.011, 0.01) == 1.0


def test_the_penalty_keeps_the_divergence_near_the_wanted_one(tmp_path):
    lively = ("training.epochs=8", "training.batch=32", "training.learning_rate=3e-3")
    model = learner(tmp_path, "training.penalty='kl'", "training.kl=0.01", *lively)
    told = []
    for _ in range(20):
        told.append(model.update()["train/approx_kl"])
        model.collect()
    assert 0.01 / 3 < np.median(told[-8:]) < 0.03


def test_an_update_does_not_depend_on_who_computes_the_gradients(tmp_path):
    ours, theirs = (learner(tmp_path, "training.parts=2") for _ in range(2))
    apart = learner(tmp_path)
    apart.train = apart.train_by_parts
    theirs.workers = Scattered(theirs.policy)
    for one in (ours, theirs, apart):
        one.update()
    assert taken(ours.policy).tobytes() == taken(theirs.policy).tobytes()
    np.testing.assert_allclose(
        taken(apart.policy), taken(ours.policy), rtol=0, atol=1e-4
    )  # Adam divides


class Scattered:
    """Two copies of a policy, each with one of the parts."""

    def __init__(self, policy):
        self.each = [Here(copy.deepcopy(policy)) for _ in range(2)]

    def gradients(self, weights, parts, rule):
        pairs = zip(self.each, parts, strict=True)
        return [one.gradients(weights, [part], rule)[0] for one, part in pairs]


@pytest.mark.slow
def test_one_and_two_workers_on_ray_make_the_same_update_as_this_process(tmp_path):
    pytest.importorskip("ray")
    from evoloco.evaluators.ray import connect
    from evoloco.rl.ray_gradients import OnRay

    ray = connect("local")
    try:
        found = []
        for workers in (0, 1, 2):
            one = learner(tmp_path, "training.parts=2")
            if workers:
                one.workers = OnRay(one.policy, workers)
            one.update()
            found.append(taken(one.policy).tobytes())
        assert found[0] == found[1] == found[2]
    finally:
        ray.shutdown()
