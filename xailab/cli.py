"""The commands of xailab: options are declared here, the work is done by functions elsewhere.

- ``app``   the typer application (the autograder adds its commands to it)
- ``main``  runs it, with every expected error as one sentence and an exit code

Exit codes: 0 done, 1 something failed, 2 could not be done (bad input, nothing lost), 130 interrupted.
Results go to stdout, progress and errors to stderr.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from xailab import cli_look, cli_project
from xailab.cli_options import BatchSize, Data, Device, ImageSize, Limit, Model, SkipBroken, Split, Weights
from xailab.errors import Interrupted, XailabError

INTERRUPTED = 130
"""The exit code that shells use for Ctrl-C."""

app = typer.Typer(
    help="Looking inside deep vision networks: the classic methods, offline.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
train_app = typer.Typer(help="Recreate a shipped network.", no_args_is_help=True)
app.add_typer(train_app, name="train")
cli_look.add_commands(app)
cli_project.add_commands(app)


@app.command()
def dissect(
    model: Model,
    layer: Annotated[list[str], typer.Option(help="dotted layer name; give it several times for several layers")],
    out: Annotated[Path, typer.Option(help="folder for the page and the tables")],
    data: Annotated[str, typer.Option(help="minibroden, or the path of a Broden folder")] = "minibroden",
    weights: Weights = None,
    conventions: Annotated[
        str,
        typer.Option(help="whose: cvpr2017, lite, gandissect2018, dissect2020, compexp2020, net2vec2018"),
    ] = "cvpr2017",
    quantile: Annotated[
        float | None, typer.Option(help="part of activations that is on; default: the conventions'")
    ] = None,
    iou: Annotated[
        float | None, typer.Option(help="IoU above which a unit is a detector; default: the conventions'")
    ] = None,
    split: Split = None,
    limit: Limit = None,
    image_size: ImageSize = None,
    skip_broken: SkipBroken = False,
    random_control: Annotated[bool, typer.Option(help="dissect the same network with random weights too")] = True,
    top_units: Annotated[int, typer.Option(help="units shown on the page, best first; the tables hold all")] = 150,
    batch_size: BatchSize = 64,
    memory: Annotated[
        int, typer.Option(help="MiB for thresholds and kept activations; less memory means more passes")
    ] = 1024,
    device: Device = "cpu",
    fresh: Annotated[bool, typer.Option("--fresh", help="do not go on from an interrupted run")] = False,
    seed: Annotated[int, typer.Option(help="of the shuffled labels and the random weights")] = 0,
) -> None:
    """Find out which concepts the units of a layer detect; write a page, tables and pictures.

    Interrupted with Ctrl-C, the same command goes on where it stopped.
    """
    from xailab.dissection.report.command import Request, run

    request = Request(
        model=model, layers=tuple(layer), data=data, weights=weights, conventions=conventions, quantile=quantile,
        iou_threshold=iou, split=split, limit=limit, image_size=image_size, skip_broken=skip_broken,
        random_control=random_control, top_units=top_units, batch_size=batch_size, memory_mib=memory, device=device,
        seed=seed,
    )  # fmt: skip
    typer.echo("\n".join(run(request, out, fresh=fresh)))


@app.command()
def embed(
    model: Model,
    layer: Annotated[str, typer.Option(help="dotted layer name; maps are averaged over their places")],
    out: Annotated[Path, typer.Option(help="folder for the page, the pictures and the tables")],
    data: Data = "minibroden",
    perplexity: Annotated[
        list[float] | None, typer.Option(help="effective number of neighbors; give it several times for several maps")
    ] = None,
    color_by: Annotated[
        str | None, typer.Option(help="class, or a category of concepts; default: the classes, else whole-image labels")
    ] = None,
    weights: Weights = None,
    split: Split = None,
    limit: Limit = None,
    image_size: ImageSize = None,
    skip_broken: SkipBroken = False,
    random_control: Annotated[bool, typer.Option(help="map the same network with random weights too")] = True,
    iterations: Annotated[int, typer.Option(help="of the descent, after 100 with exaggerated attraction")] = 400,
    batch_size: BatchSize = 64,
    device: Device = "cpu",
    seed: Annotated[int, typer.Option(help="of the start of the map and the random weights")] = 0,
) -> None:
    """Map what a layer answers to images by t-SNE; write a page to explore, pictures and tables.

    Features are kept in the folder: after Ctrl-C, and for other perplexities, the same command goes on from them.
    """
    from xailab.embedding.command import Request, run

    request = Request(
        model=model, layer=layer, data=data, weights=weights, perplexities=tuple(perplexity or (30.0,)),
        color_by=color_by, split=split, limit=limit, image_size=image_size, skip_broken=skip_broken,
        random_control=random_control, iterations=iterations, batch_size=batch_size, device=device, seed=seed,
    )  # fmt: skip
    typer.echo("\n".join(run(request, out)))


@app.command("embed-lessons")
def embed_lessons(
    out: Annotated[Path, typer.Option(help="folder for the figures")],
    seed: Annotated[int, typer.Option(help="of the data and the maps")] = 0,
) -> None:
    """Draw the classic mistakes in reading t-SNE maps: sizes, distances, perplexity, noise."""
    from xailab.embedding.misreading import write_lessons

    typer.echo("\n".join(write_lessons(out, seed=seed)))


@app.command()
def models(
    name: Annotated[str | None, typer.Argument(help="one network: its layers and their shapes")] = None,
    torchvision: Annotated[
        bool, typer.Option("--torchvision", help="list the names of torchvision's networks")
    ] = False,
) -> None:
    """List the networks there are, with their layers and shapes."""
    from rich.console import Console
    from rich.table import Table

    from xailab import models as room

    console = Console()
    if torchvision:
        console.print(", ".join(room.torchvision_names()))
        return
    entries = (
        room.listing()
        if name is None
        else [room.describe(room.load(name, weights=None if name in _OURS else "random"))]
    )
    for entry in entries:
        console.print(f"[bold]{entry.name}[/bold]  {entry.description}", soft_wrap=True)
        table = Table(box=None, pad_edge=False, header_style="dim")
        for heading in ("layer", "output for one image", ""):
            table.add_column(heading)
        for layer in entry.layers:
            inner = name is None and "." in layer.name
            if not inner:
                shape = " x ".join(map(str, layer.shape))
                table.add_row(layer.name, shape, "" if layer.spatial else "[dim]no map[/dim]")
        console.print(table)
        console.print(
            f"[dim]{entry.parameters:,} parameters, {entry.image_size} px, {len(entry.classes)} classes[/dim]\n"
        )
    if name is None:
        console.print(
            f"[dim]and {len(room.torchvision_names())} networks of torchvision: xailab models --torchvision; "
            "xailab models NAME lists every nested layer[/dim]"
        )


_OURS = ("tags", "objects", "random")


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="new folder")],
    data: Annotated[str, typer.Option(help="a data set with concept labels")] = "minibroden",
    split: Annotated[str | None, typer.Option(help="part of the data set")] = None,
    limit: Annotated[int | None, typer.Option(help="only so many images", min=1)] = None,
) -> None:
    """Write a labelled data set as a Broden folder: images, label maps and tables, as other tools read them."""
    from xailab.data.broden import export_broden
    from xailab.data.opening import open_dataset

    try:
        dataset = open_dataset(data, split=split, limit=limit)
        export_broden(dataset, out)
    except ValueError as error:  # options that this data set does not have, or a data set without concepts
        raise XailabError(str(error)) from error
    typer.echo(f"{len(dataset):,} images in {out}")


Out = Annotated[Path | None, typer.Option(help="file for the weights; default: NAME.safetensors here")]
Epochs = Annotated[int | None, typer.Option(help="how often each picture is seen; default: as shipped", min=1)]
Seed = Annotated[int, typer.Option(help="of weights, order and augmentation")]
Fresh = Annotated[bool, typer.Option("--fresh", help="do not go on from an interrupted training")]


@train_app.command("objects")
def train_objects(out: Out = None, epochs: Epochs = None, seed: Seed = 0, fresh: Fresh = False) -> None:
    """Train the classifier of the 12 things, in minutes. Interrupted, it goes on where it stopped."""
    from xailab.training import train_objects as train
    from xailab.training.objects import EPOCHS

    report = train(out=out or Path("objects.safetensors"), epochs=epochs or EPOCHS, seed=seed, resume=not fresh)
    _say_trained(report.path, report.scores, report.seconds)


@train_app.command("tags")
def train_tags(out: Out = None, epochs: Epochs = None, seed: Seed = 0, fresh: Fresh = False) -> None:
    """Train the network that all labs look into, longer. Interrupted, it goes on where it stopped."""
    from xailab.training import train_tags as train
    from xailab.training.tags import EPOCHS

    report = train(out=out or Path("tags.safetensors"), epochs=epochs or EPOCHS, seed=seed, resume=not fresh)
    _say_trained(report.path, report.scores, report.seconds)


def _say_trained(path: Path, scores: dict[str, float], seconds: float) -> None:
    """Say what a training run made."""
    found = ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
    typer.echo(f"{path}: {found} on the test pictures, {seconds:.0f} s of training")


def main() -> None:
    """Run the command line; expected errors are one sentence, nothing is lost on Ctrl-C."""
    try:
        status = app(standalone_mode=False)
    except Interrupted as error:
        _say(str(error))
        sys.exit(INTERRUPTED)
    except XailabError as error:
        _say("error: " + "; ".join([str(error), *getattr(error, "__notes__", [])]))
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort):  # some versions of typer turn the one into the other,
        status = INTERRUPTED  # and some into a status
    except Exception as error:
        show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
        if not (callable(show) and isinstance(code, int)):
            raise
        show()  # wrong options, in typer's words; by its methods, because its class has moved between versions
        sys.exit(code)
    if status == INTERRUPTED:
        _say("interrupted; the same command can be given again")
    sys.exit(status if isinstance(status, int) else 0)


def _say(text: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(text + "\n")
