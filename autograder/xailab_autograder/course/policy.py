"""Deadlines, extensions, and what lateness costs.

- ``Terms``     of one lab: due, grace, deduction, extensions
- ``Lateness``  what they mean for one hand-in
- ``lateness``  terms and a time -> what they mean

A deduction is a share of what was earned, so that no mark falls below zero. Times are aware (they have a zone); a
hand-in whose time nobody knows is never late.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Terms:
    """The terms of one lab.

    Parameters
    ----------
    due
        The deadline; None: there is none.
    grace
        Lateness up to this costs nothing. Beyond it, days are counted from the deadline.
    per_day
        Share of the earned points that each started day costs, 0 to 1.
    most
        The greatest share that lateness costs.
    closes
        This long after the deadline nothing counts any more; None: never.
    extensions
        Student id -> his or her own deadline.
    excused
        Ids of students who need not hand in.
    """

    due: datetime | None = None
    grace: timedelta = timedelta()
    per_day: float = 0.0
    most: float = 1.0
    closes: timedelta | None = None
    extensions: Mapping[str, datetime] = field(default_factory=dict)
    excused: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Lateness:
    """What the terms mean for one hand-in.

    Parameters
    ----------
    late
        After the deadline that holds for this student; zero if in time.
    share
        Of the earned points that is taken off, 0 to 1.
    why
        One sentence for the student; empty if in time.
    excused
        Need not hand in.
    """

    late: timedelta = timedelta()
    share: float = 0.0
    why: str = ""
    excused: bool = False


def lateness(terms: Terms, student: str, submitted: datetime | None) -> Lateness:
    """Return what the terms of a lab mean for one hand-in.

    Parameters
    ----------
    terms
        Of the lab.
    student
        The id.
    submitted
        When it was handed in; None: nobody knows, or nothing was.
    """
    excused = student in terms.excused
    due = terms.extensions.get(student, terms.due)
    if due is None or submitted is None or submitted <= due:
        return Lateness(excused=excused)
    late = submitted - due
    said = f"handed in {duration(late)} after the deadline"
    if student in terms.extensions:
        said += " (which had been extended)"
    if late <= terms.grace:
        return Lateness(late, 0.0, f"{said}: within the grace time", excused)
    if terms.closes is not None and late > terms.closes:
        return Lateness(late, 1.0, f"{said}: nothing counts later than {duration(terms.closes)}", excused)
    days = math.ceil(late / DAY)
    share = min(terms.most, days * terms.per_day)
    cost = f"{share:.0%} off" if share else "nothing off"
    return Lateness(late, share, f"{said} ({days} started day{'s' if days > 1 else ''}): {cost}", excused)


def duration(time: timedelta) -> str:
    """Return a time in words: ``"2 d 3 h"``, ``"5 min"``."""
    minutes = math.ceil(time / timedelta(minutes=1))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts[:2]) or "0 min"
