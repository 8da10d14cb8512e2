"""The file of a shipped network: what goes in comes out, and damage is named."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from xailab.errors import DataError, XailabError
from xailab.images import MINIBRODEN
from xailab.models import shipped
from xailab.models.architectures import mini_alexnet

CLASSES = ("cat", "dog", "tree")
NOTES = shipped.Notes("a network", "xailab train pets", ("data-1", "data-2"), "epochs=2", {"accuracy": 0.5})


@pytest.fixture
def path(tmp_path):
    torch.manual_seed(0)
    shipped.write(mini_alexnet(3, conv5=16), tmp_path / "pets.safetensors", classes=CLASSES, notes=NOTES)
    return tmp_path / "pets.safetensors"


def rewritten(path, change):
    """The same file after ``change(state, about)``."""
    with safe_open(path, "pt") as file:
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        about = json.loads(file.metadata()["xailab"])
    change(state, about)
    save_file(state, path, {"xailab": json.dumps(about)})


def test_a_network_comes_back_rounded_to_half_precision(path):
    torch.manual_seed(0)
    original = mini_alexnet(3, conv5=16)
    network = shipped.read(path)
    assert (network.name, network.classes, network.image_size) == ("pets", CLASSES, 64)
    assert network.normalization is MINIBRODEN
    assert network.description == "a network"
    assert not network.module.training
    for name, tensor in original.state_dict().items():
        assert torch.equal(network.module.state_dict()[name], tensor.half().float())


def test_it_can_be_called_something_else_and_built_again(path):
    network = shipped.read(path, "animals")
    assert network.name == "animals"
    assert network.build().state_dict().keys() == network.module.state_dict().keys()


def test_loading_does_not_touch_the_global_generator(path):
    state = torch.get_rng_state()
    shipped.read(path)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_file_is_as_readable_as_any_other(tmp_path, path):
    (tmp_path / "other").touch()
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_the_notes_are_kept(path):
    assert shipped.notes(path) == NOTES


def test_only_folded_mini_alexnets_are_written(tmp_path):
    out = tmp_path / "x.safetensors"
    for module, classes in ((mini_alexnet(3, batch_norm=True), CLASSES), (mini_alexnet(4), CLASSES)):
        with pytest.raises(ValueError, match=r"expected a folded mini-AlexNet with 3 outputs"):
            shipped.write(module, out, classes=classes, notes=NOTES)
    with pytest.raises(ValueError, match=r"expected a folded mini-AlexNet with 3 outputs, got layers .*'0.weight'"):
        shipped.write(torch.nn.Sequential(torch.nn.Linear(2, 3)), out, classes=CLASSES, notes=NOTES)
    assert not out.exists()


def test_weights_too_large_for_half_precision_are_refused(tmp_path):
    module = mini_alexnet(3)
    torch.nn.init.constant_(module.logits.bias, 1e6)
    with pytest.raises(ValueError, match=r"'logits.bias' has weights that are not finite in half precision"):
        shipped.write(module, tmp_path / "x.safetensors", classes=CLASSES, notes=NOTES)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(XailabError, match=r"cannot write .*nowhere"):
        shipped.write(mini_alexnet(3), tmp_path / "nowhere" / "x.safetensors", classes=CLASSES, notes=NOTES)


@pytest.mark.parametrize("read", [shipped.read, shipped.notes])
def test_a_missing_or_damaged_file_is_named(tmp_path, path, read):
    with pytest.raises(DataError, match=r"no weights file .*nowhere.safetensors"):
        read(tmp_path / "nowhere.safetensors")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match=r"cannot read .*pets.safetensors: it is damaged"):
        read(path)


def test_weights_of_another_kind_are_told_apart(tmp_path):
    save_file({"weight": torch.ones(1)}, tmp_path / "other.safetensors")
    with pytest.raises(DataError, match=r"not of a network of ours: it does not say 'xailab network 1'"):
        shipped.read(tmp_path / "other.safetensors")


def test_a_missing_layer_and_a_wrong_shape_are_named(path):
    rewritten(path, lambda state, about: state.pop("conv3.conv.bias"))
    with pytest.raises(DataError, match=r"pets.safetensors does not fit the network: it misses 'conv3.conv.bias'"):
        shipped.read(path)
    rewritten(path, lambda state, about: state.update({"conv3.conv.bias": torch.ones(5)}))
    with pytest.raises(DataError, match=r"'conv3.conv.bias' should be of shape \(96,\), the file has \(5,\)"):
        shipped.read(path)


@pytest.mark.parametrize(
    "change",
    [
        {"classes": None},
        {"classes": []},
        {"conv5": "many"},
        {"normalization": "unheard of"},
    ],
)
def test_a_damaged_description_is_told(path, change):
    rewritten(path, lambda state, about: about.update(change))
    with pytest.raises(DataError, match=r"the description of the network in the file is damaged"):
        shipped.read(path)


def test_damaged_notes_are_told(path):
    rewritten(path, lambda state, about: about.pop("scores"))
    with pytest.raises(DataError, match=r"the notes in the file are damaged"):
        shipped.notes(path)
