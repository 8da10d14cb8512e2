"""Training speed in images per second: the engine against the loop that one would write first, in turns.

    python benchmarks/bench_training.py [--threads 2] [--rounds 5]

Three loops train the same mini-AlexNet on the same random images, 64 at a time:

- ``plain``          a DataLoader over single float images, channels first: the tutorial's loop
- ``channels last``  the same loop with images and weights channels last
- ``engine``         ``xailab.training.engine``: bytes in memory, augmentation of whole batches, channels last

Each round runs all three, so that a busy machine slows them alike; what is compared is the ratio within a round.
"""

import argparse
import statistics
import time

import torch
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from xailab.images import MINIBRODEN, normalize
from xailab.models.architectures import mini_alexnet
from xailab.training.engine import train
from xailab.training.examples import Examples
from xailab.training.recipe import Recipe

IMAGES, CLASSES, BATCH = 1280, 12, 64


def plain(images: torch.Tensor, targets: torch.Tensor, *, memory_format: torch.memory_format) -> None:
    module = mini_alexnet(CLASSES, batch_norm=True, dropout=0.3).to(memory_format=memory_format).train()
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3)
    for batch, answers in DataLoader(TensorDataset(images, targets), BATCH, shuffle=True):
        flipped = batch.flip(3) if torch.rand(()) < 0.5 else batch
        inputs = normalize(flipped, MINIBRODEN).contiguous(memory_format=memory_format)
        loss = functional.cross_entropy(module(inputs), answers)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (IMAGES, 64, 64, 3), dtype=torch.uint8, generator=generator)
    targets = torch.randint(0, CLASSES, (IMAGES,), generator=generator)
    floats = (pixels / 255).permute(0, 3, 1, 2).contiguous()
    recipe = Recipe(functional.cross_entropy, 1, batch_size=BATCH)
    loops = {
        "plain": lambda: plain(floats, targets, memory_format=torch.contiguous_format),
        "channels last": lambda: plain(floats, targets, memory_format=torch.channels_last),
        "engine": lambda: train(recipe, Examples(pixels, targets, ()), classes=CLASSES, progress=False),
    }
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    for turn in range(options.rounds + 1):
        for name, loop in loops.items():
            began = time.perf_counter()
            loop()
            if turn:  # the first round warms up
                seconds[name].append(time.perf_counter() - began)
    print(f"{IMAGES} images of 64 px, batches of {BATCH}, {options.threads} threads, median of {options.rounds} rounds")
    print(f"{'loop':15} {'images/s':>9} {'x plain':>8}")
    for name, times in seconds.items():
        ratio = statistics.median(base / own for base, own in zip(seconds["plain"], times, strict=True))
        print(f"{name:15} {IMAGES / statistics.median(times):9.0f} {ratio:8.2f}")


if __name__ == "__main__":
    main()
