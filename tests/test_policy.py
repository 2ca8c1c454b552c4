"""The network as a controller: its arithmetic, its genes, and the files that hold its weights."""

import importlib.util
import json
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from learners import experiment
from native import Native

from evoloco import fields
from evoloco.controllers.policy import CLIP, Controller
from evoloco.errors import EvolocoError
from evoloco.members import member
from evoloco.morphologies import biped, hopper
from evoloco.policy_file import Layout, Policy, PolicyError, flattened, load, read, write
from evoloco.sim.flat import flat

stored = pytest.mark.skipif(
    importlib.util.find_spec("safetensors") is None,
    reason="needs the extra rl: pip install 'evoloco[rl]'",
)


def policy_for(controller, seed=0):
    random = np.random.default_rng(seed)
    layout = controller.layout
    inputs = len(layout.inputs)
    weights = random.standard_normal(len(layout.weight_names)).astype(np.float32)
    mean, spread = random.standard_normal(inputs), random.uniform(0.5, 2.0, inputs)
    mean, spread = (row.astype(np.float32).astype(float) for row in (mean, spread))
    return Policy(layout, weights.astype(float), mean, spread)


def by_hand(policy, felt):
    signal = np.clip((felt - policy.mean) / policy.spread, -CLIP, CLIP)
    *hidden, (last, bias) = policy.layers
    for matrix, offset in hidden:
        signal = np.tanh(signal @ matrix + offset)
    action = signal @ last + bias
    return np.tanh(action) if policy.layout.squash else action


@pytest.mark.parametrize("hidden", [(), (5,), (64, 64)])
@pytest.mark.parametrize("squash", [False, True])
def test_the_compiled_network_is_the_one_of_the_equations(hidden, squash):
    body = hopper.build()
    controller = Controller(body, hidden=hidden, squash=squash)
    native, policy = Native(controller, body), policy_for(controller)
    params = fields.flatten(controller.fields(policy))
    felt = 4 * np.random.default_rng(1).standard_normal(len(controller.layout.inputs))
    felt[0] = 1e3  # clipped

    state = native.reset(params)
    ctrl = native.step(params, state, felt, 0.0)
    action = by_hand(policy, felt)
    np.testing.assert_allclose(
        fields.record(state, native.kinds.state).action, action, rtol=1e-12, atol=1e-12
    )
    joints = body.joints
    wanted = [joint.home + 0.5 * np.clip(a, -1, 1) for joint, a in zip(joints, action, strict=True)]
    limits = [joint.low for joint in joints], [joint.high for joint in joints]
    np.testing.assert_allclose(ctrl, np.clip(wanted, *limits), rtol=1e-12)


def test_the_network_equals_pytorch():
    torch = pytest.importorskip("torch")
    controller = Controller(biped.build())
    policy = policy_for(controller)
    felt = np.random.default_rng(2).standard_normal((200, len(controller.layout.inputs)))
    net, sizes = [], controller.layout.sizes
    for (matrix, bias), inputs, outputs in zip(policy.layers, sizes[:-1], sizes[1:], strict=True):
        layer = torch.nn.Linear(inputs, outputs)
        layer.weight.data = torch.as_tensor(matrix.T.astype(np.float32))
        layer.bias.data = torch.as_tensor(bias.astype(np.float32))
        net += [layer, torch.nn.Tanh()]
    normalised = np.clip((felt - policy.mean) / policy.spread, -CLIP, CLIP).astype(np.float32)
    with torch.no_grad():
        wanted = torch.nn.Sequential(*net[:-1])(torch.as_tensor(normalised)).numpy()

    native = Native(controller, biped.build())
    params = fields.flatten(controller.fields(policy))
    found = []
    for row in felt:
        state = native.reset(params)
        native.step(params, state, row, 0.0)
        found.append(fields.record(state, native.kinds.state).action.copy())
    size = np.abs(wanted).max()  # weights of size 1 make outputs of size 20
    np.testing.assert_allclose(np.array(found) / size, wanted / size, rtol=0, atol=1e-6)


def test_a_flat_view_of_a_record_is_the_record():
    kind = fields.layout({"a": (3,), "b": (), "c": {"d": (2,)}})
    row = np.arange(6.0)
    view = flat(fields.record(row, kind))
    assert view.tolist() == row.tolist()
    row[4] = -1.0
    assert view[4] == -1.0


def test_genes_and_networks_are_inverse_of_each_other(tmp_path):
    controller = experiment(tmp_path).controller
    policy = policy_for(controller)
    space = controller.space
    again = controller.policy(space.decode(space.encode(controller.values(policy))))
    for name in ("weights", "mean", "spread"):
        np.testing.assert_allclose(
            getattr(again, name), getattr(policy, name), rtol=1e-10, atol=1e-11
        )


