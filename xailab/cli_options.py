"""Options that several commands have, declared once.

- ``Model``, ``Weights``   the network
- ``Data``, ``Split``, ``Limit``, ``ImageSize``, ``SkipBroken``   the images
- ``BatchSize``, ``Device``   how it runs
"""

from typing import Annotated

import typer

Model = Annotated[str, typer.Option(help="tags, objects, random:SEED, or a torchvision network such as resnet18")]
Weights = Annotated[str | None, typer.Option(help="file with weights, or 'random', or 'DEFAULT'")]
Data = Annotated[
    str, typer.Option(help="minibroden, digits, a folder of images, a Broden folder, torchvision:NAME:ROOT")
]
Split = Annotated[str | None, typer.Option(help="part of the data set: train or val of Broden, a split of minibroden")]
Limit = Annotated[int | None, typer.Option(help="only so many images")]
ImageSize = Annotated[int | None, typer.Option(help="resize images to this many pixels; default: the network's own")]
SkipBroken = Annotated[bool, typer.Option("--skip-broken", help="leave out unreadable images and count them")]
BatchSize = Annotated[int, typer.Option(help="images per forward pass")]
Device = Annotated[str, typer.Option(help="cpu, cuda, cuda:1 ...")]
