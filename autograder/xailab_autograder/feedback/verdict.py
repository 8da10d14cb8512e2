"""One exercise's verdict as a notebook shows it.

- ``verdict_html``   a fragment for JupyterLab, VS Code, Colab and exported pages, in light and in dark
- ``message_html``   a sentence in the same dress: a recorded prediction, or something that could not be checked
- ``progress_html``  the session's verdicts so far

Styles are inline, because notebooks strip or share style sheets; text takes the color that the notebook has, and only
badges have a background of their own, so that a fragment need not know whether the notebook is dark.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal

from xailab_autograder.feedback.cleaning import clean, one_line
from xailab_autograder.feedback.messages import pieces
from xailab_autograder.feedback.wording import (
    OUTCOMES,
    STATUS_SYMBOLS,
    STATUSES,
    SYMBOLS,
    check_title,
    failures,
    headline,
    likely_words,
    number,
    shown_tiers,
    status_words,
    task_title,
)
from xailab_autograder.judging.records import ExerciseRecord, Status

if TYPE_CHECKING:
    import jinja2

BADGES: dict[Status, str] = {
    "passed": "#17693a", "partial": "#8a5300", "failed": "#b3261e", "missing": "#5d6878",
    "answered": "#0b57b7", "manual": "#0b57b7", "error": "#7b2d8b",
}  # fmt: skip
"""Backgrounds on which white writing has a contrast of at least 5 : 1."""

OTHERS = 3
"""Failed checks that are named besides the first."""

OUTPUT = 1200
"""Characters of printed output in a notebook, where the student can print again."""


@cache
def environment() -> "jinja2.Environment":
    """Return the templates: everything is escaped, unknown names are errors."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("xailab_autograder", "feedback"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        line=one_line, pieces=pieces, clean=clean, points=number, title=check_title, task_title=task_title
    )
    made.globals.update(
        likely_words=likely_words,
        symbols=SYMBOLS,
        outcomes=OUTCOMES,
        statuses=STATUSES,
        status_words=status_words,
        status_symbols=STATUS_SYMBOLS,
        badges=BADGES,
    )
    return made


def verdict_html(record: ExerciseRecord, picture: str | None = None) -> str:
    """Return the fragment.

    Parameters
    ----------
    record
        What came of the exercise.
    picture
        A data URI: expected beside yours; None: no picture.
    """
    failed = failures(record)
    return (
        environment()
        .get_template("verdict.html.j2")
        .render(
            record=record,
            headline=headline(record),
            tiers=shown_tiers(record),
            failed=failed[0] if failed else None,
            others=failed[1 : 1 + OTHERS],
            more=max(len(failed) - 1 - OTHERS, 0),
            picture=picture if picture and picture.startswith("data:image/") else None,
            output=clean(record.output, OUTPUT) if record.output.strip() else "",
        )
    )


def message_html(text: str, mood: Literal["answered", "failed", "missing"]) -> str:
    """Return a message as a fragment: its first line is the headline."""
    first, _, rest = text.partition("\n")
    return environment().get_template("message.html.j2").render(first=first, rest=rest.strip(), mood=mood)


def progress_html(rows: Sequence[tuple[str, float, Status | None]]) -> str:
    """Return the table of a session: title, points and last verdict of each task (None: not checked yet)."""
    return environment().get_template("progress.html.j2").render(rows=rows)
