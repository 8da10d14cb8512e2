"""Any classification network of torchvision by its name, with weights from a file, from torchvision, or at random.

- ``torchvision_names``    all of them
- ``torchvision_network``  one of them

Nothing is downloaded unless weights are asked for by torchvision's name for them. torchvision is imported on use: it
takes longer than everything else here.
"""

import re
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from torch import Tensor, nn

from xailab.errors import UnknownName, XailabError
from xailab.images import IMAGENET, Normalization
from xailab.models.network import Network
from xailab.models.randomizing import seeded
from xailab.models.weights_file import fit, read_state

IMAGENET_CLASSES = 1000
AUXILIARY = {"googlenet": ("aux1", "aux2"), "inception_v3": ("AuxLogits",)}
"""Classifiers on the way that only training uses. These two networks also ask how they shall be initialized."""


def torchvision_names() -> list[str]:
    """Return the names of torchvision's classification networks, in alphabetical order."""
    from torchvision import models

    return list(models.list_models(module=models))


def torchvision_network(name: str, *, weights: str | Path | None = None, seed: int = 0) -> Network:
    """Return a torchvision classifier in evaluation mode, on the CPU.

    Parameters
    ----------
    name
        Its name in torchvision, for example ``"resnet18"``.
    weights
        - a path (``.pth``, ``.pt``, ``.safetensors``): a state dict of this architecture; the number of classes is read
          off its last layer. Of GoogLeNet and Inception v3 it is taken to be one that torchvision trained or that was
          tuned from there (``transform_input=True``).
        - ``"DEFAULT"`` or a weight name such as ``"IMAGENET1K_V1"``: torchvision's, downloaded if need be
        - ``"random"``: torchvision's initialization, drawn with ``seed``
        - None: torchvision's default weights if they are on this machine already; nothing is downloaded
    seed
        For random weights.

    Raises
    ------
    UnknownName
        No such network, or no such weights of it.
    XailabError
        The weights are not there and cannot be fetched: says which file to put where.
    DataError
        The file is damaged, or belongs to another architecture: names the first weights that do not fit.
    """
    from torchvision import models

    if name not in torchvision_names():
        raise UnknownName("torchvision network", name, torchvision_names())
    entries = models.get_model_weights(name)
    if weights == "random":
        with seeded(seed):
            module = _fresh(name, IMAGENET_CLASSES)
        return _network(name, module, entries.DEFAULT, f"random weights (seed {seed})")
    if weights is not None and is_file_name(weights):
        entry = next((entry for entry in entries if _file_name(entry) == Path(weights).name), entries.DEFAULT)
        return _network(name, _from_file(name, Path(weights)), entry, f"weights from {Path(weights).name}")
    if weights is not None and weights not in (known := ["DEFAULT", *(entry.name for entry in entries)]):
        raise UnknownName(f"weights of {name}", str(weights), known)
    entry = entries.DEFAULT if weights in (None, "DEFAULT") else entries[str(weights)]
    if weights is None and not _cached_file(entry).is_file():
        raise XailabError(_how_to_get(name, entry, "are not on this machine, and nothing is downloaded unasked"))
    return _network(name, _from_torchvision(name, entry), entry, f"torchvision's weights {entry.name}")


def is_file_name(weights: str | Path) -> bool:
    """Tell a file from a name for weights: it is a path object, or has a suffix or a separator."""
    return isinstance(weights, Path) or Path(weights).suffix != "" or len(Path(weights).parts) > 1


def _fresh(name: str, classes: int, **options: Any) -> nn.Module:
    """Build the architecture, without auxiliary heads; torchvision draws from torch's global generator."""
    from torchvision import models

    if name in AUXILIARY:
        options = {"init_weights": True, "aux_logits": False, **options}
    module: nn.Module = models.get_model(name, weights=None, num_classes=classes, **options)
    return module.eval()


def _from_file(name: str, path: Path) -> nn.Module:
    state = _renamed(read_state(path))
    options: dict[str, Any] = {}
    if name in AUXILIARY:
        state = {key: tensor for key, tensor in state.items() if not key.startswith(AUXILIARY[name])}
        options["transform_input"] = True
    with seeded(0):
        module = _fresh(name, IMAGENET_CLASSES, **options)
        head = state.get(f"{_head(module)[0]}.weight")
        if head is not None and len(head) != IMAGENET_CLASSES:
            module = _fresh(name, len(head), **options)
    fit(module, state, path)
    return module


def _from_torchvision(name: str, entry: Any) -> nn.Module:
    from torchvision import models

    try:
        with seeded(0):
            module: nn.Module = models.get_model(name, weights=entry)
    except (OSError, RuntimeError) as error:
        raise XailabError(_how_to_get(name, entry, f"could not be fetched or read ({error})")) from error
    for auxiliary in AUXILIARY.get(name, ()):
        setattr(module, auxiliary, None)
    if name in AUXILIARY:
        module.aux_logits = False  # type: ignore[assignment]
    return module.eval()


def _network(name: str, module: nn.Module, entry: Any, origin: str) -> Network:
    """Describe ``module``: size and normalization are those of torchvision's own preprocessing for ``entry``."""
    preprocessing = entry.transforms()
    mean, std = tuple(preprocessing.mean), tuple(preprocessing.std)
    known = (mean, std) == (IMAGENET.mean, IMAGENET.std)
    normalization = IMAGENET if known else Normalization(mean, std, f"torchvision {name}")
    _, outputs = _head(module)
    categories = tuple(entry.meta["categories"] or ())  # weights without a head name none
    classes = categories if outputs == len(categories) else tuple(f"class {index}" for index in range(outputs))
    description = f"torchvision's {name} with {outputs} classes, {origin}"
    options = {"transform_input": True} if getattr(module, "transform_input", False) else {}
    build = partial(_fresh, name, outputs, **options)
    return Network(name, module, normalization, int(preprocessing.crop_size[0]), classes, description, build)


def _head(module: nn.Module) -> tuple[str, int]:
    """Name and number of outputs of the layer that makes the logits: the last linear or convolutional one."""
    heads = [(name, layer) for name, layer in module.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    name, last = heads[-1]
    return name, last.out_features if isinstance(last, nn.Linear) else last.out_channels


def _renamed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename what torchvision's DenseNet files, older than its code, call ``norm.1`` where the layer is ``norm1``."""
    return {re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", key): state[key] for key in state}


def _file_name(entry: Any) -> str:
    return Path(urlparse(entry.url).path).name


def _cached_file(entry: Any) -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / _file_name(entry)


def _how_to_get(name: str, entry: Any, fault: str) -> str:
    return (
        f"the weights {entry.name} of {name} {fault}. Either put the file {_file_name(entry)} (from {entry.url}) into "
        f"{_cached_file(entry).parent}, or give it with --weights FILE (weights=...), or let torchvision download it "
        f"with --weights DEFAULT, or take --weights random"
    )
