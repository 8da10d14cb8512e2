"""A record as text: for terminals, and for the tracebacks in which a failed check shows itself.

- ``verdict_text``     one exercise
- ``submission_text``  a whole submission
- ``progress_text``    a session's verdicts so far

They return rich's ``Text``: colored on a terminal, plain elsewhere, and never read as markup. ``.plain`` is the string.
"""

import textwrap
from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from xailab_autograder.feedback.cleaning import clean, one_line
from xailab_autograder.feedback.messages import Block, Rows, pieces
from xailab_autograder.feedback.wording import (
    STATUS_SYMBOLS,
    STATUSES,
    SYMBOLS,
    check_title,
    earned,
    failures,
    headline,
    late_words,
    likely_words,
    number,
    shown_tiers,
    status_words,
    task_title,
)
from xailab_autograder.judging.records import CheckRecord, ExerciseRecord, Status, SubmissionRecord

COLORS: dict[Status, str] = {
    "passed": "bold green", "partial": "bold yellow", "failed": "bold red", "missing": "bold yellow",
    "answered": "bold blue", "manual": "bold blue", "error": "bold magenta",
}  # fmt: skip
OUTPUT_LINES = 20
TITLE = 44
"""Columns of a title in a table."""

COMMENT = 2000
"""Characters of a person's comment."""

OTHERS = 3
"""Failed checks that are named besides the first."""

WIDTH = 79
"""Columns of running text; numbers in columns are left as they are."""


def verdict_text(record: ExerciseRecord) -> Text:
    """Return the verdict on one exercise: headline, checks, the first failure, likely mistake, hint, where to read."""
    text = Text(no_wrap=False, overflow="fold")
    text.append(f"{STATUS_SYMBOLS[record.status]} {headline(record)}\n", COLORS[record.status])
    if record.comment.strip():
        text.append(_filled(f"Comment: {one_line(record.comment, COMMENT)}", 2))
    marks = [
        f"{SYMBOLS[mark.outcome]} {mark.name}" + (f" {mark.passed}/{mark.total}" if mark.total > 1 else "")
        for mark in shown_tiers(record)
    ]
    if marks:
        text.append(_packed(marks), "dim")
    failed = failures(record)
    if failed:
        text.append_text(_failure(failed[0]))
        for check in failed[1 : 1 + OTHERS]:
            text.append(_filled(f"✗ also failed: {check_title(check)}", 2))
        if len(failed) > 1 + OTHERS:
            text.append(f"  ✗ and {len(failed) - 1 - OTHERS} more\n")
    for label, words in (("Likely", likely_words(record)), ("Hint", record.hint), ("Read", record.read)):
        if words.strip():
            text.append(_filled(f"{label}: {one_line(words, 600)}", 2))
    for note in record.notes:
        text.append(_filled(f"Note: {one_line(note, 400)}", 2), "dim")
    if record.output.strip():
        text.append("  Printed by your code:\n", "bold")
        text.append(_indented(_head(clean(record.output)), 4))
    return text


def submission_text(record: SubmissionRecord) -> Text:
    """Return the verdict on a submission: a table of marks, and below it what is not right yet."""
    text = Text(no_wrap=False, overflow="fold")
    text.append(f"Lab {one_line(record.lab, 20)}: {one_line(record.title)}\n", "bold")
    text.append(f"{one_line(record.student) or 'no student given'}: ", "bold")
    text.append(f"{earned(record)}\n", "bold")
    late = late_words(record)
    text.append(f"{_filled(late, 2)}\n" if late else "\n")
    titles = [task_title(exercise, TITLE) for exercise in record.exercises]
    width = max(map(cell_len, titles), default=0)
    for exercise, title in zip(record.exercises, titles, strict=True):
        marks = f"{number(exercise.score):>5} / {number(exercise.points):<4}"
        text.append(f"  {STATUS_SYMBOLS[exercise.status]} ", COLORS[exercise.status])
        text.append(f"{title}{' ' * (width - cell_len(title))} {marks} {status_words(exercise)}\n")
    text.append("\n")
    for note in record.notes:
        text.append(_filled(f"Note: {one_line(note, 400)}", 2), "dim")
    for exercise in record.exercises:
        if _worth_words(exercise):
            text.append_text(verdict_text(exercise))
            text.append("\n")
    text.append(f"graded {one_line(record.graded)} by {one_line(record.grader)}\n", "dim")
    text.append(f"student code ran in: {one_line(record.level, 400)}\n", "dim")
    return text


def _worth_words(exercise: ExerciseRecord) -> bool:
    """Say whether a task needs more than its line in the table."""
    if exercise.status in ("failed", "partial", "error") or exercise.comment.strip():
        return True
    return exercise.status == "missing" and bool(exercise.notes)


def progress_text(rows: Sequence[tuple[str, float, Status | None]]) -> Text:
    """Return the table of a session: title, points and last verdict of each task (None: not checked yet)."""
    text = Text(no_wrap=False, overflow="fold")
    titles = [one_line(title, TITLE) for title, _, _ in rows]
    width = max(map(cell_len, titles), default=0)
    for title, (_, points, status) in zip(titles, rows, strict=True):
        text.append(f"{STATUS_SYMBOLS[status] if status else '·'} ", COLORS[status] if status else "dim")
        words = STATUSES[status] if status else "not checked yet"
        text.append(f"{title}{' ' * (width - cell_len(title))} {number(points):>4} points  {words}\n")
    return text


def _failure(check: CheckRecord) -> Text:
    """Write one failed check."""
    text = Text(f"  ✗ {check_title(check)}\n", "bold")
    for piece in pieces(check.message):
        if isinstance(piece, Rows):
            width = max(len(label) for label, _ in piece.rows) + 2
            for label, value in piece.rows:
                text.append(f"    {label + ':':<{width}}", "dim")
                text.append(_indented(value, width + 4).lstrip(), "not bold")
        elif isinstance(piece, Block):
            text.append(_indented(piece.text, 6), "not bold")
        else:
            text.append(_filled(piece.text, 4), "not bold")
    return text


def _head(text: str) -> str:
    """Keep the first lines."""
    lines = text.splitlines()
    cut = [f"[cut: {len(lines) - OUTPUT_LINES} more lines]"] if len(lines) > OUTPUT_LINES else []
    return "\n".join([*lines[:OUTPUT_LINES], *cut])


def _filled(text: str, width: int) -> str:
    """Break running text into lines, indented; later lines a little more."""
    return textwrap.fill(
        text, WIDTH, initial_indent=" " * width, subsequent_indent=" " * (width + 2), break_on_hyphens=False
    ) + "\n"  # fmt: skip


def _packed(marks: Sequence[str]) -> str:
    """Put marks on as few lines as they need, never broken inside."""
    lines = [""]
    for mark in marks:
        if lines[-1] and cell_len(f"  {lines[-1]}   {mark}") > WIDTH:
            lines.append("")
        lines[-1] += f"{'   ' if lines[-1] else ''}{mark}"
    return "".join(f"  {line}\n" for line in lines)


def _indented(text: str, width: int) -> str:
    return "".join(f"{' ' * width}{line}".rstrip() + "\n" for line in text.splitlines())
