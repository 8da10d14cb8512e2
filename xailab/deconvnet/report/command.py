"""From the options of ``xailab deconv`` to a folder with a page, pictures and numbers.

- ``Request``  the options
- ``run``      do it; returns the lines to print
"""

import math
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from tqdm import tqdm
from xailab_kernels.compiling import CompileTime

from xailab import __version__, render
from xailab.data.batch import Dataset
from xailab.data.minibroden.dataset import MiniBroden
from xailab.data.opening import asked_dataset
from xailab.deconvnet.choosing import striking_units
from xailab.deconvnet.examples import Subject, checked_units, subject_of
from xailab.deconvnet.grids import block_sheet
from xailab.deconvnet.report.page import Linked, Page, write_page
from xailab.deconvnet.report.showing import Showing
from xailab.deconvnet.report.writing import (
    MADE_BY,
    MINE,
    RECORD,
    Numbers,
    likeness_table,
    write_bytes,
    write_json,
)  # fmt: skip
from xailab.deconvnet.rules import RULES
from xailab.errors import Interrupted, XailabError
from xailab.exemplars import Plan, gather
from xailab.exemplars.naming import parse_units
from xailab.files import claimed_folder
from xailab.models.catalogue import load
from xailab.models.network import Network
from xailab.models.randomizing import randomized

COUNT_MOST = 25
MOST = 128
"""Units of a page: each is nine images under three rules."""
ALL_RULES = tuple(RULES)
STRIKING = 12
"""Units shown when none are named."""


@dataclass(frozen=True)
class Request:
    """The options of ``xailab deconv``; see there."""

    model: str
    layer: str
    units: str | None = None
    rules: tuple[str, ...] = ALL_RULES
    count: int = 9
    data: str = "minibroden"
    weights: str | None = None
    split: str | None = None
    limit: int | None = None
    image_size: int | None = None
    skip_broken: bool = False
    random_control: bool = True
    batch_size: int = 64
    device: str = "cpu"
    seed: int = 0


def run(request: Request, out: Path, *, progress: bool = True) -> list[str]:
    """Write ``index.html``, ``grid.png``, ``grid-UNIT.png``, ``projections.npz`` and ``deconv.json`` into ``out``.

    Everything is checked before the data set is walked through. What was found there is kept in ``exemplars.npz``:
    after an interrupt the same request goes on from it, and another choice of units needs no second walk. The picture
    of each unit is there as soon as it is made, the page at the end.

    Raises
    ------
    XailabError
        Anything that cannot be used: model, layer, units, rule, data set, options, folder.
    Interrupted
        Ctrl-C was pressed; says what is kept.
    """
    units = _checked(request)
    network = load(request.model, weights=request.weights, seed=request.seed)
    with _Announced(shown=progress):
        subject = _subject(request, network)
        random = _subject(request, randomized(network, seed=request.seed)) if request.random_control else None
        units = None if units is None else checked_units(subject, units)
        dataset = asked_dataset(
            request.data, split=request.split, limit=request.limit, skip_broken=request.skip_broken, progress=progress
        )
        out = claimed_folder(out, record=RECORD, made_by=MADE_BY, mine=MINE)
        if isinstance(dataset, MiniBroden):
            dataset.render()  # all at once, with one bar
        plan = Plan(count=request.count, seed=request.seed, batch_size=request.batch_size)
        gathered = gather(
            network, request.layer, dataset, plan=plan, image_size=request.image_size, device=request.device,
            keep=out / "exemplars.npz", progress=progress,
        )[request.layer]  # fmt: skip
        chosen = units or tuple(striking_units(gathered, STRIKING))
        if not chosen:
            raise XailabError(
                f"no unit of {request.layer!r} answers differently to different images; name some with --units"
            )
        showing = Showing(subject, random, dataset, gathered, out, request.seed)
        try:
            _show(showing, chosen, progress=progress)
        except KeyboardInterrupt:
            raise Interrupted(
                "interrupted; which images are the best is kept, the same command goes on from there"
            ) from None
    _finish(request, showing)
    return [*_lines(request, showing), f"page: {out / 'index.html'}"]


