"""The loop learns, repeats itself bit for bit, and loses nothing when it is interrupted."""

import signal

import pytest
import torch
from torch.nn import functional

from xailab.errors import DataError, XailabError
from xailab.training import engine
from xailab.training.engine import logits, train
from xailab.training.examples import Examples
from xailab.training.recipe import Recipe
from xailab.training.scores import accuracy

RECIPE = Recipe(functional.cross_entropy, 3, conv5=8, batch_size=8, peak_rate=1e-2)


def bright_or_dark(count: int, seed: int = 0) -> Examples:
    """Two classes that a network tells apart in a few steps."""
    generator = torch.Generator().manual_seed(seed)
    targets = torch.arange(count) % 2
    noise = torch.randint(0, 100, (count, 64, 64, 3), generator=generator, dtype=torch.uint8)
    return Examples(noise + (100 * targets)[:, None, None, None].to(torch.uint8), targets, (f"brightness-{seed}",))


def trained(checkpoint=None, recipe: Recipe = RECIPE):
    return train(recipe, bright_or_dark(24), classes=2, checkpoint=checkpoint, progress=False)


def same(one, other) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def interrupt_after(monkeypatch, steps: int) -> None:
    """Press Ctrl-C in the middle of a step."""
    taken, done = engine._step, 0

    def step(*args):
        nonlocal done
        done += 1
        if done == steps:
            signal.raise_signal(signal.SIGINT)
        return taken(*args)

    monkeypatch.setattr(engine, "_step", step)


def test_it_learns_what_is_easy():
    test = bright_or_dark(40, seed=1)
    module = trained(recipe=Recipe(functional.cross_entropy, 8, conv5=8, batch_size=8, peak_rate=1e-2, jitter=0.0))
    assert not module.training
    assert accuracy(logits(module, test), test.targets)["accuracy"] >= 0.95


def test_the_same_recipe_gives_the_same_bits_and_another_seed_others():
    first = trained()
    torch.manual_seed(123)
    state = torch.get_rng_state()
    assert same(first, trained())
    assert torch.equal(torch.get_rng_state(), state)
    assert not same(first, trained(recipe=Recipe(functional.cross_entropy, 3, seed=1, conv5=8, batch_size=8)))


@pytest.mark.parametrize("steps", [1, 4, 8])
def test_an_interrupted_run_goes_on_to_the_same_bits(monkeypatch, tmp_path, steps):
    whole, path = trained(), tmp_path / "run.checkpoint"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        interrupt_after(patch, steps)
        trained(path)
    assert torch.load(path, weights_only=True)["steps"] == steps
    assert same(whole, trained(path))


def test_a_finished_run_is_not_trained_again(monkeypatch, tmp_path):
    path = tmp_path / "run.checkpoint"
    finished = trained(path)
    monkeypatch.setattr(engine, "_step", lambda *args: pytest.fail("trained again"))
    assert same(finished, trained(path))


def test_checkpoints_are_written_on_the_way(monkeypatch, tmp_path):
    path, seen = tmp_path / "run.checkpoint", []
    monkeypatch.setattr(engine, "SAVE_EVERY", 4)
    monkeypatch.setattr(engine, "save", lambda run, where: seen.append((run.steps, where)))
    trained(path)
    assert seen == [(4, path), (8, path), (9, path)]


def test_a_checkpoint_of_another_run_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "run.checkpoint"
    trained(path)
    before = path.read_bytes()
    with pytest.raises(XailabError, match=r"is of another run; .*resume=False(.|\n)*epochs=3(.|\n)*epochs=4"):
        trained(path, Recipe(functional.cross_entropy, 4, conv5=8, batch_size=8, peak_rate=1e-2))
    assert path.read_bytes() == before


def test_a_damaged_checkpoint_is_told(tmp_path):
    path = tmp_path / "run.checkpoint"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(DataError, match=r"run.checkpoint is damaged .*delete it, or start anew"):
        trained(path)


def test_each_epoch_sees_every_image_once_in_an_order_of_its_own():
    epochs = [torch.cat([engine._batch(RECIPE, 24, 3 * epoch + place) for place in range(3)]) for epoch in range(2)]
    assert all(sorted(epoch.tolist()) == list(range(24)) for epoch in epochs)
    assert epochs[0].tolist() != epochs[1].tolist()


def test_fewer_images_than_a_batch_make_one_smaller_batch():
    assert sorted(engine._batch(RECIPE, 5, 0).tolist()) == list(range(5))
    assert sorted(engine._batch(RECIPE, 5, 1).tolist()) == list(range(5))


def test_the_bar_shows_the_loss_on_stderr(capsys):
    train(RECIPE, bright_or_dark(8), classes=2)
    shown = capsys.readouterr()
    assert "training: 100%" in shown.err
    assert "loss=" in shown.err
    assert shown.out == ""


def test_logits_do_not_depend_on_the_batch_size():
    module, test = trained(), bright_or_dark(7)
    torch.testing.assert_close(logits(module, test, batch_size=2), logits(module, test))
