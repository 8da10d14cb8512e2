"""MiniBroden: a procedural data set with pixel-exact labels of six kinds, rendered on demand.

- ``sample``      one picture of a seed, with labels and facts (``Picture``, ``Facts``, ``Instance``)
- ``Bias``, ``Cue``   planted shortcuts
- ``MiniBroden``  the data set: splits, cached chunks, batches for torch
- ``make_vocabulary``  builds its ``xailab.data.batch.Vocabulary``
- ``NUMBERS``, ``THINGS``, ``SCENES``, ``TEXTURES`` ...   the names, from ``minibroden.vocabulary``

Rendering needs numpy and numba only; torch is imported with ``MiniBroden`` or ``make_vocabulary``.

Source: the categories are those of Broden, Bau et al. 2017, section 2.1; everything that is drawn is our own.
"""

from typing import TYPE_CHECKING, Any

from xailab.data.minibroden.bias import Bias, Cue, Planted
from xailab.data.minibroden.picture import MODES, Facts, Instance, Picture, sample
from xailab.data.minibroden.vocabulary import (
    CATEGORIES,
    COLORS,
    MATERIALS,
    NUMBERS,
    PARTS,
    SCENES,
    STUFF,
    TEXTURES,
    THINGS,
)

if TYPE_CHECKING:
    from xailab.data.minibroden.dataset import SPLITS, MiniBroden, make_vocabulary

_WITH_TORCH = ("SPLITS", "MiniBroden", "make_vocabulary")
__all__ = [
    "CATEGORIES", "COLORS", "MATERIALS", "MODES", "NUMBERS", "PARTS", "SCENES", "SPLITS", "STUFF", "TEXTURES", "THINGS",
    "Bias", "Cue", "Facts", "Instance", "MiniBroden", "Picture", "Planted", "make_vocabulary", "sample",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _WITH_TORCH:
        from xailab.data.minibroden import dataset

        return getattr(dataset, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
