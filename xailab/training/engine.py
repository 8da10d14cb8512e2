"""The training loop: a recipe and examples in, a trained mini-AlexNet out.

- ``train``   all steps, with a progress bar, interruptible and resumable
- ``logits``  a network's answers for examples, without augmentation

The same recipe, seed and examples give the same bits on the same machine with the same number of threads, whether or
not the run was interrupted. (Sums over a batch are split among the threads, so another number of threads rounds
differently.)
"""

from collections import deque
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from tqdm import tqdm

from xailab.images import MINIBRODEN, normalize
from xailab.interrupts import interrupts_deferred
from xailab.models.architectures import mini_alexnet
from xailab.models.randomizing import seeded
from xailab.training.checkpoint import Progress, restore, save
from xailab.training.examples import Examples, augmented, plain
from xailab.training.recipe import Recipe, learning_rate, stream

SAVE_EVERY = 200
"""Steps between two checkpoints: about ten seconds."""


def train(
    recipe: Recipe,
    examples: Examples,
    *,
    classes: int,
    checkpoint: Path | None = None,
    progress: bool = True,
) -> nn.Sequential:
    """Train a mini-AlexNet with batch normalization and return it in evaluation mode.

    Parameters
    ----------
    recipe
        The numbers.
    examples
        What to learn. An epoch that holds no whole batch becomes one smaller batch.
    classes
        Number of logits.
    checkpoint
        Where to write every 200 steps, at the end and at Ctrl-C how far it came; taken up when it exists.
    progress
        Whether to show a bar on stderr with the loss (mean of the last 50 steps) and the time left.

    Raises
    ------
    KeyboardInterrupt
        After the step in which Ctrl-C was pressed, and after it was saved.
    XailabError
        The checkpoint is of another run, damaged, or cannot be written.
    """
    run = _start(recipe, examples, classes)
    if checkpoint is not None and checkpoint.exists():
        restore(run, checkpoint)
    total, recent = _steps_per_epoch(recipe, len(examples)) * recipe.epochs, deque[float](maxlen=50)
    bar = tqdm(total=total, initial=run.steps, desc="training", unit="step", disable=not progress)
    with bar, interrupts_deferred() as interrupted:
        while run.steps < total:
            chosen = _batch(recipe, len(examples), run.steps)
            _set_rate(run.optimizer, learning_rate(recipe, run.steps / total))
            recent.append(_step(run, recipe, examples, chosen))
            run.steps += 1
            bar.set_postfix(loss=f"{sum(recent) / len(recent):.4f}", refresh=False)
            bar.update()
            if checkpoint is not None and (run.steps % SAVE_EVERY == 0 or run.steps == total or interrupted()):
                save(run, checkpoint)
            if interrupted():
                raise KeyboardInterrupt
    assert isinstance(run.module, nn.Sequential)
    return run.module.eval()


@torch.no_grad()
def logits(module: nn.Module, examples: Examples, *, batch_size: int = 250) -> Float[Tensor, "n classes"]:
    """Return what ``module`` answers for the images as they are."""
    parts = torch.split(examples.images, batch_size)
    return torch.cat([module(normalize(plain(part), MINIBRODEN)) for part in parts])


def _start(recipe: Recipe, examples: Examples, classes: int) -> Progress:
    """Return a run at step 0. Weights are kept channels last: convolutions train faster on a CPU (see benchmarks)."""
    with seeded(recipe.seed):
        module = mini_alexnet(classes, conv5=recipe.conv5, batch_norm=True, dropout=recipe.dropout)
    module = module.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(
        module.parameters(), lr=recipe.peak_rate, weight_decay=recipe.weight_decay, fused=True
    )
    key = f"{recipe}, classes={classes}, {len(examples)} images of {' + '.join(examples.data)}"
    return Progress(module, optimizer, key)


def _steps_per_epoch(recipe: Recipe, images: int) -> int:
    return max(1, images // recipe.batch_size)


def _batch(recipe: Recipe, images: int, step: int) -> Tensor:
    """Return the positions of one step's images: each epoch goes through all of them in an order of its own."""
    epoch, place = divmod(step, _steps_per_epoch(recipe, images))
    order = torch.randperm(images, generator=stream(recipe.seed, "order", epoch))
    return order[place * recipe.batch_size : (place + 1) * recipe.batch_size]


def _set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def _step(run: Progress, recipe: Recipe, examples: Examples, chosen: Tensor) -> float:
    """One step of the optimizer; returns the loss before it."""
    images = augmented(examples.images[chosen], stream(recipe.seed, "augment", run.steps), jitter=recipe.jitter)
    run.optimizer.zero_grad(set_to_none=True)
    with seeded(stream(recipe.seed, "dropout", run.steps).initial_seed()):
        loss = recipe.loss(run.module(normalize(images, MINIBRODEN)), examples.targets[chosen])
    torch.autograd.backward(loss)
    run.optimizer.step()
    return loss.item()
