"""From examples to a file: what is reported is what the file does."""

import pytest
import torch
from torch.nn import functional

from xailab.errors import XailabError
from xailab.models import shipped
from xailab.training import engine, run
from xailab.training.examples import Examples
from xailab.training.recipe import Recipe
from xailab.training.run import Task, train_network
from xailab.training.scores import accuracy

TASK = Task(
    "brightness", Recipe(functional.cross_entropy, 2, conv5=8, batch_size=8), ("dark", "bright"), accuracy, "a test"
)


def examples(count: int, seed: int = 0) -> Examples:
    generator = torch.Generator().manual_seed(seed)
    targets = torch.arange(count) % 2
    noise = torch.randint(0, 100, (count, 64, 64, 3), generator=generator, dtype=torch.uint8)
    return Examples(noise + (100 * targets)[:, None, None, None].to(torch.uint8), targets, (f"brightness-{seed}",))


def test_the_file_holds_the_network_its_scores_and_how_to_make_it(tmp_path):
    out, test = tmp_path / "made" / "net.safetensors", examples(10, seed=1)
    report = train_network(TASK, examples(24), test, out=out, progress=False)
    again = shipped.read(out)
    assert report.path == out
    assert report.scores == accuracy(engine.logits(again.module, test), test.targets)
    assert (report.network.name, report.network.classes) == ("brightness", ("dark", "bright"))
    notes = shipped.notes(out)
    assert notes.scores == report.scores
    assert notes.command == "xailab train brightness --seed 0 --epochs 2"
    assert notes.data == ("brightness-0",)
    assert notes.recipe == str(TASK.recipe)
    assert notes.description == f"a test; accuracy {report.scores['accuracy']:.3f} on its test images"
    assert report.seconds > 0
    assert [path.name for path in out.parent.iterdir()] == ["net.safetensors"]  # no checkpoint is left


def test_the_same_call_writes_the_same_bytes(tmp_path):
    files = [tmp_path / f"{name}.safetensors" for name in "ab"]
    for out in files:
        train_network(TASK, examples(16), examples(4, seed=1), out=out, progress=False)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_an_interrupted_call_continues_and_resume_false_starts_anew(monkeypatch, tmp_path):
    out, steps, taken = tmp_path / "net.safetensors", [], engine._step

    def step(progress, *args):
        steps.append(progress.steps)
        if len(steps) == 3:
            raise KeyboardInterrupt
        return taken(progress, *args)

    monkeypatch.setattr(engine, "SAVE_EVERY", 1)
    monkeypatch.setattr(engine, "_step", step)
    with pytest.raises(KeyboardInterrupt):
        train_network(TASK, examples(16), examples(4), out=out, progress=False)
    checkpoint = out.with_suffix(".checkpoint").read_bytes()
    train_network(TASK, examples(16), examples(4), out=out, progress=False)
    assert steps == [0, 1, 2, 2, 3]
    out.with_suffix(".checkpoint").write_bytes(checkpoint)
    train_network(TASK, examples(16), examples(4), out=out, resume=False, progress=False)
    assert steps[5:] == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["net.pt", "net"])
def test_another_suffix_is_refused_before_anything_is_trained(monkeypatch, tmp_path, name):
    monkeypatch.setattr(run, "train", lambda *args, **options: pytest.fail("trained"))
    with pytest.raises(XailabError, match=rf"--out should end in .safetensors, got .*{name}"):
        train_network(TASK, examples(8), examples(8), out=tmp_path / name)


def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_trained(monkeypatch, tmp_path):
    monkeypatch.setattr(run, "train", lambda *args, **options: pytest.fail("trained"))
    (tmp_path / "file").write_text("")
    with pytest.raises(XailabError, match=r"cannot write to the folder .*file"):
        train_network(TASK, examples(8), examples(8), out=tmp_path / "file" / "net.safetensors")
