"""Networks of inverse kinematics: exact when compiled, the same each time, refused elsewhere."""

from pathlib import Path

import numpy as np
import pytest

from evoloco.kinematics import correction, damped, direct, learn, network
from evoloco.kinematics.chain import Chain, chain
from evoloco.kinematics.goal import LEVER, Goal
from evoloco.morphologies.arms import planar, ur5
from evoloco.perception.pose import angle

torch = pytest.importorskip("torch")

STEPS = 30
"""Gradient steps of a network whose answers do not matter."""


@pytest.fixture(scope="module")
def arm() -> Chain:
    return chain(ur5.build(narrow=True).model, "tool")


@pytest.fixture(scope="module")
def learned(arm: Chain) -> network.Network:
    return learn.learn_correction(arm, seed=3, steps=STEPS, hidden=(16,))


def test_compiled_layers_answer_as_those_of_pytorch() -> None:
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=(5, 7)), rng.normal(size=7)), (rng.normal(size=(7, 3)), np.ones(3))]
    inputs, signals = rng.normal(size=5), np.zeros(7)
    signals[:5] = inputs
    network.answer(network.pack(layers), signals, np.empty(7))

    modules = [torch.nn.Linear(5, 7), torch.nn.SiLU(), torch.nn.Linear(7, 3)]
    for module, (matrix, bias) in zip(modules[::2], layers, strict=True):
        module.weight.data, module.bias.data = torch.tensor(matrix.T), torch.tensor(bias)
    wanted = torch.nn.Sequential(*modules)(torch.tensor(inputs)).detach().numpy()
    assert signals[:3] == pytest.approx(wanted, abs=1e-5)  # packed weights are float32


def test_pairs_are_near_within_limits_and_their_ways_are_what_the_network_shall_answer(
    arm: Chain,
) -> None:
    starts, goals, asked, ways, slopes = learn.pairs(arm, np.random.default_rng(1), 200)
    assert len(starts) > 100
    for i in range(20):
        here, there = arm.pose(starts[i]), arm.pose(goals[i])
        apart, turned = np.linalg.norm(there.translation - here.translation), angle(here, there)
        length = np.hypot(apart, LEVER * turned)
        assert apart <= learn.NEAR
        assert turned <= learn.TURNED
        assert (arm.low <= goals[i]).all()
        assert (goals[i] <= arm.high).all()
        assert ways[i] * length == pytest.approx(goals[i] - starts[i])
        assert asked[i, :6] == pytest.approx(np.sin(starts[i]))
        assert asked[i, 6:12] == pytest.approx(np.cos(starts[i]))
        assert asked[i, 12:15] * length == pytest.approx(there.translation - here.translation)
        assert np.linalg.norm(asked[i, 15:]) * length == pytest.approx(LEVER * turned)
        assert slopes[i, :3] == pytest.approx(arm.jacobian(goals[i])[:3])
        assert slopes[i, 3:] == pytest.approx(LEVER * arm.jacobian(goals[i])[3:])


def test_the_same_seed_learns_the_same_bytes(arm: Chain, learned: network.Network) -> None:
    again = learn.learn_correction(arm, seed=3, steps=STEPS, hidden=(16,))
    other = learn.learn_correction(arm, seed=4, steps=STEPS, hidden=(16,))
    assert again.weights.tobytes() == learned.weights.tobytes()
    assert other.weights.tobytes() != learned.weights.tobytes()


def test_learning_brings_the_tool_nearer(arm: Chain, learned: network.Network) -> None:
    starts, goals, *_ = learn.pairs(arm, np.random.default_rng(2), 200)
    trained = learn.learn_correction(arm, seed=3, steps=200, hidden=(32,))
    poses = [arm.pose(goal) for goal in goals]
    apart = {
        which: np.median(
            [
                correction.solve(arm, one, pose, start, calls).distance
                for pose, start in zip(poses, starts, strict=True)
            ]
        )
        for which, one, calls in (("stay", trained, 0), ("new", learned, 1), ("old", trained, 1))
    }
    assert apart["old"] < 0.7 * apart["stay"]
    assert apart["old"] < apart["new"]


def test_the_bundled_network_comes_within_millimetres_and_nearer_with_each_call(
    arm: Chain,
) -> None:
    bundled = correction.bundled(arm)
    starts, goals, *_ = learn.pairs(arm, np.random.default_rng([0, 2]), 400)
    poses = [arm.pose(goal) for goal in goals]
    first, third = (
        [correction.solve(arm, bundled, p, s, calls) for p, s in zip(poses, starts, strict=True)]
        for calls in (1, 3)
    )
    assert np.median([one.distance for one in first]) <= 5e-3
    assert np.median([one.distance for one in third]) <= 5e-4
    assert all(((arm.low <= one.angles) & (one.angles <= arm.high)).all() for one in third)

    found = third[0]  # what it says of itself is where the tool is
    there = arm.pose(found.angles)
    assert found.distance == pytest.approx(
        np.linalg.norm(there.translation - poses[0].translation), abs=1e-12
    )
    assert found.iterations <= 3
    step = damped.solve(arm, Goal.of(poses[0]), starts[0], iterations=1)
    assert step.distance != found.distance


def test_a_pose_that_is_reached_already_asks_nothing(arm: Chain, learned: network.Network) -> None:
    start = arm.draw(np.random.default_rng(5))
    found = correction.solve(arm, learned, arm.pose(start), start)
    assert found.solved
    assert found.iterations == 0
    assert found.angles == pytest.approx(start)


def test_places_with_two_answers_are_learned_worse_than_places_with_one() -> None:
    error = {}
    for elbow in ("left", "both"):
        two_links = chain(planar.build(elbow).model, "tool")
        learned = learn.learn_direct(two_links, steps=600)
        rng = np.random.default_rng(6)
        places = [two_links.pose(two_links.draw(rng)).translation for _ in range(300)]
        answers = [direct.angles(two_links, learned, one) for one in places]
        reached = [two_links.pose(one).translation for one in answers]
        error[elbow] = np.median(np.linalg.norm(np.subtract(reached, places), axis=1))
    assert 3 * error["left"] < error["both"]


def test_a_written_network_is_read_back_and_equal_bytes_are_written(
    arm: Chain, learned: network.Network, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        network.write(tmp_path / name, learned, correction.KIND, arm)
    again = correction.load(tmp_path / "one", arm)
    assert again.weights.tobytes() == learned.weights.tobytes()
    assert again.sizes.tolist() == learned.sizes.tolist()
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_network_of_another_chain_or_kind_and_other_files_are_told(
    arm: Chain, learned: network.Network, tmp_path: Path
) -> None:
    file, other = tmp_path / "weights.safetensors", tmp_path / "notes.txt"
    network.write(file, learned, "direct", arm)
    other.write_text("no network")
    wide = chain(ur5.build().model, "tool")
    with pytest.raises(network.NetworkError, match="learned on a chain of shoulder_pan"):
        correction.bundled(wide)
    with pytest.raises(network.NetworkError, match="for 'direct', and 'correction' was asked"):
        correction.load(file, arm)
    with pytest.raises(network.NetworkError, match=r"notes.txt is no network of kinematics"):
        correction.load(other, arm)
    with pytest.raises(network.NetworkError, match="cannot be read: No such file"):
        correction.load(tmp_path / "nothing", arm)
    other.write_bytes(bytes(network.LARGEST_FILE + 1))
    with pytest.raises(network.NetworkError, match="is larger than 2000000 bytes"):
        correction.load(other, arm)
