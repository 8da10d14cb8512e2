"""torchvision's networks by name: weights from files, from torchvision's cache, or at random; nothing is downloaded."""

from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torchvision import models as torchvision_models

from xailab.errors import DataError, UnknownName, XailabError
from xailab.images import IMAGENET
from xailab.models.randomizing import randomized
from xailab.models.torchvision_nets import _network, is_file_name, torchvision_names, torchvision_network

SMALL = "squeezenet1_1"
SMALL_FILE = "squeezenet1_1-b8a52dc0.pth"


@pytest.fixture(autouse=True)
def hub(tmp_path):
    """A private place for downloads."""
    before = torch.hub.get_dir()
    torch.hub.set_dir(str(tmp_path / "hub"))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    yield tmp_path / "hub" / "checkpoints"
    torch.hub.set_dir(before)


@pytest.fixture
def state():
    return torchvision_network(SMALL, weights="random", seed=3).module.state_dict()


def equal(network, state) -> bool:
    return all(torch.equal(tensor, state[name]) for name, tensor in network.module.state_dict().items())


def test_classification_networks_are_known_and_no_others():
    names = torchvision_names()
    assert {"alexnet", "resnet18", "vit_b_16"} <= set(names)
    assert not any("quantized" in name or "deeplab" in name for name in names)


def test_random_weights_are_torchvisions_own_and_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    network = torchvision_network(SMALL, weights="random", seed=5)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(5)
    assert equal(network, torchvision_models.get_model(SMALL).state_dict())
    assert not network.module.training
    assert network.normalization is IMAGENET
    assert (network.image_size, len(network.classes), network.classes[0]) == (224, 1000, "tench")
    assert network.description == "torchvision's squeezenet1_1 with 1000 classes, random weights (seed 5)"


def test_the_control_of_a_torchvision_network_is_built_by_torchvision():
    network = torchvision_network(SMALL, weights="random", seed=5)
    assert equal(randomized(network, seed=9), torchvision_network(SMALL, weights="random", seed=9).module.state_dict())


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
def test_a_file_gives_back_the_weights_that_were_saved(tmp_path, state, suffix):
    path = tmp_path / f"mine{suffix}"
    save_file(state, path) if suffix == ".safetensors" else torch.save({"state_dict": state}, path)
    network = torchvision_network(SMALL, weights=path)
    assert equal(network, state)
    assert network.description.endswith(f"weights from mine{suffix}")
    assert equal(torchvision_network(SMALL, weights=str(path)), state)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "mnasnet0_5"])
def test_the_number_of_classes_is_read_off_the_last_layer(tmp_path, name):
    module = torchvision_models.get_model(name, num_classes=7).eval()
    torch.save(module.state_dict(), tmp_path / "seven.pth")
    network = torchvision_network(name, weights=tmp_path / "seven.pth")
    images = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(network.module(images), module(images))
    assert network.classes == tuple(f"class {index}" for index in range(7))


def test_auxiliary_heads_are_dropped_and_inputs_transformed_as_torchvisions_weights_want(tmp_path):
    module = torchvision_models.googlenet(init_weights=True, transform_input=True).eval()
    assert any(name.startswith("aux1.") for name in module.state_dict())
    torch.save(module.state_dict(), tmp_path / "google.pth")
    network = torchvision_network("googlenet", weights=tmp_path / "google.pth")
    images = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(network.module(images), module(images))
    assert not any(name.startswith("aux") for name in network.module.state_dict())


def test_old_densenet_files_are_read(tmp_path):
    module = torchvision_models.densenet121(num_classes=3).eval()
    old = {
        name.replace("norm1.", "norm.1.").replace("conv2.", "conv.2.") if "denselayer" in name else name: tensor
        for name, tensor in module.state_dict().items()
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    torch.save(old, tmp_path / "dense.pth")
    assert equal(torchvision_network("densenet121", weights=tmp_path / "dense.pth"), module.state_dict())


def test_a_file_of_another_architecture_is_told_by_its_first_weights(tmp_path, state):
    torch.save(state, tmp_path / "squeeze.pth")
    with pytest.raises(DataError, match=r"squeeze.pth does not fit .*misses 'conv1.weight', .* has unknown"):
        torchvision_network("resnet18", weights=tmp_path / "squeeze.pth")


def test_without_a_file_nothing_is_downloaded_and_the_way_is_told(monkeypatch, hub):
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *a, **k: pytest.fail("tried to download"))
    with pytest.raises(XailabError) as caught:
        torchvision_network(SMALL)
    for words in ("are not on this machine", SMALL_FILE, str(hub), "--weights FILE", "--weights DEFAULT"):
        assert words in str(caught.value)


def test_a_file_in_torchvisions_cache_is_used(monkeypatch, hub, state):
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *a, **k: pytest.fail("tried to download"))
    torch.save(state, hub / SMALL_FILE)
    for weights in (None, "DEFAULT", "IMAGENET1K_V1"):
        network = torchvision_network(SMALL, weights=weights)
        assert equal(network, state)
    assert network.description.endswith("torchvision's weights IMAGENET1K_V1")


def test_the_cache_and_the_same_file_by_path_give_the_same_googlenet(monkeypatch, hub):
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *a, **k: pytest.fail("tried to download"))
    file = hub / "googlenet-1378be20.pth"
    torch.save(torchvision_models.googlenet(init_weights=True).state_dict(), file)
    one, other = torchvision_network("googlenet"), torchvision_network("googlenet", weights=file)
    images = torch.randn(1, 3, 64, 64)
    assert torch.equal(one.module(images), other.module(images))
    assert one.parameters == other.parameters
    assert randomized(one).module.transform_input


def test_offline_the_file_and_the_folder_are_named(monkeypatch, hub):
    def offline(*args, **kwargs):
        raise URLError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(XailabError, match=rf"could not be fetched or read .*no route to host.*{SMALL_FILE}"):
        torchvision_network(SMALL, weights="DEFAULT")


def test_unknown_names_name_the_nearest():
    with pytest.raises(UnknownName, match=r"no torchvision network 'resnet8'; did you mean 'resnet18'"):
        torchvision_network("resnet8")
    with pytest.raises(UnknownName, match=r"no weights of resnet18 'IMAGENET1K_V2'; did you mean 'IMAGENET1K_V1'"):
        torchvision_network("resnet18", weights="IMAGENET1K_V2")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no weights file .*nowhere.pth"):
        torchvision_network("resnet18", weights=tmp_path / "nowhere.pth")


def test_weights_with_another_normalization_keep_it():
    entry = torchvision_models.VGG16_Weights.IMAGENET1K_FEATURES  # Caffe's normalization, no head
    network = _network("vgg16", torch.nn.Linear(4, 2), entry, "for a test")
    assert network.normalization.name == "torchvision vgg16"
    assert network.normalization.mean == tuple(entry.transforms().mean) != IMAGENET.mean
    assert network.classes == ("class 0", "class 1")


def test_a_path_and_a_name_for_weights_are_told_apart(tmp_path):
    assert all(map(is_file_name, ("folder/file", "weights.pth", tmp_path)))
    assert not is_file_name("IMAGENET1K_V1")
