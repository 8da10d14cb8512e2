"""What a worker says, read with suspicion, and how it ended, in words of the course.

- ``read_outcome``      the answer to a call; ``Malformed`` if it is none
- ``read_definitions``  the report on definitions
- ``death``             how a worker ended, by its keeper's account
"""

import signal
from collections.abc import Mapping
from typing import Any

from xailab_autograder.sandbox import values
from xailab_autograder.sandbox.capture import CAP
from xailab_autograder.sandbox.limits import Limits
from xailab_autograder.sandbox.outcomes import (
    MAX_LINE,
    MAX_LINES,
    MAX_MESSAGE,
    MAX_NOTES,
    Definitions,
    Died,
    Found,
    Note,
    Outcome,
    Raised,
    Returned,
    Unreadable,
)
from xailab_autograder.sandbox.values import Malformed
from xailab_autograder.sandbox.worker import Ending

_MOST_OUTPUT = CAP + 100
_KINDS = frozenset({"syntax", "error", "magic", "duplicate", "renamed", "withheld", "skipped"})


def death(ending: Ending, limits: Limits) -> Died:
    """Say in words of the course how a worker ended by itself, or by its keeper's decision."""
    if ending.why == "scratch":
        return Died("scratch", f"more than {limits.scratch >> 20} MiB or {limits.scratch_files:,} files were written")
    if ending.why == "threads":
        return Died("memory", f"more than {limits.threads} threads at once")
    if not ending.signal:
        return Died("exit", f"exit status {ending.exit}")
    if ending.signal == signal.SIGXCPU or (ending.signal == signal.SIGKILL and ending.cpu_s >= limits.cpu_s - 1):
        return Died("time", f"it used more than {limits.cpu_s} s of processor time")
    if ending.signal == signal.SIGKILL:
        return Died("memory", f"the system was out of memory; it used {ending.peak_kib >> 10:,} MiB")
    forbidden = ending.signal == signal.SIGSYS
    return Died("crash", "it made a system call that is not allowed" if forbidden else _signal_name(ending.signal))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def read_outcome(header: Mapping[str, Any], buffers: list[values.Buffer], seconds: float) -> Outcome:
    """Return what a worker's answer says; ``Malformed`` if it is none."""
    output = _text(header.get("output"), _MOST_OUTPUT)
    match header:
        case {"kind": "returned", "value": tree}:
            found = values.decode(tree, buffers, handles=True)
            if not isinstance(found, tuple) or len(found) != 2 or not isinstance(found[1], tuple | None):
                raise Malformed("an answer is a value and arguments")
            return Returned(found[0], seconds, output, found[1])
        case {"kind": "raised", "error": str() as kind, "message": str() as message, "lines": list() as lines}:
            shown = tuple(_text(line, MAX_LINE) for line in lines[:MAX_LINES])
            return Raised(_text(kind, 100), _text(message, MAX_MESSAGE), shown, seconds, output)
        case {"kind": "unreadable", "what": str() as what}:
            return Unreadable(_text(what, MAX_LINE), seconds, output)
    raise Malformed("no such answer")


def read_definitions(header: Mapping[str, Any], left_out: tuple[Note, ...]) -> Definitions:
    """Return what a worker says of the definitions; ``Malformed`` if it is not that."""
    found, notes = header.get("found"), header.get("notes")
    if header.get("kind") != "definitions" or not isinstance(found, dict) or not isinstance(notes, list):
        raise Malformed("no report on definitions")
    return Definitions(
        {name: _read_found(fields) for name, fields in found.items()},
        (*(_read_note(fields) for fields in notes[:MAX_NOTES]), *left_out),
    )


def _read_found(fields: object) -> Found:
    match fields:
        case [str() as cell, int() as line, None, bool() as stub]:
            return Found(_text(cell, MAX_LINE), line, None, stub)
        case [str() as cell, int() as line, list() as names, bool() as stub]:
            return Found(_text(cell, MAX_LINE), line, tuple(_text(name, MAX_LINE) for name in names), stub)
    raise Malformed("no definition")


def _read_note(fields: object) -> Note:
    match fields:
        case [str() as cell, str() as kind, str() as text] if kind in _KINDS:
            return Note(_text(cell, MAX_LINE), kind, _text(text, 2 * MAX_MESSAGE))  # type: ignore[arg-type]
    raise Malformed("no note")


def _text(text: object, most: int) -> str:
    if not isinstance(text, str):
        raise Malformed("no text")
    return text[:most].encode("utf-8", "replace").decode()
