"""The feedback page of a submission: one self-contained HTML file, without scripts or a student's HTML.

- ``page``                 a record -> the page
- ``page_without_result``  a page that says why there is no result

Everything is escaped by the templates, printed output is cut, and a content security policy forbids whatever might have
been missed. Of a hidden case the page shows what the record's message says, which holds no numbers of the case.
"""

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from xailab_autograder.feedback.cleaning import clean, one_line
from xailab_autograder.feedback.verdict import environment
from xailab_autograder.feedback.wording import earned, failures, headline, late_words, shown_tiers
from xailab_autograder.judging.records import ExerciseRecord, SubmissionRecord

if TYPE_CHECKING:
    from markupsafe import Markup

OUTPUT = 4000
"""Characters of printed output that are shown."""

TEXT = 20_000
"""Characters of a reflection that are shown."""

COMMENT = 4000
"""Characters of a person's comment that are shown."""


def page(record: SubmissionRecord) -> str:
    """Return the page as HTML text."""
    points = max(record.points, 1e-9)
    waiting = sum(exercise.points for exercise in record.exercises if exercise.status == "manual")
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            record=record,
            style=_style(),
            earned=earned(record),
            late=late_words(record),
            share=f"{100 * record.final / points:.1f}",
            off=f"{100 * record.deduction / points:.1f}",
            waiting=f"{100 * waiting / points:.1f}",
            exercises=[_exercise(exercise) for exercise in record.exercises],
            who=_who(record.student),
        )
    )


def page_without_result(lab: str, title: str, student: str, reasons: Sequence[str]) -> str:
    """Return the page of a student who has no result.

    Parameters
    ----------
    lab, title
        Number and title of the lab.
    student
        Whose page; the id.
    reasons
        Why there is none and what to do, in sentences.
    """
    template = environment().get_template("nothing.html.j2")
    return template.render(lab=lab, title=title, who=_who(student), reasons=reasons, style=_style())


@cache
def _style() -> "Markup":
    from markupsafe import Markup

    return Markup((resources.files("xailab_autograder.feedback") / "page.css").read_text("utf-8"))  # our own


def _who(student: str) -> str:
    return one_line(student) or "a student without an id"


def _exercise(record: ExerciseRecord) -> dict[str, object]:
    """Return what the page says of one exercise."""
    failed = failures(record)
    return {
        "record": record,
        "headline": headline(record),
        "tiers": shown_tiers(record),
        "comment": clean(record.comment, COMMENT) if record.comment.strip() else "",
        "failed": failed[:1],
        "others": failed[1:],
        "output": clean(record.output, OUTPUT) if record.output.strip() else "",
        "text": clean(record.text, TEXT) if record.text.strip() else "",
    }
