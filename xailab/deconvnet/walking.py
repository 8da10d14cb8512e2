"""The walk back through the steps of a network: the one engine of projections and of their trace.

- ``walk``     the steps that a signal passes from a layer to the pixels, one by one -> ``Crossing``
- ``Crossing``  what arrives at one step, and what it hands down
- ``ruling``   which rule holds at which ReLU; refuses what cannot be passed before anything is computed
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from xailab.deconvnet.adjoints import Passing, handed_down, refusal
from xailab.deconvnet.replaying import Replay
from xailab.deconvnet.rules import Rule
from xailab.errors import UnknownName, XailabError
from xailab.graph import Graph
from xailab.graph.operations import Input, Nonlinearity, Rectification


@dataclass(frozen=True, eq=False)
class Crossing:
    """One step on the way back.

    Parameters
    ----------
    position
        Of the step in the graph.
    arriving
        The signal at its output: all that the steps above handed down, added.
    leaving
        What it hands down to each of its inputs; of the input itself: nothing.
    """

    position: int
    arriving: Tensor
    leaving: tuple[Tensor, ...]


def ruling(graph: Graph, position: int, rule: Rule, rules: Mapping[str, Rule]) -> dict[int, Rule]:
    """Return the rule of every step on the way from ``position`` to the pixels.

    Raises
    ------
    UnknownName
        ``rules`` names a step that is no ReLU (or other nonlinearity) on the way.
    XailabError
        A step that has no way back under its rule.
    """
    places = graph.leading_to(position)
    bending = {graph.steps[one].name for one in places if _bends(graph, one)}
    for name in rules:
        if name not in bending:
            raise UnknownName("ReLU on the way to the pixels", name, bending)
    found: dict[int, Rule] = {}
    for place in places:
        step = graph.steps[place]
        found[place] = rules.get(step.name, rule)
        reason = None if isinstance(step.operation, Input) else refusal(step.operation, found[place])
        if reason:
            hint = f" (for this step alone: rules={{{step.name!r}: gradient}})" if _bends(graph, place) else ""
            raise XailabError(f"step {step.name!r} cannot be passed on the way back: {reason}{hint}")
    return found


@torch.no_grad()
def walk(
    replayed: Replay, signal: Float[Tensor, "r ..."], sources: Int[Tensor, " r"], rules: Mapping[int, Rule]
) -> Iterator[Crossing]:
    """Yield the steps that a signal passes, from the layer to the input, whose ``arriving`` are the pixels.

    Parameters
    ----------
    replayed
        The forward run.
    signal
        At the layer's output, in its shape.
    sources
        Which image each row of the signal belongs to.
    rules
        Of ``ruling``.
    """
    graph = replayed.graph
    everything = torch.equal(sources, torch.arange(len(replayed.outputs), device=sources.device))
    waiting: dict[int, Tensor] = {replayed.position: signal}
    for place in reversed(graph.leading_to(replayed.position)):
        step, arriving = graph.steps[place], waiting.pop(place)
        if isinstance(step.operation, Input):
            yield Crossing(place, arriving, ())
            continue
        kept = replayed.kept.get(place)
        if kept is not None and not everything:
            kept = kept[sources]
        shapes = tuple(graph.steps[one].shape for one in step.inputs)
        leaving = handed_down(step.operation, arriving, Passing(shapes, rules[place], kept))
        for one, part in zip(step.inputs, leaving, strict=True):
            waiting[one] = waiting[one] + part if one in waiting else part
        yield Crossing(place, arriving, leaving)


def _bends(graph: Graph, position: int) -> bool:
    return isinstance(graph.steps[position].operation, Rectification | Nonlinearity)
