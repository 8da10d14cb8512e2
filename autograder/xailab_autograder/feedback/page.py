"""The feedback page of a submission: one self-contained HTML file, without scripts or a student's HTML.

- ``page``  a record -> the page

Everything is escaped by the templates, printed output is cut, and a content security policy forbids whatever might have
been missed. Of a hidden case the page shows what the record's message says, which holds no numbers of the case.
"""

from importlib import resources

from xailab_autograder.feedback.cleaning import clean, one_line
from xailab_autograder.feedback.verdict import environment
from xailab_autograder.feedback.wording import earned, failures, headline, tiers
from xailab_autograder.judging.records import ExerciseRecord, SubmissionRecord

OUTPUT = 4000
"""Characters of printed output that are shown."""

TEXT = 20_000
"""Characters of a reflection that are shown."""


def page(record: SubmissionRecord) -> str:
    """Return the page as HTML text."""
    from markupsafe import Markup

    style = (resources.files("xailab_autograder.feedback") / "page.css").read_text("utf-8")
    points = max(record.points, 1e-9)
    waiting = sum(exercise.points for exercise in record.exercises if exercise.status == "manual")
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            record=record,
            style=Markup(style),  # our own
            earned=earned(record),
            share=f"{100 * record.score / points:.1f}",
            waiting=f"{100 * waiting / points:.1f}",
            exercises=[_exercise(exercise) for exercise in record.exercises],
            who=one_line(record.student) or "a student without an id",
        )
    )


def _exercise(record: ExerciseRecord) -> dict[str, object]:
    """Return what the page says of one exercise."""
    failed = failures(record)
    return {
        "record": record,
        "headline": headline(record),
        "tiers": [] if record.status in ("missing", "manual", "answered") else tiers(record.checks),
        "failed": failed[:1],
        "others": failed[1:],
        "output": clean(record.output, OUTPUT) if record.output.strip() else "",
        "text": clean(record.text, TEXT) if record.text.strip() else "",
    }
