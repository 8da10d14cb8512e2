"""A network as the list of what it computed.

- ``Step``   one computation and where its inputs come from
- ``Graph``  all of them, in the order in which they ran
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from xailab.errors import UnknownName
from xailab.graph.operations import Input, Operation


@dataclass(frozen=True)
class Step:
    """One computation.

    Parameters
    ----------
    name
        The dotted name of the module that gave this output, if one did; else the name of the module around it and
        torch's name of the function: ``"layer1.0 add_"``. For messages and tables.
    operation
        What is computed.
    inputs
        Positions of the steps whose outputs it takes, each smaller than its own.
    shape
        Of its output for one image: ``(c, h, w)`` where it gives maps.
    """

    name: str
    operation: Operation
    inputs: tuple[int, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Graph:
    """What a network computes for images of one size.

    Parameters
    ----------
    steps
        In the order in which they ran; the first is the ``Input``.
    layers
        Dotted name of a module -> position of the step that made its output; ``""`` is the whole network. Of a module
        that ran several times, the first time, as ``xailab.hooks`` gives it.
    """

    steps: tuple[Step, ...]
    layers: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.steps)

    def position(self, layer: str) -> int:
        """Return the position of the step that makes the output of a layer.

        Raises
        ------
        UnknownName
            No such layer ran, or it gives no single tensor; names the nearest.
        """
        if layer not in self.layers:
            known = [name for name in self.layers if name]
            raise UnknownName("layer", layer, known, "graph.layers (modules that do not run are not in it)")
        return self.layers[layer]

    def leading_to(self, position: int) -> tuple[int, ...]:
        """Return the positions of all steps that a step depends on, ascending, itself included."""
        needed = {position}
        for place in range(position, -1, -1):
            if place in needed:
                needed.update(self.steps[place].inputs)
        return tuple(sorted(needed))

    def outputs(self, images: Tensor, wanted: Sequence[int]) -> dict[int, Tensor]:
        """Compute the outputs of all steps that the wanted ones depend on, themselves included.

        Parameters
        ----------
        images
            ``b c h w``, normalized, of the size that was traced.
        wanted
            Positions of steps.

        Raises
        ------
        XailabError
            A step among them is ``Unknown``.
        """
        found: dict[int, Tensor] = {}
        for place in sorted({step for position in wanted for step in self.leading_to(position)}):
            step = self.steps[place]
            given = (images,) if isinstance(step.operation, Input) else tuple(found[one] for one in step.inputs)
            found[place] = step.operation.apply(*given)
        return found
