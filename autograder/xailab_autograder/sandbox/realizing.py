"""Between values that cross and objects that student code uses: tensors, networks, random generators. Worker only.

- ``realize``   arguments as they came -> objects, and what to send back in their place
- ``tensor``    a tensor -> ``TorchTensor``
"""

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch

from xailab.models import Network, load
from xailab_autograder.sandbox.values import CannotCross, GeneratorHandle, Handle, NetworkHandle, TorchTensor

_AS_NUMPY = frozenset(
    {torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.float32}
    | {torch.float64, torch.complex64, torch.complex128}
)


def realize(value: Any, handles: dict[int, Handle], keep: list[Any]) -> Any:
    """Return a decoded value with real objects in the place of handles and tensors.

    Parameters
    ----------
    value
        As ``values.decode`` gives it.
    handles
        Gets the ``id`` of every object that stands for a handle.
    keep
        Gets these objects, so that no other object takes their ``id``.
    """
    if isinstance(value, TorchTensor):
        return _to_torch(value)
    if isinstance(value, NetworkHandle | GeneratorHandle):
        made = _network(value.name) if isinstance(value, NetworkHandle) else np.random.default_rng(value.seed)
        handles[id(made)] = value
        keep.append(made)
        return made
    if isinstance(value, tuple | list):
        parts = [realize(part, handles, keep) for part in value]
        return tuple(parts) if isinstance(value, tuple) else parts
    if isinstance(value, dict):
        return {key: realize(part, handles, keep) for key, part in value.items()}
    return value


def tensor(value: Any) -> TorchTensor | None:
    """Return a tensor as it crosses, None for what is no tensor. Detached, on the CPU; numpy's dtypes, else float32."""
    if not isinstance(value, torch.Tensor):
        return None
    if value.layout is not torch.strided or value.is_nested or value.is_quantized or value.is_meta:
        raise CannotCross("a tensor that is sparse, nested, quantized or without data")
    plain = value.detach().cpu().resolve_conj().resolve_neg()
    name = str(plain.dtype).removeprefix("torch.")
    if plain.dtype not in _AS_NUMPY:
        plain = plain.to(torch.float32)
    return TorchTensor(plain.numpy(), name)


def _to_torch(value: TorchTensor) -> torch.Tensor:
    array = value.array if all(stride >= 0 for stride in value.array.strides) else value.array.copy()
    made: torch.Tensor = torch.from_numpy(array)
    wanted = getattr(torch, value.dtype, None) if value.dtype else None
    return made.to(wanted) if isinstance(wanted, torch.dtype) and wanted != made.dtype else made


def _network(name: str) -> Network:
    """Return a fresh copy: what one call does to a network, the next must not see."""
    return copy.deepcopy(_pristine()(name))


@cache
def _pristine() -> Callable[[str], Network]:
    return cache(load)
