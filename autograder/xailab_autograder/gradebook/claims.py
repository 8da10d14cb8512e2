"""Who is grading what right now, so that several graders share the work of one gradebook.

- ``claim``    hand-ins to grade that nobody else has
- ``beat``     says that a grader still lives
- ``release``  gives back what was not graded
- ``counts``   how far a lab is

Claims only save work. What is right never depends on them or on a clock: a hand-in graded twice gives one result.
"""

from collections.abc import Collection
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from sqlalchemy import ColumnElement, Connection, Double, Row, Select, and_, exists, literal_column, or_, select

from xailab_autograder.gradebook import schema
from xailab_autograder.gradebook.contents import Fingerprint, HandedIn
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.processes import Process, here, lives
from xailab_autograder.gradebook.retrying import read, write
from xailab_autograder.gradebook.steps import one_at_a_time, upsert
from xailab_autograder.gradebook.storing import fingerprint_row, handed_in_of, same_fingerprint

LEASE_S = 90.0
"""A grader on another machine that gave no sign of life for so long is taken for dead, by the database's clock."""

BEAT_S = 15.0
"""So often a grader should give one."""

_NOW = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
}


@dataclass(frozen=True)
class Counts:
    """How far a lab is.

    Parameters
    ----------
    total
        Hand-ins that count and can be graded.
    done
        Of these, judged with this fingerprint; or the judge could not.
    waiting
        Neither done nor claimed by somebody else who lives.
    elsewhere
        Not done, claimed by somebody else who lives.
    """

    total: int
    done: int
    waiting: int
    elsewhere: int


def claim(
    book: Gradebook,
    lab: str,
    fingerprint: Fingerprint,
    grader: str,
    *,
    most: int,
    anew: Collection[str] | None = None,
) -> tuple[HandedIn, ...]:
    """Claim hand-ins to grade, in the order of students' ids; nobody else gets them.

    Parameters
    ----------
    book
        An open gradebook.
    lab
        Its number.
    fingerprint
        With what they will be judged; what has been judged with it is not given out.
    grader
        Whose claim it is; different for each run.
    most
        How many at most.
    anew
        Give out exactly these students' hand-ins, whatever result they have. A student who has been graded and is still
        among these is given out again.

    Returns
    -------
    tuple of HandedIn
        Empty: nothing is left, or others have it (see ``counts``).
    """
    ticket = token_hex(8)
    me = here()

    def work(connection: Connection) -> tuple[HandedIn, ...]:
        one_at_a_time(connection)
        _note_fingerprint(connection, lab, fingerprint)
        mine = schema.claims.c.ticket == ticket
        if (again := _claimed(connection, lab, mine)) or most <= 0:
            return again  # this very call was committed, but the connection was lost before it was said
        gone = [row.student for row in _claims(connection, lab) if not _held(row)]
        for student in gone:
            this = and_(schema.claims.c.lab == lab, schema.claims.c.student == student)
            connection.execute(schema.claims.delete().where(this))
        open_to_all = connection.execute(_open(lab, None if anew is not None else fingerprint)).scalars().all()
        chosen = [student for student in sorted(open_to_all) if anew is None or student in anew][:most]
        row = {"lab": lab, "grader": grader, "ticket": ticket, "host": me.host, "pid": me.pid, "started": me.started}
        upsert(connection, schema.claims, [{**row, "student": student, "seen": 0.0} for student in chosen])
        connection.execute(schema.claims.update().where(mine).values(seen=_now(connection)))
        return _claimed(connection, lab, mine)

    return write(book, work)


def beat(book: Gradebook, grader: str) -> None:
    """Say that a grader still lives; every ``BEAT_S`` seconds while it has claims."""
    this = schema.claims.c.grader == grader
    write(book, lambda connection: connection.execute(schema.claims.update().where(this).values(seen=_now(connection))))


def release(book: Gradebook, grader: str) -> None:
    """Give back everything that a grader has claimed and not graded."""
    write(book, lambda connection: connection.execute(schema.claims.delete().where(schema.claims.c.grader == grader)))


