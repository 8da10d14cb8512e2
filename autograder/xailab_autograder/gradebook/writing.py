"""Writing into a gradebook; each function is one transaction, which may be run again without harm.

- ``register``       who is in a lab, and what was handed in
- ``write_result``   what the judge said; returns whose marks changed
- ``write_problem``  that the judge could not
"""

import math
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, and_, select

from xailab.errors import XailabError
from xailab_autograder.course.policy import Terms
from xailab_autograder.course.students import Student
from xailab_autograder.exercises import Lab
from xailab_autograder.gradebook import schema
from xailab_autograder.gradebook.contents import Change, Fingerprint, HandedIn
from xailab_autograder.gradebook.differing import differences, what_changed
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.retrying import write
from xailab_autograder.gradebook.steps import lock, log, of, one_at_a_time, upsert
from xailab_autograder.gradebook.storing import (
    Values,
    fingerprint_of,
    fingerprint_row,
    hand_in_row,
    mark_of,
    student_of,
    student_row,
    terms_text,
)
from xailab_autograder.judging.records import SubmissionRecord

LONGEST_ID = 300
"""Characters of a student's id; databases index it."""


def register(
    book: Gradebook,
    lab: Lab,
    students: Iterable[Student],
    hand_ins: Iterable[HandedIn],
    terms: Terms | None = None,
    *,
    roster: Collection[str] | None = None,
) -> None:
    """Write down who is in a lab and what was handed in. What is known already is updated, nothing is lost.

    Parameters
    ----------
    book
        An open gradebook.
    lab
        Which lab.
    students
        Who is in it. A name, address or platform's number that is missing here but known is kept.
    hand_ins
        At most one of each student: from now on the one that counts. Who has none here keeps his or her former one.
    terms
        Deadlines and what lateness costs; None keeps those that are stored.
    roster
        Ids of those who are known; None keeps what is stored.

    Raises
    ------
    XailabError
        An id that cannot be kept, or the database cannot be written to.
    """
    handed_in = {hand_in.student: hand_in for hand_in in hand_ins}
    people = {student.id: student for student in students}
    for student in [*handed_in, *(roster or ())]:
        people.setdefault(student, Student(student))
    people = dict(sorted(people.items()))  # always in one order, so that two who register cannot block each other
    for student in people:
        if not 0 < len(student) <= LONGEST_ID:
            shown = student[:40] + "..." if len(student) > 40 else student
            raise XailabError(f"student {shown!r}: expected an id of 1 to {LONGEST_ID} characters, got {len(student)}")
    for hand_in in handed_in.values():
        if hand_in.lab != lab.number:
            raise ValueError(f"a hand-in for lab {hand_in.lab!r} of {hand_in.student!r} among those of {lab.number!r}")

    def work(connection: Connection) -> None:
        one_at_a_time(connection)
        row: Values = {"lab": lab.number} | ({} if terms is None else {"terms": terms_text(terms)})
        upsert(connection, schema.labs, [row])
        _write_students(connection, people)
        _enroll(connection, lab.number, people, roster)
        _write_hand_ins(connection, lab.number, handed_in)

    write(book, work)


def _write_students(connection: Connection, people: dict[str, Student]) -> None:
    """Write students; what is known of them already is not replaced by nothing."""
    known = {row.student: student_of(row) for row in connection.execute(select(schema.students))}
    rows = []
    for student in people.values():
        before = known.get(student.id, student)
        merged = Student(
            student.id,
            student.name or before.name,
            student.email or before.email,
            {**before.platforms, **student.platforms},
        )
        if student.id not in known or merged != before:
            rows.append(student_row(merged))
    upsert(connection, schema.students, rows)


def _enroll(connection: Connection, lab: str, people: Iterable[str], roster: Collection[str] | None) -> None:
    """Write who is in a lab, and who of all its students is on the roster."""
    if roster is None:
        upsert(connection, schema.enrolled, [{"lab": lab, "student": student} for student in people])
        return
    table = schema.enrolled
    before = connection.execute(select(table.c.student).where(table.c.lab == lab)).scalars()
    rows = [{"lab": lab, "student": id_, "known": id_ in roster} for id_ in sorted({*people, *before})]
    upsert(connection, table, rows)


def _write_hand_ins(connection: Connection, lab: str, handed_in: dict[str, HandedIn]) -> None:
    """Write hand-ins and make them those that count."""
    table = schema.hand_ins
    found = connection.execute(
        select(table.c.student, table.c.sha256, table.c.counts, table.c.submitted, table.c.registered).where(
            table.c.lab == lab
        )
    )
    former = {(row.student, row.sha256): row for row in found}
    rows, now = [], datetime.now(UTC)
    for student, hand_in in sorted(handed_in.items()):
        row = {**hand_in_row(hand_in), "counts": True, "registered": now}
        if (same := former.get((student, hand_in.sha256))) is not None:
            row["registered"] = same.registered
            row["submitted"] = hand_in.submitted or same.submitted
        rows.append(row)
    for student, sha256 in sorted(key for key, row in former.items() if row.counts):
        if student in handed_in and handed_in[student].sha256 != sha256:
            this = and_(table.c.lab == lab, table.c.student == student, table.c.sha256 == sha256)
            connection.execute(table.update().where(this).values(counts=False))
    upsert(connection, table, rows)


