"""From the options of ``xailab embed`` to a folder with a page, pictures and tables.

- ``Request``  the options
- ``run``      do it; returns the lines to print
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from xailab import __version__
from xailab.data.batch import Dataset
from xailab.data.minibroden.dataset import MiniBroden
from xailab.data.opening import asked_dataset
from xailab.embedding.gathering import coloring, gather, source_of
from xailab.embedding.pictures import Classes
from xailab.embedding.report.maps import Map, make_maps
from xailab.embedding.report.writing import RECORD, Shown, write_all
from xailab.embedding.schedule import Descent
from xailab.errors import XailabError
from xailab.files import claimed_folder
from xailab.models.catalogue import load
from xailab.models.network import Network
from xailab.models.randomizing import randomized

MADE_BY = "xailab embed"
MINE = ("index.html", "embedding.csv", "features.npz", "map.png")


@dataclass(frozen=True)
class Request:
    """The options of ``xailab embed``; see there."""

    model: str
    layer: str
    data: str = "minibroden"
    weights: str | None = None
    perplexities: tuple[float, ...] = (30.0,)
    color_by: str | None = None
    split: str | None = None
    limit: int | None = None
    image_size: int | None = None
    skip_broken: bool = False
    random_control: bool = True
    iterations: int = Descent.iterations
    batch_size: int = 64
    device: str = "cpu"
    seed: int = 0


def run(request: Request, out: Path, *, progress: bool = True) -> list[str]:
    """Make maps and write ``index.html``, pictures, ``embedding.csv``, ``features.npz`` and ``embedding.json``.

    Everything is checked before any work. Features are kept in ``out``: after an interrupt, and for other perplexities,
    the network does not run again on images that it has seen.

    Raises
    ------
    XailabError
        Anything that cannot be used: model, layer, data set, options, folder.
    Interrupted
        Ctrl-C was pressed; says what is kept.
    """
    _check(request)
    network = load(request.model, weights=request.weights, seed=request.seed)
    networks = {"": network} | ({"random": randomized(network, seed=request.seed)} if request.random_control else {})
    sources = {
        slug: source_of(one, request.layer, image_size=request.image_size, device=request.device)
        for slug, one in networks.items()
    }
    dataset = asked_dataset(
        request.data, split=request.split, limit=request.limit, skip_broken=request.skip_broken, progress=progress
    )
    category, names = coloring(dataset, request.color_by)
    _check_perplexities(request.perplexities, len(dataset))
    out = claimed_folder(out, record=RECORD, made_by=MADE_BY, mine=MINE)
    if isinstance(dataset, MiniBroden):
        dataset.render()  # all at once, with one bar
    found = {
        slug: gather(
            source, dataset, category=category, batch_size=request.batch_size,
            keep=out / ("features.npz" if not slug else f"features-{slug}.npz"), progress=progress,
        )
        for slug, source in sources.items()
    }  # fmt: skip
    maps = list(
        make_maps(
            {slug: (networks[slug].name, one) for slug, one in found.items()},
            perplexities=request.perplexities,
            descent=Descent(iterations=request.iterations),
            seed=request.seed,
            device=request.device,
            progress=progress,
        )
    )
    classes = Classes(names, found[""].labels, f"no {category or 'class'}")
    shown = Shown(
        dataset, sources[""], maps, classes, category or "class", _settings(request, network, dataset),
        {"made_by": MADE_BY, "xailab": __version__, "configuration": asdict(request)},
    )  # fmt: skip
    write_all(shown, out, progress=progress)
    return [*_lines(shown), f"page: {out / 'index.html'}"]


def _check(request: Request) -> None:
    """Refuse numbers out of range."""
    for name in ("batch_size", "limit", "image_size"):
        value = getattr(request, name)
        if value is not None and value < 1:
            raise XailabError(f"{name} must be at least 1, got {value}")
    if request.iterations < 0:
        raise XailabError(f"iterations must be at least 0, got {request.iterations}")
    if not request.perplexities:
        raise XailabError("no perplexity was given; 30 is the usual one")


def _check_perplexities(perplexities: Sequence[float], count: int) -> None:
    """Refuse perplexities that so many images cannot have."""
    if count < 3:
        raise XailabError(f"a map needs at least 3 images, the data set has {count}")
    for value in perplexities:
        if not (math.isfinite(value) and 2 <= value <= count - 1):
            raise XailabError(
                f"perplexity {value:g} cannot be had with {count} images: it is a number of neighbors, from 2 to "
                f"{count - 1} here; take more images or give another --perplexity"
            )


def _settings(request: Request, network: Network, dataset: Dataset) -> dict[str, object]:
    """Return the table at the end of the page."""
    height, width = dataset.image_size
    return {
        "network": f"{network.name}: {network.description}" if network.description else network.name,
        "layer": request.layer,
        "data": f"{dataset.name}, {len(dataset):,} images of {width} × {height} px",
        "left out as unreadable": len(getattr(dataset, "broken", ())),
        "start": "first two principal components",
        "iterations": f"100 with exaggeration 12, then {request.iterations}",
        "seed": request.seed,
        "xailab": __version__,
    }


def _lines(shown: Shown) -> Iterator[str]:
    """Yield what the terminal shows at the end."""
    broken = len(getattr(shown.dataset, "broken", ()))
    if broken:
        what = "1 image could not be read and was" if broken == 1 else f"{broken} images could not be read and were"
        yield f"{what} left out"
    for one in shown.maps:
        k = one.neighbors.shape[1]
        yield (
            f"{one.title}: KL divergence {one.embedding.kl:.3f} nats, trustworthiness {one.trust:.3f}, "
            f"{one.recall:.0%} of the {k} nearest neighbors kept{_said(one, shown.colored_by)}"
        )


def _said(one: Map, colored_by: str) -> str:
    """Say how many neighbors in the features are of the same class."""
    if one.agreement is None:
        return ""
    return f"; {one.agreement:.0%} of those neighbors are of the same {colored_by}"
