"""What is in a gradebook, as plain data: what is written into it and what views are made of.

- ``HandedIn``     what a student handed in for a lab
- ``Fingerprint``  what a result depends on besides the submission
- ``HandMark``     a person's mark and comment
- ``TaskMark``     one task of one student: judged, marked, or waiting
- ``Standing``     one student in one lab
- ``ClassBook``    all students in one lab
- ``Change``       a mark that became another

Names, files and texts come from students and platforms: views must escape them.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from xailab_autograder.course.policy import Lateness
from xailab_autograder.course.students import Student
from xailab_autograder.exercises import Lab, Task
from xailab_autograder.judging.records import ExerciseRecord, Status, SubmissionRecord
from xailab_autograder.notebooks.submission import Submission


@dataclass(frozen=True)
class HandedIn:
    """What a student handed in for a lab.

    Parameters
    ----------
    lab, student
        Which, whose (the id).
    sha256
        Of the file's bytes; empty if there is no file that could be read.
    source
        The file's name.
    origin
        Where it lay in what the instructor downloaded, to be found again.
    submitted
        When, with a zone; None: nobody knows.
    submission
        Its cells and texts; None if it cannot be graded.
    problem
        Why it cannot be graded, in a sentence; empty if it can.
    notes
        About the choice: other files, earlier attempts.
    """

    lab: str
    student: str
    sha256: str
    source: str
    origin: str = ""
    submitted: datetime | None = None
    submission: Submission | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fingerprint:
    """What a result depends on besides the submission. A result with another fingerprint is out of date.

    Parameters
    ----------
    lab
        SHA-256 of the lab's declarations and references.
    grader
        SHA-256 of the code that judges.
    key
        One-way hash of the course key, from which cases are drawn.
    """

    lab: str
    grader: str
    key: str


@dataclass(frozen=True)
class HandMark:
    """A person's mark of one task: of a reflection, or instead of the judge's.

    Parameters
    ----------
    task
        The id.
    score
        From 0 to the task's points.
    comment
        For the student.
    marker
        Who marked.
    marked
        When, with a zone.
    text_sha256
        Of the text that was marked (UTF-8); a student who hands in another text has it marked again.
    """

    task: str
    score: float
    comment: str
    marker: str
    marked: datetime
    text_sha256: str = ""


@dataclass(frozen=True)
class TaskMark:
    """One task of one student.

    Parameters
    ----------
    task
        Its declaration.
    judged
        What the judge wrote down; None: not graded.
    by_hand
        A person's mark; goes before the judge's.
    outdated
        The person marked another text than the one that is handed in now.
    """

    task: Task
    judged: ExerciseRecord | None = None
    by_hand: HandMark | None = None
    outdated: bool = False

    @property
    def score(self) -> float:
        """The points earned so far."""
        if self.by_hand is not None:
            return self.by_hand.score
        return self.judged.score if self.judged is not None else 0.0

    @property
    def waits(self) -> bool:
        """A person has yet to mark it, or the judge itself failed at it."""
        if self.by_hand is not None:
            return self.outdated
        return self.judged is not None and self.judged.status in ("manual", "error")

    @property
    def status(self) -> Status | None:
        """The judge's status; None: not graded."""
        return self.judged.status if self.judged is not None else None

    @property
    def mistake(self) -> str | None:
        """The id of the named mistake."""
        return self.judged.mistake if self.judged is not None else None


@dataclass(frozen=True)
class Standing:
    """One student in one lab.

    Parameters
    ----------
    student
        Who.
    handed_in
        The hand-in that counts; None: nothing came.
    record
        What the judge wrote down; None: not graded (yet, or it cannot be).
    marks
        One for each task, in the lab's order.
    lateness
        What the terms mean for this hand-in.
    problem
        Why what is handed in has no result, in a sentence; empty where it has one, or nothing was handed in. May stand
        beside the record of an earlier hand-in, which then is outdated.
    outdated
        The record is of an earlier hand-in or an older judge.
    known
        On the roster, or there is none.
    """

    student: Student
    handed_in: HandedIn | None
    record: SubmissionRecord | None
    marks: tuple[TaskMark, ...]
    lateness: Lateness = field(default_factory=Lateness)
    problem: str = ""
    outdated: bool = False
    known: bool = True

    @property
    def raw(self) -> float:
        """The points earned, before any deduction."""
        return sum(mark.score for mark in self.marks)

    @property
    def deduction(self) -> float:
        """The points that lateness costs."""
        return self.raw * self.lateness.share

    @property
    def score(self) -> float:
        """The points that count."""
        return self.raw - self.deduction

    @property
    def points(self) -> float:
        """The most that could be earned."""
        return sum(mark.task.points for mark in self.marks)

    @property
    def graded(self) -> bool:
        """There is a result."""
        return self.record is not None

    @property
    def complete(self) -> bool:
        """There is a result, and nothing waits for a person."""
        return self.graded and not any(mark.waits for mark in self.marks)

    @property
    def settled(self) -> SubmissionRecord | None:
        """The record as the student should see it: with people's marks and comments, and what lateness costs."""
        if self.record is None:
            return None
        marks = {mark.task.id: mark.by_hand for mark in self.marks}
        exercises = tuple(_with_hand_mark(exercise, marks.get(exercise.id)) for exercise in self.record.exercises)
        return replace(self.record, exercises=exercises, deduction=self.deduction, deduction_why=self.lateness.why)


@dataclass(frozen=True)
class ClassBook:
    """All students in one lab.

    Parameters
    ----------
    course
        Its name; may be empty.
    lab
        Its declaration.
    standings
        In the order of the students' ids.
    read
        When this was read, with a zone.
    due
        The deadline for everybody without an extension; None: there is none.
    """

    course: str
    lab: Lab
    standings: tuple[Standing, ...]
    read: datetime
    due: datetime | None = None


@dataclass(frozen=True)
class Change:
    """A mark that became another.

    Parameters
    ----------
    lab, student, task
        Of which task of whom.
    before, after
        Points; None: there was no mark.
    why
        What had changed: "handed in again", "the lab changed", "the grader changed", "the key changed",
        "regraded", "marked by hand".
    detail
        What the judge said before and after, in a sentence.
    when
        With a zone.
    """

    lab: str
    student: str
    task: str
    before: float | None
    after: float | None
    why: str
    detail: str
    when: datetime


def _with_hand_mark(exercise: ExerciseRecord, mark: HandMark | None) -> ExerciseRecord:
    """Return a record with a person's mark in place of the judge's."""
    if mark is None:
        return exercise
    status: Status = "passed" if mark.score >= exercise.points else "partial" if mark.score > 0 else "failed"
    return replace(exercise, score=mark.score, status=status, comment=mark.comment, marker=mark.marker)
