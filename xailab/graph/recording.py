"""Running a network once and recording its steps.

- ``trace``  network, image size -> ``Graph``
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name

from xailab import hooks
from xailab.errors import XailabError
from xailab.graph.graph import Graph, Step
from xailab.graph.operations import Input, Operation, Unknown
from xailab.graph.reading import read

IMAGES = 2
"""Images in the recorded run: with two of them, what mixes images shows in the shapes."""


def trace(module: nn.Module, image_size: int | tuple[int, int], *, channels: int = 3) -> Graph:
    """Run a network once, on two images of zeros, and return what it computed.

    In evaluation mode and without gradients; mode, parameters, buffers, random state and hooks are as before
    afterwards, also after an error. The graph holds the network's own parameters, so it follows when they change;
    it has to be made again for another image size, or if the network decides by the values of the image what to run.

    Parameters
    ----------
    module
        Any network that takes ``b channels h w``.
    image_size
        Height and width in pixels; one number: a square.
    channels
        Of the images.

    Raises
    ------
    ValueError
        A size or a number of channels below 1.
    XailabError
        The network cannot take such images, or gives nothing that was computed from them.
    """
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    if min(height, width, channels) < 1:
        raise ValueError(f"images need at least 1 channel and 1 pixel, got {channels} x {height} x {width}")
    like = next(module.parameters(), torch.empty(0))
    images = torch.zeros(IMAGES, channels, height, width, dtype=like.dtype, device=like.device)
    recorder = _Recorder(images)
    devices = [like.device] if like.device.type == "cuda" else []
    with (
        hooks.followed(module, recorder.ended, began=recorder.began), hooks.evaluating(module), torch.no_grad(),
        torch.random.fork_rng(devices), recorder,
    ):  # fmt: skip
        try:
            module(images)
        except (RuntimeError, ValueError, IndexError, TypeError, AssertionError) as error:
            raise XailabError(f"the network cannot take images of {channels} x {height} x {width}: {error}") from error
    if not recorder.layers:
        raise XailabError("nothing that the network gives was computed from its images by functions of torch")
    return Graph(tuple(recorder.steps), recorder.layers)


class _Recorder(TorchFunctionMode):
    """Sees every call of a function of torch, and keeps the tensors that come from the images."""

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.steps = [Step("input", Input(), (), tuple(images.shape[1:]))]
        self.layers: dict[str, int] = {}
        self._running: list[str] = []
        self._named = {0}
        # The tensor itself is kept, so that no other gets its id; its version tells a change behind its back.
        self._known: dict[int, tuple[Tensor, int, int]] = {}
        self._know(images, 0)

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        given = [tensor for tensor in _tensors((*args, *kwargs.values())) if id(tensor) in self._known]
        stale = [tensor for tensor in given if tensor._version != self._known[id(tensor)][2]]
        inputs = tuple(self._known[id(tensor)][1] for tensor in given)
        result = function(*args, **kwargs)
        outputs = list(_tensors((result,)))
        if not given or not outputs:
            return result
        name = resolve_name(function) or getattr(function, "__name__", repr(function))
        for number, output in enumerate(outputs):
            which = number if isinstance(result, tuple | list) else None
            if stale:
                operation: Operation = Unknown(name, "its input was changed in place through another view of it")
            else:
                operation = read(name, function, args, kwargs, inputs=given, output=output, which=which)
            self._add(name, operation, inputs, output)
        return result

    def began(self, name: str) -> None:
        """Note that a module begins."""
        self._running.append(name)

    def ended(self, name: str, output: Any) -> None:
        """Note which step made the output of a module that has just ended."""
        self._running.pop()
        if not isinstance(output, Tensor) or id(output) not in self._known:
            return
        position = self._known[id(output)][1]
        self.layers.setdefault(name, position)
        if position not in self._named and name:  # the innermost module whose output it is
            self._named.add(position)
            self.steps[position] = replace(self.steps[position], name=name)

    def _add(self, name: str, operation: Operation, inputs: tuple[int, ...], output: Tensor) -> None:
        if output.ndim < 1 or output.shape[0] != IMAGES:
            operation = Unknown(name, "it does not keep images apart: its first axis is not that of the images")
        module = self._running[-1] if self._running else ""
        title = f"{module} {name.rpartition('.')[2]}".strip()
        self.steps.append(Step(title, operation, inputs, tuple(output.shape[1:])))
        self._know(output, len(self.steps) - 1)

    def _know(self, tensor: Tensor, position: int) -> None:
        self._known[id(tensor)] = tensor, position, tensor._version


def _tensors(values: tuple[Any, ...]) -> Iterator[Tensor]:
    """Yield the tensors in arguments, also in lists and tuples of them."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from _tensors(tuple(value))
