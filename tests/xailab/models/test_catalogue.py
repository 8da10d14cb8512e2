"""Names and networks: what `load` accepts, and what comes with the package."""

import pytest
import torch

from xailab import models
from xailab.errors import DataError, UnknownName, XailabError
from xailab.models import catalogue, shipped
from xailab.models.architectures import mini_alexnet


def same(one, other) -> bool:
    pairs = zip(one.module.state_dict().values(), other.module.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.fixture
def other_objects(tmp_path):
    """Weights that someone trained for `objects`."""
    notes = shipped.Notes("trained by someone")
    shipped.write(mini_alexnet(12, conv5=96), tmp_path / "mine.safetensors", classes=tuple("abcdefghijkl"), notes=notes)
    return tmp_path / "mine.safetensors"


@pytest.mark.parametrize(("name", "outputs", "conv5"), [("tags", 65, 128), ("objects", 12, 96)])
def test_the_shipped_networks_load(name, outputs, conv5):
    network = models.load(name)
    layers = {layer.name: layer.shape for layer in models.layer_shapes(network)}
    assert network.name == name
    assert len(network.classes) == outputs == len(set(network.classes))
    assert layers["logits"] == (outputs,)
    assert layers["conv5"] == (conv5, 8, 8)
    assert next(network.module.parameters()).dtype == torch.float32


@pytest.mark.parametrize("name", catalogue.SHIPPED)
def test_the_shipped_files_are_small_and_say_where_they_come_from(name):
    path = catalogue.FOLDER / f"{name}.safetensors"
    assert path.stat().st_size < 1_200_000
    notes = shipped.notes(path)
    assert notes.command.startswith(f"xailab train {name}")
    assert notes.data
    assert notes.recipe
    assert notes.scores


def test_the_shipped_classifier_is_as_good_as_promised():
    assert shipped.notes(catalogue.FOLDER / "objects.safetensors").scores["accuracy"] >= 0.95


def test_random_has_the_architecture_of_tags_and_other_weights():
    tags, random = models.load("tags"), models.load("random")
    assert random.classes == tags.classes
    assert random.module.state_dict().keys() == tags.module.state_dict().keys()
    assert not same(tags, random)
    assert random.name == "random:0"


def test_the_seed_of_random_is_in_its_name_or_an_option():
    assert same(models.load("random:7"), models.load("random", seed=7))
    assert same(models.load("random:7"), models.load("tags", weights="random", seed=7))
    assert not same(models.load("random:7"), models.load("random:8"))
    assert models.load("random", seed=7).name == models.load("random:7").name == "random:7"


def test_loading_at_random_leaves_the_global_generator_alone():
    state = torch.get_rng_state()
    models.load("random:3")
    assert torch.equal(torch.get_rng_state(), state)


def test_a_trained_file_replaces_the_shipped_weights(other_objects):
    network = models.load("objects", weights=other_objects)
    assert network.name == "objects"
    assert network.description == "trained by someone"
    assert same(network, models.load("objects", weights=str(other_objects)))


def test_torchvision_networks_load_by_name():
    network = models.load("squeezenet1_1", weights="random", seed=2)
    assert len(network.classes) == 1000


def test_an_unknown_network_names_the_nearest():
    with pytest.raises(
        UnknownName, match=r"no network 'resnet19'; did you mean 'resnet1[08]'.*xailab models lists all"
    ):
        models.load("resnet19")
    with pytest.raises(UnknownName, match=r"no network 'tag'; did you mean 'tags'"):
        models.load("tag")


def test_weights_that_a_network_cannot_have_are_refused(tmp_path):
    with pytest.raises(XailabError, match=r"tags has weights of its own, .*there are none called 'DEFAULT'"):
        models.load("tags", weights="DEFAULT")
    with pytest.raises(XailabError, match=r"random draws its weights at random and takes none, got weights='x.pth'"):
        models.load("random", weights="x.pth")
    with pytest.raises(DataError, match=r"no weights file .*nowhere.safetensors"):
        models.load("objects", weights=tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("name", ["random:", "random:x", "random:-1", "random:1.5"])
def test_a_seed_that_is_no_whole_number_is_told(name):
    with pytest.raises(XailabError, match=rf"expected random or random:SEED .*, got '{name}'"):
        models.load(name)


def test_the_listing_has_layers_shapes_parameters_and_classes():
    entries = {entry.name: entry for entry in models.listing()}
    assert list(entries) == ["tags", "objects", "random:0"]
    assert entries["tags"].parameters == entries["random:0"].parameters > 500_000
    assert entries["objects"].image_size == 64
    assert "accuracy" in entries["objects"].description
    assert next(layer.shape for layer in entries["tags"].layers if layer.name == "conv5") == (128, 8, 8)


def test_any_network_can_be_described():
    entry = models.describe(models.load("squeezenet1_1", weights="random"))
    assert (entry.name, entry.image_size) == ("squeezenet1_1", 224)
    assert entry.layers[0].name == "features"
