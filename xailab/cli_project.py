"""The command that projects units back to pixels; the work is done in ``xailab.deconvnet.report``.

- ``add_commands``  adds ``deconv`` to an application
"""

from pathlib import Path
from typing import Annotated

import typer

from xailab.cli_options import BatchSize, Data, Device, ImageSize, Limit, Model, SkipBroken, Split, Weights


def add_commands(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("deconv")(deconv)


def deconv(
    model: Model,
    layer: Annotated[str, typer.Option(help="dotted layer name")],
    out: Annotated[Path, typer.Option(help="folder for the page, the pictures and the numbers")],
    units: Annotated[
        str | None, typer.Option(help="such as 3,17 or 0-8; default: the 12 whose best images stand out most")
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(help="deconv, guided or gradient; give it several times, the main one first; default: all"),
    ] = None,
    count: Annotated[int, typer.Option(help="images per unit")] = 9,
    data: Data = "minibroden",
    weights: Weights = None,
    split: Split = None,
    limit: Limit = None,
    image_size: ImageSize = None,
    skip_broken: SkipBroken = False,
    random_control: Annotated[
        bool, typer.Option(help="show another unit, and a network with random weights, beside every projection")
    ] = True,
    batch_size: BatchSize = 64,
    device: Device = "cpu",
    seed: Annotated[int, typer.Option(help="of the random weights, and of images taken at random")] = 0,
) -> None:
    """Project what excites units of a layer back to the pixels; write a page, pictures and numbers.

    Which images are the best is kept in the folder: after Ctrl-C, and for other units, the same command goes on.
    """
    from xailab.deconvnet.report.command import ALL_RULES, Request, run

    request = Request(
        model=model, layer=layer, units=units, rules=tuple(rule or ALL_RULES), count=count, data=data, weights=weights,
        split=split, limit=limit, image_size=image_size, skip_broken=skip_broken, random_control=random_control,
        batch_size=batch_size, device=device, seed=seed,
    )  # fmt: skip
    typer.echo("\n".join(run(request, out)))
