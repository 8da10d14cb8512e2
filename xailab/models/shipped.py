"""The file format of the networks that come with xailab: half-precision weights and what one must know about them.

- ``Notes``  where a network comes from: recipe, data and score, kept in the file
- ``write``  a network into a ``.safetensors`` file
- ``read``   a network from such a file
- ``notes``  only its notes

One network is one file. Half precision halves the file and changes no decision: weights are rounded to 11 bits, and
are float32 again in memory.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from xailab import images
from xailab.errors import DataError
from xailab.files import write_beside
from xailab.models.architectures import IMAGE_SIZE, mini_alexnet
from xailab.models.network import Network
from xailab.models.randomizing import seeded
from xailab.models.weights_file import fit, read_state

KEY, FORMAT = "xailab", "xailab network 1"
NORMALIZATIONS = {known.name: known for known in (images.MINIBRODEN, images.IMAGENET)}


@dataclass(frozen=True)
class Notes:
    """Where a shipped network comes from.

    Parameters
    ----------
    description
        One sentence for the list of networks.
    command
        What recreates the file.
    data
        The fingerprints of the data sets it was trained on: it is stale when the renderer's differ.
    recipe
        The numbers of the training recipe, as text.
    scores
        Measured on the test split after export, by name: fractions in [0, 1].
    """

    description: str
    command: str = ""
    data: tuple[str, ...] = ()
    recipe: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)


def write(module: nn.Module, path: str | Path, *, classes: tuple[str, ...], notes: Notes) -> None:
    """Write a folded mini-AlexNet for MiniBroden in half precision, with all that ``read`` needs to load it.

    Raises
    ------
    ValueError
        ``module`` is not a folded mini-AlexNet with one output per class, or a weight does not fit into half precision.
    """
    state = {name: tensor.detach().half().contiguous() for name, tensor in module.state_dict().items()}
    conv5 = state["conv5.conv.weight"].shape[0] if "conv5.conv.weight" in state else 0
    expected = _empty(len(classes), conv5).state_dict() if conv5 else {}
    if {name: tensor.shape for name, tensor in state.items()} != {n: t.shape for n, t in expected.items()}:
        raise ValueError(f"expected a folded mini-AlexNet with {len(classes)} outputs, got layers {list(state)}")
    for name, tensor in state.items():
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"{name!r} has weights that are not finite in half precision (above 65504)")
    about = {
        "format": FORMAT,
        "architecture": "mini-alexnet",
        "conv5": conv5,
        "classes": classes,
        "normalization": images.MINIBRODEN.name,
        **asdict(notes),
    }
    from safetensors.torch import save

    # One entry, because several are kept in no fixed order; as bytes, because its own writer makes files that only
    # their owner can read.
    content = save(state, {KEY: json.dumps(about)})
    with write_beside(path) as temporary:
        temporary.write_bytes(content)


def read(path: str | Path, name: str = "") -> Network:
    """Load a network that ``write`` wrote: float32, on the CPU, in evaluation mode.

    Parameters
    ----------
    path
        The file.
    name
        What the network shall be called; the file's stem by default.

    Raises
    ------
    DataError
        No such file, damaged, of another kind, or its weights do not fit its own description. Names the file.
    """
    path = Path(path)
    state = read_state(path)
    about = _about(path)
    try:
        classes = tuple(str(title) for title in about["classes"])
        build = partial(mini_alexnet, len(classes), conv5=int(about["conv5"]))
        normalization, description = NORMALIZATIONS[about["normalization"]], str(about["description"])
        with seeded(0):
            module = build()
    except (LookupError, ValueError, TypeError) as error:
        raise DataError(f"{path}: the description of the network in the file is damaged: {error!r}") from error
    fit(module, state, path)
    return Network(name or path.stem, module.eval(), normalization, IMAGE_SIZE, classes, description, build)


def notes(path: str | Path) -> Notes:
    """Return where the network in ``path`` comes from, without loading its weights.

    Raises
    ------
    DataError
        No such file, damaged, or not one of ours.
    """
    about = _about(Path(path))
    try:
        values = {each.name: about[each.name] for each in fields(Notes)}
        return Notes(**{**values, "data": tuple(values["data"]), "scores": dict(values["scores"])})
    except (LookupError, ValueError, TypeError) as error:
        raise DataError(f"{path}: the notes in the file are damaged: {error!r}") from error


def _about(path: Path) -> dict[str, Any]:
    """Return what the file says of itself."""
    from safetensors import safe_open

    if not path.is_file():
        raise DataError(f"no weights file {path}")
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {}).get(KEY, "{}"))
    except Exception as error:  # what a damaged file leads the reader to
        raise DataError(f"cannot read {path}: it is damaged or not a safetensors file: {error}") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise DataError(f"{path} holds weights, but not of a network of ours: it does not say {FORMAT!r}")
    return about


def _empty(classes: int, conv5: int) -> nn.Sequential:
    with torch.device("meta"):
        return mini_alexnet(classes, conv5=conv5)
