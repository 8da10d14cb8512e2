"""Exact neighbors in torch: every one of them, whatever the data."""

import numpy as np
import pytest
import torch
from xailab_kernels.affinity import neighbors as kernel

from tests.xailab.embedding.cuda.clouds import gaussian, mixture, raw
from xailab.embedding.cuda import neighbors
from xailab.embedding.cuda.neighbors import exact_products, nearest, nearest_among


def brute(queries, features, k, *, alone):
    """All distances in float64, rounded, sorted by (distance, index)."""
    apart = queries.double()[:, None] - features.double()[None]
    sqdist = apart.square().sum(2).float().numpy()
    if alone:
        np.fill_diagonal(sqdist, np.inf)
    index = np.lexsort((np.broadcast_to(np.arange(len(features)), sqdist.shape), sqdist), axis=1)[:, :k]
    return np.take_along_axis(sqdist, index, 1), index


DATA = {
    "gaussian": gaussian(400, 20),
    "clusters": mixture(400, 30),
    "far from the origin": gaussian(300, 20) + 1000,
    "one feature": gaussian(300, 1),
    "many ties": torch.randint(0, 4, (400, 3), generator=torch.Generator().manual_seed(1)).float(),
    "all equal": torch.full((200, 4), 0.1),
    "products too small for float32": gaussian(200, 5) * 1e-20,
    "products too large for float32": gaussian(200, 5) * 1e18,
    "an outlier": torch.cat([gaussian(299, 8), torch.full((1, 8), 1e4)]),
}


@pytest.mark.parametrize("name", DATA)
def test_neighbors_are_those_of_all_distances_in_float64(name, device):
    features = DATA[name]
    wanted, index = brute(features, features, 20, alone=True)
    sqdist, found = nearest(features.to(device), 20)
    assert (found.dtype, sqdist.dtype) == (torch.int32, torch.float32)
    np.testing.assert_array_equal(found.cpu().numpy(), index)
    np.testing.assert_array_equal(sqdist.cpu().numpy(), wanted)


@pytest.mark.parametrize("k", [1, 90, 119])
def test_chunks_do_not_show(k, device, monkeypatch):
    features = gaussian(120, 6).to(device)
    whole = nearest(features, k)
    monkeypatch.setattr(neighbors, "_VALUES", 1000)
    assert all(torch.equal(a, b) for a, b in zip(whole, nearest(features, k), strict=True))


def test_rows_that_may_miss_a_neighbor_are_redone(device, monkeypatch):
    redone = []
    original = neighbors._redo

    def redo(queries, features, rows, keys, *, alone):
        redone.append(len(rows))
        original(queries, features, rows, keys, alone=alone)

    monkeypatch.setattr(neighbors, "_redo", redo)
    nearest(DATA["gaussian"].to(device), 20)
    nearest(DATA["all equal"].to(device), 20)
    assert redone == [0, 200]


def test_queries_find_themselves_among_the_features(device):
    features = gaussian(200, 7)
    queries = torch.cat([features[:30], gaussian(20, 7, seed=5)])
    wanted, index = brute(queries, features, 10, alone=False)
    sqdist, found = nearest_among(queries.to(device), features.to(device), 10)
    np.testing.assert_array_equal(found.cpu().numpy(), index)
    np.testing.assert_array_equal(sqdist.cpu().numpy(), wanted)
    assert found[:30, 0].tolist() == list(range(30))


def test_the_kernel_finds_the_same(device):
    features = mixture(300, 12)
    sqdist, index = kernel.nearest(features.numpy(), 30)
    found = nearest(features.to(device), 30)
    np.testing.assert_array_equal(found[1].cpu().numpy(), index)
    np.testing.assert_allclose(found[0].cpu().numpy(), sqdist, rtol=2e-6)


def test_tf32_is_off_meanwhile_and_put_back():
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("high")
        with exact_products():
            assert torch.backends.cuda.matmul.fp32_precision == "ieee"
        assert torch.backends.cuda.matmul.fp32_precision == "tf32"
    finally:
        torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: raw(nearest)(x.double(), 3), TypeError, "features must be float32, got torch.float64"),
        (lambda x: raw(nearest)(x[0], 3), ValueError, "features must be a matrix with rows and columns"),
        (lambda x: raw(nearest)(x, 0), ValueError, "k must be from 1 to 9"),
        (lambda x: raw(nearest)(x, 10), ValueError, "each of the 10 points has 9 others; got k=10"),
        (lambda x: raw(nearest_among)(x, x, 11), ValueError, "k must be from 1 to 10"),
        (lambda x: raw(nearest_among)(x[:, :2], x, 3), ValueError, "queries have 2 features, but the points have 3"),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(gaussian(10, 3))


def test_features_that_a_network_still_learns_leave_no_graph(device):
    features = gaussian(40, 3).to(device).requires_grad_()
    assert not nearest(features, 5)[0].requires_grad
