"""Image data sets. All yield the same ``Batch``: RGB in [0, 1], with concept labels or classes where there are any.

- ``minibroden``        procedural pictures with pixel-exact labels of six categories, rendered on demand
- ``broden``            a Broden folder as released, read and written
- ``folder``            any folder of images
- ``bundled``           scikit-learn's digits and its two photographs
- ``torchvision_sets``  torchvision's data sets, from disk
- ``opening``           ``open_dataset("minibroden")``: one of the above, by name or by path
- ``batch``             ``Batch``, ``Labels``, ``Vocabulary``, the ``Dataset`` protocol

Nothing heavy is imported until it is used, so that a rendering process starts quickly.
"""

import importlib
from typing import Any

_HOME = {
    "Batch": "batch",
    "BrodenFolder": "broden",
    "Concept": "batch",
    "Dataset": "batch",
    "Digits": "bundled",
    "ImageFolder": "folder",
    "Labels": "batch",
    "Vocabulary": "batch",
    "batches": "batch",
    "MiniBroden": "minibroden.dataset",
    "Photographs": "bundled",
    "export_broden": "broden",
    "open_dataset": "opening",
}
__all__ = [
    "Batch",
    "BrodenFolder",
    "Concept",
    "Dataset",
    "Digits",
    "ImageFolder",
    "Labels",
    "MiniBroden",
    "Photographs",
    "Vocabulary",
    "batches",
    "export_broden",
    "open_dataset",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in ("minibroden", "broden", "folder", "bundled", "torchvision_sets", "opening", "batch"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
