"""Weights files: every common wrapping is taken off, and what does not fit is named."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from xailab.errors import DataError
from xailab.models.weights_file import fit, read_state


class NotTensors:
    """What a pickled model would be: code that must not run."""


@pytest.fixture
def state():
    return {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": state},
        lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
        lambda state: {"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}},
    ],
)
def test_wrappings_and_prefixes_are_taken_off(tmp_path, state, wrap):
    torch.save(wrap(state), tmp_path / "weights.pth")
    found = read_state(tmp_path / "weights.pth")
    assert list(found) == list(state)
    assert all(torch.equal(found[name], state[name]) for name in state)


def test_safetensors_are_read(tmp_path, state):
    save_file(state, tmp_path / "weights.safetensors")
    assert read_state(tmp_path / "weights.safetensors").keys() == state.keys()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no weights file .*nowhere.pth"):
        read_state(tmp_path / "nowhere.pth")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_truncated_file_is_damaged(tmp_path, state, suffix):
    path = tmp_path / f"weights{suffix}"
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match=rf"cannot read weights from .*weights{suffix}: it is damaged, cut short"):
        read_state(path)


def test_a_pickled_model_is_refused_and_not_run(tmp_path):
    torch.save({"model": NotTensors()}, tmp_path / "model.pt")
    with pytest.raises(DataError, match=r"holds more than tensors \(save model.state_dict\(\), not the model\)"):
        read_state(tmp_path / "model.pt")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([1, 2], r"expected tensors by name \(a state_dict\), got list"),
        ({}, r"expected tensors by name \(a state_dict\), got dict"),
        ({"a": torch.ones(1), "epoch": 3}, "'epoch' is a int"),
    ],
)
def test_other_contents_are_refused(tmp_path, content, words):
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(DataError, match=words):
        read_state(tmp_path / "weights.pth")


def test_weights_that_are_not_finite_are_refused(tmp_path):
    torch.save({"a.weight": torch.tensor([1.0, float("nan")])}, tmp_path / "weights.pth")
    with pytest.raises(DataError, match=r"'a.weight' contain NaN or infinity"):
        read_state(tmp_path / "weights.pth")


def test_half_precision_becomes_the_modules_own():
    module = nn.Linear(3, 2)
    fit(module, {"weight": torch.full((2, 3), 0.5).half(), "bias": torch.zeros(2).half()}, "file")
    assert module.weight.dtype == torch.float32
    assert bool((module.weight == 0.5).all())


def test_files_older_than_the_counter_of_batch_norms_fit():
    network = nn.Sequential(nn.BatchNorm2d(2))
    state = {name: tensor for name, tensor in network.state_dict().items() if "num_batches" not in name}
    fit(network, state, "file")


def test_the_first_missing_and_unknown_names_are_told():
    module = nn.Sequential(*(nn.Linear(1, 1) for _ in range(3)))
    with pytest.raises(DataError, match=r"misses '0.weight', '0.bias', '1.weight' and 3 more and has unknown 'x'"):
        fit(module, {"x": torch.ones(1)}, "file")


def test_a_wrong_shape_is_told():
    with pytest.raises(DataError, match=r"'weight' should be of shape \(2, 3\), the file has \(3, 2\)"):
        fit(nn.Linear(3, 2), {"weight": torch.ones(3, 2), "bias": torch.ones(2)}, "file")
