"""The part of the KL divergence that depends on the map, over all pairs."""

import numpy as np
import pytest
from xailab_kernels.embedding.attraction import cross_term, pack
from xailab_kernels.embedding.divergence import map_terms
from xailab_kernels.embedding.repulsion import normalization

RNG = np.random.default_rng(0)


def drawn(n, dimensions):
    joint = RNG.random((n, n)).astype(np.float32)
    joint += joint.T
    np.fill_diagonal(joint, 0)
    return joint / joint.sum(dtype=np.float64).astype(np.float32), RNG.normal(size=(n, dimensions)).astype(
        np.float32
    ) * 9


@pytest.mark.parametrize("n", [2, 17, 130])
@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("dof", [0.5, 1.0, 7.0])
def test_it_is_the_definition(n, dimensions, dof):
    joint, points = drawn(n, dimensions)
    sqdist = ((points[:, None].astype(np.float64) - points[None]) ** 2).sum(-1)
    expected = (joint.astype(np.float64) * dof * np.log1p(sqdist / dof)).sum()
    cross, z = map_terms(joint, points, dof)
    assert cross == pytest.approx(expected, rel=1e-6)
    assert z == pytest.approx(((1 + sqdist / dof) ** -dof).sum() - n, rel=1e-6)


def test_it_agrees_with_the_sparse_one():
    joint, points = drawn(40, 2)
    starts, neighbors = np.arange(0, 1601, 40), np.tile(np.arange(40, dtype=np.int32), 40)
    edges = pack(starts, neighbors, joint.ravel(), np.arange(40, dtype=np.int32))
    cross, z = map_terms(joint, points, 1.0)
    assert cross == pytest.approx(cross_term(edges, points, 1.0), rel=1e-6)
    assert z == pytest.approx(normalization(points.astype(np.float64), 1.0), rel=1e-6)


def test_points_in_one_place_add_nothing():
    joint, _ = drawn(10, 2)
    assert map_terms(joint, np.zeros((10, 2), np.float32), 1.0) == (0, 90)


def test_what_does_not_fit_is_refused():
    joint, points = drawn(10, 2)
    with pytest.raises(TypeError, match="joint must be float32, got float64"):
        map_terms(joint.astype(np.float64), points, 1.0)
    with pytest.raises(ValueError, match=r"one row and one column per point, \(9, 9\), got \(10, 10\)"):
        map_terms(joint, points[:9], 1.0)
