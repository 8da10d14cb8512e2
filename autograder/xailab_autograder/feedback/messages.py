"""A check's message, taken apart for layout.

- ``Sentence``, ``Rows``, ``Block``   the three kinds of pieces
- ``pieces``                          a message -> pieces

Messages are plain text: sentences; lines ``label: value`` with one of the ``LABELS``; lines ``name =`` with an array
below; and lines that are indented or begin an array, which are kept as they stand (numbers in columns). Anything else
is a sentence, so no message is ever unreadable.
"""

import re
from dataclasses import dataclass
from textwrap import dedent

from xailab_autograder.feedback.cleaning import clean

LABELS = ("called", "came", "got", "yours", "expected", "wanted", "raised", "where", "printed", "first difference")
"""What a line may start with to become a row of a table."""

_ROW = re.compile(rf"({'|'.join(LABELS)}):\s*(.*)", re.IGNORECASE)
_NAMED = re.compile(r"(\S.{0,40}) =")  # the line above an array that is written out
_CALL = re.compile(r"[^\W\d]\w*\(.*\)")  # what was called
_NUMBERS = re.compile(r"\s|\[[\s\[\]\d.+TFni-]")  # how a line of an array begins; "[cut: ..." is none
_PLANES = re.compile(r"\n{3,}")  # what numpy puts between the blocks of an array with more than three axes


@dataclass(frozen=True)
class Sentence:
    """Running text."""

    text: str
    kind: str = "sentence"


@dataclass(frozen=True)
class Rows:
    """Labels with values beside them; a value may have several lines."""

    rows: tuple[tuple[str, str], ...]
    kind: str = "rows"


@dataclass(frozen=True)
class Block:
    """Lines whose columns stand below each other."""

    text: str
    kind: str = "block"


Piece = Sentence | Rows | Block


def pieces(message: str, limit: int = 4000) -> list[Piece]:
    """Take a message apart, cleaned and cut."""
    found: list[Piece] = []
    block: list[str] = []
    for line in _PLANES.sub("\n\n", clean(message, limit)).splitlines():
        # A blank line in a block may stand between two planes of an array; what follows decides.
        if _NUMBERS.match(line) if line.strip() else bool(block):
            block.append(line.rstrip())
            continue
        _end_block(found, block)
        row, named = _ROW.fullmatch(line.strip()), _NAMED.fullmatch(line.strip())
        if _CALL.fullmatch(line.strip()):
            _add_row(found, "called", line.strip())
        elif row:
            _add_row(found, row[1].lower(), row[2])
        elif named:
            _add_row(found, named[1], "")
        elif line.strip():
            found.append(Sentence(line.strip()))
    _end_block(found, block)
    return found


def _add_row(found: list[Piece], label: str, value: str) -> None:
    """Put a row into the table above it, or begin one."""
    last = found[-1] if found else None
    if isinstance(last, Rows):
        found[-1] = Rows((*last.rows, (label, value)))
    else:
        found.append(Rows(((label, value),)))


def _end_block(found: list[Piece], block: list[str]) -> None:
    """Close a run of indented lines: the value of the row above it, or a block of its own."""
    text = dedent("\n".join(block).rstrip())
    if not text:
        return
    last = found[-1] if found else None
    block.clear()
    if isinstance(last, Rows):
        label, value = last.rows[-1]
        found[-1] = Rows((*last.rows[:-1], (label, f"{value}\n{text}" if value else text)))
    else:
        found.append(Block(text))
