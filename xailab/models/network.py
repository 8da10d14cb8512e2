"""What a network is to every lab: a module, and what one must know to feed it and to read its answer.

- ``Network``       the frozen record that ``xailab.models.load`` returns
- ``Layer``         the name and the output shape of one layer
- ``layer_shapes``  the layers of a network with their output shapes
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import nn

from xailab import hooks
from xailab.images import Normalization


@dataclass(frozen=True)
class Network:
    """A classifier and what one must know to use it.

    ``module`` takes *normalized* images, ``xailab.images.normalize(images, network.normalization)``, float32
    ``b 3 h w``, and returns logits ``b classes``: no softmax and no sigmoid.

    Parameters
    ----------
    name
        As given to ``xailab.models.load``, for tables and titles.
    module
        The network, in evaluation mode.
    normalization
        How RGB in [0, 1] becomes what ``module`` was trained on.
    image_size
        Height and width in pixels of the images that it was trained on.
    classes
        The name of each output, in the order of the logits.
    description
        One sentence: the architecture, what it was trained on, how well it does.
    build
        Makes the same architecture with fresh weights; None where nobody knows how. Picklable.
    """

    name: str
    module: nn.Module
    normalization: Normalization
    image_size: int
    classes: tuple[str, ...]
    description: str = ""
    build: Callable[[], nn.Module] | None = field(default=None, compare=False, repr=False)

    @property
    def parameters(self) -> int:
        """The number of trainable numbers in the network."""
        return sum(parameter.numel() for parameter in self.module.parameters())


@dataclass(frozen=True)
class Layer:
    """A layer as the list of networks shows it.

    Parameters
    ----------
    name
        Its dotted name in the module, as every ``layers=`` option takes it.
    shape
        The shape of its output for one image, without the batch axis: ``(c, h, w)`` where it is spatial.
    """

    name: str
    shape: tuple[int, ...]

    @property
    def spatial(self) -> bool:
        """Whether the output is a map per unit, so that the layer can be dissected."""
        return len(self.shape) == 3


def layer_shapes(network: Network) -> tuple[Layer, ...]:
    """Return the layers of ``network`` and their output shapes for one image of its own size.

    The layers are all named modules that run and return one tensor, a container before what it contains.
    """
    shapes = hooks.shapes(network.module, (network.image_size, network.image_size))
    return tuple(Layer(name, tuple(shape)) for name, shape in shapes.items())
