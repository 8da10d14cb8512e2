"""Features of every kind come in right, or are refused with a word on what to do."""

import numpy as np
import pytest
import torch

from xailab.embedding.checking import Features, check_count, check_perplexities

PLAIN = np.arange(12.0).reshape(4, 3) ** 2


def sqdist(values):
    return ((values[:, None].astype(float) - values[None].astype(float)) ** 2).sum(-1)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint8", "int64", "bool", "longdouble"])
def test_any_type_of_number_keeps_its_distances_up_to_one_factor(dtype):
    matrix = PLAIN.astype(dtype)
    known = Features.of(matrix)
    assert known.values.dtype == np.float32
    assert known.values.flags.c_contiguous
    np.testing.assert_allclose(sqdist(known.values) / known.scale**2, sqdist(matrix.astype(float)), rtol=1e-6)


@pytest.mark.parametrize(
    "features",
    [
        torch.tensor(PLAIN),
        torch.tensor(PLAIN, requires_grad=True),
        torch.tensor(PLAIN).to(torch.bfloat16),
        PLAIN.tolist(),
        np.asfortranarray(PLAIN),
        np.repeat(PLAIN, 2, 0)[::2],
        PLAIN[::-1][::-1],
    ],
    ids=["tensor", "tensor with gradient", "bfloat16", "list", "Fortran order", "every other row", "reversed twice"],
)
def test_any_container_is_the_same_matrix(features):
    tolerance = 1e-2 if getattr(features, "dtype", None) == torch.bfloat16 else 1e-7
    np.testing.assert_allclose(Features.of(features).values, Features.of(PLAIN).values, atol=tolerance)


@pytest.mark.parametrize("factor", [1e-250, 1e-40, 1e40, 1e250])
@pytest.mark.parametrize("offset", [0, 1e6])
def test_neither_scale_nor_offset_lose_digits(factor, offset):
    known = Features.of((PLAIN + offset) * factor)
    largest = np.abs(known.values).max()
    assert 0.5 <= largest <= 1
    np.testing.assert_allclose(known.values / largest, (PLAIN - PLAIN[[0, -1]].mean(0)) / 58.5, atol=1e-7)


def test_the_input_is_not_changed_and_not_shared():
    matrix = PLAIN.astype(np.float32)
    known = Features.of(matrix)
    assert not np.shares_memory(known.values, matrix)
    assert (matrix == PLAIN).all()


def test_equal_values_are_no_reason_to_divide_by_zero():
    known = Features.of(np.full((3, 2), 7.0))
    assert not known.values.any()
    assert np.isfinite(known.scale)


def test_further_points_are_converted_in_the_same_way_and_far_ones_stay_finite():
    known = Features.of(PLAIN)
    np.testing.assert_array_equal(known.alike(PLAIN[1:3]), known.values[1:3])
    assert np.isfinite(known.alike(np.full((1, 3), 1e300))).all()


def test_blocks_of_rows_join_without_a_seam(monkeypatch):
    whole = Features.of(PLAIN).values
    monkeypatch.setattr("xailab.embedding.checking._BLOCK", 4)
    np.testing.assert_array_equal(Features.of(PLAIN).values, whole)


def with_value(row, column, value):
    matrix = PLAIN.copy()
    matrix[row, column] = value
    return matrix


@pytest.mark.parametrize(
    ("features", "error", "message"),
    [
        (
            with_value(2, 1, np.nan),
            ValueError,
            r"1 of 12 values are NaN or infinite, the first \(nan\) in row 2, column 1",
        ),
        (with_value(0, 2, -np.inf), ValueError, r"the first \(-inf\) in row 0, column 2. Remove these rows or replace"),
        (np.arange(5.0), ValueError, r"one row per point, got shape \(5,\).*use features\[:, None\]"),
        (np.zeros((2, 3, 4)), ValueError, r"features.reshape\(len\(features\), -1\)"),
        (np.zeros((4, 0)), ValueError, r"must have rows and columns, got shape \(4, 0\)"),
        (np.zeros((0, 4)), ValueError, r"must have rows and columns, got shape \(0, 4\)"),
        ([[1.0, 2.0], [3.0]], ValueError, "the rows differ in length"),
        (np.array([["a", "b"]]), TypeError, "must be real numbers, got dtype <U1"),
        (PLAIN + 1j, TypeError, "must be real numbers, got dtype complex128"),
        (np.array([[None, 1.0]]), TypeError, "must be real numbers, got dtype object"),
        (np.full((3, 2), np.finfo(np.longdouble).max), ValueError, "6 of 6 values"),
    ],
)
def test_features_that_cannot_be_used_say_so(features, error, message):
    with pytest.raises(error, match=message):
        Features.of(features)


def test_a_sparse_matrix_is_refused_with_advice():
    from scipy.sparse import csr_array

    with pytest.raises(TypeError, match=r"got a sparse matrix: use .toarray\(\)"):
        Features.of(csr_array(PLAIN))


def test_another_width_is_refused():
    with pytest.raises(ValueError, match="made from points with 3 features; these have 2"):
        Features.of(PLAIN).alike(PLAIN[:, :2])


@pytest.mark.parametrize(
    ("perplexity", "found"), [(2, (2.0,)), (9, (9.0,)), ([2, 5.5], (2.0, 5.5)), (np.array([3]), (3.0,))]
)
def test_perplexities_within_the_limits(perplexity, found):
    assert check_perplexities(perplexity, 10) == found


@pytest.mark.parametrize(
    ("perplexity", "points", "error", "message"),
    [
        (30.0, 20, ValueError, r"must be between 2 and 19 for 20 points \(it is a number of neighbors\), got 30"),
        (1.9, 20, ValueError, "between 2 and 19"),
        ([5, 40], 20, ValueError, "got 40"),
        (float("nan"), 20, ValueError, "got nan"),
        ([], 20, ValueError, "got none"),
        ("30", 20, TypeError, "a number or a sequence of numbers, got '30'"),
        (True, 20, TypeError, "got True"),
        (2, 1, ValueError, "at least 3 points, got 1"),
        (2, 2, ValueError, "at least 3 points, got 2"),
    ],
)
def test_perplexities_out_of_the_limits(perplexity, points, error, message):
    with pytest.raises(error, match=message):
        check_perplexities(perplexity, points)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (1, ValueError, "k must be between 2 and 3, got 1"),
        (2.0, TypeError, "k must be a whole number, got 2.0"),
        (True, TypeError, "whole number"),
    ],
)
def test_counts(value, error, message):
    assert check_count(np.int64(3), "k", low=2, high=3) == 3
    with pytest.raises(error, match=message):
        check_count(value, "k", low=2, high=3)
    with pytest.raises(ValueError, match="at least 0, got -1"):
        check_count(-1, "k", low=0)
