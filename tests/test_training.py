"""Training: exact to the bit, resumed from any moment, judged and recorded as any run."""

import numpy as np
import pytest

pytest.importorskip("stable_baselines3", reason="needs the extra rl: pip install 'evoloco[rl]'")

import torch
from learners import experiment, rollouts, run_file
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import CallbackList
from stable_baselines3.common.running_mean_std import RunningMeanStd

from evoloco.errors import JournalError, SpecError
from evoloco.policy_file import read
from evoloco.replay import replay
from evoloco.rl import checkpoint
from evoloco.rl.champion import write_policy
from evoloco.rl.losses import LossError
from evoloco.rl.ppo import PPO
from evoloco.rl.requirements import check
from evoloco.rl.train import train
from evoloco.rl.vec_env import NativeVecEnv
from evoloco.run import Run
from evoloco.spec import read as read_spec


def made(folder, name, *overrides):
    return Run.create(read_spec(run_file(folder), overrides), folder / name)


def weights(run):
    found = checkpoint.read(run.folder / checkpoint.FILE)
    return {name: array.tobytes() for name, array in found.items()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run = made(tmp_path_factory.mktemp("trained"), "whole")
    assert train(run, threads=1) == "the last generation was reached"
    run.choose_champion(1)
    return run


def learner(folder, *overrides):
    simulations = rollouts(folder, *overrides)
    return PPO(simulations, simulations.experiment.spec.training, 7)


def test_every_judgement_is_a_generation_with_the_policy_as_genome(trained):
    assert len(trained.journal) == trained.generations == 4
    first, *_, last = trained.journal.generations()
    assert first.genomes.shape == (1, len(trained.experiment.space))
    assert not np.array_equal(first.genomes, last.genomes)


def test_the_champion_is_replayed_to_the_last_bit_and_leaves_as_a_file(trained):
    assert replay(trained).equal
    assert replay(trained, "1:0").equal
    policy = read(write_policy(trained), trained.experiment.controller.layout)
    values = trained.champion.values
    names = trained.experiment.controller.layout.weight_names
    np.testing.assert_array_equal(policy.weights, np.float32([values[name] for name in names]))


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(trained, tmp_path):
    same = made(tmp_path, "same")
    train(same, threads=2)
    assert weights(same) == weights(trained)
    other = made(tmp_path, "other", "seed=1")
    train(other, 2, threads=1)
    assert not np.array_equal(other.journal[1].genomes, trained.journal[1].genomes)


@pytest.mark.parametrize("after", [1, 3])
def test_a_resumed_training_equals_the_uninterrupted_one(trained, tmp_path, after):
    begun = made(tmp_path, "begun")
    train(begun, after, threads=1)
    again = Run(begun.folder)
    train(again, 4, threads=1)
    assert weights(again) == weights(trained)
    for kept, found in zip(trained.journal.generations(), again.journal.generations(), strict=True):
        assert kept.genomes.tobytes() == found.genomes.tobytes()
        assert kept.fitness.tobytes() == found.fitness.tobytes()


def test_one_killed_between_record_and_checkpoint_continues_exactly(trained, tmp_path):
    begun = made(tmp_path, "begun")
    path = begun.folder / checkpoint.FILE
    train(begun, 2, threads=1)
    before = path.read_bytes()
    train(begun, 3, threads=1)
    path.write_bytes(before)
    train(begun, 4, threads=1)
    assert weights(begun) == weights(trained)


def test_without_its_checkpoint_it_begins_again_with_the_same_results(trained, tmp_path):
    begun = made(tmp_path, "begun")
    train(begun, 2, threads=1)
    (begun.folder / checkpoint.FILE).unlink()
    train(begun, 4, threads=1)
    assert weights(begun) == weights(trained)


def test_a_damaged_checkpoint_is_told_and_one_of_another_run_too(trained, tmp_path):
    begun = made(tmp_path, "begun", "seed=5")
    train(begun, 1, threads=1)
    path = begun.folder / checkpoint.FILE
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    with pytest.raises(JournalError, match=r"training\.safetensors is damaged"):
        train(begun, 2, threads=1)
    train_other = (trained.folder / checkpoint.FILE).read_bytes()
    path.write_bytes(whole)
    train(begun, 3, threads=1)
    state = checkpoint.read(trained.folder / checkpoint.FILE)
    state["judgements"][0] = 2
    checkpoint.write(state, path)
    assert train_other
    with pytest.raises(JournalError, match="does not follow from the checkpoint"):
        train(begun, 4, threads=1)


def test_the_rollout_is_that_of_stable_baselines3s_own_loop(tmp_path):
    """Equal weights, equal noise: its loop over the vector environment, ours in the kernel."""
    ours, theirs = learner(tmp_path), learner(tmp_path)
    buffer = ours.rollout_buffer
    steps, count, outputs = buffer.actions.shape
    torch.manual_seed(3)
    drawn = torch.stack([torch.randn(count, outputs) for _ in range(steps)])
    found = ours.simulated(drawn.numpy().astype(np.float64))
    ours.fill(found, scaled=False)

    # Without statistics, its observations are those felt over a spread of 1.
    torch.manual_seed(3)
    theirs._setup_learn(10**6)
    callback = CallbackList([])
    callback.init_callback(theirs)
    kept = RolloutBuffer(
        steps, theirs.observation_space, theirs.action_space, "cpu", 0.95, 0.99, n_envs=count
    )
    assert theirs.collect_rollouts(theirs.env, callback, kept, steps)
    for name in ("observations", "actions", "rewards", "values", "log_probs", "episode_starts"):
        a, b = getattr(buffer, name), getattr(kept, name)
        size = max(1.0, float(np.abs(b).max()))
        np.testing.assert_allclose(a / size, b / size, rtol=0, atol=1e-6, err_msg=name)
    for name in ("advantages", "returns"):
        a, b = getattr(buffer, name), getattr(kept, name)
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5, err_msg=name)  # sums of the above


