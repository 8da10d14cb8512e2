"""A checkpoint is whole or not there."""

import pytest
import torch
from torch import nn

from xailab.errors import XailabError
from xailab.training.checkpoint import Progress, restore, save


def progress(seed: int) -> Progress:
    torch.manual_seed(seed)
    module = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(module.parameters())
    module(torch.randn(4, 3)).sum().backward()
    optimizer.step()
    return Progress(module, optimizer, "a run", 17)


def test_weights_moments_and_steps_come_back(tmp_path):
    saved, fresh = progress(0), progress(1)
    save(saved, tmp_path / "run")
    fresh.steps = 0
    restore(fresh, tmp_path / "run")
    assert fresh.steps == 17
    assert torch.equal(fresh.module.weight, saved.module.weight)
    moments = [run.optimizer.state_dict()["state"][0]["exp_avg"] for run in (saved, fresh)]
    assert torch.equal(*moments)


def test_a_checkpoint_that_cannot_be_written_says_where(tmp_path):
    with pytest.raises(XailabError, match=r"cannot write .*nowhere"):
        save(progress(0), tmp_path / "nowhere" / "run")
