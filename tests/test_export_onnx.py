"""An ONNX file answers as its policy does, says what it is, and no broken one is written."""

import json
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

from evoloco.bundled import runs
from evoloco.experiment import Experiment
from evoloco.export import onnx_file
from evoloco.export.calibration import Calibration
from evoloco.export.exported import Exported, ExportError
from evoloco.export.felt import felt_in, stepped
from evoloco.spec import read


def exported(run, *settings, seed=0):
    """A genome near the middle of a run's space, as something to export."""
    experiment = Experiment(read(runs()[run], settings))
    genome = np.random.default_rng(seed).uniform(0.45, 0.55, len(experiment.space))
    return Exported(experiment, genome, "0" * 64, {})


@pytest.fixture(scope="module")
def policy():
    return exported("biped_neuro", "scenario.ramp=0")


@pytest.fixture(scope="module")
def network(policy):
    return onnx_file.network_of(policy)


def test_file_answers_as_the_policy_for_several_observations_at_once(policy, tmp_path):
    path = tmp_path / "policy.onnx"
    assert onnx_file.write(policy, path, {}) < 1e-4

    felt = felt_in(policy, 40, seed=5)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (got,) = session.run(None, {"felt": felt.astype(np.float32)})
    wanted = stepped(policy, felt)
    assert np.ptp(wanted, axis=0).min() > 0.01
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-4)  # large weights in float32


def test_file_says_what_it_is(policy, tmp_path):
    path = tmp_path / "policy.onnx"
    name = policy.experiment.morphology.joints[0].name
    onnx_file.write(policy, path, {name: Calibration(sign=-1)})

    entries = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    told = json.loads(entries["evoloco"])
    assert (told["controls"][0]["name"], told["controls"][0]["sign"]) == (name, -1)
    assert len(told["normaliser"]["mean"]) == len(policy.experiment.controller.layout.inputs)
    assert told["run"] == "biped_neuro"


def test_same_policy_gives_the_same_bytes(policy, tmp_path):
    paths = [tmp_path / "one.onnx", tmp_path / "two.onnx"]
    for path in paths:
        onnx_file.write(policy, path, {})
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_layers_that_do_not_fit_are_refused(network):
    (weights, biases), *others = network.layers
    for layers, told in (
        ([(weights[1:], biases), *others], "Layer 0 of the policy must have weights"),
        ([(weights, biases)], "outputs, and the body takes 10 commands"),
        ([(weights * np.nan, biases), *others], "not finite: it has diverged"),
    ):
        with pytest.raises(ExportError, match=told):
            onnx_file.built(replace(network, layers=layers))


def test_policy_that_answers_the_same_is_refused_and_nothing_is_written(policy, tmp_path):
    still = replace(policy, genome=np.full(len(policy.genome), 0.5))
    with pytest.raises(ExportError, match="answers the same whatever it feels, for hip_roll_left"):
        onnx_file.write(still, tmp_path / "policy.onnx", {})
    assert list(tmp_path.iterdir()) == []


def test_file_of_another_policy_is_told(policy, network):
    content = onnx_file.built(network).SerializeToString()
    felt = felt_in(policy, 40, seed=0)
    names = [joint.name for joint in policy.experiment.morphology.joints]
    assert onnx_file.checked(content, felt, stepped(policy, felt), 0, names) < 1e-4

    other = onnx_file.built(replace(network, reach=1.01 * network.reach)).SerializeToString()
    with pytest.raises(ExportError, match="differs from the policy by"):
        onnx_file.checked(other, felt, stepped(policy, felt), 0, names)


def test_controller_that_is_no_network_is_refused(evoloco, tmp_path):
    ended = evoloco("export", "biped_sine", "--to", "onnx", "--out", tmp_path / "sine.onnx")
    assert ended.code == 2
    assert "The controller 'sine' is no network" in ended.err
    assert list(tmp_path.iterdir()) == []
