"""The network ``objects``: which of the twelve things of MiniBroden an image shows.

- ``train_objects``  recreate it
"""

from concurrent.futures import Executor
from pathlib import Path

from torch.nn import functional

from xailab.data.minibroden.dataset import MiniBroden
from xailab.training.examples import classes_of, gather
from xailab.training.recipe import Recipe
from xailab.training.run import Report, Task, check_out, train_network
from xailab.training.scores import accuracy

EPOCHS = 12
CONV5 = 96
SIZE = 64


def train_objects(
    *,
    out: str | Path,
    seed: int = 0,
    epochs: int = EPOCHS,
    resume: bool = True,
    progress: bool = True,
    executor: Executor | None = None,
) -> Report:
    """Train the 12-way classifier on MiniBroden's ``train-objects`` and judge it on ``test-objects``.

    The same call gives the same bits on the same machine with the same number of threads. Interrupted, it continues
    when it is called again. The images are rendered on first use and cached; ``Report.seconds`` is without that.

    Parameters
    ----------
    out
        The ``.safetensors`` file to write; ``xailab.models.load("objects", weights=out)`` loads it.
    seed
        Of everything that is drawn in training. The images are always the same.
    epochs
        How often each image is seen.
    resume
        False: start anew even if an interrupted run could go on.
    progress
        Whether to show bars on stderr.
    executor
        Renders missing images in its workers; by default they are rendered here.

    Raises
    ------
    XailabError
        ``out`` cannot be written, or an interrupted run of another seed or recipe stands there.
    """
    check_out(out)
    recipe = Recipe(functional.cross_entropy, epochs, seed=seed, conv5=CONV5)
    splits = [MiniBroden(split, size=SIZE, progress=progress) for split in ("train-objects", "test-objects")]
    for data in splits:
        data.render(executor)
    classes = splits[0].classes
    task = Task(
        "objects",
        recipe,
        classes,
        accuracy,
        f"mini-AlexNet, one of the {len(classes)} things of MiniBroden per image",
    )
    examples, test = (gather(data, classes_of, progress=progress) for data in splits)
    return train_network(task, examples, test, out=out, resume=resume, progress=progress)
