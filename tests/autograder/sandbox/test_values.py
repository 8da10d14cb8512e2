"""Values cross the border unchanged, and nothing that is no value crosses it in either direction."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from xailab_autograder.sandbox.kinds import DTYPES
from xailab_autograder.sandbox.values import (
    CannotCross,
    GeneratorHandle,
    Malformed,
    NetworkHandle,
    TorchTensor,
    decode,
    encode,
)


def cross(value: Any, **options: Any) -> Any:
    """Take a value apart and put it together as the other side would: through JSON, from memory of its own."""
    tree, buffers = encode(value)
    return decode(json.loads(json.dumps(tree)), [buffer.copy() for buffer in buffers], **options)


def same(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, np.ndarray | np.generic):
        return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
    if isinstance(left, tuple | list):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    return bool(left == right or (left != left and right != right))


numbers = st.sampled_from(sorted(DTYPES)).map(np.dtype)
arrays = hnp.arrays(numbers, hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5))
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers(allow_nan=False) | st.text() | arrays
)
plain = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(plain)
def test_plain_data_crosses_unchanged(value: Any) -> None:
    assert same(cross(value), value)


@given(arrays.filter(lambda array: array.ndim > 0), st.randoms(use_true_random=False))
def test_the_order_in_memory_crosses_too(array: np.ndarray, random: Any) -> None:
    axes = list(range(array.ndim))
    random.shuffle(axes)
    moved = array.transpose(axes)[tuple(slice(None, None, random.choice([1, -1, 2])) for _ in axes)]
    arrived = cross(moved)
    assert same(arrived, np.ascontiguousarray(moved))
    if moved.size > 1:
        assert arrived.flags.c_contiguous == moved.flags.c_contiguous
        assert arrived.flags.f_contiguous == moved.flags.f_contiguous
        assert [a < 0 for a, n in zip(arrived.strides, arrived.shape, strict=True) if n > 1] == [
            a < 0 for a, n in zip(moved.strides, moved.shape, strict=True) if n > 1
        ]


def test_arrays_arrive_writable_and_apart_from_each_other() -> None:
    constant = np.broadcast_to(np.float64(3), (2, 3))
    first, second = cross([constant, constant])
    first[0, 0] = 7
    assert first.tolist() == [[7, 3, 3], [3, 3, 3]]
    assert second.tolist() == [[3, 3, 3], [3, 3, 3]]


def test_every_second_of_a_buffer_arrives_as_not_contiguous() -> None:
    arrived = cross(np.arange(10.0)[::2])
    assert arrived.tolist() == [0, 2, 4, 6, 8]
    assert not arrived.flags.contiguous


def test_foreign_byte_order_arrives_as_the_machine_s_own() -> None:
    arrived = cross(np.array([1.5, 2.5], ">f8"))
    assert (arrived.dtype, arrived.tolist()) == (np.dtype("f8"), [1.5, 2.5])


def test_tensors_and_handles_keep_their_names() -> None:
    tensor = cross(TorchTensor(np.arange(3, dtype="f4"), "bfloat16"))
    assert (type(tensor), tensor.dtype, tensor.array.tolist()) == (TorchTensor, "bfloat16", [0, 1, 2])
    handles = (NetworkHandle("tags"), GeneratorHandle(2**70))
    assert cross(handles, handles=True) == handles


def test_handles_are_refused_where_nobody_sent_any() -> None:
    with pytest.raises(Malformed, match="no such node"):
        cross(NetworkHandle("tags"))


def test_subclasses_arrive_as_their_base() -> None:
    class Text(str):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    class Number(int):
        def __format__(self, kind: str) -> str:
            return "999"

    class Array(np.ndarray):
        def __array_finalize__(self, other: object) -> None:
            self.extra = 1

    arrived = cross([Text("a"), Number(3), np.zeros(2).view(Array), True])
    assert [type(part) for part in arrived] == [str, int, np.ndarray, bool]
    assert (arrived[0], arrived[1]) == ("a", 3)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ((i for i in range(3)), "a generator"),
        ({1, 2}, "a set"),
        (b"abc", "bytes"),
        (object(), "an object of class object"),
        (len, "an object of class builtin_function_or_method"),
        (lambda: 1, "a function"),
        (range(3), "a range"),
        ({1: 2}, "a key that is no string"),
        (np.array([object()]), "an array of objects"),
        (np.array(["a"]), "an array of strings"),
        (np.array(["2020-01-01"], "M8[D]"), "an array of dates"),
        (np.zeros(2, "f8,f8"), "an array of records"),
        (np.ma.masked_array([1, 2], [0, 1]), "a masked array"),
        (list(range(20_001)), "more than 20,000 parts"),
        (1 << 20_000, "a whole number of thousands of digits"),
        (np.broadcast_to(np.uint8(0), (1 << 30,)), "a value of more than 256 MiB"),
    ],
    ids=range(16),
)
def test_what_is_no_plain_data_is_named(value: Any, words: str) -> None:
    with pytest.raises(CannotCross, match=words):
        encode(value)


def test_lists_that_contain_themselves_are_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(CannotCross, match="nested more than 16 deep"):
        encode(endless)


EIGHT = np.zeros(8, np.uint8)
HOSTILE: list[tuple[object, list[np.ndarray]]] = [
    (None, []),
    ([], []),
    ({}, []),
    ("n", []),
    ([None], []),
    (["n", 1], []),
    (["z"], []),
    (["b", 1], []),
    (["i", 5], []),
    (["i", "x"], []),
    (["i", "1" * 5000], []),
    (["f", "nonsense"], []),
    (["f", "0x1p+99999"], []),
    (["c", "1"], []),
    (["s", 1], []),
    (["t", {}], []),
    (["t", [], []], []),
    (["d", [["a", ["n"]], ["a", ["n"]]]], []),
    (["d", [[1, ["n"]]]], []),
    (["d", [["a"]]], []),
    (["a"], []),
    (["a", "O8", [1], 0], [EIGHT]),
    (["a", "f8", [1], 0], []),
    (["a", "f8", [2], 0], [EIGHT]),
    (["a", "f8", [-1], 0], [EIGHT]),
    (["a", "f8", [True], 0], [EIGHT]),
    (["a", "f8", [1.0], 0], [EIGHT]),
    (["a", "f8", [1 << 39, 1 << 39], 0], [EIGHT]),
    (["a", "f8", [0, 1 << 39, 1 << 39], 0], [EIGHT]),
    (["a", "f8", [1] * 9, 0], [EIGHT]),
    (["a", "f8", [1], True], [EIGHT, EIGHT]),
    (["a", "f8", [1], -1], [EIGHT]),
    (["a", "f8", [1], 1], [EIGHT]),
    (["a", "b1", [8], 0], [EIGHT + 2]),
    (["t", [["a", "f8", [1], 0], ["a", "f8", [1], 0]]], [EIGHT]),
    (["n"], [EIGHT]),
    (["T", "x" * 50, ["a", "f8", [1], 0]], [EIGHT]),
    (["T", "float64", ["n"]], []),
    (["g", "f8", 0], [np.zeros(16, np.uint8)]),
    (["a", "f8", [1], 0, {"order": [0], "flips": [], "padded": 1}], [EIGHT]),
    (["a", "f8", [1], 0, {"order": [1], "flips": [], "padded": False}], [EIGHT]),
    (["a", "f8", [1], 0, {"order": [0], "flips": [3], "padded": False}], [EIGHT]),
    (["a", "f8", [1], 0, {"order": [0], "flips": [], "padded": True, "more": 1}], [EIGHT]),
    (["a", "f8", [], 0, {"order": [], "flips": [], "padded": True}], [EIGHT]),
    (["a", "f8", [1], 0, {"order": [[]], "flips": [{}], "padded": True}], [EIGHT]),
]


@pytest.mark.parametrize(("tree", "buffers"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_trees_are_refused(tree: object, buffers: list[np.ndarray]) -> None:
    with pytest.raises(Malformed):
        decode(tree, buffers, handles=True)


def test_padding_counts_towards_the_cap() -> None:
    layout = {"order": [0], "flips": [], "padded": True}
    with pytest.raises(Malformed, match="padding counts"):
        decode(["a", "u1", [1000], 0, layout], [np.zeros(1000, np.uint8)], max_bytes=1500)


def test_deep_and_wide_trees_are_refused() -> None:
    deep: list[Any] = ["n"]
    for _ in range(17):
        deep = ["l", [deep]]
    with pytest.raises(Malformed, match="too deep"):
        decode(deep, [])
    with pytest.raises(Malformed, match="too many parts"):
        decode(["l", [["n"]] * 20_001], [])


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["a", "T", "g", "d", "f8", "t"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=20,
)


@given(junk, st.lists(st.binary(max_size=16), max_size=2))
def test_junk_is_a_value_or_malformed_and_nothing_else(tree: Any, blobs: list[bytes]) -> None:
    try:
        decode(tree, [np.frombuffer(bytearray(blob), np.uint8) for blob in blobs], handles=True)
    except Malformed:
        return
    assert isinstance(tree, list)
