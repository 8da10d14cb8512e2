"""The random control: the same architecture with weights that have learned nothing.

- ``randomized``     a network with freshly drawn weights
- ``reinitialized``  the same for any module
- ``seeded``         a block in which torch's CPU generator starts from a seed, and is put back afterwards

Source: Adebayo et al. 2018, section 3: what a method shows of a trained network and of a randomized one alike is not
something that the network has learned. We redraw all layers at once, and not from the top down.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import nn

from xailab.errors import XailabError
from xailab.models.network import Network


def randomized(network: Network, *, seed: int = 0) -> Network:
    """Return ``network`` with weights freshly drawn the way its author draws them; the given one is not changed.

    A network that knows how it was built is built again (so torchvision's own initialization is used); of any other the
    layers are drawn again one by one, see ``reinitialized``.

    Parameters
    ----------
    network
        Any network.
    seed
        The same seed gives the same bits; torch's global generator is left as it was.

    Raises
    ------
    XailabError
        A weight whose layer does not know how to draw it.
    """
    if network.build is None:
        module = reinitialized(network.module, seed=seed)
    else:
        with seeded(seed):
            module = network.build()
        reference = next(network.module.parameters())
        module = module.to(reference.device, reference.dtype).train(network.module.training)
    description = f"{network.name} with weights drawn at random (seed {seed}): the control for what was learned"
    return replace(network, name=f"{network.name}, random weights {seed}", module=module, description=description)


def reinitialized(module: nn.Module, *, seed: int = 0) -> nn.Module:
    """Return a copy of ``module`` in which each layer has drawn its weights again by its own ``reset_parameters``.

    Running statistics of batch normalizations are reset too. Drawn on the CPU and then moved, so that the same seed
    gives the same bits on every device.

    Raises
    ------
    XailabError
        A weight whose layer has no ``reset_parameters``. Names it.
    """
    known = {name for name, layer in module.named_modules() if _reset(layer) is not None}
    for name, _ in module.named_parameters():
        owner = name.rpartition(".")[0]
        if owner not in known:
            raise XailabError(
                f"cannot draw {name!r} again: {type(module.get_submodule(owner)).__name__} has no reset_parameters(); "
                "give the Network a build= function that makes it with fresh weights"
            )
    device = next((tensor.device for tensor in module.state_dict().values()), torch.device("cpu"))
    fresh = copy.deepcopy(module).cpu()
    with seeded(seed), torch.no_grad():
        for layer in fresh.modules():
            reset = _reset(layer)
            if reset is not None:
                reset()
    return fresh.to(device)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Start torch's CPU generator from ``seed`` inside the block, and put its state back after it.

    Layers draw from the global generator and take no other, so it is borrowed: another thread that draws random numbers
    meanwhile draws from the borrowed one. CUDA's generators are not touched.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def _reset(layer: nn.Module) -> Callable[[], None] | None:
    """Return what draws the layer's own weights again; attention layers keep theirs under a private name."""
    return getattr(layer, "reset_parameters", None) or getattr(layer, "_reset_parameters", None)
