"""What the lecturer's page prints, row by row: plain dicts for the template, which escapes every text.

- ``People``         ids -> names and links
- ``mistake_rows``   the histogram of named mistakes
- ``unnamed_rows``   what went wrong without a name, by task
- ``task_rows``      the statistics of each task
- ``student_rows``   the table of all students
- ``list_rows``      the lists of attention
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from xailab_autograder.course.policy import duration
from xailab_autograder.exercises import Choice
from xailab_autograder.feedback.cleaning import one_line
from xailab_autograder.feedback.wording import STATUS_SYMBOLS, STATUSES, number
from xailab_autograder.gradebook.contents import ClassBook, Standing, TaskMark
from xailab_autograder.overview.attention import Attention
from xailab_autograder.overview.mistakes import CHOSE, Mistake, Unnamed, wrong
from xailab_autograder.overview.statistics import TaskStatistics
from xailab_autograder.overview.suspicion import RULES
from xailab_autograder.overview.wording import LISTS, TIER_WORDS, band, counted, ease, task_words

Row = dict[str, Any]

NAME = 60
"""Characters of a name that are shown."""

RESULTS = (
    ("full", "all"), ("partial", "some"), ("none", "none"), ("missing", "not written"), ("waiting", "not marked yet"),
)  # fmt: skip


class People:
    """Ids -> how a student is shown: name, id, link to the feedback page.

    Parameters
    ----------
    class_book
        Whose names.
    pages
        Id -> path of the feedback page, relative to the page that links.
    """

    def __init__(self, class_book: ClassBook, pages: Mapping[str, str]) -> None:
        self._shown = {
            standing.student.id: {
                "id": one_line(standing.student.id, NAME) or "without an id",
                "name": one_line(standing.student.name, NAME),
                "href": link(pages[standing.student.id]) if standing.student.id in pages else "",
            }
            for standing in class_book.standings
        }

    def __getitem__(self, student: str) -> Row:
        """Return one of them; somebody who is not in the class is shown by the id alone."""
        return self._shown.get(student) or {"id": one_line(student, NAME), "name": "", "href": ""}


def link(path: str) -> str:
    """Return a relative path as a link: quoted, so that no name becomes another scheme or leaves the page."""
    return quote(path.lstrip("/"), safe="/", errors="replace")


def mistake_rows(mistakes: Sequence[Mistake], people: People) -> list[Row]:
    """Return the bars of the histogram: the longest is as wide as there is room."""
    most = max((len(mistake.students) for mistake in mistakes), default=1)
    return [
        {
            "count": len(mistake.students),
            "share": f"{mistake.share:.0%}",
            "width": f"{100 * len(mistake.students) / most:.1f}",
            "says": mistake.says.strip() or mistake.id,
            "task": task_words(mistake.task),
            "task_id": mistake.task.id,
            "id": mistake.id,
            "chose": _chosen(mistake),
            "read": mistake.read,
            "who": [people[student] for student in mistake.students],
        }
        for mistake in mistakes
    ]


def _chosen(mistake: Mistake) -> str:
    """Return the option of a wrong prediction; empty for another mistake."""
    if not isinstance(mistake.task, Choice):
        return ""
    key = mistake.id.removeprefix(CHOSE)
    return f"{key}: {mistake.task.options[key]}" if key in mistake.task.options else key


def unnamed_rows(failures: Sequence[Unnamed], people: People) -> list[Row]:
    """Return the wrong answers without a name, task by task."""
    rows: dict[str, Row] = {}
    for failure in failures:
        row = rows.setdefault(failure.task.id, {"task": task_words(failure.task), "count": 0, "kinds": []})
        row["count"] += len(failure.students)
        who = [people[student] for student in failure.students]
        row["kinds"].append({"count": len(who), "says": TIER_WORDS[failure.tier], "who": who})
    return sorted(rows.values(), key=lambda row: -row["count"])


def task_rows(tasks: Sequence[TaskStatistics]) -> list[Row]:
    """Return the table of tasks."""
    rows = []
    for place, one in enumerate(tasks, 1):
        everybody = max(one.marked + one.waiting, 1)
        parts, start = [], 0.0
        for name, says in RESULTS:
            count = getattr(one, name)
            width = 100 * count / everybody
            parts.append({"kind": name, "count": count, "says": says, "start": f"{start:.2f}", "width": f"{width:.2f}"})
            start += width
        rows.append(
            {
                "number": place, "id": one.task.id, "title": task_words(one.task, 64),
                "points": number(one.task.points), "parts": parts, "errors": one.errors,
                "difficulty": _signed(one.difficulty), "ease": ease(one.difficulty),
                "difficulty_width": f"{100 * (one.difficulty or 0):.0f}",
                "discrimination": _signed(one.discrimination), "band": band(one.discrimination),
                "discrimination_width": f"{100 * max(one.discrimination or 0, 0):.0f}",
                "upper_lower": _signed(one.upper_lower),
            }
        )  # fmt: skip
    return rows


def _signed(value: float | None) -> str:
    """Write a number between -1 and 1 with a real minus sign."""
    return "–" if value is None else f"{value:.2f}".replace("-", "−").replace("−0.00", "0.00")


def student_rows(class_book: ClassBook, people: People) -> list[Row]:
    """Return the table of students."""
    return [_student_row(standing, people) for standing in class_book.standings]


def _student_row(standing: Standing, people: People) -> Row:
    late = standing.lateness.late
    return {
        **people[standing.student.id],
        "graded": standing.graded,
        "score": number(standing.score) if standing.graded else "–",
        "value": f"{standing.score:.4f}" if standing.graded else "",
        "why": standing.lateness.why,
        "late": duration(late) if late else "",
        "late_value": f"{late.total_seconds():.0f}" if late else "",
        "flags": _flags(standing),
        "cells": [_cell(mark, graded=standing.graded) for mark in standing.marks],
        "marks": " ".join([*_flags(standing), *(["late"] if late else [])]),
        "words": " ".join(dict.fromkeys(mark.mistake for mark in standing.marks if mark.mistake and wrong(mark))),
    }


def _flags(standing: Standing) -> list[str]:
    """Say in single words what is the matter with a hand-in."""
    file = standing.handed_in
    flags = {
        "excused": file is None and standing.lateness.excused,
        "nothing": file is None and not standing.lateness.excused,
        "problem": file is not None and bool(file.problem or standing.problem),
        "ungraded": file is not None and not standing.graded and not (file.problem or standing.problem),
        "outdated": standing.graded and standing.outdated,
        "error": any(mark.status == "error" and mark.by_hand is None for mark in standing.marks),
        "waiting": any(mark.waits and (mark.status != "error" or mark.outdated) for mark in standing.marks),
        "unknown": not standing.known,
    }
    return [name for name, holds in flags.items() if holds]


def _cell(mark: TaskMark, *, graded: bool) -> Row:
    """Return one cell: how it went as a class, a sign and words; points; what more there is to say."""
    if not graded or (mark.judged is None and mark.by_hand is None):
        return {"status": "nothing", "sign": "", "words": "no result", "score": "", "value": "", "title": ""}
    status = mark.judged.status if mark.judged is not None else "manual"
    words, title = STATUSES[status], mark.mistake or ""
    if mark.by_hand is not None:
        status = "passed" if mark.score >= mark.task.points else "partial" if mark.score > 0 else "failed"
        words = title = "marked by a person, but another text" if mark.outdated else "marked by a person"
    waits = mark.waits and mark.by_hand is None
    return {
        "status": status, "sign": STATUS_SYMBOLS[status], "words": words, "title": title,
        "score": "" if waits else number(mark.score), "value": "" if waits else f"{mark.score:.4f}",
    }  # fmt: skip


def list_rows(found: Attention, people: People) -> list[Row]:
    """Return the lists of attention that are not empty."""
    lists = []
    for name, words in LISTS.items():
        entries = getattr(found, name)
        if not entries:
            continue
        rows: list[Row] = [
            {"who": people[entry.student], "says": getattr(entry, "says", "") or getattr(entry, "why", ""),
             "rule": getattr(entry, "rule", "")}
            for entry in entries
        ]  # fmt: skip
        rules = {row["rule"]: RULES[row["rule"]] for row in rows if row["rule"]}
        lists.append(
            {"name": name, "heading": counted(len(entries), words.one, words.several), "means": words.means,
             "urgent": words.urgent, "rows": rows, "rules": rules}
        )  # fmt: skip
    return lists
