"""The network ``tags``: which objects, materials, textures and scenes of MiniBroden an image shows, each yes or no.

- ``train_tags``  recreate it
- ``tagged``      the concepts that are tags, in the order of the outputs
- ``tag_names``   their names
- ``tags_of``     which of them the images of a batch show

Rich supervision is the point: the more a network has to tell apart, the more of its units become detectors of one
concept. Parts and colors are not among the tags, so that what units know of them they found by themselves.
"""

from collections import Counter
from concurrent.futures import Executor
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from xailab.data.batch import Batch, Concept, Vocabulary
from xailab.data.minibroden.dataset import MiniBroden
from xailab.errors import DataError
from xailab.training.examples import gather, joined
from xailab.training.recipe import Recipe
from xailab.training.run import Report, Task, check_out, train_network
from xailab.training.scores import mean_average_precision

EPOCHS = 28
DROPOUT = 0.3
"""Longer and with more dropout than for ``objects``: on the probe set, 18 epochs gave 33 unique detectors at conv5, 28
epochs with this dropout 40, at the same mean average precision. One run each."""
CONV5 = 128
SIZE = 64
TRAINING, TEST = ("train-scenes", "train-objects", "train-textures"), "test-scenes"
CATEGORIES = ("object", "material", "texture", "scene")
FEWEST_PIXELS = 30
"""Of 64 x 64 that must show a concept for it to be a tag: less than that no one sees."""


def train_tags(
    *,
    out: str | Path,
    seed: int = 0,
    epochs: int = EPOCHS,
    resume: bool = True,
    progress: bool = True,
    executor: Executor | None = None,
) -> Report:
    """Train the tags on MiniBroden's scenes, single objects and textures, and judge them on scenes.

    The same call gives the same bits on the same machine with the same number of threads. Interrupted, it continues
    when it is called again. The images are rendered on first use and cached; ``Report.seconds`` is without that.

    Parameters
    ----------
    out
        The ``.safetensors`` file to write; ``xailab.models.load("tags", weights=out)`` loads it.
    seed
        Of everything that is drawn in training. The images are always the same.
    epochs
        How often each image is seen.
    resume
        False: start anew even if an interrupted run could go on.
    progress
        Whether to show bars on stderr.
    executor
        Renders missing images in its workers; by default they are rendered here.

    Raises
    ------
    XailabError
        ``out`` cannot be written, or an interrupted run of another seed or recipe stands there.
    """
    check_out(out)
    recipe = Recipe(functional.binary_cross_entropy_with_logits, epochs, seed=seed, conv5=CONV5, dropout=DROPOUT)
    splits = [MiniBroden(split, size=SIZE, progress=progress) for split in (*TRAINING, TEST)]
    for data in splits:
        data.render(executor)
    concepts = tagged(splits[0].vocabulary)
    task = Task(
        "tags",
        recipe,
        tag_names(concepts),
        mean_average_precision,
        f"mini-AlexNet, {len(concepts)} tags of MiniBroden (objects, materials, textures, scenes), each yes or no",
    )
    parts = [gather(data, lambda batch: tags_of(batch, concepts), progress=progress) for data in splits]
    return train_network(task, joined(parts[:-1]), parts[-1], out=out, resume=resume, progress=progress)


def tagged(vocabulary: Vocabulary) -> tuple[Concept, ...]:
    """Return the concepts that are tags: objects first (the twelve things before all), then by category and number."""
    return tuple(c for category in CATEGORIES for c in vocabulary.concepts if c.category == category)


def tag_names(concepts: tuple[Concept, ...]) -> tuple[str, ...]:
    """Return a name for each concept; where two share one, the category stands behind it: ``grass (material)``."""
    count = Counter(concept.title for concept in concepts)
    return tuple(c.title if count[c.title] == 1 else f"{c.title} ({c.category})" for c in concepts)


def tags_of(batch: Batch, concepts: tuple[Concept, ...]) -> Float[Tensor, "b classes"]:
    """Return 1 where an image shows a concept on at least 30 pixels or is labelled with it as a whole, else 0.

    Raises
    ------
    DataError
        The images have no concept labels.
    """
    if batch.labels is None:
        raise DataError("expected images with concept labels to make tags from, got images without")
    size = 1 + max(concept.number for concept in concepts)
    shown = torch.zeros(len(batch.images), size, dtype=torch.bool)
    for planes in batch.labels.maps.values():
        shown |= _counts(planes.flatten(1), size) >= FEWEST_PIXELS
    for tags in batch.labels.tags.values():
        shown |= _counts(tags, size) > 0
    return shown[:, [concept.number for concept in concepts]].float()


def _counts(numbers: Tensor, size: int) -> Tensor:
    """How often each of the concept numbers below ``size`` stands in each row: ``b n`` -> ``b size``."""
    rows = torch.arange(len(numbers))[:, None]
    inside = torch.where(numbers < size, numbers.long(), 0)
    return torch.bincount((inside + rows * size).flatten(), minlength=len(numbers) * size).view(len(numbers), size)
