"""Whatever is done in whatever order, a gradebook holds what a plain model of it holds."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from xailab_autograder.course.policy import Terms, lateness
from xailab_autograder.course.students import Student
from xailab_autograder.gradebook.claims import claim, counts, release
from xailab_autograder.gradebook.contents import Fingerprint, HandedIn, HandMark
from xailab_autograder.gradebook.hand_marks import Conflict, set_hand_mark
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.reading import changes, class_book
from xailab_autograder.gradebook.writing import register, write_problem, write_result
from xailab_autograder.judging.records import SubmissionRecord

from tests.autograder.gradebook.classes import (
    FIRST,
    LAB,
    NEWER_GRADER,
    NOON,
    TASKS,
    hand_in,
    hand_mark,
    record,
    without_file,
)
from tests.autograder.gradebook.conftest import empty

NAMES = ["ada", "\x00 bob \ud83d", "cyd"]
STUDENTS = st.sampled_from(NAMES)
GRADERS = st.sampled_from(["one", "two"])
FINGERPRINTS = st.sampled_from([FIRST, NEWER_GRADER])
HAND_INS = st.builds(
    lambda student, revision, days, broken: (
        without_file(student) if broken else hand_in(student, revision, submitted=NOON + timedelta(days))
    ),
    STUDENTS, st.integers(0, 1), st.integers(0, 2), st.sampled_from([False, False, False, True]),
)  # fmt: skip


@dataclass
class Person:
    """What the model knows of a student."""

    known: bool | None = None
    files: dict[str, HandedIn] = field(default_factory=dict)
    counting: HandedIn | None = None
    result: tuple[SubmissionRecord, Fingerprint] | None = None
    failure: tuple[str, Fingerprint, str] | None = None
    by_hand: HandMark | None = None
    claimed: str = ""

    def done(self, fingerprint: Fingerprint) -> bool:
        """Tell whether what counts was judged, or tried, with a fingerprint."""
        sha256 = self.counting.sha256 if self.counting else None
        judged = [(self.result[0].sha256, self.result[1])] if self.result else []
        tried = [self.failure[:2]] if self.failure else []
        return (sha256, fingerprint) in [*judged, *tried]

    @property
    def gradable(self) -> bool:
        """Tell whether there is something to judge."""
        return self.counting is not None and not self.counting.problem


class Course(RuleBasedStateMachine):
    """A gradebook and its model."""

    book: Gradebook

    def __init__(self) -> None:
        super().__init__()
        empty(self.book)
        self.people: dict[str, Person] = {}
        self.changed: list[tuple[str, str, float | None, float | None, str]] = []
        self.current: Fingerprint | None = None
        self.terms = Terms()

    @rule(
        found=st.lists(HAND_INS, max_size=3, unique_by=lambda each: each.student),
        roster=st.none() | st.sets(STUDENTS),
        due=st.none() | st.integers(-1, 1),
    )
    def registers(self, found, roster, due):
        terms = None if due is None else Terms(NOON + timedelta(days=due), per_day=0.25)
        register(self.book, LAB, [Student(NAMES[0])], found, terms, roster=roster)
        self.terms = terms or self.terms
        for name in [NAMES[0], *(each.student for each in found), *(roster or ())]:
            self.people.setdefault(name, Person())
        for name, person in self.people.items():
            person.known = person.known if roster is None else name in roster
        for each in found:
            person = self.people[each.student]
            former = person.files.get(each.sha256, each)
            person.counting = replace(each, submitted=each.submitted or former.submitted)
            person.files[each.sha256] = person.counting

    @precondition(lambda self: any(person.files for person in self.people.values()))
    @rule(data=st.data(), share=st.sampled_from([0.0, 0.5, 1.0]), fingerprint=FINGERPRINTS)
    def judges(self, data, share, fingerprint):
        name, this = self.some_file(data)
        person = self.people[name]
        said = write_result(self.book, this, judged := record(this, share), fingerprint)
        person.claimed = ""
        former = person.result
        if former and former[0].sha256 == person.counting.sha256 != this.sha256:
            assert said == ()
            return
        person.result, person.failure = (judged, fingerprint), None
        if former:
            why = (
                "handed in again" if former[0].sha256 != this.sha256
                else "the grader changed" if former[1] != fingerprint else "regraded"
            )  # fmt: skip
            pairs = zip(former[0].exercises, judged.exercises, strict=True)
            new = [(name, old.id, old.score, now.score, why) for old, now in pairs if old.score != now.score]
            self.changed += new
            assert [(each.student, each.task, each.before, each.after, each.why) for each in said] == new

    @precondition(lambda self: any(person.files for person in self.people.values()))
    @rule(data=st.data(), fingerprint=FINGERPRINTS)
    def fails(self, data, fingerprint):
        name, this = self.some_file(data)
        write_problem(self.book, this, "died", fingerprint)
        person = self.people[name]
        person.claimed = ""
        if not person.result or (person.result[0].sha256, person.result[1]) != (this.sha256, fingerprint):
            person.failure = (this.sha256, fingerprint, "died")

    @precondition(lambda self: self.people)
    @rule(data=st.data(), score=st.sampled_from([0.0, 1.0, 2.0]), seen=st.booleans())
    def marks(self, data, score, seen):
        name = data.draw(st.sampled_from(sorted(self.people)))
        person, mark = self.people[name], hand_mark(score)
        before = person.by_hand if seen else hand_mark(99)
        if mark != person.by_hand and not seen:
            with pytest.raises(Conflict):
                set_hand_mark(self.book, "90", name, mark, replaces=before)
            return
        set_hand_mark(self.book, "90", name, mark, replaces=before)
        points = person.by_hand.score if person.by_hand else None  # the judge leaves a reflection to people
        if points != score:
            self.changed.append((name, TASKS[-1], points, score, "marked by hand"))
        person.by_hand = mark

    @rule(grader=GRADERS, fingerprint=FINGERPRINTS, most=st.integers(0, 3), anew=st.none() | st.sets(STUDENTS))
    def claims(self, grader, fingerprint, most, anew):
        found = claim(self.book, "90", fingerprint, grader, most=most, anew=anew)
        if self.people:
            self.current = fingerprint
        free = [
            name for name, person in sorted(self.people.items())
            if person.gradable and not person.claimed
            and (not person.done(fingerprint) if anew is None else name in anew)
        ]  # fmt: skip
        assert found == tuple(self.people[name].counting for name in free[:most])
        for each in found:
            self.people[each.student].claimed = grader

    @rule(grader=GRADERS)
    def releases(self, grader):
        release(self.book, grader)
        for person in self.people.values():
            person.claimed = "" if person.claimed == grader else person.claimed

    @invariant()
    def holds_what_the_model_holds(self):
        rostered = any(person.known is not None for person in self.people.values())
        there = {
            name: person for name, person in sorted(self.people.items())
            if person.known or not rostered or person.counting or person.by_hand
        }  # fmt: skip
        standings = class_book(self.book, LAB).standings
        assert [each.student.id for each in standings] == list(there)
        for each, person in zip(standings, there.values(), strict=True):
            self.stands(each, person, rostered=rostered)
        told = [(each.student, each.task, each.before, each.after, each.why) for each in changes(self.book, "90")]
        assert told == self.changed

    def stands(self, standing, person, *, rostered):
        """Compare one student."""
        result = person.result
        of_this = result and person.counting and result[0].sha256 == person.counting.sha256
        assert standing.handed_in == person.counting
        assert standing.record == (result[0] if result else None)
        assert standing.outdated == bool(result and not (of_this and self.current in (None, result[1])))
        assert standing.known == bool(person.known or not rostered)
        assert standing.marks[-1].by_hand == person.by_hand
        failure = person.failure
        failed = failure and person.counting and failure[0] == person.counting.sha256
        said = "died" if failed and self.current in (None, failure[1]) else ""
        assert standing.problem == (person.counting.problem if person.counting and person.counting.problem else said)
        submitted = person.counting.submitted if person.counting else None
        assert standing.lateness == lateness(self.terms, standing.student.id, submitted)

    @invariant()
    def counts_what_the_model_counts(self):
        for fingerprint in (FIRST, NEWER_GRADER):
            gradable = [person for person in self.people.values() if person.gradable]
            undone = [person for person in gradable if not person.done(fingerprint)]
            elsewhere = sum(person.claimed == "two" for person in undone)
            found = counts(self.book, "90", fingerprint, grader="one")
            assert (found.total, found.done) == (len(gradable), len(gradable) - len(undone))
            assert (found.waiting, found.elsewhere) == (len(undone) - elsewhere, elsewhere)

    def some_file(self, data):
        """Draw something that was handed in, whether it counts or not."""
        files = [(name, this) for name, person in sorted(self.people.items()) for this in person.files.values()]
        return data.draw(st.sampled_from(files))


def test_a_gradebook_holds_what_its_model_holds(book):
    machine = type("Course", (Course,), {"book": book})
    checks = list(HealthCheck)
    run_state_machine_as_test(
        machine, settings=settings(max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=checks)
    )
