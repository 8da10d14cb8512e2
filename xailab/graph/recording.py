"""Running a network once and recording its steps.

- ``trace``  network, image size -> ``Graph``
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

CHANGED = "it takes a tensor that was changed in place under another name, such as a view of it"


def trace(module: nn.Module, image_size: int | tuple[int, int], *, channels: int = 3) -> Graph:
    """Run a network once, on two images of zeros, and return what it computed.

    In evaluation mode and without gradients; mode, parameters, buffers, random state and hooks are as before
    afterwards, also after an error. The graph holds the network's own parameters, so it follows when they change;
    it has to be made again for another image size, or if the network decides by the values of the image what to run.
    What leaves torch on the way (``numpy``, ``item``) and comes back is taken for a constant.

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
    with torch.inference_mode(False):  # tensors of inference mode have no version, by which changes are noticed
        images = torch.zeros(IMAGES, channels, height, width, dtype=like.dtype, device=like.device)
    recorder = _Recorder(images)
    devices = [like.device] if like.device.type == "cuda" else []
    with (
        hooks.followed(module, recorder.ended, began=recorder.began), hooks.evaluating(module), _buffers_kept(module),
        torch.inference_mode(False), torch.no_grad(), torch.random.fork_rng(devices), recorder,
    ):  # fmt: skip
        try:
            module(images)
        except (RuntimeError, ValueError, IndexError, TypeError, AssertionError) as error:
            raise XailabError(f"the network cannot take images of {channels} x {height} x {width}: {error}") from error
    if not recorder.layers:
        raise XailabError("nothing that the network gives was computed from its images by functions of torch")
    return Graph(tuple(recorder.steps), recorder.layers)


@contextmanager
def _buffers_kept(module: nn.Module) -> Iterator[None]:
    """Put back what a network writes into its buffers in evaluation mode, too, such as statistics."""
    before = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    try:
        yield
    finally:
        for buffer, values in before:
            if not buffer.is_meta and not torch.equal(buffer, values):
                with torch.no_grad():
                    buffer.copy_(values)


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
        # Memory of other tensors that something of the images was written into; kept for the same reason.
        self._written: dict[int, torch.UntypedStorage] = {}
        self._know(images, 0)

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        tensors = list(_tensors((*args, *kwargs.values())))
        given = [tensor for tensor in tensors if id(tensor) in self._known]
        if not given and not any(map(self._changed, tensors)):
            return function(*args, **kwargs)
        changed = any(map(self._changed, tensors))
        inputs = tuple(self._known[id(tensor)][1] for tensor in given)
        # Parameters made in inference mode have no version, nothing can be written into them either.
        others = [one for one in tensors if id(one) not in self._known and not one.is_inference()]
        versions = [tensor._version for tensor in others]
        result = function(*args, **kwargs)
        for tensor, version in zip(others, versions, strict=True):
            if tensor._version != version:
                storage = tensor.untyped_storage()
                self._written[storage._cdata] = storage
        name = resolve_name(function) or getattr(function, "__name__", repr(function))
        for number, output in enumerate(_tensors((result,))):
            which = number if isinstance(result, tuple | list) else None
            operation: Operation = Unknown(name, CHANGED)
            if not changed:
                operation = read(name, function, args, kwargs, inputs=given, output=output, which=which)
            self._add(name, operation, inputs or (0,), output)
        return result

    def began(self, name: str) -> None:
        """Note that a module begins."""
        self._running.append(name)

    def ended(self, name: str, output: Any) -> None:
        """Note which step made the output of a module that has just ended."""
        self._running.pop()
        if not isinstance(output, Tensor):
            return
        if self._changed(output):
            self._add("output", Unknown("the output", CHANGED), (self._known.get(id(output), (None, 0))[1],), output)
        if id(output) not in self._known:
            return
        position = self._known[id(output)][1]
        self.layers.setdefault(name, position)
        if position not in self._named and name:  # the innermost module whose output it is
            self._named.add(position)
            self.steps[position] = replace(self.steps[position], name=name)

    def _changed(self, tensor: Tensor) -> bool:
        """Tell whether something of the images came into a tensor under another name, such as a view of it."""
        if id(tensor) in self._known:
            return tensor._version != self._known[id(tensor)][2]
        return bool(self._written) and tensor.untyped_storage()._cdata in self._written

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
