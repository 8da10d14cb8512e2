"""Grading a class: what an instructor downloaded becomes a gradebook with pages.

- ``grade_class``    collect, register, grade what is out of date, publish
- ``ClassRequest``   the options
- ``ClassGraded``    what came of it

Everything is checked before student code runs: the lab, the key, the folders, the gradebook, the hand-ins.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from xailab.errors import XailabError
from xailab.files import writable_folder
from xailab_autograder import labs
from xailab_autograder.classroom.place import Place, course_and_roster, place_key
from xailab_autograder.classroom.publishing import Published, publish
from xailab_autograder.classroom.working import Told, started, telling
from xailab_autograder.command import minimum_level
from xailab_autograder.sandbox.levels import Level

if TYPE_CHECKING:
    from xailab_autograder.batch.run import Outcome
    from xailab_autograder.course.config import Course
    from xailab_autograder.course.roster import Roster
    from xailab_autograder.exercises import Lab
    from xailab_autograder.gradebook.opening import Gradebook


@dataclass(frozen=True)
class ClassRequest:
    """The options of ``xailab grade`` for a class; see there."""

    lab: str
    submissions: Path
    out: Path
    gradebook: str = ""
    course_file: Path | None = None
    roster_file: Path | None = None
    key_file: Path | None = None
    jobs: int | None = None
    scheduler: str = ""
    minimum: str = "L1"
    trust_submissions: bool = False
    similar: bool = True


@dataclass(frozen=True)
class ClassGraded:
    """What came of a class.

    Parameters
    ----------
    outcome
        Of the batch: how many were graded, how many unchanged...
    published
        What was written, and where.
    notes
        What the instructor should know.
    """

    outcome: "Outcome"
    published: Published
    notes: tuple[str, ...] = field(default=())


def grade_class(
    request: ClassRequest,
    *,
    told: Told = lambda what, done, total: None,
    note: Callable[[str], None] = lambda note: None,
) -> ClassGraded:
    """Grade the hand-ins of a class that are new or out of date; write the pages.

    Killed at any moment and started again, it goes on where it was.

    Parameters
    ----------
    request
        What, whose, where to, how.
    told
        Told how far this is.
    note
        Told, in a sentence, what is being waited for or what is odd.

    Raises
    ------
    XailabError
        It cannot begin, or cannot go on. What had come is in the gradebook.
    """
    from xailab_autograder.batch import run
    from xailab_autograder.batch.fingerprint import fingerprint
    from xailab_autograder.gradebook.opening import open_gradebook

    minimum = Level.L0 if request.trust_submissions else minimum_level(request.minimum)
    lab = labs.load(request.lab)
    _fits(request)
    course, roster = course_and_roster(request.course_file, request.roster_file)
    place = Place(writable_folder(request.out), request.gradebook)
    key, notes = place_key(place, request.key_file or course.key_file)
    identity = fingerprint(lab.number, key)
    with open_gradebook(place.address, course=course.name, key=identity.key, tell=note) as book:
        notes += _register(book, lab, request, course, roster, told)
        with started(request.scheduler, request.jobs, lab, identity, minimum, note) as workers:
            outcome = run.grade_class(
                book, lab, identity, key, executor=workers, minimum=minimum, progress=telling(told, note)
            )
        published = publish(book, lab, place, similar=request.similar, told=told)
    return ClassGraded(outcome, published, notes)


def _fits(request: ClassRequest) -> None:
    """Refuse options that exclude each other."""
    if request.scheduler and request.jobs is not None:
        raise XailabError("--jobs is for processes of this machine, --executor for a cluster's; give one of them")


def _register(
    book: "Gradebook", lab: "Lab", request: ClassRequest, course: "Course", roster: "Roster | None", told: Told
) -> tuple[str, ...]:
    """Read the hand-ins and write them down; return what is to be said about them."""
    from xailab_autograder.course.config import strangers
    from xailab_autograder.gradebook.writing import register
    from xailab_autograder.handins.collect import collect

    with tempfile.TemporaryDirectory(prefix="xailab-") as scratch:
        collected = collect(
            request.submissions, lab, Path(scratch), roster=roster,
            progress=lambda done, total: told("reading", done, total),
        )  # fmt: skip
    students = (*(roster.students if roster is not None else ()), *collected.students)
    ids = None if roster is None else roster.ids
    register(book, lab, students, collected.hand_ins, course.terms.get(lab.number), roster=ids)
    misspelt = strangers(course, roster) if roster is not None else ()
    return (f"{len(collected.hand_ins)} hand-ins ({collected.layout})", *collected.notes, *misspelt)
