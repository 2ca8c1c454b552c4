"""Native rollouts: what they hold, and that no learner could tell them from steps one by one."""

import numpy as np
import pytest
from learners import rollouts

from evoloco import fields
from evoloco.errors import SpecError
from evoloco.policy_file import Policy
from evoloco.sim.rollout import TERMINATED, TRUNCATED
from evoloco.sim.simulator import Simulator
from evoloco.term import fitness

STEPS = 160
"""Three episodes of a second at the time steps of 0.02 s, and a bit."""


def network(simulations, seed=0, size=0.5):
    layout = simulations.controller.layout
    random = np.random.default_rng(seed)
    weights = size * random.standard_normal(len(layout.weight_names))
    zeros = np.zeros(len(layout.inputs))
    return Policy(layout, weights, zeros, zeros + 2.0)


def noise(simulations, steps=STEPS, seed=1):
    shape = (steps, simulations.simulations, simulations.outputs)
    return np.random.default_rng(seed).standard_normal(shape)


def copied(experience):
    return [np.array(part) for part in vars(experience).values()]


@pytest.fixture(scope="module")
def rolled(tmp_path_factory):
    simulations = rollouts(tmp_path_factory.mktemp("run"), steps=STEPS)
    simulations.set_policy(network(simulations), np.full(simulations.outputs, 0.3))
    return simulations, copied(simulations.collect(noise(simulations)))


def again(folder, *overrides, steps=STEPS, threads=1):
    simulations = rollouts(folder, *overrides, steps=steps, threads=threads)
    simulations.set_policy(network(simulations), np.full(simulations.outputs, 0.3))
    return simulations


def test_episodes_end_and_begin_within_a_rollout(rolled):
    _, (obs, _, reward, ending, final) = rolled
    assert {TERMINATED, TRUNCATED} >= set(ending.ravel().tolist()) - {0}
    assert (ending > 0).sum() >= 8
    over = ending > 0
    assert (reward >= 0).all()
    assert np.abs(final[over]).sum() > 0
    assert not np.any(final[over] == obs[1:][over][:, :1])  # what is felt next is of a new episode


def test_steps_with_the_same_actions_give_the_same_rollout(rolled, tmp_path):
    _, (obs, action, reward, ending, final) = rolled
    stepped = again(tmp_path)
    for t in range(STEPS):
        assert stepped.obs.tobytes() == obs[t].tobytes()
        found = stepped.step(action[t])
        assert found.reward[0].tobytes() == reward[t].tobytes()
        assert found.ending[0].tobytes() == ending[t].tobytes()
        over = ending[t] > 0
        assert found.final[0][over].tobytes() == final[t][over].tobytes()


def test_parts_of_a_rollout_are_the_rollout_and_threads_change_nothing(rolled, tmp_path):
    _, whole = rolled
    parts = again(tmp_path, threads=2)
    drawn = noise(parts)
    found = [copied(parts.collect(part)) for part in np.split(drawn, [1, 40, 90])]
    for k, kept in enumerate(whole[1:], 1):
        assert np.concatenate([part[k] for part in found]).tobytes() == kept.tobytes()


def test_a_restored_state_goes_on_to_the_last_bit(rolled, tmp_path):
    _, whole = rolled
    first = again(tmp_path)
    drawn = noise(first)
    first.collect(drawn[:77])
    state = {name: array.copy() for name, array in first.state().items()}
    second = again(tmp_path)
    second.collect(drawn[:5])  # elsewhere
    second.restore(state)
    found = copied(second.collect(drawn[77:]))
    for kept, part in zip(whole[1:], found[1:], strict=True):
        assert kept[77:].tobytes() == part.tobytes()


def test_an_episode_in_a_rollout_is_the_episode_that_is_simulated_alone(rolled):
    simulations, _ = rolled
    simulations.begin()
    policy = network(simulations)
    simulations.set_policy(policy)
    still = np.zeros((STEPS, simulations.simulations, simulations.outputs))
    _, _, reward, ending, final = copied(simulations.collect(still))

    experiment = simulations.experiment
    alone = Simulator(
        experiment.morphology,
        simulations.controller,
        duration=1.0,
        control_dt=0.02,
        termination=experiment.termination,
        threads=1,
    )
    params = fields.flatten(simulations.controller.fields(policy))[None]
    worlds = experiment.training_scenarios(simulations.simulations, simulations.seed)
    for i, episode in enumerate(alone.run(params, worlds)):
        length = int(np.flatnonzero(ending[:, i])[0]) + 1
        assert length == len(episode)
        assert (ending[length - 1, i] == TERMINATED) == (episode.outcome.value == "fell")
        counted = np.array([term.counted(episode) for term in experiment.rewards])
        floors = sum(term.weight * term.floor for term in experiment.rewards)
        total = fitness(experiment.rewards, counted)
        assert reward[:length, i].sum() / 50 + floors == pytest.approx(total, abs=1e-12)
        assert np.isfinite(final[length - 1, i]).all()


def test_a_measure_of_whole_episodes_is_no_reward_and_those_that_are_are_listed(tmp_path):
    with pytest.raises(
        SpecError, match=r"'cost_of_transport' \(term 'cost'\).*forward_speed"
    ) as told:
        rollouts(tmp_path, 'reward.cost={measure="cost_of_transport", weight=-1.0, floor=5.0}')
    assert "survival" in str(told.value)


def test_drift_and_other_controllers_are_refused(tmp_path):
    with pytest.raises(SpecError, match="drift"):
        rollouts(tmp_path, "randomize.mass.drift=true")
    with pytest.raises(SpecError, match=r"controller.name=policy"):
        rollouts(tmp_path, "controller.name=sine")


def test_a_hidden_sensor_changes_nothing(rolled, tmp_path):
    _, plain = rolled
    hidden = again(tmp_path, "sensors.acceleration.hidden=true")
    assert hidden.experiment.morphology.sensors[-1].name == "acceleration"
    with_it = copied(hidden.collect(noise(hidden)))
    for one, other in zip(plain, with_it, strict=True):
        np.testing.assert_array_equal(one, other)
