"""Guided projections of nine images: ours beside common practice with autograd, and how the cost grows with the units.

Run: ``python benchmarks/bench_deconvnet.py``. The shipped network ``tags`` and torchvision's ResNet-18 with random
weights, one thread. Practice is what explanation libraries do: the network's ReLU modules are replaced by ones with a
guided backward pass, and for each image and unit there is a forward run and ``torch.autograd.grad``; "batched" does it
for the nine images at once, still unit by unit. The results are compared before anything is timed. All variants are
measured in turn in every round and compared by their medians, so that a busy machine disturbs all of them alike;
``--processor`` counts processor time instead of time.
"""

import argparse
import copy
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
import torchvision
from torch import Tensor, nn

from xailab import models
from xailab.deconvnet import guided, project, project_signal, replay
from xailab.graph import trace

IMAGES = 9
CASES = {"tags": ("conv5", 64), "resnet18": ("layer4.1", 224)}
UNITS = (1, 4, 8)


class GuidedReLU(torch.autograd.Function):
    """A ReLU whose backward pass lets positive signals through where it was active."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        """Rectify."""
        output = values.clamp(min=0)
        ctx.save_for_backward(output)
        return output

    @staticmethod
    def backward(ctx: Any, signal: Tensor) -> Tensor:
        """Let through what is positive, where it was active."""
        (output,) = ctx.saved_tensors
        return signal.clamp(min=0) * (output > 0)


class GuidedModule(nn.Module):
    """Takes the place of a ReLU module."""

    def forward(self, values: Tensor) -> Tensor:
        """Rectify."""
        return GuidedReLU.apply(values)


def with_guided_relus(module: nn.Module) -> nn.Module:
    """Copy a network and replace its ReLU modules."""
    changed = copy.deepcopy(module)
    for layer in list(changed.modules()):
        for name, part in layer.named_children():
            if isinstance(part, nn.ReLU):
                setattr(layer, name, GuidedModule())
    return changed


def by_autograd(module: nn.Module, images: Tensor, layer: str, unit: int) -> Tensor:
    """Run forward, keep the layer by a hook, differentiate half of the square of each largest activation."""
    kept: list[Tensor] = []
    hook = module.get_submodule(layer).register_forward_hook(lambda part, given, output: kept.append(output))
    given = images.clone().requires_grad_()
    module(given)
    hook.remove()
    largest = kept[0][:, unit].flatten(1).amax(dim=1)
    return torch.autograd.grad(largest.square().sum() / 2, given)[0]


def practice(module: nn.Module, images: Tensor, layer: str, units: int, *, batch: int) -> Tensor:
    changed = with_guided_relus(module)  # once per call, as wrapping a model is
    parts = [images[first : first + batch] for first in range(0, len(images), batch)]
    return torch.cat([by_autograd(changed, part, layer, unit) for unit in range(units) for part in parts])


def ours(module: nn.Module, images: Tensor, layer: str, units: int, **options: Any) -> Tensor:
    rows = [unit for unit in range(units) for _ in images]
    sources = list(range(len(images))) * units
    return project(module, images, layer, rows, sources=sources, rule=guided, **options).pixels


def variants(module: nn.Module, images: Tensor, layer: str, units: int) -> dict[str, Callable[[], Tensor]]:
    graph = trace(module, (images.shape[2], images.shape[3]))
    return {
        "practice, image by image": lambda: practice(module, images, layer, units, batch=1),
        "practice, batched": lambda: practice(module, images, layer, units, batch=len(images)),
        "ours": lambda: ours(module, images, layer, units),
        "ours, graph at hand": lambda: ours(module, images, layer, units, graph=graph),
    }


def medians(runs: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds + 1):  # one round to warm up
        for name, run in runs.items():
            start = clock()
            run()
            times[name].append(clock() - start)
    return {name: statistics.median(values[1:]) for name, values in times.items()}


def live(module: nn.Module, images: Tensor, layer: str) -> Callable[[], Tensor]:
    """Project one more unit when the forward run is at hand, as a page does while somebody clicks through units."""
    replayed = replay(module, images, layer)
    signal = torch.zeros_like(replayed.outputs)
    signal[:, 0, 2, 2] = replayed.outputs[:, 0, 2, 2]
    return lambda: project_signal(replayed, signal, rule=guided)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processor", action="store_true", help="count processor time")
    options = parser.parse_args()
    clock = time.process_time if options.processor else time.perf_counter
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"{'network':10} {'units':>5} {'variant':28} {'ms':>9} {'ms per projection':>18} {'of ours':>8}")
    for name, (layer, size) in CASES.items():
        module = models.load("tags").module if name == "tags" else torchvision.models.get_model(name, weights=None)
        module, images = module.eval(), torch.randn(IMAGES, 3, size, size)
        for units in UNITS:
            runs = variants(module, images, layer, units)
            expected = runs["practice, batched"]()
            error = float((runs["ours"]() - expected).abs().max() / expected.abs().max())
            found = medians(dict(runs), options.rounds, clock)
            for variant, seconds in found.items():
                each, ratio = seconds / units / IMAGES, seconds / found["ours"]
                print(f"{name:10} {units:5} {variant:28} {seconds * 1e3:9.1f} {each * 1e3:18.2f} {ratio:8.2f}")
            print(f"{'':16} largest difference from practice: {error:.1e} of the largest value")
        seconds = medians({"live": live(module, images, layer)}, options.rounds, clock)["live"]
        print(f"{name:10} {1:5} {'ours, forward run at hand':28} {seconds * 1e3:9.1f} {seconds / IMAGES * 1e3:18.2f}")


if __name__ == "__main__":
    main()
