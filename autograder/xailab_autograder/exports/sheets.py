"""CSV files in which some fields are replaced and every other byte stays.

The ``csv`` module reads fields but forgets how they were written: quotes, delimiters and line ends would change.

- ``Sheet``   the rows of a file, with the place of every field
- ``read``    bytes -> ``Sheet``
- ``Field``   one field: its text, and where it lies
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xailab.errors import XailabError

DELIMITERS = (b",", b";", b"\t")
LARGEST = 64 << 20
"""Bytes of a sheet that is read; a gradebook of ten thousand students has a few."""

_BOM = b"\xef\xbb\xbf"
_QUOTED = re.compile(rb'"((?:[^"]|"")*)"')
_REST = {delimiter: re.compile(rb"[^\r\n" + re.escape(delimiter) + rb"]*") for delimiter in DELIMITERS}
_LINE_END = re.compile(rb"\r\n|\r|\n")
_NEEDS_QUOTES = re.compile(rb'["\r\n]')


@dataclass(frozen=True)
class Field:
    """One field.

    Parameters
    ----------
    text
        What it says, without its quotes.
    start, end
        Its bytes in the file, quotes included.
    quoted
        It is written in quotes.
    """

    text: str
    start: int
    end: int
    quoted: bool


@dataclass(frozen=True)
class Sheet:
    """The rows of a file, with the place of every field.

    Parameters
    ----------
    raw
        The file.
    delimiter
        Between fields: ``,`` or ``;`` or a tab.
    encoding
        Of the texts.
    rows
        In the order of the file; the first one is the header. A line without a byte is a row without fields.
    """

    raw: bytes
    delimiter: bytes
    encoding: str
    rows: tuple[tuple[Field, ...], ...]

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(field.text for field in self.rows[0]) if self.rows else ()

    def text(self, row: int, column: int | None) -> str:
        """Return what a field says, without the white space around it; empty where there is no such field."""
        if column is None or not column < len(self.rows[row]):
            return ""
        return self.rows[row][column].text.strip()

    def replaced(self, texts: Mapping[tuple[int, int], str]) -> bytes:
        """Return the file with some fields replaced: (row, column) -> text. Every other byte is as it was.

        A field that was in quotes stays in quotes; one that was not gets them only where its text needs them. What the
        encoding cannot write becomes an HTML entity.
        """
        parts: list[bytes] = []
        done = 0
        for place in sorted(texts):
            field = self.rows[place[0]][place[1]]
            written = texts[place].encode(self.encoding, "xmlcharrefreplace")
            if field.quoted or self.delimiter in written or _NEEDS_QUOTES.search(written):
                written = b'"' + written.replace(b'"', b'""') + b'"'
            parts += [self.raw[done : field.start], written]
            done = field.end
        return b"".join([*parts, self.raw[done:]])


def read(raw: bytes, is_header: Callable[[Sequence[str]], bool], *, what: str) -> Sheet:
    """Find every field of a CSV file.

    Parameters
    ----------
    raw
        The file: UTF-8 with or without a byte order mark, or what a spreadsheet in western Europe writes.
    is_header
        Whether a first row, as texts, is that of the file that is expected; decides on the delimiter.
    what
        What is expected, for the message: ``"a gradebook downloaded from Canvas"``.

    Raises
    ------
    XailabError
        Not such a file. Says what came and what to do.
    """
    if len(raw) > LARGEST:
        raise XailabError(f"expected {what}, got {len(raw) >> 20} MiB; at most {LARGEST >> 20} MiB are read")
    if b"\0" in raw[:4096]:
        raise XailabError(f"expected {what} as UTF-8 text, got UTF-16 or no text; save it as CSV UTF-8")
    encoding = _encoding(raw)
    begin = len(_BOM) if raw.startswith(_BOM) else 0
    headers: list[list[str]] = []
    for delimiter in DELIMITERS:
        try:
            first, _ = _row(raw, begin, delimiter, encoding)
        except XailabError:
            continue
        names = [field.text for field in first]
        headers.append(names)
        if is_header(names):
            return Sheet(raw, delimiter, encoding, tuple(_rows(raw, begin, delimiter, encoding)))
    longest = max(headers, key=len, default=[])
    columns = ", ".join(repr(name[:60]) for name in longest[:12])
    raise XailabError(f"expected {what}, but its first line has other columns: {columns or 'none'}")


def _encoding(raw: bytes) -> str:
    """Return UTF-8 where the bytes are that, else the code page of western spreadsheets, else one that reads all."""
    for name in ("utf-8", "cp1252"):
        try:
            raw.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return "latin-1"


def _rows(raw: bytes, begin: int, delimiter: bytes, encoding: str) -> list[tuple[Field, ...]]:
    """Return every row from a place on."""
    rows: list[tuple[Field, ...]] = []
    while begin < len(raw):
        row, begin = _row(raw, begin, delimiter, encoding, number=len(rows) + 1)
        rows.append(row)
    return rows


def _row(raw: bytes, begin: int, delimiter: bytes, encoding: str, number: int = 1) -> tuple[tuple[Field, ...], int]:
    """Return one row and where the next one begins."""
    fields: list[Field] = []
    place = begin
    while True:
        field = _field(raw, place, delimiter, encoding, number)
        fields.append(field)
        place = field.end
        if raw[place : place + 1] != delimiter:
            break
        place += 1
    end = _LINE_END.match(raw, place)
    empty = len(fields) == 1 and fields[0].start == fields[0].end
    return () if empty else tuple(fields), end.end() if end else place


def _field(raw: bytes, start: int, delimiter: bytes, encoding: str, number: int) -> Field:
    """Return the field that begins here. Quotes count at its beginning only; what follows them is part of it."""
    quoted = _QUOTED.match(raw, start)
    if raw[start : start + 1] == b'"' and quoted is None:
        raise XailabError(f"row {number}: a quote is opened and never closed; is the file cut off? Download it again")
    rest = _REST[delimiter].match(raw, quoted.end() if quoted else start)
    assert rest is not None  # it matches the empty text
    said = (quoted[1].replace(b'""', b'"') if quoted else b"") + rest[0]
    return Field(said.decode(encoding), start, rest.end(), quoted is not None)
