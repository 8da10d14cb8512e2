"""A projection step by step: what each layer hands down, for teaching.

- ``trace_projection``  network, images, layer, units -> every step on the way to the pixels
- ``passages``          the same of a replay and any signal
- ``Passage``           one step: what arrived, what it did, what it handed down, with the numbers
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from xailab.deconvnet.projecting import NO_RULES
from xailab.deconvnet.replaying import Replay, replay
from xailab.deconvnet.rules import Rule, deconv
from xailab.deconvnet.selecting import Cells, strongest
from xailab.deconvnet.starting import Numbers, rows_of, start
from xailab.deconvnet.walking import Crossing, ruling, walk
from xailab.deconvnet.wording import in_words
from xailab.graph import Graph
from xailab.graph.operations import MaxPooling, Operation, Rectification


@dataclass(frozen=True, eq=False)
class Passage:
    """One step on the way back, for all rows of the signal.

    Parameters
    ----------
    position
        Of the step in the graph.
    name
        Of the step; steps of one module that runs twice share it.
    operation
        What it computed in the forward run.
    doing
        What it does to the signal, in words.
    arriving
        The signal at its output: what all the steps above handed down to it, added.
    leaving
        What it hands down to each of its inputs, in their order; nothing of the input itself.
    receivers
        The positions of the steps that get it.
    forward
        Of a ReLU its output in the forward run, of a max pooling its switches, of another nonlinearity its input.
    """

    position: int
    name: str
    operation: Operation
    doing: str
    arriving: Float[Tensor, "r ..."]
    leaving: tuple[Tensor, ...]
    receivers: tuple[int, ...]
    forward: Tensor | None

    @property
    def handed(self) -> Tensor:
        """What it hands down to its (first) input; of the input itself the pixels."""
        return self.leaving[0] if self.leaving else self.arriving

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what is handed down, for one row."""
        return tuple(self.handed.shape[1:])

    @property
    def nonzero(self) -> Float[Tensor, " r"]:
        """The share of ``handed`` that is not 0, in 0 ... 1, per row."""
        return _share(self.handed != 0)

    @property
    def norm(self) -> Float[Tensor, " r"]:
        """The Euclidean length of ``handed``, per row."""
        return self.handed.flatten(1).square().sum(dim=1).sqrt()

    @property
    def low(self) -> Float[Tensor, " r"]:
        """The least value of ``handed``, per row."""
        return self.handed.flatten(1).amin(dim=1)

    @property
    def high(self) -> Float[Tensor, " r"]:
        """The largest value of ``handed``, per row."""
        return self.handed.flatten(1).amax(dim=1)

    @property
    def cut(self) -> Float[Tensor, " r"] | None:
        """The share of the nonzero signal that a ReLU's rule set to 0, in 0 ... 1, per row; None of other steps."""
        if not isinstance(self.operation, Rectification):
            return None
        alive = (self.arriving != 0).flatten(1)
        lost = alive & (self.handed == 0).flatten(1)
        return lost.sum(dim=1) / alive.sum(dim=1).clamp(min=1)

    @property
    def switches_used(self) -> Float[Tensor, " r"] | None:
        """The share of a max pooling's switches to which a value returned, in 0 ... 1, per row; None of other steps."""
        return _share(self.arriving != 0) if isinstance(self.operation, MaxPooling) else None


def trace_projection(
    module: nn.Module,
    images: Float[Tensor, "b c h w"],
    layer: str,
    units: Numbers,
    *,
    sources: Numbers | None = None,
    cells: Cells = strongest,
    value: float | None = None,
    rule: Rule = deconv,
    rules: Mapping[str, Rule] = NO_RULES,
    graph: Graph | None = None,
) -> tuple[Passage, ...]:
    """Return every step that a projection passes, from the layer itself down to the input.

    Takes and raises what ``project`` does. The last passage is the input: its ``handed`` are the pixels of ``project``.
    All signals are held in memory, so that they can be shown: take few images.
    """
    replayed = replay(module, images, layer, graph=graph)
    rows, places = rows_of(units, sources, len(images))
    begun = start(replayed, rows, places, cells=cells, value=value)
    return passages(replayed, begun.signal, sources=places, rule=rule, rules=rules)


def passages(
    replayed: Replay,
    signal: Float[Tensor, "r ..."],
    *,
    sources: Numbers | None = None,
    rule: Rule = deconv,
    rules: Mapping[str, Rule] = NO_RULES,
) -> tuple[Passage, ...]:
    """Return every step that a signal passes; takes and raises what ``project_signal`` does."""
    _, places = rows_of([0] * len(signal), sources, len(replayed.outputs))
    holds = ruling(replayed.graph, replayed.position, rule, rules)
    places = places.to(signal.device)
    return tuple(
        _passage(replayed, crossing, places, holds[crossing.position])
        for crossing in walk(replayed, signal.detach(), places, holds)
    )


def _passage(replayed: Replay, crossing: Crossing, sources: Int[Tensor, " r"], rule: Rule) -> Passage:
    """Name and describe one crossing."""
    position = crossing.position
    step, kept = replayed.graph.steps[position], replayed.kept.get(position)
    return Passage(
        position=position,
        name=step.name,
        operation=step.operation,
        doing=in_words(step.operation, rule),
        arriving=crossing.arriving,
        leaving=crossing.leaving,
        receivers=step.inputs,
        forward=None if kept is None else kept[sources],
    )


def _share(mask: Tensor) -> Float[Tensor, " r"]:
    """Return the share of True, per row."""
    return mask.flatten(1).to(torch.float32).mean(dim=1)
