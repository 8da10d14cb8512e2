"""Pictures of views and of activation space.

- ``side_by_side``  one image, seen by several layers: each layer's strength and its strongest units, on one scale
- ``draw_space``    a chart of an activation space, colored by concept
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from xailab import render
from xailab.errors import UnknownName, XailabError
from xailab.inspection.space import ActivationSpace
from xailab.inspection.views import check_units, maps_of, strength, strongest_units
from xailab.models.network import Network
from xailab.render.colors import CATEGORY_COLORS

CONCEPT_COLORS = (*CATEGORY_COLORS.values(), "#332288", "#117733", "#882255", "#999933")
"""Of the concepts of one chart, by how frequent they are; told apart by color-blind people as far as ten can be."""

UNLABELED = "#c3c9d2"
"""The gray of points without a label, or of one that is too rare for a color."""


def side_by_side(
    network: Network,
    image: Float[Tensor, "3 h w"],
    layers: Sequence[str],
    *,
    units: int | Sequence[int] = 4,
    size: int = 160,
    image_size: int | None = None,
) -> Image.Image:
    """Draw what several layers make of one image: a row per layer, each map as large as the image.

    In each row: the image, the strength of each cell (the length of its vector of activations), and some units. The
    units of a row share one color scale, written beside the last; the strength has its own. Cells are drawn as they
    are, so that the picture shows how coarse a layer is.

    Parameters
    ----------
    network
        Untouched.
    image
        RGB in [0, 1].
    layers
        First, middle, deep: in the order in which they are to stand.
    units
        So many units of each layer, those that the image excites most; or these units of every layer.
    size
        Pixels of the longer side of each picture.
    image_size
        As in ``maps_of``.

    Raises
    ------
    XailabError
        No layers, a layer without maps, a unit that a layer does not have.
    """
    if not layers:
        raise XailabError("no layers to stand side by side; give a first, a middle and a deep one")
    found = maps_of(network, image, layers, image_size=image_size)
    photo = render.enlarge(image.cpu(), size=size, smooth=True)
    pictures, captions, titles = [], [], []
    for layer, maps in found.items():
        count, rows, columns = maps.shape
        if rows * columns == 1:
            raise XailabError(f"layer {layer!r} gives one number per unit, which is no map to stand beside others")
        chosen = strongest_units(maps, count=units) if isinstance(units, int) else list(units)
        check_units(chosen, count, layer)
        limits = render.shared_limits(*(maps[unit] for unit in chosen))
        shown = [_cells(maps[unit], photo, limits) for unit in chosen]
        shown[-1] = render.with_colorbar(shown[-1], limits)
        pictures += [photo, _cells(strength(maps), photo, None), *shown]
        captions += [
            "the image",
            "all units\nstrength",
            *(f"unit {unit}\nmax {float(maps[unit].max()):.3g}" for unit in chosen),
        ]
        titles.append(f"{layer}\n{count} units\n{rows} × {columns} cells")
    return render.grid(pictures, columns=2 + len(chosen), captions=captions, row_titles=titles, gap=8)


def _cells(values: Float[Tensor, "h w"], photo: Image.Image, limits: tuple[float, float] | None) -> Image.Image:
    """Draw a map as large as the image, cell by cell."""
    return render.heatmap(values.cpu(), limits=limits).resize(photo.size, Image.Resampling.NEAREST)


def draw_space(
    space: ActivationSpace,
    category: str | None = None,
    *,
    components: int = 2,
    shown: int | Sequence[str] = 8,
) -> Figure:
    """Draw the points in their first principal components, colored by the concept at their places.

    Parameters
    ----------
    space
        From ``activation_space``.
    category
        Whose concepts; None: all points in one color.
    components
        2: one panel; 3: three, one for each two of them.
    shown
        Concepts that have a color, at most 10; the others are gray, as the unlabeled are. A number: those
        whose means lie farthest from the mean of all points, weighted by how many points they have.

    Raises
    ------
    UnknownName
        No such category, or no point of such a concept.
    XailabError
        Other numbers of components or colors.
    """
    colors = shown if isinstance(shown, int) else len(shown)
    if components not in (2, 3) or not 0 <= colors <= len(CONCEPT_COLORS):
        raise XailabError(
            f"expected 2 or 3 components and up to {len(CONCEPT_COLORS)} colors, got {components}, {shown}"
        )
    names = np.array(space.names(category) if category is not None else [""] * len(space))
    colored = list(shown) if not isinstance(shown, int) else _telling(space, names, shown)
    for name in colored:
        if name not in names:
            raise UnknownName(f"{category} concept among the points", name, sorted(set(names.tolist()) - {""}))
    found = space.principal(components)
    pairs = [(0, 1)] if components == 2 else [(0, 1), (0, 2), (1, 2)]
    figure = Figure(figsize=(2.4 + 5.6 * len(pairs), 6.2), layout="constrained")
    for place, (x, y) in enumerate(pairs):
        axes = figure.add_subplot(1, len(pairs), place + 1)
        _scatter(axes, found.points[:, [x, y]], names, colored)
        axes.set_xlabel(f"component {x + 1} ({found.share[x]:.0%} of the variance)", fontsize=13)
        axes.set_ylabel(f"component {y + 1} ({found.share[y]:.0%})", fontsize=13)
    title = f"{len(space):,} cells of {space.layer}" + (f" by {category}" if category else "")
    figure.suptitle(title, x=0.02, ha="left", fontsize=16)
    if colored:
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=12, markerscale=2.5)
    return figure


def _telling(space: ActivationSpace, names: np.ndarray, count: int) -> list[str]:
    """Return the concepts whose means explain most of the variance of the space."""
    mean = space.vectors.mean(0)
    explained = {
        name: (names == name).sum() * float(np.square(space.vectors[names == name].mean(0) - mean).sum())
        for name in sorted(set(names.tolist()) - {""})
    }
    return sorted(explained, key=lambda name: -explained[name])[:count]


def _scatter(axes: Axes, points: Float64[np.ndarray, "n 2"], names: np.ndarray, colored: Sequence[str]) -> None:
    """Draw points, those of rare concepts last."""
    rest = ~np.isin(names, colored)
    xs, ys = points.T
    axes.scatter(xs[rest], ys[rest], s=7, c=UNLABELED, linewidths=0, label="other or unlabeled", zorder=1)
    for name, color in zip(colored, CONCEPT_COLORS, strict=False):
        here = names == name
        size = 14 if here.sum() > 60 else 26
        axes.scatter(xs[here], ys[here], s=size, c=color, linewidths=0, alpha=0.85, label=name, zorder=3 - here.mean())
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_aspect("equal", adjustable="datalim")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