def test_a_weight_out_of_bounds_has_diverged(tmp_path):
    controller = experiment(tmp_path).controller
    policy = policy_for(controller)
    for wrong in (np.nan, 101.0):
        policy.weights[3] = wrong
        with pytest.raises(EvolocoError, match=r"layer0\.0\.3 is .* diverged"):
            controller.values(policy)


def test_a_network_of_zeros_stands_at_home():
    body = biped.build()
    native = Native(Controller(body), body)
    felt = np.random.default_rng(0).standard_normal(len(native.silence))
    assert native.first(felt, 0.02).tolist() == [joint.home for joint in body.joints]


def test_muscles_and_motors_get_what_they_understand():
    human = member("morphologies", "muscle_biped").build()
    native = Native(Controller(human, hidden=(4,)), human)
    assert native.first(native.silence, 0.02).tolist() == [0.5] * len(human.muscles)


# Files


@stored
def test_a_file_gives_back_the_network_that_was_written(tmp_path):
    controller = Controller(hopper.build(), hidden=(7, 3))
    policy, path = policy_for(controller), tmp_path / "policy.safetensors"
    write(policy, path)
    again = read(path, controller.layout)
    assert again.layout == policy.layout
    for name in ("weights", "mean", "spread"):
        assert getattr(again, name).tobytes() == getattr(policy, name).tobytes()

    begun = Controller(hopper.build(), hidden=(7, 3), weights=str(path))
    space = begun.space
    found = begun.policy(space.decode(space.start))
    np.testing.assert_allclose(found.weights, policy.weights, atol=1e-12)
    assert found.mean.tobytes() == policy.mean.tobytes()


@stored
def test_every_process_writes_the_same_bytes(tmp_path):
    code = """
import sys
from pathlib import Path
import numpy as np
from evoloco.policy_file import Layout, Policy, write
layout = Layout(("a", "b"), (), ("c",))
write(Policy(layout, np.zeros(3), np.zeros(2), np.ones(2)), Path(sys.argv[1]))
"""
    paths = [tmp_path / f"{i}.safetensors" for i in range(3)]
    for path in paths:
        subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert len({path.read_bytes() for path in paths}) == 1


@stored
def test_a_file_with_another_layout_is_refused_with_both_shown(tmp_path):
    path = tmp_path / "policy.safetensors"
    controller = Controller(hopper.build(), hidden=(7, 3))
    write(policy_for(controller), path)
    with pytest.raises(
        PolicyError, match=r"The file has .*hidden layers 7, 3.*needs.*layers 64, 64"
    ):
        Controller(hopper.build(), weights=str(path))
    with pytest.raises(PolicyError, match=r"foot_load\.foot_left"):
        Controller(biped.build(), hidden=(7, 3), weights=str(path))


def test_pickles_and_archives_are_never_loaded(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (tmp_path.joinpath("exploded").mkdir, ())

    pickled, archive = tmp_path / "policy.pkl", tmp_path / "policy.zip"
    pickled.write_bytes(pickle.dumps(Bomb()))
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("data", pickle.dumps(Bomb()))
    for path in (pickled, archive):
        with pytest.raises(PolicyError, match="evoloco convert"):
            load(path)
    assert not (tmp_path / "exploded").exists()


@stored
@pytest.mark.parametrize("damage", ["short", "text", "nan", "shape", "missing", "other"])
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path, damage):
    from safetensors.numpy import save

    path = tmp_path / "policy.safetensors"
    layout = Layout(("a", "b"), (), ("c",))
    policy = Policy(layout, np.zeros(3), np.zeros(2), np.ones(2))
    write(policy, path)
    told = {
        "evoloco policy 2": json.dumps(
            {"inputs": ["a", "b"], "hidden": [], "outputs": ["c"], "squash": False}
        )
    }
    arrays = {
        "mean": np.zeros(2, np.float32),
        "spread": np.ones(2, np.float32),
        "layer0.weight": np.zeros((2, 1), np.float32),
        "layer0.bias": np.zeros(1, np.float32),
    }
    if damage == "nan":
        arrays["mean"][0] = np.nan
    if damage == "shape":
        arrays["layer0.weight"] = np.zeros((1, 2), np.float32)
    if damage == "missing":
        del arrays["spread"]
    if damage == "other":
        told = {"format": "pt"}
    content = save(arrays, told)
    path.write_bytes({"short": content[:-2], "text": b"hello"}.get(damage, content))
    with pytest.raises(PolicyError, match="is no policy of evoloco"):
        load(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(PolicyError, match="cannot be read"):
        load(tmp_path / "nothing.safetensors")


def test_layers_are_flattened_and_found_again():
    layers = [(np.arange(6.0).reshape(2, 3), np.arange(3.0)), (np.ones((3, 1)), np.zeros(1))]
    policy = Policy(Layout(("a", "b"), (3,), ("c",)), flattened(layers), np.zeros(2), np.ones(2))
    for (matrix, bias), (wanted, offset) in zip(policy.layers, layers, strict=True):
        assert matrix.tolist() == wanted.tolist()
        assert bias.tolist() == offset.tolist()
