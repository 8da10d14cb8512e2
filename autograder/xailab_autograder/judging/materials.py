"""Arguments as trusted functions take them: fresh arrays, generators and networks instead of their descriptions.

- ``materialize``  arguments for the reference, for misconceptions and for local functions
"""

import copy
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from xailab_autograder.exercises import Value
from xailab_autograder.sandbox.values import GeneratorHandle, NetworkHandle, TorchTensor


def materialize(arguments: Sequence[Value]) -> tuple[Any, ...]:
    """Return fresh copies of the arguments: tensors as arrays, generators in their first state, networks loaded."""
    return tuple(_fresh(argument) for argument in arguments)


def _fresh(value: Value) -> Any:
    if isinstance(value, np.ndarray | TorchTensor):
        return (value.array if isinstance(value, TorchTensor) else value).copy(order="K")
    if isinstance(value, tuple | list):
        return type(value)(_fresh(item) for item in value)
    if isinstance(value, dict):
        return {key: _fresh(item) for key, item in value.items()}
    if isinstance(value, GeneratorHandle):
        return np.random.default_rng(value.seed)
    if isinstance(value, NetworkHandle):
        return copy.deepcopy(_pristine(value.name))  # what one call does to a network, the next must not see
    return value


@lru_cache(maxsize=8)
def _pristine(name: str) -> Any:
    """Load a network once: a verdict takes dozens of calls, and a copy is made much faster."""
    from xailab import models

    return models.load(name)
