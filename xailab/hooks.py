"""Reading and editing activations. The only file that touches torch's hooks.

- ``Capture``      a with-block in which every forward of a network records, and may edit, some layers' outputs
- ``ablate``       the commonest edit: units set to a constant
- ``activations``  one call for the common case: outputs of some layers for some images
- ``layer_names``  the dotted names that all of these understand
- ``shapes``       the output shape of every layer for an image size
- ``followed``     a with-block in which a function is told of every module that has run
- ``evaluating``   a with-block in which every module is in evaluation mode
- ``hooks_left``   how many hooks a network carries; 0 whenever no ``Capture`` is open
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from xailab.errors import UnknownName, XailabError

Edit = Callable[[Tensor], Tensor]
"""Takes a copy of a layer's output, returns what the layer shall give instead: same shape, dtype and device."""


class _Stop(BaseException):
    """Ends a forward early. Not an ``Exception``, so that a model's own ``except Exception`` lets it pass."""

    def __init__(self, capture: "Capture") -> None:
        self.capture = capture


class Capture:
    """Record, and if wished edit, the outputs of some layers while a with-block is open.

    ::

        with Capture(model, ["conv3", "layer4.1.conv2"]) as capture:
            outputs = capture(images)  # runs the model; {"conv3": ..., "layer4.1.conv2": ...}
            logits = model(images)  # records as well
            capture["conv3"]  # of the latest forward; still there after the block

        with Capture(model, [], edits={"conv3": ablate(17)}):
            logits = model(images)  # the network without unit 17

    Parameters
    ----------
    model
        Any network. Its mode, parameters, buffers and gradients are not touched, and no hook is left on it after the
        block, whatever goes wrong inside.
    layers
        Dotted names as in ``model.named_modules()``; ``""`` is the network itself. One name or several, or none.
    edits
        Layer -> function that replaces its output (see ``Edit``, ``ablate``). It runs at every call of the layer. A
        layer that is both edited and captured gives the edited value.
    stop
        ``capture(images)`` ends the forward as soon as all ``layers`` have run (edits further on never run). A plain
        ``model(images)`` in the block still runs to its end.
    detach
        True: captured tensors are copies outside the autograd graph. False: they are in the graph, one can
        differentiate with respect to them (also if nothing else requires a gradient), unless gradients are off.

    Notes
    -----
    A captured tensor is never changed by what runs later, such as an in-place ReLU. A layer that runs several times in
    one forward (the one ReLU of a ResNet block) gives its *first* output, so that ``stop`` changes the time and not the
    value; the last one is the output of the block around it. With-blocks can be nested; hooks run in the order of the
    blocks, so the outer one does not see the edits of the inner one at the same layer.

    Raises
    ------
    UnknownName
        A layer that the network does not have; on creation, before anything is touched.
    ValueError
        ``stop`` without a layer to stop after. In the forward: an edit that changes shape, dtype or device.
    TypeError
        In the forward: a layer that gives a tuple, list or dict, or an edit that gives no tensor.
    """

    def __init__(
        self,
        model: nn.Module,
        layers: str | Sequence[str],
        *,
        edits: Mapping[str, Edit] | None = None,
        stop: bool = False,
        detach: bool = True,
    ) -> None:
        self.layers = (layers,) if isinstance(layers, str) else tuple(dict.fromkeys(layers))
        self._model, self._edits, self._stop, self._detach = model, dict(edits or {}), stop, detach
        self._modules = _resolve(model, dict.fromkeys((*self.layers, *self._edits)))
        if stop and not self.layers:
            raise ValueError("stop=True needs at least one layer to stop after; none was given")
        self._outputs: dict[str, Tensor] = {}
        self._hooks: ExitStack | None = None
        self._in_forward = self._stopping = False

    def __enter__(self) -> "Capture":
        if self._hooks is not None:
            raise RuntimeError("this Capture is open already; create another one to nest them")
        with ExitStack() as hooks:  # takes back what was registered if a later registration fails
            hooks.callback(self._model.register_forward_pre_hook(self._begin).remove)
            for name, module in self._modules.items():
                hooks.callback(module.register_forward_hook(self._hook(name)).remove)
            hooks.callback(self._model.register_forward_hook(self._end, always_call=True).remove)
            self._hooks = hooks.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        hooks, self._hooks = self._hooks, None
        if hooks is not None:
            hooks.close()

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """Run the model on ``images`` and return layer -> output, in the order in which the layers were given.

        Raises RuntimeError outside the with-block, XailabError if a layer did not run in this forward.
        """
        if self._hooks is None:
            raise RuntimeError("Capture works inside its with-block: with Capture(model, layers) as capture: ...")
        self._stopping = self._stop
        try:
            self._model(images)
        except _Stop as stop:
            if stop.capture is not self:  # of a block around this one
                raise
        finally:
            self._stopping = self._in_forward = False
        return {name: self[name] for name in self.layers}

    def __getitem__(self, layer: str) -> Tensor:
        """Return the output of a captured layer in the latest forward.

        Raises UnknownName for a layer that was not asked for when this Capture was created, XailabError if it has not
        run.
        """
        if layer not in self.layers:
            raise UnknownName("captured layer", layer, self.layers)
        if layer not in self._outputs:
            state = f"only {sorted(self._outputs)} did" if self._outputs else "no captured layer did"
            raise XailabError(
                f"layer {layer!r} did not run in the latest forward of this Capture ({state}): run the model inside "
                "the with-block; some layers run only in training mode, or only for some inputs"
            )
        return self._outputs[layer]

    def _begin(self, model: nn.Module, inputs: Any) -> None:
        """Forget the previous forward, so that nothing stale can be read."""
        self._outputs.clear()
        self._in_forward = True

    def _end(self, model: nn.Module, inputs: Any, output: Any) -> None:
        self._in_forward = False

    def _hook(self, name: str) -> Callable[[nn.Module, Any, Any], Tensor | None]:
        """Make the forward hook of one layer: edit, then record, then perhaps stop."""
        edit = self._edits.get(name)

        def hook(module: nn.Module, inputs: Any, output: Any) -> Tensor | None:
            if not isinstance(output, Tensor):
                kind = type(output).__name__
                raise TypeError(f"layer {name!r} gives a {kind}, not one tensor; capture a layer inside it that does")
            onward = output if edit is None else _edited(output, edit, name)
            # A repeated call inside one forward keeps the first; a part of the model called on its own starts anew.
            if name in self.layers and not (self._in_forward and name in self._outputs):
                self._outputs[name], onward = self._split(onward)
                if self._stopping and len(self._outputs) == len(self.layers):
                    raise _Stop(self)
            return None if onward is output else onward

        return hook

    def _split(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is recorded and what goes on through the network: in separate memory, if the network goes on."""
        if self._detach:
            return output.detach().clone(), output
        if torch.is_grad_enabled() and output.is_floating_point() and not output.requires_grad:
            output = output.detach().requires_grad_()  # a new leaf: nothing before it asks for a gradient
        return output, output.clone()


def ablate(units: int | Sequence[int], *, value: float = 0.0) -> Edit:
    """Return an edit that sets some units (channels, dimension 1) to a constant.

    ``Capture(model, [], edits={"conv3": ablate([4, 17])})`` is the network without units 4 and 17 of ``conv3``.
    In the forward it raises ValueError for a unit that the layer does not have.
    """
    listed = [units] if isinstance(units, int) else list(units)

    def edit(output: Tensor) -> Tensor:
        count = output.shape[1] if output.ndim >= 2 else 0
        for unit in listed:
            if not 0 <= unit < count:
                raise ValueError(f"no unit {unit}: there are {count}, counted from 0")
        return output.index_fill(1, torch.tensor(listed, dtype=torch.int64, device=output.device), value)

    return edit


def activations(model: nn.Module, images: Float[Tensor, "b c h w"], layers: str | Sequence[str]) -> dict[str, Tensor]:
    """Return layer -> output for some images, already normalized as the network expects.

    Runs no further than the last of the layers, without gradients and in evaluation mode (the model's own mode is put
    back). Raises what ``Capture`` raises.
    """
    with Capture(model, layers, stop=True) as capture, evaluating(model), torch.no_grad():
        return capture(images)


def layer_names(model: nn.Module) -> tuple[str, ...]:
    """Return the dotted names of all layers, in the order of their definition. A layer with two names has both."""
    return tuple(name for name, _ in model.named_modules(remove_duplicate=False) if name)


def shapes(model: nn.Module, input_size: int | tuple[int, int]) -> dict[str, tuple[int, ...]]:
    """Return layer -> output shape for one RGB image of ``input_size`` (height, width), without the batch axis.

    Runs the network once on zeros, in evaluation mode and without gradients; mode, statistics and random state are as
    before afterwards. A layer that runs several times gives its first shape. Layers that do not run in evaluation mode,
    or give no single tensor, are not in the result. Raises ValueError for a size below 1 pixel.
    """
    height, width = (input_size, input_size) if isinstance(input_size, int) else input_size
    if min(height, width) < 1:
        raise ValueError(f"input_size must be at least 1 pixel, got {height} x {width}")
    found: dict[str, tuple[int, ...]] = {}

    def note(name: str, output: Any) -> None:
        if isinstance(output, Tensor):
            found.setdefault(name, tuple(output.shape[1:]))

    like = next(model.parameters(), torch.empty(0))
    devices = [like.device] if like.device.type == "cuda" else []
    with followed(model, note), evaluating(model), torch.no_grad(), torch.random.fork_rng(devices):
        model(torch.zeros(1, 3, height, width, dtype=like.dtype, device=like.device))
    return {name: found[name] for name in layer_names(model) if name in found}


def hooks_left(model: nn.Module) -> int:
    """Count the forward and backward hooks on a network and all its layers."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(vars(module).get(kind) or ()) for module in model.modules() for kind in kinds)


@contextmanager
def followed(
    model: nn.Module, ended: Callable[[str, Any], None], *, began: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Call ``began(name)`` before, and ``ended(name, output)`` after each run of a module; ``""`` is the network."""
    with ExitStack() as hooks:
        for name, module in model.named_modules(remove_duplicate=False):
            if began is not None:
                before = partial(lambda called, *_: began(called), name)
                hooks.callback(module.register_forward_pre_hook(before).remove)
            after = partial(lambda called, *run: ended(called, run[-1]), name)
            hooks.callback(module.register_forward_hook(after).remove)
        yield


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put every module into evaluation mode, and each one's own mode back afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        for module, _ in modes:
            module.training = False  # not .eval(): a model may override it with side effects
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _resolve(model: nn.Module, names: Mapping[str, None]) -> dict[str, nn.Module]:
    """Find the modules of these names."""
    known = dict(model.named_modules(remove_duplicate=False))
    for name in names:
        if name not in known:
            raise UnknownName("layer", name, [other for other in known if other], "hooks.layer_names(model)")
    return {name: known[name] for name in names}


def _edited(output: Tensor, edit: Edit, name: str) -> Tensor:
    """Apply an edit to a copy of the output, and check that what comes back fits in its place."""
    try:
        edited = edit(output.clone())  # a copy: an edit may write in place, and the output may also be used elsewhere
    except Exception as error:
        error.add_note(f"in the edit of layer {name!r}")
        raise
    if not isinstance(edited, Tensor):
        raise TypeError(f"the edit of layer {name!r} returned a {type(edited).__name__}, expected a tensor")
    for what in ("shape", "dtype", "device"):
        expected, got = getattr(output, what), getattr(edited, what)
        if expected != got:
            plain = tuple if what == "shape" else str
            raise ValueError(f"the edit of layer {name!r} returned {what} {plain(got)}, expected {plain(expected)}")
    return edited
