"""Symmetric sparse rows in torch, against scipy and the kernel."""

import numpy as np
import pytest
import scipy.sparse
import torch
from xailab_kernels.affinity import symmetric as kernel

from tests.xailab.embedding.cuda.clouds import gaussian, mixture, raw
from xailab.embedding.cuda.affinity import conditional, joint
from xailab.embedding.cuda.neighbors import nearest
from xailab.embedding.cuda.symmetric import rows_of, sparse, symmetrize


def neighborhoods(n=150, k=12):
    sqdist, index = nearest(mixture(n, 6), k)
    return index, conditional(sqdist, 4)[0]


def dense(rows):
    starts, neighbors, values = (part.cpu().numpy() for part in rows)
    return scipy.sparse.csr_matrix((values, neighbors, starts)).toarray()


def test_entries_are_the_mean_of_both_directions(device):
    index, p = neighborhoods()
    n, k = index.shape
    matrix = scipy.sparse.csr_matrix((p.double().numpy().ravel(), index.numpy().ravel(), np.arange(n + 1) * k))
    wanted = ((matrix + matrix.T) / (2 * n)).tocsr()
    wanted.sort_indices()
    starts, neighbors, values = symmetrize(index.to(device), p.to(device))
    assert (starts.dtype, neighbors.dtype, values.dtype) == (torch.int64, torch.int32, torch.float32)
    np.testing.assert_array_equal(starts.cpu().numpy(), wanted.indptr)
    np.testing.assert_array_equal(neighbors.cpu().numpy(), wanted.indices)
    np.testing.assert_allclose(values.cpu().numpy(), wanted.data, rtol=3e-7)


def test_the_matrix_is_symmetric_bit_for_bit_and_sums_to_one(device):
    index, p = neighborhoods()
    matrix = dense(symmetrize(index.to(device), p.to(device)))
    np.testing.assert_array_equal(matrix, matrix.T)
    assert abs(matrix.sum(dtype=np.float64) - 1) < 1e-6


def test_the_kernel_gives_the_same_rows(device):
    index, p = neighborhoods()
    wanted = kernel.symmetrize(index.numpy(), p.numpy())
    found = [part.cpu().numpy() for part in symmetrize(index.to(device), p.to(device))]
    np.testing.assert_array_equal(found[0], wanted[0])
    np.testing.assert_array_equal(found[1], wanted[1])
    np.testing.assert_allclose(found[2], wanted[2], rtol=3e-7)


def test_with_all_others_as_neighbors_sparse_is_dense(device):
    features = gaussian(40, 5).to(device)
    wanted = joint(features, 15)[0].cpu().numpy()
    np.testing.assert_allclose(dense(sparse(features, [15])), wanted, atol=2e-6 * wanted.max())
    np.testing.assert_array_equal(dense(rows_of(joint(features, 15)[0])), wanted)


def test_rows_hold_three_times_the_largest_perplexity(device):
    starts, _, values = sparse(mixture(100, 5).to(device), [3, 6])
    assert int(starts.diff().min()) >= 18
    assert abs(float(values.double().sum()) - 1) < 1e-6


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda i, p: raw(symmetrize)(i.long(), p), TypeError, "index must be int32, got torch.int64"),
        (lambda i, p: raw(symmetrize)(i, p.double()), TypeError, "conditional must be float32"),
        (lambda i, p: raw(symmetrize)(i[:, :5], p), ValueError, r"must have one shape, got \(150, 5\) and \(150, 12\)"),
        (lambda i, p: raw(symmetrize)(i + 1, p), ValueError, r"index must lie in 0..149, got 1..150"),
        (lambda i, p: raw(sparse)(p, []), ValueError, "expected a perplexity or several, got none"),
        (lambda i, p: raw(sparse)(p[:1], [2]), ValueError, "at least 2 points, got 1"),
        (lambda i, p: raw(rows_of)(p), ValueError, "joint must be a square matrix"),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(*neighborhoods())