def write_result(
    book: Gradebook, hand_in: HandedIn, record: SubmissionRecord, fingerprint: Fingerprint, *, why: str = ""
) -> tuple[Change, ...]:
    """Write what the judge said: it replaces the former result with all its marks, and releases the claim.

    Nothing is written if the student has handed in another file meanwhile that has its result already.

    Parameters
    ----------
    book
        An open gradebook.
    hand_in
        What was judged; has been registered.
    record
        What came of it.
    fingerprint
        With what it was judged.
    why
        Why marks may differ from the former ones; empty: what the hashes say.

    Returns
    -------
    tuple of Change
        The marks that are others than before, as they are written into the gradebook too. Empty for a first result.

    Raises
    ------
    XailabError
        The hand-in was never registered, or the database cannot be written to.
    """
    _check(hand_in, record)
    row: Values = {
        **_judged(hand_in, fingerprint),
        "score": record.score,
        "points": record.points,
        "record": record.to_json(indent=None),
    }

    def work(connection: Connection) -> tuple[Change, ...]:
        counting = lock(connection, hand_in)
        _release(connection, hand_in)
        former = connection.execute(select(schema.results).where(of(hand_in, schema.results))).one_or_none()
        if former is not None and former.sha256 == counting != hand_in.sha256:
            return ()
        now = datetime.now(UTC)
        changes: tuple[Change, ...] = ()
        if former is not None:
            before = SubmissionRecord.from_json(former.record)
            reason = why or what_changed((former.sha256, fingerprint_of(former)), (hand_in.sha256, fingerprint))
            marks = connection.execute(select(schema.hand_marks).where(of(hand_in, schema.hand_marks)))
            by_hand = {mark.task: mark_of(mark) for mark in marks}
            changes = differences(before, record, why=reason, when=now, by_hand=by_hand)
        upsert(connection, schema.results, [{**row, "written": now}])
        _replace_marks(connection, hand_in, record)
        log(connection, changes)
        connection.execute(schema.failures.delete().where(of(hand_in, schema.failures)))
        return changes

    return write(book, work)


def write_problem(book: Gradebook, hand_in: HandedIn, problem: str, fingerprint: Fingerprint) -> None:
    """Write that the judge could not; releases the claim. A former result stays, as an outdated one.

    ``claims.claim`` gives the hand-in out again only if it is asked to, or with another fingerprint. A result of the
    same hand-in with the same fingerprint, by another grader, goes before the problem.

    Parameters
    ----------
    book
        An open gradebook.
    hand_in
        What was to be judged; has been registered.
    problem
        Why it was not, in a sentence.
    fingerprint
        With what it was tried.
    """
    row = {**_judged(hand_in, fingerprint), "problem": problem}

    def work(connection: Connection) -> None:
        lock(connection, hand_in)
        _release(connection, hand_in)
        former = connection.execute(select(schema.results).where(of(hand_in, schema.results))).one_or_none()
        if former is None or (former.sha256, fingerprint_of(former)) != (hand_in.sha256, fingerprint):
            upsert(connection, schema.failures, [{**row, "written": datetime.now(UTC)}])

    write(book, work)


def _judged(hand_in: HandedIn, fingerprint: Fingerprint) -> Values:
    """Return the columns that say what was judged, and with what."""
    key = {"lab": hand_in.lab, "student": hand_in.student, "sha256": hand_in.sha256}
    return key | fingerprint_row(fingerprint)


def _check(hand_in: HandedIn, record: SubmissionRecord) -> None:
    """Refuse a record that is not of this hand-in, or whose points are no numbers."""
    of_record = (record.lab, record.student, record.sha256)
    if of_record != (hand_in.lab, hand_in.student, hand_in.sha256):
        raise ValueError(
            f"expected a record of {(hand_in.lab, hand_in.student, hand_in.sha256)}, got one of {of_record}"
        )
    for exercise in record.exercises:
        if not (math.isfinite(exercise.score) and math.isfinite(exercise.points)):
            raise ValueError(f"{exercise.id}: expected finite points, got {exercise.score} of {exercise.points}")


def _replace_marks(connection: Connection, hand_in: HandedIn, record: SubmissionRecord) -> None:
    """Write the marks of all tasks in place of the former ones."""
    connection.execute(schema.task_marks.delete().where(of(hand_in, schema.task_marks)))
    rows = [
        {
            "lab": hand_in.lab,
            "student": hand_in.student,
            "task": exercise.id,
            "status": exercise.status,
            "score": exercise.score,
            "points": exercise.points,
            "mistake": exercise.mistake,
        }
        for exercise in record.exercises
    ]
    if rows:
        connection.execute(schema.task_marks.insert(), rows)


def _release(connection: Connection, hand_in: HandedIn) -> None:
    """Let go of a hand-in, whoever had claimed it: it is done."""
    connection.execute(schema.claims.delete().where(of(hand_in, schema.claims)))
