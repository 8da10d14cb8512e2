"""The lecturer's page: the class at a glance, in one self-contained HTML file.

- ``overview``  a class -> the page

First what to repeat, as a histogram of named mistakes; then scores, tasks, what needs attention, and every student. The
page works without its script, which only sorts and filters the table; a content security policy lets nothing else run.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from xailab_autograder.feedback.cleaning import one_line
from xailab_autograder.feedback.wording import number
from xailab_autograder.gradebook.contents import ClassBook
from xailab_autograder.overview.attention import Slow, attention
from xailab_autograder.overview.drawing import chart, facts
from xailab_autograder.overview.mistakes import named_mistakes, never_attempted, unnamed_failures
from xailab_autograder.overview.rows import (
    RESULTS,
    People,
    list_rows,
    mistake_rows,
    student_rows,
    task_rows,
    unnamed_rows,
)
from xailab_autograder.overview.statistics import FEWEST, Scores, scores, task_statistics
from xailab_autograder.overview.wording import SMALL, counted, task_words, uncertainty

if TYPE_CHECKING:
    import jinja2

TOP = 12
"""Mistakes that are shown at once; the others open on a click."""

SIMILAR = 30
"""Similar pairs that are listed; the page of similar programs has them all."""


def overview(class_book: ClassBook, *, pages: Mapping[str, str], similar: Sequence[tuple[str, str, float]] = ()) -> str:
    """Return the lecturer's page as HTML text.

    Parameters
    ----------
    class_book
        The class.
    pages
        Student id -> path of the feedback page, relative to where this page will lie.
    similar
        Pairs of ids with the share of code that is alike; where there are any, the page links to ``similar.html``.
    """
    people = People(class_book, pages)
    found, marks, tasks = attention(class_book), scores(class_book), task_statistics(class_book)
    mistakes = mistake_rows(named_mistakes(class_book), people)
    return (
        _environment()
        .get_template("overview.html.j2")
        .render(
            **_heading(class_book, marks),
            top=mistakes[:TOP],
            more=mistakes[TOP:],
            unnamed=unnamed_rows(unnamed_failures(class_book), people),
            untried=[task_words(task) for task in never_attempted(class_book)],
            facts=facts(marks) if marks is not None else [],
            chart=chart(marks) if marks is not None else None,
            tasks=task_rows(tasks),
            results=RESULTS,
            fewest=FEWEST,
            small=marks is not None and marks.counted < SMALL,
            uncertainty=f"{uncertainty(marks.counted):.2f}" if marks is not None else "",
            lists=list_rows(found, people),
            slowest=[_slow_row(slow, people) for slow in found.slowest if slow.seconds > 0],
            similar=[_pair_row(pair, people) for pair in similar[:SIMILAR]],
            pairs=len(similar),
            students=student_rows(class_book, people),
            names=any(standing.student.name.strip() for standing in class_book.standings),
            style=_part("overview.css"),
            script=_part("table.js"),
        )
    )


def _heading(class_book: ClassBook, marks: Scores | None) -> dict[str, Any]:
    """Return what stands on top."""
    everybody = len(class_book.standings)
    handed_in = sum(standing.handed_in is not None for standing in class_book.standings)
    return {
        "lab": class_book.lab,
        "course": class_book.course,
        "read": f"{class_book.read:%Y-%m-%d %H:%M %Z}".strip(),
        "everybody": everybody,
        "handed_in": handed_in,
        "graded": sum(standing.graded for standing in class_book.standings),
        "points": number(class_book.lab.points),
        "median": number(marks.median) if marks is not None else "–",
    }


def _slow_row(slow: Slow, people: People) -> dict[str, Any]:
    task = task_words(slow.task) if slow.task is not None else ""
    return {
        "who": people[slow.student],
        "seconds": f"{slow.seconds:.1f}",
        "task": task,
        "task_seconds": f"{slow.task_seconds:.1f}",
    }


def _pair_row(pair: tuple[str, str, float], people: People) -> dict[str, Any]:
    first, second, share = pair
    return {"first": people[first], "second": people[second], "share": f"{share:.0%}"}


@cache
def _part(name: str) -> dict[str, Any]:
    """Return a style sheet or script of ours, and its hash for the content security policy."""
    from markupsafe import Markup

    text = (resources.files("xailab_autograder.overview") / name).read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {"text": Markup(text), "hash": f"sha256-{digest}"}


@cache
def _environment() -> "jinja2.Environment":
    """Return the templates: everything is escaped, unknown names are errors."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("xailab_autograder", "overview"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(line=one_line)
    made.globals.update(counted=counted)
    return made
