"""The random images are a fair sample, and the same ones whatever the order, the batches and the shards."""

import numpy as np
import pytest
import torch

from xailab.exemplars.sampling import RandomImages, draws

MAPS = torch.rand(200, 3, 2, 4, generator=torch.Generator().manual_seed(0))
VALUES, CELLS = MAPS.flatten(2).max(2)


def seen(order, *, count=20, seed=0, size=7):
    chosen = RandomImages(3, count, seed=seed)
    for indices in torch.as_tensor(order).split(size):
        chosen.add(VALUES[indices], MAPS[indices], indices)
    return chosen


def same(one, other):
    return all(array.tobytes() == other.state()[name].tobytes() for name, array in one.state().items())


def test_any_order_of_batches_and_any_shards_choose_the_same_images():
    whole = seen(range(200))
    assert same(whole, seen(np.random.default_rng(1).permutation(200), size=13))
    part = seen(range(120, 200))
    part.merge(seen(range(120)))
    assert same(whole, part)
    continued = RandomImages.from_state(seen(range(50)).state())
    for index in range(50, 200):
        continued.add(VALUES[index][None], MAPS[index][None], torch.tensor([index]))
    assert same(whole, continued)


def test_the_numbers_are_those_of_the_images():
    sample = seen(range(200)).result()
    assert len(sample) == len(set(sample.indices.tolist())) == 20
    np.testing.assert_array_equal(sample.values, VALUES.numpy()[sample.indices])
    np.testing.assert_array_equal(sample.cells, CELLS.numpy()[sample.indices])


def test_a_smaller_sample_is_the_beginning_of_a_larger_one():
    np.testing.assert_array_equal(seen(range(200), count=5).result().indices, seen(range(200)).result().indices[:5])


def test_every_image_is_chosen_equally_often():
    """4000 seeds, 10 of 40 positions each: 1000 expected per position, with a standard deviation of 27."""
    often = np.zeros(40)
    for seed in range(4000):
        often[np.argsort(draws(np.arange(40), seed))[:10]] += 1
    assert often.sum() == 40000
    assert np.abs(often - 1000).max() < 5 * 27.4


def test_neighboring_seeds_choose_independently():
    """1000 pairs of samples of 10 of 40: 2.5 images in common are expected, the mean scatters by 0.037."""
    common = [
        len(set(np.argsort(draws(np.arange(40), seed))[:10]) & set(np.argsort(draws(np.arange(40), seed + 1))[:10]))
        for seed in range(0, 2000, 2)
    ]
    assert abs(np.mean(common) - 2.5) < 0.19


def test_fewer_images_than_asked_for_and_none_work():
    assert sorted(seen(range(4)).result().indices) == [0, 1, 2, 3]
    assert len(seen(range(200), count=0).result()) == 0
    empty = RandomImages(3, 5)
    empty.add(VALUES[:0], MAPS[:0], torch.zeros(0, dtype=torch.int64))
    assert empty.result().values.shape == (0, 3)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="expected maxima of 4 units, got 3"):
        RandomImages(4, 2).add(VALUES, MAPS, torch.arange(200))
    with pytest.raises(ValueError, match="cannot merge: seed is 0 here and 1 there"):
        seen(range(3)).merge(seen(range(3, 6), seed=1))
    with pytest.raises(ValueError, match="image 2 was added twice"):
        seen(range(3)).merge(seen(range(2, 6)))
    with pytest.raises(ValueError, match="count must be at least 0, got -1"):
        RandomImages(1, -1)
