"""Thresholds are exact: the twin's, to the bit, for any split of the data."""

import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests import naive
from xailab.statistics import TopQuantile

FLOATS = st.floats(width=32, allow_nan=False) | st.sampled_from([0.0, -0.0, 1.0, -1.0])
QUANTILES = (0.005, 0.04, 0.5)


def maps(seed=0, shape=(60, 5, 4, 4)):
    """Rectified noise of two decimals: many ties, mostly zeros."""
    noise = np.random.default_rng(seed).standard_normal(shape).astype(np.float32).round(2)
    return torch.from_numpy(np.maximum(noise - 0.5, 0))


def accumulated(parts, total, device="cpu", quantiles=QUANTILES):
    accumulator = TopQuantile(parts[0].shape[1], quantiles=quantiles, total=total)
    for part in parts:
        accumulator.add(part.to(device))
    return accumulator


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=4, max_dims=4, max_side=6), elements=FLOATS), st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_thresholds_equal_the_twins(device, values, data):
    quantiles = tuple(data.draw(st.lists(st.decimals("0.001", "0.999", places=3).map(float), min_size=1, max_size=3)))
    total = len(values) * values.shape[2] * values.shape[3]
    result = accumulated([torch.from_numpy(values)], total, device, quantiles).result()
    for line, quantile in zip(result, quantiles, strict=True):
        expected = [naive.threshold(values[:, unit], quantile) for unit in range(values.shape[1])]
        np.testing.assert_array_equal(line.numpy(), expected)


def test_threshold_is_numpys_inverted_cdf(device):
    values = torch.randn(40, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    ours = accumulated([values], 1000, device, (0.01, 0.25)).result()
    flat = values.transpose(0, 1).flatten(1).numpy()
    np.testing.assert_array_equal(ours, np.quantile(flat, [0.99, 0.75], axis=1, method="inverted_cdf"))


def test_rank_is_computed_from_the_decimal_not_the_binary_number():
    """In floating point, 0.29 * 100 is below 29 and 0.07 * 100 above 7."""
    values = torch.arange(100.0).reshape(100, 1, 1, 1)
    assert math.floor(0.29 * 100) == 28
    assert accumulated([values], 100, quantiles=(0.29, 0.07)).result()[:, 0].tolist() == [70, 92]


def test_order_and_batches_and_shards_give_the_same_bits(device):
    values = maps()
    whole = accumulated([values], 960, device)
    batched = accumulated(list(values.flip(0).split(7)), 960, device)
    merged = accumulated(list(values[:13].split(5)), 960, device)
    merged.merge(accumulated([values[40:]], 960, device))
    merged.merge(accumulated([values[13:40]], 960, device))
    for other in (batched, merged):
        np.testing.assert_array_equal(whole.result(), other.result())
        for name, array in whole.state().items():
            assert array.tobytes() == other.state()[name].tobytes()


def test_a_saved_state_goes_on_where_it_was(device):
    values = maps()
    first = TopQuantile.from_state(accumulated([values[:20]], 960, device).state())
    first.add(values[20:].to(device))
    np.testing.assert_array_equal(first.result(), accumulated([values], 960).result())
    assert first.quantiles == QUANTILES


def test_state_can_be_taken_in_between(device):
    values = maps()
    accumulator = TopQuantile(5, quantiles=QUANTILES, total=960)
    for part in values.split(11):
        accumulator.add(part.to(device))
        accumulator.state()
    np.testing.assert_array_equal(accumulator.result(), accumulated([values], 960).result())


def test_merging_both_ways_does_not_change_the_other():
    values = maps()
    one, two = accumulated([values[:30]], 960), accumulated([values[30:]], 960)
    before = two.state()
    one.merge(two)
    for name, array in two.state().items():
        np.testing.assert_array_equal(array, before[name])


def test_activations_without_space_and_of_half_precision_work(device):
    values = maps(shape=(50, 3)).half()
    expected = accumulated([values.float()[..., None, None]], 50).result()
    np.testing.assert_array_equal(accumulated([values], 50, device).result(), expected)


@pytest.mark.parametrize(("images", "units"), [(1, 1), (1, 0), (3, 0)])
def test_one_image_and_no_units_work(device, images, units):
    values = torch.ones(images, units, 1, 1)
    assert accumulated([values[:0], values], images, device).result().tolist() == [[1.0] * units] * 3


def test_memory_depends_on_the_largest_quantile_alone():
    assert TopQuantile.bytes_needed(64, quantiles=(0.005, 0.04), total=10**6) == TopQuantile.bytes_needed(
        64, quantiles=(0.04,), total=10**6
    )
    assert TopQuantile.bytes_needed(64, quantiles=(0.04,), total=10**6) == pytest.approx(64 * 6 * 40_000, rel=0.01)


def test_nan_names_the_units_and_adds_nothing(device):
    accumulator = TopQuantile(12, total=32)
    values = torch.zeros(2, 12, 4, 4)
    values[1, 3, 2, 2] = torch.nan
    with pytest.raises(ValueError, match="activations are NaN in unit 3; find the layer"):
        accumulator.add(values.to(device))
    values[0, 1:] = torch.nan
    with pytest.raises(ValueError, match="NaN in units 1, 2, 3, 4, 5, 6, 7, 8 and 3 more"):
        accumulator.add(values.to(device))
    assert accumulator.came == 0
    accumulator.add(torch.ones(2, 12, 4, 4).to(device))
    assert accumulator.result().unique().tolist() == [1]


def test_a_result_before_the_end_says_how_many_came():
    with pytest.raises(ValueError, match="320 of 960 values per unit came; add the rest, or merge the other shards"):
        accumulated([maps()[:20]], 960).result()


def test_more_values_than_announced_are_refused():
    with pytest.raises(ValueError, match="960 values per unit came, but total=959 were announced"):
        accumulated([maps()], 959)


def test_another_number_of_units_is_refused():
    with pytest.raises(ValueError, match="expected activations of 4 units, got 5"):
        TopQuantile(4, total=960).add(maps())


def test_merging_what_does_not_belong_together_is_refused():
    here = TopQuantile(5, total=960)
    with pytest.raises(ValueError, match="cannot merge: units is 5 here and 4 there"):
        here.merge(TopQuantile(4, total=960))
    with pytest.raises(ValueError, match="cannot merge: quantiles is"):
        here.merge(TopQuantile(5, quantiles=(0.1,), total=960))
    with pytest.raises(ValueError, match="cannot merge: total is 960 here and 961 there"):
        here.merge(TopQuantile(5, total=961))
    whole = accumulated([maps()], 960)
    with pytest.raises(ValueError, match="960 \\+ 960 values per unit are more than total=960; did a shard come twice"):
        whole.merge(whole)


@pytest.mark.parametrize(
    ("units", "quantiles", "total", "message"),
    [
        (1, (), 10, "at least one quantile is needed"),
        (1, (0.5, 1.0), 10, r"quantiles must lie in \(0, 1\).* got 1.0"),
        (1, (0.0,), 10, "got 0.0"),
        (1, (math.nan,), 10, "got nan"),
        (1, (0.5,), 0, "total must be at least 1 value per unit, got 0"),
        (-1, (0.5,), 1, "units must be at least 0, got -1"),
    ],
)
def test_impossible_settings_are_refused(units, quantiles, total, message):
    with pytest.raises(ValueError, match=message):
        TopQuantile(units, quantiles=quantiles, total=total)
