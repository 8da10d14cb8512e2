"""The recipe of `objects`, on a few pictures."""

from functools import partial

import pytest
import torch

from xailab.data.minibroden.dataset import MiniBroden
from xailab.data.minibroden.vocabulary import THINGS
from xailab.errors import XailabError
from xailab.models import load, shipped
from xailab.training import objects


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    monkeypatch.setattr(objects, "MiniBroden", partial(MiniBroden, limit=128))


def test_a_network_for_the_twelve_things_is_written_that_load_takes(tmp_path):
    out = tmp_path / "mine.safetensors"
    report = objects.train_objects(out=out, epochs=1, progress=False)
    network = load("objects", weights=out)
    assert network.classes == report.network.classes == THINGS
    assert network.module(torch.zeros(2, 3, 64, 64)).shape == (2, 12)
    assert 0 <= report.scores["accuracy"] <= 1
    notes = shipped.notes(out)
    assert notes.command == "xailab train objects --seed 0 --epochs 1"
    assert notes.data == (MiniBroden("train-objects", limit=128).fingerprint,)
    assert "one of the 12 things of MiniBroden" in network.description


def test_a_wrong_file_is_refused_before_anything_is_rendered(monkeypatch, tmp_path):
    monkeypatch.setattr(objects, "MiniBroden", lambda *args, **options: pytest.fail("rendered"))
    with pytest.raises(XailabError, match=r"should end in .safetensors"):
        objects.train_objects(out=tmp_path / "net.pth")
