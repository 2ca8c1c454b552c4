"""The hand that turns a block: worlds, rewards and learning, by theorems and by hand."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from evoloco.dexterity import worlds as module
from evoloco.dexterity.actors import Chance, Cycles
from evoloco.dexterity.judge import judge
from evoloco.dexterity.policy import Acting, Policy
from evoloco.dexterity.ppo import Settings, Training
from evoloco.dexterity.store import load, save
from evoloco.dexterity.table import LONGEST_DELAY, Kind, World, draw
from evoloco.dexterity.worlds import FARTHER, REACHED, TOLERANCE, Worlds, wrapped
from evoloco.hand import three_finger_hand
from evoloco.perception.weights import WeightsError

HAND = three_finger_hand()
SMALL = Settings(steps=512, simulations=8, rollout=16, parts=2)


def worlds(kind: Kind = "nominal", count: int = 4, seed: int = 0) -> Worlds:
    return Worlds(HAND, count, kind, seed, again=False)


def actions(steps: int, count: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(5, size=(steps, count, 6))


def drawn(kind: Kind, count: int = 200) -> list[World]:
    return [draw(np.random.default_rng(seed), kind) for seed in range(count)]


def test_a_world_that_differs_by_nothing_is_the_nominal_one() -> None:
    nominal, other = draw(np.random.default_rng(0), "nominal"), drawn("randomized", 1)[0]
    assert (other.weaker(0.0).numbers() == nominal.numbers()).all()
    np.testing.assert_allclose(other.weaker(1.0).numbers(), replace(other).numbers())


def test_a_nominal_world_leaves_the_model_as_it_is() -> None:
    for model in worlds()._models:
        for name in ("body_mass", "body_inertia", "geom_size", "geom_friction", "dof_damping"):
            assert (getattr(model, name) == getattr(HAND.model, name)).all()
        for name in ("actuator_gainprm", "actuator_biasprm", "jnt_range", "dof_frictionloss"):
            assert (getattr(model, name) == getattr(HAND.model, name)).all()


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("size", 0.95, 1.05), ("object_mass", 0.5, 1.5), ("friction", 0.7, 1.3), ("gain", 0.75, 1.5)],
)
def test_perturbed_worlds_lie_outside_of_the_ranges_of_training(
    name: str, low: float, high: float
) -> None:
    inside = np.array([getattr(one, name) for one in drawn("randomized")])
    outside = np.array([getattr(one, name) for one in drawn("perturbed")])
    assert ((inside >= low) & (inside <= high)).all()
    assert ((outside < low) | (outside > high)).all()
    assert (outside < low).any()
    assert (outside > high).any()


def test_every_number_of_a_randomized_world_differs_from_the_nominal_one() -> None:
    nominal = draw(np.random.default_rng(0), "nominal")
    several = drawn("randomized", 20)
    for one in fields(World):
        differs = [
            np.any(getattr(world, one.name) != getattr(nominal, one.name)) for world in several
        ]
        assert any(differs), one.name


def test_an_action_that_comes_late_does_the_same_later() -> None:
    at_once, late = worlds(), worlds()
    late.worlds = [replace(world, delay=2) for world in late.worlds]
    asked, rest = actions(6), np.full((2, 4, 6), 2)
    for one in [*rest, *asked]:
        at_once.step(one)
    for one in [*asked, *rest]:
        late.step(one)
    assert (at_once.pose() == late.pose()).all()


def test_delayed_worlds_have_every_delay() -> None:
    assert {world.delay for world in drawn("delayed")} == set(range(LONGEST_DELAY + 1))


def test_rewards_up_to_a_goal_sum_to_the_angle_by_which_it_came_nearer() -> None:
    hands, actor = worlds(count=6), Cycles()
    start, total = hands._away.copy(), np.zeros(6)
    for _ in range(60):
        goal = hands._goal.copy()
        happened = hands.step(actor.best(hands.seen(), np.zeros(6, bool)))
        total += happened.reward
        reached = happened.goals > 0
        if reached.any():
            world = int(np.flatnonzero(reached)[0])
            away = abs(wrapped(goal[world] - hands.pose()[world, 2]))
            assert away < TOLERANCE
            assert total[world] == pytest.approx(start[world] - away + REACHED)
            assert hands._away[world] >= FARTHER - 1e-9
            return
    pytest.fail("No goal was reached in 60 steps.")


def test_a_block_that_leaves_the_palm_ends_the_episode_and_costs() -> None:
    hands = worlds()
    hands.datas[1].joint("object_y").qpos[:] = 0.07  # between two fingers
    happened = hands.step(actions(1)[0])
    assert happened.dropped.tolist() == [False, True, False, False]
    assert happened.reward[1] == module.LOST
    assert hands.over[1]


def test_an_episode_ends_if_a_goal_takes_too_long() -> None:
    hands = worlds()
    for step in range(module.PATIENCE):
        assert not hands.over.any(), step
        hands.step(np.full((4, 6), 2))
    assert hands.over.all()


def test_worlds_do_not_depend_on_how_many_are_visited_at_a_time() -> None:
    together = worlds("perturbed", 3)
    for index in range(3):
        alone = Worlds(HAND, 1, "perturbed", 0, again=False, first=index)
        assert (alone.worlds[0].numbers() == together.worlds[index].numbers()).all()
        assert (alone.pose()[0] == together.pose()[index]).all()


def test_noise_is_on_what_policies_see_and_not_on_what_a_critic_knows() -> None:
    exact, noisy = worlds(), worlds("randomized")
    assert (exact.seen() == exact.exact()).all()
    assert (noisy.seen() != noisy.exact()).any(axis=0).all()


def test_cycles_of_the_fingers_reach_goals_and_chance_does_not() -> None:
    assert judge(HAND, Cycles(), "nominal", 0, 10).median >= 2
    assert judge(HAND, Chance(), "nominal", 0, 10).median == 0


def test_a_policy_that_is_given_a_memory_acts_as_before() -> None:
    without, remembers = Policy(14, 6, False), Policy(14, 6, True)
    remembers.load_state_dict(without.state_dict(), strict=False)
    seen, begun = torch.randn(5, 3, 14), torch.zeros(5, 3, dtype=torch.bool)
    found = [one(seen, one.nothing(3), begun)[0] for one in (without, remembers)]
    torch.testing.assert_close(*found)


def test_memory_is_that_of_the_episode() -> None:
    policy = Policy(14, 6, True)
    torch.nn.init.normal_(policy.recall.weight)
    seen, begun = torch.randn(6, 2, 14), torch.zeros(6, 2, dtype=torch.bool)
    begun[3] = True
    whole, _ = policy(seen, policy.nothing(2), begun)
    second, _ = policy(seen[3:], policy.nothing(2), begun[3:])
    torch.testing.assert_close(whole[3:], second)
    begun[3] = False
    assert not torch.allclose(policy(seen, policy.nothing(2), begun)[0][3:], second)


def test_advantages_are_the_discounted_sums_of_surprises() -> None:
    training = Training(worlds(count=2), False, 0, SMALL)
    rng = torch.Generator().manual_seed(0)
    reward, values = torch.randn(7, 2, generator=rng), torch.randn(7, 2, generator=rng)
    after, ended = torch.randn(2, generator=rng), torch.zeros(7, 2)
    ended[3, 0] = 1.0
    found = training._gains(reward, ended, values, after)

    following = torch.cat([values[1:], after[None]]) * (1 - ended)
    surprise = reward + SMALL.discount * following - values
    fades = SMALL.discount * SMALL.trace
    by_hand = sum(fades**k * surprise[k, 0] for k in range(4))  # up to the end of the episode
    assert found[0, 0].item() == pytest.approx(float(by_hand), abs=1e-5)  # 32 bits
    by_hand = sum(fades**k * surprise[k, 1] for k in range(7))
    assert found[0, 1].item() == pytest.approx(float(by_hand), abs=1e-5)


@pytest.mark.parametrize("remembers", [False, True])
def test_the_same_training_gives_the_same_policy(tmp_path: Path, remembers: bool) -> None:
    for name in ("a", "b"):
        hands = Worlds(HAND, SMALL.simulations, "randomized", 1)
        save(Training(hands, remembers, 0, SMALL).go_on(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    fresh = Training(Worlds(HAND, 8, "randomized", 1), remembers, 0, SMALL).policy
    trained = load(str(tmp_path / "a"), remembers)
    assert not torch.equal(trained.last.weight, fresh.last.weight)


def test_a_file_of_another_policy_is_refused(tmp_path: Path) -> None:
    save(Policy(14, 6, True), tmp_path / "policy.safetensors")
    with pytest.raises(WeightsError, match="another layout"):
        load(str(tmp_path / "policy.safetensors"), remembers=False)


def test_the_bundled_policy_turns_the_block_in_worlds_that_it_never_saw() -> None:
    found = judge(HAND, Acting(load(), 20), "perturbed", 0, 20, most=3)
    assert np.mean(found.goals >= 1) > 0.6  # chance: a third at most
    assert found.median > judge(HAND, Chance(), "perturbed", 0, 20).median