class _Announced(CompileTime):
    """Says so when kernels begin to be compiled, and at the end for how long: it is before any progress bar."""

    def __init__(self, *, shown: bool) -> None:
        super().__init__()
        self._silent = not shown

    def begins(self) -> None:
        """Count a compilation in, and announce the first."""
        if not self._silent and not self.seconds and not self._depth:
            tqdm.write("compiling kernels, once per installation", file=sys.stderr)
        super().begins()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening; say how long it took."""
        super().__exit__(kind, error, trace)
        if self.seconds and not self._silent:
            tqdm.write(f"kernels were compiled for {self.seconds:.1f} s", file=sys.stderr)


def _checked(request: Request) -> tuple[int, ...] | None:
    """Refuse numbers out of range; return the units that are named."""
    for name in ("batch_size", "limit", "image_size", "count"):
        value = getattr(request, name)
        if value is not None and value < 1:
            raise XailabError(f"{name} must be at least 1, got {value}")
    if request.count > COUNT_MOST:
        raise XailabError(f"count must be at most {COUNT_MOST} images per unit, got {request.count}")
    if request.seed < 0:
        raise XailabError(f"seed must be at least 0, got {request.seed}")
    return None if request.units is None else parse_units(request.units, most=MOST)


def _subject(request: Request, network: Network) -> Subject:
    """Check layer, rules, size and device."""
    rules = tuple(dict.fromkeys(request.rules))
    return subject_of(network, request.layer, rules=rules, image_size=request.image_size, device=request.device)


def _show(showing: Showing, units: tuple[int, ...], *, progress: bool) -> None:
    """Make unit after unit; the first picture is announced. Pictures of units of an earlier run are taken away."""
    out = showing.out
    for stale in set(out.glob("grid-*.png")) - {out / f"grid-{unit}.png" for unit in units}:
        stale.unlink(missing_ok=True)
    title = f"{showing.subject.layer}: projections"
    with Numbers(out / "projections.npz") as numbers:
        for unit in (bar := tqdm(units, desc=title, unit=" units", disable=not progress)):
            picture = showing.show(unit, numbers)
            if progress and unit == units[0]:
                bar.write(f"first picture: {picture}", file=sys.stderr)


def _finish(request: Request, showing: Showing) -> None:
    """Write the picture of all units, the page, and the record last."""
    subject, dataset, out = showing.subject, showing.dataset, showing.out
    write_bytes(out / "grid.png", render.to_png_bytes(block_sheet(showing.blocks)))
    likeness = likeness_table(showing.records, subject.rules)
    page = Page(
        title=f"What excites units of {request.layer} of {subject.network.name}",
        lead=_lead(request, dataset, subject, chosen=len(showing.cards)),
        rules=subject.rules,
        field=_field(subject),
        columns=math.ceil(math.sqrt(max(len(card.tiles) for card in showing.cards))),
        likeness=likeness,
        sanity=showing.sanity,
        settings=_settings(request, subject, dataset),
        files=[
            Linked("grid.png", f"all units, rule {subject.rules[0]}"), Linked("projections.npz", "the numbers"),
            Linked(RECORD, "settings and results"),
        ],
    )  # fmt: skip
    write_page(page, showing.cards, out / "index.html")
    field = subject.field
    record = {
        "made_by": MADE_BY, "xailab": __version__, "finished": True, "configuration": asdict(request),
        "data_fingerprint": dataset.fingerprint, "images": showing.gathered.images,
        "receptive_field": {"size": field.size, "jump": field.jump, "start": field.start},
        "likeness": likeness, "units": showing.records,
    }  # fmt: skip
    write_json(out / RECORD, record)


def _lead(request: Request, dataset: Dataset, subject: Subject, *, chosen: int) -> str:
    """Return the sentences below the heading."""
    which = "unit" if chosen == 1 else f"{chosen} units"
    how = " that stand out most among" if request.units is None else " of"
    best = "the image" if request.count == 1 else f"the {request.count} images"
    where = f"{dataset.name} ({len(dataset):,} images)"
    return (
        f"For the {which}{how} the layer's {subject.units}: {best} of {where} in which each is strongest, and what of "
        "them its activation leads back to."
    )


def _field(subject: Subject) -> str:
    """Return a sentence on the receptive field."""
    height, width = subject.field.size
    if subject.field.map_size == (1, 1):
        return "A unit of this layer sees the whole image."
    return (
        f"A unit of this layer can see {height} × {width} pixels; the network gets images of "
        f"{subject.image_size[0]} × {subject.image_size[1]}."
    )


def _settings(request: Request, subject: Subject, dataset: Dataset) -> dict[str, object]:
    """Return the table at the end of the page."""
    network, (height, width) = subject.network, dataset.image_size
    shown = subject.image_size
    return {
        "network": f"{network.name}: {network.description}" if network.description else network.name,
        "layer": f"{request.layer}, {subject.units} units",
        "units": "those whose best images stand out most" if request.units is None else request.units,
        "data": f"{dataset.name}, {len(dataset):,} images of {width} × {height} px"
        + (f", shown to the network at {shown[1]} × {shown[0]} px" if shown != (height, width) else ""),
        "left out as unreadable": len(getattr(dataset, "broken", ())),
        "handed down": "the activation at the strongest cell",
        "seed": request.seed,
        "xailab": __version__,
    }


def _lines(request: Request, showing: Showing) -> Iterator[str]:
    """Yield what the terminal shows at the end."""
    broken = len(getattr(showing.dataset, "broken", ()))
    if broken:
        what = "1 image could not be read and was" if broken == 1 else f"{broken} images could not be read and were"
        yield f"{what} left out"
    units = [str(card.unit) for card in showing.cards]
    yield f"{request.layer}: {'unit' if len(units) == 1 else 'units'} {', '.join(units)}"
    for control, values in likeness_table(showing.records, showing.subject.rules).items():
        said = ", ".join(f"{rule} {'–' if value is None else f'{value:.2f}'}" for rule, value in values.items())
        yield f"alike to {control} (1: the same places): {said}"
