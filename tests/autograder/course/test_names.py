"""Ids hide nothing; names are found however they are written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.course.names import LONGEST_ID, clean_id, clean_name, keys, visible


@pytest.mark.parametrize(
    ("text", "id"),
    [
        (" ada ", "ada"),
        ("e\u0301mile", "émile"),
        ("ada\u202ebob", "ada<U+202E>bob"),
        ("a\x00b\nc", "a<U+0000>b<U+000A>c"),
        ("ren\udce9", "ren<0xE9>"),
        ("عمر", "عمر"),
        ("🦊", "🦊"),
        ("=1+1", "=1+1"),
        ("", ""),
    ],
)
def test_ids_hide_nothing(text, id):
    assert clean_id(text) == id


@given(st.text(max_size=400))
def test_cleaning_an_id_twice_changes_nothing_and_leaves_what_can_be_stored(text):
    once = clean_id(text)
    assert clean_id(once) == once
    assert len(once) <= LONGEST_ID
    once.encode()
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in once)


def test_overlong_ids_stay_different():
    assert clean_id("x" * 300 + "a") != clean_id("x" * 300 + "b")


def test_names_keep_their_marks_but_no_line_ends():
    assert clean_name("عمر\u200f\nبن  علي") == "عمر\u200f بن علي"
    assert clean_name("a\udce9b").encode() == b"a<0xE9>b"


def test_texts_are_cut_where_it_is_asked_for():
    assert visible("abcdef", 4) == "abc…"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Doe, Jane", "Jane Doe"),
        ("Doe, Jane", "JANE  DOE"),
        ("Doe, Jane", "doejane"),
        ("Jane Doe", "doejane"),
        ("Ömer van der Lee", "Lee, O\u0308mer van der"),
        ("O'Hara, Ada", "oharaada"),
        ("عمر\u200f", "عمر"),
    ],
)
def test_one_name_written_in_two_ways_is_found(one, other):
    assert keys(one) & keys(other)


def test_other_names_are_not_found():
    assert not keys("Jane Doe") & keys("Janet Doe")
    assert keys("") == keys(" , ") == set()
