"""One pass finds what sorting everything would find; shards, interrupts, errors and damaged files change nothing."""

import pickle
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.toys import Boxes, watcher
from xailab import hooks
from xailab.errors import DataError, Interrupted, UnknownName, XailabError
from xailab.exemplars import Plan, collect, gather, gathering
from xailab.models import feeding
from xailab.statistics import ChannelMoments

PLAN = Plan(count=4, sample=6, batch_size=8)


class Watched(Boxes):
    """Remembers what is read, and does something before some reading."""

    def __init__(self, count: int = 24, *, at: int = -1, act=None) -> None:  # type: ignore[no-untyped-def]
        super().__init__(count)
        self.seen: list[int] = []
        self._at, self._act = at, act

    def read(self, indices):  # type: ignore[no-untyped-def]
        if len(self.seen) == self._at:
            self._act()
        self.seen += list(indices)
        return super().read(indices)


def run(dataset=None, layers=("0", "3"), **options):  # type: ignore[no-untyped-def]
    options = {"plan": PLAN, "progress": False} | options
    return gather(watcher(), layers, Boxes() if dataset is None else dataset, **options)


def same(one, other) -> bool:  # type: ignore[no-untyped-def]
    """Equal to the bit."""
    pairs = [
        (getattr(getattr(one[layer], part), name), getattr(getattr(other[layer], part), name))
        for layer in one
        for part, names in (
            ("best", ("indices", "values", "positions")),
            ("lowest", ("indices", "values", "positions")),
            ("sample", ("indices", "values", "cells")),
        )
        for name in names
    ]
    return list(one) == list(other) and all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in pairs)


def test_one_pass_over_several_layers_finds_what_sorting_everything_would_find() -> None:
    network, data = watcher(), Boxes()
    found = run(data)
    assert list(found) == ["0", "3"]
    for layer, one in found.items():
        inputs = feeding.prepare(network, data.images, 16, torch.device("cpu"))
        maps = hooks.activations(network.module, inputs, layer)[layer].reshape(24, *one.shape)
        ordered = maps.flatten(2).amax(2).T.sort(dim=1, descending=True, stable=True)
        torch.testing.assert_close(one.best.values, ordered.values[:, :4])
        torch.testing.assert_close(one.lowest.values, maps.flatten(2).amin(2).T.sort(1).values[:, :4])
        for unit in (0, 1):  # units whose maxima differ by more than rounding
            assert torch.equal(one.best.indices[unit], ordered.indices[unit, :4])
        np.testing.assert_allclose(one.sample.values, maps.flatten(2).amax(2)[one.sample.indices], rtol=1e-5, atol=1e-6)
    assert (found["0"].shape, found["3"].shape) == ((5, 8, 8), (2, 1, 1))
    assert (found["0"].image_size, found["0"].images, len(found["0"].sample)) == ((16, 16), 24, 6)


def test_merged_shards_equal_one_pass_wherever_they_ran() -> None:
    whole = run(observers={"0": {"moments": ChannelMoments(5)}})
    parts = [
        collect(
            watcher(), ["0", "3"], Boxes(), part=part, plan=PLAN, observers={"0": {"moments": ChannelMoments(5)}},
            progress=False,
        )
        for part in (range(16, 24), range(8), range(8, 16))
    ]  # fmt: skip
    first, *others = pickle.loads(pickle.dumps(parts))
    for other in others:
        first.merge(other)
    merged = first.result()
    assert same(merged, whole)
    assert merged["0"].images == 24
    one, other = (found["0"].observed["moments"].result() for found in (merged, whole))
    assert one.count == 24 * 64
    np.testing.assert_allclose(one.covariance, other.covariance, atol=1e-12)


