"""A perturbed data set is a data set: the same bytes for the same position, in whatever batch it is read."""

import numpy as np
import pytest
import torch

from tests.toys import Boxes
from xailab.data.batch import Batch, Dataset
from xailab.dissection.robustness import (
    PERTURBATIONS,
    Perturbation,
    Perturbed,
    gaussian_noise,
    rotation,
    shuffle_patches,
    shuffled_patches,
    uniform_noise,
)


@pytest.mark.parametrize("perturbation", PERTURBATIONS, ids=lambda one: one.name)
def test_reading_again_or_in_another_batch_gives_the_same_bytes(perturbation: Perturbation) -> None:
    data = Perturbed(Boxes(), perturbation, seed=5)
    whole, again = data.read(range(24)), data.read([7, 3])
    assert torch.equal(whole.images[[7, 3]], again.images)
    assert again.indices.tolist() == [7, 3]
    labels = data.read_labels([7, 3])
    assert labels is not None
    assert again.labels is not None
    assert whole.labels is not None
    for category, maps in again.labels.maps.items():
        assert torch.equal(maps, labels.maps[category])
        assert torch.equal(maps, whole.labels.maps[category][[7, 3]])
        assert maps.dtype == torch.int32
    assert torch.equal(labels.tags["scene"], Boxes().scene[[7, 3]])


def test_it_is_the_pure_function_on_each_image_with_its_own_generator() -> None:
    data = Boxes()
    found = Perturbed(data, shuffled_patches(4), seed=2).read([9])
    batch = data.read([9])
    assert batch.labels is not None
    assert found.labels is not None
    images, labels = shuffle_patches(batch.images, batch.labels, 4, np.random.default_rng([2, 9]))
    assert torch.equal(found.images, images)
    assert torch.equal(found.labels.maps["part"], labels.maps["part"])


def test_noise_of_different_strengths_is_the_same_noise_scaled() -> None:
    data = Boxes()
    data.images = torch.full((24, 3, 16, 16), 0.5)
    one, five = (Perturbed(data, uniform_noise(times)).read([4]).images - 0.5 for times in (1, 5))
    torch.testing.assert_close(five, one * 5, atol=1e-6, rtol=0)
    assert float(one.abs().max()) == pytest.approx(1 / 255, rel=0.01)


def test_images_and_seeds_have_their_own_noise() -> None:
    data = Perturbed(Boxes(), gaussian_noise(0.1))
    clean = Boxes().images
    noise = data.read([0, 1]).images - clean[[0, 1]]
    assert float((noise[0] - noise[1]).abs().max()) > 0.1
    assert not torch.equal(data.read([0]).images, Perturbed(Boxes(), gaussian_noise(0.1), seed=1).read([0]).images)


def test_fingerprints_differ_wherever_bytes_would() -> None:
    sets = [Perturbed(Boxes(), one, seed=seed) for one in (*PERTURBATIONS, rotation(10, fill=0)) for seed in (0, 1)]
    assert len({one.fingerprint for one in sets}) == 2 * len(PERTURBATIONS) + 2
    assert Boxes().fingerprint not in {one.fingerprint for one in sets}


def test_it_says_what_it_is() -> None:
    data = Perturbed(Boxes(), rotation(45))
    assert isinstance(data, Dataset)
    assert data.name == "boxes, rotated 45 degrees"
    assert (len(data), data.image_size, data.classes, data.vocabulary) == (24, (16, 16), (), Boxes().vocabulary)


def test_a_data_set_without_labels_stays_one() -> None:
    class Unlabelled(Boxes):
        def read(self, indices):  # type: ignore[no-untyped-def]
            return Batch(self.images[list(indices)], torch.tensor(list(indices), dtype=torch.int64))

        def read_labels(self, indices):  # type: ignore[no-untyped-def]
            return None

    data = Perturbed(Unlabelled(), shuffled_patches(2))
    assert data.read([1, 2]).labels is None
    assert data.read_labels([1]) is None
    assert data.read([]).images.shape == (0, 3, 16, 16)
