"""What is kept of the units of a layer while images go by: bounded, whatever the size of the data set.

- ``Plan``            the options that change the result
- ``Observer``        anything else that shall see the same maps
- ``Collector``       an accumulator over the maps of one layer
- ``LayerExemplars``  what it returns
"""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor

from xailab.errors import XailabError
from xailab.exemplars.sampling import RandomImages, Sample
from xailab.statistics.topk import Exemplars, TopImages


@dataclass(frozen=True)
class Plan:
    """The options of a run that change its result.

    Parameters
    ----------
    count
        How many images to keep per unit at either end: those that excite it most, and least.
    sample
        How many images to keep at random, for ``spread`` and ``random_images``; 0 for none. The part q of the data set
        that excites a unit most is found among them to about sqrt(q (1 - q) / sample).
    seed
        Of the random images.
    batch_size
        Images per forward pass. (Convolutions may round differently for another number of images.)

    Raises
    ------
    ValueError
        A number out of range.
    """

    count: int = 9
    sample: int = 512
    seed: int = 0
    batch_size: int = 64

    def __post_init__(self) -> None:
        for name, least in (("count", 1), ("sample", 0), ("seed", 0), ("batch_size", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")


STANDARD = Plan()
"""What is kept unless something else is asked for."""


@runtime_checkable
class Observer(Protocol):
    """An accumulator that sees the maps of a layer as they go by, such as ``ChannelMoments``."""

    def add(self, activations: Float[Tensor, "b k h w"], indices: Int[Tensor, " b"]) -> None:
        """Add the maps of some images, given their positions in the data set; where there are no maps, ``b k 1 1``."""

    def merge(self, other: Any) -> None:
        """Add what another of its kind, of other images, has seen."""

    def state(self) -> Mapping[str, np.ndarray]:
        """Return everything needed to go on later."""

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> "Observer":
        """Return one that goes on where ``state`` was taken."""


@dataclass(frozen=True, eq=False)
class LayerExemplars:
    """What the units of a layer answer to.

    Parameters
    ----------
    layer
        Dotted name.
    shape
        Units, rows and columns of its maps; one row and one column for a layer that gives one number per unit.
    image_size
        Height and width of the network's input: positions in the maps are places in images of this size.
    images
        How many images were seen.
    best
        The images with the largest maximum of each unit, the largest first.
    lowest
        The images with the smallest minimum of each unit, the smallest first. After a ReLU the smallest is 0 in nearly
        all images, and those that stand here mean nothing.
    sample
        Images chosen at random, with the maxima of all units.
    observed
        The observers that saw the same maps.
    """

    layer: str
    shape: tuple[int, int, int]
    image_size: tuple[int, int]
    images: int
    best: Exemplars
    lowest: Exemplars
    sample: Sample
    observed: Mapping[str, Observer] = field(default_factory=dict)


class Collector:
    """Keeps the best, the lowest and random images of all units of a layer, and shows the maps to observers.

    The result depends neither on the order of batches nor on shards, to the bit, as far as the maps do not (and the
    observers, which say so themselves). Memory: 56 bytes per unit and ``count``, 8 per unit and ``sample``.

    Parameters
    ----------
    layer
        Its name, for messages.
    units
        Number of channels, k.
    plan
        What is kept.
    observers
        Empty ones; they are copied.
    """

    def __init__(
        self, layer: str, units: int, plan: Plan = STANDARD, observers: Mapping[str, Observer] | None = None
    ) -> None:
        self.layer, self.units, self.plan, self.images = layer, units, plan, 0
        self._best, self._lowest = TopImages(units, plan.count), TopImages(units, plan.count)
        self._random = RandomImages(units, plan.sample, seed=plan.seed)
        self.observed = {name: type(one).from_state(one.state()) for name, one in (observers or {}).items()}

    def add(self, activations: Float[Tensor, "b k *hw"], indices: Int[Tensor, " b"]) -> None:
        """Add the maps of some images.

        Parameters
        ----------
        activations
            The layer's maps; or one number per unit.
        indices
            The images' positions in the data set, each at most once in all.

        Raises
        ------
        XailabError
            NaN or infinite numbers; names layer, units and image. Nothing has been added then.
        ValueError
            Another number of units, maps without cells, or an image that was added before.
        """
        maps = activations.detach().float()
        maps = maps[:, :, None, None] if maps.ndim == 2 else maps
        if maps.ndim != 4 or maps.shape[1] != self.units or not maps.shape[2] * maps.shape[3]:
            expected = f"expected maps of {self.units} units, or one number per unit, of layer {self.layer!r}"
            raise ValueError(f"{expected}, got {tuple(activations.shape)}")
        high, low = maps.amax((2, 3)) + 0.0, maps.amin((2, 3))  # + 0.0: -0 and 0 are one value
        self._refuse(high, low, indices)
        _rank(self._best, high, maps, indices, torch.argmax)
        _rank(self._lowest, -low, maps, indices, torch.argmin)
        self._random.add(high, maps, indices)
        for one in self.observed.values():
            one.add(maps.contiguous(), indices)
        self.images += len(maps)

    def merge(self, other: "Collector") -> None:
        """Add what another collector, of other images, has seen.

        Raises
        ------
        ValueError
            It is of another layer or plan, has other observers, or an image is in both.
        """
        self.check_alike(other)
        self._best.merge(other._best)
        self._lowest.merge(other._lowest)
        self._random.merge(other._random)
        for name, one in self.observed.items():
            one.merge(other.observed[name])
        self.images += other.images

    def check_alike(self, other: "Collector") -> None:
        """Refuse another that cannot be merged. Raises ValueError; says what differs."""
        pairs: list[tuple[str, object, object]] = [
            (name, getattr(self, name), getattr(other, name)) for name in ("layer", "units")
        ]
        pairs += [(name, getattr(self.plan, name), getattr(other.plan, name)) for name in ("count", "sample", "seed")]
        for name, here, there in [*pairs, ("observers", sorted(self.observed), sorted(other.observed))]:
            if here != there:
                raise ValueError(f"cannot merge: {name} is {here} here and {there} there")

    def result(self, shape: tuple[int, int, int], image_size: tuple[int, int]) -> LayerExemplars:
        """Return what is kept; ``shape`` and ``image_size`` are passed on."""
        mirrored = self._lowest.result()
        lowest = replace(mirrored, values=0.0 - mirrored.values)  # 0 and not -0 for 0
        best, sample = self._best.result(), self._random.result()
        return LayerExemplars(self.layer, shape, image_size, self.images, best, lowest, sample, dict(self.observed))

    def state(self) -> dict[str, np.ndarray]:
        """Return everything needed to go on later."""
        parts: dict[str, TopImages | RandomImages | Observer] = {"best": self._best, "lowest": self._lowest}
        parts["random"] = self._random
        parts |= {f"observed {name}": one for name, one in self.observed.items()}
        arrays = {f"{part}|{name}": array for part, one in parts.items() for name, array in one.state().items()}
        return arrays | {"images": np.array(self.images, np.int64)}

    def continued(self, state: Mapping[str, np.ndarray]) -> "Collector":
        """Return a collector of the same layer, plan and observers that goes on where ``state`` was taken."""

        def part(name: str) -> dict[str, np.ndarray]:
            return {key.removeprefix(f"{name}|"): array for key, array in state.items() if key.startswith(f"{name}|")}

        other = copy(self)
        other._best, other._lowest = TopImages.from_state(part("best")), TopImages.from_state(part("lowest"))
        other._random = RandomImages.from_state(part("random"))
        other.observed = {name: type(one).from_state(part(f"observed {name}")) for name, one in self.observed.items()}
        other.images = int(state["images"])
        return other

    def _refuse(self, high: Float32[Tensor, "b k"], low: Float32[Tensor, "b k"], indices: Int[Tensor, " b"]) -> None:
        """Refuse what cannot be ranked: NaN is its own maximum, and infinite numbers are found at the ends."""
        bad = ~(high.isfinite() & low.isfinite())
        if not bool(bad.any()):
            return
        units = bad.any(0).nonzero()[:, 0].tolist()
        image = int(indices[int(bad.any(1).nonzero()[0, 0])])
        raise XailabError(
            f"layer {self.layer!r} gives NaN or infinite numbers in {len(units)} units (first {units[:5]}) for image "
            f"{image} of the data set; are weights and normalization right?"
        )


def _rank(
    best: TopImages,
    values: Float32[Tensor, "b k"],
    maps: Float32[Tensor, "b k h w"],
    indices: Int[Tensor, " b"],
    where: Callable[..., Tensor],
) -> None:
    """Add the ends of some maps. ``where`` they lie is looked up only of those that get in: soon very few."""
    entering = best.entering(values, indices)
    rows = entering.any(1).nonzero()[:, 0]
    image, unit = entering[rows].nonzero(as_tuple=True)
    cells = where(maps[rows[image], unit].contiguous().flatten(1), dim=1)
    positions = torch.full((len(rows), maps.shape[1], 2), -1, device=maps.device)
    positions[image, unit] = torch.stack([cells // maps.shape[3], cells % maps.shape[3]], 1)
    best.add_peaks(values[rows], positions, indices[rows.to(indices.device)])
