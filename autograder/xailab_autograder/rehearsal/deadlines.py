"""When made-up students hand in, and what that costs by the terms of the rehearsal's ``course.toml``.

- ``DUE``      the deadline
- ``Moment``   a time relative to it, and what it has to cost
- ``MOMENTS``  the ones that are dealt to late students
- ``in_time``  some time before the deadline
- ``course_toml``  the terms

The costs are written down here beside the terms, worked by hand: nothing is computed with ``course.policy``.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = "Europe/Berlin"
DUE = datetime(2026, 5, 15, 23, 59, tzinfo=ZoneInfo(ZONE))
GRACE_MINUTES, PER_DAY, MOST, CLOSES_DAYS = 30, 10, 50, 7
EXTENDED = timedelta(days=3)


@dataclass(frozen=True)
class Moment:
    """A time of handing in.

    Parameters
    ----------
    about
        In a few words.
    after
        After the deadline that holds for everybody; None: nothing is handed in.
    share
        Of the earned points that it costs.
    extended
        The student has an extension by ``EXTENDED``.
    excused
        The student need not hand in.
    """

    about: str
    after: timedelta | None
    share: float
    extended: bool = False
    excused: bool = False


MOMENTS = (
    Moment("an hour late", timedelta(hours=1), 0.1),
    Moment("within the grace time", timedelta(minutes=20), 0.0),
    Moment("within an extension", timedelta(days=2, hours=3), 0.0, extended=True),
    Moment("excused, and hands in nothing", None, 0.0, excused=True),
    Moment("a day and five hours late", timedelta(days=1, hours=5), 0.2),
    Moment("later than an extension", timedelta(days=4, hours=2), 0.2, extended=True),
    Moment("six days late: the most that is taken off", timedelta(days=5, hours=9), 0.5),
    Moment("too late: nothing counts any more", timedelta(days=9), 1.0),
    Moment("excused, and hands in late nevertheless", timedelta(days=1), 0.1, excused=True),
    Moment("one second before the second day", timedelta(days=1) - timedelta(seconds=1), 0.1),
)
"""Dealt in this order."""


def in_time(rng: random.Random) -> datetime:
    """Return some time in the week before the deadline, most near its end."""
    return DUE - timedelta(seconds=int(604_800 * rng.random() ** 3) + 60)


def course_toml(name: str, lab: str, moments: Mapping[str, Moment]) -> str:
    """Return the text of ``course.toml``.

    Parameters
    ----------
    name
        Of the course.
    lab
        Its number.
    moments
        Student id -> when; for extensions and excuses.
    """
    excused = [student for student, moment in moments.items() if moment.excused]
    extended = [student for student, moment in moments.items() if moment.extended]
    lines = [
        "# A rehearsal: made up, like everything beside this file.",
        f"course = {json.dumps(name)}",
        'key_file = "course.key"',
        'roster = "roster.csv"',
        f'timezone = "{ZONE}"',
        "",
        f"[labs.{lab}]",
        f"due = {_time(DUE)}",
        f"grace_minutes = {GRACE_MINUTES}",
        f"late_percent_per_day = {PER_DAY}",
        f"late_percent_most = {MOST}",
        f"closes_after_days = {CLOSES_DAYS}",
        f"excused = {_list(excused)}",
        "",
        f"[labs.{lab}.extensions]",
        *(f"{json.dumps(student)} = {_time(DUE + EXTENDED)}" for student in extended),
    ]
    return "\n".join(lines) + "\n"


def _time(time: datetime) -> str:
    """Return a time without a zone: that of the course holds."""
    return time.replace(tzinfo=None).isoformat(timespec="seconds")


def _list(words: Sequence[str]) -> str:
    return json.dumps(list(words), ensure_ascii=False)
