"""Examples over the whole range: each stands at its quantile, no image stands twice, nothing is made up."""

import numpy as np
import pytest
import torch

from xailab.exemplars import Collector, Plan, random_images, spread

MAPS = torch.rand(101, 4, 2, 3, generator=torch.Generator().manual_seed(3))


def found(activations=MAPS, *, sample=1000):
    collector = Collector("conv", activations.shape[1], Plan(count=3, sample=sample))
    collector.add(activations, torch.arange(len(activations)))
    return collector.result((activations.shape[1], *activations.shape[2:]), (16, 16))


def check_places(exemplars, activations=MAPS):
    for unit in range(activations.shape[1]):
        for index, value, (row, column) in zip(
            exemplars.indices[unit], exemplars.values[unit], exemplars.positions[unit].tolist(), strict=True
        ):
            assert value == (-torch.inf if index < 0 else activations[index, unit].max())
            assert (row, column) == (-1, -1) if index < 0 else activations[index, unit, row, column] == value
        there = exemplars.indices[unit][exemplars.indices[unit] >= 0].tolist()
        assert len(there) == len(set(there))


def test_where_all_images_are_in_the_sample_quantiles_are_exact():
    """The best image stands apart; the other 100 have ranks 0 ... 99."""
    strip = spread(found(), (1.0, 0.99, 0.5, 0.0))
    check_places(strip)
    ordered = MAPS.flatten(2).amax(2).T.sort(1).values
    assert torch.equal(strip.values, ordered[:, [100, 98, 50, 0]])


def test_without_the_best_image_the_sample_says_it_all():
    strip = spread(found(), (0.99, 0.01))
    assert torch.equal(strip.values, MAPS.flatten(2).amax(2).T.sort(1).values[:, [99, 1]])


def test_a_small_sample_gives_estimates_and_the_true_best():
    strip = spread(found(sample=20))
    check_places(strip)
    assert torch.equal(strip.values[:, 0], MAPS.flatten(2).amax(2).amax(0))
    assert (strip.values.diff(dim=1) <= 0).all()


def test_ties_do_not_make_an_image_stand_twice():
    """Rectified units give 0 for most images; which of them are shown is random, and never the best one again."""
    silent = (MAPS - 2).relu()
    silent[7] = 0
    strip = spread(found(silent))
    check_places(strip, silent)
    assert (strip.indices[:, 0] == 0).all()
    assert len(set(strip.indices[0].tolist())) == 7


def test_few_images_leave_places_empty():
    few = found(MAPS[:3])
    strip = spread(few)
    check_places(strip, MAPS[:3])
    assert ((strip.indices >= 0).sum(1) == 3).all()
    nothing = spread(found(sample=0))
    assert (nothing.indices[:, 0] >= 0).all()
    assert (nothing.indices[:, 1:] == -1).all()
    assert spread(few, ()).indices.shape == (4, 0)


def test_random_images_are_the_same_for_all_units_in_each_ones_order():
    shown = random_images(found(), 9)
    check_places(shown)
    assert len({tuple(sorted(row)) for row in shown.indices.tolist()}) == 1
    assert (shown.values.diff(dim=1) <= 0).all()
    np.testing.assert_array_equal(sorted(shown.indices[0].tolist()), sorted(found().sample.indices[:9]))
    few = random_images(found(MAPS[:2]), 3)
    check_places(few, MAPS[:2])
    assert (few.indices[:, 2] == -1).all()
    assert (random_images(found(sample=0), 2).indices == -1).all()


def test_quantiles_that_make_no_sense_are_refused():
    for wrong in ((0.5, 1.0), (1.5,), (-0.1,), (0.5, 0.5), (float("nan"),)):
        with pytest.raises(ValueError, match="expected quantiles from 1 to 0, descending"):
            spread(found(MAPS[:3]), wrong)
    with pytest.raises(ValueError, match="count must be at least 1 image, got 0"):
        random_images(found(MAPS[:3]), 0)
