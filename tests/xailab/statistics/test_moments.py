"""Means and covariances: those of NumPy, in whatever shards they came, also far from 0."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from xailab.statistics import ChannelMoments


def maps(images: int = 7, units: int = 4, *, seed: int = 0, offset: float = 0.0) -> torch.Tensor:
    values = torch.randn(images, units, 3, 5, generator=torch.Generator().manual_seed(seed))
    values[:, 1] = values[:, 0] * 2 + values[:, 1]
    return values + offset


def moments_of(*batches: torch.Tensor) -> ChannelMoments:
    moments = ChannelMoments(batches[0].shape[1])
    for batch in batches:
        moments.add(batch)
    return moments


def test_they_are_those_of_numpy() -> None:
    values = maps()
    found = moments_of(values[:3], values[3:]).result()
    columns = values.double().numpy().transpose(1, 0, 2, 3).reshape(4, -1)
    np.testing.assert_allclose(found.mean, columns.mean(1), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(columns, ddof=0), rtol=1e-12)
    np.testing.assert_allclose(found.std, columns.std(1), rtol=1e-12)
    assert found.count == 7 * 15


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.integers(0, 3))
def test_shards_merged_give_the_whole_to_rounding(sizes: list[int], seed: int) -> None:
    values = maps(sum(sizes) + 1, seed=seed)
    whole, merged, start = moments_of(values).result(), ChannelMoments(4), 0
    for size in [*sizes, 1]:
        merged.merge(moments_of(values[start : start + size]))
        start += size
    np.testing.assert_allclose(merged.result().covariance, whole.covariance, atol=1e-12)
    np.testing.assert_allclose(merged.result().mean, whole.mean, atol=1e-12)
    assert merged.result().count == whole.count


def test_a_large_mean_costs_no_digits() -> None:
    values = (maps(40) * 8).round() / 8  # exact in float32 also beside the offset
    near, far = moments_of(*values.split(3)).result(), moments_of(*(values + 2.0**17).split(3)).result()
    np.testing.assert_allclose(far.covariance, near.covariance, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(far.mean - 2.0**17, near.mean, atol=1e-9)


def test_the_covariance_is_symmetric_to_the_bit() -> None:
    found = moments_of(*maps(30).split(4)).result().covariance
    np.testing.assert_array_equal(found, found.T)


def test_a_saved_state_goes_on() -> None:
    values = maps()
    half = ChannelMoments.from_state(moments_of(values[:4]).state())
    half.add(values[4:])
    np.testing.assert_array_equal(half.result().covariance, moments_of(values[:4], values[4:]).result().covariance)


def test_layers_without_space_and_empty_batches_are_taken() -> None:
    flat = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    found = moments_of(flat, flat[:0]).result()
    assert found.mean.tolist() == [2.0, 4.0]
    assert found.covariance.tolist() == [[1.0, 2.0], [2.0, 4.0]]


def test_what_does_not_belong_is_refused_and_nothing_is_added() -> None:
    moments = moments_of(maps())
    before = moments.result()
    with pytest.raises(ValueError, match="expected activations of 4 units, got 3"):
        moments.add(maps(units=3))
    bad = maps()
    bad[2, 1, 0, 0] = torch.nan
    with pytest.raises(ValueError, match="NaN in unit 1"):
        moments.add(bad)
    with pytest.raises(ValueError, match="units is 4 here and 3 there"):
        moments.merge(ChannelMoments(3))
    np.testing.assert_array_equal(moments.result().covariance, before.covariance)
    with pytest.raises(ValueError, match="units must be at least 0"):
        ChannelMoments(-1)
    with pytest.raises(ValueError, match="there is no mean of nothing"):
        ChannelMoments(2).result()


@pytest.mark.gpu
def test_on_a_cuda_device_they_are_the_same_to_rounding() -> None:
    values = maps(20)
    here, there = moments_of(*values.split(6)).result(), moments_of(*values.cuda().split(6)).result()
    np.testing.assert_allclose(there.covariance, here.covariance, atol=1e-12)
    np.testing.assert_allclose(there.mean, here.mean, atol=1e-12)
