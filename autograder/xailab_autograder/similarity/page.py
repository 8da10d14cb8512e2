"""The page of hand-ins that are alike: one self-contained HTML file to look at, side by side.

- ``page``  pairs -> the page

Everything of a student's is cleaned and escaped; the one script that the page has is allowed by its hash.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from xailab_autograder.exercises import Lab
from xailab_autograder.feedback.cleaning import clean, one_line
from xailab_autograder.similarity.contents import Expected, Overlap, Pair, Piece, Survey

if TYPE_CHECKING:
    import jinja2

MOST = 50
"""Entries on the page."""

COLORS = 6
"""Of passages; a seventh has the first one's color, and its own number."""

TEXT = 12_000
"""Characters of one piece that are shown."""

NOTES = 20


def page(
    pairs: Sequence[Pair],
    *,
    lab: Lab,
    survey: Survey | None = None,
    names: Mapping[str, str] | None = None,
    course: str = "",
) -> str:
    """Return the page as HTML text.

    Parameters
    ----------
    pairs
        From ``find`` or ``survey``, the most unusual first.
    lab
        Its declaration.
    survey
        What was compared, for the explanations; None: they say less.
    names
        Student id -> name; those without one are called by their id.
    course
        Its name.
    """
    from markupsafe import Markup

    script = _file("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    called = names or {}
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            lab=lab,
            course=course,
            survey=survey,
            entries=[_entry(pair, called) for pair in pairs[:MOST]],
            total=len(pairs),
            yardstick=_yardstick(survey.expected if survey else {}, lab),
            notes=survey.notes[:NOTES] if survey else (),
            style=Markup(_file("page.css")),  # our own
            script=Markup(script),  # our own
            digest=digest,
        )
    )


@cache
def _environment() -> "jinja2.Environment":
    """Return the templates: everything is escaped, unknown names are errors."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("xailab_autograder", "similarity"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(line=one_line, percent=_percent)
    return made


def _file(name: str) -> str:
    return (resources.files("xailab_autograder.similarity") / name).read_text("utf-8")


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _entry(pair: Pair, names: Mapping[str, str]) -> dict[str, object]:
    """Return what the page says of an entry."""
    sides = [_side(one, names) for one in (pair, *pair.more)]
    return {
        "pair": pair,
        "members": [_called(student, names) for student in pair.group],
        "left": _called(pair.left, names),
        "right": pair.right if pair.reference else _called(pair.right, names),
        "why": _why(pair),
        "sides": sides,
    }


def _called(student: str, names: Mapping[str, str]) -> str:
    """Return a student's name and id."""
    name = names.get(student, "")
    return f"{name} ({student})" if name and name != student else student


def _why(pair: Pair) -> list[str]:
    """Return in a few words what is alike."""
    code = [overlap for overlap in pair.overlaps if not overlap.prose]
    prose = [overlap for overlap in pair.overlaps if overlap.prose]
    said = []
    if pair.same_bytes:
        said.append("the same file, byte by byte")
    elif pair.same_form:
        said.append("all code equal but for names, comments and layout")
    if code:
        said.append(f"code alike in {len(code)} {'task' if len(code) == 1 else 'tasks'}")
    if prose:
        said.append(f"text alike: {max(p.words for one in prose for p in one.passages)} words in a row")
    return said


def _side(pair: Pair, names: Mapping[str, str]) -> dict[str, object]:
    """Return a pair side by side."""
    return {
        "pair": pair,
        "left": _called(pair.left, names),
        "right": pair.right if pair.reference else _called(pair.right, names),
        "overlaps": [
            {
                "overlap": overlap,
                "left": _pieces(overlap, overlap.left, [passage.left for passage in overlap.passages]),
                "right": _pieces(overlap, overlap.right, [passage.right for passage in overlap.passages]),
            }
            for overlap in pair.overlaps
        ],
    }


def _pieces(
    overlap: Overlap, pieces: Sequence[Piece], places: Sequence[tuple[int, int, int]]
) -> list[dict[str, object]]:
    """Return the pieces of one side as lines of (text, number of the passage; 0: none)."""
    found = []
    for number, piece in enumerate(pieces):
        spans = sorted((start, end, k) for k, (which, start, end) in enumerate(places, 1) if which == number)
        parts: list[tuple[str, int]] = []
        at = 0
        for start, end, k in spans:
            # Words of one statement may be out of order: what two passages span may overlap.
            parts += [(piece.text[at : max(start, at)], 0), (piece.text[max(start, at) : end], k)]
            at = max(at, end)
        parts.append((piece.text[at:], 0))
        found.append({"label": piece.label, "prose": overlap.prose, "lines": _lines(parts, piece.line)})
    return found


def _lines(parts: Sequence[tuple[str, int]], first: int) -> list[tuple[int, list[tuple[str, int]]]]:
    """Return numbered lines of parts; what is too long is cut."""
    lines: list[list[tuple[str, int]]] = [[]]
    room = TEXT
    for text, passage in parts:
        shown = clean(text, TEXT) if len(text) <= room else f"{clean(text[:room], TEXT)}\n[cut: the rest is not shown]"
        for number, line in enumerate(shown.split("\n")):
            if number:
                lines.append([])
            if line:
                # indentation at the head of a line says nothing: it stays white
                blank = len(line) - len(line.lstrip()) if number and passage else 0
                lines[-1] += [(piece, kind) for piece, kind in ((line[:blank], 0), (line[blank:], passage)) if piece]
        room -= len(text)
        if room <= 0:
            break
    return list(enumerate(lines, first))


def _yardstick(expected: Mapping[str, Expected], lab: Lab) -> list[tuple[str, Expected]]:
    """Return (title, expected) in the lab's order."""
    return [(getattr(task, "title", task.id), expected[task.id]) for task in lab.tasks if task.id in expected]
