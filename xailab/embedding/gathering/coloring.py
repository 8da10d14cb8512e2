"""Which labels color the points of a map.

- ``coloring``   a data set's classes, or a category of its concepts, and their names
- ``labels_of``  the class or concept of each image
"""

import numpy as np
from jaxtyping import Int64

from xailab.data.batch import Batch, Dataset
from xailab.errors import UnknownName, XailabError

CLASSES = "class"
"""The word for a data set's own classes, beside the categories of its concepts."""


def coloring(dataset: Dataset, asked: str | None = None) -> tuple[str | None, tuple[str, ...]]:
    """Return which labels color a map of the data set, and their names.

    Parameters
    ----------
    asked
        ``"class"``, or a category of concepts. None: the classes, else the first category that labels whole images,
        else the first category; for a data set without any label, None.

    Raises
    ------
    UnknownName
        The data set has no such labels; names the nearest.
    XailabError
        It has no labels at all.
    """
    categories = dataset.vocabulary.categories if dataset.vocabulary is not None else ()
    choices = ((CLASSES,) if dataset.classes else ()) + categories
    if asked is None:
        tagged = _tagged(dataset)
        asked = next(iter([*choices[: len(choices) - len(categories)], *tagged, *categories]), None)
    elif not choices:
        raise XailabError(f"{dataset.name} has no labels to color by {asked!r}; leave --color-by out for one color")
    elif asked not in choices:
        raise UnknownName(f"category of {dataset.name} to color by", asked, choices)
    if asked is None or asked == CLASSES:
        return asked, dataset.classes
    assert dataset.vocabulary is not None
    return asked, tuple(c.title for c in dataset.vocabulary.concepts if asked in (c.category, *c.categories))


def labels_of(dataset: Dataset, batch: Batch, category: str | None) -> Int64[np.ndarray, " b"]:
    """Return per image its class, its whole-image concept, or the concept that covers most of it; -1 for none."""
    none = np.full(len(batch.indices), -1, np.int64)
    if category is None:
        return none
    if category == CLASSES:
        return none if batch.targets is None else batch.targets.numpy().astype(np.int64)
    vocabulary, labels = dataset.vocabulary, batch.labels
    assert vocabulary is not None
    if labels is None:
        return none
    size = vocabulary.size
    counts = np.zeros((len(none), size), np.int64)
    for found in (labels.tags.get(category), labels.maps.get(category)):
        if found is not None and not counts.any():  # a label of the whole image says more than the areas of its parts
            flat = found.flatten(1).long().numpy() + size * np.arange(len(none))[:, None]
            counts = np.bincount(flat.ravel(), minlength=counts.size).reshape(counts.shape)
            counts[:, 0] = 0
    numbers = [c.number for c in vocabulary.concepts if category in (c.category, *c.categories)]
    mine = counts[:, numbers]
    return np.where(mine.any(1), mine.argmax(1), -1).astype(np.int64)


def _tagged(dataset: Dataset) -> list[str]:
    """Return the categories that label whole images, by a look at the first image."""
    labels = dataset.read_labels([0]) if dataset.vocabulary is not None and len(dataset) else None
    return list(labels.tags) if labels is not None else []
