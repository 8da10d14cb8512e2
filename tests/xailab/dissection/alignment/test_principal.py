"""Principal axes: those that were put in, in order, with signs that do not depend on chance."""

import numpy as np
import pytest
import torch

from xailab.dissection.alignment import directions_needed, pca_basis, random_rotation
from xailab.statistics import ChannelMoments


def signals(variances: list[float], places: int = 64) -> np.ndarray:
    """Uncorrelated signals of exact variances: columns of a cosine transform."""
    t = (np.arange(places) + 0.5) / places
    return np.stack([np.sqrt(2 * v) * np.cos(np.pi * (k + 1) * t) for k, v in enumerate(variances)])


def test_the_axes_and_variances_that_were_put_in_come_out() -> None:
    axes = random_rotation(4, np.random.default_rng(0))
    mixed = axes.T @ signals([1.0, 9.0, 4.0, 0.25]) + np.array([[5.0], [0.0], [-3.0], [1.0]])
    basis, variances = pca_basis(torch.from_numpy(mixed.T.reshape(4, 16, 4).copy()).permute(0, 2, 1)[..., None].float())
    np.testing.assert_allclose(variances, [9, 4, 1, 0.25], rtol=1e-5)
    np.testing.assert_allclose(np.abs(np.sum(basis * axes[[1, 2, 0, 3]], 1)), 1, atol=1e-5)
    np.testing.assert_allclose(basis @ basis.T, np.eye(4), atol=1e-12)


def test_two_correlated_units_by_hand() -> None:
    """Variance 2, covariance 1: axes (1, 1) and (1, -1), variances 3 and 1."""
    values = torch.tensor([[3.0, 3.0], [-3.0, -3.0], [1.0, -1.0], [-1.0, 1.0]])
    basis, variances = pca_basis(values)
    np.testing.assert_allclose(variances, [9.0, 1.0])
    np.testing.assert_allclose(basis, np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2), atol=1e-12)


def test_moments_of_a_data_set_give_the_same_as_its_activations() -> None:
    values = torch.randn(9, 5, 2, 3, generator=torch.Generator().manual_seed(0))
    moments = ChannelMoments(5)
    for batch in values.split(2):
        moments.add(batch)
    for one, other in zip(pca_basis(values), pca_basis(moments.result()), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_along_the_axes_the_activations_are_uncorrelated() -> None:
    values = torch.randn(50, 6, 4, 4, generator=torch.Generator().manual_seed(1))
    values[:, 3] += 2 * values[:, 0]
    basis, variances = pca_basis(values)
    turned = torch.from_numpy(basis).float() @ values.flatten(2)
    covariance = np.cov(turned.transpose(0, 1).flatten(1).double().numpy(), ddof=0)
    np.testing.assert_allclose(covariance, np.diag(variances), atol=1e-5)


def test_the_largest_entry_of_every_axis_is_positive() -> None:
    basis, _ = pca_basis(torch.randn(40, 7, generator=torch.Generator().manual_seed(2)))
    assert (basis[np.arange(7), np.abs(basis).argmax(1)] > 0).all()


def test_the_directions_that_hold_a_part_of_the_variance_are_counted() -> None:
    variances = np.array([6.0, 3.0, 1.0, 0.0])
    assert [directions_needed(variances, part) for part in (0.6, 0.61, 0.9, 0.91, 1.0)] == [1, 2, 2, 3, 3]
    assert directions_needed(np.zeros(3)) == 0
    with pytest.raises(ValueError, match=r"part must lie in \(0, 1\]"):
        directions_needed(variances, 0.0)


def test_no_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="no mean of nothing"):
        pca_basis(torch.zeros(0, 3, 2, 2))