def test_normalisers_are_frozen_within_a_rollout_and_follow_after_it(tmp_path):
    model = learner(tmp_path)
    model.prepare()
    before = model.inputs.mean.copy()
    network = model.network()
    model.collect()
    assert not np.array_equal(model.inputs.mean, before)
    seen = model.rollout_buffer.observations
    raw = model.rollouts.state()["obs"]
    assert np.abs(seen).max() <= 10
    assert raw.shape[1] == seen.shape[-1]
    np.testing.assert_array_equal(network.mean, before)


def test_a_vector_environment_tells_what_stable_baselines3_asks_for(tmp_path):
    env = NativeVecEnv(rollouts(tmp_path))
    obs = env.reset()
    assert obs.dtype == np.float32
    assert env.observation_space.contains(obs[0])
    ended = []
    for _ in range(120):
        actions = np.array([env.action_space.sample() for _ in range(env.num_envs)])
        obs, reward, done, infos = env.step(actions)
        ended += [info for over, info in zip(done, infos, strict=True) if over]
        assert all(
            ("episode" in info) == bool(over) for over, info in zip(done, infos, strict=True)
        )
    assert {info["TimeLimit.truncated"] for info in ended} <= {True, False}
    assert all(info["terminal_observation"].shape == obs[0].shape for info in ended)
    assert reward.dtype == np.float32


def test_a_loss_that_is_no_number_stops_with_the_last_good_checkpoint(tmp_path):
    run = made(tmp_path, "diverging", "training.learning_rate=1e30", "training.kl=0")
    with pytest.raises(LossError, match=r"diverged.*training\.safetensors, after 0 steps"):
        train(run, threads=1)
    assert len(run.journal) == 1


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("controller.normaliser='usual'", "normaliser=learned"),
        ("training.batch=100", "does not divide"),
        ("training.algorithm='sac'", "controller.squash=true"),
        ("controller.squash=true", "controller.squash=false"),
        ("controller.name='sine'", "controller.name=policy"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_written(tmp_path, override, words):
    with pytest.raises(SpecError, match=words):
        made(tmp_path, "refused", override)
    assert not (tmp_path / "refused").exists()


def test_a_run_without_training_is_not_trained(tmp_path):
    path = run_file(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.partition("[training]")[0], encoding="utf-8")
    with pytest.raises(SpecError, match="evolved, not trained"):
        check(experiment_of(path))


def experiment_of(path):
    from evoloco.experiment import Experiment

    return Experiment(read_spec(path))


def test_a_sac_training_is_recorded_and_resumed_to_the_last_bit(tmp_path):
    small = ("training.algorithm='sac'", "controller.squash=true", "training.steps=512")
    whole = made(tmp_path, "whole", *small)
    train(whole, threads=1)
    begun = made(tmp_path, "begun", *small)
    train(begun, 2, threads=1)
    again = Run(begun.folder)
    train(again, 3, threads=2)
    assert weights(again) == weights(whole)
    first, *_, last = whole.journal.generations()
    assert not np.array_equal(first.genomes, last.genomes)


def test_a_training_begins_at_the_weights_of_a_file(trained, tmp_path):
    path = write_policy(trained)
    begun = made(tmp_path, "begun", f"controller.weights='{path}'", "training.steps=0")
    train(begun, threads=1)
    (record,) = begun.journal.generations()
    found = begun.experiment.controller.policy(begun.experiment.space.decode(record.genomes[0]))
    given = read(path, found.layout)
    np.testing.assert_allclose(found.weights, given.weights, rtol=0, atol=1e-7)
    spread = np.maximum(np.abs(given.mean), given.spread)
    assert (np.abs(found.mean - given.mean) < 0.1 * spread).all()


def test_running_statistics_are_restored(tmp_path):
    one = learner(tmp_path)
    one.prepare()
    one.collect()
    one.update()
    other = learner(tmp_path)
    other.restore({name: array.copy() for name, array in one.state().items()})
    assert isinstance(other.inputs, RunningMeanStd)
    assert one.network().mean.tobytes() == other.network().mean.tobytes()
    assert experiment(tmp_path).spec.training.judgements == 4
