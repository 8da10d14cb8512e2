"""From examples to a shipped file: train, fold, export, load the file again and judge it.

- ``Task``           what is trained: its name, recipe, classes, and how it is judged
- ``Report``         what came out
- ``train_network``  do it
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from xailab.errors import XailabError
from xailab.files import writable_folder
from xailab.models import shipped
from xailab.models.folding import folded
from xailab.models.network import Network
from xailab.training.engine import logits, train
from xailab.training.examples import Examples
from xailab.training.recipe import Recipe


@dataclass(frozen=True)
class Task:
    """What a network is trained for.

    Parameters
    ----------
    name
        Of the network.
    recipe
        The numbers of the run.
    classes
        The name of each output.
    score
        ``(logits, targets) -> {name: value in [0, 1]}``, on the test examples.
    description
        One sentence for the list of networks.
    """

    name: str
    recipe: Recipe
    classes: tuple[str, ...]
    score: Callable[[Tensor, Tensor], dict[str, float]]
    description: str


@dataclass(frozen=True)
class Report:
    """What a training run made.

    Parameters
    ----------
    path
        The exported file.
    network
        The network as loaded from that file.
    scores
        Of that network on the test examples, by name, in [0, 1].
    seconds
        Time this call spent in training (after an interruption: since it was resumed), without reading data.
    """

    path: Path
    network: Network
    scores: dict[str, float]
    seconds: float


def train_network(
    task: Task,
    examples: Examples,
    test: Examples,
    *,
    out: str | Path,
    resume: bool = True,
    progress: bool = True,
) -> Report:
    """Train ``task`` and write the network to ``out`` in half precision with batch normalization folded.

    What is judged is the file: it is loaded again before it is scored, and the scores are then written into it.
    A checkpoint stands beside ``out`` until the network is exported; an interrupted call continues there when it is
    called again, and gives the same bits as one that was not interrupted.

    Parameters
    ----------
    task, examples, test
        What to train, on what, and what to judge it on.
    out
        A ``.safetensors`` file in a folder that is made if need be.
    resume
        False: a checkpoint of an earlier call is thrown away first.
    progress
        Whether to show a bar on stderr.

    Raises
    ------
    XailabError
        ``out`` has another suffix or cannot be written, or the checkpoint there is of another run.
    """
    out, checkpoint = check_out(out)
    if not resume:
        checkpoint.unlink(missing_ok=True)
    began = time.perf_counter()
    module = train(task.recipe, examples, classes=len(task.classes), checkpoint=checkpoint, progress=progress)
    seconds = time.perf_counter() - began
    plain = folded(module)
    notes = shipped.Notes(
        description=task.description,
        command=f"xailab train {task.name} --seed {task.recipe.seed} --epochs {task.recipe.epochs}",
        data=examples.data,
        recipe=str(task.recipe),
    )
    shipped.write(plain, out, classes=task.classes, notes=notes)
    scores = task.score(logits(shipped.read(out).module, test), test.targets)
    described = f"{task.description}; {_in_words(scores)}"
    shipped.write(plain, out, classes=task.classes, notes=replace(notes, scores=scores, description=described))
    checkpoint.unlink(missing_ok=True)
    return Report(out, shipped.read(out, task.name), scores, seconds)


def check_out(out: str | Path) -> tuple[Path, Path]:
    """Return the file to write and its checkpoint's place, after proving that both can be written.

    Raises
    ------
    XailabError
        Another suffix than ``.safetensors``, or a folder that cannot be written to.
    """
    out = Path(out)
    if out.suffix != ".safetensors" or out.is_dir():
        raise XailabError(f"the network is written to one file: --out should end in .safetensors, got {out}")
    writable_folder(out.parent)
    return out, out.with_suffix(".checkpoint")


def _in_words(scores: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in scores.items()) + " on its test images"
