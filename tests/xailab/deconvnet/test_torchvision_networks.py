"""The networks that people use can be projected, and the gradient rule is backpropagation in all of them."""

import math

import pytest
import torch
from torch import Tensor, nn

from tests.xailab.deconvnet.networks import by_autograd, pictures, untouched
from xailab import models
from xailab.deconvnet import RULES, deconv, gradient, guided, project, project_signal, replay
from xailab.errors import XailabError

# Size of the images, layers early and late, options of torchvision.
NETWORKS = {
    "alexnet": (67, ["features.5", "classifier"], {}),
    "vgg16": (32, ["features.9", "classifier"], {}),
    "googlenet": (64, ["inception3a", "fc"], {"init_weights": False, "aux_logits": False}),
    "googlenet, transforming": (64, ["conv1"], {"init_weights": False, "aux_logits": False, "transform_input": True}),
    "resnet18": (64, ["layer1.0", "fc"], {}),
    "mobilenet_v2": (32, ["features.4"], {}),
    "densenet121": (32, ["features.denseblock1"], {}),
}


def network(name: str) -> nn.Module:
    """Build one in double precision with random weights. Large heads are replaced by small ones, which are faster."""
    from torchvision.models import get_model

    with torch.device("meta"):
        module = get_model(name.partition(",")[0], weights=None, num_classes=7, **NETWORKS[name][2])
        if name in ("alexnet", "vgg16"):
            cells = 36 if name == "alexnet" else 49
            width = 256 if name == "alexnet" else 512
            module.classifier = nn.Sequential(nn.Dropout(), nn.Linear(width * cells, 16), nn.ReLU(), nn.Linear(16, 7))
    module = module.to_empty(device="cpu").double().eval()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for key, tensor in module.state_dict().items():
            if tensor.ndim > 1:
                tensor.normal_(0, math.sqrt(2 / tensor[0].numel()), generator=generator)
            elif tensor.is_floating_point():
                tensor.normal_(0, 0.1, generator=generator)
                tensor.add_(1 if "var" in key or key.endswith(("norm.weight", "bn1.weight", "bn2.weight")) else 0)
    return module


@pytest.mark.parametrize("name", NETWORKS)
def test_torchvision_networks(name):
    size, layers, _ = NETWORKS[name]
    module, images = network(name), pictures(1, 3, size, size)
    for layer in layers:
        with untouched(module):
            replayed = replay(module, images, layer)
            signal = torch.randn(
                replayed.outputs.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2)
            )
            pixels = {rule: project_signal(replayed, signal, rule=rule) for rule in (deconv, guided, gradient)}
        expected = by_autograd(module, images, layer, signal)
        assert 0 < expected.abs().max() < math.inf
        assert (pixels[gradient] - expected).abs().max() <= 1e-11 * expected.abs().max()
        assert all(found.any() for found in pixels.values())


def test_what_cannot_be_passed_is_refused_by_name():
    from torchvision.models import get_model

    module = get_model("mobilenet_v3_small", weights=None, num_classes=7)
    images = pictures(1, 3, 32, 32).float()
    with pytest.raises(
        XailabError, match=r"step 'features\.0\.2' .* no deconv rule for hardswish; rule gradient works"
    ):
        project(module, images, "features.0", 0)
    assert project(module, images, "features.0", 0, rule=gradient).pixels.any()
    with pytest.raises(XailabError, match=r"step 'features\.1\.block\.1' .* torch\.Tensor\.mul"):
        project(module, images, "features.1", 0, rule=gradient)


def strongest_by_autograd(module: nn.Module, images: Tensor, layer: str, unit: int) -> Tensor:
    """Return the gradient of the largest activation of a unit, times it."""
    with torch.no_grad():
        outputs = replay(module, images, layer).outputs
    cotangent = torch.zeros_like(outputs).flatten(2)
    flat = outputs[:, unit].flatten(1)
    rows = torch.arange(len(flat))
    cotangent[rows, unit, flat.argmax(1)] = flat.amax(1)
    return by_autograd(module, images, layer, cotangent.view(outputs.shape))


def test_the_shipped_network_in_single_precision():
    module = models.load("tags").module
    images = pictures(3, 3, 64, 64).float()
    for layer in ("conv1", "pool2", "conv5"):
        expected = strongest_by_autograd(module, images, layer, 7)
        with untouched(module):
            found = {rule: project(module, images, layer, 7, rule=rule).pixels for rule in RULES.values()}
        assert (found[gradient] - expected).abs().max() <= 1e-6 * expected.abs().max()
        assert expected.any()
    assert not torch.equal(found[deconv], found[guided])


def test_the_shipped_network_differs_from_a_random_one():
    network = models.load("tags")
    random = models.randomized(network)
    images = pictures(2, 3, 64, 64).float()
    found = [project(one.module, images, "conv5", 7).pixels.flatten(1) for one in (network, random)]
    assert nn.functional.cosine_similarity(*found).abs().max() < 0.5
