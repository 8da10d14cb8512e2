"""What the trusted side learns about student code: definitions that were found, and how calls ended.

- ``Cell``         a piece of source as handed in
- ``Wanted``       a name that an exercise asks for
- ``Found``, ``Note``, ``Definitions``   what a worker says about the source (it may lie; nothing is scored by it)
- ``Returned``, ``Raised``, ``Unreadable``, ``Died``   the four ways in which a call ends
- ``Student``      whoever answers calls: a sandboxed worker, or trusted functions in the tests of the grader
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Value = Any
"""None, bool, int, float, complex, str, numpy arrays and scalars, ``TorchTensor``, ``NetworkHandle``,
``GeneratorHandle``; tuples, lists and dicts with string keys of these. See ``xailab_autograder.sandbox.values``."""

MAX_MESSAGE, MAX_LINES, MAX_LINE, MAX_NOTES = 2000, 8, 200, 200
"""Caps of what comes from a worker: characters of a message, lines of a traceback, characters of a line, notes."""


@dataclass(frozen=True)
class Cell:
    """A piece of source: a code cell of a notebook, or a whole ``.py`` file.

    Parameters
    ----------
    label
        How a reader finds it: ``"cell 7"``, ``"iou.py"``.
    source
        Python as handed in, magics included.
    grade_id
        The exercise that its metadata names, or None.
    """

    label: str
    source: str
    grade_id: str | None = None


@dataclass(frozen=True)
class Wanted:
    """A name that an exercise asks for: a function, or the variable of a prediction."""

    exercise: str
    name: str


@dataclass(frozen=True)
class Found:
    """A definition that was found and run: where it stands, and the names of its parameters (None: no function)."""

    cell: str
    line: int
    parameters: tuple[str, ...] | None
    stub: bool = False


@dataclass(frozen=True)
class Note:
    """Something worth telling the student about the source: a syntax error, a magic that was left out..."""

    cell: str
    kind: Literal["syntax", "error", "magic", "duplicate", "renamed", "withheld", "skipped"]
    text: str


@dataclass(frozen=True)
class Definitions:
    """What running the definitions of a submission gave: name -> ``Found``, and notes in reading order."""

    found: Mapping[str, Found]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Returned:
    """A call that returned a value which crossed the border.

    Parameters
    ----------
    value
        Rebuilt from dtype, shape and bytes.
    seconds
        Measured on the trusted side.
    output
        What was printed, cut at the cap.
    arguments
        The arguments after the call, where they were asked for.
    """

    value: Value
    seconds: float
    output: str = ""
    arguments: tuple[Value, ...] | None = None


@dataclass(frozen=True)
class Raised:
    """A call that raised: the exception's class and message (cut), and the student's own lines, innermost last."""

    kind: str
    message: str
    lines: tuple[str, ...] = ()
    seconds: float = 0.0
    output: str = ""


@dataclass(frozen=True)
class Unreadable:
    """A call that returned something which cannot cross: a generator, an object, an array of objects, 2 GB."""

    what: str
    seconds: float = 0.0
    output: str = ""


@dataclass(frozen=True)
class Died:
    """A worker that ended or was killed during the call. The next call gets a fresh one.

    ``reason``: ``"time"`` killed at the deadline; ``"memory"`` over the limit; ``"crash"`` by a signal; ``"exit"``
    ended itself; ``"protocol"`` sent something that is no answer; ``"scratch"`` wrote too much.
    """

    reason: Literal["time", "memory", "crash", "exit", "protocol", "scratch"]
    detail: str = ""
    seconds: float = 0.0


Outcome = Returned | Raised | Unreadable | Died


class Student(Protocol):
    """Whoever answers calls."""

    def definitions(self) -> Definitions | Died:
        """Run the definitions once and say what there is. Died: not even they could be run."""
        ...

    def call(
        self,
        name: str,
        arguments: Sequence[Value],
        *,
        limit_s: float,
        return_arguments: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> Outcome:
        """Call a function with fresh copies of the arguments; ``meanwhile`` is run while it works."""
        ...

    def value(self, name: str) -> Outcome:
        """Return what a variable holds after the definitions were run."""
        ...
