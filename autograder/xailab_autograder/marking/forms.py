"""What a marker typed, checked.

- ``Typed``    points and comment as typed, to be shown again whatever happens
- ``read``     a form -> ``Typed``
- ``points_of``  ``Typed`` -> points, or ``Refused`` with a sentence
- ``choices``  the points that have a button
- ``stamp``    a short name for a mark: what a page showed, to see later whether it is still so
"""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from xailab.errors import XailabError
from xailab_autograder.exercises import Reflection, Task
from xailab_autograder.feedback.wording import number
from xailab_autograder.gradebook.contents import HandMark

LONGEST_COMMENT = 10_000
OTHER = "other"
NOTHING = "none"
"""The stamp of no mark."""

_NUMBER = re.compile(r"\d{1,6}([.,]\d{0,6})?|[.,]\d{1,6}", re.ASCII)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_MOST_BUTTONS = 25


class Refused(XailabError):
    """What was typed is no mark; the message says what is expected."""


@dataclass(frozen=True)
class Typed:
    """Points and comment as typed.

    Parameters
    ----------
    points
        The text of the button or of the number field; empty if neither was used.
    comment
        For the student.
    """

    points: str = ""
    comment: str = ""


def read(form: Mapping[str, str]) -> Typed:
    """Return what was typed.

    Parameters
    ----------
    form
        ``points`` is a button's value, or ``"other"``: then ``number`` counts.
    """
    points = form.get("points", "")
    if points == OTHER or not points:
        points = form.get("number", "")
    comment = form.get("comment", "").replace("\r\n", "\n").replace("\r", "\n")
    return Typed(points.strip()[:40], _UNPRINTABLE.sub("", comment).strip())


def points_of(typed: Typed, task: Task) -> float:
    """Return the points of a mark.

    Parameters
    ----------
    typed
        As typed; a decimal comma is fine.
    task
        What is marked.

    Raises
    ------
    Refused
        No number, out of range, a comment that is too long, or none where a judged mark is changed.
    """
    most = number(task.points)
    if not typed.points:
        raise Refused(f"no points chosen; expected a number from 0 to {most}")
    if not _NUMBER.fullmatch(typed.points):
        raise Refused(f"points: expected a number from 0 to {most}, got {typed.points!r}")
    points = float(typed.points.replace(",", "."))
    if not (math.isfinite(points) and 0 <= points <= task.points):
        raise Refused(f"points: expected a number from 0 to {most}, got {typed.points}")
    if len(typed.comment) > LONGEST_COMMENT:
        raise Refused(f"comment: at most {LONGEST_COMMENT:,} characters, this one has {len(typed.comment):,}")
    if not isinstance(task, Reflection) and not typed.comment:
        raise Refused("comment: say why the judge's mark is changed; the student reads it")
    return points


def choices(task: Task) -> list[str]:
    """Return the points that have a button: 0, 0.5 ... up to the task's points; whole ones where those are many."""
    step = 0.5 if task.points <= _MOST_BUTTONS / 2 else max(1, math.ceil(task.points / _MOST_BUTTONS))
    steps = [number(at * step) for at in range(math.floor(task.points / step + 1e-9) + 1)]
    most = number(task.points)
    return steps if most in steps else [*steps, most]


def stamp(mark: HandMark | None) -> str:
    """Return a short name for a mark, another one for every other mark."""
    if mark is None:
        return NOTHING
    parts = (mark.task, repr(float(mark.score)), mark.comment, mark.marker, mark.marked.timestamp(), mark.text_sha256)
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()[:24]