def test_shards_of_other_runs_are_not_merged() -> None:
    convolution = replace(watcher(), module=nn.Sequential(watcher().module[0]))

    def part(**options):  # type: ignore[no-untyped-def]
        return collect(convolution, "0", Boxes(), **{"plan": PLAN, "progress": False, "part": range(8)} | options)

    with pytest.raises(ValueError, match="cannot merge: image_size is"):
        part().merge(part(image_size=32))
    with pytest.raises(ValueError, match="cannot merge: count is 4 here and 5 there"):
        part().merge(part(plan=replace(PLAN, count=5), part=range(8, 16)))
    one = part(part=range(4, 16))
    before = one.result()
    with pytest.raises(ValueError, match=r"cannot merge: the images 4 \.\.\. 7 are in both"):
        one.merge(part())
    assert same(one.result(), before)
    one.merge(part(part=range(4)))
    with pytest.raises(ValueError, match=r"cannot merge: the images 0 \.\.\. 3 are in both"):
        one.merge(part(part=range(4)))


def test_an_interrupted_run_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    keep, observers = tmp_path / "kept.npz", {"0": {"moments": ChannelMoments(5)}}
    data = Watched(at=8, act=lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(Interrupted, match="what was seen of 16 of 24 images is kept; the same command goes on"):
        run(data, keep=keep, observers=observers)
    rest = Watched()
    again = run(rest, keep=keep, observers=observers, plan=replace(PLAN, batch_size=5))
    assert rest.seen == list(range(16, 24))
    whole = run(observers=observers)
    assert same(again, whole)
    moments = [found["0"].observed["moments"].result().mean for found in (again, whole)]
    np.testing.assert_allclose(*moments, rtol=1e-12)
    assert same(run(rest, keep=keep, observers=observers), whole)
    assert len(rest.seen) == 8  # a finished run reads nothing


def test_without_a_file_an_interrupt_promises_nothing() -> None:
    with pytest.raises(Interrupted, match=r"^interrupted; the same command goes on from there$"):
        run(Watched(at=8, act=lambda: signal.raise_signal(signal.SIGINT)))


@pytest.mark.parametrize("every_s", [0.0, 1e9])  # saved on the way; or only at the error
def test_a_run_that_breaks_off_goes_on(every_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise DataError("image 16 is damaged")

    monkeypatch.setattr(gathering, "SAVE_EVERY_S", every_s)
    with pytest.raises(DataError, match="image 16"):
        run(Watched(at=16, act=broken), keep=tmp_path / "kept.npz")
    rest = Watched()
    assert same(run(rest, keep=tmp_path / "kept.npz"), run())
    assert rest.seen == list(range(16, 24))


class Stumbling(ChannelMoments):
    """Fails at its second batch."""

    def add(self, activations, indices=None):  # type: ignore[no-untyped-def]
        if self.count:
            raise RuntimeError("stumbled")
        super().add(activations)


def test_half_a_batch_is_never_kept(tmp_path: Path) -> None:
    """The first layer has seen the batch at which the second failed."""
    keep = tmp_path / "kept.npz"
    with pytest.raises(RuntimeError, match="stumbled"):
        run(observers={"3": {"moments": Stumbling(2)}}, keep=keep)
    assert not keep.exists()


def test_only_what_is_of_the_same_request_is_taken_up(tmp_path: Path) -> None:
    keep = tmp_path / "kept.npz"
    run(keep=keep)
    other = watcher()
    with torch.no_grad():
        other.module[0].bias[0] = 1e-3
    unlike = watcher()
    unlike.module[0].stride = (1, 1)
    unlike = replace(unlike, module=nn.Sequential(unlike.module[0]))
    for network, layers, options in (
        (other, ["0", "3"], {}),
        (unlike, ["0"], {}),
        (watcher(), ["0"], {}),
        (watcher(), ["0", "3"], {"plan": replace(PLAN, seed=1)}),
        (watcher(), ["0", "3"], {"observers": {"0": {"moments": ChannelMoments(5)}}}),
    ):
        data = Watched()
        gather(network, layers, data, **{"plan": PLAN, "keep": keep, "progress": False} | options)
        assert len(data.seen) == 24


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:3000] + bytes(80) + b[3080:]]
)
def test_a_damaged_file_is_computed_again(damage, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    keep, data = tmp_path / "kept.npz", Watched()
    run(keep=keep)
    keep.write_bytes(damage(keep.read_bytes()))
    assert same(run(data, keep=keep), run())
    assert len(data.seen) == 24


def test_what_is_kept_does_not_grow_with_the_data_set(tmp_path: Path) -> None:
    sizes = []
    for count in (24, 96):
        run(Boxes(count), keep=tmp_path / f"{count}.npz", plan=replace(PLAN, batch_size=24))
        sizes.append((tmp_path / f"{count}.npz").stat().st_size)
    assert sizes[0] == sizes[1]


def test_the_network_is_left_as_it_was() -> None:
    network = watcher()
    network.module.train()
    before = {name: value.clone() for name, value in network.module.state_dict().items()}
    gather(network, "1", Boxes(8), plan=PLAN, progress=False)
    assert network.module.training
    assert hooks.hooks_left(network.module) == 0
    assert all(parameter.grad is None for parameter in network.module.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.module.state_dict().items())


def test_images_of_any_size_and_gray_ones_are_brought_to_the_size_of_the_input() -> None:
    convolution = replace(watcher(), module=nn.Sequential(watcher().module[0]))
    data = Boxes()
    data.images = data.images.mean(1, keepdim=True).expand(-1, 3, -1, -1)  # as the data room gives them
    found = gather(convolution, "0", data, image_size=(12, 20), plan=PLAN, progress=False)["0"]
    assert (found.shape, found.image_size, found.images) == ((5, 6, 10), (12, 20), 24)
    assert found.best.positions.amax((0, 1)).tolist() <= [5, 9]
    assert torch.equal(found.best.values[0], found.best.values[1])  # red and green of gray images


def test_what_cannot_be_gathered_is_refused_before_any_image_is_read() -> None:
    network, data = watcher(), Watched()
    tokens = replace(network, module=nn.Sequential(network.module, nn.Unflatten(1, (1, 2))))
    for message, change in (
        ("no layer was named", {"layers": []}),
        ("no layer '4'", {"layers": ["0", "4"]}),
        ("layer '1' of watcher gives 1 x 2 numbers for an image; expected one map", {"network": tokens, "layers": "1"}),
        ("watcher cannot take images of 8 x 8 pixels", {"image_size": 8}),
        ("no device 'gpu'", {"device": "gpu"}),
        ("boxes has no images", {"dataset": Boxes(0)}),
    ):
        options = {"network": network, "layers": "0", "dataset": data, "progress": False} | change
        with pytest.raises((XailabError, UnknownName), match=message):
            gather(**options)
    for part in (range(0, 25), range(0, 24, 2), range(5, 3)):
        with pytest.raises(ValueError, match=r"expected a part of the positions 0 \.\.\. 23 without gaps, got range"):
            collect(network, "0", data, part=part, progress=False)
    with pytest.raises(ValueError, match=r"there is an observer for '1', which is not among the layers \['0'\]"):
        gather(network, "0", data, observers={"1": {}}, progress=False)
    assert data.seen == []


def test_activations_that_are_no_numbers_name_layer_unit_and_image() -> None:
    data = Boxes()
    data.images[13] = 1.0
    network = watcher()
    with torch.no_grad():
        network.module[0].weight[2] = 3e37  # only where all 12 pixels are 1 is the sum too large for float32
    with pytest.raises(
        XailabError, match=r"'0' gives NaN or infinite numbers in 1 units \(first \[2\]\) for image 13 "
    ):
        gather(network, "0", data, plan=PLAN, progress=False)


@pytest.mark.gpu
def test_a_gpu_finds_the_same_images() -> None:
    here, there = run(), run(device="cuda")
    for layer in here:
        torch.testing.assert_close(there[layer].best.values, here[layer].best.values, rtol=1e-3, atol=1e-4)
        np.testing.assert_array_equal(there[layer].sample.indices, here[layer].sample.indices)
        np.testing.assert_allclose(there[layer].sample.values, here[layer].sample.values, rtol=1e-3, atol=1e-4)