def counts(book: Gradebook, lab: str, fingerprint: Fingerprint, *, grader: str = "") -> Counts:
    """Return how far a lab is.

    Parameters
    ----------
    book
        An open gradebook.
    lab
        Its number.
    fingerprint
        What is judged with it counts as done.
    grader
        Who asks: its own claims are not elsewhere.
    """

    def work(connection: Connection) -> Counts:
        total = connection.execute(_gradable(lab)).scalars().all()
        undone = connection.execute(_gradable(lab).where(~_done(fingerprint))).scalars().all()
        others = {row.student for row in _claims(connection, lab) if row.grader != grader and _held(row)}
        elsewhere = len(others & set(undone))
        return Counts(len(total), len(total) - len(undone), len(undone) - elsewhere, elsewhere)

    return read(book, work)


def _note_fingerprint(connection: Connection, lab: str, fingerprint: Fingerprint) -> None:
    """Remember what the lab is graded with now: results of anything else are out of date."""
    row = fingerprint_row(fingerprint)
    this = and_(schema.labs.c.lab == lab, ~same_fingerprint(schema.labs, fingerprint))
    unknown = and_(schema.labs.c.lab == lab, schema.labs.c.grader_sha256.is_(None))
    connection.execute(schema.labs.update().where(or_(this, unknown)).values(**row))


def _gradable(lab: str) -> Select[tuple[Any]]:
    """Select the students whose hand-in counts and can be graded."""
    table = schema.hand_ins
    return select(table.c.student).where(
        table.c.lab == lab, table.c.counts, table.c.problem == "", table.c.submission.is_not(None)
    )


def _open(lab: str, fingerprint: Fingerprint | None) -> Select[tuple[Any]]:
    """Select the students whose hand-in nobody has claimed, and that was not judged with the fingerprint (if given)."""
    claimed = exists().where(schema.claims.c.lab == lab, schema.claims.c.student == schema.hand_ins.c.student)
    unclaimed = _gradable(lab).where(~claimed)
    return unclaimed if fingerprint is None else unclaimed.where(~_done(fingerprint))


def _done(fingerprint: Fingerprint) -> ColumnElement[bool]:
    """Return the condition that a hand-in was judged with a fingerprint, or that the judge could not."""
    table = schema.hand_ins
    return or_(
        *(
            exists().where(
                done.c.lab == table.c.lab,
                done.c.student == table.c.student,
                done.c.sha256 == table.c.sha256,
                same_fingerprint(done, fingerprint),
            )
            for done in (schema.results, schema.failures)
        )
    )


def _claimed(connection: Connection, lab: str, which: ColumnElement[bool]) -> tuple[HandedIn, ...]:
    """Return the hand-ins of some claims."""
    table, claims = schema.hand_ins, schema.claims
    joined = and_(claims.c.lab == table.c.lab, claims.c.student == table.c.student)
    found = select(table).join(claims, joined).where(table.c.lab == lab, table.c.counts, which)
    return tuple(sorted(map(handed_in_of, connection.execute(found)), key=lambda hand_in: hand_in.student))


def _claims(connection: Connection, lab: str) -> list[Row[Any]]:
    """Return all claims of a lab, with how long ago they were last confirmed."""
    silent = (_now(connection) - schema.claims.c.seen).label("silent")
    return list(connection.execute(select(schema.claims, silent).where(schema.claims.c.lab == lab)))


def _held(row: Row[Any]) -> bool:
    """Tell whether whoever has a claim still lives, and gave a sign of it lately."""
    recently = abs(row.silent) <= LEASE_S  # abs: the database's clock may be set back
    return recently and lives(Process(row.host, row.pid, row.started)) is not False


def _now(connection: Connection) -> ColumnElement[float]:
    """Return the database's clock, in seconds."""
    return literal_column(_NOW[connection.dialect.name], Double)
