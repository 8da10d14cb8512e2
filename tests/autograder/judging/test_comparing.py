"""What counts as right, and what is said about what is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from xailab_autograder.exercises import Tolerance
from xailab_autograder.judging.comparing import compare, plain, same_bytes
from xailab_autograder.sandbox.values import TorchTensor

STRICT = Tolerance(1e-4, 1e-6)
TABLE = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])


def tier(got, expected):
    difference = compare(got, expected, STRICT)
    return None if difference is None else difference.tier


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (TABLE.astype(np.float32), TABLE),
        (TorchTensor(TABLE), TABLE),
        (np.asfortranarray(TABLE), TABLE),
        (np.array([1, 2]), np.array([1.0, 2.0])),
        (np.array([1, 2], dtype=np.uint8), np.array([1, 2])),
        (3, 3.0),
        (np.float32(0.1), 0.1),
        (np.array(0.1), 0.1),
        (TorchTensor(np.array(0.1)), 0.1),
        ([1, 2], (1, 2)),
        ((1, 2), [1, 2]),
        (np.array([1.0, 2.0]), (1.0, 2.0)),
        ({"b": 1, "a": TABLE}, {"a": TABLE, "b": 1}),
        ([(0, 1, 0.5)], [(0, 1, 0.5)]),
        ([(np.int64(0), 1, np.float32(0.5))], [(0, 1, 0.5)]),
        ("cat", "cat"),
        (None, None),
        (np.array([np.nan, np.inf]), np.array([np.nan, np.inf])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
    ],
)
def test_right_answers_in_another_form_pass(got, expected):
    assert compare(got, expected, STRICT) is None


@pytest.mark.parametrize(
    ("got", "expected", "where"),
    [
        (None, TABLE, "type"),
        (TABLE.tolist(), TABLE, "type"),
        ("0.1", 0.1, "type"),
        (TABLE, "cat", "type"),
        (1.0, (1.0,), "type"),
        ((1, 2), {"a": 1}, "type"),
        (None, "cat", "type"),
        ("cat", None, "type"),
        (TABLE.T, TABLE, "shape"),
        (TABLE[None], TABLE, "shape"),
        (TABLE, 0.1, "shape"),
        ((1, 2, 3), (1, 2), "shape"),
        ({"a": 1}, {"b": 1}, "shape"),
        (TABLE.astype(complex), TABLE, "dtype"),
        (np.array([1.0, 2.0]), np.array([1, 2]), "dtype"),
        (np.array([1, 0]), np.array([True, False]), "dtype"),
        (np.array([0, 0]), np.array([0.4, 0.2]), "dtype"),
        (1.5, 1, "dtype"),
        (TABLE + 1e-3, TABLE, "values"),
        (TABLE * np.nan, TABLE, "values"),
        ("cat", "dog", "values"),
        ([(0, 1, 0.5)], [(0, 2, 0.5)], "values"),
        (10**400, 1.0, "values"),
        (-(10**400), 1, "dtype"),
    ],
)
def test_wrong_answers_fail_in_their_tier(got, expected, where):
    assert tier(got, expected) == where


@given(hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=st.floats(-1e6, 1e6)))
def test_everything_equals_itself_and_nothing_else(array):
    assert compare(array, array, STRICT) is None
    assert tier(array + 1 + np.abs(array), array) == "values"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t * 2, "2 x the reference everywhere"),
        (lambda t: t / 3, "0.333 x the reference everywhere"),
        (lambda t: -t, "opposite sign everywhere"),
        (lambda t: t + 0.25, "the reference + 0.25 everywhere"),
        (lambda t: t - 0.25, "the reference - 0.25 everywhere"),
        (lambda t: t[::-1], "reverse order along axis 0"),
        (lambda t: t[:, ::-1], "reverse order along axis 1"),
        (lambda t: t * 0, "all of yours are 0"),
        (lambda t: t * 0 + 0.3, "all of yours are the same number"),
        (lambda t: np.roll(t, 1), "the same numbers as the reference, in other places"),
        (lambda t: np.where(t > 0.5, np.nan, t), "1 of yours is NaN"),
    ],
)
def test_the_relation_to_the_reference_is_said(change, sentence):
    difference = compare(change(TABLE), TABLE, STRICT)
    assert difference is not None
    assert sentence in difference.message
    assert sentence in difference.summary


def test_a_transposed_square_is_called_that():
    square = np.arange(9.0).reshape(3, 3)
    difference = compare(square.T, square, STRICT)
    assert difference is not None
    assert "last two axes swapped" in difference.message


def test_the_first_difference_and_the_largest_error_are_shown():
    got = TABLE.copy()
    got[1, 0] = 0.8
    difference = compare(got, TABLE, STRICT)
    assert difference is not None
    assert "one number of 6 differs" in difference.message
    assert "the first is [1, 0]: expected 0.4, got 0.8" in difference.message
    assert "largest relative error 1" in difference.message


def test_a_summary_holds_no_number_of_the_expected_value():
    got = TABLE.copy()
    got[1, 0] = 0.8
    difference = compare(got, TABLE, STRICT)
    assert difference is not None
    assert "0.4" not in difference.summary
    assert "0.8" not in difference.summary


def test_none_asks_for_a_return():
    difference = compare(None, TABLE, STRICT)
    assert difference is not None
    assert "expected an array, got None" in difference.message
    assert "return" in difference.message


def test_a_place_inside_a_larger_value_is_named():
    difference = compare({"a": (1.0, TABLE + 1)}, {"a": (1.0, TABLE)}, STRICT)
    assert difference is not None
    assert "in ['a'][1]" in difference.message


def test_plain_unwraps_tensors_everywhere():
    value = plain({"a": (TorchTensor(TABLE), [TorchTensor(TABLE)])})
    assert isinstance(value["a"][0], np.ndarray)
    assert isinstance(value["a"][1][0], np.ndarray)


@pytest.mark.parametrize(
    ("sent", "returned", "same"),
    [
        (TABLE, TABLE.copy(), True),
        (TABLE, TABLE * 2, False),
        (TABLE, TABLE.astype(np.float32), False),
        ((TABLE, 1), (TABLE * 2, 1), False),
        ({"a": TABLE}, {"a": TABLE}, True),
        ({"a": TABLE}, {}, False),
        ([1], [1, 2], False),
        (np.array([np.nan]), np.array([np.nan]), True),
    ],
)
def test_changed_arguments_are_seen(sent, returned, same):
    assert same_bytes(sent, returned) is same
