"""Cells as points: which are drawn, and which label belongs to them."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.toys import PLAIN, Boxes, watcher
from xailab.errors import UnknownName, XailabError
from xailab.inspection import ActivationSpace, activation_space
from xailab.inspection.cell_sample import CellSample
from xailab.models.network import Network


def through(*layers: nn.Module) -> Network:
    return Network("through", nn.Sequential(*layers), PLAIN, 16, ())


def same(first: ActivationSpace, second: ActivationSpace) -> None:
    assert np.array_equal(first.vectors, second.vectors)
    assert np.array_equal(first.images, second.images)
    assert np.array_equal(first.cells, second.cells)
    for category, numbers in first.labels.items():
        assert np.array_equal(numbers, second.labels[category])


def test_the_draw_depends_on_the_seed_and_not_on_batches() -> None:
    network, data = through(nn.Identity()), Boxes(20)
    first = activation_space(network, "0", data, count=300, batch_size=7)
    same(first, activation_space(network, "0", data, count=300, batch_size=20))
    other = activation_space(network, "0", data, count=300, seed=1)
    assert not np.array_equal(first.cells, other.cells)
    assert len(first) == 300
    pairs = np.column_stack([first.images, first.cells])
    assert len(np.unique(pairs, axis=0)) == 300
    assert (np.diff(first.images) >= 0).all()


def test_points_are_the_vectors_at_their_cells_and_labels_those_of_their_pixels() -> None:
    data = Boxes(12)
    found = activation_space(through(nn.Identity()), "0", data, count=500)
    rows, columns = found.cells.T
    np.testing.assert_allclose(found.vectors, data.images.numpy()[found.images, :, rows, columns], atol=1e-6)
    assert np.array_equal(found.labels["object"], data.object.numpy()[found.images, 0, rows, columns])
    assert np.array_equal(found.labels["scene"], data.scene.numpy()[found.images, 0])
    assert set(found.names("object")) == {"", "ball", "box"}
    assert set(found.names("scene")) == {"", "yard"}


def test_a_coarse_cell_has_the_label_at_the_center_of_its_receptive_field() -> None:
    data, conv = Boxes(12), nn.Conv2d(3, 2, 3, stride=4)  # centers at 1, 5, 9
    found = activation_space(through(conv), "0", data, count=12 * 16)
    rows, columns = 1 + 4 * found.cells.T
    assert len(found) == 12 * 16
    assert np.array_equal(found.labels["object"], data.object.numpy()[found.images, 0, rows, columns])


def test_a_layer_without_maps_has_the_label_at_the_middle() -> None:
    data = Boxes(9)
    found = activation_space(watcher(), "3", data, count=50)
    assert len(found) == 9
    assert np.array_equal(found.labels["object"], data.object.numpy()[:, 0, 8, 8])


def test_classes_are_labels_too() -> None:
    class Classed(Boxes):
        def read(self, indices):  # type: ignore[no-untyped-def]
            from dataclasses import replace

            return replace(super().read(indices), targets=torch.tensor([i % 2 for i in indices]))

    data = Classed(6)
    data.classes = ("even", "odd")
    found = activation_space(through(nn.Identity()), "0", data, count=40)
    assert found.names("class") == [("even", "odd")[image % 2] for image in found.images]
    with pytest.raises(UnknownName, match="no category of labels 'objects'; did you mean 'object'"):
        found.names("objects")


def test_all_cells_have_the_same_chance_and_images_their_share() -> None:
    sample = CellSample(1, 4000, seed=3)
    sample.add(torch.zeros(400, 1, 5, 5), torch.arange(400))
    found = sample.result()
    places = np.bincount(found["cells"][:, 0] * 5 + found["cells"][:, 1], minlength=25)
    assert abs(places - 160).max() < 6 * (160 * 0.6) ** 0.5  # 6 standard deviations of drawing 160 of 400
    single = CellSample(1, 10_000, per_image=1)
    single.add(torch.zeros(300, 1, 5, 5), torch.arange(300))
    assert np.array_equal(single.result()["images"], np.arange(300))


def test_shards_in_any_order_draw_what_the_whole_draws() -> None:
    maps, labels = torch.rand(30, 2, 3, 3), torch.randint(0, 5, (30, 3, 3), dtype=torch.int32)
    samples = [CellSample(2, 50, seed=9) for _ in range(4)]
    samples[0].add(maps, torch.arange(30), {"object": labels})
    for sample, part in zip(samples[1:], (range(20, 30), range(0, 7), range(7, 20)), strict=True):
        sample.add(maps[list(part)], torch.tensor(part), {"object": labels[list(part)]})
    samples[1].merge(samples[2])
    samples[1].merge(samples[3])
    whole, merged = samples[0].result(), samples[1].result()
    assert whole.keys() == merged.keys() == {"vectors", "images", "cells", "label object"}
    assert all(np.array_equal(whole[name], merged[name]) for name in whole)


def test_principal_components_are_those_of_the_singular_values() -> None:
    vectors = np.random.default_rng(0).standard_normal((80, 4)).astype(np.float32) * [5, 3, 1, 0.1]
    space = ActivationSpace("x", vectors.astype(np.float32), np.zeros(80, np.int64), np.zeros((80, 2), np.int64))
    found = space.principal(3)
    centered = space.vectors - space.vectors.astype(np.float64).mean(0)
    values = np.linalg.svd(centered, compute_uv=False)
    np.testing.assert_allclose(found.share, values[:3] ** 2 / (values**2).sum(), rtol=1e-9)
    np.testing.assert_allclose(found.points, centered @ found.directions.T, atol=1e-9)
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(3), atol=1e-9)
    assert (found.directions[np.arange(3), np.abs(found.directions).argmax(1)] > 0).all()
    with pytest.raises(XailabError, match=r"count must be from 1 to 4 components \(the number of units\), got 5"):
        space.principal(5)


def test_what_has_no_points_is_refused() -> None:
    with pytest.raises(XailabError, match="boxes has no images, so the space has no points"):
        activation_space(watcher(), "0", Boxes(0))
    with pytest.raises(
        XailabError, match="layer '1' of through gives 3 x 256 numbers for an image; its units span no space"
    ):
        activation_space(through(nn.Identity(), nn.Flatten(2)), "1", Boxes(2))
    broken = through(nn.Conv2d(3, 2, 1))
    with torch.no_grad():
        broken.module[0].bias[0] = torch.nan
    with pytest.raises(XailabError, match="layer '0' of through: activations with NaN or infinite numbers"):
        activation_space(broken, "0", Boxes(2))
    with pytest.raises(ValueError, match="must be at least 1 cell, got 0 and None"):
        CellSample(2, 0)
    with pytest.raises(ValueError, match="expected activations of 2 units, got 3"):
        CellSample(2, 5).add(torch.zeros(1, 3, 1, 1), torch.arange(1))
    with pytest.raises(ValueError, match="cannot merge: seed is 0 here and 1 there"):
        CellSample(2, 5).merge(CellSample(2, 5, seed=1))
    named = CellSample(1, 5)
    named.add(torch.zeros(1, 1, 1, 1), torch.tensor([0]), {"a": torch.zeros(1, 1, 1, dtype=torch.int32)})
    with pytest.raises(ValueError, match=r"other labels than before: \['label a'\]"):
        named.add(torch.zeros(1, 1, 1, 1), torch.tensor([1]))
