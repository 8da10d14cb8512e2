"""Reading weights from a file into a module, with errors that say what does not fit.

- ``read_state``  the tensors of a ``.pth``, ``.pt`` or ``.safetensors`` file, by name
- ``fit``         put them into a module, or say which ones do not belong
"""

from collections import OrderedDict
from pathlib import Path

import torch
from torch import Tensor, nn

from xailab.errors import DataError

WRAPPERS = ("state_dict", "model")
"""Keys under which training scripts put the weights next to other things: Lightning's and torchvision's own."""

PREFIX = "module."
"""What ``nn.DataParallel`` puts before every name."""


def read_state(path: str | Path) -> dict[str, Tensor]:
    """Return the tensors in a weights file, on the CPU, by name. Nothing in the file is executed.

    A ``{"state_dict": ...}`` around them and a ``module.`` before every name are taken off.

    Parameters
    ----------
    path
        ``.safetensors``, or what ``torch.save`` wrote (``.pth``, ``.pt``).

    Raises
    ------
    DataError
        No such file, damaged, or holding something else than named tensors with finite values.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"no weights file {path}")
    state = _unwrapped(_read(path), path)
    for name, tensor in state.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise DataError(f"{path}: the weights {name!r} contain NaN or infinity; the file may be damaged")
    return state


def fit(module: nn.Module, state: dict[str, Tensor], source: str | Path) -> None:
    """Copy ``state`` into ``module``, cast to the module's dtypes (fp16 files become float32 networks).

    Raises
    ------
    DataError
        A tensor is missing, has another shape, or belongs to no layer. Names ``source`` and the first ones. The module
        is then not fit for use.
    """
    own = module.state_dict()
    for name, tensor in state.items():
        if name in own and tensor.shape != own[name].shape:
            raise DataError(
                f"{source} does not fit: {name!r} should be of shape {tuple(own[name].shape)}, "
                f"the file has {tuple(tensor.shape)}"
            )
    versioned = OrderedDict(state)
    # MNASNet insists on its own version number, which safetensors drops. No other layer may be given one: batch norms
    # take files older than their num_batches_tracked only without.
    versioned._metadata = {"": own._metadata[""]}  # type: ignore[attr-defined]
    missing, unexpected = module.load_state_dict(versioned, strict=False)
    faults = [f"{what} {_first(names)}" for what, names in (("misses", missing), ("has unknown", unexpected)) if names]
    if faults:
        raise DataError(
            f"{source} does not fit the network: it {' and '.join(faults)}. Is it the file of another architecture?"
        )


def _read(path: Path) -> object:
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes the readers raise almost anything
        reason = str(error).strip().split("\n")[0]
        raise DataError(
            f"cannot read weights from {path}: it is damaged, cut short, or holds more than tensors "
            f"(save model.state_dict(), not the model): {reason}"
        ) from error


def _unwrapped(content: object, path: Path) -> dict[str, Tensor]:
    for key in WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not content:
        raise DataError(f"{path}: expected tensors by name (a state_dict), got {type(content).__name__}")
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise DataError(f"{path}: expected tensors by name, but {name!r} is a {type(value).__name__}")
    if all(name.startswith(PREFIX) for name in content):
        content = {name.removeprefix(PREFIX): tensor for name, tensor in content.items()}
    return dict(content)


def _first(names: list[str], count: int = 3) -> str:
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(map(repr, names[:count])) + more
