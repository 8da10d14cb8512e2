"""The command that looks inside a network; the work is done in ``xailab.inspection``.

- ``add_commands``  adds ``inspect`` to an application
"""

from pathlib import Path
from typing import Annotated

import typer

from xailab.cli_options import BatchSize, Data, Device, ImageSize, Limit, Model, SkipBroken, Split, Weights


def add_commands(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("inspect")(inspect)


def inspect(
    model: Model,
    layer: Annotated[list[str], typer.Option(help="dotted layer name; give it several times for several layers")],
    out: Annotated[Path, typer.Option(help="folder for the page, the pictures and the tables")],
    data: Data = "minibroden",
    weights: Weights = None,
    units: Annotated[
        str | None, typer.Option(help="units to show, such as 3,17 or 5-9; default: the most peaked ones")
    ] = None,
    top_units: Annotated[int, typer.Option(help="so many, if no units are named; the tables hold all")] = 24,
    count: Annotated[int, typer.Option(help="images per unit")] = 9,
    split: Split = None,
    limit: Limit = None,
    image_size: ImageSize = None,
    skip_broken: SkipBroken = False,
    random_control: Annotated[bool, typer.Option(help="look at the same network with random weights too")] = True,
    batch_size: BatchSize = 64,
    device: Device = "cpu",
    seed: Annotated[int, typer.Option(help="of the random images and the random weights")] = 0,
) -> None:
    """Look inside layers: what their units see, respond to and read; which are dead; write a page, pictures, tables.

    What was seen is kept in the folder: after Ctrl-C, and for other units, the same command goes on from it.
    """
    from xailab.inspection.report.command import run
    from xailab.inspection.report.request import Request

    request = Request(
        model=model, layers=tuple(dict.fromkeys(layer)), data=data, weights=weights, units=units, top_units=top_units,
        count=count, split=split, limit=limit, image_size=image_size, skip_broken=skip_broken,
        random_control=random_control, batch_size=batch_size, device=device, seed=seed,
    )  # fmt: skip
    typer.echo("\n".join(run(request, out)))
