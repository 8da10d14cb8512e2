"""What ``hooks.Capture`` costs over a plain forward, and what stopping early saves.

Run: ``python benchmarks/bench_hooks.py``. Two networks of torchvision with random weights, 8 images of 224 px, one
thread. All variants are measured in turn in every round and compared by their medians, so that a busy machine disturbs
all of them alike.
"""

import statistics
import time
from collections.abc import Callable

import torch
import torchvision
from torch import Tensor, nn

from xailab.hooks import Capture

ROUNDS = 12
CASES = {
    "alexnet": ("features.0", "features.6", "features.12"),
    "resnet18": ("layer1", "layer2", "layer4"),
}


def plain(model: nn.Module, images: Tensor) -> Callable[[], object]:
    return lambda: model(images)


def captured(model: nn.Module, images: Tensor, layers: tuple[str, ...], *, stop: bool) -> Callable[[], object]:
    def run() -> object:
        with Capture(model, layers, stop=stop) as capture:
            return capture(images)

    return run


def medians(variants: dict[str, Callable[[], object]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(ROUNDS + 2):  # two rounds to warm up
        for name, run in variants.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values[2:]) for name, values in times.items()}


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    images = torch.rand(8, 3, 224, 224)
    print(f"{'network':10} {'variant':44} {'ms':>8} {'of plain':>9}")
    for name, layers in CASES.items():
        model = torchvision.models.get_model(name, weights=None).eval()
        variants = {"plain forward": plain(model, images)}
        variants["capture " + ", ".join(layers)] = captured(model, images, layers, stop=False)
        for layer in layers:
            variants[f"stop after {layer}"] = captured(model, images, (layer,), stop=True)
        with torch.inference_mode():
            found = medians(variants)
        for variant, seconds in found.items():
            print(f"{name:10} {variant:44} {seconds * 1e3:8.1f} {seconds / found['plain forward']:9.3f}")


if __name__ == "__main__":
    main()
