"""Gymnasium environments of any run."""

import warnings

import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="needs the extra rl: pip install 'evoloco[rl]'")

import gymnasium
from gymnasium.utils.env_checker import check_env
from learners import rollouts, run_file

from evoloco.errors import EvolocoError
from evoloco.rl.env import RunEnv
from evoloco.rl.registration import register


@pytest.fixture(scope="module")
def env(tmp_path_factory):
    made = RunEnv(str(run_file(tmp_path_factory.mktemp("run"))))
    yield made
    made.close()


def walk(env, seed, steps=80):
    """Observations, rewards and ends with actions of a seed; episodes follow each other."""
    random = np.random.default_rng(seed)
    found = [env.reset(seed=seed)[0]]
    told = []
    for _ in range(steps):
        action = random.uniform(-1, 1, env.action_space.shape).astype(np.float32)
        obs, reward, terminated, truncated, _ = env.step(action)
        found.append(obs)
        told.append((reward, terminated, truncated))
        if terminated or truncated:
            found.append(env.reset()[0])
    return np.array(found), told


def test_the_environment_is_what_gymnasium_wants(env):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".*(infinity|not been passed a render_mode).*")
        check_env(env, skip_render_check=True, skip_close_check=True)


def test_equal_seeds_give_equal_episodes_and_others_other_ones(env):
    first, again, other = (walk(env, seed) for seed in (3, 3, 4))
    assert first[0].tobytes() == again[0].tobytes()
    assert first[1] == again[1]
    assert not np.array_equal(first[0][0], other[0][0])


def test_a_fall_terminates_and_time_truncates(tmp_path):
    path = run_file(tmp_path)
    falling = RunEnv(str(path), ("scenario.termination.max_tilt=0.02",))
    _, told = walk(falling, 0, 60)
    assert any(terminated for _, terminated, _ in told)
    lasting = RunEnv(str(path), ("scenario.duration=0.2", "scenario.push.count=0"))
    lasting.reset(seed=0)
    ends = [lasting.step(np.zeros(lasting.action_space.shape, np.float32))[2:4] for _ in range(10)]
    assert ends == [(False, False)] * 9 + [(False, True)]
    with pytest.raises(EvolocoError, match=r"call reset\(\)"):
        lasting.step(np.zeros(lasting.action_space.shape, np.float32))


def test_it_steps_as_the_simulations_of_a_training_do(env, tmp_path):
    native = rollouts(tmp_path)
    env.reset(seed=native.seed)
    random = np.random.default_rng(0)
    for _ in range(30):
        actions = random.uniform(-1.2, 1.2, (native.simulations, native.outputs))
        found = native.step(actions)
        obs, reward, *ends, told = env.step(actions[0])
        assert reward == found.reward[0, 0]
        assert set(told) == {"speed", "upright"}
        if any(ends):
            break
        assert obs.tobytes() == found.obs[1, 0].astype(np.float32).tobytes()


def test_every_bundled_run_is_registered_and_any_run_file_can_be_made(tmp_path):
    register()
    assert "evoloco/biped_fast-v0" in gymnasium.registry
    made = gymnasium.make("evoloco/Run-v0", run=str(run_file(tmp_path)))
    obs, _ = made.reset(seed=1)
    assert made.observation_space.contains(obs)
    made.close()


def test_an_unknown_render_mode_is_refused_with_those_that_are(tmp_path):
    with pytest.raises(EvolocoError, match="rgb_array"):
        RunEnv(str(run_file(tmp_path)), render_mode="human")


@pytest.mark.film
def test_a_picture_shows_the_body(tmp_path):
    made = RunEnv(str(run_file(tmp_path)), render_mode="rgb_array")
    made.reset(seed=0)
    picture = made.render()
    assert picture.shape == (360, 480, 3)
    assert picture.std() > 5
    made.close()
