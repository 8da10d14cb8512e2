"""CSV of our own, for spreadsheets and programs: RFC 4180, and nothing in it is ever run as a formula.

- ``table``     rows -> text
- ``harmless``  a text that no spreadsheet takes for a formula
"""

import csv
import io
import re
from collections.abc import Iterable

Cell = str | int | float | None

# After a semicolon, a tab or a line break too: a spreadsheet that splits the file there begins a cell with it.
_FORMULA = re.compile(r"(?:(?<=[;\t\r\n])|\A)(?=\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")
_SURROGATES = re.compile("[\ud800-\udfff]")


def harmless(text: str) -> str:
    """Return a text with a ``'`` before what a spreadsheet would run as a formula (``=``, ``+``, ``-``, ``@``...).

    Half characters, which no encoding takes, become the character for a broken one; NUL goes.
    """
    return _FORMULA.sub("'", _SURROGATES.sub("\ufffd", text.replace("\0", "")))


def table(rows: Iterable[Iterable[Cell]]) -> str:
    """Write rows as RFC 4180: commas, quotes where needed, CRLF. Texts are made harmless, numbers are left alone."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    for row in rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return written.getvalue()
