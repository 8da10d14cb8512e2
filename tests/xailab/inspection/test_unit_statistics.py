"""The accumulator against plain NumPy, in one piece and in shards."""

import numpy as np
import pytest
import torch
from torch import Tensor

from xailab.inspection import UnitStatistics, UnitSummary


def maps(seed: int = 0) -> Tensor:
    values = torch.randn(10, 4, 3, 5, generator=torch.Generator().manual_seed(seed)).relu() + 0.0
    values[:, 3] = 0
    return values


def of(values: Tensor, **options: object) -> UnitSummary:
    statistics = UnitStatistics(values.shape[1], **options)  # type: ignore[arg-type]
    statistics.add(values)
    return statistics.result()


def same(first: UnitSummary, second: UnitSummary) -> None:
    for name in ("share_on", "share_images_on", "minimum", "maximum", "share_low", "share_high", "not_finite"):
        assert np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True)
    for name in ("mean", "std"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=1e-12)


def test_the_numbers_are_those_of_numpy() -> None:
    values = maps()
    found, plain = of(values), values.double().numpy()
    assert found.images == 10
    np.testing.assert_allclose(found.mean, plain.mean((0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(found.std, plain.std((0, 2, 3)), rtol=1e-12)
    assert np.array_equal(found.share_on, (plain > 0).mean((0, 2, 3)))
    assert np.array_equal(found.share_images_on, (plain > 0).any((2, 3)).mean(0))
    assert np.array_equal(found.maximum, plain.max((0, 2, 3)).astype(np.float32))
    assert found.peak[3] == 0
    np.testing.assert_allclose(found.peak[0], (plain[:, 0].max() - plain[:, 0].mean()) / plain[:, 0].std())


def test_shards_states_and_any_order_give_the_whole() -> None:
    values, parts = maps(), [UnitStatistics(4, bounds=(0.0, 2.0)) for _ in range(3)]
    for part, chunk in zip(parts, values.split([3, 1, 6]), strict=True):
        part.add(chunk, torch.arange(len(chunk)))
    parts[2].merge(UnitStatistics.from_state(parts[0].state()))
    parts[2].merge(parts[1])
    assert parts[2].bounds == (0, 2)
    same(parts[2].result(), of(values, bounds=(0.0, 2.0)))


def test_a_layer_without_maps_has_one_cell() -> None:
    same(of(maps()[:, :, 0, 0]), of(maps()[:, :, :1, :1]))


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    values = maps()
    clean = of(values[:, :, 1:])
    values[:, 0, 0], values[:, 1, 0], values[:, 2:, 0] = torch.nan, torch.inf, 0
    found = of(values)
    assert found.not_finite.tolist() == [50, 50, 0, 0]
    np.testing.assert_allclose(found.mean[:2], clean.mean[:2], rtol=1e-12)
    assert np.array_equal(found.maximum[:2], clean.maximum[:2])
    none = of(torch.full((1, 1, 2, 2), torch.nan))
    assert np.isnan(none.mean[0])
    assert np.isnan(none.maximum[0])


def test_cells_at_a_bound_are_counted_within_a_hundredth_of_the_range() -> None:
    values = torch.tensor([[[[-1.0, -0.985, -0.97, 0.99, 0.0]]]])
    found = of(values, bounds=(-1.0, 1.0))
    assert (found.share_low[0], found.share_high[0]) == (0.4, 0.2)
    assert of(values, bounds=(None, 0.99)).share_high[0] == 0.2
    assert of(values, bounds=(None, 0.99)).share_low[0] == 0


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="units must be at least 0, got -1"):
        UnitStatistics(-1)
    with pytest.raises(ValueError, match="bounds must ascend, got 1 and 0"):
        UnitStatistics(1, bounds=(1.0, 0.0))
    with pytest.raises(ValueError, match="expected activations of 3 units, got 4"):
        UnitStatistics(3).add(maps())
    with pytest.raises(ValueError, match="cannot merge: bounds is"):
        UnitStatistics(3).merge(UnitStatistics(3, bounds=(0.0, 1.0)))
    with pytest.raises(ValueError, match="no activations were added"):
        UnitStatistics(3).result()
