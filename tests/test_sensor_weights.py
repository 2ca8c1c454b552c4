"""Weights of learned sensors are read into the network that they were learned for, and no other."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from evoloco.perception import weights

LAYOUT = {"picture": [80, 60], "outputs": ["heat"]}


def network(units: int = 4) -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Linear(3, units), torch.nn.BatchNorm1d(units), torch.nn.Linear(units, 1)
    )


def written(path: Path, model: torch.nn.Module, sensor: str = "mine") -> str:
    arrays = {name: one.numpy(force=True) for name, one in model.state_dict().items()}
    weights.write(path, arrays, sensor, "0123", LAYOUT, {"steps": 3})
    return str(path)


def test_what_was_written_answers_as_before_and_ready_to_answer(tmp_path: Path):
    model, seen = network().eval(), torch.ones(5, 3)
    file = written(tmp_path / "a.safetensors", model)
    again = weights.fill(network(), "mine", file)
    assert not again.training
    assert torch.equal(model(seen), again(seen))


def test_equal_weights_give_equal_bytes(tmp_path: Path):
    model = network()
    first, second = (written(tmp_path / name, model) for name in ("a.safetensors", "b.safetensors"))
    assert Path(first).read_bytes() == Path(second).read_bytes()


@pytest.mark.parametrize(
    ("sensor", "units", "words"),
    [
        ("other", 4, "weights of the sensor 'mine', not of 'other'"),
        ("mine", 5, r"another layout: of '0.weight' it has the shape \(4, 3\).* needs \(5, 3\)"),
    ],
)
def test_weights_of_something_else_are_told(sensor: str, units: int, words: str, tmp_path: Path):
    file = written(tmp_path / "a.safetensors", network())
    with pytest.raises(weights.WeightsError, match=words):
        weights.fill(network(units), sensor, file)


def test_weights_of_another_layout_or_recipe_are_told_with_both(tmp_path: Path):
    file = written(tmp_path / "a.safetensors", network())
    weights.fill(network(), "mine", file, LAYOUT, "0123")
    other = r'another layout: .*"picture": \[80, 60\]\} in the file, .*\[64, 48\]\} wanted'
    with pytest.raises(weights.WeightsError, match=other):
        weights.fill(network(), "mine", file, {**LAYOUT, "picture": [64, 48]})
    with pytest.raises(weights.WeightsError, match="another digest: 0123 in the file, 45 wanted"):
        weights.fill(network(), "mine", file, LAYOUT, "45")


def test_weights_that_are_too_large_are_not_written(tmp_path: Path):
    large = {"w": np.zeros(500_001, np.float32)}
    with pytest.raises(weights.WeightsError, match="more than the 2000000 of a file"):
        weights.write(tmp_path / "a.safetensors", large, "mine", "0123")
    assert not list(tmp_path.iterdir())


def test_a_file_without_weights_is_told_and_not_executed(tmp_path: Path):
    missing = str(tmp_path / "no.safetensors")
    with pytest.raises(weights.WeightsError, match=r"no.safetensors cannot be read: No such file"):
        weights.fill(network(), "mine", missing)

    pickled = tmp_path / "a.pkl"
    pickled.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(weights.WeightsError, match=r"a.pkl has no weights of a sensor"):
        weights.fill(network(), "mine", str(pickled))
    with pytest.raises(weights.WeightsError, match=r"weights/nobody.safetensors cannot be read"):
        weights.fill(network(), "nobody")


def test_weights_that_are_not_finite_are_told(tmp_path: Path):
    model = network()
    torch.nn.init.constant_(model[0].bias, np.nan)
    with pytest.raises(weights.WeightsError, match=r"damaged: '0.bias' is not finite"):
        weights.fill(network(), "mine", written(tmp_path / "a.safetensors", model))


@pytest.mark.parametrize(
    "path", sorted(weights.BUNDLED.glob("*.safetensors")), ids=lambda p: p.stem
)
def test_bundled_weights_are_small(path: Path):
    assert path.stat().st_size <= 2 * 10**6
