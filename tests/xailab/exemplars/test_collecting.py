"""What is kept of a layer is what sorting everything would keep, in any order, batches and shards."""

import numpy as np
import pytest
import torch

from tests import naive
from xailab.errors import XailabError
from xailab.exemplars import Collector, Plan
from xailab.statistics import ChannelMoments

PLAN = Plan(count=6, sample=10)


def maps(images=40, units=3):
    """Few different values, so that there are many ties."""
    values = np.random.default_rng(0).integers(-3, 4, (images, units, 2, 4))
    return torch.from_numpy(values.astype(np.float32))


def collected(activations, order, size=7, plan=PLAN):
    collector = Collector("conv", activations.shape[1], plan, {"moments": ChannelMoments(activations.shape[1])})
    for indices in torch.as_tensor(list(order), dtype=torch.int64).split(size):
        collector.add(activations[indices], indices)
    return collector


def kept(collector):
    return {name: array.tobytes() for name, array in collector.state().items() if not name.startswith("observed")}


def test_best_and_lowest_equal_the_twins():
    activations = maps()
    found = collected(activations, range(40)).result((3, 2, 4), (16, 16))
    for exemplars, signed in ((found.best, activations), (found.lowest, -activations)):
        for unit, expected in enumerate(naive.top_images(signed.flatten(2).amax(2).numpy(), PLAN.count)):
            values = exemplars.values[unit] if signed is activations else -exemplars.values[unit]
            assert list(zip(values.tolist(), exemplars.indices[unit].tolist(), strict=True)) == expected
            for index, value, (row, column) in zip(
                exemplars.indices[unit], exemplars.values[unit], exemplars.positions[unit].tolist(), strict=True
            ):
                assert activations[index, unit, row, column] == value
    assert found.images == 40
    assert not torch.signbit(found.lowest.values[found.lowest.values == 0]).any()


def test_the_sample_holds_maxima_and_where_they_lie():
    activations = maps()
    sample = collected(activations, range(40)).result((3, 2, 4), (16, 16)).sample
    for index, values, cells in zip(sample.indices, sample.values, sample.cells, strict=True):
        flat = activations[index].flatten(1)
        np.testing.assert_array_equal(values, flat.amax(1))
        np.testing.assert_array_equal(cells, flat.argmax(1))


def test_order_batches_shards_and_states_do_not_matter():
    activations = maps()
    whole = collected(activations, range(40))
    assert kept(collected(activations, np.random.default_rng(1).permutation(40), size=11)) == kept(whole)
    one, other = collected(activations, range(23, 40)), collected(activations, range(23))
    one.merge(collected(activations, []).continued(other.state()))
    assert kept(one) == kept(whole)
    assert one.images == whole.images
    moments = one.observed["moments"].result()
    np.testing.assert_allclose(moments.covariance, whole.observed["moments"].result().covariance, atol=1e-12)


def test_observers_see_every_map_once_and_those_given_stay_empty():
    activations, mine = maps(), ChannelMoments(3)
    collector = Collector("conv", 3, PLAN, {"moments": mine})
    collector.add(activations, torch.arange(40))
    assert collector.observed["moments"].result().count == 40 * 8
    assert mine.count == 0


def test_a_layer_without_maps_is_one_cell():
    numbers = torch.rand(12, 4, generator=torch.Generator().manual_seed(0))
    found = collected(numbers, range(12)).result((4, 1, 1), (16, 16))
    assert torch.equal(found.best.values, numbers.T.sort(1, descending=True).values[:, :6])
    assert not found.best.positions.any()


def test_fewer_images_than_places_leave_places_empty():
    found = collected(maps(images=2), range(2)).result((3, 2, 4), (16, 16))
    assert (found.best.indices[:, 2:] == -1).all()
    assert (found.lowest.values[:, 2:] == torch.inf).all()
    assert len(found.sample) == 2


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_what_is_no_number_is_told_and_nothing_is_added(bad):
    activations, collector = maps(), Collector("conv", 3, PLAN)
    activations[5, 1, 0, 2] = bad
    message = r"layer 'conv' gives NaN or infinite numbers in 1 units \(first \[1\]\) for image 105 of the data set"
    with pytest.raises(XailabError, match=message):
        collector.add(activations, torch.arange(100, 140))
    assert kept(collector) == kept(Collector("conv", 3, PLAN))


def test_what_does_not_fit_is_refused():
    collector = Collector("conv", 3, PLAN)
    for wrong in (maps(units=4), maps()[:, :, :0], maps()[:, :, 0]):
        with pytest.raises(ValueError, match="expected maps of 3 units, or one number per unit, of layer 'conv', got"):
            collector.add(wrong, torch.arange(40))
    with pytest.raises(ValueError, match="cannot merge: layer is conv here and fc there"):
        collector.merge(Collector("fc", 3, PLAN))
    with pytest.raises(ValueError, match=r"cannot merge: observers is \['moments'\] here and \[\] there"):
        collected(maps(), range(3)).merge(collector)
    with pytest.raises(ValueError, match="was added twice"):
        collected(maps(), range(9)).merge(collected(maps(), range(8, 12)))
    for name in ("count", "batch_size"):
        with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
            Plan(**{name: 0})
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        Plan(seed=-1)
