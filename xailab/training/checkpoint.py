"""Where a training run stands, on disk, so that it can be interrupted and go on.

- ``Progress``  module, optimizer and the number of steps done
- ``save``      write a checkpoint; the one before it stays until the new one is whole
- ``restore``   put a checkpoint back
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from xailab.errors import DataError, XailabError
from xailab.files import write_beside


@dataclass
class Progress:
    """A training run between two steps. Random choices need no state: every step has generators of its own.

    Parameters
    ----------
    module, optimizer
        What is trained, and its moments.
    key
        Says what run it is: recipe, seed and data. A checkpoint is only taken up by the same.
    steps
        How many steps are done.
    """

    module: nn.Module
    optimizer: torch.optim.Optimizer
    key: str
    steps: int = 0


def save(progress: Progress, path: Path) -> None:
    """Write ``progress`` to ``path``.

    Raises
    ------
    XailabError
        The folder cannot be written to, or the disk is full. An older checkpoint is left as it was.
    """
    content = {
        "key": progress.key,
        "steps": progress.steps,
        "module": progress.module.state_dict(),
        "optimizer": progress.optimizer.state_dict(),
    }
    with write_beside(path) as temporary:
        torch.save(content, temporary)


def restore(progress: Progress, path: Path) -> None:
    """Set ``progress`` to where the checkpoint at ``path`` stands.

    Raises
    ------
    XailabError
        The checkpoint is of another run: another recipe, seed, data or version of the renderer.
    DataError
        The checkpoint is damaged.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        key, steps = content["key"], int(content["steps"])
    except Exception as error:  # a damaged file makes the reader raise almost anything
        raise DataError(
            f"the checkpoint {path} is damaged ({error!r}); delete it, or start anew with resume=False"
        ) from error
    if key != progress.key:
        raise XailabError(
            f"the checkpoint {path} is of another run; delete it, use resume=False, or choose another file.\n"
            f"  there: {key}\n  here:  {progress.key}"
        )
    progress.module.load_state_dict(content["module"])
    progress.optimizer.load_state_dict(content["optimizer"])
    progress.steps = steps
