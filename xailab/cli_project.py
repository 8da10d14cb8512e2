"""The command that projects units back to pixels; the work is done in ``xailab.deconvnet.report``.

- ``add_commands``  adds ``deconv`` to an application
"""

from pathlib import Path
from typing import Annotated

import typer


def add_commands(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("deconv")(deconv)


def deconv(
    model: Annotated[str, typer.Option(help="tags, objects, random:SEED, or a torchvision network such as resnet18")],
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
    data: Annotated[
        str, typer.Option(help="minibroden, digits, a folder of images, a Broden folder, torchvision:NAME:ROOT")
    ] = "minibroden",
    weights: Annotated[str | None, typer.Option(help="file with weights, or 'random', or 'DEFAULT'")] = None,
    split: Annotated[
        str | None, typer.Option(help="part of the data set: train or val of Broden, a split of minibroden")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="only so many images")] = None,
    image_size: Annotated[
        int | None, typer.Option(help="resize images to this many pixels; default: the network's own")
    ] = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="leave out unreadable images and count them")
    ] = False,
    random_control: Annotated[
        bool, typer.Option(help="show another unit, and a network with random weights, beside every projection")
    ] = True,
    batch_size: Annotated[int, typer.Option(help="images per forward pass")] = 64,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1 ...")] = "cpu",
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
