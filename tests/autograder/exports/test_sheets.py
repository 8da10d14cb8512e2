import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.exports.sheets import read

from tests.autograder.exports.classes import file_of, written
from xailab.errors import XailabError

HOSTILE = st.text(st.sampled_from([*'ab,;\t"\r\n =+-@', "ü", "\u202e", "名", "😀", "'"]), max_size=8)


@st.composite
def files(draw):
    """Rows of fields, how each is written, and what is between them."""
    delimiter = draw(st.sampled_from(",;\t"))
    columns = draw(st.integers(2, 4))
    row = st.lists(st.tuples(HOSTILE, st.booleans()), min_size=columns, max_size=columns)
    rows = draw(st.lists(row, min_size=1, max_size=5))
    ends = [draw(st.sampled_from(["\n", "\r\n", "\r"])) for _ in rows]
    ends[-1] = draw(st.sampled_from(["", "\n", "\r\n"]))
    return rows, delimiter, ends, draw(st.booleans())


def opened(rows, delimiter, ends, bom):
    names = [text for text, _ in rows[0]]
    return read(file_of(rows, delimiter, ends, bom=bom), lambda found: list(found) == names, what="a test")


@given(files())
def test_fields_are_what_the_csv_module_reads(made):
    rows, delimiter, ends, bom = made
    sheet = opened(rows, delimiter, ends, bom)
    text = sheet.raw.decode("utf-8-sig")
    assert [[field.text for field in row] for row in sheet.rows] == list(
        csv.reader(io.StringIO(text, newline=""), delimiter=sheet.delimiter.decode())
    )


@given(files())
def test_the_spans_of_fields_and_what_is_between_them_are_the_file(made):
    sheet = opened(*made)
    assert sheet.replaced({}) == sheet.raw
    for row in sheet.rows:
        for field in row:
            assert (
                written(field.text, field.quoted, sheet.delimiter.decode())
                == sheet.raw[field.start : field.end].decode()
            )


@given(files(), HOSTILE, st.data())
def test_only_the_replaced_field_changes(made, text, data):
    rows, delimiter, ends, bom = made
    sheet = opened(rows, delimiter, ends, bom)
    row = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, len(rows[0]) - 1))
    raw = sheet.replaced({(row, column): text})
    field = sheet.rows[row][column]
    before, after = sheet.raw[: field.start], sheet.raw[field.end :]
    assert raw.startswith(before)
    assert raw.endswith(after)
    inside = raw[len(before) : len(raw) - len(after)].decode()
    assert next(csv.reader(io.StringIO(inside, newline=""), delimiter=sheet.delimiter.decode()), [""]) == [text]
    assert inside.startswith('"') == (
        field.quoted or any(letter in text for letter in (sheet.delimiter.decode(), *'"\r\n'))
    )


def test_a_line_without_a_byte_is_a_row_without_fields():
    sheet = read(b"a,b\n\n1,2\n", lambda names: True, what="a test")
    assert [len(row) for row in sheet.rows] == [2, 0, 2]
    assert sheet.text(1, 0) == sheet.text(2, 7) == sheet.text(2, None) == ""


def test_text_after_a_closing_quote_belongs_to_the_field():
    sheet = read(b'"a"b,c\n', lambda names: True, what="a test")
    assert sheet.header == ("ab", "c")


def test_other_encodings_are_read_and_written_back():
    raw = "name,x\nMüller–Ø,\n".encode("cp1252")
    sheet = read(raw, lambda names: True, what="a test")
    assert sheet.text(1, 0) == "Müller–Ø"
    assert sheet.replaced({(1, 1): "名 ü"}) == raw.replace(b"\xd8,", b"\xd8,&#21517; \xfc")
    strange = b"name,x\n\x81,\n"  # no character of that code page
    assert read(strange, lambda names: True, what="a test").replaced({(1, 1): "7"}) == b"name,x\n\x81,7\n"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "its first line has other columns: none"),
        (b"name;mark\n", "expected a test, but its first line has other columns: 'name', 'mark'"),
        ("Student,ID\n".encode("utf-16"), "got UTF-16"),
        (b'"name,mark', "other columns: none"),
    ],
)
def test_what_is_no_such_file_is_refused(raw, words):
    with pytest.raises(XailabError, match=words):
        read(raw, lambda names: False, what="a test")


def test_a_quote_that_is_never_closed_is_refused():
    with pytest.raises(XailabError, match="row 2: a quote is opened and never closed"):
        read(b'a,b\n1,"2\n', lambda names: True, what="a test")
