"""Steps of which transactions are made.

- ``upsert``         rows that replace those with the same key
- ``lock``           one student's hand-ins and results are this transaction's alone
- ``lock_student``   the same, whatever was handed in
- ``one_at_a_time``  all registering and claiming is this transaction's alone
- ``log``            changes of marks
- ``of``             the condition that a row belongs to a hand-in's student and lab
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, select
from sqlalchemy.dialects import postgresql, sqlite

from xailab.errors import XailabError
from xailab_autograder.gradebook import schema
from xailab_autograder.gradebook.contents import Change, HandedIn


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or replace what the given columns held where the key is known. All rows have the same columns."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    # Where there is nothing but the key it is written again, which locks the row: others wait for this transaction.
    replaced = [name for name in rows[0] if name not in keys] or keys[-1:]
    changed = {name: statement.excluded[name] for name in replaced}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))


def of(hand_in: HandedIn, table: Table) -> ColumnElement[bool]:
    """Return the condition that a row is about the student and the lab of a hand-in."""
    return and_(table.c.lab == hand_in.lab, table.c.student == hand_in.student)


def lock(connection: Connection, hand_in: HandedIn) -> str:
    """Let nobody else write about a student until the transaction ends; return the hash of the hand-in that counts.

    Raises
    ------
    XailabError
        The hand-in was never registered.
    """
    lock_student(connection, hand_in.lab, hand_in.student)
    table = schema.hand_ins
    rows = connection.execute(select(table.c.sha256, table.c.counts).where(of(hand_in, table))).all()
    if hand_in.sha256 not in (row.sha256 for row in rows):
        raise XailabError(
            f"{hand_in.student!r} handed in no file {hand_in.sha256[:12] or 'without content'} for lab {hand_in.lab}: "
            "hand-ins are registered before they are graded"
        )
    return next((str(row.sha256) for row in rows if row.counts), "")


def one_at_a_time(connection: Connection) -> None:
    """Let nobody else register or claim until the transaction ends. In SQLite one that writes is alone anyway."""
    connection.execute(select(schema.about.c.name).where(schema.about.c.name == "kind").with_for_update())


def lock_student(connection: Connection, lab: str, student: str) -> None:
    """Let nobody else write about a student in a lab until the transaction ends.

    Raises
    ------
    XailabError
        There is no such student in the lab.
    """
    table = schema.enrolled
    this = select(table.c.student).where(table.c.lab == lab, table.c.student == student)
    if connection.execute(this.with_for_update(key_share=True)).one_or_none() is None:
        raise XailabError(f"no student {student!r} in lab {lab}; students are registered before they are marked")


def log(connection: Connection, changes: Iterable[Change]) -> None:
    """Append changes of marks."""
    rows = [
        {
            "lab": change.lab,
            "student": change.student,
            "task": change.task,
            "before": change.before,
            "after": change.after,
            "why": change.why,
            "detail": change.detail,
            "made": change.when,
        }
        for change in changes
    ]
    if rows:
        connection.execute(schema.changes.insert(), rows)
