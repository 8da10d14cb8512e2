"""One cell of a notebook as Python: parsed, without the lines that only IPython understands, and never an exception.

- ``parse``   the cell's tree (None: it cannot be read) and what is worth telling

Runs inside the sandboxed worker: standard library only. Line numbers stay those of the cell.
"""

import ast
import re
import warnings

from xailab_autograder.sandbox.outcomes import Cell, Note

UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError, SystemError)
"""What ``ast.parse`` and ``compile`` raise for hostile sources: nesting, null bytes, lone surrogates, size."""

_KEEP_BODY = {"time", "timeit", "capture", "prun"}
"""Cell magics that run the Python below them."""

_MAGIC = re.compile(r"^\s*(?:[%!?]|\w[\w., ]*=\s*[%!]|[\w.\[\]]+\?{1,2}\s*$)")
_TIMED = re.compile(r"^(\s*)%time\s+(\S.*)$")
_CELL_MAGIC = re.compile(r"^\s*%%(\w+|!)?")
_MOST_RETRIES = 50
_SHOWN = 60


def parse(cell: Cell) -> tuple[ast.Module | None, list[Note]]:
    """Parse a cell; lines that only IPython understands are left out and noted.

    A cell that is Python as it stands is never touched: ``%`` may begin a line of an expression.
    """
    source = cell.source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if magic := _CELL_MAGIC.match(source.lstrip("\n")):
        blank = len(source) - len(source.lstrip("\n"))
        if magic[1] not in _KEEP_BODY:
            text = f"this cell begins with {magic[0].strip()!r}: it is not Python for the grader and is not run"
            return None, [Note(cell.label, "magic", text)]
        first, _, body = source[blank:].partition("\n")
        source = "\n" * (blank + 1) + body
        notes = [Note(cell.label, "magic", f"line {blank + 1} was left out: {_short(first)}")]
    else:
        notes = []
    tree, dropped, fault = _parse_without_magics(source.split("\n"))
    if dropped and tree is not None:
        lines = ", ".join(f"line {number} {_short(text)}" for number, text in sorted(dropped.items()))
        notes.append(
            Note(cell.label, "magic", f"commands to the notebook or the shell are not run: {_cut(lines, 400)}")
        )
    if tree is None:
        notes.append(Note(cell.label, "syntax", f"{fault}; nothing of this cell was run"))
    return tree, notes


def describe_fault(error: BaseException) -> str:
    """Say in a few words why source cannot be read: ``"line 3: invalid syntax"``."""
    if isinstance(error, SyntaxError):
        where = f"line {error.lineno}: " if error.lineno else ""
        return _cut(where + (error.msg or "invalid syntax"), 300)
    if isinstance(error, UnicodeError):
        return "the text holds characters that are no text (lone surrogates)"
    if isinstance(error, RecursionError | MemoryError):
        return "too deeply nested or too large to be read as Python"
    return _cut(f"cannot be read as Python: {error}", 300)


def _parse_without_magics(lines: list[str]) -> tuple[ast.Module | None, dict[int, str], str]:
    """Parse; while the complaint is about a line that looks like a magic, take that line out and parse again."""
    dropped: dict[int, str] = {}
    first = ""
    for _ in range(_MOST_RETRIES):
        tree, error = _try(lines)
        if tree is not None:
            return tree, dropped, ""
        first = first or describe_fault(error)
        number = error.lineno if isinstance(error, SyntaxError) else None
        if not number or not _drop(lines, number, dropped):
            break
    found = [number for number, line in enumerate(lines, 1) if _MAGIC.match(line)]
    for number in found:
        _drop(lines, number, dropped)
    tree, error = _try(lines) if found else (None, error)
    return tree, dropped, describe_fault(error) if dropped else first


def _try(lines: list[str]) -> tuple[ast.Module | None, BaseException]:
    """Parse without a word; the exception instead of raising it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse("\n".join(lines)), SyntaxError()
        except UNREADABLE as error:
            return None, error


def _drop(lines: list[str], number: int, dropped: dict[int, str]) -> bool:
    """Replace a line that looks like a magic by ``pass``, or by the statement that it times; False: it is none."""
    line = lines[number - 1] if number <= len(lines) else ""
    if not _MAGIC.match(line) or number in dropped:
        return False
    dropped[number] = line.strip()
    indent = line[: len(line) - len(line.lstrip())]
    timed = _TIMED.match(line)
    lines[number - 1] = f"{timed[1]}{timed[2]}" if timed else f"{indent}pass"
    return True


def _short(text: str) -> str:
    """Return a line in quotes, cut."""
    return f"`{_cut(text.strip(), _SHOWN)}`"


def _cut(text: str, most: int) -> str:
    """Cut a text."""
    return text if len(text) <= most else text[: most - 1] + "…"
